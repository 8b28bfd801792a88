"""The picture of all step sizes of a loss: the rate per step against the step size, one panel a minimizer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from gdcheck.reports.charts import STAND_IN, config

if TYPE_CHECKING:
    import altair as alt

    _Panel: TypeAlias = alt.LayerChart | alt.FacetChart

_BEYOND = 1.2
_WIDTH, _HEIGHT = 560, 190


def step_chart(lines: Sequence[dict[str, Any]], names: Sequence[str]) -> alt.VConcatChart:
    """Draw the line of step sizes for each minimizer.

    Args:
        lines: What ``theorem.certificate.step_sizes.step_line`` says of each.
        names: The variables.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.
    """
    import altair as alt  # noqa: PLC0415

    # The panels share their scale, so that minimizers can be compared.
    end = _BEYOND * max(_float(line["step_sizes"]["largest_stable"]) for line in lines)
    panels = [_panel(line, names, end) for line in lines]
    chart: alt.VConcatChart = alt.vconcat(*panels, spacing=30).resolve_scale(color="independent").configure(**config())
    return chart


def _panel(line: dict[str, Any], names: Sequence[str], end: float) -> _Panel:
    import altair as alt  # noqa: PLC0415

    found = line["step_sizes"]
    low, high = _float(found["lowest"]["value"]), _float(found["highest"]["value"])
    greedy, optimal, limit = (_float(found[key]) for key in ("greedy", "optimal", "largest_stable"))

    def rate(step_size: float) -> float:
        return max(abs(1 - step_size * low), abs(1 - step_size * high))

    beyond = "divergence" if line["quadratic"] else "cycle, another minimizer or divergence"
    parts = [("fixed", 0.0, optimal), ("alternating", optimal, limit), (beyond, limit, end)]
    x = alt.X("step:Q", title="step size η", scale=alt.Scale(domain=[0, end], nice=False))
    top = max(1.2, rate(_BEYOND * limit))
    y = alt.Y("rate:Q", title="rate per step max |1−ηλ|", scale=alt.Scale(domain=[0, top], nice=False))
    # Where another minimizer allows larger steps, the curve ends at the top of the panel.
    curves = [{"step": s, "rate": rate(s), "what": word} for word, a, b in parts for s in (a, min(b, (1 + top) / high))]
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(
            domain=[word for word, _, _ in parts], range=[STAND_IN[c] for c in ("fixed", "alternating", "open")]
        ),
        legend=alt.Legend(orient="top", labelColor=STAND_IN["ink"], labelLimit=320, symbolStrokeWidth=3),
    )
    layers: list[alt.Chart] = [_chart(curves).mark_line(strokeWidth=3).encode(x, y, colour)]
    layers.append(_chart([{"rate": 1}]).mark_rule(color=STAND_IN["faint"], strokeDash=[4, 3]).encode(alt.Y("rate:Q")))
    marks = [("1/λₙ", greedy), ("2/(λ₁+λₙ)", optimal), ("2/λₙ", limit)]
    if low == high:
        marks = [("1/λ", optimal), ("2/λ", limit)]
    for word, at in marks:
        rule = [{"step": at, "rate": 1, "what": word}]
        layers.append(_chart(rule).mark_rule(color=STAND_IN["ink"], strokeDash=[1, 3]).encode(x))
        # Upright and left of its line, so that near lines keep their labels apart.
        label = _chart(rule).mark_text(
            color=STAND_IN["ink"], angle=270, align="left", baseline="bottom", dx=6, dy=-3, fontSize=12
        )
        layers.append(label.encode(x, y, text="what:N"))
    point = ", ".join(f"{name} = {value[:24]}" for name, value in list(zip(names, line["minimizer"], strict=True))[:4])
    panel: _Panel = alt.layer(*layers).properties(title=f"Minimizer {point}", width=_WIDTH, height=_HEIGHT)
    return panel


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    import altair as alt  # noqa: PLC0415

    return alt.Chart(alt.InlineData(values=values))


def _float(text: str) -> float:
    return float(Fraction(text))
