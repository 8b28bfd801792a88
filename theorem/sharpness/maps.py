r"""Values of functions around the minimizer in Arb balls; largest eigenvalues between certified bounds.

By Sylvester's law of inertia, :math:`sI - A` has as many negative pivots as A has eigenvalues above s. All pivots
positive thus proves :math:`\lambda_n < s`, and a negative one :math:`\lambda_n > s`; no eigen-solver is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flint import acb_mat, arb, arb_mat, ctx, fmpq

from gdcheck.theorem.descent.expansion import Exponents
from gdcheck.theorem.descent.hessian_map import Matrix
from gdcheck.theorem.loss.balls import surely_less, whole_power
from gdcheck.theorem.loss.truncated import TruncatedPower

_WIDENINGS = 12


class ValueMap:
    """φ(m + h) − φ(m), compiled for evaluation at one precision.

    Args:
        terms: The polynomial part in h; its constant is left out.
        truncated: The truncated powers, in displacements from the minimizer.
    """

    def __init__(self, terms: Iterable[tuple[Exponents, fmpq]], truncated: Iterable[TruncatedPower]) -> None:
        self._terms = [(arb(c), [(i, e) for i, e in enumerate(a) if e]) for a, c in terms if any(a)]
        self._powers = [(arb(t.coefficient), [arb(x) for x in t.direction], arb(t.offset), t.power) for t in truncated]

    def __call__(self, h: Sequence[arb]) -> arb:
        """Evaluate at a vector of balls, shape (n,)."""
        total = arb(0)
        for c, factors in self._terms:
            product = c
            for i, e in factors:
                product = product * whole_power(h[i], e)
            total += product
        for c, direction, offset, power in self._powers:
            reach = offset + sum((x * y for x, y in zip(direction, h, strict=True)), arb(0))
            total += c * (reach.max(arb(0)) ** power - offset.max(arb(0)) ** power)
        return total


def compare_largest_eigenvalue(matrix: Matrix, threshold: arb) -> int | None:
    """Tell on which side of a threshold the largest eigenvalue of a symmetric matrix of balls lies.

    Args:
        matrix: The matrix, shape (n, n).
        threshold: A ball or a number s.

    Returns:
        −1 if λ_n < s is proved, 1 if λ_n > s is, None if a pivot cannot be told from zero.
    """
    n = len(matrix)
    rows = [[threshold - matrix[i][i] if i == j else -matrix[i][j] for j in range(i, n)] for i in range(n)]
    for k in range(n):
        row = rows[k]
        pivot = row[0]
        if surely_less(pivot, arb(0)):
            return 1
        if not surely_less(arb(0), pivot):
            return None
        for i in range(k + 1, n):
            factor = row[i - k] / pivot
            target = rows[i]
            for j in range(i, n):
                target[j - i] -= factor * row[j - k]
    return -1


def largest_eigenvalue(matrix: Matrix) -> arb:
    """Enclose the largest eigenvalue of a symmetric matrix of balls; not finite if that fails.

    Args:
        matrix: The matrix, shape (n, n).

    Returns:
        A ball, proved by the signs of pivots just below and just above a numerical value.
    """
    middle = arb_mat([[x.mid() for x in row] for row in matrix])
    try:
        values = acb_mat(middle).eig(algorithm="approx")
    except (ArithmeticError, ValueError):
        return arb("nan")
    guess = max(x.real.mid() for x in values)
    size = abs(guess) + max(sum((abs(x) for x in row), arb(0)).upper() for row in matrix)
    scale = size if size > 0 else arb(1)
    spread = scale * arb(2) ** (16 - ctx.prec) + sum((x.rad() for row in matrix for x in row), arb(0))
    for _ in range(_WIDENINGS):
        low, high = (guess - spread).lower(), (guess + spread).upper()
        if compare_largest_eigenvalue(matrix, high) == -1 and compare_largest_eigenvalue(matrix, low) == 1:
            enclosed: arb = low.union(high)
            return enclosed
        spread *= 64
    return arb("nan")
