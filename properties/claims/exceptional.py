"""The null set of Theorem 1 is where the amplitude ζ vanishes, and it separates the two signs."""

from dataclasses import replace
from functools import partial

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import certificate_is_accepted, orthogonal_to_dominant, predicted_limit
from gdcheck.properties.claims.examination import (
    MOST_STEPS,
    amplitude_margin,
    holds,
    on_decided,
    require,
    unresolved,
)
from gdcheck.properties.claims.points import eigen_coordinates, image
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.methods.statement import Assumption

_EXACT_STEPS = 3
_EXACT_BITS = 4000


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    lost = Assumption.NULL_PREIMAGES in decision.fails
    if not lost:
        require(decision.verdict is Verdict.EXCEPTIONAL, f"the verdict is {decision.verdict.value}")
    require(decision.subspace is not None, "no invariant subspace was found")
    certificate_is_accepted(decision)
    orthogonal_to_dominant(instance, decision)
    h = instance.problem.displacement
    for _ in range(_EXACT_STEPS):
        require(eigen_coordinates(instance, h)[instance.index] == 0, "y_d is not exactly zero along the trajectory")
        if not any(h) or max(x.height_bits() for x in h) > _EXACT_BITS:
            break
        h = image(instance, h)
    sides = [_beside(instance, sign) for sign in (1, -1)]
    if any(side.limit is None for side in sides):
        return unresolved(decision, "a start beside the plane was not decided")
    signs = [predicted_limit(instance, side.limit) for side in sides if side.limit is not None]
    require(signs[0] == -signs[1], "both sides of the plane have the same limit")
    margins = [m for side in sides if (m := amplitude_margin(side)) is not None]
    note = "exceptional, between two signs"
    return holds(decision, f"{note}, though F does not preserve null sets backwards" if lost else note, min(margins))


def _beside(instance: Instance, sign: int) -> Decision:
    """The decision from a start moved off the plane by the length that it keeps within it."""
    p = instance.problem
    v, h = instance.eigenvector(instance.dominant), p.displacement
    size = max(abs(x) for x in h) / 2
    start = tuple(m + x / 2 + sign * size * c for m, x, c in zip(p.minimizer, h, v, strict=True))
    return decide(replace(p, start=start), max_steps=MOST_STEPS)


CLAIM = Claim(
    name="exceptional",
    sentence="The starts that do not end up in the stated direction form a null set (Theorem 1, 'almost every'; the bad"
    " set of layer 3).",
    statement="A start on an invariant plane orthogonal to v_d is proved exceptional: y_d is exactly zero at every"
    " step, so that ζ = 0, and its limit is orthogonal to v_d; moved off the plane to either side it has the predicted"
    " limit, with opposite signs.",
    instances=partial(problems, place=StartPlace.EXCEPTIONAL),
    examine=_examine,
    margin="log₂(amplitude/tail) beside the plane",
    cost=4,
)
