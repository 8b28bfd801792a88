r"""Verifier of orbit certificates: an attracting orbit of period two, proved in exact fractions.

Let F expand distances by at most :math:`\ell_p` on the ball of radius R around p, and by at most :math:`\ell_q` on
the ball of radius :math:`\ell_p R` around q = F(p). If :math:`k = \ell_p\ell_q < 1` and
:math:`\|F(q) - p\| \le (1-k) R`, then F∘F maps the ball around p into itself and contracts it: it holds exactly one
point of period two (or one), and every start in it tends to that orbit. This is Krawczyk's test for
:math:`F(F(x)) = x` with the identity as preconditioner. docs/certificate.md, *Orbit certificates*.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gdcheck.theorem.checker.recheck import ClaimError, Poly, characteristic, claim, compose, count, dot, show, sqrt
from gdcheck.theorem.checker.recheck_parts import Vector, bad, read_loss, read_rationals

SCHEMA = "gdcheck-orbit/1"
FIELDS = ("schema", "problem", "point", "radius", "norms", "verdict")


def check(certificate: object) -> str | None:
    """Verify an orbit certificate.

    Args:
        certificate: The parsed JSON object; BadCertificate is raised if it is malformed.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.
    """
    if type(certificate) is not dict or certificate.keys() != set(FIELDS) or certificate["schema"] != SCHEMA:
        bad("certificate", f"an object with the fields {', '.join(FIELDS)} and the schema {SCHEMA}")
    if certificate["verdict"] != "refuted":
        bad("verdict", "refuted")
    try:
        _verify(certificate)
    except ClaimError as failure:
        return str(failure.args[0])
    return None


def _verify(c: dict[str, Any]) -> None:
    poly, hinges, problem = read_loss(c["problem"])
    n, eta = len(problem.variables), problem.step_size
    p, (radius,), norms = (
        read_rationals(c["point"], n, "point"),
        read_rationals([c["radius"]], 1, "radius"),
        read_rationals(c["norms"], 2, "norms"),
    )
    claim("the loss is a polynomial fails: it has truncated powers", not hinges)
    claim("the radius is positive fails", radius > 0)
    claim(f"the start lies within the radius of the point fails: {show(radius)}", _far(problem.start, p) <= radius**2)
    here = _around(poly, p, n)
    claim("the minimizer is a critical point fails", not any(_gradient(_around(poly, problem.minimizer, n), n)))
    q = _step(here, p, eta)
    there = _around(poly, q, n)
    first = _expansion(here, eta, norms[0], radius)
    second = _expansion(there, eta, norms[1], first * radius)
    claim(f"F(F(x)) contracts fails: the factor may be {show(first * second)}", first * second < 1)
    back = _far(_step(there, q, eta), p)
    slack = (1 - first * second) * radius
    claim(f"F(F(p)) is near p fails: their squared distance is {show(back)}", back <= slack**2)
    away = _far(q, p)
    claim(f"the orbit has period two fails: F(p) is near p, {show(away)}", away > ((1 + first) * radius) ** 2)


def _around(poly: Poly, point: Vector, n: int) -> Poly:
    return compose(poly, _units(n), point)


def _units(n: int) -> list[tuple[int, ...]]:
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def _gradient(local: Poly, n: int) -> Vector:
    return [local.get(unit, Fraction(0)) for unit in _units(n)]


def _step(local: Poly, point: Vector, eta: Fraction) -> Vector:
    return [x - eta * g for x, g in zip(point, _gradient(local, len(point)), strict=True)]


def _far(a: Vector, b: Vector) -> Fraction:
    """The squared distance."""
    difference = [x - y for x, y in zip(a, b, strict=True)]
    return Fraction(dot(difference, difference))


def _expansion(local: Poly, eta: Fraction, norm: Fraction, radius: Fraction) -> Fraction:
    """Verify that |I - eta H| <= norm at the point; return a Lipschitz constant of F on the ball around it."""
    n = len(next(iter(local)))
    axes = _units(n)
    table = [
        [local.get(tuple(a + b for a, b in zip(u, v, strict=True)), Fraction(0)) * (1 + (u == v)) for v in axes]
        for u in axes
    ]
    chi = characteristic(table)
    outside = count(chi, (1 - norm) / eta)[0] + n - count(chi, (1 + norm) / eta)[1]
    claim(f"|I - eta H| <= {show(norm)} fails: {outside} eigenvalues lie beyond", norm >= 0 and outside == 0)
    # Frobenius norm of the Hessian's change, term by term: |x^beta| <= r^|beta| on the ball
    changes = [[Fraction(0)] * n for _ in range(n)]
    for alpha, k in local.items():
        if sum(alpha) > 2:
            for i in range(n):
                for j in range(n):
                    changes[i][j] += abs(k) * alpha[i] * (alpha[j] - (i == j)) * radius ** (sum(alpha) - 2)
    entries = [x for row in changes for x in row]
    return norm + eta * sqrt(Fraction(dot(entries, entries)))[1]
