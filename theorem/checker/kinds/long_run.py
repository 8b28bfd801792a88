r"""Long-run certificates: where a trajectory ends, whatever the step size. Claims L0 to L8, and ``check``.

They need none of the theorem's assumptions: a trajectory diverges, reaches a point, is periodic, tends to an attracting
orbit, or is enclosed at a step. docs/certificate.md, *Long-run certificates*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.descent import Descent, map_component, polynomial_hessian, polynomial_loss
from gdcheck.theorem.checker.exact import (
    Exponents,
    Vector,
    integers,
    minus,
    norm_above,
    squared,
    times,
    unit,
)
from gdcheck.theorem.checker.kinds.at_step import verify_iterate, verify_later, verify_within
from gdcheck.theorem.checker.kinds.linear import verify_linear_divergence, verify_linear_limit
from gdcheck.theorem.checker.kinds.orbit import image, verify_expansion
from gdcheck.theorem.checker.kinds.walk import enclosed, expansion_of
from gdcheck.theorem.checker.outcome import MOST_TERMS, claim, look, show, within
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.fields import Point, hints_of, read_fields, refuse
from gdcheck.theorem.checker.spectrum import Operator


def verify_exact_orbit(problem: Problem, *, step: int, points: tuple[Point, ...]) -> None:
    """Claim L1 (exact orbit): the exact iterate of a step is the first of the points, and F maps each to the next.

    One point is a critical point; several, all distinct, are a periodic orbit.
    """
    descent = Descent.of(problem)
    x = problem.start
    for _ in range(step):
        x = _image(descent, problem.minimizer, x)
    claim(points and x == points[0], "the exact iterate is the first point fails")
    claim(len({*points}) == len(points), "the points are distinct fails")
    for p, q in zip(points, (*points[1:], points[0]), strict=True):
        claim(_image(descent, problem.minimizer, p) == q, f"F({show(*p)}) = ({show(*q)}) fails")


def _image(descent: Descent, origin: Vector, x: Vector) -> Vector:
    """Return F(x) exactly."""
    look("an exact iterate")
    h = minus(x, origin)
    within(max(a.denominator.bit_length() for a in h) <= MOST_TERMS, "an exact iterate has too many digits")
    moved, scale = descent.image(*integers(h))
    return tuple(b + Fraction(a, scale) for a, b in zip(moved, origin, strict=True))


def verify_attracting_orbit(
    problem: Problem,
    *,
    step: int,
    bits: int,
    points: tuple[Point, ...],
    norms: tuple[Fraction, ...],
    product: Fraction,
    radius: Fraction,
) -> None:
    """Claim L4 (attracting orbit): F^q maps a ball into itself and contracts it, and holds the iterate of a step.

    Let M_i = I - eta Hessian at p_i, n_i >= ‖M_i‖, and l_i the Lipschitz constant of Claim O1 on the ball of radius R_i
    around p_i.

    1. F maps this ball into the ball of radius R_{i+1} = l_i R_i + ‖F(p_i) - p_{i+1}‖ around p_{i+1}; p_q = p_0.
    2. On the ball around p_0, the derivative of F^q is at most k = ‖M_{q-1} … M_0‖ + l_0 … l_{q-1} - n_0 … n_{q-1}.
    3. F^q maps this ball into itself and contracts it if k < 1 and k R_0 + ‖F^q(p_0) - p_0‖ <= R_0.
    4. The period is q if for no proper divisor d of q the balls around p_d and p_0 meet.
    """
    n, eta = len(problem.variables), problem.step_size
    if len(norms) != len(points):
        refuse("claim.norms", f"a list of {len(points)} entries")
    claim(points and radius > 0, "there is a ball fails")
    polynomial_loss(problem)
    radii, away, growth, least = [radius], Fraction(0), Fraction(1), Fraction(1)
    derivative = [list(map(Fraction, unit(i, n))) for i in range(n)]
    for p, q, norm in zip(points, (*points[1:], points[0]), norms, strict=True):
        local = problem.loss.polynomial.shifted(p)
        lipschitz = verify_expansion(local, n, eta, norm, radii[-1])
        miss = norm_above(minus(image(local, p, eta), q))
        radii.append(lipschitz * radii[-1] + miss)
        away = lipschitz * away + miss
        growth, least = growth * lipschitz, least * norm
        moved = times(polynomial_hessian(local, n), derivative)
        derivative = [[x - eta * y for x, y in zip(a, b, strict=True)] for a, b in zip(derivative, moved, strict=True)]
    square = Operator.of(times(list(zip(*derivative, strict=True)), derivative))
    bounded = product >= 0 and square.up_to(product**2) == n
    claim(bounded, f"the derivative of F^q is at most {show(product)} fails")
    factor = product + growth - least
    claim(factor < 1, f"F^q contracts fails: the factor may be {show(factor)}")
    claim(factor * radius + away <= radius, f"F^q maps the ball into itself fails: F^q(p) may be {show(away)} from p")
    for d in (d for d in range(1, len(points)) if len(points) % d == 0):
        apart = squared(minus(points[d], points[0]))
        claim(apart > (radii[d] + radius) ** 2, f"the period is {len(points)} fails: it may be {d}")
    centre, error = enclosed(expansion_of(problem), step, bits)
    away = norm_above(minus(centre, minus(points[0], problem.minimizer)))
    claim(away + error <= radius, "the iterate of the step lies in the ball fails")


def verify_growth(
    problem: Problem, *, step: int, bits: int, coordinate: int, reach: Fraction, spread: Fraction, growth: Fraction
) -> None:
    """Claim L5 (growth): from a step on, every step multiplies the coordinate h_i by at least g > 1.

    1. Let |h_i| = t >= R and |h_j| <= s t for all others. Each term of F is bounded by a multiple of a power of t.
    2. No power exceeds the power t^e of the leading term c h_i^e of F_i.
    3. By these bounds, |F_i| >= g t and |F_j| <= s |F_i| at t = R. Then they hold for all larger t, and F(h) is again
       such a point.
    """
    i, n = coordinate, len(problem.variables)
    if i >= n:
        refuse("claim.coordinate", f"below {n}")
    claim(reach > 0 and spread > 0 and growth > 1, "reach > 0, spread > 0 and growth > 1 fails")
    polynomial = polynomial_loss(problem)
    components = [map_component(polynomial, j, n, problem.step_size).coefficients() for j in range(n)]
    pure = [alpha for alpha in components[i] if sum(alpha) == alpha[i] > 0]
    lead = max(pure, key=sum, default=(0,) * n)
    degree = max((sum(alpha) for terms in components for alpha in terms), default=0)
    claim(lead[i] and degree <= lead[i], "the leading term has the highest degree fails")

    def size(terms: dict[Exponents, Fraction]) -> Fraction:
        total = Fraction(0)
        for alpha, k in terms.items():
            total += abs(k) * spread ** (sum(alpha) - alpha[i]) * reach ** sum(alpha)
        return total

    least = 2 * abs(components[i][lead]) * reach ** lead[i] - size(components[i])
    claim(least >= growth * reach, f"|F_i| >= {show(growth)} |h_i| fails: it may be {show(least / reach)}")
    for j in range(n):
        kept = j == i or size(components[j]) <= spread * least
        claim(kept, f"the other coordinates stay smaller fails for coordinate {j}")
    centre, error = enclosed(expansion_of(problem), step, bits)
    far = abs(centre[i]) - error
    claim(far >= reach, f"|h_i| >= {show(reach)} at the step fails: it may be {show(far)}")
    aside = max((abs(x) for j, x in enumerate(centre) if j != i), default=Fraction(0)) + error
    claim(n == 1 or aside <= spread * far, "the other coordinates are smaller at the step fails")


def _claim(kind: Any, value: object, path: str, n: int) -> Callable[[Problem], None]:
    """Read a claim: its kind names the function that verifies it, and its other fields are the function's arguments."""
    name = value.get("kind") if type(value) is dict else None
    if type(name) is not str or name not in _KINDS:
        refuse(f"{path}.kind", f"one of {', '.join(_KINDS)}")
    hints = {field: hint for field, hint in hints_of(_KINDS[name]).items() if field not in ("problem", "return")}
    stated = read_fields({"kind": str} | hints, value, path, n)
    return partial(_KINDS[name], **{field: stated[field] for field in hints})


@dataclass(frozen=True)
class LongRun:
    """A long-run certificate."""

    schema: Literal["gdcheck-long-run/1"]
    problem: Problem
    claim: Annotated[Callable[[Problem], None], _claim]


_KINDS: dict[str, Callable[..., None]] = {
    "exact-orbit": verify_exact_orbit,
    "linear-divergence": verify_linear_divergence,
    "linear-limit": verify_linear_limit,
    "attracting-orbit": verify_attracting_orbit,
    "growth": verify_growth,
    "iterate": verify_iterate,
    "within": verify_within,
    "later": verify_later,
}

check = Check(LongRun, lambda c: c.claim(c.problem))
"""Verifies a long-run certificate."""
