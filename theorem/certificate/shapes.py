"""Pieces of the JSON Schemas that are published."""

from __future__ import annotations

from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
TEXT: dict[str, Any] = {"type": "string"}


def closed(properties: dict[str, Any], description: str | None = None) -> dict[str, Any]:
    """An object that has all of these properties and no other."""
    return {
        "type": "object",
        **({} if description is None else {"description": description}),
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
