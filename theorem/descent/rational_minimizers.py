"""The strict minimizers of a loss that can be written down exactly without a search."""

from __future__ import annotations

from flint import fmpq, fmpq_mat, fmpq_poly

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector

_BITS = 160


def rational_minimizers(loss: Loss) -> tuple[Vector, ...]:
    """Find minimizers with a positive definite Hessian: of a quadratic, of a polynomial in one variable, the origin.

    Args:
        loss: The loss.

    Returns:
        Those found, ascending; every one that is rational for a quadratic or a polynomial in one variable.
    """
    return tuple(point for point in _critical(loss) if _is_strict(loss, point))


def _critical(loss: Loss) -> list[Vector]:
    n = loss.dimension
    origin = (fmpq(0),) * n
    degree = max((sum(exponents) for exponents, _ in loss.terms), default=0)
    if not loss.truncated and degree == 2:
        hessian = fmpq_mat(loss.hessian(origin))
        if hessian.det() == 0:
            return []
        solved = hessian.solve(fmpq_mat(n, 1, [-g for g in loss.gradient(origin)]))
        return [tuple(solved.entries())]
    if not loss.truncated and n == 1:
        coefficients = [fmpq(0)] * (degree + 1)
        for (exponent,), c in loss.terms:
            coefficients[exponent] = c
        slope = fmpq_poly(coefficients).derivative()
        linear = [p for p, _ in slope.factor()[1] if p.degree() == 1] if slope else []
        return sorted((fmpq(-p[0]) / p[1],) for p in linear)
    return [] if any(loss.gradient(origin)) else [origin]


def _is_strict(loss: Loss, point: Vector) -> bool:
    eigenvalues = Pencil(fmpq_mat(loss.hessian(point))).eigenvalues(_BITS)
    return bool(eigenvalues[0].lo > 0)
