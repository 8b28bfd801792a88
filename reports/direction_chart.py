"""The picture of a method over all step sizes: moduli of its multipliers, or a phase diagram of η and momentum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gdcheck.reports.charts import STAND_IN, config

if TYPE_CHECKING:
    import altair as alt

_WIDTH, _HEIGHT = 560, 240
_BEYOND = 1.15
_WORDS = ("fixed", "rotating", "alternating", "unstable")
_COLOURS = ("fixed", "faint", "alternating", "open")


def moduli_chart(line: dict[str, Any], steps: Sequence[float], rows: Mapping[str, Sequence[float]]) -> alt.LayerChart:
    """Draw the largest modulus of each mode against the step size, with the thresholds.

    Args:
        line: What ``theorem.certificate.method_line.method_line`` says.
        steps: The step sizes.
        rows: For each eigenvalue, by its text, its moduli.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.
    """
    import altair as alt  # noqa: PLC0415

    end = max(steps)
    x = alt.X("step:Q", title="step size η", scale=alt.Scale(domain=[0, end], nice=False))
    y = alt.Y("modulus:Q", title="largest modulus of the multipliers")
    bands = [
        {
            "a": number(part["from"]),
            "b": min(end, end if part["to"] is None else number(part["to"])),
            "what": part["direction"],
        }
        for part in line["segments"]
    ]
    layers: list[alt.Chart] = [
        _chart(bands).mark_rect(opacity=0.22).encode(alt.X("a:Q", title="step size η"), alt.X2("b:Q"), _colour())
    ]
    curves = [
        {"step": s, "modulus": m, "mode": f"λ = {name}"}
        for name, row in rows.items()
        for s, m in zip(steps, row, strict=True)
    ]
    layers.append(
        _chart(curves)
        .mark_line(strokeWidth=2, color=STAND_IN["ink"])
        .encode(x, y, alt.StrokeDash("mode:N", title=None))
    )
    layers.append(_chart([{"modulus": 1}]).mark_rule(color=STAND_IN["faint"], strokeDash=[4, 3]).encode(y))
    chart: alt.LayerChart = (
        alt.layer(*layers).properties(title=_title(line["method"]), width=_WIDTH, height=_HEIGHT).configure(**config())
    )
    return chart


def phase_chart(lines: Sequence[tuple[float, dict[str, Any]]], title: str) -> alt.Chart:
    """Draw what the direction does over step size and momentum.

    Args:
        lines: Pairs of β and what ``method_line`` says of it, ascending and evenly spaced.
        title: The method and the spectrum.

    Returns:
        A chart in the stand-in colours.
    """
    import altair as alt  # noqa: PLC0415

    end = _BEYOND * max(number(line["stability_limit"]) for _, line in lines)
    half = (lines[1][0] - lines[0][0]) / 2 if len(lines) > 1 else 0.01
    rows = [
        {
            "a": number(part["from"]),
            "b": end if part["to"] is None else number(part["to"]),
            "low": beta - half,
            "high": beta + half,
            "what": part["direction"],
        }
        for beta, line in lines
        for part in line["segments"]
    ]
    chart: alt.Chart = (
        _chart(rows)
        .mark_rect()
        .encode(
            alt.X("a:Q", title="step size η", scale=alt.Scale(domain=[0, end], nice=False)),
            alt.X2("b:Q"),
            alt.Y("low:Q", title="momentum β", scale=alt.Scale(zero=False)),
            alt.Y2("high:Q"),
            _colour(),
        )
        .properties(title=title, width=_WIDTH, height=_HEIGHT)
        .configure(**config())
    )
    return chart


def _colour() -> alt.Color:
    import altair as alt  # noqa: PLC0415

    return alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=list(_WORDS), range=[STAND_IN[c] for c in _COLOURS]),
        legend=alt.Legend(orient="top", labelColor=STAND_IN["ink"]),
    )


def _title(method: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in method.items() if isinstance(value, str)).removeprefix("name ")


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    import altair as alt  # noqa: PLC0415

    return alt.Chart(alt.InlineData(values=values))


def number(text: str) -> float:
    """Read a threshold as a float."""
    return float(Fraction(text))
