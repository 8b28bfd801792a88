r"""Attracting orbits of period two: found in floating point, proved in exact rationals.

Let F expand distances by at most :math:`\ell_p` on the ball of radius R around p, and by at most :math:`\ell_q` on
the ball of radius :math:`\ell_p R` around q = F(p). If :math:`k = \ell_p\ell_q < 1` and :math:`\|F(q) - p\| \le
(1-k) R`, then F∘F contracts the ball around p into itself, and every start in it tends to one orbit; its period is two
if :math:`\|q - p\| > (1 + \ell_p) R` (docs/certificate.md, *Orbit certificates*).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends, norm
from gdcheck.theorem.loss.rational import Vector, dot, to_float, to_fmpq, to_text

FORMAT = "gdcheck-orbit/1"
_STEPS, _MOST = 4000, 1e6
_GRID = 2**70
_RADII = range(2, 60, 2)
_ABOVE = fmpq(1, 2**20)
_SETTLED = 1e-12


def orbit_certificate(problem: Problem) -> dict[str, Any] | None:
    """Follow a trajectory in floating point to an orbit of period two, and find a ball that provably tends to it.

    Args:
        problem: A problem whose loss is a polynomial.

    Returns:
        A certificate for the problem with its start moved to the orbit; None if none was found.
    """
    found = _settle(problem)
    if found is None or problem.loss.truncated or any(problem.loss.gradient(problem.minimizer)):
        return None
    point, step = found
    here = tuple(fmpq(round(Fraction(x) * _GRID), _GRID) for x in point)
    norms = tuple(_norm(problem, x, step) for x in (point, _moved(problem, point, step)))
    orbit = _Orbit.of(problem, here, norms)
    if orbit is None:
        return None
    texts = [to_text(x) for x in here]
    # The widest ball that contracts says most.
    for radius in (fmpq(1, 2**exponent) for exponent in _RADII):
        if orbit.attracts(radius):
            return {
                "schema": FORMAT,
                "problem": problem.to_json() | {"start": texts},
                "point": texts,
                "norms": [to_text(x) for x in norms],
                "verdict": "refuted",
                "radius": to_text(radius),
            }
    return None


@dataclass(frozen=True)
class _Orbit:
    """The point p and its image q, with what decides whether a ball around p tends to an orbit near them.

    Attributes:
        expansions: F's expansion on balls around p and around q.
        away: ‖q − p‖².
        back: ‖F(q) − p‖².
    """

    expansions: tuple[_Expansion, _Expansion]
    away: fmpq
    back: fmpq

    @classmethod
    def of(cls, problem: Problem, point: Vector, norms: tuple[fmpq, ...]) -> _Orbit | None:
        """Look at a point, shape (n,), and its image; None if a norm is too small."""
        image = _exact_step(problem, point)
        first, second = (_Expansion.of(problem, *pair) for pair in zip((point, image), norms, strict=True))
        if first is None or second is None:
            return None
        return cls(
            (first, second), _squared_distance(image, point), _squared_distance(_exact_step(problem, image), point)
        )

    def attracts(self, radius: fmpq) -> bool:
        """Whether every start within the radius of p tends to an orbit of period two."""
        first = self.expansions[0].bound(radius)
        factor = first * self.expansions[1].bound(first * radius)
        contracts = factor < 1 and self.back <= ((1 - factor) * radius) ** 2
        return bool(contracts and self.away > ((1 + first) * radius) ** 2)


@dataclass(frozen=True)
class _Expansion:
    """A Lipschitz constant of F on balls around one point, by a bound there and the Hessian's change.

    Attributes:
        step_size: η.
        factor: A bound of ‖I − η∇²f‖ at the point.
        terms: Terms of f of order three and more around the point, as (exponents, |coefficient|).
    """

    step_size: fmpq
    factor: fmpq
    terms: tuple[tuple[tuple[int, ...], fmpq], ...]

    @classmethod
    def of(cls, problem: Problem, point: Vector, factor: fmpq) -> _Expansion | None:
        """Look at a point, shape (n,); None if the bound does not hold there."""
        eta, n = problem.step_size, problem.dimension
        hessian = fmpq_mat([list(row) for row in problem.loss.hessian(point)])
        unit = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
        if not all(_positive_definite(unit * (factor - s) + hessian * (s * eta)) for s in (1, -1)):
            return None
        terms = tuple((a, abs(c)) for a, c in problem.loss.shifted(point).terms if sum(a) > 2)
        return cls(eta, factor, terms)

    def bound(self, radius: fmpq) -> fmpq:
        """Return the Lipschitz constant on the ball, rounded up: the Hessian's change is bounded in Frobenius norm."""
        n = len(self.terms[0][0]) if self.terms else 0
        changes = [
            sum((c * a[i] * (a[j] - (i == j)) * radius ** (sum(a) - 2) for a, c in self.terms), fmpq(0))
            for i in range(n)
            for j in range(n)
        ]
        # One part in 10¹⁵ more, so that another way of rounding comes to the same answer.
        return self.factor + self.step_size * ends(norm(map(arb, changes)))[1] * (1 + fmpq(1, 10**15))


def _positive_definite(matrix: fmpq_mat) -> bool:
    """Whether all leading minors are positive (Sylvester)."""
    table = matrix.tolist()
    return all(fmpq_mat([row[:k] for row in table[:k]]).det() > 0 for k in range(1, len(table) + 1))


def _exact_step(problem: Problem, point: Vector) -> Vector:
    gradient = problem.loss.gradient(point)
    return tuple(x - problem.step_size * g for x, g in zip(point, gradient, strict=True))


def _squared_distance(a: Vector, b: Vector) -> fmpq:
    difference = tuple(x - y for x, y in zip(a, b, strict=True))
    return dot(difference, difference)


def _gradient(problem: Problem, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    exact = problem.loss.gradient([to_fmpq(str(Fraction(float(v))), "point") for v in x])
    return np.array([to_float(g) for g in exact])


def _moved(problem: Problem, x: np.ndarray[Any, Any], step: float) -> np.ndarray[Any, Any]:
    return x - step * _gradient(problem, x)


def _settle(problem: Problem) -> tuple[np.ndarray[Any, Any], float] | None:
    """Return a point near which every second iterate has settled, away from the one between; with the step size."""
    step = to_float(problem.step_size)
    x = np.array([to_float(v) for v in problem.start])
    for _ in range(_STEPS):
        y = _moved(problem, x, step)
        z = _moved(problem, y, step)
        if not np.all(np.abs(z) < _MOST):
            return None
        if np.linalg.norm(z - x) < _SETTLED:
            apart = np.linalg.norm(y - x) > 1e3 * _SETTLED
            return (x, step) if apart else None
        x = z
    return None


def _norm(problem: Problem, x: np.ndarray[Any, Any], step: float) -> fmpq:
    """Return a little more than |I − η∇²f(x)|."""
    exact = problem.loss.hessian([to_fmpq(str(Fraction(float(v))), "point") for v in x])
    table = np.array([[to_float(h) for h in row] for row in exact])
    largest = float(np.max(np.abs(1 - step * np.linalg.eigvalsh(table))))
    return fmpq(round(Fraction(largest) * 2**30), 2**30) + _ABOVE
