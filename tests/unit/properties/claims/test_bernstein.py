"""Whether a polynomial matrix is positive semidefinite on a box: held against its values at points."""

from __future__ import annotations

from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.properties.claims.bernstein import Polynomial, semidefinite_on_unit_box

small = st.integers(-6, 6).map(fmpq)
in_two = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), small, max_size=5)
shares = st.integers(0, 12).map(lambda k: fmpq(k, 12))


def value(polynomial: Polynomial, x: fmpq, y: fmpq) -> fmpq:
    return sum((c * x ** e[0] * y ** e[1] for e, c in polynomial.items()), fmpq(0))


@given(in_two, shares, shares)
def test_a_number(polynomial: Polynomial, x: fmpq, y: fmpq) -> None:
    found = semidefinite_on_unit_box([[polynomial]], 2)
    if found:
        assert value(polynomial, x, y) >= 0
    above = {**polynomial, (0, 0): fmpq(1 + sum(abs(int(c.p)) for c in polynomial.values()))}
    assert semidefinite_on_unit_box([[above]], 2) is True
    below = {**polynomial, (0, 0): -above[0, 0]}
    assert semidefinite_on_unit_box([[below]], 2) is False


@given(in_two, in_two, in_two, shares, shares)
def test_a_matrix(a: Polynomial, b: Polynomial, c: Polynomial, x: fmpq, y: fmpq) -> None:
    if semidefinite_on_unit_box([[a], [b, c]], 2):
        p, q, r = (value(entry, x, y) for entry in (a, b, c))
        assert p >= 0
        assert r >= 0
        assert p * r >= q * q


def test_subdivision_decides_what_the_whole_box_does_not() -> None:
    # (2t − 1)² + 1/100, and the same less 1/50.
    square = {(2,): fmpq(4), (1,): fmpq(-4), (0,): fmpq(101, 100)}
    assert semidefinite_on_unit_box([[square]], 1) is True
    assert semidefinite_on_unit_box([[{**square, (0,): fmpq(99, 100)}]], 1) is False


def test_what_touches_zero_inside_is_not_decided() -> None:
    third = {(2,): fmpq(9), (1,): fmpq(-6), (0,): fmpq(1)}
    assert semidefinite_on_unit_box([[third]], 1) is None


def test_a_number_without_variables() -> None:
    assert semidefinite_on_unit_box([[{(): fmpq(0)}]], 0) is True
    assert semidefinite_on_unit_box([[{(): fmpq(-1)}]], 0) is False
    assert semidefinite_on_unit_box([[{(): fmpq(1)}], [{(): fmpq(2)}, {(): fmpq(1)}]], 0) is False
