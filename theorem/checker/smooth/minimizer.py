"""A smooth loss and the minimizer of a certificate: its ball, the Hessian there, and the trajectory around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, islice
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.exact import up
from gdcheck.theorem.checker.outcome import at_step, claim, show
from gdcheck.theorem.checker.reading.fields import PerVariable, Point, Positive, distinct_names, read_fields
from gdcheck.theorem.checker.smooth.arrays import read_data
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, UndefinedError, middles, norm_above, point
from gdcheck.theorem.checker.smooth.spectrum import Matrix, eigenvalues_within, norm_of_symmetric

MOST_VARIABLES = 1000
FEW_BITS = 64
"""What is needed to a few digits only is computed with a quarter of the bits, but with no fewer than these."""
SOME_STEPS = 64
"""Errors are kept small for at least this many more steps."""
NEAR = Fraction(1, 64)
"""Bounds known at an iterate are used within this distance of it."""
NOT_MUCH = Fraction(1, 256)
"""The norm of the map's derivative may be overestimated by this much; beyond it, it is computed again."""
SHARP = Fraction(65, 64)
"""A bound of the third derivative within this factor of the one at the minimizer is kept for smaller balls."""


@dataclass(frozen=True)
class Problem:
    """A smooth loss, and what gradient descent does with it."""

    expression: Expression
    step_size: Fraction
    start: Point

    @classmethod
    def read(cls, value: object, path: str, n: int, *, has_start: bool = True) -> Problem:
        """Read a problem; the text of its loss is read when its variables and its data are known."""
        rest = {name: x for name, x in value.items() if name != "data"} if type(value) is dict else value
        names = Annotated[tuple[str, ...], distinct_names(MOST_VARIABLES)]
        fields: dict[str, Any] = {"loss": str, "variables": names, "step_size": Positive}
        p = read_fields(fields | {"start": Point} if has_start else fields, rest, path, n)
        data = read_data(value.get("data", {})) if type(value) is dict else {}
        expression = read_expression(p["loss"], p["variables"], data)
        return cls(expression, p["step_size"], p.get("start", (Fraction(0),) * n))


WithoutStart = Annotated[Problem, lambda kind, value, path, n: Problem.read(value, path, n, has_start=False)]
"""A problem that states no start."""


@dataclass(frozen=True)
class Ball:
    """A ball."""

    centre: Point
    radius: Fraction


@dataclass(frozen=True)
class Spectrum:
    """Intervals of the smallest and of the largest eigenvalue."""

    lowest: Ends
    highest: Ends


@dataclass(frozen=True)
class Limit:
    """The kind of the limit, and an interval for each component."""

    kind: str
    vector: PerVariable[Ends]


@dataclass(frozen=True)
class Stated:
    """What certificates of a theorem say of its assumptions.

    Attributes:
        schema: The format.
        problem: The problem.
        verdict: proved, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        minimizer: The ball that holds the minimizer.
        eigenvectors: Vectors near the eigenvectors, by ascending eigenvalue.
        spectrum: The ends of the spectrum at the minimizer.
        regular_at: Where I - eta * Hessian is regular.
    """

    schema: str
    problem: Problem
    verdict: str
    regime: str
    fails: tuple[str, ...]
    minimizer: Ball
    eigenvectors: PerVariable[Point]
    spectrum: Spectrum
    regular_at: Point | None


@dataclass(frozen=True)
class Trajectory(Stated):
    """What certificates of one trajectory say.

    Attributes:
        step: The step at which the inequality holds.
        limit: The limit, if there is one.
    """

    step: int
    limit: Limit | None


@dataclass(frozen=True)
class Document(Trajectory):
    """All fields of a certificate of the theorem for one trajectory."""

    schema: Literal["gdcheck-smooth/1"]


@dataclass(frozen=True)
class Middle:
    """The loss in the middle of the minimizer's ball, in intervals.

    Attributes:
        bits: The precision.
        expression: The loss.
        centre: The middle.
        matrix: The Hessian there, shape (n, n).
        spread: A bound of the distance, in norm, from this Hessian to the one at any point of the ball.
    """

    bits: int
    expression: Expression
    centre: list[Interval]
    matrix: Matrix
    spread: Fraction

    @classmethod
    def of(cls, c: Stated, bits: int) -> Middle:
        """Evaluate the Hessian."""
        expression, centre = c.problem.expression, point(c.minimizer.centre, bits)
        third = third_above(expression, centre, c.minimizer.radius)
        matrix = hessian(evaluate(expression, centre, 2))
        return cls(bits, expression, centre, matrix, third * c.minimizer.radius)

    def at_scale(self, bits: int) -> Middle:
        """Return the same at another precision."""
        return replace(self, bits=bits, centre=[x.at_scale(bits) for x in self.centre])


def coarse(bits: int) -> int:
    """Return how many bits are enough for what is needed to a few digits only."""
    return max(FEW_BITS, bits // 4)


def third_above(expression: Expression, centre: Sequence[Interval], radius: Fraction) -> Fraction:
    """Bound the norm of the third derivative on a ball, with a few bits: a larger bound is true as well."""
    bits = coarse(centre[0].bits)
    return derivatives_above(expression, [x.at_scale(bits) for x in centre], radius)[1]


def verify_minimizer(c: Stated, at: Middle) -> None:
    """Claim G1 (minimizer): the ball holds exactly one critical point, a strict minimum.

    On the ball the Hessian's eigenvalues are at least m = lambda_1 - T delta, where lambda_1 is the smallest eigenvalue
    in the middle. If the gradient in the middle is shorter than m delta, the gradient points outward on the whole
    sphere.
    """
    size = norm_above(gradient(evaluate(at.expression, at.centre, 1)), at.bits)
    m = eigenvalues_within(at.matrix, c.eigenvectors, Fraction(0))[0][0] - at.spread
    radius = c.minimizer.radius
    claim(radius > 0 and m > 0, f"the loss is strictly convex on the minimizer's ball fails: {show(m)}")
    claim(size < m * radius, f"the ball holds a minimizer fails: gradient {show(size)}, m delta {show(m * radius)}")


def map_derivative(problem: Problem, matrix: Matrix) -> list[list[Interval]]:
    """Return I - eta A."""
    bits = matrix[0][0].bits
    eta, unit, zero = (Interval.exactly(x, bits) for x in (problem.step_size, 1, 0))
    return [[(unit if i == j else zero) - eta * x for j, x in enumerate(row)] for i, row in enumerate(matrix)]


def enclose(c: Trajectory, at: Middle, largest: Fraction) -> tuple[list[Interval], Fraction]:
    """Claim G7 (enclosure): follow gradient descent to the stated step.

    On a ball of radius r around the minimizer, the map's derivative has a norm of at most ``largest`` + eta T r. On a
    small ball around a point, it is at most the norm at that point plus eta T times the radius. The smaller bound is
    taken.

    Returns:
        A ball that holds h_k = x_k - x*: its centre, in intervals without width, and its radius.
    """
    reached = next(islice(follow(c, at, largest), c.step, None))
    return [y.middle() for y in reached.h], reached.error


@dataclass(frozen=True)
class Iterate:
    """An iterate x_k.

    Attributes:
        x: A point, shape (n,); its intervals have no width.
        drift: A bound of the distance of x_k from it.
        h: x minus the middle of the minimizer's ball.
        error: A bound of the distance of x_k - x* from the middle of h.
    """

    x: list[Interval]
    drift: Fraction
    h: list[Interval]
    error: Fraction

    @property
    def radius(self) -> Fraction:
        """A bound of |x_k - x*|."""
        return norm_above(self.h, self.h[0].bits) + self.error


def follow(c: Trajectory, at: Middle, largest: Fraction) -> Iterator[Iterate]:
    """Enclose the iterates from the start on, as Claim G7 says, without end."""
    eta, delta, bits = c.problem.step_size, c.minimizer.radius, at.bits
    step = Interval.exactly(eta, bits)
    x, drift = middles(point(c.problem.start, bits), bits)
    least = at.spread / delta  # The bound of the third derivative near the minimizer: a smaller ball gives no less.
    # What is added and multiplied at every step is rounded up first: short fractions cost less.
    delta, largest, pull = up(delta, bits), up(largest, FEW_BITS), up(eta * least, FEW_BITS)
    known: tuple[Fraction, Fraction] | None = None
    push, loose = Fraction(0), True
    nearby = _Nearby(c.problem)
    for k in count():
        at_step(k, max(k, c.step))
        h = [a - b for a, b in zip(x, at.centre, strict=True)]
        width = Fraction(max(y.width() for y in h) * len(h), 1 << bits)
        reached = Iterate(x, drift, h, up(drift + delta + width, bits))
        yield reached
        radius, slow = reached.radius, _Slow(drift, max((c.step - k) // 2, SOME_STEPS), bits)
        if (
            known is None
            or radius > known[0]
            or (loose and known[0] > 2 * radius and slow.enough(largest + pull * radius))
        ):
            try:
                known = radius, third_above(at.expression, at.centre, radius + delta)
                push, loose = up(eta * known[1], FEW_BITS), known[1] > SHARP * least
            except UndefinedError:
                known = None
        factor = None if known is None else largest + push * radius
        if factor is None or not slow.enough(factor):
            local = nearby.growth(x, drift, slow, (radius, known))
            factor = local if factor is None else min(factor, local)
        moved = [a - step * b for a, b in zip(x, gradient(evaluate(at.expression, x, 1)), strict=True)]
        x, rounding = middles(moved, bits)
        drift = up(factor * drift + rounding, bits)
        claim(drift < 1 or drift < radius, f"the enclosure is narrow fails at step {k}: {show(drift)}")


@dataclass(frozen=True)
class _Slow:
    """Tells whether an error may grow by a factor at every step that is left.

    It only chooses between bounds, all of them true.

    Attributes:
        error: The error so far.
        steps: The steps that are left.
        bits: The precision; the last iterate needs half of these bits.
    """

    error: Fraction
    steps: int
    bits: int

    def enough(self, factor: Fraction) -> bool:
        """Whether the error stays small."""
        if not self.error or factor <= 1:
            return True
        room = self.error.denominator.bit_length() - self.error.numerator.bit_length() - self.bits // 2
        # For factors between 1 and 2, log2(factor) <= 3/2 (factor - 1).
        return factor <= 2 and self.steps * (factor - 1) * 3 <= 2 * room


class _Nearby:
    """How much an error grows near iterates: a norm that is known at one of them bounds the norms around it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.centre: list[Interval] = []
        self.radius = self.bound = Fraction(0)
        self.known_at: list[Interval] = []
        self.known_in = self.norm = Fraction(0)

    def growth(
        self, x: list[Interval], drift: Fraction, slow: _Slow, ball: tuple[Fraction, tuple[Fraction, Fraction] | None]
    ) -> Fraction:
        """Bound the norm of the map's derivative on the ball of radius ``drift`` around x.

        It is at most the norm at an earlier iterate plus eta T times the distance. That bound is taken if it is good
        enough; else the norm at x is computed.

        Args:
            x: The iterate's middle.
            drift: The distance by which the iterate may differ from x.
            slow: Tells what is good enough.
            ball: The radius of a ball around the minimizer that holds the iterate; and the radius of a ball that is at
                least as large, with the bound of the third derivative on it, or None if there is none.
        """
        eta, (radius, known) = self.problem.step_size, ball
        if self.known_at:
            reach = drift + _distance(x, self.known_at)
            # A ball that holds two points holds the segment between them.
            thirds = [known[1]] if known is not None and self.known_in <= known[0] else []
            if reach <= NEAR:
                with suppress(UndefinedError):
                    thirds.append(self.third(self.known_at, reach))
            more = min((eta * third * reach for third in thirds), default=None)
            if more is not None and (more <= NOT_MUCH or slow.enough(self.norm + more)):
                return self.norm + more
        self.known_at, self.known_in, self.norm = x, radius, norm_of_map(self.problem, x, slow)
        return self.norm + eta * (self.third(x, drift) if known is None else known[1]) * drift

    def third(self, x: list[Interval], radius: Fraction) -> Fraction:
        """Bound the third derivative on a ball around x."""
        expression = self.problem.expression
        if self.centre and _distance(x, self.centre) + radius <= self.radius:
            return self.bound
        try:
            self.bound = third_above(expression, x, radius + NEAR)
            self.centre, self.radius = x, radius + NEAR
        except UndefinedError:
            return third_above(expression, x, radius)
        return self.bound


def _distance(x: Sequence[Interval], y: Sequence[Interval]) -> Fraction:
    return norm_above([a - b for a, b in zip(x, y, strict=True)], x[0].bits)


def norm_of_map(problem: Problem, x: list[Interval], slow: _Slow | None = None) -> Fraction:
    """Bound the norm of I - eta Hessian at a point, with half of the few bits: it is needed to some per cent only.

    It is not made sharper once a bound twice as far above 1 is good enough.
    """
    bits = coarse(x[0].bits) // 2
    matrix = map_derivative(problem, hessian(evaluate(problem.expression, [y.at_scale(bits) for y in x], 2)))
    enough = None if slow is None else (lambda bound: slow.enough(2 * Fraction(bound, 1 << bits) - 1))
    return Fraction(norm_of_symmetric(matrix, enough), 1 << bits)
