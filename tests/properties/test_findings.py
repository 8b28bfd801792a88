"""What the random problems brought to light, kept as small problems.

The strategies stay clear of the first two: each is undecided today, and a test that fails here says that it no longer
is. Then the strategies can be let loose on it.
"""

from dataclasses import replace

import pytest
from flint import fmpq

from theorem.problem import Problem
from theorem.verdict import Verdict, decide

ONE_SIDED = [
    # The loss depends on y only where y > 0. Elsewhere 1 − ηλ₂ = 0: descent maps a half-plane onto a line, and the
    # assumption on null sets fails, but no vector shows that for all of space at once.
    ("1/2*x**2 + y**2 + max(y, 0)**4", "1/2", ("1/16", "1/32"), ("null set",)),
    # The start has no component along the dominant x-axis, and neither has any later iterate, for none crosses the
    # kink; the plane is not invariant for the loss as a whole.
    ("1/2*x**2 + y**2 + max(x + y - 1, 0)**4", "1/10", ("0", "1/16"), ("precision", "budget")),
    ("1/2*x**2 + y**2 + max(x - y, 0)**4", "1/10", ("0", "1/16"), ("precision", "budget")),
]


@pytest.mark.parametrize(("loss", "step_size", "start", "reasons"), ONE_SIDED)
def test_what_holds_on_one_side_of_a_kink_only_is_left_open(
    loss: str, step_size: str, start: tuple[str, str], reasons: tuple[str, ...]
) -> None:
    decision = decide(Problem.build(loss, step_size, start), max_steps=2000)
    assert decision.verdict is Verdict.UNRESOLVED
    assert any(reason in decision.reason for reason in reasons)


@pytest.mark.parametrize("case", range(3))
def test_it_is_decided_where_it_holds_on_both_sides(case: int) -> None:
    losses = ["1/2*x**2 + y**2", "1/2*x**2 + y**2 + max(y - 1, 0)**4", "1/2*x**2 + y**2 + max(y, 0)**4"]
    start = ("0", "1/16")
    decision = decide(Problem.build(losses[case], "1/10", start, variables=("x", "y")), max_steps=2000)
    assert decision.verdict is Verdict.EXCEPTIONAL


def test_a_start_beside_the_plane_is_decided() -> None:
    loss, step_size, start, _ = ONE_SIDED[1]
    problem = Problem.build(loss, step_size, start)
    beside = replace(problem, start=(fmpq(1, 10**9), problem.start[1]))
    assert decide(beside).verdict is Verdict.PROVED
