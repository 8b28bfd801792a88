"""Momentum on smooth losses: against the exact engine for polynomials, against mpmath, and with tampered proofs."""

import copy
import json
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import gdcheck
from gdcheck.properties.storage.reading import problem_inside
from gdcheck.theorem.augmented.enclosed_modes import enclosed_modes, step_norm
from gdcheck.theorem.augmented.enclosed_states import enclosed_states
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.certificate.rechecking import check, require_shape
from gdcheck.theorem.certificate.smooth.method import enclosed_answer, enclosed_certificate
from gdcheck.theorem.decision.enclosed.method import decide_enclosed
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import HeavyBall, Nesterov
from gdcheck.theorem.reference.smooth_trajectory import observe_smooth, smooth_iterates
from gdcheck.theorem.smooth.minimizer import centre_within, enclose_minimizer, find
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem, smooth_instead

ONE = "log(1+exp(-w))+log(1+exp(10*w))"
TWO = "exp(x)-x+2*y**2+x*y/5"
IRRATIONAL = "x**4-3*x**2+2+y**2/2+x*y"
MADE = {
    "turning": (ONE, "3/10", ["0"], "heavy-ball", "1/2", "rotating"),
    "fixed": (TWO, "1/100", ["1", "1"], "heavy-ball", "1/2", "fixed"),
    "all-turn": (TWO, "1/10", ["1", "1"], "heavy-ball", "9/10", "rotating"),
    "one-turns": (TWO, "1/100", ["1", "1"], "nesterov", "9/10", "rotating"),
    "alternating": (TWO, "37/50", ["1/10", "1/8"], "heavy-ball", "1/2", "alternating"),
    "steep": (TWO, "9/25", ["1/10", "1/8"], "nesterov", "1/2", "alternating"),
    "irrational": (IRRATIONAL, "1/50", ["1", "1"], "nesterov", "1/2", "fixed"),
}


def in_mpmath(q):
    return mp.mpf(int(q.p)) / int(q.q)


def made(name):
    loss, eta, start, method, momentum, _ = MADE[name]
    return SmoothProblem.of(loss, step_size=eta, start=start, method={"name": method, "momentum": momentum})


@pytest.mark.parametrize("name", MADE)
def test_a_limit_is_proved_and_rechecked_and_is_the_one_that_mpmath_sees(name):
    decision = decide_enclosed(made(name))
    assert decision.amplitude.limit.kind.value == MADE[name][-1]
    certificate = json.loads(json.dumps(enclosed_certificate(decision)))
    require_shape(certificate)
    assert check(certificate) is None
    again = problem_inside(certificate)
    assert again.method == decision.problem.method and decide_enclosed(again).verdict is decision.verdict
    if name != "all-turn":
        where = lambda digits: centre_within(decision.problem.loss, decision.minimizer, digits)  # noqa: E731
        seen = observe_smooth(decision.problem, where, max_steps=2000)
        assert (seen.kind.value if seen.kind else "rotating") == MADE[name][-1]
        if seen.kind:
            vectors = zip(decision.limit.vectors[0], seen.vectors[0], strict=True)
            assert all(abs(float(a.mid()) - b) < 1e-9 for a, b in vectors)


@pytest.mark.parametrize("name", ["fixed", "steep", "irrational", "all-turn"])
def test_every_state_lies_within_its_enclosure(name):
    problem = made(name)
    point = find(problem.loss, problem.step_size, problem.start, None, problem.method)
    with ctx.workprec(192), mp.workdps(80):
        minimizer = enclose_minimizer(problem.loss, point)
        modes = enclosed_modes(problem.method, arb(problem.step_size), minimizer.spectrum.values)
        states = islice(enclosed_states(problem, minimizer, modes).iterates(), 60)
        found = [([in_mpmath(exact(c)) for c in z.centre], in_mpmath(exact(arb(z.error.upper())))) for z in states]
    with mp.workdps(60):
        near = [in_mpmath(q) for q in centre_within(problem.loss, minimizer, 70)]
        path = [[a - b for a, b in zip(x, near, strict=True)] for x in islice(smooth_iterates(problem, 60), 61)]
        method = problem.method
        lead, carry, beta = (in_mpmath(q) for q in (method.lead, method.carry, method.momentum))
        buffer = [mp.mpf(0)] * len(near)
        for (h, following), (centre, error) in zip(pairwise(path), found, strict=True):
            away = [a - b for a, b in zip([*h, *buffer], centre, strict=True)]
            assert mp.norm(away) <= error
            # h' = h - a p - kappa c gives the pull p, and with it the next buffer.
            pull = [(a - b - carry * c) / lead for a, b, c in zip(h, following, buffer, strict=True)]
            buffer = [beta * c + p for c, p in zip(buffer, pull, strict=True)]


BETAS = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=40)


@given(
    method=st.sampled_from(["heavy-ball", "nesterov"]),
    beta=BETAS,
    share=st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=60),
    steep=st.fractions(Fraction(5, 4), 20, max_denominator=8),
    bend=st.fractions(-1, 1, max_denominator=9),
)
def test_it_is_what_the_exact_engine_says_of_a_polynomial(method, beta, share, steep, bend):
    """On x^2/2 + L y^2/2 + b x y^2 both ways give the same regime, verdict, thresholds, angles and limit."""
    kind = {"heavy-ball": HeavyBall, "nesterov": Nesterov}[method](fmpq(beta.numerator, beta.denominator))
    stable = largest_stable(kind)
    eta = share * Fraction(int(stable.p), int(stable.q)) / steep
    polynomial = gdcheck.Problem(
        f"x**2/2 + {steep}*y**2/2 + {bend}*x*y**2",
        step_size=str(eta),
        start=["1/50", "1/70"],
        method={"name": method, "momentum": str(beta)},
    )
    expected = gdcheck.decide(polynomial)
    found = decide_enclosed(smooth_instead(polynomial, None))
    ours = enclosed_answer(found)
    assert ours["regime"] == expected.motion.regime.value or found.verdict is Verdict.UNRESOLVED
    assert found.verdict in {expected.verdict, Verdict.UNRESOLVED}
    if expected.verdict is Verdict.PROVED:
        assert found.verdict is Verdict.PROVED, found.reason
        assert check(enclosed_certificate(found)) is None
        assert found.limit.kind is expected.limit.kind
        for a, b in zip(found.limit.vectors, expected.limit.vectors, strict=True):
            assert all(x.overlaps(y) for x, y in zip(a, b, strict=True))


@given(
    beta=BETAS,
    ends=st.tuples(st.fractions(-3, 3, max_denominator=9), st.fractions(-3, 3, max_denominator=9)).map(sorted),
    share=st.fractions(0, 1, max_denominator=20),
    nesterov=st.booleans(),
)
def test_a_step_between_two_ends_is_at_most_as_large_as_is_said(beta, ends, share, nesterov):
    method = (Nesterov if nesterov else HeavyBall)(fmpq(beta.numerator, beta.denominator))
    bound = step_norm(method, [arb(fmpq(x.numerator, x.denominator)) for x in ends])
    s = ends[0] + share * (ends[1] - ends[0])
    a, kappa = ((Fraction(int(q.p), int(q.q))) for q in (method.lead, method.carry))
    with mp.workdps(30):
        matrix = mp.matrix([[1 - a * s, -kappa], [s, beta]])
        assert max(mp.svd_r(matrix, compute_uv=False)) <= float(bound) * (1 + 1e-12)


CERTIFICATE = enclosed_certificate(decide_enclosed(made("steep")))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("verdict",), "not-applicable", "the verdict is not-applicable fails"),
        (("fails",), ["stable-step"], "the failing assumptions are"),
        (("regime",), "small-step", "the regime is small-step fails"),
        (("regime",), "rotating", "the regime is rotating fails"),
        (("regime",), "unstable", "a multiplier has a modulus of at least one fails"),
        (("limit", "kind"), "fixed", "the limit is fixed fails"),
        (("limit", "vector"), [], "a component for each variable fails"),
        (("limit",), None, "a proof has a limit fails"),
        (("powers",), None, "the powers are stated fails"),
        (("powers", "error"), "1/2", "K of the error"),
        (("powers", "gradient"), "1/2", "K of the gradient"),
        (("regular_at",), None, "a proof has a point where I - eta Hessian is regular fails"),
        (("step",), 0, "fails at step 0"),
        (("spectrum", "lowest"), ["1", "1"], "smallest eigenvalue is in the narrow"),
        (("problem", "step_size"), "1/5", "fails"),
        (("problem", "method", "momentum"), "1/4", "fails"),
        (("problem", "method", "name"), "heavy-ball", "fails"),
    ],
)
def test_a_certificate_says_what_fails(path, value, said):
    changed = copy.deepcopy(CERTIFICATE)
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    failure = check(changed)
    assert failure is not None and said in failure, failure


def test_a_limit_on_the_other_side_is_rejected():
    changed = copy.deepcopy(CERTIFICATE)
    changed["limit"]["vector"] = [
        [f"-{b}".replace("--", ""), f"-{a}".replace("--", "")] for a, b in changed["limit"]["vector"]
    ]
    assert "the limit is in the narrow" in check(changed)


def test_a_method_that_is_too_large_is_told_with_its_numbers():
    problem = replace(made("fixed"), step_size=fmpq(4, 5), near=(fmpq(0), fmpq(0)))
    decision = decide_enclosed(problem)
    assert decision.verdict is Verdict.NOT_APPLICABLE and "is stable only where" in decision.reason
    assert check(enclosed_certificate(decision)) is None
    assert enclosed_answer(decision)["regime"] == "unstable"


def test_without_momentum_it_is_gradient_descent():
    problem = SmoothProblem.of(TWO, step_size="1/10", start=["1", "1"], method={"name": "nesterov", "momentum": "0"})
    assert problem.method.is_plain and "method" not in problem.to_json()


@pytest.mark.parametrize(
    "method", ["adam", "rmsprop", {"name": "gradient-descent", "preconditioner": [["1", "0"], ["0", "2"]]}]
)
def test_other_methods_are_refused(method):
    with pytest.raises(InputError, match=r"^method: Adam, RMSprop and preconditioners are decided for polynomial"):
        SmoothProblem.of(TWO, step_size="1/10", start=["1", "1"], method=method)


def test_what_is_about_gradient_descent_refuses_momentum():
    for ask in (decide_smooth, EveryStartSmoothProblem.of_problem):
        with pytest.raises(InputError, match=r"^method: is gradient descent here"):
            ask(made("fixed"))
