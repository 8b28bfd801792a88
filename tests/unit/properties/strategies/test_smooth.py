"""Smooth problems are what they are said to be: minimizer, Hessian, third derivative, regime; stored and read."""

import pytest
from flint import arb, arb_mat, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gdcheck.properties.strategies.smooth import SmoothInstance, smooth_problems
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import dot
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.evaluate import Forward

EVERY = st.sampled_from([Regime.SMALL_STEP, Regime.LARGE_STEP, Regime.BOUNDARY]).flatmap(
    lambda regime: smooth_problems(regime=regime)
)


@given(EVERY)
@settings(max_examples=40)
def test_the_minimizer_the_hessian_and_the_regime_are_the_prescribed_ones(made):
    loss, eta = made.problem.loss, made.problem.step_size
    with ctx.workprec(300):
        at = Forward.of(loss, [arb(m) for m in made.point], 2)
        assert all(abs(g) < arb(2) ** -190 for g in at.gradient())
        off = (at.hessian() - arb_mat(made.hessian)).entries()
        assert all(abs(x) < arb(2) ** -180 for x in off)
    side = eta * (made.spectrum[0] + made.spectrum[-1]) - 2
    assert made.regime is (Regime.BOUNDARY if not side else Regime.SMALL_STEP if side < 0 else Regime.LARGE_STEP)
    assert eta * made.spectrum[-1] < 2
    assert made.decides_at_once and dot(made.predicted, made.predicted) == 1 and dot(made.predicted, made.away) > 0


@given(smooth_problems(dimensions=(2, 3)), st.integers(0, 10**6))
@settings(max_examples=40)
def test_the_third_derivative_is_bounded(made, seed):
    """Between two points of the ball the Hessian changes by at most T times their distance."""
    n = len(made.point)
    h, k = ([fmpq((seed * (3 * i + j + 1)) % 17 - 8, 100) for i in range(n)] for j in (1, 5))
    with ctx.workprec(128):
        hessians = [
            Forward.of(made.problem.loss, [arb(m + x) for m, x in zip(made.point, move, strict=True)], 2).hessian()
            for move in (h, k)
        ]
        away = [a - b for a, b in zip(h, k, strict=True)]
        size = arb(dot(away, away)).sqrt()
        for u in ([fmpq(int(i == j)) for i in range(n)] for j in range(n)):
            turned = ((hessians[0] - hessians[1]) * arb_mat(n, 1, list(map(arb, u)))).entries()
            length = sum((x * x for x in turned), arb(0)).sqrt()
            assert not length.lower() > (arb(made.third) * size).upper()


@given(EVERY)
@settings(max_examples=10)
def test_they_are_stored_and_read(made):
    again = SmoothInstance.from_json(made.to_json())
    assert again.problem.to_json() == made.problem.to_json()
    assert (again.spectrum, again.rotation, again.point, again.third) == (
        made.spectrum,
        made.rotation,
        made.point,
        made.third,
    )
    for field, value, said in (
        ("point", ["1"], "size"),
        ("spectrum", ["2"] * len(made.point), "ascending"),
        ("extra", 1, "extra"),
        ("third", None, "third"),
    ):
        with pytest.raises(InputError, match=said):
            SmoothInstance.from_json(made.to_json() | {field: value})
