"""The problems for the sharpness keep their promises: a slope that is not zero, or one that is, exactly."""

import pytest
from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import HealthCheck, Phase, find, given, settings

from gdcheck.properties.strategies.instance import StartPlace
from gdcheck.properties.strategies.sharpness import (
    flat_problems,
    planar,
    prescribed_slope,
    sharp_problems,
    sloped_problems,
)
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.statement import Regime

SIDES = (Regime.SMALL_STEP, Regime.LARGE_STEP)
quickly = settings(
    max_examples=40,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def of_slope(instance):
    """D³f(m)[v_n, v_n, v_d] from the loss's own third derivatives."""
    p, n = instance.problem, len(instance.spectrum)
    third = p.loss.third_derivatives(p.minimizer)
    top, along = ([instance.rotation[i, j] for i in range(n)] for j in (n - 1, instance.index))
    return sum(
        (third[i][j][k] * top[i] * top[j] * along[k] for i in range(n) for j in range(n) for k in range(n)), fmpq(0)
    )


def keeps_its_promises(instance):
    p = instance.problem
    expansion = Expansion.of(p)
    values = [e.lo for e in Pencil(expansion.hessian).eigenvalues(64) for _ in range(e.multiplicity)]
    assert tuple(values) == instance.spectrum
    assert instance.rotation * instance.rotation.transpose() == fmpq_mat(
        len(values), len(values), [int(i == j) for i in range(len(values)) for j in range(len(values))]
    )
    assert instance.place is StartPlace.BALL
    with ctx.workprec(128):
        radius = invariant_radius(RemainderBound.of(expansion), arb(instance.rho))
    square = sum((x * x for x in p.displacement), fmpq(0))
    assert square > 0 and (radius is None or square <= radius**2)


@pytest.mark.parametrize("regime", SIDES)
def test_sloped_problems_have_a_slope(regime):
    @quickly
    @given(sloped_problems(regime=regime, dimensions=(2, 5)))
    def run(instance):
        keeps_its_promises(instance)
        assert of_slope(instance) == prescribed_slope(instance) != 0

    run()


@pytest.mark.parametrize("regime", SIDES)
def test_flat_problems_have_none(regime):
    @quickly
    @given(flat_problems(regime=regime, dimensions=(2, 5)))
    def run(instance):
        keeps_its_promises(instance)
        assert of_slope(instance) == prescribed_slope(instance) == 0

    run()


@pytest.mark.parametrize("regime", SIDES)
def test_both_kinds_are_drawn_and_shrink_to_what_can_be_read(regime):
    problems = sharp_problems(regime=regime, dimensions=(2, 12))
    for zero in (False, True):
        simplest = find(
            problems,
            lambda i, zero=zero: (prescribed_slope(i) == 0) is zero,
            settings=settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck)),
        )
        assert len(simplest.spectrum) == 2
        assert len(simplest.problem.loss.terms) <= 6


def test_a_loss_on_a_plane_is_the_loss_there():
    loss = Loss.parse("x**2*y + y**3 + x*z**2 + x + max(x - z, 0)**4")
    m, u, v = (tuple(fmpq(x) for x in w) for w in ((1, 2, 3), (1, 0, 1), (0, 2, -1)))
    flat = planar(loss, m, u, v)
    for s, t in ((0, 0), (1, 0), (0, 1), (2, -3)):
        point = [a + s * b + t * c for a, b, c in zip(m, u, v, strict=True)]
        assert flat.value([s, t]) == loss.value(point)
