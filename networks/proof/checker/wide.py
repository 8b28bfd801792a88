r"""Arrays of about 70 bits: unevaluated sums of two float64 arrays, with a proved distance from the exact array.

``two_sum`` and ``two_product`` (Knuth; Dekker, with Veltkamp's splitting) return a rounded result and its exact
error, but for what underflows: the :math:`2^{-400}` that every bound adds covers it. A product of two pairs by
``times`` leaves out terms below :math:`2^{-104}` of its size, a sum by ``plus`` those below :math:`2^{-104}` of the
sum of its operands' sizes; both are charged :math:`2^{-100}`, which also covers the scalars of the bounds. Frobenius
norms measure all errors.

Matrices are multiplied in S slices, three or four. Row i of A is written :math:`2^{E_i}(a_1 2^{-\beta} + \dots + a_S
2^{-S\beta}) + r` with integers :math:`|a_j| \le 2^\beta`, the second and the fourth at most half of that, and
:math:`|r| \le 2^{E_i-S\beta}`, columns of B alike. With :math:`k 2^{2\beta} \le 2^{53}` every product of slices is a
sum of integers below :math:`2^{53}`, exact in any order. What is left out, the products :math:`a_ib_j` with i + j > S
+ 1 and the rests, is below :math:`4k2^{E_i+F_j-S\beta}`: the products with i + j = S + 2 are at most 3/2 of it, the
rests 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, log2, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_OPERATION = 2.0**-100
_SPLITTER = 2.0**27 + 1
_FLOOR = 2.0**-400


def above(x: float) -> float:
    """Bound what an expression of at most 2,000 operations on numbers ≥ 0 stands for, from its float64 value."""
    return x * (1 + 2.0**-41) + _FLOOR if isfinite(x) else inf


def size(x: Array) -> float:
    """Bound the Frobenius norm of an array: a float64 sum of k squares is off by at most k + 2 units, in any order."""
    return above(sqrt(float(np.vdot(x, x))) * (1 + (x.size + 4) * 2.0**-53))


@dataclass(frozen=True, eq=False)
class Wide:
    """An array known as high + low within a Frobenius distance.

    Attributes:
        high: The leading part.
        low: The trailing part, at most half a unit of the last place of the leading one.
        error: A bound of the Frobenius distance from the exact array.
    """

    high: Array
    low: Array
    error: float

    @classmethod
    def exact(cls, x: Array) -> Wide:
        """Take an array as exact."""
        return cls(x, np.zeros_like(x), 0.0)

    @property
    def size(self) -> float:
        """A bound of the Frobenius norm of the exact array."""
        return above(size(self.high) * (1 + 2.0**-50) + self.error)

    def shaped(self, *shape: int) -> Wide:
        """Reshape."""
        return Wide(self.high.reshape(shape), self.low.reshape(shape), self.error)

    def picked(self, index: Any, factor: float = 1.0) -> Wide:
        """Index; the error grows by a factor where entries repeat."""
        return Wide(self.high[index], self.low[index], above(self.error * factor))

    @property
    def transposed(self) -> Wide:
        """The transpose."""
        return Wide(self.high.T, self.low.T, self.error)


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return fl(a + b) and its rounding error."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def _split(a: Array) -> tuple[Array, Array]:
    c = _SPLITTER * a
    high = c - (c - a)
    return high, a - high


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """Return fl(ab) and its rounding error, for numbers between 2⁻⁴⁰⁰ and 2⁴⁰⁰ or zero."""
    p = a * b
    (ah, al), (bh, bl) = _split(a), _split(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def _tidy(high: Array, low: Array) -> tuple[Array, Array]:
    s = high + low
    return s, low - (s - high)


def plus(a: Wide, b: Wide, sign: float = 1.0) -> Wide:
    """Return a + b, or a − b."""
    s, e = two_sum(a.high, sign * b.high)
    high, low = _tidy(s, e + (a.low + sign * b.low))
    return Wide(high, low, above(a.error + b.error + _OPERATION * (a.size + b.size)))


def raw_times(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the product of two pairs, entry by entry, within 2⁻¹⁰⁰ of its size."""
    p, e = two_product(a[0], b[0])
    return _tidy(p, e + (a[0] * b[1] + a[1] * b[0]))


def times(a: Wide, b: Wide, most: tuple[float, float]) -> Wide:
    """Return ab, entry by entry; ``most`` bounds the moduli of the exact entries of each."""
    high, low = raw_times((a.high, a.low), (b.high, b.low))
    rounding = _OPERATION * min(a.size * most[1], b.size * most[0])
    return Wide(high, low, above(a.error * (most[1] + b.error) + most[0] * b.error + rounding))


def scaled(a: Wide, factor: tuple[float, float], slip: float) -> Wide:
    """Return a times a number that is within ``slip`` of the sum of two floats."""
    f = np.full_like(a.high, factor[0]), np.full_like(a.high, factor[1])
    high, low = raw_times((a.high, a.low), f)
    modulus = abs(factor[0]) * (1 + 2.0**-50) + slip
    return Wide(high, low, above(a.error * modulus + a.size * slip + _OPERATION * modulus * a.size))


def _slices(a: Wide, beta: int, slices: int) -> tuple[list[Array], Array]:
    """Cut the rows of a matrix into slices of β bits; return also the 2^E of the rows."""
    largest = np.abs(a.high).max(axis=1, initial=0.0)
    powers = np.ldexp(1.0, np.frexp(np.maximum(largest, _FLOOR))[1])
    rest, low = a.high, a.low
    out = []
    unit = powers[:, None]
    for j in range(slices):
        if j == 2:
            # The rest is below 2^(E−2β), so that this sum is rounded by at most 2^(E−2β−53).
            rest = rest + low
        unit = unit * 2.0**-beta
        piece = np.rint(rest / unit) * unit
        out.append(piece)
        rest = rest - piece
    return out, powers


def product(a: Wide, b: Wide, slices: int = 3) -> Wide:
    """Return the matrix product AB, in three slices or four."""
    k = a.high.shape[1]
    beta = int((53 - log2(max(k, 2)) - 1e-9) // 2)
    (left, rows), (right, columns) = _slices(a, beta, slices), _slices(b.transposed, beta, slices)
    high = np.zeros((len(rows), len(columns)))
    low = np.zeros_like(high)
    for total in range(slices):
        for i in range(total + 1):
            high, lacking = two_sum(high, left[i] @ right[total - i].T)
            low = low + lacking
    high, low = _tidy(high, low)
    bound = size(rows) * size(columns) * k
    rounding = 5 * bound * 2.0 ** (-slices * beta) + 64 * _OPERATION * bound
    return Wide(high, low, above(a.error * b.size + a.size * b.error + a.error * b.error + rounding))


_ROWS = 64


def tall_product(a: Wide, b: Wide, slices: int = 3) -> Wide:
    """Return AᵀB for matrices of many rows: the fewer terms a product sums, the more bits its slices hold.

    Each block multiplies the stored pairs; the errors of A and B are added once, for all blocks.
    """
    total: Wide | None = None
    for begin in range(0, len(a.high), _ROWS):
        rows = slice(begin, begin + _ROWS)
        left = Wide(a.high[rows], a.low[rows], 0.0)
        part = product(left.transposed, Wide(b.high[rows], b.low[rows], 0.0), slices)
        total = part if total is None else plus(total, part)
    if total is None:
        raise AssertionError("a network has samples")
    lacking = a.error * b.size + a.size * b.error + a.error * b.error
    return Wide(total.high, total.low, above(total.error + lacking))
