"""Where batches are worked on: this process, several, or the workers of a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib import import_module
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import Any

from gdcheck.properties.storage.interrupts import ignore_interrupts, interrupts_ignored
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.work import Done, Task, work
from gdcheck.theorem.loss.errors import InputError


def here(store: Store, tasks: Iterable[Task]) -> Generator[Done, None, None]:
    """Works on one task after the other in this process.

    Args:
        store: Where finished batches are kept.
        tasks: The tasks.

    Yields:
        The finished batches.
    """
    for task in tasks:
        yield _kept(store, task)


def processes(store: Store, tasks: Iterable[Task], jobs: int) -> Generator[Done, None, None]:
    """Works on tasks over processes of this machine, each of which stores what it finishes.

    Args:
        store: Where finished batches are kept.
        tasks: The tasks, taken as they are needed.
        jobs: How many processes.

    Yields:
        The finished batches, in whatever order.

    Raises:
        InputError: If a process was killed: what is finished is on disk, and the sweep can go on from there.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_prepare_process) as pool:
        try:
            source = iter(tasks)
            with interrupts_ignored():
                running = {pool.submit(_kept, store, task) for task in islice(source, 2 * jobs)}
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    running |= {pool.submit(_kept, store, task) for task in islice(source, 1)}
                    yield future.result()
        except BrokenProcessPool:
            raise InputError("jobs", "a process was killed; go on from the finished batches with --resume") from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _kept(store: Store, task: Task) -> Done:
    done = work(task)
    store.keep(done)
    return replace(done, table=b"")


def _prepare_process() -> None:
    ignore_interrupts()
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A process whose parent was killed would wait for work for ever.
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def cluster(store: Store, tasks: Iterable[Task], address: str) -> Generator[Done, None, None]:
    """Works on tasks over the workers of a Dask cluster; those of a worker that dies are given to others.

    Args:
        store: Where finished batches are kept, by this process: the workers need not share its disk.
        tasks: The tasks, taken as they are needed.
        address: The scheduler's address, such as tcp://host:8786. Whoever controls it controls what is computed.

    Yields:
        The finished batches, in whatever order.

    Raises:
        InputError: If Dask is not installed, or no scheduler answers.
    """
    with _client(address) as client:
        source = iter(tasks)
        window = 2 * max(1, sum(client.nthreads().values()))
        running = import_module("distributed").as_completed([_submit(client, task) for task in islice(source, window)])
        for future in running:
            for task in islice(source, 1):
                running.add(_submit(client, task))
            done: Done = future.result()
            future.release()
            store.keep(done)
            yield replace(done, table=b"")


def reach(address: str) -> None:
    """Finds out whether a Dask scheduler answers.

    Args:
        address: Its address.

    Raises:
        InputError: If Dask is not installed, or no scheduler answers.
    """
    with _client(address):
        pass


def _client(address: str) -> Any:
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise InputError("scheduler", "needs Dask; install it with: pip install 'gdcheck[cluster]'") from None
    try:
        return distributed.Client(address, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError("scheduler", f"no scheduler answers at {address[:100]!r} ({str(error)[:200]})") from None


def _submit(client: Any, task: Task) -> Any:
    # The task says everything: a batch that was lost with its worker comes out the same on another.
    return client.submit(work, task, pure=False, retries=10)
