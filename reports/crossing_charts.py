"""The picture of how often and how far the sharpness exceeds 2/η, by step size and radius of the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from gdcheck.properties.basins.crossing_grid import Cell
from gdcheck.reports.charts import STAND_IN, Panel, stacked
from gdcheck.theorem.decision.decide import Verdict

_SIDE = 40


def crossing_chart(cells: Sequence[Cell]) -> alt.VConcatChart:
    """Draw a grid: the number of steps above 2/η, and the largest excess in per cent.

    Args:
        cells: The cells of a full grid.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    most = max((c.count for c in cells), default=0) or 1
    widest = max((c.excess or 0.0 for c in cells), default=0.0) or 1.0
    count = _panel(
        cells,
        ["Steps with sharpness above 2/η", "↑ the loss rises at some of them; ? more may come; – no limit proved"],
        lambda c: (c.count / most) ** 0.5,
        _counted,
    )
    excess = _panel(
        cells,
        ["How far above, at the most (per cent)"],
        lambda c: ((c.excess or 0.0) / widest) ** 0.5,
        lambda c: "" if c.excess is None else f"{100 * c.excess:.3g}",
    )
    return stacked(count, excess)


def _counted(cell: Cell) -> str:
    marks = ("↑" if cell.loss_rose else "") + ("" if cell.complete else "?")
    marks += "–" if cell.verdict != Verdict.PROVED.value else ""
    return f"{cell.count}{marks}" if cell.count or marks else ""


def _panel(
    cells: Sequence[Cell], title: list[str], shade: Callable[[Cell], float], text: Callable[[Cell], str]
) -> Panel:
    shares = sorted({c.share for c in cells})
    radii = sorted({c.radius for c in cells}, reverse=True)
    values: list[dict[str, Any]] = [
        {"x": f"{c.share:.3g}", "y": f"{c.radius:.3g}", "shade": shade(c), "text": text(c)} for c in cells
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X(
            "x:O", title="step size / stability limit", sort=[f"{s:.3g}" for s in shares], axis=alt.Axis(labelAngle=0)
        ),
        y=alt.Y("y:O", title="distance of the start", sort=[f"{r:.3g}" for r in radii]),
    )
    opacity = alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.0, 0.85]), legend=None)
    squares = base.mark_rect(color=STAND_IN["alternating"]).encode(opacity=opacity)
    labels = base.mark_text(color=STAND_IN["ink"], fontSize=11.5).encode(text="text:N")
    size = {"width": _SIDE * len(shares), "height": 0.7 * _SIDE * len(radii)}
    return alt.layer(squares, labels).properties(title=title, **size)
