"""Certified spectra: prescribed ones come back exactly, enclosures hold and are narrow, eigenvectors are accurate."""

from itertools import pairwise

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.assumptions.spectrum import Pencil, gap, power_of_two_below
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.prescribed import cayley, hessian_with_spectrum, loss_with_spectrum
from tests.builders.strategies import (
    block_diagonal,
    dot,
    matrix_mp,
    rational,
    rationals,
    real,
    rotations,
    squared,
    symmetric_matrices,
    vectors,
)

GOLDEN = [[2, 1], [1, 3]]  # t² − 5t + 5: eigenvalues (5 ± √5)/2


@st.composite
def rotated_spectra(draw):
    spectrum = draw(st.lists(rationals(3, 2), min_size=1, max_size=5))
    return sorted(spectrum), draw(rotations(len(spectrum)))


@given(rotated_spectra())
def test_prescribed_spectra_come_back_exactly(case):
    spectrum, rotation = case
    found = Pencil(hessian_with_spectrum(spectrum, rotation)).eigenvalues(64)
    assert all(e.lo == e.hi for e in found), f"a rational eigenvalue is not exact: {found}"
    back = [e.lo for e in found for _ in range(e.multiplicity)]
    assert back == spectrum, f"prescribed {spectrum}, certified {back}"


@given(rotated_spectra())
def test_rotations_are_orthogonal_and_columns_are_eigenvectors(case):
    spectrum, q = case
    n = len(spectrum)
    identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    assert q.transpose() * q == identity, "the Cayley transform is not orthogonal"
    assert q.det() == 1, "the Cayley transform is not a rotation"
    image = hessian_with_spectrum(spectrum, q) * q
    for j, value in enumerate(spectrum):
        for i in range(n):
            assert image[i, j] == value * q[i, j], f"column {j} of Q is not an eigenvector of {value}"


@given(symmetric_matrices())
def test_eigenvalues_are_enclosed_and_narrow(a):
    n = a.nrows()
    found = Pencil(a).eigenvalues(128)
    assert sum(e.multiplicity for e in found) == n, "the multiplicities do not add up to the dimension"
    assert all(x.hi < y.lo for x, y in pairwise(found)), "the intervals are not disjoint and ascending"
    with mp.workdps(100):
        true = sorted(mp.eigsy(matrix_mp(a), eigvals_only=True))
        at = 0
        for e in found:
            for value in true[at : at + e.multiplicity]:
                slack = mp.mpf(10) ** -80
                assert real(e.lo) - slack <= value <= real(e.hi) + slack, f"{value} lies outside [{e.lo}, {e.hi}]"
            at += e.multiplicity
    for e in found:
        assert e.hi - e.lo <= max(abs(e.lo), abs(e.hi)) / fmpq(2) ** 110, f"width {e.hi - e.lo} is poor at 128 bits"


@given(symmetric_matrices())
def test_two_precisions_overlap(a):
    pencil = Pencil(a)
    coarse, fine = pencil.eigenvalues(64), pencil.eigenvalues(256)
    assert [e.multiplicity for e in coarse] == [e.multiplicity for e in fine], "multiplicities depend on the precision"
    for x, y in zip(coarse, fine, strict=True):
        assert x.lo <= y.hi and y.lo <= x.hi, f"the enclosures at 64 and 256 bits are disjoint: {x}, {y}"
        assert y.hi - y.lo <= x.hi - x.lo, "more bits gave a wider interval"


def accuracy(pencil, e, precision):
    """The squared residual and the squared defect of orthonormality, both exact."""
    columns = [list(v) for v in pencil.eigenvectors(e, precision)]
    assert len(columns) == e.multiplicity, f"{len(columns)} vectors for multiplicity {e.multiplicity}"
    w, m = pencil.dimension, len(columns)
    t = fmpq_mat(columns).transpose()
    gram = pencil.gram if pencil.gram is not None else fmpq_mat(w, w, [int(i == j) for i in range(w) for j in range(w)])
    defect = t.transpose() * gram * t - fmpq_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
    residual = pencil.operator * t - t * ((e.lo + e.hi) / 2)
    return squared(residual.entries()), squared(defect.entries())


@given(symmetric_matrices())
def test_eigenvectors_are_accurate(a):
    pencil = Pencil(a)
    for e in pencil.eigenvalues(160):
        residual, defect = accuracy(pencil, e, 160)
        assert residual < fmpq(1, 10**70), f"the residual of {e} is {float(residual.p) / float(residual.q):.1e} squared"
        assert defect < fmpq(1, 10**70), f"the vectors of {e} are not orthonormal"


@given(rotated_spectra())
def test_eigenvectors_of_repeated_rational_eigenvalues(case):
    spectrum, rotation = case
    pencil = Pencil(hessian_with_spectrum(spectrum, rotation))
    for e in pencil.eigenvalues(96):
        residual, defect = accuracy(pencil, e, 160)
        assert max(residual, defect) < fmpq(1, 10**70), f"the eigenspace of {e} is inaccurate"


@pytest.mark.parametrize("copies", [2, 3, 5, 12, 16])
def test_repeated_irrational_eigenvalues(copies):
    pencil = Pencil(block_diagonal(*[GOLDEN] * copies))
    low, high = pencil.eigenvalues(192)
    assert (low.multiplicity, high.multiplicity) == (copies, copies), "equal blocks must give repeated eigenvalues"
    with mp.workdps(60):
        assert real(low.lo) <= (5 - mp.sqrt(5)) / 2 <= real(low.hi), "(5 − √5)/2 is not enclosed"
        assert real(high.lo) <= (5 + mp.sqrt(5)) / 2 <= real(high.hi), "(5 + √5)/2 is not enclosed"
    for e in (low, high):
        residual, defect = accuracy(pencil, e, 192)
        assert max(residual, defect) < fmpq(1, 10**80), f"the eigenspace of {copies} equal blocks is inaccurate"


def test_eigenvectors_where_an_invariant_plane_is_orthogonal_to_a_simple_vector():
    """(1, 2, 5) is an eigenvector; the other two eigenvalues are irrational and live on its complement."""
    r, u, v = (1, 2, 5), (2, -1, 0), (1, 2, -1)
    a = fmpq_mat(3, 3)
    for x, y, c in ((u, u, fmpq(1, 5)), (v, v, fmpq(2, 3)), (u, v, fmpq(1, 3)), (r, r, fmpq(1, 15))):
        for i in range(3):
            for j in range(3):
                a[i, j] += c * (x[i] * y[j] + y[i] * x[j]) / 2
    pencil = Pencil(a)
    found = pencil.eigenvalues(192)
    assert [e.is_rational for e in found] == [False, True, False], f"the example is not what it claims to be: {found}"
    for e in found:
        residual, defect = accuracy(pencil, e, 192)
        assert max(residual, defect) < fmpq(1, 10**80), f"the vector of {e} is not an eigenvector"


@given(rotations(4), st.tuples(*[rationals(3, 2)] * 4), st.integers(1, 3), st.data())
def test_pencils_on_subspaces_equal_the_restriction(q, spectrum, w, data):
    """The span of w eigenvectors, in any basis of it, has exactly their eigenvalues."""
    a = hessian_with_spectrum(spectrum, q)
    mixing = fmpq_mat(data.draw(st.lists(vectors(w), min_size=w, max_size=w)))
    if mixing.det() == 0:
        mixing = fmpq_mat(w, w, [int(i == j) for i in range(w) for j in range(w)])
    basis = fmpq_mat([[q[i, j] for j in range(w)] for i in range(4)]) * mixing
    pencil = Pencil(form=basis.transpose() * a * basis, gram=basis.transpose() * basis)
    found = pencil.eigenvalues(96)
    back = [e.lo for e in found for _ in range(e.multiplicity)]
    assert back == sorted(spectrum[:w]), f"restricted to {spectrum[:w]}, certified {back}"
    for e in found:
        residual, defect = accuracy(pencil, e, 160)
        assert max(residual, defect) < fmpq(1, 10**60), f"the vectors of {e} on the subspace are inaccurate"


@given(symmetric_matrices(2, 4), st.data())
def test_pencils_on_subspaces_against_an_orthonormal_restriction(a, data):
    n = a.nrows()
    w = data.draw(st.integers(1, n))
    b = fmpq_mat(data.draw(st.lists(vectors(n), min_size=w, max_size=w))).transpose()
    gram = b.transpose() * b
    if gram.det() == 0:
        return
    found = Pencil(form=b.transpose() * a * b, gram=gram).eigenvalues(96)
    with mp.workdps(100):
        inverse = mp.inverse(mp.cholesky(matrix_mp(gram)))
        restricted = inverse * matrix_mp(b.transpose() * a * b) * inverse.T
        true = sorted(mp.eigsy((restricted + restricted.T) / 2, eigvals_only=True))
        enclosed = [e for e in found for _ in range(e.multiplicity)]
        assert len(enclosed) == w, "the multiplicities do not add up to the subspace's dimension"
        for e, value in zip(enclosed, true, strict=True):
            assert real(e.lo) - mp.mpf(10) ** -60 <= value <= real(e.hi) + mp.mpf(10) ** -60, f"{value} not in {e}"


@given(symmetric_matrices(2, 5))
def test_the_gap_separates(a):
    found = Pencil(a).eigenvalues(128)
    for i, here in enumerate(found):
        g = gap(found, i)
        assert g > 0, "a gap must be positive"
        for other in found[:i] + found[i + 1 :]:
            assert other.hi <= here.lo - g or other.lo >= here.hi + g, f"{other} lies within the gap {g} of {here}"
        nearest = min((max(here.lo - o.hi, o.lo - here.hi) for o in found[:i] + found[i + 1 :]), default=None)
        assert nearest is None or nearest < 2 * g, f"the gap {g} is poor: the nearest eigenvalue is {nearest} away"


@given(st.integers(1, 10**40), st.integers(1, 10**40))
def test_power_of_two_below(p, q):
    x = fmpq(p, q)
    power = power_of_two_below(x)
    assert power <= x < 2 * power, f"{power} is not the largest power of two up to {x}"
    for part in (int(power.p), int(power.q)):
        assert part & (part - 1) == 0, f"{power} is not a power of two"


def test_eigenvalues_that_differ_by_very_little_are_told_apart():
    close = fmpq(1, 10**60)
    found = Pencil(hessian_with_spectrum([1, 1 + close], cayley(["1/3"], 2))).eigenvalues(64)
    assert [(e.lo, e.multiplicity) for e in found] == [(1, 1), (1 + close, 1)], "two eigenvalues were merged"
    # Irrational ones: (5 − √5)/2 and the same moved by 1e-60.
    moved = [[2 + close, 1], [1, 3 + close]]
    found = Pencil(block_diagonal(GOLDEN, moved)).eigenvalues(64)
    assert [e.multiplicity for e in found] == [1] * 4, "two irrational eigenvalues were merged"
    with mp.workdps(120):
        true = [(5 - mp.sqrt(5)) / 2, (5 - mp.sqrt(5)) / 2 + real(close)]
        for e, value in zip(found, true, strict=False):
            assert e.lo <= rational(value) <= e.hi, f"{value} is not enclosed"


def test_cayley_and_losses_refuse_what_does_not_fit():
    with pytest.raises(InputError, match="rotation: has 2 entries; dimension 3 needs 3"):
        cayley([1, 2], 3)
    with pytest.raises(InputError, match="higher_terms: a term of order below three"):
        loss_with_spectrum([1, 2], higher_terms=[((1, 1), 1)])


@settings(max_examples=10)
@given(rotated_spectra(), st.data())
def test_loss_with_spectrum_has_that_hessian_at_its_minimizer(case, data):
    spectrum, rotation = case
    n = len(spectrum)
    m = data.draw(vectors(n))
    loss = loss_with_spectrum(spectrum, rotation=rotation, minimizer=m, higher_terms=[((3, *[0] * (n - 1)), "1/2")])
    assert not any(loss.gradient(m)), "the gradient at the prescribed minimizer is not zero"
    assert fmpq_mat([list(r) for r in loss.hessian(m)]) == hessian_with_spectrum(spectrum, rotation), "wrong Hessian"
    assert dot(loss.gradient(m), m) == 0, "the gradient must vanish"


@pytest.mark.parametrize("exponent", [-400, 200, 1000])
def test_eigenvectors_do_not_depend_on_the_scale(exponent):
    """What counts as a residual is measured by the matrix: at 2²⁰⁰ it is no obstacle, at 2⁻⁴⁰⁰ no proof."""
    scale = fmpq(2) ** exponent
    pencil = Pencil(fmpq_mat([[2 * scale, scale], [scale, 6 * scale]]))
    (vector,) = pencil.eigenvectors(pencil.eigenvalues(192)[0], 192)
    assert abs(float(vector[0] / vector[1]) + 2 + 5**0.5) < 1e-12
