"""A decided smooth problem, prepared for following functions along its trajectory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from flint import arb, arb_mat, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.exact_point import exact_minimizer
from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.sharpness.context import REPEATED, TWO_DIRECTIONS
from gdcheck.theorem.sharpness.envelope import Envelope
from gdcheck.theorem.sharpness.observable import Direction
from gdcheck.theorem.sharpness.orders.setting import Setting
from gdcheck.theorem.sharpness.smooth.forms import third_twice
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball, is_quadratic
from gdcheck.theorem.smooth.enclosed_minimum import enclosed_minimum
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.series.majorant import derivative_on_ball
from gdcheck.theorem.symmetry.split import Split

EXACT_PRECISION = 128
"""The bits to which exact eigenvalues are isolated."""
ROOM = fmpq(65, 64)
"""Room for a checker whose bounds of derivatives are a little less sharp."""


@dataclass(frozen=True, eq=False)
class SmoothContext:
    """A decision whose minimizer is enclosed; everything is evaluated at the decision's precision.

    The caller keeps ``ctx.prec`` at ``decision.precision``.

    Attributes:
        decision: The decision.
        found: Its minimizer.
    """

    decision: SmoothDecision
    found: EnclosedMinimizer

    @classmethod
    def of(cls, decision: SmoothDecision) -> SmoothContext | None:
        """Return the context of a decision; None where no strict minimizer is enclosed."""
        return None if decision.minimizer is None else cls(decision, decision.minimizer)

    @property
    def step_size(self) -> fmpq:
        """The step size η."""
        return self.decision.problem.step_size

    @property
    def loss(self) -> SmoothLoss:
        """The loss."""
        return self.decision.problem.loss

    @cached_property
    def is_quadratic(self) -> bool:
        """Whether the loss is known to be a quadratic polynomial."""
        return is_quadratic(self.loss)

    @property
    def highest(self) -> arb:
        """The largest eigenvalue at the minimizer."""
        return self.found.spectrum.values[-1]

    @cached_property
    def minimizer(self) -> Sequence[arb]:
        """The minimizer, enclosed, shape (n,)."""
        delta = arb(self.found.radius).upper()
        return [arb(x) + delta.union(-delta) for x in self.found.centre]

    @cached_property
    def centre(self) -> Sequence[arb]:
        """The middle of the minimizer's ball, shape (n,)."""
        return [arb(x) for x in self.found.centre]

    @property
    def alternating(self) -> bool:
        """Whether the dominant multiplier is negative."""
        amplitude = self.decision.amplitude
        return amplitude is not None and amplitude.limit.kind is LimitKind.ALTERNATING

    @cached_property
    def top_is_simple(self) -> bool:
        """Whether the largest eigenvalue is not proved to be repeated."""
        return self.decision.multiplicities[1] == 1

    @cached_property
    def has_line(self) -> bool:
        """Whether a limit along a single line is certified."""
        limit = self.decision.limit
        if limit is None or limit.kind is LimitKind.TWO_CYCLE:
            return False
        return self.split is not None or self.decision.multiplicities[-1 if self.alternating else 0] == 1

    @property
    def split(self) -> Split | None:
        """The space in which symmetries keep the trajectory, where it was needed."""
        return None if self.decision.symmetry is None else self.decision.symmetry.split

    @cached_property
    def envelope(self) -> Envelope | None:
        """The trajectory's envelope; None without a certified direction along a line."""
        amplitude, values = self.decision.amplitude, self.found.spectrum.values
        if amplitude is None or not self.has_line:
            return None
        if self.split is not None and self.split.inside is not None:
            values = self.split.inside.values
        others = values[:-1] if self.alternating else values[1:]
        return Envelope(
            step=amplitude.step,
            alternating=self.alternating,
            rho=amplitude.inequality.rho,
            b=max((abs(1 - self.step_size * x).upper() for x in others), default=None),
            numbers=amplitude.inequality,  # type: ignore[arg-type]
            bound=self,
        )

    @cached_property
    def direction(self) -> Direction | None:
        """The certified limit direction; None unless it is along a line."""
        limit = self.decision.limit
        if limit is None or not self.has_line:
            return None
        balls = limit.vectors[0]
        known = self.exact
        if known is None or self.split is not None:
            return Direction(balls, None)
        pencil = Pencil(fmpq_mat(known[1]))
        values = classify(pencil, self.step_size, EXACT_PRECISION).eigenvalues
        vector = pencil.exact_eigenvector(values[-1 if self.alternating else 0])
        if vector is None:
            return Direction(balls, None)
        largest = max(range(len(vector)), key=lambda i: abs(vector[i]))
        same = bool(balls[largest] > 0) == bool(vector[largest] > 0)
        return Direction(balls, vector if same else [-x for x in vector])

    @cached_property
    def exact(self) -> tuple[tuple[fmpq, ...], list[list[fmpq]]] | None:
        """The minimizer and the Hessian there, if they are known exactly."""
        return exact_minimizer(self.loss, self.found)

    @cached_property
    def setting(self) -> Setting | None:
        """The loss at its minimizer with the limit direction; None without one."""
        if self.direction is None:
            return None
        return Setting(
            loss=self.loss,
            step_size=self.step_size,
            minimizer=self.minimizer,
            direction=self.direction.balls,
            exact_minimizer=None if self.exact is None else self.exact[0],
            exact_direction=self.direction.exact,
        )

    def third(self, radius: arb) -> arb:
        """Bound the third derivative on the ball of that radius around the minimizer."""
        return bounds_on_ball(self.loss, self.centre, radius + self.found.radius).third

    @cached_property
    def matrix(self) -> arb_mat:
        """The Hessian at the minimizer, enclosed, shape (n, n)."""
        return Forward.of(self.loss, self.minimizer, 2).hessian()

    def third_along(self, u: Sequence[arb]) -> Sequence[arb]:
        """Enclose D³f[u, u, ·] at the minimizer, shape (n,)."""
        return third_twice(self.loss, self.minimizer, u)

    def derivative_bound(self, order: int, radius: arb) -> arb:
        """Bound the norm of a derivative on the ball of that radius around the minimizer."""
        return derivative_on_ball(self.loss, self.centre, radius + self.found.radius, order) * ROOM

    def quadratic(self, radius: arb) -> arb:
        """Return C(r)."""
        return (self.step_size * self.third(radius) * ROOM / 2).upper()

    def no_direction(self) -> str:
        """Say why there is no certified direction along a line."""
        if self.decision.limit is None:
            return f"no limit direction is certified: {self.decision.reason}"
        return TWO_DIRECTIONS if self.decision.limit.kind is LimitKind.TWO_CYCLE else REPEATED

    def invariant(self, radius: arb) -> bool:
        """Whether the ball of this radius is forward invariant, with norms that shrink."""
        largest = max((abs(1 - self.step_size * x).upper() for x in self.found.spectrum.values), key=float)
        return surely_less(largest + self.quadratic(radius) * radius, arb(1))

    @property
    def start_radius(self) -> arb:
        """A bound of the start's distance from the minimizer."""
        away = norm(arb(a) - b for a, b in zip(self.decision.problem.start, self.centre, strict=True))
        return (away + self.found.radius).upper()

    def hessian_at(self, iterate: EnclosedIterate) -> list[list[arb]]:
        """Return the Hessian in the middle of an iterate's ball, shape (n, n)."""
        found: list[list[arb]] = Forward.of(self.loss, self.middle(iterate), 2).hessian().tolist()
        return found

    def hessian_slack(self, iterate: EnclosedIterate) -> arb:
        """Bound the distance of the Hessian at an iterate from the one in the middle of its ball."""
        reach = iterate.error + self.found.radius
        return (bounds_on_ball(self.loss, self.middle(iterate), reach).third * reach).upper()

    def loss_at(self, iterate: EnclosedIterate) -> arb:
        """Enclose the loss at an iterate."""
        middle, reach = self.middle(iterate), iterate.error + self.found.radius
        slack = (bounds_on_ball(self.loss, middle, reach).first * reach).upper()
        return Forward.of(self.loss, middle, 0).value + slack.union(-slack)

    def middle(self, iterate: EnclosedIterate) -> list[arb]:
        """Return a point whose distance from the iterate is at most the errors of iterate and minimizer, shape (n,)."""
        return [c + h for c, h in zip(self.centre, iterate.centre, strict=True)]

    def trajectory(self, most: int) -> Iterator[EnclosedIterate]:
        """Enclose the iterates from the start on.

        Args:
            most: How many.

        Yields:
            The iterates; fewer if the enclosures grow beyond all bounds.
        """
        sequence = enclosed_minimum(self.loss, self.step_size, self.decision.problem.start, self.found)
        for iterate in islice(sequence.iterates(), most):
            if not surely_less(iterate.radius, arb(2) ** 256):
                return
            yield iterate
