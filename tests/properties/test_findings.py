"""What the random problems brought to light, kept as small problems."""

from dataclasses import replace

import pytest
from flint import fmpq

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem

PLANE = "1/2*x**2 + y**2"
SIDES = [
    # The start has no component along the dominant x-axis, and neither has any later iterate, for none crosses the
    # kink through the minimizer; the plane is not invariant for the loss as a whole, nor on any ball.
    (f"{PLANE} + max(x - y, 0)**4", "1/10", ("0", "1/16")),
    # The same on the other side, where the power is a polynomial that the rest of the loss takes away.
    (f"{PLANE} + max(x + y, 0)**4 - (x + y)**4 + y**4", "1/10", ("0", "1/16")),
    # Kinks that are out of reach only near the minimizer.
    (f"{PLANE} + max(x - y - 1/100, 0)**4", "1/10", ("0", "1/2")),
    # Two kinks, in a plane of three dimensions.
    (f"{PLANE} + 3*z**2 + max(x - y, 0)**4 + max(x - y + z, 0)**5", "1/10", ("0", "1/16", "1/100")),
    # A direction that is almost in the kink's plane: a late step shows on which side of it.
    (f"{PLANE} + 3/2*z**2 + 10*z**3 + max(x + z - 1/50*y, 0)**4", "1/10", ("0", "1/16", "-1/20")),
    # Further terms that leave the plane alone.
    (f"{PLANE} + max(x - y, 0)**4 + x**4", "1/10", ("0", "1/16")),
]


def proved(decision: Decision) -> bool:
    """Whether there is a certificate that the checker accepts."""
    made = certificate(decision)
    return made is not None and check(made) is None


@pytest.mark.parametrize(("loss", "step_size", "start"), SIDES)
def test_a_trajectory_on_one_side_of_a_kink_through_the_minimizer_is_exceptional(loss, step_size, start) -> None:
    problem = Problem(loss, step_size=step_size, start=start)
    decision = decide(problem)
    assert decision.verdict is Verdict.EXCEPTIONAL, decision.reason
    assert proved(decision)
    beside = decide(replace(problem, start=(fmpq(1, 10**9), *problem.start[1:])))
    assert beside.verdict is Verdict.PROVED, beside.reason


@pytest.mark.parametrize(("loss", "step_size", "start"), SIDES)
def test_from_the_other_side_it_is_not(loss, step_size, start) -> None:
    """The kink is crossed at once, and the power pulls the trajectory off the plane."""
    problem = Problem(loss, step_size=step_size, start=start)
    other = replace(problem, start=(fmpq(0), -problem.start[1], *problem.start[2:]))
    decision = decide(other)
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert proved(decision)
    # The exceptional certificate is not one of this start.
    stolen = certificate(decide(problem))
    assert stolen is not None
    stolen["problem"]["start"] = other.to_json()["start"]
    assert check(stolen) is not None


def test_an_alternating_trajectory_does_not_stay_on_a_side() -> None:
    decision = decide(Problem(f"{PLANE} + max(x - y, 0)**4", step_size="9/10", start=["0", "1/16"]))
    assert decision.verdict is not Verdict.EXCEPTIONAL


OPPOSITE = "1/2*x**2 + y**2 + max(y, 0)**4 + max(-y, 0)**4"


@pytest.mark.parametrize(
    "loss",
    [
        OPPOSITE,
        # Three kinks, of which one is met everywhere.
        "1/2*x**2 + y**2 + max(x + y, 0)**4 + max(y - x, 0)**4 + max(-2*y, 0)**4",
        # Both powers act near the minimizer.
        "1/2*x**2 + y**2 + max(y + 1/10, 0)**4 + max(-y + 1/10, 0)**4",
    ],
)
def test_pieces_that_no_open_set_belongs_to_do_not_count(loss: str) -> None:
    """Without any of its powers the map would be constant along y, but one is met everywhere."""
    decision = decide(Problem(loss, step_size="1/2", start=["1/16", "1/32"]))
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert proved(decision)


def test_a_gap_between_opposite_kinks_counts() -> None:
    loss = "1/2*x**2 + y**2 + max(y - 1/10, 0)**4 + max(-y - 1/10, 0)**4"
    decision = decide(Problem(loss, step_size="1/2", start=["1/16", "1/32"]))
    assert decision.verdict is Verdict.NOT_APPLICABLE and [a.value for a in decision.fails] == ["null-preimages"]
    assert proved(decision)
    good = certificate(decide(Problem(OPPOSITE, step_size="1/2", start=["1/16", "1/32"])))
    assert good is not None
    good["problem"]["loss"] = loss
    assert check(good) is not None


@pytest.mark.parametrize(
    "kink", ["", " + max(y - 1, 0)**4", " + max(y, 0)**4", " + max(x + y - 1, 0)**4", " + max(x - y - 1/17, 0)**4"]
)
def test_it_is_decided_where_the_kink_does_not_matter(kink: str) -> None:
    """The loss is even in x on a ball that holds the trajectory, if not everywhere."""
    problem = Problem(f"1/2*x**2 + y**2{kink}", step_size="1/10", start=("0", "1/16"), variables=("x", "y"))
    assert decide(problem, max_steps=2000).verdict is Verdict.EXCEPTIONAL


@pytest.mark.parametrize("digits", [3, 20, 51])
@pytest.mark.parametrize("power", [3, 4, 5])
def test_a_power_that_is_out_of_reach_does_not_blur_a_far_trajectory(digits: int, power: int) -> None:
    """One step beyond its kink throws the trajectory far to the other side, where the loss is quadratic."""
    far = 10**digits
    steep = fmpq(10**digits, 49 * far ** (power - 2))
    loss = f"3/40*x**2 + 2*y**2 + {steep}*max(x + y - {7 * far}, 0)**{power}"
    decision = decide(Problem(loss, step_size="2/5", start=[str(10 * far), str(4 * far)]))
    assert decision.amplitude is not None, decision.reason
    assert proved(decision)
