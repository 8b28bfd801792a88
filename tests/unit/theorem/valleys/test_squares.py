"""Losses that are written as sums of squares."""

import json

import pytest

import gdcheck
from gdcheck.theorem.smooth.problem import read_problem
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.squares import as_valley, squares


def taken(text, start, **more):
    found = as_valley(read_problem(text, step_size="0.1", start=start, **more))
    return None if found is None else (str(found.scale), [r.text for r in found.residuals])


@pytest.mark.parametrize(
    ("text", "start", "scale", "residuals"),
    [
        ("(1-x*y)**2/2", ["2", "1"], "1/2", ["1 - x*y"]),
        ("0.25*(tanh(x*y)-1/2)**2+1", ["1", "1"], "1/4", ["tanh(x*y) - 1/2"]),
        ("((x*y-1)**2+4*(z*y-1)**2)/3", ["1", "2", "1"], "1/3", ["x*y - 1", "2*(y*z - 1)"]),
        ("(x*y*z-1)**2/2 + 3*(x-y)**2", ["2", "1", "1"], "1/2", ["z*(x*y) - 1", "sqrt(6)*(x - y)"]),
        ("(-x - y - 2)^2", ["2", "1"], "1", ["- x - y - 2"]),
    ],
)
def test_residuals_are_those_that_are_written(text, start, scale, residuals):
    assert taken(text, start) == (scale, residuals)


@pytest.mark.parametrize(
    "text",
    ["(x**2+y-11)**2 + (x+y**2-7)**2", "x**2 + y**2/2", "(x*y-1)**2 - (x-y)**2", "(x*y-1)**4", "(x*y-1)**2 + x"],
)
def test_other_losses_are_left_alone(text):
    assert taken(text, ["2", "1"]) is None


def test_a_given_minimizer_is_the_question():
    assert taken("(1-x*y)**2/2", ["2", "1"], minimizer=["1", "1"]) is None


@pytest.mark.parametrize(
    "text", ["sin(x)**2*y", "(x - 3/7)**(3/2)", "exp(-x)*(y + 1)", "x/(1 + y**2)", "sqrt(y) - 2*x"]
)
def test_texts_say_what_was_read(text):
    _, (written,) = squares(read_smooth(f"({text})**2", ["x", "y"]))
    again = read_smooth(written, ["x", "y"])
    _, (twice,) = squares(read_smooth(f"({written})**2", ["x", "y"]))
    assert written == twice
    at = {"x": 0.9, "y": 0.7}
    functions = {name: getattr(__import__("math"), name) for name in ("sin", "exp", "sqrt")}
    assert eval(again.text, {**functions, **at}) == pytest.approx(eval(text, {**functions, **at}))  # noqa: S307


def test_a_valley_is_decided_by_itself(gdcheck):
    code, out, _ = gdcheck("check", "--loss", "(1-x*y)**2/2", "--step-size", "0.1", "--start", "2,1", "--json")
    answer = json.loads(out)
    assert code == 0 and answer["theorem"] == "valley" and answer["recheck"] == "accepted"
    isolated = ("check", "--loss", "(x**2+y-11)**2 + (x+y**2-7)**2", "--step-size", "0.01", "--start", "3.1,2.1")
    code, out, _ = gdcheck(*isolated, "--json")
    assert code == 0 and "theorem" not in json.loads(out)


def test_residuals_that_do_not_vanish_are_a_loss(gdcheck):
    words = ("--residual", "x**2 + 1", "--residual", "y", "--step-size", "0.1", "--start", "1,1", "--json")
    code, out, _ = gdcheck("check", *words)
    answer = json.loads(out)
    assert code == 0 and "theorem" not in answer and answer["verdict"] == "proved"


def test_in_python():
    found = gdcheck.decide(gdcheck.Problem("(1-x*y)**2/2", step_size="0.45", start=["2", "1"]))
    assert isinstance(found, ValleyDecision) and gdcheck.recheck(gdcheck.certify(found))
    same = gdcheck.decide(gdcheck.Problem.residuals(["1 - x*y"], step_size="0.45", start=["2", "1"]))
    assert same.arrival.centre == found.arrival.centre


def test_a_function_of_a_vector_returns_a_vector():
    import numpy as np

    def residuals(w):
        return np.array([np.tanh(w[0] * w[1]) - 0.5, w[1] * w[2] - 2 * w[0]])

    more = {"step_size": "1/5", "start": ["1", "1", "1/2"]}
    traced = gdcheck.decide(gdcheck.Problem.residuals(residuals, **more))
    texts = ["tanh(w1*w2) - 1/2", "w2*w3 - 2*w1"]
    written = gdcheck.decide(gdcheck.Problem.residuals(texts, **more))
    assert traced.verdict is gdcheck.Verdict.PROVED and gdcheck.recheck(gdcheck.certify(traced))
    assert traced.arrival.centre == pytest.approx(written.arrival.centre, abs=1e-12)
    with pytest.raises(gdcheck.InputError, match="returns no vector"):
        gdcheck.Problem.residuals(lambda w: w[0], **more)
    with pytest.raises(gdcheck.InputError, match="returns no vector"):
        gdcheck.Problem.residuals(lambda w: [1.0, 2.0], **more)
