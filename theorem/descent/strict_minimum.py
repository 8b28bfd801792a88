r"""Gradient descent at a strict rational minimum, as a supplier of the amplitude lemma.

The sequence is the error :math:`h_k = x_k - x^*`, and :math:`B = I - \eta A` with the rational Hessian :math:`A`, on
all of space or on an invariant subspace. The eigenspaces are known through nearly orthonormal dyadic vectors; the
bound of their projector's error is that of Davis and Kahan (docs/certificate.md, *Blocks*).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.descent.enclosure import Enclosure, enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ball, norm

Interval = tuple[fmpq, fmpq]

_GUARD_BITS = 64


@dataclass(frozen=True, eq=False)
class Eigenspace:
    """An eigenspace of the Hessian whose multiplier 1 − ηλ has the largest modulus.

    Attributes:
        sign: The sign of the multiplier.
        interval: An interval that holds the eigenvalue.
        gap: γ > 0 such that no other eigenvalue lies within γ of the interval.
        vectors: W, nearly orthonormal columns that nearly span the eigenspace, shape (n, w).
    """

    sign: int
    interval: Interval
    gap: fmpq
    vectors: fmpq_mat


class EigenspaceProjector:
    """The projector onto an eigenspace, within ``deviation`` of W Wᵀ.

    Attributes:
        sign: The sign of the multiplier.
        dimension: The dimension of the eigenspace.
        deviation: δ = √2 ‖AW − λ̃W‖/γ + ‖WᵀW − I‖, with λ̃ the middle of the eigenvalue's interval.
    """

    def __init__(self, hessian: fmpq_mat, space: Eigenspace) -> None:
        w = space.vectors
        self.sign, self.dimension = space.sign, int(w.ncols())
        # A vector that is all but orthogonal to W keeps the digits of its small projection.
        self._precision = 2 * ctx.prec + _GUARD_BITS
        with ctx.workprec(self._precision):
            self._matrix = arb_mat(w)
            self._transposed = arb_mat(w.transpose())
        excess = w.transpose() * w
        for i in range(self.dimension):
            excess[i, i] -= 1
        lo, hi = space.interval
        residual = hessian * w - w * ((lo + hi) / 2)
        s = 2 * _frobenius(residual) ** 2
        self.deviation = s.sqrt() / arb(space.gap) + _frobenius(excess)

    def project(self, vector: list[arb]) -> list[arb]:
        """Apply W Wᵀ to a vector, shape (n,)."""
        with ctx.workprec(self._precision):
            return (self._matrix * (self._transposed * arb_mat(len(vector), 1, vector))).entries()


@dataclass(frozen=True, eq=False)
class StrictMinimum:
    """The errors of gradient descent, enclosed at the precision at which this was made.

    Attributes:
        parts: The projectors onto the dominant eigenspaces, sign 1 before −1.
        rho: The modulus ρ of their multipliers.
        dominance: A lower bound of ρ − |1 − ηλ| over the other eigenvalues.
        begins: The step from which the trajectory lies in the space that the eigenvalues belong to.
    """

    parts: tuple[EigenspaceProjector, ...]
    rho: arb
    dominance: arb
    begins: int
    _expansion: Expansion
    _bound: RemainderBound
    _largest: arb

    @classmethod
    def of(
        cls,
        expansion: Expansion,
        spaces: Sequence[Eigenspace],
        others: Sequence[Interval] = (),
        *,
        largest: arb,
        begins: int = 0,
    ) -> StrictMinimum:
        """Supply the trajectory of a loss whose Hessian exists.

        Args:
            expansion: The loss at its minimizer, with step size and start.
            spaces: The dominant eigenspaces, sign 1 before −1.
            others: Intervals of the other eigenvalues, on the subspace if there is one.
            largest: An upper bound of |1 − ηλ| over the whole spectrum.
            begins: The step from which the trajectory lies in the subspace.

        Returns:
            The sequence.
        """
        assert expansion.hessian is not None
        eta = expansion.step_size
        # Exact, for the two moduli may be closer than balls at this precision can tell.
        lo, hi = spaces[0].interval
        least = max(fmpq(0), 1 - eta * hi, eta * lo - 1)
        most = max((abs(1 - eta * end) for interval in others for end in interval), default=fmpq(0))
        return cls(
            parts=tuple(EigenspaceProjector(expansion.hessian, space) for space in spaces),
            # Next to 1/λ the difference of two rounded numbers would be known to a few digits.
            rho=abs(ball(1 - eta * hi, 1 - eta * lo)),
            dominance=arb(least - most),
            begins=begins,
            _expansion=expansion,
            _bound=RemainderBound.of(expansion),
            _largest=largest,
        )

    def remainder(self, radius: arb) -> arb:
        """Bound the remainder: C(r) of Lemma 1."""
        return self._bound.quadratic(radius)

    def iterates(self) -> Iterator[Enclosure]:
        """Enclose the errors h₀, h₁, …, without end."""
        return enclose(self._expansion, self._bound, self._largest)


def _frobenius(matrix: fmpq_mat) -> arb:
    return norm(arb(x) for x in matrix.entries())
