"""Certificates of symmetries, claim by claim: what is changed is rejected, by the claim that it breaks."""

import copy
import json
from fractions import Fraction as Q
from types import SimpleNamespace

import pytest
from flint import ctx, fmpq

import gdcheck
from gdcheck.theorem.assumptions.enclosed import tell
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import SMOOTH_SYMMETRY, BadCertificate, check, require_shape
from gdcheck.theorem.checker.outcome import ClaimError
from gdcheck.theorem.checker.symmetry import claims
from gdcheck.theorem.decision.smooth import SmoothDecision, regular_point
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.smooth.minimizer import enclose_minimizer
from gdcheck.theorem.symmetry import fixed_start
from gdcheck.theorem.symmetry.fixed_start import on_fixed_space

STYBLINSKI_TANG = "0.5*(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)"
COUPLED = "exp(x) + exp(y) + exp(z) + (x + y + z)**2 - 2*x - 2*y - 2*z"
PROBLEMS = {
    "equal": (STYBLINSKI_TANG, "1/100", ["-2", "-2"]),
    "equal, alternating": (STYBLINSKI_TANG, "1/25", ["-2", "-5/2"]),
    "equal, coupled": (COUPLED, "1/10", ["1", "1/2", "0"]),
    "equal, on a line": (COUPLED, "1/10", ["1", "1", "1"]),
    "even": ("cosh(x) + exp(y) - 2*y", "1/10", ["0", "1"]),
    "even elsewhere": ("cosh(x - 1) + exp(y) - 2*y", "1/10", ["1", "1"]),
    "exchanged": ("exp(x) + exp(y) + x*y - 3*x - 3*y", "1/10", ["1", "1"]),
    "large": ("cosh(x) + 2*cosh(y)", "4/5", ["1", "0"]),
    "unstable": ("cosh(x) + 2*cosh(y)", "6/5", ["1/10", "0"]),
    "boundary": ("cosh(x) + 2*cosh(y)", "2/3", ["1/10", "0"]),
    "minimizer": ("cosh(x) + 2*cosh(y)", "1/10", ["0", "0"]),
    "softplus": ("softplus(a) + softplus(-a) + softplus(2*b + 1) + 2*softplus(-b) + (a*b)**2", "1/2", ["0", "2"]),
}


def certified(name):
    loss, eta, start = PROBLEMS[name]
    problem = gdcheck.SmoothProblem.of(loss, step_size=eta, start=start)
    return json.loads(json.dumps(gdcheck.certify(gdcheck.decide(problem))))


MADE = {name: certified(name) for name in PROBLEMS}


@pytest.mark.parametrize("name", PROBLEMS)
def test_certificates_are_accepted(name):
    made = MADE[name]
    assert made["schema"] == SMOOTH_SYMMETRY
    require_shape(made)
    assert check(made) is None
    assert made["verdict"] == ("not-applicable" if made["fails"] else "exceptional")
    assert (made["subspace"] is None) is (bool(made["lines"]) and name != "equal, on a line")


def changed(name, *changes):
    made = copy.deepcopy(MADE[name])
    for path, value in changes:
        here = made
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = value
    return made


def symmetry(places, signs, shift):
    return {"places": places, "signs": signs, "shift": shift}


FIRST = ("symmetries", 0)
LOSS = ("problem", "loss")


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        # Z1: the loss, or the symmetry, is another.
        ("even", [((*FIRST, "signs"), [1, -1])], "symmetry 0 fixes the middle of the minimizer's ball fails"),
        ("even", [((*FIRST, "signs"), [1, 1]), ((*FIRST, "places"), [1, 0])], "symmetry 0 fixes the middle"),
        ("even", [((*FIRST, "places"), [0, 0])], "the places of symmetry 0 are a permutation fails"),
        ("even", [((*FIRST, "places"), [0, 5])], "the places of symmetry 0 are a permutation fails"),
        ("even", [((*FIRST, "shift"), ["1", "0"])], "symmetry 0 fixes the middle"),
        ("even", [(LOSS, "cosh(x) + exp(y) - 2*y + x**3/9")], "the loss is invariant under symmetry 0 fails"),
        ("exchanged", [(LOSS, "exp(x) + exp(y) + x*y - 3*x - 3*y + x**9/10**30")], "the loss is invariant"),
        ("even elsewhere", [(LOSS, "cosh(x - 1) + exp(y) - 2*y + (x - 1)**3")], "the loss is invariant"),
        ("even elsewhere", [((*FIRST, "shift"), ["0", "0"])], "symmetry 0 fixes the middle"),
        # Z2: the start is off the subspace, or the subspace is another.
        ("even", [(("problem", "start"), ["1/1000", "1"])], "the vectors are a basis of the fixed directions fails"),
        ("even", [(("symmetries",), [])], "the vectors are a basis of the fixed directions fails"),
        ("even", [(("subspace", "basis"), [["1", "0"]])], "the vectors are a basis of the fixed directions fails"),
        ("even", [(("subspace", "basis"), [])], "the vectors are a basis of the fixed directions fails"),
        ("even", [(("subspace", "basis"), [["0", "1"], ["0", "2"]])], "the vectors are a basis"),
        ("even", [(("subspace", "basis"), [["0", "0"]])], "the vectors are a basis"),
        ("minimizer", [(("problem", "start"), ["0", "1/9"])], "the vectors are a basis"),
        ("exchanged", [(("eigenvectors", 0, 0), "7/10")], "each vector is in the subspace or orthogonal to it fails"),
        # Z3: equal eigenvalues.
        ("equal", [(("lines",), [])], "the regime|simple"),
        ("equal", [(("symmetries",), [])], "the images of a line span its eigenspace fails: 1 of 2"),
        ("equal", [(("lines",), [["1", "2"]])], "a line is fixed by symmetries, alone, fails"),
        ("equal", [(("lines",), [["0", "0"]])], "a line has a direction fails"),
        ("equal, coupled", [(("lines",), [["1", "0", "0"]])], "a line is fixed by symmetries, alone, fails"),
        ("equal, coupled", [(("lines",), [["1", "1", "1"]])], "the ends of the spectrum are apart"),
        # Z4 and Z5: assumptions and verdict.
        ("equal", [(("fails",), ["distinct-ends"])], "the failing assumptions are"),
        ("equal", [(("regime",), "large-step")], "the regime is large-step fails"),
        ("even", [(("verdict",), "proved")], "the verdict is proved fails"),
        ("even", [(("verdict",), "not-applicable")], "the verdict is not-applicable fails"),
        ("even", [(("regular_at",), None)], "a point where I - eta Hessian is regular fails"),
        ("even", [(("subspace",), None)], "the subspace lacks the eigenvalue that dominates in all of space fails"),
        ("even", [(("fails",), ["stable-step"])], "the failing assumptions are"),
        ("unstable", [(("fails",), [])], "the failing assumptions are"),
        ("unstable", [(("verdict",), "exceptional")], "the verdict is exceptional fails"),
        # Z6: the limit.
        ("even", [(("limit",), None)], "a limit is stated, with its regime, fails"),
        ("even", [(("subspace", "regime"), None)], "a limit is stated, with its regime, fails"),
        ("even", [(("subspace", "regime"), "large-step")], "the limit is fixed fails"),
        ("even", [(("limit", "kind"), "alternating")], "the limit is alternating fails"),
        ("even", [(("limit", "vector", 1), ["-1", "-1"])], "the limit is in the narrow"),
        ("exchanged", [(("step",), 0)], "fails at step 0"),
    ],
)
def test_a_change_breaks_a_claim(name, changes, said):
    failure = check(changed(name, *changes))
    assert failure is not None and any(part in failure for part in said.split("|")), failure


def test_a_subspace_that_holds_the_dominant_eigenvector_proves_no_exception():
    """Of the same loss from the line x = y with a step so large that the highest eigenvector, (1, 1), dominates."""
    made = changed("exchanged", (("problem", "step_size"), "3/5"), (("regime",), "large-step"))
    made = made | {"subspace": made["subspace"] | {"regime": "large-step"}}
    assert check(made) == "the subspace lacks the eigenvalue that dominates in all of space fails"


def test_with_a_small_step_too(monkeypatch):
    """Here (1, 1) has the smallest eigenvalue, and the engine is made to overlook that."""
    monkeypatch.setattr(fixed_start, "_lacks_dominance", lambda regime, inside, outside: True)
    problem = gdcheck.SmoothProblem.of("exp(x) + exp(y) - x*y/2 - 3*x - 3*y", step_size="1/10", start=["1", "1"])
    with ctx.workprec(192):
        told = tell(problem.loss, enclose_minimizer(problem.loss, [fmpq(3, 2)] * 2), problem.step_size)
        found = on_fixed_space(problem, told, 128, 1000)
        regular = regular_point(problem, found.told.minimizer)
    wrong = SmoothDecision(
        *(problem, Verdict.EXCEPTIONAL, "", 128, found.told.minimizer, found.told.regime, (), regular, found.amplitude),
        symmetry=found.symmetry,
    )
    assert check(smooth_certificate(wrong)) == "the subspace lacks the eigenvalue that dominates in all of space fails"


def test_errors_are_bounded_with_the_eigenvalues_of_all_of_space(monkeypatch):
    seen = []
    monkeypatch.setattr(claims, "verify_limit", lambda c, at, inside, limit, beside=(): seen.append((inside, beside)))
    assert check(MADE["unstable"]) is None
    ((inside, beside),) = seen
    assert [round(low) for low, _ in (*inside, *beside)] == [1, 2]


def test_ends_within_the_subspace_that_may_be_equal_are_no_line():
    stated, limit = SimpleNamespace(regime="small-step"), SimpleNamespace()
    split = claims.Split((), [(Q(1), Q(2)), (Q(1), Q(2))], [])
    with pytest.raises(ClaimError, match="the ends of the spectrum in the subspace are simple fails"):
        claims.verify_limit_inside(SimpleNamespace(limit=limit), None, stated, split)


def test_a_line_of_another_eigenvalue_leaves_the_ends_undecided():
    """(1, 1, 1) belongs to the highest eigenvalue, which is simple: the lowest two are not shown to be equal."""
    made = changed("equal, coupled", (("lines",), [["1", "1", "1"]]))
    assert "the ends of the spectrum are apart" in check(made)


def test_intervals_that_are_the_same_do_not_make_eigenvalues_equal():
    """The lowest eigenvalues are 2 and 2 + 4/10^20: no line proves them equal, and their intervals are one interval."""
    loss = "exp(a) + exp(b) - 2*a - 2*b + 3*exp(c) + 3*exp(d) - 9*c - 9*d"
    problem = gdcheck.SmoothProblem.of(loss, step_size="1/10", start=["1", "1/2", "1", "1/2"])
    made = json.loads(json.dumps(gdcheck.certify(gdcheck.decide(problem))))
    assert (len(made["lines"]), check(made)) == (2, None)
    made["problem"]["loss"] += " + (a - b)**2/10**20"
    made["lines"] = [line for line in made["lines"] if line[2:] != ["0", "0"]]
    assert len(made["lines"]) == 1
    assert "the ends of the spectrum are apart" in (check(made) or "accepted")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([((*FIRST, "signs"), [2, 1])], "signs[0] must be 1 or -1"),
        ([((*FIRST, "signs"), [1])], "signs must be a list"),
        ([((*FIRST, "places"), [-1, 0])], "places[0] must be a whole number"),
        ([(("subspace", "regime"), "boundary")], "regime must be"),
        ([(("symmetries",), None)], "symmetries must be a list"),
    ],
)
def test_what_is_malformed_is_refused(changes, said):
    with pytest.raises(BadCertificate) as refused:
        check(changed("even", *changes))
    assert said in str(refused.value)
