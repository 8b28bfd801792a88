"""Torch's own run compared with the enclosed one: what rounding does to a training run that is not enclosed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gdcheck.networks.proof.arrival import Arrival
from gdcheck.networks.proof.network import Layer
from gdcheck.networks.proof.prove import Proof

_FUNCTIONS = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: torch.nn.functional.softplus(x, threshold=1e6),
    "gelu": torch.nn.functional.gelu,
}


def distances(proof: Proof, end: Arrival) -> dict[str, float]:
    """Train with torch's automatic differentiation as long as the proof did, in float64 and float32.

    Args:
        proof: The proof.
        end: Its arrival.

    Returns:
        For each type the distance from the proof's float64 point at the arrival's step.
    """
    found = {}
    for name, kind in (("float64", torch.float64), ("float32", torch.float32)):
        x = torch.tensor(proof.start, dtype=kind, requires_grad=True)
        inputs, targets = (torch.tensor(a, dtype=kind) for a in (proof.network.inputs, proof.network.targets))
        rate = float(proof.step_size)
        for _ in range(end.step):
            loss = ((_outputs(proof.network.layers, x, inputs) - targets) ** 2).sum() / 2
            (pull,) = torch.autograd.grad(loss, x)
            with torch.no_grad():
                x -= rate * pull
        found[name] = float(np.linalg.norm(x.detach().double().numpy() - end.point))
    return found


def _outputs(layers: tuple[Layer, ...], x: Tensor, inputs: Tensor) -> Tensor:
    here, begin = inputs, 0
    for layer in layers:
        weights = x[begin : begin + layer.weights].reshape(layer.outputs, layer.fan_in)
        begin += layer.weights
        padded = torch.nn.functional.pad(here, (0, 1))
        read = padded[:, torch.from_numpy(layer.gather)]
        z = read @ weights[:, : layer.gather.shape[1]].T
        if layer.bias:
            z = z + weights[:, -1]
        if layer.activation is not None:
            z = _FUNCTIONS[layer.activation.name](z)
        here = z.reshape(len(inputs), -1)
        if layer.groups is not None:
            here = here[:, torch.from_numpy(layer.groups)].mean(dim=2)
    return here
