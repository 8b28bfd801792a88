"""The amplitude ζ belongs to the trajectory: from one step to the next it is multiplied by μ_d."""

from itertools import pairwise

from flint import arb

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import (
    MOST_MARGIN,
    holds,
    midpoint,
    on_certified,
    positive,
    require,
    unresolved,
    up_to_rounding,
)
from gdcheck.properties.claims.trajectory import TrajectoryBounds, remainder_bound, walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.limit.result import Inequality
from gdcheck.theorem.loss.balls import at_most

_STEPS = 16


@on_certified("ζ = 0: an invariant subspace without the dominant eigenvector")
def _examine(instance: Instance, decision: Decision) -> Finding:
    assert decision.amplitude is not None and isinstance(decision.amplitude.inequality, Inequality)
    stretch = list(walk(instance, decision.amplitude.step, _STEPS))
    first, bound = stretch[0], remainder_bound(instance)
    stated = decision.amplitude.inequality.amplitudes[0]
    require(_within(first.along, stated), "|y_d| is not what the certificate says")
    bounds = TrajectoryBounds.at(first, instance, bound)
    if bounds is None:
        return unresolved(decision, "the certificate's conditions are not decided at its step")
    require(positive(first.along - bounds.tail), "ζ may vanish at the certified step")
    d, mu, slack = instance.index, arb(instance.multipliers[instance.index]), MOST_MARGIN
    for before, after in pairwise(stretch):
        change = abs(after.y[d] / mu - before.y[d]) / before.along
        most = up_to_rounding(bound.quadratic(before.length) * before.length**2 / (abs(mu) * before.along))
        left = midpoint(1 - change / most)
        grows = "ζ changes by more than the remainder allows"
        require(at_most(change, most), grows, left, step=after.step)
        moved = abs(after.y[d] / mu ** (after.step - first.step) - first.y[d]) / first.along
        require(at_most(moved, up_to_rounding(bounds.tail / first.along)), "ζ leaves its tail", step=after.step)
        slack = min(slack, left)
    return holds(decision, "one amplitude at all steps", slack)


def _within(inner: arb, outer: arb) -> bool | None:
    """Decide whether two enclosures of one number agree: one inside the other, or apart."""
    return True if outer.contains(inner) else None if outer.overlaps(inner) else False


CLAIM = Claim(
    name="amplitude",
    sentence="The dominant component over its linear decay tends to an amplitude that belongs to the trajectory;"
    " the null set is where it vanishes (behind layer 3 of Theorem 1's proof; docs/theory.md, section 3).",
    statement="ζ_{k+1} = μ_d ζ_k: from the certified step on, y_d/μ_d^j stays within the tail of its first value, which"
    " exceeds the tail, and changes from one step to the next by no more than the remainder does, C‖h‖²/|μ_d|; compared"
    " up to 2⁻¹²⁸, for a quadratic has neither tail nor change.",
    examine=_examine,
    margin="1 − the change of y_d/μ_d^j at a step over its bound",
)
