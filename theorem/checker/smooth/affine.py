"""The affine forms of the variables in a loss, as one matrix of whole numbers over 2^bits: evaluated all at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from operator import mul

from gdcheck.theorem.checker.smooth.expression import Expression, Sum
from gdcheck.theorem.checker.smooth.intervals import Interval

FEW = 64
"""With fewer coefficients than this, no matrix is made: the sums are evaluated one by one."""


class Dots:
    """A matrix of coefficients, each a whole number over 2^scale, rounded down if it has to be; it multiplies vectors.

    Attributes:
        bits: The scale of the vectors' intervals.
        scale: The scale of the coefficients: the smallest at which all are exact, but at most ``bits``.
        exact: Whether all coefficients are exact.
        rows: The coefficients, times 2^scale.
        sums: For each row, the sum of the absolute values of its coefficients, times 2^scale.
    """

    def __init__(self, rows: Sequence[Sequence[Fraction]], bits: int) -> None:
        needed = max((c.denominator.bit_length() - 1 for row in rows for c in row), default=0)
        self.bits = bits
        self.scale = min(needed, bits)
        self.exact = all((1 << self.scale) % c.denominator == 0 for row in rows for c in row)
        self.scale = self.scale if self.exact else bits
        self.rows = [[(c.numerator << self.scale) // c.denominator for c in row] for row in rows]
        self.sums = [sum(map(abs, row)) for row in self.rows]

    def of(self, xs: Sequence[Interval]) -> list[Interval]:
        """Enclose the product of the matrix with a vector of intervals.

        The middles are multiplied. The result is wrong by at most half the width of the widest interval, times the sum
        of the row's absolute values.
        """
        middles = [(x.low + x.high) >> 1 for x in xs]
        widest = max(x.high - m for x, m in zip(xs, middles, strict=True))
        # A rounded coefficient is too small by less than one unit.
        room = 0 if self.exact else sum(x.modulus() for x in xs)
        found = []
        for row, size in zip(self.rows, self.sums, strict=True):
            middle, wrong = sum(map(mul, row, middles)), size * widest + room
            found.append(Interval((middle - wrong) >> self.scale, -(-(middle + wrong) >> self.scale), self.bits))
        return found


class Affine:
    """The sums of variables in a loss.

    Attributes:
        rows: The row of each such operation, by its index; empty if there are few.
        down: From variables to sums, without their constants.
        back: From sums to variables.
        constants: The sums' constants.
        lengths: Upper bounds of the norms of the sums' coefficients, times 2^bits.
    """

    def __init__(self, expression: Expression, bits: int) -> None:
        n = expression.dimension
        sums = [
            (i, x)
            for i, x in enumerate(expression.operations[:-1])
            if isinstance(x, Sum) and all(slot < n for slot, _ in x.terms)
        ]
        if sum(len(x.terms) for _, x in sums) < FEW:
            sums = []
        dense = [[dict(x.terms).get(slot, Fraction(0)) for slot in range(n)] for _, x in sums]
        self.bits = bits
        self.rows = {i: row for row, (i, _) in enumerate(sums)}
        self.down = Dots(dense, bits)
        self.back = Dots(list(zip(*dense, strict=True)), bits)
        self.constants = [Interval.exactly(x.constant, bits) for _, x in sums]
        self.lengths = [_norm_above(row, self.down) for row in self.down.rows]

    def values(self, point: Sequence[Interval]) -> list[Interval]:
        """Evaluate the sums."""
        return [x + c for x, c in zip(self.down.of(point), self.constants, strict=True)]

    def weighted(self, weights: Sequence[Interval]) -> list[list[Interval]]:
        """Return A^T W A: A holds the coefficients of the sums, and the diagonal of W one weight for each sum.

        Let A_j be column j of A. With weights m +- e, the entry (j, k) is wrong by at most the sum of these parts:

        * for the weights, e |A_j| |A_k|;
        * for rounding A_j m down, one unit times the sum of the moduli of A_k;
        * for rounded coefficients, each too small by less than one unit, max |w| units times the sums of the moduli of
          A_j and of A_k.
        """
        bits, scale, columns = self.bits, self.back.scale, self.back.rows
        middles = [(w.low + w.high) >> 1 for w in weights]
        doubt = max(w.high - w.low for w in weights) // 2 + 1
        most = (max(map(abs, middles)) + doubt >> bits) + 1
        lengths = [(isqrt(sum(map(mul, c, c))) >> scale) + 2 for c in columns]
        sums = [(sum(map(abs, c)) >> scale) + 2 for c in columns]
        found: list[list[Interval]] = [[] for _ in columns]
        for j, column in enumerate(columns):
            scaled = [a * m >> scale for a, m in zip(column, middles, strict=True)]
            for k in range(j + 1):
                entry = sum(map(mul, scaled, columns[k])) >> scale
                wrong = doubt * lengths[j] * lengths[k] + sums[k] + 2
                if not self.back.exact:
                    wrong += most * (sums[j] + sums[k])
                found[j].append(Interval(entry - wrong, entry + wrong, bits))
                if k < j:
                    found[k].append(found[j][k])
        return found

    def collected(self, slots: Sequence[Interval], n: int) -> list[Interval]:
        """Return the derivatives with respect to the n variables, by the chain rule through the sums.

        Args:
            slots: The derivatives with respect to all slots, as far as they do not pass through the sums.
            n: The number of variables.
        """
        if not self.rows:
            return list(slots[:n])
        more = self.back.of([slots[n + i] for i in self.rows])
        return [x + y for x, y in zip(slots, more, strict=False)]


def _norm_above(row: Sequence[int], dots: Dots) -> int:
    """Bound the norm of a row of rounded coefficients, times 2^bits."""
    less = 0 if dots.exact else 1
    norm = isqrt(sum((abs(c) + less) ** 2 for c in row)) + 1
    return norm << dots.bits - dots.scale


@lru_cache(maxsize=16)
def affine(expression: Expression, bits: int) -> Affine:
    """Return the sums of variables in a loss at a precision."""
    return Affine(expression, bits)
