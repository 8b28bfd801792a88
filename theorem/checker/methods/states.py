"""An enclosure of a method's state: Claim M6 (states) of docs/certificate.md, *Certificates for methods*."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt, lcm

from gdcheck.theorem.checker.exact import integer_matrix, integers, up
from gdcheck.theorem.checker.methods.linear import Linear
from gdcheck.theorem.checker.methods.modes import Powers
from gdcheck.theorem.checker.outcome import at_step
from gdcheck.theorem.checker.trajectory import GROWTH_BITS, LOST_BITS, Expansion, LocalExpansion

UNIT = 1 << GROWTH_BITS


@dataclass(frozen=True)
class StateMap:
    """A method around the minimizer, with the bounds of errors.

    Attributes:
        linear: The method.
        expansion: Gradient descent with the factor u, with its bounds.
        rho: An upper bound of rho.
        powers: The bounds of the powers of its blocks.
    """

    linear: Linear
    expansion: Expansion
    rho: Fraction
    powers: Powers

    @cached_property
    def operator(self) -> tuple[list[list[int]], int]:
        """Return u A by integers, shape (n, n), and their common denominator."""
        descent = self.expansion.descent
        return integer_matrix([[descent.step_size * x for x in row] for row in descent.hessian])

    def image(self, z: list[int], bits: int) -> list[int]:
        """Return the next state of (h, c), in units of 2^-bits, each coordinate rounded down."""
        n = self.expansion.descent.dimension
        h, c = z[:n], z[n:]
        moves, scale = self.expansion.descent.move(h, 1 << bits)
        pull = [x << bits for x in moves]  # u grad f, in units / scale
        rows = self.linear.preconditioner
        if rows is not None:
            entries, common = integers([x for row in rows for x in row])
            pull = [sum(entries[i * n + j] * pull[j] for j in range(n)) for i in range(n)]
            scale *= common
        a, kappa, beta = self.linear.a, self.linear.kappa, self.linear.beta
        d = lcm(a.denominator, kappa.denominator, beta.denominator)
        a_, kappa_, beta_ = int(a * d), int(kappa * d), int(beta * d)
        following = [
            (d * x * scale - a_ * p - kappa_ * y * scale) // (d * scale) for x, y, p in zip(h, c, pull, strict=True)
        ]
        if not beta:
            return [*following, *([0] * n)]
        return [*following, *((beta_ * y * scale + d * p) // (d * scale) for y, p in zip(c, pull, strict=True))]


def enclose(states: StateMap, step: int, bits: int) -> tuple[list[Fraction], Fraction]:
    """Claim M6 (states): return a ball that holds the state of a step, by its centre, shape (2n,), and its radius.

    The error is bounded in the Euclidean norm and in the norm |z|_*; each bounds the other up to a factor, and the
    smaller bound is taken. If the ball becomes too large to decide anything, such a ball is returned.
    """
    descent, linear, k = states.expansion.descent, states.linear, states.powers.state
    n = descent.dimension
    one, rounding = 1 << bits, isqrt(2 * n) + 1
    z = [int(x * one) for x in descent.start] + [0] * n
    error, starred = Fraction(rounding), Fraction(rounding) * k
    local = LocalExpansion(states.expansion, bits)
    shrinking: dict[int, Fraction] = {}
    for j in range(step):
        at_step(j, step)
        length = isqrt(sum(x * x for x in z)) + 1 + int(error) + 1
        size = length.bit_length()
        if size >= LOST_BITS:
            return [Fraction(0)] * (2 * n), Fraction(LOST_BITS)
        if size not in shrinking:
            on_ball = states.expansion.remainder.lipschitz(Fraction(1 << size, one))
            shrinking[size] = up(states.rho + states.powers.gradient * on_ball, GROWTH_BITS)
        shrinks = shrinking[size]
        starred *= shrinks
        if shrinks >= 1:
            # A Lipschitz constant of u grad f: one plus that of gradient descent.
            growth = 1 + Fraction(local.growth(z[:n], int(error) + 1, size), UNIT)
            error *= linear.still + linear.pull * growth
        else:
            error = starred
        z = states.image(z, bits)
        error, starred = up(error + rounding, GROWTH_BITS), up(starred + k * rounding, GROWTH_BITS)
        error, starred = min(error, starred), min(starred, k * error)
    return [Fraction(x, one) for x in z], error / one
