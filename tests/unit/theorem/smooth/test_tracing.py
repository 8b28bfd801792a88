"""Python functions traced to texts: the same loss comes out, and what has no enclosure is named."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.checker.smooth.derivatives import evaluate, gradient
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.smooth.tracing import traced_text

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(12, 3)), np.sign(RNG.normal(size=12))


def logistic(w):
    return np.logaddexp(0, -(X @ w) * Y).mean() + 0.05 * (w @ w)


def network(w):
    hidden = np.tanh(X[:, :2] @ w[:4].reshape(2, 2).T + w[4:6])
    return np.mean((hidden @ w[6:8] - Y) ** 2) + np.sum(w * w) / 8


def mixed(w):
    a, b = w[0], w[1]
    parts = np.concatenate([w[:2] * 2, np.stack([a * b, 1 / (2 + np.sin(a))])])
    return np.exp(-parts).sum() + np.linalg.norm(w) ** 2 + np.sqrt(1 + b**2) + np.float64(0.5) * np.log1p(a**2) + 3 * a


LOSSES = [(logistic, 3), (network, 8), (mixed, 2), (lambda w: np.expm1(w).sum() + np.cosh(w[::-1]) @ w - w[0] / 2, 4)]


@pytest.mark.parametrize(("function", "n"), LOSSES)
@given(seed=st.integers(0, 10**6))
def test_the_text_means_what_the_function_computes(function, n, seed):
    names = tuple(f"w{i + 1}" for i in range(n))
    text = traced_text(function, names)
    point = np.random.default_rng(seed).normal(size=n)
    with ctx.workprec(100):
        ours = Forward.of(read_smooth(text, names), [arb(fmpq(*x.as_integer_ratio())) for x in point.tolist()], 0).value
    intervals = [Interval.exactly(fraction, 100) for fraction in map(Fraction, point.tolist())]
    theirs = gradient(evaluate(read_expression(text, names, {}), intervals, 1))
    expected = float(function(point))
    slopes = [(function(point + e) - function(point - e)) / 2e-5 for e in 1e-5 * np.eye(n)]
    assert float(ours.mid()) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert [float(x.lower) for x in theirs] == pytest.approx(slopes, rel=1e-7, abs=1e-7)


def test_a_traced_loss_is_proved_and_rechecked():
    problem = SmoothProblem.of(logistic, step_size="1/2", start=["0", "0", "0"])
    found = decide_smooth(problem)
    assert found.verdict is Verdict.PROVED
    certificate = json.loads(json.dumps(smooth_certificate(found)))
    assert check(certificate) is None
    # The numbers that the function holds are in the text.
    certificate["problem"]["loss"] = certificate["problem"]["loss"].replace("softplus", "exp", 1)
    assert check(certificate) is not None


REFUSED = [
    (lambda w: np.abs(w).sum(), "uses absolute, which has no enclosure; those that have one are"),
    (lambda w: np.maximum(w, 0).sum(), "uses maximum"),
    (lambda w: np.where(w > 0, w, 0).sum(), "uses greater"),
    (lambda w: math.exp(w[0]), "compares or converts what depends on the variables"),
    (lambda w: w[0] if w[0] > 0 else w[1], "compares or converts"),
    (lambda w: (w**w).sum(), "a power that is not a number"),
    (lambda w: 2 ** w[0], "a power that is not a number"),
    (lambda w: np.linalg.det(np.outer(w, w)), "those operations have an enclosure"),
    (lambda w: w @ np.ones(7), "mismatch"),
    (lambda w: w, "returns an array of shape (2,), no number"),
    (lambda w: 1.0, "returns float"),
    (lambda w: w[0] * np.inf, "every number must be finite"),
    (lambda w: w[0] / 0, "divides by zero"),
]


@pytest.mark.parametrize(("function", "said"), REFUSED)
def test_what_has_no_enclosure_is_one_sentence(function, said):
    with pytest.raises(InputError, match="loss-function") as caught:
        traced_text(function, ("w1", "w2"))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_definitions_stand_for_what_they_define():
    plain = read_smooth("(3*x - y)**2 + softplus(3*x - y) + y**2", ("x", "y"))
    defined = read_smooth("u = 3*x - y; v = u**2; softplus(u) + v + y**2")
    assert (defined.variables, defined.nodes) == (plain.variables, plain.nodes)
    for text in ("u = x", "u = x; u = y; u", "exp = x; x", "x = 2; x", "u = x; v", "u = ; u", "x**2; x"):
        with pytest.raises(InputError):
            read_smooth(text, ("x", "y"))
        with pytest.raises(Exception, match=r"problem\.loss"):
            read_expression(text, ("x", "y"), {})
