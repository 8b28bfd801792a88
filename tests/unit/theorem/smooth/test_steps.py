"""How long smooth trajectories take, and where they are: against mpmath, and certificates tampered with."""

import json
from copy import deepcopy
from itertools import islice

import pytest
from flint import arb, ctx, fmpq
from mpmath import mp

from gdcheck.properties.storage.reading import problem_inside
from gdcheck.theorem.certificate.rechecking import BadCertificate, check
from gdcheck.theorem.certificate.smooth.steps import smooth_iterate_json, smooth_within_json
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.long_run.smooth_steps import smooth_iterate, smooth_within
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.reference.smooth_trajectory import smooth_iterates
from gdcheck.theorem.smooth.evaluate import Forward

CASES = {
    "large": ("exp(x) - x + y**2 + x*y**2 + y**3/3", "0.9", ["0.05", "0.05"]),
    "far": ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", "0.01", ["-1", "-1"]),
    "line": ("log(1 + exp(-w)) + log(1 + exp(10*w))", "0.3", ["0"]),
}


@pytest.fixture(scope="module")
def known():
    return {
        name: decide_smooth(SmoothProblem.of(loss, step_size=eta, start=start))
        for name, (loss, eta, start) in CASES.items()
    }


def followed(decision, steps):
    return list(islice(smooth_iterates(decision.problem, 50), steps))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("measure", ["distance", "loss"])
def test_the_step_is_the_one_that_mpmath_sees(known, name, measure):
    decision, bound = known[name], fmpq(1, 1000)
    found = smooth_within_json(decision, measure, bound)
    assert found["status"] == "proved" and check(found["certificate"]) is None
    assert problem_inside(found["certificate"]).loss.text == decision.problem.loss.text
    centre, values = decision.minimizer.centre, []
    with ctx.workprec(128):
        least = Forward.of(decision.problem.loss, [arb(x) for x in centre], 0).value
        for x in followed(decision, found["step"] + 30):
            at = [arb(mp.nstr(a, 40)) for a in x]
            apart = sum(((a - arb(c)) ** 2 for a, c in zip(at, centre, strict=True)), arb(0)).sqrt()
            values.append(apart if measure == "distance" else Forward.of(decision.problem.loss, at, 0).value - least)
    assert all(v < arb(bound) for v in values[found["step"] :])
    assert found["step"] == 0 or values[found["step"] - 1] > arb(bound)


@pytest.mark.parametrize("name", CASES)
def test_iterates_are_enclosed(known, name):
    for step in (0, 1, 9):
        box = smooth_iterate(known[name], step)
        with mp.workdps(50):
            for x, enclosed in zip(followed(known[name], step + 1)[step], box, strict=True):
                assert enclosed.overlaps(arb(mp.nstr(x, 40)))
                assert enclosed.rad() < 1e-25


def test_what_cannot_be_told_is_not():
    decision = decide_smooth(SmoothProblem.of("exp(x) + y**2", step_size="0.1", start=["0", "1"]))
    for ask in (lambda: smooth_within(decision, "distance", fmpq(1)), lambda: smooth_iterate(decision, 3)):
        with pytest.raises(InputError):
            ask()


TAMPERED = {
    "a step too soon": lambda c: c.update(step=c["step"] - 1),
    "a step too late": lambda c: c.update(step=c["step"] + 1),
    "a smaller bound": lambda c: c.update(bound="1/2000"),
    "a larger bound": lambda c: c.update(bound="1/20"),
    "the other measure": lambda c: c.update(measure="loss"),
    "until before the step": lambda c: c.update(until=c["step"] - 1),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_bounds_are_rejected(known, what):
    tampered = json.loads(json.dumps(smooth_within_json(known["large"], "distance", fmpq(1, 1000))["certificate"]))
    TAMPERED[what](tampered["claim"])
    assert check(tampered) is not None, what


def test_tampered_iterates_are_rejected(known):
    genuine = json.loads(json.dumps(smooth_iterate_json(known["large"], 7)["certificate"]))
    assert check(genuine) is None
    for change in ({"step": 8}, {"box": [genuine["claim"]["box"][1]] * 2}, {"box": [["0", "0"]] * 2}):
        tampered = deepcopy(genuine)
        tampered["claim"].update(change)
        assert check(tampered) is not None
    for broken in ({"box": 7}, {"kind": "elsewhere"}, {"step": -1}):
        tampered = deepcopy(genuine)
        tampered["claim"].update(broken)
        with pytest.raises(BadCertificate):
            check(tampered)
