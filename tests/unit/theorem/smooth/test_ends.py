"""Ends that are no strict minimum: saddles enclosed, losses that fall everywhere, and certificates tampered with."""

import json
import random
from copy import deepcopy
from fractions import Fraction

import pytest
from flint import arb, ctx

import gdcheck
from gdcheck.properties.storage.reading import problem_inside
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.certificate.smooth.ends import end_certificate, end_keys
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.kinds.ends import Range, _sign_of_power, slope_along
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.methods.statement import Assumption
from gdcheck.theorem.sharpness import crossings
from gdcheck.theorem.sharpness.smooth import sharpness
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.reading import read_smooth

SADDLES = {
    "cos(x) + y**2": (["0", "1"], [0.0, 0.0], -1.0, "saddle"),
    "exp(x) - x - y**2 + y**4": (["1", "0"], [0.0, 0.0], -2.0, "saddle"),
    "exp(x) - 2*x - y**2 + y**4": (["1", "0"], [0.6931471805599453, 0.0], -2.0, "saddle"),
}
FALLS = {
    "x + exp(y) - y": ["1", "0"],
    "exp(-x) + y**2": ["1", "1"],
    "softplus(-2*w) + softplus(-w)": ["0"],
    "x + sin(x)/2 + tanh(y)**2": ["0", "1"],
    "atan(x + y) + y**2": ["0", "1"],
    "x*sigmoid(1/3) + log1p(y**2)": ["0", "1"],
}
OTHERS = {
    "exp(x + y) - x - y": ["1", "0"],
    "exp(x) - 3*x**2 + y**2": ["-1", "1"],
    "cosh(x) - x**2/2 + y**2": ["1", "0"],
}


def decided(loss, start, **more):
    return decide_smooth(SmoothProblem.of(loss, step_size="0.1", start=start, **more))


def certified(loss, start, **more):
    return json.loads(json.dumps(end_certificate(decided(loss, start, **more))))


@pytest.mark.parametrize("loss", SADDLES)
def test_a_saddle_is_enclosed_with_its_negative_eigenvalue(loss):
    start, point, eigenvalue, kind = SADDLES[loss]
    found = decided(loss, start)
    assert (found.verdict, found.fails) == (Verdict.NOT_APPLICABLE, (Assumption.STRICT_MINIMUM,))
    made = certified(loss, start)
    require_shape(made)
    assert check(made) is None
    keys = end_keys(found, made)
    assert keys["outcome"]["point_kind"] == kind and keys["outcome"]["points"][0] == pytest.approx(point)
    assert keys["critical_points"][0]["eigenvalues"][0] == pytest.approx(eigenvalue)
    assert decide_smooth(problem_inside(made)).verdict is Verdict.NOT_APPLICABLE
    assert gdcheck.recheck(gdcheck.certify(found))


@pytest.mark.parametrize("loss", FALLS)
def test_a_loss_that_falls_everywhere_has_no_critical_point(loss):
    found, made = decided(loss, FALLS[loss]), certified(loss, FALLS[loss])
    require_shape(made)
    assert check(made) is None
    keys = end_keys(found, made)
    assert keys["outcome"]["status"] == "proved" and "falls" not in found.reason
    assert "no critical point" in keys["reason"]


def test_separable_data_without_a_penalty():
    data = {"X": [[1.0, 2.0], [2.0, 1.0], [-1.0, -1.0], [-2.0, -0.5]], "y": [1.0, 1.0, -1.0, -1.0]}
    made = certified("mean(softplus(-y*(X@w)))", ["0", "0"], data=data)
    assert made["claim"]["kind"] == "no-critical-point" and check(made) is None
    data["y"][0] = -1.0
    tampered = deepcopy(made)
    tampered["problem"]["data"] = data
    assert check(tampered) is not None


@pytest.mark.parametrize("loss", OTHERS)
def test_what_is_only_seen_has_no_certificate(loss):
    found = decided(loss, OTHERS[loss])
    assert found.verdict is Verdict.UNRESOLVED
    assert end_certificate(found) is None and end_keys(found, None) == {}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slopes_lie_in_their_range(name):
    """At random points, of sums and products with every function."""
    rng = random.Random(name)
    for text in (f"{name}(x + 2*y)", f"{name}(x) - y/3", f"{name}(x*y + 1/2)*exp(y) + x", f"{name}(x + 1)**2 + x**3"):
        loss, expression = read_smooth(text, ["x", "y"]), read_expression(text, ("x", "y"), {})
        for _ in range(20):
            way = (Fraction(rng.randint(-3, 3)), Fraction(rng.randint(-3, 3)))
            point = [arb(rng.uniform(0, 0.9)), arb(rng.uniform(0, 0.9))]
            found = slope_along(expression, way)
            with ctx.workprec(64):
                slopes = Forward.of(loss, point, 1).gradient()
                slope = sum((g * int(d) for g, d in zip(slopes, way, strict=True)), arb(0))
            assert found.low is None or float(slope) >= float(found.low) - 1e-9, text
            assert found.high is None or float(slope) <= float(found.high) + 1e-9, text
            if found.is_strict:
                assert not slope.contains(0)


def test_products_of_ranges_know_whether_zero_is_one():
    one = Fraction(1)
    half_open = Range(Fraction(0), None, low_open=True)
    assert (half_open * half_open).is_strict
    assert not (Range(Fraction(0), None) * Range(one, None, low_open=True)).is_strict
    assert (Range(one, None, low_open=True) * Range(one, Fraction(2))).low_open
    assert (half_open * Range(None, -one)).high == 0 and (half_open * Range(None, -one)).is_strict
    assert (Range(-one, one) * half_open).low is None


def test_the_power_zero_is_one():
    assert all(_sign_of_power(Fraction(0), positive=p) == Range(Fraction(1), Fraction(1)) for p in (True, False))


TAMPERED = {
    "another point": lambda c: c["claim"].update(centre=["1/10", "0"]),
    "a ball beside the point": lambda c: c["claim"].update(
        centre=["1/1000000", "0"], radius="1/2000000", lowest=["-1.0000000004", "-0.9999999996"]
    ),
    "a huge ball": lambda c: c["claim"].update(radius="3"),
    "another eigenvalue": lambda c: c["claim"].update(lowest=["-3", "-2.9999999999"]),
    "a wide eigenvalue": lambda c: c["claim"].update(lowest=["-3", "-1/2"]),
    "a positive eigenvalue": lambda c: c["claim"].update(lowest=["1", "1.0000000001"]),
    "another loss": lambda c: c["problem"].update(loss="2*cos(x) + y**2"),
    "a minimum": lambda c: c["problem"].update(loss="-cos(x) + y**2"),
    "another verdict": lambda c: c.update(verdict="unresolved"),
    "a fall": lambda c: c.update(verdict="unresolved", claim={"kind": "no-critical-point", "direction": ["1", "0"]}),
}


def test_a_ball_around_the_point_is_accepted_wherever_its_middle_is():
    around = certified("cos(x) + y**2", ["0", "1"])
    around["claim"].update(centre=["1/1000000", "0"], radius="1/500000", lowest=["-1.0000000004", "-0.9999999996"])
    assert check(around) is None


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_saddles_are_rejected(what):
    genuine = certified("cos(x) + y**2", ["0", "1"])
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert check(tampered) is not None, what


@pytest.mark.parametrize("direction", [["1", "0"], ["0", "1"], ["0", "0"], ["-1", "1"]])
def test_other_directions_are_rejected(direction):
    tampered = certified("x + exp(y) - y", ["1", "0"])
    tampered["claim"]["direction"] = direction
    assert check(tampered) is not None


@pytest.mark.parametrize("field", ["claim", "problem", "verdict"])
def test_malformed_certificates_are_refused(field):
    broken = certified("cos(x) + y**2", ["0", "1"])
    broken[field] = 7
    for refuse in (check, require_shape):
        with pytest.raises(BadCertificate):
            refuse(broken)


@pytest.mark.parametrize(
    ("loss", "eta", "seen"),
    [
        ("cosh(x) + 2*cosh(y)", "1", "leave every bound"),
        ("exp(x) - x + exp(y) - 2*y", "21/20", "repeat themselves"),
    ],
)
def test_a_step_that_is_too_large_for_the_minimum_next_to_the_start_is_said_to_be(loss, eta, seen):
    """At 2/λₙ exactly the iterates leave as well; a larger step makes a cycle of two points."""
    problem = SmoothProblem.of(loss, step_size=eta, start=["1/10", "1/5"])
    decision = decide_smooth(problem)
    assert decision.verdict is Verdict.NOT_APPLICABLE and decision.fails == (Assumption.STABLE_STEP,)
    assert seen in decision.reason
    assert check(smooth_certificate(decision)) is None


def test_steps_above_the_threshold_are_counted_for_a_while_where_the_step_is_too_large(monkeypatch):
    monkeypatch.setattr(crossings, "MOST_OPEN_STEPS", 20)
    monkeypatch.setattr(sharpness, "MOST_OPEN_STEPS", 20)
    problem = SmoothProblem.of("exp(x) - x + exp(y) - 2*y", step_size="21/20", start=["1/10", "1/5"])
    found = sharpness.smooth_sharpness(decide_smooth(problem))
    assert not found.crossings.complete and found.crossings.examined == 20
    assert 0 < len(found.crossings.steps) < 20
