r"""Residuals and gradient of a network in float64, with a proved bound of what rounding does to them.

Forward: :math:`Z_l = P_lW_l^T`, :math:`A_l = \varphi(Z_l)`, with :math:`P_l` what the layer gathers and a column of
ones for the bias. Backward, from :math:`B_L = u`: :math:`\nabla W_l = B_l^TP_l`, :math:`B_{l-1} = \varphi'(Z_{l-1})
\circ G_l^T(B_lW_l)` with :math:`G_l` the gather. Errors are Frobenius norms over all samples (rounding.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from gdcheck.networks.proof.network import Layer, Network
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, product, summed, times, up


@dataclass(frozen=True, eq=False)
class Read:
    """What a layer read and computed in the forward pass.

    Attributes:
        patches: P_l, shape (N s, f or f + 1).
        before: Z_l, shape (N s, c).
        slopes: φ′(Z_l), shape (N s, c); None for the last layer.
        norms: Bounds of the spectral norms of P_l and, over the inner features only, of W_l.
        multiplicity: m_l.
    """

    patches: Near
    before: Near
    slopes: Near | None
    norms: tuple[float, float]
    multiplicity: int


@dataclass(frozen=True, eq=False)
class Forward:
    """The forward pass at one point.

    Attributes:
        reads: What each layer read and computed.
        outputs: The outputs of the last layer, shape (N, q).
        residuals: u, the outputs less the targets, shape (N, q).
    """

    reads: list[Read]
    outputs: Near
    residuals: Near


def forward(network: Network, x: Floats, spectral: list[float] | None = None) -> Forward:
    """Evaluate the residuals.

    Args:
        network: The network.
        x: The weights, shape (n,).
        spectral: Bounds of the spectral norms of the layers' weights; their Frobenius norms if None.

    Returns:
        The forward pass.
    """
    here = Near(network.inputs, 0.0)
    features = network.inputs.shape[1]
    reads = []
    for i, (layer, weights) in enumerate(zip(network.layers, network.split(x), strict=True)):
        m = 1 if layer.plain else layer.multiplicity(features)
        patches = gathered(layer, here, m)
        inner = weights[:, : layer.gather.shape[1]]
        of_weights = length(inner) if spectral is None else spectral[i]
        z = _affine(patches, weights, layer.bias, of_weights)
        here, slopes = _activated(layer, z, len(network.inputs))
        reads.append(Read(patches, z, slopes, (length(patches.value) + patches.error, of_weights), m))
        features = layer.features
    u = here.value - network.targets
    return Forward(reads, here, Near(u, up(here.error + UNIT * length(u))))


def gathered(layer: Layer, here: Near, m: int) -> Near:
    """Return what each position reads, with a column of ones for the bias.

    Args:
        layer: The layer.
        here: The features of the layer before, shape (N, features).
        m: How often a feature is read at most.

    Returns:
        What is read, shape (N s, f or f + 1).
    """
    value = here.value if layer.plain else _read(layer, here.value)
    if layer.bias:
        value = np.hstack([value, np.ones((len(value), 1))])
    return Near(value, up(sqrt(m) * here.error))


def _read(layer: Layer, value: Floats) -> Floats:
    padded = np.hstack([value, np.zeros((len(value), 1))])
    return padded[:, layer.gather].reshape(-1, layer.gather.shape[1])


def _affine(patches: Near, weights: Floats, bias: bool, of_weights: float) -> Near:
    """Apply the weights; the column of ones is exact, so only the inner weights multiply the patches' error."""
    value = patches.value @ weights.T
    rounding = gamma(weights.shape[1] + 1) * max(length(patches.value) * length(weights), 2.0**-450)
    return Near(value, up(patches.error * of_weights + rounding))


def _activated(layer: Layer, z: Near, samples: int) -> tuple[Near, Near | None]:
    if layer.activation is None:
        return Near(z.value.reshape(samples, -1), z.error), None
    phi = layer.activation
    value, slope = phi.value(z.value)
    scale = sqrt(z.value.size) + length(z.value)
    after = Near(value.reshape(samples, -1), up(phi.slope * z.error + phi.error[0] * scale))
    slopes = Near(slope, up(phi.curvature * z.error + phi.error[1] * scale))
    if layer.groups is None:
        return after, slopes
    # A mean over disjoint groups has at most the norm 1; its sum and quotient round at most as a product of inner
    # dimension `group` and one factor do.
    group = layer.groups.shape[1]
    mean = after.value[:, layer.groups].sum(axis=2) / group
    return Near(mean, up(after.error / sqrt(group) + gamma(group + 2) * length(after.value))), slopes


def backward(network: Network, x: Floats, at: Forward, weight: Near) -> list[Near]:
    """Pull a weighting of the outputs back through the layers.

    Args:
        network: The network.
        x: The weights, shape (n,).
        at: The forward pass at x.
        weight: The weighting, shape (N, q).

    Returns:
        B_l for each layer, shape (N s, c).
    """
    weights = network.split(x)
    back = weight
    found = [back]
    for i in range(len(network.layers) - 1, 0, -1):
        layer, before, read = network.layers[i], network.layers[i - 1], at.reads[i]
        positions = Near(back.value.reshape(-1, layer.outputs), back.error)
        inner = Near(weights[i][:, : layer.gather.shape[1]], 0.0)
        pulled = product(positions, inner, of_a=0.0, of_b=read.norms[1])
        features = scattered(layer, pulled, before.features, len(network.inputs), read.multiplicity)
        back = _deactivated(before, features, at.reads[i - 1].slopes)
        found.append(back)
    return found[::-1]


def scattered(layer: Layer, pulled: Near, features: int, samples: int, m: int) -> Near:
    """Apply the transpose of the gather: add what each position pulls back to the features that it read.

    Args:
        layer: The layer.
        pulled: The derivatives with respect to what its positions read, shape (N s, f).
        features: The number of features of the layer before.
        samples: N.
        m: How often a feature is read at most.

    Returns:
        The derivatives with respect to the features, shape (N, features).
    """
    if layer.plain:
        return pulled
    value = np.zeros((samples, features + 1))
    by_position = pulled.value.reshape(samples, *layer.gather.shape)
    for j in range(layer.gather.shape[1]):
        value[:, layer.gather[:, j]] += by_position[:, :, j]
    rounding = gamma(m) * length(pulled.value)
    return Near(value[:, :features], up(sqrt(m) * (pulled.error + rounding)))


def spread(before: Layer, back: Near) -> Near:
    """Apply the transpose of a layer's mean: divide each group's derivative equally among its members.

    Args:
        before: The layer.
        back: The derivatives with respect to its features, shape (N, features).

    Returns:
        The derivatives with respect to its activations, shape (N, s · c).
    """
    if before.groups is None:
        return back
    group = before.groups.shape[1]
    value = np.zeros((len(back.value), before.gather.shape[0] * before.outputs))
    value[:, before.groups] = (back.value / group)[:, :, None]
    return Near(value, up(back.error / sqrt(group) + UNIT * length(back.value)))


def _deactivated(before: Layer, back: Near, slopes: Near | None) -> Near:
    """Go back through the mean and the activation."""
    if before.activation is None or slopes is None:
        raise AssertionError("only the last layer has no activation")
    back = spread(before, back)
    back = Near(back.value.reshape(-1, before.outputs), back.error)
    largest = up(float(np.abs(back.value).max(initial=0.0)) + back.error)
    return times(back, slopes, largest_a=largest, largest_b=up(before.activation.slope + slopes.error))


def gradient(network: Network, x: Floats, at: Forward, weight: Near) -> Near:
    """Return Jᵀb for a weighting b of the outputs; with b = u it is the gradient of ½‖u‖².

    Args:
        network: The network.
        x: The weights, shape (n,).
        at: The forward pass at x.
        weight: b, shape (N, q).

    Returns:
        The gradient, shape (n,).
    """
    parts, squares = [], 0.0
    for read, back in zip(at.reads, backward(network, x, at, weight), strict=True):
        rows = Near(back.value.reshape(len(read.patches.value), -1), back.error)
        part = summed(rows, read.patches)
        parts.append(part.value.ravel())
        squares += part.error * part.error
    return Near(np.concatenate(parts), up(sqrt(squares)))


def jacobian(network: Network, x: Floats, at: Forward) -> Near:
    """Return J with one row for each sample and output.

    Samples do not interact: pulling one output of all samples back at once gives that output's row for each sample.

    Args:
        network: The network.
        x: The weights, shape (n,).
        at: The forward pass at x.

    Returns:
        J, shape (N q, n).
    """
    samples, outputs = network.targets.shape
    rows = np.empty((samples, outputs, network.parameters))
    squares = 0.0
    for k in range(outputs):
        one = np.zeros((samples, outputs))
        one[:, k] = 1.0
        begin = 0
        for layer, read, back in zip(network.layers, at.reads, backward(network, x, at, Near(one, 0.0)), strict=True):
            # For each sample, the sum over its positions of b pᵀ.
            b = back.value.reshape(samples, -1, layer.outputs)
            patches = read.patches.value.reshape(samples, -1, layer.fan_in)
            part = np.matmul(b.transpose(0, 2, 1), patches)
            rows[:, k, begin : begin + layer.weights] = part.reshape(samples, -1)
            begin += layer.weights
            s = patches.shape[1]
            of_patches = length(read.patches.value)
            of_back = up(length(back.value) + back.error)
            rounding = gamma(s + 1) * max(of_back * of_patches, 2.0**-450)
            error = up(back.error * of_patches + of_back * read.patches.error + rounding)
            squares += error * error
    return Near(rows.reshape(samples * outputs, -1), up(sqrt(squares)))
