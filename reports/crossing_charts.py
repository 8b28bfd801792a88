"""The picture of how often and how far the sharpness exceeds 2/η, by step size and radius of the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import Any

import altair as alt

from gdcheck.properties.basins.crossing_grid import Cell
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, rule, stacked
from gdcheck.reports.labels import spread
from gdcheck.theorem.decision.decide import Verdict

_SIDE = 42
_MOST_SHADE = 0.38
_LETTERS = 6.5


def crossing_chart(cells: Sequence[Cell], above: alt.TitleParams, lines: Mapping[str, float]) -> alt.VConcatChart:
    """Draw a grid: the number of steps above 2/η, and the largest excess in per cent.

    Args:
        cells: The cells of a full grid.
        above: The title: the loss and the conditions.
        lines: The step sizes to mark, by name, as shares of the stability limit.

    Returns:
        The chart, in the stand-in colours of ``reports.charts``.
    """
    most = max((c.count for c in cells), default=0) or 1
    widest = max((c.excess or 0.0 for c in cells), default=0.0) or 1.0
    marks = [_counted(c) for c in cells]
    count = _panel(
        cells,
        ["Steps with sharpness above 2/η", *_key(marks)],
        lambda c: (c.count / most) ** 0.5,
        _counted,
        lines,
    )
    if not any(c.excess for c in cells):
        return stacked(count, title=above)
    excess = _panel(
        cells,
        ["How far above, at the most (per cent)"],
        lambda c: ((c.excess or 0.0) / widest) ** 0.5,
        lambda c: "" if c.excess is None else f"{100 * c.excess:.3g}",
        lines,
    )
    return stacked(count, excess, title=above)


def _key(marks: Sequence[str]) -> list[str]:
    """Explain the marks that occur."""
    meaning = {
        "↑": "the loss rises at some of them",
        "?": "more may come",
        "–": "no limit proved",
    }
    said = [f"{mark} {words}" for mark, words in meaning.items() if any(mark in text for text in marks)]
    said += ["blank: none"] if "" in marks else []
    return wrap("; ".join(said), 58)


def _counted(cell: Cell) -> str:
    marks = ("↑" if cell.loss_rose else "") + ("" if cell.complete else "?")
    marks += "–" if cell.verdict != Verdict.PROVED.value else ""
    return f"{cell.count}{marks}" if cell.count or marks else ""


def _panel(
    cells: Sequence[Cell],
    title: list[str],
    shade: Callable[[Cell], float],
    said: Callable[[Cell], str],
    lines: Mapping[str, float],
) -> Panel:
    shares = sorted({c.share for c in cells})
    radii = sorted({c.radius for c in cells}, reverse=True)
    half = min((b - a for a, b in pairwise(shares)), default=0.1) / 2
    values: list[dict[str, Any]] = [
        {
            "x": c.share,
            "left": c.share - half,
            "right": c.share + half,
            "y": f"{c.radius:.3g}",
            "shade": shade(c),
            "text": said(c),
        }
        for c in cells
    ]
    ends = [shares[0] - half, shares[-1] + half]
    title_x = "η divided by the stability limit 2/λₙ"
    x = axis(alt.X, title_x, ends, values=[round(s, 6) for s in shares], grid=False, format="~g")
    left = axis(alt.X, title_x, ends, field="left", values=[round(s, 6) for s in shares], grid=False, format="~g")
    y = alt.Y("y:O", title="distance of the start from x*", sort=[f"{r:.3g}" for r in radii])
    opacity = alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.0, _MOST_SHADE]), legend=None)
    squares = drawn("rect", values, color=STAND_IN["alternating"]).encode(x=left, x2="right:Q", y=y, opacity=opacity)
    labels = drawn("text", [v for v in values if v["text"]], color=STAND_IN["ink"], fontSize=11.5)
    layers = [squares]
    inside = {name: at for name, at in lines.items() if ends[0] <= at <= ends[1]}
    unit = (ends[1] - ends[0]) / (_SIDE * len(shares))
    places = spread([at - _LETTERS * unit * len(name) / 2 for name, at in inside.items()], 70 * unit, *ends)
    for (name, at), place in zip(inside.items(), places, strict=True):
        layers.append(rule(x, at, "ink", strokeDash=[4, 3], opacity=0.45))
        words = drawn("text", [{"x": place, "text": name}], color=STAND_IN["ink"], align="left", fontSize=12)
        layers.append(words.encode(x=x, y=alt.value(-9), text="text:N"))
    layers.append(labels.encode(x=x, y=y, text="text:N"))
    return panel(layers, title, 0.68 * _SIDE * len(radii), _SIDE * len(shares))
