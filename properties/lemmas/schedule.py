"""The shards of a run over processes or a cluster: kept, resumed, and killed where they do not end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from gdcheck.properties.lemmas.drawing import Shard, shards_of
from gdcheck.properties.lemmas.loading import Source, load
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.remote import work_apart
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import (
    BATCH,
    MOST_ENDLESS,
    SIZE,
    Loader,
    Task,
    ended_at,
    in_batches,
    keep,
    stored,
    with_endless,
    work,
)
from gdcheck.properties.lemmas.simplify import INTERRUPTED, NO_END, Shrinking
from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.sweep.cluster import run_on_cluster
from gdcheck.properties.sweep.run import Executor

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Wanted:
    """A claim of a run.

    Attributes:
        source: The claim.
        budget: How many problems.
    """

    source: Source
    budget: int


@dataclass
class Run:
    """The shards of a run; the result does not depend on the processes that work on them.

    Attributes:
        claims: The claims that are examined.
        seed: The seed.
        time_limit: Seconds that an examination may take.
        root: The directory of the run, where shards of an earlier call are found.
        loader: Makes the claim of a source; importable by name.
        until_false: Whether a claim is examined no further than the shard in which it is proved false.
        results: What has been found, by claim and shard.
        endless: Where shards that are not done did not end, by claim and shard.
        interrupted: Whether it was ended early.
        lost: Whether a process was killed from outside.
        done: How many problems have been examined.
    """

    claims: Sequence[Wanted]
    seed: int
    time_limit: float
    root: Path
    loader: Loader = load
    until_false: bool = False
    results: dict[str, dict[int, ShardResult]] = field(default_factory=dict)
    endless: dict[str, dict[int, Task]] = field(default_factory=dict)
    interrupted: bool = False
    lost: bool = False
    done: int = 0
    _faulty: dict[str, int] = field(default_factory=dict)
    _false: dict[str, int] = field(default_factory=dict)

    def examine(self, executor: Executor, on_done: Callable[[int], object] = lambda done: None) -> None:
        """Examine all problems, up to an interrupt or to the loss of a process.

        Args:
            executor: Where to work.
            on_done: Called with the number of problems examined so far.
        """
        self.results = {wanted.source.name: {} for wanted in self.claims}
        self.endless = {name: {} for name in self.results}

        def take(shard: ShardResult) -> None:
            self._take(shard)
            on_done(self.done)

        for task in self._tasks():
            if (shard := stored(task)) is not None:
                self._take(shard)
        on_done(self.done)
        while not (self.interrupted or self.lost) and (pending := list(self._pending())):
            # A claim that turns out to be unusable, or false, is not examined further.
            useful = (task for task in pending if task.shard.number < self._last(task.source.name))
            if executor.scheduler is not None:
                ending = self._on_cluster(useful, take, executor.scheduler)
            else:
                ending = run_tasks(work, useful, take, min(executor.jobs, len(pending)), apart=True)
            self.interrupted = ending is Ending.INTERRUPTED
            if ending is Ending.WORKER_LOST:
                self._learn_what_does_not_end(pending)

    def _on_cluster(self, tasks: Iterator[Task], take: Callable[[ShardResult], None], address: str) -> Ending:
        """Work on shards on a cluster, whose workers need not share this machine's disk."""
        files: dict[tuple[str, int], Task] = {}

        def handed_out() -> Iterator[Task]:
            for task in tasks:
                files[_at(task)] = task
                yield task

        def keep_and_take(shard: ShardResult) -> None:
            keep(files.pop((shard.claim, shard.number)), shard)
            take(shard)

        return run_on_cluster(work_apart, handed_out(), keep_and_take, address)

    def complete(self, name: str) -> bool:
        """Whether all shards of a claim that count are done."""
        return all(task.source.name != name for task in self._pending())

    def faulty(self, name: str) -> float:
        """Return the first shard in which it turned out that a claim cannot be used; infinite if there is none."""
        return self._faulty.get(name, float("inf"))

    def _last(self, name: str) -> float:
        """Return the last shard of a claim that counts; infinite if all do."""
        return min(self.faulty(name), self._false.get(name, float("inf")))

    def total(self, name: str) -> ShardResult:
        """Add up the shards of a claim to the last that counts; which later ones were examined is up to chance."""
        total = ShardResult(name)
        for number, shard in sorted(self.results[name].items()):
            if number <= self._last(name):
                total.merge(shard)
        return total

    def finish(
        self, function: Callable[[Shrinking], tuple[str, _Made]], jobs: int, names: Sequence[str]
    ) -> dict[str, _Made]:
        """Apply a function to the violations of claims, in processes that may be killed.

        Args:
            function: Searches for a simpler violation, and returns the claim's name and the result; importable by name.
            jobs: How many processes.
            names: The claims.

        Returns:
            The result for each claim that does not hold; without the search if that does not end, or after an
            interrupt.
        """
        tasks = []
        for wanted in self.claims:
            total = self.total(wanted.source.name) if wanted.source.name in names else None
            if total is not None and total.first is not None and total.worst is not None:
                shards = self._shards(wanted)
                shard = shards[max(0, total.first.index) // shards[0].count]
                tasks.append(Shrinking(wanted.source, self.loader, shard, total.first, total.worst))
        found: dict[str, _Made] = {}

        def take(made: tuple[str, _Made]) -> None:
            found[made[0]] = made[1]

        if tasks and not self.interrupted:
            ending = run_tasks(function, tasks, take, min(jobs, len(tasks)), apart=True)
            self.interrupted = ending is Ending.INTERRUPTED
        why = INTERRUPTED if self.interrupted else NO_END
        for task in tasks:
            # A simpler problem on which the claim does not end is no reason to lose the one that was found.
            if task.source.name not in found:
                take(function(replace(task, without=why)))
        return found

    def _take(self, shard: ShardResult) -> None:
        self._put(shard)
        if shard.endless:
            self._give_up(shard.claim)

    def _put(self, shard: ShardResult) -> None:
        found = self.results[shard.claim]
        self.done += shard.examined - (found[shard.number].examined if shard.number in found else 0)
        found[shard.number] = shard
        if shard.fault is not None:
            self._faulty[shard.claim] = min(self._faulty.get(shard.claim, shard.number), shard.number)
        if self.until_false and shard.first is not None and shard.first.evidence == "proved":
            self._false[shard.claim] = min(self._false.get(shard.claim, shard.number), shard.number)

    def _shards(self, wanted: Wanted) -> list[Shard]:
        size = BATCH if in_batches(self.loader(wanted.source)) else SIZE
        return shards_of(self.seed, wanted.budget, size)

    def _tasks(self) -> Iterator[Task]:
        """Yield the shards of all claims, one of each in turn."""
        rows = []
        for wanted in self.claims:
            shards = self._shards(wanted)
            rows.append([Task(wanted.source, shard, self.root, self.time_limit, self.loader) for shard in shards])
        for tasks in zip_longest(*rows):
            yield from (task for task in tasks if task is not None)

    def _pending(self) -> Iterator[Task]:
        for task in self._tasks():
            name, number = _at(task)
            if number not in self.results[name] and number < self._last(name):
                yield self.endless[name].get(number, task)

    def _learn_what_does_not_end(self, pending: Sequence[Task]) -> None:
        ended = [(task, at) for task in pending if (at := ended_at(task)) is not None]
        for task in pending:
            task.trace.unlink(missing_ok=True)
        self.lost = not ended
        for task, at in ended:
            name, number = _at(task)
            try:
                self.endless[name][number] = with_endless(task, *at)
            except ClaimError as error:
                self._put(ShardResult(name, number, fault=error.message))
            self._give_up(name)

    def _give_up(self, name: str) -> None:
        """Find the shard in which a claim has failed to end too often, counted in order."""
        found: dict[int, str] = {}
        known = {n: task.endless for n, task in self.endless[name].items()}
        for number, endless in sorted({**known, **{n: s.endless for n, s in self.results[name].items()}}.items()):
            found |= dict(sorted(endless.items())[: MOST_ENDLESS - len(found)])
            if len(found) == MOST_ENDLESS:
                places = ", ".join(sorted(set(found.values())))
                said = f"{name} does not end within {self.time_limit:g} s on {MOST_ENDLESS} problems ({places})"
                fault = f"{said}; fix it, or give a larger --time-limit"
                self._put(ShardResult(name, number, endless=found, fault=fault))
                return


def _at(task: Task) -> tuple[str, int]:
    return task.source.name, task.shard.number
