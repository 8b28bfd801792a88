"""How fast the direction converges: like max(b/ρ, ρ)^k, which the paper does not say."""

from functools import partial
from math import isclose

from flint import arb, ctx

from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.tools import (
    BITS,
    found,
    log2_ratio,
    on_decided,
    open_question,
    require,
    second_modulus,
    settled_walk,
)
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.certificate.answer import rate
from gdcheck.theorem.decision.decide import Decision

_STEPS = 24
# Where the bound is attained (a quadratic in two variables), rounding decides by how much.
_ROUNDING = 1 + arb(2) ** -100


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    if decision.subspace is not None:
        return found(decision, "the start is exceptional: nothing is claimed")
    if decision.amplitude is None:
        return open_question(decision, decision.reason)
    rho, b = instance.rho, second_modulus(instance)
    factor = max(b / rho, rho)
    with ctx.workprec(BITS):
        stated = rate(decision)
    expected = int(factor.p) / int(factor.q)
    require(stated is not None and isclose(stated, expected, rel_tol=1e-12), f"the rate is {stated}, not {expected}")
    ready = settled_walk(instance, decision, _STEPS)
    if ready is None:
        return open_question(decision, "the bounds did not settle within the steps tried")
    stretch, m = ready
    slack = float("inf")
    with ctx.workprec(BITS):
        theta = arb(factor)
        constant = (m.across + m.push / (m.rho * theta)) / (m.amplitude - 2 * m.tail)
        power = arb(1)
        for j, (seen, across, along) in enumerate(zip(stretch, m.acrosses(), m.alongs(), strict=False)):
            error, most = seen.across / seen.along, across / along
            left = log2_ratio(most, error)
            require(not error.lower() > (most * _ROUNDING).upper(), f"the direction is off at step {seen.step}", left)
            ceiling = constant * (1 + j) * power * _ROUNDING
            slowly = f"the bound at step {seen.step} falls more slowly than stated"
            require(not most.lower() > ceiling.upper(), slowly, log2_ratio(ceiling, most))
            if j:
                slack = min(slack, left)
            power *= theta
    return found(decision, "within its bound", slack)


CLAIM = Claim(
    name="rate",
    sentence="The direction converges at a linear rate (not in the paper; docs/theory.md, section 3).",
    statement="From a certified step on, the tangent of the angle to the limit is at most (b^j p₀ + C P² r² Σ b^{j−1−i}"
    " ρ^{2i})/(ρ^j(|ζ| − ρ^j tail)), and that at most K (1 + j) max(b/ρ, ρ)^j with a constant K given in closed form.",
    kind="proved",
    regimes=STEPS,
    instances=partial(problems, place=StartPlace.BALL),
    examine=_examine,
    margin="log₂(bound/error), the smallest on the stretch examined; a quadratic in two variables attains the bound",
)
