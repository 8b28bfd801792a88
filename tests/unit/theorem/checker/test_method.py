"""Certificates for methods: each claim fails when the number that it is about is changed."""

import copy
import json
from fractions import Fraction

import pytest

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.methods.every_start import method_every_start_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.method_every_start import decide_method_every_start
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem

LOSS = "x**2/2 + 2*y**2 + x*y**2 + y**3"


def made(method, step_size, loss=LOSS, start=None):
    start = start or ["1/100", "1/50", "1/70"][: 3 if "z" in loss else 2]
    problem = Problem(loss, step_size=step_size, start=start, method=method)
    return json.loads(json.dumps(certificate(decide(problem))))


HEAVY = made({"name": "heavy-ball", "momentum": "1/20"}, "1/10")
NESTEROV = made({"name": "nesterov", "momentum": "1/10"}, "0.42")
ADAM = made({"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}, "1/5")
RMSPROP = made({"name": "rmsprop", "beta2": "9/10", "epsilon": "1"}, "1/5")
TURNING = made({"name": "heavy-ball", "momentum": "9/10"}, "1/5")
CYCLE = made({"name": "heavy-ball", "momentum": "1/20"}, "21/50")
AHEAD = {"name": "nesterov", "momentum": "1/4"}
SWITCH = made(AHEAD, "1", "1/11*x**2 + 14/19*y**2 + x*y**2")
CONJUGATE = made(AHEAD, "1", "3/5*x**2 - 1/5*x*y + 1/5*y**2 + x**3")
EDGE = made(AHEAD, "1", "5/18*x**2 + 7/12*y**2 + x*y**2")
DOUBLE = made({"name": "heavy-ball", "momentum": "1/2"}, "1/2", "1/2*x**2 + 2*x*y + 5/2*y**2 + 3/2*z**2 + y*z**2")
PRECONDITIONED = made({"name": "gradient-descent", "preconditioner": [["2", "1"], ["1", "1"]]}, "1/10")
FOLDED = made({"name": "heavy-ball", "momentum": "1/20"}, "1/4", "x**2/2 + 2*y**2")
"""Without momentum every step would take the plane into a line; with it, no assumption on preimages is needed."""
UNFOLDED = made({"name": "gradient-descent", "preconditioner": [["2", "1"], ["1", "1"]]}, "1/8", "x**2/2 + 4*y**2")
"""The same of gradient descent without a preconditioner, which makes the map regular."""
INSIDE = made(
    {"name": "gradient-descent", "preconditioner": [["2", "0", "0"], ["0", "1", "1/2"], ["0", "1/2", "3"]]},
    "1/10",
    "x**2/2 + 2*y**2 + x**3*y**2 + y**3 + z**2",
    ["0", "1/10", "1/20"],
)
ALL = {
    "inside": INSIDE,
    "heavy": HEAVY,
    "nesterov": NESTEROV,
    "adam": ADAM,
    "rmsprop": RMSPROP,
    "folded": FOLDED,
    "unfolded": UNFOLDED,
    "turning": TURNING,
    "cycle": CYCLE,
    "p": PRECONDITIONED,
}
AGREEING = {"switch": SWITCH, "conjugate": CONJUGATE, "edge": EDGE, "double": DOUBLE}
"""On a boundary: two rational or conjugate eigenvalues, a pair beside a real multiplier, irrational double ones."""
ALL |= AGREEING | {"inside": INSIDE}


def changed(stored, path, value):
    found = copy.deepcopy(stored)
    *inside, last = path
    here = found
    for key in inside:
        here = here[key]
    here[last] = value(here[last]) if callable(value) else value
    return found


@pytest.mark.parametrize("stored", ALL.values(), ids=ALL)
def test_untouched_certificates_are_accepted(stored):
    assert check(stored) is None


TAMPERED = [
    ("heavy", ("problem", "step_size"), "1/9", "fails"),
    ("heavy", ("problem", "start", 0), "1/99", "radius"),
    ("heavy", ("problem", "method", "momentum"), "1/19", "fails"),
    ("heavy", ("problem", "loss"), "1/2*x**2 + 2*y**2 + 2*x*y**2 + y**3", "fails"),
    ("heavy", ("verdict",), "not-applicable", "the verdict is not-applicable fails"),
    ("heavy", ("regime",), "large-step", "the regime is large-step fails"),
    ("heavy", ("dominant",), [1], "mode 0 does not dominate fails"),
    ("heavy", ("dominant",), [0, 1], "several modes|mode|ends|regime"),
    ("heavy", ("eigenvalues", 0, "interval"), ["2", "3"], "2-fold|1-fold|ascending|fails"),
    ("heavy", ("fails",), ["smoothness"], "the failing assumptions"),
    ("heavy", ("powers", "error"), "1", "K of the error = 1 fails"),
    ("heavy", ("powers", "buffer"), "1/2", "K of the buffer = 0.5"),
    ("heavy", ("powers", "gradient"), "1", "K of the gradient = 1 fails"),
    ("heavy", ("powers",), None, "the powers are stated"),
    ("heavy", ("parts", 0, "gap"), "10", "gap 10"),
    ("heavy", ("parts", 0, "vectors"), [["0", "1"]], "span the eigenspace"),
    ("heavy", ("step",), lambda k: k + 1, "radius"),
    ("heavy", ("limit", "kind"), "alternating", "it can only be fixed"),
    ("heavy", ("limit", "vectors", 0, 0), ["-1", "-0.9999999999"], "narrow"),
    ("heavy", ("bounds", "tail"), "1e-3", "tail"),
    ("heavy", ("amplitudes", 0), "1", "amplitude"),
    ("nesterov", ("problem", "method", "name"), "heavy-ball", "fails"),
    ("nesterov", ("limit", "kind"), "fixed", "it can only be alternating"),
    ("adam", ("problem", "method", "beta2"), "8/10", "fails"),
    ("adam", ("problem", "method", "epsilon"), "9/10", "fails"),
    ("adam", ("problem", "method", "beta1"), "1/10", "fails"),
    ("rmsprop", ("problem", "method", "beta2"), "8/10", "fails"),
    ("rmsprop", ("problem", "method", "epsilon"), "9/10", "fails"),
    ("turning", ("limit", "kind"), "fixed", "it can only be rotating"),
    ("turning", ("dominant",), [0], "does not dominate"),
    ("cycle", ("regime",), "large-step", "regime"),
    ("cycle", ("problem", "step_size"), "42/101", "fails"),
    ("p", ("problem", "method", "preconditioner"), [["2", "1"], ["1", "2"]], "fails"),
    ("inside", ("problem", "loss"), "1/2*x**2 + 2*y**2 + x*y**2 + y**3 + z**2", "maps the subspace into itself"),
    ("inside", ("problem", "start", 0), "1/10", "the start lies in the subspace"),
    ("inside", ("verdict",), "proved", "a dominant eigenvalue occurs on the subspace"),
]


@pytest.mark.parametrize(("name", "path", "value", "said"), TAMPERED)
def test_tampering_is_noticed(name, path, value, said):
    failure = check(changed(ALL[name], path, value))
    assert failure is not None and any(part in failure for part in said.split("|")), failure


@pytest.mark.parametrize(
    ("name", "kind"),
    [("switch", "two-cycle"), ("conjugate", "two-cycle"), ("edge", "rotating"), ("double", "two-cycle")],
)
def test_moduli_that_agree_are_proved_to(name, kind):
    stored = AGREEING[name]
    assert (stored["regime"], stored["limit"]["kind"]) == ("boundary", kind)
    # The next step size of a hundred digits is on no boundary.
    near = changed(stored, ("problem", "step_size"), f"{10**100 + 1}/{10**100}")
    assert check(near) is not None


def test_eigenvalues_that_are_wide_prove_no_agreement():
    def widened(interval):
        low, high = map(Fraction, interval)
        return [str(low - Fraction(1, 10**20)), str(high)]

    failure = check(changed(CONJUGATE, ("eigenvalues", 0, "interval"), widened))
    assert failure is not None and "two multipliers have one modulus fails" in failure


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("problem", "method", "name"), "sgd", "problem.method.name"),
        (("problem", "method", "momentum"), "1", "problem.method.momentum"),
        (("problem", "method"), {"name": "adam"}, "problem.method"),
        (("schema",), "gdcheck-method/1", "schema|problem"),
        (("powers",), 3, "powers"),
        (("limit",), None, "limit"),
    ],
)
def test_malformed_certificates_are_refused_by_field(path, value, said):
    with pytest.raises(BadCertificate) as caught:
        check(changed(HEAVY, path, value))
    assert any(part in str(caught.value) for part in said.split("|"))


def nearby(method, step_size, loss=LOSS):
    problem = EveryStartProblem.about(loss, step_size, method=method)
    return json.loads(json.dumps(method_every_start_certificate(decide_method_every_start(problem))))


NEARBY = {
    "fixed": nearby({"name": "heavy-ball", "momentum": "1/20"}, "1/10"),
    "alternating": nearby({"name": "nesterov", "momentum": "1/20"}, "0.42"),
    "window": nearby({"name": "heavy-ball", "momentum": "9/10"}, "1/5"),
    "plane": nearby({"name": "nesterov", "momentum": "9/10"}, "1/5"),
    "preconditioned": nearby({"name": "gradient-descent", "preconditioner": [["2", "1"], ["1", "1"]]}, "1/10"),
    "quadratic": nearby({"name": "heavy-ball", "momentum": "1/20"}, "1/10", "x**2/2 + 2*y**2"),
    "adam": nearby({"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}, "1/5"),
    "adam, alternating": nearby({"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}, "1/2"),
    "adam, window": nearby({"name": "adam", "beta1": "1/2", "beta2": "9/10", "epsilon": "1"}, "1"),
    "rmsprop": nearby({"name": "rmsprop", "beta2": "9/10", "epsilon": "1"}, "1/10", "x**2/2 + 2*y**2"),
}


@pytest.mark.parametrize("rows", [[["2", "1"], ["0", "1"]], [["1", "2"], ["2", "1"]], [["1", "1"], ["1", "1"]]])
@pytest.mark.parametrize("stored", [PRECONDITIONED, NEARBY["preconditioned"]], ids=["trajectory", "every start"])
def test_a_preconditioner_is_symmetric_and_positive_definite(stored, rows):
    with pytest.raises(BadCertificate, match=r"problem.method.preconditioner .*symmetric positive definite"):
        check(changed(stored, ("problem", "method", "preconditioner"), rows))


@pytest.mark.parametrize("stored", NEARBY.values(), ids=NEARBY)
def test_every_start_nearby_is_accepted(stored):
    assert check(stored) is None


@pytest.mark.parametrize(
    ("name", "path", "value", "said"),
    [
        ("fixed", ("radius",), lambda r: "1/2", "fails"),
        ("fixed", ("radius",), None, "quadratic"),
        ("fixed", ("limit",), "alternating", "the regime, its limit"),
        ("fixed", ("powers", "gradient"), "1", "K of the gradient = 1 fails"),
        ("fixed", ("graph", "slope"), "1/100", "slope"),
        ("fixed", ("graph",), None, "all of space turns"),
        ("fixed", ("graph", "normal", 0), ["-1", "-0.9999999999"], "normal"),
        ("fixed", ("problem", "step_size"), "0.45", "fails"),
        ("window", ("radius",), "1", "fails"),
        ("window", ("dominant",), [0], "does not dominate"),
        ("plane", ("problem", "method", "momentum"), "1/20", "fails"),
        ("preconditioned", ("problem", "method", "preconditioner"), [["2", "1"], ["1", "2"]], "fails"),
        ("preconditioned", ("powers", "error"), "1", "K of the error = 1 fails"),
        ("preconditioned", ("graph", "normal", 1), ["-1", "-0.9999999999"], "normal"),
        ("fixed", ("steps",), 1, "no first steps"),
        ("fixed", ("sign",), "-1", "the sign of amplitudes fails: it is 1"),
        ("adam", ("sign",), "-1", "the sign of amplitudes fails: it is 1"),
        ("adam", ("sign",), None, "the sign of amplitudes"),
        ("adam", ("steps",), 0, "fails"),
        ("adam", ("radius",), "1/100", "fails"),
        ("adam", ("radius",), "-1", "radius > 0"),
        ("adam", ("radius",), None, "a radius is stated"),
        ("adam", ("graph", "slope"), "1/100", "slope"),
        ("adam", ("graph",), None, "all of space turns"),
        ("adam", ("problem", "method", "epsilon"), "1/2", "fails"),
        ("adam, alternating", ("problem", "method", "beta2"), "99/100", "fails"),
        ("adam, window", ("radius",), "1", "fails"),
        ("adam, window", ("sign",), "1", "amplitude"),
        ("rmsprop", ("radius",), None, "a radius is stated"),
        ("rmsprop", ("radius",), "1", "fails"),
        ("rmsprop", ("problem", "method", "epsilon"), "1/1000", "fails"),
    ],
)
def test_tampering_with_every_start_is_noticed(name, path, value, said):
    failure = check(changed(NEARBY[name], path, value))
    assert failure is not None and said in failure


def test_the_exceptional_set_of_a_preconditioner_is_orthogonal_to_the_dual_vector():
    """Gradient descent for PA is skew: starts orthogonal to P⁻¹v lack the amplitude, not those orthogonal to v."""
    p = {"name": "gradient-descent", "preconditioner": [["2", "1"], ["1", "1"]]}
    stored = nearby(p, "1/10", "x**2/2 + 2*y**2")
    (v,) = [list(map(Fraction, stored["graph"]["vector"]))]
    dual = [v[0] - v[1], -v[0] + 2 * v[1]]  # P⁻¹ = ((1, −1), (−1, 2))
    length = float(dual[0] ** 2 + dual[1] ** 2) ** 0.5
    for x, interval in zip(dual, stored["graph"]["normal"], strict=True):
        low, high = map(Fraction, interval)
        assert float(low) - 1e-12 <= float(x) / length <= float(high) + 1e-12


def test_one_variable_has_no_distinct_ends():
    certificate = made({"name": "heavy-ball", "momentum": "1/20"}, "1/10", "x**2/2 + x**3", ["1/100"])
    assert (certificate["verdict"], certificate["fails"]) == ("not-applicable", ["distinct-ends"])
    assert check(certificate) is None
    assert "the failing assumptions are" in check({**certificate, "fails": []})
