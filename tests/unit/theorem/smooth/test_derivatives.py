"""Gradients, Hessians and third-derivative bounds of random losses, in engine and checker, against differences."""

from fractions import Fraction

import mpmath
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.reading import read_smooth
from tests.builders.smooth import compiled, numeric_gradient, random_smooth

BITS = 300
eighths = st.integers(-12, 12).map(lambda k: Fraction(k, 8))


def derivative(value, point, direction, order):
    """The derivative of that order in one direction."""
    with mpmath.workprec(900):
        return mpmath.diff(
            lambda t: value([a + t * b for a, b in zip(point, direction, strict=True)]),
            0,
            order,
            h=mpmath.mpf(2) ** -200,
        )


@given(seed=st.integers(0, 10**6), coordinates=st.lists(eighths, min_size=4, max_size=4))
def test_gradient_and_hessian(seed, coordinates):
    text, names = random_smooth(seed)
    n, value = len(names), compiled(text, names)
    point = coordinates[:n]
    with ctx.workprec(BITS):
        at = Forward.of(read_smooth(text, names), [arb(fmpq(q.numerator, q.denominator)) for q in point], 2)
        slopes, matrix = at.gradient(), at.hessian()
    values = evaluate(read_expression(text, tuple(names), {}), [Interval.exactly(q, BITS) for q in point], 2)
    theirs, second = gradient(values), hessian(values)
    with mpmath.workprec(600):
        exact = numeric_gradient(value, [mpmath.mpf(q.numerator) / q.denominator for q in point])
        ours = [mpmath.mpf(str(g.mid().str(60, radius=False))) for g in slopes]
        for a, b, c in zip(exact, ours, theirs, strict=True):
            assert abs(a - b) < mpmath.mpf(10) ** -40 * (1 + abs(a)), "the engine's gradient"
            assert abs(a - mpmath.mpf(c.low) / mpmath.mpf(2) ** BITS) < mpmath.mpf(10) ** -40 * (1 + abs(a))
        for i in range(n):
            for j in range(n):
                x = mpmath.mpf(str(matrix[i, j].mid().str(60, radius=False)))
                y = mpmath.mpf(second[j][i].low) / mpmath.mpf(2) ** BITS
                assert abs(x - y) < mpmath.mpf(10) ** -40 * (1 + abs(x)), "the two Hessians differ"
        e = [mpmath.mpf(int(i == 0)) for i in range(n)]
        start = [mpmath.mpf(q.numerator) / q.denominator for q in point]
        exact = derivative(value, start, e, 2)
        assert abs(exact - mpmath.mpf(str(matrix[0, 0].mid().str(60, radius=False)))) < mpmath.mpf(10) ** -30


@given(
    seed=st.integers(0, 10**6),
    coordinates=st.lists(eighths, min_size=4, max_size=4),
    move=st.lists(eighths, min_size=4, max_size=4),
    along=st.lists(eighths, min_size=4, max_size=4),
    radius=st.sampled_from([Fraction(1, 1000), Fraction(1, 4), Fraction(2)]),
)
def test_the_third_derivative_stays_below_its_bound_on_the_ball(seed, coordinates, move, along, radius):
    text, names = random_smooth(seed)
    n, value = len(names), compiled(text, names)
    centre, move, along = coordinates[:n], move[:n], along[:n]
    if not any(along):
        along = [Fraction(1)] * n
    with ctx.workprec(BITS):
        balls = [arb(fmpq(q.numerator, q.denominator)) for q in centre]
        bound = bounds_on_ball(read_smooth(text, names), balls, arb(fmpq(radius.numerator, radius.denominator)))
    other = derivatives_above(
        read_expression(text, tuple(names), {}), [Interval.exactly(q, BITS // 4) for q in centre], radius
    )[1]
    third = float(bound.third)
    # The engine leaves the checker room of 1/64.
    assert float(other) <= third * 65 / 64 + 1e-30, "what the engine proves, the checker can prove"
    with mpmath.workprec(900):
        size = mpmath.sqrt(sum(mpmath.mpf(q.numerator) ** 2 / q.denominator**2 for q in move)) or mpmath.mpf(1)
        inside = [
            mpmath.mpf(c.numerator) / c.denominator + mpmath.mpf(m.numerator) / m.denominator / size * float(radius)
            for c, m in zip(centre, move, strict=True)
        ]
        length = mpmath.sqrt(sum(mpmath.mpf(q.numerator) ** 2 / q.denominator**2 for q in along))
        direction = [mpmath.mpf(q.numerator) / q.denominator / length for q in along]
        assert abs(derivative(value, inside, direction, 3)) <= third * (1 + 1e-12) + 1e-25
        assert abs(derivative(value, inside, direction, 2)) <= float(bound.second) * (1 + 1e-12) + 1e-25


def test_a_ball_that_leaves_the_domain_has_no_bound():
    loss = read_smooth("log(x) + x**2")
    with ctx.workprec(BITS):
        assert not bounds_on_ball(loss, [arb(1)], arb(2)).third.is_finite()
        assert bounds_on_ball(loss, [arb(1)], arb("0.5")).third.is_finite()
