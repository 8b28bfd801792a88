"""Every quantity of a trajectory encloses its exact value."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from gdcheck import Problem, decide
from gdcheck.properties.lemmas.trajectory import QUANTITIES, Trajectory
from gdcheck.properties.strategies.instance import column
from gdcheck.properties.strategies.random_problems import Recipe, random_instance

SMALL = Recipe(dimensions=(2, 3), degrees=(3, 4), terms=(0, 4))


def exact_iterates(problem, count):
    x = problem.start
    for _ in range(count):
        yield x
        x = tuple(a - problem.step_size * g for a, g in zip(x, problem.loss.gradient(x), strict=True))


def encloses(found, exact):
    values = [fmpq(x) for x in exact]
    return found.shape == (len(values),) and all(
        ball.overlaps(arb(q)) and float(ball.rad()) < 1e-20 for ball, q in zip(found.values, values, strict=True)
    )


@given(st.integers(0, 10**6))
def test_the_quantities_are_those_of_the_exact_trajectory(index):
    with ctx.workprec(128):
        check(random_instance(1, index, SMALL))


def check(instance):
    problem = instance.problem
    found = Trajectory(decide(problem), 2, instance)
    points = list(exact_iterates(problem, 3))
    lowest = problem.loss.value(problem.minimizer)
    for k, x in enumerate(points):
        h = tuple(a - m for a, m in zip(x, problem.minimizer, strict=True))
        assert encloses(found.point[k], x)
        assert encloses(found.displacement[k], h)
        assert encloses(found.gradient[k], problem.loss.gradient(x))
        assert (found.excess[k] == problem.loss.value(x) - lowest).values.item() is not False
        along = [
            sum((a * b for a, b in zip(h, column(instance.rotation, i), strict=True)), fmpq(0)) for i in range(len(h))
        ]
        assert encloses(found.eigen_coordinates[k], along)
        assert (found.distance[k] ** 2 == sum((a * a for a in h), fmpq(0))).values.item() is not False
    assert encloses(found.loss, [problem.loss.value(x) for x in points])
    assert encloses(found.spectrum, instance.spectrum)
    assert (found.rate == instance.rho).values.item() is not False
    top = max(np.linalg.eigvalsh([[float(Fraction(str(a))) for a in row] for row in problem.loss.hessian(points[0])]))
    assert found.sharpness[0].as_float() == pytest.approx(top, rel=1e-9)


def test_without_a_prescribed_spectrum_it_is_enclosed():
    problem = Problem("x**2 + x*y + y**2 + x**3", step_size="1/10", start=["1/10", "1/20"])
    found = Trajectory(decide(problem), 3)
    assert encloses(found.spectrum, [1, 3])
    assert [abs(x) for x in found.eigenvectors.as_float()[0].tolist()] == pytest.approx([2**-0.5] * 2)
    assert abs(found.limit.as_float()).tolist() == pytest.approx([2**-0.5] * 2)
    assert (found.multipliers > 0).all()


def test_floats_are_remembered_and_have_the_same_names():
    problem = Problem("x**2 + 2*y**2 + x**3", step_size="1/10", start=["1/10", "1/20"])
    found = Trajectory(decide(problem), 3)
    assert not found.rests_on_floats
    floats = found.as_float()
    assert found.rests_on_floats
    for name in QUANTITIES:
        assert getattr(floats, name).shape == getattr(found, name).shape
    with pytest.raises(AttributeError, match="distance"):
        _ = floats.distanze
