"""A sign of life for what may take long: it appears after two seconds, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from logging import INFO
from threading import Lock, Timer
from typing import TYPE_CHECKING

from gdcheck.terminal.log import LOG, Stage, bars

if TYPE_CHECKING:
    from gdcheck.terminal.progress import Tell

LATE = 2.0
"""Seconds after which it appears."""


@contextmanager
def waiting(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show the time taken on standard error once it is two seconds, and how far it is where that is told.

    Args:
        what: What is being done.

    Yields:
        What may be called with the number of units done, and of all; None where nothing is shown.
    """
    if sys.stderr is None or not sys.stderr.isatty() or not bars():
        stage = Stage(what, None)
        yield (lambda done, total: stage.tell(done, total=total)) if LOG.isEnabledFor(INFO) else None
        stage.end()
        return
    lock, shown, over = Lock(), ExitStack(), False
    bar: Tell | None = None

    def show() -> None:
        from gdcheck.terminal.progress import progress_bar

        nonlocal bar
        with lock:
            if not over:
                bar = shown.enter_context(progress_bar(None, what))

    def watch(done: int, total: int) -> None:
        if bar is not None:
            bar(done, total=total)

    timer = Timer(LATE, show)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        with lock:
            over = True
            shown.close()
