"""Valleys are drawn as promised: a prescribed Jacobian at a prescribed zero, both regimes, and starts that decide."""

from __future__ import annotations

import json

import pytest
from flint import fmpq, fmpq_mat, fmpq_poly
from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.properties.strategies.valleys import ValleyInstance, valley_problems
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.relations import as_polynomial

SEEN = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def gram_at(instance: ValleyInstance, point: tuple[fmpq, ...]) -> fmpq_mat:
    """JJᵀ at a point, exactly."""
    read = [as_polynomial(residual) for residual in instance.problem.residuals]
    rows = fmpq_mat([[f.derivative(i)(*point) for i in range(len(point))] for f in read if f is not None])
    return rows * rows.transpose()


@SEEN
@given(valley_problems(dimensions=(2, 5)))
def test_the_spectrum_is_the_prescribed_one(instance: ValleyInstance) -> None:
    gram = gram_at(instance, instance.point)
    prescribed = fmpq_poly([1])
    for value in instance.spectrum:
        prescribed *= fmpq_poly([-value, 1])
    assert gram.charpoly() == prescribed
    assert all(not as_polynomial(residual)(*instance.point) for residual in instance.problem.residuals)
    eta, low, high = instance.problem.step_size, instance.spectrum[0], instance.spectrum[-1]
    assert (eta * (low + high) < 2) == (instance.regime is Regime.SMALL_STEP) and eta * high < 2
    assert instance.nearness() is not None
    assert ValleyInstance.from_json(json.loads(json.dumps(instance.to_json()))) == instance


@SEEN
@given(valley_problems(dimensions=(2, 4), affine=True))
def test_a_flat_valley_has_one_spectrum(instance: ValleyInstance) -> None:
    n, p = len(instance.point), len(instance.singular)
    for k in range(p, n):
        elsewhere = tuple(x + 3 * instance.rotation[i, k] for i, x in enumerate(instance.point))
        assert gram_at(instance, elsewhere) == gram_at(instance, instance.point)


def test_everything_promised_is_drawn() -> None:
    seen: set[tuple[int, int, Regime]] = set()

    @settings(SEEN, max_examples=300)
    @given(valley_problems(dimensions=(2, 3)))
    def look(instance: ValleyInstance) -> None:
        seen.add((len(instance.point), len(instance.singular), instance.regime))

    look()
    sides = (Regime.SMALL_STEP, Regime.LARGE_STEP)
    assert seen == {(n, p, side) for n in (2, 3) for p in range(1, n + 1) for side in sides}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("singular", ["1", "2", "3", "4", "5"], "singular"),
        ("singular", [], "singular"),
        ("rotation", [["1"]], "rotation"),
        ("regime", "middling", "regime"),
        ("bend", "x", "bend"),
    ],
)
def test_a_malformed_record_is_named(field: str, value: object, said: str) -> None:
    kept: list[ValleyInstance] = []

    @settings(SEEN, max_examples=1)
    @given(valley_problems(dimensions=(2, 2)))
    def keep(instance: ValleyInstance) -> None:
        kept.append(instance)

    keep()
    with pytest.raises(InputError, match=said):
        ValleyInstance.from_json(kept[0].to_json() | {field: value})
