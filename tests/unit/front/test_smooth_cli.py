"""Smooth losses on the command line and from Python: check, recheck, replay, JSON Lines, and bad input."""

import json
import re
import shlex
from math import exp
from pathlib import Path

import pytest

import gdcheck as api

PAGE = (Path(__file__).parents[3] / "docs" / "smooth.md").read_text(encoding="utf-8")
LOGISTIC = "log(1+exp(-w))+log(1+exp(10*w))"
COMMAND = ("check", "--loss", LOGISTIC, "--step-size", "0.3", "--start", "0")
TWO = "(x - 1)**2 + exp(x*y) + y**2"


def answered(gdcheck, *words):
    code, out, err = gdcheck(*words, "--json")
    assert err == ""
    return code, json.loads(out)


def test_the_page_s_example_runs(gdcheck):
    commands = re.findall(r"^\$ (gdcheck .+)$", PAGE, flags=re.MULTILINE)
    assert commands
    for command in commands:
        code, out, err = gdcheck(*shlex.split(command)[1:])
        assert (code, err) == (0, "")
        assert out.startswith("PROVED")
        assert "rechecked" in out and "enclosed" in out


def test_the_minimizer_is_an_array_of_centre_and_radius(gdcheck):
    code, answer = answered(gdcheck, "check", "--loss", TWO, "--step-size", "1/5", "--start", "1,1")
    assert (code, answer["verdict"], answer["recheck"]) == (0, "proved", "accepted")
    assert [len(pair) for pair in answer["minimizer"]] == [2, 2]
    # ∇f(x, y) = (2(x − 1) + y e^{xy}, x e^{xy} + 2y) is zero there.
    (x, near_x), (y, near_y) = answer["minimizer"]
    assert 0 < near_x < 1e-15 and 0 < near_y < 1e-15  # The rounding to floats is in it.
    assert 2 * (x - 1) + y * exp(x * y) == pytest.approx(0, abs=1e-14)
    assert x * exp(x * y) + 2 * y == pytest.approx(0, abs=1e-14)


def test_one_variable_has_both_ends_in_one_and_still_a_sign(gdcheck):
    code, answer = answered(gdcheck, *COMMAND)
    assert (code, answer["verdict"], answer["fails"]) == (3, "not-applicable", ["distinct-ends"])
    assert answer["limit"] == {"kind": "alternating", "vector": [-1.0]}
    assert answer["minimizer"][0][0] == pytest.approx(-0.280656, abs=1e-6)
    assert answer["stability_limit"][0] == pytest.approx(0.35602, abs=1e-5)
    assert answer["recheck"] == "accepted"


def test_an_irrational_minimizer_of_a_polynomial_is_enclosed(gdcheck):
    loss = "(x**2 + y - 11)**2 + (x + y**2 - 7)**2"
    words = ("check", "--loss", loss, "--step-size", "0.01", "--start", "-1,-1")
    code, answer = answered(gdcheck, *words)
    assert (code, answer["verdict"], answer["recheck"]) == (0, "proved", "accepted")
    assert [x for x, _ in answer["minimizer"]] == pytest.approx([-3.77931025, -3.28318599], abs=1e-8)
    # --near searches another one: that it is not the one tended to leaves the verdict open.
    code, answer = answered(gdcheck, *words, "--near", "3.5,-1.8", "--max-steps", "300")
    assert (code, answer["verdict"]) == (3, "unresolved")
    assert [x for x, _ in answer["minimizer"]] == pytest.approx([3.58442834, -1.84812653], abs=1e-8)


def test_certificates_are_rechecked_and_replayed(gdcheck, tmp_path):
    path = tmp_path / "certificate.json"
    assert gdcheck("check", "--loss", TWO, "--step-size", "1/5", "--start", "1,1", "--certificate", path)[0] == 0
    assert gdcheck("recheck", path)[:2] == (0, f"{path}: accepted\n")
    code, out, _ = gdcheck("replay", path)
    assert code == 0 and out.startswith("SAME: proved")
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"step": 0}))
    code, out, _ = gdcheck("recheck", path)
    assert code == 1 and "rejected: sigma < 1 fails at step 0" in out
    path.write_text(json.dumps(stored | {"verdict": "refuted"}))
    assert gdcheck("replay", path)[0] == 1
    path.write_text(json.dumps(stored | {"minimizer": {"centre": [0, 0], "radius": "1"}}))
    code, _, err = gdcheck("recheck", path)
    assert code == 2 and "minimizer.centre" in err


def test_lines_of_both_kinds_are_decided_together(gdcheck, tmp_path):
    lines = [
        {"loss": "x**2 + y**2/2 + x**2*y + x**3", "step_size": "0.95", "start": ["0.1", "0.1"]},
        {"loss": TWO, "step_size": 0.2, "start": {"y": 1, "x": "1"}},
        {"loss": "softplus(x) + tanj(x)", "step_size": "0.1", "start": ["1"]},
        {"loss": "x**4 - 3*x**2 + 2 + y**2", "step_size": "1/10", "start": ["-2.5", "1"]},
        {"loss": "sinh(x) + sin(x)", "step_size": "1/10", "start": ["0"]},
    ]
    path = tmp_path / "problems.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    code, out, _ = gdcheck("check", "--problem", path, "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [a["line"] for a in answers] == [1, 2, 3, 4, 5]
    assert [a.get("verdict") for a in answers] == ["proved", "proved", None, "proved", "unresolved"]
    assert "did you mean tan" in answers[2]["error"]
    assert isinstance(answers[0]["minimizer"], dict) and isinstance(answers[1]["minimizer"], list)
    assert answers[3]["minimizer"][0][0] == pytest.approx(-(1.5**0.5), abs=1e-15)
    # Both kinds answer with the same keys.
    assert set(answers[1]) == set(answers[0])


BAD = [
    ("exp(x", "1", (), "loss: the text ends inside a parenthesis at character 6; add ')'"),
    ("soft(x) + x**2", "1", (), "unknown function 'soft' at character 1"),
    ("x**y + exp(x)", "1,1", (), "a power that is not a number"),
    ("exp(x)/0", "1", (), "a division by zero"),
    ("exp(pi*x) + x**2", "1", (), "pi"),
    ("log(x) + x**2", "-1", (), "start: the loss is not smooth there, or not defined; give another start"),
    ("sqrt(x**2)", "0", (), "start: the loss is not smooth there"),
    ("exp(x) - x + y**2", "1,1", ("--minimizer", "0,1"), "minimizer: is not a critical point"),
    ("exp(x) - x + y**2", "1", (), "start: has 1 coordinates; give 2, for x, y"),
    ("exp(x) - x + y**2", None, ("--sharpness",), "start: is missing"),
    ("exp(x) - x + y**2", "1,1", ("--within", "-1"), "within: -1 is not positive"),
    ("exp(x) - x + y**2", "1,1", ("--scalar", "sin(z)"), "scalar: unknown variable 'z'"),
    ("exp(x) - x + y**2", "1,1", ("--scalar", "max(x, 0)**4"), "scalar: max is followed where"),
]


@pytest.mark.parametrize(("loss", "start", "more", "said"), BAD)
def test_bad_input_is_one_sentence(gdcheck, loss, start, more, said):
    words = [] if start is None else ["--start", start]
    code, out, err = gdcheck("check", "--loss", loss, "--step-size", "0.1", *words, *more)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_without_a_minimum_it_says_so(gdcheck):
    code, answer = answered(gdcheck, "check", "--loss", "sinh(x) + sin(x) + y**2", "--step-size", "0.5", "--start=0,1")
    assert (code, answer["verdict"], answer["minimizer"]) == (3, "unresolved", None)
    assert answer["reason"].startswith("the iterates leave every bound")
    assert answer["reason"].endswith("it seems to be unbounded below there; another --start may tend to a minimum")


def test_python_decides_and_certifies():
    problem = api.SmoothProblem.of("softplus(-3*w) + w**2/8 + (v - w)**2", step_size="0.3", start={"v": "1", "w": "0"})
    decision = api.decide(problem)
    assert decision.verdict is api.Verdict.PROVED
    proof = api.certify(decision)
    assert api.recheck(proof).reason == "every claim is verified"
    assert not api.recheck(proof | {"step": 0})
    assert api.recheck(proof | {"regime": None}).reason.startswith("malformed: regime")
    with pytest.raises(api.InputError, match="nothing is proved"):
        api.certify(api.decide(api.SmoothProblem.of("exp(x)", step_size="0.3", start=["0"])))


OWN_FILE = """import numpy as np

def loss(w):
    return np.logaddexp(0, -3 * w[0]) + w[0] ** 2 / 8 + (w[1] - w[0]) ** 2

def kinked(w):
    return np.abs(w).sum()

size = 3
"""


def test_a_function_of_one_s_own_file_is_decided(gdcheck, tmp_path):
    path, proof = tmp_path / "own.py", tmp_path / "proof.json"
    path.write_text(OWN_FILE)
    words = ("check", "--step-size", "0.3", "--start", "0,1")
    code, answer = answered(gdcheck, *words, "--loss-function", f"{path}:loss", "--certificate", proof)
    assert (code, answer["verdict"], answer["recheck"], answer["variables"]) == (0, "proved", "accepted", ["w1", "w2"])
    text = "softplus(-3*w1) + w1**2/8 + (w2 - w1)**2"
    assert answered(gdcheck, *words, "--loss", text)[1]["limit"] == answer["limit"]
    assert gdcheck("recheck", proof)[0] == 0
    assert gdcheck("replay", proof)[1].startswith("SAME: proved")
    for name, said in (("kinked", "uses absolute"), ("size", "has no function size"), ("none", "has no function none")):
        code, out, err = gdcheck(*words, "--loss-function", f"{path}:{name}")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    for other in ("own:loss", f"{tmp_path}/none.py:loss", str(path)):
        assert gdcheck(*words, "--loss-function", other)[0] == 2
    assert gdcheck(*words, "--loss-function", f"{path}:loss", "--loss", "x**2")[0] == 2


OBSERVED = [
    ("softplus(x - 2*y) + x**2 + sqrt(1 + y**2) + tanh(x)/3", "0.4", "1,-1"),
    ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", "0.01", "-1,-1"),
    ("erf(x - y) + x**2 + y**2/2 + atan(y)**2/3 + cosh(x*y)", "0.3", "1,1/2"),
    ("x - log(x) + sin(y)**2 + y**2/8 + 1/(1 + exp(-x)) + log1p(y**2)*cos(x)/9", "0.6", "1/3,1/2"),
]


@pytest.mark.parametrize(("loss", "eta", "start"), OBSERVED)
def test_the_proved_limit_is_observed(gdcheck, loss, eta, start):
    code, answer = answered(gdcheck, "check", "--loss", loss, "--step-size", eta, "--start", start, "--observe")
    seen = answer["observed"]
    assert (code, answer["verdict"], seen["settled"], seen["kind"]) == (0, "proved", True, answer["limit"]["kind"])
    assert seen["vectors"][0] == pytest.approx(answer["limit"]["vector"], abs=1e-12)


def test_without_a_minimizer_nothing_is_observed(gdcheck):
    words = ("check", "--loss", "exp(x) + y**2", "--step-size", "0.5", "--start", "0,1", "--observe")
    code, answer = answered(gdcheck, *words)
    assert (code, answer["observed"]["settled"]) == (3, False)
    assert "no direction to observe" in answer["observed"]["note"]


def test_a_problem_takes_a_function():
    problem = api.Problem(lambda w: w @ w + w[0] / 3 + w[1] ** 4, step_size="0.2", start=["1", "1"])
    assert isinstance(problem, api.SmoothProblem)
    assert api.decide(problem).minimizer is not None
    assert isinstance(api.Problem("x**2 + 2*y**2", step_size="1/10", start=[1, 1]), api.Problem)
    assert isinstance(api.Problem("exp(x) - x", step_size="1/10", start=[1]), api.SmoothProblem)


LIMITS = [
    ("cosh(x) + cos(y)", "1,0", "not-applicable", "proved to be a saddle: there the Hessian has the eigenvalue -1"),
    ("exp(x) + y**2", "0,1", "unresolved", "proved to fall everywhere along (x=-1): it has no critical point"),
    ("exp(x + y) - x - y", "1,0", "unresolved", "the loss does not change along (x=1, y=-1)"),
]


@pytest.mark.parametrize(("loss", "start", "verdict", "said"), LIMITS)
def test_another_kind_of_point_is_named(gdcheck, loss, start, verdict, said):
    code, answer = answered(gdcheck, "check", "--loss", loss, "--step-size", "0.2", "--start", start)
    assert (code, answer["verdict"]) == (3, verdict)
    assert said in answer["reason"]


def test_a_constant_may_be_irrational(gdcheck):
    # ∇ = 0 at x = −√2/2; λ = 2.
    words = ("check", "--loss", "x**2 + sqrt(2)*x + y**2/2", "--step-size", "0.3", "--start", "1,1")
    code, answer = answered(gdcheck, *words)
    assert (code, answer["verdict"], answer["recheck"]) == (0, "proved", "accepted")
    assert answer["minimizer"][0][0] == pytest.approx(-(0.5**0.5), abs=1e-15)


def test_what_else_is_asked_is_proved_and_rechecked(gdcheck, tmp_path):
    path = tmp_path / "sharp.json"
    words = ("check", "--loss", "exp(x) - x + y**2 + x*y**2", "--step-size", "0.3", "--start", "0.2,0.3")
    more = ("--sharpness", "--scalar", "x**3", "--observe", "--within", "0.01", "--iterate", "3", "--certificate", path)
    code, answer = answered(gdcheck, *words, *more)
    sharp, (scalar,) = answer["sharpness"], answer["scalars"]
    assert (code, answer["recheck"], sharp["recheck"]) == (0, "accepted", "accepted")
    assert (sharp["kind"], sharp["certified"]) == ("monotone-from-above", ["pattern", "crossings"])
    assert (scalar["kind"], scalar["order"], scalar["limit"]) == ("monotone-from-above", 3, "0")
    assert answer["observed"]["kind"] == "fixed"
    assert (answer["within"]["status"], answer["iterate"]["status"]) == ("proved", "proved")
    assert "monotone-from-above from step" in gdcheck("recheck", path)[1]
    code, out, _ = gdcheck("replay", path)
    assert code == 0 and out.count("SAME") == 2
    code, out, _ = gdcheck(*words, "--sharpness", "--scalar", "sin(x)")
    assert "rechecked" in out and "sin(x)" in out


def test_without_a_start_almost_every_start_is_decided(gdcheck, tmp_path):
    path = tmp_path / "every.json"
    words = ("check", "--loss", "exp(x) - x + y**2 + x*y**2", "--step-size", "0.3")
    code, answer = answered(gdcheck, *words, "--certificate", path)
    assert (code, answer["starts"], answer["recheck"]) == (0, "almost-every", "accepted")
    assert gdcheck("recheck", path)[0] == 0
    assert gdcheck("replay", path)[1].startswith("SAME: proved")
    # An irrational minimizer of a polynomial that has no rational one.
    code, answer = answered(gdcheck, "check", "--loss", "x**4 - 3*x**2 + x + y**2", "--step-size", "0.1")
    assert (code, answer["recheck"]) == (0, "accepted")


def test_steps_and_plot_take_smooth_losses(gdcheck, tmp_path):
    code, out, err = gdcheck("steps", "--loss", "cos(x) + x**2/20 + 2*y**2", "--json")
    lines = json.loads(out)["minimizers"]
    assert (code, err) == (0, "")
    assert [float(line["minimizer"][0]) for line in lines] == pytest.approx([-2.85234189, 2.85234189])
    assert gdcheck("steps", "--loss", "exp(x)")[0] == 2
    picture = tmp_path / "smooth.svg"
    code, out, _ = gdcheck("plot", "--loss", TWO, "--step-size", "1/5", "--start", "1,1", "--out", picture)
    assert code == 0 and "Sharpness" in picture.read_text() and "level sets" in picture.read_text()
    code, _, err = gdcheck("plot", "--loss", "exp(x)", "--step-size", "1/5", "--start", "1", "--out", picture)
    assert code == 2 and "leads to no minimizer" in err
