"""In a terminal of sixty columns no verdict is cut: what is long is folded."""

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdcheck.commands.claim_run import show_claims
from gdcheck.reports.kinds import read_views
from gdcheck.reports.own_claims_view import page_file
from gdcheck.terminal.folding import broken_path, print_folded
from tests.builders.narrow import shown_narrow, words_whole

WORKED = ("--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95")


def in_terminal(columns, *words):
    """What a command prints in a terminal, without colours."""
    child, terminal = pty.fork()
    if child == 0:
        # The environment is given: readline may have left a width in it that os.environ does not know.
        environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}} | {"TERM": "xterm"}
        os.execve(sys.executable, [sys.executable, "-m", "gdcheck", *words], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    said = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # Linux says so at the end.
            break
        if not piece:
            break
        said += piece
    os.waitpid(child, 0)
    os.close(terminal)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode("utf-8"))
    # A bar is drawn again in its own line, after a carriage return.
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n"))


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (
            ("check", *WORKED, "--start", "0.1,0.1", "--sharpness", "--iterate", "20"),
            ["PROVED", "as predicted", "rechecked", "-9.3372502839883"],
        ),
        (("check", *WORKED), ["PROVED", "as predicted", "almost every start", "reaches it"]),
        (
            ("check", "--loss", "x**4-3*x**2+2", "--step-size", "0.1", "--start=-2.5"),
            ["NOT-APPLICABLE", "alternating along", "1.22474487139159"],
        ),
        (
            ("crossings", "--loss", "x**2 + y**2/2 + x**2*y + x**3", "--start", "0.1,0.1", "--max-steps", "50"),
            ["enclosures", "checker", "rechecked"],
        ),
        (("steps", "--loss", "x**2+10*y**2"), ["alternating", "divergence", "leaves every bounded set"]),
    ],
)
def test_nothing_is_cut(words, parts):
    said = in_terminal(60, *words)
    assert "…" not in said
    assert max(map(len, said.split("\n"))) <= 60
    together = re.sub(r"\s+", "", said)
    for part in parts:
        # A folded number goes on in the next line of its cell, which may stand between other cells.
        pieces = [part] if part[0].isalpha() else [part[:12]]
        assert all(re.sub(r"\s+", "", piece) in together for piece in pieces), said


CELLS = st.lists(st.text("abcη-", min_size=1, max_size=14), min_size=1, max_size=6).map(" ".join)
ROWS = st.integers(2, 7).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=4))


@given(ROWS, st.integers(60, 130))
def test_no_word_of_a_table_is_broken(rows, columns):
    heads = [f"head{i}" for i in range(len(rows[0]))]
    table = Table(*heads, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(Text, row))
    said = shown_narrow(lambda console: print_folded(console, table), columns)
    assert max(map(len, said.splitlines())) <= columns
    assert {word for row in rows for cell in row for word in cell.split()} <= words_whole(said)


def test_a_path_is_broken_after_separators_only():
    assert broken_path("counterexamples/a_claim.html", 60) == "counterexamples/a_claim.html"
    assert broken_path("counterexamples/a_claim.html", 27) == "counterexamples/\na_claim.html"
    assert broken_path("/a/b/a_name_that_is_long.html", 5) == "/a/b/\na_name_that_is_long.html"


@pytest.mark.parametrize("width", [60, 100, 120])
def test_no_verdict_of_a_table_of_claims_is_cut(width):
    runs = Path(__file__).parents[3] / "docs" / "runs"
    (view,) = read_views([runs / "conjectures.json"])
    stream = io.StringIO()
    show_claims(Console(file=stream, width=width, highlight=False), view.run, Path("out"), latex=False)
    said = stream.getvalue()
    assert "…" not in said and max(map(len, said.split("\n"))) <= width
    shown = shown_narrow(lambda console: show_claims(console, view.run, Path("out"), latex=False), width)
    assert max(map(len, shown.split("\n"))) <= width
    for row in view.run.rows:
        # A file's name is never broken, whatever stands before it.
        assert row.counterexample is None or page_file(row).split("/")[-1] in shown
        # In a table, the words of a verdict stand among those of other cells.
        assert all(word in said for word in row.words().split()), row.name
