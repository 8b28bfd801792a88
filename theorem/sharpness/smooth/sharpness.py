"""The sharpness along the trajectory of a smooth loss: its pattern, and the steps above 2/η."""

from __future__ import annotations

from flint import arb, ctx, fmpq

from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.sharpness.crossings import MOST_CROSSING_STEPS, MOST_OPEN_STEPS, crossings
from gdcheck.theorem.sharpness.pattern import Kind, Pattern, enclosed_onset, pattern
from gdcheck.theorem.sharpness.second_order import SecondOrder
from gdcheck.theorem.sharpness.sharpness import REPEATED_TOP, Sharpness
from gdcheck.theorem.sharpness.smooth.constant import constant_from
from gdcheck.theorem.sharpness.smooth.context import SmoothContext
from gdcheck.theorem.sharpness.smooth.symmetry import reverses_direction
from gdcheck.theorem.sharpness.smooth.top import SmoothTopEigenvalue

_OPEN_SLOPE = (
    "the slope C_η along the limit direction cannot be told from zero; a larger --precision tells it, unless it is zero"
    " and not known to be: the minimizer would have to be a rational point, or a symmetry of the loss reverse the"
    " direction"
)


def smooth_sharpness(decision: SmoothDecision, *, most_steps: int = MOST_CROSSING_STEPS) -> Sharpness | None:
    """Decide how the largest Hessian eigenvalue behaves along a trajectory.

    Args:
        decision: A decision on a smooth problem.
        most_steps: How many steps may be examined for crossings; fewer where no limit is certified.

    Returns:
        The behaviour; None where no strict minimizer is enclosed.
    """
    with ctx.workprec(decision.precision):
        context = SmoothContext.of(decision)
        if context is None:
            return None
        top = SmoothTopEigenvalue(context) if context.top_is_simple else None
        found = smooth_pattern(context, top)
        if decision.limit is None:
            most_steps = min(most_steps, MOST_OPEN_STEPS)
        crossed = crossings(context, top, found, most_steps)
        onset, first = (None, ()) if top is None else enclosed_onset(top, found, context.trajectory)
        return Sharpness(2 / context.step_size, context.highest, found, crossed, onset, first)


def smooth_pattern(context: SmoothContext, top: SmoothTopEigenvalue | None) -> Pattern:
    """Prove the pattern of the largest eigenvalue, None if it is repeated, at the current precision."""
    if context.is_quadratic:
        return Pattern(Kind.CONSTANT, arb(0), fmpq(0), step=0)
    flat_from = constant_from(context)
    if flat_from is not None:
        return Pattern(Kind.CONSTANT, arb(0), fmpq(0), step=flat_from)
    if top is None:
        return Pattern(Kind.UNDECIDED, cause=REPEATED_TOP)
    if context.envelope is None or context.direction is None:
        return Pattern(Kind.UNDECIDED, cause=context.no_direction())
    direction, (slope, exact) = context.direction, context.direction.slope(top)
    if exact is None and slope.contains(0):
        # On a space that symmetries fix, the eigenvalue may be multiple in all of space.
        if context.split is not None or not reverses_direction(context.loss, context.found, direction.balls):
            return Pattern(Kind.UNDECIDED, slope, cause=_OPEN_SLOPE)
        slope, exact = arb(0), fmpq(0)
    return pattern(top, (slope, exact), direction, context.envelope, SecondOrder(context, direction.balls))
