"""Every cause of an unresolved problem names what could decide it: an option, or the change of the problem."""

import pytest

from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.smooth.minimizer import Lost
from gdcheck.theorem.smooth.problem import SmoothProblem
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
