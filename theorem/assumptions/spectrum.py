r"""Certified spectra of rational symmetric matrices, and of their restrictions to invariant subspaces.

The characteristic polynomial is exact and factored over the rationals, so multiplicities are exact, rational
eigenvalues are exact, and irrational ones are isolated by certified root enclosures (FLINT). A numerical eigen-solver
would fail on repeated eigenvalues.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import cast

from flint import acb, arb, ctx, fmpq, fmpq_mat, fmpz, fmpz_poly

from gdcheck.theorem.loss.balls import ball, ends, exact, norm
from gdcheck.theorem.loss.rational import null_space
from gdcheck.theorem.methods.statement import End

_SEEDS = 16
_PRIME, _BASE = 10007, 5


@dataclass(frozen=True)
class Eigenvalue:
    """One eigenvalue, exact (``lo == hi``) or enclosed by an interval that holds no other.

    Attributes:
        lo: Lower end of the isolating interval.
        hi: Upper end; equal to ``lo`` exactly if the eigenvalue is rational.
        multiplicity: Its exact multiplicity.
        factor: The irreducible factor of the characteristic polynomial whose root it is.
    """

    lo: fmpq
    hi: fmpq
    multiplicity: int
    factor: fmpz_poly

    @property
    def is_rational(self) -> bool:
        """Whether the eigenvalue is known exactly."""
        return bool(self.lo == self.hi)

    def is_same(self, other: Eigenvalue) -> bool:
        """Decide whether two enclosures, of the spectra of a space and of its subspace, are of one eigenvalue."""
        return bool(self.factor == other.factor and self.lo <= other.hi and other.lo <= self.hi)

    def ball(self) -> arb:
        """Return the eigenvalue as a ball at the current precision."""
        return ball(self.lo, self.hi)

    def moduli(self, step_size: fmpq) -> tuple[fmpq, fmpq]:
        """Return the least and the largest |1 − ηλ| over the interval, exactly: balls may not tell two apart."""
        low, high = 1 - step_size * self.hi, 1 - step_size * self.lo
        return max(fmpq(0), low, -high), max(abs(low), abs(high))


@dataclass(frozen=True, eq=False)
class Pencil:
    r"""A symmetric operator restricted to a subspace, in coordinates of a basis :math:`B`.

    Attributes:
        gram: :math:`B^T B`, shape (w, w); None for an orthonormal basis.
        form: :math:`B^T A B`, shape (w, w).
    """

    form: fmpq_mat
    gram: fmpq_mat | None = None

    @property
    def dimension(self) -> int:
        """The dimension w of the subspace."""
        return int(self.form.nrows())

    @cached_property
    def operator(self) -> fmpq_mat:
        """The operator in coordinates of the basis, shape (w, w)."""
        return self.form if self.gram is None else self.gram.solve(self.form)

    @cached_property
    def factors(self) -> list[tuple[fmpz_poly, int]]:
        """The irreducible factors of the characteristic polynomial with their exponents."""
        return list(self.operator.charpoly().numer().factor()[1])

    def eigenvalues(self, precision: int) -> tuple[Eigenvalue, ...]:
        """Return the distinct eigenvalues in ascending order, irrational ones enclosed to about ``precision`` bits."""
        while True:
            found = [e for factor, power in self.factors for e in _roots(factor, int(power), precision)]
            found.sort(key=lambda e: e.lo)
            # Distinct eigenvalues have disjoint intervals once the precision suffices.
            if all(a.hi < b.lo for a, b in pairwise(found)):
                return tuple(found)
            precision *= 2

    def eigenvectors(self, eigenvalue: Eigenvalue, precision: int) -> list[list[fmpq]]:
        """Return nearly orthonormal dyadic vectors that span the eigenspace up to about ``precision`` bits.

        Args:
            eigenvalue: One of :meth:`eigenvalues`.
            precision: Bits kept of each component.

        Returns:
            As many coordinate vectors (with respect to the basis) as the multiplicity says, each of length w.
        """
        if eigenvalue.is_rational:
            return self._dyadic(null_space(_shifted(self.operator, eigenvalue.lo)), precision)
        return self._inverse_iteration(eigenvalue, precision)

    def exact_eigenvector(self, eigenvalue: Eigenvalue) -> list[fmpq] | None:
        """Return a rational eigenvector of a simple rational eigenvalue, in the basis's coordinates; None otherwise."""
        if not eigenvalue.is_rational or eigenvalue.multiplicity > 1:
            return None
        return null_space(_shifted(self.operator, eigenvalue.lo))[0]

    def _dyadic(self, raw: list[list[fmpq]], precision: int) -> list[list[fmpq]]:
        with ctx.workprec(2 * precision + 32 * len(raw)):
            return [[exact(_rounded(x, precision)) for x in v] for v in self._orthonormalized(raw)]

    def _inverse_iteration(self, eigenvalue: Eigenvalue, precision: int) -> list[list[fmpq]]:
        # A rational shift is never an irrational eigenvalue, so the shifted operator is invertible; one exact solve
        # leaves a contamination of the order of the interval's width, unless a right-hand side misses the eigenspace.
        w, m = self.dimension, eigenvalue.multiplicity
        shifted = _shifted(self.operator, (eigenvalue.lo + eigenvalue.hi) / 2)
        scale = max(abs(x) for x in self.operator.entries())
        for seed in range(_SEEDS):
            entries = [pow(_BASE + seed, 1 + i * m + j, _PRIME) - _PRIME // 2 for i in range(w) for j in range(m)]
            columns = shifted.solve(fmpq_mat(w, m, entries))
            try:
                vectors = self._dyadic([[columns[i, j] for i in range(w)] for j in range(m)], precision)
            except ValueError:
                # The columns are linearly dependent up to the precision.
                continue
            residual = shifted * fmpq_mat(vectors).transpose()
            if max(abs(x) for x in residual.entries()) < scale / fmpz(2) ** (precision // 2):
                return vectors
        raise ArithmeticError("inverse iteration found no eigenvectors; the precision is too low for the gaps")

    def _orthonormalized(self, raw: list[list[fmpq]]) -> list[list[arb]]:
        done: list[list[arb]] = []
        for v in raw:
            scale = max(abs(x) for x in v)
            u = [arb(x / scale) for x in v]
            for q in done:
                c = self._inner(q, u)
                u = [x - c * y for x, y in zip(u, q, strict=True)]
            length = self._inner(u, u).sqrt()
            done.append([x / length for x in u])
        return done

    def _inner(self, u: list[arb], v: list[arb]) -> arb:
        if self.gram is None:
            return sum((x * y for x, y in zip(u, v, strict=True)), arb(0))
        w = self.dimension
        return sum((u[i] * arb(self.gram[i, j]) * v[j] for i in range(w) for j in range(w)), arb(0))


def _roots(factor: fmpz_poly, power: int, precision: int) -> list[Eigenvalue]:
    if factor.degree() == 1:
        root = fmpq(-factor[0], factor[1])
        return [Eigenvalue(root, root, power, factor)]
    with ctx.workprec(precision):
        # The matrix is symmetric: every root is real.
        # FLINT's stubs leave the multiplicities out of the returned pairs.
        roots = cast("list[tuple[acb, int]]", factor.complex_roots())
        intervals = [ends(root.real) for root, _ in roots]
    return [Eigenvalue(lo, hi, power, factor) for lo, hi in intervals]


def _shifted(matrix: fmpq_mat, shift: fmpq) -> fmpq_mat:
    result = fmpq_mat(matrix)
    for i in range(matrix.nrows()):
        result[i, i] -= shift
    return result


def _rounded(x: arb, bits: int) -> arb:
    """Return the midpoint of x on the grid of ``bits`` fractional bits (components of unit vectors are at most one)."""
    scaled = (x.mid() * arb(2) ** bits).floor().mid()
    return scaled / arb(2) ** bits


def power_of_two_below(q: fmpq) -> fmpq:
    """Return the largest power of two that is at most q, for q > 0."""
    e = int(q.p).bit_length() - int(q.q).bit_length()
    power = fmpq(fmpz(2) ** e) if e >= 0 else fmpq(1, fmpz(2) ** -e)
    return power if power <= q else power / 2


def gap(eigenvalues: tuple[Eigenvalue, ...], index: int) -> fmpq:
    """Return a positive γ such that no other eigenvalue lies in (lo − γ, hi + γ)."""
    here = eigenvalues[index]
    distances = [here.lo - e.hi for e in eigenvalues[:index]] + [e.lo - here.hi for e in eigenvalues[index + 1 :]]
    return power_of_two_below(min(distances)) if distances else fmpq(1)


@dataclass(frozen=True, eq=False)
class Eigenspace:
    """A dominant eigenvalue of the Hessian, in all of space or on a subspace, with its eigenspace.

    Attributes:
        end: Which end of the spectrum it is; its value is the sign of the multiplier.
        eigenvalue: The eigenvalue.
        gap: γ > 0 such that no other eigenvalue lies in (lo − γ, hi + γ).
        vectors: W, nearly orthonormal dyadic columns that nearly span the eigenspace, shape (n, w).
    """

    end: End
    eigenvalue: Eigenvalue
    gap: fmpq
    vectors: fmpq_mat

    def deviation(self, operator: fmpq_mat, gram: fmpq_mat | None = None) -> arb:
        """Bound how far the columns' span is from the eigenspace, by the theorem of Davis and Kahan.

        Args:
            operator: The operator, shape (n, n), self-adjoint in the inner product of G.
            gram: G, shape (n, n); None for the identity.

        Returns:
            A bound of the distance from W WᵀG to the orthogonal projector, in that inner product.
        """
        w, e = self.vectors, self.eigenvalue
        dual = w if gram is None else gram * w
        excess = dual.transpose() * w
        for i in range(int(w.ncols())):
            excess[i, i] -= 1
        residual = operator * w - w * ((e.lo + e.hi) / 2)
        weighted = residual if gram is None else gram * residual
        square = sum((x * y for x, y in zip(residual.entries(), weighted.entries(), strict=True)), fmpq(0))
        return (2 * arb(square)).nonnegative_part().sqrt() / arb(self.gap) + norm(arb(x) for x in excess.entries())
