"""Intervals whose ends are whole numbers over 2^bits, every operation rounded outward."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.outcome import ClaimError

Ends = tuple[Fraction, Fraction]
"""The lower and the upper end of an interval, as fractions: certificates state them so."""


class UndefinedError(ClaimError):
    """An operation is not defined on all of an interval: for instance a division by one that holds 0."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"the loss is defined wherever it is evaluated fails: {operation}")


@dataclass(slots=True)
class Interval:
    """The numbers between low/2^bits and high/2^bits. It is never changed, but not frozen, which would cost time.

    Attributes:
        low: The lower end, times 2^bits.
        high: The upper end, times 2^bits.
        bits: The scale; both operands of an operation have the same.
    """

    low: int
    high: int
    bits: int

    @classmethod
    def of(cls, low: Fraction, high: Fraction, bits: int) -> Interval:
        """Return the narrowest interval of this scale that holds two fractions."""
        return cls((low.numerator << bits) // low.denominator, -((-high.numerator << bits) // high.denominator), bits)

    @classmethod
    def exactly(cls, number: Fraction | int, bits: int) -> Interval:
        """Return an interval around one number; it has no width if the scale can state the number."""
        return cls.of(Fraction(number), Fraction(number), bits)

    @property
    def lower(self) -> Fraction:
        """The lower end."""
        return Fraction(self.low, 1 << self.bits)

    @property
    def upper(self) -> Fraction:
        """The upper end."""
        return Fraction(self.high, 1 << self.bits)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high, self.bits)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low, self.bits)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.bits)

    def __mul__(self, other: Interval) -> Interval:
        a, b, c, d = self.low, self.high, other.low, other.high
        if a >= 0:
            least, most = (a if c >= 0 else b) * c, (b if d >= 0 else a) * d
        elif b <= 0:
            least, most = (a if d >= 0 else b) * d, (b if c >= 0 else a) * c
        elif c >= 0:
            least, most = a * d, b * d
        elif d <= 0:
            least, most = b * c, a * c
        else:
            least, most = min(a * d, b * c), max(a * c, b * d)
        return Interval(least >> self.bits, -(-most >> self.bits), self.bits)

    def times(self, number: int) -> Interval:
        """Return a whole multiple, exactly."""
        a, b = self.low * number, self.high * number
        return Interval(min(a, b), max(a, b), self.bits)

    def over(self, number: int) -> Interval:
        """Return the interval divided by a positive whole number."""
        return Interval(self.low // number, -(-self.high // number), self.bits)

    def halved(self, times: int) -> Interval:
        """Return the interval divided by 2^times."""
        return Interval(self.low >> times, -(-self.high >> times), self.bits)

    def square(self) -> Interval:
        """Return an interval of the squares."""
        low, high = self.low**2, self.high**2
        least = 0 if self.low <= 0 <= self.high else min(low, high)
        return Interval(least >> self.bits, -(-max(low, high) >> self.bits), self.bits)

    def reciprocal(self) -> Interval:
        """Return an interval of the reciprocals."""
        if self.low <= 0 <= self.high:
            raise UndefinedError("a division by an interval that holds 0")
        one = 1 << 2 * self.bits
        return Interval(one // self.high, -(-one // self.low), self.bits)

    def root(self) -> Interval:
        """Return an interval of the square roots."""
        if self.low < 0:
            raise UndefinedError("the square root of an interval that reaches below 0")
        return Interval(isqrt(self.low << self.bits), isqrt(self.high << self.bits) + 1, self.bits)

    def modulus(self) -> int:
        """Return the largest absolute value, times 2^bits."""
        return max(abs(self.low), abs(self.high))

    def middle(self) -> Interval:
        """Return a number near the middle."""
        return Interval((self.low + self.high) // 2, (self.low + self.high) // 2, self.bits)

    def width(self) -> int:
        """Return the distance of the ends, times 2^bits."""
        return self.high - self.low

    def widened(self, by: int) -> Interval:
        """Return the interval with both ends moved outward by ``by``/2^bits."""
        return Interval(self.low - by, self.high + by, self.bits)

    def meet(self, other: Interval) -> Interval:
        """Return the intersection of two intervals that enclose the same number."""
        return Interval(max(self.low, other.low), min(self.high, other.high), self.bits)

    def at_scale(self, bits: int) -> Interval:
        """Return the interval at another scale, rounded outward."""
        shift = bits - self.bits
        if shift >= 0:
            return Interval(self.low << shift, self.high << shift, bits)
        return Interval(self.low >> -shift, -(-self.high >> -shift), bits)


def total(intervals: Iterable[Interval], bits: int) -> Interval:
    """Return the sum of intervals."""
    low = high = 0
    for x in intervals:
        low, high = low + x.low, high + x.high
    return Interval(low, high, bits)


def dot(a: Sequence[Interval], b: Sequence[Interval]) -> Interval:
    """Return the inner product."""
    return total((x * y for x, y in zip(a, b, strict=True)), a[0].bits)


def norm_above(vector: Iterable[Interval], bits: int) -> Fraction:
    """Return an upper bound of the Euclidean norm."""
    return Fraction(isqrt(sum(x.modulus() ** 2 for x in vector)) + 1, 1 << bits)


def point(numbers: Iterable[Fraction], bits: int) -> list[Interval]:
    """Return intervals around numbers."""
    return [Interval.exactly(x, bits) for x in numbers]


def middles(vector: Sequence[Interval], bits: int) -> tuple[list[Interval], Fraction]:
    """Return numbers near the middles, and a bound of their distance from every vector inside."""
    centre = [x.middle() for x in vector]
    return centre, norm_above([x - y for x, y in zip(vector, centre, strict=True)], bits)
