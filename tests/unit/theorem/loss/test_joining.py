"""Truncated squares and cubes on one plane: what cancels is gone, and the loss is the same function."""

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.checker.amplitude import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower

NUMBERS = st.builds(fmpq, st.integers(-6, 6), st.integers(1, 4))
BOWL = "x**2/4 + y**2"


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("max(y, 0)**2 + max(-y, 0)**2", "y**2"),
        ("max(y, 0)**3 - max(-y, 0)**3", "y**3"),
        ("max(2*y, 0)**3 - 8*max(y, 0)**3", "0"),
        ("max(y, 0)**3 + max(-y, 0)**3", "-y**3 + 2*max(y, 0)**3"),
        ("max(2*x - 1, 0)**2 + max(1/2 - x, 0)**2", "x**2 - x + 1/4 + 3*max(x - 1/2, 0)**2"),
        ("max(y, 0)**2 + max(y, 0)**3", "max(y, 0)**2 + max(y, 0)**3"),
        ("max(y, 0)**4 + max(-y, 0)**4", "max(y, 0)**4 + max(-y, 0)**4"),
        ("max(y, 0)**3 + max(y - 1, 0)**3 + max(x, 0)**3", "max(y, 0)**3 + max(y - 1, 0)**3 + max(x, 0)**3"),
        ("max(-2*y, 0)**3", "max(-2*y, 0)**3"),
    ],
)
def test_what_is_joined(text, joined):
    found = Loss.parse(text, ["x", "y"])
    assert found == Loss.parse(joined, ["x", "y"]), found.text()


@given(
    st.lists(st.tuples(NUMBERS.filter(bool), st.sampled_from([2, 3, 4]), NUMBERS.filter(bool)), min_size=1, max_size=5),
    st.tuples(NUMBERS, NUMBERS).filter(any),
    NUMBERS,
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=4, max_size=4),
)
def test_the_function_stays_the_same(powers, direction, threshold, points):
    hinges = [TruncatedPower(c, tuple(k * x for x in direction), k * threshold, p) for k, p, c in powers]
    joined = Loss.build(["x", "y"], {}, hinges)
    for p in (2, 3):
        assert sum(t.power == p for t in joined.truncated) <= 1, joined.text()
    for point in points:
        expected = sum((t.derivative(point, 0) for t in hinges), fmpq(0))
        assert joined.value(point) == expected, f"{joined.text()} at {point}"
    assert Loss.parse(joined.text(), ["x", "y"]) == joined


@pytest.mark.parametrize(
    "extra", ["max(y, 0)**2 + max(-y, 0)**2", "max(y, 0)**3 - max(-y, 0)**3", "max(2*y, 0)**3 - 8*max(y, 0)**3"]
)
def test_a_smooth_loss_is_not_said_to_be_rough(extra):
    decision = decide(Problem(f"{BOWL} + {extra}", step_size="3/10", start=["1/10", "1/20"]))
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert check(certificate(decision)) is None


def test_a_rough_loss_still_is():
    decision = decide(Problem(f"{BOWL} + max(y, 0)**3 + max(-y, 0)**3", step_size="3/10", start=["1/10", "1/20"]))
    assert decision.verdict is Verdict.NOT_APPLICABLE and "continuously differentiable" in decision.reason
