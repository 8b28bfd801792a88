"""The envelope of a trajectory: cones hold every later iterate, at the step itself and far ahead."""

from itertools import islice, pairwise

from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.envelope import Cone, convolution
from gdcheck.theorem.sharpness.observable import Direction, Proof, square_root
from gdcheck.theorem.sharpness.second_order import SecondOrder
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue
from tests.builders.strategies import errors, length, problems, rational, real

STEPS = 6
SLACK = 1 + fmpq(1, 10**20)


def seen(problem, direction, last):
    """(|y_k|, ‖h_k⊥‖/|y_k|, sign of y_k) by mpmath, for k = 0 … last."""
    found = []
    with mp.workdps(80):
        u = [real(fmpq(*(int(n) for n in (q.p, q.q)))) for q in (ends(x)[0] for x in direction.balls)]
        for h in islice(errors(problem, 80), last + 1):
            with mp.workdps(80):
                y = sum(a * b for a, b in zip(u, h, strict=True))
                rest = length([a - y * b for a, b in zip(h, u, strict=True)])
                found.append((rational(abs(y)), rational(rest / abs(y)) if y else None, mp.sign(y)))
    return found


@settings(max_examples=80)
@given(problems(inside=True), st.sampled_from([0, 1, 2, 7, 30]))
def test_a_cone_holds_the_trajectory_from_its_step_on(problem, ahead):
    decision = decide(problem, max_steps=300)
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        if context is None or context.envelope is None or context.direction is None:
            return
        cone = context.envelope.cone(ahead)
        if cone is None:
            return
        along, least, ratio, grows, shrinks = (
            ends(x)[1] if up else ends(x)[0]
            for x, up in ((cone.along, 1), (cone.least, 0), (cone.ratio, 1), (cone.grows, 1), (cone.shrinks, 0))
        )
        alternating = context.envelope.alternating
    path = seen(problem, context.direction, cone.step + STEPS)[cone.step :]
    # The direction is known to some thirty digits: what is orthogonal to it, no better.
    blur = fmpq(1, 10**25)
    assert path[0][0] >= least / SLACK
    for size, tilt, _ in path:
        assert size <= along * SLACK
        assert tilt <= ratio * SLACK + blur
    for (before, _, sign), (after, _, later) in pairwise(path):
        assert shrinks / SLACK - blur <= after / before <= grows * SLACK + blur
        assert later == (-sign if alternating else sign)


@settings(max_examples=40)
@given(problems(inside=True), st.sampled_from([0, 1, 4]))
def test_the_ball_ahead_holds_the_trajectory(problem, ahead):
    decision = decide(problem, max_steps=300)
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        if context is None or context.envelope is None:
            return
        asked = []
        step = context.envelope.first_ball(lambda r: bool(asked.append(r)) or len(asked) > ahead)
    # Once a test has succeeded they all do: the ball of the step found is the smallest but those before.
    radius = max(ends(r)[1] for r in asked[ahead:])
    assert step is not None
    for h in islice(errors(problem, 60), step, step + STEPS):
        with mp.workdps(60):
            assert rational(length(h)) <= radius * SLACK


@given(st.integers(1, 99), st.integers(1, 99), st.integers(0, 40))
def test_convolution_is_an_upper_bound_and_no_poor_one(a, b, j):
    x, y = fmpq(a, 100), fmpq(b, 100)
    exact = sum((x ** (j - 1 - i) * y**i for i in range(j)), fmpq(0))
    with ctx.workprec(128):
        _, high = ends(convolution(arb(x), arb(y), j))
    assert exact <= high
    assert high <= exact * (1 + fmpq(1, 10**20)) + fmpq(1, 10**30)


@given(st.integers(1, 100), st.integers(0, 100), st.integers(1, 63), st.sampled_from([(1, 1), (1, 2), (2, 1)]))
def test_a_proof_needs_room_for_the_error(size, error, growth, powers):
    one, grows = arb(1), arb(growth) / 64
    cone = Cone(0, one, one, one, one, one, grows, grows)
    order, period = powers
    proof = Proof(cone, order, period, arb(size), arb(error))
    assert proof.holds == ((size + error) * fmpq(growth, 64) ** (order * period) < size - error)
    assert (proof.if_it_holds() is proof) is proof.holds


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_square_roots_are_exact_or_none(p, q):
    value = fmpq(p, q)
    assert square_root(value * value) == value
    root = square_root(value)
    assert root is None or root * root == value


@settings(max_examples=60)
@given(st.integers(-8, 8), st.integers(-8, 8), st.integers(-8, 8), st.sampled_from(["0.1", "0.42", "0.3"]))
def test_the_second_order_is_the_one_that_mpmath_measures(a, b, c, step_size):
    """λ_n along x²/2 + 2y² + a/8 x²y + b/8 x⁴ + c/8 x²y²: the slope along x vanishes, the curvature is measured."""
    loss = f"x**2/2 + 2*y**2 + ({a}/8)*x**2*y + ({b}/8)*x**4 + ({c}/8)*x**2*y**2"
    problem = Problem(loss, step_size=step_size, start=["1/64", "1/64"], variables=["x", "y"])
    decision = decide(problem)
    if decision.limit is None or decision.subspace is not None:
        return
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        slope, exact = context.direction.slope(top)
        assert exact == 0 and slope == 0
        found = SecondOrder(context, context.direction.balls).prove(top, context.envelope)
    if isinstance(found, str):
        return
    steps = found[0].cone.step + 3
    (h,) = islice(errors(problem, 80), steps, steps + 1)
    with mp.workdps(80):
        x, y = h
        xx = 1 + 2 * mp.mpf(a) / 8 * y + 12 * mp.mpf(b) / 8 * x**2 + 2 * mp.mpf(c) / 8 * y**2
        xy = 2 * mp.mpf(a) / 8 * x + 4 * mp.mpf(c) / 8 * x * y
        yy = 4 + 2 * mp.mpf(c) / 8 * x**2
        top_value = (xx + yy) / 2 + mp.sqrt(((xx - yy) / 2) ** 2 + xy**2)
        along = (x if abs(x) > abs(y) else y) ** 2
        measured = (top_value - 4) / along
        stated = real(fmpq(*(int(n) for n in (ends(found[1])[0].p, ends(found[1])[0].q))))
        # What is proved is that the error is below the coefficient itself; the shared sign follows.
        assert measured * stated > 0
        assert abs(measured - stated) < abs(stated)


def test_a_direction_with_an_irrational_length_has_no_exact_slope():
    problem = Problem("x**2 + x*y + y**2 + x**3", step_size="0.1", start=["0.01", "0.02"])
    decision = decide(problem)
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        assert isinstance(context.direction, Direction)
        ball, exact = context.direction.slope(top)
        assert exact is None
        # ω = (3, 0) for v = (1, 1)/√2, and u = ±(1, −1)/√2.
        assert abs(abs(ball) - 3 / arb(2).sqrt()) < 1e-30


def test_on_a_line_nothing_but_the_line_counts():
    """The start lies on an invariant axis: the envelope is that of one dimension."""
    problem = Problem("x**2/2 + 2*y**2 + y**3 + x**2*y", step_size="0.1", start=["0", "1/20"])
    decision = decide(problem)
    assert decision.subspace is not None and decision.subspace.dimension == 1
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        assert context.envelope.b is None and context.envelope.cone(0).ratio == 0
        found = context.pattern(top)
    assert found.order == 1 and abs(found.exact_slope) == 6
