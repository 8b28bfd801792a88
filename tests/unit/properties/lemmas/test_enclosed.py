"""Three-valued comparisons: never true of what is false, and undecided only where the balls leave it open."""

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck import InputError, holds
from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.lemmas.enclosed import Enclosed, Truth, enclosed

TRUTHS = st.sampled_from([True, False, None])
NUMBERS = st.fractions(min_value=-8, max_value=8, max_denominator=16)


def value(truth):
    return truth.values.item()


@given(NUMBERS, NUMBERS, st.integers(0, 4), st.integers(0, 4))
def test_what_is_decided_is_so_for_the_numbers_enclosed(p, q, wide, narrow):
    a, b = (Enclosed(arb(fmpq(x.numerator, x.denominator), fmpq(r, 4))) for x, r in ((p, wide), (q, narrow)))
    for found, true in (
        (a < b, p < q),
        (a <= b, p <= q),
        (a > b, p > q),
        (a >= b, p >= q),
        (a == b, p == q),
        (a != b, p != q),
    ):
        assert value(found) in {true, None}
    if abs(p - q) * 4 > wide + narrow:
        assert None not in {value(a < b), value(a >= b), value(a == b)}


@given(st.lists(TRUTHS, min_size=1, max_size=6))
def test_all_and_any_are_those_of_every_completion(values):
    truth = Truth(values)
    completions = [[v if v is not None else w for v in values] for w in (True, False)]
    for found, kind in ((truth.all(), all), (truth.any(), any)):
        outcomes = {kind(c) for c in completions}
        assert value(found) == (outcomes.pop() if len(outcomes) == 1 else None)


@given(TRUTHS, TRUTHS)
def test_kleene(a, b):
    x, y = Truth(a), Truth(b)
    assert value(x & y) == value(Truth([a, b]).all())
    assert value(x | y) == value(Truth([a, b]).any())
    assert value(~x) == (None if a is None else not a)


def test_undecided_ends_an_examination_and_several_are_neither():
    wide = Enclosed(arb(0, 1))
    with pytest.raises(Undecided):
        bool(wide < 0)
    with pytest.raises(Undecided):
        assert -2 < wide < 0
    with pytest.raises(TypeError, match="all"):
        bool(Enclosed([arb(1), arb(2)]) > 0)


def test_from_some_step_on_proves_nothing():
    late = Truth([False] * 5 + [True] * 5).from_some_step_on()
    assert value(late) is True and late.observed
    assert value(Truth([True] * 9 + [False]).from_some_step_on()) is False
    assert value(Truth([True] * 6 + [False] + [True] * 3).from_some_step_on()) is None
    assert value(Truth([None]).from_some_step_on()) is None
    assert holds(late).condition.observed


def test_numbers_are_exact():
    assert value(enclosed("1/10") == "0.1") is None
    assert value(enclosed("1/10") < "1/3") is True
    assert value(enclosed("1/2") == 1 / enclosed(2)) is True
    with pytest.raises(InputError, match="float"):
        enclosed(1) < 0.1  # noqa: B015


def test_arrays_are_numpys():
    x = Enclosed([[arb(3), arb(4)], [arb(6), arb(8)]])
    assert x.shape == (2, 2) and len(x) == 2
    assert x.norm().as_float().tolist() == [5, 10]
    assert (x[1] - x[0]).as_float().tolist() == [3, 4]
    assert (2 * x - x + "0").sum(axis=0).as_float().tolist() == [9, 12]
    assert value((x.max() <= 8) & (x.min() >= 3)) is True
    assert (x @ Enclosed([arb(1), arb(0)])).as_float().tolist() == [3, 6]
    assert [float(row.as_float()[0]) for row in x] == [3, 6]
    assert isinstance(x.as_float(), np.ndarray)


def test_powers_of_a_ball_around_zero_are_numbers():
    found = Enclosed([arb(0, 1e-9), arb(-2)]) ** 2
    assert (found < "1/1000").values.tolist() == [True, False]
    assert (Enclosed(arb(2)) ** -2 == "1/4").values.item() and (Enclosed(arb(0, 1)) ** 0 == 1).values.item()
