"""Claim L0: the ball of a walk holds the exact iterate, also where bits are dropped on the way."""

from fractions import Fraction as Q

from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.checker.kinds.walk import expansion_of, walk
from gdcheck.theorem.checker.reading.document import read_problem
from gdcheck.theorem.descent.problem import Problem

COEFFICIENTS = st.lists(st.integers(-5, 5), min_size=4, max_size=4)


def balls(problem, first, last, bits):
    return list(walk(expansion_of(read_problem(problem.to_json())), first, last, bits))


@settings(max_examples=40)
@given(COEFFICIENTS, st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([0, 128, 300]))
def test_exact_iterates_lie_in_the_balls(coefficients, a, b, bits):
    p, q, r, s = coefficients
    loss = f"x**2 + y**2/3 + {p}*x**2*y + {q}*y**3 + {r}*x*y + {s}*x**4/7 + y"
    problem = Problem(loss, step_size="3/40", start=[f"{a}/5", f"{b}/7"], minimizer=["1/3", "0"])
    x, y = Q(a, 5), Q(b, 7)
    for centre, error in balls(problem, 0, 5, bits):
        assert (x - Q(1, 3) - centre[0]) ** 2 + (y - centre[1]) ** 2 <= error**2
        # Not so wide as to say nothing.
        assert error < Q(1, 2**60) * (1 + x * x + y * y) ** 4
        x, y = (
            x - Q(3, 40) * (2 * x + 2 * p * x * y + r * y + Q(4 * s, 7) * x**3),
            y - Q(3, 40) * (Q(2, 3) * y + p * x * x + 3 * q * y * y + r * x + 1),
        )


def test_bits_are_dropped_as_the_error_grows_and_the_iterate_stays_inside():
    problem = Problem("-x**2/2 + x**3/1000", step_size="1/100", start=[f"1/{10**40}"])
    ((centre, error),) = balls(problem, 9000, 9000, 400)
    with mp.workdps(150):
        x = mpf(10) ** -40
        for _ in range(9000):
            x -= (3 * x * x / 1000 - x) / 100
        assert abs(x - mpf(centre[0].numerator) / centre[0].denominator) <= mpf(error.numerator) / error.denominator
    assert centre[0].denominator.bit_length() < 350
    assert error < centre[0] / 10**20


def test_with_too_few_bits_the_ball_is_wide_and_no_lie():
    problem = Problem("-x**2/2 + x**3/1000", step_size="1/100", start=[f"1/{10**40}"])
    ((centre, error),) = balls(problem, 5000, 5000, 0)
    exact = Q(4, 10**19)  # 1.01**5000 / 10**40
    assert error > exact
    assert abs(centre[0]) < 2 * error
