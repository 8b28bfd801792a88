"""Residuals, gradients, Jacobians and how fast they turn: dense, convolutional, with pooling, both implementations."""

from __future__ import annotations

import numpy as np
import pytest

from gdcheck.networks.proof.activations import ACTIVATIONS, GELU, TANH
from gdcheck.networks.proof.checker.bounds import norms as checker_norms
from gdcheck.networks.proof.checker.bounds import turning
from gdcheck.networks.proof.checker.document import Layer as CheckerLayer
from gdcheck.networks.proof.checker.passes import Network as CheckerNetwork
from gdcheck.networks.proof.checker.passes import forward as checker_forward
from gdcheck.networks.proof.checker.passes import gradient as checker_gradient
from gdcheck.networks.proof.checker.passes import jacobian as checker_jacobian
from gdcheck.networks.proof.checker.wide import Wide
from gdcheck.networks.proof.lipschitz import layer_norms, lipschitz
from gdcheck.networks.proof.network import Layer, Network, dense
from gdcheck.networks.proof.passes import forward, gradient, jacobian

_RNG = np.random.default_rng(5)


def _convolution(size: int, kernel: int) -> np.ndarray:
    """What each position of a size×size image of one channel reads, padded to the same size."""
    reads = []
    for i in range(size):
        for j in range(size):
            spots = [(i + a - kernel // 2, j + b - kernel // 2) for a in range(kernel) for b in range(kernel)]
            reads.append([y * size + x if 0 <= y < size and 0 <= x < size else -1 for y, x in spots])
    return np.array(reads, dtype=np.int64)


def _pooled() -> Network:
    groups = [[((2 * i + a) * 4 + 2 * j + b) * 3 + c for a in (0, 1) for b in (0, 1)]
              for i in range(2) for j in range(2) for c in range(3)]  # fmt: skip
    layers = (
        Layer(_convolution(4, 3), 3, True, GELU, np.array(groups, dtype=np.int64)),
        *dense(12, [5, 2], TANH, bias=True),
    )
    return Network(layers, _RNG.normal(size=(4, 16)) / 4, _RNG.normal(size=(4, 2)))


NETWORKS = {
    "pooled": _pooled(),
    "deep": Network(dense(3, [6, 5, 1], TANH, bias=True), _RNG.normal(size=(5, 3)) / 2, _RNG.normal(size=(5, 1))),
} | {
    name: Network(dense(3, [8, 1], phi, bias=False), _RNG.normal(size=(4, 3)) / 2, _RNG.normal(size=(4, 1)))
    for name, phi in ACTIVATIONS.items()
}


def other_network(network: Network) -> CheckerNetwork:
    layers = tuple(
        CheckerLayer(a.gather, a.outputs, a.bias, None if a.activation is None else a.activation.name, a.groups)
        for a in network.layers
    )
    features, repeats = network.inputs.shape[1], []
    for a in network.layers:
        repeats.append(a.multiplicity(features))
        features = a.features
    return CheckerNetwork(layers, network.inputs, network.targets, tuple(repeats))


@pytest.mark.parametrize("name", NETWORKS)
def test_both_implementations_agree_within_their_bounds(name: str) -> None:
    network = NETWORKS[name]
    x = _RNG.normal(size=network.parameters) / 2
    at = forward(network, x)
    other = other_network(network)
    weights = other.weights(Wide.exact(x))
    there = checker_forward(other, weights)
    pairs = [
        (at.residuals, there.residuals),
        (gradient(network, x, at, at.residuals), checker_gradient(other, weights, there, there.residuals)),
    ]
    for near, wide in pairs:
        off = np.linalg.norm((near.value - wide.high) - wide.low)
        assert off <= near.error + wide.error
        assert 0 < near.error < 1e-8
        assert wide.error < 1e-14
    j, error = checker_jacobian(other, weights, there)
    mine = jacobian(network, x, at)
    assert np.linalg.norm(mine.value - j) <= mine.error + error


@pytest.mark.parametrize("name", NETWORKS)
def test_the_jacobian_is_that_of_the_residuals(name: str) -> None:
    network = NETWORKS[name]
    x, step = _RNG.normal(size=network.parameters) / 2, 1e-6
    j = jacobian(network, x, forward(network, x)).value
    for direction in np.eye(network.parameters)[:: max(1, network.parameters // 12)]:
        ahead = forward(network, x + step * direction).residuals.value.ravel()
        back = forward(network, x - step * direction).residuals.value.ravel()
        assert np.allclose((ahead - back) / (2 * step), j @ direction, atol=1e-7)


@pytest.mark.parametrize("name", NETWORKS)
def test_second_differences_stay_below_both_bounds_of_how_fast_the_jacobian_turns(name: str) -> None:
    network = NETWORKS[name]
    x = _RNG.normal(size=network.parameters) / 2
    at = forward(network, x)
    bound = lipschitz(network, layer_norms(network, x, at), 0.5)
    other = other_network(network)
    weights = other.weights(Wide.exact(x))
    own = turning(other, checker_norms(other, weights, checker_forward(other, weights).patches), 0.5)
    assert own == pytest.approx(bound, rel=0.1)
    largest, here = 0.0, jacobian(network, x, at).value
    for _ in range(60):
        move = _RNG.normal(size=network.parameters) * (_RNG.random(network.parameters) < _RNG.choice([0.1, 1.0]))
        move *= 0.5 * _RNG.random() / (np.linalg.norm(move) + 1e-9)
        there = jacobian(network, x + move, forward(network, x + move)).value
        largest = max(largest, float(np.linalg.norm(there - here, 2) / (np.linalg.norm(move) + 1e-12)))
    assert 0 < largest <= bound
