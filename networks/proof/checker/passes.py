"""The network in wide arithmetic: residuals, gradient of ½‖u‖², and the Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.checker.document import BadNetworkCertificate, Layer, Samples
from gdcheck.networks.proof.checker.elementary import KNOWN, over
from gdcheck.networks.proof.checker.wide import Array, Wide, above, plus, product, tall_product, times


@dataclass(frozen=True, eq=False)
class Network:
    """A stated network whose shapes fit.

    Attributes:
        layers: Its layers.
        inputs: Shape (N, d).
        targets: Shape (N, q).
        repeats: How often each layer reads a feature of the one before at most.
        slices: The number of slices in a matrix product (see ``wide``).
    """

    layers: tuple[Layer, ...]
    inputs: Array
    targets: Array
    repeats: tuple[int, ...]
    slices: int = 3

    @classmethod
    def of(cls, stated: Samples) -> Network:
        """Check that the shapes of a certificate fit each other.

        Claim N1 (network).

        Raises:
            BadNetworkCertificate: If they do not fit.
        """
        features, weights, repeats = stated.inputs.shape[1], 0, []
        for i, layer in enumerate(stated.layers):
            last = i == len(stated.layers) - 1
            read = layer.gather[layer.gather >= 0]
            if layer.gather.max() >= features or layer.outputs < 1:
                raise BadNetworkCertificate("layers: a layer reads features that the one before does not have")
            if (layer.activation is None) != last or (layer.activation is not None and layer.activation not in KNOWN):
                raise BadNetworkCertificate(f"layers: all but the last have one of the activations {', '.join(KNOWN)}")
            for column in layer.gather.T:
                used = column[column >= 0]
                if len(np.unique(used)) != len(used):
                    raise BadNetworkCertificate("layers: two positions read one feature through the same weight")
            repeats.append(int(np.bincount(read).max(initial=1)))
            weights += layer.outputs * (layer.gather.shape[1] + int(layer.bias))
            features = layer.gather.shape[0] * layer.outputs
            if layer.groups is not None:
                flat = layer.groups.ravel()
                if last or flat.max() >= features or len(np.unique(flat)) != len(flat):
                    raise BadNetworkCertificate("layers: groups must be disjoint and within the features")
                features = layer.groups.shape[0]
        same = stated.start.shape == stated.late.shape == stated.vector.shape == (weights,)
        if not same or stated.targets.shape != (len(stated.inputs), features) or not len(stated.inputs):
            raise BadNetworkCertificate("arrays: weights or targets do not fit the layers")
        return cls(stated.layers, stated.inputs, stated.targets, tuple(repeats))

    def weights(self, x: Wide) -> list[Wide]:
        """Split all weights, shape (n,), into those of each layer; each has the error bound of all."""
        out, begin = [], 0
        for layer in self.layers:
            columns = layer.gather.shape[1] + int(layer.bias)
            end = begin + layer.outputs * columns
            out.append(x.picked(slice(begin, end)).shaped(layer.outputs, columns))
            begin = end
        return out


@dataclass(frozen=True, eq=False)
class Pass:
    """The forward pass: what each layer read, φ′ of each activation, and the residuals, shape (N, q)."""

    patches: list[Wide]
    slopes: list[Wide]
    residuals: Wide


def forward(network: Network, weights: list[Wide]) -> Pass:
    """Evaluate the residuals."""
    here, patches, slopes = Wide.exact(network.inputs), [], []
    for layer, w, repeat in zip(network.layers, weights, network.repeats, strict=True):
        read = _gathered(here, layer, repeat)
        patches.append(read)
        z = product(read, w.transposed, network.slices)
        if layer.activation is not None:
            known = KNOWN[layer.activation]
            (v, vl), (s, sl) = known.both((z.high, z.low))
            own = known.error * (sqrt(v.size) + z.size)
            slopes.append(Wide(s, sl, above(known.bounds[1] * z.error + own)))
            z = Wide(v, vl, above(known.bounds[0] * z.error + own))
        here = z.shaped(len(network.inputs), -1)
        if layer.groups is not None:
            here = _mean(here, layer)
    return Pass(patches, slopes, plus(here, Wide.exact(network.targets), -1.0))


def _gathered(here: Wide, layer: Layer, repeat: int) -> Wide:
    zero = np.zeros((len(here.high), 1))
    f = layer.gather.shape[1]
    padded = Wide(np.hstack([here.high, zero]), np.hstack([here.low, zero]), here.error)
    read = padded.picked((slice(None), layer.gather), sqrt(repeat)).shaped(-1, f)
    if not layer.bias:
        return read
    column = np.ones((len(read.high), 1))
    return Wide(np.hstack([read.high, column]), np.hstack([read.low, 0 * column]), read.error)


def _mean(here: Wide, layer: Layer) -> Wide:
    if layer.groups is None:
        raise AssertionError("asked for with groups only")
    count = layer.groups.shape[1]
    total = here.picked((slice(None), layer.groups[:, 0]))
    for j in range(1, count):
        total = plus(total, here.picked((slice(None), layer.groups[:, j])))
    return _shared(total, count)


def _shared(total: Wide, count: int) -> Wide:
    """Divide by a whole number: the float quotient, corrected by the exact remainder."""
    number = np.full_like(total.high, float(count)), np.zeros_like(total.high)
    high, low = over((total.high, total.low), number)
    return Wide(high, low, above((total.error + total.size * 2.0**-98) / count))


def backward(network: Network, weights: list[Wide], at: Pass, out: Wide) -> list[Wide]:
    """Pull a weighting of the outputs, shape (N, q), back: one array (N s, c) for each layer."""
    found = [out.shaped(-1, network.layers[-1].outputs)]
    for i in range(len(network.layers) - 1, 0, -1):
        layer, before = network.layers[i], network.layers[i - 1]
        f = layer.gather.shape[1]
        spread = product(found[-1], weights[i].picked((slice(None), slice(0, f))), network.slices)
        features = before.gather.shape[0] * before.outputs if before.groups is None else before.groups.shape[0]
        back = _added(spread, layer, features, len(network.inputs), network.repeats[i])
        if before.groups is not None:
            back = _handed(back, before)
        back = back.shaped(-1, before.outputs)
        slope = KNOWN[str(before.activation)].bounds[0]
        found.append(times(back, at.slopes[i - 1], (back.size, above(slope + 2 * at.slopes[i - 1].error))))
    return found[::-1]


def _added(spread: Wide, layer: Layer, features: int, samples: int, repeat: int) -> Wide:
    """Apply the transpose of a gather: add each position's derivatives to the features that it read."""
    zero = np.zeros((samples, features + 1))
    total = Wide.exact(zero)
    s, f = layer.gather.shape
    by = spread.shaped(samples, s, f)
    if s == 1 and bool((layer.gather[0] == np.arange(features)).all()) and f == features:
        return spread.shaped(samples, features)
    for j in range(f):
        high, low = zero.copy(), zero.copy()
        high[:, layer.gather[:, j]] = by.high[:, :, j]
        low[:, layer.gather[:, j]] = by.low[:, :, j]
        total = plus(total, Wide(high, low, 0.0))
    return Wide(total.high[:, :features], total.low[:, :features], above(sqrt(repeat) * spread.error + total.error))


def _handed(back: Wide, before: Layer) -> Wide:
    """Apply the transpose of a mean: divide each group's derivative equally among its members."""
    if before.groups is None:
        raise AssertionError("asked for with groups only")
    part = _shared(back, before.groups.shape[1])
    shape = (len(back.high), before.gather.shape[0] * before.outputs)
    high, low = np.zeros(shape), np.zeros(shape)
    high[:, before.groups] = part.high[:, :, None]
    low[:, before.groups] = part.low[:, :, None]
    return Wide(high, low, above(part.error * sqrt(before.groups.shape[1])))


def gradient(network: Network, weights: list[Wide], at: Pass, out: Wide) -> Wide:
    """Return Jᵀ times a weighting of the outputs, shape (N, q): the gradient, shape (n,), of ½‖u‖² if it is u."""
    parts = [
        tall_product(b, p, network.slices).shaped(-1)
        for b, p in zip(backward(network, weights, at, out), at.patches, strict=True)
    ]
    error = above(sqrt(sum(part.error**2 for part in parts)))
    return Wide(np.concatenate([part.high for part in parts]), np.concatenate([part.low for part in parts]), error)


def jacobian(network: Network, weights: list[Wide], at: Pass) -> tuple[Array, float]:
    """Return J in float64, shape (N q, n), and a bound of its distance from the exact one."""
    samples, outputs = network.targets.shape
    columns: list[list[Array]] = [[] for _ in range(outputs)]
    total = 0.0
    for k in range(outputs):
        one = np.zeros((samples, outputs))
        one[:, k] = 1.0
        for b, p in zip(backward(network, weights, at, Wide.exact(one)), at.patches, strict=True):
            left = b.high.reshape(samples, -1, b.high.shape[1])
            right = p.high.reshape(samples, -1, p.high.shape[1])
            columns[k].append(np.einsum("isc,isf->icf", left, right).reshape(samples, -1))
            of_b, of_p = b.size, p.size
            # Dropping the trailing parts moves each factor by at most 2⁻⁵² of its size.
            rounding = (left.shape[1] + 6) * 2.0**-53 * of_b * of_p
            total += (b.error * of_p + of_b * p.error + rounding) ** 2
    j = np.stack([np.concatenate(parts, axis=1) for parts in columns], axis=1)
    return j.reshape(samples * outputs, -1), above(sqrt(total))
