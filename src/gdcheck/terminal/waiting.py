"""A sign of life for an answer that may take long: it appears after two seconds, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Timer

_SECONDS = 2.0


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show the time taken on standard error once it is two seconds.

    Args:
        what: What is being done.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    lock, shown, over = Lock(), ExitStack(), False

    def show() -> None:
        from gdcheck.terminal.progress import progress_bar

        with lock:
            if not over:
                shown.enter_context(progress_bar(None, what))

    timer = Timer(_SECONDS, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
            shown.close()
