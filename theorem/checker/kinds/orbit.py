r"""Orbit certificates: an attracting orbit of period two, proved in exact fractions. Claims O1 to O3, and ``check``.

Let F expand distances by at most :math:`\ell_p` on the ball of radius R around p, and by at most :math:`\ell_q` on
the ball of radius :math:`\ell_p R` around q = F(p). If :math:`k = \ell_p\ell_q < 1` and
:math:`\|F(q) - p\| \le (1-k) R`, then F∘F maps the ball around p into itself and contracts it: it holds exactly one
fixed point of F∘F, and every start in it tends to the orbit of that point. This is Krawczyk's test for
:math:`F(F(x)) = x` with the identity as preconditioner. docs/certificate.md, *Orbit certificates*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from gdcheck.theorem.checker.descent import polynomial_hessian, polynomial_loss
from gdcheck.theorem.checker.exact import Polynomial, Vector, minus, norm_above, squared
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.fields import Point
from gdcheck.theorem.checker.spectrum import verify_norm


@dataclass(frozen=True)
class Orbit:
    """An orbit certificate; its verdict can only be that the theorem's statement is refuted.

    Attributes:
        problem: The problem.
        point: p, shape (n,).
        radius: R.
        norms: Bounds of the norm of I - eta Hessian at p and at q = F(p).
    """

    schema: Literal["gdcheck-orbit/1"]
    problem: Problem
    point: Point
    radius: Fraction
    norms: tuple[Fraction, Fraction]
    verdict: Literal["refuted"]


def _verify(c: Orbit) -> None:
    loss, eta, p = c.problem.loss, c.problem.step_size, c.point
    around = polynomial_loss(c.problem)
    claim(c.radius > 0, "the radius is positive fails")
    near = squared(minus(c.problem.start, p)) <= c.radius**2
    claim(near, f"the start lies within the radius of the point fails: {show(c.radius)}")
    claim(not any(around.gradient(len(p))), "the minimizer is a critical point fails")
    here = loss.polynomial.shifted(p)
    q = image(here, p, eta)
    there = loss.polynomial.shifted(q)
    first = verify_expansion(here, len(p), eta, c.norms[0], c.radius)
    second = verify_expansion(there, len(p), eta, c.norms[1], first * c.radius)
    verify_contraction(c, first, second, image(there, q, eta))
    verify_period(c, first, q)


def verify_expansion(local: Polynomial, n: int, eta: Fraction, norm: Fraction, radius: Fraction) -> Fraction:
    """Claim O1 (expansion): return a Lipschitz constant of F on the ball of a radius around a point.

    The norm of I - eta Hessian at the point is verified by counting eigenvalues. The Frobenius norm of the change of
    eta times the Hessian on the ball, bounded term by term with |h^beta| <= radius^|beta|, is added to it.
    """
    verify_norm(polynomial_hessian(local, n), eta, norm)
    changes = [[Fraction(0)] * n for _ in range(n)]
    for alpha, k in local.coefficients().items():
        size = abs(k) * radius ** max(sum(alpha) - 2, 0)
        if sum(alpha) > 2:
            for i in range(n):
                for j in range(n):
                    changes[i][j] += size * alpha[i] * (alpha[j] - (i == j))
    return norm + eta * norm_above([x for row in changes for x in row])


def verify_contraction(c: Orbit, first: Fraction, second: Fraction, back: Vector) -> None:
    """Claim O2 (contraction): F∘F maps the ball around p into itself and contracts it; ``back`` is F(F(p))."""
    claim(first * second < 1, f"F(F(x)) contracts fails: the factor may be {show(first * second)}")
    distance = squared(minus(back, c.point))
    slack = (1 - first * second) * c.radius
    claim(distance <= slack**2, f"F(F(p)) is near p fails: their squared distance is {show(distance)}")


def verify_period(c: Orbit, first: Fraction, q: Vector) -> None:
    """Claim O3 (period): the orbit's two points differ, since the balls around p and q = F(p) do not meet."""
    distance = squared(minus(q, c.point))
    apart = distance > ((1 + first) * c.radius) ** 2
    claim(apart, f"the orbit has period two fails: F(p) is near p, {show(distance)}")


def image(local: Polynomial, point: Vector, eta: Fraction) -> Vector:
    """Return F(point); ``local`` is the loss around it."""
    return tuple(x - eta * g for x, g in zip(point, local.gradient(len(point)), strict=True))


check = Check(Orbit, _verify)
"""Verifies an orbit certificate."""
