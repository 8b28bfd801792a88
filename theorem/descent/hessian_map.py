r"""The Hessian around the minimizer in Arb balls, and how much one step of gradient descent expands distances there."""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat

from gdcheck.theorem.descent.expansion import Expansion, Word

Matrix = list[list[arb]]

_SQUARINGS = 10


class HessianMap:
    """The matrix ∇²f(m + h), compiled for evaluation at one precision."""

    def __init__(self, expansion: Expansion) -> None:
        self.dimension = n = expansion.dimension
        self._constant: Matrix = [[arb(0)] * n for _ in range(n)]
        self._terms: list[tuple[int, int, arb, Word]] = []
        for i, word, c in expansion.gradient_terms:
            for j in sorted(set(word)):
                if j < i:
                    continue
                place = word.index(j)
                rest, factor = word[:place] + word[place + 1 :], arb(c * word.count(j))
                if rest:
                    self._terms.append((i, j, factor, rest))
                else:
                    self._constant[i][j] += factor
        self._powers = [
            (arb(t.coefficient * t.power * (t.power - 1)), [arb(x) for x in t.direction], arb(t.offset), t.power - 2)
            for t in expansion.truncated
        ]

    def __call__(self, h: Sequence[arb]) -> Matrix:
        """Evaluate at a vector of balls, shape (n, n), symmetric."""
        rows = [list(row) for row in self._constant]
        for i, j, factor, rest in self._terms:
            product = factor
            for place in rest:
                product = product * h[place]
            rows[i][j] += product
        for factor, direction, offset, exponent in self._powers:
            reach = offset + sum((x * y for x, y in zip(direction, h, strict=True)), arb(0))
            if reach <= 0:
                continue
            # For p = 2 the curvature jumps at the kink.
            height = factor * (reach.max(arb(0)) ** exponent if exponent else arb(1) if reach > 0 else arb(0).union(1))
            for i, x in enumerate(direction):
                for j in range(i, self.dimension):
                    rows[i][j] += height * x * direction[j]
        for i in range(self.dimension):
            for j in range(i):
                rows[i][j] = rows[j][i]
        return rows


def norm_bound(matrix: Matrix) -> arb:
    r"""Return an upper bound of the spectral norm of a symmetric matrix of balls.

    Args:
        matrix: The matrix M, shape (n, n).

    Returns:
        For n ≤ 2 the larger modulus of the eigenvalues; else :math:`\|M^N\|_F^{1/N}` for N = 2¹⁰, which is too large by
        at most the factor :math:`n^{1/(2N)}`.
    """
    if len(matrix) == 1:
        return abs(matrix[0][0]).upper()
    if len(matrix) == 2:
        (a, b), (_, d) = matrix
        return ((abs(a + d) + ((a - d) * (a - d) + 4 * b * b).upper().sqrt()) / 2).upper()
    power = arb_mat(matrix)
    for _ in range(_SQUARINGS):
        power = power * power
    total = sum((x * x for x in power.entries()), arb(0)).upper()
    return total.root(2 ** (_SQUARINGS + 1)).upper()
