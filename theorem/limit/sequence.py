r"""What a supplier hands to the amplitude lemma: a sequence, known through enclosures.

The sequence is :math:`s_{k+1} = B s_k + g_k` in :math:`\mathbb{R}^m` with :math:`\|g_k\| \le C(r)\|s_k\|^2` for
:math:`\|s_k\| \le r`. Space splits orthogonally into subspaces that :math:`B` leaves invariant: the dominant parts,
on each of which :math:`B` is :math:`\rho` times a sign, with :math:`\rho < 1`; and the rest, where :math:`\|B\| \le b
< \rho`. What :math:`B` is the derivative of, and where the sequence comes from, is the supplier's concern.

A part on which :math:`B/\rho` turns has the sign 0: where its amplitude is not zero, there is neither a limit nor an
alternating limit (docs/methods.md, *Turning*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat

_ONE = arb(1)


@dataclass(frozen=True, eq=False)
class EnclosedIterate:
    r"""The iterate :math:`s_k` in a ball around an exact centre: ‖s_k − centre‖ ≤ error.

    Where the sequence is measured in another norm than the Euclidean one, it is at least that, and all three numbers
    are of that norm.

    Attributes:
        step: k.
        centre: The centre, exact balls, shape (m,).
        error: A bound of the distance from the centre to the iterate.
        radius: An upper bound of ‖s_k‖ and of ‖centre‖.
        size: ‖centre‖, or an upper bound of it.
    """

    step: int
    centre: list[arb]
    error: arb
    radius: arb
    size: arb


@dataclass(frozen=True, eq=False)
class DominantPart:
    r"""A subspace E on which B = sign·ρ, through an approximation Π̂ = onto·along of the orthogonal projector Π onto it.

    Where only amplitudes are asked for, ``onto`` may lead into another space than that of the sequence.

    Attributes:
        sign: The sign of the multiplier, 1 or −1; 0 where B turns.
        deviation: δ ≥ ‖Π − Π̂‖.
        onto: Shape (m, d), with d the dimension of E.
        along: Shape (d, m).
        stretch: A bound of ‖Π‖: what an error becomes.
    """

    sign: int
    deviation: arb
    onto: arb_mat
    along: arb_mat
    stretch: arb = _ONE


@dataclass(frozen=True, eq=False)
class Drift:
    r"""What a step adds linearly, beside the remainder: ‖g_j‖ ≤ C‖s_j‖² + ε_j‖s_j‖ for all later j.

    Attributes:
        largest: A bound of all ε_j.
        fixed: The part of their sum that does not depend on how fast ‖s‖ falls.
        fresh: The other part, which is multiplied by Σ σʲ.
    """

    largest: arb
    fixed: arb
    fresh: arb

    def total(self, sigma: arb) -> arb:
        """Bound the sum of all ε_j, where each step shrinks ‖s‖ by σ < 1 at least."""
        return self.fixed + self.fresh / (1 - sigma)


@dataclass(frozen=True, eq=False)
class PerturbedSequence:
    """The whole interface: iterates, multipliers, projectors and the remainder, enclosed at the current precision.

    Attributes:
        parts: The dominant parts: one, or two of which the first has the sign 1 and the second −1.
        rho: ρ, the modulus of the dominant multipliers.
        dominance: ρ − b. It is asked for as one number, for it may be far below the precision to which ρ and b are
            known.
        remainder: C(r) by the radius, with ‖g_k‖ ≤ C(r)‖s_k‖² for every later s_k with ‖s_k‖ ≤ r; it does not fall
            as r grows.
        iterates: Encloses s₀, s₁, …, without end; the precision must stay the same meanwhile.
        drift: Bounds what is added linearly from an iterate on, where the map tends to its derivative only with time.
        begins: The step from which the splitting and the bounds hold.
    """

    parts: Sequence[DominantPart]
    rho: arb
    dominance: arb
    remainder: Callable[[arb], arb]
    iterates: Callable[[], Iterator[EnclosedIterate]]
    drift: Callable[[EnclosedIterate], Drift] | None = None
    begins: int = 0
