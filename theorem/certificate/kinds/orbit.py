r"""Attracting orbits of period two: found in floating point, proved where the independent checker accepts them.

Let F expand distances by at most :math:`\ell_p` on the ball of radius R around p, and by at most :math:`\ell_q` on
the ball of radius :math:`\ell_p R` around q = F(p). If :math:`k = \ell_p\ell_q < 1` and :math:`\|F(q) - p\| \le
(1-k) R`, then F∘F contracts the ball around p into itself, and every start in it tends to one orbit; its period is two
if :math:`\|q - p\| > (1 + \ell_p) R` (docs/certificate.md, *Orbit certificates*).
"""

from __future__ import annotations

from math import dist, isfinite
from typing import Any

from gdcheck.theorem.certificate.rechecking import ORBIT, BadCertificate, NotChecked, check
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.attraction import attraction
from gdcheck.theorem.loss.rational import to_float

_STEPS, _MOST = 4000, 1e6
_SETTLED = 1e-12


def orbit_certificate(problem: Problem) -> dict[str, Any] | None:
    """Follow a trajectory in floating point to an orbit of period two, and find a ball that provably tends to it.

    Args:
        problem: A problem whose loss is a polynomial.

    Returns:
        A certificate for the problem with its start moved to the orbit; None if none was found.
    """
    if problem.loss.truncated or any(problem.loss.gradient(problem.minimizer)):
        return None
    floats = FloatMap(problem.loss, problem.step_size)
    points = _settle(floats, [to_float(v) for v in problem.start])
    # The format states the norm of each step's derivative, not the norm of their product.
    found = None if points is None else attraction(problem, floats, points, by_product=False)
    if found is None:
        return None
    here, claim = found.claim["points"][0], found.claim
    made = {
        "schema": ORBIT,
        "problem": problem.to_json() | {"start": here},
        "point": here,
        "norms": claim["norms"],
        "verdict": "refuted",
        "radius": claim["radius"],
    }
    try:
        return made if check(made) is None else None
    except (BadCertificate, NotChecked):
        return None


def _settle(floats: FloatMap, x: list[float]) -> list[list[float]] | None:
    """Return a point to which every second iterate has settled, with the one between; None unless they are apart."""
    for _ in range(_STEPS):
        y = floats.step(x)
        z = floats.step(y)
        if not all(isfinite(a) and abs(a) < _MOST for a in z):
            return None
        if dist(x, z) < _SETTLED:
            return [x, y] if dist(x, y) > 1e3 * _SETTLED else None
        x = z
    return None
