"""The elementary functions of engine and checker: values and three derivatives against mpmath."""

from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.smooth import functions as checker
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.smooth import functions as engine
from tests.builders.smooth import FUNCTIONS

BITS = 200
NAMES = sorted(set(engine.FUNCTIONS) - {"sqrt"})
points = st.builds(
    lambda k, e: Fraction(k, 1000) / 10**e, st.integers(-30_000, 30_000), st.sampled_from([0, 0, 0, 2, 9])
)
widths = st.builds(lambda k: Fraction(k, 64), st.integers(0, 64))


def number(ball):
    return mpmath.mpf(str(ball.str(80, radius=False)))


def within_domain(name, x):
    return abs(x) + Fraction(1, 1000) if name in {"log", "log1p"} else x


def exact(name, x, order):
    with mpmath.workprec(700):
        f, point = FUNCTIONS[name], mpmath.mpf(x.numerator) / x.denominator
        return mpmath.diff(f, point, order, h=mpmath.mpf(2) ** -150) if order else f(point)


def holds(low, high, value, order):
    """Whether an interval holds a value; derivatives are known to forty digits only."""
    slack = (1 + abs(value)) * mpmath.mpf(10) ** -40 if order else 0
    return low - slack <= value <= high + slack


def test_both_know_the_same_functions():
    assert set(NAMES) == set(checker.JETS) == set(FUNCTIONS) - {"sqrt"}


@pytest.mark.parametrize("name", NAMES)
@given(x=points)
def test_values_and_derivatives_at_points(name, x):
    x = within_domain(name, x)
    with ctx.workprec(BITS):
        balls = engine.jet(name, arb(fmpq(x.numerator, x.denominator)), 3)
    intervals = checker.jet(name, Interval.exactly(x, BITS), 3)
    with mpmath.workprec(700):
        for order in range(4):
            value = exact(name, x, order)
            low, high = number(balls[order].lower()), number(balls[order].upper())
            slack = (1 + abs(value)) * mpmath.mpf(10) ** -40
            assert low - slack <= value <= high + slack, f"the engine's derivative {order} of {name} at {x}"
            one = mpmath.mpf(2) ** BITS
            found = intervals[order]
            assert holds(found.low / one, found.high / one, value, order), f"the checker's {order} of {name} at {x}"
            if order == 0 and name != "tan":
                width = found.width() / one
                assert width <= (1 + abs(value)) * mpmath.mpf(2) ** (60 - BITS), f"{name} at {x} is known poorly"


@pytest.mark.parametrize("name", NAMES)
@given(x=points, width=widths, part=st.integers(0, 16))
def test_values_and_derivatives_on_wide_intervals(name, x, width, part):
    x = within_domain(name, x)
    inside = x + width * Fraction(part, 16)
    if name == "tan" and width:
        return  # Its poles are refused, or give what is not finite.
    with ctx.workprec(BITS):
        ends = [arb(fmpq(q.numerator, q.denominator)) for q in (x, x + width)]
        ball = ends[0].union(ends[1])
        balls, largest = engine.jet(name, ball, 3), engine.largest(name, ball)
    intervals = checker.jet(name, Interval.of(x, x + width, BITS), 3)
    with mpmath.workprec(700):
        one = mpmath.mpf(2) ** BITS
        for order in range(4):
            value = exact(name, inside, order)
            found = intervals[order]
            assert holds(found.low / one, found.high / one, value, order), f"the checker's {order} of {name} on {x}"
            middle, radius = (
                mpmath.mpf(str(e.str(80, radius=False))) for e in (balls[order].mid(), balls[order].rad())
            )
            slack = (1 + abs(value)) * mpmath.mpf(10) ** -40
            assert abs(value - middle) <= radius * (1 + mpmath.mpf(10) ** -9) + slack, f"the engine's {order} of {name}"
            if order:
                assert abs(value) <= mpmath.mpf(float(largest[order - 1])) * (1 + mpmath.mpf(10) ** -12) + slack
                if name in checker._CAPS:
                    cap = checker._CAPS[name][order - 1]
                    assert abs(value) <= mpmath.mpf(cap.numerator) / cap.denominator, f"the cap {order} of {name}"


@pytest.mark.parametrize(
    "exponent", [Fraction(-2), Fraction(-1), Fraction(1, 2), Fraction(3, 2), Fraction(2, 3), Fraction(5)]
)
@given(x=points)
def test_powers(exponent, x):
    x = abs(x) + Fraction(1, 100)
    with ctx.workprec(BITS):
        balls = engine.power_jet(
            arb(fmpq(x.numerator, x.denominator)), fmpq(exponent.numerator, exponent.denominator), 3
        )
    intervals = checker.power_jet(Interval.exactly(x, BITS), exponent, 3)
    with mpmath.workprec(700):
        p, point = mpmath.mpf(exponent.numerator) / exponent.denominator, mpmath.mpf(x.numerator) / x.denominator
        factor = mpmath.mpf(1)
        for order in range(4):
            value = factor * point ** (p - order)
            one = mpmath.mpf(2) ** BITS
            assert intervals[order].low / one <= value <= intervals[order].high / one, f"derivative {order}"
            middle = number(balls[order].mid())
            assert abs(value - middle) <= (1 + abs(value)) * mpmath.mpf(10) ** -40
            factor *= p - order


def test_even_powers_of_an_interval_around_zero_are_not_negative():
    with ctx.workprec(BITS):
        around = arb(0, 1)
        assert engine.power_jet(around, fmpq(2), 2)[0].lower() > -1e-8, "a radius has thirty bits"
        assert engine.power_jet(around, fmpq(2), 2)[1].is_finite(), "the derivative of x² at 0 is known"
    assert checker.power(Interval.of(Fraction(-1), Fraction(1), BITS), Fraction(2)).low == 0


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus", "tanh", "erf"])
@given(k=st.integers(-130, 130), part=st.sampled_from([0, 1, 2**63, 2**64 - 1]))
def test_what_differs_from_a_limit_by_less_than_a_unit_is_enclosed(name, k, part):
    bits = 64
    x = Fraction(k) + Fraction(part, 2**bits)
    (found,) = checker.jet(name, Interval.exactly(x, bits), 0)
    with mpmath.workprec(1200):
        assert found.low <= FUNCTIONS[name](mpmath.mpf(x.numerator) / x.denominator) * 2**bits <= found.high


@pytest.mark.parametrize("valued", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_many_intervals_at_once_give_what_each_gives(name, valued):
    """Narrow ones and wide ones, at, around and far from 0, where exp(-|x|) is below a unit too."""
    ends = [(0, 0), (-1, 1), (-3, -2), (Fraction(1, 3), Fraction(1, 3)), (-900, -900), (900, 900), (7, 7)]
    xs = [Interval.of(Fraction(a), Fraction(b), 64) for a, b in ends]
    if name not in {"softplus", "sigmoid", "tanh"}:
        xs = [x for x in xs if 0 < x.low < 9 << 64]
    for order in range(4):
        assert checker.jets(name, xs, order, valued=valued) == [checker.jet(name, x, order, valued=valued) for x in xs]


@pytest.mark.parametrize("bits", [64, 257, 3000])
@pytest.mark.parametrize("x", ["1", "2/3", "4/3", "1/1000000007", "1048577/1048576", "1" + "0" * 60])
def test_the_checkers_logarithm_of_small_and_large_numbers(x, bits):
    found = checker.log(Interval.exactly(Fraction(x), bits))
    with mpmath.workprec(2 * bits + 300):
        number = Fraction(x)
        value = mpmath.log(mpmath.mpf(number.numerator) / number.denominator) * mpmath.mpf(2) ** bits
        assert found.low <= value <= found.high
    assert found.high - found.low <= 4 + 4 / number


@pytest.mark.parametrize("bits", [64, 300])
def test_the_checkers_exponential_is_wrong_by_two_units_at_most(bits):
    for x in (-40, -3, Fraction(-1, 3), 0, Fraction(1, 1 << 9), Fraction(355, 1024), 1, 5):
        found = checker.exp(Interval.exactly(Fraction(x), bits).middle())
        assert 0 <= found.high - found.low <= max(2, 2 * found.high >> bits)
