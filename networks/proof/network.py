"""Networks as sequences of layers: a gather of inputs, a matrix, an activation, a mean over groups.

A dense layer and a convolution are the same: each output position gathers f of its inputs and multiplies them by one
matrix with c rows. Features are ordered position by position, and channel by channel within one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdcheck.networks.proof.activations import Activation
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer, without its weights.

    Attributes:
        gather: Which features of the layer before each position reads, shape (s, f); −1 reads zero.
        outputs: c, the features at each position.
        bias: Whether a number is added to each feature.
        activation: φ; None for the last layer.
        groups: Which features the mean is taken over, shape (features after, group); None for no mean. Groups are
            disjoint.
    """

    gather: Indices
    outputs: int
    bias: bool
    activation: Activation | None = None
    groups: Indices | None = None

    @property
    def fan_in(self) -> int:
        """Columns of the weights, the bias included."""
        return int(self.gather.shape[1]) + int(self.bias)

    @property
    def weights(self) -> int:
        """How many weights it has."""
        return self.outputs * self.fan_in

    @property
    def features(self) -> int:
        """How many features it outputs for each sample."""
        return int(self.gather.shape[0] * self.outputs if self.groups is None else self.groups.shape[0])

    @property
    def plain(self) -> bool:
        """Whether the layer reads every feature once, in order: a dense layer."""
        s, f = self.gather.shape
        return s == 1 and bool((self.gather[0] == np.arange(f)).all())

    def multiplicity(self, features: int) -> int:
        """Count how often a feature is read at most.

        Args:
            features: The features of the layer before.

        Returns:
            The largest count, m: the gather has the norm √m.
        """
        read = self.gather[self.gather >= 0]
        return int(np.bincount(read, minlength=features).max(initial=0))


@dataclass(frozen=True, eq=False)
class Network:
    """A network on given samples with given targets, as residuals of all its weights.

    Attributes:
        layers: The layers.
        inputs: Shape (N, d).
        targets: Shape (N, q).
    """

    layers: tuple[Layer, ...]
    inputs: Floats
    targets: Floats

    def __post_init__(self) -> None:
        """Check that the shapes fit each other.

        Raises:
            InputError: If they do not fit, or a number is not finite.
        """
        features = self.inputs.shape[1]
        for i, layer in enumerate(self.layers, 1):
            if layer.gather.max(initial=-1) >= features:
                raise InputError("network", f"layer {i} reads more features than the layer before it has")
            for column in layer.gather.T:
                used = column[column >= 0]
                if len(np.unique(used)) < len(used):
                    raise InputError("network", f"layer {i}: two positions read one feature through the same weight")
            features = layer.features
        if self.layers[-1].activation is not None:
            raise InputError("network", "must end in a layer without activation")
        if self.targets.shape != (len(self.inputs), features):
            raise InputError("targets", f"must be of shape ({len(self.inputs)}, {features}), samples by outputs")
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.targets).all()):
            raise InputError("inputs", "and targets must be finite numbers")

    @property
    def parameters(self) -> int:
        """The number n of weights."""
        return sum(layer.weights for layer in self.layers)

    @property
    def residuals(self) -> int:
        """The number p of residuals."""
        return self.targets.size

    def split(self, x: Floats) -> list[Floats]:
        """Take the weights of each layer from all of them.

        Args:
            x: All weights, shape (n,).

        Returns:
            The weights of each layer, shape (c, f) or (c, f + 1) with the bias last; views of x.
        """
        out, begin = [], 0
        for layer in self.layers:
            out.append(x[begin : begin + layer.weights].reshape(layer.outputs, layer.fan_in))
            begin += layer.weights
        return out


def dense(inputs: int, widths: Sequence[int], activation: Activation, *, bias: bool) -> tuple[Layer, ...]:
    """Return the layers of a dense network.

    Args:
        inputs: d.
        widths: The features after each layer, outputs last.
        activation: φ after all layers but the last.
        bias: Whether the layers have one.

    Returns:
        The layers.
    """
    layers, before = [], inputs
    for i, width in enumerate(widths):
        last = i == len(widths) - 1
        layers.append(Layer(np.arange(before, dtype=np.int64)[None, :], width, bias, None if last else activation))
        before = width
    return tuple(layers)
