"""The sharpness along smooth trajectories: against the exact engine, against floats, and certificates tampered with."""

import json
from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq

from gdcheck.properties.storage.reading import problem_inside
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.certificate.smooth.sharpness import recheck_smooth_sharpness, smooth_sharpness_certificate
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.functions import jet
from gdcheck.theorem.checker.smooth.intervals import Interval, point
from gdcheck.theorem.checker.smooth.kinds.higher import fourth_above, fourth_derivative, third_along, value_at
from gdcheck.theorem.checker.smooth.kinds.sharpness import Curvature
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.smooth.series.along import gradient_along, polynomial_curve
from gdcheck.theorem.smooth.series.majorant import derivative_on_ball

CASES = {
    "worked": ("x**2 + y**2/2 + x**2*y + x**3", "0.95", ["0.1", "0.1"]),
    "small": ("exp(x) - x + y**2 + x*y**2", "0.3", ["0.2", "0.3"]),
    "large": ("exp(x) - x + y**2 + x*y**2 + y**3/3", "0.9", ["0.05", "0.05"]),
    "line": ("log(1 + exp(-w)) + log(1 + exp(10*w))", "0.3", ["0"]),
    "himmelblau": ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", "0.01", ["-1", "-1"]),
}


def decided(name):
    loss, eta, start = CASES[name]
    return decide_smooth(SmoothProblem.of(loss, step_size=eta, start=start))


@pytest.fixture(scope="module")
def known():
    decisions = {name: decided(name) for name in CASES}
    return {name: (decision, smooth_sharpness(decision)) for name, decision in decisions.items()}


def hessian(decision, x):
    with ctx.workprec(64):
        found = Forward.of(decision.problem.loss, [arb(float(a)) for a in x], 2)
        return np.array([[float(y) for y in row] for row in found.hessian().tolist()]), [
            float(y) for y in found.gradient()
        ]


@pytest.mark.parametrize("name", CASES)
def test_patterns_and_crossings_are_what_floats_see(known, name):
    decision, found = known[name]
    x, eta, limit = [float(q) for q in decision.problem.start], float(decision.problem.step_size), float(found.limit)
    values = []
    for _ in range(60):
        matrix, slope = hessian(decision, x)
        values.append(float(np.linalg.eigvalsh(matrix)[-1]))
        x = [a - eta * g for a, g in zip(x, slope, strict=True)]
    above = [k for k in range(min(found.crossings.examined, 60)) if values[k] > 2 / eta]
    assert list(found.crossings.steps) == above and found.crossings.complete
    period, gaps = found.pattern.period, [v - limit for v in values]
    for k in range(found.from_step, 60 - period):
        if abs(gaps[k]) > 1e-9 * (1 + abs(limit)):
            assert gaps[k] * found.pattern.sign * (-1 if period == 2 and k % 2 else 1) > 0
            assert abs(gaps[k + period]) < abs(gaps[k])


def test_the_exact_engine_says_the_same_of_a_polynomial(known):
    loss, eta, start = CASES["worked"]
    exact, found = sharpness(decide(Problem(loss, step_size=eta, start=start)), first_steps=True), known["worked"][1]
    assert (exact.pattern.kind, exact.from_step) == (found.pattern.kind, found.from_step)
    assert exact.crossings.steps == found.crossings.steps and exact.crossings.rose == found.crossings.rose
    assert exact.pattern.slope.overlaps(found.pattern.slope)


@pytest.mark.parametrize("name", CASES)
def test_certificates_are_accepted_and_replayed(known, name):
    decision, found = known[name]
    made = json.loads(json.dumps(smooth_sharpness_certificate(decision, found)))
    require_shape(made)
    assert made["pattern"] is not None and made["crossings"]["complete"]
    assert check(made) is None
    assert problem_inside(made).loss.text == decision.problem.loss.text
    assert recheck_smooth_sharpness(decision, found).result == "accepted"


def test_what_is_not_decided_says_why():
    flat = decide_smooth(SmoothProblem.of("exp(x) - x + 2*y**2 + y**4", step_size="0.3", start=["0.1", "0.1"]))
    found = smooth_sharpness(flat)
    assert found.pattern.kind is Kind.UNDECIDED and "zero" in found.pattern.cause
    made = smooth_sharpness_certificate(flat, found)
    assert made["pattern"] is None and check(made) is None
    data = {"A": [[1.0, 2.0], [3.0, 4.5], [1.0, 0.0]], "b": [1.0, 2.0, 3.0]}
    constant = decide_smooth(SmoothProblem.of("sum((A@w - b)**2)", step_size="0.02", start=["0", "0"], data=data))
    found = smooth_sharpness(constant)
    assert found.pattern.kind is Kind.CONSTANT
    assert check(smooth_sharpness_certificate(constant, found)) is None


TAMPERED = {
    "another kind": lambda c: c["pattern"].update(kind="monotone-from-above"),
    "another sign": lambda c: c["pattern"].update(sign=-c["pattern"]["sign"]),
    "another slope": lambda c: c["pattern"].update(slope=["1", "1.0000000001"]),
    "a wide slope": lambda c: c["pattern"].update(slope=["0", "10"]),
    "an early cone": lambda c: c["pattern"].update(cone=c["pattern"]["step"]),
    "a cone before the step": lambda c: c["pattern"].update(cone=c["pattern"]["step"] - 1),
    "broken where it is not": lambda c: c["pattern"].update(broken=[1], from_step=2),
    "other values": lambda c: c["pattern"]["values"].reverse(),
    "no values": lambda c: c["pattern"].update(values=[]),
    "wide values": lambda c: c["pattern"].update(values=[["0", "9"]] * len(c["pattern"]["values"])),
    "constant": lambda c: c.update(pattern={"kind": "constant", "from_step": 0}),
    "a step too many": lambda c: c["crossings"].update(steps=[0, 1, *c["crossings"]["steps"][1:]]),
    "a step too few": lambda c: c["crossings"].update(steps=c["crossings"]["steps"][1:]),
    "settled too soon": lambda c: c["crossings"].update(examined=3, steps=[0, 2]),
    "the loss rises": lambda c: c["crossings"].update(rose=[0]),
    "a lower peak": lambda c: c["crossings"].update(peak=["2", "2.0000000001"]),
    "no peak": lambda c: c["crossings"].update(peak=None),
    "nothing": lambda c: c.update(pattern=None, crossings=None),
    "another trajectory": lambda c: c["theorem"]["problem"].update(start=["1/10", "1/5"]),
    "another step size": lambda c: c["theorem"]["problem"].update(step_size="24/25"),
    "another theorem": lambda c: c["theorem"].update(verdict="refuted"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(known, what):
    tampered = deepcopy(json.loads(json.dumps(smooth_sharpness_certificate(*known["worked"]))))
    before = deepcopy(tampered)
    TAMPERED[what](tampered)
    assert tampered != before
    assert check(tampered) is not None, what


def test_no_value_that_is_compared_can_be_another(known):
    """It is moved by so little that the order of all stays as it is."""
    made = json.loads(json.dumps(smooth_sharpness_certificate(*known["line"])))
    pattern, period = made["pattern"], known["line"][1].pattern.period
    looked_at = {*range(pattern["from_step"], pattern["cone"]), *pattern["broken"]}
    compared = looked_at | {k + period for k in looked_at}
    assert compared and max(compared) + 1 == len(pattern["values"])
    for k in {min(compared), max(compared)}:
        moved = deepcopy(made)
        low, high = (Fraction(x) for x in pattern["values"][k])
        moved["pattern"]["values"][k] = [str(2 * high - low), str(3 * high - 2 * low)]
        assert f"fails at step {k}" in check(moved)


@pytest.mark.parametrize("field", ["theorem", "pattern", "crossings"])
def test_malformed_certificates_are_refused(known, field):
    broken = smooth_sharpness_certificate(*known["small"])
    broken[field] = 7
    for refuse in (check, require_shape):
        with pytest.raises(BadCertificate):
            refuse(broken)


@pytest.mark.parametrize("name", [f for f in FUNCTIONS if f != "sqrt"])
def test_the_checkers_higher_derivatives_are_those_of_the_function(name):
    """The fourth one, D³f[v, v, ·] and the bound of D⁴f, against power series and majorants of the engine."""
    text, names = f"{name}(x/2 + y/3 + 1/2)*x + y**(5/2)*x**3", ["x", "y"]
    expression, loss = read_expression(text, tuple(names), {}), read_smooth(text, names)
    at, v = [Fraction(3, 5), Fraction(7, 8)], (Fraction(1, 3), Fraction(-2, 5))
    with ctx.workprec(200):
        balls = [arb(fmpq(q.numerator, q.denominator)) for q in at]
        way = [arb(fmpq(q.numerator, q.denominator)) for q in v]
        series = [2 * x[2] for x in gradient_along(loss, polynomial_curve([balls, way], 3))]
        own = third_along(expression, point(at, 256), v)
        assert all(abs(arb(fmpq(x.low, 1) / 2**256) - y) < 1e-40 for x, y in zip(own, series, strict=True))
        value = Forward.of(loss, balls, 0).value
        assert abs(arb(fmpq(value_at(expression, point(at, 256)).low, 1) / 2**256) - value) < 1e-40
        bound, radius = fourth_above(expression, point(at, 256), Fraction(1, 50)), arb(fmpq(1, 50))
        engine = float(derivative_on_ball(loss, balls, radius, 4))
        assert float(bound) == pytest.approx(engine, rel=0.05)
        f = read_smooth(f"{name}(x)", ["x"])
        x = Interval.exactly(Fraction(3, 5), 256)
        fourth = gradient_along(f, polynomial_curve([[arb(fmpq(3, 5))], [arb(1)]], 4))[0][3] * 6
        assert abs(arb(fmpq(fourth_derivative(name, x, jet(name, x, 3)).low, 1) / 2**256) - fourth) < 1e-40


@pytest.mark.parametrize(
    ("s", "below", "above"),
    [("7/2", True, False), ("13/4", False, False), ("3", False, False), ("11/4", False, False), ("5/2", False, True)],
)
def test_an_eigenvalue_is_known_up_to_what_its_matrix_may_differ_by(s, below, above):
    """Of a matrix with the eigenvalues 1 and 3, a quarter and a little off."""
    matrix = [[Interval.exactly(Fraction(x), 64) for x in row] for row in ((2, 1), (1, 2))]
    curvature = Curvature(matrix, Fraction(1, 4) + Fraction(1, 1000))
    assert (curvature.is_below(Fraction(s)), curvature.is_above(Fraction(s))) == (below, above)
