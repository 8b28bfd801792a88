"""Smooth losses whose trajectory is not proved to end at a strict minimum. Claims X1 and X2, and ``check``.

Either a critical point has a negative eigenvalue; or the loss has no critical point, because its derivative along some
direction has one sign everywhere. docs/certificate.md, *Certificates of other ends*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.exact import Vector, dot, squared
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import PerVariable, Point, Positive, read_record
from gdcheck.theorem.checker.smooth.derivatives import evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Power, Product, Sum
from gdcheck.theorem.checker.smooth.intervals import Ends, norm_above, point
from gdcheck.theorem.checker.smooth.minimizer import Problem, third_above
from gdcheck.theorem.checker.smooth.spectrum import eigenvalues_within
from gdcheck.theorem.checker.smooth.strict_minimum import PRECISIONS


@dataclass(frozen=True)
class Saddle:
    """A ball with one critical point, at which the Hessian has a negative eigenvalue.

    Attributes:
        kind: Always ``saddle``.
        centre: The ball's centre.
        radius: Its radius.
        eigenvectors: Vectors near those of the Hessian, by ascending eigenvalue.
        lowest: An interval of the lowest eigenvalue.
    """

    kind: Literal["saddle"]
    centre: Point
    radius: Positive
    eigenvectors: PerVariable[Point]
    lowest: Ends


@dataclass(frozen=True)
class NoCriticalPoint:
    """A direction along which the loss falls everywhere."""

    kind: Literal["no-critical-point"]
    direction: Point


def _claim(kind: Any, value: object, path: str, n: int) -> Saddle | NoCriticalPoint:
    """Read a claim by its kind."""
    saddle = type(value) is dict and value.get("kind") == "saddle"
    return read_record(Saddle, value, path, n) if saddle else read_record(NoCriticalPoint, value, path, n)


@dataclass(frozen=True)
class SmoothEnd:
    """A certificate about a critical point that is not a minimum, or about a loss without critical points."""

    schema: Literal["gdcheck-smooth-end/1"]
    problem: Problem
    verdict: Literal["not-applicable", "unresolved"]
    claim: Annotated[Saddle | NoCriticalPoint, _claim]


def verify(c: SmoothEnd, bits: int) -> None:
    """Verify the claim with intervals of one precision."""
    if isinstance(c.claim, Saddle):
        claim(c.verdict == "not-applicable", "the verdict is not-applicable fails")
        verify_saddle(c.problem, c.claim, bits)
    else:
        claim(c.verdict == "unresolved", "the verdict is unresolved fails")
        verify_fall(c.problem.expression, c.claim.direction)


def verify_saddle(problem: Problem, saddle: Saddle, bits: int) -> None:
    """Claim X1 (saddle): the ball holds exactly one critical point, at which the lowest eigenvalue is as stated.

    Let x be the middle of the ball and d its radius, H the Hessian at x, s a lower bound of the moduli of its
    eigenvalues, and T a bound of the third derivative on the ball. The map N(y) = y - H^-1 grad f(y) maps the ball into
    itself if |grad f(x)| + T d^2 / 2 < s d, and is a contraction if T d < s.
    """
    expression, x, d = problem.expression, point(saddle.centre, bits), saddle.radius
    third = third_above(expression, x, d)
    matrix = hessian(evaluate(expression, x, 2))
    here = eigenvalues_within(matrix, saddle.eigenvectors, Fraction(0))
    s = min(max(low, -high) for low, high in here)
    size = norm_above(gradient(evaluate(expression, x, 1)), bits)
    claim(s > 0 and size + third * d**2 / 2 < s * d, f"the ball holds a critical point fails: {show(size, s * d)}")
    claim(third * d < s, f"it holds only one fails: {show(third * d, s)}")
    low, high = eigenvalues_within(matrix, saddle.eigenvectors, third * d)[0]
    stated = saddle.lowest
    narrow = stated[1] - stated[0] <= Fraction(1, 10**9) * max(Fraction(1), -low)
    good = stated[0] <= low and high <= stated[1] < 0 and narrow
    claim(good, f"the lowest eigenvalue is in the narrow [{show(*stated)}] fails: it is in [{show(low, high)}]")


# A loss that falls everywhere along a direction ----------------------------------------------------------------------


@dataclass(frozen=True)
class Range:
    """An interval of numbers; an end may be infinite (None), or open.

    Attributes:
        low: The lower end; None is minus infinity.
        high: The upper end; None is infinity.
        low_open: Whether the lower end is excluded.
        high_open: Whether the upper end is excluded.
    """

    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False

    def __add__(self, other: Range) -> Range:
        low = None if self.low is None or other.low is None else self.low + other.low
        high = None if self.high is None or other.high is None else self.high + other.high
        return Range(low, high, self.low_open or other.low_open, self.high_open or other.high_open)

    def scaled(self, c: Fraction) -> Range:
        """Return c times the numbers."""
        if not c:
            return ZERO
        low, high = (None if x is None else c * x for x in (self.low, self.high))
        if c > 0:
            return Range(low, high, self.low_open, self.high_open)
        return Range(high, low, self.high_open, self.low_open)

    def __mul__(self, other: Range) -> Range:
        """Return a range of the products: with sharp signs, and finite if both ranges are."""
        if ZERO in (self, other):
            return ZERO
        for c, rest in ((self, other), (other, self)):
            if c.low is not None and c.low == c.high:
                return rest.scaled(c.low)
        signs = self.sign * other.sign
        if self.low is None or self.high is None or other.low is None or other.high is None:
            if not signs:
                return ANY
            # Both are of one sign: the product of the ends next to zero is the end next to zero.
            a, b = self._near, other._near
            near = a * b
            # Zero is a product only if it is a factor.
            is_open = self._is_open or other._is_open if near else self.is_strict and other.is_strict
            return Range(near, None, is_open) if signs > 0 else Range(None, -near, high_open=is_open)
        ends: list[Fraction] = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        least, most = min(ends), max(ends)
        strict = self.is_strict and other.is_strict
        return Range(least, most, strict and least == 0, strict and most == 0)

    @property
    def sign(self) -> int:
        """1 if no number is negative, -1 if none is positive, else 0."""
        if self.low is not None and self.low >= 0:
            return 1
        return -1 if self.high is not None and self.high <= 0 else 0

    @property
    def is_strict(self) -> bool:
        """Whether all numbers are positive, or all are negative."""
        above = self.low is not None and (self.low > 0 or (self.low == 0 and self.low_open))
        return above or (self.high is not None and (self.high < 0 or (self.high == 0 and self.high_open)))

    @property
    def _near(self) -> Fraction:
        """The modulus of the end next to zero; the numbers have one sign."""
        end = self.low if self.sign > 0 else self.high
        assert end is not None
        return abs(end)

    @property
    def _is_open(self) -> bool:
        return self.low_open if self.sign > 0 else self.high_open


ZERO, ANY = Range(Fraction(0), Fraction(0)), Range(None, None)
_POSITIVE, _WAVE = Range(Fraction(0), None, True), Range(Fraction(-1), Fraction(1))
_UNIT = Range(Fraction(0), Fraction(1), True, True)
RANGES: dict[str, tuple[Range, Range]] = {
    "exp": (_POSITIVE, _POSITIVE),
    "log": (ANY, _POSITIVE),
    "log1p": (ANY, _POSITIVE),
    "sin": (_WAVE, _WAVE),
    "cos": (_WAVE, _WAVE),
    "tan": (ANY, Range(Fraction(1), None)),
    "sinh": (ANY, Range(Fraction(1), None)),
    "cosh": (Range(Fraction(1), None), ANY),
    "tanh": (_WAVE, Range(Fraction(0), Fraction(1), True)),
    "sigmoid": (_UNIT, Range(Fraction(0), Fraction(1, 4), True)),
    "softplus": (_POSITIVE, _UNIT),
    "erf": (_WAVE, Range(Fraction(0), Fraction(113, 100), True)),
    "atan": (Range(Fraction(-158, 100), Fraction(158, 100)), Range(Fraction(0), Fraction(1), True)),
}
"""For each function a range of its values and one of its derivative's, over its whole domain."""


def verify_fall(expression: Expression, direction: Vector) -> None:
    """Claim X2 (fall): the derivative along the direction is negative wherever the loss is defined.

    So the gradient is zero nowhere: no iterate is a critical point, and no trajectory converges to a point at which the
    loss is defined.
    """
    claim(squared(direction) > 0, "the direction is not zero fails")
    found = slope_along(expression, direction)
    falls = found.is_strict and found.high is not None and found.high <= 0
    most = "anything" if found.high is None else found.high
    claim(falls, f"the loss falls everywhere fails: its slope may be {most}")


def slope_along(expression: Expression, direction: Vector) -> Range:
    """Return a range of the derivative along a direction, over all points at which the expression is defined."""
    n = expression.dimension
    values = [ANY] * n
    slopes = [Range(d, d) for d in direction]
    for operation in expression.operations:
        if isinstance(operation, Sum):
            value = Range(operation.constant, operation.constant)
            linear = dot([c for s, c in operation.terms if s < n], [direction[s] for s, _ in operation.terms if s < n])
            slope = Range(linear, linear)
            for s, c in operation.terms:
                value = value + values[s].scaled(c)
                if s >= n:
                    slope = slope + slopes[s].scaled(c)
        elif isinstance(operation, Product):
            a, b = operation.left, operation.right
            value = values[a] * values[b]
            slope = slopes[a] * values[b] + values[a] * slopes[b]
        elif isinstance(operation, Call):
            value, steep = RANGES[operation.name]
            slope = steep * slopes[operation.argument]
        else:
            value, steep = _power_ranges(operation, values[operation.argument])
            slope = steep * slopes[operation.argument]
        values.append(value)
        slopes.append(slope)
    return slopes[-1]


def _power_ranges(operation: Power, base: Range) -> tuple[Range, Range]:
    """Return ranges of a power and of its derivative with respect to the base; only their signs are used."""
    p = operation.exponent
    positive = p.denominator > 1 or (base.sign > 0 and base.is_strict)
    value = _sign_of_power(p, positive=positive)
    return value, _sign_of_power(p - 1, positive=positive).scaled(p)


def _sign_of_power(p: Fraction, *, positive: bool) -> Range:
    """Return a range of x^p for positive x; else for all x, with a whole number p."""
    if not p:
        return Range(Fraction(1), Fraction(1))
    if positive:
        return Range(Fraction(0), None, p < 0 or p.denominator == 1)
    return Range(Fraction(0), None, p < 0) if p.numerator % 2 == 0 else ANY


check = Check(SmoothEnd, lambda c: with_enough_bits(PRECISIONS, partial(verify, c)))
"""Verifies a certificate about another end of a trajectory."""
