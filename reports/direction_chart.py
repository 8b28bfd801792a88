"""The picture of a method over all step sizes: moduli of its multipliers, or a phase diagram of η and momentum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from gdcheck.reports.charts import STAND_IN, axis, config, drawn, number, panel, rule

_WIDTH, _HEIGHT = 560, 240
BEYOND = 1.15
"""How far pictures reach, in units of the limit of stability."""
_WORDS = {"fixed": "fixed", "rotating": "faint", "alternating": "alternating", "unstable": "open"}


def moduli_chart(line: dict[str, Any], steps: Sequence[float], rows: Mapping[str, Sequence[float]]) -> alt.LayerChart:
    """Draw the largest modulus of each mode against the step size, with the thresholds.

    Args:
        line: What ``theorem.certificate.method_line.method_line`` says.
        steps: The step sizes.
        rows: For each eigenvalue, by its text, its moduli.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.
    """
    end = max(steps)
    x = axis(alt.X, "step size η", [0, end], field="step")
    y = axis(alt.Y, "largest modulus of the multipliers", field="modulus")
    bands = drawn("rect", [part | {"b": min(end, part["b"])} for part in _parts(line, end)], opacity=0.22)
    curves = [
        {"step": s, "modulus": m, "mode": f"λ = {name}"}
        for name, row in rows.items()
        for s, m in zip(steps, row, strict=True)
    ]
    mode = alt.StrokeDash("mode:N", title=None)
    layers = [
        bands.encode(axis(alt.X, "step size η", field="a"), alt.X2("b:Q"), _colour()),
        drawn("line", curves, strokeWidth=2, color=STAND_IN["ink"]).encode(x, y, mode),
        rule(y, 1, "faint", strokeDash=[4, 3]),
    ]
    words = (f"{key} {value}" for key, value in line["method"].items() if isinstance(value, str))
    chart: alt.LayerChart = panel(layers, ", ".join(words).removeprefix("name "), _HEIGHT, _WIDTH).configure(**config())
    return chart


def phase_chart(lines: Sequence[tuple[float, dict[str, Any]]], title: str) -> alt.LayerChart:
    """Draw what the direction does over step size and momentum.

    Args:
        lines: Pairs of β and what ``method_line`` says of it, ascending and evenly spaced.
        title: The method and the spectrum.

    Returns:
        A chart in the stand-in colours.
    """
    end = BEYOND * max(number(line["stability_limit"]) for _, line in lines)
    half = (lines[1][0] - lines[0][0]) / 2 if len(lines) > 1 else 0.01
    # Each row reaches under the next: edges that only touch are drawn with a hairline between them.
    under = [2 * half] * (len(lines) - 1) + [half]
    rows = [
        part | {"low": beta - half, "high": beta + reach}
        for (beta, line), reach in zip(lines, under, strict=True)
        for part in _parts(line, end)
    ]
    x, y = (
        axis(alt.X, "step size η", [0, end], field="a"),
        alt.Y("low:Q", title="momentum β", scale=alt.Scale(zero=False)),
    )
    marks = drawn("rect", rows).encode(x, alt.X2("b:Q"), y, alt.Y2("high:Q"), _colour())
    chart: alt.LayerChart = panel([marks], title, _HEIGHT, _WIDTH).configure(**config())
    return chart


def _parts(line: dict[str, Any], end: float) -> list[dict[str, Any]]:
    """Return the stretches of the step size, with what the direction does on each, up to the chart's end."""
    return [
        {"a": number(part["from"]), "b": end if part["to"] is None else number(part["to"]), "what": part["direction"]}
        for part in line["segments"]
    ]


def _colour() -> alt.Color:
    return alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=list(_WORDS), range=[STAND_IN[c] for c in _WORDS.values()]),
        legend=alt.Legend(orient="top", labelColor=STAND_IN["ink"]),
    )
