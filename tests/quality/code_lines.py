"""Count lines of code outside tests: without blank lines, comments and docstrings.

``python tests/quality/code_lines.py [REVISION]`` counts the working tree or a revision of git, room by room.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {"tests", "benchmarks", "docs"}
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(text: str) -> int:
    """Count the lines of a module that hold a token of code; a docstring holds none."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.end_lineno:
                docstrings.update(range(value.lineno, value.end_lineno + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def main(revision: str | None = None) -> None:
    """Print the lines of each room, and their sum."""
    listed = _git("ls-tree", "-r", "--name-only", revision) if revision else _git("ls-files")
    rooms: Counter[str] = Counter()
    for name in listed.splitlines():
        path = PurePosixPath(name)
        if path.suffix == ".py" and path.parts[0] not in OUTSIDE:
            text = _git("show", f"{revision}:{name}") if revision else (ROOT / name).read_text(encoding="utf-8")
            rooms[str(path.parent)] += code_lines(text)
    for room, lines in sorted(rooms.items()):
        sys.stdout.write(f"{lines:7,}  {room}\n")
    sys.stdout.write(f"{sum(rooms.values()):7,}  in all\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
