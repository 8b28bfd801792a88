"""The shape of a certificate as a JSON Schema: what is malformed is refused by field, before the checker reads it."""

from __future__ import annotations

from typing import Any

from gdcheck.theorem.certificate.certificate import FORMAT
from gdcheck.theorem.certificate.shapes import COUNT, DRAFT, TEXT, closed

_NUMBER = {"type": "string", "description": "a number such as -3/7 or 0.25"}
_VECTOR = {"type": "array", "items": _NUMBER}
_PAIR = {**_VECTOR, "minItems": 2, "maxItems": 2}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape or null, in a form whose errors name the field inside."""
    return {**shape, "type": [shape["type"], "null"]}


_END = closed({"interval": _PAIR, "multiplicity": COUNT})
_SPECTRUM = _or_null(closed({"lowest": _END, "highest": _END}))
_REGIME = _or_null(TEXT)

CERTIFICATE_SCHEMA: dict[str, Any] = {
    "$schema": DRAFT,
    "title": "gdcheck certificate",
    "description": "Its meaning is in docs/certificate.md; the independent checker reads numbers and the loss itself.",
    **closed(
        {
            "schema": {"const": FORMAT},
            "problem": closed(
                {
                    "loss": TEXT,
                    "variables": {"type": "array", "items": TEXT},
                    "minimizer": _VECTOR,
                    "step_size": _NUMBER,
                    "start": _VECTOR,
                }
            ),
            "verdict": TEXT,
            "regime": _REGIME,
            "fails": {"type": "array", "items": TEXT},
            "spectrum": _SPECTRUM,
            "points": {"type": "array", "items": _VECTOR},
            "kernel": _or_null(_VECTOR),
            "subspace": _or_null(
                closed(
                    {
                        "enters": COUNT,
                        "basis": {"type": "array", "items": _VECTOR},
                        "regime": _REGIME,
                        "spectrum": _SPECTRUM,
                    }
                )
            ),
            "blocks": {
                "type": "array",
                "items": closed({"gap": _NUMBER, "vectors": {"type": "array", "items": _VECTOR}, "amplitude": _NUMBER}),
            },
            "step": COUNT,
            "bounds": _or_null(closed({"radius": _NUMBER, "sigma": _NUMBER, "tail": _NUMBER})),
            "limit": closed(
                {"kind": _or_null(TEXT), "vectors": {"type": "array", "items": {"type": "array", "items": _PAIR}}}
            ),
        }
    ),
}
