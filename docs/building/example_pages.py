"""The pages of the mini-papers, made from the scripts: docstring, output, picture and source."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType


def script_names(folder: Path) -> list[str]:
    """Return the names of the mini-papers."""
    return sorted(path.stem for path in folder.glob("[a-z]*.py"))


def example_page(folder: Path, name: str) -> tuple[str, str, bytes]:
    """Run a mini-paper and write its page.

    Args:
        folder: docs/examples.
        name: The script, without its ending.

    Returns:
        The page in Markdown, the name of its picture, and the picture's content.
    """
    shared = _imported(folder, "_paper")
    paper = getattr(_imported(folder, name), name)()
    if wrong := [line.quantity for line in paper.lines if not line.agrees]:
        raise ValueError(f"{name}: theory and computation differ in {', '.join(wrong)}")
    ending, picture = shared.draw(paper)
    source = (folder / f"{name}.py").read_text(encoding="utf-8")
    file = f"{name}.{ending}"
    return page(source, shared.table(paper.lines), file, paper.shows, name), file, picture


def page(source: str, output: str, picture: str, shows: str, name: str) -> str:
    """Compose the page of a script: what its docstring says, then output, picture and code.

    Args:
        source: The script.
        output: What it prints.
        picture: The file of the picture, beside the page.
        shows: What the picture shows.
        name: The script's name.

    Returns:
        The page in Markdown.
    """
    said = ast.get_docstring(ast.parse(source)) or ""
    title, _, text = said.partition("\n")
    code = re.sub(r'\A""".*?"""\n+', "", source, flags=re.DOTALL)
    return "\n".join(
        [
            f"# {title.rstrip('.')}",
            re.sub(r"``([^`]+)``", r"`\1`", text),
            "",
            "## Output",
            "",
            f"`python docs/examples/{name}.py` prints:",
            "",
            "```text",
            output,
            "```",
            "",
            f"![{shows}]({picture})",
            "",
            f"*{shows}.*",
            "",
            "## The script",
            "",
            "```python",
            code.rstrip(),
            "```",
            "",
        ]
    )


def _imported(folder: Path, name: str) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(name)
