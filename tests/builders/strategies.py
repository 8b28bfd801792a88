"""Shared strategies, and exact helpers that share no code with what they test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.reference.trajectory import iterates

Vector = tuple[fmpq, ...]


# Strategies -----------------------------------------------------------------------------------------------------------


def rationals(bound: int = 5, denominator: int = 12) -> st.SearchStrategy[fmpq]:
    """Rationals within ±bound, of small denominators."""
    return st.builds(fmpq, st.integers(-bound * denominator, bound * denominator), st.integers(1, denominator)).map(
        lambda x: min(max(x, fmpq(-bound)), fmpq(bound))
    )


def positive(bound: int = 5, denominator: int = 12) -> st.SearchStrategy[fmpq]:
    """Positive rationals."""
    return st.builds(fmpq, st.integers(1, bound * denominator), st.integers(1, denominator)).map(
        lambda x: min(x, fmpq(bound))
    )


def fractions_of_one() -> st.SearchStrategy[fmpq]:
    """Rationals strictly between 0 and 1."""
    return st.integers(1, 19).map(lambda k: fmpq(k, 20))


def vectors(n: int, bound: int = 3) -> st.SearchStrategy[Vector]:
    """Rational vectors that are not zero."""
    return st.tuples(*[rationals(bound)] * n).filter(any)


def rotations(n: int) -> st.SearchStrategy[fmpq_mat]:
    """Rational rotations."""
    size = n * (n - 1) // 2
    return st.lists(rationals(2, 4), min_size=size, max_size=size).map(lambda entries: cayley(entries, n))


@st.composite
def symmetric_matrices(draw: st.DrawFn, smallest: int = 1, largest: int = 5) -> fmpq_mat:
    """Symmetric rational matrices; their eigenvalues are irrational as a rule."""
    n = draw(st.integers(smallest, largest))
    a = fmpq_mat(n, n)
    for i in range(n):
        for j in range(i, n):
            a[i, j] = a[j, i] = draw(rationals(4, 3))
    return a


def higher_terms(n: int, top: int = 5, most: int = 4) -> st.SearchStrategy[list[tuple[tuple[int, ...], fmpq]]]:
    """Terms of order three to ``top``."""

    def exponents(positions: list[int]) -> tuple[int, ...]:
        return tuple(positions.count(i) for i in range(n))

    term = st.tuples(
        st.lists(st.integers(0, n - 1), min_size=3, max_size=top).map(exponents), rationals(2, 4).filter(bool)
    )
    return st.lists(term, max_size=most)


def truncated_powers(n: int, powers: Sequence[int] = (4, 5, 6)) -> st.SearchStrategy[TruncatedPower]:
    """Truncated powers whose kink leaves the Hessian at the origin alone."""
    return st.builds(
        TruncatedPower,
        rationals(2, 4).filter(bool),
        vectors(n, 2),
        st.integers(0, 3).map(lambda k: fmpq(k, 10)),
        st.sampled_from(powers),
    )


@st.composite
def problems(
    draw: st.DrawFn,
    smallest: int = 2,
    largest: int = 4,
    *,
    inside: bool = True,
    powers: Sequence[int] = (4, 5, 6),
) -> Problem:
    """Problems that satisfy every assumption (but smoothness for p = 3); starts in the certified ball, or around."""
    n = draw(st.integers(smallest, largest))
    low = draw(positive(2))
    width = draw(positive(5))
    spectrum = [low, *(low + width * draw(fractions_of_one()) for _ in range(n - 2)), low + width][-n:]
    rotation = draw(st.none() | rotations(n))
    minimizer = draw(st.none() | st.tuples(*[rationals(2, 10)] * n))
    loss = loss_with_spectrum(
        spectrum,
        rotation=rotation,
        minimizer=minimizer,
        higher_terms=draw(higher_terms(n)),
        truncated=draw(st.lists(truncated_powers(n, powers), max_size=1)),
    )
    boundary = 2 / (spectrum[0] + spectrum[-1])
    share = draw(fractions_of_one())
    small = draw(st.booleans())
    eta = boundary * share if small else boundary + (2 / spectrum[-1] - boundary) * share
    m = minimizer if minimizer is not None else (fmpq(0),) * n
    centre = Problem(loss, minimizer=m, step_size=eta, start=m)
    direction = draw(vectors(n, 2))
    if inside:
        scale = start_radius(centre, spectrum) * draw(fractions_of_one()) / sum(map(abs, direction), fmpq(0))
    else:
        scale = draw(fractions_of_one())
    return replace(centre, start=tuple(a + scale * x for a, x in zip(m, direction, strict=True)))


@st.composite
def critical_problems(draw: st.DrawFn, powers: Sequence[int] = (2, 3, 4, 5, 6)) -> Problem:
    """The origin is critical, and the Hessian exists there: kinks through, off or active at it; any curvature."""
    n = draw(st.integers(1, 3))
    hinges = []
    for _ in range(draw(st.integers(0, 2))):
        p = draw(st.sampled_from(powers))
        offset = draw(rationals(1, 4).filter(bool) if p == 2 else rationals(1, 4))
        hinges.append(TruncatedPower(draw(rationals(2, 4).filter(bool)), draw(vectors(n, 2)), -offset, p))
    terms = [*draw(higher_terms(n)), *(((*(2 * (i == j) for j in range(n)),), draw(rationals(2, 4))) for i in range(n))]
    names = ["x", "y", "z"][:n]
    raw = Loss.build(names, terms, hinges)
    slope = raw.gradient([0] * n)
    linear = Loss.build(names, [(tuple(int(i == j) for j in range(n)), -slope[i]) for i in range(n)])
    return Problem(raw + linear, step_size=draw(positive(1)), start=draw(vectors(n, 1)))


def start_radius(centre: Problem, spectrum: Sequence[fmpq]) -> fmpq:
    """The radius of a certified invariant ball, at most one."""
    rho = max(abs(1 - centre.step_size * e) for e in spectrum)
    with ctx.workprec(128):
        radius = invariant_radius(RemainderBound.of(Expansion.of(centre)), arb(rho).upper())
    return fmpq(1) if radius is None else min(fmpq(1), radius)


# Helpers --------------------------------------------------------------------------------------------------------------


def quadratic(matrix: fmpq_mat) -> Loss:
    """The loss xᵀAx/2."""
    n = matrix.nrows()
    terms = []
    for i in range(n):
        for j in range(i, n):
            exponents = tuple(int(k == i) + int(k == j) for k in range(n))
            terms.append((exponents, matrix[i, j] / 2 if i == j else matrix[i, j]))
    return Loss.build([f"x{i + 1}" for i in range(n)], terms)


def block_diagonal(*blocks: Sequence[Sequence[int | fmpq]]) -> fmpq_mat:
    """The matrix with the given square blocks."""
    n = sum(len(b) for b in blocks)
    a = fmpq_mat(n, n)
    at = 0
    for b in blocks:
        for i, row in enumerate(b):
            for j, x in enumerate(row):
                a[at + i, at + j] = x
        at += len(b)
    return a


def real(q: fmpq) -> mpf:
    """A rational in mpmath at its present precision."""
    return mpf(int(q.p)) / int(q.q)


def rational(x: mpf) -> fmpq:
    """An mpmath number, exactly."""
    if x == 0:
        return fmpq(0)
    sign, mantissa, exponent, _ = x._mpf_
    value = fmpq(int(mantissa)) * (fmpq(2) ** exponent if exponent >= 0 else 1 / fmpq(2) ** -exponent)
    return -value if sign else value


def matrix_mp(a: fmpq_mat) -> mp.matrix:
    """A rational matrix in mpmath."""
    return mp.matrix([[real(a[i, j]) for j in range(a.ncols())] for i in range(a.nrows())])


def errors(problem: Problem, digits: int) -> Iterator[list[mpf]]:
    """The reference iterates minus the minimizer."""
    with mp.workdps(digits):
        m = [real(q) for q in problem.minimizer]
    for x in iterates(problem, digits):
        with mp.workdps(digits):
            yield [a - b for a, b in zip(x, m, strict=True)]


def enclosure(centre: Sequence[fmpq], apart: Sequence[fmpq]) -> EnclosedIterate:
    """An enclosure, at the current precision, with an error as large as the distance of centre + apart from it."""
    size, error = (norm(arb(x) for x in v).upper() for v in (centre, apart))
    return EnclosedIterate(
        0, [arb(x).mid() for x in centre], error + arb(2) ** -100, size + error + arb(2) ** -100, size
    )


def length(v: Sequence[mpf]) -> mpf:
    """The Euclidean norm in mpmath."""
    return mp.sqrt(sum(x * x for x in v))


def squared(v: Sequence[fmpq]) -> fmpq:
    """The exact squared Euclidean norm."""
    return sum((x * x for x in v), fmpq(0))


def dot(u: Sequence[fmpq], v: Sequence[fmpq]) -> fmpq:
    """The exact inner product."""
    return sum((x * y for x, y in zip(u, v, strict=True)), fmpq(0))
