"""What network certificates of both kinds state: the network's layers, samples and indices, and the slack of bounds."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gdcheck.networks.proof.network import Network

LOOSE = 2.0**-5
"""The relative slack between a proved bound and the stated one: the checker's own bounds are not the same."""


def stated_layers(network: Network) -> list[dict[str, Any]]:
    """State the layers, by the names of their arrays.

    Args:
        network: The network.

    Returns:
        One object a layer.
    """
    return [
        {
            "gather": f"gather_{i}",
            "outputs": layer.outputs,
            "bias": layer.bias,
            "activation": None if layer.activation is None else layer.activation.name,
            "groups": None if layer.groups is None else f"groups_{i}",
        }
        for i, layer in enumerate(network.layers)
    ]


def network_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Return samples and indices by name.

    Args:
        network: The network.

    Returns:
        Inputs, targets, and what each layer gathers.
    """
    found: dict[str, NDArray[Any]] = {"inputs": network.inputs, "targets": network.targets}
    found |= {f"gather_{i}": layer.gather for i, layer in enumerate(network.layers)}
    return found | {f"groups_{i}": layer.groups for i, layer in enumerate(network.layers) if layer.groups is not None}
