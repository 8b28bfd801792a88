"""The coordinates in which a sweep states its problems with a preconditioner, with Adam and with RMSprop.

Only operations that IEEE 754 rounds in one way are used, as in ``generator``.
"""

from __future__ import annotations

from typing import Any


def draw_coordinates(xp: Any, u: Any, *, scaled: bool) -> Any:
    """Draw the two arrays of ``theorem.batch.columns.Coordinates``.

    Args:
        xp: The array namespace.
        u: Numbers in [0, 1), shape (2n, rows).
        scaled: Whether D is drawn from ¼ to 4, for preconditioners of condition 256 at most; else it is one.

    Returns:
        w, whole numbers from −3 to 3 of which the first is positive, and the diagonal of D; shape (2, n, rows).
    """
    n = u.shape[0] // 2
    mirror = xp.floor(7 * u[:n]) - 3
    mirror[0] = xp.floor(3 * u[0]) + 1
    powers = xp.asarray([0.25, 0.5, 1.0, 2.0, 4.0], dtype=xp.float64, device=u.device)
    scales = powers[xp.asarray(xp.floor(5 * u[n:]), dtype=xp.int64)] if scaled else 1 + 0 * u[n:]
    return xp.stack([mirror, scales])


def in_range(ends: tuple[float, float], u: Any) -> Any:
    """Map numbers in [0, 1) linearly to the interval between two ends."""
    return ends[0] + (ends[1] - ends[0]) * u
