"""The writer of a sweep: a thread stores finished batches while the next ones are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from gdcheck.properties.storage.workers import signals_held
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.work import BatchResult

_AHEAD = 4


class Writer:
    """One thread that stores batches in the order in which they come; a batch is done once its file is there.

    If the process is killed, what was not written is made again by ``--resume``, like a batch that was not computed.

    Args:
        store: The sweep.
        on_written: Called with each batch whose file is there, in the thread that hands batches over.
    """

    def __init__(self, store: Store, on_written: Callable[[BatchResult], None]) -> None:
        self._store = store
        self._on_written = on_written
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="gdcheck-writer")
        self._waiting: deque[tuple[BatchResult, Future[None]]] = deque()

    def put(self, batch: BatchResult) -> None:
        """Hand over a batch; wait if the disk is behind.

        Args:
            batch: The batch.

        Raises:
            UnwritableError: If one could not be written.
        """
        # A thread that starts here inherits the blocked signals, and so takes no interrupt meant for the process.
        with signals_held():
            self._waiting.append((batch, self._pool.submit(self._store.keep, batch)))
        self._settle(_AHEAD)

    def close(self) -> None:
        """Wait until all is written, and end the thread.

        Raises:
            UnwritableError: If one could not be written.
        """
        try:
            self._settle(0)
        finally:
            self._pool.shutdown(wait=True)

    def _settle(self, most: int) -> None:
        """Report the batches that are written; while more than ``most`` are not, wait for the first."""
        while self._waiting and (len(self._waiting) > most or self._waiting[0][1].done()):
            batch, future = self._waiting[0]
            future.result()
            self._waiting.popleft()
            self._on_written(batch)
