"""A smooth function along a trajectory: its values at iterates, and the pattern at the order that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flint import arb

from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.sharpness.envelope import Envelope
from gdcheck.theorem.sharpness.orders.any_order import decide_order
from gdcheck.theorem.sharpness.orders.setting import Setting
from gdcheck.theorem.sharpness.pattern import Kind, Pattern
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss


@dataclass(frozen=True, eq=False)
class SmoothScalar:
    """A function φ around a minimizer.

    Attributes:
        function: φ.
        minimizer: The minimizer, enclosed, shape (n,).
    """

    function: SmoothLoss
    minimizer: Sequence[arb]

    @cached_property
    def value(self) -> arb:
        """φ at the minimizer."""
        return Forward.of(self.function, self.minimizer, 0).value

    def at(self, iterate: EnclosedIterate) -> arb:
        """φ at an iterate, enclosed; not finite if that fails."""
        wide = [m + h for m, h in zip(self.minimizer, iterate.centre, strict=True)]
        middle, reach = [x.mid() for x in wide], (iterate.error + norm(x.rad() for x in wide)).upper()
        slack = (bounds_on_ball(self.function, middle, reach).first * reach).upper()
        return Forward.of(self.function, middle, 0).value + slack.union(-slack)


def order_pattern(function: SmoothLoss, setting: Setting, envelope: Envelope) -> Pattern:
    """Prove how a smooth function approaches its limit (see ``any_order``).

    Args:
        function: The function, in the variables of the loss.
        setting: The loss at its minimizer, and the limit direction.
        envelope: Where the trajectory is.

    Returns:
        The pattern; undecided, with the cause, if nothing is proved.
    """
    if not function.nodes[-1].terms:  # type: ignore[union-attr]
        return Pattern(Kind.CONSTANT, arb(0), step=0)
    found, slope = decide_order(function, setting, envelope)
    if isinstance(found, str):
        return Pattern(Kind.UNDECIDED, slope, cause=found)
    proof = found.proof
    one_sided = Kind.FROM_ABOVE if found.coefficient > 0 else Kind.FROM_BELOW
    return Pattern(
        kind=Kind.OSCILLATING if proof.period == 2 else one_sided,
        slope=found.slope,
        exact_slope=found.exact_slope,
        order=proof.order,
        coefficient=found.coefficient,
        step=proof.cone.step,
        period=proof.period,
        proof=proof,
    )
