"""The amplitude ζ belongs to the trajectory: from one step to the next it is multiplied by μ_d."""

from collections.abc import Sequence
from functools import partial

from flint import arb, ctx

from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.tools import (
    BITS,
    MOST_MARGIN,
    Majorant,
    Seen,
    found,
    middle,
    on_decided,
    open_question,
    require,
    walk,
)
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import surely_less

_STEPS = 16


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    if decision.subspace is not None:
        return found(decision, "ζ = 0: an invariant subspace without the dominant eigenvector")
    if decision.amplitude is None:
        return open_question(decision, decision.reason)
    stretch = list(walk(instance, decision.amplitude.step, _STEPS))
    with ctx.workprec(BITS):
        enclosed = _amplitudes(instance, stretch)
        require(len(enclosed) > 1, "no amplitude was enclosed at the certified step")
        first = enclosed[0]
        require(not first.contains(0), "ζ may vanish at the certified step", -_slack(first, arb(0)))
        stated, along = decision.amplitude.inequality.amplitudes[0], stretch[0].along
        require(stated.overlaps(along), "|y_d| is not what the certificate says", _slack(stated, along))
        slack = 1.0
        common = first
        for k, zeta in enumerate(enclosed[1:], 1):
            # All are enclosures of one number, so they have a point in common.
            differ = f"the amplitudes at steps {stretch[0].step} and {stretch[k].step} differ"
            require(common.overlaps(zeta), differ, _slack(common, zeta))
            slack = min(slack, _slack(enclosed[k - 1], zeta))
            common = common.intersection(zeta)
    return found(decision, "one amplitude at all steps", slack)


def _amplitudes(instance: Instance, stretch: Sequence[Seen]) -> list[arb]:
    """Enclosures of ζ, each from another step, all brought to the first: μ^(−j)(y_d ± tail)."""
    bound = RemainderBound.of(Expansion.of(instance.problem))
    mu = arb(instance.multipliers[instance.index])
    scale, result = arb(1), []
    for seen in stretch:
        majorant = Majorant.at(seen, instance, bound)
        if majorant is None:
            break
        tail = majorant.tail.upper()
        result.append((seen.y[instance.index] + tail.union(-tail)) / scale)
        scale *= mu
    return result


def _slack(before: arb, after: arb) -> float:
    """1 − the distance of two midpoints in units of the radii together."""
    radii = arb(before.rad()) + arb(after.rad())
    if not surely_less(arb(0), radii):
        return MOST_MARGIN if before.overlaps(after) else -MOST_MARGIN
    return 1 - middle(abs(arb(before.mid()) - arb(after.mid())) / radii)


CLAIM = Claim(
    name="amplitude",
    sentence="The dominant component over its linear decay tends to an amplitude that belongs to the trajectory;"
    " the null set is where it vanishes (behind layer 3 of Theorem 1's proof; docs/theory.md, section 3).",
    statement="ζ_{k+1} = μ_d ζ_k: the enclosures y_d ± tail at successive steps from the certified one on, divided by"
    " μ_d^j, all have a point in common, and the first excludes zero.",
    kind="proved",
    regimes=STEPS,
    instances=partial(problems, place=StartPlace.BALL),
    examine=_examine,
    margin="1 − the distance of successive midpoints in units of the tails",
)
