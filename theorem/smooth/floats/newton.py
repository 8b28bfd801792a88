"""Newton's method with approximate Hessians: of losses over many rows in float64; no proof depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb, arb_mat
from numpy import array, eye
from numpy.linalg import LinAlgError, inv, norm

from gdcheck.theorem.smooth.evaluate import Forward, hessian
from gdcheck.theorem.smooth.floats.map_norm import float_hessian
from gdcheck.theorem.smooth.graph import SmoothLoss

_REGULAR = 1e-3
_BITS_OF_A_STEP = 32
"""With a Hessian in floats, a step leaves an error smaller by this many bits, at least where it is nearly regular."""


def approximate_hessian(loss: SmoothLoss, x: Sequence[arb]) -> Any:
    """Return the Hessian in floats, shape (n, n)."""
    at = Forward.of(loss, x, 2, all_values=False)
    found = float_hessian(at) if loss.affine.rows else None
    return found[0] if found is not None else array([[float(y) for y in row] for row in at.hessian().tolist()])


def newton_step(loss: SmoothLoss, x: Sequence[arb], gradient: Sequence[arb]) -> list[arb] | None:
    """Return H⁻¹g, the step of Newton's method, approximately; None if H is singular.

    Args:
        loss: The loss.
        x: The point, shape (n,).
        gradient: The gradient g there, shape (n,).
    """
    column = arb_mat(len(x), 1, [y.mid() for y in gradient])
    if loss.affine.rows and (inverse := _inverse(approximate_hessian(loss, x))) is not None:
        return list((arb_mat(inverse.tolist()) * column).entries())
    try:
        return list(hessian(loss, x).mid().solve(column).entries())
    except ZeroDivisionError:
        return None


def most_steps(loss: SmoothLoss, bits: int) -> int:
    """Return how many steps lead from a float's accuracy to that of ``bits`` bits."""
    return 10 + bits // _BITS_OF_A_STEP if loss.affine.rows else 10


def _inverse(matrix: Any) -> Any:
    """Return the inverse; None if the matrix is too nearly singular for floats."""
    try:
        found = inv(matrix)
    except LinAlgError:
        return None
    return found if norm(found @ matrix - eye(len(matrix))) < _REGULAR else None
