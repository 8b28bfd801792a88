"""Attracting orbits of period two: found in floating point, proposed as certificates for the verifier."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gdcheck.theorem.certificate.rechecking import ORBIT, check
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_float, to_fmpq

_STEPS, _MOST = 4000, 1e6
_GRID = 2**70
_RADII = range(2, 60, 2)
_ABOVE = Fraction(1, 2**20)
_SETTLED = 1e-12


def orbit_certificate(problem: Problem) -> dict[str, Any] | None:
    """Follows a trajectory in floating point to an orbit of period two and proposes a ball that tends to it.

    Args:
        problem: A problem whose loss is a polynomial.

    Returns:
        A certificate for the problem with its start moved to the orbit; None if none was found that its verifier
        accepts.
    """
    found = _settle(problem)
    if found is None:
        return None
    point, step = found
    here = [Fraction(round(Fraction(x) * _GRID), _GRID) for x in point]
    norms = [_norm(problem, x, step) for x in (point, _moved(problem, point, step))]
    texts = [str(x) for x in here]
    base = {
        "schema": ORBIT,
        "problem": problem.to_json() | {"start": texts},
        "point": texts,
        "norms": [str(x) for x in norms],
        "verdict": "refuted",
    }
    # The widest ball that contracts says most.
    for exponent in _RADII:
        proposal = base | {"radius": str(Fraction(1, 2**exponent))}
        if check(proposal) is None:
            return proposal
    return None


def _gradient(problem: Problem, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    exact = problem.loss.gradient([to_fmpq(str(Fraction(float(v))), "point") for v in x])
    return np.array([to_float(g) for g in exact])


def _moved(problem: Problem, x: np.ndarray[Any, Any], step: float) -> np.ndarray[Any, Any]:
    return x - step * _gradient(problem, x)


def _settle(problem: Problem) -> tuple[np.ndarray[Any, Any], float] | None:
    """A point near which every second iterate has settled, away from the one between; with the step size."""
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


def _norm(problem: Problem, x: np.ndarray[Any, Any], step: float) -> Fraction:
    """A little more than |I − η∇²f(x)|."""
    exact = problem.loss.hessian([to_fmpq(str(Fraction(float(v))), "point") for v in x])
    table = np.array([[to_float(h) for h in row] for row in exact])
    largest = float(np.max(np.abs(1 - step * np.linalg.eigvalsh(table))))
    return Fraction(round(Fraction(largest) * 2**30), 2**30) + _ABOVE
