"""The picture of a method over all step sizes: moduli of its multipliers, or a phase diagram of η and momentum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from gdcheck.reports.charts import STAND_IN, axis, config, drawn, legend, number, panel, rule
from gdcheck.reports.labels import heading, uprights
from gdcheck.theorem.methods.words import method_words

_WIDTH, _HEIGHT = 560, 240
BEYOND = 1.15
"""How far pictures reach, in units of the stability limit."""
_WORDS = {"fixed": "fixed", "rotating": "faint", "alternating": "alternating", "unstable": "open"}


def moduli_chart(
    line: dict[str, Any], steps: Sequence[float], rows: Mapping[str, Sequence[float]], loss: str = ""
) -> alt.LayerChart:
    """Draw the largest modulus of each mode against the step size, with the thresholds.

    Args:
        line: The answer of ``theorem.certificate.methods.line.method_line``.
        steps: The step sizes, shape (s,).
        rows: For the text of each eigenvalue, the moduli at these step sizes, shape (s,).
        loss: The loss, if there is one, as it stands in the title.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.
    """
    end = max(steps)
    x = axis(alt.X, "step size η", [0, end], field="step")
    y = axis(alt.Y, "largest modulus of the multipliers", field="modulus")
    parts = [part | {"b": min(end, part["b"])} for part in _parts(line, end) if part["a"] < end]
    bands = drawn("rect", parts, opacity=0.22)
    curves = [
        {"step": s, "modulus": m, "mode": f"λ = {name}"}
        for name, row in rows.items()
        for s, m in zip(steps, row, strict=True)
    ]
    mode = alt.StrokeDash("mode:N", title=None, legend=legend("bottom"))
    present = [part["what"] for part in parts]
    layers = [
        bands.encode(axis(alt.X, "step size η", field="a"), alt.X2("b:Q"), _colour(_scale(present))),
        drawn("line", curves, strokeWidth=2, color=STAND_IN["ink"]).encode(x, y, mode),
        rule(y, 1, "faint", strokeDash=[4, 3]),
    ]
    top = max(m for row in rows.values() for m in row)
    layers += uprights(_thresholds(line), (end, top), _WIDTH, (x, y))
    spectrum = f"eigenvalues {', '.join(rows)} of the Hessian at the minimizer"
    above = heading(
        loss or method_words(line["method"]), f"{method_words(line['method'])}; {spectrum}" if loss else spectrum
    )
    chart: alt.LayerChart = panel(layers, above, _HEIGHT, _WIDTH).configure(**config())
    return chart


def _thresholds(line: dict[str, Any]) -> list[tuple[str, float]]:
    """Return the step sizes at which the direction changes, by name."""
    limit = number(line["stability_limit"])
    plain = line["method"]["name"] == "gradient-descent"
    named = [("2/λₙ" if plain else "largest stable η", limit)]
    switches = [number(part["from"]) for part in line["segments"] if 0 < number(part["from"]) < limit]
    return [("2/(λ₁+λₙ)" if plain else "η = " + f"{at:.3g}", at) for at in switches if at != limit] + named


def phase_chart(lines: Sequence[tuple[float, dict[str, Any]]], title: str) -> alt.LayerChart:
    """Draw what the direction does over step size and momentum.

    Args:
        lines: Pairs of β and the answer of ``method_line`` for it, ascending and evenly spaced.
        title: The method and the spectrum.

    Returns:
        A chart in the stand-in colours.
    """
    end = BEYOND * max(number(line["stability_limit"]) for _, line in lines)
    half = (lines[1][0] - lines[0][0]) / 2 if len(lines) > 1 else 0.01
    # Each row reaches under the next: a hairline would show between edges that only touch.
    under = [2 * half] * (len(lines) - 1) + [half]
    rows = [
        part | {"low": beta - half, "high": beta + reach, "b": min(end, part["b"])}
        for (beta, line), reach in zip(lines, under, strict=True)
        for part in _parts(line, end)
        if part["a"] < end
    ]
    x = axis(alt.X, "step size η", [0, end], field="a")
    y = axis(alt.Y, "momentum β", [lines[0][0] - half, lines[-1][0] + half], field="low")
    scale = _scale([row["what"] for row in rows])
    marks = drawn("rect", rows).encode(x, alt.X2("b:Q"), y, alt.Y2("high:Q"), _colour(scale))
    chart: alt.LayerChart = panel([marks], heading(title), _HEIGHT, _WIDTH).configure(**config())
    return chart


def _parts(line: dict[str, Any], end: float) -> list[dict[str, Any]]:
    """Return the intervals of step sizes, up to the chart's end, with what the direction does on each."""
    return [
        {"a": number(part["from"]), "b": end if part["to"] is None else number(part["to"]), "what": part["direction"]}
        for part in line["segments"]
    ]


def _scale(found: Sequence[str]) -> alt.Scale:
    """Return the colours of the directions that occur."""
    words = {word: STAND_IN[colour] for word, colour in _WORDS.items() if word in found}
    return alt.Scale(domain=list(words), range=list(words.values()))


def _colour(scale: alt.Scale) -> alt.Color:
    return alt.Color("what:N", title=None, scale=scale, legend=legend())
