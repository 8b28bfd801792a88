"""Level sets of a function of two variables, as polygonal lines (marching squares)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

Point = tuple[float, float]
Segment = tuple[Point, Point]

_FINE = 2**20


def level_sets(
    function: Callable[[float, float], float],
    x: tuple[float, float],
    y: tuple[float, float],
    levels: Sequence[float],
    cells: int = 56,
) -> list[list[Point]]:
    """The level sets on a rectangle.

    Args:
        function: The function.
        x: The rectangle's first side, from and to.
        y: The second.
        levels: The levels.
        cells: How many cells each side is divided into.

    Returns:
        Lines, each a list of points; closed ones end where they begin.
    """
    # In the unit square first: there, points that are one and the same can be recognized by rounding.
    values = [
        [function(x[0] + (x[1] - x[0]) * i / cells, y[0] + (y[1] - y[0]) * j / cells) for j in range(cells + 1)]
        for i in range(cells + 1)
    ]
    lines = []
    for level in levels:
        segments = [s for i in range(cells) for j in range(cells) for s in _cell(values, i, j, level)]
        lines += _joined(segments)
    sides = ((x[0], (x[1] - x[0]) / cells), (y[0], (y[1] - y[0]) / cells))
    return [[(sides[0][0] + sides[0][1] * a, sides[1][0] + sides[1][1] * b) for a, b in line] for line in lines]


def _cell(values: Sequence[Sequence[float]], i: int, j: int, level: float) -> Iterator[Segment]:
    """The segments in one cell, in units of cells: where a level crosses its sides, in pairs."""
    corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
    heights = [values[a][b] for a, b in corners]
    cuts = []
    for k in range(4):
        low, high = heights[k], heights[(k + 1) % 4]
        if (low <= level) != (high <= level):
            t = (level - low) / (high - low)
            (ax, ay), (bx, by) = corners[k], corners[(k + 1) % 4]
            cuts.append((ax + t * (bx - ax), ay + t * (by - ay)))
    yield from zip(cuts[::2], cuts[1::2], strict=True)


def _key(point: Point) -> tuple[int, int]:
    return round(point[0] * _FINE), round(point[1] * _FINE)


def _joined(segments: Sequence[Segment]) -> list[list[Point]]:
    """Lines made of all segments, each used once."""
    at: dict[tuple[int, int], set[int]] = defaultdict(set)
    for k, segment in enumerate(segments):
        for end in segment:
            at[_key(end)].add(k)
    left = set(range(len(segments)))
    lines = []
    # Open lines first, from an end; what is left is closed.
    ends = [k for k in range(len(segments)) if any(len(at[_key(end)]) == 1 for end in segments[k])]
    for first in [*ends, *range(len(segments))]:
        if first not in left:
            continue
        left.discard(first)
        a, b = segments[first]
        line = [b, a] if len(at[_key(b)]) == 1 else [a, b]
        while True:
            onward = at[_key(line[-1])] & left
            if not onward:
                break
            k = min(onward)
            left.discard(k)
            a, b = segments[k]
            line.append(b if _key(a) == _key(line[-1]) else a)
        lines.append(line)
    return lines
