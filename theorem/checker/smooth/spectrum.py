"""Eigenvalues and eigenvectors of a symmetric matrix of intervals, from vectors near its eigenvectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.exact import Vector, root_bounds, squared
from gdcheck.theorem.checker.lemma import DOMINANT
from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.smooth.affine import Dots
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, dot, norm_above, point

Matrix = Sequence[Sequence[Interval]]
SMALL, LARGE, UNSTABLE = "small-step", "large-step", "unstable"


def eigenvalues_within(matrix: Matrix, numbers: Sequence[Vector], spread: Fraction) -> list[Ends]:
    """Claim G2 (spectrum): enclose the eigenvalues, ascending, of every symmetric A within ``spread`` of the matrix.

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
    e = skew_above(numbers, bits)
    claim(2 * e < 1, f"the vectors are nearly orthonormal fails: {show(e)}")
    wide = norm_above([s[i][j] for i in range(n) for j in range(n) if i != j], bits) + (1 + e) * spread
    lows, highs = sorted(s[i][i].lower for i in range(n)), sorted(s[i][i].upper for i in range(n))
    ends = [(low - wide, high + wide) for low, high in zip(lows, highs, strict=True)]
    return [(min(a / (one - e), a / (one + e)), max(b / (one - e), b / (one + e))) for a, b in ends]


def norm_of_symmetric(matrix: Matrix, enough: Callable[[int], bool] | None = None) -> int:
    """Bound the norm of every symmetric matrix inside, times 2^bits: too large by a thousandth or less.

    1. The middles M differ from the matrix by at most the Frobenius norm of the widths.
    2. B_0 = M / |M|_F and B_(k+1) = B_k^2 / F_k with F_k = |B_k^2|_F; each entry is rounded by less than a unit.
    3. |B_k|^2 <= F_k (|B_(k+1)| + n units), and the last |B_k| is at most 1 + n units.
    4. |B_k| >= F_k, up to rounding: once 1/F_k - 1 is small in relation to 2^k, more squarings make the bound no
       sharper.

    Args:
        matrix: The matrix, in intervals.
        enough: Tells of a bound whether it need not be sharper.
    """
    n, bits = len(matrix), matrix[0][0].bits
    doubt = isqrt(sum((x.high - x.low + 1) ** 2 for row in matrix for x in row)) + 1
    rows = [[(x.low + x.high) >> 1 for x in row] for row in matrix]
    size = isqrt(sum(y * y for row in rows for y in row)) + 1
    rows, shares = [[(y << bits) // size for y in row] for row in rows], list[int]()
    while True:
        power = Dots(rows, bits, bits, exact=False)
        squares = [power.products(row) for row in rows]
        shares.append(isqrt(sum(y * y for row in squares for y in row)) + 1)
        rows = [[(y << bits) // shares[-1] for y in row] for row in squares]
        bound = (1 << bits) + n
        for share in reversed(shares):
            bound = isqrt((share * (bound + n) >> bits) + 1) + 1
        bound = (size * (bound + n) >> bits) + doubt + 1
        is_sharp = ((1 << 2 * bits) - shares[-1]) << 10 <= shares[-1] << len(shares)
        if is_sharp or (enough is not None and enough(bound)):
            return bound


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


def on_side(regime: str, eigenvalues: Sequence[Ends], eta: Fraction) -> bool:
    """Tell whether eta (lambda_1 + lambda_n) and eta lambda_n are on the sides of 2 that the regime says."""
    (low, high), (least, most) = eigenvalues[0], eigenvalues[-1]
    sides = {
        SMALL: eta * (high + most) < 2,
        LARGE: eta * (low + least) > 2 and eta * most < 2,
        UNSTABLE: eta * least > 2,
    }
    return sides.get(regime, False)


def verify_sides(regime: str, eigenvalues: Sequence[Ends], eta: Fraction) -> None:
    """Claim G4 (regime): eta (lambda_1 + lambda_n) and eta lambda_n are on the sides of 2 that the regime says."""
    ends = show(*(eta * x for x in eigenvalues[-1]))
    claim(on_side(regime, eigenvalues, eta), f"the regime is {regime[:40]} fails: eta lambda_n in [{ends}]")


def places_of(eigenvalues: Sequence[Ends], end: int) -> range:
    """Return the places of the smallest (0) or the largest (-1) eigenvalue: its intervals are one and the same."""
    m, n = sum(x == eigenvalues[end] for x in eigenvalues), len(eigenvalues)
    return range(m) if end == 0 else range(n - m, n)


def dominant_blocks(
    regime: str, kind: str, eigenvalues: Sequence[Ends], eta: Fraction
) -> tuple[list[tuple[range, int]], Ends]:
    """Verify the kind of the limit, and that multipliers of one modulus below one outweigh all others.

    Returns:
        The places of each dominant eigenvalue, with the sign of its multiplier; and an interval of the modulus.
    """
    expected, signs = DOMINANT.get(regime, (None, ()))
    claim(expected is not None and kind == expected, f"the limit is {kind[:40]} fails: the regime is {regime[:40]}")
    blocks = [(places_of(eigenvalues, 0 if sign > 0 else -1), sign) for sign in signs]
    inside = {i for places, _ in blocks for i in places}
    claim(len(inside) == sum(len(places) for places, _ in blocks), "two dominant eigenvalues differ fails")
    (first, *_), sign = blocks[0]
    low, high = sorted(sign * (1 - eta * x) for x in eigenvalues[first])
    beside = [x for i, x in enumerate(eigenvalues) if i not in inside]
    others = max((abs(1 - eta * x) for ends in beside for x in ends), default=Fraction(0))
    claim(low > 0 and others < low and high < 1, f"one multiplier dominates fails: {show(low, high, others)}")
    return blocks, (low, high)


def dominant(regime: str, kind: str, eigenvalues: Sequence[Ends], eta: Fraction) -> tuple[int, int, Ends]:
    """Verify the kind of the limit, and that one multiplier dominates: its modulus is below 1 and above all others.

    Returns:
        The index of its eigenvalue, its sign, and an interval of its modulus.
    """
    blocks, rho = dominant_blocks(regime, kind, eigenvalues, eta)
    places, sign = blocks[0]
    claim(len(blocks) == len(places) == 1, f"the limit is {kind[:40]} along one line fails")
    return places[0], sign, rho


def sine_above(matrix: Matrix, vector: Vector, eigenvalues: Sequence[Ends], index: int, spread: Fraction) -> Fraction:
    """Bound the sine of the angle between a vector and the eigenvector of a place, as ``sine_of_span`` does."""
    return sine_of_span(matrix, [vector], eigenvalues, range(index, index + 1), spread)


def sine_of_span(
    matrix: Matrix, vectors: Sequence[Vector], eigenvalues: Sequence[Ends], places: range, spread: Fraction
) -> Fraction:
    """Bound the sine of the angle between the span of vectors and the eigenspace of an eigenvalue (Davis and Kahan).

    With t in the middle of the eigenvalue's interval and g the distance from t to all other eigenvalues, it is at most
    |A V - t V|_F / (g s), s the smallest singular value of V: |v| of one vector v, else at least 1 - |V^T V - I|_F.
    Unit vectors at an angle differ by sqrt 2 times its sine at most.

    Args:
        matrix: In intervals.
        vectors: The vectors, the columns of V, as many as the eigenvalue's multiplicity.
        eigenvalues: The intervals of all eigenvalues.
        places: The eigenvalue's places.
        spread: How far A may be from the matrix, in norm.
    """
    others = [x for i, x in enumerate(eigenvalues) if i not in places]
    if not others:
        return Fraction(0)
    bits = matrix[0][0].bits
    ends = eigenvalues[places[0]]
    t = (ends[0] + ends[1]) / 2
    middle, residuals = Interval.exactly(t, bits), list[Interval]()
    for vector in vectors:
        v = point(vector, bits)
        residuals += [dot(row, v) - middle * x for row, x in zip(matrix, v, strict=True)]
    low, high = root_bounds(sum(map(squared, vectors), Fraction(0)))
    if len(vectors) > 1:
        low = 1 - skew_above(vectors, bits)
    beyond = norm_above(residuals, bits) + spread * high
    gap = min(max(a - t, t - b) for a, b in others)
    claim(gap > 0 and 2 * beyond < gap * low, f"the vector is near an eigenvector fails: {show(beyond, gap)}")
    return beyond / (gap * low)


def skew_above(vectors: Sequence[Vector], bits: int) -> Fraction:
    """Bound |V^T V - I|_F for the matrix V of vectors."""
    columns, one = [point(v, bits) for v in vectors], Interval.exactly(1, bits)
    along = [dot(v, v) - one for v in columns]
    across = [dot(v, w) for i, v in enumerate(columns) for w in columns[:i]]
    return norm_above([*along, *across, *across], bits)


ROOT2 = root_bounds(Fraction(2))[1]
"""An upper bound of sqrt 2."""
