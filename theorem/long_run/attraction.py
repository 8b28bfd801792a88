r"""A ball around a point, or around a point of a cycle, that the q-th iterate of F contracts (Claim L4).

It is found in floats, with margins; the claim is exact, and the checker verifies it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from flint import fmpq

from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import Vector, to_float, to_text

Table = np.ndarray[Any, Any]

_MARGIN = 2.0**-30
_NEWTON_STEPS = 8


def refine(floats: FloatMap, x: Sequence[float], period: int) -> list[list[float]] | None:
    """Solve F^q(x) = x by Newton's method.

    Args:
        floats: F.
        x: A point near the orbit, shape (n,).
        period: q.

    Returns:
        The orbit's q points, or None if Newton's method leaves.
    """
    here = np.array(x)
    start = here
    for _ in range(_NEWTON_STEPS):
        points = orbit(floats, here.tolist(), period)
        product = np.linalg.multi_dot([np.eye(len(x)), *_derivatives(floats, points)[::-1], np.eye(len(x))])
        away = np.array(floats.step(points[-1])) - here
        try:
            move = np.linalg.solve(product - np.eye(len(x)), away)
        except np.linalg.LinAlgError:
            return None
        here = here - move
        if not np.all(np.abs(here - start) < 0.1 * (1 + np.abs(start))):
            return None
    return orbit(floats, here.tolist(), period)


def orbit(floats: FloatMap, x: Sequence[float], period: int) -> list[list[float]]:
    """Return the points x, F(x), …, F^(q−1)(x)."""
    points = [list(x)]
    while len(points) < period:
        points.append(floats.step(points[-1]))
    return points


def multiplier(floats: FloatMap, points: Sequence[Sequence[float]]) -> complex:
    """Return the largest eigenvalue of the derivative of F^q along an orbit."""
    product = np.eye(floats.dimension)
    for m in _derivatives(floats, points):
        product = m @ product
    return complex(max(np.linalg.eigvals(product), key=abs))


@dataclass(frozen=True)
class Attraction:
    """A ball that F^q contracts.

    Attributes:
        centre: Its centre in floats, shape (n,).
        radius: Its radius.
        claim: The claim, without the step at which a trajectory enters the ball and the bits that this needs.
    """

    centre: list[float]
    radius: float
    claim: dict[str, Any]


def attraction(
    problem: Problem, floats: FloatMap, points: Sequence[Sequence[float]], *, by_product: bool = True
) -> Attraction | None:
    """Propose a ball that F^q contracts.

    Args:
        problem: A problem with a polynomial loss.
        floats: F.
        points: The orbit's q points in floats.
        by_product: Whether to use the norm of the product of the derivatives, which is at most the product of their
            norms.

    Returns:
        The ball; None if F^q does not contract in this norm.
    """
    turned = [[*points[d:], *points[:d]] for d in range(len(points))]
    best = min(turned, key=lambda order: _product_norm(floats, order))
    exact = [tuple(fmpq(*a.as_integer_ratio()) for a in p) for p in best]
    norms = [float(np.linalg.norm(m, 2)) + _MARGIN for m in _derivatives(floats, best)]
    product = _product_norm(floats, best) + _MARGIN if by_product else prod(norms)
    changes = [_change(problem, p) for p in exact]
    radius = 1.0
    while radius > 2.0**-44:
        if _contracts(best, norms, product, changes, radius):
            break
        radius /= 2
    else:
        return None
    claim = {
        "kind": "attracting-orbit",
        "points": [[to_text(a) for a in p] for p in exact],
        "norms": [to_text(_exact(x)) for x in norms],
        "product": to_text(_exact(product)),
        "radius": to_text(_exact(radius)),
    }
    return Attraction(list(best[0]), radius, claim)


def _exact(x: float) -> fmpq:
    return fmpq(*x.as_integer_ratio())


def _derivatives(floats: FloatMap, points: Sequence[Sequence[float]]) -> list[Table]:
    eye = np.eye(floats.dimension)
    return [eye - floats.step_size * np.array(floats.hessian(p)) for p in points]


def _product_norm(floats: FloatMap, points: Sequence[Sequence[float]]) -> float:
    product = np.eye(floats.dimension)
    for m in _derivatives(floats, points):
        product = m @ product
    return float(np.linalg.norm(product, 2))


Change = list[tuple[tuple[int, ...], float]]


def _change(problem: Problem, point: Vector) -> Change:
    """Return the terms of order three and more around a point, as (exponents, η|coefficient|)."""
    eta = to_float(problem.step_size)
    return [(a, eta * abs(to_float(c))) for a, c in problem.loss.shifted(point).terms if sum(a) > 2]


def _contracts(
    points: Sequence[Sequence[float]], norms: Sequence[float], product: float, changes: Sequence[Change], radius: float
) -> bool:
    radii, growth, least = [radius], 1.0, 1.0
    rounding = 1e-14 * (1 + max(abs(a) for p in points for a in p))
    away = 0.0
    for norm, terms in zip(norms, changes, strict=True):
        lipschitz = norm + _hessian_change(terms, radii[-1]) * (1 + 1e-12)
        radii.append(lipschitz * radii[-1] + rounding)
        away = lipschitz * away + rounding
        growth, least = growth * lipschitz, least * norm
        if radii[-1] > 1e6:
            return False
    apart = all(
        np.linalg.norm(np.subtract(points[d], points[0])) > (radii[d] + radius) * 1.001
        for d in range(1, len(points))
        if len(points) % d == 0
    )
    return bool(apart and (product + growth - least) * radius + away < radius * (1 - 1e-9))


def _hessian_change(terms: Change, radius: float) -> float:
    """Return a bound of the change of η∇²f on the ball, in Frobenius norm."""
    if not terms:
        return 0.0
    n = len(terms[0][0])
    table = np.zeros((n, n))
    for a, c in terms:
        size = c * radius ** (sum(a) - 2)
        for i in range(n):
            for j in range(n):
                table[i, j] += size * a[i] * (a[j] - (i == j))
    return float(np.linalg.norm(table))
