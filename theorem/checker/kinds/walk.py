"""Claim L0 (walk): an enclosure of late iterates in fixed point, with fewer and fewer bits.

Where the trajectory is unstable, the error of an enclosure grows by a factor at every step. A late iterate then needs
thousands of bits at the beginning, and fewer and fewer later: bits far below the error are dropped as it grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from operator import mul

from gdcheck.theorem.checker.descent import Descent, Evaluator
from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.outcome import LOOK, MOST_TERMS, at_step, required, within
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.spectrum import verify_norm
from gdcheck.theorem.checker.trajectory import GROWTH_BITS, LOST_BITS, Expansion, LocalExpansion, Remainder

Ball = tuple[list[Fraction], Fraction]
"""A ball that holds an iterate: its centre, shape (n,), and its radius."""

BITS = 512
LEAST_BITS = 128
SPARE_BITS = 48


def walk(expansion: Expansion, first: int, last: int, bits: int) -> Iterator[Ball]:
    """Claim L0 (walk): enclose the iterates from one step to another, for a polynomial loss.

    Args:
        expansion: Bounds of F.
        first: The first step.
        last: The last step.
        bits: The bits after the point at the beginning; at least 128 are used.

    Yields:
        For each step a ball that holds h_k, by its centre and radius; it ends early where a ball has become too large
        to decide anything.
    """
    n, bits = expansion.descent.dimension, max(bits, LEAST_BITS)
    gradient = _Rounded(expansion.descent.gradient)
    local = LocalExpansion(expansion, LEAST_BITS)
    apart = isqrt(n) + 1
    z, error = [(x.numerator << bits) // x.denominator for x in expansion.descent.start], apart
    for k in range(last + 1):
        if k >= first:
            yield [Fraction(x, 1 << bits) for x in z], Fraction(error, 1 << bits)
        at_step(k, last)
        if k % LOOK == 0:
            spare = min(error.bit_length() - SPARE_BITS, bits - LEAST_BITS)
            if spare >= LOOK:
                z, error, bits = [x >> spare for x in z], (error >> spare) + 1 + apart, bits - spare
        lift = bits - LEAST_BITS
        short = [x >> lift for x in z]
        # The ball around the rounded centre holds the iterate and the centre.
        reach = (error >> lift) + 1 + apart
        size = (isqrt(sum(x * x for x in short)) + 1 + reach).bit_length()
        if size >= LOST_BITS:
            return
        growth = local.growth(short, reach, size)
        z = [x - y for x, y in zip(z, gradient(z, bits), strict=True)]
        error = -(-error * growth >> GROWTH_BITS) + gradient.rounding(max(size - LEAST_BITS, 0)) * apart


class _Rounded:
    """eta times the gradient in fixed point; each product of coordinates is rounded down to the given bits."""

    def __init__(self, exact: Evaluator) -> None:
        self._products, self._scale = exact.products, exact.scale
        rows = [[(q, place, k) for q, *terms in row for place, k in zip(*terms, strict=True)] for row in exact.rows]
        self._rows = [([place for _, place, _ in row], [k for _, _, k in row]) for row in rows]
        self._weights = [[(q, abs(k)) for q, _, k in row if q > 1] for row in rows]

    @lru_cache(maxsize=64)  # noqa: B019 (it lives as long as the walk)
    def rounding(self, magnitude: int) -> int:
        """Return a bound of each value's error in units, for coordinates below 2^magnitude, magnitude >= 0."""
        # A monomial of degree q has q - 1 rounding errors, each multiplied by at most q - 2 coordinates.
        sums = (sum(k * (q - 1) << magnitude * (q - 2) for q, k in row) for row in self._weights)
        return int(max(sums) // self._scale + 2)

    def __call__(self, z: list[int], bits: int) -> list[int]:
        """Return the values at z / 2^bits in units of 2^-bits."""
        values = [1 << bits, *z]
        for before, i in self._products:
            values.append(values[before] * z[i] >> bits)
        scale = self._scale
        return [sum(map(mul, (values[i] for i in places), factors)) // scale for places, factors in self._rows]


def expansion_of(problem: Problem, norm: Fraction | None = None) -> Expansion:
    """Return the bounds of F around the minimizer; a given bound of |I - eta A| is verified, else a rough one is used.

    The minimizer need not be a critical point if only distances between iterates are bounded.
    """
    descent = Descent.of(problem)
    if norm is None:
        eta, rows = problem.step_size, enumerate(descent.hessian)
        norm = norm_above([int(i == j) - eta * x for i, row in rows for j, x in enumerate(row)])
    else:
        verify_norm(descent.hessian, problem.step_size, norm)
    return Expansion(descent, Remainder.of(descent), norm)


def enclosed(expansion: Expansion, step: int, bits: int = BITS) -> Ball:
    """Enclose h_k step by step (Claim L0)."""
    within(bits <= MOST_TERMS, "the claim asks for too many bits")
    ball = next(walk(expansion, step, step, bits), None)
    return required(ball, f"the iterate of step {step} is enclosed fails")
