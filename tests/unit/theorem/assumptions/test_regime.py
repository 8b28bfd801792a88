"""Regimes are decided exactly, on the boundary itself and 1e-30 from it, for rational and irrational spectra."""

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.assumptions.regime import classify, rational_sum
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.loss.prescribed import hessian_with_spectrum
from gdcheck.theorem.methods.statement import End, Regime
from tests.builders.strategies import block_diagonal, matrix_mp, positive, real, rotations, symmetric_matrices

TINY = fmpq(1, 10**30)
SQRT2 = [[2, 1], [1, 4]]  # 3 ± √2
CUBIC = [[1, 1, 0], [1, 3, 1], [0, 1, 4]]  # t³ − 8t² + 17t − 7, irreducible


def reflected(block, s):
    n = len(block)
    return [[(s if i == j else 0) - block[i][j] for j in range(n)] for i in range(n)]


@st.composite
def stable_spectra(draw):
    low, width = draw(positive(3)), draw(positive(5))
    interior = draw(st.lists(st.integers(0, 10).map(lambda k: low + width * k / 10), max_size=2))
    spectrum = sorted([low, low + width, *interior])
    return spectrum, draw(rotations(len(spectrum)))


@given(stable_spectra(), st.integers(1, 30), st.booleans())
def test_relative_distances_to_the_boundary(case, digits, rotated):
    spectrum, q = case
    pencil = Pencil(hessian_with_spectrum(spectrum, q if rotated else None))
    low, high = spectrum[0], spectrum[-1]
    boundary = 2 / (low + high)
    away = fmpq(1, 10**digits)
    assert classify(pencil, boundary, 64).regime is Regime.BOUNDARY, "the boundary itself"
    assert classify(pencil, boundary * (1 - away), 64).regime is Regime.SMALL_STEP, f"1e-{digits} below the boundary"
    above = boundary * (1 + min(away, low / (2 * high)))
    assert classify(pencil, above, 64).regime is Regime.LARGE_STEP, f"1e-{digits} above the boundary"


@given(stable_spectra(), st.integers(1, 30))
def test_unstable_exactly_at_the_stability_limit(case, digits):
    spectrum, q = case
    pencil = Pencil(hessian_with_spectrum(spectrum, q))
    limit = 2 / spectrum[-1]
    away = min(fmpq(1, 10**digits), spectrum[0] / (2 * spectrum[-1]))
    assert classify(pencil, limit, 64).regime is Regime.UNSTABLE, "η = 2/λₙ is unstable"
    assert classify(pencil, limit * (1 + away), 64).regime is Regime.UNSTABLE, "η above 2/λₙ is unstable"
    assert classify(pencil, limit * (1 - away), 64).regime is Regime.LARGE_STEP, "η just below 2/λₙ is stable"


@given(symmetric_matrices(1, 4), positive(4))
def test_against_numerical_eigenvalues(a, eta):
    regime = classify(Pencil(a), eta, 64).regime
    with mp.workdps(60):
        true = sorted(mp.eigsy(matrix_mp(a), eigvals_only=True))
        low, high, threshold = true[0], true[-1], 2 / real(eta)
        close = mp.mpf(10) ** -40
        if abs(low) < close or abs(high - threshold) < close or abs(low + high - threshold) < close:
            return
        if low < 0:
            expected = None
        elif high > threshold:
            expected = Regime.UNSTABLE
        else:
            expected = Regime.SMALL_STEP if low + high < threshold else Regime.LARGE_STEP
    assert regime is expected, f"ends {float(low)}, {float(high)} against 2/η = {float(threshold)}"


IRRATIONAL = {
    "x**2 + x*y + 3*y**2": (block_diagonal([[2, 1], [1, 6]]), fmpq(1, 4)),
    "degree 2": (block_diagonal(SQRT2), fmpq(1, 3)),
    "degree 2, a rational one between": (block_diagonal(SQRT2, [[3]]), fmpq(1, 3)),
    "degree 2, ends from different factors": (block_diagonal([[2, 1], [1, 3]], [[8, 1], [1, 7]]), fmpq(1, 5)),
    "degree 2, repeated ends": (block_diagonal(SQRT2, SQRT2), fmpq(1, 3)),
    "degree 3": (block_diagonal(CUBIC, reflected(CUBIC, 12)), fmpq(1, 6)),
}


@pytest.mark.parametrize("name", IRRATIONAL)
def test_irrational_ends_exactly_on_the_boundary(name):
    a, eta = IRRATIONAL[name]
    found = classify(Pencil(a), eta, 64)
    assert not found.lowest.is_rational and not found.highest.is_rational, "the example's ends must be irrational"
    assert found.regime is Regime.BOUNDARY, f"{name} at η = {eta} is on the boundary"
    assert found.boundary_factor == found.lowest.factor, "the boundary's proof is the minimal polynomial of λ₁"
    assert found.highest.lo <= 2 / eta - found.lowest.hi, "2/η minus λ₁'s interval must lie within λₙ's"
    assert 2 / eta - found.lowest.lo <= found.highest.hi, "2/η minus λ₁'s interval must lie within λₙ's"
    assert len(found.eigenvalues) == 2 or found.eigenvalues[-2].hi < found.highest.lo, "the intervals must not meet"
    assert found.dominant_ends == (End.LOWEST, End.HIGHEST), "both ends dominate on the boundary"


@pytest.mark.parametrize("name", IRRATIONAL)
@pytest.mark.parametrize("digits", [2, 12, 30, 100])
def test_irrational_ends_close_to_the_boundary(name, digits):
    a, eta = IRRATIONAL[name]
    away = eta / 10**digits
    below, above = classify(Pencil(a), eta - away, 64), classify(Pencil(a), eta + away, 64)
    assert below.regime is Regime.SMALL_STEP, f"1e-{digits} below the boundary"
    assert above.regime is Regime.LARGE_STEP, f"1e-{digits} above the boundary"
    assert below.boundary_factor is None and above.boundary_factor is None, "only the boundary has a factor"


def test_sums_of_irrational_ends():
    eigenvalues = Pencil(block_diagonal(SQRT2)).eigenvalues(64)
    assert rational_sum(*eigenvalues) == 6, "3 − √2 + 3 + √2 = 6"
    low, _, high, _ = Pencil(block_diagonal(SQRT2, [[12, 1], [1, 11]])).eigenvalues(64)  # (23 ± √5)/2
    assert rational_sum(low, high) is None, "√2 and √5 have no rational sum"
    cubic = Pencil(block_diagonal(CUBIC)).eigenvalues(64)
    assert rational_sum(cubic[0], cubic[2]) is None, "two conjugates of a cubic have no rational sum"
    six = Pencil(block_diagonal(CUBIC, reflected(CUBIC, 12))).eigenvalues(64)
    assert rational_sum(six[0], six[-1]) == 12, "a root and its reflection at 6 add up to 12"
    assert rational_sum(six[0], six[-2]) is None, "a root and the reflection of another add up to no rational"
    one, irrational = Pencil(block_diagonal([[1]])).eigenvalues(64)[0], eigenvalues[1]
    assert rational_sum(one, irrational) is None, "a rational and an irrational number"
    assert rational_sum(one, one) == 2, "two rationals"


@given(symmetric_matrices(2, 4))
def test_rational_sums_are_true(a):
    found = Pencil(a).eigenvalues(96)
    for i, low in enumerate(found):
        for high in found[i + 1 :]:
            s = rational_sum(low, high)
            if s is None:
                assert not (low.is_rational and high.is_rational), "two rationals have a rational sum"
                continue
            with mp.workdps(80):
                true = sorted(mp.eigsy(matrix_mp(a), eigvals_only=True))
                sums = [x + y for k, x in enumerate(true) for y in true[k + 1 :]]
                assert min(abs(x - real(s)) for x in sums) < mp.mpf(10) ** -60, f"{s} is not a sum of two eigenvalues"


def test_not_positive():
    for a in (fmpq_mat([[1, 2], [2, 4]]), fmpq_mat([[1, 2], [2, 1]]), fmpq_mat([[-1]])):
        assert classify(Pencil(a), fmpq(1, 10), 64).regime is None, f"{a} is not positive definite"
    nearly = fmpq_mat([[1, 1], [1, 1 + TINY]])
    assert classify(Pencil(nearly), fmpq(1, 10), 32).regime is Regime.SMALL_STEP, "λ₁ ≈ 5e-31 is positive"
    nearly = fmpq_mat([[1, 1], [1, 1 - TINY]])
    assert classify(Pencil(nearly), fmpq(1, 10), 32).regime is None, "λ₁ ≈ −5e-31 is not positive"


def test_one_eigenvalue():
    pencil = Pencil(fmpq_mat([[4, 0], [0, 4]]))
    cases = {"1/10": (End.LOWEST,), "1/4": (), "2/5": (End.HIGHEST,), "1/2": ()}
    for eta, ends in cases.items():
        p, q = map(int, eta.split("/"))
        assert classify(pencil, fmpq(p, q), 64).dominant_ends == ends, f"λ = 4, η = {eta}"


def test_an_eigenvalue_is_found_in_a_restriction():
    whole = classify(Pencil(block_diagonal(SQRT2, [[1]], [[5]])), fmpq(1, 10), 64)
    part = classify(Pencil(block_diagonal(SQRT2)), fmpq(1, 10), 96)
    held = [part.holds(e) for e in whole.eigenvalues]
    assert held == [False, True, True, False], f"1, 3 ± √2, 5 restricted to 3 ± √2: {held}"
