"""Where labels stand so that they do not collide, and what a picture says above its panels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from textwrap import wrap
from typing import Any

import altair as alt

from gdcheck.reports.charts import GOES_ON, STAND_IN, Axes, drawn, rule

LINE = 15.0
"""The least distance of two labels above each other, in pixels."""

_LETTER = 7.5
_MOST_LINES = 4
_DENSE = 4.0
_SIDES = (("left", 8), ("right", -8), ("center", 0))
_HEIGHTS = (("bottom", -7), ("middle", 0), ("top", 8))

Pixel = tuple[float, float]
Rectangle = tuple[float, float, float, float]


def heading(said: str, *notes: str) -> alt.TitleParams:
    """Return what stands above all panels of a picture: what is drawn, and in smaller letters under which conditions.

    Args:
        said: What is drawn, such as the loss; broken into lines, and cut where it is very long.
        *notes: The conditions, each on lines of its own.
    """
    first = wrap(said, 70)
    if len(first) > _MOST_LINES:
        first = [*first[: _MOST_LINES - 1], first[_MOST_LINES - 1][:66] + " …"]
    more = [line for note in notes for line in _continued(wrap(note, 96))]
    look: dict[str, Any] = {"anchor": "start", "fontSize": 15, "offset": 18, "color": STAND_IN["ink"]}
    if more:
        look |= {"subtitle": more, "subtitleColor": STAND_IN["faint"], "subtitleFontSize": 12.5, "subtitlePadding": 6}
    return alt.TitleParams(first, **look)


def _continued(lines: Sequence[str]) -> list[str]:
    """End all lines but the last with ``GOES_ON``: screen readers are then given each note as one sentence."""
    return [*(f"{line}{GOES_ON}" for line in lines[:-1]), *lines[-1:]]


def spread(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Move positions apart as little as possible: in their order, at a least distance, within bounds.

    Args:
        wanted: The positions, shape (n,).
        least: The least distance.
        low: The lower bound.
        high: The upper bound; exceeded where the positions do not fit.

    Returns:
        The positions, in the order of ``wanted``, shape (n,): those with the least sum of squared moves.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    # Once rank·least is subtracted, the positions only have to ascend: pool adjacent ones that do not.
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        mean, count = wanted[i] - rank * least, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    end = max(low, high - (len(order) - 1) * least)
    placed = dict(zip(order, (min(max(x, low), end) + rank * least for rank, x in enumerate(flat)), strict=True))
    return [placed[i] for i in range(len(wanted))]


def uprights(
    marks: Sequence[tuple[str, float]], ends: tuple[float, float], width: float, axes: Axes
) -> list[alt.Chart]:
    """Draw named lines up a panel, each name upright to the left of its line, from the top down, clear of the others.

    Args:
        marks: The names, and where their lines stand on the first axis.
        ends: Where the first axis, which begins at 0, ends, and where the names begin on the second axis.
        width: The width of the panel in pixels.
        axes: The axes.

    Returns:
        The layers.
    """
    across, up = (str(one.shorthand).partition(":")[0] for one in axes)
    end, top = ends
    look = {"angle": 270, "align": "right", "baseline": "bottom", "dx": -4, "dy": -3, "fontSize": 12}
    least = LINE * end / width
    layers = []
    for (name, at), place in zip(marks, spread([at for _, at in marks], least, least, end), strict=True):
        label = drawn("text", [{across: place, up: top, "name": name}], color=STAND_IN["ink"], **look)
        layers += [rule(axes[0], at, "ink", strokeDash=[1, 3]), label.encode(*axes, text="name:N")]
    return layers


def beside(
    at: Pixel, said: str, lines: Sequence[Sequence[Pixel]], taken: Sequence[Rectangle], size: Pixel
) -> dict[str, Any]:
    """Choose where the label of a point stands: it covers as little of the lines as possible, and no other label.

    Args:
        at: The point, in pixels from the panel's upper left corner.
        said: The label.
        lines: The corners of the lines; the first counts most.
        taken: The rectangles (left, right, top, bottom) of other labels.
        size: Width and height of the panel.

    Returns:
        The properties of the text mark, and the label's rectangle under ``rectangle``.
    """
    dense = [(_densely(line), 4.0 if i == 0 else 1.0) for i, line in enumerate(lines)]
    best: tuple[float, dict[str, Any]] | None = None
    for align, aside in _SIDES:
        for baseline, above, reach in ((word, up, far) for word, up in _HEIGHTS for far in (1.0, 2.5, 4.0)):
            if (align, baseline) == ("center", "middle"):
                continue
            dx, dy = reach * aside, reach * above
            width, middle = _LETTER * len(said), at[0] + dx
            left = {"left": middle, "right": middle - width, "center": middle - width / 2}[align]
            bottom = at[1] + dy + {"bottom": 0.0, "middle": LINE / 2, "top": LINE}[baseline]
            box = (left, left + width, bottom - LINE, bottom)
            inside = (w * sum(box[0] <= x <= box[1] and box[2] <= y <= box[3] for x, y in line) for line, w in dense)
            cost = sum(inside)
            cost += 1e4 * sum(_meet(box, other) for other in taken)
            outside = max(0.0, -box[0], box[1] - size[0], -box[2], box[3] - size[1])
            # Nearer is better where nothing else decides.
            cost += 100 * outside + 2 * (reach - 1)
            if best is None or cost < best[0]:
                best = cost, {"align": align, "baseline": baseline, "dx": dx, "dy": dy, "rectangle": box}
    assert best is not None
    return best[1]


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _densely(path: Sequence[Pixel]) -> list[Pixel]:
    """Return points along a path, closer together than a letter is wide."""
    found = list(path)
    for (a, b), (c, d) in pairwise(path):
        count = int(hypot(c - a, d - b) / _DENSE)
        found += [(a + (c - a) * k / count, b + (d - b) * k / count) for k in range(1, count)]
    return found
