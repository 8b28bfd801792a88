"""The picture of all step sizes of a loss: the rate per step against the step size, one panel a minimizer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gdcheck.reports.charts import STAND_IN, as_svg, config

if TYPE_CHECKING:
    import altair as alt

_BEYOND = 1.2
_WIDTH, _HEIGHT = 560, 190


def step_picture(lines: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    """Draw the line of step sizes for each minimizer.

    Args:
        lines: What ``theorem.certificate.step_sizes.step_line`` says of each.
        names: The variables.

    Returns:
        A self-contained SVG in the stand-in colours of ``reports.charts``.
    """
    import altair as alt  # noqa: PLC0415

    # The panels share their scale, so that minimizers can be compared.
    end = _BEYOND * max(_float(line["step_sizes"]["largest_stable"]) for line in lines)
    panels = [_panel(line, names, end) for line in lines]
    return as_svg(alt.vconcat(*panels, spacing=30).configure(**config()))


def _panel(line: dict[str, Any], names: Sequence[str], end: float) -> alt.LayerChart:
    import altair as alt  # noqa: PLC0415

    found = line["step_sizes"]
    low, high = _float(found["lowest"]["value"]), _float(found["highest"]["value"])
    greedy, optimal, limit = (_float(found[key]) for key in ("greedy", "optimal", "largest_stable"))

    def rate(step_size: float) -> float:
        return max(abs(1 - step_size * low), abs(1 - step_size * high))

    beyond = "divergence" if line["quadratic"] else "unstable: cycle, another minimizer or divergence"
    parts = [
        ("fixed", "fixed", 0.0, optimal),
        ("alternating", "alternating", optimal, limit),
        ("open", beyond, limit, end),
    ]
    x = alt.X("step:Q", title="step size η", scale=alt.Scale(domain=[0, end], nice=False))
    top = max(1.2, rate(_BEYOND * limit))
    y = alt.Y("rate:Q", title="rate per step max |1−ηλ|", scale=alt.Scale(domain=[0, top], nice=False, clamp=True))
    layers: list[alt.Chart] = []
    for colour, word, a, b in parts:
        # Where another minimizer allows larger steps, the curve ends at the top of the panel.
        b = min(b, (1 + top) / high) if colour == "open" else b
        curve = [{"step": s, "rate": rate(s), "what": word} for s in (a, b)]
        layers.append(_chart(curve).mark_line(color=STAND_IN[colour], strokeWidth=3).encode(x, y))
        word_at = [{"step": (a + b) / 2, "rate": top, "what": word if colour != "open" else word.partition(":")[0]}]
        text = _chart(word_at).mark_text(color=STAND_IN[colour], dy=10, fontSize=12, fontWeight=600)
        layers.append(text.encode(x, y, text="what:N"))
    layers.append(
        _chart([{"rate": 1}]).mark_rule(color=STAND_IN["faint"], strokeDash=[4, 3]).encode(alt.Y("rate:Q"))
    )
    marks = [("1/λₙ", greedy), ("2/(λ₁+λₙ)", optimal), ("2/λₙ", limit)]
    if low == high:
        marks = [("1/λ", optimal), ("2/λ", limit)]
    close = len(marks) == 3 and optimal - greedy < 0.12 * end
    for i, (word, at) in enumerate(marks):
        rule = [{"step": at, "rate": 0, "what": word}]
        layers.append(_chart(rule).mark_rule(color=STAND_IN["ink"], strokeDash=[1, 3]).encode(x))
        left = close and i == 0
        label = _chart(rule).mark_text(
            color=STAND_IN["ink"], align="right" if left else "left", dx=-4 if left else 4, dy=-8, fontSize=12
        )
        layers.append(label.encode(x, y, text="what:N"))
    point = ", ".join(f"{name} = {value[:24]}" for name, value in list(zip(names, line["minimizer"], strict=True))[:4])
    return alt.layer(*layers).properties(title=f"Minimizer {point}", width=_WIDTH, height=_HEIGHT)


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    import altair as alt  # noqa: PLC0415

    return alt.Chart(alt.InlineData(values=values))


def _float(text: str) -> float:
    return float(Fraction(text))
