r"""The sharpness along a trajectory (section 3 of the paper; docs/sharpness.md), with proof.

With the certificate of the direction, :math:`\lambda_n(x_k) = \lambda_n + C_\eta\|x_k-x^*\| + o(\cdot)` for a small
step and :math:`\lambda_n + (-1)^kC_\eta\|x_k-x^*\| + o(\cdot)` for a large one, :math:`C_\eta = \omega\cdot u` with the
certified direction u. What is proved is more than the limit: from a stated step on, the sign of
:math:`\lambda_n(x_k)-\lambda_n` at every step and the monotone approach of every branch (``pattern``), with the
second-order constant of ``top_eigenvalue``; and the number of steps above 2/η (``crossings``).
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.theorem.decision.decide import Decision, with_tail
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.crossings import MOST_CROSSING_STEPS, Crossings, crossings
from gdcheck.theorem.sharpness.pattern import Kind, Onset, Pattern, enclosed_onset
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue

REPEATED_TOP = (
    "the largest eigenvalue is repeated and has no gradient; no option decides it, a loss with a simple one may be"
    " decided, or a --scalar"
)


@dataclass(frozen=True)
class Sharpness:
    """The sharpness along a trajectory.

    Attributes:
        threshold: 2/η.
        limit: λ_n.
        pattern: How λ_n(x_k) approaches λ_n; its ``slope`` is C_η.
        crossings: The steps above 2/η.
        onset: From where the pattern holds, if the first steps were enclosed and a pattern is proved.
        first: Enclosures of λ_n(x_k) at the first steps, if they were enclosed.
    """

    threshold: fmpq
    limit: arb
    pattern: Pattern
    crossings: Crossings
    onset: Onset | None = None
    first: tuple[arb, ...] = ()

    @property
    def from_step(self) -> int | None:
        """The step from which the pattern is proved for all later steps."""
        return self.pattern.step if self.onset is None else self.onset.step


def sharpness(
    decision: Decision, *, first_steps: bool = False, most_steps: int = MOST_CROSSING_STEPS
) -> Sharpness | None:
    """Decide how the sharpness behaves along a trajectory.

    Args:
        decision: A decision on the problem.
        first_steps: Whether to enclose λ_n(x_k) along the first steps too, which finds the pattern's earliest step.
            Without, the pattern is the same, proved from a later step on, and the cost is less than the decision's.
        most_steps: How many steps may be examined for crossings.

    Returns:
        The behaviour; None where the Hessian at the minimizer does not exist or is not positive definite.
    """
    decision = with_tail(decision)
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        if context is None:
            return None
        top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        found = Pattern(Kind.UNDECIDED, cause=REPEATED_TOP) if top is None else context.pattern(top)
        limit = context.spectrum.highest.ball()
        crossed = crossings(context, top, found, most_steps)
        onset: Onset | None = None
        first: tuple[arb, ...] = ()
        if first_steps and top is not None:
            onset, first = enclosed_onset(top, found, context.trajectory)
        return Sharpness(2 / context.expansion.step_size, limit, found, crossed, onset, first)
