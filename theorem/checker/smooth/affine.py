"""The affine forms of the variables in a loss as one matrix of whole numbers over 2^bits: many sums at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from operator import mul

from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.smooth.expression import Expression, Sum
from gdcheck.theorem.checker.smooth.intervals import Interval

FEW = 64
"""Fewer coefficients are summed one by one."""


class Dots:
    """Sums of products with fixed rows of coefficients, each rounded down to a whole number over 2^bits."""

    def __init__(self, rows: Sequence[Sequence[Fraction]], bits: int) -> None:
        self.bits = bits
        self.rows = [[(c.numerator << bits) // c.denominator for c in row] for row in rows]
        self.exact = all((1 << bits) % c.denominator == 0 for row in rows for c in row)
        self.positive = [[max(c, 0) for c in row] for row in self.rows]
        self.negative = [[min(c, 0) for c in row] for row in self.rows]

    def of(self, xs: Sequence[Interval]) -> list[Interval]:
        """Return the sum of products of each row with intervals."""
        lows, highs = [x.low for x in xs], [x.high for x in xs]
        # A rounded coefficient is too small by less than one unit.
        room = 0 if self.exact else sum(x.modulus() for x in xs)
        found = []
        for row, up, down in zip(self.rows, self.positive, self.negative, strict=True):
            if lows == highs:
                low = high = sum(map(mul, row, lows))
            else:
                low = sum(map(mul, up, lows)) + sum(map(mul, down, highs))
                high = sum(map(mul, up, highs)) + sum(map(mul, down, lows))
            found.append(Interval((low - room) >> self.bits, -(-(high + room) >> self.bits), self.bits))
        return found


class Affine:
    """The sums of variables in a loss.

    Attributes:
        rows: The row of each such operation, by its index; empty if there are few.
        down: From variables to sums, without their constants.
        back: From sums to variables.
        constants: The sums' constants.
        lengths: Upper bounds of the rows' norms, times 2^bits.
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
        self.lengths = [Interval.exactly(norm_above(row), bits).high for row in dense]

    def values(self, point: Sequence[Interval]) -> list[Interval]:
        """Evaluate the sums."""
        return [x + c for x, c in zip(self.down.of(point), self.constants, strict=True)]

    def weighted(self, weights: Sequence[Interval]) -> list[list[Interval]]:
        """Return A^T W A, with the sums' coefficients as A and the weights, one a sum, on the diagonal of W.

        With weights m +- e and coefficients that are too small by less than one unit if they are rounded, an entry is
        wrong by at most e |A_j| |A_k| for the weights, one unit times the sum of |A_k| for rounding A_j m down, and for
        rounded coefficients max |w| units times the sums of |A_j| and |A_k|.
        """
        bits, columns = self.bits, self.back.rows
        middles = [(w.low + w.high) >> 1 for w in weights]
        doubt = max(w.high - w.low for w in weights) // 2 + 1
        most = (max(map(abs, middles)) + doubt >> bits) + 1
        lengths = [(isqrt(sum(map(mul, c, c))) >> bits) + 2 for c in columns]
        sums = [(sum(map(abs, c)) >> bits) + 2 for c in columns]
        found: list[list[Interval]] = [[] for _ in columns]
        for j, column in enumerate(columns):
            scaled = [a * m >> bits for a, m in zip(column, middles, strict=True)]
            for k in range(j + 1):
                entry = sum(map(mul, scaled, columns[k])) >> bits
                wrong = doubt * lengths[j] * lengths[k] + sums[k] + 2
                if not self.back.exact:
                    wrong += most * (sums[j] + sums[k])
                found[j].append(Interval(entry - wrong, entry + wrong, bits))
                if k < j:
                    found[k].append(found[j][k])
        return found

    def collected(self, slots: Sequence[Interval], n: int) -> list[Interval]:
        """Return the first n of derivatives with respect to slots, with what comes to the variables from the sums."""
        if not self.rows:
            return list(slots[:n])
        more = self.back.of([slots[n + i] for i in self.rows])
        return [x + y for x, y in zip(slots, more, strict=False)]


@lru_cache(maxsize=16)
def affine(expression: Expression, bits: int) -> Affine:
    """Return the sums of variables in a loss at a precision."""
    return Affine(expression, bits)
