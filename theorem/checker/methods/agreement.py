"""Equal moduli of multipliers, and double multipliers, by numbers that are proved to be exactly zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker.exact import integer_matrix, integers
from gdcheck.theorem.checker.methods.linear import Linear
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.document import Eigenvalue
from gdcheck.theorem.checker.reading.fields import Interval
from gdcheck.theorem.checker.spectrum import Operator

_DEGREE, _WEIGHT = 3, 12
"""For the polynomials in traces and determinants below: the largest degree, and sum of the coefficients' moduli."""


@dataclass(frozen=True)
class Algebraic:
    """Decides whether a polynomial in traces and determinants vanishes.

    Attributes:
        scale: A number whose product with every trace and determinant is an algebraic integer.
        size: A bound of their moduli for all eigenvalues, at least one.
        count: How many distinct eigenvalues there are.
    """

    scale: int
    size: Fraction
    count: int

    @classmethod
    def of(cls, linear: Linear, u: Fraction, operator: Operator, eigenvalues: Sequence[Eigenvalue]) -> Algebraic:
        """Return the numbers of a method; its eigenvalues are verified."""
        (t0, t1), (d0, d1) = linear.trace, linear.determinant
        top = u * eigenvalues[-1].high
        size = max(Fraction(1), abs(t0) + abs(t1) * top, abs(d0) + abs(d1) * top)
        # A common denominator of the matrix, times an eigenvalue, is an algebraic integer.
        scale = integer_matrix(operator.matrix)[1] * integers([t0, t1 * u, d0, d1 * u])[1]
        return cls(scale, size, len(eigenvalues))

    def is_zero(self, value: Interval, of: Sequence[Eigenvalue]) -> bool:
        """Claim M13 (zero): tell whether a polynomial in traces and determinants of eigenvalues is proved to vanish.

        Args:
            value: An interval that holds the polynomial's value.
            of: The eigenvalues whose traces and determinants occur in it, each once.
        """
        conjugates = self.count ** sum(e.low != e.high for e in of)
        largest = _WEIGHT * (self.scale * self.size) ** _DEGREE
        return bool(self.scale**_DEGREE * max(map(abs, value)) * largest ** (conjugates - 1) < 1)


@dataclass(frozen=True)
class Moduli:
    """The multipliers of a dominant mode.

    Attributes:
        sign: The sign of the real multiplier with the larger modulus; 0 for a pair.
        large: An interval of the larger modulus.
        small: An interval of the smaller modulus; None for a pair and a double multiplier, which have one modulus.
        trace: t.
        determinant: d.
    """

    sign: int
    large: Interval
    small: Interval | None
    trace: Interval
    determinant: Interval


def verify_agreement(algebraic: Algebraic, low: Moduli, high: Moduli, ends: Sequence[Eigenvalue]) -> None:
    """Claim M14 (agreement): the larger moduli of two modes agree, where the determinant depends on the eigenvalue.

    Args:
        algebraic: Decides whether a polynomial vanishes.
        low: The mode of the lower eigenvalue, positive or a pair.
        high: The mode of the higher eigenvalue, negative.
        ends: The two eigenvalues.
    """
    claim(low.sign >= 0 > high.sign, "a negative multiplier beside a positive one or a pair fails")
    if low.sign == 0:
        total = _plus(low.determinant, high.determinant)
        value = _minus(_times(total, total), _times(_times(high.trace, high.trace), low.determinant))
    else:
        gap, total = _minus(low.determinant, high.determinant), _plus(low.trace, high.trace)
        value = _plus(
            _minus(_times(gap, gap), _times(_times(low.trace, gap), total)),
            _times(low.determinant, _times(total, total)),
        )
    claim(algebraic.is_zero(value, ends), f"two multipliers have one modulus fails: a resultant is in {show(*value)}")
    for a, b in _others(low, high):
        claim(a[1] < b[0] or b[1] < a[0], "the larger moduli are those that agree fails")


def _others(low: Moduli, high: Moduli) -> Iterator[tuple[Interval, Interval]]:
    """Yield all other pairs of one modulus of each mode: none of them may agree."""
    if low.small is not None:
        yield low.small, high.large
    if high.small is not None:
        yield low.large, high.small
    if low.small is not None and high.small is not None:
        yield low.small, high.small


def _plus(x: Interval, y: Interval) -> Interval:
    return x[0] + y[0], x[1] + y[1]


def _minus(x: Interval, y: Interval) -> Interval:
    return x[0] - y[1], x[1] - y[0]


def _times(x: Interval, y: Interval) -> Interval:
    ends = [a * b for a in x for b in y]
    return min(ends), max(ends)
