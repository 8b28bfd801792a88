r"""Invariant subspaces that hold a trajectory: how exceptional starts are proved rather than guessed.

The smallest linear space W that holds :math:`h` and is mapped into itself by gradient descent is found exactly: W
must be closed under the Hessian, under every coefficient vector of the polynomial remainder restricted to W, and must
hold the direction of each truncated power that is not orthogonal to it. A truncated power that vanishes on a ball which
gradient descent maps into itself is not met by a trajectory in that ball, and not counted. Where a power stays in the
way, its kink may have a side that the trajectory never leaves (``sides``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import comb

from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.sides import Side, one_sided, sides_of
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.loss.polynomial import PolynomialArithmetic
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.loss.truncated import TruncatedPower

_WORK = 2_000_000
_EXACT_STEPS = 8
_EXACT_BITS = 4096


@dataclass(frozen=True)
class Subspace:
    """A subspace that the trajectory enters and does not leave.

    Attributes:
        enters: The step j with h_j in the subspace.
        basis: Basis vectors in reduced echelon form, shape (w, n); empty if h_j = 0.
        sides: The sides of kinks on which the trajectory has to stay; that is not shown yet.
    """

    enters: int
    basis: tuple[Vector, ...]
    sides: tuple[Side, ...] = ()

    @property
    def dimension(self) -> int:
        """The dimension w."""
        return len(self.basis)

    def pencil(self, hessian: fmpq_mat, preconditioner: fmpq_mat | None = None) -> Pencil:
        """Return the Hessian, or P times it, restricted to the subspace."""
        b = fmpq_mat([list(v) for v in self.basis]).transpose()
        dual = b if preconditioner is None else preconditioner.inv() * b
        return Pencil(form=b.transpose() * hessian * b, gram=b.transpose() * dual)


def invariant_subspace(
    expansion: Expansion, h: Vector, preconditioner: fmpq_mat | None = None
) -> tuple[Vector, ...] | None:
    """Return the smallest invariant subspace that holds h.

    Args:
        expansion: The loss at its minimizer; without truncated powers if there is a preconditioner.
        h: An error vector, shape (n,).
        preconditioner: P, if the gradient is multiplied by it.

    Returns:
        Its basis in reduced echelon form, or None if it is all of space (or was too costly to find).
    """
    assert expansion.hessian is not None
    n = expansion.dimension
    basis, p = _span([h]), preconditioner
    operator = expansion.hessian if p is None else expansion.hessian * p
    while True:
        grown = _span([*basis, *_images(operator, basis)])
        if len(grown) == len(basis):
            grown = _span([*basis, *_directions(expansion, basis)])
        if len(grown) == len(basis):
            coefficients = _remainder_coefficients(expansion, basis)
            if coefficients is None:
                return None
            grown = _span([*basis, *(coefficients if p is None else _images(p, coefficients))])
        if len(grown) == n:
            return None
        if len(grown) == len(basis):
            return grown
        basis = grown


def find_subspace(expansion: Expansion, rho: arb, steps: int = _EXACT_STEPS) -> Subspace | None:
    """Look for a proper invariant subspace along the first exact iterates.

    Args:
        expansion: The loss at its minimizer, with step size and start.
        rho: An upper bound of all |1 − ηλ|.
        steps: How many exact steps to try; fewer if the rationals grow beyond a few thousand bits.

    Returns:
        The minimizer itself if an exact iterate reaches it, else the first proper invariant subspace found, or None;
        one that is invariant only on one side of some kinks comes last.
    """
    path = list(_exact_iterates(expansion, steps))
    if not any(path[-1]):
        return Subspace(len(path) - 1, ())
    for j, h in enumerate(path):
        basis = invariant_subspace(replace(expansion, truncated=_met(expansion, rho, h)), h)
        if basis is not None:
            return Subspace(j, basis)
    return next(filter(None, (_one_sided_subspace(expansion, rho, j, h) for j, h in enumerate(path))), None)


def _one_sided_subspace(expansion: Expansion, rho: arb, step: int, h: Vector) -> Subspace | None:
    """Find an invariant subspace for a trajectory that stays on the sides of the kinks where it is."""
    met = _met(expansion, rho, h)
    sides = sides_of(met, h)
    if not met or sides is None:
        return None
    basis = invariant_subspace(one_sided(replace(expansion, truncated=met), sides), h)
    if basis is None:
        return None
    rank = len(basis)
    # A power along the space, or across it, does no harm on either side.
    harmful = [s for s in sides if any(dot(s.power.direction, v) for v in basis)]
    harmful = [s for s in harmful if len(_span([*basis, s.power.direction])) > rank]
    return Subspace(step, basis, tuple(harmful))


def _met(expansion: Expansion, rho: arb, h: Vector) -> tuple[TruncatedPower, ...]:
    """Drop the truncated powers that vanish on the ball through h, if it is forward invariant (Lemma 2)."""
    if not expansion.truncated:
        return ()
    r = arb(dot(h, h)).sqrt().upper()
    if not surely_less(rho + RemainderBound.of(expansion).quadratic(r) * r, arb(1)):
        return expansion.truncated
    return tuple(t for t in expansion.truncated if not t.offset + arb(t.squared_length).sqrt() * r <= 0)


def _exact_iterates(expansion: Expansion, steps: int) -> Iterator[Vector]:
    """Exact iterates, up to the minimizer or until the rationals have grown beyond use."""
    h = expansion.displacement
    for _ in range(steps):
        yield h
        if not any(h) or max(int(x.q).bit_length() + int(x.p).bit_length() for x in h) > _EXACT_BITS:
            return
        h = expansion.exact_step(h)
    yield h


def _span(vectors: Iterable[Sequence[fmpq]]) -> tuple[Vector, ...]:
    rows = [list(v) for v in vectors if any(v)]
    if not rows:
        return ()
    reduced, rank = fmpq_mat(rows).rref()
    return tuple(tuple(reduced[i, j] for j in range(reduced.ncols())) for i in range(rank))


def _images(hessian: fmpq_mat, basis: Sequence[Vector]) -> list[Vector]:
    if not basis:
        return []
    product = fmpq_mat([list(v) for v in basis]) * hessian
    return [tuple(row) for row in product.tolist()]


def _directions(expansion: Expansion, basis: Sequence[Vector]) -> list[Vector]:
    return [t.direction for t in expansion.truncated if any(dot(t.direction, v) for v in basis)]


def _remainder_coefficients(expansion: Expansion, basis: Sequence[Vector]) -> list[Vector] | None:
    """Return the coefficient vectors of the remainder's polynomial part at h = Bt; None if that is too costly."""
    n, w = expansion.dimension, len(basis)
    if not basis or not expansion.higher_terms:
        return []
    degree = max(sum(a) for a, _ in expansion.higher_terms)
    if len(expansion.higher_terms) * comb(w + degree - 1, w) > _WORK:
        return None
    remainder = PolynomialArithmetic(n).to_flint(dict(expansion.higher_terms))
    columns = list(zip(*basis, strict=True))
    collected: dict[tuple[int, ...], list[fmpq]] = {}
    for i in range(n):
        for exponents, c in PolynomialArithmetic(w).substitute(remainder.derivative(i), columns).items():
            collected.setdefault(exponents, [fmpq(0)] * n)[i] = c
    return [tuple(v) for v in collected.values()]
