"""The output of a narrow terminal."""

import io
from collections.abc import Callable

from rich.console import Console

COLUMNS = 60


def shown_narrow(show: Callable[[Console], None], columns: int = COLUMNS) -> str:
    """Return the output in a terminal of so many columns, without colours; check that no line is cut or too long."""
    stream = io.StringIO()
    show(Console(file=stream, width=columns, highlight=False, force_terminal=True, color_system=None))
    said = stream.getvalue()
    assert "…" not in said, said
    return said


def words_whole(said: str) -> set[str]:
    """Return the words of all lines; a word that a line break divides is not among them."""
    return set(said.split())
