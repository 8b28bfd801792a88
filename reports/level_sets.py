"""Level sets of a function of two variables, as polygonal lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Point = tuple[float, float]


def level_sets(
    function: Callable[[float, float], float],
    x: tuple[float, float],
    y: tuple[float, float],
    levels: Sequence[float],
    cells: int = 56,
) -> list[list[Point]]:
    """Return the level sets of a function on a rectangle.

    Args:
        function: The function.
        x: The range of the first variable.
        y: The range of the second.
        levels: The levels.
        cells: How many cells each side is divided into.

    Returns:
        Lines, each a list of points; closed ones end where they begin.
    """
    from contourpy import LineType, contour_generator  # noqa: PLC0415

    across, up = np.linspace(*x, cells + 1), np.linspace(*y, cells + 1)
    heights = [[function(a, b) for a in across.tolist()] for b in up.tolist()]
    contours = contour_generator(across, up, heights, line_type=LineType.Separate)
    curves: Any = contours.multi_lines(levels)
    return [[(float(a), float(b)) for a, b in line] for lines in curves for line in lines]
