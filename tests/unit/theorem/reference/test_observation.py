"""The reference engine: what it observes agrees with what is proved, and with closed forms."""

import signal
from contextlib import contextmanager
from itertools import islice

import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.theorem.certificate.answer import rate
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.reference.observation import observe, observe_path
from gdcheck.theorem.reference.trajectory import iterates
from tests.builders.instances import build
from tests.builders.strategies import errors, problems, rational, real


@contextmanager
def ends_within(seconds):
    """Turns an endless loop into a failure."""

    def stop(*_):
        raise AssertionError(f"observe() does not end (stopped after {seconds} s)")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def compare(problem):
    decision, observed = decide(problem, max_steps=20_000), observe(problem, max_steps=600)
    if not observed.settled or decision.limit is None:
        return False
    assert observed.kind is decision.limit.kind, f"observed {observed.kind}, proved {decision.limit.kind}"
    for u, v in zip(observed.vectors, decision.limit.vectors, strict=True):
        assert all(abs(a - float(b.mid())) < 1e-9 for a, b in zip(u, v, strict=True)), f"observed {u}, proved {v}"
    return True


def test_observed_agrees_with_proved_on_random_problems():
    settled = sum(compare(random_problem(5, i)) for i in range(24))
    assert settled >= 6, f"only {settled} of 24 settled: the comparison is too thin"


@given(problems(2, 3))
def test_observed_agrees_with_proved(problem):
    with ends_within(60):
        compare(problem)


@pytest.mark.parametrize("eta", ["1/10", "42/100", "1/3"])
def test_the_closed_form_of_a_quadratic_at_every_step(eta):
    problem = build("x**2/2 + 2*y**2", eta, ["1/3", "-2/7"])
    with mp.workdps(50):
        t = real(problem.step_size)
        for k, (x, y) in enumerate(islice(iterates(problem, 50), 300)):
            for value, factor, start in ((x, 1 - t, mp.mpf(1) / 3), (y, 1 - 4 * t, -mp.mpf(2) / 7)):
                expected = factor**k * start
                assert abs(value - expected) <= abs(expected) * mp.mpf(10) ** -44, f"step {k}: {value}, not {expected}"


@given(problems(inside=False, powers=(3, 4, 5, 6)))
def test_iterates_are_those_of_exact_arithmetic(problem):
    expansion = Expansion.of(problem)
    h = expansion.displacement
    for k, found in enumerate(islice(errors(problem, 80), 5)):
        with mp.workdps(80):
            distance = max(abs(a - real(b)) for a, b in zip(found, h, strict=True))
            assert distance < mp.mpf(10) ** -55 * (1 + max(abs(real(b)) for b in h)), f"step {k}: off by {distance}"
        h = expansion.exact_step(h)
        if max(int(x.q).bit_length() for x in h) > 20_000:
            break


RATES = {
    "quadratic, small": ("x**2/2 + 2*y**2", "0.1", 2 / 3),
    "quadratic, large": ("x**2/2 + 2*y**2", "0.42", 0.58 / 0.68),
    "cubic, small": ("x**2/2 + 2*y**2 + x**2*y", "0.1", 0.9),
    "cubic, faster than b/ρ": ("x**2/2 + 2*y**2 + x**2*y", "0.3", 0.7),
}


@pytest.mark.parametrize("name", RATES)
def test_measured_rates(name):
    loss, eta, expected = RATES[name]
    problem = build(loss, eta, ["1/20", "1/30"])
    found = observe(problem)
    assert found.settled and abs(found.rate - expected) < 1e-4, f"{name}: measured {found.rate}, expected {expected}"
    assert found.rate <= rate(decide(problem)) + 1e-4, "the measured rate exceeds the proved bound max(b/ρ, ρ)"


def test_the_rate_of_a_two_cycle_is_per_step():
    """On the boundary of diag(1, 2, 4), ρ = 0.6 and the middle multiplier is 0.2: errors shrink by 1/3 a step."""
    found = observe(build("x**2/2 + y**2 + 2*z**2", "2/5", ["1", "1", "1"]))
    assert found.kind is LimitKind.TWO_CYCLE, f"{found}"
    assert abs(found.rate - 1 / 3) < 1e-3, f"the rate per step is 1/3, measured {found.rate}"


@pytest.mark.parametrize(
    ("loss", "eta", "kind"),
    [
        ("x**2/2 + y**2", "19/30", LimitKind.FIXED),  # multipliers 11/30 and −8/30
        ("x**2/2 + y**2", "7/10", LimitKind.ALTERNATING),  # multipliers 3/10 and −4/10
        ("x**2/2 + 2*y**2", "39/100", LimitKind.FIXED),
        ("x**2/2 + 2*y**2", "41/100", LimitKind.ALTERNATING),
    ],
)
def test_an_error_that_changes_sign_is_no_two_cycle(loss, eta, kind):
    """The second largest multiplier has the other sign: the direction swings around its limit, and has one."""
    found = observe(build(loss, eta, ["1/40", "1/40"]))
    assert found.settled and found.kind is kind, f"observed {found.kind}, rate {found.rate}"


@pytest.mark.parametrize(("eta", "sign"), [("1/10", 1), ("42/100", -1)])
@pytest.mark.parametrize("loss", ["x**2/2 + 2*y**2", "x**2/2 + 2*y**2 + x*y**2 + y**3"])
def test_cosines_of_updates(loss, eta, sign):
    found = observe(build(loss, eta, ["1/10", "1/10"]))
    assert found.settled and len(found.cosines) == 10, f"{found}"
    assert all(abs(c - sign) < 1e-9 for c in found.cosines), f"cosines must tend to {sign}: {found.cosines}"


def test_the_two_cycle_on_the_boundary():
    found = observe(build("x**2/2 + 2*y**2", "2/5", ["3/10", "4/10"]))
    assert found.settled and found.kind is LimitKind.TWO_CYCLE, f"{found}"
    for vector, expected in zip(found.vectors, ((0.6, 0.8), (0.6, -0.8)), strict=True):
        assert all(abs(a - b) < 1e-12 for a, b in zip(vector, expected, strict=True)), f"{found.vectors}"


def test_even_and_odd_are_counted_from_step_zero():
    for a in range(1, 8):
        problem = build("x**2/2 + 2*y**2 + y**3/5", "2/5", [fmpq(3, 10), fmpq(a, 20)])
        found, proved = observe(problem), decide(problem)
        for u, v in zip(found.vectors, proved.limit.vectors, strict=True):
            assert all(abs(x - float(b.mid())) < 1e-5 for x, b in zip(u, v, strict=True)), f"{u} is not {v}"


def test_alternating_vectors_are_counted_from_step_zero():
    """y_k = (−0.68)^k y₀: the alternating limit is that of the start, whatever the step at which it settles."""
    steps = set()
    for a in range(1, 12):
        found = observe(build("x**2/2 + 2*y**2", "0.42", [fmpq(a, 3), fmpq(1, a)]))
        steps.add(found.steps % 2)
        assert found.kind is LimitKind.ALTERNATING and found.vectors[0][1] > 0.99, f"settled at {found.steps}: {found}"
    assert steps == {0, 1}, "the examples must settle at even and at odd steps"


def test_near_the_boundary_nothing_settles():
    found = observe(build("x**2/2 + 2*y**2", fmpq(2, 5) * (1 - fmpq(1, 10**6)), ["1/10", "1/10"]), max_steps=500)
    assert not found.settled and found.kind is None and found.vectors == (), f"{found}"
    assert found.note.startswith("the direction did not settle within 500 steps; "), found.note
    assert found.steps == 500, f"{found.steps}"


def spiral(rate, angle, slope):
    """Points (ρᵏ cos kθ, (slope·ρ)ᵏ sin kθ), or (ρᵏ, (slope·ρ)ᵏ) without an angle."""

    def follow(digits):
        with mp.workdps(digits):
            for k in range(20_001):
                along, across = (mp.cos(k * angle), mp.sin(k * angle)) if angle else (1, 1)
                yield [mp.mpf(rate) ** k * along, (slope * mp.mpf(rate)) ** k * across]

    return follow


@pytest.mark.parametrize("angle", ["0.001", "0.7", "3.1"])
def test_a_direction_that_turns_is_given_up(angle):
    """It ends long before the most digits do, with the words for it."""
    found = observe_path(spiral("0.5", mp.mpf(angle), 1), lambda _: [mp.mpf(0)] * 2)
    assert not found.settled and "its change at a step has stopped falling" in found.note, f"{found}"
    assert found.digits == 240, f"{found}"


def test_a_direction_that_settles_in_hundreds_of_digits_is_not_given_up():
    found = observe_path(spiral("0.001", None, mp.mpf("0.9")), lambda _: [mp.mpf(0)] * 2)
    assert found.settled and found.kind is LimitKind.FIXED and found.digits > 960, f"{found}"


def test_reaching_the_minimizer():
    found = observe(build("x**2/2 + 2*y**2", "1/4", ["0", "1"]))
    assert not found.settled and "reached the minimizer" in found.note and found.steps == 1, f"{found}"
    found = observe(build("x**2/2 + 2*y**2", "1/10", ["0", "0"]))
    assert not found.settled and "reached the minimizer" in found.note and found.steps == 0, f"{found}"


@pytest.mark.parametrize(
    ("minimizer", "start", "eigenvalue", "eta"),
    [
        (["0", "0"], ["1/3", "1/7"], "3", "1/3"),
        (["1/3", "1/3"], ["1/5", "1/7"], "7/3", "3/7"),
        (["-4/9", "1/2"], ["6", "6"], "9/2", "2/9"),
        (["2/5", "-7/3"], ["-4/5", "7/3"], "2/3", "3/2"),
    ],
)
def test_reaching_the_minimizer_exactly_though_rounding_hides_it(minimizer, start, eigenvalue, eta):
    """x₁ = m exactly, but x₀ − η∇f is not representable: no precision ever shows a direction."""
    u, v = minimizer
    problem = build(f"{eigenvalue}/2*((x - ({u}))**2 + (y - ({v}))**2)", eta, start, minimizer)
    assert not any(Expansion.of(problem).exact_step(problem.displacement)), "the example must reach its minimizer"
    with ends_within(5):
        found = observe(problem)
    assert not found.settled, f"there is no direction to observe: {found}"


@pytest.mark.parametrize(
    ("loss", "eta", "start"),
    [
        ("x**2/2 + 2*y**2 + x**4 + y**4", "0.1", ["10", "9"]),
        ("x**2/2 + y**2/3 + 2*y**2 + x**3", "0.1", ["-9", "1/10"]),
        ("x**2/2 + 2*y**2", "1", ["1/10", "1/10"]),  # linear: the direction settles, but of no convergent trajectory
    ],
)
def test_diverging(loss, eta, start):
    found = observe(build(loss, eta, start))
    assert not found.settled and "grew beyond all bounds" in found.note, f"{found}"


@given(st.integers(1, 60))
def test_digits_double_until_they_suffice(k):
    """A start at 10^(−20k) from a minimizer off the origin needs about as many digits."""
    m = fmpq(1, 3)
    problem = build("(x - 1/3)**2/2 + 2*(y - 1/3)**2", "1/10", [m + fmpq(1, 10 ** (20 * k)), m], [m, m])
    found = observe(problem)
    assert found.settled, f"{found.note}"
    assert found.digits >= 20 * k and found.digits in {60 * 2**j for j in range(12)}, f"{found.digits} digits"
    assert abs(found.vectors[0][0] - 1) < 1e-12, f"{found.vectors}"


@given(problems(2, 3), st.sampled_from([30, 70]))
def test_the_precision_does_not_leak(problem, digits):
    assume(problem.dimension)
    before = mp.dps
    first = list(islice(iterates(problem, digits), 3))
    with mp.workdps(15):
        again = list(islice(iterates(problem, digits), 3))
    assert mp.dps == before, "the global precision was changed"
    assert [[rational(x) for x in v] for v in first] == [[rational(x) for x in v] for v in again], (
        "it depends on mp.dps"
    )


@pytest.mark.parametrize(("loss", "start"), [("x**2", ["1"]), ("x**2 + y**2", ["1", "-2"])])
def test_iterates_that_alternate_exactly_have_a_direction_and_no_limit(loss, start):
    found = observe(build(loss, "1", start))
    assert found.settled and found.kind is LimitKind.ALTERNATING and found.steps <= 4
    assert "alternate exactly" in found.note and "no convergence" in found.note


def test_a_point_that_is_reached_exactly_is_another_one_too():
    """At η = 1, y ↦ −y − y²: from 1 to −2, which stays."""
    found = observe(build("x**2/2 + y**2 + y**3/3", "1", ["0", "1"]))
    assert not found.settled and found.point == (0.0, -2.0)


def test_another_point_that_is_reached_is_named():
    """The direction from the given minimizer settles there too, and means nothing: it is not called settled."""
    found = observe(Problem("x**4/4 - x**2/2 + y**2", step_size="0.1", start=["-0.1", "1"], minimizer=["1", "0"]))
    assert not found.settled and found.vectors == ()
    assert found.point == pytest.approx((-1, 0), abs=1e-12) and "another point" in found.note
