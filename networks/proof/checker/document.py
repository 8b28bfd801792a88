"""What a network certificate holds, read strictly into typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdcheck.networks.proof.checker.wide import Array

FORMAT = "gdcheck-network/1"
_FIELDS = {
    *("schema", "arrays", "layers", "step_size", "step", "regime"),
    *("ball", "spectrum", "amplitude", "tail", "tilt", "sides"),
}
_BALL = ("reach", "drift", "sigma_1", "sigma_p", "lipschitz", "residual", "contraction", "remainder")
_MOST_STEPS = 1_000_000


class BadNetworkCertificate(ValueError):  # noqa: N818 - named as the other checker's
    """The document is not a network certificate; the message names the field."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer as stated: what each position reads, the outputs at each, whether there is a bias, activation, groups."""

    gather: NDArray[np.int64]
    outputs: int
    bias: bool
    activation: str | None
    groups: NDArray[np.int64] | None


@dataclass(frozen=True, eq=False)
class Samples:
    """A network with its samples and points, as every certificate states them.

    Attributes:
        layers: The network.
        inputs: Shape (N, d).
        targets: Shape (N, q).
        start: The first weights, shape (n,).
        late: The float64 point near the iterate at which the inequality is stated, shape (n,).
        vector: The stated limit, shape (n,).
    """

    layers: tuple[Layer, ...]
    inputs: Array
    targets: Array
    start: Array
    late: Array
    vector: Array


@dataclass(frozen=True, eq=False)
class Stated(Samples):
    """A certificate of a run without weight decay.

    Attributes:
        step_size: η.
        step: The step of the inequality.
        regime: ``small-step`` or ``large-step``.
        ball: The stated bounds by name.
        spectrum: Stated enclosures of λ₁ and λ_p.
        amplitude: A lower bound.
        tail: An upper bound.
        tilt: A bound of the vector's distance from the exact limit.
        sides: Runs of steps (first, last, 1 or −1) at which the largest eigenvalue of JJᵀ lies above or below 2/η.
    """

    step_size: Fraction
    step: int
    regime: str
    ball: Mapping[str, float]
    spectrum: tuple[tuple[float, float], tuple[float, float]]
    amplitude: float
    tail: float
    tilt: float
    sides: tuple[tuple[int, int, int], ...]


def digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of named arrays: of name, type, shape and bytes of each, by name.

    Args:
        arrays: The arrays.

    Returns:
        The digest in hexadecimal.
    """
    total = sha256()
    for name in sorted(arrays):
        a = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {a.dtype.str} {a.shape}\n".encode())
        total.update(a.tobytes())
    return total.hexdigest()


def read(document: Any, arrays: Mapping[str, NDArray[Any]]) -> Stated:
    """Read a certificate.

    Args:
        document: The JSON value.
        arrays: The arrays of the file beside it.

    Returns:
        The certificate.

    Raises:
        BadNetworkCertificate: If a field is missing, unknown, or of another kind than it should be.
    """
    fields(document, arrays, FORMAT, _FIELDS)
    ball = document["ball"]
    if not isinstance(ball, dict) or set(ball) != set(_BALL):
        raise BadNetworkCertificate(f"ball: must hold {', '.join(_BALL)}")
    if document["regime"] not in {"small-step", "large-step"}:
        raise BadNetworkCertificate("regime: must be small-step or large-step")
    return Stated(
        **samples(document, arrays),
        step_size=rational(document["step_size"], "step_size"),
        step=whole(document["step"], "step"),
        regime=document["regime"],
        ball={name: number(ball[name], f"ball.{name}") for name in _BALL},
        spectrum=pairs(document["spectrum"]),
        amplitude=number(document["amplitude"], "amplitude"),
        tail=number(document["tail"], "tail"),
        tilt=number(document["tilt"], "tilt"),
        sides=_sides(document["sides"]),
    )


def fields(document: Any, arrays: Mapping[str, NDArray[Any]], schema: str, names: set[str]) -> None:
    """Check a document's schema, fields and digest.

    Raises:
        BadNetworkCertificate: If one of them is wrong.
    """
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise BadNetworkCertificate(f"schema: must be {schema!r}")
    if set(document) != names:
        odd = sorted(set(document) ^ names)[0]
        raise BadNetworkCertificate(f"{odd[:40]!r} is missing or unknown")
    stated = document["arrays"]
    if not isinstance(stated, dict) or stated.get("sha256") != digest(arrays):
        raise BadNetworkCertificate("arrays: the file beside the certificate has another digest")


def samples(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Read layers, samples and points, by the names of ``Samples``."""
    points = {name: floats(arrays, name, 1) for name in ("start", "late", "vector")}
    two = {name: floats(arrays, name, 2) for name in ("inputs", "targets")}
    return {"layers": _layers(document["layers"], arrays)} | two | points


def pairs(value: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Read enclosures of the two ends of a spectrum."""
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(e, list) and len(e) == 2 for e in value)):
        raise BadNetworkCertificate("spectrum: must hold two pairs, of its lowest and its highest value")
    low, high = ([number(x, "spectrum") for x in pair] for pair in value)
    return (low[0], low[1]), (high[0], high[1])


def floats(arrays: Mapping[str, NDArray[Any]], name: str, axes: int) -> Array:
    """Return one of the arrays, finite float64 numbers below 1e12."""
    a = arrays.get(name)
    if a is None or a.dtype != np.float64 or a.ndim != axes or not np.isfinite(a).all():
        raise BadNetworkCertificate(f"arrays.{name}: must be finite float64 numbers with {axes} axes")
    if a.size and np.abs(a).max() > 1e12:
        raise BadNetworkCertificate(f"arrays.{name}: holds numbers above 1e12")
    return a


def _indices(arrays: Mapping[str, NDArray[Any]], name: Any, least: int) -> NDArray[np.int64]:
    a = arrays.get(name) if isinstance(name, str) else None
    if a is None or a.dtype != np.int64 or a.ndim != 2 or a.size == 0 or a.min() < least:
        raise BadNetworkCertificate("layers: an array of indices is missing or malformed")
    return a


def _layers(value: Any, arrays: Mapping[str, NDArray[Any]]) -> tuple[Layer, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 64:
        raise BadNetworkCertificate("layers: must be a list of 1 to 64")
    out = []
    for item in value:
        if not isinstance(item, dict) or set(item) != {"gather", "outputs", "bias", "activation", "groups"}:
            raise BadNetworkCertificate("layers: each holds gather, outputs, bias, activation and groups")
        if not isinstance(item["bias"], bool) or not (
            item["activation"] is None or isinstance(item["activation"], str)
        ):
            raise BadNetworkCertificate("layers: bias must be true or false, activation a name or null")
        groups = None if item["groups"] is None else _indices(arrays, item["groups"], 0)
        gather = _indices(arrays, item["gather"], -1)
        out.append(Layer(gather, whole(item["outputs"], "layers.outputs"), item["bias"], item["activation"], groups))
    return tuple(out)


def number(value: Any, field: str) -> float:
    """Read a finite number ≥ 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        raise BadNetworkCertificate(f"{field}: must be a finite number that is not negative")
    return float(value)


def whole(value: Any, field: str) -> int:
    """Read a whole number that is not absurdly large."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_STEPS:
        raise BadNetworkCertificate(f"{field}: must be a whole number from 0 to {_MOST_STEPS}")
    return value


def rational(value: Any, field: str) -> Fraction:
    """Read a positive rational of moderate size."""
    text = f"{field}: must be a text such as 1/500"
    if not isinstance(value, str) or len(value) > 60 or not set(value) <= set("0123456789/"):
        raise BadNetworkCertificate(text)
    try:
        found = Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise BadNetworkCertificate(text) from None
    if not Fraction(1, 10**12) < found < 10**12:
        raise BadNetworkCertificate(f"{field}: must be positive and of moderate size")
    return found


def _sides(value: Any) -> tuple[tuple[int, int, int], ...]:
    if not isinstance(value, list):
        raise BadNetworkCertificate("sides: must be a list of [first, last, 1 or -1]")
    out, before = [], -1
    for item in value:
        if not (isinstance(item, list) and len(item) == 3 and item[2] in (1, -1) and not isinstance(item[2], bool)):
            raise BadNetworkCertificate("sides: must be a list of [first, last, 1 or -1]")
        first, last = whole(item[0], "sides"), whole(item[1], "sides")
        if not before < first <= last:
            raise BadNetworkCertificate("sides: its runs must rise and not overlap")
        before = last
        out.append((first, last, item[2]))
    return tuple(out)
