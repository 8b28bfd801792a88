r"""Polynomial equations that residuals satisfy for every x, so that their Jacobian never has full rank.

For example, the nine residuals of :math:`UV^T = M` with factors of rank 2 satisfy :math:`\det(M + u) = 0` for all U and
V. Let :math:`\Phi(F(x)) \equiv 0` be such equations, with :math:`\Phi(0) = 0` and independent linear parts. Then the
values of the residuals near 0 lie on a manifold. Its tangent space T at 0 is where the linear parts vanish. At a zero
of F the range of J lies in T, since :math:`D\Phi(0)J = 0` there (docs/valleys.md, *Residuals that depend on each
other*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement
from math import comb

from flint import arb, arb_mat, fmpq, fmpq_mat, fmpq_mpoly

from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.polynomial import Polynomial, ring
from gdcheck.theorem.smooth.graph import Function, Power, Product, SmoothLoss, Sum

_MOST_DEGREE = 3
_MOST_MONOMIALS = 700
_MOST_TERMS = 2000
_MOST_POWER = 16


@dataclass(frozen=True, eq=False)
class Relations:
    """Equations Φ_i(F(x)) ≡ 0 in p residuals.

    Attributes:
        equations: The Φ_i; their linear parts are orthogonal to each other, and not zero.
        tangent: A basis of the vectors orthogonal to all linear parts, orthogonal, each row one; shape (m, p).
    """

    equations: tuple[Polynomial, ...]
    tangent: tuple[tuple[fmpq, ...], ...]

    def turned(self) -> arb_mat:
        """Return the unit tangent vectors as rows, at the current precision; shape (m, p)."""
        return arb_mat([[arb(x) / norm(map(arb, row)) for x in row] for row in self.tangent])

    def bend(self, radius: arb) -> arb:
        """Return c such that a value u of F with ‖u‖ ≤ radius is within c‖u‖² of the tangent space.

        The i-th equation says that the linear part ℓ_i·u is minus its higher terms, and |u^α| ≤ ‖u‖^|α|.
        """
        shares = []
        for equation in self.equations:
            higher, linear = arb(0), fmpq(0)
            for exponents, c in equation.items():
                degree = sum(exponents)
                if degree == 1:
                    linear += c * c
                else:
                    higher += abs(arb(c)) * radius ** (degree - 2)
            shares.append(higher / arb(linear).sqrt())
        return arb(norm(shares).upper())


@dataclass(frozen=True)
class Excluded:
    """An equation with a constant term: the residuals never vanish together."""


def relations(residuals: Sequence[SmoothLoss]) -> Relations | Excluded | None:
    """Search for equations that the residuals satisfy for every x.

    Args:
        residuals: The residuals.

    Returns:
        The equations; ``Excluded`` if they forbid a common zero; None if the residuals are not polynomials, are
        independent, or no equations of degree 3 or less explain why they are not.
    """
    n, p = residuals[0].dimension, len(residuals)
    read = [as_polynomial(residual) for residual in residuals]
    made = [x for x in read if x is not None]
    if len(made) < p:
        return None
    missing = p - generic_rank(made, n)
    if not missing:
        return None
    for degree in range(1, _MOST_DEGREE + 1):
        if comb(p + degree, degree) > _MOST_MONOMIALS:
            return None
        found = _equations(made, n, degree)
        if any((0,) * p in equation for equation in found):
            return Excluded()
        chosen = _independent(found, p)
        if len(chosen) == missing:
            linear = _rows([_linear(equation, p) for equation in chosen])
            return Relations(tuple(chosen), _orthogonal(_nullspace(linear)))
    return None


def as_polynomial(residual: SmoothLoss) -> fmpq_mpoly | None:
    """Return a residual as a polynomial; None if it is not one, or is too large."""
    n = residual.dimension
    context = ring(n)
    slots: list[fmpq_mpoly] = list(context.gens())
    for node in residual.nodes:
        if isinstance(node, Sum):
            made = context.constant(node.constant)
            for slot, c in node.terms:
                made += slots[slot] * c
        elif isinstance(node, Product):
            made = slots[node.left] * slots[node.right]
        elif isinstance(node, Power) and node.exponent.q == 1 and 0 <= node.exponent <= _MOST_POWER:
            made = slots[node.base] ** int(node.exponent.p)
        else:
            assert isinstance(node, Power | Function)
            return None
        if len(made) > _MOST_TERMS:
            return None
        slots.append(made)
    return slots[-1]


def generic_rank(made: Sequence[fmpq_mpoly], n: int) -> int:
    """Return the rank of the Jacobian at a point; it is the largest rank unless a minor happens to vanish there."""
    at = [fmpq((7919 * (i + 2) ** 3) % 211 + 1, 13 + i) for i in range(n)]
    return int(fmpq_mat([[f.derivative(i)(*at) for i in range(n)] for f in made]).rank())


def _points(n: int, count: int) -> list[list[int]]:
    """Return points of small whole numbers, chosen so that no polynomial of interest vanishes on them by chance."""
    state, points = 1, []
    for _ in range(count):
        row = []
        for _ in range(n):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            row.append((state >> 12) % 19 - 9)
        points.append(row)
    return points


def _equations(made: Sequence[fmpq_mpoly], n: int, degree: int) -> list[Polynomial]:
    """Return a basis of the polynomials Φ up to a degree with Φ(F(x)) ≡ 0, of which at most one has a constant."""
    p = len(made)
    monomials = [
        tuple(chosen.count(i) for i in range(p))
        for q in range(degree + 1)
        for chosen in combinations_with_replacement(range(p), q)
    ]
    rows = []
    for point in _points(n, len(monomials) + 10):
        u = [f(*map(fmpq, point)) for f in made]
        powers = [[x**a for a in range(degree + 1)] for x in u]
        rows.append([reduce(lambda a, b: a * b, (powers[i][a] for i, a in enumerate(m)), fmpq(1)) for m in monomials])
    basis = _nullspace(fmpq_mat(rows))
    found = [{m: c for m, c in zip(monomials, vector, strict=True) if c} for vector in basis]
    # An equation that holds at the points alone is dropped.
    found = [equation for equation in found if not any(_composed(equation, made).coeffs())]
    one = (0,) * p
    with_constant = [equation for equation in found if one in equation]
    for equation in with_constant[1:]:
        factor = equation[one] / with_constant[0][one]
        for m, c in with_constant[0].items():
            equation[m] = equation.get(m, fmpq(0)) - factor * c
    return [{m: c for m, c in equation.items() if c} for equation in found]


def _composed(equation: Polynomial, made: Sequence[fmpq_mpoly]) -> fmpq_mpoly:
    """Return Φ(F(x))."""
    p = len(made)
    return ring(p).from_dict(equation).compose(*made, ctx=made[0].context())


def _linear(equation: Polynomial, p: int) -> list[fmpq]:
    return [equation.get(tuple(int(i == j) for j in range(p)), fmpq(0)) for i in range(p)]


def _rows(rows: Sequence[Sequence[fmpq]]) -> fmpq_mat:
    return fmpq_mat([list(row) for row in rows])


def _independent(found: Sequence[Polynomial], p: int) -> list[Polynomial]:
    """Return combinations of equations with orthogonal linear parts, as many as there are."""
    chosen: list[Polynomial] = []
    for equation in found:
        made = dict(equation)
        for other in chosen:
            mine, its = _linear(made, p), _linear(other, p)
            factor = sum((a * b for a, b in zip(mine, its, strict=True)), fmpq(0)) / sum((b * b for b in its), fmpq(0))
            if factor:
                for m, c in other.items():
                    made[m] = made.get(m, fmpq(0)) - factor * c
        made = {m: c for m, c in made.items() if c}
        if any(_linear(made, p)):
            chosen.append(made)
    return chosen


def _nullspace(matrix: fmpq_mat) -> list[list[fmpq]]:
    """Return a basis of the vectors that a matrix maps to 0."""
    reduced, rank = matrix.rref()
    n = matrix.ncols()
    pivots = [next(j for j in range(n) if reduced[i, j]) for i in range(rank)]
    basis = []
    for free in (j for j in range(n) if j not in pivots):
        vector = [fmpq(0)] * n
        vector[free] = fmpq(1)
        for i, pivot in enumerate(pivots):
            vector[pivot] = -reduced[i, free]
        basis.append(vector)
    return basis


def _orthogonal(basis: Sequence[Sequence[fmpq]]) -> tuple[tuple[fmpq, ...], ...]:
    """Return an orthogonal basis of the same space, by Gram and Schmidt, exactly."""
    found: list[list[fmpq]] = []
    for vector in basis:
        made = list(vector)
        for other in found:
            inner = sum((a * b for a, b in zip(made, other, strict=True)), fmpq(0))
            factor = inner / sum((b * b for b in other), fmpq(0))
            made = [a - factor * b for a, b in zip(made, other, strict=True)]
        found.append(made)
    return tuple(tuple(row) for row in found)
