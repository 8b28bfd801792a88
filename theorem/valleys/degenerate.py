r"""Starts from which no trajectory arrives where J has full rank, proved by an identity between polynomials.

An affine space V = origin + span(D) holds the start, and the gradient at every point of V lies in span(D). So the
trajectory of gradient descent, and of a method with momentum, stays in V. If on V

.. math:: \sum_ih_iF_i = \det(JJ^T)^N + \text{a sum of even monomials with coefficients that are not negative},

then :math:`\det(JJ^T) = 0` wherever all residuals vanish on V; for N = 0 they never do (docs/valleys.md, *Loss of
rank*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement
from math import comb, lcm

from flint import fmpq, fmpq_mat, fmpq_mpoly, nmod_mat

from gdcheck.theorem.loss.polynomial import ring
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import as_polynomial

_MOST_RESIDUALS, _MOST_VARIABLES = 3, 8
_MOST_TERMS, _MOST_UNKNOWNS = 500, 300
_POWERS = (0, 1, 2)
_PRIME = 2**61 - 1


@dataclass(frozen=True, eq=False)
class Degenerate:
    """The identity.

    Attributes:
        origin: A point of V, shape (n,).
        directions: D, in reduced echelon form, shape (m, n).
        power: N.
        multipliers: h_i, polynomials in the m coordinates of V.
    """

    origin: Vector
    directions: tuple[Vector, ...]
    power: int
    multipliers: tuple[fmpq_mpoly, ...]


def degenerate(problem: ValleyProblem, *, dependent: bool = False) -> Degenerate | None:
    """Search for the identity.

    Args:
        problem: The problem.
        dependent: Whether its residuals depend on each other: then J has full rank nowhere, and N is 0.

    Returns:
        The identity; None if there is none of small degree, or if the residuals are not polynomials of small degree.
    """
    n, p = len(problem.start), len(problem.residuals)
    if p > _MOST_RESIDUALS or n > _MOST_VARIABLES:
        return None
    read = [as_polynomial(residual) for residual in problem.residuals]
    residuals = [f for f in read if f is not None]
    if len(residuals) < p or any(len(f) > _MOST_TERMS for f in residuals):
        return None
    directions = _invariant(residuals, problem.start)
    origin = _nearest(directions, problem.start)
    rows = [[f.derivative(j) for j in range(n)] for f in residuals]
    place = _coordinates(origin, directions)
    on_v = [_at(f, place) for f in residuals]
    moved = [[_at(x, place) for x in row] for row in rows]
    determinant = _determinant([[_sum(a * b for a, b in zip(r, s, strict=True)) for s in moved] for r in moved])
    for power in _POWERS[:1] if dependent else _POWERS:
        wanted = determinant**power
        if len(wanted) > _MOST_TERMS:
            return None
        found = _multipliers(on_v, wanted)
        if found is None and power == 0:
            found = _even(on_v)
        if found is not None:
            return Degenerate(origin, directions, power, found)
    return None


def _invariant(residuals: Sequence[fmpq_mpoly], start: Vector) -> tuple[Vector, ...]:
    """Return a basis of the smallest span(D) that holds every gradient at a point of start + span(D)."""
    n = len(start)
    gradient = [_sum(f * f.derivative(j) for f in residuals) for j in range(n)]
    directions: tuple[Vector, ...] = ()
    while True:
        place = _coordinates(start, directions)
        parts = [dict(_at(g, place).to_dict()) for g in gradient]
        vectors = [[part.get(alpha, fmpq(0)) for part in parts] for alpha in {a for part in parts for a in part}]
        found = _echelon([*map(list, directions), *vectors])
        if len(found) == len(directions):
            return found
        directions = found


def _echelon(rows: Sequence[Sequence[fmpq]]) -> tuple[Vector, ...]:
    if not rows:
        return ()
    reduced, rank = fmpq_mat([list(row) for row in rows]).rref()
    return tuple(tuple(row) for row in reduced.tolist()[:rank])


def _nearest(directions: Sequence[Vector], start: Vector) -> Vector:
    """Return the point of start + span(D) nearest to 0."""
    if not directions:
        return start
    d, s = fmpq_mat([list(v) for v in directions]), fmpq_mat([[x] for x in start])
    away = d.transpose() * (d * d.transpose()).solve(d * s)
    return tuple(x - away[i, 0] for i, x in enumerate(start))


def _coordinates(origin: Vector, directions: Sequence[Vector]) -> list[fmpq_mpoly]:
    """Return the variables as polynomials in the coordinates of a space."""
    context = ring(max(1, len(directions)))
    t = context.gens()
    found = []
    for i, x in enumerate(origin):
        made = context.constant(x)
        for k, vector in enumerate(directions):
            made += t[k] * vector[i]
        found.append(made)
    return found


def _at(f: fmpq_mpoly, place: Sequence[fmpq_mpoly]) -> fmpq_mpoly:
    return f.compose(*place, ctx=place[0].context())


def _sum(terms: Iterable[fmpq_mpoly]) -> fmpq_mpoly:
    return reduce(lambda a, b: a + b, terms)


def _determinant(matrix: Sequence[Sequence[fmpq_mpoly]]) -> fmpq_mpoly:
    if len(matrix) == 1:
        return matrix[0][0]
    minors = [[[x for j, x in enumerate(row) if j != k] for row in matrix[1:]] for k in range(len(matrix))]
    return _sum((-1) ** k * matrix[0][k] * _determinant(minor) for k, minor in enumerate(minors))


def _multipliers(residuals: Sequence[fmpq_mpoly], wanted: fmpq_mpoly) -> tuple[fmpq_mpoly, ...] | None:
    """Solve Σ h_iF_i = wanted for polynomials h_i, of no higher degree than the degrees on both sides allow."""
    context = wanted.context()
    m, degree = context.nvars(), wanted.total_degree()
    columns: list[fmpq_mpoly] = []
    owners: list[tuple[int, fmpq_mpoly]] = []
    for i, f in enumerate(residuals):
        room = max(0, degree - f.total_degree())
        if comb(m + room, room) > _MOST_UNKNOWNS:
            return None
        for q in range(room + 1):
            for chosen in combinations_with_replacement(range(m), q):
                monomial = context.from_dict({tuple(chosen.count(j) for j in range(m)): fmpq(1)})
                owners.append((i, monomial))
                columns.append(monomial * f)
    tables = [dict(c.to_dict()) for c in [*columns, wanted]]
    places = sorted({alpha for table in tables for alpha in table})
    if not places:
        return tuple(context.constant(0) for _ in residuals)
    system = [[table.get(alpha, fmpq(0)) for table in tables] for alpha in places]
    if not _may_be_solved(system):
        return None
    reduced, rank = fmpq_mat(system).rref()
    last = len(columns)
    pivots = [next(j for j in range(last + 1) if reduced[i, j]) for i in range(rank)]
    if last in pivots:
        return None
    found = [context.constant(0) for _ in residuals]
    for i, pivot in enumerate(pivots):
        owner, monomial = owners[pivot]
        found[owner] += monomial * reduced[i, last]
    return tuple(found)


def _may_be_solved(system: Sequence[Sequence[fmpq]]) -> bool:
    """Whether the equations with their right sides in the last column have a solution modulo a large prime.

    Rational elimination takes seconds where the answer is no. A no is wrong only if the prime divides a denominator of
    every solution; then no identity is found, and nothing is claimed.
    """
    reduced, rank = nmod_mat([_residues(row) for row in system], _PRIME).rref()
    return rank == 0 or any(int(reduced[rank - 1, j]) for j in range(len(system[0]) - 1))


def _residues(row: Sequence[fmpq]) -> list[int]:
    """Return a row, scaled to integers, modulo the prime."""
    scale = lcm(*(int(x.q) for x in row))
    return [int(x.p) * (scale // int(x.q)) % _PRIME for x in row]


def _even(residuals: Sequence[fmpq_mpoly]) -> tuple[fmpq_mpoly, ...] | None:
    """Return constants h_i, all but one zero, for which Σ h_iF_i is 1 and even monomials with nonnegative factors."""
    constant = residuals[0].context().constant
    for i, f in enumerate(residuals):
        table = dict(f.to_dict())
        at_zero = table.get((0,) * f.context().nvars(), fmpq(0))
        if at_zero and all(c * at_zero > 0 and not any(a % 2 for a in alpha) for alpha, c in table.items()):
            return tuple(constant(1 / at_zero if j == i else 0) for j in range(len(residuals)))
    return None
