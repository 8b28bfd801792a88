"""Heavy ball and Nesterov's method in valleys: against a simulation, with certificates that are accepted."""

import json
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from pathlib import Path

import mpmath
import pytest
from flint import arb, fmpq

from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.certificate.shapes import StoredExample
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import HeavyBall, Nesterov
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.sharpness import valley_sharpness
from gdcheck.theorem.valleys.squares import as_valley
from gdcheck.theorem.valleys.thresholds import valley_thresholds
from tests.builders.smooth import compiled, numeric_gradient


def decided(residuals, eta, start, name, beta, **more):
    method = {"name": name, "momentum": beta}
    return decide_valley(ValleyProblem.of(residuals, step_size=eta, start=start, method=method, **more))


def stored(decision):
    return json.loads(json.dumps(valley_certificate(decision)))


EXAMPLES = sorted((Path(__file__).parents[4] / "docs" / "valleys" / "momentum").glob("*.json"))


def rational(text):
    return fmpq(*map(int, text.split("/")))


def number(text):
    return mpmath.mpf(Fraction(text).numerator) / Fraction(text).denominator


def simulated(residuals, names, eta, start, name, beta, steps):
    """torch.optim.SGD in mpmath: buf ← β·buf + g; p ← p − η·buf, or with nesterov p − η(g + β·buf)."""
    functions = [compiled(text, names) for text in residuals]
    x, step, b = [number(s) for s in start], number(eta), number(beta)
    buffer, seen = [mpmath.mpf(0)] * len(x), [x]
    for _ in range(steps):
        u = [f(x) for f in functions]
        rows = [numeric_gradient(f, x) for f in functions]
        g = [sum(v * row[i] for v, row in zip(u, rows, strict=True)) for i in range(len(x))]
        buffer = [b * a + y for a, y in zip(buffer, g, strict=True)]
        d = [y + b * a for y, a in zip(g, buffer, strict=True)] if name == "nesterov" else buffer
        x = [a - step * y for a, y in zip(x, d, strict=True)]
        seen.append(x)
    return seen


KNOWN = [
    (["x*y - 1"], "1/20", ["2", "1"], "heavy-ball", "1/10", "small-step"),
    (["x*y - 1"], "4/5", ["2", "1"], "heavy-ball", "1/10", "large-step"),
    (["x*y - 1"], "1/10", ["2", "1"], "heavy-ball", "1/2", "rotating"),
    (["x*y - 1"], "1/10", ["2", "1"], "nesterov", "1/10", "small-step"),
    (["x*y - 1"], "1/2", ["2", "1"], "nesterov", "1/2", "large-step"),
    (["x*y - 1"], "1/10", ["2", "1"], "nesterov", "1/2", "rotating"),
    (["x*y - 1"], "3/10", ["2", "1"], "nesterov", "1/2", "tangential"),
    (["x*y - 1", "y*z - 2"], "1/10", ["2", "1", "1"], "heavy-ball", "1/20", "small-step"),
    (["x*y - 1", "y*z - 2"], "2/5", ["1", "6/5", "3/2"], "heavy-ball", "1/20", "large-step"),
    (["x*y - 1", "y*z - 2"], "7/20", ["1", "6/5", "3/2"], "nesterov", "1/20", "large-step"),
    (["tanh(a*w) - 1/2", "sin(a) + b*w - 1"], "3/10", ["1", "1/3", "1/2"], "nesterov", "1/5", "small-step"),
    # Residuals that depend on each other, and as many residuals as variables.
    (["x*y - 1", "2*x*y - 2"], "1/100", ["2", "1"], "heavy-ball", "1/10", "small-step"),
    (["x*y - 1", "x - 2*y"], "1/20", ["2", "1"], "nesterov", "1/4", "small-step"),
]


@pytest.mark.parametrize(("residuals", "eta", "start", "name", "beta", "regime"), KNOWN)
def test_limits_against_a_simulation(residuals, eta, start, name, beta, regime):
    variables = ["a", "b", "w"] if "tanh" in residuals[0] else None
    found = decided(residuals, eta, start, name, beta, variables=variables)
    assert found.verdict is Verdict.PROVED, found.reason
    answer = valley_answer(found)
    assert answer["regime"] == regime
    proof = stored(found)
    require_shape(proof)
    assert check(proof) is None
    k = found.arrival.step
    with mpmath.workprec(400):
        seen = simulated(residuals, list(found.problem.variables), eta, start, name, beta, k + 300)
        end = seen[-1]
        for x, (centre, radius) in zip(end, answer["minimizer"], strict=True):
            assert abs(x - centre) <= radius + 1e-14, "the point of arrival"
        k += 120 + k % 2  # The vector is that of even steps.
        directions = []
        for j in range(k, k + 40):
            h = [a - b for a, b in zip(seen[j], end, strict=True)]
            directions.append([x / mpmath.sqrt(sum(y * y for y in h)) for x in h])
    if regime == "rotating":
        assert answer["limit"]["vector"] is None and len(answer["limit"]["angles"]) == 1
        cosines = [sum(x * y for x, y in zip(a, b, strict=True)) for a, b in pairwise(directions)]
        assert min(cosines) < -0.5 and max(cosines) > 0.5, "neither a limit nor an alternating one"
        return
    error = max(abs(x - v) for x, v in zip(directions[0], answer["limit"]["vector"], strict=True))
    assert error < 1e-3, f"the direction at step {k} is off by {error}"
    sign = -1 if regime == "large-step" else 1
    assert max(abs(a - sign * b) for a, b in zip(directions[0], directions[1], strict=True)) < 2e-3


def shifted(text, by):
    return str(Fraction(text) + by)


def narrowed(c):
    c["limit"]["vector"] = [[shifted(a, Fraction(1, 10**6)), shifted(b, Fraction(1, 10**6))] for a, b in vector(c)]


def vector(c):
    return c["limit"]["vector"]


TAMPERED = {
    "another step size": lambda c: c["problem"].update(step_size="1/2"),
    "another scale": lambda c: c["problem"].update(scale="1"),
    "other residuals": lambda c: c["problem"].update(residuals=["x*y - 2", "y*z - 2"]),
    "another start": lambda c: c["problem"].update(start=["1", "1", "3/2"]),
    "another momentum": lambda c: c["problem"]["method"].update(momentum="1/5"),
    "the other method": lambda c: c["problem"]["method"].update(name="nesterov"),
    "the other regime": lambda c: c.update(regime="large-step"),
    "a regime that is none": lambda c: c.update(regime="boundary"),
    "along the valley": lambda c: c.update(regime="tangential"),
    "turning": lambda c: (c.update(regime="rotating"), c.update(limit={"kind": "rotating", "vector": []})),
    "an earlier step": lambda c: c.update(step=9),
    "a smaller ball": lambda c: c["arrival"].update(reach="1e-60"),
    "a larger ball": lambda c: c["arrival"].update(reach="1"),
    "another point": lambda c: c["arrival"].update(
        centre=[shifted(x, Fraction(1, 10**6)) for x in c["arrival"]["centre"]]
    ),
    "a smaller radius": lambda c: c["arrival"].update(radius="1e-60"),
    "smaller powers": lambda c: c.update(powers="1/2"),
    "swapped vectors": lambda c: c["spectrum"]["vectors"].reverse(),
    "another eigenvalue": lambda c: c["spectrum"].update(lowest=["1", "1.0000001"]),
    "the opposite limit": lambda c: c["limit"].update(
        vector=[[shifted(0, -Fraction(b)), shifted(0, -Fraction(a))] for a, b in vector(c)]
    ),
    "another kind": lambda c: c["limit"].update(kind="alternating"),
    "a limit beside it": narrowed,
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(what):
    genuine = stored(decided(["x*y - 1", "y*z - 2"], "1/10", ["2", "1", "1"], "heavy-ball", "1/20"))
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert tampered != genuine
    assert check(tampered) is not None, what


@pytest.mark.parametrize(
    ("name", "eta", "what"),
    [
        (
            "heavy-ball",
            "1/10",
            {"regime": "small-step", "limit": {"kind": "fixed", "vector": [["0", "1"], ["0", "1"]]}},
        ),
        ("heavy-ball", "1/10", {"step": 20}),
        ("nesterov", "1/10", {"regime": "tangential"}),
        ("nesterov", "3/10", {"regime": "rotating", "limit": {"kind": "rotating", "vector": []}}),
        ("nesterov", "3/10", {"regime": "small-step"}),
        ("nesterov", "3/10", {"step": 30}),
        ("nesterov", "3/10", {"limit": {"kind": "fixed", "vector": [["0.41", "0.42"], ["0.9", "0.91"]]}}),
    ],
)
def test_other_regimes_tampered_with_are_rejected(name, eta, what):
    genuine = stored(decided(["x*y - 1"], eta, ["2", "1"], name, "1/2"))
    assert check(genuine) is None
    try:
        assert check(genuine | what) is not None
    except BadCertificate:
        assert "limit" in what or "regime" in what


@pytest.mark.parametrize(
    ("residuals", "eta", "near", "start", "method"),
    [
        (["x*y + 9/16"], "68/135", ["-812499999999999/1000000000000000", "13/16"], ["-13/16", "13/16"], "nesterov"),
        (["x - y", "x + y - z*z/8"], "1/5", ["1/1000000000000", "0", "1"], ["0", "0", "1"], "heavy-ball"),
    ],
)
def test_without_an_amplitude_nothing_is_accepted(residuals, eta, near, start, method):
    """A start beside an exceptional one is proved; of the exceptional one all claims hold but the inequality."""
    beta = "7/10" if method == "nesterov" else "1/20"
    proof = stored(decided(residuals, eta, near, method, beta))
    assert check(proof) is None
    proof["problem"]["start"] = start
    proof["arrival"]["radius"] = "1e-10"
    for end in ("lowest", "highest"):
        low, high = map(Fraction, proof["spectrum"][end])
        proof["spectrum"][end] = [str(low * (1 - Fraction(1, 10**8))), str(high * (1 + Fraction(1, 10**8)))]
    assert "amplitude > tail fails" in check(proof)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("powers"), "powers"),
        (lambda c: c["problem"].pop("method"), "method"),
        (lambda c: c["problem"].update(method={"name": "adam", "beta1": "0", "beta2": "0", "epsilon": "1"}), "method"),
        (lambda c: c["problem"]["method"].update(momentum="1"), "momentum"),
        (lambda c: c["limit"].update(vector=[]), "limit.vector"),
        (lambda c: c.update(schema="gdcheck-valley/1"), "certificate"),
    ],
)
def test_a_malformed_field_is_named(change, said):
    broken = stored(decided(["x*y - 1"], "1/20", ["2", "1"], "heavy-ball", "1/10"))
    change(broken)
    with pytest.raises(BadCertificate, match=said):
        check(broken)


def test_no_momentum_is_gradient_descent():
    plain = valley_answer(decide_valley(ValleyProblem.of(["x*y - 1"], step_size="1/10", start=["2", "1"])))
    zero = valley_answer(decided(["x*y - 1"], "1/10", ["2", "1"], "heavy-ball", "0"))
    assert zero["limit"]["vector"] == pytest.approx(plain["limit"]["vector"], abs=1e-9)
    assert zero["boundary"][0] == pytest.approx(plain["boundary"][0], abs=1e-9)
    assert zero["stability_limit"][0] == pytest.approx(plain["stability_limit"][0], abs=1e-9)


def test_thresholds_are_those_of_the_formulas():
    b, low, high = 0.5, 2.0, 300.0
    ball = valley_thresholds(arb(2), arb(300), HeavyBall(rational("1/2")), tangential=True)
    assert ball.window is None and float(ball.boundary.mid()) == pytest.approx(2 * (1 + b) / (low + high))
    assert float(ball.stability_limit.mid()) == pytest.approx(2 * (1 + b) / high)
    near = valley_thresholds(arb(2), arb(3), HeavyBall(rational("1/2")), tangential=True)
    assert near.boundary is None and near.tangential is None
    ends = [float(end.mid()) for end in near.window]
    assert ends == pytest.approx([(1 - sqrt(b)) ** 2 / 2, (1 + sqrt(b)) ** 2 / 3])
    looking = valley_thresholds(arb(2), arb(3), Nesterov(rational("1/2")), tangential=True)
    assert [float(end.mid()) for end in looking.tangential] == pytest.approx([0.25, 1.2 / 3])
    assert [float(end.mid()) for end in looking.window] == pytest.approx([(1 / 3) ** 2 / 2, 0.25])
    without = valley_thresholds(arb(2), arb(3), Nesterov(rational("1/2")), tangential=False)
    assert without.tangential is None and without.window is not None
    wide = valley_thresholds(
        arb(2).union(arb(200)), arb(3).union(arb(300)), HeavyBall(rational("1/2")), tangential=True
    )
    assert wide.boundary is None and wide.window is None


@pytest.mark.parametrize("eta", ["1/20", "1/10", "3/20", "1/5", "3/10", "2/5", "9/20", "1/2"])
def test_regimes_lie_where_the_thresholds_say(eta):
    answer = valley_answer(decided(["x*y - 1"], eta, ["6/5", "1"], "nesterov", "1/2"))
    at, (first, second), third = float(Fraction(eta)), answer["window"], answer["tangential_window"][1]
    expected = (
        "small-step"
        if at < first[0]
        else "rotating"
        if at < second[0]
        else "tangential"
        if at < third[0]
        else "large-step"
    )
    assert answer["regime"] == expected and at < answer["stability_limit"][0]


def test_a_loss_that_is_a_sum_of_squares_is_recognized(gdcheck):
    problem = Problem(
        "(1 - x*y)**2/2", step_size="1/10", start=["2", "1"], method={"name": "nesterov", "momentum": "1/2"}
    )
    assert as_valley(problem).method == Nesterov(rational("1/2"))
    words = ("--step-size", "0.1", "--start", "2,1", "--method", "nesterov", "--momentum", "0.5", "--json")
    squared = json.loads(gdcheck("check", "--loss", "(1-x*y)**2/2", *words)[1])
    written = json.loads(gdcheck("check", "--residual", "x*y - 1", *words)[1])
    assert squared["limit"] == written["limit"] and squared["theorem"] == "valley"
    assert squared["recheck"] == written["recheck"] == "accepted"


def test_the_command_line(gdcheck, tmp_path):
    words = ("--residual", "x*y - 1", "--start", "2,1", "--method", "nesterov", "--momentum", "0.5")
    proof = tmp_path / "valley.json"
    code, out, _ = gdcheck("check", *words, "--step-size", "0.3", "--certificate", str(proof))
    assert code == 0 and "along the valley" in out and "PROVED" in out
    assert gdcheck("recheck", str(proof))[0] == 0
    assert gdcheck("replay", str(proof))[1].startswith("SAME: proved")
    assert gdcheck("plot", str(proof), "--out", str(tmp_path / "a.svg"))[0] == 0
    problem = tmp_path / "problem.json"
    method = {"name": "heavy-ball", "momentum": "1/2"}
    problem.write_text(json.dumps({"residuals": ["x*y - 1"], "step_size": "0.1", "start": [2, 1], "method": method}))
    code, out, _ = gdcheck("check", "--problem", str(problem), "--json")
    answer = json.loads(out)
    assert code == 0 and answer["method"] == method and answer["limit"]["kind"] == "rotating"
    assert gdcheck("map", str(problem), "--size", "20", "--out", str(tmp_path / "map.png"))[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "adam"), "method: adam is not decided in valleys"),
        (("--method", "gradient-descent", "--preconditioner", "2,0;0,1"), "method: preconditioned gradient descent"),
        (("--method", "heavy-ball"), "momentum: is missing"),
        (("--method", "heavy-ball", "--momentum", "1"), "momentum: 1 is not in [0, 1)"),
        (("--method", "nesterov", "--momentum", "0.5", "--sharpness"), "sharpness: is answered for gradient descent"),
    ],
)
def test_bad_input_is_one_sentence(gdcheck, words, said):
    code, _, err = gdcheck("check", "--residual", "x*y - 1", "--step-size", "0.1", "--start", "2,1", *words)
    assert code == 2 and err.startswith(f"error: {said}") and err.count("\n") == 1


def test_what_is_not_decided_says_why():
    assert "leave every bound" in decided(["x*y - 1"], "2", ["2", "1"], "heavy-ball", "9/10").reason
    assert "never vanish" in decided(["x**2 + 1", "y"], "1/10", ["2", "1"], "heavy-ball", "1/2").reason
    away = ["x**4 - 2*x**2 + x/8 + 2", "y"]
    assert "settle where" in decided(away, "1/100", ["1", "1"], "heavy-ball", "1/2").reason
    # On the line x = −y the buffer has no part along the valley.
    exceptional = decided(["x*y + 9/16"], "68/135", ["-13/16", "13/16"], "nesterov", "7/10")
    assert exceptional.cause == "absent" and "plane of symmetry" in exceptional.reason
    # With one residual that is linear, ηλ = 1 is where Nesterov's multipliers vanish; here no direction lies along it.
    assert decided(["x + y - 1"], "1/10", ["1", "1"], "heavy-ball", "1/2").verdict is Verdict.PROVED


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_of_the_page(file):
    answer = valley_answer(decide_valley(ValleyProblem.from_json(json.loads(file.read_text()))))
    assert answer["verdict"] == "proved" and answer["regime"] == file.stem


def test_there_is_an_example_of_each_regime():
    assert len(EXAMPLES) == 4


def test_sharpness_is_not_spoken_of():
    assert valley_sharpness(decided(["x*y - 1"], "1/10", ["2", "1"], "heavy-ball", "1/2")) is None


def test_a_stored_problem_keeps_its_method():
    problem = decided(["x*y - 1"], "1/10", ["2", "1"], "heavy-ball", "1/2").problem
    assert StoredExample.of(problem).read().method == problem.method
    assert ValleyProblem.from_json(problem.to_json()).method == problem.method
    with pytest.raises(InputError, match="method"):
        ValleyProblem.from_json(problem.to_json() | {"method": "rmsprop"})
