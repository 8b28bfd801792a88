"""Where a trajectory is at a step, and from which step on it is near: Claims L6 to L8 of long-run certificates."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from gdcheck.theorem.checker.descent import Descent, polynomial_loss
from gdcheck.theorem.checker.exact import norm_above, power_bounds, root_bounds, squared
from gdcheck.theorem.checker.kinds.linear import Linear, is_quadratic, linear_iterate
from gdcheck.theorem.checker.kinds.walk import BITS, Ball, enclosed, expansion_of, walk
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.fields import MOST_STEPS, Interval, PerVariable, whole

WALKED = 10_000
"""Up to this step, iterates of a quadratic loss are enclosed step by step."""

FARTHEST = 10**12
"""The largest exponent of a linear map."""

LateStep = Annotated[int, whole(0, FARTHEST)]


def verify_iterate(problem: Problem, step: LateStep, box: PerVariable[Interval]) -> None:
    """Claim L6 (iterate): each coordinate of x_k lies in its interval.

    It is enclosed step by step; for a late step on a quadratic loss, by a power of the matrix.
    """
    if step > WALKED and is_quadratic(problem):
        centre, error = linear_iterate(Linear.of(problem), problem.step_size, step)
    else:
        polynomial_loss(problem)
        claim(step <= MOST_STEPS, f"the step is at most {MOST_STEPS} fails")
        centre, error = enclosed(expansion_of(problem), step)
    for (low, high), h, m in zip(box, centre, problem.minimizer, strict=True):
        inside = low <= m + h - error and m + h + error <= high
        claim(inside, f"the iterate lies in [{show(low, high)}] fails: it may be {show(m + h - error, m + h + error)}")


def verify_within(
    problem: Problem,
    *,
    measure: Literal["distance", "loss"],
    bound: Fraction,
    step: LateStep,
    until: LateStep | None,
    norm: Fraction,
) -> None:
    """Claim L7 (within): from a step on, and not from the one before, the measure stays at or below a bound.

    The measure is the distance to the minimizer, or the loss above that of the minimizer.

    1. It is enclosed at the step before, where it exceeds the bound, and at all steps up to ``until``.
    2. At ``until``, let r = ‖h‖ and L >= |I - eta A|. If L + r C(r) <= 1, no later iterate is farther away.
    3. If the measure is the loss, it is at most the bound on all of the ball of radius r.

    For a quadratic loss L <= 1 is enough: both measures never rise.
    """
    polynomial, expansion = polynomial_loss(problem), expansion_of(problem, norm)
    Descent.at_critical_point(problem)
    least = polynomial.coefficient((0,) * len(problem.variables))
    terms = {a: abs(k) for a, k in polynomial.coefficients().items() if any(a)}

    def ends(ball: Ball) -> Interval:
        centre, error = ball
        if measure == "distance":
            low, high = root_bounds(squared(centre))
            return low - error, high + error
        value = polynomial.at(centre) - least
        reach = norm_above(centre) + error
        slope = sum((k * sum(a) * reach ** (sum(a) - 1) for a, k in terms.items()), Fraction(0))
        return value - slope * error, value + slope * error

    if until is None:
        claim(norm <= 1, "no multiplier exceeds one fails")
        linear = Linear.of(problem)
        before = linear_iterate(linear, problem.step_size, step - 1) if step else None
        balls = [linear_iterate(linear, problem.step_size, step)]
    else:
        claim(step <= until <= MOST_STEPS, f"step <= until <= {MOST_STEPS} fails")
        walked = [*walk(expansion, max(step - 1, 0), until, BITS)]
        before, balls = (walked[0], walked[1:]) if step else (None, walked)
        claim(len(balls) == until - step + 1, "the iterates are enclosed fails")
        centre, error = balls[-1]
        r = norm_above(centre) + error
        claim(norm + expansion.remainder.push(r) <= 1, f"the iterates stay in the ball at step {until} fails")
        if measure == "loss":
            most = sum((k * r ** sum(a) for a, k in terms.items()), Fraction(0))
            claim(most <= bound, f"the loss on the ball at step {until} stays below fails")
    for ball in balls:
        claim(ends(ball)[1] <= bound, f"the {measure} stays at or below {show(bound)} fails")
    claim(before is None or ends(before)[0] > bound, f"the {measure} exceeds {show(bound)} at the step before fails")


def verify_later(problem: Problem, *, bound: Fraction, step: LateStep, walked: int, norm: Fraction) -> None:
    """Claim L8 (later): from a step on, the distance to the minimizer is at most a bound; earlier steps are left open.

    At the step ``walked``, with L >= |I - eta A| and r >= ‖h‖, the factor s = L + r C(r) is below one. So no later
    iterate is farther away than r, and every step multiplies ‖h‖ by at most s.
    """
    polynomial_loss(problem)
    Descent.at_critical_point(problem)
    expansion = expansion_of(problem, norm)
    claim(walked <= step, "walked <= step fails")
    centre, error = enclosed(expansion, walked)
    r = norm_above(centre) + error
    factor = norm + expansion.remainder.push(r)
    claim(factor < 1, f"the iterates shrink at step {walked} fails: the factor may be {show(factor)}")
    far = r * power_bounds(factor, step - walked)[1]
    claim(far <= bound, f"the distance is at most {show(bound)} at step {step} fails: it may be {show(far)}")
