"""Certificates of runs that arrive at a strict minimum: a JSON document, and a file of arrays beside it."""

from __future__ import annotations

from math import sqrt
from typing import Any

from numpy.typing import NDArray

from gdcheck.networks.proof.minimum.arrival import Arrival
from gdcheck.networks.proof.minimum.prove import Proof
from gdcheck.networks.proof.stating import LOOSE, network_arrays, stated_layers
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import Regime

MINIMUM_FORMAT = "gdcheck-network-minimum/1"

_SHARE = 2.0**-7
"""The least share of λ₁ and of the gap that is left to the error of the checker's Hessian."""
_GRADIENT = 2.0**-43
"""The approximate error of the checker's gradients of a large network."""
_SLOPE = 2.0**-40
"""The room for the error of the checker's gradient at the minimizer."""
_TILT = 2.0**-11
"""The room for the error of the checker's eigenvector."""


def minimum_certificate(proof: Proof, digest: str, file: str) -> dict[str, Any]:
    """State what was proved; loss, step size and spectrum are those of the mean over samples.

    Args:
        proof: A proof with an arrival.
        digest: The digest of its arrays.
        file: The name of the file that holds them.

    Returns:
        The document.

    Raises:
        ValueError: If nothing was proved.
    """
    end = proof.arrival
    if end is None:
        raise ValueError("nothing was proved")
    samples = len(proof.objective.network.inputs)
    blur = _blur(end)
    return {
        "schema": MINIMUM_FORMAT,
        "arrays": {"file": file, "sha256": digest},
        "layers": stated_layers(proof.objective.network),
        "loss": proof.objective.loss.name,
        "weight_decay": to_text(proof.objective.decay / samples),
        "step_size": to_text(proof.step_size * samples),
        "step": end.step,
        "regime": end.regime.value,
        "bounds": _bounds(end),
        "spectrum": [[(low - blur) / samples, (high + blur) / samples] for low, high in end.spectrum[[0, -1]].tolist()],
    }


def minimum_arrays(proof: Proof) -> dict[str, NDArray[Any]]:
    """Return the arrays of a certificate by name.

    Args:
        proof: A proof with an arrival.

    Returns:
        Samples, first weights, the late float64 point, the point near the minimizer, the limit's vector, and what each
        layer gathers.

    Raises:
        ValueError: If nothing was proved.
    """
    end = proof.arrival
    if end is None:
        raise ValueError("nothing was proved")
    points = {"start": proof.start, "late": end.point, "vector": end.vector, "centre": end.minimizer.place.point}
    return network_arrays(proof.objective.network) | points


def _gap(end: Arrival) -> float:
    """Return the distance of the dominant eigenvalue to its neighbour."""
    values = end.spectrum
    return float(values[1, 0] - values[0, 1] if end.regime is Regime.SMALL_STEP else values[-1, 0] - values[-2, 1])


def _blur(end: Arrival) -> float:
    """Return the room for the error of the checker's Hessian from differences of gradients, about √(Tne)."""
    room = min(_gap(end), float(end.spectrum[0, 0]))
    return max(_SHARE * room, min(4 * sqrt(end.third * len(end.point) * _GRADIENT), room / 4))


def _bounds(end: Arrival) -> dict[str, float]:
    more, found = 1 + LOOSE, end.minimizer
    # The excess of the amplitude over the tail is shared with the checker's less sharp bounds.
    spare = end.amplitude - end.tail
    convexity = found.convexity * (1 - LOOSE) - _blur(end)
    return {
        "drift": end.drift * more + 2.0**-60,
        "radius": found.radius,
        "convexity": convexity,
        "distance": (2 * found.distance * found.convexity + _SLOPE) / convexity,
        "size": end.size * more,
        "third": end.third * more,
        "amplitude": end.tail + spare / 4,
        "tail": end.tail + spare / 5,
        "tilt": end.tilt * more + 2 * _blur(end) / _gap(end) + _TILT,
    }
