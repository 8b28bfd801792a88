"""The picture of all step sizes of a loss: the rate per step against the step size, one panel a minimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, number, panel, rule, stacked
from gdcheck.reports.labels import heading, uprights
from gdcheck.reports.text import function, point

_BEYOND = 1.2
_WIDTH, _HEIGHT = 560, 190


def step_chart(lines: Sequence[dict[str, Any]], names: Sequence[str], loss: str) -> alt.VConcatChart:
    """Draw the line of step sizes for each minimizer.

    Args:
        lines: The answer of ``theorem.certificate.step_sizes.step_line`` for each minimizer.
        names: The variables.
        loss: The loss, for the title.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.
    """
    # The panels share their scale, so that minimizers can be compared.
    end = _BEYOND * max(number(line["step_sizes"]["largest_stable"]) for line in lines)
    above = heading(function(loss, names), "what every step size of gradient descent does near each minimizer, proved")
    panels = stacked(*(_panel(line, end) for line in lines), spacing=30, title=above)
    chart: alt.VConcatChart = panels.resolve_scale(color="independent")
    return chart


def _panel(line: dict[str, Any], end: float) -> Panel:
    found = line["step_sizes"]
    low, high = number(found["lowest"]["value"]), number(found["highest"]["value"])
    greedy, optimal, limit = (number(found[key]) for key in ("greedy", "optimal", "largest_stable"))

    def rate(step_size: float) -> float:
        return max(abs(1 - step_size * low), abs(1 - step_size * high))

    beyond = "divergence" if line["quadratic"] else "cycle, another minimizer or divergence"
    parts = [("fixed", 0.0, optimal), ("alternating", optimal, limit), (beyond, limit, end)]
    top = max(1.2, rate(_BEYOND * limit))
    x = axis(alt.X, "step size η", [0, end], field="step")
    y = axis(alt.Y, "rate per step: max |1−ηλ|", [0, top], field="rate")
    # Where another minimizer allows larger steps, the curve ends at the top of the panel.
    curves = [{"step": s, "rate": rate(s), "what": word} for word, a, b in parts for s in (a, min(b, (1 + top) / high))]
    colours = [STAND_IN[c] for c in ("fixed", "alternating", "open")]
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=[word for word, _, _ in parts], range=colours),
        legend=alt.Legend(orient="top", labelColor=STAND_IN["ink"], labelLimit=320, symbolStrokeWidth=3),
    )
    layers = [drawn("line", curves, strokeWidth=3).encode(x, y, colour), rule(y, 1, "faint", strokeDash=[4, 3])]
    marks = [("1/λₙ", greedy), ("2/(λ₁+λₙ)", optimal), ("2/λₙ", limit)]
    if low == high:
        marks = [("1/λ", optimal), ("2/λ", limit)]
    layers += uprights(marks, (end, top), _WIDTH, (x, y))
    where = "=" if line["exact"] else "≈"
    return panel(layers, f"Minimizer x* {where} {point(value[:12] for value in line['minimizer'])}", _HEIGHT, _WIDTH)
