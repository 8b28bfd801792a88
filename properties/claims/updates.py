"""The corollary on consecutive updates: their cosine tends to +1 (small step) or −1 (large step)."""

from itertools import pairwise

from flint import arb
from mpmath import mp

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import (
    holds,
    log2_ratio,
    on_certified,
    on_decision,
    positive,
    require,
    unresolved,
    up_to_rounding,
)
from gdcheck.properties.claims.second_engine import same_spectrum, sees_the_limit
from gdcheck.properties.claims.trajectory import TrajectoryBounds, settled_walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.loss.balls import at_most, ends, norm, surely_less
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.amplitude import NotSettled, follow
from gdcheck.theorem.reference.spectrum import half_of_the_digits
from gdcheck.theorem.reference.trajectory import norm as length
from gdcheck.theorem.reference.trajectory import to_mpf

_MOST_WALKED = 200
_STEPS = 16


@on_certified("the start is exceptional: nothing is claimed")
def _examine(instance: Instance, decision: Decision) -> Finding:
    ready = settled_walk(instance, decision, _MOST_WALKED)
    if ready is None:
        return unresolved(decision, "the bounds did not settle within the steps tried")
    stretch, bounds = ready
    sign = 1 if instance.regime is Regime.SMALL_STEP else -1
    d, slack, bounded = instance.index, float("inf"), 0
    main = arb(1 - instance.multipliers[d])
    updates = ([b - a for a, b in zip(x.y, z.y, strict=True)] for x, z in pairwise(stretch))
    for k, (u, v) in enumerate(pairwise(updates)):
        step = stretch[k].step
        require(positive(u[d] * v[d] * sign), "two updates do not have the predicted signs", step=step)
        angle = _tilt(bounds, main, k) + _tilt(bounds, main, k + 1)
        inner = sum((x * y for x, y in zip(u, v, strict=True)), arb(0))
        cosine = inner / (norm(u) * norm(v)) * sign
        # 1 − cos is twice the squared sine of half the angle.
        most = up_to_rounding(1 - angle.cos())
        halves = log2_ratio(most, 1 - cosine) / 2
        require(at_most(1 - cosine, most), "the cosine is too far off", halves, step=step)
        if surely_less(angle, arb.pi() / 2):
            # The sine of the angle, the part of v across u, shows small angles, which the cosine does not.
            sine = norm(y - inner / norm(u) ** 2 * x for x, y in zip(u, v, strict=True)) / norm(v)
            left = log2_ratio(angle.sin(), sine)
            require(at_most(sine, up_to_rounding(angle.sin())), "the angle is too large", left, step=step)
            slack = min(slack, left)
            bounded += 1
            if bounded > _STEPS:
                break
    note = "stays within its bound" if bounded else "has no bound below a right angle yet"
    return holds(decision, f"the predicted signs; the angle {note}", slack if bounded else None)


@on_decision
def _sees_the_updates(instance: Instance, decision: Decision) -> Finding:
    """Examine whether mpmath finds the predicted sign of the cosines, and angles within the proved bounds."""
    if decision.subspace is not None:
        return sees_the_limit(instance, decision)
    ready = settled_walk(instance, decision, _STEPS)
    if ready is None:
        raise NotSettled("the proved bounds begin later than the steps compared")
    stretch, bounds = ready
    digits, spectrum, errors = follow(instance.problem, stretch[0].step, stretch[-1].step)
    with mp.workdps(digits):
        same_spectrum(spectrum, decision)
        dominant = spectrum.eigenvector(spectrum.dominant[0])
        if dominant is None:
            raise NotSettled("the digits do not tell the dominant eigenvector")
        sign = 1 if spectrum.regime is Regime.SMALL_STEP else -1
        main = arb(1 - instance.multipliers[instance.index])
        updates = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(errors)]
        for k, (u, v) in enumerate(pairwise(updates)):
            inner, step = mp.fdot(u, v), stretch[k].step
            both = mp.fdot(dominant, u) * mp.fdot(dominant, v)
            require(both * sign > 0, "two updates have another sign in mpmath", step=step)
            angle = _tilt(bounds, main, k) + _tilt(bounds, main, k + 1)
            if surely_less(angle, arb.pi() / 2):
                across = length([b - inner / length(u) ** 2 * a for a, b in zip(u, v, strict=True)])
                most = to_mpf(ends(angle.sin())[1]) + half_of_the_digits()
                require(inner * sign > 0, "the cosine has another sign in mpmath", step=step)
                require(across <= most * length(v), "the angle is too large in mpmath", step=step)
    return holds(decision, "both engines see the same updates")


def _tilt(bounds: TrajectoryBounds, main: arb, j: int) -> arb:
    """Return an upper bound of the angle between Δ_j and the line along v_d, from bounds of the trajectory alone.

    |Δ_d| ≥ (1 − μ_d)|y_d| − C‖y‖² and ‖Δ_⊥‖ ≤ ‖y_⊥,j‖ + ‖y_⊥,j+1‖; ``main`` is 1 − μ_d.
    """
    least = main * bounds.along(j) - bounds.push * bounds.rho ** (2 * j)
    tangent = (bounds.across(j) + bounds.across(j + 1)) / least
    return tangent.atan() if surely_less(arb(0), least) else arb.pi() / 2


CLAIM = Claim(
    name="updates",
    sentence="Consecutive updates line up: the cosine between them tends to one for a small step, and to minus one for"
    " a large step (the paper's observation on consecutive updates; docs/theory.md, section 4).",
    statement="From a certified step on, the components of Δ_k and Δ_{k+1} along v_d have equal signs (small step) or"
    " opposite ones (large step), and the angle between Δ_{k+1} and ±Δ_k stays below a bound that is proved for all"
    " later steps and tends to zero like max(b/ρ, ρ)^k; where that is below a right angle, cos⟨Δ_{k+1}, Δ_k⟩ has the"
    " sign of μ_d.",
    examine=_examine,
    margin="log₂(bound of the sine/sine), the smallest on the stretch examined",
    second=_sees_the_updates,
)
