"""Claim 3 (eigenvalue) and Claim 4 (regime): roots counted exactly, and ends and regimes at their edges."""

import copy
from fractions import Fraction as Q

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker import spectrum
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.checker.outcome import ClaimError, NotChecked
from gdcheck.theorem.checker.spectrum import (
    characteristic,
    common_divisor,
    count_roots,
    determinant_is_zero,
    verify_norm,
)
from tests.builders.certificates import CERTIFICATES, IDLE, eigenvalue, replace, said


def times(*factors):
    total = [1]
    for factor in factors:
        total = [
            sum(total[i] * factor[k - i] for i in range(len(total)) if 0 <= k - i < len(factor))
            for k in range(len(total) + len(factor) - 1)
        ]
    return total


@pytest.mark.parametrize(("n", "bits"), [(1, 8), (2, 4), (4, 2)])
def test_matrices_may_have_as_many_digits_as_the_limit(monkeypatch, n, bits):
    monkeypatch.setattr(spectrum, "MOST_TERMS", 2)
    good, bad = ([[Q(int(i == j), 2**k) for j in range(n)] for i in range(n)] for k in (bits - 1, bits))
    assert len(characteristic(good)) == n + 1
    with pytest.raises(NotChecked, match="too many digits"):
        characteristic(bad)


def test_the_characteristic_polynomial_up_to_a_factor():
    """det(t − A) of a matrix of two denominators; of the empty matrix it is 1."""
    found = characteristic([[Q(1, 2), Q(1)], [Q(1), Q(10, 3)]])
    assert [Q(x) / found[-1] for x in found] == [Q(2, 3), Q(-23, 6), Q(1)]
    assert all(type(x) is int for x in found)
    assert characteristic([]) == [1]
    found = characteristic([[Q(2), Q(1), Q(0)], [Q(1), Q(2), Q(1, 5)], [Q(0), Q(1, 5), Q(3)]])
    assert [Q(x) / found[-1] for x in found] == [Q(-223, 25), Q(374, 25), Q(-7), Q(1)]


def test_a_common_divisor_has_the_common_roots():
    """(2t − 1)²(t² − 2)(t − 3) and (2t − 1)(t² − 2)³; polynomials without a common root; and zero."""
    a, b, c = [-1, 2], [-2, 0, 1], [-3, 1]
    for p, q in ((times(a, a, b, c), times(a, b, b, b)), (times(a, b, b, b), times(c, b, a, a))):
        found = common_divisor(p, q)
        assert [Q(x) / found[-1] for x in found] == [Q(x, 2) for x in times(a, b)]
    assert len(common_divisor(times(a, b), c)) == len(common_divisor(c, times(a, b))) == 1
    assert common_divisor(times(a, b), []) == times(a, b)
    assert [Q(x) / -3 for x in common_divisor(c, c)] in ([1, Q(-1, 3)], [-1, Q(1, 3)])


def test_roots_are_counted_below_and_up_to_a_number():
    """(t − 1/2)²(t + 3)(t − 5), times 4."""
    chi = [-15, 58, -51, -12, 4]
    for s, expected in (
        (-4, (0, 0)),
        (-3, (0, 1)),
        (0, (1, 1)),
        (Q(1, 2), (1, 3)),
        (1, (3, 3)),
        (5, (3, 4)),
        (6, (4, 4)),
    ):
        assert count_roots(chi, Q(s)) == expected, f"at {s}"


def test_roots_are_counted_where_coefficients_exceed_every_float():
    """(t − 10⁴⁰⁰)(t + 10⁴⁰⁰)."""
    for s, expected in ((-(10**401), (0, 0)), (0, (1, 1)), (10**400, (1, 2)), (10**401, (2, 2))):
        assert count_roots([-(10**800), 0, 1], Q(s)) == expected


@given(
    st.integers(0, 3).flatmap(
        lambda n: st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_a_determinant_is_zero_where_zero_is_an_eigenvalue(table):
    """By the constant of the characteristic polynomial."""
    assert determinant_is_zero(table) == (not characteristic([[Q(x) for x in row] for row in table])[0])


@pytest.mark.parametrize(("norm", "beyond"), [("3/2", 0), ("149/100", 1), ("1/2", 1), ("49/100", 2), ("-1", None)])
def test_the_norm_of_the_linear_part_is_counted(norm, beyond):
    """The multipliers are 1/2, 0 and −3/2, of a Hessian that is no diagonal one."""
    hessian, step_size = [[Q(3), Q(2), Q(0)], [Q(2), Q(3), Q(0)], [Q(0), Q(0), Q(2)]], Q(1, 2)
    if beyond == 0:
        verify_norm(hessian, step_size, Q(norm))
    else:
        with pytest.raises(ClaimError, match="beyond" if beyond is None else f"fails: {beyond} eigenvalues lie beyond"):
            verify_norm(hessian, step_size, Q(norm))


def test_what_is_said_of_a_wrong_end_counts_from_below():
    wrong = replace(CERTIFICATES["small_bowl"], ("spectrum", "highest", "interval"), ["4", "5"])
    said(wrong, "an end 1-fold in [4, 5] fails: 1 eigenvalues below, 1 inside")


def test_an_end_is_the_last_eigenvalue():
    """The highest one is no lowest, and the other way round."""
    for end, other in (("lowest", "highest"), ("highest", "lowest")):
        certificate = copy.deepcopy(CERTIFICATES["small_bowl"])
        certificate["spectrum"][end] = certificate["spectrum"][other]
        said(certificate, "an end 1-fold in [")


@pytest.mark.parametrize(
    ("name", "regime", "numbers"),
    [
        ("large_bowl", "small-step", "1, 1, 4, 4, 2/eta 4.762"),
        ("two_cycle", "small-step", "1, 1, 4, 4, 2/eta 5"),
        ("two_cycle", "large-step", "1, 1, 4, 4, 2/eta 5"),
        ("small_bowl", "large-step", "1, 1, 4, 4, 2/eta 20"),
        ("small_bowl", "boundary", "1, 1, 4, 4, 2/eta 20"),
        ("small_bowl", "unstable", "1, 1, 4, 4, 2/eta 20"),
        ("small_bowl", "none", "1, 1, 4, 4, 2/eta 20"),
        ("unstable", "large-step", "1, 1, 4, 4, 2/eta 4"),
        ("rotated_two_cycle", "small-step", "1.586, 1.586, 4.414, 4.414, 2/eta 6"),
    ],
)
def test_a_wrong_regime_is_named_with_its_numbers(name, regime, numbers):
    said(CERTIFICATES[name] | {"regime": regime}, f"regime {regime} fails: ends {numbers}")


def test_the_ends_of_a_regime_are_shown_in_order():
    wide = {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    certificate = CERTIFICATES["rotated_two_cycle"] | {"spectrum": wide}
    said(certificate | {"regime": "unstable"}, "regime unstable fails: ends 1, 2, 4, 5, 2/eta 6")


@pytest.mark.parametrize(
    ("off", "lowest", "highest", "good"),
    [
        (0, ("1", "2"), ("39/10", "51/10"), True),
        (0, ("1", "2"), ("4", "5"), True),
        (0, ("1", "2"), ("43/10", "51/10"), False),  # 2/η − 2 is not inside
        (0, ("1", "2"), ("39/10", "45/10"), False),  # 2/η − 1 is not inside
        (1, ("1", "2"), ("39/10", "51/10"), False),
        (-1, ("1", "2"), ("39/10", "51/10"), False),
    ],
)
def test_the_boundary_is_an_exact_equation(off, lowest, highest, good):
    """λ₁ + λₙ = 6 is 2/η, or off by 10⁻⁶⁰, under intervals that are isolating."""
    ends = {"lowest": eigenvalue(*lowest), "highest": eigenvalue(*highest)}
    certificate = CERTIFICATES["rotated_two_cycle"] | IDLE | {"spectrum": ends}
    certificate = replace(certificate, ("problem", "step_size"), str(2 / (6 + Q(off, 10**60))))
    if good:
        assert check(certificate) is None
    else:
        said(certificate, "regime boundary fails")


def test_vectors_must_be_sharp_for_the_intervals():
    wide = {"lowest": eigenvalue(1, 2), "highest": eigenvalue(4, 5)}
    assert check(CERTIFICATES["rotated_two_cycle"] | {"spectrum": wide}) is not None


def test_a_cluster_must_be_one_eigenvalue():
    """Two eigenvalues that differ by 10⁻⁹ or less are told apart, however wide the interval around them is."""
    for apart in (Q(10**9 + 1, 10**9), Q(10**60 + 1, 10**60)):
        certificate = copy.deepcopy(CERTIFICATES["twice_irrational"])
        certificate["problem"]["loss"] = f"x**2 + x*y + 2*y**2 + z**2 + {apart}*z*w + 2*w**2"
        certificate["spectrum"]["lowest"]["interval"] = ["1", "2"]
        said(certificate, "an end 2-fold in [1, 2] fails: 0 eigenvalues below, 2 inside")
