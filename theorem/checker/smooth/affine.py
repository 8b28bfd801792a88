"""The affine forms of the variables in a loss, as one matrix of whole numbers over 2^bits: evaluated all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from operator import mul

from gdcheck.theorem.checker.smooth.expression import Call, Expression, Power, Sum
from gdcheck.theorem.checker.smooth.intervals import Interval

FEW = 64
"""With fewer coefficients than this, no matrix is made: the sums are evaluated one by one."""


class Fields:
    """Columns of whole numbers, each in one large number: its entries stand in fields of one width.

    Multiplied by a factor and added up, the columns give every row's sum of products at once. With width w and the
    entries c_i, a column is the sum of c_i 2^(w i); no carry passes from a field to the next as long as the modulus of
    every row's sum is below 2^(w - 1). Then that sum plus 2^(w - 1) is not negative and has w bits.

    Attributes:
        rows: How many fields there are.
        size: The bytes in a field.
        half: 2^(w - 1).
        halves: That in every field.
        columns: The large numbers.
    """

    def __init__(self, columns: Sequence[Sequence[int]], size: int) -> None:
        self.rows, self.size, self.half = len(columns[0]), size, 1 << 8 * size - 1
        self.halves = self.joined([0] * self.rows)
        self.columns = [self.joined(column) - self.halves for column in columns]

    def joined(self, entries: Sequence[int]) -> int:
        """Return entries plus 2^(w - 1), side by side."""
        return int.from_bytes(b"".join((c + self.half).to_bytes(self.size, "little") for c in entries), "little")

    def products(self, factors: Sequence[int]) -> list[int]:
        """Return each row's sum of products with the factors."""
        sums = (sum(map(mul, self.columns, factors)) + self.halves).to_bytes(self.rows * self.size, "little")
        size, half, read = self.size, self.half, int.from_bytes
        return [read(sums[i : i + size], "little") - half for i in range(0, len(sums), size)]


class Dots:
    """Sums of products with fixed rows of coefficients, each a whole number over 2^scale, rounded down if need be.

    Attributes:
        bits: The scale of what is multiplied with them.
        scale: That of the coefficients: at most ``bits``, and no more than they need to be exact.
        exact: Whether they are.
        rows: The coefficients, times 2^scale.
        sums: The sums of their absolute values.
    """

    def __init__(self, rows: Sequence[Sequence[int]], bits: int, scale: int, *, exact: bool) -> None:
        self.bits, self.scale, self.exact, self.rows = bits, scale, exact, rows
        self.sums = [sum(map(abs, row)) for row in rows]
        self._fields: dict[int, Fields] = {}

    def transposed(self) -> Dots:
        """Return the sums with the columns of coefficients."""
        return Dots(list(zip(*self.rows, strict=True)), self.bits, self.scale, exact=self.exact)

    def products(self, xs: Sequence[int]) -> list[int]:
        """Return the sum of products of each row with whole numbers."""
        if not self.rows:
            return []
        # The modulus of a row's sum has no more bits than the two maxima together; a field has one more at least.
        most = max(self.sums).bit_length() + max(map(abs, xs)).bit_length()
        size = 4 * (most // 32 + 1)
        if size not in self._fields:
            self._fields[size] = Fields(list(zip(*self.rows, strict=True)), size)
        return self._fields[size].products(xs)

    def of(self, xs: Sequence[Interval]) -> list[Interval]:
        """Return the sum of products of each row with intervals: by their middles, and half the widest one's width."""
        middles = [(x.low + x.high) >> 1 for x in xs]
        widest = max(x.high - m for x, m in zip(xs, middles, strict=True))
        # A rounded coefficient is too small by less than one unit.
        room = 0 if self.exact else sum(x.modulus() for x in xs)
        found = []
        for middle, size in zip(self.products(middles), self.sums, strict=True):
            wrong = size * widest + room
            found.append(Interval((middle - wrong) >> self.scale, -(-(middle + wrong) >> self.scale), self.bits))
        return found


@dataclass(frozen=True)
class Coefficients:
    """Rows of rational coefficients.

    Attributes:
        rows: Each coefficient's numerator and denominator.
        needed: The bits after the point with which all of them are exact; None if no number of bits is enough.
    """

    rows: list[list[tuple[int, int]]]
    needed: int | None

    @classmethod
    def of(cls, rows: Sequence[Sequence[Fraction]]) -> Coefficients:
        """Read fractions."""
        ratios = [[c.as_integer_ratio() for c in row] for row in rows]
        denominators = {q for row in ratios for _, q in row}
        exact = all(q & q - 1 == 0 for q in denominators)
        return cls(ratios, max((q.bit_length() - 1 for q in denominators), default=0) if exact else None)

    def dots(self, bits: int) -> Dots:
        """Return the sums with them, rounded down if ``bits`` are too few."""
        exact = self.needed is not None and self.needed <= bits
        scale = self.needed if self.needed is not None and exact else bits
        return Dots([[(p << scale) // q for p, q in row] for row in self.rows], bits, scale, exact=exact)


class Affine:
    """The sums of variables in a loss.

    Attributes:
        bits: The precision.
        dimension: The number n of variables.
        rows: The row of each such operation, by its index in order; empty if there are few.
        others: The indices of all other operations.
        calls: Those that are functions of the sums, with the slots of their arguments, by the function's name and
            whether its value matters; all can be evaluated at once.
        rest: Those that are neither.
        inner: For the slot of each power or function of a sum, the sum's row.
        down: From variables to sums, without their constants.
        back: From sums to variables.
        constants: The sums' constants.
        lengths: Upper bounds of the norms of the sums' coefficients, times 2^bits.
    """

    def __init__(self, expression: Expression, bits: int) -> None:
        n = expression.dimension
        sums, coefficients = _sums(expression)
        self.bits, self.dimension = bits, n
        self.rows = {i: row for row, i in enumerate(sums)}
        self.others = [i for i in range(len(expression.operations)) if i not in self.rows]
        self.calls: dict[tuple[str, bool], list[tuple[int, int]]] = {}
        self.rest: list[int] = []
        self.inner: dict[int, int] = {}
        for i in self.others:
            x = expression.operations[i]
            if isinstance(x, Power | Call) and x.argument - n in self.rows:
                self.inner[n + i] = self.rows[x.argument - n]
            if isinstance(x, Call) and x.argument - n in self.rows:
                self.calls.setdefault((x.name, n + i in expression.valued), []).append((i, x.argument))
            else:
                self.rest.append(i)
        self.down = coefficients.dots(bits)
        self.back = self.down.transposed()
        self.constants = [Interval.exactly(x.constant, bits) for x in sums.values()]
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
            products = self.back.products(scaled)
            for k in range(j + 1):
                wrong = doubt * lengths[j] * lengths[k] + sums[k] + 2
                if not self.back.exact:
                    wrong += most * (sums[j] + sums[k])
                entry = products[k] >> scale
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


@lru_cache(maxsize=4)
def _sums(expression: Expression) -> tuple[dict[int, Sum], Coefficients]:
    """Return the sums of variables by their index, and their coefficients; none if there are few."""
    n, operations = expression.dimension, enumerate(expression.operations[:-1])
    sums = {i: x for i, x in operations if isinstance(x, Sum) and all(slot < n for slot, _ in x.terms)}
    if sum(len(x.terms) for x in sums.values()) < FEW:
        sums = {}
    rows = [dict(x.terms) for x in sums.values()]
    return sums, Coefficients.of([[row.get(slot, Fraction(0)) for slot in range(n)] for row in rows])


@lru_cache(maxsize=16)
def affine(expression: Expression, bits: int) -> Affine:
    """Return the sums of variables in a loss at a precision."""
    return Affine(expression, bits)
