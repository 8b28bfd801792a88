r"""The steps at which the sharpness exceeds 2/η, counted with proof, and whether the loss rises or falls there.

A step is counted by the signs of the pivots of :math:`2/\eta\,I - \nabla^2f(x_k)`. The count ends where all later steps
are proved below: once the ball of the iterate's radius is forward invariant and :math:`\lambda_n + \min(rT_3,
\|\omega\|r + Kr^2) < 2/\eta` on it; or, from the step on from which a pattern is proved, once every branch is below its
limit or below 2/η.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from flint import arb, fmpq

from gdcheck.theorem.descent.hessian_map import Matrix
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.sharpness.maps import compare_largest_eigenvalue, largest_eigenvalue
from gdcheck.theorem.sharpness.observable import Observable
from gdcheck.theorem.sharpness.pattern import Kind, Pattern

MOST_CROSSING_STEPS = 20_000
MOST_OPEN_STEPS = 1_000
"""The most steps that are examined where no step is known to come after which all are below 2/η."""


class Course(Protocol):
    """A trajectory around a minimizer, with what counting needs of the loss; everything at the current precision."""

    @property
    def step_size(self) -> fmpq:
        """The step size η."""

    @property
    def highest(self) -> arb:
        """λ_n at the minimizer."""

    @property
    def start_radius(self) -> arb:
        """A bound of the start's distance from the minimizer."""

    def trajectory(self, most: int) -> Iterator[EnclosedIterate]:
        """Enclose the iterates from the start on."""

    def invariant(self, radius: arb) -> bool:
        """Whether the ball of this radius is forward invariant, with norms that shrink."""

    def third(self, radius: arb) -> arb:
        """Bound how fast the Hessian changes on the ball of that radius."""

    def hessian_at(self, iterate: EnclosedIterate) -> Matrix:
        """Return the Hessian in the middle of an iterate's enclosure, shape (n, n)."""

    def hessian_slack(self, iterate: EnclosedIterate) -> arb:
        """Bound the distance of the Hessian at an iterate from the one in the middle of its enclosure."""

    def loss_at(self, iterate: EnclosedIterate) -> arb:
        """Enclose the loss at an iterate, up to a constant."""


@dataclass(frozen=True)
class Crossings:
    """The steps with λ_n(x_k) > 2/η.

    Attributes:
        steps: The steps for which this is proved.
        undecided: The steps for which neither this nor the opposite is proved.
        rose: The steps among ``steps`` at which the loss is proved to rise: f(x_{k+1}) > f(x_k).
        fell: The number of those at which it is proved to fall; at the others this is undecided.
        complete: Whether every step after the last one examined is proved below 2/η.
        examined: How many steps were examined.
        peak: The largest λ_n(x_k) at the steps counted, enclosed; None if there are none.
    """

    steps: tuple[int, ...]
    undecided: int
    rose: tuple[int, ...]
    fell: int
    complete: bool
    examined: int
    peak: arb | None = None


def crossings(
    context: Course, top: Observable | None, found: Pattern, most_steps: int = MOST_CROSSING_STEPS
) -> Crossings:
    """Count the steps with λ_n(x_k) > 2/η.

    Args:
        context: The context, evaluated at its precision.
        top: The sharpness as a function, if λ_n is simple.
        found: Its pattern.
        most_steps: How many steps may be examined; fewer where λ_n is not below 2/η at the minimizer.

    Returns:
        The count.
    """
    counter = _Counter(context, top, found)
    if counter.start_settles():
        return Crossings((), 0, (), 0, True, 0)
    if not counter.may_end:
        most_steps = min(most_steps, MOST_OPEN_STEPS)
    for iterate in context.trajectory(most_steps):
        if counter.take(iterate):
            break
    return counter.result()


class _Counter:
    def __init__(self, context: Course, top: Observable | None, found: Pattern) -> None:
        self._context, self._top, self._found = context, top, found
        self._threshold = arb(2 / context.step_size)
        self._room = self._threshold - context.highest
        self._steps: list[int] = []
        self._rose: list[int] = []
        self._fell = self._undecided = self._examined = self._below = 0
        self._complete = False
        self._peak: arb | None = None
        self._last: tuple[int, arb] | None = None

    @property
    def may_end(self) -> bool:
        """Whether λ_n is below 2/η at the minimizer: without that no later steps are settled."""
        return surely_less(arb(0), self._room)

    def start_settles(self) -> bool:
        """Whether the start's ball alone keeps every step below 2/η."""
        return self._settles(self._context.start_radius)

    def _settles(self, radius: arb) -> bool:
        if not self.may_end:
            return False
        if not self._context.invariant(radius):
            return False
        if surely_less(radius * self._context.third(radius), self._room):
            return True
        if self._top is None:
            return False
        slope = norm(self._top.gradient)
        return surely_less(slope * radius + self._top.curvature(radius) / 2 * radius**2, self._room)

    def take(self, iterate: EnclosedIterate) -> bool:
        """Examine a step; return True once all later ones are settled."""
        if self._last is not None:
            self._compare(iterate)
        if self._settles(iterate.radius):
            self._complete = True
            return True
        slack = self._context.hessian_slack(iterate)
        matrix = self._context.hessian_at(iterate)
        self._examined += 1
        below = compare_largest_eigenvalue(matrix, self._threshold - slack) == -1
        self._below = self._below + 1 if below else 0
        if not below:
            if compare_largest_eigenvalue(matrix, self._threshold + slack) == 1:
                self._steps.append(iterate.step)
                self._last = (iterate.step, self._context.loss_at(iterate))
                self._climb(matrix, slack)
            else:
                self._undecided += 1
        found = self._found
        # The last steps, one for each branch, must lie where the pattern holds.
        if found.step is not None and iterate.step >= found.step + found.period - 1:
            settled = found.kind is Kind.FROM_BELOW or self._below >= found.period
            if settled and self.may_end:
                self._complete = True
                return True
        return False

    def _climb(self, matrix: Matrix, slack: arb) -> None:
        """Keep the largest eigenvalue so far; the signs of pivots tell at less cost that most others are below it."""
        if self._peak is not None and compare_largest_eigenvalue(matrix, self._peak - slack) == -1:
            return
        value = largest_eigenvalue(matrix) + slack.union(-slack)
        self._peak = value if self._peak is None else self._peak.max(value)

    def _compare(self, iterate: EnclosedIterate) -> None:
        assert self._last is not None
        step, before = self._last
        after = self._context.loss_at(iterate)
        if surely_less(before, after):
            self._rose.append(step)
        elif surely_less(after, before):
            self._fell += 1
        self._last = None

    def result(self) -> Crossings:
        return Crossings(
            tuple(self._steps),
            self._undecided,
            tuple(self._rose),
            self._fell,
            self._complete,
            self._examined,
            self._peak,
        )
