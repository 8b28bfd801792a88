"""The amplitude certificate: each inequality of docs/certificate.md, held against the reference run much further."""

from dataclasses import replace
from itertools import islice

import pytest
from flint import ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.decision.search import strict_minimum
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.amplitude import Amplitude, Cause, certify
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.methods.statement import End, LimitKind
from tests.builders.instances import build
from tests.builders.strategies import errors, length, problems, rational, real

LIMITS = {"max_steps": 20_000, "max_precision": 1024}
DIGITS = 90
AHEAD = 120


def upper(x):
    return real(ends(x)[1])


def lower(x):
    return real(ends(x)[0])


def project(block, h):
    """Π h through the block's vectors, accurate to about 190 bits."""
    columns = [[real(block.vectors[i, j]) for i in range(len(h))] for j in range(block.vectors.ncols())]
    result = [mp.mpf(0)] * len(h)
    for column in columns:
        c = sum(a * b for a, b in zip(column, h, strict=True))
        result = [x + c * y for x, y in zip(result, column, strict=True)]
    return result


def supplied(decision):
    """The supplier that the decision used, in all of space."""
    found = decision.classification
    eta = decision.problem.step_size
    dominant = [b.eigenvalue for b in decision.blocks]
    return strict_minimum(
        decision.expansion,
        decision.blocks,
        [e for e in found.eigenvalues if e not in dominant],
        largest=max(abs(1 - eta * e.ball()).upper() for e in (found.lowest, found.highest)),
    )


def certified(problem):
    decision = decide(problem, **LIMITS)
    return decision if decision.amplitude is not None else None


def ahead(decision, steps=AHEAD):
    """The reference errors h_k, h_{k+1}, … from the certificate's step on."""
    k = decision.amplitude.step
    return list(islice(errors(decision.problem, DIGITS), k, k + steps + 1))


def check_tail_and_growth(decision):
    numbers = decision.amplitude.inequality
    with mp.workdps(DIGITS):
        path = ahead(decision)
        r, rho = upper(numbers.radius), upper(numbers.rho)
        slack = mp.mpf(10) ** -35
        assert lower(numbers.radius) * (1 - slack) <= length(path[0]) <= r * (1 + slack), "‖h_k‖ is not the radius"
        assert upper(numbers.sigma) < 1, "σ must be below one"
        starts = [project(b, path[0]) for b in decision.blocks]
        for amplitude, start in zip(numbers.amplitudes, starts, strict=True):
            assert lower(amplitude) * (1 - slack) <= length(start) <= upper(amplitude) * (1 + slack), "‖Π h_k‖ is off"
            assert lower(amplitude) > upper(numbers.tail), "the deciding inequality does not hold"
        for j, h in enumerate(path):
            size = length(h)
            if rho**j < mp.mpf(10) ** -20:
                break
            limit = upper(numbers.P) * rho**j * r
            assert size <= limit * (1 + slack), f"‖h_(k+{j})‖ = {float(size)} exceeds P ρ^j r = {float(limit)}"
            if j:
                assert size <= upper(numbers.sigma) * length(path[j - 1]) + slack * r, f"no contraction at {j}"
            for block, start in zip(decision.blocks, starts, strict=True):
                # μ^(−j) Π h_(k+j) is a partial sum of ζ's series: the tail bounds it for every j.
                factor = (block.end.value / rho) ** j
                moved = length([factor * a - b for a, b in zip(project(block, h), start, strict=True)])
                assert moved <= upper(numbers.tail) + slack * r, f"ζ is further than the tail from Π h_k, j = {j}"


@given(problems())
def test_tail_and_forward_bounds(problem):
    decision = certified(problem)
    if decision is not None:
        check_tail_and_growth(decision)


@given(problems(inside=False, powers=(3, 4, 5, 6)))
def test_tail_and_forward_bounds_from_far_away(problem):
    decision = decide(problem, max_steps=2000, max_precision=512)
    if decision.amplitude is not None:
        check_tail_and_growth(decision)


@pytest.mark.parametrize("index", range(12))
def test_tail_and_forward_bounds_of_random_problems(index):
    check_tail_and_growth(decide(random_problem(5, index)))


SPECIAL = {
    "two-cycle": ("x**2/2 + 2*y**2 + x*y**2 + y**3 + x**3", "2/5", ["1/20", "1/30"]),
    "irrational two-cycle": ("x**2 + x*y + 3*y**2 + x**3 - y**3", "1/4", ["1/40", "1/30"]),
    "eigenspace": ("x**2/2 + y**2/2 + 2*z**2 + x*y*z + x**3", "0.1", ["1/30", "-1/40", "1/50"]),
    "large eigenspace": ("x**2/2 + 2*y**2 + 2*z**2 + x*y*z + y**3", "0.42", ["1/30", "-1/40", "1/50"]),
    "subspace": ("x**2/2 + y**2 + 2*z**2 + z**3 + y**3", "0.1", ["0", "1/40", "1/50"]),
    "rough": ("x**2/2 + 2*y**2 + max(x - y, 0)**3", "0.42", ["1/50", "1/60"]),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_tail_and_forward_bounds_of_special_kinds(name):
    decision = decide(build(*SPECIAL[name]))
    assert decision.amplitude is not None, f"{name}: nothing was certified: {decision.reason}"
    check_tail_and_growth(decision)


@pytest.mark.parametrize("name", SPECIAL)
def test_the_special_limits_are_those_of_the_reference(name):
    decision = decide(build(*SPECIAL[name]))
    check_limit(decision, 1e-6)


def check_limit(decision, tolerance):
    """Directions of the reference, far ahead, at an even and an odd step."""
    limit = decision.limit
    rho = float(decision.amplitude.inequality.rho.mid())
    here = decision.restricted
    dominant = {here.index(b.end) for b in decision.blocks}
    eta = float(decision.problem.step_size.p) / float(decision.problem.step_size.q)
    others = [abs(1 - eta * float(e.ball().mid())) for i, e in enumerate(here.eigenvalues) if i not in dominant]
    rate = max([rho, *(b / rho for b in others)])
    if rate > 0.99:
        return False
    steps = decision.amplitude.step + int(50 / -mp.log(rate))
    with mp.workdps(DIGITS + int(-steps * mp.log10(rho))):
        for k, h in enumerate(islice(errors(decision.problem, mp.dps), steps + 2)):
            if k < steps:
                continue
            size = length(h)
            vector = limit.vectors[k % 2 if limit.kind is LimitKind.TWO_CYCLE else 0]
            sign = (-1) ** k if limit.kind is LimitKind.ALTERNATING else 1
            for x, a in zip(vector, h, strict=True):
                lo, hi = lower(x), upper(x)
                assert hi - lo <= tolerance, f"the limit is known to {float(hi - lo)} only"
                assert lo - 1e-12 <= sign * a / size <= hi + 1e-12, f"step {k}: {float(sign * a / size)} not in {x}"
    return True


@given(problems(2, 3))
def test_sign_and_direction_of_the_limit(problem):
    decision = certified(problem)
    if decision is not None:
        check_limit(decision, 1e-9)


def test_the_direction_is_held_against_the_reference_often_enough():
    """The check above passes over slow problems; on these it must not."""
    checked = [check_limit(decide(random_problem(5, i)), 1e-9) for i in range(24)]
    assert sum(checked) >= 8, f"only {sum(checked)} of 24 random problems were fast enough to compare"


def test_even_and_odd_limits_are_counted_from_step_zero():
    """The certificate of a two-cycle may be found at an odd step: even still means even."""
    odd = 0
    for a in range(1, 40):
        problem = Problem("x**2/2 + 2*y**2 + x*y**2 + 3*y**3", step_size="2/5", start=[fmpq(a, 100), fmpq(a, 90)])
        decision = decide(problem, max_steps=2000)
        if decision.amplitude is None or decision.amplitude.step % 2 == 0:
            continue
        odd += 1
        check_limit(decision, 1e-6)
    assert odd >= 3, "no two-cycle was certified at an odd step"


def test_alternating_limits_are_counted_from_step_zero():
    odd = 0
    for a in range(1, 30):
        problem = Problem("x**2/2 + 2*y**2 + x*y**2 + 3*y**3", step_size="0.42", start=[fmpq(a, 100), fmpq(a, 90)])
        decision = decide(problem, max_steps=2000)
        if decision.amplitude is None or decision.amplitude.step % 2 == 0:
            continue
        odd += 1
        check_limit(decision, 1e-9)
    assert odd >= 3, "no alternating limit was certified at an odd step"


@given(problems(), st.integers(1, 5))
def test_amplitudes_at_later_steps_are_multiples(problem, later):
    """ζ_(k+j) = μ^j ζ_k: the intervals of both certificates must overlap after scaling."""
    decision = certified(problem)
    if decision is None or decision.subspace is not None:
        return
    k = decision.amplitude.step
    with ctx.workprec(decision.precision):
        again = certify(replace(supplied(decision), begins=k + later), k + later)
    assert isinstance(again, Amplitude), f"certified at step {k} but not at {k + later}: {again}"
    first, second = decision.amplitude.inequality, again.inequality
    with mp.workdps(60):
        factor = upper(first.rho) ** later
        for a, b in zip(first.amplitudes, second.amplitudes, strict=True):
            low, high = (lower(a) - upper(first.tail)) * factor, (upper(a) + upper(first.tail)) * factor
            other = lower(b) - upper(second.tail), upper(b) + upper(second.tail)
            assert low <= other[1] and other[0] <= high * (1 + mp.mpf(10) ** -30), (
                f"ζ shrinks by another factor: {later}"
            )
    for u, v in zip(decision.limit.vectors[0], again.limit.vectors[0], strict=True):
        assert u.overlaps(v), f"the limit certified at step {k + later} differs"


@given(problems())
def test_the_stated_numbers_follow_from_each_other(problem):
    decision = certified(problem)
    if decision is None:
        return
    n = decision.amplitude.inequality
    with ctx.workprec(256):
        bound = RemainderBound.of(Expansion.of(problem))
        x = n.C * n.radius / (n.rho * (1 - n.sigma))
        for name, stated, value in (
            ("C", n.C, bound.quadratic(n.radius)),
            ("sigma", n.sigma, n.rho + n.C * n.radius),
            ("P", n.P, 1 + x + x * x),
            ("tail", n.tail, n.C * n.P**2 * n.radius**2 / (n.rho * (1 - n.rho))),
        ):
            assert stated.overlaps(value), f"{name} = {stated} but the formula gives {value}"
    with mp.workdps(60):
        assert upper(x) <= 1, "x ≤ 1 is needed for e^x ≤ P"
        assert mp.exp(upper(x)) <= 1 + upper(x) + upper(x) ** 2, "P must bound e^x"


def test_a_quadratic_is_decided_at_step_zero_without_a_tail():
    decision = decide(Problem("x**2/2 + 2*y**2", step_size="0.1", start=["1e-9", "1"]))
    assert decision.amplitude.step == 0 and decision.amplitude.inequality.tail == 0, "R = 0: nothing is left to bound"
    assert decision.blocks[0].end is End.LOWEST, "the smallest eigenvalue dominates"


def test_causes_are_sentences():
    for cause in Cause:
        assert cause.value[0].islower() and len(cause.value.split()) > 4, f"{cause} is no sentence for people"


def test_exact_conversion_is_exact():
    with mp.workdps(30):
        x = mp.mpf(1) / 3
        assert real(rational(x)) == x, "the helper changed the number"


def test_the_limits_of_a_two_cycle_stand_apart_however_unequal_the_amplitudes():
    """With near-equal ends one amplitude may be far below the other; even and odd limits must still differ."""
    loss = "1/6*x1**2 + 16000003/96000000*x2**2 + 16000003/96000000*x3**2 + 1000003/6000000*x4**2 + 8/7*x1**2*x2"
    problem = Problem(loss, step_size="6000000/2000003", start=["7/256", "7/256", "0", "7/128"])
    limit = decide(problem).limit
    assert limit is not None
    even, odd = limit.vectors
    assert even[3] > 0 > odd[3], f"the steepest component does not alternate for certain: {even[3]}, {odd[3]}"
