r"""Float64 arrays with a norm-wise error bound, and the bounds of what a few operations add to it.

Every operation rounds to nearest with unit roundoff :math:`u = 2^{-53}` and underflows gradually (IEEE 754). A
product of matrices with inner dimension k, summed in any order and with or without fused operations, has
:math:`|fl(AB) - AB| \le \gamma_k|A||B|` with :math:`\gamma_k = ku/(1-ku)`, up to underflow (Higham, *Accuracy and
Stability of Numerical Algorithms*, section 3.5); by Cauchy and Schwarz the Frobenius norm of the right side is at most
:math:`\gamma_k\|A\|_F\|B\|_F`. An underflow changes a product of two numbers by at most :math:`2^{-1075}`; where
:math:`\|A\|_F\|B\|_F` is above :math:`2^{-900}`, k of them are below one more unit roundoff of it, so that
:math:`\gamma_{k+1}` covers both.

Bounds are sums, products, quotients and roots of numbers that are not negative. Each of the m roundings of such an
expression changes it by at most a factor 1 ± u, so ``up`` makes a bound of it for m up to 4,096: :math:`(1 - u)^{-m}
\le 1 + 2^{-40}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNIT = 2.0**-53
"""The unit roundoff u."""
_TINY = 2.0**-450
_LEAST = 2.0**-500


def up(x: float) -> float:
    """Bound the exact value of an expression of at most 4,096 operations on numbers that are not negative.

    Args:
        x: Its value in float64.

    Returns:
        A bound; infinity if the value is not finite.
    """
    return x * (1 + 2.0**-40) + _LEAST if isfinite(x) else inf


def gamma(k: int) -> float:
    """Bound the relative error of a sum of k products, γ_k.

    Args:
        k: The number of products, below 2⁴⁰.

    Returns:
        ku/(1 − ku), rounded up.
    """
    return up(k * UNIT / (1 - k * UNIT))


def length(x: Floats) -> float:
    """Bound the Frobenius norm of an array.

    Args:
        x: The array, of any shape.

    Returns:
        A bound that exceeds the norm by a factor 1 + γ_k and by the share that can underflow; infinity if x is not
        finite.
    """
    flat = x.ravel()
    total = float(flat @ flat)
    return up(sqrt(total) * (1 + gamma(x.size + 2)) + sqrt(x.size) * _TINY)


@dataclass(frozen=True, eq=False)
class Near:
    """An array that is known within a distance.

    Attributes:
        value: The float64 array.
        error: A bound of the Frobenius norm of its difference from the exact array.
    """

    value: Floats
    error: float


def product(a: Near, b: Near, *, of_a: float, of_b: float) -> Near:
    """Multiply two matrices.

    Args:
        a: The first, shape (m, k).
        b: The second, shape (k, n).
        of_a: A bound of the spectral norm of the exact first.
        of_b: A bound of the spectral norm of ``b.value``.

    Returns:
        The product: (A + E)(B + F) = AB + EB + (A + E)F, and the rounding.
    """
    k = a.value.shape[1]
    rounding = gamma(k + 1) * max(length(a.value) * length(b.value), _TINY)
    return Near(a.value @ b.value, up(a.error * of_b + of_a * b.error + rounding))


_BLOCK = 64


def summed(a: Near, b: Near) -> Near:
    """Return AᵀB for tall matrices, block of rows by block of rows, so that errors do not grow with all rows.

    With blocks of k rows and m blocks the products round by γ_k Σ‖A_i‖‖B_i‖ at most, and their sum by γ_m times the
    same; Σ‖A_i‖‖B_i‖ ≤ ‖A‖‖B‖.

    Args:
        a: The first, shape (rows, i).
        b: The second, shape (rows, j).

    Returns:
        The product, shape (i, j); its error bound uses Frobenius norms.
    """
    rows = len(a.value)
    of_a, of_b = length(a.value), length(b.value)
    if rows > 4 * _BLOCK:
        full = rows - rows % _BLOCK
        blocks = full // _BLOCK
        left = a.value[:full].reshape(blocks, _BLOCK, -1).transpose(0, 2, 1)
        value = np.matmul(left, b.value[:full].reshape(blocks, _BLOCK, -1)).sum(axis=0)
        value = value + a.value[full:].T @ b.value[full:]
        count = 2 * _BLOCK + blocks + 2
    else:
        value, count = a.value.T @ b.value, rows
    rounding = gamma(count + 1) * max(of_a * of_b, _TINY)
    return Near(value, up(a.error * (of_b + b.error) + of_a * b.error + rounding))


def times(a: Near, b: Near, *, largest_a: float, largest_b: float) -> Near:
    """Multiply two arrays entry by entry.

    Args:
        a: The first.
        b: The second, of the same shape.
        largest_a: A bound of the modulus of all entries of the exact first.
        largest_b: A bound of the modulus of all entries of ``b.value``.

    Returns:
        Their product.
    """
    value = a.value * b.value
    rounding = 2 * UNIT * max(length(value), _TINY)
    return Near(value, up(a.error * largest_b + largest_a * b.error + rounding))


def plus(a: Near, b: Near) -> Near:
    """Add two arrays; one that is broadcast must be exact.

    Args:
        a: The first.
        b: The second.

    Returns:
        Their sum.
    """
    value = a.value + b.value
    return Near(value, up(a.error + b.error + UNIT * length(value)))
