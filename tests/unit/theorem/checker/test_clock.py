"""The powers of beta1 and beta2 that the checker keeps, and the bounds it takes from them, against exact numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.methods.adaptive_step import Clock
from gdcheck.theorem.checker.methods.linear import Adaptive

SHARES = st.fractions(0, Fraction(99, 100), max_denominator=100)
BITS = 96


@given(SHARES, SHARES, st.fractions(Fraction(1, 50), 3, max_denominator=50), st.integers(1, 60))
def test_bounds_lie_on_their_sides_of_the_exact_numbers(beta1, beta2, epsilon, steps):
    clock = Clock(Adaptive(beta2, epsilon, corrects_bias=True), beta1, BITS)
    for _ in range(steps):
        clock.tick()
    one, unit = 1 << BITS, Fraction(1, 1 << BITS)
    first, second = (Fraction(x, one) for x in (clock.first, clock.second))
    assert clock.t == steps
    assert 0 <= beta1**steps - first <= steps * unit and 0 <= beta2**steps - second <= steps * unit
    left, squares = 1 - beta1**steps, 1 - beta2**steps
    bias, most = clock.bounds()
    assert bias >= beta1**steps / left
    # Lower and upper bounds of 1 / (epsilon sqrt(1 - beta2^t)), squared; both are near it.
    least = clock.least_root()
    assert (least * epsilon) ** 2 * squares <= 1 <= (most * epsilon) ** 2 * squares
    assert (least * epsilon) ** 2 * squares > Fraction(99, 100) and (most * epsilon) ** 2 * squares < Fraction(101, 100)


@pytest.mark.parametrize("steps", [0, 1, 7])
def test_without_correction_nothing_is_divided(steps):
    clock = Clock(Adaptive(Fraction(9, 10), Fraction(1, 2), corrects_bias=False), Fraction(0), BITS)
    for _ in range(steps):
        clock.tick()
    assert clock.corrections() == (1 << BITS, 1 << BITS)
    assert clock.bounds() == (0, 2) and clock.least_root() == 2
