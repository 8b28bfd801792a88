"""The smoothness corollary: patterns of polynomials along trajectories, against mpmath."""

from itertools import islice, pairwise, takewhile

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.reference.trajectory import iterates
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.scalar import Scalar, follow, parse_scalar
from tests.builders.strategies import enclosure, problems, real

WORKED = "x**2 + y**2/2 + x**2*y + x**3"


def followed(text, step_size="0.95", start=("0.1", "0.1"), loss=WORKED):
    problem = Problem(loss, step_size=step_size, start=list(start))
    result = follow(decide(problem), parse_scalar(text, problem.loss.variables))
    assert result is not None
    return result


def measured(problem, function, steps, digits=80):
    def value(x):
        total = mp.mpf(0)
        for exponents, c in function.terms:
            term = real(c)
            for a, e in zip(x, exponents, strict=True):
                term *= a**e
            total += term
        return total

    found = []
    for x in islice(iterates(problem, digits), steps):
        with mp.workdps(digits):
            found.append(value(x))
    return found


@pytest.mark.parametrize(
    ("text", "step_size", "start", "kind", "slope"),
    [
        ("x*y + x", "0.95", ("0.1", "0.1"), Kind.OSCILLATING, 1),
        ("-3*x", "0.95", ("0.1", "0.1"), Kind.OSCILLATING, -3),
        ("y", "0.1", ("0.1", "0.1"), Kind.FROM_ABOVE, 1),
        ("y", "0.1", ("0.1", "-0.1"), Kind.FROM_BELOW, -1),
        ("2*y + x", "0.1", ("0.1", "-0.1"), Kind.FROM_BELOW, -2),
    ],
)
def test_the_derivative_along_the_limit_direction_decides(text, step_size, start, kind, slope):
    found = followed(text, step_size, start)
    assert (found.pattern.kind, found.pattern.exact_slope, found.pattern.order) == (kind, slope, 1)
    assert found.onset is not None


@pytest.mark.parametrize(
    ("text", "step_size", "kind", "coefficient"),
    [
        # On the y-axis nothing but the quadratic part acts: x² + y² falls like y² there.
        ("x**2 + y**2", "0.1", Kind.FROM_ABOVE, fmpq(1)),
        # In the large regime y follows s x²: (ρ² − (1 − η)) s = −η, so s = −0.95/(0.81 − 0.05).
        ("y", "0.95", Kind.FROM_BELOW, fmpq(-95, 76)),
        ("x**2 + y", "0.95", Kind.FROM_BELOW, 1 - fmpq(95, 76)),
    ],
)
def test_a_zero_derivative_is_said_and_the_next_order_decides(text, step_size, kind, coefficient):
    found = followed(text, step_size)
    assert found.pattern.exact_slope == 0 and found.pattern.order == 2
    assert found.pattern.kind is kind
    assert abs(found.pattern.coefficient - arb(coefficient)) < 1e-9


@pytest.mark.parametrize(
    ("text", "loss", "cause"),
    [
        ("x**3", WORKED + " + max(y - 1, 0)**4", "told from zero"),
        ("max(x, 0)**2", WORKED, "no second derivative"),
        ("x**9", WORKED, "the orders 1 to 8 vanish"),
    ],
)
def test_what_is_left_open_is_undecided(text, loss, cause):
    found = followed(text, loss=loss)
    assert found.pattern.kind is Kind.UNDECIDED and cause in found.pattern.cause
    assert "no option" in found.pattern.cause


@pytest.mark.parametrize("text", ["3", "0", "max(x - 1, 0)**2 + 7"])
def test_constants_are_constant(text):
    found = followed(text)
    assert found.pattern.kind is Kind.CONSTANT


def test_kinks_of_order_two_are_followed_to_the_first_order():
    found = followed("x + max(x, 0)**2")
    assert found.pattern.kind is Kind.OSCILLATING and found.pattern.exact_slope == 1


def test_bad_scalars_name_their_field():
    problem = Problem(WORKED, step_size="0.1", start=["0.1", "0.1"])
    for text in ("x*z", "x +", "__import__('os')", "x**y", "foo(x)"):
        with pytest.raises(InputError) as caught:
            parse_scalar(text, problem.loss.variables)
        assert caught.value.field == "scalar"


def scalars(n):
    exponents = st.lists(st.integers(0, n - 1), min_size=0, max_size=3).map(
        lambda w: tuple(w.count(i) for i in range(n))
    )
    return st.lists(st.tuples(exponents, st.integers(-3, 3)), min_size=1, max_size=4)


@settings(max_examples=60)
@given(problems(inside=True), st.data())
def test_a_proved_pattern_is_what_mpmath_sees(problem, data):
    function = Loss.build(problem.loss.variables, data.draw(scalars(problem.dimension)))
    decision = decide(problem, max_steps=2000)
    found = follow(decision, function)
    assert found is not None
    if found.onset is None or found.onset.step > 300:
        return
    steps = found.onset.step + 12
    reference = measured(problem, function, steps)
    with mp.workdps(80):
        gaps = [v - real(found.limit) for v in reference]
        for k in found.onset.broken:
            if k + found.pattern.period < steps:
                sign = found.pattern.sign * (-1 if found.pattern.period == 2 and k % 2 else 1)
                a, b = gaps[k] * sign, gaps[k + found.pattern.period] * sign
                small = mp.mpf(10) ** -65
                assert a < small or b > a - small, f"step {k} is called broken"
        later = gaps[found.onset.step :]
        if found.pattern.kind is Kind.CONSTANT:
            assert not any(abs(g) > mp.mpf(10) ** -60 for g in later)
            return
        # What is smaller, the reference does not know.
        later = list(takewhile(lambda g: abs(g) > mp.mpf(10) ** -65, later))
        period = found.pattern.period
        for k, g in enumerate(later, found.onset.step):
            assert g * found.pattern.sign * (-1 if period == 2 and k % 2 else 1) > 0, f"sign at step {k}"
        for branch in (later[i::period] for i in range(period)):
            assert all(abs(b) < abs(a) for a, b in pairwise(branch))


@settings(max_examples=60)
@given(st.data())
def test_bounds_of_a_scalar_hold(data):
    n = data.draw(st.integers(1, 3))
    function = Loss.build([f"x{i}" for i in range(n)], data.draw(scalars(n)))
    m = [fmpq(data.draw(st.integers(-3, 3)), 2) for _ in range(n)]
    h = [fmpq(data.draw(st.integers(-6, 6)), 5) for _ in range(n)]
    with ctx.workprec(128):
        scalar = Scalar.of(function, m)
        radius = sum((arb(x) ** 2 for x in h), arb(0)).sqrt()
        value = function.value([a + b for a, b in zip(m, h, strict=True)]) - function.value(m)
        linear = sum((g * x for g, x in zip(scalar.exact_gradient, h, strict=True)), fmpq(0))
        second = scalar.second([arb(x) for x in h])
        assert not abs(arb(value - linear)) > scalar.curvature(radius) / 2 * radius**2
        assert not abs(arb(value - linear) - second / 2) > scalar.third(radius) * radius**3 / 6
        assert scalar.change([arb(x) for x in h]).overlaps(arb(value))


@settings(max_examples=60)
@given(st.data())
def test_the_value_at_an_enclosed_iterate_allows_for_its_error(data):
    n = data.draw(st.integers(1, 3))
    function = Loss.build([f"x{i}" for i in range(n)], data.draw(scalars(n)))
    centre = [fmpq(data.draw(st.integers(-6, 6)), 5) for _ in range(n)]
    apart = [fmpq(data.draw(st.integers(-6, 6)), 50) for _ in range(n)]
    with ctx.workprec(128):
        iterate = enclosure(centre, apart)
        found = Scalar.of(function, [fmpq(0)] * n).at(iterate)
        assert found.overlaps(arb(function.value([a + b for a, b in zip(centre, apart, strict=True)])))


@settings(max_examples=40)
@given(problems(inside=True))
def test_the_loss_itself_falls_in_the_end(problem):
    """Its slope at the minimizer is zero, and half the dominant eigenvalue decides."""
    decision = decide(problem, max_steps=2000)
    if decision.limit is None or len(decision.blocks) != 1 or decision.blocks[0].eigenvalue.multiplicity > 1:
        return
    found = follow(decision, problem.loss)
    assert (found.pattern.kind, found.pattern.order, found.pattern.exact_slope) == (Kind.FROM_ABOVE, 2, 0)
    with ctx.workprec(decision.precision):
        assert (2 * found.pattern.coefficient).overlaps(decision.blocks[0].eigenvalue.ball())


def test_a_kink_however_far_out_counts_if_the_trajectory_starts_beyond_it():
    """φ(x₀) ≈ 10¹²⁰: φ is zero only from where the trajectory is proved to have passed the kink."""
    problem = Problem("x**2/2 + y**2", step_size="0.1", start=["1e60", "0.1"])
    found = follow(decide(problem), parse_scalar("max(x - 1" + "0" * 50 + ", 0)**2", problem.loss.variables))
    assert found.pattern.kind is Kind.CONSTANT
    passed = next(k for k in range(1000) if fmpq(10) ** 60 * fmpq(9, 10) ** k <= fmpq(10) ** 50)
    assert found.pattern.step >= passed > 200
