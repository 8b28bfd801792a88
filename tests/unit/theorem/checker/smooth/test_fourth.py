"""The bound of a fourth derivative: exact where all terms are positive, so that none can be missing."""

from fractions import Fraction

import mpmath
import pytest

from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.checker.smooth.kinds.higher import fourth_above

BITS = 256
POSITIVE = {
    "exp(exp(x))": lambda x: mpmath.exp(mpmath.exp(x)),
    "exp(2*exp(3*x))": lambda x: mpmath.exp(2 * mpmath.exp(3 * x)),
    "exp(x)*exp(exp(x))": lambda x: mpmath.exp(x) * mpmath.exp(mpmath.exp(x)),
    "(1 + exp(x))**5": lambda x: (1 + mpmath.exp(x)) ** 5,
    "sinh(exp(2*x)) + 3*x": lambda x: mpmath.sinh(mpmath.exp(2 * x)) + 3 * x,
    "cosh(x + exp(x))": lambda x: mpmath.cosh(x + mpmath.exp(x)),
}
SIGNED = {
    "sin(exp(x)) + x**3": lambda x: mpmath.sin(mpmath.exp(x)) + x**3,
    "log(1 + x**2)*tanh(3*x)": lambda x: mpmath.log(1 + x**2) * mpmath.tanh(3 * x),
    "sqrt(2 + sin(5*x))": lambda x: mpmath.sqrt(2 + mpmath.sin(5 * x)),
    "softplus(4*x)/(1 + x**2)": lambda x: mpmath.log(1 + mpmath.exp(4 * x)) / (1 + x**2),
}


def bound(loss, x, radius):
    expression = read_expression(loss, ("x",), {})
    return float(fourth_above(expression, [Interval.exactly(Fraction(x), BITS)], Fraction(radius)))


def fourth(function, x):
    with mpmath.workdps(40):
        return abs(float(mpmath.diff(function, mpmath.mpf(x.numerator) / x.denominator, 4)))


@pytest.mark.parametrize("loss", POSITIVE)
@pytest.mark.parametrize("x", [Fraction(0), Fraction(1, 3)])
def test_nothing_is_missing_of_positive_terms(loss, x):
    truth = fourth(POSITIVE[loss], x)
    assert truth * (1 - 1e-12) <= bound(loss, x, 0) <= truth * (1 + 1e-9)


@pytest.mark.parametrize("loss", SIGNED | POSITIVE)
def test_it_holds_on_the_ball(loss):
    x, radius = Fraction(1, 5), Fraction(1, 10)
    most = max(fourth((SIGNED | POSITIVE)[loss], x + radius * Fraction(k, 20)) for k in range(-20, 21))
    assert bound(loss, x, radius) >= most * (1 - 1e-12)
