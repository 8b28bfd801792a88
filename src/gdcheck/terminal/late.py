"""The bar of what is mostly quick: it is shown after two seconds, and costs nothing where nobody would see it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LATE = 2.0
"""Seconds after which the bar is shown."""


@contextmanager
def late_bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar once something has taken two seconds, on standard error; nothing where that is no terminal.

    Args:
        what: What is being done.

    Yields:
        What to call with the number of units done, and of all; None where nothing is shown.
    """
    if not sys.stderr.isatty():
        yield None
        return
    # Slow to import.
    from rich.console import Console
    from rich.progress import Progress

    from gdcheck.terminal.progress import COLUMNS

    begun = time.monotonic()
    with Progress(*COLUMNS, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, visible=False)

        def watch(done: int, total: int) -> None:
            late = time.monotonic() - begun > LATE
            progress.update(task, completed=done, total=total, visible=late)

        yield watch
