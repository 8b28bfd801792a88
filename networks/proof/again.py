"""A stored run of a network enclosed once more, from the samples, first weights and step size of its certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import fmpq

from gdcheck.networks.proof.activations import ACTIVATIONS
from gdcheck.networks.proof.checker.document import BadNetworkCertificate, Samples, read
from gdcheck.networks.proof.checker.minimum_document import MINIMUM_FORMAT, read_minimum
from gdcheck.networks.proof.minimum.losses import LOSSES
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.prove import Proof as MinimumProof
from gdcheck.networks.proof.minimum.prove import prove_minimum
from gdcheck.networks.proof.network import Layer, Network
from gdcheck.networks.proof.prove import Proof, prove
from gdcheck.networks.proof.storing import read_arrays
from gdcheck.theorem.loss.errors import InputError


def proved_again(
    document: Mapping[str, Any], path: Path, *, max_steps: int, tell: Callable[[int, str], None] | None = None
) -> Proof | MinimumProof:
    """Prove a stored run once more: nothing is taken from its certificate but the network, its samples and η.

    Args:
        document: The certificate.
        path: Its path; the arrays lie beside it.
        max_steps: Steps allowed.
        tell: Called with the step and a word on it.

    Returns:
        The outcome.

    Raises:
        InputError: If the certificate or the file beside it is malformed.
    """
    arrays = read_arrays(document, path)
    try:
        if document.get("schema") != MINIMUM_FORMAT:
            stated = read(document, arrays)
            return prove(_network(stated), stated.start, _exact(stated.step_size), max_steps=max_steps, tell=tell)
        minimum = read_minimum(document, arrays)
    except BadNetworkCertificate as error:
        raise InputError("certificate", str(error)) from error
    if minimum.loss not in LOSSES:
        raise InputError("certificate", f"loss: must be one of {', '.join(LOSSES)}")
    network = _network(minimum)
    count = len(network.inputs)
    objective = Objective(network, LOSSES[minimum.loss], _exact(minimum.weight_decay) * count)
    rate = _exact(minimum.step_size) / count
    return prove_minimum(objective, minimum.start, rate, max_steps=max_steps, tell=tell)


def _exact(number: Fraction) -> fmpq:
    return fmpq(number.numerator, number.denominator)


def _network(stated: Samples) -> Network:
    """Return the network that is stated.

    Raises:
        InputError: If an activation is unknown, or shapes do not fit.
    """
    names = {layer.activation for layer in stated.layers} - {None, *ACTIVATIONS}
    if names:
        raise InputError("certificate", f"layers: activation must be one of {', '.join(ACTIVATIONS)}, or null")
    layers = tuple(
        Layer(
            layer.gather,
            layer.outputs,
            layer.bias,
            None if layer.activation is None else ACTIVATIONS[layer.activation],
            layer.groups,
        )
        for layer in stated.layers
    )
    return Network(layers, stated.inputs, stated.targets)
