r"""Orbit certificates: an attracting orbit of period two, proved in exact fractions. Claims O1 to O3, and ``check``.

Let F expand distances by at most :math:`\ell_p` on the ball of radius R around p, and by at most :math:`\ell_q` on
the ball of radius :math:`\ell_p R` around q = F(p). If :math:`k = \ell_p\ell_q < 1` and
:math:`\|F(q) - p\| \le (1-k) R`, then F∘F maps the ball around p into itself and contracts it: it holds exactly one
fixed point of F∘F, and every start in it tends to the orbit of that point. This is Krawczyk's test for
:math:`F(F(x)) = x` with the identity as preconditioner. docs/certificate.md, *Orbit certificates*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.descent import polynomial_hessian
from gdcheck.theorem.checker.document import Problem, read_number, read_object, read_problem, read_vector, refuse
from gdcheck.theorem.checker.exact import Polynomial, Vector, dot, root_bounds
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, show
from gdcheck.theorem.checker.spectrum import Operator

FORMAT = "gdcheck-orbit/1"


@dataclass(frozen=True)
class Orbit:
    """An orbit certificate; its verdict can only be that the theorem's words are refuted.

    Attributes:
        problem: The problem.
        point: p, shape (n,).
        radius: R.
        norms: Bounds of the norm of I - eta Hessian at p and at q = F(p).
    """

    problem: Problem
    point: Vector
    radius: Fraction
    norms: Vector


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify an orbit certificate.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        try:
            _verify(_read(certificate))
        except ClaimError as failure:
            return str(failure)
    return None


def _read(value: object) -> Orbit:
    c = read_object(value, "certificate", "schema problem point radius norms verdict")
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    if c["verdict"] != "refuted":
        refuse("verdict", "'refuted'")
    problem = read_problem(c["problem"])
    return Orbit(
        problem,
        read_vector(c["point"], "point", len(problem.variables)),
        read_number(c["radius"], "radius"),
        read_vector(c["norms"], "norms", 2),
    )


def _verify(c: Orbit) -> None:
    loss, eta, p = c.problem.loss, c.problem.step_size, c.point
    claim(not loss.truncated, "the loss is a polynomial fails: it has truncated powers")
    claim(c.radius > 0, "the radius is positive fails")
    near = _squared_distance(c.problem.start, p) <= c.radius**2
    claim(near, f"the start lies within the radius of the point fails: {show(c.radius)}")
    critical = not any(_gradient(loss.polynomial.shifted(c.problem.minimizer), len(p)))
    claim(critical, "the minimizer is a critical point fails")
    here = loss.polynomial.shifted(p)
    q = _step(here, p, eta)
    there = loss.polynomial.shifted(q)
    first = verify_expansion(here, len(p), eta, c.norms[0], c.radius)
    second = verify_expansion(there, len(p), eta, c.norms[1], first * c.radius)
    verify_contraction(c, first, second, _step(there, q, eta))
    verify_period(c, first, q)


def verify_expansion(local: Polynomial, n: int, eta: Fraction, norm: Fraction, radius: Fraction) -> Fraction:
    """Claim O1 (expansion): return a Lipschitz constant of F on the ball of a radius around a point.

    The norm of I - eta Hessian at the point is verified by counting eigenvalues. To it is added the Frobenius norm of
    the change of the Hessian on the ball, bounded term by term: |h^beta| <= radius^|beta|.
    """
    operator = Operator.of(polynomial_hessian(local, n))
    outside = operator.below((1 - norm) / eta) + n - operator.up_to((1 + norm) / eta)
    claim(norm >= 0 and outside == 0, f"|I - eta H| <= {show(norm)} fails: {outside} eigenvalues lie beyond")
    changes = [[Fraction(0)] * n for _ in range(n)]
    for alpha, k in local.terms.items():
        size = Fraction(abs(k), local.denominator) * radius ** max(sum(alpha) - 2, 0)
        if sum(alpha) > 2:
            for i in range(n):
                for j in range(n):
                    changes[i][j] += size * alpha[i] * (alpha[j] - (i == j))
    entries = [x for row in changes for x in row]
    return norm + eta * root_bounds(dot(entries, entries))[1]


def verify_contraction(c: Orbit, first: Fraction, second: Fraction, back: Vector) -> None:
    """Claim O2 (contraction): F∘F maps the ball around p into itself and contracts it; ``back`` is F(F(p))."""
    claim(first * second < 1, f"F(F(x)) contracts fails: the factor may be {show(first * second)}")
    distance = _squared_distance(back, c.point)
    slack = (1 - first * second) * c.radius
    claim(distance <= slack**2, f"F(F(p)) is near p fails: their squared distance is {show(distance)}")


def verify_period(c: Orbit, first: Fraction, q: Vector) -> None:
    """Claim O3 (period): the orbit's two points differ, for the balls around p and q = F(p) are apart."""
    distance = _squared_distance(q, c.point)
    apart = distance > ((1 + first) * c.radius) ** 2
    claim(apart, f"the orbit has period two fails: F(p) is near p, {show(distance)}")


def _gradient(local: Polynomial, n: int) -> list[Fraction]:
    """Return the gradient at the origin."""
    return [local.coefficient(tuple(int(i == j) for j in range(n))) for i in range(n)]


def _step(local: Polynomial, point: Vector, eta: Fraction) -> Vector:
    """Return F(point); ``local`` is the loss around it."""
    return tuple(x - eta * g for x, g in zip(point, _gradient(local, len(point)), strict=True))


def _squared_distance(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    difference = [x - y for x, y in zip(a, b, strict=True)]
    return dot(difference, difference)
