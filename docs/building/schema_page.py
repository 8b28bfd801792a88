"""The page of certificate kinds and schemas, made from the specification and from the files in docs/schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_FORMAT = re.compile(r"gdcheck-[a-z-]+/\d+")


def schema_tables(docs: Path) -> str:
    """Return the tables in Markdown.

    Args:
        docs: The folder of the documentation.
    """
    schemas = [(path.name, *_described(path)) for path in sorted((docs / "schemas").glob("*.json"))]
    of_kind = {kind: name for name, _, kinds in schemas for kind in kinds}
    rows = [
        f"| `{kind}` | [{heading}](../certificate.md#{anchor(heading)}) | {_link(of_kind.get(kind))} |"
        for kind, heading in certificate_kinds(docs)
    ]
    certificates = {kind for kind, _ in certificate_kinds(docs)}
    others = [
        f"| {_link(name)} | {', '.join(f'`{kind}`' for kind in kinds) or '–'} | {said} |"
        for name, said, kinds in schemas
        if not certificates & set(kinds)
    ]
    return "\n".join(
        [
            "## Certificates",
            "",
            "`gdcheck recheck` verifies each of them; kinds without a JSON Schema are checked for their shape by the",
            "checker itself.",
            "",
            "| `schema` | its claims | JSON Schema |",
            "|---|---|---|",
            *rows,
            "",
            "## Problems and results",
            "",
            "| JSON Schema | `schema` | what it describes |",
            "|---|---|---|",
            *others,
            "",
        ]
    )


def certificate_kinds(docs: Path) -> list[tuple[str, str]]:
    """Return each kind of certificate, with the heading in docs/certificate.md under which it is specified."""
    found: dict[str, str] = {}
    heading = ""
    for line in (docs / "certificate.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        for kind in _FORMAT.findall(line):
            found.setdefault(kind, heading)
    return list(found.items())


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub and the site make it."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def _described(path: Path) -> tuple[str, list[str]]:
    """Return what a schema describes, and the names that its field ``schema`` may have."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    root: dict[str, Any] = schema
    if "$ref" in schema:
        root = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    said = re.sub(r"``([^`]*)``", r"`\1`", " ".join(root.get("description", schema["title"]).split()))
    return said.partition("\n")[0], root.get("properties", {}).get("schema", {}).get("enum", [])


def _link(name: str | None) -> str:
    return "–" if name is None else f"[{name}](../schemas/{name})"
