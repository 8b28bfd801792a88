"""Exact arithmetic: roots, polynomials, their shifts, and what vanishes on a subspace."""

import random
from fractions import Fraction as Q
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker import exact
from gdcheck.theorem.checker.exact import Polynomial, combined, norm_above, root_bounds, vanishes_on_span
from gdcheck.theorem.checker.outcome import NotChecked, show

RATIONALS = st.fractions(min_value=-6, max_value=6, max_denominator=4)


def value(polynomial, point):
    terms = polynomial.terms.items()
    total = sum((k * prod(x**e for x, e in zip(point, alpha, strict=True)) for alpha, k in terms), Q(0))
    return total / polynomial.denominator


def polynomials(n, degree=3):
    exponents = st.tuples(*[st.integers(0, degree)] * n)
    return st.dictionaries(exponents, RATIONALS, max_size=5).map(Polynomial.of)


@given(polynomials(3), st.tuples(*[RATIONALS] * 3), st.tuples(*[RATIONALS] * 3))
def test_a_shift_has_the_values_of_the_polynomial(polynomial, origin, h):
    moved = polynomial.shifted(origin)
    assert all(moved.terms.values()), "terms that vanish are left out"
    assert value(moved, h) == value(polynomial, [x + y for x, y in zip(origin, h, strict=True)])


def test_terms_that_cancel_are_left_out_of_a_shift():
    assert Polynomial({(2,): 1, (1,): -2}, 1).shifted([Q(1)]).terms == {(0,): -1, (2,): 1}
    assert Polynomial.of({(1, 0): Q(0), (0, 1): Q(1, 3)}).terms == {(0, 1): 1}


@pytest.mark.parametrize("limit", [9, 10])
def test_a_shift_may_have_as_many_terms_as_the_limit(monkeypatch, limit):
    """(1 + x)³ (1 + y)³ has sixteen terms in the end, and (1 + x)³ y³ four; x³ + y³ around (1, 1) has seven."""
    monkeypatch.setattr(exact, "MOST_TERMS", limit)
    seven = Polynomial({(3, 0): 1, (0, 3): 1}, 1).shifted([Q(1), Q(1)])
    assert len(seven.terms) == 7
    ten = Polynomial({(4, 0): 1, (0, 5): 1}, 1)
    if limit == 10:
        assert len(ten.shifted([Q(1), Q(1)]).terms) == 10
    else:
        with pytest.raises(NotChecked, match="more than 9 terms"):
            ten.shifted([Q(1), Q(1)])


WHOLE = st.integers(-5, 5)


@given(polynomials(2), st.lists(st.tuples(WHOLE, WHOLE, WHOLE), min_size=2, max_size=2), st.integers(1, 7))
def test_linear_forms_in_the_place_of_variables_have_the_values_of_the_polynomial(polynomial, rows, scale):
    """Also of the zero polynomial, which has no terms and no degree."""
    y = [Q(1, 2), Q(-2, 3), Q(3)]
    forms = [[(j, c) for j, c in enumerate(row) if c] for row in rows]
    x = [sum(c * y[j] for j, c in form) / Q(scale) for form in forms]
    assert value(polynomial.with_forms(forms, 3, scale), y) == value(polynomial, x)
    assert Polynomial({}, 1).with_forms(forms, 3, scale).terms == {}


def test_derivatives():
    """x³y − 2y; its derivatives; and the one along (1, 2)."""
    p = Polynomial.of({(3, 1): Q(1), (0, 1): Q(-2, 3)})
    assert p.derivative(0).coefficient((2, 1)) == 3
    assert p.derivative(1).coefficient((0, 0)) == Q(-2, 3)
    along = combined([p.derivative(0), p.derivative(1)], [Q(1), Q(2)])
    assert {alpha: along.coefficient(alpha) for alpha in along.terms} == {(2, 1): 3, (3, 0): 2, (0, 0): Q(-4, 3)}
    assert combined([Polynomial({(0,): 2}, 1), Polynomial({(0,): 1}, 1)], [Q(1), Q(-2)]).terms == {}


@given(polynomials(3, 2), st.lists(st.tuples(*[RATIONALS] * 3), max_size=2))
def test_what_vanishes_on_a_span_is_zero_at_its_points(polynomial, basis):
    """And what does not is not zero at some point of a grid that is finer than its degree."""
    rng = random.Random(1)
    draws = [[Q(rng.randint(-50, 50)) for _ in basis] for _ in range(12)]
    points = [[sum((s * v[i] for s, v in zip(t, basis, strict=True)), Q(0)) for i in range(3)] for t in draws]
    if vanishes_on_span(polynomial, basis):
        assert not any(value(polynomial, point) for point in points)
    else:
        assert any(value(polynomial, point) for point in points)


def test_a_polynomial_that_vanishes_on_a_line_but_not_on_another():
    p = Polynomial.of({(2, 0): Q(1, 2), (0, 2): Q(-1, 2)})  # (x − y)(x + y)/2
    assert vanishes_on_span(p, [(Q(1, 3), Q(1, 3))])
    assert vanishes_on_span(p, [(Q(1), Q(-1))])
    assert vanishes_on_span(p, [])
    assert not vanishes_on_span(p, [(Q(1), Q(2))])
    assert not vanishes_on_span(p, [(Q(1), Q(1)), (Q(1), Q(0))])
    assert not vanishes_on_span(Polynomial({(0, 0): 1}, 1), [])
    assert vanishes_on_span(Polynomial({}, 1), [(Q(1), Q(1))])


def test_a_polynomial_on_a_span_may_have_as_many_terms_as_the_limit(monkeypatch):
    p, basis = Polynomial({(3, 0): 1}, 1), [(Q(1), Q(0)), (Q(2), Q(0))]  # (t + 2u)³
    monkeypatch.setattr(exact, "MOST_TERMS", 4)
    assert not vanishes_on_span(p, basis)
    monkeypatch.setattr(exact, "MOST_TERMS", 3)
    with pytest.raises(NotChecked, match="more than 3 terms"):
        vanishes_on_span(p, basis)


def test_a_root_is_enclosed_as_narrowly_as_it_is_asked_for():
    """Relative width at most 2⁻²⁵⁶, for numbers of every size; the root of zero is zero."""
    for x in (Q(2), Q(3, 7), Q(5, 10**40), Q(7 * 10**40), Q(10**30 + 1, 10**30), Q(1, 3 * 4**50), Q(1, 2), Q(9, 16)):
        low, high = root_bounds(x)
        assert low * low <= x < high * high, f"√{x} is not in [{low}, {high}]"
        assert (high - low) ** 2 * 4**256 <= x, f"√{x}: [{low}, {high}]"
    assert root_bounds(Q(0)) == (0, 0)
    assert norm_above([3, 4]) >= 5
    assert norm_above([3, 4]) < 5 + Q(1, 2**250)


def test_numbers_are_shown_to_four_digits():
    assert show(Q(1, 3), 2, Q(-20000, 3), Q(1, 10**9)) == "0.3333, 2, -6667, 1e-9"
    assert show(Q(123456, 7)) == "1.764e+4"
    assert show(Q(1001497, 10**6), Q(10005 * 10**40 + 1, 10**44)) == "1.001, 1.001", "rounded once"
