r"""What a supplier hands to the amplitude lemma: a sequence, known through enclosures.

The sequence is :math:`s_{k+1} = B s_k + g_k` in :math:`\mathbb{R}^m` with :math:`\|g_k\| \le C(r)\|s_k\|^2` for
:math:`\|s_k\| \le r`. Space splits orthogonally into subspaces that :math:`B` leaves invariant: the dominant parts,
on each of which :math:`B` is :math:`\rho` times a sign, with :math:`\rho < 1`; and the rest, where :math:`\|B\| \le b
< \rho`. What :math:`B` is the derivative of, and where the sequence comes from, is the supplier's concern.

A part on which :math:`B/\rho` turns has the sign 0: where its amplitude is not zero, there is neither a limit nor an
alternating limit (docs/methods.md, *Turning*).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from flint import arb


class EnclosedIterate(Protocol):
    r"""The iterate :math:`s_k` in a ball around an exact centre: ‖s_k − centre‖ ≤ error."""

    @property
    def step(self) -> int:
        """K."""

    @property
    def centre(self) -> list[arb]:
        """The centre, exact balls, shape (m,)."""

    @property
    def error(self) -> arb:
        """A bound of the distance from the centre to the iterate."""

    @property
    def radius(self) -> arb:
        """An upper bound of ‖s_k‖ and of ‖centre‖."""

    @property
    def size(self) -> arb:
        """‖centre‖."""


class DominantPart(Protocol):
    r"""A subspace E on which B = sign·ρ, through an approximation of the orthogonal projector Π onto it."""

    @property
    def sign(self) -> int:
        """The sign of the multiplier, 1 or −1; 0 where B turns."""

    @property
    def dimension(self) -> int:
        """The dimension of E."""

    @property
    def deviation(self) -> arb:
        """δ ≥ ‖Π − Π̂‖."""

    def project(self, vector: list[arb]) -> list[arb]:
        """Apply Π̂ = W Wᵀ for a matrix W, shape (m, dimension).

        Args:
            vector: A vector, shape (m,).

        Returns:
            Its image, shape (m,).
        """


class PerturbedSequence(Protocol):
    """The whole interface: iterates, multipliers, projectors and the remainder, enclosed at the current precision."""

    @property
    def parts(self) -> Sequence[DominantPart]:
        """The dominant parts: one, or two of which the first has the sign 1 and the second −1."""

    @property
    def rho(self) -> arb:
        """ρ, the modulus of the dominant multipliers."""

    @property
    def dominance(self) -> arb:
        """ρ − b. It is asked for as one number, for it may be far below the precision to which ρ and b are known."""

    @property
    def begins(self) -> int:
        """The step from which the splitting and the bounds hold."""

    def remainder(self, radius: arb) -> arb:
        """Bound the remainder on a ball.

        Args:
            radius: The radius r.

        Returns:
            C(r) with ‖g_k‖ ≤ C(r)‖s_k‖² for every later s_k with ‖s_k‖ ≤ r; it does not fall as r grows.
        """

    def iterates(self) -> Iterator[EnclosedIterate]:
        """Enclose s₀, s₁, …, without end; the precision must stay the same meanwhile."""


class Drift(Protocol):
    r"""What a step adds linearly, beside the remainder: ‖g_j‖ ≤ C‖s_j‖² + ε_j‖s_j‖ for all later j."""

    @property
    def largest(self) -> arb:
        """A bound of all ε_j."""

    def total(self, sigma: arb) -> arb:
        """Bound their sum.

        Args:
            sigma: σ < 1, by which each step shrinks ‖s‖ at least.

        Returns:
            A bound of Σ ε_j.
        """


@runtime_checkable
class DriftingSequence(Protocol):
    """A sequence whose map tends to its derivative only with time, and fast enough."""

    def drift(self, iterate: EnclosedIterate) -> Drift:
        """Bound what is added linearly from an iterate on.

        Args:
            iterate: One of the iterates of this sequence.

        Returns:
            The bounds.
        """
