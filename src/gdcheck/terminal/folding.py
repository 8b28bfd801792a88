"""Tables in terminals of any width: what is long is folded between words, and nothing is cut."""

from __future__ import annotations

import re

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_WORDS = (32, 24, 20, 16)
"""Words up to this number of characters are kept whole: the first number that the terminal has room for."""
_UNBOUNDED = 10**6


def print_folded(console: Console, table: Table) -> None:
    """Print a table so that a narrow terminal folds what is long, and cuts nothing.

    Where the columns have no room for their words, a table with a head is printed as one paragraph a row.

    Args:
        console: Where to print.
        table: The table; without rows, nothing is printed.
    """
    if not table.row_count:
        return
    for column in table.columns:
        column.overflow = "fold"
    unbounded = console.options.update(max_width=_UNBOUNDED)
    whole = Measurement.get(console, unbounded, table).maximum
    if whole > console.width:
        sizes = [[Measurement.get(console, unbounded, x) for x in (c.header, *c.cells)] for c in table.columns]
        words = [max(size.minimum for size in column) for column in sizes]
        lines = [max(size.maximum for size in column) for column in sizes]
        # The rest of the table's width is padding and box.
        room = console.width - (whole - sum(lines))
        kept = next((most for most in _WORDS if sum(min(word, most) for word in words) <= room), None)
        if kept is None and all(column.header for column in table.columns):
            _print_paragraphs(console, table)
            return
        if kept is not None:
            _set_widths(table, [min(word, kept) for word in words], lines, room)
    console.print(table)


def broken_path(path: str, width: int) -> str:
    """Break a path after separators, so that lines of a width need not fold within a name.

    Args:
        path: The path.
        width: The characters of a line; a name that is longer has a line of its own.

    Returns:
        The path, in lines.
    """
    lines = [""]
    for part in re.findall("[^/]*/|[^/]+", path):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def print_line(console: Console, text: Text) -> None:
    """Print a line that a terminal folds between words, and that stays whole where there is none.

    Args:
        console: Where to print.
        text: The line.
    """
    console.print(text, soft_wrap=not console.is_terminal)


def _set_widths(table: Table, least: list[int], most: list[int], room: int) -> None:
    """Give each column room for its words, and share what is left among those that have longer lines."""
    wanted = [max(0, high - low) for low, high in zip(least, most, strict=True)]
    left = room - sum(least)
    for column, low, more in zip(table.columns, least, wanted, strict=True):
        column.width = low + (more * left // sum(wanted) if sum(wanted) > left else more)


def _print_paragraphs(console: Console, table: Table) -> None:
    """Print each row as a paragraph: its first cell, and a line for each of the others."""
    heads = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        shown = [cell if isinstance(cell, Text) else console.render_str(str(cell)) for cell in cells]
        console.print(shown[0], style="bold")
        for head, cell in zip(heads[1:], shown[1:], strict=True):
            console.print(Text.assemble((f"  {head}: ", "dim"), cell))
    console.print()
