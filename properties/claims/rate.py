"""How fast the direction converges: like max(b/ρ, ρ)^k, which the paper does not say."""

from math import isclose

from flint import arb

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import holds, log2_ratio, on_certified, require, unresolved, up_to_rounding
from gdcheck.properties.claims.trajectory import second_modulus, settled_walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.answer import rate
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.loss.balls import at_most

_STEPS = 24


@on_certified("the start is exceptional: nothing is claimed")
def _examine(instance: Instance, decision: Decision) -> Finding:
    rho, b = instance.rho, second_modulus(instance)
    factor = max(b / rho, rho)
    stated, expected = rate(decision), int(factor.p) / int(factor.q)
    require(stated is not None and isclose(stated, expected, rel_tol=1e-12), f"the rate is {stated}, not {expected}")
    ready = settled_walk(instance, decision, _STEPS)
    if ready is None:
        return unresolved(decision, "the bounds did not settle within the steps tried")
    stretch, m = ready
    slack = float("inf")
    theta = arb(factor)
    constant = (m.free + m.push / (m.rho * theta)) / (m.amplitude - 2 * m.tail)
    for j, iterate in enumerate(stretch):
        error, bound = iterate.across / iterate.along, m.across(j) / m.along(j)
        # A quadratic in two variables attains both bounds.
        most, ceiling = up_to_rounding(bound), up_to_rounding(constant * (1 + j) * theta**j)
        left = log2_ratio(bound, error)
        require(at_most(error, most), "the direction is farther off than its bound", left, step=iterate.step)
        slowly = "the bound falls more slowly than stated"
        require(at_most(bound, ceiling), slowly, log2_ratio(ceiling, bound), step=iterate.step)
        if j:
            slack = min(slack, left)
    return holds(decision, "within its bound", slack)


CLAIM = Claim(
    name="rate",
    sentence="The direction converges at a linear rate (not in the paper; docs/theory.md, section 3).",
    statement="From a certified step on, the tangent of the angle to the limit is at most (b^j p₀ + C P² r² Σ b^{j−1−i}"
    " ρ^{2i})/(ρ^j(|ζ| − ρ^j tail)), and that at most K (1 + j) max(b/ρ, ρ)^j with a constant K given in closed form;"
    " compared up to 2⁻¹²⁸, for both bounds may be attained.",
    examine=_examine,
    margin="log₂(bound/error), the smallest on the stretch examined; a quadratic in two variables attains the bound",
)
