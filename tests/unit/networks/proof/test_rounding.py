"""Bounds of float64 operations hold against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gdcheck.networks.proof.checker.wide import Wide
from gdcheck.networks.proof.checker.wide import product as wide_product
from gdcheck.networks.proof.rounding import Near, length, product, times

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)


def _exact(a: np.ndarray) -> list[list[Fraction]]:
    return [[Fraction(float(x)) for x in row] for row in a]


def _product(a: list[list[Fraction]], b: list[list[Fraction]]) -> list[list[Fraction]]:
    return [[sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in zip(*b, strict=True)]
            for row in a]  # fmt: skip


def _off(found: list[list[Fraction]], exact: list[list[Fraction]]) -> Fraction:
    pairs = [(x, y) for r, s in zip(found, exact, strict=True) for x, y in zip(r, s, strict=True)]
    return sum(((x - y) ** 2 for x, y in pairs), Fraction(0))


@given(arrays(np.float64, (3, 5), elements=NUMBERS), arrays(np.float64, (5, 2), elements=NUMBERS))
def test_a_product_is_within_its_bound(a: np.ndarray, b: np.ndarray) -> None:
    found = product(Near(a, 0.0), Near(b, 0.0), of_a=length(a), of_b=length(b))
    assert _off(_exact(found.value), _product(_exact(a), _exact(b))) <= Fraction(found.error) ** 2


@given(arrays(np.float64, (2, 3), elements=NUMBERS), arrays(np.float64, (2, 3), elements=st.floats(-1e-9, 1e-9)))
def test_what_the_operands_are_off_by_is_charged(a: np.ndarray, off: np.ndarray) -> None:
    b = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.25]])
    found = product(Near(a, length(off)), Near(b, 0.0), of_a=length(a) + 1, of_b=length(b))
    moved = [[x + y for x, y in zip(r, s, strict=True)] for r, s in zip(_exact(a), _exact(off), strict=True)]
    assert _off(_exact(found.value), _product(moved, _exact(b))) <= Fraction(found.error) ** 2


@given(arrays(np.float64, (2, 3), elements=NUMBERS), arrays(np.float64, (2, 3), elements=NUMBERS))
def test_a_product_entry_by_entry_is_within_its_bound(a: np.ndarray, b: np.ndarray) -> None:
    largest = float(np.abs(a).max()), float(np.abs(b).max())
    found = times(Near(a, 0.0), Near(b, 0.0), largest_a=largest[0], largest_b=largest[1])
    exact = [[x * y for x, y in zip(r, s, strict=True)] for r, s in zip(_exact(a), _exact(b), strict=True)]
    assert _off(_exact(found.value), exact) <= Fraction(found.error) ** 2


@given(arrays(np.float64, 7, elements=st.floats(allow_nan=False, allow_infinity=False, width=32)))
def test_a_length_is_a_bound(x: np.ndarray) -> None:
    assert sum((Fraction(float(y)) ** 2 for y in x), Fraction(0)) <= Fraction(length(x)) ** 2


@pytest.mark.parametrize(("slices", "relative"), [(3, 2.0**-55), (4, 2.0**-80)])
@given(arrays(np.float64, (3, 5), elements=NUMBERS), arrays(np.float64, (5, 2), elements=NUMBERS))
def test_the_checkers_product_is_far_closer(slices: int, relative: float, a: np.ndarray, b: np.ndarray) -> None:
    low = -(2.0**-54) * a
    found = wide_product(Wide(a, low, 0.0), Wide.exact(b), slices)
    left = [[x + y for x, y in zip(r, s, strict=True)] for r, s in zip(_exact(a), _exact(low), strict=True)]
    both = [[x + y for x, y in zip(r, s, strict=True)]
            for r, s in zip(_exact(found.high), _exact(found.low), strict=True)]  # fmt: skip
    assert _off(both, _product(left, _exact(b))) <= Fraction(found.error) ** 2
    assert found.error <= relative * length(a) * length(b) + 1e-100
