"""The corollary on consecutive updates: their cosine tends to +1 (small step) or −1 (large step)."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from flint import arb, ctx

from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.tools import (
    BITS,
    Majorant,
    found,
    log2_ratio,
    on_decided,
    open_question,
    require,
    settled_walk,
)
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.statement import Regime

_MOST_WALKED = 200
_STEPS = 16


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    if decision.subspace is not None:
        return found(decision, "the start is exceptional: nothing is claimed")
    if decision.amplitude is None:
        return open_question(decision, decision.reason)
    ready = settled_walk(instance, decision, _MOST_WALKED)
    if ready is None:
        return open_question(decision, "the bounds did not settle within the steps tried")
    stretch, majorant = ready
    sign = 1 if instance.regime is Regime.SMALL_STEP else -1
    slack, bounded = float("inf"), 0
    with ctx.workprec(BITS):
        updates = [[b - a for a, b in zip(x.y, z.y, strict=True)] for x, z in pairwise(stretch)]
        d = instance.index
        angles = _angles(majorant, arb(1 - instance.multipliers[d]))
        for k, ((u, v), angle) in enumerate(zip(pairwise(updates), angles, strict=False)):
            if bounded > _STEPS:
                break
            product = u[d] * v[d] * sign
            require(bool(product > 0), f"the updates from step {stretch[k].step} do not have the predicted signs")
            cosine = sum((x * y for x, y in zip(u, v, strict=True)), arb(0)) / (norm(u) * norm(v)) * sign
            # sin of the angle: the part of v across u, which for small angles the cosine would not show.
            sine = _sine(u, v)
            step = stretch[k].step
            # 1 − cos is twice the squared sine of half the angle.
            halves = log2_ratio(1 - angle.cos(), 1 - cosine) / 2
            require(not cosine.upper() < angle.cos().lower(), f"the cosine at step {step} is too far off", halves)
            if surely_less(angle, arb.pi() / 2):
                left = log2_ratio(angle.sin(), sine)
                require(not sine.lower() > angle.sin().upper(), f"the angle at step {step} is too large", left)
                slack = min(slack, left)
                bounded += 1
    note = "stays within its bound" if bounded else "has no bound below a right angle yet"
    return found(decision, f"the predicted signs; the angle {note}", slack if bounded else None)


def _angles(majorant: Majorant, main: arb) -> Iterator[arb]:
    """Upper bounds of the angle between Δ_{j+1} and ±Δ_j, from bounds of the trajectory alone.

    |Δ_d| ≥ (1 − μ_d)|y_d| − C‖y‖² and ‖Δ_⊥‖ ≤ ‖y_⊥,j‖ + ‖y_⊥,j+1‖; ``main`` is 1 − μ_d.
    """
    return (x + y for x, y in pairwise(_tilts(majorant, main)))


def _tilts(majorant: Majorant, main: arb) -> Iterator[arb]:
    """Upper bounds of the angle between Δ_j and the line along v_d."""
    power = arb(1)
    for along, (before, after) in zip(majorant.alongs(), pairwise(majorant.acrosses()), strict=False):
        least = main * along - majorant.push * power
        yield ((before + after) / least).atan() if surely_less(arb(0), least) else arb.pi() / 2
        power *= majorant.rho**2


def _sine(u: list[arb], v: list[arb]) -> arb:
    square = norm(u) ** 2
    c = sum((x * y for x, y in zip(u, v, strict=True)), arb(0)) / square
    return norm(y - c * x for x, y in zip(u, v, strict=True)) / norm(v)


CLAIM = Claim(
    name="updates",
    sentence="Consecutive updates line up: the cosine between them tends to one for a small step, and to minus one for"
    " a large step (the paper's observation on consecutive updates; docs/theory.md, section 4).",
    statement="From a certified step on, cos⟨Δ_{k+1}, Δ_k⟩ has the sign of μ_d exactly, and the angle between Δ_{k+1}"
    " and ±Δ_k stays below a bound that is proved for all later steps and tends to zero like max(b/ρ, ρ)^k.",
    kind="proved",
    regimes=STEPS,
    instances=partial(problems, place=StartPlace.BALL),
    examine=_examine,
    margin="log₂(bound of the sine/sine), the smallest on the stretch examined",
)
