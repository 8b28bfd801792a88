"""A user's own torch module as layers that have proved bounds: a chain of them, traced by torch.fx."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional

from gdcheck.networks.proof.activations import ACTIVATIONS, GELU, SIGMOID, SOFTPLUS, TANH, Activation
from gdcheck.networks.proof.network import Indices, Layer, Network
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError

_KNOWN = "Linear, Conv2d, AvgPool2d, AdaptiveAvgPool2d, Flatten, " + ", ".join(ACTIVATIONS)
_FUNCTIONS: dict[Any, Activation] = {
    torch.tanh: TANH,
    functional.tanh: TANH,
    torch.sigmoid: SIGMOID,
    functional.sigmoid: SIGMOID,
    functional.softplus: SOFTPLUS,
    functional.gelu: GELU,
    "tanh": TANH,
    "sigmoid": SIGMOID,
}


def traced(module: nn.Module, inputs: Floats, targets: Floats) -> tuple[Network, Floats]:
    """Turn a module into a network with proved bounds.

    Args:
        module: A chain of known layers; its weights are taken as they are.
        inputs: Shape (N, d) or (N, channels, height, width).
        targets: Shape (N, q).

    Returns:
        The network, and the module's weights as its first weights, shape (n,).

    Raises:
        InputError: If the module branches, or holds a layer without bounds; the message names it.
    """
    try:
        graph = fx.symbolic_trace(module).graph
    except (TypeError, ValueError, RuntimeError, fx.proxy.TraceError) as error:
        raise InputError("network", f"cannot be traced: {str(error).splitlines()[0][:160]}") from error
    chain = _Chain(np.asarray(inputs, dtype=np.float64))
    modules = dict(module.named_modules())
    before = None
    for node in graph.nodes:
        if node.op == "placeholder":
            before = node
        elif node.op != "output":
            if [x for x in node.all_input_nodes if x is not before]:
                raise InputError("network", f"branches at {str(node)[:60]!r}; only chains of layers have bounds here")
            _take(chain, node, modules)
            before = node
    return chain.network(np.asarray(targets, dtype=np.float64))


def _take(chain: _Chain, node: fx.Node, modules: dict[str, nn.Module]) -> None:
    """Add one node of the graph to the chain."""
    layer: Any = modules[str(node.target)] if node.op == "call_module" else node.target
    activation = _activation(layer, node)
    if activation is not None:
        chain.activate(activation)
    elif isinstance(layer, nn.Linear):
        chain.linear(layer)
    elif isinstance(layer, nn.Conv2d):
        chain.convolve(layer)
    elif isinstance(layer, nn.AvgPool2d):
        chain.pool(_one(layer.kernel_size, "AvgPool2d"), layer.stride, layer.padding)
    elif isinstance(layer, nn.AdaptiveAvgPool2d):
        chain.pool_to(_one(layer.output_size, "AdaptiveAvgPool2d"))
    elif isinstance(layer, nn.Flatten) or layer in (torch.flatten, "flatten"):
        chain.flatten()
    elif not isinstance(layer, nn.Identity):
        name = type(layer).__name__ if isinstance(layer, nn.Module) else getattr(layer, "__name__", str(layer))
        raise InputError("network", f"holds {name!r}, for which no bounds are proved; known are {_KNOWN}")


def _activation(layer: Any, node: fx.Node) -> Activation | None:
    """Return the activation that a layer or function is, in torch's default form."""
    if isinstance(layer, nn.Softplus) and (layer.beta != 1):
        return None
    if isinstance(layer, nn.GELU) and layer.approximate != "none":
        return None
    by_class = {nn.Tanh: TANH, nn.Sigmoid: SIGMOID, nn.Softplus: SOFTPLUS, nn.GELU: GELU}
    if isinstance(layer, nn.Module):
        return by_class.get(type(layer))  # type: ignore[arg-type]
    found = _FUNCTIONS.get(layer)
    return None if found is not None and (len(node.args) > 1 or node.kwargs) else found


def _one(size: Any, name: str) -> int:
    sizes = size if isinstance(size, tuple) else (size, size)
    if sizes[0] != sizes[1] or not isinstance(sizes[0], int):
        raise InputError("network", f"{name} must have one size for height and width")
    return int(sizes[0])


class _Chain:
    """The layers so far, and the index of each of torch's features in the order of ``network``."""

    def __init__(self, inputs: Floats) -> None:
        self.inputs = inputs
        self.layout: Indices = np.arange(inputs[0].size, dtype=np.int64).reshape(inputs.shape[1:])
        self.layers: list[Layer] = []
        self.weights: list[Floats] = []

    def activate(self, activation: Activation) -> None:
        if not self.layers or self.layers[-1].activation is not None:
            raise InputError("network", f"applies {activation.name} where no layer with weights comes before")
        last = self.layers[-1]
        self.layers[-1] = Layer(last.gather, last.outputs, last.bias, activation)

    def linear(self, layer: nn.Linear) -> None:
        if self.layout.ndim != 1:
            raise InputError("network", "applies a Linear layer to images; put a Flatten before it")
        self._add(self.layout[None, :], layer.weight, layer.bias)
        self.layout = np.arange(layer.out_features, dtype=np.int64)

    def convolve(self, layer: nn.Conv2d) -> None:
        if self.layout.ndim != 3 or layer.groups != 1 or layer.padding_mode != "zeros" or layer.dilation != (1, 1):
            raise InputError("network", "holds a Conv2d with groups, dilation or another padding than zeros")
        if isinstance(layer.padding, str):
            raise InputError("network", "holds a Conv2d whose padding is a word; give a number")
        gather, high, wide = _windows(self.layout, layer.kernel_size, layer.stride, layer.padding)
        self._add(gather, layer.weight.reshape(layer.out_channels, -1), layer.bias)
        spots = np.arange(high * wide, dtype=np.int64) * layer.out_channels
        self.layout = (spots[None, :] + np.arange(layer.out_channels)[:, None]).reshape(-1, high, wide)

    def pool(self, size: int, stride: Any, padding: Any) -> None:
        if stride not in (size, (size, size)) or padding not in (0, (0, 0)):
            raise InputError("network", "holds an AvgPool2d with padding, or a stride that is not its size")
        if self.layout.ndim != 3 or self.layout.shape[1] % size or self.layout.shape[2] % size:
            raise InputError("network", "holds an AvgPool2d whose size does not divide its images")
        c, high, wide = self.layout.shape
        blocks = self.layout.reshape(c, high // size, size, wide // size, size).transpose(0, 1, 3, 2, 4)
        groups = blocks.reshape(-1, size * size)
        self.layout = np.arange(len(groups), dtype=np.int64).reshape(c, high // size, wide // size)
        if not self.layers:
            # The samples themselves are pooled, so the proof is about the pooled samples.
            self.inputs = self.inputs.reshape(len(self.inputs), -1)[:, groups].mean(axis=2)
            return
        last = self.layers[-1]
        if last.activation is None or last.groups is not None:
            raise InputError("network", "holds an AvgPool2d that does not follow an activation")
        self.layers[-1] = Layer(last.gather, last.outputs, last.bias, last.activation, groups)

    def pool_to(self, size: int) -> None:
        if self.layout.ndim != 3 or self.layout.shape[1] != self.layout.shape[2] or self.layout.shape[1] % size:
            raise InputError("network", "holds an AdaptiveAvgPool2d whose size does not divide its square images")
        self.pool(self.layout.shape[1] // size, self.layout.shape[1] // size, 0)

    def flatten(self) -> None:
        self.layout = self.layout.reshape(-1)

    def _add(self, gather: Indices, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        if self.layers and self.layers[-1].activation is None:
            raise InputError("network", "has two layers with weights and no activation between them")
        both = weight.detach().double().numpy()
        if bias is not None:
            both = np.hstack([both, bias.detach().double().numpy()[:, None]])
        self.layers.append(Layer(gather, len(both), bias is not None))
        self.weights.append(both.ravel())

    def network(self, targets: Floats) -> tuple[Network, Floats]:
        if not self.layers:
            raise InputError("network", "holds no layer with weights")
        inputs = np.ascontiguousarray(self.inputs.reshape(len(self.inputs), -1))
        return Network(tuple(self.layers), inputs, targets), np.concatenate(self.weights)


def _windows(layout: Indices, kernel: Any, stride: Any, padding: Any) -> tuple[Indices, int, int]:
    """Return what each position of a convolution reads, shape (positions, channels·height·width), −1 for padding."""
    c, high, wide = layout.shape
    padded = np.full((c, high + 2 * padding[0], wide + 2 * padding[1]), -1, dtype=np.int64)
    padded[:, padding[0] : padding[0] + high, padding[1] : padding[1] + wide] = layout
    views = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))[:, :: stride[0], :: stride[1]]
    out = views.transpose(1, 2, 0, 3, 4)
    return np.ascontiguousarray(out.reshape(out.shape[0] * out.shape[1], -1)), out.shape[0], out.shape[1]
