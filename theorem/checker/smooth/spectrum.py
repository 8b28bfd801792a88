"""Eigenvalues and eigenvectors of a symmetric matrix of intervals, from vectors near its eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gdcheck.theorem.checker.exact import Vector, root_bounds, squared
from gdcheck.theorem.checker.lemma import DOMINANT
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, dot, norm_above, point

Matrix = Sequence[Sequence[Interval]]
SMALL, LARGE, UNSTABLE = "small-step", "large-step", "unstable"


def eigenvalues_within(matrix: Matrix, numbers: Sequence[Vector], spread: Fraction) -> list[Ends]:
    """Claim G2 (spectrum): enclose the eigenvalues, rising, of every symmetric A within ``spread`` of the matrix.

    Let V hold the vectors as columns, S = V^T A V, and e the Frobenius norm of V^T V - I.

    1. By Ostrowski's theorem, each eigenvalue of A is one of S divided by a number between 1 - e and 1 + e.
    2. By Weyl's theorem, the eigenvalues of S differ from its sorted diagonal entries by at most the Frobenius norm of
       its part off the diagonal, plus (1 + e) spread.

    Args:
        matrix: The matrix, in intervals.
        numbers: The vectors.
        spread: The distance allowed, in norm.

    Returns:
        The intervals.

    Raises:
        ClaimError: If the vectors are not nearly orthonormal.
    """
    n, one, bits = len(numbers), Fraction(1), matrix[0][0].bits
    vectors = [point(v, bits) for v in numbers]
    images = [[dot(row, v) for row in matrix] for v in vectors]
    s = [[dot(v, image) for image in images] for v in vectors]
    grams = [[dot(v, w) for w in vectors] for v in vectors]
    skew = [grams[i][j] - Interval.exactly(int(i == j), bits) for i in range(n) for j in range(n)]
    e = norm_above(skew, bits)
    claim(2 * e < 1, f"the vectors are nearly orthonormal fails: {show(e)}")
    wide = norm_above([s[i][j] for i in range(n) for j in range(n) if i != j], bits) + (1 + e) * spread
    lows, highs = sorted(s[i][i].lower for i in range(n)), sorted(s[i][i].upper for i in range(n))
    ends = [(low - wide, high + wide) for low, high in zip(lows, highs, strict=True)]
    return [(min(a / (one - e), a / (one + e)), max(b / (one - e), b / (one + e))) for a, b in ends]


def verify_ends(lowest: Ends, highest: Ends, eigenvalues: Sequence[Ends], digits: int) -> None:
    """Claim G3 (ends) and Claim V5 (spectrum): the stated intervals hold the ends of the spectrum, and are narrow.

    Args:
        lowest: Of the smallest eigenvalue.
        highest: Of the largest.
        eigenvalues: The checker's own intervals.
        digits: Each may be at most 10^-digits times its upper end wide.
    """
    for name, stated, own in (("smallest", lowest, eigenvalues[0]), ("largest", highest, eigenvalues[-1])):
        good = stated[0] <= own[0] and own[1] <= stated[1] and (stated[1] - stated[0]) * 10**digits <= stated[1]
        claim(good, f"the {name} eigenvalue is in the narrow [{show(*stated)}] fails: it is in [{show(*own)}]")


def verify_sides(regime: str, eigenvalues: Sequence[Ends], eta: Fraction) -> None:
    """Claim G4 (regime): eta (lambda_1 + lambda_n) and eta lambda_n are on the sides of 2 that the regime says."""
    (low, high), (least, most) = eigenvalues[0], eigenvalues[-1]
    sides = {
        SMALL: eta * (high + most) < 2,
        LARGE: eta * (low + least) > 2 and eta * most < 2,
        UNSTABLE: eta * least > 2,
    }
    claim(sides.get(regime), f"the regime is {regime[:40]} fails: eta lambda_n in [{show(eta * least, eta * most)}]")


def dominant(regime: str, kind: str, eigenvalues: Sequence[Ends], eta: Fraction) -> tuple[int, int, Ends]:
    """Verify the kind of the limit, and that one multiplier dominates: its modulus is below 1 and above all others.

    Returns:
        The index of its eigenvalue, its sign, and an interval of its modulus.
    """
    expected, signs = DOMINANT.get(regime, (None, ()))
    claim(kind == expected and len(signs) == 1, f"the limit is {kind[:40]} fails: the regime is {regime[:40]}")
    index, sign = (0, 1) if signs == (1,) else (len(eigenvalues) - 1, -1)
    low, high = sorted(sign * (1 - eta * x) for x in eigenvalues[index])
    beside = [*eigenvalues[:index], *eigenvalues[index + 1 :]]
    others = max((abs(1 - eta * x) for ends in beside for x in ends), default=Fraction(0))
    claim(low > 0 and others < low and high < 1, f"one multiplier dominates fails: {show(low, high, others)}")
    return index, sign, (low, high)


def sine_above(matrix: Matrix, vector: Vector, eigenvalues: Sequence[Ends], index: int, spread: Fraction) -> Fraction:
    """Bound the sine of the angle between a vector and one of the eigenvectors (Davis and Kahan).

    Let t be the middle of the eigenvalue's interval, and g the distance from t to the nearest other eigenvalue. The
    sine is at most |A v - t v| / (g |v|). The two unit vectors then differ by at most sqrt 2 times the sine.

    Args:
        matrix: A matrix of intervals, shape (n, n).
        vector: The vector v.
        eigenvalues: The intervals of all eigenvalues.
        index: The index of the eigenvalue.
        spread: How far A may be from the matrix, in norm.
    """
    if len(eigenvalues) == 1:
        return Fraction(0)
    bits = matrix[0][0].bits
    v, t = point(vector, bits), (eigenvalues[index][0] + eigenvalues[index][1]) / 2
    middle = Interval.exactly(t, bits)
    residual = norm_above([dot(row, v) - middle * x for row, x in zip(matrix, v, strict=True)], bits)
    low, high = root_bounds(squared(vector))
    beyond = residual + spread * high
    gap = min(max(a - t, t - b) for i, (a, b) in enumerate(eigenvalues) if i != index)
    claim(gap > 0 and 2 * beyond < gap * high, f"the vector is near an eigenvector fails: {show(beyond, gap)}")
    return beyond / (gap * low)


ROOT2 = root_bounds(Fraction(2))[1]
"""An upper bound of sqrt 2."""
