"""The earliest step of a pattern, from enclosed values: what is undecided never counts as holding."""

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.sharpness.pattern import Kind, Onset, Pattern, find_onset


def wide(x, radius):
    return arb(x, radius)


def falling(step):
    return Pattern(Kind.FROM_ABOVE, order=1, coefficient=arb(1), step=step)


def oscillating(step):
    return Pattern(Kind.OSCILLATING, order=1, coefficient=arb(1), step=step, period=2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([9, 8, 7, 6, 5], Onset(0, True, ())),
        ([1, 8, 7, 6, 5], Onset(1, True, (0,))),
        ([9, 8, -7, 6, 5], Onset(3, True, (2,))),
        ([9, 9, 7, 6, 5], Onset(1, False, ())),
        # The second value overlaps the third: whether it falls is undecided.
        ([9, wide(8, 2), 7, 6, 5], Onset(2, False, ())),
        ([1, wide(8, 2), 7, 6, 5], Onset(2, False, (0,))),
        ([9, arb("nan"), 7, 6, 5], Onset(2, False, ())),
        # Its sign is undecided.
        ([9, 8, wide(7, 8), 6, 5], Onset(3, False, ())),
    ],
)
def test_steps_are_taken_back_as_long_as_the_pattern_is_proved(values, expected):
    assert find_onset(falling(3), arb(0), [arb(v) for v in values]) == expected


def test_each_branch_of_an_oscillation_counts():
    values = [9, -8, 7, -6, 5, -4]
    assert find_onset(oscillating(3), arb(0), [arb(v) for v in values]) == Onset(0, True, ())
    values[1] = -5
    assert find_onset(oscillating(3), arb(0), [arb(v) for v in values]) == Onset(2, True, (1,))
    values[1] = 8
    assert find_onset(oscillating(3), arb(0), [arb(v) for v in values]) == Onset(2, True, (1,))


def test_without_enough_values_the_step_stays():
    assert find_onset(falling(3), arb(0), [arb(9), arb(8)]) == Onset(3, False, ())
    assert find_onset(Pattern(Kind.UNDECIDED), arb(0), [arb(1)]) is None
    assert find_onset(Pattern(Kind.CONSTANT, step=2), arb(0), [arb(1)] * 5) == Onset(2, False, ())


@given(st.lists(st.integers(-20, 20), min_size=6, max_size=6), st.integers(1, 4))
def test_from_the_earliest_step_on_the_values_do_what_is_said(numbers, step):
    found = find_onset(falling(step), arb(0), [arb(v) for v in numbers])
    for k in range(found.step, step):
        assert numbers[k] > 0 and numbers[k] > numbers[k + 1]
    if found.step and found.least:
        k = found.step - 1
        assert numbers[k] < 0 or numbers[k] < numbers[k + 1]
    assert fmpq(found.step) <= step
