"""The progress bar, for every command that takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from gdcheck.terminal.log import Stage, bars

_WIDE = 80
"""Columns of a terminal that has room for the time taken, too."""


class Tell(Protocol):
    """What a long run calls as it goes."""

    def __call__(self, done: int, what: str = "", total: int | None = None) -> None:
        """Say how many units are done, and what is being done, and how many there are, if that has changed."""


class _CountColumn(ProgressColumn):
    """The units done, of all, and how many a second once that is known."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("")
        speed = f", {task.speed:,.0f}/s" if task.speed and task.speed >= 1 else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f}{speed}")


@contextmanager
def progress_bar(total: int | None, what: str) -> Iterator[Tell]:
    """Show a bar with the time taken and left, on standard error; nothing where that is not a terminal.

    Args:
        total: The number of units; None if it is not known.
        what: What is being done.

    Yields:
        What to call with the number of units done.
    """
    console = Console(stderr=True)
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}"),
        BarColumn(),
        _CountColumn(table_column=Column(no_wrap=True)),
        *([] if console.width < _WIDE else [TimeElapsedColumn()]),
        TimeRemainingColumn(),
    ]
    stage, hidden = Stage(what, total), not (console.is_terminal and bars())
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(what, total=total)

        def tell(done: int, what: str = "", total: int | None = None) -> None:
            stage.tell(done, what, total)
            progress.update(task, completed=done, description=what or None, total=total)

        try:
            yield tell
        finally:
            stage.end()
