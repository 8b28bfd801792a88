"""The page of all commands, made from the command line itself."""

from __future__ import annotations

import re
from typing import Any

import typer

from gdcheck.cli import GROUPS, app


def command_reference() -> str:
    """Return the reference of every command in Markdown, in the groups of ``--help`` and with all that each says."""
    root = typer.main.get_command(app)
    parts = [_options("gdcheck", root)]
    for title, names in GROUPS.items():
        parts.append(f"## {title}")
        for name in names:
            command = root.commands[name]  # type: ignore[attr-defined]
            parts += [f"### gdcheck {name}", _plain(command.help or ""), _options(f"gdcheck {name}", command)]
            parts += _end(command.epilog or "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _options(path: str, command: Any) -> str:
    """Return usage and options of a command as a table."""
    with command.make_context(path, [], resilient_parsing=True) as context:
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        rows = [record for p in command.get_params(context) if (record := p.get_help_record(context)) is not None]
    lines = ["```text", usage, "```", "", "| option | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{_cell(name)}` | {_cell(_plain(said))} |" for name, said in rows)])


def _end(epilog: str) -> list[str]:
    """Return the end of a help text: its paragraphs, and its examples as a block to copy."""
    said, _, shown = epilog.partition("\b\n")
    examples = re.findall(r"^ +(gdcheck .+)$", shown, flags=re.MULTILINE)
    paragraphs = [_plain(p) for p in said.split("\n\n") if p.strip() and not p.startswith("Example")]
    return [*paragraphs, *(["\n".join(["```sh", *examples, "```"])] if examples else [])]


def _plain(text: str) -> str:
    """Keep signs that Markdown or HTML would read."""
    text = " ".join(text.replace("\b", " ").split())
    return re.sub(r"([*_<`\[\]])", r"\\\1", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
