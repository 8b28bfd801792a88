"""What examining a claim comes to: held, violated, undecided or aside; proved, or observed where floats decide."""

from dataclasses import replace

import pytest

from gdcheck import End, InputError, LimitKind, Prediction, Problem, Regime, Statement, claim, holds, reproduce
from gdcheck.properties.lemmas.drawing import drawn_problem
from gdcheck.properties.lemmas.examine import examine
from gdcheck.properties.lemmas.outcome import ClaimError

PROBLEM = Problem("x**2/2 + y**2", step_size="1/10", start=["1", "1"])
EXCEPTIONAL = Problem("x**2/2 + y**2", step_size="1/10", start=["0", "1"])
UNSTABLE = Problem("x**2/2 + y**2", step_size="2", start=["1", "1"])


def made(function, **options):
    return claim("a claim", **options)(function)


def outcome(returns, problem=PROBLEM, **options):
    def example(problem, decision, trajectory):
        return returns(trajectory)

    return examine(made(example, **options), problem)[0]


def test_enclosures_prove_and_floats_observe():
    assert outcome(lambda t: holds(t.loss[1:] < t.loss[:-1])).state == "held"
    found = outcome(lambda t: holds(t.loss[1:] > t.loss[:-1], margin=t.loss[1:] - t.loss[:-1], note="it falls"))
    assert (found.state, found.cause, found.evidence) == ("violated", "it falls", "proved") and found.margin < 0
    for returns in (
        lambda t: holds(t.as_float().loss[1:] < t.as_float().loss[:-1]),
        lambda t: holds((t.as_float().loss[0] > 0) and t.loss[0] > 0),
        lambda t: holds(True),
        lambda t: holds((t.loss[1:] < t.loss[:-1]).from_some_step_on()),
    ):
        assert (outcome(returns).state, outcome(returns).evidence) == ("held", "observed")


def test_an_undecided_comparison_is_neither_true_nor_false():
    for returns in (
        lambda t: holds(t.rate * t.rate == t.rate**2),
        lambda t: holds(True) if t.rate * t.rate == t.rate**2 else holds(False),
        lambda t: holds((t.rate * t.rate == t.rate**2) and t.rate > 0),
        lambda t: holds("1/2" < t.rate * t.rate <= t.rate**2),
    ):
        found = outcome(returns)
        assert found.state == "undecided" and "test_examine.py:" in found.cause


def test_higher_precision_decides_what_a_lower_one_leaves_open():
    tiny = "1/" + "1" + "0" * 60
    assert outcome(lambda t: holds(t.rate < t.rate + tiny)).state == "held"


@pytest.mark.parametrize(
    ("problem", "cause"), [(EXCEPTIONAL, "exceptional start"), (UNSTABLE, "assumption fails: stable-step")]
)
def test_what_does_not_meet_the_assumptions_is_set_aside_unless_the_claim_waives_them(problem, cause):
    def returns(trajectory):
        return holds(trajectory.step_size > 0)

    found = outcome(returns, problem)
    assert (found.state, found.cause) == ("aside", cause)
    assert outcome(returns, problem, assumes=()).state == "held"


def test_where_convergence_is_not_proved_a_claim_that_needs_it_is_undecided():
    assert outcome(lambda t: holds(t.rate > 0), UNSTABLE, assumes="converging").state == "undecided"


@pytest.mark.parametrize(
    ("returns", "said"),
    [
        (lambda t: None, "returns a NoneType"),
        (lambda t: t.as_float().loss[0] > 0, "returns a bool"),
        (lambda t: holds(t.loss), "Enclosed"),
        (lambda t: holds(t.loss[1:] < t.loss[:-1] and t.loss[0] > 0), "use .all()"),
        (lambda t: holds(1 / 0), "ZeroDivisionError at test_examine.py:"),
        (lambda t: holds(t.loss[0] > 0.1), "float"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(returns, said):
    with pytest.raises(ClaimError, match=r"test_examine\.py:") as caught:
        outcome(returns)
    assert said in str(caught.value)


def test_a_statement_is_what_the_verdict_says():
    wrong = Statement("steepest", {Regime.SMALL_STEP: Prediction(End.HIGHEST, LimitKind.FIXED)})
    silent = Statement("silent", {})
    for statement, state in ((wrong, "violated"), (silent, "aside")):
        assert examine(claim("a claim", statement=statement), PROBLEM)[0].state == state
    # On the axis of the largest eigenvalue the wrong statement is right; that start is exceptional for the theorem.
    assert examine(claim("a claim", statement=wrong), EXCEPTIONAL)[0].state == "aside"


def test_reproduce_goes_above_or_below_the_claim():
    def function(problem, decision, trajectory):
        return holds(True)

    again = reproduce("x**2 + 2*y**2", step_size="1/10", start=["1", "1"])
    above, below = again(claim("a claim")(function)), claim("a claim")(again(function))
    assert above.examples == below.examples == (Problem("x**2 + 2*y**2", step_size="1/10", start=["1", "1"]),)


def test_the_problems_are_those_that_a_claim_wants():
    wants = claim("a claim", regimes="large-step", quadratic=True, dimensions=(3, 3))(lambda p, d, t: None)
    assert [drawn_problem(wants, 0, i).problem.dimension for i in range(5)] == [3] * 5
    for index in range(20):
        instance = drawn_problem(wants, 0, index)
        problem = instance.problem
        assert instance.regime is Regime.LARGE_STEP and problem.loss.degree == 2 and not problem.loss.truncated
    fixed = replace(wants, recipe=claim("c", spectrum=["1", "2", "7/2"])(lambda p, d, t: None).recipe)
    assert [str(x) for x in drawn_problem(fixed, 0, 0).spectrum] == ["1", "2", "7/2"]
    own = claim("a claim", generator=lambda random, index: PROBLEM)(lambda p, d, t: None)
    assert drawn_problem(own, 0, 0) == PROBLEM


@pytest.mark.parametrize(
    "options",
    [
        {"regimes": "tiny-step"},
        {"regimes": ()},
        {"assumes": ["converges"]},
        {"steps": 0},
        {"dimensions": (5, 2)},
        {"degrees": (2, 3)},
        {"terms": 3},
        {"spectrum": ["2", "1"]},
        {"inside": "0"},
        {"closest": 1},
        {"statement": "steepest"},
    ],
)
def test_an_argument_that_cannot_be_used_is_named(options):
    with pytest.raises(InputError, match=next(iter(options))):
        claim("a claim", **options)
