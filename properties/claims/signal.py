"""The sound signal of directional locking: from the cosine of consecutive updates, their norms, and the spectrum."""

from itertools import pairwise

from flint import arb

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import holds, log2_ratio, on_certified, require, unresolved, up_to_rounding
from gdcheck.properties.claims.trajectory import settled_walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.limit.signal import signal
from gdcheck.theorem.loss.balls import at_most, norm, surely_less

_STEPS = 16


@on_certified("the start is exceptional: nothing is claimed")
def _examine(instance: Instance, decision: Decision) -> Finding:
    ready = settled_walk(instance, decision, _STEPS)
    if ready is None:
        return unresolved(decision, "the bounds did not settle within the steps tried")
    stretch, _ = ready
    dominant = instance.multipliers[instance.index]
    across = [i for i, m in enumerate(instance.multipliers) if m != dominant]
    slack, fired = float("inf"), 0
    updates = ([b - a for a, b in zip(x.y, z.y, strict=True)] for x, z in pairwise(stretch))
    for k, (u, w) in enumerate(pairwise(updates)):
        step = stretch[k].step
        sine = norm(u[i] for i in across) / norm(u)
        found = signal(u, w, instance.multipliers, dominant)
        require(at_most(found.lower, up_to_rounding(sine)), "the update is closer than the signal allows", step=step)
        if found.upper.is_finite():
            left = log2_ratio(found.upper, sine)
            most = up_to_rounding(found.upper)
            require(at_most(sine, most), "the update is farther off than signalled", left, step=step)
            slack = min(slack, left)
        fired += surely_less(found.upper, arb(1))
    note = "signalled" if fired else "not signalled yet"
    return holds(decision, f"within both bounds; the locking is {note}", slack if fired else None)


CLAIM = Claim(
    name="signal",
    sentence="The cosine of consecutive updates signals the direction where it is held against the spectrum, and only"
    " there (not in the paper, which watches the cosine alone; docs/theory.md, section 4).",
    statement="With r = ⟨Δ_{k+1},Δ_k⟩/‖Δ_k‖², s = |r| tan∠(Δ_k,Δ_{k+1}), ε the nonlinear part of Δ_{k+1} over ‖Δ_k‖ and"
    " the gap g of r from the multipliers other than μ_d, the sine of the angle between Δ_k and v_d is at most (s+ε)/g"
    " and at least (s−ε)/max|μ_i−μ_d|; compared up to 2⁻¹²⁸, for both may be attained.",
    examine=_examine,
    margin="log₂(bound above/sine), the smallest on the stretch examined",
)
