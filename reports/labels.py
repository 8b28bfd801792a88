"""Where labels stand so that they do not collide, and what a picture says above its panels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from textwrap import wrap
from typing import Any

import altair as alt

from gdcheck.reports.charts import GOES_ON, STAND_IN

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
    """Mark all lines but the last as such, unseen: where a note ends is told to readers who do not see it."""
    return [*(f"{line}{GOES_ON}" for line in lines[:-1]), *lines[-1:]]


def spread(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Move places apart, no farther than they must: in their order, at a least distance, within bounds.

    Args:
        wanted: The places, shape (n,).
        least: The distance.
        low: The least place; the bounds give way where there are too many places for them.
        high: The greatest.

    Returns:
        The places, in the order in which they came: the nearest ones in the mean square.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    # Less their least distances, the places have to ascend only: pool those that do not.
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


def beside(
    at: Pixel, said: str, lines: Sequence[Sequence[Pixel]], taken: Sequence[Rectangle], size: Pixel
) -> dict[str, Any]:
    """Choose where a label of a point stands: where it covers least of lines, of the first above all, and no label.

    Args:
        at: The point, in pixels from the panel's upper left corner.
        said: The label.
        lines: The corners of the lines; the first counts most.
        taken: The rectangles (left, right, top, bottom) of other labels.
        size: Width and height of the panel.

    Returns:
        How the text is set, with its rectangle under ``rectangle``.
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
    """Return points of a path that lie closer together than letters."""
    found = list(path)
    for (a, b), (c, d) in pairwise(path):
        count = int(hypot(c - a, d - b) / _DENSE)
        found += [(a + (c - a) * k / count, b + (d - b) * k / count) for k in range(1, count)]
    return found
