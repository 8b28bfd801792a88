"""Claims of one's own on valleys: what they are given, what is set aside, and the folklore of docs/valleys.md."""

from pathlib import Path

import pytest

from gdcheck.properties.lemmas.arriving import ArrivingTrajectory
from gdcheck.properties.lemmas.declare import claim, holds, reproduce
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.loading import load, sources
from gdcheck.properties.lemmas.results import Witness
from gdcheck.properties.lemmas.verdict import Form
from gdcheck.reports.own_claims_view import python_line, reproduce_line
from gdcheck.reports.text import shell
from gdcheck.theorem.valleys.problem import ValleyProblem

FOLKLORE = Path(__file__).parents[4] / "docs" / "valleys" / "folklore.py"
EDGE = ValleyProblem.of(["x*y - 1"], step_size="1/2", start=["11/5", "2/5"])


def fits_together(problem, decision, trajectory):
    assert isinstance(trajectory, ArrivingTrajectory) and problem is decision.problem
    assert trajectory.alternates and trajectory.steps_above == (0, 1, 2, 3, 4, 5, 7)
    eta, first, final = trajectory.step_size, trajectory.first_sharpness, trajectory.final_sharpness
    return holds((eta * first > 2) & (eta * final < 2) & (trajectory.limit[0] ** 2 <= 1))


# Not a name of the module: it would be collected as a test, with random problems.
CLAIMS = {"fits": claim("What a trajectory is given fits together.")(fits_together)}


def test_a_claim_is_given_the_point_of_arrival() -> None:
    outcome, decision = examine(CLAIMS["fits"], EDGE)
    assert outcome.state == "held" and decision.arrival is not None


def test_what_does_not_arrive_is_set_aside() -> None:
    outcome, _ = examine(CLAIMS["fits"], ValleyProblem.of(["x*y - 1"], step_size="2", start=["2", "1"]))
    assert outcome.state == "aside" and "no point of arrival is proved" in outcome.cause


@pytest.mark.parametrize(("name", "state"), [("just_below", "violated"), ("what_is_left", "held")])
def test_the_folklore_is_false_and_something_is_left(name: str, state: str) -> None:
    (source,) = [s for s in sources([str(FOLKLORE)]) if s.name == name]
    outcome, _ = examine(load(source), EDGE)
    assert (outcome.state, outcome.evidence) == (state, "proved")
    assert state == "held" or outcome.cause == "it ends at 0.708 of 2/η"


def test_a_counterexample_is_stored_and_made_again() -> None:
    (source,) = [s for s in sources([str(FOLKLORE)]) if s.name == "just_below"]
    outcome, _ = examine(load(source), EDGE)
    form = Form.of(Witness.of(0, EDGE, outcome))
    assert form.problem.read().residuals[0].text == "x*y - 1" and not form.problem.minimizer
    rest = "scale='1/2', step_size='1/2', start=['11/5', '2/5'], variables=['x', 'y']"
    assert python_line(form) == f"gdcheck.Problem.residuals(['x*y - 1'], {rest})"
    assert "--residual 'x*y - 1'" in shell(form.problem)
    assert reproduce_line(form).startswith("@gdcheck.reproduce(residuals=['x*y - 1'], ")
    arguments = {"scale": "1/2", "step_size": "1/2", "start": ["11/5", "2/5"]}
    (example,) = reproduce(residuals=["x*y - 1"], **arguments)(CLAIMS["fits"]).examples
    assert example.to_json() == EDGE.to_json()
