"""Eigenvalues by counting roots of characteristic polynomials, exactly: Claim 3 (eigenvalue) and Claim 4 (regime)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd

from gdcheck.theorem.checker.exact import Matrix, integer_matrix
from gdcheck.theorem.checker.outcome import MOST_TERMS, claim, look, show, within
from gdcheck.theorem.checker.reading.document import Eigenvalue, Spectrum

Characteristic = list[int]
"""An integer multiple of a characteristic polynomial, by its coefficients, the constant first."""


@dataclass(frozen=True)
class Operator:
    """A symmetric operator, A or its restriction to a subspace.

    Attributes:
        matrix: In some basis, not necessarily an orthonormal one; shape (m, m).
        characteristic: Its characteristic polynomial.
    """

    matrix: Matrix
    characteristic: Characteristic

    @classmethod
    def of(cls, matrix: Matrix) -> Operator:
        """Compute the characteristic polynomial."""
        return cls(matrix, characteristic(matrix))

    @property
    def dimension(self) -> int:
        """Return the number of eigenvalues."""
        return len(self.matrix)

    def below(self, s: Fraction) -> int:
        """Return neg(s), the number of eigenvalues below s."""
        return count_roots(self.characteristic, s)[0]

    def up_to(self, s: Fraction) -> int:
        """Return neg(s) + zero(s), the number of eigenvalues that are at most s."""
        return count_roots(self.characteristic, s)[1]

    def multipliers_up_to(self, b: Fraction, step_size: Fraction) -> int:
        """Return the number of eigenvalues with |1 - step_size λ| <= b, b >= 0."""
        return self.up_to((1 + b) / step_size) - self.below((1 - b) / step_size)


def verify_norm(hessian: Matrix, step_size: Fraction, norm: Fraction) -> None:
    """Verify that a number bounds the norm of I - step_size times a symmetric matrix, by counting eigenvalues."""
    outside = len(hessian) - Operator.of(hessian).multipliers_up_to(norm, step_size)
    claim(norm >= 0 and outside == 0, f"|I - eta A| <= {show(norm)} fails: {outside} eigenvalues lie beyond")


def characteristic(matrix: Matrix) -> Characteristic:
    """Return a multiple of det(t - matrix), by the algorithm of Faddeev and LeVerrier, in integers."""
    n = len(matrix)
    table, scale = integer_matrix(matrix)
    within(scale.bit_length() * n <= 4 * MOST_TERMS, "a matrix has too many digits")
    coefficients, power = [1], [[0] * n for _ in range(n)]
    for k in range(1, n + 1):
        look("a characteristic polynomial")
        for i in range(n):
            power[i][i] += coefficients[-1]
        columns = list(zip(*power, strict=True))
        power = [[sum(map(int.__mul__, row, column)) for column in columns] for row in table]
        coefficients.append(-sum(power[i][i] for i in range(n)) // k)
    return [x * scale**k for k, x in enumerate(reversed(coefficients))]


def count_roots(chi: Characteristic, s: Fraction) -> tuple[int, int]:
    """Count the roots below s, and up to s, of a polynomial all of whose roots are real.

    Descartes' rule of signs is exact for such polynomials: t -> chi(s + t) has as many negative roots as
    t -> chi(s - t) has changes of sign, and the multiplicity of the root zero is the number of leading zeros among the
    coefficients, the constant first.
    """
    around = _around(chi, s)
    signs = [(x > 0) == (k % 2 == 0) for k, x in enumerate(around) if x]
    below = sum(a != b for a, b in pairwise(signs))
    return below, below + next(k for k, x in enumerate(around) if x)


def _around(chi: Characteristic, s: Fraction) -> list[int]:
    """Return t -> chi((p + t) / q) for s = p/q, up to a positive factor, by repeated synthetic division."""
    p, q = s.as_integer_ratio()
    degree = len(chi) - 1
    around = [x * q ** (degree - k) for k, x in enumerate(chi)]
    for i in range(degree):
        for k in range(degree - 1, i - 1, -1):
            around[k] += p * around[k + 1]
    return around


def common_divisor(p: Characteristic, q: Characteristic) -> Characteristic:
    """Return the greatest common divisor of two polynomials, up to a factor, by Euclid's algorithm in integers."""
    while q:
        look("a common divisor")
        while len(p) >= len(q):
            padded = [0] * (len(p) - len(q)) + q
            p = [q[-1] * x - p[-1] * y for x, y in zip(p, padded, strict=True)]
            while p and not p[-1]:
                p.pop()
        content = gcd(*p)
        p, q = q, [x // content for x in p]
    return p


def verify_eigenvalue(operator: Operator, end: Eigenvalue) -> None:
    """Claim 3 (eigenvalue): one eigenvalue of the stated multiplicity lies in the interval, and nothing else."""
    low, high = end.low, end.high
    below, until_low = count_roots(operator.characteristic, low)
    until_below, until = count_roots(operator.characteristic, high)
    inside = until - below
    good = inside == end.multiplicity
    if low < high:
        # no end of the interval is an eigenvalue, and those inside are one multiple eigenvalue
        good = good and below == until_low and until_below == until
        shared = operator.characteristic
        for _ in range(inside - 1):  # each time, the multiplicity of every root falls by one
            shared = common_divisor(shared, [k * x for k, x in enumerate(shared)][1:])
        good = good and count_roots(shared, high)[1] > count_roots(shared, low)[0]
    else:
        good = good and low == high and inside > 0
    sentence = f"an end {end.multiplicity}-fold in [{show(low, high)}] fails"
    claim(good, f"{sentence}: {below} eigenvalues below, {inside} inside")


def verify_ends(operator: Operator, spectrum: Spectrum) -> None:
    """Claim 3 (eigenvalue), for both ends: no eigenvalue is below the lowest one, and none above the highest."""
    for end, last in ((spectrum.lowest, False), (spectrum.highest, True)):
        verify_eigenvalue(operator, end)
        outermost = operator.up_to(end.high) == operator.dimension if last else operator.below(end.low) == 0
        claim(outermost, f"an end {end.multiplicity}-fold in [{show(end.low, end.high)}] fails: others are beyond")


def verify_regime(operator: Operator, spectrum: Spectrum, regime: str, step_size: Fraction) -> None:
    """Claim 4 (regime): the multiplier that the regime names is the largest in modulus; ``spectrum`` is verified."""
    two = 2 / step_size
    lowest, highest = spectrum.lowest, spectrum.highest
    stable = operator.below(two) == operator.dimension
    holds = {
        "unstable": not stable,
        "small-step": lowest.high + highest.high < two,
        "large-step": lowest.low + highest.low > two and stable,
        "boundary": regime == "boundary" and _on_boundary(operator, spectrum, two),
    }
    ends = show(lowest.low, lowest.high, highest.low, highest.high)
    claim(holds.get(regime), f"regime {regime[:40]} fails: ends {ends}, 2/eta {show(two)}")


def _on_boundary(operator: Operator, spectrum: Spectrum, two: Fraction) -> bool:
    """Tell whether the lowest and the highest eigenvalue add up to ``two``, exactly.

    They do exactly if chi(t) and chi(two - t) have a common root in the interval of the lowest eigenvalue: the root is
    that eigenvalue, and ``two`` minus the root is an eigenvalue in the interval of the highest one.
    """
    low, high = spectrum.lowest.low, spectrum.lowest.high
    mirrored = [[two * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(operator.matrix)]
    shared = common_divisor(operator.characteristic, characteristic(mirrored))
    inside = count_roots(shared, high)[1] > count_roots(shared, low)[0]
    return inside and spectrum.highest.low <= two - high and two - low <= spectrum.highest.high


def is_singular(matrix: Sequence[Sequence[int]], scale: int) -> bool:
    """Tell whether I - M is singular; M is given as integers over a common denominator."""
    look("a determinant of F'")
    return determinant_is_zero([[scale * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(matrix)])


def determinant_is_zero(table: Sequence[Sequence[int]]) -> bool:
    """Tell whether a determinant is zero."""
    return any(not pivot for pivot in _pivots(table, lambda rows: next((k for k, row in enumerate(rows) if row[0]), 0)))


def is_positive_definite(matrix: Sequence[Sequence[int]]) -> bool:
    """Tell whether all leading principal minors are positive (Sylvester)."""
    return all(pivot > 0 for pivot in _pivots(matrix, lambda rows: 0))


def _pivots(table: Sequence[Sequence[int]], place: Callable[[list[list[int]]], int]) -> Iterator[int]:
    """Yield the pivots of fraction-free elimination (Bareiss), up to the first that is zero.

    Without exchanges of rows they are the leading principal minors.
    """
    rows, before = [list(row) for row in table], 1
    while rows:
        first = rows.pop(place(rows))
        yield first[0]
        if not first[0]:
            return
        rows = [
            [(first[0] * x - row[0] * y) // before for x, y in zip(row[1:], first[1:], strict=True)] for row in rows
        ]
        before = first[0]
