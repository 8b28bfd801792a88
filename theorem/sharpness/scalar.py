"""Any polynomial (with truncated powers) as a function to follow along a trajectory: the paper's smoothness corollary.

A smooth φ behaves like the sharpness: φ(x_k) is eventually monotone for a small step and oscillates for a large one, by
the sign of its derivative along the limit direction, and where that is zero the next order decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.theorem.decision.decide import Decision, with_tail
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.truncated import TruncatedPower
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.derivatives import DerivativeBounds
from gdcheck.theorem.sharpness.maps import ValueMap
from gdcheck.theorem.sharpness.orders.setting import Setting
from gdcheck.theorem.sharpness.orders.smooth_scalar import SmoothScalar, order_pattern
from gdcheck.theorem.sharpness.pattern import Kind, Onset, Pattern, enclosed_onset
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.reading import called_in, read_smooth


@dataclass(frozen=True, eq=False)
class Scalar:
    """A function φ around a minimizer, at the current precision.

    Attributes:
        value: φ(m), enclosed.
        exact_gradient: ∇φ(m), shape (n,).
        hessian: ∇²φ(m), shape (n, n); None if a kink of order two passes through m.
        truncated: The truncated powers, in displacements from the minimizer.
        flat: Whether the polynomial part is constant.
        derivatives: Bounds of its derivatives.
        change: φ(m + h) − φ(m).
    """

    value: arb
    exact_gradient: Sequence[fmpq]
    hessian: Sequence[Sequence[fmpq]] | None
    truncated: tuple[TruncatedPower, ...]
    flat: bool
    derivatives: DerivativeBounds
    change: ValueMap

    @classmethod
    def of(cls, function: Loss, minimizer: Sequence[fmpq]) -> Scalar:
        """Return a function around a point.

        Args:
            function: The function; it need not have anything to do with the loss.
            minimizer: The point m.

        Returns:
            The function, expanded there.
        """
        local = function.shifted(minimizer)
        terms = [(a, c) for a, c in local.terms if any(a)]
        try:
            hessian = function.hessian(minimizer)
        except InputError:
            hessian = None
        return cls(
            value=arb(function.value(minimizer)),
            exact_gradient=function.gradient(minimizer),
            hessian=hessian,
            truncated=local.truncated,
            flat=not terms,
            derivatives=DerivativeBounds.of(terms, local.truncated),
            change=ValueMap(terms, local.truncated),
        )

    @property
    def gradient(self) -> Sequence[arb]:
        """∇φ(m), as balls."""
        return [arb(x) for x in self.exact_gradient]

    def curvature(self, radius: arb) -> arb:
        """Return a Lipschitz constant of ∇φ on the ball."""
        return self.derivatives.order(2, radius)

    def third(self, radius: arb) -> arb:
        """Return a Lipschitz constant of D²φ on the ball; not finite if there is none."""
        return self.derivatives.order(3, radius)

    def second(self, u: Sequence[arb]) -> arb:
        """D²φ[u, u] at m; not finite if it does not exist."""
        if self.hessian is None:
            return arb("inf")
        return sum(
            (x * c * y for row, x in zip(self.hessian, u, strict=True) for c, y in zip(row, u, strict=True)), arb(0)
        )

    def constant(self, radius: arb) -> bool:
        """Whether φ is constant on the ball: no terms but the constant, and every kink out of reach."""
        return self.flat and all(
            bool(arb(t.offset) + arb(t.squared_length).sqrt() * radius <= 0) for t in self.truncated
        )

    def at(self, iterate: EnclosedIterate) -> arb:
        """φ at an iterate, enclosed: its value at the centre, plus or minus the largest slope times the error."""
        slack = (self.derivatives.order(1, iterate.radius) * iterate.error).upper()
        return self.value + self.change(iterate.centre) + slack.union(-slack)


def parse_scalar(text: str, variables: Sequence[str]) -> Loss | SmoothLoss:
    """Read a function of a problem's variables.

    Args:
        text: A polynomial plus truncated powers, such as ``x*y + x``, or a smooth function such as ``sin(x)*y``.
        variables: The variables.

    Returns:
        The function.

    Raises:
        InputError: If the text cannot be read; the field is ``scalar``.
    """
    try:
        return Loss.parse(text, variables)
    except InputError as error:
        if "max" in called_in(text):
            raise InputError("scalar", error.message) from None
    try:
        return read_smooth(text, variables)
    except InputError as error:
        raise InputError("scalar", error.message) from None


@dataclass(frozen=True)
class Followed:
    """A scalar along a trajectory.

    Attributes:
        limit: φ(m), exactly if it is known.
        pattern: How φ(x_k) approaches it; its ``slope`` is the derivative along the limit direction.
        onset: From where the pattern holds; None without a proved one.
        first: Enclosures of φ(x_k) at the first steps.
    """

    limit: fmpq | arb
    pattern: Pattern
    onset: Onset | None
    first: tuple[arb, ...]


def follow(decision: Decision, function: Loss | SmoothLoss) -> Followed | None:
    """Prove how a function behaves along a trajectory.

    Args:
        decision: A decision on the problem.
        function: A function of the same variables.

    Returns:
        The behaviour; None where the Hessian at the minimizer does not exist or is not positive definite.
    """
    decision = with_tail(decision)
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        if context is None:
            return None
        minimizer = decision.problem.minimizer
        if isinstance(function, SmoothLoss):
            smooth = SmoothScalar(function, [arb(x) for x in minimizer])
            found = _by_order(context, function)
            return Followed(smooth.value, found, *enclosed_onset(smooth, found, context.trajectory))
        scalar = Scalar.of(function, minimizer)
        found = context.pattern(scalar)
        if found.kind is Kind.UNDECIDED and found.exact_slope == 0 and not function.truncated:
            further = _by_order(context, read_smooth(function.text(), decision.problem.loss.variables))
            # Where kinks keep the loss from being smooth, the second order's own cause says more.
            found = found if decision.problem.loss.truncated else further
        return Followed(function.value(minimizer), found, *enclosed_onset(scalar, found, context.trajectory))


def _by_order(context: TrajectoryContext, function: SmoothLoss) -> Pattern:
    """Prove the pattern of a smooth function at the order that decides it."""
    envelope, direction, problem = context.envelope, context.direction, context.decision.problem
    if envelope is None or direction is None:
        return Pattern(Kind.UNDECIDED, cause=context.no_direction())
    if problem.loss.truncated:
        cause = "with truncated powers in the loss polynomial scalars are decided; give one"
        return Pattern(Kind.UNDECIDED, cause=cause)
    setting = Setting(
        loss=read_smooth(problem.loss.text(), problem.loss.variables),
        step_size=problem.step_size,
        minimizer=[arb(x) for x in problem.minimizer],
        direction=direction.balls,
        exact_minimizer=problem.minimizer,
        exact_direction=direction.exact,
    )
    return order_pattern(function, setting, envelope)
