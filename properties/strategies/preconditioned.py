"""Problems with a preconditioner P = LLᵀ, made from plain ones; ``factor_of`` recovers L from P."""

from __future__ import annotations

from dataclasses import replace

from flint import fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.method import GradientDescent

_DIAGONAL = [fmpq(1), fmpq(1, 2), fmpq(2, 3), fmpq(2)]


@st.composite
def triangles(draw: DrawFn, *, n: int) -> fmpq_mat:
    """Draw lower triangular matrices with a positive diagonal, shape (n, n); they shrink to the identity."""
    # A few entries below the diagonal keep the rationals readable and P far from singular.
    rows = [[draw(st.sampled_from(_DIAGONAL)) if j == i else fmpq(0) for j in range(n)] for i in range(n)]
    places = st.tuples(st.integers(1, n - 1), st.integers(0, n - 2)).filter(lambda place: place[1] < place[0])
    for i, j in draw(st.lists(places, max_size=n, unique=True)):
        rows[i][j] = fmpq(draw(st.integers(-2, 2)), 2)
    return fmpq_mat(rows)


def preconditioned(problem: Problem, factor: fmpq_mat) -> Problem:
    """Return the problem with P = LLᵀ whose quadratic part is that of a plain one in the coordinates L⁻¹x.

    There P∇²f has the plain problem's eigenvalues, and L times its eigenvectors.

    Args:
        problem: A problem of plain descent with a polynomial loss, whose minimizer is the origin.
        factor: L, shape (n, n).

    Returns:
        The problem. Terms of order three and more stay as they are; the start is 16 times nearer, because P may enlarge
        their effect.
    """
    loss, p = problem.loss, factor * factor.transpose()
    quadratic = Loss.build(loss.variables, [term for term in loss.terms if sum(term[0]) == 2])
    terms = quadratic.substituted(factor.inv().tolist(), loss.variables).terms
    higher = [term for term in loss.terms if sum(term[0]) > 2]
    return replace(
        problem,
        loss=Loss.build(loss.variables, [*terms, *higher]),
        start=tuple(x / 16 for x in problem.start),
        method=GradientDescent(tuple(map(tuple, p.tolist()))),
    )


def factor_of(problem: Problem) -> fmpq_mat:
    """Return L of a problem that ``preconditioned`` made, by Cholesky's algorithm; the identity without P."""
    n, p = problem.dimension, problem.method.preconditioner
    rows = [[fmpq(int(i == j)) for j in range(n)] for i in range(n)]
    for i in range(n if p is not None else 0):
        for j in range(i + 1):
            assert p is not None
            rest = p[i, j] - sum((rows[i][k] * rows[j][k] for k in range(j)), fmpq(0))
            rows[i][j] = fmpq(rest.p.isqrt(), rest.q.isqrt()) if i == j else rest / rows[j][j]
    return fmpq_mat(rows)
