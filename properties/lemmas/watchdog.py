"""A limit of time on each of many examinations, kept even where a C library never returns."""

from __future__ import annotations

import faulthandler
from time import monotonic
from typing import TextIO


class Watchdog:
    """Ends this process if an examination takes too long; where it was then stands in a file.

    The watch is kept by a thread outside the interpreter, which nothing can block. It is reset only now and then,
    because a reset costs more than many examinations: each gets at least the limit, and at most a quarter more.

    Args:
        limit: The limit in seconds.
        trace: The file for the index of the problem, and for the traceback if the process is ended.
    """

    def __init__(self, limit: float, trace: TextIO) -> None:
        self._limit, self._trace = limit, trace
        self._wound: float | None = None

    def begin(self, index: int) -> None:
        """Begin an examination.

        Args:
            index: The index of the problem.
        """
        self._trace.seek(0)
        self._trace.write(f"{index:12}\n")
        self._trace.flush()
        now = monotonic()
        if self._wound is None or now - self._wound > self._limit / 4:
            faulthandler.dump_traceback_later(1.25 * self._limit, exit=True, file=self._trace)
            self._wound = now

    def end(self) -> None:
        """End the watch."""
        faulthandler.cancel_dump_traceback_later()
        self._wound = None
