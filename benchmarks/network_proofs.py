"""What enclosing a network's run costs beside plain NumPy training of the same steps, taken in turns.

``python benchmarks/network_proofs.py [--steps N]`` prints, for three networks on random samples, milliseconds a step of
both and their ratio, and the share of an anchor.
"""

from __future__ import annotations

import sys
import time
from itertools import islice, pairwise
from statistics import median

import numpy as np
from flint import fmpq

from gdcheck.networks.proof.activations import TANH
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.rounding import Floats
from gdcheck.networks.proof.samples import random_network
from gdcheck.networks.proof.search import small_step
from gdcheck.networks.proof.trajectory import iterates

_SHAPES = ((20, 16, 100), (50, 64, 200), (100, 192, 500))
_ROUNDS = 5


def _problem(samples: int, inputs: int, hidden: int) -> tuple[Network, Floats, fmpq]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, inputs))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    network, start = random_network(x, np.sign(rng.normal(size=(samples, 1))), [hidden], TANH, seed=0)
    return network, start, small_step(network, start)


def _plain(network: Network, start: Floats, eta: float, steps: int) -> None:
    """Train a two-layer tanh network as one would write it."""
    hidden, x, y = network.layers[0].outputs, network.inputs, network.targets[:, 0]
    w, a = start[: hidden * x.shape[1]].reshape(hidden, -1).copy(), start[hidden * x.shape[1] :].copy()
    for _ in range(steps):
        h = np.tanh(x @ w.T)
        u = h @ a - y
        pull_w = (u[:, None] * (1 - h * h) * a).T @ x
        pull_a = h.T @ u
        w -= eta * pull_w
        a -= eta * pull_a


def main(steps: int = 200) -> None:
    """Time both in turns and print the medians."""
    sys.stdout.write(f"{steps} steps, {_ROUNDS} rounds in turns, medians\n")
    for shape in _SHAPES:
        network, start, eta = _problem(*shape)
        plain, enclosed, anchors = [], [], 0
        for _ in range(_ROUNDS):
            begun = time.perf_counter()
            _plain(network, start, float(eta), steps)
            between = time.perf_counter()
            met = [iterate.anchor for iterate in islice(iterates(network, eta, start), steps)]
            plain.append(between - begun)
            enclosed.append(time.perf_counter() - between)
            anchors = 1 + sum(a is not b for a, b in pairwise(met))
        each = median(plain) / steps * 1e3, median(enclosed) / steps * 1e3
        sys.stdout.write(
            f"{network.parameters:7,} weights, {network.residuals} samples: plain {each[0]:.3f} ms a step, enclosed "
            f"{each[1]:.3f} ms, ratio {each[1] / each[0]:.2f} ({anchors} anchors)\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[2]) if sys.argv[1:2] == ["--steps"] else 200)
