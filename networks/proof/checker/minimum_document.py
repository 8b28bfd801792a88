"""What a certificate of a network's strict minimum holds, read strictly into typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from gdcheck.networks.proof.checker.document import (
    BadNetworkCertificate,
    Samples,
    fields,
    floats,
    number,
    pairs,
    rational,
    samples,
    whole,
)
from gdcheck.networks.proof.checker.wide import Array

MINIMUM_FORMAT = "gdcheck-network-minimum/1"
_FIELDS = {
    *("schema", "arrays", "layers", "loss", "weight_decay", "step_size", "step", "regime"),
    *("bounds", "spectrum"),
}
_BOUNDS = (
    *("drift", "radius", "convexity", "distance", "size"),
    *("third", "amplitude", "tail", "tilt"),
)


@dataclass(frozen=True, eq=False)
class StatedMinimum(Samples):
    """A certificate of a run with weight decay.

    Attributes:
        centre: The point near the minimizer, shape (n,).
        loss: ``mse`` or ``cross-entropy``, a mean over samples.
        weight_decay: The decay of that mean.
        step_size: η for that mean.
        step: The step of the inequality.
        regime: ``small-step`` or ``large-step``.
        bounds: The stated bounds by name, of the sum over samples.
        spectrum: Stated enclosures of λ₁ and λₙ at the minimizer, of the mean.
    """

    centre: Array
    loss: str
    weight_decay: Fraction
    step_size: Fraction
    step: int
    regime: str
    bounds: Mapping[str, float]
    spectrum: tuple[tuple[float, float], tuple[float, float]]


def read_minimum(document: Any, arrays: Mapping[str, NDArray[Any]]) -> StatedMinimum:
    """Read a certificate.

    Args:
        document: The JSON value.
        arrays: The arrays of the file beside it.

    Returns:
        The certificate.

    Raises:
        BadNetworkCertificate: If a field is missing, unknown, or of another kind than it should be.
    """
    fields(document, arrays, MINIMUM_FORMAT, _FIELDS)
    bounds = document["bounds"]
    if not isinstance(bounds, dict) or set(bounds) != set(_BOUNDS):
        raise BadNetworkCertificate(f"bounds: must hold {', '.join(_BOUNDS)}")
    if document["regime"] not in {"small-step", "large-step"}:
        raise BadNetworkCertificate("regime: must be small-step or large-step")
    found = StatedMinimum(
        **samples(document, arrays),
        centre=floats(arrays, "centre", 1),
        loss=str(document["loss"]),
        weight_decay=rational(document["weight_decay"], "weight_decay"),
        step_size=rational(document["step_size"], "step_size"),
        step=whole(document["step"], "step"),
        regime=document["regime"],
        bounds={name: number(bounds[name], f"bounds.{name}") for name in _BOUNDS},
        spectrum=pairs(document["spectrum"]),
    )
    if found.centre.shape != found.start.shape:
        raise BadNetworkCertificate("arrays: the centre does not fit the layers")
    return found
