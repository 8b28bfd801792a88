r"""The largest Hessian eigenvalue: compared with a number at an iterate, and bounded around the minimizer.

Claim H2 (largest eigenvalue) and Claim H7 (first order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import Annotated, Any

from gdcheck.theorem.checker.amplitude import verify_eigenspace
from gdcheck.theorem.checker.exact import Vector, dot, power_product
from gdcheck.theorem.checker.outcome import claim, look, show
from gdcheck.theorem.checker.reading.document import Eigenvalue
from gdcheck.theorem.checker.reading.fields import Interval, Point, Step, read_list, refuse
from gdcheck.theorem.checker.spectrum import Characteristic, Operator, characteristic, is_positive_definite
from gdcheck.theorem.checker.trajectory import Expansion, Remainder

MOST_LISTED = 20_000


def _ascending(kind: Any, value: object, path: str, n: int) -> tuple[int, ...]:
    """Read a list of steps in ascending order."""
    steps = read_list(Step, value, path, n, range(MOST_LISTED + 1))
    if any(a >= b for a, b in pairwise(steps)):
        refuse(path, "in ascending order")
    return steps


Steps = Annotated[tuple[int, ...], _ascending]
"""Steps in ascending order."""


@dataclass(frozen=True)
class Top:
    """A distance to λ_n within which there is no other eigenvalue, and a vector near its eigenvector."""

    gap: Fraction
    vector: Point


# At an iterate --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curvature:
    """Claim H2 (largest eigenvalue): eta λ_n(x_k) is within ``slack`` of the largest eigenvalue of a matrix.

    Attributes:
        matrix: In units of 2^-bits; shape (n, n), symmetric.
        slack: In the same units.
        bits: The bits after the point.
    """

    matrix: list[list[int]]
    slack: int
    bits: int

    def compare(self, s: Fraction) -> int:
        """Tell whether eta λ_n(x_k) is below s (-1) or above it (1); 0 if neither is proved.

        The largest eigenvalue of M is below t exactly if t - M is positive definite (Sylvester).
        """
        low, high = (s.numerator << self.bits) // s.denominator, -((-s.numerator << self.bits) // s.denominator)
        if is_positive_definite(self._below(low - self.slack)):
            return -1
        return 0 if is_positive_definite(self._below(high + self.slack + 1)) else 1

    def _below(self, t: int) -> list[list[int]]:
        """Return t - M."""
        return [[t * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(self.matrix)]

    def enclosed(self) -> Interval:
        """Enclose eta λ_n(x_k)."""
        unit = Fraction(1, 1 << self.bits)
        matrix = [[x * unit for x in row] for row in self.matrix]
        # By Gershgorin, no eigenvalue exceeds the largest sum of the moduli in a row.
        above = max(sum(map(abs, row)) for row in self.matrix) + 1
        low, high = largest_root(characteristic(matrix), above, self.bits)
        return low - self.slack * unit, high + self.slack * unit


@dataclass
class Curvatures:
    """The largest eigenvalues along a trajectory; bounds are kept for as long as they are useful.

    Attributes:
        expansion: Gradient descent around the minimizer, with its bounds.
        bits: The number of bits after the point of the iterates.
        slopes: K on the balls of radius 2^(size - bits), by size.
    """

    expansion: Expansion
    bits: int
    slopes: dict[int, Fraction] = field(default_factory=dict)

    def at(self, centre: Sequence[Fraction], error: Fraction) -> Curvature:
        """Return Claim H2 for the iterates h with |h - centre| <= error.

        Between the centre and h, eta times the Hessian changes by at most K(r) error (Claim 10), plus 2 eta |c| L^2 for
        each square whose kink may be met. Rounding its entries adds a matrix with a norm of at most n units.
        """
        one, descent, remainder = 1 << self.bits, self.expansion.descent, self.expansion.remainder
        z = [x.numerator * (one // x.denominator) for x in centre]
        e = error.numerator * (one // error.denominator)
        table, scale = descent.scaled_hessian(z, one)
        matrix = [[(x << self.bits) // scale for x in row] for row in table]
        size = (isqrt(sum(x * x for x in z)) + 1 + e).bit_length()
        if size not in self.slopes:
            self.slopes[size] = remainder.hessian_lipschitz(Fraction(1 << size, one))
        slack = self.slopes[size] * e
        for kink in remainder.kinks:
            if kink.power == 2 and abs(kink.argument(z, one)) <= kink.length * e:
                slack += 2 * remainder.step_size * abs(kink.factor) * kink.length**2 * one
        return Curvature(matrix, -(-slack.numerator // slack.denominator) + len(z), self.bits)


def largest_root(chi: Characteristic, above: int, bits: int) -> Interval:
    """Enclose the largest root of a polynomial of degree n all of whose roots are real, to 2^-bits if it is simple.

    Let t be the largest root and s above all roots. Then chi'/chi = sum of 1/(s - root) lies between 1/(s - t) and
    n/(s - t), so s - n chi/chi' <= t <= s - chi/chi'. The right-hand side, rounded up, is the next s (Newton).

    Args:
        chi: The polynomial, the constant first, the last coefficient positive.
        above: A number above all roots, in units of 2^-bits.
        bits: The bits after the point.

    Returns:
        The interval.
    """
    n, one, s = len(chi) - 1, 1 << bits, above
    # chi at s / one is value / one^n.
    lift = [x * one ** (n - k) for k, x in enumerate(chi)]
    while True:
        look("an eigenvalue")
        value = slope = 0
        for x in reversed(lift):
            slope = slope * s + value
            value = value * s + x
        if value <= 0:  # s is the root, as it is not below it
            return Fraction(s, one), Fraction(s, one)
        following = s - value // slope
        if following >= s:
            return Fraction(s - n * value // slope - 1, one), Fraction(s, one)
        s = following


# Around the minimizer -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstOrder:
    """Claim H7 (first order): |λ_n(m + h) - λ_n - omega . h| <= K(r) |h|^2 for |h| <= r.

    Attributes:
        remainder: The bounds of eta R.
        gradient: A vector near omega = D^3 f(m)[v, v, .], shape (n,).
        tilt: A bound of the distance of the unit vector used from v.
        third: T_3, a bound of D^3 f(m).
        gap: No other eigenvalue is within this distance of λ_n; None in dimension one.
        blur: Zero: the gradient has no error except the one due to the tilt.
    """

    remainder: Remainder
    gradient: Vector
    tilt: Fraction
    third: Fraction
    gap: Fraction | None
    blur: Fraction = Fraction(0)

    @classmethod
    def of(cls, expansion: Expansion, highest: Eigenvalue, top: Top) -> FirstOrder:
        """Verify the gap of λ_n and the vector near v, by Claim 11.

        Args:
            expansion: Gradient descent around the minimizer, with its bounds.
            highest: λ_n.
            top: The gap, and the vector.

        Returns:
            The bounds.
        """
        gap, vector = top.gap, top.vector
        hessian = expansion.descent.hessian
        operator = Operator.of(hessian)
        space = verify_eigenspace(operator, hessian, highest, gap, (vector,))
        descent, remainder = expansion.descent, expansion.remainder
        third = remainder.hessian_lipschitz(Fraction(0)) / descent.step_size
        # D^3 f[v, v, .] is twice the gradient of the cubic part at v.
        gradient = [Fraction(0)] * descent.dimension
        for i, partial in enumerate(descent.partials):
            for alpha, k in partial.terms.items():
                if sum(alpha) == 2:
                    gradient[i] += Fraction(2 * k, partial.denominator) * power_product(vector, alpha)
        for kink in descent.kinks:
            p = kink.power
            if kink.offset > 0 and p >= 3:
                bend = kink.factor * p * (p - 1) * (p - 2) * kink.offset ** (p - 3) * dot(kink.slope, vector) ** 2
                gradient = [g + bend * s for g, s in zip(gradient, kink.slope, strict=True)]
        square = dot(vector, vector)
        only = operator.dimension == 1
        return cls(remainder, tuple(g / square for g in gradient), space.tilt, third, None if only else gap)

    def fourth(self, r: Fraction) -> Fraction:
        """Return T_4(r), a Lipschitz constant of D^3 f on the ball |h| <= r."""
        eta = self.remainder.step_size
        self.remainder.verify_no_kink(3, r)
        total = sum((q * (q - 1) * (q - 2) * c * r ** (q - 3) for q, c in self.remainder.orders if q > 2), Fraction(0))
        total /= eta
        for kink in self.remainder.kinks:
            p, reach = kink.power, kink.offset + kink.length * r
            if p > 3 and reach > 0:
                size = abs(kink.factor) * kink.length**4
                total += size * p * (p - 1) * (p - 2) * (p - 3) * reach ** (p - 4)
        return total

    def bend(self, r: Fraction) -> Fraction:
        """Return K(r): half of T_4(r), and by a Schur complement T_3^2 / (gap - 2 r T_3)."""
        half = self.fourth(r) / 2
        if self.gap is None:
            return half
        room = self.gap - 2 * r * self.third
        claim(room > 0, f"λ_n stays apart on the ball fails at radius {show(r)}: {show(room)}")
        return half + self.third**2 / room
