"""The minimizer of a smooth loss as an exact point, where it is rational and the gradient there is known exactly."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq

from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.series.along import exact_hessian

_LARGEST = 10**6


def exact_minimizer(loss: SmoothLoss, minimizer: EnclosedMinimizer) -> tuple[tuple[fmpq, ...], list[list[fmpq]]] | None:
    """Return the minimizer and the Hessian there, if both are rational and known exactly.

    Args:
        loss: The loss.
        minimizer: Where the minimizer lies: the only critical point of its ball.

    Returns:
        The point, shape (n,), and the Hessian, shape (n, n); None if that is not known.
    """
    found = []
    for x in minimizer.centre:
        near = Fraction(int(x.p), int(x.q)).limit_denominator(_LARGEST)
        found.append(fmpq(near.numerator, near.denominator))
    if sum((a - b) ** 2 for a, b in zip(found, minimizer.centre, strict=True)) >= minimizer.radius**2:
        return None
    matrix = exact_hessian(loss, found)
    return None if matrix is None else (tuple(found), matrix)
