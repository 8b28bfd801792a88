"""Limits of direction in valleys: against a simulation that shares no code, with certificates that are accepted."""

import json
import random
from copy import deepcopy
from fractions import Fraction

import mpmath
import pytest

from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check, require_shape
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_residuals, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from tests.builders.smooth import compiled, numeric_gradient


def decided(residuals, eta, start, **more):
    return decide_valley(ValleyProblem.of(residuals, step_size=eta, start=start, **more))


def stored(decision):
    return json.loads(json.dumps(valley_certificate(decision)))


def simulated(residuals, names, eta, start, steps):
    """The iterates in mpmath, by differences of each residual."""
    functions = [compiled(text, names) for text in residuals]
    x = [mpmath.mpf(Fraction(s).numerator) / Fraction(s).denominator for s in start]
    step = mpmath.mpf(Fraction(eta).numerator) / Fraction(eta).denominator
    seen = [x]
    for _ in range(steps):
        u = [f(x) for f in functions]
        rows = [numeric_gradient(f, x) for f in functions]
        x = [a - step * sum(v * row[i] for v, row in zip(u, rows, strict=True)) for i, a in enumerate(x)]
        seen.append(x)
    return seen


KNOWN = [
    (["x*y - 1"], "1/10", ["2", "1"], "fixed"),
    (["x*y - 1"], "9/20", ["2", "1"], "alternating"),
    (["x*y*z - 1"], "1/10", ["2", "1", "7/10"], "fixed"),
    (["x*y*z - 1"], "7/20", ["6/5", "1", "7/10"], "alternating"),
    (["x**2 + y**2 - 1"], "1/10", ["2", "1"], "fixed"),
    (["x**2 + y**2 - 1"], "9/20", ["6/5", "1/10"], "alternating"),
    (["x*y - 1", "y*z - 2"], "1/10", ["2", "1", "1"], "fixed"),
    (["x*y - 1", "y*z - 2"], "7/20", ["1", "6/5", "3/2"], "alternating"),
    (["tanh(a*w) - 1/2", "sin(a) + b*w - 1"], "3/10", ["1", "1/3", "1/2"], "fixed"),
]


@pytest.mark.parametrize(("residuals", "eta", "start", "kind"), KNOWN)
def test_limits_against_a_simulation(residuals, eta, start, kind):
    variables = ["a", "b", "w"] if "tanh" in residuals[0] else None
    found = decided(residuals, eta, start, variables=variables)
    assert found.verdict is Verdict.PROVED, found.reason
    answer = valley_answer(found)
    assert answer["limit"]["kind"] == kind
    require_shape(stored(found))
    assert check(stored(found)) is None
    with mpmath.workprec(400):
        seen = simulated(residuals, list(found.problem.variables), eta, start, found.arrival.step + 400)
        end = seen[-1]
        for x, (centre, radius) in zip(end, answer["minimizer"], strict=True):
            assert abs(x - centre) <= radius + 1e-14, "the point of arrival"
        k = found.arrival.step
        k += k % 2  # The vector is that of even steps.
        h = [a - b for a, b in zip(seen[k], end, strict=True)]
        length = mpmath.sqrt(sum(x * x for x in h))
        error = max(abs(x / length - v) for x, v in zip(h, answer["limit"]["vector"], strict=True))
    assert error < 1e-6, f"the direction at step {k} is off by {error}"


@pytest.mark.parametrize("seed", range(8))
def test_random_polynomial_residuals(seed):
    rng = random.Random(seed)
    n = rng.randint(2, 4)
    names = [f"x{i + 1}" for i in range(n)]
    point = [Fraction(rng.randint(-8, 8), 8) for _ in names]
    residuals = []
    for _ in range(rng.randint(1, n - 1)):
        terms = [f"{rng.choice([-2, -1, 1, 2])}*({name} - {q})" for name, q in zip(names, point, strict=True)]
        a, b = rng.randrange(n), rng.randrange(n)
        residuals.append(f"({' + '.join(terms)})/2 + ({names[a]} - {point[a]})*({names[b]} - {point[b]})/4")
    start = [str(q + Fraction(rng.randint(-4, 4), 16)) for q in point]
    found = decided(residuals, "1/5", start, variables=names)
    if found.verdict is not Verdict.PROVED:
        assert "neighbour" in found.reason or "contraction" in found.reason or "unstable" in found.reason
        return
    assert check(stored(found)) is None


def test_scale_and_step_size_are_one_number():
    half, whole = decided(["x*y - 1"], "1/10", ["2", "1"]), decided(["x*y - 1"], "1/20", ["2", "1"], scale="1")
    a, b = valley_answer(half), valley_answer(whole)
    assert a["limit"] == b["limit"] and a["minimizer"] == b["minimizer"]
    assert a["boundary"][0] == pytest.approx(2 * b["boundary"][0])


def shifted(text, by):
    return str(Fraction(text) + by)


TAMPERED = {
    "another step size": lambda c: c["problem"].update(step_size="9/20"),
    "another scale": lambda c: c["problem"].update(scale="1"),
    "other residuals": lambda c: c["problem"].update(residuals=["x*y - 2", "y*z - 2"]),
    "another start": lambda c: c["problem"].update(start=["1", "1", "2"]),
    "the other regime": lambda c: c.update(regime="large-step"),
    "an earlier step": lambda c: c.update(step=3),
    "a smaller ball": lambda c: c["arrival"].update(reach="1e-60"),
    "another point": lambda c: c["arrival"].update(
        centre=[shifted(x, Fraction(1, 10**6)) for x in c["arrival"]["centre"]]
    ),
    "a smaller radius": lambda c: c["arrival"].update(radius="1e-60"),
    "swapped vectors": lambda c: c["spectrum"]["vectors"].reverse(),
    "another eigenvalue": lambda c: c["spectrum"].update(lowest=["1", "1.0000001"]),
    "the opposite limit": lambda c: c["limit"].update(
        vector=[[shifted(0, -Fraction(b)), shifted(0, -Fraction(a))] for a, b in c["limit"]["vector"]]
    ),
    "another kind": lambda c: c["limit"].update(kind="alternating"),
    "a limit beside it": lambda c: c["limit"].update(
        vector=[[shifted(a, Fraction(1, 10**6)), shifted(b, Fraction(1, 10**6))] for a, b in c["limit"]["vector"]]
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(what):
    genuine = stored(decided(["x*y - 1", "y*z - 2"], "1/10", ["2", "1", "1"]))
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert tampered != genuine
    assert check(tampered) is not None, what


@pytest.mark.parametrize("field", ["problem", "regime", "step", "arrival", "spectrum", "limit"])
def test_a_missing_field_is_named(field):
    broken = stored(decided(["x*y - 1"], "1/10", ["2", "1"]))
    del broken[field]
    with pytest.raises(BadCertificate, match=field):
        check(broken)


def test_what_is_not_decided_says_why():
    assert "leave every bound" in decided(["x*y - 1"], "2", ["2", "1"]).reason
    away = ["x**4 - 2*x**2 + x/8 + 2", "y"]
    assert "settle where the residuals do not vanish" in decided(away, "1/100", ["1", "1"]).reason
    with pytest.raises(InputError, match="lies on the valley"):
        decided(["x*y - 1"], "1/10", ["1", "1"])
    with pytest.raises(InputError, match="as many as variables"):
        decided(["x - 1", "x + 1"], "1/10", ["0"])
    with pytest.raises(InputError, match="step_size"):
        decided(["x*y - 1"], "0", ["2", "1"])


@pytest.mark.parametrize(
    ("residuals", "start", "more", "said"),
    [
        (["x*y - 1", "z - 1"], ["2", "1"], {"variables": ["x", "y"]}, "residuals: in 'z - 1': unknown variable 'z'"),
        (["x*y - 1 +"], ["2", "1"], {}, "residuals: in 'x*y - 1 +': the text ends"),
        (["x - 1", "x + 1"], ["2"], {}, "residuals: are 2 in 1 variables"),
        (["x*y - 1"], ["2", "1/2"], {}, "start: lies on the valley"),
        (["log(x)*y"], ["-1", "2"], {}, "start: the residuals are not smooth there"),
        (["x*y - 1"], ["1", "2"], {"scale": "0"}, "scale: 0 is not positive"),
        (["x*y - 1"], ["1", "2", "3"], {}, "start: has 3 coordinates"),
        ([], ["1", "2"], {}, "residuals: must be a list of texts"),
    ],
)
def test_bad_input_is_one_sentence(residuals, start, more, said):
    with pytest.raises(InputError) as caught:
        decided(residuals, "1/10", start, **more)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_causes_are_named():
    assert "never vanish together" in decided(["x*y - 1"], "1/10", ["0", "0"]).reason
    flat = decide_valley(ValleyProblem.of(["sinh(x*y)**2"], step_size="1/10", start=["1", "1"]), max_steps=2000)
    assert "loses rank" in flat.reason and flat.verdict is Verdict.UNRESOLVED
    assert "after finitely many steps" in decided(["x + y - 1"], "1/2", ["1", "1"]).reason
    assert "cannot be told from the boundary" in decided(["x**2 + y**2 - 1"], "1/4", ["9/10", "1/2"]).reason
    few = decide_valley(ValleyProblem.of(["x*y - 1"], step_size="1/10", start=["2", "1"]), max_steps=5)
    assert "within the steps allowed" in few.reason
    assert "never vanish together" in decided(["x*y - 1"], "1/10", ["1/10", "-1/10"]).reason


def test_a_minimum_with_residuals_is_handed_on():
    """By the strict-minimum path, in Python as on the command line."""
    found = decide_residuals(ValleyProblem.of(["x**2 + 1", "y/2"], step_size="1/10", start=["1/2", "1"]))
    assert isinstance(found, SmoothDecision) and found.verdict is Verdict.PROVED
    here = ValleyProblem.of(["x*y - 1"], step_size="1/10", start=["2", "1"])
    assert isinstance(decide_residuals(here), ValleyDecision) and decide_residuals(here).verdict is Verdict.PROVED


def test_scale_alone_is_refused(gdcheck):
    code, _, err = gdcheck("check", "--scale", "1", "--step-size", "0.1", "--start", "1,2")
    assert code == 2 and err.startswith("error: residual: is missing") and err.count("\n") == 1


def test_the_command_line(gdcheck, tmp_path):
    proof = tmp_path / "valley.json"
    code, out, _ = gdcheck(
        "check", "--residual", "x*y - 1", "--step-size", "0.1", "--start", "2,1", "--certificate", str(proof)
    )
    assert code == 0 and "PROVED" in out
    assert gdcheck("recheck", str(proof))[0] == 0
    assert gdcheck("replay", str(proof))[1].startswith("SAME: proved")
    file = tmp_path / "problem.json"
    file.write_text(json.dumps({"residuals": ["x*y - 1"], "step_size": "0.45", "start": {"x": 2, "y": 1}}))
    code, out, _ = gdcheck("check", "--problem", str(file), "--json")
    answer = json.loads(out)
    assert code == 0 and answer["theorem"] == "valley" and answer["limit"]["kind"] == "alternating"
    assert len(answer["minimizer"]) == len(answer["limit"]["vector"]) == 2
    for words in (["--loss", "x"], ["--minimizer", "1,1"], ["--observe"]):
        code, _, err = gdcheck("check", "--residual", "x*y - 1", "--step-size", "0.1", "--start", "2,1", *words)
        assert code == 2 and err.startswith("error: ") and err.count("\n") == 1, err


@pytest.mark.parametrize("method", [None, {"name": "heavy-ball", "momentum": "1/10"}])
def test_forty_variables_are_decided_and_rechecked(method):
    names = [f"x{i + 1}" for i in range(40)]
    weighted = " + ".join(f"{i + 1}/10*{name}" for i, name in enumerate(names))
    residuals = [f"{weighted} + x1*x2 - 1", f"{' + '.join(names)} + x3**2 - 2"]
    decision = decided(residuals, "1/400", ["1/10"] * 40, variables=names, method=method)
    assert decision.verdict is Verdict.PROVED
    assert check(stored(decision)) is None
