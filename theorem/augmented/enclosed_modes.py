r"""The modes of a method with momentum at a minimizer where only enclosures of the Hessian's eigenvalues are known.

On the eigenvector of λ the method is the matrix M(s), s = ηλ (docs/methods.md, *One block a mode*). Enclosures never
prove two moduli equal: where they cannot tell them apart no regime is found. Only heavy ball's pairs are known to have
one modulus, √β.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.augmented.modes import REGIMES, Block, Shape
from gdcheck.theorem.augmented.powers import ModeMatrix
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.loss.balls import surely_less, upper
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.statement import Regime


@dataclass(frozen=True, eq=False)
class EnclosedModes:
    """What a method does near a minimizer, as far as its linear part tells.

    Attributes:
        regime: The regime.
        matrices: The matrix of each mode, ascending by eigenvalue; none if the regime is unstable.
        dominant: The positions of the modes of the largest modulus: one, or all where all turn; none if unstable.
    """

    regime: Regime
    matrices: tuple[ModeMatrix, ...] = ()
    dominant: tuple[int, ...] = ()

    @property
    def modulus(self) -> arb:
        """The largest modulus ρ."""
        first = self.matrices[self.dominant[0]]
        return first.block.moduli(first.mode)[0]

    @property
    def dominance(self) -> arb:
        """How much larger ρ is than the moduli of the other modes."""
        others = [m.block.moduli(m.mode)[0] for i, m in enumerate(self.matrices) if i not in self.dominant]
        return min((self.modulus - x for x in others), key=lambda x: float(x.mid()), default=self.modulus)

    @property
    def angles(self) -> tuple[arb, ...]:
        """The angles by which the dominant pairs turn in a step, in radians."""
        return tuple(m.angle for m in (self.matrices[i] for i in self.dominant) if m.mode.shape is Shape.PAIR)


def enclosed_modes(method: Method, step_size: arb, values: Sequence[arb]) -> EnclosedModes | None:
    """Find which mode dominates, at the current precision.

    Args:
        method: Heavy ball or Nesterov's method, with β > 0.
        step_size: η.
        values: The eigenvalues, ascending, each enclosed and positive.

    Returns:
        The modes; None where they are not told apart: next to a boundary, a double multiplier, or equal eigenvalues.
    """
    stable, ends = arb(largest_stable(method)), [step_size * value for value in values]
    if surely_less(stable, ends[-1]):
        return EnclosedModes(Regime.UNSTABLE)
    kinds = [Block.at(method, s).mode() for s in ends]
    matrices = [ModeMatrix.at(method, s, kind) for s, kind in zip(ends, kinds, strict=True) if kind is not None]
    if not surely_less(ends[-1], stable) or len(matrices) < len(ends):
        return None
    moduli = [m.block.moduli(m.mode)[0] for m in matrices]
    turning = all(m.mode.shape is Shape.PAIR for m in matrices)
    if turning and method.trace_and_determinant()[1][1] == 0:
        return EnclosedModes(Regime.ROTATING, tuple(matrices), tuple(range(len(ends))))
    index = max(range(len(ends)), key=lambda i: float(moduli[i].mid()))
    if not all(surely_less(x, moduli[index]) for i, x in enumerate(moduli) if i != index):
        return None
    return EnclosedModes(REGIMES[matrices[index].mode.shape], tuple(matrices), (index,))


def step_norm(method: Method, ends: Sequence[arb]) -> arb:
    """Bound the norm of M(s) for all s between two ends: it is convex in s, and so largest at one of them.

    Args:
        method: The method.
        ends: Both ends.
    """
    a, kappa, beta = arb(method.lead), arb(method.carry), arb(method.momentum)
    found = []
    for s in ends:
        square = (1 - a * s) ** 2 + kappa * kappa + s * s + beta * beta
        determinant = beta * (1 - a * s) + kappa * s
        inner = (square * square - 4 * determinant * determinant).nonnegative_part()
        found.append(upper(((square + inner.sqrt()) / 2).sqrt()))
    return found[0].max(found[1])
