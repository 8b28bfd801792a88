"""A loss as the checker reads it has the values that its text says; and a definition needs a new name."""

from fractions import Fraction

import mpmath
import pytest

from gdcheck.theorem.checker.outcome import BadCertificate, NotChecked
from gdcheck.theorem.checker.smooth.arrays import Array
from gdcheck.theorem.checker.smooth.derivatives import evaluate
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.functions import sin
from gdcheck.theorem.checker.smooth.intervals import Interval, point
from gdcheck.theorem.checker.symmetry.normal_form import Forms

BITS = 200
VALUES = {
    "x*x": lambda x, y: x**2,
    "x*x*x + 2*x*x": lambda x, y: x**3 + 2 * x**2,
    "(x + 1)*(x + 1)": lambda x, y: (x + 1) ** 2,
    "(2*x - y)*(y - 2*x)": lambda x, y: -((2 * x - y) ** 2),
    "x*y*x/y": lambda x, y: x**2,
    "x/(x + y)": lambda x, y: x / (x + y),
    "-x**2": lambda x, y: -(x**2),
    "(-x)**2": lambda x, y: x**2,
    "(x*x + 1)**(1/2) - sqrt(1 + x**2)": lambda x, y: mpmath.mpf(0),
    "exp(x)*exp(x)": lambda x, y: mpmath.exp(2 * x),
    "u = x*x; u*u + u": lambda x, y: x**4 + x**2,
    "u = x - y; v = exp(u); v*u - u*v + v": lambda x, y: mpmath.exp(x - y),
    "3 - 2*x/4 + y/3": lambda x, y: 3 - x / 2 + y / 3,
    "(x + 2)**-2": lambda x, y: (x + 2) ** -2,
}


@pytest.mark.parametrize("loss", VALUES)
def test_a_loss_has_the_values_of_its_text(loss):
    expression = read_expression(loss, ("x", "y"), {})
    for x, y in (("1/3", "2"), ("5/4", "1/7"), ("7", "-3/2")):
        value = evaluate(expression, point([Fraction(x), Fraction(y)], BITS), 0).slots[-1]
        with mpmath.workdps(80):
            exact = VALUES[loss](*(mpmath.mpf(f.numerator) / f.denominator for f in map(Fraction, (x, y))))
            low, high = (mpmath.mpf(e) / mpmath.mpf(2) ** BITS for e in (value.low, value.high))
            assert low - mpmath.mpf(10) ** -70 <= exact <= high + mpmath.mpf(10) ** -70 and high - low < 1e-40


DATA = {
    "X": Array(3, 2, [Fraction(k) for k in (1, -2, 3, 5, 7, -1)]),
    "y": Array(3, None, [Fraction(k, 2) for k in (1, -3, 4)]),
    "u": Array(2, None, [Fraction(2), Fraction(-1)]),
}
WITH_DATA = {
    "sum(X@w)": lambda a, b: 11 * a + 2 * b,
    "mean((X@w - y)**2)": lambda a, b: ((a - 2 * b - 0.5) ** 2 + (3 * a + 5 * b + 1.5) ** 2 + (7 * a - b - 2) ** 2) / 3,
    "dot(y, X@w)": lambda a, b: (a - 2 * b) / 2 - 3 * (3 * a + 5 * b) / 2 + 2 * (7 * a - b),
    "sum(X@w) + (y@X)@w": lambda a, b: 11 * a + 2 * b + (a - 2 * b) / 2 - 3 * (3 * a + 5 * b) / 2 + 2 * (7 * a - b),
    "sum(X@w) + dot(w, w) + u@w": lambda a, b: 11 * a + 2 * b + a**2 + b**2 + 2 * a - b,
    "sum(X@w) + dot(exp(w), u)": lambda a, b: 11 * a + 2 * b + 2 * mpmath.exp(a) - mpmath.exp(b),
    "sum(X@w) + exp(w)@w": lambda a, b: 11 * a + 2 * b + a * mpmath.exp(a) + b * mpmath.exp(b),
}


@pytest.mark.parametrize("loss", WITH_DATA)
def test_a_loss_on_data_has_the_values_of_its_text(loss):
    expression = read_expression(loss, ("w1", "w2"), DATA)
    for a, b in (("1/3", "2"), ("-5/4", "1/7")):
        value = evaluate(expression, point([Fraction(a), Fraction(b)], BITS), 0).slots[-1]
        with mpmath.workdps(80):
            exact = WITH_DATA[loss](*(mpmath.mpf(f.numerator) / f.denominator for f in map(Fraction, (a, b))))
            low, high = (mpmath.mpf(e) / mpmath.mpf(2) ** BITS for e in (value.low, value.high))
            assert low - mpmath.mpf(10) ** -70 <= exact <= high + mpmath.mpf(10) ** -70 and high - low < 1e-40


@pytest.mark.parametrize("name", ["x", "exp", "softplus", "sqrt", "sum"])
def test_a_definition_needs_a_new_name(name):
    with pytest.raises(BadCertificate, match="means nothing else"):
        read_expression(f"{name} = x*x; x", ("x", "y"), {})


@pytest.mark.parametrize("number", [".", "²", "1" * 5000, "1e999999"])
def test_what_is_no_number_or_too_long_is_refused(number):
    with pytest.raises(BadCertificate, match="is not a number, variable or function"):
        read_expression(f"x + {number}", ("x", "y"), {})


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("x" + "**1" * 3000, "nested deeper than 100"),
        ("x**" + "9" * 3000, "a power above 10000"),
        ("(x + y)**-10001", "a power above 10000"),
        ("((2**1000)**1000)**1000*x", "a power of more than 1000000 bits"),
        ("((2*x)**9999)**9999", "a power of more than 1000000 bits"),
    ],
)
def test_what_would_take_too_long_is_given_up(loss, said):
    with pytest.raises(NotChecked, match=said):
        read_expression(loss, ("x", "y"), {})


def test_the_normal_form_of_what_would_take_too_long_is_given_up():
    expression = read_expression("((2*x + 2*y)**9999)**9999", ("x", "y"), {})
    with pytest.raises(NotChecked, match="a power of more than 1000000 bits"):
        Forms().of(expression, [(0, 1, Fraction(0)), (1, 1, Fraction(0))])


def test_the_sine_of_what_is_too_large_for_the_bits_of_pi_is_between_its_bounds():
    assert sin(Interval.exactly(10**300, BITS)) == Interval(-1 << BITS, 1 << BITS, BITS)
