r"""The spectrum at an irrational minimizer, enclosed: the theorem of Newton and Kantorovich.

At a rational point p let :math:`\|\nabla f(p)\| \le g`, let the eigenvalues of :math:`\nabla^2 f(p)` be at least μ > 0,
and let L be a Lipschitz constant of the Hessian on the ball of radius R around p. If :math:`2 L g \le \mu^2` and
:math:`2 g/\mu \le R`, there is a critical point within :math:`r = 2g/\mu` of p, and by Weyl's inequality its
eigenvalues are those at p up to L r.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, fmpq, fmpq_mat, fmpz

from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector

_REACH = fmpq(1, 2**20)
_BITS = 128


@dataclass(frozen=True, eq=False)
class NearCritical:
    """A strict minimizer near a point, and the spectrum there.

    Attributes:
        pencil: The Hessian at the point, which has the minimizer's eigenvectors up to the distance.
        eigenvalues: Its eigenvalues, ascending.
        shift: Those at the minimizer are at most so far from them.
        distance: The minimizer is at most so far from the point.
    """

    pencil: Pencil
    eigenvalues: tuple[Eigenvalue, ...]
    shift: fmpq
    distance: fmpq


def near_critical(loss: Loss, point: Vector) -> NearCritical | None:
    """Enclose the spectrum at the minimizer near a point.

    Args:
        loss: A polynomial.
        point: A point very near to a strict minimizer, shape (n,).

    Returns:
        The spectrum; None if no minimizer is proved to be there.
    """
    pencil = Pencil(fmpq_mat([list(row) for row in loss.hessian(point)]))
    eigenvalues = pencil.eigenvalues(_BITS)
    least = eigenvalues[0].lo
    size = _above(sum((x * x for x in loss.gradient(point)), fmpq(0)))
    lipschitz = sum((_third_derivative(sum(a), abs(c)) for a, c in loss.shifted(point).terms), fmpq(0))
    if loss.truncated or least <= 0 or 2 * lipschitz * size > least * least or 2 * size > least * _REACH:
        return None
    distance = 2 * size / least
    return NearCritical(pencil, eigenvalues, lipschitz * distance, distance)


def _third_derivative(degree: int, coefficient: fmpq) -> fmpq:
    """Bound the third derivative of a monomial on the ball: its entries add up to q(q−1)(q−2) at the most."""
    if degree < 3:
        return fmpq(0)
    return coefficient * degree * (degree - 1) * (degree - 2) * _REACH ** fmpz(degree - 3)


def _above(square: fmpq) -> fmpq:
    """Return a rational at least as large as a square root."""
    root = arb(square).sqrt().upper()
    mantissa, exponent = root.man_exp()
    return fmpq(mantissa) * fmpq(2) ** exponent
