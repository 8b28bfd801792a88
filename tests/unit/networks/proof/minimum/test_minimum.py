"""Runs with weight decay: Hessians, bounds, proofs against a simulation of 60 digits, and tampered certificates."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from operator import mul
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import fmpq

from gdcheck.networks.proof.activations import TANH
from gdcheck.networks.proof.again import proved_again
from gdcheck.networks.proof.checker.check import check
from gdcheck.networks.proof.checker.curvature import Spot
from gdcheck.networks.proof.checker.document import BadNetworkCertificate, digest
from gdcheck.networks.proof.checker.inequality import NotChecked
from gdcheck.networks.proof.checker.objective import Objective as CheckerObjective
from gdcheck.networks.proof.checker.wide import Wide, tall_product
from gdcheck.networks.proof.minimum.certificate import minimum_arrays, minimum_certificate
from gdcheck.networks.proof.minimum.hessian import curvature_along, hessian
from gdcheck.networks.proof.minimum.losses import CROSS_ENTROPY, LOSSES, SQUARED
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.place import Minimizer, minimizer, place
from gdcheck.networks.proof.minimum.precise import gradient_norm
from gdcheck.networks.proof.minimum.prove import Proof, prove_minimum
from gdcheck.networks.proof.minimum.search import settled, start_near, step_size_for
from gdcheck.networks.proof.minimum.third import norms_at, third
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import forward
from gdcheck.networks.proof.rounding import Floats, Near, summed
from gdcheck.networks.proof.samples import random_network
from gdcheck.networks.proof.storing import write_certificate
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime
from tests.unit.networks.proof.test_passes import NETWORKS, other_network

_RNG = np.random.default_rng(11)
_INPUTS = _RNG.normal(size=(6, 2))
_SIGNS = _RNG.choice([-1.0, 1.0], size=(6, 1))
_ETA_DIGITS = 60
CASES = [(name, loss) for name in NETWORKS for loss in LOSSES]
BOTH_IMPLEMENTATIONS = [(name, loss) for name, loss in CASES if name in {"deep", "tanh", "gelu"} or loss == "mse"]


def _objective(name: str, loss: str) -> Objective:
    network = NETWORKS[name]
    if LOSSES[loss].one_hot:
        labels = np.random.default_rng(3).integers(0, network.targets.shape[1], len(network.targets))
        network = Network(network.layers, network.inputs, np.eye(network.targets.shape[1])[labels])
    return Objective(network, LOSSES[loss], fmpq(3, 10))


def _slope(objective: Objective, x: Floats) -> Floats:
    return objective.gradient(x, forward(objective.network, x)).value


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_the_hessian_is_the_gradients_derivative_and_turns_no_faster_than_bounded(name: str, loss: str) -> None:
    objective = _objective(name, loss)
    rng = np.random.default_rng(4)
    x = rng.normal(size=objective.network.parameters) * 0.7
    at = forward(objective.network, x)
    found = hessian(objective, x, at)
    assert found.error <= 1e-8 * (1 + np.linalg.norm(found.value))
    for _ in range(8):
        way = rng.normal(size=len(x))
        way /= np.linalg.norm(way)
        slope = (_slope(objective, x + 1e-5 * way) - _slope(objective, x - 1e-5 * way)) / 2e-5
        assert np.linalg.norm(found.value @ way - slope) <= 1e-6 * (1 + np.linalg.norm(found.value))
    bounds = norms_at(objective, x, at)
    for radius in (0.0, 0.05):
        bound = third(objective, bounds, radius)
        way = rng.normal(size=len(x))
        largest = 0.0
        for _ in range(20):
            way /= np.linalg.norm(way)
            y = x + radius * way
            there = [_slope(objective, y + s * 1e-3 * way) for s in (-1, 0, 1)]
            turn = (there[0] - 2 * there[1] + there[2]) / 1e-6
            largest = max(largest, float(np.linalg.norm(turn)))
            way = turn + 1e-9 * rng.normal(size=len(x))
        assert largest <= 1.01 * bound + 1e-4
        assert bound <= 2000 * largest + 1e3


@pytest.mark.parametrize(("name", "loss"), BOTH_IMPLEMENTATIONS)
def test_both_implementations_enclose_the_same_gradient_hessian_and_bound(name: str, loss: str) -> None:
    objective = _objective(name, loss)
    x = np.random.default_rng(4).normal(size=objective.network.parameters) * 0.7
    decay = objective.decay
    mine = objective.gradient(x, forward(objective.network, x))
    other = CheckerObjective(other_network(objective.network), loss, Fraction(int(decay.p), int(decay.q)))
    theirs = other.gradient(Wide.exact(x))
    assert np.linalg.norm(mine.value - theirs.high) <= mine.error + theirs.error + 1e-15 * np.linalg.norm(mine.value)
    assert theirs.error <= 1e-4 * mine.error + 1e-18
    spot = Spot.at(other, x)
    found = hessian(objective, x, forward(objective.network, x))
    matrix, error = spot.hessian()
    assert np.linalg.norm(found.value - matrix) <= found.error + error
    bound = third(objective, norms_at(objective, x, forward(objective.network, x)), 0.01)
    assert spot.third(0.01) == pytest.approx(bound, rel=0.02)


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_the_gradients_norm_in_many_bits_is_that_of_the_gradient_in_floats(name: str, loss: str) -> None:
    objective = _objective(name, loss)
    x = np.random.default_rng(5).normal(size=objective.network.parameters) * 0.5
    there = objective.gradient(x, forward(objective.network, x))
    # It is rounded up by 2⁻⁴⁰ of itself.
    norm = float(np.linalg.norm(there.value))
    assert -there.error <= gradient_norm(objective, x) - norm <= there.error + 1e-12 * norm


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_the_curvature_in_one_direction_is_below_the_largest_eigenvalue_and_near_it(name: str, loss: str) -> None:
    objective = _objective(name, loss)
    x = np.random.default_rng(6).normal(size=objective.network.parameters) * 0.5
    at = forward(objective.network, x)
    found = hessian(objective, x, at)
    values, vectors = np.linalg.eigh(found.value)
    # The decay adds itself to every eigenvalue; the curvature is that without it.
    top = values[-1] - float(objective.decay)
    near = curvature_along(objective, x, at, vectors[:, -1] + 0.01 * vectors[:, 0])
    assert top - 1e-3 * abs(top) - 2 * found.error <= near <= top + 2 * found.error


@pytest.mark.parametrize("rows", [1, 64, 257, 1000])
def test_products_of_many_rows_hold_the_exact_one(rows: int) -> None:
    rng = np.random.default_rng(rows)
    a, b = rng.normal(size=(rows, 2)), rng.normal(size=(rows, 3)) * 2.0 ** rng.integers(-8, 8, size=(rows, 3))
    exact = [[sum(map(mul, map(Fraction, p), map(Fraction, q))) for q in b.T.tolist()] for p in a.T.tolist()]
    near, wide = summed(Near(a, 0.0), Near(b, 0.0)), tall_product(Wide.exact(a), Wide.exact(b))
    for found, error in ((near.value, near.error), (wide.high, wide.error)):
        low = wide.low if found is wide.high else np.zeros_like(found)
        off = sum(
            (Fraction(float(found[i, j])) + Fraction(float(low[i, j])) - exact[i][j]) ** 2
            for i in range(2)
            for j in range(3)
        )
        assert off <= Fraction(error) ** 2
    assert near.error <= 1e-12 * np.linalg.norm(a) * np.linalg.norm(b)
    assert wide.error <= 1e-16 * np.linalg.norm(a) * np.linalg.norm(b)


def _minimizer(objective: Objective, x: Floats) -> Minimizer:
    """Go down by plain steps, then by Newton's method, and prove what is found."""
    for _ in range(20_000):
        slope = _slope(objective, x)
        if np.linalg.norm(slope) < 1e-6:
            break
        x = x - 0.05 * slope
    point = settled(objective, x)
    here = None if point is None else place(objective, point)
    found = None if here is None else minimizer(here)
    assert found is not None
    return found


@cache
def _proof(loss: str, regime: Regime) -> Proof:
    """A run of six samples: from random weights with the small step, from near the minimum with the large one."""
    if loss == SQUARED.name:
        network, start = random_network(_INPUTS, _SIGNS, [2], TANH, seed=0)
        objective = Objective(network, SQUARED, fmpq(6, 20))
    else:
        # Softmax does not see what all outputs share: an eigenvalue equal to the decay for each neuron, so one neuron.
        network, start = random_network(_INPUTS, np.eye(3)[[0, 1, 2, 0, 2, 1]], [1], TANH, seed=1)
        objective = Objective(network, CROSS_ENTROPY, fmpq(6, 100))
    found = _minimizer(objective, start)
    eta = step_size_for(found, regime)
    if regime is Regime.LARGE_STEP or loss == CROSS_ENTROPY.name:
        return prove_minimum(objective, start_near(found, 1e-4, seed=0), eta, known=found)
    return prove_minimum(objective, start, eta)


BOTH = [(loss, regime) for loss in LOSSES for regime in (Regime.SMALL_STEP, Regime.LARGE_STEP)]


def _simulated(proof: Proof, steps: int) -> list[mpmath.matrix]:
    """All iterates in mpmath, for tanh without biases: a loss written out here."""
    network, width = proof.objective.network, proof.objective.network.layers[0].outputs
    x, y = mpmath.matrix(network.inputs.tolist()), mpmath.matrix(network.targets.tolist())
    inputs, outputs = network.inputs.shape[1], network.targets.shape[1]
    w = mpmath.matrix(proof.start[: width * inputs].reshape(width, inputs).tolist())
    a = mpmath.matrix(proof.start[width * inputs :].reshape(outputs, width).tolist())
    eta = mpmath.mpf(int(proof.step_size.p)) / int(proof.step_size.q)
    decay = mpmath.mpf(int(proof.objective.decay.p)) / int(proof.objective.decay.q)
    found = []
    for _ in range(steps + 1):
        found.append(mpmath.matrix([*w, *a]))
        h = (x * w.T).apply(mpmath.tanh)
        z = h * a.T
        u = z - y
        if proof.objective.loss is CROSS_ENTROPY:
            for i in range(z.rows):
                total = mpmath.fsum(mpmath.exp(z[i, j]) for j in range(outputs))
                for j in range(outputs):
                    u[i, j] = mpmath.exp(z[i, j]) / total - y[i, j]
        back = u * a
        for i in range(back.rows):
            for j in range(width):
                back[i, j] *= 1 - h[i, j] ** 2
        w, a = w - eta * (back.T * x + decay * w), a - eta * (u.T * h + decay * a)
    return found


@pytest.mark.parametrize(("loss", "regime"), BOTH)
def test_the_proved_limit_is_where_a_simulation_of_sixty_digits_goes(loss: str, regime: Regime) -> None:
    proof = _proof(loss, regime)
    end = proof.arrival
    assert end is not None, proof.reason
    assert end.regime is regime
    assert proof.first is not None
    assert proof.first <= end.step
    with mpmath.workdps(_ETA_DIGITS):
        more = 200
        trajectory = _simulated(proof, end.step + more)
        here = trajectory[end.step] - mpmath.matrix(end.point.tolist())
        assert mpmath.norm(here) <= end.drift
        # The updates point along the limit: their direction needs no minimizer.
        late = trajectory[-1] - trajectory[-2]
        unit = np.array([float(v / mpmath.norm(late)) for v in late])
    # A step from an even iterate goes against a fixed limit's way to the minimum, and so does an alternating one's.
    sign = -1.0 if regime is Regime.SMALL_STEP or (end.step + more - 1) % 2 == 0 else 1.0
    assert sign * float(unit @ end.vector) > 1 - 1e-3


@pytest.mark.parametrize(("loss", "regime"), BOTH)
def test_the_checker_accepts_what_was_proved_and_no_certificate_that_claims_more(loss: str, regime: Regime) -> None:
    proof = _proof(loss, regime)
    arrays = minimum_arrays(proof)
    document = minimum_certificate(proof, digest(arrays), "a.npz")
    if loss == SQUARED.name and regime is Regime.LARGE_STEP:
        assert check(document, arrays) is None
    assert check(document, arrays, late_only=True) is None
    stronger = {
        "W3: the loss": {"convexity": 2.0},
        "W3: the minimizer may be further": {"distance": 1e-14},
        "W4": {"third": 0.9},
        "W5": {"size": 0.5},
        "W8: the amplitude is": {"amplitude": 10.0},
        "W8: the tail": {"tail": 1e-6},
        "W9": {"tilt": 1e-7},
    }
    for claim, change in stronger.items():
        name, factor = next(iter(change.items()))
        said = check(
            document | {"bounds": document["bounds"] | {name: document["bounds"][name] * factor}},
            arrays,
            late_only=True,
        )
        assert said is not None, claim
        assert said.startswith(claim), (claim, said)
    other = "small-step" if document["regime"] == "large-step" else "large-step"
    assert str(check(document | {"regime": other}, arrays, late_only=True)).startswith("W6")
    narrow = [[low, low + (high - low) / 1e6] for low, high in document["spectrum"]]
    assert str(check(document | {"spectrum": narrow}, arrays, late_only=True)).startswith("W6")


def test_the_checker_follows_the_trajectory_from_the_first_weights() -> None:
    proof = _proof(SQUARED.name, Regime.LARGE_STEP)
    arrays = minimum_arrays(proof)
    seen: list[int] = []
    document = minimum_certificate(proof, digest(arrays), "a.npz")
    assert check(document, arrays, watch=lambda step, _: seen.append(step)) is None
    assert seen == list(range(document["step"] + 1))
    moved = arrays | {"start": arrays["start"] + 1e-7}
    assert str(check(document | {"arrays": {"file": "a.npz", "sha256": digest(moved)}}, moved)).startswith("W2")
    with pytest.raises(NotChecked, match="was reached"):
        check(document, arrays, time_limit=-1.0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"loss": "hinge"}, "loss"),
        ({"weight_decay": "0"}, "weight_decay"),
        ({"weight_decay": 0.1}, "weight_decay"),
        ({"step": -1}, "step"),
        ({"bounds": {}}, "bounds"),
        ({"regime": "rotating"}, "regime"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_malformed_certificate_is_refused_by_the_name_of_its_field(change: dict[str, Any], named: str) -> None:
    proof = _proof(SQUARED.name, Regime.LARGE_STEP)
    arrays = minimum_arrays(proof)
    with pytest.raises(BadNetworkCertificate, match=named):
        check(minimum_certificate(proof, digest(arrays), "a.npz") | change, arrays)


def test_a_stored_run_is_proved_again_at_the_same_step(tmp_path: Path) -> None:
    path, proof = tmp_path / "proof.json", _proof("cross-entropy", Regime.SMALL_STEP)
    again = proved_again(write_certificate(proof, path), path, max_steps=50_000)
    assert isinstance(again, Proof) and again.arrival is not None and proof.arrival is not None
    assert (again.first, again.arrival.step) == (proof.first, proof.arrival.step)
    assert again.objective.decay == proof.objective.decay


def test_equal_neurons_and_targets_that_are_no_classes_get_one_sentence() -> None:
    network, start = random_network(_INPUTS, np.eye(2)[[0, 1, 0, 1, 0, 1]], [2], TANH, seed=0)
    objective = Objective(network, CROSS_ENTROPY, fmpq(6, 20))
    found = _minimizer(objective, start)
    proof = prove_minimum(objective, start_near(found, 1e-4, 0), step_size_for(found, Regime.SMALL_STEP), known=found)
    assert proof.arrival is None
    assert "neighbour" in proof.reason
    with pytest.raises(InputError, match="targets"):
        Objective(random_network(_INPUTS, _SIGNS, [2], TANH, seed=0)[0], CROSS_ENTROPY, fmpq(1))
    with pytest.raises(InputError, match="weight_decay"):
        prove_minimum(Objective(network, CROSS_ENTROPY, fmpq(0)), start, fmpq(1, 10))
    here = place(objective, np.full(network.parameters, np.nan))
    assert here is None
