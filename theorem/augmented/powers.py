r"""Bounds of the powers of a mode's block: :math:`\|M^j\| \le K\rho^j` for all j ≥ 0.

With them :math:`\|z\|_* = \sup_j \rho^{-j}\|B^j z\|` is a norm in which B contracts by ρ, and
:math:`\|z\| \le \|z\|_* \le K\|z\|` (docs/methods.md, *A norm that fits*). Each bound below is proved there.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.augmented.modes import Block, Mode, Motion, Shape
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.method import Method


@dataclass(frozen=True)
class ModeMatrix:
    """The matrix M(s) of one mode, in balls.

    Attributes:
        rows: Its entries, shape (2, 2).
        block: Trace and determinant.
        mode: What is known of it exactly.
    """

    rows: tuple[tuple[arb, arb], tuple[arb, arb]]
    block: Block
    mode: Mode

    @classmethod
    def at(cls, method: Method, s: arb, mode: Mode) -> ModeMatrix:
        """M(s)."""
        rows = (1 - arb(method.lead) * s, -arb(method.carry)), (s, arb(method.momentum))
        return cls(rows, Block.at(method, s), mode)

    def minus(self, x: arb, scale: arb) -> list[arb]:
        """Return the entries of (M − x)/scale."""
        (a, b), (c, d) = self.rows
        return [(a - x) / scale, b / scale, c / scale, (d - x) / scale]

    @property
    def multiplier(self) -> arb:
        """The real multiplier of the larger modulus."""
        return self.block.moduli(self.mode)[0] * self.mode.shape.value

    def turn(self) -> tuple[arb, arb]:
        """Half the trace, and the imaginary part of a pair."""
        half = self.block.t / 2
        return half, (self.block.d - half * half).nonnegative_part().sqrt()

    def powers(self, rho: arb) -> arb:
        """K, for ρ at least the modulus of both multipliers."""
        large, _ = self.block.moduli(self.mode)
        bounds = []
        if surely_less(large, rho):
            room = rho - large
            bounds.append(norm(x for row in self.rows for x in row) / room + large * large / (rho * room))
        if self.mode.shape is Shape.PAIR:
            half, height = self.turn()
            bounds.append(norm(self.minus(half, height)))
        elif self.mode.shape is not Shape.ZERO and not self.mode.double:
            mu = self.multiplier
            nu = self.block.t - mu
            bounds.append(norm(self.minus(nu, mu - nu)) + norm(self.minus(mu, mu - nu)))
        finite = [max(b.upper(), arb(1)) for b in bounds if b.is_finite()]
        return min(finite) if finite else arb("inf")

    def functional(self) -> tuple[arb, arb]:
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


def mode_matrices(motion: Motion, method: Method, u: arb) -> list[ModeMatrix]:
    """Return the matrices of all modes at a step size, at the current precision."""
    values = motion.spectrum.balls(*range(len(motion.modes)))
    return [ModeMatrix.at(method, u * x, mode) for x, mode in zip(values, motion.modes, strict=True)]
