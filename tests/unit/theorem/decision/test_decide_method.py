"""Verdicts on methods: every regime, exceptions, double multipliers, and gradient descent as one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause

LOSS = "x**2/2 + 2*y**2 + x*y**2 + y**3"
ADAM = {"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}
IDENTITY = {"name": "gradient-descent", "preconditioner": [["1", "0"], ["0", "1"]]}
SCALED = {"name": "gradient-descent", "preconditioner": [["1", "0"], ["0", "2"]]}


def heavy(beta):
    return {"name": "heavy-ball", "momentum": beta}


def nesterov(beta):
    return {"name": "nesterov", "momentum": beta}


CASES = [
    (LOSS, "0.1", heavy("1/100"), ["1/10", "1/10"], "proved", "small-step", "fixed"),
    (LOSS, "0.45", heavy("1/100"), ["1/10", "1/10"], "proved", "large-step", "alternating"),
    (LOSS, "0.45", heavy("9/10"), ["1/100", "1/100"], "proved", "rotating", "rotating"),
    (LOSS, "0.404", heavy("1/100"), ["1/100", "1/100"], "not-applicable", "boundary", "two-cycle"),
    (LOSS, "0.9", heavy("1/100"), ["1/100", "1/100"], "not-applicable", "unstable", None),
    (LOSS, "1/4", heavy("1/4"), ["1/10", "1/10"], "not-applicable", "boundary", "fixed"),
    ("x**2 + 9/2*y**2 + x*y**2", "1/4", heavy("1/4"), ["1/10", "1/10"], "not-applicable", "boundary", "alternating"),
    ("x**2/2 + 9/2*y**2 + x*y**2", "1/4", heavy("1/4"), ["1/10", "1/10"], "not-applicable", "boundary", "two-cycle"),
    (LOSS, "0.45", heavy("1/100"), ["1/10", "0"], "exceptional", "large-step", "fixed"),
    (LOSS, "0.1", heavy("1/100"), ["0", "0"], "exceptional", "small-step", None),
    (LOSS, "0.24", SCALED, ["1/10", "0"], "exceptional", "large-step", "fixed"),
    (LOSS, "0.1", nesterov("1/2"), ["1/10", "1/10"], "proved", "small-step", "fixed"),
    (LOSS, "0.33", nesterov("9/10"), ["1/100", "1/100"], "proved", "large-step", "alternating"),
    (LOSS, "0.2", nesterov("9/10"), ["1/100", "1/100"], "proved", "rotating", "rotating"),
    ("x**2/2", "1/2", heavy("9/10"), ["1"], "proved", "rotating", "rotating"),
    ("x**2/2", "1/1000", heavy("9/10"), ["1"], "not-applicable", "small-step", "fixed"),
    (LOSS, "0.1", IDENTITY, ["1/10", "1/10"], "proved", "small-step", "fixed"),
    (LOSS, "0.3", ADAM, ["1/100", "1/100"], "proved", "small-step", "fixed"),
    (LOSS, "0.5", ADAM, ["1/100", "1/100"], "proved", "large-step", "alternating"),
    (LOSS, "0.001", {"name": "adam"}, ["1/100", "1/100"], "not-applicable", "unstable", None),
    (
        LOSS,
        "0.3",
        {"name": "rmsprop", "beta2": "9/10", "epsilon": "1"},
        ["1/100", "1/100"],
        "proved",
        "small-step",
        "fixed",
    ),
]


@pytest.mark.parametrize(("loss", "step_size", "method", "start", "verdict", "regime", "kind"), CASES)
def test_verdicts_and_their_certificates(loss, step_size, method, start, verdict, regime, kind):
    decision = decide(Problem(loss, step_size=step_size, start=start, method=method))
    found = answer(decision)
    assert (found["verdict"], found["regime"], found["limit"]["kind"]) == (verdict, regime, kind), found["reason"]
    assert check(certificate(decision)) is None


@pytest.mark.parametrize("step_size", ["1/10", "0.42"])
def test_gradient_descent_is_one_of_the_methods(step_size):
    """By the preconditioner 1 it is decided as a method, by the same lemma, to the same vector."""
    plain = Problem(LOSS, step_size=step_size, start=["1/10", "1/10"])
    method = Problem(LOSS, step_size=step_size, start=["1/10", "1/10"], method=IDENTITY)
    one, other = answer(decide(plain)), answer(decide(method))
    for key in ("verdict", "regime", "boundary", "stability_limit", "eigenvalues", "predicted"):
        assert one[key] == other[key], key
    assert one["limit"]["vector"] == pytest.approx(other["limit"]["vector"], abs=1e-12)


@given(
    st.sampled_from(["1/10", "0.3", "0.42", "0.45"]),
    st.sampled_from([heavy("0"), nesterov("0")]),
    st.integers(-9, 9).filter(bool),
    st.integers(-9, 9).filter(bool),
)
def test_no_momentum_is_gradient_descent(step_size, method, x, y):
    start = [f"{x}/100", f"{y}/100"]
    one = decide(Problem(LOSS, step_size=step_size, start=start))
    other = decide(Problem(LOSS, step_size=step_size, start=start, method=method))
    assert (one.verdict, one.classification.regime) == (other.verdict, other.classification.regime)
    if one.limit is not None:
        for u, v in zip(one.limit.vectors[0], other.limit.vectors[0], strict=True):
            assert u.overlaps(v)


def test_null_preimages_are_never_needed_with_momentum():
    """ηλ = 1 makes gradient descent constant along a direction; heavy ball does not lose volume."""
    loss, start = "x**2/2 + 5*y**2", ["1", "1"]
    assert "null-preimages" in answer(decide(Problem(loss, step_size="1/10", start=start)))["fails"]
    assert answer(decide(Problem(loss, step_size="1/10", start=start, method=heavy("1/20"))))["verdict"] == "proved"


def test_an_unstable_minimum_of_adam_is_explained_with_its_numbers():
    decision = decide(Problem("x**2", step_size="1/1000", start=["1"], method={"name": "adam"}))
    assert "below 0.00038, and it is 2" in decision.reason


def test_a_window_of_nesterov_has_its_plane_and_angle():
    found = answer(decide(Problem(LOSS, step_size="0.2", start=["1/100", "1/100"], method=nesterov("9/10"))))
    assert found["boundary"] is None and float(found["window"][1]) > 0.2
    assert (
        found["limit"]["plane"] == [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]] and len(found["limit"]["angles"]) == 1
    )


def test_several_angles_and_no_plane_in_the_window_of_heavy_ball():
    found = answer(decide(Problem(LOSS, step_size="0.45", start=["1/100", "1/100"], method=heavy("9/10"))))
    assert len(found["limit"]["angles"]) == 2 and "plane" not in found["limit"]


@pytest.mark.parametrize(
    "method",
    [{"name": "adam", "beta1": "1/20", "beta2": "9/10", "epsilon": "1"}, {"name": "rmsprop", "epsilon": "1"}],
    ids=lambda m: m["name"],
)
@pytest.mark.parametrize(("start", "cause"), [("2", Cause.AWAY), ("1/10", None)])
def test_an_adaptive_method_that_walks_away_is_said_to(method, start, cause):
    """It never comes 2^256 times as far; more bits do not help."""
    problem = Problem(
        "x**2/2 + 5*y**2 - x**4", minimizer=["0", "0"], step_size="1/10", start=[start, "1"], method=method
    )
    found = decide(problem)
    assert (found.verdict is Verdict.PROVED) == (cause is None), found.reason
    assert cause is None or found.reason == cause.value


@pytest.mark.parametrize("name", ["rmsprop", "adam"])
def test_long_steps_far_from_the_minimizer_hardly_enlarge_an_enclosure(name):
    """Where √v̂ is far above ε, steps are short for the errors of their gradients, too."""
    method = {"name": name, "beta2": "9/10", "epsilon": "1/1000"} | ({"beta1": "1/20"} if name == "adam" else {})
    decision = decide(Problem(LOSS, step_size="7/20000", start=["1/10", "1/20"], method=method))
    assert (decision.verdict, decision.precision) == (Verdict.PROVED, 256 if name == "rmsprop" else 512)
    assert decision.amplitude.step > 300
    assert check(certificate(decision)) is None
