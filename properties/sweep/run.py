"""A sweep from its first batch, or its first missing one, to the summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.sweep.cluster import reach, run_on_cluster
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.sweep.summary import Summary, summarize, write_summary
from gdcheck.properties.sweep.tables import unsound
from gdcheck.properties.sweep.work import BatchResult, work
from gdcheck.properties.sweep.writer import Writer
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class Executor:
    """The processes and devices on which the batches of a sweep are decided.

    Attributes:
        jobs: Processes of this machine; with one, everything runs in this process. Several share a device: while one
            makes second opinions and its table on a core, another has the device.
        device: ``auto``, ``cpu`` or ``cuda``.
        scheduler: The address of a Dask scheduler, which then hands out the batches; None for this machine.
    """

    jobs: int = 1
    device: str = "cpu"
    scheduler: str | None = None

    def devices(self) -> list[str]:
        """List the devices that the processes share in turn, or ``["cpu"]``.

        Raises:
            InputError: If the choice is unknown, or there is none.
        """
        # The devices of a cluster's workers are not known here: each uses its first device if it is told to.
        if self.scheduler is not None and self.device in {"auto", "cpu", "cuda"}:
            return ["cuda" if self.device == "cuda" else "cpu"]
        return devices_of(self.device)

    def check(self) -> None:
        """Check that devices and scheduler can be used, before anything is written.

        Raises:
            InputError: If one cannot be used.
        """
        self.devices()
        if self.scheduler is not None:
            reach(self.scheduler)


@dataclass(frozen=True)
class SweepResult:
    """The result of one call.

    Attributes:
        summary: The summary of the whole sweep so far.
        sampled: How many second opinions this call asked for.
        not_checked: At how many of them the independent checker gave up: neither accepted nor rejected.
        interrupted: Whether it was ended early by an interrupt.
        distrusted: The batches whose files did not hold their tables, and why; they were made again.
    """

    summary: Summary
    sampled: int
    not_checked: int
    interrupted: bool
    distrusted: Mapping[int, str]


def sweep(store: Store, executor: Executor, on_done: Callable[[int], None] = lambda problems: None) -> SweepResult:
    """Decide all batches that are not finished, until all are or a second opinion differs.

    Args:
        store: The sweep.
        executor: Where to work.
        on_done: Called with the number of problems finished, those of earlier calls included.

    Returns:
        What was found; the summary is written.

    Raises:
        InputError: If the executor cannot be used, the directory cannot be written, or a process was killed.
    """
    devices = executor.devices()
    store.tidy()
    distrusted = unsound(store)
    finished = store.finished() - set(distrusted)
    missing = [number for number in range(store.batches()) if number not in finished]
    problems = sum(store.task(number, "cpu").count for number in finished)
    on_done(problems)
    sampled = not_checked = 0

    def count(batch: BatchResult) -> None:
        nonlocal sampled, not_checked, problems
        sampled += batch.sampled
        not_checked += batch.not_checked
        problems += batch.problems
        on_done(problems)

    writer = Writer(store, count)

    def take(batch: BatchResult) -> bool:
        writer.put(batch)
        return bool(batch.objections)

    tasks = (store.task(number, devices[number % len(devices)]) for number in missing)
    try:
        if executor.scheduler is not None:
            ending = run_on_cluster(work, tasks, take, executor.scheduler)
        else:
            jobs = min(executor.jobs, max(1, len(missing)))
            ending = run_tasks(work, tasks, take, jobs)
    finally:
        # What was computed is kept after an interrupt, too.
        try:
            writer.close()
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
    if ending is Ending.WORKER_LOST:
        raise InputError("jobs", "a process was killed; go on from the finished batches with --resume")
    summary = summarize(store)
    write_summary(store, summary)
    interrupted = ending is Ending.INTERRUPTED and summary.decided < summary.problems
    return SweepResult(summary, sampled, not_checked, interrupted, distrusted)


def devices_of(device: str) -> list[str]:
    """List the devices that a choice means.

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
