"""How long a trajectory of a smooth loss takes, and where it is at a step: with the minimizer enclosed.

From the last step on that is enclosed, no later iterate is farther from the minimizer: its ball is invariant, and norms
shrink on it. The loss above the minimizer's is at most half the Hessian's bound times the squared radius there.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, ctx, fmpq

from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.long_run.how_long import Within, within_sentence
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.sharpness.smooth.context import SmoothContext
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward

MOST_STEPS = 20_000
_PRECISION = 256


def smooth_within(decision: SmoothDecision, measure: str, bound: fmpq) -> Within:
    """Find the first step from which a trajectory stays within a bound.

    Args:
        decision: A decision on a smooth problem.
        measure: "distance" or "loss".
        bound: A positive bound.

    Returns:
        What was found; its claim is None where a step on the bound is not decided.

    Raises:
        InputError: If no minimizer was enclosed.
    """
    context = _context(decision, measure)
    with ctx.workprec(max(_PRECISION, decision.precision)):
        last, open_ = -1, False
        for iterate in context.trajectory(MOST_STEPS):
            value = _measured(context, measure, iterate)
            if not surely_less(value, arb(bound)):
                last, open_ = iterate.step, not surely_less(arb(bound), value)
            elif _stays(context, measure, iterate, bound):
                step = last + 1
                claim = None
                if not open_:
                    numbers = {"measure": measure, "bound": to_text(bound), "step": step, "until": iterate.step}
                    claim = {"kind": "within", **numbers}
                sentence = within_sentence(measure, bound, step)
                return Within(measure, bound, step, estimated=False, sentence=sentence, claim=claim)
    sentence = f"it is not found within {MOST_STEPS} steps; ask for a larger bound"
    return Within(measure, bound, None, estimated=False, sentence=sentence, claim=None)


def smooth_iterate(decision: SmoothDecision, step: int) -> Sequence[arb]:
    """Enclose x_k, shape (n,).

    Args:
        decision: A decision on a smooth problem.
        step: k.

    Raises:
        InputError: If no minimizer was enclosed, the step is too late, or the enclosures grow beyond use.
    """
    context = _context(decision, "iterate")
    if step > MOST_STEPS:
        raise InputError("iterate", f"is at most {MOST_STEPS} for this loss; ask for an earlier step")
    with ctx.workprec(max(_PRECISION, decision.precision)):
        for iterate in context.trajectory(step + 1):
            if iterate.step == step:
                reach = (iterate.error + context.found.radius).upper()
                return [x + reach.union(-reach) for x in context.middle(iterate)]
    raise InputError("iterate", "the enclosure becomes too wide before that step; ask for an earlier one")


def _context(decision: SmoothDecision, field: str) -> SmoothContext:
    context = SmoothContext.of(decision)
    if context is None:
        raise InputError(field if field == "iterate" else "within", f"needs a minimizer: {decision.reason}")
    return context


def _measured(context: SmoothContext, measure: str, iterate: EnclosedIterate) -> arb:
    if measure == "distance":
        return iterate.size + iterate.error.union(-iterate.error)
    return context.loss_at(iterate) - Forward.of(context.loss, context.minimizer, 0).value


def _stays(context: SmoothContext, measure: str, iterate: EnclosedIterate, bound: fmpq) -> bool:
    """Whether all later iterates are within the bound, too."""
    r = iterate.radius
    if not context.invariant(r):
        return False
    if measure == "distance":
        return surely_less(r, arb(bound))
    steep = bounds_on_ball(context.loss, context.centre, r + context.found.radius).second
    return surely_less(steep * r * r / 2, arb(bound))
