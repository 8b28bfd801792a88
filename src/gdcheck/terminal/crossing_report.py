"""``gdcheck crossings``: the grid of step sizes and start radii for people, and as a file."""

from __future__ import annotations

import json
from collections.abc import Callable

from flint import fmpq

from gdcheck.properties.basins.crossing_grid import Cell, grid
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_text

_SHARES = [fmpq(k, 20) for k in range(8, 20)]
_FACTORS = [fmpq(k, 5) for k in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12)]


def workload() -> int:
    """The number of cells."""
    return len(_SHARES) * len(_FACTORS)


def crossing_grid(problem: Problem, max_steps: int, on_done: Callable[[int], None]) -> list[Cell]:
    """The grid for a problem: step sizes from 0.4 to 0.95 of 2/λₙ, starts from 0.2 to 2.4 times the problem's own.

    Args:
        problem: The problem.
        max_steps: Steps allowed for each cell.
        on_done: Told the number of cells done.

    Returns:
        The cells.
    """
    return grid(problem, _SHARES, _FACTORS, max_steps, on_done)


def summary(cells: list[Cell]) -> list[str]:
    """A few sentences on a grid.

    Args:
        cells: The cells.

    Returns:
        The sentences.
    """
    above = [c for c in cells if c.count]
    said = [f"the sharpness exceeds 2/η in {len(above)} of {len(cells)} cells, proved"]
    open_ = sum(not c.complete for c in cells)
    if open_:
        said.append(f"in {open_} cells the count may not be complete")
    if above:
        far = max(above, key=lambda c: c.excess or 0.0)
        often = max(above, key=lambda c: c.count)
        said.append(f"most often: {often.count} steps, at {_where(often)}")
        said.append(f"farthest: by {100 * (far.excess or 0.0):.3g} %, at {_where(far)}")
        fell = sum(c.fell for c in cells)
        said.append(f"the loss is proved to fall at {fell} of these {sum(c.count for c in cells)} steps")
        rising = [c for c in above if c.rose]
        if rising:
            said.append(f"it is proved to rise in {len(rising)} cells, as at {_where(rising[0])}")
    return said


def _where(cell: Cell) -> str:
    start = ",".join(to_text(q) for q in cell.problem.start)
    return f"η = {to_text(cell.problem.step_size)} from ({start}): {cell.verdict.value}"


def as_json(cells: list[Cell]) -> str:
    """The grid as one JSON document.

    Args:
        cells: The cells.

    Returns:
        The text.
    """
    return json.dumps([c.to_json() for c in cells], allow_nan=False)
