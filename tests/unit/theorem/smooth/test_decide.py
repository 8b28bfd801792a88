"""Verdicts on smooth losses: against a simulation that shares no code, with certificates that the checker accepts."""

import json
import random
from copy import deepcopy
from fractions import Fraction

import mpmath
import pytest
from flint import fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gdcheck.theorem.certificate.kinds.smooth import smooth_answer, smooth_certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, check
from gdcheck.theorem.decision.smooth import SmoothProblem, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.smooth.reading import read_smooth
from tests.builders.smooth import random_smooth, simulated

KNOWN = [
    ("log(1 + exp(-w)) + log(1 + exp(10*w))", "0.3", ["0"], [-0.280656], "alternating", [-1.0]),
    ("x**4 - 3*x**2 + 2", "0.1", ["-2.5"], [-(1.5**0.5)], "alternating", None),
    ("x**4 - 3*x**2 + 2", "0.05", ["-2.5"], [-(1.5**0.5)], "fixed", None),
    ("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", "0.01", ["-1", "-1"], [-3.77931025, -3.28318599], "alternating", None),
    ("(x - 1)**2 + 2*(2*y**2 - x)**2", "0.01", ["1", "1"], [1.0, 0.5**0.5], "fixed", None),
    ("x**4/2 - 8*x**2 + 5/2*x + y**4/2 - 8*y**2 + 5/2*y", "0.01", ["-3", "-2"], [-2.903534] * 2, None, None),
    ("(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (4*y**2 - 4)*y**2", "0.05", ["0", "0.5"], [-0.0898, 0.7126], "fixed", None),
]


def decided(text, eta, start, **more):
    loss = read_smooth(text)
    return decide_smooth(SmoothProblem(loss, to_fmpq(eta, "eta"), tuple(to_fmpq(s, "start") for s in start)), **more)


def rechecked(decision):
    certificate = smooth_certificate(decision)
    return None if certificate is None else check(json.loads(json.dumps(certificate)))


@pytest.mark.parametrize(("text", "eta", "start", "minimizer", "kind", "vector"), KNOWN)
def test_known_minimizers(text, eta, start, minimizer, kind, vector):
    found = decided(text, eta, start)
    answer = smooth_answer(found)
    assert [x for x, _ in answer["minimizer"]] == pytest.approx(minimizer, abs=2e-4)
    if kind is not None:
        assert answer["limit"]["kind"] == kind
        assert rechecked(found) is None
    if vector is not None:
        assert answer["limit"]["vector"] == pytest.approx(vector, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_random_losses_against_a_simulation(seed):
    rng = random.Random(seed)
    text, names = random_smooth(100 + seed, rng.randint(2, 3))
    start = [Fraction(rng.randint(-8, 8), 8) for _ in names]
    exact = tuple(fmpq(q.numerator, q.denominator) for q in start)
    loss = read_smooth(text, names)
    first = decide_smooth(SmoothProblem(loss, fmpq(1, 50), exact))
    if first.minimizer is None:
        pytest.fail(first.reason)
    share = rng.choice([0.3, 0.7, 0.9])
    eta = Fraction(2 * share / float(first.minimizer.spectrum.values[-1].mid())).limit_denominator(500)
    found = decide_smooth(SmoothProblem(loss, fmpq(eta.numerator, eta.denominator), exact))
    assert found.verdict is Verdict.PROVED, f"{text}, {eta}, {start}: {found.reason}"
    assert rechecked(found) is None
    more = 40
    with mpmath.workprec(300):
        steps = found.amplitude.step + more
        last = simulated(text, names, eta, start, steps)[-1]
        h = [a - mpmath.mpf(int(m.p)) / int(m.q) for a, m in zip(last, found.minimizer.centre, strict=True)]
        length = mpmath.sqrt(sum(x * x for x in h))
        turn = -1 if found.amplitude.limit.kind.value == "alternating" and steps % 2 else 1
        vector = [turn * float(x.mid()) for x in found.amplitude.limit.vectors[0]]
        error = max(abs(x / length - v) for x, v in zip(h, vector, strict=True))
    assert error < 40 * smooth_answer(found)["rate"] ** more + 1e-9, f"{text}, {eta}, {start}: off by {error}"


EXAMPLE = ("(x - 1)**2 + exp(x*y) + y**2", "1/5", ["1", "1"])


def certificate():
    return json.loads(json.dumps(smooth_certificate(decided(*EXAMPLE))))


def shifted(text, by):
    return str(Fraction(text) + by)


TAMPERED = {
    "another step size": lambda c: c["problem"].update(step_size="1/2"),
    "a step size beyond the limit": lambda c: c["problem"].update(step_size="2"),
    "another loss": lambda c: c["problem"].update(loss="(x - 1)**2 + exp(x*y) + 2*y**2"),
    "another start": lambda c: c["problem"].update(start=["-1", "1"]),
    "another regime": lambda c: c.update(regime="large-step"),
    "a failing assumption": lambda c: c.update(fails=["stable-step"], verdict="not-applicable"),
    "no limit": lambda c: c.update(limit=None),
    "another minimizer": lambda c: c["minimizer"].update(centre=[shifted(x, 1) for x in c["minimizer"]["centre"]]),
    "a minimizer beside it": lambda c: c["minimizer"].update(
        centre=[shifted(x, Fraction(1, 10**40)) for x in c["minimizer"]["centre"]]
    ),
    "a ball that is too small": lambda c: c["minimizer"].update(radius="1e-90"),
    "a ball that is too large": lambda c: c["minimizer"].update(radius="3"),
    "swapped eigenvectors": lambda c: c["eigenvectors"].reverse(),
    "a turned eigenvector": lambda c: c["eigenvectors"][0].__setitem__(
        0, shifted(c["eigenvectors"][0][0], Fraction(1, 10**6))
    ),
    "an eigenvalue that is too small": lambda c: c["spectrum"].update(lowest=["1", "1.0000000000000001"]),
    "an interval that is too wide": lambda c: c["spectrum"].update(highest=["2", "4"]),
    "no regular point": lambda c: c.update(regular_at=None),
    "an earlier step": lambda c: c.update(step=0),
    "the opposite limit": lambda c: c["limit"].update(
        vector=[[shifted(0, -Fraction(b)), shifted(0, -Fraction(a))] for a, b in c["limit"]["vector"]]
    ),
    "another kind of limit": lambda c: c["limit"].update(kind="alternating"),
    "a limit beside it": lambda c: c["limit"].update(
        vector=[[shifted(a, Fraction(1, 10**6)), shifted(b, Fraction(1, 10**6))] for a, b in c["limit"]["vector"]]
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_certificates_are_rejected(what):
    genuine = certificate()
    assert check(genuine) is None
    tampered = deepcopy(genuine)
    TAMPERED[what](tampered)
    assert tampered != genuine
    assert check(tampered) is not None, what


FIELDS = "problem verdict regime fails minimizer eigenvectors spectrum regular_at step limit"


@pytest.mark.parametrize("field", FIELDS.split())
def test_a_missing_field_is_named(field):
    broken = certificate()
    del broken[field]
    with pytest.raises(BadCertificate, match=field):
        check(broken)


def test_the_text_is_data():
    code = ("__import__('os')", "x.real", "x if x else y", "[x]", "x; y", "lambda x: x")
    for text in (*code, "exp(x", "f(x)", "exp", "exp + x", "x**y", "1/0*x"):
        with pytest.raises(InputError):
            read_smooth(text)


def test_what_cannot_be_decided_says_why():
    assert "or there is none" in decided("exp(x)", "0.3", ["1/2"]).reason
    with pytest.raises(InputError, match="start"):
        decided("log(x) + x**2", "0.1", ["-1"])


def test_a_boundary_that_cannot_be_told_is_unresolved():
    # λ = 2 and 4 at the irrational minimizer (√2, 0): the boundary is 1/3, the stability limit 1/2.
    text = "(x**2 - 2)**2/8*1 + 2*y**2"
    assert decided(text, "1/3", ["1", "1/2"]).verdict is Verdict.UNRESOLVED
    assert "boundary" in decided(text, "1/3", ["1", "1/2"]).reason
    assert decided(text, "0.333333333", ["1.4", "1/2"]).verdict is Verdict.PROVED
    assert decided(text, "0.333333334", ["1.4", "1/2"]).amplitude.limit.kind.value == "alternating"


def test_a_jump_out_of_the_domain_is_no_descent():
    # 1/x is finite where log x is not: the step from 1/5 ends at a negative x.
    found = decided("x**2 - log(x)*0.01 + y**2*3/4", "0.999", ["1/5", "1"], max_steps=50)
    assert found.verdict is not Verdict.PROVED


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(
        [
            "exp(x) - x + y**2 + x*y**2",
            "cosh(x) + 2*y**2 + x*y/3",
            "softplus(x) - x/2 + y**2 + x**2/9",
            "log(1 + x**2) + x*y/5 + 3*y**2",
            "atan(x)*x + y**2/7",
        ]
    ),
    st.floats(0.05, 0.3),  # All are stable there: the largest eigenvalue is 6.01.
    st.tuples(st.floats(0.05, 0.3), st.floats(-0.3, -0.05)),
)
@example("exp(x) - x + y**2 + x*y**2", 0.18750000000000003, (0.14374722712498647, 0.07187361356249324))
@example("exp(x) - x + y**2 + x*y**2", 0.8875000000000001, (-0.0053239713749994805, -0.0026619856874997403))
def test_a_minimizer_at_zero_is_found_from_wherever_the_floats_come(loss, eta, start):
    """Near zero the gradient's rounding may be far above or far below the gradient of the iterate before."""
    exact = [str(fmpq(*x.as_integer_ratio())) for x in start]
    problem = SmoothProblem.of(loss, step_size=str(fmpq(*eta.as_integer_ratio())), start=exact, variables=["x", "y"])
    found = decide_smooth(problem, max_steps=1)
    assert found.minimizer is not None and found.minimizer.centre == (0, 0)
