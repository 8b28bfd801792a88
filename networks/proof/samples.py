"""Samples and first weights of a proof, from images: what is proved is said of exactly these float64 numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdcheck.networks.proof.activations import Activation
from gdcheck.networks.proof.network import Network, dense
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError


def samples(images: Floats, labels: Sequence[int], classes: int, side: int) -> tuple[Floats, Floats]:
    """Turn images into rows of length about 1 and targets of ±1.

    Args:
        images: Shape (N, channels, height, width).
        labels: The class of each.
        classes: How many there are; the first half has the target −1.
        side: The height and width to which blocks of pixels are averaged.

    Returns:
        Inputs, shape (N, side²), grey, standardized pixel by pixel, and targets, shape (N, 1).

    Raises:
        InputError: If the side does not divide the images' height and width.
    """
    grey = images.mean(axis=1)
    n, high, wide = grey.shape
    if high % side or wide % side:
        raise InputError("pixels", f"must divide the images' height and width, {high} and {wide}")
    blocks = grey.reshape(n, side, high // side, side, wide // side).mean(axis=(2, 4)).reshape(n, -1)
    spread = blocks.std(axis=0)
    standard = (blocks - blocks.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows = np.sqrt((standard**2).sum(axis=1, keepdims=True))
    inputs = standard / np.where(rows > 0, rows, 1.0)
    targets = np.where(np.asarray(labels) < classes / 2, -1.0, 1.0)[:, None]
    return inputs, targets


def random_network(
    inputs: Floats, targets: Floats, hidden: Sequence[int], activation: Activation, seed: int
) -> tuple[Network, Floats]:
    """Return a dense network with random first weights, without biases.

    Args:
        inputs: Shape (N, d).
        targets: Shape (N, 1).
        hidden: The widths of the hidden layers.
        activation: Their activation.
        seed: The seed. The first layer's weights have the deviation 1.5, for rows of length 1; a later layer's the
            deviation 1/√(its inputs).

    Returns:
        The network and its first weights, shape (n,).
    """
    rng = np.random.default_rng(seed)
    network = Network(dense(inputs.shape[1], [*hidden, targets.shape[1]], activation, bias=False), inputs, targets)
    weights = [
        rng.normal(size=layer.weights) * (1.5 if i == 0 else layer.gather.shape[1] ** -0.5)
        for i, layer in enumerate(network.layers)
    ]
    return network, np.concatenate(weights)
