"""Scalars at any order: against the first two orders' own proofs, against mpmath, and against exact recursions."""

import pytest
from flint import arb, arb_series, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.decision.decide import decide, with_tail
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.reference.smooth_trajectory import SmoothReferenceMap, to_mpf
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.orders.setting import Setting
from gdcheck.theorem.sharpness.orders.smooth_scalar import order_pattern
from gdcheck.theorem.sharpness.pattern import Kind
from gdcheck.theorem.sharpness.scalar import Scalar, follow, parse_scalar
from gdcheck.theorem.sharpness.smooth.scalar import follow_smooth
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.smooth.series.along import gradient_along, polynomial_curve, value_along
from gdcheck.theorem.smooth.series.functions import InexactError
from gdcheck.theorem.smooth.series.majorant import derivative_on_ball
from tests.builders.strategies import problems
from tests.unit.theorem.sharpness.test_scalar import WORKED, scalars

SMOOTH = "exp(x) - x + y**2 + x*y**2 + x**2*y"


def worked(text, step_size="0.95"):
    problem = Problem(WORKED, step_size=step_size, start=["0.1", "0.1"])
    return follow(decide(problem), parse_scalar(text, problem.loss.variables))


@pytest.mark.parametrize(
    ("text", "order", "kind", "coefficient"),
    [
        ("x**3", 3, Kind.OSCILLATING, fmpq(1)),
        # y follows s x² with s = −0.95/(0.81 − 0.05), as to the second order.
        ("sin(x)*y", 3, Kind.OSCILLATING, fmpq(-95, 76)),
        ("y**3", 6, Kind.FROM_BELOW, -(fmpq(95, 76) ** 3)),
        ("x*y**2", 5, Kind.OSCILLATING, fmpq(95, 76) ** 2),
        ("exp(x) + 3", 1, Kind.OSCILLATING, fmpq(1)),
        ("x - sin(x)", 3, Kind.OSCILLATING, fmpq(1, 6)),
    ],
)
def test_the_first_order_that_does_not_vanish_decides(text, order, kind, coefficient):
    found = worked(text).pattern
    assert (found.order, found.kind) == (order, kind)
    assert abs(found.coefficient - arb(coefficient)) < 1e-9


@pytest.mark.parametrize("text", ["log(x)", "1/x", "x - x + 0*y", "sqrt(x)"])
def test_what_is_not_smooth_at_the_minimizer_is_undecided(text):
    found = worked(text).pattern
    assert found.kind is (Kind.CONSTANT if "0*" in text else Kind.UNDECIDED)
    assert found.kind is Kind.CONSTANT or "not smooth" in found.cause


@settings(max_examples=40)
@given(problems(inside=True), st.data())
def test_both_proofs_of_the_first_two_orders_agree(problem, data):
    function = Loss.build(problem.loss.variables, data.draw(scalars(problem.dimension)))
    decision = with_tail(decide(problem, max_steps=500))
    if problem.loss.truncated:
        return
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        if context is None or context.envelope is None or context.direction is None:
            return
        first = context.pattern(Scalar.of(function, problem.minimizer))
        direction = context.direction
        minimizer = [arb(x) for x in problem.minimizer]
        graph = read_smooth(problem.loss.text(), problem.loss.variables)
        setting = Setting(graph, problem.step_size, minimizer, direction.balls, problem.minimizer, direction.exact)
        again = order_pattern(read_smooth(function.text(), problem.loss.variables), setting, context.envelope)
        if Kind.UNDECIDED in {first.kind, again.kind} or first.kind is Kind.CONSTANT:
            return
        assert (first.kind, first.order) == (again.kind, again.order)
        assert first.coefficient.overlaps(again.coefficient)


@pytest.mark.parametrize(
    ("loss", "step_size", "start"),
    [(SMOOTH, "0.9", ["0.05", "0.05"]), (SMOOTH, "0.3", ["0.1", "-0.1"]), (WORKED, "0.95", ["0.1", "0.1"])],
)
@pytest.mark.parametrize("text", ["y", "x", "x*y", "sin(x)*y**2", "tanh(y)**3", "exp(x*y)", "cos(x) + y"])
def test_a_proved_pattern_is_what_mpmath_sees(loss, step_size, start, text):
    problem = SmoothProblem.of(loss, step_size=step_size, start=start)
    found = follow_smooth(decide_smooth(problem), parse_scalar(text, problem.loss.variables))
    if found.onset is None:
        assert found.pattern.cause
        return
    function = read_smooth(text, problem.loss.variables)
    with mp.workdps(60):
        descend, x, gaps = SmoothReferenceMap(problem), [to_mpf(q) for q in problem.start], []
        for _ in range(found.onset.step + 40):
            with ctx.workprec(256):
                point = [arb(mp.nstr(a, 50)) for a in x]
                at_zero = Forward.of(function, [arb(0)] * len(x), 0).value
                gaps.append(Forward.of(function, point, 0).value - at_zero)
            x = descend(x)
    later, period = gaps[found.onset.step :], found.pattern.period
    later = [g for g in later if abs(g.mid()) > 1e-40]
    assert len(later) > 5 or found.onset.step > 60
    for k, g in enumerate(later, found.onset.step):
        assert g * found.pattern.sign * (-1 if period == 2 and k % 2 else 1) > 0, f"sign at step {k}"
    assert all(abs(b) < abs(a) for a, b in zip(later, later[period:], strict=False))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_series_are_those_of_the_function(name):
    """Of f(0.4 + t) against balls at points, and rational series against ball series, where they are known."""
    f = read_smooth(f"{name}(x) + x*{name}(x)", ["x"])
    with ctx.workprec(128):
        series = value_along(f, polynomial_curve([[arb("0.4")], [arb(1)]], 8))
        at = Forward.of(f, [arb("0.41")], 0).value
        total = sum((series[k] * arb("0.01") ** k for k in range(8)), arb(0))
        assert abs(total - at) < 1e-11
        slopes = gradient_along(f, polynomial_curve([[arb("0.4")], [arb(1)]], 8))[0]
        assert all(((k + 1) * series[k + 1]).overlaps(slopes[k]) for k in range(7))
        point = fmpq(1) if name in {"log", "sqrt"} else fmpq(0)
        try:
            exact = value_along(f, polynomial_curve([[point], [fmpq(1)]], 8))
        except InexactError:
            assert name in {"erf", "softplus"}
            return
        balls = value_along(f, polynomial_curve([[arb(point)], [arb(1)]], 8))
        assert all(balls[k].overlaps(arb(exact[k])) for k in range(8))


@settings(max_examples=30)
@given(st.sampled_from([n for n in FUNCTIONS if n not in {"log", "sqrt", "log1p"}]), st.integers(-8, 8), st.data())
def test_bounds_of_higher_derivatives_hold(name, middle, data):
    f = read_smooth(f"{name}(x - y/2)*(1 + x*y) + (y + 4)**(5/2)", ["x", "y"])
    order = data.draw(st.integers(1, 5))
    radius = arb(fmpq(1, data.draw(st.integers(4, 40))))
    with ctx.workprec(96):
        centre = [arb(fmpq(middle, 8)), arb(fmpq(-middle, 16))]
        bound = derivative_on_ball(f, centre, radius, order)
        way = [arb(data.draw(st.integers(-5, 5))), arb(data.draw(st.integers(1, 5)))]
        unit = [x / norm(way) for x in way]
        there = [c + u * radius * fmpq(data.draw(st.integers(-9, 9)), 10) for c, u in zip(centre, unit, strict=True)]
        along = value_along(f, polynomial_curve([there, unit], order + 1))[order]
        factorial = arb(order + 1).gamma()
        assert not abs(along) * factorial > bound


def test_scalars_with_kinks_are_refused_for_smooth_losses():
    decision = decide_smooth(SmoothProblem.of(SMOOTH, step_size="0.3", start=["0.1", "0.1"]))
    with pytest.raises(InputError) as caught:
        follow_smooth(decision, parse_scalar("max(x, 0)**4", ("x", "y")))
    assert caught.value.field == "scalar"


def test_intervals_as_base_hold_every_point():
    with ctx.workprec(96):
        wide = arb(0, fmpq(1, 10))
        series = polynomial_curve([[arb(1)], [arb(2)], [arb(3)]], 4, wide)[0]
        for y in (arb("-0.1"), arb(0), arb("0.07")):
            at = arb_series([1 + 2 * y + 3 * y * y, 2 + 6 * y, 3], prec=4)
            assert all(series[k].overlaps(at[k]) for k in range(4))
