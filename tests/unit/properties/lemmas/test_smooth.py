"""Claims of one's own on smooth losses: the minimizer is enclosed, and the trajectory is that of the loss."""

from math import exp

import numpy as np
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st

import gdcheck
from gdcheck.properties.claims.undecided import Undecided
from gdcheck.properties.lemmas.declare import claim, holds, reproduce
from gdcheck.properties.lemmas.drawing import Shard, problems_of
from gdcheck.properties.lemmas.enclosed_minimum import SmoothTrajectory
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.strategies.smooth import SmoothInstance, smooth_problems
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import THEOREM_1

LOSS = {"loss": "exp(2*x) - 3*x + y**2 + x*y/4", "step_size": "1/10", "start": ["1/2", "-1/2"]}


def test_the_quantities_are_those_of_gradient_descent():
    decision = gdcheck.decide(gdcheck.Problem(**LOSS))
    with ctx.workprec(128):
        t = SmoothTrajectory(decision, 12).as_float()
        x = np.array([0.5, -0.5])
        for k in range(13):
            slope = np.array([2 * exp(2 * x[0]) - 3 + x[1] / 4, 2 * x[1] + x[0] / 4])
            curves = np.array([[4 * exp(2 * x[0]), 0.25], [0.25, 2.0]])
            assert t.point[k] == pytest.approx(x, abs=1e-13)
            assert t.gradient[k] == pytest.approx(slope, abs=1e-12)
            assert t.sharpness[k] == pytest.approx(np.linalg.eigvalsh(curves)[-1], abs=1e-12)
            assert t.loss[k] == pytest.approx(exp(2 * x[0]) - 3 * x[0] + x[1] ** 2 + x[0] * x[1] / 4, abs=1e-12)
            x = x - slope / 10
        assert t.excess[-1] == pytest.approx(float(t.loss[-1] - t.loss[0] + t.excess[0]), abs=1e-12)
        assert t.eigenvectors @ t.eigenvectors.T == pytest.approx(np.eye(2), abs=1e-12)
        assert np.linalg.norm(t.eigen_coordinates, axis=1) == pytest.approx(t.distance, abs=1e-12)
        assert t.limit == pytest.approx(np.sign(t.limit @ t.direction[-1]) * t.eigenvectors[0], abs=1e-9)
        assert t.step[3] == pytest.approx(t.point[4] - t.point[3], abs=1e-13)


@settings(max_examples=10, deadline=None)
@given(smooth_problems())
def test_the_iterates_hold_what_is_prescribed(instance):
    """The displacement of the start from the minimizer by construction, which nobody told."""
    decision = gdcheck.decide(instance.problem)
    with ctx.workprec(128):
        t = SmoothTrajectory(decision, 1)
        for x, h in zip(t.displacement.values[0], instance.away, strict=True):
            assert abs(x - h) < 2.0**-100
        for x, value in zip(t.spectrum.values, instance.spectrum, strict=True):
            assert x.contains(value)


def declared():
    """Two claims; in the module itself they would be tests of their own."""

    @claim("the distance to the minimizer falls", losses="smooth", dimensions=(2, 3))
    def falls(problem, decision, trajectory):
        return holds(trajectory.distance[1:] < trajectory.distance[:-1])

    @reproduce(**LOSS)
    @claim("the distance halves", losses="smooth", regimes="small-step")
    def halves(problem, decision, trajectory):
        return holds(2 * trajectory.distance[1:] < trajectory.distance[:-1])

    return falls, halves


def test_a_claim_asks_for_smooth_losses():
    falls, halves = declared()
    drawn = [p for _, p in problems_of(falls, Shard(0, 0, 0, 6), ShardResult("falls", 0))]
    assert len(drawn) == 6 and all(isinstance(p, SmoothInstance) for p in drawn)
    assert {examine(falls, p)[0].state for p in drawn} == {"held"}
    (example,) = halves.examples
    outcome, decision = examine(halves, example)
    assert (outcome.state, outcome.evidence) == ("violated", "proved")
    assert decision.verdict is gdcheck.Verdict.PROVED


def test_what_is_no_minimum_is_set_aside():
    falls, _ = declared()
    outcome, _ = examine(falls, gdcheck.Problem("exp(x) + y**2", step_size="1/10", start=["0", "1"]))
    assert outcome.state == "aside" and "no strict minimum is enclosed" in outcome.cause
    unstable = gdcheck.Problem("cosh(x) + y**2/4", step_size="3", start=["1/8", "1/8"], minimizer=["0", "0"])
    assert examine(falls, unstable)[0].state in {"aside", "undecided"}


def test_bad_claims_get_one_sentence():
    with pytest.raises(InputError, match="losses: 'cubic' is unknown; give some of polynomial, smooth"):
        claim("no", losses="cubic")
    with pytest.raises(InputError, match="losses: says what is drawn"):
        claim("no", losses="smooth", strategy=st.nothing())
    predicted = claim("no", statement=THEOREM_1)
    with pytest.raises(ClaimError, match="write a function"):
        examine(predicted, gdcheck.Problem(**LOSS))


def test_equal_eigenvalues_have_no_eigenvectors():
    decision = gdcheck.decide(gdcheck.Problem("cosh(x) + cosh(y)", step_size="1/10", start=["1", "1/2"]))
    with ctx.workprec(128), pytest.raises(Undecided, match="not told apart"):
        _ = SmoothTrajectory(decision, 1).eigenvectors
