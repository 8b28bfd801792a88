"""Any smooth function along the trajectory of a smooth loss."""

from __future__ import annotations

from flint import arb, ctx

from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.sharpness.orders.smooth_scalar import SmoothScalar, order_pattern
from gdcheck.theorem.sharpness.pattern import Kind, Pattern, enclosed_onset
from gdcheck.theorem.sharpness.scalar import Followed
from gdcheck.theorem.sharpness.smooth.context import SmoothContext
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.reading import read_smooth


def follow_smooth(decision: SmoothDecision, function: Loss | SmoothLoss) -> Followed | None:
    """Prove how a function behaves along a trajectory.

    Args:
        decision: A decision on a smooth problem.
        function: A function of the same variables, without truncated powers.

    Returns:
        The behaviour; None where no strict minimizer is enclosed.

    Raises:
        InputError: If the function has truncated powers.
    """
    if isinstance(function, Loss):
        if function.truncated:
            raise InputError("scalar", "max is followed where the loss is a polynomial with a rational minimizer")
        function = read_smooth(function.text(), decision.problem.loss.variables)
    with ctx.workprec(decision.precision):
        context = SmoothContext.of(decision)
        if context is None:
            return None
        scalar = SmoothScalar(function, context.minimizer)
        if context.envelope is None or context.setting is None:
            found = Pattern(Kind.UNDECIDED, cause=context.no_direction())
        else:
            found = order_pattern(function, context.setting, context.envelope)
        onset, values = enclosed_onset(scalar, found, context.trajectory)
        known = [arb(x) for x in context.exact[0]] if context.exact is not None else context.minimizer
        return Followed(SmoothScalar(function, known).value, found, onset, values)
