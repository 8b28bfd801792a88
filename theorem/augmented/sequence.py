r"""The states of a method at a strict minimum, as a supplier of the amplitude lemma.

The sequence is :math:`s_k = K z_k` with the state z = (h, c): ρ bounds the powers of B through the norm of
``powers.py``, and :math:`\|s\|` is at least that norm of z. A part of the lemma is an eigenspace with a real
multiplier, through the functional that gives its amplitude, or the space of pairs, which turns; its projection is
scaled so that the tail of the lemma is the tail of that amplitude (docs/methods.md, *The certificate*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.augmented.enclosure import StateEnclosure
from gdcheck.theorem.loss.balls import norm

_GUARD_BITS = 64


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

    @classmethod
    def of(
        cls, operator: fmpq_mat, gram: fmpq_mat | None, vectors: fmpq_mat, *, value: fmpq, gap: fmpq, size: arb
    ) -> Frame:
        """Bound how well columns span an eigenspace, by the theorem of Davis and Kahan.

        Args:
            operator: The preconditioned Hessian, shape (n, n).
            gram: G; None for the identity.
            vectors: W.
            value: Near the eigenvalue.
            gap: γ > 0 such that no other eigenvalue is as near.
            size: √cond(G), by which norms differ.
        """
        dual = vectors if gram is None else gram * vectors
        excess = dual.transpose() * vectors
        for i in range(int(vectors.ncols())):
            excess[i, i] -= 1
        residual = operator * vectors - vectors * value
        weighted = residual if gram is None else gram * residual
        square = sum((x * y for x, y in zip(residual.entries(), weighted.entries(), strict=True)), fmpq(0))
        s = (2 * arb(square)).nonnegative_part().sqrt() / arb(gap)
        return cls(vectors, dual, size * (s + norm(arb(x) for x in excess.entries())), size)


class LinePart:
    """An eigenspace on which the method is a real multiplier.

    Attributes:
        sign: The sign of the multiplier.
        dimension: The dimension of the eigenspace.
        deviation: A bound of the error of the projection.
    """

    def __init__(self, frame: Frame, sign: int, functional: tuple[arb, arb], scale: arb) -> None:
        self.sign, self.dimension = sign, int(frame.vectors.ncols())
        self._functional = [x / scale for x in functional]
        self.deviation = frame.deviation * norm(self._functional)
        # A vector that is all but orthogonal to W keeps the digits of its small projection.
        self._precision = 2 * ctx.prec + _GUARD_BITS
        with ctx.workprec(self._precision):
            self._vectors, self._dual = arb_mat(frame.vectors), arb_mat(frame.dual.transpose())

    def project(self, vector: list[arb]) -> list[arb]:
        """Return the amplitude's vector in the space of h, shape (n,), of a state of shape (2n,)."""
        n = len(vector) // 2
        a, b = self._functional
        with ctx.workprec(self._precision):
            mixed = [a * x + b * y for x, y in zip(vector[:n], vector[n:], strict=True)]
            return (self._vectors * (self._dual * arb_mat(n, 1, mixed))).entries()


class TurningPart:
    """All eigenspaces on which the method is a pair of the dominant modulus, or one of them.

    Attributes:
        sign: Zero: there is none.
        dimension: The dimension in the space of states.
        deviation: A bound of the error of the projection.
    """

    sign = 0

    def __init__(self, frame: Frame | None, dimension: int, scale: arb) -> None:
        self.dimension = dimension
        self._scale = scale
        self._frame = frame
        self.deviation = arb(0) if frame is None else frame.deviation / scale

    def project(self, vector: list[arb]) -> list[arb]:
        """Return the part of a state in these eigenspaces, scaled, shape (2n,)."""
        if self._frame is None:
            return [x / self._scale for x in vector]
        n = len(vector) // 2
        onto, dual = arb_mat(self._frame.vectors), arb_mat(self._frame.dual.transpose())
        parts = [(onto * (dual * arb_mat(n, 1, half))).entries() for half in (vector[:n], vector[n:])]
        return [x / self._scale for half in parts for x in half]


@dataclass(frozen=True, eq=False, kw_only=True)
class StateSequence:
    """The states, enclosed at the precision at which this was made.

    Attributes:
        parts: The dominant parts.
        rho: ρ.
        dominance: A lower bound of the distance of ρ to the other moduli.
        powers: K.
        begins: 0.
    """

    parts: Sequence[LinePart | TurningPart]
    rho: arb
    dominance: arb
    powers: arb
    _remainder: Callable[[arb], arb]
    _iterates: Callable[[], Iterator[StateEnclosure]]
    begins: int = 0

    def remainder(self, radius: arb) -> arb:
        """Bound the remainder: K√(a² + 1)‖P‖ C(r)."""
        return self._remainder(radius)

    def iterates(self) -> Iterator[StateEnclosure]:
        """Enclose the states s₀, s₁, …, without end."""
        return self._iterates()
