"""Intervals of the checker: every operation holds what it does to numbers inside, and is narrow."""

from fractions import Fraction as Q

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.checker.smooth.intervals import Interval, UndefinedError, norm_above

BITS = 32
ENDS = st.integers(-(2**40), 2**40)
INTERVALS = st.builds(lambda a, b: Interval(min(a, b), max(a, b), BITS), ENDS, ENDS)
SHARES = st.sampled_from([Q(0), Q(1, 3), Q(1)])


def inside(x: Interval, share: Q) -> Q:
    return (x.low + share * (x.high - x.low)) / 2**BITS


def holds(x: Interval, value: Q) -> bool:
    return x.low <= value * 2**BITS <= x.high


@given(INTERVALS, INTERVALS, SHARES, SHARES)
def test_sums_and_products_hold_those_of_numbers_inside(x, y, here, there):
    a, b = inside(x, here), inside(y, there)
    assert holds(x + y, a + b) and holds(x - y, a - b) and holds(x * y, a * b) and holds(x.square(), a * a)
    corners = [p * q for p in (x.low, x.high) for q in (y.low, y.high)]
    assert (x * y).width() * 2**BITS < max(corners) - min(corners) + 2 * 2**BITS


@given(INTERVALS, SHARES)
def test_roots_and_reciprocals_hold_those_of_numbers_inside(x, share):
    a = inside(x, share)
    if x.low <= 0 <= x.high:
        with pytest.raises(UndefinedError, match="a division by an interval that holds 0"):
            x.reciprocal()
    else:
        assert holds(x.reciprocal(), 1 / a)
    if x.low < 0:
        with pytest.raises(UndefinedError, match="the square root of an interval that reaches below 0"):
            x.root()
    else:
        root = x.root()
        assert root.low**2 <= a * 2 ** (2 * BITS) <= root.high**2


@given(st.lists(st.tuples(INTERVALS, SHARES), max_size=5))
def test_a_norm_is_bounded_from_above_and_closely(parts):
    vector, inner = [x for x, _ in parts], sum(inside(x, share) ** 2 for x, share in parts) * 4**BITS
    bound = norm_above(vector, BITS) * 2**BITS
    assert inner <= bound**2
    assert (bound - 1) ** 2 <= sum(x.modulus() ** 2 for x in vector)
