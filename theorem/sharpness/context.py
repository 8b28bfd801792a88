"""A decided problem, prepared for following functions along its trajectory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from flint import arb, arb_mat, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification, classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide import FIRST_PRECISION, Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.hessian_map import HessianMap, Matrix
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.sharpness.derivatives import DerivativeBounds, contract
from gdcheck.theorem.sharpness.envelope import Envelope
from gdcheck.theorem.sharpness.maps import ValueMap
from gdcheck.theorem.sharpness.observable import Direction, Observable
from gdcheck.theorem.sharpness.pattern import Kind, Pattern, pattern
from gdcheck.theorem.sharpness.second_order import SecondOrder

_GUARD_BITS = 64
TWO_DIRECTIONS = "the certified limit has two directions; a --step-size off 2/(λ₁+λₙ) has one"
REPEATED = "the dominant eigenvalue is repeated; no option decides it, a loss with a simple one may be decided"


@dataclass(frozen=True, eq=False)
class TrajectoryContext:
    """A decision with its expansion and bounds; everything is evaluated at the decision's precision.

    The caller keeps ``ctx.prec`` at ``decision.precision``.

    Attributes:
        decision: A decision whose Hessian exists and is positive definite.
        spectrum: The Hessian's spectrum, to the decision's precision.
        expansion: The loss at its minimizer.
        bound: The bound of the remainder.
        derivatives: The bounds of the loss's derivatives of order three and more.
    """

    decision: Decision
    spectrum: Classification
    expansion: Expansion
    bound: RemainderBound
    derivatives: DerivativeBounds

    @classmethod
    def of(cls, decision: Decision) -> TrajectoryContext | None:
        """Return the context of a decision; None where the Hessian does not exist or is not positive definite.

        Its bounds are those of gradient descent: None for other methods too.
        """
        first, expansion = decision.classification, decision.expansion
        if first is None or first.regime is None or not decision.problem.method.is_plain:
            return None
        assert expansion.hessian is not None
        spectrum = first
        if decision.precision > FIRST_PRECISION:
            spectrum = classify(Pencil(expansion.hessian), expansion.step_size, decision.precision + _GUARD_BITS)
        bound = RemainderBound.of(expansion)
        derivatives = DerivativeBounds.of_remainder(bound, expansion.step_size, expansion.truncated)
        return cls(decision, spectrum, expansion, bound, derivatives)

    @cached_property
    def rho(self) -> arb:
        """An upper bound of |1 − ηλ| over the whole spectrum."""
        eta = self.expansion.step_size
        return max(abs(1 - eta * e.ball()).upper() for e in (self.spectrum.lowest, self.spectrum.highest))

    @cached_property
    def envelope(self) -> Envelope | None:
        """The trajectory's envelope; None without one certified simple direction."""
        return Envelope.of(self.decision, self.bound)

    @cached_property
    def direction(self) -> Direction | None:
        """The certified limit direction, if there is exactly one."""
        limit = self.decision.limit
        if limit is None or limit.kind is LimitKind.TWO_CYCLE:
            return None
        (balls,) = limit.vectors
        block, subspace = self.decision.blocks[0], self.decision.subspace
        assert self.expansion.hessian is not None
        pencil = Pencil(self.expansion.hessian) if subspace is None else subspace.pencil(self.expansion.hessian)
        exact = pencil.exact_eigenvector(block.eigenvalue)
        if exact is None:
            return Direction(balls, None)
        if subspace is not None:
            columns = fmpq_mat([exact]) * fmpq_mat([list(v) for v in subspace.basis])
            exact = list(columns.entries())
        largest = max(range(len(exact)), key=lambda i: abs(exact[i]))
        same = bool(balls[largest] > 0) == bool(exact[largest] > 0)
        return Direction(balls, exact if same else [-x for x in exact])

    @cached_property
    def hessian(self) -> HessianMap:
        """The Hessian's evaluation."""
        return HessianMap(self.expansion)

    def pattern(self, observable: Observable) -> Pattern:
        """Prove how a function approaches its limit along the trajectory (see ``theorem.sharpness.pattern``)."""
        flat = self._constant_from(observable)
        if flat is not None:
            return Pattern(Kind.CONSTANT, arb(0), fmpq(0), step=flat)
        if self.decision.subspace is not None and self.decision.subspace.dimension == 0:
            return Pattern(Kind.CONSTANT, step=self.decision.subspace.enters)
        if self.envelope is None or self.direction is None:
            return Pattern(Kind.UNDECIDED, cause=self.no_direction())
        return self.pattern_within(observable, self.envelope)

    def pattern_within(self, observable: Observable, envelope: Envelope) -> Pattern:
        """Prove the pattern with a given envelope of the trajectory, which has one certified direction."""
        assert self.direction is not None
        second = SecondOrder(self, self.direction.balls)
        return pattern(observable, self.direction.slope(observable), self.direction, envelope, second)

    @property
    def step_size(self) -> fmpq:
        """The step size η."""
        return self.expansion.step_size

    @property
    def matrix(self) -> arb_mat:
        """The Hessian at the minimizer, shape (n, n)."""
        assert self.expansion.hessian is not None
        return arb_mat(self.expansion.hessian)

    def third_along(self, u: Sequence[arb]) -> Sequence[arb]:
        """Enclose D³f[u, u, ·] at the minimizer, shape (n,)."""
        return contract(self.expansion, (u, u), arb(0))

    def derivative_bound(self, order: int, radius: arb) -> arb:
        """Bound the norm of a derivative of order three or more on the ball of that radius."""
        return self.derivatives.order(order, radius)

    @property
    def highest(self) -> arb:
        """λ_n at the minimizer."""
        return self.spectrum.highest.ball()

    @property
    def start_radius(self) -> arb:
        """A bound of the start's distance from the minimizer."""
        return norm(arb(x) for x in self.expansion.displacement).upper()

    def third(self, radius: arb) -> arb:
        """Bound how fast the Hessian changes on the ball of that radius."""
        return self.derivatives.order(3, radius)

    def hessian_at(self, iterate: EnclosedIterate) -> Matrix:
        """Return the Hessian in the middle of an iterate's enclosure, shape (n, n)."""
        return self.hessian(iterate.centre)

    def hessian_slack(self, iterate: EnclosedIterate) -> arb:
        """Bound the distance of the Hessian at an iterate from the one in the middle of its enclosure."""
        return self.third(iterate.radius) * iterate.error

    def loss_at(self, iterate: EnclosedIterate) -> arb:
        """Enclose the loss above that of the minimizer: at the centre, plus or minus the largest slope times the error.

        Args:
            iterate: The iterate.
        """
        radius = iterate.radius
        steepest = self.highest * radius + self.bound.quadratic(radius) * radius**2 / self.step_size
        slack = (steepest * iterate.error).upper()
        return self._change(iterate.centre) + slack.union(-slack)

    @cached_property
    def _change(self) -> ValueMap:
        return ValueMap(self.expansion.terms, self.expansion.truncated)

    def invariant(self, radius: arb) -> bool:
        """Whether the ball of this radius is forward invariant, with norms that shrink."""
        return surely_less(self.rho + self.bound.quadratic(radius) * radius, arb(1))

    def _constant_from(self, observable: Observable) -> int | None:
        """Return the step from which on a function is constant, if a ball is found on which it is."""
        if observable.constant(arb("inf")):
            return 0
        if not observable.constant(arb(0)):
            return None
        radius = norm(arb(x) for x in self.expansion.displacement)
        if self.invariant(radius) and observable.constant(radius):
            return 0
        envelope = self.envelope
        return None if envelope is None else envelope.first_ball(observable.constant)

    def no_direction(self) -> str:
        """Say why there is no single certified direction."""
        if self.decision.amplitude is None:
            return f"no limit direction is certified: {self.decision.reason}"
        if self.direction is None:
            return TWO_DIRECTIONS
        return REPEATED

    def trajectory(self, most: int) -> Iterator[EnclosedIterate]:
        """Enclose the iterates from the start on.

        Args:
            most: How many.

        Yields:
            The iterates; fewer if the enclosures grow beyond all bounds.
        """
        for iterate in islice(enclose(self.expansion, self.bound, self.rho), most):
            if not surely_less(iterate.radius, arb(2) ** 256):
                return
            yield iterate
