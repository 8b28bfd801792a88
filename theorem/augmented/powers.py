r"""Bounds of the powers of a mode's block, applied to a vector: :math:`\|M^j v\| \le K_v\rho^j` for all j ≥ 0.

With them :math:`\|z\|_* = \sup_j \rho^{-j}\|B^j z\|` is a norm in which B contracts by ρ. It is bounded by three
numbers: for an error, for a buffer, and for what a gradient adds to a state. Each bound below is proved in
docs/methods.md, *A norm that fits*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.theorem.augmented.modes import Block, Mode, Motion, Shape
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.method import Method

Pair = tuple[arb, arb]
"""The coordinates of h and of c on one eigenvector."""

_HALF = fmpq(1, 2)
# Upper bounds of 1/e and 1 − 1/e.
_E_INVERSE, _E_REST = fmpq(36788, 100000), fmpq(63213, 100000)
# The stated numbers are larger by this factor, so that a checker with less sharp bounds still finds less.
_SLACK = fmpq(1025, 1024)
_DIGITS = 30


@dataclass(frozen=True, eq=False)
class Powers:
    r"""Bounds of the norm ‖·‖_*: exact dyadic numbers of few digits, each at least one.

    Attributes:
        error: ‖(h, 0)‖_* is at most this times ‖h‖.
        buffer: ‖(0, c)‖_* is at most this times ‖c‖.
        gradient: ‖(−aPg, Pg)‖_* is at most this times ‖g‖.
    """

    error: arb
    buffer: arb
    gradient: arb

    @property
    def state(self) -> arb:
        """K with ‖z‖_* ≤ K‖z‖."""
        return norm((self.error, self.buffer)).upper()

    def size(self, h: Sequence[arb], c: Sequence[arb]) -> arb:
        """Return an upper bound of ‖(h, c)‖_*."""
        return self.error * norm(h) + self.buffer * norm(c)


@dataclass(frozen=True)
class ModeMatrix:
    """The matrix M(s) of one mode, in balls.

    Attributes:
        rows: Its entries, shape (2, 2).
        block: Trace and determinant.
        mode: The kind of the mode, which is exact.
        lead: a, the weight of the gradient in h.
    """

    rows: tuple[Pair, Pair]
    block: Block
    mode: Mode
    lead: arb

    @classmethod
    def at(cls, method: Method, s: arb, mode: Mode) -> ModeMatrix:
        """Return M(s)."""
        lead = arb(method.lead)
        return cls(((1 - lead * s, -arb(method.carry)), (s, arb(method.momentum))), Block.at(method, s), mode, lead)

    def minus(self, x: arb, v: Pair) -> Pair:
        """Return (M − x)v."""
        (a, b), (c, d) = self.rows
        return (a - x) * v[0] + b * v[1], c * v[0] + (d - x) * v[1]

    @property
    def multiplier(self) -> arb:
        """The real multiplier of the larger modulus."""
        return self.block.moduli(self.mode)[0] * self.mode.shape.value

    @property
    def units(self) -> tuple[Pair, Pair, Pair]:
        """A unit error, a unit buffer, and what a unit gradient adds to a state, as coordinates (h, c)."""
        one, nothing = arb(1), arb(0)
        return (one, nothing), (nothing, one), (-self.lead, one)

    def turn(self) -> Pair:
        """Half the trace, and the imaginary part of a pair."""
        half = self.block.t / 2
        return half, (self.block.d - half * half).nonnegative_part().sqrt()

    @property
    def angle(self) -> arb:
        """The angle by which a pair turns in a step, in radians."""
        half, height = self.turn()
        return arb.atan2(height, half)

    def turned(self, v: Pair) -> arb:
        """For a pair of modulus r, bound ‖(M/r)^j v‖ for all integers j."""
        half, height = self.turn()
        x, y = (entry / height for entry in self.minus(half, v))
        # cos jθ v + sin jθ Jv is at most the largest singular value of the matrix (v, Jv).
        total, area = norm((*v, x, y)) ** 2, v[0] * y - v[1] * x
        return ((total + (total * total - 4 * area * area).nonnegative_part().sqrt()) / 2).sqrt()

    def powers(self, rho: arb, v: Pair) -> arb:
        """Bound ρ^{-j}‖M^j v‖ for all j ≥ 0, with ρ at least the modulus of both multipliers."""
        large, _ = self.block.moduli(self.mode)
        mode, length, bounds = self.mode, norm(v), []
        if surely_less(large, rho):
            bounds.append(self._below(large / rho, rho, v))
        if mode.shape is Shape.PAIR:
            bounds.append(self.turned(v))
        elif mode.shape is not Shape.ZERO and not mode.double:
            mu = self.multiplier
            nu = self.block.t - mu
            straight, first = norm(self.minus(nu, v)) / abs(mu - nu), norm(self.minus(arb(0), v)) / large
            bounds.append(length.max(straight).max(first))
        finite = [b.upper() for b in bounds if b.is_finite()]
        return min(finite) if finite else arb("inf")

    def _below(self, x: arb, rho: arb, v: Pair) -> arb:
        """Bound them by x = R/ρ < 1: M^j v = μ^j v + p_j(M − μ)v with |p_j| ≤ jR^{j−1}."""
        length = norm(v)
        if self.mode.shape is Shape.PAIR:
            half, height = self.turn()
            rest = norm((*self.minus(half, v), height * length))
        else:
            rest = norm(self.minus(self.multiplier if self.mode.shape is not Shape.ZERO else arb(0), v))
        rest /= rho
        if surely_less(x, arb(_HALF)):
            return (x * length + rest).max(length)
        steep = rest * (1 + x) / (2 * x * (1 - x))
        return (arb(_E_INVERSE) * steep + arb(_E_REST) * length).max(length)

    def functional(self) -> Pair:
        r"""Return the coefficients of h and c in the amplitude of the real multiplier μ.

        Where μ is simple, z is :math:`(l\cdot z)\,w` plus a multiple of the other eigenvector, with :math:`w_h = 1`.
        Where it is double, h grows like :math:`k\mu^k (l\cdot z)`.
        """
        (a, b), (_, d) = self.rows
        mu = self.multiplier
        if self.mode.double:
            return (a - mu) / mu, b / mu
        nu = self.block.t - mu
        return (mu - d) / (mu - nu), b / (mu - nu)

    def pushed(self) -> arb:
        """Return the modulus of the amplitude that a unit gradient adds to a state."""
        a, b = self.functional()
        return abs(b - a * self.lead)


def mode_matrices(motion: Motion, method: Method, u: arb) -> list[ModeMatrix]:
    """Return the matrices of all modes at a step size, at the current precision."""
    values = motion.spectrum.balls(*range(len(motion.modes)))
    return [ModeMatrix.at(method, u * x, mode) for x, mode in zip(values, motion.modes, strict=True)]


def bound_powers(matrices: Sequence[ModeMatrix], rho: arb, factors: Pair, *, buffered: bool) -> Powers | None:
    """Bound the norm ‖·‖_* of all modes together.

    Args:
        matrices: The matrices of all modes.
        rho: ρ.
        factors: ‖P‖ and √cond(P).
        buffered: Whether there is a buffer; if not, no norm contains it.

    Returns:
        The numbers, rounded up; None where they are not bounded at this precision.
    """
    strength, size = factors
    if not buffered:
        found = [arb(1), arb(1), matrices[0].lead]
    else:
        found = [max(m.powers(rho, m.units[i]) for m in matrices) for i in range(3)]
    bounds = [x * size for x in found]
    bounds[2] *= strength
    if not all(x.is_finite() for x in bounds):
        return None
    # Gradient descent alone is known exactly.
    slack = arb(_SLACK if buffered or size != 1 else 1)
    return Powers(*(_few_digits(x * slack) for x in bounds))


def _few_digits(x: arb) -> arb:
    with ctx.workprec(_DIGITS):
        return (+x).upper()
