"""The checker's exact arithmetic, function by function, with its limits."""

import random
from fractions import Fraction as Q
from math import prod

import pytest

from gdcheck.theorem.checker import recheck as exact
from gdcheck.theorem.checker.recheck import ClaimError


def value(poly, point):
    return sum((k * prod(x**e for x, e in zip(point, alpha, strict=True)) for alpha, k in poly.items()), Q(0))


def test_a_composition_has_the_values_of_the_polynomial():
    """Fractions everywhere, and terms that meet or cancel: poly(origin + Σ t_b rows_b) at random points t."""
    rng = random.Random(5)

    def draw():
        return Q(rng.randint(-6, 6), rng.randint(1, 4))

    for _ in range(40):
        n, m = rng.randint(1, 3), rng.randint(0, 3)
        poly = {tuple(rng.randint(0, 3) for _ in range(n)): draw() for _ in range(4)}
        rows, origin = [[draw() for _ in range(n)] for _ in range(m)], [draw() for _ in range(n)]
        found = exact.compose(poly, rows, origin)
        assert all(found.values()), "terms that vanish are left out"
        for _ in range(4):
            t = [draw() for _ in range(m)]
            point = [x + sum((s * row[i] for s, row in zip(t, rows, strict=True)), Q(0)) for i, x in enumerate(origin)]
            assert value(found, t) == value(poly, point), f"{poly} along {rows} from {origin} at {t}"


def test_terms_that_cancel_are_left_out_of_a_composition():
    assert exact.compose({(1, 0): Q(1), (0, 1): Q(-1)}, [[Q(1), Q(1)]], [Q(2), Q(2)]) == {}
    assert exact.compose({(2,): Q(1), (1,): Q(-2)}, [[Q(1)]], [Q(1)]) == {(0,): Q(-1), (2,): Q(1)}


@pytest.mark.parametrize(("poly", "terms"), [({(3, 0): Q(1)}, 10), ({(1, 0): Q(1), (3, 0): Q(1)}, 13)])
def test_a_composition_may_have_as_many_terms_as_the_limit(monkeypatch, poly, terms):
    """What is finished and what is in the making count together."""
    rows, origin = [[Q(1), Q(0)], [Q(2), Q(0)]], [Q(1), Q(1)]
    monkeypatch.setattr(exact, "TERMS", terms)
    assert len(exact.compose(poly, rows, origin)) == 10
    monkeypatch.setattr(exact, "TERMS", terms - 1)
    with pytest.raises(ClaimError, match="too many terms"):
        exact.compose(poly, rows, origin)


@pytest.mark.parametrize(("n", "bits"), [(1, 8), (2, 4), (4, 2)])
def test_matrices_may_have_as_many_digits_as_the_limit(monkeypatch, n, bits):
    monkeypatch.setattr(exact, "TERMS", 2)
    good, bad = ([[Q(int(i == j), 2**k) for j in range(n)] for i in range(n)] for k in (bits - 1, bits))
    assert len(exact.characteristic(good)) == n + 1
    with pytest.raises(ClaimError, match="too many digits"):
        exact.characteristic(bad)


def test_the_characteristic_polynomial_up_to_a_factor():
    """det(t − A) of a matrix of two denominators; of the empty matrix it is 1."""
    found = exact.characteristic([[Q(1, 2), Q(1)], [Q(1), Q(10, 3)]])
    assert [Q(x) / found[-1] for x in found] == [Q(2, 3), Q(-23, 6), Q(1)]
    assert all(type(x) is int for x in found) and exact.characteristic([]) == [1]
    found = exact.characteristic([[Q(2), Q(1), Q(0)], [Q(1), Q(2), Q(1, 5)], [Q(0), Q(1, 5), Q(3)]])
    assert [Q(x) / found[-1] for x in found] == [Q(-223, 25), Q(374, 25), Q(-7), Q(1)]


def test_numbers_are_shown_to_four_digits():
    assert exact.show(Q(1, 3), 2, Q(-20000, 3), Q(1, 10**9)) == "0.3333, 2, -6667, 1e-9"
    assert exact.show(Q(123456, 7)) == "1.764e+4"


def test_a_root_is_enclosed_as_narrowly_as_it_is_asked_for():
    """Relative width at most 2⁻²⁵⁶, for numbers of every size; the root of zero is zero."""
    for x in (Q(2), Q(3, 7), Q(5, 10**40), Q(7 * 10**40), Q(10**30 + 1, 10**30), Q(1, 3 * 4**50), Q(1, 2), Q(9, 16)):
        low, high = exact.sqrt(x)
        assert low * low <= x < high * high, f"√{x} is not in [{low}, {high}]"
        assert (high - low) ** 2 * 4**256 <= x, f"√{x}: [{low}, {high}]"
    assert exact.sqrt(Q(0)) == (0, 0)


def test_a_derivative_along_a_vector():
    """x³y − 2y and 3x + 1 along (1, 2); along a vector on which it does not change there is nothing left."""
    assert exact.along({(3, 1): Q(1), (0, 1): Q(-2)}, [1, 2]) == {(2, 1): 3, (3, 0): 2, (0, 0): -4}
    assert exact.along({(1, 0): Q(3), (0, 0): Q(1)}, [0, 2]) == {}
    assert exact.along({(1, 0): Q(2), (0, 1): Q(1)}, [1, -2]) == {}


def times(*factors):
    total = [1]
    for factor in factors:
        total = [
            sum(total[i] * factor[k - i] for i in range(len(total)) if 0 <= k - i < len(factor))
            for k in range(len(total) + len(factor) - 1)
        ]
    return total


def test_a_common_divisor_has_the_common_roots():
    """(2t − 1)²(t² − 2)(t − 3) and (2t − 1)(t² − 2)³; polynomials without a common root; and zero."""
    a, b, c = [-1, 2], [-2, 0, 1], [-3, 1]
    for p, q in ((times(a, a, b, c), times(a, b, b, b)), (times(a, b, b, b), times(c, b, a, a))):
        found = exact.common(p, q)
        assert [Q(x) / found[-1] for x in found] == [Q(x, 2) for x in times(a, b)]
    assert len(exact.common(times(a, b), c)) == len(exact.common(c, times(a, b))) == 1
    assert exact.common(times(a, b), []) == times(a, b)
    assert [Q(x) / -3 for x in exact.common(c, c)] in ([1, Q(-1, 3)], [-1, Q(1, 3)])


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
        assert exact.count(chi, Q(s)) == expected, f"at {s}"


def test_roots_are_counted_where_coefficients_exceed_every_float():
    """(t − 10⁴⁰⁰)(t + 10⁴⁰⁰)."""
    for s, expected in ((-(10**401), (0, 0)), (0, (1, 1)), (10**400, (1, 2)), (10**401, (2, 2))):
        assert exact.count([-(10**800), 0, 1], Q(s)) == expected
