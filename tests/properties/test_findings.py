"""What the random problems brought to light, kept as small problems.

The strategies stay clear of these: each is undecided today, and a test that fails here says that it no longer is. Then
the strategies can be let loose on it.
"""

from dataclasses import replace

import pytest
from flint import fmpq

from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem

UNDECIDED = [
    # The start has no component along the dominant x-axis, and neither has any later iterate, for none crosses the
    # kink through the minimizer; the plane is not invariant for the loss as a whole, nor on any ball.
    ("1/2*x**2 + y**2 + max(x - y, 0)**4", "1/10", ("0", "1/16"), "budget"),
    # One of two opposite truncated powers is met everywhere. Without either the map would be constant along y; the
    # verdict asks that this be so nowhere, even where it does not matter.
    ("1/2*x**2 + y**2 + max(y, 0)**4 + max(-y, 0)**4", "1/2", ("1/16", "1/32"), "null set"),
]


@pytest.mark.parametrize(("loss", "step_size", "start", "reason"), UNDECIDED)
def test_what_depends_on_the_side_of_a_kink_through_the_minimizer_is_left_open(
    loss: str, step_size: str, start: tuple[str, str], reason: str
) -> None:
    decision = decide(Problem(loss, step_size=step_size, start=start), max_steps=2000)
    assert decision.verdict is Verdict.UNRESOLVED
    assert reason in decision.reason


@pytest.mark.parametrize(
    "kink", ["", " + max(y - 1, 0)**4", " + max(y, 0)**4", " + max(x + y - 1, 0)**4", " + max(x - y - 1/17, 0)**4"]
)
def test_it_is_decided_where_the_kink_does_not_matter(kink: str) -> None:
    """The loss is even in x on a ball that holds the trajectory, if not everywhere."""
    problem = Problem(f"1/2*x**2 + y**2{kink}", step_size="1/10", start=("0", "1/16"), variables=("x", "y"))
    assert decide(problem, max_steps=2000).verdict is Verdict.EXCEPTIONAL


def test_a_start_beside_the_plane_is_decided() -> None:
    loss, step_size, start, _ = UNDECIDED[0]
    problem = Problem(loss, step_size=step_size, start=start)
    beside = replace(problem, start=(fmpq(1, 10**9), problem.start[1]))
    assert decide(beside).verdict is Verdict.PROVED
