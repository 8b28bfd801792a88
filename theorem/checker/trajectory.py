"""Bounds of the remainder, and an enclosure of an iterate: Claim 9 (remainder) and Claim 10 (enclosure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt, prod

from theorem.checker.descent import Descent, Kink
from theorem.checker.exact import Polynomial
from theorem.checker.outcome import Clock

KAPPA_BITS = 256
GROWTH_BITS = 64
LOST_BITS = 1 << 16
SQUARINGS = 10


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
        """Return K(r), a Lipschitz constant there of eta times the Hessian, without the jumps of squares."""
        total = sum((q * (q - 1) * c * r ** (q - 2) for q, c in self.orders), Fraction(0))
        return total + sum((2 * self._bend(kink, r) for kink in self.kinks if kink.power > 2), Fraction(0))

    def jumps(self, z: Sequence[int], d: int, distance: Fraction) -> Fraction:
        """Return a bound of the jumps of eta times the Hessian, from squares, within a distance of z / d."""
        total = Fraction(0)
        for kink in self.kinks:
            if kink.power == 2 and abs(kink.argument(z, d)) <= kink.length * distance * d:
                total += 2 * self.step_size * abs(kink.factor) * kink.length**2
        return total


def _orders(partials: Sequence[Polynomial], step_size: Fraction) -> list[tuple[int, Fraction]]:
    """Return the pairs (q, C_q): C_q is eta times the norm of the row sums of |c| kappa over the terms of degree q."""
    rows = defaultdict[int, list[int]](lambda: [0] * len(partials))
    for i, partial in enumerate(partials):
        for beta, k in partial.terms.items():
            rows[sum(beta)][i] += abs(k) * _kappa(tuple(sorted(e for e in beta if e)))
    scale = step_size / (max((partial.denominator for partial in partials), default=1) << KAPPA_BITS)
    return [(q, scale * (isqrt(sum(x * x for x in row)) + 1)) for q, row in rows.items() if q >= 2]


@lru_cache(maxsize=4096)
def _kappa(exponents: tuple[int, ...]) -> int:
    """Return kappa = sqrt(product of e^e / |beta|^|beta|), the largest |h^beta| on the sphere, in units of 2^-256.

    It is rounded up.
    """
    q = sum(exponents)
    return isqrt((prod(e**e for e in exponents) << 2 * KAPPA_BITS) // q**q) + 1 if q else 1 << KAPPA_BITS


def symmetric_norm(matrix: Sequence[Sequence[int]], squarings: int = SQUARINGS) -> int:
    """Return an upper bound of the spectral norm of a symmetric matrix of integers.

    |M|^2 = |M^2|, and the Frobenius norm bounds |M|. Of the square, the last bits are dropped, which changes the norm
    by less than the dimension. Where the sum of the fourth powers of the eigenvalues is almost the square of the sum of
    their squares, one eigenvalue outweighs the others, and the Frobenius norm cannot be improved upon.
    """
    n = len(matrix)
    columns = list(zip(*matrix, strict=True))
    square = [[sum(map(int.__mul__, row, column)) for column in columns] for row in matrix]
    trace = sum(square[i][i] for i in range(n))
    fourth = sum(x * x for row in square for x in row)
    if not squarings or fourth * (1 + (1 << 30)) >= trace * trace << 30:
        return isqrt(isqrt(fourth) + 1) + 1
    drop = max(0, trace.bit_length() - GROWTH_BITS)
    shorter = [[x >> drop for x in row] for row in square]
    return isqrt((symmetric_norm(shorter, squarings - 1) + n) << drop) + 1


@dataclass(frozen=True)
class Expansion:
    """How far F may move points apart at most; part of Claim 10 (enclosure).

    Attributes:
        linear: An upper bound of all |1 - eta lambda|.
    """

    descent: Descent
    remainder: Remainder
    linear: Fraction

    def on_ball(self, r: Fraction) -> int:
        """Return a Lipschitz constant of F on the ball |h| <= r, in units of 2^-64."""
        return _units(self.linear + self.remainder.lipschitz(r))

    def near(self, z: Sequence[int], bits: int, error: int, change: Fraction) -> int:
        """Bound |F(h) - F(z)| / |h - z| for |h - z| <= error, z and error in units of 2^-bits; see Claim 10.

        Args:
            z: The centre, shape (n,).
            bits: At least 64.
            error: The radius.
            change: K(r) for a ball around the minimizer that holds all of these points and the rounded centre.

        Returns:
            The bound in units of 2^-64.
        """
        n, unit = len(z), 1 << GROWTH_BITS
        rounded = [x >> bits - GROWTH_BITS for x in z]
        distance = Fraction(error, 1 << bits) + Fraction(isqrt(n) + 1, unit)
        table, scale = self.descent.scaled_hessian(rounded, unit)
        derivative = [
            [unit * (i == j) - (x << GROWTH_BITS) // scale for j, x in enumerate(row)] for i, row in enumerate(table)
        ]
        varies = change * distance + self.remainder.jumps(rounded, unit, distance)
        return symmetric_norm(derivative) + n + _units(varies)


def _units(x: Fraction) -> int:
    """Round up to units of 2^-64."""
    return -((-x.numerator << GROWTH_BITS) // x.denominator)


def enclose(expansion: Expansion, step: int, bits: int, clock: Clock) -> tuple[list[Fraction], Fraction]:
    """Claim 10 (enclosure): return a ball that holds the iterate of a step, by its centre and radius.

    F is computed exactly at a centre rounded to ``bits`` bits after the point. The distance to the exact iterate grows
    at each step by a Lipschitz constant of F, the one on a ball around the minimizer or the one near the centre, and by
    the rounding.
    """
    descent = expansion.descent
    one, rounding = 1 << bits, isqrt(descent.dimension) + 1
    z, error = [int(x * one) for x in descent.start], rounding
    on_ball: dict[int, int] = {}
    changes: dict[int, Fraction] = {}
    for k in range(step):
        if k % 64 == 0:
            clock.look(f"the trajectory up to step {step}")
        size = (isqrt(sum(x * x for x in z)) + 1 + error).bit_length()
        if size >= LOST_BITS:  # too large or too uncertain: such a ball decides nothing
            return [Fraction(0)] * descent.dimension, Fraction(size)
        r = Fraction(1 << size, one)
        if size not in on_ball:
            on_ball[size] = expansion.on_ball(r)
        growth = on_ball[size]
        if growth > 1 << GROWTH_BITS:
            if size not in changes:
                changes[size] = expansion.remainder.hessian_lipschitz(r + Fraction(rounding, 1 << GROWTH_BITS))
            growth = min(growth, expansion.near(z, bits, error, changes[size]))
        moved, scale = descent.image(z, one)
        z = [(x << bits) // scale for x in moved]
        error = -(-error * growth >> GROWTH_BITS) + rounding
    return [Fraction(x, one) for x in z], Fraction(error, one)
