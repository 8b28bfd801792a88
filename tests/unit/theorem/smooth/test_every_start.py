"""Theorem 1 for every start of a smooth loss: verdicts, the exceptional graph against trajectories, tampering."""

import json
import random
from copy import deepcopy
from fractions import Fraction

import pytest
from flint import fmpq

import gdcheck
from gdcheck.properties.storage.reading import problem_inside
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.certificate.smooth.every_start import (
    smooth_every_start_answer,
    smooth_every_start_certificate,
)
from gdcheck.theorem.decision.enclosed.every_start import decide_smooth_every_start
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem

LOSSES = {
    "fixed": ("exp(x) - x + y**2 + x*y**2", "0.3", "fixed"),
    "alternating": ("softplus(x - y) + softplus(2*y - x) + x**2/4 + y**2", "0.5", "alternating"),
    "irrational": ("log(1 + exp(-w)) + log(1 + exp(10*w)) + (v - w)**2", "0.03", "fixed"),
}


def decided(loss, step_size, **more):
    return decide_smooth_every_start(EveryStartSmoothProblem.about(loss, step_size=step_size, **more))


@pytest.mark.parametrize("name", LOSSES)
def test_almost_every_start_is_proved_and_rechecked(name):
    loss, eta, kind = LOSSES[name]
    found = decided(loss, eta)
    assert (found.verdict, found.prediction.kind.value) == (Verdict.PROVED, kind)
    assert found.exceptional.radius > 0 and 0 < found.exceptional.slope < 1
    certificate = json.loads(json.dumps(smooth_every_start_certificate(found)))
    require_shape(certificate)
    assert check(certificate) is None
    again = problem_inside(certificate)
    assert isinstance(again, EveryStartSmoothProblem) and again.near is not None
    assert decide_smooth_every_start(again).verdict is Verdict.PROVED
    assert smooth_every_start_answer(found)["starts"] == "almost-every"


@pytest.mark.parametrize("name", LOSSES)
def test_starts_beside_the_graph_go_where_their_side_says(name):
    loss, eta, kind = LOSSES[name]
    found = decided(loss, eta)
    v = [float(x.mid()) for x in found.exceptional.normal]
    r, slope = float(Fraction(str(found.exceptional.radius))), float(found.exceptional.slope.upper())
    names, rng, seen = found.problem.loss.variables, random.Random(7), set()
    for _ in range(6):
        w = rng.uniform(-0.5, 0.5) * r
        t = rng.choice([-1, 1]) * min(0.8 * r, 1.05 * slope * abs(w) + 0.02 * r)
        h = [t * v[0] - w * v[1], t * v[1] + w * v[0]]
        centre = [Fraction(int(x.p), int(x.q)) for x in found.minimizer.centre]
        start = [str(c + Fraction(y).limit_denominator(10**9)) for c, y in zip(centre, h, strict=True)]
        reached = decide_smooth(SmoothProblem.of(loss, step_size=eta, start=start, variables=list(names)))
        limit = reached.limit
        assert limit.kind.value == kind
        assert sum(float(x.mid()) * y for x, y in zip(limit.vectors[0], v, strict=True)) * t > 0
        seen.add(t > 0)
    assert len(seen) == 2


def test_a_quadratic_text_has_a_plane():
    data = {"A": [[1.0, 2.0], [3.0, 4.5], [1.0, 0.0]], "b": [1.0, 2.0, 3.0]}
    found = decided("sum((A@w - b)**2)", "0.01", data=data)
    assert found.verdict is Verdict.PROVED and found.exceptional.radius is None
    certificate = smooth_every_start_certificate(found)
    assert check(certificate) is None
    certificate["problem"]["loss"] = "sum((A@w - b)**2) + w1**4/1000000"
    assert check(certificate) is not None


def test_what_is_not_proved_says_why():
    assert decided("exp(x) - x + y**2", "3").verdict is Verdict.NOT_APPLICABLE
    assert check(smooth_every_start_certificate(decided("exp(x) - x + y**2", "3"))) is None
    for loss, word in (
        ("exp(x) + y**2", "searched from"),
        ("cos(x) + y**2", "--near"),
        ("x*erf(x) + y*erf(y)", "equal"),
    ):
        found = decided(loss, "0.1")
        assert found.verdict is Verdict.UNRESOLVED and word in found.reason, found.reason
        assert smooth_every_start_certificate(found) is None
    with pytest.raises(InputError) as caught:
        decided("exp(x) - x + y**2", "0.1", minimizer=["1/2", "0"])
    assert caught.value.field == "minimizer"


def test_the_front_door_takes_smooth_problems():
    problem = gdcheck.Problem("exp(x) - x + y**2", step_size="1/10", start=["1", "1"])
    found = gdcheck.decide_every_start(problem)
    assert found.verdict is Verdict.PROVED
    assert gdcheck.recheck(gdcheck.certify(found))
    with pytest.raises(InputError) as caught:
        EveryStartSmoothProblem.from_json({"loss": "exp(x) - x", "step_size": "1/10", "start": ["0"]})
    assert caught.value.field == "start"


TAMPERED = {
    "a larger ball": lambda c: c["exceptional"].update(radius=str(2 * Fraction(c["exceptional"]["radius"]))),
    "no ball": lambda c: c["exceptional"].update(radius=None),
    "a flatter graph": lambda c: c["exceptional"].update(slope="0.01"),
    "a steeper graph": lambda c: c["exceptional"].update(slope="5"),
    "another normal": lambda c: c["exceptional"]["normal"].reverse(),
    "a wide normal": lambda c: c["exceptional"].update(normal=[["-1", "1"], ["-1", "1"]]),
    "no graph": lambda c: c.update(exceptional=None),
    "another limit": lambda c: c.update(limit="alternating"),
    "no limit": lambda c: c.update(limit=None),
    "another regime": lambda c: c.update(regime="large-step"),
    "a failing assumption": lambda c: c.update(fails=["stable-step"], verdict="not-applicable"),
    "another verdict": lambda c: c.update(verdict="refuted"),
    "another loss": lambda c: c["problem"].update(loss="exp(x) - x + y**2 + 3*x*y**2"),
    "a larger step": lambda c: c["problem"].update(step_size="0.5"),
    "another minimizer": lambda c: c["minimizer"].update(centre=["1/10", "0"]),
    "no regular point": lambda c: c.update(regular_at=None),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(what):
    genuine = json.loads(json.dumps(smooth_every_start_certificate(decided(*LOSSES["fixed"][:2]))))
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert tampered != genuine
    assert check(tampered) is not None, what


@pytest.mark.parametrize("field", ["exceptional", "limit", "minimizer", "problem", "spectrum"])
def test_malformed_certificates_are_refused(field):
    broken = smooth_every_start_certificate(decided(*LOSSES["fixed"][:2]))
    broken[field] = 7
    with pytest.raises(BadCertificate):
        check(broken)
    with pytest.raises(BadCertificate):
        require_shape(broken)


def test_a_given_minimizer_is_held_against_the_enclosed_one():
    found = decided("exp(x) - x + y**2", "0.1", minimizer=[fmpq(0), fmpq(0)])
    assert found.verdict is Verdict.PROVED
