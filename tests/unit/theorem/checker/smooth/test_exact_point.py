"""The Hessian at a rational point in fractions, and certificates whose equalities hang on it."""

import copy
import json
from fractions import Fraction as Q
from math import hypot, sinh

import pytest
from flint import arb, ctx, fmpq

import gdcheck
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.checker.smooth.exact_point import exact_hessian
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.smooth import evaluate
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.smooth.series.along import exact_hessian as series_hessian

NAMES = ("x", "y")
FORMS = (
    *("exp({u})", "sin({u})", "cos({u})", "tan({u})", "sinh({u})", "cosh({u})", "tanh({u})", "sigmoid({u})"),
    *("softplus({u})", "atan({u})", "atan(2 + {u})", "log1p({u})", "log(1 + {u})", "log(3 + {u})", "log1p({u} + 2)"),
    *("sqrt(4 + {u})", "(1 + {u})**(2/3)", "(9/4 + {u})**(-3/2)", "1/(2 + {u})", "({u} - 3)**(-2)", "({u})**2"),
    *("({u})**3 + 5", "x*exp({u})*cosh(y)", "exp({u})**2*cos({u} - x)"),
)


def checkers(text, point=(0, 0)):
    return exact_hessian(read_expression(text, NAMES, {}), [Q(q) for q in point])


def engines(text, point=(0, 0)):
    return series_hessian(read_smooth(text, NAMES), [fmpq(q) for q in point])


def as_texts(matrix):
    return None if matrix is None else [[str(x) for x in row] for row in matrix]


@pytest.mark.parametrize("form", FORMS)
def test_the_exact_hessian_is_the_enclosed_one(form):
    """A linear part makes the origin critical; it is recognized from the enclosed gradient."""
    text = form.format(u="(x + x*y/2 + y**2/3 - y)")
    with ctx.workprec(300):
        slopes = evaluate.gradient(read_smooth(text, NAMES), [arb(0)] * 2)
        near = [Q(float(x)).limit_denominator(1000) for x in slopes]
        text += f" - ({near[0]})*x - ({near[1]})*y"
        balls = evaluate.hessian(read_smooth(text, NAMES), [arb(0)] * 2)
        found = checkers(text)
        assert found is not None
        for i in range(2):
            for j in range(2):
                assert balls[i, j].rad() < 1e-60
                assert balls[i, j].overlaps(arb(fmpq(found[i][j].numerator, found[i][j].denominator)))
    assert as_texts(found) == as_texts(engines(text))


@pytest.mark.parametrize(
    "text",
    [
        "erf(x)*x + y**2",  # 4/sqrt(pi)
        "exp(x) + y**2",  # No critical point.
        "exp(x + 1) - x*exp(1 + y) + y**2",
        "sqrt(2 + x**2) + y**2",
        "softplus(x)**2 + y**2",  # ln 2 is needed.
        "log(2 + x**2)*(1 + y**2)",
        "x**(5/2) + y**2",
        "x**2/y + y",
    ],
)
def test_what_is_not_rational_has_no_exact_hessian(text):
    assert checkers(text) is None
    assert engines(text) is None


def test_numbers_with_too_many_digits_are_given_up():
    with pytest.raises(NotChecked, match="too many"):
        checkers("((3 + x)**15)**15*((3 + x)**15)**15*y**2*((3 + y)**14)**14*((3 + y)**14)**14" + "*(5 + x)**9000" * 3)


def certified(loss, eta, start=("1/10", "1/5"), **more):
    decision = gdcheck.decide(gdcheck.Problem(loss, step_size=eta, start=start, **more))
    return decision, json.loads(json.dumps(gdcheck.certify(decision)))


EQUAL = {
    "boundary": ("cosh(x) + 2*cosh(y)", "2/3", ["off-boundary"], "two-cycle"),
    "boundary, irrational ends": ("cosh(x) + cosh(x - y) + cosh(2*y)", "2/7", ["off-boundary"], "two-cycle"),
    "boundary, exp": ("exp(x) - x + 2*y**2", "2/5", ["off-boundary"], "two-cycle"),
    "boundary, softplus": ("softplus(x) + softplus(-x) + y**2", "4/5", ["off-boundary"], "two-cycle"),
    "boundary elsewhere": ("cosh(x - 1/3) + 3*cosh(y - 1/7)", "1/2", ["off-boundary"], "two-cycle"),
    "stability": ("1 - cos(x) + 2*(1 - cos(y))", "1", ["stable-step"], None),
    "equal": ("log(1 + x**2) + y**2", "1/4", ["distinct-ends", "simple-highest", "simple-lowest"], "fixed"),
    "no multiplier": (
        *("log(1 + x**2) + y**2", "1/2"),
        *(["distinct-ends", "off-boundary", "simple-highest", "simple-lowest"], None),
    ),
    "lowest": ("cosh(x) + cosh(y) + 2*cosh(z)", "1/2", ["simple-lowest"], "fixed"),
    "highest": ("cosh(x) + 2*cosh(y) + 2*cosh(z)", "4/5", ["simple-highest"], "alternating"),
    "double boundary": ("cosh(x) + cosh(y) + 2*cosh(z)", "2/3", ["off-boundary", "simple-lowest"], "two-cycle"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_an_equality_at_a_rational_minimizer_is_decided_and_certified(name):
    loss, eta, fails, kind = EQUAL[name]
    start = ("1/10", "1/5", "1/10")[: 3 if "z" in loss else 2]
    near = {"minimizer": ["0"] * len(start)} if kind is None else {}
    decision, certificate = certified(loss, eta, start, **near)
    assert decision.verdict.value == "not-applicable"
    assert sorted(a.value for a in decision.fails) == fails
    assert (None if decision.limit is None else decision.limit.kind.value) == kind
    assert check(certificate) is None


@pytest.mark.parametrize(
    ("eta", "regime", "kind"),
    [("0.66666666666666666666", "small-step", "fixed"), ("0.66666666666666666667", "large-step", "alternating")],
)
def test_next_to_the_boundary_the_theorem_holds(eta, regime, kind):
    decision, certificate = certified("cosh(x) + 2*cosh(y)", eta)
    assert (decision.verdict.value, decision.regime.value, decision.limit.kind.value) == ("proved", regime, kind)
    assert check(certificate) is None


def test_the_directions_of_a_two_cycle_are_those_of_the_iterates():
    decision, _ = certified("cosh(x) + 2*cosh(y)", "2/3")
    h = [0.1, 0.2]
    for _ in range(30):
        h = [h[0] - 2 / 3 * sinh(h[0]), h[1] - 4 / 3 * sinh(h[1])]
    size = hypot(*h)
    assert [float(x.mid()) for x in decision.limit.vectors[0]] == pytest.approx([x / size for x in h], abs=1e-6)


def test_an_irrational_hessian_leaves_equal_ends_open_and_says_why():
    """x erf(x) and y erf(2y)/2 have the same second derivative at zero, and no symmetry exchanges them."""
    problem = gdcheck.Problem("x*erf(x) + y*erf(2*y)/2", step_size="1/10", start=["1/10", "1/5"])
    found = gdcheck.decide(problem)
    assert found.verdict.value == "unresolved"
    assert "not known to be rational" in found.reason


@pytest.mark.parametrize(
    ("name", "path", "value", "said"),
    [
        ("boundary", ("problem", "step_size"), "2/3000001", "regime boundary fails"),
        (
            "boundary",
            ("problem", "step_size"),
            "66666666666666666666666666/100000000000000000000000000",
            "boundary fails",
        ),
        ("boundary", ("regime",), "small-step", "regime small-step fails"),
        ("boundary", ("regime",), "unstable", "regime unstable fails"),
        ("boundary", ("fails",), [], "the failing assumptions are"),
        ("boundary", ("fails",), ["off-boundary", "simple-lowest"], "the failing assumptions are"),
        ("boundary", ("limit", "kind"), "fixed", "the limit is fixed fails"),
        ("boundary", ("limit", "vector"), None, "the limit is in the narrow"),
        ("boundary", ("minimizer", "centre", 0), "1e-90", "the regime is boundary fails"),
        ("boundary", ("step",), 0, "the limit is in the narrow"),
        ("boundary", ("problem", "loss"), "cosh(x) + 2*cosh(y) + x**2/1000000000000000000000", "regime boundary fails"),
        ("stability", ("regime",), "large-step", "regime large-step fails"),
        ("equal", ("fails",), ["distinct-ends"], "the failing assumptions are"),
        ("equal", ("problem", "loss"), "log(1 + x**2) + y**2 + x*y/1000000000000000000000", "fails"),
        ("lowest", ("fails",), [], "the failing assumptions are"),
        ("lowest", ("eigenvectors", 0), ["1", "0", "1/1000"], "fails"),
        ("lowest", ("limit", "vector"), None, "the limit is in the narrow"),
        ("double boundary", ("limit", "vector"), None, "the limit is in the narrow"),
    ],
)
def test_a_changed_certificate_is_rejected(name, path, value, said):
    loss, eta, _, kind = EQUAL[name]
    start = ("1/10", "1/5", "1/10")[: 3 if "z" in loss else 2]
    _, certificate = certified(loss, eta, start, **({"minimizer": ["0"] * len(start)} if kind is None else {}))
    assert check(certificate) is None
    changed = copy.deepcopy(certificate)
    here = changed
    for key in path[:-1]:
        here = here[key]
    if value is None:
        value = [[str(Q(x) + Q(1, 1000)) for x in ends] for ends in here[path[-1]]]
    here[path[-1]] = value
    failure = check(changed)
    assert failure is not None and any(part in failure for part in said.split("|")), failure


def test_almost_every_start_meets_the_same_equality():
    problem = gdcheck.Problem("cosh(x) + 2*cosh(y)", step_size="2/3", start=["0", "0"])
    found = gdcheck.decide_every_start(problem)
    assert (found.verdict.value, found.regime.value) == ("not-applicable", "boundary")
    certificate = json.loads(json.dumps(gdcheck.certify(found)))
    assert check(certificate) is None
    assert "regime boundary fails" in check(
        {**certificate, "problem": {**certificate["problem"], "step_size": "2/3001"}}
    )


def test_at_the_limit_of_stability_iterates_need_settle_nowhere():
    """They come near as 1/√k: the minimum is that next to the start."""
    problem = gdcheck.Problem("3/2 - cos(x) - cos(2*y)/2", step_size="1", start=["1/10", "1/5"])
    found = gdcheck.decide(problem)
    assert (found.verdict.value, found.regime.value) == ("not-applicable", "unstable")
    assert check(json.loads(json.dumps(gdcheck.certify(found)))) is None
