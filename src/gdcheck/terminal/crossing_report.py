"""``gdcheck crossings``: a grid of step sizes and start radii in a few sentences."""

from __future__ import annotations

from gdcheck.properties.basins.crossing_grid import Cell


def summary(cells: list[Cell]) -> list[str]:
    """Describe a grid in a few sentences.

    Args:
        cells: The cells.

    Returns:
        The sentences.
    """
    above = [c for c in cells if c.count]
    said = [f"the sharpness exceeds 2/η in {len(above)} of {len(cells)} cells, by enclosures that no checker has seen"]
    open_ = sum(not c.complete for c in cells)
    if open_:
        said.append(f"in {open_} cells the count may not be complete")
    if above:
        far = max(above, key=lambda c: c.excess or 0.0)
        often = max(above, key=lambda c: c.count)
        said.append(f"most often: {often.count} steps, at {_where(often)}")
        said.append(f"farthest: by {100 * (far.excess or 0.0):.3g} %, at {_where(far)}")
        fell = sum(c.loss_fell for c in cells)
        said.append(f"the loss surely falls at {fell} of these {sum(c.count for c in cells)} steps")
        rising = [c for c in above if c.loss_rose]
        if rising:
            said.append(f"it surely rises in {len(rising)} cells, as at {_where(rising[0])}")
    return said


def _where(cell: Cell) -> str:
    return f"η = {cell.step_size} from ({', '.join(cell.start)}): {cell.verdict}, not rechecked"
