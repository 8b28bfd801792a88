"""Verdicts: the paper's rows, each assumption's failure, wrong statements, causes, equivariances, the answer."""

import json
import re
from dataclasses import replace

import pytest
from flint import fmpq
from hypothesis import given, note
from hypothesis import strategies as st

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.theorem.certificate.answer import answer
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.amplitude import Cause
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.methods.statement import THEOREM_1, Assumption, End, LimitKind, Prediction, Regime, Statement
from tests.builders.instances import build
from tests.builders.strategies import positive, problems, rotations

LOW, HIGH = Prediction(End.LOWEST, LimitKind.FIXED), Prediction(End.HIGHEST, LimitKind.ALTERNATING)


def middles(decision):
    return [[float(x.mid()) for x in v] for v in decision.limit.vectors]


def fails(decision):
    return [a.value for a in decision.fails]


# The theorem holds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", TABLE, ids=lambda e: e.title)
def test_the_papers_rows_are_proved(example):
    found = decide(example.problem)
    assert found.verdict is Verdict.PROVED, f"{example.title}: {found.reason}"
    assert found.limit.kind is example.kind, f"{example.title}: {found.limit.kind}"
    axis = example.problem.loss.variables.index(example.axis)
    vector = middles(found)[0]
    assert abs(abs(vector[axis]) - 1) < 1e-9, f"{example.title}: expected the {example.axis}-axis, found {vector}"


@pytest.mark.parametrize(
    ("loss", "eta", "start", "vector"),
    [
        ("x**2/2 + 2*y**2", "0.1", ["0.1", "0.1"], [1, 0]),
        ("x**2/2 + 2*y**2", "0.1", ["-0.1", "0.1"], [-1, 0]),
        ("x**2/2 + 2*y**2", "0.42", ["0.1", "0.1"], [0, 1]),
        ("x**2/2 + 2*y**2", "0.42", ["0.1", "-0.1"], [0, -1]),
        ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.42", ["1/100", "-1/50"], [0, -1]),
        ("x**2 + y**2/2 + x**2*y + x**3", "0.1", ["1/100", "1/100"], [0, 1]),
        ("x**2 + y**2/2 + x**2*y + x**3", "0.95", ["1/100", "1/100"], [1, 0]),
    ],
)
def test_signs_that_follow_from_the_start(loss, eta, start, vector):
    found = decide(build(loss, eta, start))
    assert found.verdict is Verdict.PROVED, found.reason
    assert all(abs(a - b) < 1e-9 for a, b in zip(middles(found)[0], vector, strict=True)), f"{middles(found)}"


def test_the_sign_can_differ_from_that_of_the_start():
    """x' = 0.9x − y², so a large y drives a positive x to negative values."""
    found = decide(build("x**2/2 + 2*y**2 + 10*x*y**2 + 500*y**4", "0.1", ["1/1000", "1/20"]))
    assert found.verdict is Verdict.PROVED, found.reason
    assert middles(found)[0][0] < -0.9, f"the nonlinear part reverses the sign: {middles(found)}"
    assert found.amplitude.step > 0, "step 0 cannot decide this one"


@pytest.mark.parametrize("index", range(60))
def test_random_problems_are_proved(index):
    problem = random_problem(7, index)
    found = decide(problem)
    assert found.verdict is Verdict.PROVED, f"{found.reason}: {json.dumps(problem.to_json())}"
    expected = LimitKind.FIXED if index % 2 == 0 else LimitKind.ALTERNATING
    assert found.limit.kind is expected, f"index {index} is in the other regime"


@given(problems())
def test_inside_the_invariant_ball_never_refuted_and_settled(problem):
    note(json.dumps(problem.to_json()))
    found = decide(problem, max_steps=20_000, max_precision=1024)
    assert found.verdict in {Verdict.PROVED, Verdict.EXCEPTIONAL}, found.reason


@given(problems(inside=False))
def test_outside_the_ball_never_refuted(problem):
    note(json.dumps(problem.to_json()))
    found = decide(problem, max_steps=2000, max_precision=512)
    assert found.verdict in {Verdict.PROVED, Verdict.EXCEPTIONAL, Verdict.UNRESOLVED}, found.reason


@pytest.mark.parametrize("digits", [3, 12, 40, 300])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("loss", ["x**2/2 + 2*y**2", "x**2/2 + 2*y**2 + x*y**2 + y**3", "x**2 + x*y + 3*y**2 + x**3"])
def test_close_to_the_boundary_is_decided_at_once(loss, side, digits):
    boundary = fmpq(1, 4) if "3*y**2" in loss else fmpq(2, 5)
    found = decide(build(loss, boundary * (1 + side * fmpq(1, 10**digits)), ["0.01", "0.013"]))
    assert found.verdict is Verdict.PROVED, found.reason
    assert found.limit.kind is (LimitKind.FIXED if side < 0 else LimitKind.ALTERNATING), "the wrong side"
    assert found.amplitude.step < 20, f"the certificate needed {found.amplitude.step} steps"


def test_thirty_two_dimensions():
    loss = loss_with_spectrum(
        [fmpq(i + 1) for i in range(32)],
        higher_terms=[(tuple(2 * (k == i) + (k == (i + 1) % 32) for k in range(32)), "1/3") for i in range(32)],
    )
    for eta, kind in (("1/20", LimitKind.FIXED), ("0.0615", LimitKind.ALTERNATING)):
        found = decide(build(loss, eta, ["1/1000"] * 32))
        assert found.verdict is Verdict.PROVED and found.limit.kind is kind, found.reason


def test_thirty_two_rotated_dimensions():
    n = 32
    entries = [fmpq((i * i) % 3 - 1, 2) if i % 17 == 0 else 0 for i in range(n * (n - 1) // 2)]
    loss = loss_with_spectrum([fmpq(i + 1) for i in range(n)], rotation=cayley(entries, n))
    found = decide(build(loss, "3/61", [f"{i + 1}/1000" for i in range(n)]))
    assert found.verdict is Verdict.PROVED, found.reason


# Assumptions that fail ------------------------------------------------------------------------------------------------


FAILURES = {
    "on the boundary": ("x**2/2 + 2*y**2", "2/5", ["off-boundary"], "two-cycle"),
    "on the boundary, cubic": ("x**2/2 + 2*y**2 + x*y**2 + y**3", "2/5", ["off-boundary"], "two-cycle"),
    "on an irrational boundary": ("x**2 + x*y + 3*y**2", "1/4", ["off-boundary"], "two-cycle"),
    "unstable": ("x**2/2 + 2*y**2", "1/2", ["stable-step"], None),
    "very unstable": ("x**2/2 + 2*y**2", "5", ["stable-step"], None),
    "repeated lowest": ("x**2/2 + y**2/2 + 2*z**2", "0.1", ["simple-lowest"], "fixed"),
    "repeated highest": ("x**2/2 + 2*y**2 + 2*z**2", "0.42", ["simple-highest"], "alternating"),
    "both ends repeated": ("x1**2 + x2**2 + 2*x3**2 + 2*x4**2", "0.1", ["simple-lowest", "simple-highest"], "fixed"),
    "one eigenvalue": ("x**2 + y**2", "0.1", ["distinct-ends", "simple-lowest", "simple-highest"], "fixed"),
    "one variable": ("x**2 + x**3", "0.1", ["distinct-ends"], "fixed"),
    "one variable, large step": ("x**2 + x**3", "0.8", ["distinct-ends"], "alternating"),
    "p = 3 through the minimizer": ("x**2/2 + 2*y**2 + max(x, 0)**3", "0.1", ["smoothness"], "fixed"),
    "p = 3 elsewhere": ("x**2/2 + 2*y**2 + max(x - 1, 0)**3", "0.1", ["smoothness"], "fixed"),
    "p = 2 elsewhere": ("x**2/2 + 2*y**2 + max(y - 1, 0)**2", "0.1", ["smoothness"], "fixed"),
    "p = 2 through the minimizer": ("x**2/2 + 2*y**2 + max(y, 0)**2", "0.1", ["smoothness"], None),
    "a null step": ("x**2/2 + 2*y**2", "1/4", ["null-preimages"], "fixed"),
    "a null step in the interior": ("x**2/2 + 3/2*y**2 + 2*z**2", "1/3", ["null-preimages"], "fixed"),
    "zero eigenvalue": ("x**2/2 + y**4", "0.1", ["strict-minimum"], None),
    "negative eigenvalue": ("x**2/2 - y**2 + y**4", "0.1", ["strict-minimum"], None),
    "rough and indefinite": ("x**2/2 - y**2 + max(x, 0)**3", "0.1", ["smoothness", "strict-minimum"], None),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_is_named_and_what_happens_is_certified(name):
    loss, eta, expected, kind = FAILURES[name]
    n = Loss.parse(loss).dimension
    found = decide(build(loss, eta, [f"{i + 1}/100" for i in range(n)]))
    assert found.verdict is Verdict.NOT_APPLICABLE, f"{name}: {found.reason}"
    assert fails(found) == expected, f"{name}: named {fails(found)}"
    assert found.reason.startswith("the theorem does not apply: "), found.reason
    got = None if found.limit is None else found.limit.kind.value
    assert got == kind, f"{name}: certified {got} instead of {kind}"
    if "strict-minimum" not in expected and "p = 2 through" not in name:
        assert all(Assumption(a).sentence in found.reason for a in expected), f"the reason omits one: {found.reason}"


def test_the_eigenvalue_that_is_not_positive_is_shown():
    for loss, shown in (("x**2 - y**2", "-2"), ("x**2 + y**4", "0"), ("x**2 + 3*x*y + y**2", "-1")):
        reason = decide(build(loss, "0.1", ["0.1", "0.2"])).reason
        assert f"has the eigenvalue {shown}, which is not positive" in reason, reason
    reason = decide(build("x**2 + 3*x*y", "0.1", ["0.1", "0.2"])).reason
    assert "has the eigenvalue -2.16228" in reason, reason  # 1 − √10


def test_a_null_step_with_a_cubic_term_is_proved():
    """At η = 1/λᵢ the quadratic collapses a direction; with y³ the determinant is a non-zero polynomial."""
    quadratic = decide(build("x**2/2 + 2*y**2", "1/4", ["0.1", "0.1"]))
    assert fails(quadratic) == ["null-preimages"], quadratic.reason
    cubic = decide(build("x**2/2 + 2*y**2 + y**3", "1/4", ["0.1", "0.1"]))
    assert cubic.verdict is Verdict.PROVED, cubic.reason
    assert cubic.preimages.points, "a point with a non-zero determinant is the evidence"


def test_the_boundary_certifies_two_limits():
    found = decide(build("x**2/2 + 2*y**2", "2/5", ["0.3", "0.4"]))
    even, odd = middles(found)
    assert all(abs(a - b) < 1e-6 for a, b in zip(even, (0.6, 0.8), strict=True)), f"even steps: {even}"
    assert all(abs(a - b) < 1e-6 for a, b in zip(odd, (0.6, -0.8), strict=True)), f"odd steps: {odd}"


def test_a_repeated_eigenvalue_certifies_the_direction_in_its_eigenspace():
    found = decide(build("x**2/2 + y**2/2 + 2*z**2", "0.1", ["0.3", "-0.4", "0.5"]))
    vector = middles(found)[0]
    assert all(abs(a - b) < 1e-6 for a, b in zip(vector, (0.6, -0.8, 0), strict=True)), f"{vector}"


@pytest.mark.parametrize("copies", [2, 6, 12])
def test_repeated_irrational_ends(copies):
    loss = " + ".join(f"x{2 * i}**2 + x{2 * i}*x{2 * i + 1} + 3*x{2 * i + 1}**2" for i in range(copies))
    found = decide(build(loss, "0.1", ["0.01"] * (2 * copies)))
    assert fails(found) == ["simple-lowest", "simple-highest"], found.reason
    assert found.limit is not None and found.limit.kind is LimitKind.FIXED, found.reason


# Wrong statements -----------------------------------------------------------------------------------------------------


def planted(small, large):
    return Statement("a wrong statement", {Regime.SMALL_STEP: small, Regime.LARGE_STEP: large})


WRONG = {
    "swapped regimes": planted(HIGH, LOW),
    "swapped ends": planted(Prediction(End.HIGHEST, LimitKind.FIXED), Prediction(End.LOWEST, LimitKind.ALTERNATING)),
    "swapped kinds": planted(Prediction(End.LOWEST, LimitKind.ALTERNATING), Prediction(End.HIGHEST, LimitKind.FIXED)),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("index", range(12))
def test_wrong_statements_are_refuted(name, index):
    problem = random_problem(11, index)
    assert decide(problem).verdict is Verdict.PROVED, "the theorem itself holds"
    found = decide(problem, WRONG[name])
    assert found.verdict is Verdict.REFUTED, f"{name} was not refuted: {found.verdict}"
    assert found.reason.startswith("a wrong statement predicts another limit"), found.reason


def test_a_statement_that_is_wrong_in_one_regime_is_refuted_there_only():
    half = planted(LOW, LOW)
    assert decide(random_problem(3, 0), half).verdict is Verdict.PROVED, "right in the small regime"
    assert decide(random_problem(3, 1), half).verdict is Verdict.REFUTED, "wrong in the large regime"


def test_a_silent_statement_is_not_applicable():
    silent = Statement("a modest statement", {Regime.SMALL_STEP: LOW})
    found = decide(random_problem(3, 1), silent)
    assert found.verdict is Verdict.NOT_APPLICABLE and "silent" in found.reason, found.reason


def test_theorem_1_as_data_cannot_be_changed():
    with pytest.raises(TypeError):
        THEOREM_1.predictions[Regime.BOUNDARY] = LOW


# Unresolved -----------------------------------------------------------------------------------------------------------


# x = y² is invariant: x' = y'² for these coefficients at η = 1/10, but it is no linear space.
CURVED = "x**2/2 + 2*y**2 + 27/5*x*y**2 - 27/10*y**4"

UNRESOLVED = {
    "left": ("x**2/2 + 2*y**2 + x**3", "0.1", ["-10", "0.1"], {}, Cause.LEFT),
    "budget": ("x**2/2 + 2*y**2 + x**3", "0.01", ["1", "1"], {"max_steps": 3}, Cause.BUDGET),
    "precision": (CURVED, "1/10", ["1/100", "1/10"], {"max_precision": 512}, Cause.PRECISION),
    "elsewhere": ("2*x**2 - 4*x**3 + 2*x**4 + y**2/2", "0.1", ["9/10", "1/10"], {}, Cause.ELSEWHERE),
}


@pytest.mark.parametrize("name", UNRESOLVED)
def test_unresolved_causes(name):
    loss, eta, start, limits, cause = UNRESOLVED[name]
    found = decide(build(loss, eta, start), **limits)
    assert found.verdict is Verdict.UNRESOLVED, f"{name}: {found.verdict}, {found.reason}"
    # Another point is named where it is known, in the place of what could decide.
    assert found.reason.startswith(cause.value.partition(";")[0]), f"{name}: {found.reason}"
    assert found.amplitude is None and found.blocks == (), "nothing is certified"


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_names_what_could_decide(cause):
    """An option, or the change of the problem that helps where none does."""
    assert re.search(r"--(max-steps|max-precision|step-size|start)\b", cause.value), cause.value


ELSEWHERE = {
    "rational": ("2*x**2 - 4*x**3 + 2*x**4 + y**2/2", "0.1", ["9/10", "1/10"], None, "(1, 0); --minimizer 1,0 "),
    "kinks": (
        "2*x**2 - 4*x**3 + 2*x**4 + y**2/2 + max(y - 1, 0)**4",
        "0.1",
        ["9/10", "1/10"],
        None,
        "near (1, ",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_another_point_is_named_by_its_coordinates(name):
    loss, eta, start, minimizer, said = ELSEWHERE[name]
    found = decide(Problem(loss, step_size=eta, start=start, minimizer=minimizer))
    assert found.verdict is Verdict.UNRESOLVED and said in found.reason, found.reason
    assert found.reason.startswith("the trajectory settles at another point than the minimizer"), found.reason


@pytest.mark.parametrize(
    ("loss", "option"),
    [
        ("x**2/2 + 2*y**2 + " + " + ".join(f"max(x - {k}, 0)**4" for k in range(1, 12)), "--loss with fewer"),
        # det F' vanishes identically, but the kernel turns with h.
        ("(x**2 + y**2 + z**2)*5 + v**2/2 + 8*w**2 + x*z**2 + y*z**3", "another --step-size"),
    ],
)
def test_undecided_preimages_name_what_could_decide(loss, option):
    variables = sorted(set(re.findall(r"[v-z]", loss.replace("max", ""))))
    found = decide(Problem(loss, step_size="1/10", start=["1/100"] * len(variables), variables=variables), max_steps=9)
    assert "null set" in found.reason and option in found.reason, found.reason


def test_the_curved_example_is_on_its_parabola():
    from gdcheck.theorem.descent.expansion import Expansion

    h = (fmpq(1, 100), fmpq(1, 10))
    for _ in range(4):
        assert h[0] == h[1] ** 2, "the example must stay on x = y²"
        h = Expansion.of(build(CURVED, "1/10", h)).exact_step(h)
    beside = decide(build(CURVED, "1/10", [fmpq(1, 100) + fmpq(1, 10**30), "1/10"]))
    assert beside.verdict is Verdict.PROVED, f"1e-30 beside the curve is decided: {beside.reason}"


def test_a_slow_trajectory_is_not_said_to_settle_elsewhere():
    """A step of 1e-18 moves by 1e-18: the budget ends, nothing settles."""
    found = decide(build("x**2/2 + 2*y**2 + x**3 + y**3", "1e-18", ["0.3", "0.3"]), max_steps=1000)
    assert found.reason == Cause.BUDGET.value, found.reason


def test_many_truncated_powers_are_undecided():
    loss = "x**2/2 + 2*y**2 + " + " + ".join(f"max(x - {k}, 0)**4" for k in range(1, 12))
    found = decide(build(loss, "0.1", ["0.1", "0.1"]))
    assert found.verdict is Verdict.UNRESOLVED and "null set" in found.reason, found.reason


def test_a_minimizer_that_is_none_is_refused():
    with pytest.raises(InputError, match="minimizer: the gradient there is \\(1, 0\\), not zero"):
        decide(build("x + x**2 + y**2", "0.1", ["0.1", "0.1"]))


# Exceptional ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "eta", "start", "sentence"),
    [
        ("x**2/2 + 2*y**2", "0.1", ["0", "1"], "orthogonal to the eigenvector of the smallest eigenvalue"),
        ("x**2/2 + 2*y**2", "0.42", ["1", "0"], "orthogonal to the eigenvector of the largest eigenvalue"),
        ("x**2/2 + 2*y**2 + y**3", "0.1", ["0", "1/10"], "orthogonal to the eigenvector of the smallest eigenvalue"),
        ("x**2/2 + 2*y**2", "0.1", ["0", "0"], "at the minimizer at the start"),
        ("x**2 + y**2/2 + x**2*y + x**3", "0.95", ["0", "1/10"], "orthogonal to the eigenvector of the largest"),
    ],
)
def test_exceptional_starts(loss, eta, start, sentence):
    found = decide(build(loss, eta, start))
    assert found.verdict is Verdict.EXCEPTIONAL, found.reason
    assert sentence in found.reason, found.reason


@pytest.mark.parametrize("digits", [30, 200, 1000])
def test_starts_near_an_exceptional_one_are_proved(digits):
    for loss in ("x**2/2 + 2*y**2", "x**2/2 + 2*y**2 + y**3 + x**3"):
        found = decide(build(loss, "0.1", [fmpq(1, 10**digits), "1/10"]))
        assert found.verdict is Verdict.PROVED, f"1e-{digits} beside the axis: {found.reason}"


@pytest.mark.parametrize(
    ("loss", "eta", "start", "kind"),
    [
        ("x**2/2 + 2*y**2 + x*y**2", "0.1", ["0", "1/10"], LimitKind.FIXED),
        ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.1", ["0", "-1/10"], LimitKind.FIXED),
        ("x**2/2 + 2*y**2 + x**2*y", "0.42", ["1/10", "0"], LimitKind.ALTERNATING),
        ("x**2/2 + 2*y**2 + max(x + y, 0)**4", "0.1", ["0", "1/10"], LimitKind.FIXED),
    ],
)
def test_a_vanishing_dominant_component_that_does_not_stay_zero(loss, eta, start, kind):
    """The start is orthogonal to the dominant eigenvector, the next iterate is not: no exception, no lack of bits."""
    found = decide(build(loss, eta, start))
    assert found.verdict is Verdict.PROVED, found.reason
    assert found.limit.kind is kind, f"{found.limit}"


def test_proved_in_all_of_space():
    """(x, y, 0) is an invariant plane that holds the dominant eigenvector: the verdict is about all of space."""
    found = decide(build("x**2/2 + y**2 + 2*z**2", "0.1", ["1e-40", "1", "0"]))
    assert found.verdict is Verdict.PROVED, found.reason
    assert found.subspace is None, "a proved verdict needs no subspace (docs/certificate.md, Verdict)"


# Equivariances --------------------------------------------------------------------------------------------------------


def same(found, expected, transform, what):
    assert found.verdict is expected.verdict, f"{what}: {expected.verdict} became {found.verdict}, {found.reason}"
    assert found.fails == expected.fails, f"{what}: other assumptions fail"
    assert (found.limit is None) == (expected.limit is None), f"{what}: the limit appeared or vanished"
    if expected.limit is None:
        return
    assert found.limit.kind is expected.limit.kind, f"{what}: the kind changed"
    for u, v in zip(found.limit.vectors, expected.limit.vectors, strict=True):
        moved = transform([float(x.mid()) for x in v])
        assert all(abs(float(a.mid()) - b) < 1e-6 for a, b in zip(u, moved, strict=True)), f"{what}: {u} is not {moved}"


LIMITS = {"max_steps": 20_000, "max_precision": 1024}


@given(problems(), st.randoms(use_true_random=False))
def test_permuting_variables_permutes_the_limit(problem, random):
    n = problem.dimension
    order = list(range(n))
    random.shuffle(order)

    def permuted(values):
        return tuple(values[i] for i in order)

    loss = Loss.build(
        problem.loss.variables,
        [(permuted(e), c) for e, c in problem.loss.terms],
        [replace(t, direction=permuted(t.direction)) for t in problem.loss.truncated],
    )
    other = Problem(
        loss, minimizer=permuted(problem.minimizer), step_size=problem.step_size, start=permuted(problem.start)
    )
    same(decide(other, **LIMITS), decide(problem, **LIMITS), permuted, "permuting the variables")


@given(problems(), st.lists(st.integers(-30, 30), min_size=4, max_size=4))
def test_moving_the_origin_changes_nothing(problem, by):
    t = [fmpq(k, 7) for k in by[: problem.dimension]]

    def moved(point):
        return tuple(a + b for a, b in zip(point, t, strict=True))

    other = Problem(
        problem.loss.shifted([-x for x in t]),
        minimizer=moved(problem.minimizer),
        step_size=problem.step_size,
        start=moved(problem.start),
    )
    found, expected = decide(other, **LIMITS), decide(problem, **LIMITS)
    same(found, expected, list, "moving the origin")
    steps = [d.amplitude.step if d.amplitude else None for d in (found, expected)]
    assert steps[0] == steps[1], f"moving the origin changed the step: {steps}"


@given(problems(), positive(9))
def test_scaling_the_loss_against_the_step_changes_nothing(problem, c):
    other = replace(problem, loss=problem.loss.scaled(c), step_size=problem.step_size / c)
    same(decide(other, **LIMITS), decide(problem, **LIMITS), list, f"scaling by {c}")


@given(problems(2, 3), st.data())
def test_rotating_rotates_the_limit(problem, data):
    n = problem.dimension
    q = data.draw(rotations(n))

    def rotated(point):
        return tuple(sum((q[i, j] * point[j] for j in range(n)), fmpq(0)) for i in range(n))

    def rotated_floats(v):
        return [sum(float(q[i, j].p) / float(q[i, j].q) * v[j] for j in range(n)) for i in range(n)]

    back = [[q[j, i] for j in range(n)] for i in range(n)]  # f(Qᵀz)
    other = Problem(
        problem.loss.substituted(back, problem.loss.variables),
        minimizer=rotated(problem.minimizer),
        step_size=problem.step_size,
        start=rotated(problem.start),
    )
    expected = decide(problem, **LIMITS)
    found = decide(other, **LIMITS)
    # The bound C(r) depends on the axes: a start that is just inside the ball may need a few more steps.
    same(found, expected, rotated_floats, "rotating")


# The answer -----------------------------------------------------------------------------------------------------------

FIELDS = {
    "verdict", "reason", "regime", "boundary", "stability_limit", "eigenvalues", "limit", "predicted", "multiplier",
    "rate", "step", "precision", "fails", "subspace",
}  # fmt: skip


def test_the_answer_of_a_proved_problem():
    found = answer(decide(build("x**2/2 + 2*y**2", "0.1", ["0.1", "0.1"])))
    assert set(found) >= FIELDS, f"missing: {FIELDS - set(found)}"
    assert json.loads(json.dumps(found)) == found, "the answer must survive JSON"
    exact = {
        "verdict": "proved",
        "regime": "small-step",
        "boundary": "2/5",
        "stability_limit": "1/2",
        "eigenvalues": [{"value": "1", "multiplicity": 1}, {"value": "4", "multiplicity": 1}],
        "limit": {"kind": "fixed", "vector": [1.0, 0.0]},
        "multiplier": "9/10",
        "rate": 0.9,
        "step": 0,
        "precision": 128,
        "fails": [],
        "subspace": None,
    }
    assert {k: found[k] for k in exact} == exact, f"{found}"


def test_the_answer_of_irrational_ends():
    found = answer(decide(build("x**2 + x*y + 3*y**2", "0.1", ["0.1", "0.1"])))
    assert found["boundary"] == "1/4", f"the sum of the ends is 8: {found['boundary']}"
    assert found["stability_limit"].startswith("0.3207149131"), found["stability_limit"]  # 2/(4 + √5)
    assert [e["value"][:10] for e in found["eigenvalues"]] == ["1.76393202", "6.23606797"], f"{found['eigenvalues']}"
    assert found["multiplier"].startswith("0.8236067977"), found["multiplier"]


def test_the_answer_of_special_kinds():
    cycle = answer(decide(build("x**2/2 + 2*y**2", "2/5", ["0.3", "0.4"])))
    assert cycle["limit"]["kind"] == "two-cycle" and set(cycle["limit"]) == {"kind", "even", "odd"}, f"{cycle['limit']}"
    assert cycle["fails"] == ["off-boundary"], f"{cycle['fails']}"
    exceptional = answer(decide(build("x**2/2 + 2*y**2", "0.1", ["0", "1"])))
    assert exceptional["subspace"] == {"enters": 0, "basis": [["0", "1"]]}, f"{exceptional['subspace']}"
    saddle = answer(decide(build("x**2 - y**2", "0.1", ["0.1", "0.2"])))
    assert saddle["regime"] is None and saddle["boundary"] is None, f"{saddle}"
    kinked = answer(decide(build("x**2 + max(y, 0)**2", "0.1", ["0.1", "0.2"])))
    assert kinked["eigenvalues"] == [] and kinked["limit"]["kind"] is None, f"{kinked}"
    assert set(kinked) == set(saddle) == set(cycle), "every answer has the same fields"


@given(problems())
def test_rates_are_those_of_the_multipliers(problem):
    found = decide(problem, **LIMITS)
    got = answer(found)["rate"]
    if found.amplitude is None or found.subspace is not None:
        return
    spectrum = [float(e.lo.p) / float(e.lo.q) for e in found.classification.eigenvalues]
    eta = float(problem.step_size.p) / float(problem.step_size.q)
    moduli = sorted(abs(1 - eta * x) for x in spectrum)
    expected = max(moduli[-2] / moduli[-1], moduli[-1])
    assert abs(got - expected) < 1e-12, f"the rate {got} is not max(b/ρ, ρ) = {expected}"


def test_the_rate_keeps_its_digits_where_the_multipliers_are_tiny():
    """1 − ηλ cancels nearly everything here, so the rate needs the certificate's precision."""
    problem = Problem("x**2/2 + y**2/2 + y**2/2000000 + x**2*y", step_size="0.999999", start=["1/16", "1/32"])
    assert answer(decide(problem))["rate"] == pytest.approx(1e-6, rel=1e-12)


@pytest.mark.parametrize(
    ("start", "said"), [("-10", "left the basin"), ("1/10", "converges to the minimizer faster than every geometric")]
)
def test_an_exceptional_start_without_multipliers_is_told_where_it_goes(start, said):
    """On the x-axis λ = 1/η: F(x) = −(3/2)x², which converges quadratically from 1/10 and diverges from −10."""
    found = decide(Problem("x**2 + y**2/2 + x**3", step_size="0.5", start=[start, "0"]))
    assert found.verdict is Verdict.EXCEPTIONAL and said in found.reason


def test_another_minimizer_reached_is_the_cause():
    """Freudenstein and Roth's function has a second minimizer at (11.41, −0.90)."""
    loss = "(-13 + x + ((5 - y)*y - 2)*y)**2 + (-29 + x + ((y + 1)*y - 14)*y)**2"
    found = decide(Problem(loss, step_size="0.000536", start=["6", "5"], minimizer=["5", "4"]))
    assert (
        found.verdict is Verdict.UNRESOLVED
        and "another point than the minimizer, near (11.4128, -0.896805)" in found.reason
    )


def test_a_prediction_speaks_of_the_whole_spectrum_within_a_subspace():
    """From the axis of the largest eigenvalue the direction is fixed along it, which this statement predicts."""
    steepest = Statement("steepest", {Regime.SMALL_STEP: Prediction(End.HIGHEST, LimitKind.FIXED)})
    problem = Problem("1/5*x1**2 + 1/2*x2**2", step_size="4/5", start=["0", "-1/500"])
    found = decide(problem, steepest)
    assert found.subspace is not None and found.subspace.dimension == 1
    assert found.verdict is Verdict.PROVED
    assert decide(problem).verdict is Verdict.EXCEPTIONAL
