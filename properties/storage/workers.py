"""Tasks over processes of this machine: they are interrupted together, and none survives the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending(Enum):
    """How a run over tasks ended."""

    COMPLETE = "every task was done, or the receiver of the results had enough"
    INTERRUPTED = "it was interrupted"
    WORKER_LOST = "a worker process was killed"


def default_jobs() -> int:
    """Count the cores: one process for each."""
    return os.cpu_count() or 1


def run_tasks(
    function: Callable[[_Task], _Result],
    tasks: Iterable[_Task],
    on_result: Callable[[_Result], bool | None],
    jobs: int,
    *,
    apart: bool = False,
) -> Ending:
    """Apply a function to tasks, given out in order, and pass on each result as it comes.

    An interrupt (Ctrl-C, or SIGTERM where it raises ``KeyboardInterrupt``) ends the run; results that exist by then are
    still passed on. All workers have ended when this returns, and end by themselves if this process is killed.

    Args:
        function: The function; importable by name, as it is sent to other processes.
        tasks: The tasks, taken as they are needed.
        on_result: Called in this process with each result; if it returns True, the run ends.
        jobs: How many processes; with one, everything runs in this process.
        apart: Whether even a single worker runs in another process, so that it may be killed.

    Returns:
        How the run ended.
    """
    if jobs > 1 or apart:
        return _over_processes(function, iter(tasks), on_result, jobs)
    try:
        for task in tasks:
            if on_result(function(task)):
                break
    except KeyboardInterrupt:
        return Ending.INTERRUPTED
    return Ending.COMPLETE


def _over_processes(
    function: Callable[[_Task], _Result],
    tasks: Iterator[_Task],
    on_result: Callable[[_Result], bool | None],
    jobs: int,
) -> Ending:
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_prepare_worker)
    running: set[Future[_Result]] = set()
    ending = Ending.COMPLETE
    enough = False
    try:
        while not enough:
            with signals_held():
                # Twice as many as there are processes: none waits for its next task.
                running |= {pool.submit(function, task) for task in islice(tasks, 2 * jobs - len(running))}
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.remove(future)
                enough = enough or bool(on_result(future.result()))
    except KeyboardInterrupt:
        ending = Ending.INTERRUPTED
    except BrokenProcessPool:
        ending = Ending.WORKER_LOST
    finally:
        # A second interrupt must not leave workers behind.
        with signals_held():
            if running or enough or ending is not Ending.COMPLETE:
                for worker in set(multiprocessing.active_children()) - before:
                    worker.kill()
            pool.shutdown(wait=True, cancel_futures=True)
    for future in running if ending is not Ending.COMPLETE else ():
        if future.done() and not future.cancelled() and future.exception() is None:
            with suppress(KeyboardInterrupt):
                on_result(future.result())
    return ending


@contextmanager
def signals_held() -> Iterator[None]:
    """Block interrupts inside; workers that are started here inherit this."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare_worker() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A process whose parent was killed would wait for work for ever.
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
