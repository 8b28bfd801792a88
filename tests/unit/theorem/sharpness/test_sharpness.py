"""The sharpness along trajectories: patterns against independent numerics, bounds against exact points, examples."""

from dataclasses import replace
from itertools import pairwise, takewhile

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.hessian_map import HessianMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends, surely_less
from gdcheck.theorem.loss.prescribed import hessian_with_spectrum
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.derivatives import DerivativeBounds
from gdcheck.theorem.sharpness.envelope import first_success
from gdcheck.theorem.sharpness.maps import compare_largest_eigenvalue, largest_eigenvalue
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.sharpness import sharpness
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue
from tests.builders.strategies import enclosure, errors, problems, rational, real, rotations, symmetric_matrices

WORKED = "x**2 + y**2/2 + x**2*y + x**3"
PRECISION = 128
SLACK = fmpq(1, 10**25)


def of(loss, step_size, start, *, first_steps=True, **options):
    result = sharpness(decide(Problem(loss, step_size=step_size, start=start)), first_steps=first_steps, **options)
    assert result is not None
    return result


def top_of(problem):
    decision = decide(problem)
    context = TrajectoryContext.of(decision)
    assert context is not None
    return context, TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)


def measured(problem, steps, digits=60):
    """λ_n(x_k) by mpmath's eigen-solver along the mpmath reference trajectory."""
    found = []
    with mp.workdps(digits):
        for h, _ in zip(errors(problem, digits), range(steps), strict=False):
            point = [real(m) + x for m, x in zip(problem.minimizer, h, strict=True)]
            found.append(max(mp.eigsy(_hessian(problem.loss, point), eigvals_only=True)))
    return found


def _hessian(loss, point):
    n = loss.dimension
    a = mp.zeros(n)
    for exponents, c in loss.terms:
        for i in range(n):
            for j in range(n):
                powers = list(exponents)
                factor = real(c) * powers[i]
                powers[i] -= 1
                factor *= powers[j]
                powers[j] -= 1
                if factor:
                    for x, e in zip(point, powers, strict=True):
                        factor *= x**e
                    a[i, j] += factor
    for t in loss.truncated:
        reach = sum((real(s) * x for s, x in zip(t.direction, point, strict=True)), -real(t.threshold))
        if reach > 0:
            factor = real(t.coefficient) * t.power * (t.power - 1) * reach ** (t.power - 2)
            for i in range(n):
                for j in range(n):
                    a[i, j] += factor * real(t.direction[i] * t.direction[j])
    return a


# The worked examples --------------------------------------------------------------------------------------------------


def test_large_step_example_exceeds_two_over_eta_at_exactly_seven_steps_while_the_loss_falls():
    found = of(WORKED, "0.95", ["0.1", "0.1"])
    assert [round(float(x.mid()), 3) for x in found.first[:4]] == [2.822, 1.370, 2.389, 1.588]
    assert found.crossings.steps == (0, 2, 4, 6, 8, 10, 12)
    assert found.crossings.complete and found.crossings.undecided == 0
    assert found.crossings.fell == 7 and found.crossings.rose == ()
    assert (found.pattern.kind, found.pattern.exact_slope, found.from_step) == (Kind.OSCILLATING, 6, 0)
    assert found.threshold == fmpq(40, 19)


def test_small_step_example_is_not_monotone_at_first_and_then_for_ever():
    found = of(WORKED, "0.1", ["0.1", "-0.1"])
    assert (found.pattern.kind, found.pattern.exact_slope) == (Kind.FROM_BELOW, -2)
    assert found.onset is not None
    assert found.onset.step == 16 and found.onset.least
    assert found.onset.broken == tuple(range(16))
    assert found.crossings.steps == () and found.crossings.complete
    reference = measured(Problem(WORKED, step_size="0.1", start=["0.1", "-0.1"]), 120)
    assert all(a < b < 2 for a, b in pairwise(reference[16:]))
    assert not reference[15] < reference[16]


def test_without_the_first_steps_the_pattern_is_the_same_from_a_later_step():
    with_onset, plain = (of(WORKED, "0.1", ["0.1", "-0.1"], first_steps=t) for t in (True, False))
    assert with_onset.pattern.kind is plain.pattern.kind
    assert plain.first == () and plain.onset is None
    assert with_onset.from_step < plain.from_step == with_onset.pattern.step


# Next order, and what cannot be decided -------------------------------------------------------------------------------


@pytest.mark.parametrize("step_size", ["0.1", "0.42"])
def test_pure_quadratic_is_constant_from_the_start(step_size):
    found = of("x**2/2 + 2*y**2", step_size, ["0.1", "0.1"])
    assert (found.pattern.kind, found.from_step, found.pattern.exact_slope) == (Kind.CONSTANT, 0, 0)


def test_terms_that_ignore_the_top_eigenvector_leave_the_sharpness_constant():
    found = of("x**2/2 + 2*y**2 + x**3", "0.1", ["0.1", "0.1"])
    assert (found.pattern.kind, found.from_step) == (Kind.CONSTANT, 0)


@pytest.mark.parametrize(
    ("loss", "step_size", "kind", "coefficient"),
    [
        # Large steps approached from one side: the sentence of the paper needs C_η ≠ 0.
        ("x**2/2 + 2*y**2 + x**4 + y**4", "0.42", Kind.FROM_ABOVE, 12),
        ("x**2/2 + 2*y**2 + x**4 - y**4", "0.42", Kind.FROM_BELOW, -12),
        # A parabola: λ_n = 4 + 2y + 4x²/3 with y ≈ s x², and in all 2s + 4/3 with (0.81 − 0.6)s = −0.1.
        ("x**2/2 + 2*y**2 + x**2*y + y**3/3", "0.1", Kind.FROM_ABOVE, fmpq(4, 3) - 2 * fmpq(10, 21)),
    ],
)
def test_where_the_slope_vanishes_the_next_order_decides(loss, step_size, kind, coefficient):
    found = of(loss, step_size, ["0.05", "0.05"])
    assert (found.pattern.kind, found.pattern.order, found.pattern.exact_slope) == (kind, 2, 0)
    assert found.pattern.coefficient.overlaps(arb(coefficient))
    assert found.pattern.coefficient.rad() < 1e-6
    reference = measured(Problem(loss, step_size=step_size, start=["0.05", "0.05"]), found.pattern.step + 10)
    gaps = [(x - 4) * found.pattern.sign for x in reference[found.from_step :]]
    assert all(a > b > 0 for a, b in pairwise(gaps))


@pytest.mark.parametrize(
    ("loss", "step_size", "start", "cause"),
    [
        ("x**2/2 + 2*y**2 + x**2*y", "0.45", ["0.1", "0.1"], "cannot be told from zero"),
        ("x**2/2 + 2*y**2 + y**3 + max(x - y, 0)**4", "0.1", ["0.01", "0.01"], "no second derivative"),
        ("x**2/2 + 3*y**2/4 + y**3", "0.1", ["0.01", "0.01"], "second-slowest"),
        ("x**2/2 + 2*y**2 + y**3", "0.4", ["0.01", "0.01"], "two directions"),
        ("x**2/2 + 2*y**2 + 2*z**2 + y**3", "0.1", ["0.01", "0.01", "0.01"], "repeated"),
    ],
)
def test_undecided_names_its_cause(loss, step_size, start, cause):
    found = of(loss, step_size, start)
    assert found.pattern.kind is Kind.UNDECIDED and found.from_step is None
    assert cause in found.pattern.cause
    assert any(way in found.pattern.cause for way in ("--step-size", "--precision", "a loss with"))


def test_at_the_minimizer_the_sharpness_is_constant():
    found = of("x**2/2 + 2*y**2 + y**3", "0.1", ["0", "0"])
    assert (found.pattern.kind, found.pattern.step) == (Kind.CONSTANT, 0)


def test_near_the_boundary_the_step_is_far_and_still_proved():
    found = of(WORKED, "0.66666666666", ["0.1", "0.1"])
    assert found.pattern.kind is Kind.FROM_ABOVE and found.from_step > 10**9
    other = of(WORKED, "0.66666666667", ["0.1", "0.1"])
    assert other.pattern.kind is Kind.OSCILLATING


def test_no_sharpness_without_a_positive_definite_hessian():
    assert sharpness(decide(Problem("x**2 - y**2 + y**4", step_size="0.1", start=["0.1", "0.1"]))) is None


def test_count_that_ends_early_says_so():
    found = of(WORKED, "0.95", ["0.1", "0.1"], most_steps=5)
    assert found.crossings.steps == (0, 2, 4) and not found.crossings.complete


# Properties -----------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(problems(inside=True))
def test_a_proved_pattern_is_what_mpmath_sees(problem):
    decision = decide(problem, max_steps=2000)
    found = sharpness(decision, first_steps=True, most_steps=2000)
    assert found is not None
    if found.from_step is None or found.from_step > 400:
        return
    steps = found.from_step + 12
    reference = measured(problem, steps)
    with mp.workdps(60):
        limit = max(mp.eigsy(_hessian(problem.loss, [real(m) for m in problem.minimizer]), eigvals_only=True))
        gaps = [x - limit for x in reference]
        for ball, value in zip(found.first, reference, strict=False):
            if ball.is_finite():
                low, high = ends(ball)
                assert low - SLACK <= rational(value) <= high + SLACK and high - low < SLACK
        later = gaps[found.from_step :]
        if found.pattern.kind is Kind.CONSTANT:
            assert all(abs(g) < mp.mpf(10) ** -40 for g in later)
            return
        # What is smaller, the reference does not know.
        later = list(takewhile(lambda g: abs(g) > mp.mpf(10) ** -45, later))
        period = found.pattern.period
        for k, g in enumerate(later, found.from_step):
            sign = found.pattern.sign * (-1 if period == 2 and k % 2 else 1)
            assert g * sign > 0, f"sign at step {k}"
        for branch in (later[i::period] for i in range(period)):
            assert all(abs(b) < abs(a) for a, b in pairwise(branch))
        if found.crossings.complete:
            top = real(found.threshold)
            seen = [k for k, x in enumerate(reference) if x > top]
            assert seen == [k for k in found.crossings.steps if k < steps]


@settings(max_examples=60)
@given(problems(inside=True), st.lists(st.integers(-6, 6), min_size=4, max_size=4), st.integers(0, 8))
def test_the_second_order_constant_bounds_the_deviation(problem, words, shrink):
    context, top = top_of(problem)
    if top is None:
        return
    u = [fmpq(x, 7) for x in words[: problem.dimension]]
    h = [x / 2**shrink for x in u]
    with ctx.workprec(PRECISION):
        radius = sum((arb(x) ** 2 for x in h), arb(0)).sqrt().upper()
        value = largest_eigenvalue(HessianMap(context.expansion)([arb(x) for x in h]))
        linear = sum((w * x for w, x in zip(top.gradient, h, strict=True)), arb(0))
        bound = top.curvature(radius) / 2 * radius**2
        if not bound.is_finite():
            return
        deviation = abs(value - top.value - linear)
        assert not deviation.lower() > bound.upper()
        if not any(t.power <= 4 for t in context.expansion.truncated):
            second = top.second([arb(x) for x in h])
            third = top.third(radius)
            if third.is_finite():
                assert not abs(value - top.value - linear - second / 2).lower() > (third * radius**3 / 6).upper()


@settings(max_examples=60)
@given(problems(inside=True), st.lists(st.integers(-6, 6), min_size=4, max_size=4))
def test_hessian_in_balls_is_the_exact_one(problem, words):
    h = [fmpq(x, 9) for x in words[: problem.dimension]]
    exact = problem.loss.hessian([m + x for m, x in zip(problem.minimizer, h, strict=True)])
    with ctx.workprec(PRECISION):
        found = HessianMap(Expansion.of(problem))([arb(x) for x in h])
        for row, wanted in zip(found, exact, strict=True):
            for x, q in zip(row, wanted, strict=True):
                low, high = ends(x)
                assert low <= q <= high and high - low < SLACK


@given(symmetric_matrices(smallest=1, largest=5))
def test_largest_eigenvalue_is_enclosed_and_pivots_decide_sides(matrix):
    top = Pencil(matrix).eigenvalues(256)[-1]
    with ctx.workprec(PRECISION):
        rows = [[arb(x) for x in row] for row in matrix.tolist()]
        found = largest_eigenvalue(rows)
        assert found.overlaps(top.ball())
        assert found.rad() < 1e-20
        for shift in (fmpq(-1, 10**6), fmpq(1, 10**6)):
            expected = {-1: 1, 1: -1}[1 if shift > 0 else -1]
            assert compare_largest_eigenvalue(rows, arb(top.lo + shift)) in {expected, None}


@pytest.mark.parametrize("bits", [40, 60, 100])
@pytest.mark.parametrize("first", [0, 1])
def test_eigenvalues_that_agree_to_many_digits_are_told_apart(bits, first):
    with ctx.workprec(256):
        diagonal = [arb(1), arb(1)]
        diagonal[first] += arb(2) ** -bits
        found = largest_eigenvalue([[diagonal[0], arb(0)], [arb(0), diagonal[1]]])
        assert found.contains(diagonal[first])
        assert surely_less(arb(1), found)


@given(st.data())
def test_a_repeated_largest_eigenvalue_is_enclosed_too(data):
    rotation = data.draw(rotations(3))
    matrix = hessian_with_spectrum([1, 4, 4], rotation)
    with ctx.workprec(PRECISION):
        found = largest_eigenvalue([[arb(x) for x in row] for row in matrix.tolist()])
        assert found.contains(4) and found.rad() < 1e-20


@settings(max_examples=60)
@given(problems(inside=True), st.lists(st.integers(-6, 6), min_size=4, max_size=4), st.integers(3, 5))
def test_derivative_bounds_hold_along_lines(problem, words, order):
    """The derivative of order k of t ↦ f(m + t u), at t = 1, from exact divided differences of the polynomial."""
    expansion = Expansion.of(problem)
    if expansion.truncated:
        return
    u = [fmpq(x, 7) for x in words[: problem.dimension]]
    if not any(u):
        return
    with ctx.workprec(PRECISION):
        length = sum((arb(x) ** 2 for x in u), arb(0)).sqrt().upper()
        bound = DerivativeBounds.of(expansion.terms, ()).order(order, length)
        coefficients = {}
        for exponents, c in expansion.terms:
            value = c
            for x, e in zip(u, exponents, strict=True):
                value *= x**e
            q = sum(exponents)
            coefficients[q] = coefficients.get(q, fmpq(0)) + value
        derivative = fmpq(0)
        for q, c in coefficients.items():
            factor = fmpq(1)
            for i in range(order):
                factor *= q - i
            derivative += c * factor
        assert not abs(arb(derivative)) > bound * length**order


def test_a_truncated_power_has_no_bound_beyond_its_order_across_the_kink():
    problem = Problem("x**2 + y**2/2 + max(x - 1/10, 0)**4", step_size="0.1", start=["0.1", "0.1"])
    expansion = Expansion.of(problem)
    with ctx.workprec(PRECISION):
        bounds = DerivativeBounds.of(expansion.terms, expansion.truncated)
        assert bounds.order(4, arb("0.2")).overlaps(arb(24))
        assert not bounds.order(5, arb("0.2")).is_finite()
        assert bounds.order(5, arb("0.05")) == 0


def test_kinks_of_order_four_are_followed():
    found = of("x**2/2 + 2*y**2 + y**3 + max(y - x, 0)**4", "0.45", ["0.01", "0.02"])
    assert found.pattern.kind is Kind.OSCILLATING and found.pattern.exact_slope in {6, -6}


def test_the_sign_of_the_slope_follows_the_start():
    up, down = (of(WORKED, "0.1", ["0.01", s]) for s in ("0.05", "-0.05"))
    assert (up.pattern.exact_slope, down.pattern.exact_slope) == (2, -2)


def test_large_regime_sign_pattern_is_anchored_at_even_steps():
    problem = Problem(WORKED, step_size="0.95", start=["0.05", "0.02"])
    decision = decide(problem)
    assert decision.classification.regime is Regime.LARGE_STEP
    one = sharpness(decision)
    shifted = replace(problem, start=Expansion.of(problem).exact_step(problem.displacement))
    two = sharpness(decide(shifted))
    assert one.pattern.sign == -two.pattern.sign != 0


def test_numpy_agrees_on_the_worked_example():
    x = np.array([0.1, 0.1])
    found = of(WORKED, "0.95", ["0.1", "0.1"])
    for ball in found.first:
        hessian = np.array([[2 + 2 * x[1] + 6 * x[0], 2 * x[0]], [2 * x[0], 1.0]])
        assert abs(float(ball.mid()) - np.linalg.eigvalsh(hessian)[-1]) < 1e-12
        x = x - 0.95 * np.array([2 * x[0] + 2 * x[0] * x[1] + 3 * x[0] ** 2, x[1] + x[0] ** 2])


@given(st.integers(0, 10**9))
def test_the_search_for_a_step_stays_at_steps_that_exist(first):
    asked = []

    def attempt(j):
        asked.append(j)
        return "found" if j >= first else None

    found = first_success(attempt)
    assert found is not None and found[1] == "found"
    assert first <= found[0] <= first + first // 8
    assert min(asked) >= 0 and len(asked) < 150


def test_the_search_ends_where_there_is_none():
    assert first_success(lambda _: None) is None


def test_a_step_exactly_on_the_threshold_is_counted_apart():
    # λ_n = 2 + 6x, and 2/η = 4 at the start.
    found = of("x**2 + y**2/2 + x**3", "0.5", ["1/3", "1/10"])
    assert found.crossings.steps == () and found.crossings.undecided == 1 and found.crossings.complete
    assert of("x**2 + y**2/2 + x**3", "0.5", ["0.3334", "0.1"]).crossings.steps == (0,)
    assert of("x**2 + y**2/2 + x**3", "0.5", ["0.3333", "0.1"]).crossings.steps == ()


def test_the_peak_is_the_largest_value_above_the_threshold():
    found = of(WORKED, "0.95", ["0.1", "0.1"])
    assert found.crossings.peak.overlaps(found.first[0])
    assert of(WORKED, "0.1", ["0.1", "0.1"]).crossings.peak is None


def test_irrational_eigenvectors_without_cubic_terms_have_slope_zero():
    found = of("x**2 + x*y + 2*y**2 + (x + y)**4 + max(x - y, 0)**6", "0.1", ["0.05", "0.02"])
    assert found.pattern.exact_slope == 0 and found.pattern.order == 2


def test_the_second_order_constant_is_neither_too_small_nor_far_too_large():
    # Along x, λ_n = 5/2 + sqrt(9/4 + t²) = 4 + t²/3 + …, and ω = 0.
    context, top = top_of(Problem("x**2/2 + y**2/2 + 2*z**2 + x*y*z", step_size="0.1", start=["0.01", "0.01", "0.01"]))
    with ctx.workprec(PRECISION):
        constant = top.curvature(arb("0.01")) / 2
        assert 1 / arb(3) < constant < arb("1.02")
        assert top.second([arb(1), arb(0), arb(0)]).overlaps(2 / arb(3))
    assert context.spectrum.highest.lo == 4


@settings(max_examples=60)
@given(problems(inside=True), st.lists(st.integers(-6, 6), min_size=8, max_size=8))
def test_the_sharpness_at_an_enclosed_iterate_allows_for_its_error(problem, words):
    n = problem.dimension
    centre, apart = [fmpq(x, 9) for x in words[:n]], [fmpq(x, 90) for x in words[4 : 4 + n]]
    context, top = top_of(problem)
    if top is None:
        return
    with ctx.workprec(PRECISION):
        found = top.at(enclosure(centre, apart))
        h = [arb(a + b) for a, b in zip(centre, apart, strict=True)]
        assert not found.is_finite() or found.overlaps(largest_eigenvalue(HessianMap(context.expansion)(h)))


def test_the_sharpness_is_followed_at_the_precision_of_the_decision():
    """With 1,024 bits the eigenvector needs an eigenvalue known to as many; the pattern is that of 128 bits."""
    problem = Problem("x**2 + x*y + 3*y**2 + x**3", step_size="0.1", start=["0.1", "0.2"])
    usual, fine = (sharpness(decide(problem, precision=bits)) for bits in (128, 1024))
    assert fine.pattern.kind is usual.pattern.kind is not Kind.UNDECIDED
    assert fine.limit.rad() < arb(2) ** -1000


def test_far_out_a_tiny_cubic_term_matters():
    """λₙ(x₀) = 1 + 6·10⁻⁶⁰·10⁶⁰ = 7, not 2: the pattern cannot be constant from step 0 on."""
    found = of("x**2/2 + y**2 + 1/1" + "0" * 60 + "*x**3", "0.1", ["1e60", "0.1"])
    assert found.pattern.kind is Kind.CONSTANT and found.from_step > 0
    assert ends(found.first[0])[0] > 6
