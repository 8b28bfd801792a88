r"""The states of a method at a strict minimum, as a supplier of the amplitude lemma.

The sequence is the states z = (h, c) in the norm of ``powers.py``, in which B contracts by ρ. A part of the lemma is
either an eigenspace with a real multiplier, with the functional that gives its amplitude, or the space of dominant
pairs. Its projection is scaled so that the tail of the lemma is the tail of that amplitude (docs/methods.md, *The
certificate*).
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.limit.amplitude import projector_bits
from gdcheck.theorem.limit.sequence import DominantPart, PerturbedSequence
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.rational import identity


@dataclass(frozen=True, eq=False, kw_only=True)
class StateSequence(PerturbedSequence):
    """The states, enclosed at the precision at which this was made.

    Attributes:
        powers: The bounds of the norm.
    """

    powers: Powers


@dataclass(frozen=True, eq=False)
class Frame:
    """An eigenspace through nearly orthonormal dyadic columns, in the inner product of a Gram matrix.

    Attributes:
        vectors: W, shape (n, w).
        dual: G W, where G is the Gram matrix; W itself in the usual inner product.
        deviation: A bound of ‖Π − W (G W)ᵀ‖ with the projector Π onto the eigenspace.
        size: A bound of ‖Π‖.
    """

    vectors: fmpq_mat
    dual: fmpq_mat
    deviation: arb
    size: arb

    def line(self, sign: int, functional: tuple[arb, arb], scale: arb) -> DominantPart:
        """Return the part on which the method multiplies by a real number.

        Args:
            sign: The sign of the multiplier.
            functional: The coefficients of h and c in its amplitude.
            scale: The divisor of the amplitude.

        Returns:
            The part, whose image is the amplitude's vector in the space of h, shape (n,).
        """
        a, b = (x / scale for x in functional)
        with ctx.workprec(projector_bits()):
            rows = arb_mat(self.dual.transpose()).tolist()
            along = arb_mat([[*(a * x for x in row), *(b * x for x in row)] for row in rows])
            onto = arb_mat(self.vectors)
        length = norm((a, b))
        return DominantPart(sign, self.deviation * length, onto, along, self.size * length)

    def turning(self, scale: arb) -> DominantPart:
        """Return the part of states in an eigenspace whose mode is a pair, scaled."""
        with ctx.workprec(projector_bits()):
            onto, along = (_twice(x) for x in (self.vectors, self.dual.transpose()))
        return DominantPart(0, self.deviation / scale, onto * (1 / scale), along, self.size / scale)


def turning_everywhere(dimension: int, scale: arb) -> DominantPart:
    """Return all states, shape (2n,), where every mode is a pair of the dominant modulus, scaled."""
    unit = arb_mat(identity(2 * dimension))
    return DominantPart(0, arb(0), unit * (1 / scale), unit, 1 / scale)


def _twice(matrix: fmpq_mat) -> arb_mat:
    """Return the block matrix that acts on h and on c in the same way, shape (2n, 2m)."""
    rows, nothing = matrix.tolist(), [fmpq(0)] * int(matrix.ncols())
    return arb_mat(fmpq_mat([[*row, *nothing] for row in rows] + [[*nothing, *row] for row in rows]))
