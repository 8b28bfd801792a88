r"""The modes of a method at a point of arrival, where only enclosures of the singular values are known.

The buffer is divided by :math:`\sqrt\eta`. On the pair of singular vectors of a singular value σ of J there, a step of
the method is :math:`\begin{pmatrix}1-as & -\kappa\sqrt s\\ \sqrt s & \beta\end{pmatrix}` with :math:`s = \eta\sigma^2`;
on buffers along the valley it is β (docs/valleys.md, *Momentum*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.augmented.modes import REGIMES, Block, Shape
from gdcheck.theorem.augmented.powers import ModeMatrix
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.statement import Regime


@dataclass(frozen=True, eq=False)
class Dominance:
    """The dominant mode.

    Attributes:
        regime: The regime.
        index: The index of the singular value whose mode dominates; None if all modes are pairs, or if the buffer along
            the valley dominates.
        rho: The modulus.
        powers: K with ‖Bʲ‖ ≤ Kρʲ for all j ≥ 0; not finite if none is known.
        angles: The angles by which dominant pairs rotate in a step.
    """

    regime: Regime
    index: int | None
    rho: arb
    powers: arb
    angles: tuple[arb, ...] = ()


def matrix_of(method: Method, s: arb) -> ModeMatrix | None:
    """Return the matrix of a mode; None if its kind (positive, negative or a pair) is not decided.

    Args:
        method: The method.
        s: ησ², positive.
    """
    block = Block.at(method, s)
    mode = block.mode()
    return None if mode is None else ModeMatrix(_rows(method, s), block, mode, arb(method.lead))


def _rows(method: Method, s: arb) -> tuple[tuple[arb, arb], tuple[arb, arb]]:
    root = s.sqrt()
    return (1 - arb(method.lead) * s, -arb(method.carry) * root), (root, arb(method.momentum))


def dominance(method: Method, eta: arb, values: Sequence[arb], *, tangential: bool) -> Dominance | str:
    """Find the dominant mode.

    Args:
        method: The method.
        eta: η.
        values: The eigenvalues of JJᵀ, ascending, each enclosed and positive.
        tangential: Whether there are directions along the valley, on which J vanishes.

    Returns:
        The dominant mode; or the key of what is lacking.
    """
    beta, stable = arb(method.momentum), arb(largest_stable(method))
    ends = [eta * value for value in values]
    if surely_less(stable, ends[-1]):
        return "unstable"
    if not surely_less(ends[-1], stable):
        return "limit"
    known = [matrix_of(method, s) for s in ends]
    turning = [m for m in known if m is not None and m.mode.shape is Shape.PAIR]
    if len(turning) == len(known) and method.trace_and_determinant()[1][1] == 0:
        rho = turning[0].block.d.sqrt()
        powers = _powers(method, ends, known, rho)
        return Dominance(Regime.ROTATING, None, rho, powers, tuple(m.angle for m in turning))
    moduli = [_modulus(method, s, matrix) for s, matrix in zip(ends, known, strict=True)]
    _, index = max((float(x.mid()), i) for i, x in enumerate(moduli))
    others = [x for i, x in enumerate(moduli) if i != index]
    if tangential and all(surely_less(x, beta) for x in moduli):
        return Dominance(Regime.TANGENTIAL, None, beta, _powers(method, ends, known, beta))
    matrix = known[index]
    if matrix is None or (tangential and not surely_less(beta, moduli[index])):
        return "boundary"
    shape = matrix.mode.shape
    if not all(surely_less(x, moduli[index]) for x in others):
        rivals = [m for m, x in zip(known, moduli, strict=True) if not surely_less(x, moduli[index])]
        alike = all(m is not None and m.mode.shape is shape for m in rivals)
        return "neighbour" if alike else "boundary"
    angles = (matrix.angle,) if shape is Shape.PAIR else ()
    return Dominance(REGIMES[shape], index, moduli[index], _powers(method, ends, known, moduli[index]), angles)


def _modulus(method: Method, s: arb, matrix: ModeMatrix | None) -> arb:
    """Return the larger modulus of a mode."""
    return Block.at(method, s).largest() if matrix is None else matrix.block.moduli(matrix.mode)[0]


def _powers(method: Method, ends: Sequence[arb], known: Sequence[ModeMatrix | None], rho: arb) -> arb:
    found = [arb(1)]
    for s, matrix in zip(ends, known, strict=True):
        if matrix is not None:
            unit_u, unit_c, _ = matrix.units
            found.append(norm((matrix.powers(rho, unit_u), matrix.powers(rho, unit_c))).upper())
            continue
        large = _modulus(method, s, None)
        room = rho - large
        if not surely_less(arb(0), room):
            return arb("inf")
        found.append((norm(x for row in _rows(method, s) for x in row) / room + large * large / (rho * room)).upper())
    return _largest(found)


def _largest(bounds: Sequence[arb]) -> arb:
    return max(bounds, key=lambda x: float(x) if x.is_finite() else float("inf"))
