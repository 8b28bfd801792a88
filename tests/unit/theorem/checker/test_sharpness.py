"""Sharpness certificates: accepted as they are written; whatever is accepted after an alteration is still true."""

import copy
from fractions import Fraction as Q
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.sharpness import recheck_sharpness, sharpness_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.checker.exact import integers
from gdcheck.theorem.checker.kinds.top_eigenvalue import largest_root
from gdcheck.theorem.checker.spectrum import Operator, is_positive_definite
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness
from tests.builders.strategies import problems, symmetric_matrices

WORKED = "x**2 + y**2/2 + x**2*y + x**3"
PROBLEMS = {
    "oscillating": (WORKED, "0.95", ["0.16", "0.1"], None),
    "all at once": (WORKED, "0.95", ["0.1", "0.1"], None),
    "from above": (WORKED, "0.5", ["0.1", "0.1"], None),
    "from below": ("(3*x**2+2*x*y+2*y**2)/2 + x**3 + x*y**2", "0.3", ["1/10", "1/10"], None),
    "near the boundary": (WORKED, "0.66666666", ["0.1", "0.1"], None),
    "truncated": (WORKED + " + max(x - y - 1/10, 0)**4", "0.95", ["0.1", "0.1"], None),
    "three variables": ("x**2+2*y**2+3*z**2 + x*y*z + x**2*z + z**3 + z**2*x", "0.1", ["0.1", "0.1", "0.1"], None),
    "one variable": ("x**2/2 + x**3", "3/2", ["1/10"], None),
    "on a line": ("x**2 + y**2/2 + x**3", "0.95", ["0.1", "0"], None),
    "quadratic": ("x**2 + y**2/2", "0.1", ["1", "1"], None),
    "straight": ("x**2 + y**2/2 + y**4", "0.3", ["1/2", "1/10"], None),
    "close": ("x**2 + 9999/10000*y**2 + z**2/2 + x**2*z + y*z*x/3", "0.3", ["0.05", "0.05", "0.05"], None),
    "off the origin": ("(x-1)**2 + (y-2)**2/2 + (x-1)**2*(y-2) + (x-1)**3", "0.95", ["1.16", "2.1"], ["1", "2"]),
}


@cache
def written(name):
    loss, eta, start, minimizer = PROBLEMS[name]
    decision = decide(Problem(loss, step_size=eta, start=start, minimizer=minimizer))
    made = sharpness_certificate(decision, sharpness(decision, first_steps=True))
    assert made is not None
    return made


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_is_accepted(name):
    made = written(name)
    assert check(made) is None
    assert made["pattern"] is not None
    assert made["crossings"]["complete"]


def test_what_is_stated_of_the_worked_example():
    made = written("oscillating")
    assert made["pattern"]["kind"] == "oscillating"
    assert (made["pattern"]["from_step"], made["pattern"]["broken"]) == (3, [2])
    assert made["crossings"]["steps"] == [0, 2, 4, 6, 8]
    assert made["crossings"]["rose"] == [0]
    assert written("near the boundary")["pattern"]["cone"] > 10**8
    assert written("straight")["pattern"] == {"kind": "constant", "from_step": 2, "vector": ["1", "0"]}


@settings(max_examples=25)
@given(problems())
def test_what_is_proved_in_balls_is_accepted(problem):
    decision = decide(problem, max_steps=2000)
    found = sharpness(decision, first_steps=True, most_steps=300)
    if found is None:
        return
    made = sharpness_certificate(decision, found)
    if made is None:
        assert decision.verdict.value in {"unresolved", "refuted"} or found.pattern.order != 1
        return
    try:
        assert check(made, 20) is None
    except NotChecked:
        return
    if found.pattern.order == 1:
        assert made["pattern"] is not None, "a pattern of the first order has no certificate"
        assert made["pattern"]["kind"] == found.pattern.kind.value


# An oracle that shares no code: plain gradient descent with 200 digits, and mpmath's eigenvalues ----------------------

STEPS = 60


@cache
def simulated(name):
    """λ_n(x_k), the loss, λ_n and 2/eta."""
    with mp.workdps(200):
        loss, eta, start, minimizer = PROBLEMS[name]
        problem = Problem(loss, step_size=eta, start=start, minimizer=minimizer)
        n, eta = problem.dimension, mpf(int(problem.step_size.p)) / int(problem.step_size.q)
        kinks = list(problem.loss.truncated)

        def real(q):
            q = to_fmpq(q, "number") if isinstance(q, str) else q
            return mpf(int(q.p)) / int(q.q)

        def differentiated(x, order):
            """The sum of the derivatives by the variables ``order`` of all terms."""
            total = mpf(0)
            for alpha, c in problem.loss.terms:
                left, factor = list(alpha), real(c)
                for i in order:
                    factor *= left[i]
                    left[i] -= 1
                if factor:
                    for a, e in zip(x, left, strict=True):
                        factor *= a**e
                    total += factor
            for t in kinks:
                reach = sum((real(d) * a for d, a in zip(t.direction, x, strict=True)), mpf(0)) - real(t.threshold)
                if reach > 0:
                    factor = real(t.coefficient)
                    for k, i in enumerate(order):
                        factor *= (t.power - k) * real(t.direction[i])
                    total += factor * reach ** (t.power - len(order))
            return total

        def top(x):
            table = mp.matrix([[differentiated(x, (i, j)) for j in range(n)] for i in range(n)])
            return max(mp.eigsy(table, eigvals_only=True))

        x = [real(a) for a in problem.start]
        tops, losses = [], []
        for _ in range(STEPS):
            tops.append(top(x))
            losses.append(differentiated(x, ()))
            x = [a - eta * differentiated(x, (i,)) for i, a in enumerate(x)]
        return tops, losses, top([real(a) for a in problem.minimizer]), 2 / eta


def is_true(name, made):
    """Hold everything that a certificate says of the first steps against the simulation."""
    tops, losses, limit, threshold = simulated(name)
    pattern, crossings = made["pattern"], made["crossings"]
    with mp.workdps(200):
        if pattern is not None and pattern["kind"] == "constant":
            if any(abs(t - limit) > mpf(10) ** -150 for t in tops[pattern["from_step"] :]):
                return False
        elif pattern is not None:
            period = 2 if pattern["kind"] == "oscillating" else 1
            if period == 1 and (pattern["kind"] == "monotone-from-above") != (pattern["sign"] > 0):
                return False
            late = [k for k in range(STEPS - period) if k >= pattern["from_step"]]
            states = [follows_pattern(pattern["sign"], period, k, tops, limit) for k in range(STEPS - period)]
            if not all(states[k] for k in late) or any(states[k] for k in pattern["broken"] if k < len(states)):
                return False
        if crossings is not None:
            above = [k for k, t in enumerate(tops) if t > threshold]
            reach = STEPS if crossings["complete"] else min(STEPS, crossings["examined"])
            if [k for k in crossings["steps"] if k < reach] != [k for k in above if k < reach]:
                return False
            rose = [k for k in crossings["steps"] if k < STEPS - 1 and losses[k + 1] > losses[k]]
            if crossings["rose"] is not None and [k for k in crossings["rose"] if k < STEPS - 1] != rose:
                return False
            if crossings["peak"] is not None:
                low, high = (number(x) for x in crossings["peak"])
                peak = max(tops[k] for k in crossings["steps"] if k < STEPS)
                if not low <= peak <= high:
                    return False
    return True


def number(text):
    q = to_fmpq(text, "number")
    return mpf(int(q.p)) / int(q.q)


def follows_pattern(sign, period, k, tops, limit):
    side = sign * (-1) ** (k % period)
    return side * (tops[k] - limit) > 0 and side * (tops[k] - tops[k + period]) > 0


@pytest.mark.parametrize("name", sorted(set(PROBLEMS) - {"near the boundary"}))
def test_the_oracle_agrees(name):
    assert is_true(name, written(name))


# Alterations ----------------------------------------------------------------------------------------------------------

FALSE = [
    ("oscillating", "pattern", "kind", "monotone-from-above"),
    ("oscillating", "pattern", "kind", "monotone-from-below"),
    ("oscillating", "pattern", "sign", -1),
    ("oscillating", "pattern", "from_step", 2),
    ("oscillating", "pattern", "from_step", 0),
    ("oscillating", "pattern", "broken", [1, 2]),
    ("oscillating", "pattern", "broken", [3]),
    ("oscillating", "pattern", "slope", ["-6.0000000001", "-5.9999999999"]),
    ("oscillating", "pattern", "slope", ["6.0000000001", "6.0000000002"]),
    ("oscillating", "pattern", "slope", ["5", "7"]),
    ("oscillating", "pattern", "step", 0),
    ("oscillating", "pattern", "step", 10**6),
    ("oscillating", "pattern", "cone", 17),
    ("oscillating", "pattern", "others", "0"),
    ("oscillating", "pattern", "others", "0.9"),
    ("oscillating", "pattern", "others", "-1"),
    ("oscillating", "pattern", "others", None),
    ("oscillating", "pattern", "top", {"gap": "2", "vector": ["1", "0"]}),
    ("oscillating", "pattern", "top", {"gap": "1", "vector": ["0", "1"]}),
    ("oscillating", "pattern", "top", {"gap": "1", "vector": ["1", "1/1000"]}),
    ("oscillating", "crossings", "steps", []),
    ("oscillating", "crossings", "steps", [0, 2, 4, 6]),
    ("oscillating", "crossings", "steps", [0, 2, 4, 6, 8, 10]),
    ("oscillating", "crossings", "steps", [0, 1, 2, 4, 6, 8]),
    ("oscillating", "crossings", "examined", 5),
    ("oscillating", "crossings", "rose", []),
    ("oscillating", "crossings", "rose", [0, 2]),
    ("oscillating", "crossings", "rose", [2]),
    ("oscillating", "crossings", "rose", [1]),
    ("oscillating", "crossings", "peak", None),
    ("oscillating", "crossings", "peak", ["2.8", "2.8"]),
    ("oscillating", "crossings", "peak", ["2.5", "4"]),
    ("oscillating", "crossings", "peak", ["3.3", "3.3000000001"]),
    ("from above", "pattern", "kind", "monotone-from-below"),
    ("from above", "pattern", "kind", "oscillating"),
    ("from above", "pattern", "sign", -1),
    ("from above", "pattern", "from_step", 1),
    ("from above", "crossings", "steps", [0]),
    ("from above", "crossings", "peak", ["2", "2"]),
    ("from below", "pattern", "kind", "monotone-from-above"),
    ("from below", "pattern", "sign", 1),
    ("from below", "pattern", "from_step", 2),
    ("near the boundary", "pattern", "cone", 10**7),
    ("one variable", "crossings", "steps", []),
    ("straight", "pattern", "from_step", 0),
    ("straight", "pattern", "vector", None),
    ("straight", "pattern", "vector", ["0", "1"]),
    ("straight", "pattern", "vector", ["0", "0"]),
    ("quadratic", "crossings", "steps", [0]),
]


@pytest.mark.parametrize(("name", "part", "field", "value"), FALSE)
def test_what_is_false_is_rejected(name, part, field, value):
    altered = copy.deepcopy(written(name))
    assert altered[part][field] != value
    altered[part][field] = value
    assert check(altered) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [("loss", "2*x**3 + x**2*y + x**2 + 1/2*y**2"), ("step_size", "9/10"), ("start", ["1/10", "1/10"])],
)
def test_another_problem_is_rejected(field, value):
    altered = copy.deepcopy(written("oscillating"))
    assert altered["theorem"]["problem"][field] != value
    altered["theorem"]["problem"][field] = value
    assert check(altered) is not None


def test_the_theorem_inside_is_verified():
    altered = copy.deepcopy(written("oscillating"))
    altered["theorem"]["limit"]["vectors"] = [[["0", "0"], ["1", "1"]]]
    assert "limit" in check(altered)


@pytest.mark.parametrize("eta", ["3/4", "3/5"])
def test_crossings_of_a_steep_start_are_not_hidden(eta):
    """From a start far from the minimizer λ_n exceeds 2/eta at once: no certificate says otherwise."""
    decision = decide(Problem("x**2 + y**2/2 + x**4", step_size=eta, start=["0.4", "0.1"]))
    made = sharpness_certificate(decision, sharpness(decision, first_steps=True))
    assert check(made) is None
    assert made["crossings"]["steps"][0] == 0
    altered = copy.deepcopy(made)
    altered["crossings"] = {"steps": [], "examined": 0, "complete": True, "rose": None, "peak": None}
    assert check(altered) is not None


def made(loss, eta, start, **options):
    decision = decide(Problem(loss, step_size=eta, start=start, **options))
    return sharpness_certificate(decision, sharpness(decision, first_steps=True))


CUBE = ("x**2 + y**2/2 + x**2*y + max(y - 1/1000, 0)**3", "0.1", ["0.05", "0.05"])
SEVERAL = [
    (PROBLEMS["oscillating"], {"from_step": 2, "broken": []}, "pattern at step 2"),
    (PROBLEMS["oscillating"], {"from_step": 0, "broken": []}, "pattern at step"),
    (PROBLEMS["oscillating"], {"from_step": 73}, "from_step <= cone"),
    (PROBLEMS["oscillating"], {"step": 0, "cone": 72}, "sigma < 1"),
    (PROBLEMS["oscillating"], {"step": 8, "cone": 72}, "x <= 1"),
    (PROBLEMS["oscillating"], {"step": 12, "cone": 72}, "amplitude exceeds the tail"),
    (PROBLEMS["near the boundary"], {"from_step": 0}, "at most 10000"),
    (PROBLEMS["from above"], {"step": 2, "cone": 3, "from_step": 3}, "the first order outweighs the rest"),
    ((WORKED, "0.1", ["0.05", "0.3"], None), {"step": 14, "cone": 30, "from_step": 30, "broken": []}, "cone is kept"),
    ((*CUBE, None), {"step": 2, "cone": 18, "from_step": 18, "broken": []}, "no square or cube has its kink"),
    (PROBLEMS["close"], {"step": 0, "cone": 8, "from_step": 8, "broken": []}, "λ_n stays apart"),
]
"""Claims that are not true, or too early to be proved; and the words of the claim of the checker that says so."""


@pytest.mark.parametrize(("problem", "change", "said"), SEVERAL)
def test_what_is_stated_too_early_is_rejected(problem, change, said):
    loss, eta, start, minimizer = problem
    altered = made(loss, eta, start, minimizer=minimizer)
    assert check(altered) is None
    altered["pattern"] |= change
    assert said in check(altered)


def test_a_cone_that_grows_is_rejected():
    """With a high power, the bound on the cone is far above the one on the ball of the iterate."""
    loss = "x**2/2 + x**3/1000000 + x**14"
    altered = made(loss, "1/2", ["0.1"])
    assert check(altered) is None
    altered["theorem"] = certificate(decide(Problem(loss, step_size="1/2", start=["0.64"])))
    altered["pattern"] |= {"step": 0, "cone": 0, "from_step": 0, "broken": []}
    altered["crossings"] = None
    assert "rho + kappa < 1" in check(altered)


def test_a_slope_that_vanishes_proves_no_pattern_of_the_first_order():
    altered = made("x**2 + y**2/2 + x**2*y**2", "0.5", ["0.1", "0.1"])
    assert altered["pattern"] is None and check(altered) is None
    pattern = copy.deepcopy(written("from above")["pattern"])
    altered["pattern"] = pattern | {"from_step": 20, "cone": 20, "broken": [], "step": 5, "slope": ["0", "0"]}
    assert "the slope is not zero" in check(altered)


@pytest.mark.parametrize(("eta", "kind"), [("2/3", "boundary"), ("1/2", "saddle")])
def test_a_pattern_needs_one_direction(eta, kind):
    loss = WORKED if kind == "boundary" else "x**2/2 + y**2/2 + x**2*y + x**3"
    altered = made(loss, eta, ["0.1", "0.1"])
    altered["pattern"] = copy.deepcopy(written("from above")["pattern"])
    assert "along one line" in check(altered)


def test_the_trajectory_must_have_entered_its_subspace():
    """Here x_1 = 0, for 1/4 (1 + 30 y_0) = 1. Before, the other multipliers are not those of the subspace."""
    altered = made("x**2/2 + 15*x**2*y + y**2 + 3/2*z**2 + z**2*y", "1/4", ["1/100", "1/10", "1/100"])
    enters = altered["theorem"]["subspace"]["enters"]
    assert enters > 0 and altered["pattern"]["step"] >= enters and check(altered) is None
    altered["pattern"] |= {"step": enters - 1}
    assert "is in its subspace" in check(altered)


def test_a_saddle_has_no_sharpness():
    theorem = certificate(decide(Problem("x**2 - y**2", step_size="1/4", start=["1/8", "1/16"])))
    crossings = {"steps": [], "examined": 1, "complete": False, "rose": None, "peak": None}
    altered = {"schema": "gdcheck-sharpness/1", "theorem": theorem, "pattern": None, "crossings": crossings}
    assert "positive" in check(altered)


def test_iterates_that_are_lost_prove_nothing():
    theorem = certificate(decide(Problem(f"{10**900}*x**2 + y**2", step_size="2", start=["1", "1"])))
    steps = list(range(60))
    crossings = {"steps": steps, "examined": 60, "complete": False, "rose": None, "peak": ["2e900", "2e900"]}
    altered = {"schema": "gdcheck-sharpness/1", "theorem": theorem, "pattern": None, "crossings": crossings}
    assert "are enclosed" in check(altered)


@pytest.mark.parametrize(
    ("loss", "eta", "start", "said"),
    [
        # Each λ_n(x_0) exceeds the λ_n at the minimizer.
        (WORKED, "0.5", ["0.1", "0.1"], "quadratic along the vector"),
        ("x**2 + y**2/2 + max(y - 1/10, 0)**2", "0.05", ["0.01", "0.12"], "no square has its kink"),
        ("x**2 + y**2/2 + y**4", "0.05", ["0.1", "0.4"], "no other eigenvalue reaches λ_n"),
        ("x**2 + y**2/2 + y**4", "0.05", ["0.1", "1"], "leaves the ball"),
    ],
)
def test_a_constant_must_be_one(loss, eta, start, said):
    altered = made(loss, eta, start)
    altered["pattern"] = {"kind": "constant", "from_step": 0, "vector": ["1", "0"]}
    assert said in check(altered)


@pytest.mark.parametrize(
    ("loss", "eta", "start", "said"),
    [
        (WORKED, "0.01", ["-0.3", "0.1"], "leaves the ball"),
        ("x**2 + y**2/2 + max(x - 1/10, 0)**2", "0.6", ["0.12", "0.01"], "no square has its kink"),
        (WORKED, "0.95", ["0.015", "0.015"], "λ_n < 2/eta on the ball"),
    ],
)
def test_the_steps_to_come_must_be_settled(loss, eta, start, said):
    altered = made(loss, eta, start)
    altered["crossings"] = {"steps": [], "examined": 0, "complete": True, "rose": None, "peak": None}
    assert said in check(altered)


def places(value, path=()):
    if path:
        yield path, value
    if type(value) in (dict, list):
        for key, entry in value.items() if type(value) is dict else enumerate(value):
            yield from places(entry, (*path, key))


SMALL = sorted(set(PROBLEMS) - {"near the boundary", "three variables", "close"})
ALL = [(name, path) for name in SMALL for path, _ in places(written(name)) if path[0] in ("pattern", "crossings")]
VALUES = (
    st.sampled_from(["0", "-1", "7/3", "1/1000", "oscillating", "monotone-from-above", "monotone-from-below"])
    | st.sampled_from([None, True, False, [], ["0", "1"], ["1", "0"]])
    | st.integers(-1, 20)
    | st.lists(st.integers(0, 12), max_size=6).map(sorted)
)


@settings(max_examples=200)
@given(st.sampled_from(ALL), VALUES)
def test_whatever_is_accepted_is_true(place, value):
    name, path = place
    altered = copy.deepcopy(written(name))
    entry = altered
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    try:
        failure = check(altered)
    except (BadCertificate, NotChecked):
        return
    assert failure is not None or is_true(name, altered), f"{path} = {value!r} was accepted"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), "gdcheck-sharpness/2", "schema"),
        (("pattern", "sign"), 0, "sign"),
        (("pattern", "kind"), 1, "kind"),
        (("pattern", "broken"), [2, 1], "broken"),
        (("pattern", "from_step"), "3", "from_step"),
        (("pattern", "slope"), ["1"], "slope"),
        (("crossings", "complete"), 1, "complete"),
        (("crossings", "examined"), 20_001, "examined"),
        (("crossings", "steps"), [2, 2], "steps"),
        (("crossings", "steps"), [True], "steps"),
        (("theorem",), None, "certificate"),
    ],
)
def test_what_is_malformed_is_named(path, value, said):
    altered = copy.deepcopy(written("oscillating"))
    entry = altered
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    with pytest.raises(BadCertificate, match=said):
        check(altered)


def test_nothing_but_the_theorem_is_not_enough():
    assert "stated" in check(written("oscillating") | {"pattern": None, "crossings": None})


def test_a_rejected_certificate_leaves_nothing_proved(monkeypatch):
    loss, eta, start, _ = PROBLEMS["oscillating"]
    decision = decide(Problem(loss, step_size=eta, start=start))
    found = sharpness(decision, first_steps=True)
    assert recheck_sharpness(decision, found).result == "accepted"
    monkeypatch.setattr("gdcheck.theorem.certificate.kinds.sharpness.check", lambda made: "it is false")
    left = recheck_sharpness(decision, found)
    assert left.result == "rejected" and left.certificate is None
    assert left.found.pattern.kind is Kind.UNDECIDED and not left.found.crossings.complete


def test_what_is_not_checked_is_not_accepted(monkeypatch):
    loss, eta, start, _ = PROBLEMS["oscillating"]
    decision = decide(Problem(loss, step_size=eta, start=start))

    def give_up(made):
        raise NotChecked("not checked: too long")

    monkeypatch.setattr("gdcheck.theorem.certificate.kinds.sharpness.check", give_up)
    left = recheck_sharpness(decision, sharpness(decision))
    assert (left.result, left.certificate) == ("none", None)
    assert left.found.pattern.kind is Kind.OSCILLATING


# The two tools of Claim H2 --------------------------------------------------------------------------------------------


@given(symmetric_matrices(1, 4))
def test_the_largest_root_is_enclosed(matrix):
    rows = [[Q(int(x.p), int(x.q)) for x in row] for row in matrix.tolist()]
    operator = Operator.of(rows)
    above = 1 + int(max(sum(map(abs, row)) for row in rows))
    low, high = largest_root(operator.characteristic, above << 128, 128)
    assert operator.up_to(high) == len(rows) and operator.below(low) < len(rows)
    assert high - low <= Q(2 * len(rows) + 2, 2**100)
    for s in (low - 1, high + 1, (low + high) / 2 + Q(1, 7)):
        entries, _ = integers([s * (i == j) - x for i, row in enumerate(rows) for j, x in enumerate(row)])
        n = len(rows)
        assert is_positive_definite([entries[i * n : (i + 1) * n] for i in range(n)]) == (operator.below(s) == n)
