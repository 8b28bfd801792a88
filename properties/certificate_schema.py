"""The shape of a certificate as a JSON Schema: what is malformed is refused by field, before the checker reads it."""

from __future__ import annotations

from typing import Any

from theorem.certificate import SCHEMA

_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "description": "a number such as -3/7 or 0.25"}
_COUNT = {"type": "integer", "minimum": 0}
_VECTOR = {"type": "array", "items": _NUMBER}
_PAIR = {**_VECTOR, "minItems": 2, "maxItems": 2}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape or null, in a form whose errors name the field inside."""
    return {**shape, "type": [shape["type"], "null"]}


_END = _closed({"interval": _PAIR, "multiplicity": _COUNT})
_SPECTRUM = _or_null(_closed({"lowest": _END, "highest": _END}))
_REGIME = _or_null(_TEXT)

CERTIFICATE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck certificate",
    "description": "Its meaning is in docs/certificate.md; the independent checker reads numbers and the loss itself.",
    **_closed(
        {
            "schema": {"const": SCHEMA},
            "problem": _closed(
                {
                    "loss": _TEXT,
                    "variables": {"type": "array", "items": _TEXT},
                    "minimizer": _VECTOR,
                    "step_size": _NUMBER,
                    "start": _VECTOR,
                }
            ),
            "verdict": _TEXT,
            "regime": _REGIME,
            "fails": {"type": "array", "items": _TEXT},
            "spectrum": _SPECTRUM,
            "points": {"type": "array", "items": _VECTOR},
            "kernel": _or_null(_VECTOR),
            "subspace": _or_null(
                _closed(
                    {
                        "enters": _COUNT,
                        "basis": {"type": "array", "items": _VECTOR},
                        "regime": _REGIME,
                        "spectrum": _SPECTRUM,
                    }
                )
            ),
            "blocks": {
                "type": "array",
                "items": _closed(
                    {"gap": _NUMBER, "vectors": {"type": "array", "items": _VECTOR}, "amplitude": _NUMBER}
                ),
            },
            "step": _COUNT,
            "bounds": _or_null(_closed({"radius": _NUMBER, "sigma": _NUMBER, "tail": _NUMBER})),
            "limit": _closed(
                {"kind": _or_null(_TEXT), "vectors": {"type": "array", "items": {"type": "array", "items": _PAIR}}}
            ),
        }
    ),
}
