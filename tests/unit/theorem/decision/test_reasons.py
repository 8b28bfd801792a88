"""Every cause of an unresolved problem names what could decide it: an option, or the change of the problem."""

import pytest
from flint import fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.decision.reasons import flat_direction
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.smooth.minimizer import Lost
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.valleys import decide as valleys

WAYS = ("--", "smaller step", "start nearer", "a term such as", "change it a little")


SENTENCES = {f"{type(cause).__name__}.{cause.name}": str(cause.value) for cause in [*Cause, *Lost]}
SENTENCES |= {f"valley: {name}": sentence for name, sentence in valleys.REASONS.items()}


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_a_cause_names_a_way(sentence: str) -> None:
    assert any(way in sentence for way in WAYS), sentence


def test_another_minimizer_is_named_exactly_where_it_is_rational() -> None:
    problem = Problem(
        "(x**2 - 1)**2/8 + y**2", step_size="1/4", start=["-7/10", "1/10"], minimizer=["1", "0"], variables=["x", "y"]
    )
    found = decide(problem)
    assert found.verdict is Verdict.UNRESOLVED
    assert found.reason.endswith("(-1, 0); --minimizer -1,0 asks about that one")


def test_a_point_that_is_not_rational_is_enclosed_without_a_minimizer() -> None:
    # f' = (x - 1)(x² + x - 1/2): the other minimum is at -(1 + √3)/2.
    loss, start = "x**4/4 - 3/4*x**2 + x/2 + y**2", ["-7/5", "1/10"]
    found = decide(Problem(loss, step_size="1/5", start=start, minimizer=["1", "0"]))
    assert "near (-1.36603, " in found.reason and "without --minimizer that point is enclosed" in found.reason
    enclosed = decide_smooth(SmoothProblem.of(loss, step_size="1/5", start=start))
    assert enclosed.verdict is Verdict.PROVED


NO_MINIMUM = {
    "flat": ("(x + y)**2 + exp(x + y)", ["1", "1"], "does not change along (x=1, y=-1)"),
    "flat valley": ("cosh(2*x - y)*exp(y - 2*x)**2", ["1", "1"], "does not change along (x=1/2, y=1)"),
    "degenerate": ("sin(x) + x", ["1"], "tend to x = -3.14159 (observed in floating point), where an eigenvalue"),
    "degenerate at 0": ("x - sin(x)", ["1"], "tend to x = 0 (observed in floating point), where an eigenvalue"),
    "unbounded": ("-x**2 + cos(x)", ["1"], "the loss falls on the way (observed in floating point)"),
    "too large a step": ("cosh(x) + x**4", ["5"], "no minimum is tended to; a smaller step may tend to one"),
}


@pytest.mark.parametrize(("loss", "start", "said"), NO_MINIMUM.values(), ids=NO_MINIMUM)
def test_a_loss_without_a_strict_minimum_is_named(loss: str, start: list[str], said: str) -> None:
    found = decide_smooth(SmoothProblem.of(loss, step_size="1/10", start=start))
    assert found.verdict is Verdict.UNRESOLVED
    assert said in found.reason


@given(st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=1, max_size=3))
def test_a_flat_direction_is_one(forms: list[list[int]]) -> None:
    """A loss of random linear forms: constant along what is found, and nothing is found where they span all."""
    names = ["x", "y", "z"]
    affine = ["(" + " + ".join(f"{c}*{v}" for c, v in zip(form, names, strict=True)) + " + 1/2)" for form in forms]
    loss = read_smooth(" + ".join(f"exp({a})*cos({a}) + {a}**2/3" for a in affine) + " + 0*x*y*z", names)
    direction = flat_direction(loss)
    if fmpq_mat(forms).rank() == 3:
        assert direction is None
    else:
        assert direction is not None
        assert any(direction)
        assert all(not sum(c * d for c, d in zip(form, direction, strict=True)) for form in forms)
