"""Expressions multiplied out by the checker have the values of their text, and their derivatives are derivatives."""

from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.outcome import BadCertificate, NotChecked, time_limit
from gdcheck.theorem.checker.smooth import polynomials
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.polynomials import composed, derivative, expanded, plus, times, variables

RATIONALS = st.fractions(-3, 3, max_denominator=4)
POINTS = st.tuples(RATIONALS, RATIONALS)
EXPONENTS = st.tuples(st.integers(0, 3), st.integers(0, 3))
TABLES = st.dictionaries(EXPONENTS, RATIONALS.filter(bool), max_size=4)
X, Y = {(1, 0): Fraction(1)}, {(0, 1): Fraction(1)}
TEXTS = {
    "x": lambda x, y: x,
    "3": lambda x, y: Fraction(3),
    "x - x": lambda x, y: Fraction(0),
    "2*x - y/3 + 1/2": lambda x, y: 2 * x - y / 3 + Fraction(1, 2),
    "(x + y)*(x - y) + y**2": lambda x, y: x**2,
    "(x - 2*y)**5": lambda x, y: (x - 2 * y) ** 5,
    "(x + 1)**16": lambda x, y: (x + 1) ** 16,
    "(x*y + 1)**0": lambda x, y: Fraction(1),
    "u = x*y; u*u + 3*u + u**3": lambda x, y: (x * y) ** 2 + 3 * x * y + (x * y) ** 3,
}


def value(p, at):
    """Return a polynomial's value."""
    return sum((c * prod(x**a for x, a in zip(at, alpha, strict=True)) for alpha, c in p.items()), Fraction(0))


def multiplied_out(text, arguments=None):
    """Multiply the text of a loss in x and y out."""
    return expanded(read_expression(text, ("x", "y"), {}), arguments or variables(2), 2)


@pytest.mark.parametrize("text", TEXTS)
@given(at=POINTS)
def test_an_expression_multiplied_out_has_its_values(text, at):
    p = multiplied_out(text)
    assert value(p, at) == TEXTS[text](*at) and all(p.values())


@given(TABLES, TABLES, POINTS)
def test_other_polynomials_may_stand_for_the_variables(p, q, at):
    assert value(multiplied_out("(x - 2*y)**2 + y", (p, q)), at) == (value(p, at) - 2 * value(q, at)) ** 2 + value(
        q, at
    )


@given(TABLES, TABLES, POINTS)
def test_sums_and_products_have_the_values_of_their_parts(p, q, at):
    total, product = plus(p, q), times(p, q)
    assert value(total, at) == value(p, at) + value(q, at) and all(total.values())
    assert value(product, at) == value(p, at) * value(q, at) and all(product.values())


@given(TABLES, TABLES, TABLES, POINTS)
def test_a_composition_has_the_value_at_the_values(p, q, r, at):
    assert value(composed(p, (q, r), 2), at) == value(p, (value(q, at), value(r, at)))


@given(TABLES, POINTS, st.integers(0, 1))
def test_a_derivative_is_the_first_coefficient_of_the_polynomial_along_the_axis(p, at, i):
    # p(at + t e_i) multiplied out in t alone; its coefficient of t is the derivative.
    line = [{(0,): x} | ({(1,): Fraction(1)} if j == i else {}) for j, x in enumerate(at)]
    assert composed(p, line, 1).get((1,), Fraction(0)) == value(derivative(p, i), at)


@pytest.mark.parametrize("text", ["(x + y)**17", "x**(1/2)", "(x + 2)**-1", "exp(x) + y", "x/y"])
def test_what_is_not_a_polynomial_is_refused(text):
    with pytest.raises(BadCertificate, match="relations: an expression is not a polynomial"):
        multiplied_out(text)


def test_a_polynomial_of_too_many_terms_is_not_checked(monkeypatch):
    monkeypatch.setattr(polynomials, "MOST_TERMS", 3)
    assert len(times(plus(X, Y), plus(X, Y))) == 3
    with pytest.raises(NotChecked, match="a polynomial of more than 3 terms"):
        times(plus(plus(X, Y), {(0, 0): Fraction(1)}), plus(X, Y))


def test_a_product_ends_at_the_time_limit():
    with pytest.raises(NotChecked, match="polynomials multiplied out"), time_limit(0):
        times(plus(X, Y), plus(X, Y))
