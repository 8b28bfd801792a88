"""The checker's exact arithmetic, function by function, with its limits."""

import random
from fractions import Fraction as Q
from math import prod

import pytest

from theorem import recheck_exact as exact
from theorem.recheck_exact import ClaimError


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


def test_a_claim_that_fails_is_false_unless_it_is_said_to_be_undecided():
    exact.claim("nothing", True)
    for given, broken in (((), True), ((True,), True), ((False,), False)):
        with pytest.raises(ClaimError) as failure:
            exact.claim("it fails", False, *given)
        assert failure.value.args == ("it fails", broken)


def test_numbers_are_shown_to_four_digits():
    assert exact.show(Q(1, 3), 2, Q(-20000, 3), Q(1, 10**9)) == "0.3333, 2, -6667, 1e-9"
    assert exact.show(Q(123456, 7)) == "1.764e+4"


def test_a_root_is_enclosed_as_narrowly_as_it_is_asked_for():
    """Relative width at most 2^-bits, for numbers of every size; one part in a thousand of that would be a waste."""
    for x in (Q(2), Q(3, 7), Q(5, 10**40), Q(7 * 10**40), Q(10**30 + 1, 10**30), Q(1, 3 * 4**50), Q(1, 2)):
        for bits in (1, 8, 9, 60):
            low, high = exact.sqrt(x, bits)
            assert low * low < x < high * high, f"√{x} is not in [{low}, {high}]"
            assert (high - low) ** 2 * 4**bits <= x, f"√{x} to {bits} bits: [{low}, {high}]"
    for x in (Q(0), Q(1), Q(9, 16), Q(10**40), Q(1, 10**40)):
        low, high = exact.sqrt(x, 10)
        assert low == high and low * low == x, f"the root of the square {x} is exact"


def test_a_factor_that_is_not_monic_divides():
    """(2t − 1)²(t − 3): the square of 2t − 1 divides, its cube does not, and the remainder counts to the last entry."""
    poly = [-3, 13, -16, 4]
    assert exact.divides([-1, 2], poly, 1, Q(0), Q(1)) and exact.divides([-1, 2], poly, 2, Q(0), Q(1))
    assert not exact.divides([-1, 2], poly, 3, Q(0), Q(1))
    for i in range(4):
        assert not exact.divides([-1, 2], [x + (i == j) for j, x in enumerate(poly)], 1, Q(0), Q(1))


def test_a_factor_must_change_its_sign_strictly_within_the_interval():
    """A root at an end is no change of sign, nor are two values of one sign, however small."""
    for low, high in ((Q(1), Q(2)), (Q(0), Q(1)), (Q(5, 4), Q(3, 2)), (Q(1, 2), Q(3, 4))):
        assert not exact.divides([-1, 1], [-1, 1], 1, low, high), f"t − 1 on [{low}, {high}]"
    assert exact.divides([-1, 1], [-1, 1], 1, Q(1, 2), Q(101, 100))


def test_a_polynomial_is_shifted():
    """(s + t)³ − 2(s + t) at s = 2/3, and a constant."""
    s = Q(2, 3)
    assert exact.shift([0, -2, 0, 1], s) == [s**3 - 2 * s, 3 * s**2 - 2, 3 * s, 1]
    assert exact.shift([7], s) == [7] and exact.shift([], s) == []


def test_roots_are_counted_below_and_at_a_number():
    """(t − 1/2)²(t + 3)(t − 5), times 4."""
    chi = [-15, 58, -51, -12, 4]
    for s, expected in (
        (-4, (0, 0)),
        (-3, (0, 1)),
        (0, (1, 0)),
        (Q(1, 2), (1, 2)),
        (1, (3, 0)),
        (5, (3, 1)),
        (6, (4, 0)),
    ):
        assert exact.count(chi, Q(s)) == expected, f"at {s}"


def test_roots_are_counted_where_coefficients_exceed_every_float():
    """(t − 10⁴⁰⁰)(t + 10⁴⁰⁰)."""
    for s, expected in ((-(10**401), (0, 0)), (0, (1, 0)), (10**400, (1, 1)), (10**401, (2, 0))):
        assert exact.count([-(10**800), 0, 1], Q(s)) == expected
