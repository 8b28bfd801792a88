"""Eigenvalues of a symmetric matrix that is known in intervals, from vectors near its eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.smooth.intervals import Interval, norm_above, total

Matrix = Sequence[Sequence[Interval]]


def eigenvalues_within(matrix: Matrix, vectors: Matrix, spread: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Enclose the eigenvalues, rising, of every symmetric matrix A within ``spread`` of one inside ``matrix``.

    Let V hold the vectors, S = V^T A V, and e the Frobenius norm of V^T V - I. By Ostrowski's theorem the eigenvalues
    of A are those of S over numbers between 1 - e and 1 + e; by Weyl's, those of S are within the Frobenius norm of
    its part off the diagonal, and (1 + e) spread, of its diagonal entries.

    Args:
        matrix: The matrix, in intervals.
        vectors: The vectors.
        spread: The distance allowed, in norm.

    Returns:
        The intervals.

    Raises:
        ClaimError: If the vectors are not nearly orthonormal.
    """
    n, one, bits = len(vectors), Fraction(1), matrix[0][0].bits
    images = [[dot(row, v) for row in matrix] for v in vectors]
    s = [[dot(v, image) for image in images] for v in vectors]
    grams = [[dot(v, w) for w in vectors] for v in vectors]
    unit = Interval(1 << bits, 1 << bits, bits)
    skew = [grams[i][j] - unit if i == j else grams[i][j] for i in range(n) for j in range(n)]
    e = Fraction(norm_above(skew, bits), 1 << bits)
    claim(2 * e < 1, f"the vectors are nearly orthonormal fails: {show(e)}")
    off = norm_above([s[i][j] for i in range(n) for j in range(n) if i != j], bits)
    wide = Fraction(off, 1 << bits) + (1 + e) * spread
    lows, highs = sorted(s[i][i].lower for i in range(n)), sorted(s[i][i].upper for i in range(n))
    ends = [(low - wide, high + wide) for low, high in zip(lows, highs, strict=True)]
    return [(min(a / (one - e), a / (one + e)), max(b / (one - e), b / (one + e))) for a, b in ends]


def dot(a: Sequence[Interval], b: Sequence[Interval]) -> Interval:
    """Return the inner product."""
    return total((x * y for x, y in zip(a, b, strict=True)), a[0].bits)
