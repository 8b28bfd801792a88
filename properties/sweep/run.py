"""A sweep from its first batch, or its first missing one, to the summary."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from gdcheck.properties.sweep.engines import cluster, here, processes, reach
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.summary import Summary, summarize, write_summary
from gdcheck.properties.sweep.tables import unsound
from gdcheck.properties.sweep.work import Done, Task
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where a sweep is worked on.

    Attributes:
        jobs: Processes of this machine; with one, everything runs in this process.
        device: ``auto``, ``cpu`` or ``cuda``.
        scheduler: The address of a Dask scheduler, which then hands out the batches; None for this machine.
    """

    jobs: int = 1
    device: str = "cpu"
    scheduler: str | None = None

    def devices(self) -> list[str]:
        """The devices that are worked on, one worker for each, or for the processes of this machine ``["cpu"]``.

        Raises:
            InputError: If the choice is unknown, or there is none.
        """
        # What devices a cluster's workers have is not known here: each uses its first one if it is told to.
        if self.scheduler is not None and self.device in {"auto", "cpu", "cuda"}:
            return ["cuda" if self.device == "cuda" else "cpu"]
        return devices_of(self.device)

    def check(self) -> None:
        """Finds out whether this place can be used, before anything is written.

        Raises:
            InputError: If it cannot.
        """
        self.devices()
        if self.scheduler is not None:
            reach(self.scheduler)


@dataclass(frozen=True)
class Swept:
    """What a call came to.

    Attributes:
        summary: The summary of the whole sweep so far.
        sampled: How many second opinions this call asked for.
        interrupted: Whether it was ended early by Ctrl-C.
        distrusted: The batches whose files were not their tables, and why; they were made again.
    """

    summary: Summary
    sampled: int
    interrupted: bool
    distrusted: Mapping[int, str]


def sweep(store: Store, place: Place, on_done: Callable[[int], None] = lambda problems: None) -> Swept:
    """Works on all batches that are not finished, until all are or a second opinion differs.

    Args:
        store: The sweep.
        place: Where to work.
        on_done: Called with the number of problems finished, those of earlier calls included.

    Returns:
        What it came to; summary and page are written.

    Raises:
        InputError: If the place cannot be used, the directory cannot be written, or a process was killed.
    """
    devices = place.devices()
    store.tidy()
    distrusted = unsound(store)
    finished = store.finished() - set(distrusted)
    missing = [number for number in range(store.batches()) if number not in finished]
    problems = sum(store.task(number, "cpu").count for number in finished)
    on_done(problems)
    sampled, interrupted = 0, False
    tasks = (store.task(number, devices[number % len(devices)]) for number in missing)
    jobs = min(len(devices) if devices[0] != "cpu" else place.jobs, max(1, len(missing)))
    try:
        with closing(_batches(store, tasks, jobs, place.scheduler)) as batches:
            for done in batches:
                sampled += done.sampled
                problems += done.problems
                on_done(problems)
                if done.objections:
                    break
    except KeyboardInterrupt:
        interrupted = True
    summary = summarize(store)
    write_summary(store, summary)
    return Swept(summary, sampled, interrupted, distrusted)


def _batches(store: Store, tasks: Iterator[Task], jobs: int, scheduler: str | None) -> Generator[Done, None, None]:
    if scheduler is not None:
        return cluster(store, tasks, scheduler)
    return here(store, tasks) if jobs == 1 else processes(store, tasks, jobs)


def devices_of(device: str) -> list[str]:
    """The devices that a choice stands for: one worker for each.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        ``["cpu"]``, or torch's names of all CUDA devices.

    Raises:
        InputError: If there is no such choice, or no CUDA device.
    """
    if device not in {"auto", "cpu", "cuda"}:
        raise InputError("device", f"{device[:40]!r} is unknown; give auto, cpu or cuda")
    count = 0 if device == "cpu" else _cuda_devices()
    if device == "cuda" and not count:
        raise InputError("device", "torch finds no CUDA device here; leave --device out, or give cpu")
    return [f"cuda:{k}" for k in range(count)] or ["cpu"]


def _cuda_devices() -> int:
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return 0
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def default_jobs() -> int:
    """One process for each core."""
    return os.cpu_count() or 1
