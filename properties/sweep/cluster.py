"""Distributes the batches of a sweep over a Dask cluster; called like ``storage.workers.run_tasks``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from gdcheck.properties.storage.workers import Ending
from gdcheck.theorem.loss.errors import InputError

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def run_on_cluster(
    function: Callable[[_Task], _Result],
    tasks: Iterable[_Task],
    on_result: Callable[[_Result], bool | None],
    address: str,
) -> Ending:
    """Apply a function to tasks on a Dask cluster; the tasks of a worker that dies are given to others.

    Args:
        function: The function; importable by name on the workers.
        tasks: The tasks, taken as they are needed.
        on_result: Called in this process with each result: the workers need not share its disk. If it returns True,
            the run ends.
        address: The scheduler's address, such as tcp://host:8786. Whoever controls it controls what is computed.

    Returns:
        How the run ended.

    Raises:
        InputError: If Dask is not installed, or no scheduler answers.
    """
    try:
        with _client(address) as client:
            source = iter(tasks)
            window = 2 * max(1, sum(client.nthreads().values()))
            first = [_submit(client, function, task) for task in islice(source, window)]
            running = import_module("distributed").as_completed(first)
            for future in running:
                for task in islice(source, 1):
                    running.add(_submit(client, function, task))
                result = future.result()
                future.release()
                if on_result(result):
                    break
    except KeyboardInterrupt:
        return Ending.INTERRUPTED
    return Ending.COMPLETE


def reach(address: str) -> None:
    """Check that a Dask scheduler answers.

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


def _submit(client: Any, function: Callable[[_Task], _Result], task: _Task) -> Any:
    # A batch depends on its task alone: one that is lost with its worker comes out the same on another.
    return client.submit(function, task, pure=False, retries=10)
