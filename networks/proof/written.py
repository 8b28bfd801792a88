"""A network's residuals as texts: a small network becomes a problem of ``theorem.valleys``, every number exact."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq

from gdcheck.networks.proof.network import Layer, Network
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.rational import to_text

_FORMS = {
    "tanh": "tanh({z})",
    "sigmoid": "sigmoid({z})",
    "softplus": "softplus({z})",
    "gelu": "({z})/2*(1 + erf(({z})/sqrt(2)))",
}


def exact_texts(numbers: Floats) -> list[str]:
    """Return the rationals that floats are, as texts."""
    return [to_text(fmpq(*float(x).as_integer_ratio())) for x in numbers.ravel()]


def written(network: Network) -> tuple[list[str], list[str]]:
    """Write each residual out.

    Args:
        network: The network.

    Returns:
        The residuals' texts, sample by sample, and the names of the weights, w1, w2, … in their usual order.
    """
    names = [f"w{i + 1}" for i in range(network.parameters)]
    residuals = []
    for row, wanted in zip(network.inputs, network.targets, strict=True):
        here, begin = [f"({text})" for text in exact_texts(row)], 0
        for layer in network.layers:
            here = _layer(layer, names[begin : begin + layer.weights], here)
            begin += layer.weights
        residuals += [f"{z} - ({y})" for z, y in zip(here, exact_texts(wanted), strict=True)]
    return residuals, names


def _layer(layer: Layer, names: Sequence[str], read: Sequence[str]) -> list[str]:
    found = []
    for position in layer.gather:
        for c in range(layer.outputs):
            own = names[c * layer.fan_in : (c + 1) * layer.fan_in]
            terms = [f"{w}*{read[i]}" for w, i in zip(own, position, strict=False) if i >= 0]
            z = " + ".join([*terms, own[-1]] if layer.bias else terms)
            found.append(f"({z})" if layer.activation is None else _FORMS[layer.activation.name].format(z=z))
    if layer.groups is None:
        return found
    return [f"(({' + '.join(found[i] for i in group)})/{len(group)})" for group in layer.groups]
