"""The sharpness where it was once answered wrongly, or not at all: far out, and on a classic test function."""

from math import comb

from flint import arb, fmpq

from gdcheck.properties.basins.crossing_grid import crossing_grid
from gdcheck.theorem.certificate.kinds.sharpness import recheck_sharpness
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness

BEALE = "(3/2 - x + x*y)**2 + (9/4 - x + x*y**2)**2 + (21/8 - x + x*y**3)**2"
FAR = 9 * 10**59


def bump(at: int, size: int) -> str:
    """Size times the fifth difference of max(x, 0)^4: it is zero outside of [at, at + 5]."""
    terms = (f"{'-' if i % 2 else '+'} {size * comb(5, i)}*max(x - {at + i}, 0)**4" for i in range(6))
    return " ".join(terms)


def test_a_bump_far_out_is_not_overlooked():
    """λ_n(x_0) = 1 + 120 inside of the bump, 2/η = 20; from the next step on the loss is quadratic."""
    problem = Problem(f"x**2/2 + y**2 {bump(FAR - 1, 10)}", step_size="0.1", start=[str(FAR), "0.1"])
    decision = decide(problem)
    found = sharpness(decision, first_steps=True)
    assert found is not None
    assert found.crossings.steps == (0,)
    assert found.crossings.complete and not found.crossings.undecided
    assert (found.pattern.kind, found.from_step) == (Kind.CONSTANT, 1)
    assert found.first[0].contains(arb(121)) and surely_less(arb(120), found.first[0])
    assert recheck_sharpness(decision, found).result == "accepted"


def test_a_trajectory_that_jumps_over_the_bump_does_not_see_it():
    problem = Problem(f"x**2/2 + y**2 {bump(FAR + 10, 10)}", step_size="0.1", start=[str(FAR), "0.1"])
    found = sharpness(decide(problem), first_steps=True)
    assert found is not None
    assert found.crossings.steps == () and found.crossings.complete
    assert found.pattern.kind is Kind.CONSTANT


def test_beales_function_from_a_classic_start():
    decision = decide(Problem(BEALE, step_size="0.01", start=["2", "0"], minimizer=["3", "1/2"]))
    assert decision.verdict is Verdict.PROVED
    found = sharpness(decision, most_steps=3000)
    assert found is not None
    assert found.pattern.kind is Kind.FROM_BELOW and found.pattern.order == 1
    assert found.crossings.steps == () and found.crossings.complete


def test_crossings_of_beales_function_are_counted():
    problem = Problem(BEALE, step_size="0.01", start=["2", "0"], minimizer=["3", "1/2"])
    (cell,) = crossing_grid(problem, shares=[fmpq(1, 4)], factors=[fmpq(1)], max_steps=20_000)
    assert cell.verdict == Verdict.PROVED.value
    assert (cell.count, cell.complete) == (0, True)
