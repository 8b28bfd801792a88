"""Network certificates: a JSON document, and a file of arrays beside it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from gdcheck.networks.proof.arrival import Arrival
from gdcheck.networks.proof.prove import Proof
from gdcheck.networks.proof.rounding import Floats
from gdcheck.networks.proof.stating import LOOSE, network_arrays, stated_layers
from gdcheck.theorem.loss.rational import to_text

FORMAT = "gdcheck-network/1"


def certificate(proof: Proof, digest: str, file: str) -> dict[str, Any]:
    """State what was proved.

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
    return {
        "schema": FORMAT,
        "arrays": {"file": file, "sha256": digest},
        "layers": stated_layers(proof.network),
        "step_size": to_text(proof.step_size),
        "step": end.step,
        "regime": end.regime.value,
        "ball": _ball(end),
        "spectrum": [_wider(end.spectrum[0]), _wider(end.spectrum[-1])],
        "amplitude": end.amplitude * (1 - LOOSE),
        "tail": end.tail * (1 + LOOSE),
        "tilt": end.tilt * (1 + LOOSE) + 2.0**-28,
        "sides": proof.sides(end.step),
    }


def arrays(proof: Proof) -> dict[str, NDArray[Any]]:
    """Return the arrays of a certificate by name.

    Args:
        proof: A proof with an arrival.

    Returns:
        Inputs, targets, first weights, the late float64 point, the limit's vector, and what each layer gathers.

    Raises:
        ValueError: If nothing was proved.
    """
    if proof.arrival is None:
        raise ValueError("nothing was proved")
    points = {"start": proof.start, "late": proof.arrival.point, "vector": proof.arrival.vector}
    return network_arrays(proof.network) | points


def _ball(end: Arrival) -> dict[str, float]:
    more = 1 + LOOSE
    return {
        "reach": end.reach,
        "drift": end.drift * more,
        "sigma_1": end.sigma[0] * (1 - 2.0**-10),
        "sigma_p": end.sigma[1] * (1 + 2.0**-10),
        "lipschitz": end.turning * more,
        "residual": end.size * more,
        "contraction": 1 - (1 - end.contraction) * (1 - LOOSE),
        "remainder": end.remainder * more,
    }


def _wider(pair: Floats) -> list[float]:
    low, high = float(pair[0]), float(pair[1])
    room = LOOSE * (high - low) + 2.0**-30 * high
    return [max(low - room, 0.0), high + room]
