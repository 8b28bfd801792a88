"""Bounds of the remainder, and an enclosure of an iterate: Claim 9 (remainder) and Claim 10 (enclosure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isqrt, perm, prod
from operator import mul

from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.exact import Polynomial, ceiling
from gdcheck.theorem.checker.outcome import at_step, claim, show

KAPPA_BITS = 256
GROWTH_BITS = 64
LOST_BITS = 1 << 16
SQUARINGS = 10
TOLERANCE_BITS = 12  # a derivative is computed again if it may have changed by more than 2^-12


@dataclass(frozen=True)
class Remainder:
    """Claim 9 (remainder): bounds of eta R, where the gradient at m + h is A h + R(h).

    Attributes:
        step_size: eta.
        kinks: The truncated powers.
        orders: The pairs (q, C_q), q >= 2.
        degree: D, the largest of 1, the degree of the gradient's polynomial part, and the p - 1.
    """

    step_size: Fraction
    kinks: tuple[Kink, ...]
    orders: tuple[tuple[int, Fraction], ...]
    degree: int

    @classmethod
    def of(cls, descent: Descent) -> Remainder:
        """Compute the C_q."""
        degrees = [sum(alpha) - 1 for alpha in descent.polynomial.terms]
        powers = [kink.power - 1 for kink in descent.kinks]
        orders = tuple(_orders(descent.partials, descent.step_size))
        return cls(descent.step_size, descent.kinks, orders, max([1, *degrees, *powers]))

    def _bend(self, kink: Kink, r: Fraction) -> Fraction:
        """Return T(r)."""
        p, reach = kink.power, kink.length * r
        factor = self.step_size * abs(kink.factor) * kink.length**3
        if p == 2:
            return factor / (2 * abs(kink.offset)) if reach > abs(kink.offset) else Fraction(0)
        top = kink.offset + reach
        return factor * p * (p - 1) * (p - 2) * top ** (p - 3) / 2 if top > 0 else Fraction(0)

    def push(self, r: Fraction) -> Fraction:
        """Return r C(r), rounded up: |eta R(h)| <= C(r) |h|^2 for |h| <= r."""
        total = sum((c * r ** (q - 2) for q, c in self.orders), Fraction(0))
        return r * (total + sum((self._bend(kink, r) for kink in self.kinks), Fraction(0)))

    def lipschitz(self, r: Fraction) -> Fraction:
        """Return Lambda(r), a Lipschitz constant of eta R on the ball |h| <= r."""
        return max(4, self.degree) * self.push(r)

    def hessian_lipschitz(self, r: Fraction) -> Fraction:
        """Return a Lipschitz constant on the ball of eta times the Hessian, without the jumps of squares."""
        bends = sum((2 * self._bend(kink, r) for kink in self.kinks if kink.power > 2), Fraction(0))
        return self.polynomial_lipschitz(r) + bends

    def polynomial_lipschitz(self, r: Fraction) -> Fraction:
        """Return K(r), the part of that constant due to the polynomial."""
        return sum((q * (q - 1) * c * r ** (q - 2) for q, c in self.orders), Fraction(0))

    def bends(self, point: Sequence[int], distance: int) -> int:
        """Bound the part of that constant due to the truncated powers with p >= 3, within a distance of a point.

        Far from the minimizer this is much less than on a ball around it, and zero where the powers vanish.

        Args:
            point: In units of 2^-64, shape (n,).
            distance: In units of 2^-64.

        Returns:
            The bound, in units of 2^-64.
        """
        total = 0
        for kink, size, length in self._bent:
            reach = kink.argument(point, 1 << GROWTH_BITS) + (length * distance >> GROWTH_BITS) + 1
            if reach > 0:
                total += (size * reach ** (kink.power - 3) >> GROWTH_BITS * (kink.power - 3)) + 1
        return total

    @cached_property
    def _bent(self) -> list[tuple[Kink, int, int]]:
        """The truncated powers with p >= 3, eta |c| p (p-1) (p-2) |l|^3 and |l| in units of 2^-64."""
        return [
            (k, _in_units(self.step_size * abs(k.factor) * perm(k.power, 3) * k.length**3), _in_units(k.length))
            for k in self.kinks
            if k.power > 2
        ]

    def verify_radius(self, radius: Fraction | None) -> Fraction:
        """Verify that a radius is stated exactly if the loss is not quadratic; return it, or 0."""
        linear = not self.orders and not self.kinks
        claim((radius is None) == linear, "the radius is null exactly if the loss is quadratic fails")
        claim(radius is None or radius > 0, f"radius > 0 fails: {show(radius or 0)}")
        return radius or Fraction(0)

    def verify_no_kink(self, most: int, r: Fraction) -> None:
        """Verify that no power with an exponent of at most ``most`` has its kink in the ball |h| <= r."""
        met = [k for k in self.kinks if k.power <= most and abs(k.offset) <= k.length * r]
        claim(not met, f"no square{' or cube' * (most > 2)} has its kink in the ball fails at radius {show(r)}")

    def jumps(self, point: Sequence[int], distance: Fraction) -> int:
        """Bound how much eta times the Hessian jumps, across the kinks of squares, within a distance of a point.

        Args:
            point: In units of 2^-64, shape (n,).
            distance: The distance.

        Returns:
            The bound, in units of 2^-64.
        """
        unit = 1 << GROWTH_BITS
        squares = [kink for kink in self.kinks if kink.power == 2]
        met = [k for k in squares if abs(k.argument(point, unit)) <= k.length * distance * unit]
        return sum(_in_units(2 * self.step_size * abs(kink.factor) * kink.length**2) for kink in met)


def _in_units(x: Fraction) -> int:
    return ceiling(x, GROWTH_BITS)


def _orders(partials: Sequence[Polynomial], step_size: Fraction) -> list[tuple[int, Fraction]]:
    """Return the pairs (q, C_q): C_q is eta times the norm of the row sums of |c| kappa over the terms of degree q."""
    rows = defaultdict[int, list[int]](lambda: [0] * len(partials))
    for i, partial in enumerate(partials):
        for beta, k in partial.terms.items():
            rows[sum(beta)][i] += abs(k) * kappa(tuple(sorted(e for e in beta if e)))
    scale = step_size / (max((partial.denominator for partial in partials), default=1) << KAPPA_BITS)
    return [(q, scale * (isqrt(sum(x * x for x in row)) + 1)) for q, row in rows.items() if q >= 2]


@lru_cache(maxsize=4096)
def kappa(exponents: tuple[int, ...]) -> int:
    """Return kappa = sqrt(product of e^e / |beta|^|beta|), the largest |h^beta| on the sphere, in units of 2^-256.

    It is rounded up.
    """
    q = sum(exponents)
    return isqrt((prod(e**e for e in exponents) << 2 * KAPPA_BITS) // q**q) + 1 if q else 1 << KAPPA_BITS


def symmetric_norm(matrix: Sequence[Sequence[int]], squarings: int = SQUARINGS) -> int:
    """Return an upper bound of the spectral norm of a symmetric matrix of integers.

    |M|^2 = |M^2|, and the Frobenius norm bounds |M|. The last bits of the square are dropped, which changes the norm by
    less than the dimension. If the sum of the fourth powers of the eigenvalues is almost the square of the sum of their
    squares, one eigenvalue is much larger than the others, and the Frobenius norm is nearly sharp.
    """
    n = len(matrix)
    # Row by row up to the diagonal: the matrix is symmetric.
    square = [[sum(map(mul, row, other)) for other in matrix[: i + 1]] for i, row in enumerate(matrix)]
    trace = sum(row[-1] for row in square)
    fourth = 2 * sum(x * x for row in square for x in row) - sum(row[-1] ** 2 for row in square)
    if not squarings or fourth * (1 + (1 << 30)) >= trace * trace << 30:
        return isqrt(isqrt(fourth) + 1) + 1
    drop = max(0, trace.bit_length() - GROWTH_BITS)
    half = [[x >> drop for x in row] for row in square]
    shorter = [[*row, *(half[j][i] for j in range(i + 1, n))] for i, row in enumerate(half)]
    return isqrt((symmetric_norm(shorter, squarings - 1) + n) << drop) + 1


@dataclass(frozen=True)
class Derivative:
    """A bound of the derivative of F at a point.

    Attributes:
        point: In units of 2^-64, shape (n,).
        norm: An upper bound of the norm of I - eta Hessian there, in units of 2^-64.
    """

    point: list[int]
    norm: int


@dataclass(frozen=True)
class Expansion:
    """Lipschitz constants of F, on balls around the minimizer and near iterates.

    Attributes:
        descent: Gradient descent around the minimizer.
        remainder: The bounds of its remainder.
        linear: An upper bound of all |1 - eta lambda|, over all of space.
    """

    descent: Descent
    remainder: Remainder
    linear: Fraction

    def verify_stays(self, r: Fraction, at: str) -> None:
        """Verify that no later iterate leaves the ball |h| <= r."""
        stays = self.linear + self.remainder.push(r)
        claim(stays <= 1, f"no later iterate leaves the ball fails {at}: the factor may be {show(stays)}")

    def on_ball(self, r: Fraction) -> int:
        """Return a Lipschitz constant of F on the ball |h| <= r, in units of 2^-64."""
        return _in_units(self.linear + self.remainder.lipschitz(r))

    def derivative(self, point: list[int]) -> Derivative:
        """Bound the derivative at a point, given in units of 2^-64; its entries are rounded down to such units."""
        unit = 1 << GROWTH_BITS
        table, scale = self.descent.scaled_hessian(point, unit)
        matrix = [
            [unit * (i == j) - (x << GROWTH_BITS) // scale for j, x in enumerate(row)] for i, row in enumerate(table)
        ]
        return Derivative(point, symmetric_norm(matrix) + len(point))

    def near(self, known: Derivative, z: Sequence[int], bits: int, error: int, change: int) -> tuple[int, int]:
        """Bound |F(h) - F(z)| / |h - z| for |h - z| <= error by the derivative at a known point.

        Args:
            known: The bound of the derivative there.
            z: The centre in units of 2^-bits, shape (n,).
            bits: At least 64.
            error: The radius in units of 2^-bits.
            change: K(r) in units of 2^-64, for a ball around the minimizer that holds all of these points; the part due
                to truncated powers is added to it.

        Returns:
            The bound in units of 2^-64, and the part of it by which the derivative may change on the way.
        """
        lift = bits - GROWTH_BITS
        apart = isqrt(sum((x - (y << lift)) ** 2 for x, y in zip(z, known.point, strict=True))) + 1 + error
        bends = self.remainder.bends(known.point, (apart >> lift) + 1)
        varies = ((change + bends) * apart >> bits) + 1
        return known.norm + varies + self.remainder.jumps(known.point, Fraction(apart, 1 << bits)), varies


def enclose(expansion: Expansion, step: int, bits: int) -> tuple[list[Fraction], Fraction]:
    """Claim 10 (enclosure): return a ball that holds the iterate of a step, by its centre and radius."""
    # If the enclosure has ended early, return a ball too large to decide anything.
    lost = [Fraction(0)] * expansion.descent.dimension, Fraction(LOST_BITS)
    return next(follow(expansion, step, step, bits), lost)


def follow(expansion: Expansion, first: int, last: int, bits: int) -> Iterator[tuple[list[Fraction], Fraction]]:
    """Enclose the iterates from one step to another (Claim 10), each by the centre and the radius of a ball.

    F is computed exactly at a centre rounded to ``bits`` bits after the point. At each step the distance to the exact
    iterate is multiplied by a Lipschitz constant of F, and the rounding is added. The constant is the one on a ball
    around the minimizer or the one near the centre. The walk ends early if a ball becomes too large, or too inexact, to
    decide anything.
    """
    descent = expansion.descent
    one, rounding = 1 << bits, isqrt(descent.dimension) + 1
    z, error = [int(x * one) for x in descent.start], rounding
    local = LocalExpansion(expansion, bits)
    for k in range(last + 1):
        at_step(k, last)
        if k >= first:
            yield [Fraction(x, one) for x in z], Fraction(error, one)
        if k == last:
            return
        size = (isqrt(sum(x * x for x in z)) + 1 + error).bit_length()
        if size >= LOST_BITS:
            return
        growth = local.growth(z, error, size)
        moved, scale = descent.image(z, one)
        z = [(x << bits) // scale for x in moved]
        error = -(-error * growth >> GROWTH_BITS) + rounding


@dataclass
class LocalExpansion:
    """The smaller of both Lipschitz constants of F along a trajectory; bounds are kept for as long as they are useful.

    Attributes:
        expansion: The bounds.
        bits: The trajectory is given in units of 2^-bits.
        on_ball: The Lipschitz constants on the balls of radius 2^(size - bits), by size.
        changes: K on these balls, in units of 2^-64.
        known: The derivative at an earlier iterate, and the size of that iterate.
    """

    expansion: Expansion
    bits: int
    on_ball: dict[int, int] = field(default_factory=dict)
    changes: dict[int, int] = field(default_factory=dict)
    known: tuple[int, Derivative] | None = None

    def _radius(self, size: int) -> Fraction:
        return Fraction(1 << size, 1 << self.bits)

    def growth(self, z: Sequence[int], error: int, size: int) -> int:
        """Bound |F(h) - F(z)| / |h - z| for |h - z| <= error, where |z| + error < 2^size; in units of 2^-64."""
        if size not in self.on_ball:
            self.on_ball[size] = self.expansion.on_ball(self._radius(size))
        on_ball = self.on_ball[size]
        if on_ball <= 1 << GROWTH_BITS:
            return on_ball
        if size not in self.changes:  # on a ball that holds rounded points as well
            rounded = self._radius(size) + Fraction(isqrt(len(z)) + 1, 1 << GROWTH_BITS)
            self.changes[size] = _in_units(self.expansion.remainder.polynomial_lipschitz(rounded))
        change = self.changes[size]
        if self.known is not None and self.known[0] == size:
            growth, varies = self.expansion.near(self.known[1], z, self.bits, error, change)
            if varies <= 1 << GROWTH_BITS - TOLERANCE_BITS:
                return min(on_ball, growth)
        derivative = self.expansion.derivative([x >> self.bits - GROWTH_BITS for x in z])
        self.known = size, derivative
        return min(on_ball, self.expansion.near(derivative, z, self.bits, error, change)[0])
