"""The gradient at one point in balls of many bits: how near a float64 point is to a critical point."""

from __future__ import annotations

from collections.abc import Callable

from flint import arb, arb_mat, ctx

from gdcheck.networks.proof.minimum.losses import SQUARED
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.network import Layer
from gdcheck.networks.proof.rounding import Floats, up

_BITS = 128

Rows = list[list[arb]]


def _tanh(x: arb) -> tuple[arb, arb]:
    t = x.tanh()
    return t, 1 - t * t


def _sigmoid(x: arb) -> tuple[arb, arb]:
    s = 1 / (1 + (-x).exp())
    return s, s * (1 - s)


def _softplus(x: arb) -> tuple[arb, arb]:
    return x.exp().log1p(), _sigmoid(x)[0]


def _gelu(x: arb) -> tuple[arb, arb]:
    area = (1 + (x / arb(2).sqrt()).erf()) / 2
    return x * area, area + x * (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


_KNOWN: dict[str, Callable[[arb], tuple[arb, arb]]] = {
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "gelu": _gelu,
}


def gradient_norm(objective: Objective, x: Floats) -> float:
    """Bound the gradient's norm at a point closely, in balls of 128 bits.

    Args:
        objective: The function.
        x: The point, shape (n,).

    Returns:
        A bound of ‖∇f(x)‖.
    """
    network = objective.network
    with ctx.workprec(_BITS):
        samples = len(network.inputs)
        weights = [_rows(w) for w in network.split(x)]
        here = _rows(network.inputs)
        patches, slopes = [], []
        for layer, w in zip(network.layers, weights, strict=True):
            read = _gathered(layer, here)
            patches.append(read)
            z = (arb_mat(read) * arb_mat(w).transpose()).tolist()
            if layer.activation is not None:
                both = [[_KNOWN[layer.activation.name](v) for v in row] for row in z]
                slopes.append([[d for _, d in row] for row in both])
                z = [[v for v, _ in row] for row in both]
            here = _averaged(layer, _by_sample(z, samples))
        back = _slopes(objective, here)
        total = arb(0)
        for i in range(len(network.layers) - 1, -1, -1):
            layer = network.layers[i]
            b = _by_position(back, layer.outputs)
            part = (arb_mat(b).transpose() * arb_mat(patches[i])).tolist()
            decay = arb(objective.decay)
            for row, own in zip(part, weights[i], strict=True):
                for value, weight in zip(row, own, strict=True):
                    total += (value + decay * weight) ** 2
            if i:
                inner = [row[: layer.gather.shape[1]] for row in weights[i]]
                pulled = (arb_mat(b) * arb_mat(inner)).tolist()
                before = network.layers[i - 1]
                features = _scattered(layer, pulled, before.features, samples)
                spread = _by_position(_spread(before, features), before.outputs)
                back = _by_sample(
                    [[p * s for p, s in zip(*rows, strict=True)] for rows in zip(spread, slopes[i - 1], strict=True)],
                    samples,
                )
        return up(float(total.sqrt().upper()))


def _rows(a: Floats) -> Rows:
    return [[arb(v) for v in row] for row in a.tolist()]


def _by_sample(z: Rows, samples: int) -> Rows:
    """Join the positions of each sample."""
    each = len(z) // samples
    return [[v for row in z[i * each : (i + 1) * each] for v in row] for i in range(samples)]


def _by_position(z: Rows, outputs: int) -> Rows:
    return [row[j : j + outputs] for row in z for j in range(0, len(row), outputs)]


def _gathered(layer: Layer, here: Rows) -> Rows:
    zero, one = arb(0), [arb(1)] if layer.bias else []
    where = layer.gather.tolist()
    return [[row[j] if j >= 0 else zero for j in spots] + one for row in here for spots in where]


def _averaged(layer: Layer, here: Rows) -> Rows:
    if layer.groups is None:
        return here
    groups = layer.groups.tolist()
    return [[sum((row[j] for j in group), arb(0)) / len(group) for group in groups] for row in here]


def _spread(before: Layer, features: Rows) -> Rows:
    if before.groups is None:
        return features
    groups = before.groups.tolist()
    found = []
    for row in features:
        wide = [arb(0)] * (before.gather.shape[0] * before.outputs)
        for value, group in zip(row, groups, strict=True):
            for j in group:
                wide[j] = value / len(group)
        found.append(wide)
    return found


def _scattered(layer: Layer, pulled: Rows, features: int, samples: int) -> Rows:
    where = layer.gather.tolist()
    found = []
    for i in range(samples):
        total = [arb(0)] * features
        for spots, row in zip(where, pulled[i * len(where) : (i + 1) * len(where)], strict=True):
            for j, value in zip(spots, row, strict=True):
                if j >= 0:
                    total[j] += value
        found.append(total)
    return found


def _slopes(objective: Objective, outputs: Rows) -> Rows:
    """Return the loss's derivative in the outputs."""
    targets = objective.network.targets.tolist()
    if objective.loss is SQUARED:
        return [[z - y for z, y in zip(row, goal, strict=True)] for row, goal in zip(outputs, targets, strict=True)]
    found = []
    for row, goal in zip(outputs, targets, strict=True):
        powers = [z.exp() for z in row]
        total = sum(powers, arb(0))
        found.append([p / total - y for p, y in zip(powers, goal, strict=True)])
    return found
