"""A run of claims of one's own over processes: shards that are kept, resumed, and killed where they do not end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct, ValidationError, convert

from gdcheck.properties.lemmas.loading import Source, load, sources
from gdcheck.properties.lemmas.record import Shrinking, counterexample
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import BATCH, SIZE, Task, ended_at, in_batches, stored, work
from gdcheck.properties.lemmas.verdict import Counterexample, OwnClaimsRun, row_of
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.verify.verification import versions
from gdcheck.theorem.loss.errors import InputError

MOST_ENDLESS = 3
"""Problems on which a claim may fail to end before it is given up."""


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run was begun with; it stands in ``run.json``.

    Attributes:
        targets: What was asked for.
        seed: The seed.
        budget: How many problems for each claim.
        time_limit: Seconds that an examination may take.
        digests: The SHA-256 of the file of each claim.
    """

    targets: tuple[str, ...]
    seed: int
    budget: int
    time_limit: float
    digests: dict[str, str]


@dataclass
class _State:
    """What is known of a run while it goes on."""

    plan: Plan
    root: Path
    known: dict[str, Source]
    results: dict[str, dict[int, ShardResult]]
    faults: dict[str, str]
    endless: dict[str, dict[int, str]] = field(default_factory=dict)

    def done(self) -> int:
        """How many problems have been examined."""
        return sum(shard.examined for shards in self.results.values() for shard in shards.values())


def begin(targets: Sequence[str], seed: int, budget: int, time_limit: float, root: Path) -> Plan:
    """Plan a run and write the plan down; shards of an earlier run in the same directory are removed.

    Args:
        targets: Files, ``module:name``, or names of built-in claims.
        seed: The seed.
        budget: How many problems for each claim.
        time_limit: Seconds that an examination may take.
        root: The directory of the run.

    Returns:
        The plan.
    """
    known, _ = _found(targets)
    plan = Plan(tuple(targets), seed, budget, time_limit, {name: s.digest for name, s in known.items()})
    folder = root / "shards"
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("*.json"), *folder.glob("*.trace")]:
        old.unlink()
    write_text_atomically(root / "run.json", as_json(plan))
    return plan


def go_on(root: Path) -> Plan:
    """Read the plan of a run that was begun.

    Args:
        root: The directory of the run.

    Returns:
        The plan.

    Raises:
        InputError: If there is none, or a claim's file has changed since.
    """
    try:
        plan = convert(json.loads((root / "run.json").read_text(encoding="utf-8")), Plan)
    except (OSError, ValueError, ValidationError):
        raise InputError("resume", f"{str(root)[:200]!r} holds no run of gdcheck claim; name its directory") from None
    known, _ = _found(plan.targets)
    changed = [name for name, digest in plan.digests.items() if name not in known or known[name].digest != digest]
    if changed:
        raise InputError("resume", f"the file of the claim {changed[0][:80]!r} has changed since; begin a new run")
    return plan


def run_claims(plan: Plan, root: Path, jobs: int, on_done: Callable[[int], object] = lambda done: None) -> OwnClaimsRun:
    """Examine the claims of a plan; the result does not depend on how many processes there are.

    Args:
        plan: The plan.
        root: The directory of the run, where shards of an earlier call are found.
        jobs: How many processes.
        on_done: Called with the number of problems examined so far.

    Returns:
        The result; after an interrupt, of the shards that were done.

    Raises:
        InputError: If a process is killed from outside.
    """
    known, faults = _found(plan.targets)
    state = _State(plan, root, known, {name: {} for name in known}, faults)
    for task in _tasks(state):
        if (shard := stored(task)) is not None:
            state.results[shard.claim][shard.number] = shard
    on_done(state.done())
    interrupted = False

    def take(shard: ShardResult) -> bool:
        state.results[shard.claim][shard.number] = shard
        if shard.fault is not None:
            state.faults[shard.claim] = shard.fault
        on_done(state.done())
        return shard.fault is not None

    while not interrupted and (pending := _pending(state)):
        ending = run_tasks(work, pending, take, min(jobs, len(pending)), apart=True)
        interrupted = ending is Ending.INTERRUPTED
        if ending is Ending.WORKER_LOST:
            _learn_what_does_not_end(state, pending)
    found, cut = _counterexamples(state, jobs, shrink=not interrupted)
    interrupted = interrupted or cut
    rows = []
    for name, source in state.known.items():
        claim, total = load(source), _total(state, name)
        rows.append(row_of(total, claim.sentence, source.file, source.digest, found.get(name)))
    for name, fault in state.faults.items():
        if name not in state.known:
            rows.append(row_of(ShardResult(name, 0, fault=fault), "", "", "", None))
    return OwnClaimsRun(plan.targets, plan.seed, plan.budget, interrupted, versions(), tuple(rows))


def workload(plan: Plan) -> int:
    """How many problems a run examines, examples left out."""
    return plan.budget * len(plan.digests)


def _found(targets: Sequence[str]) -> tuple[dict[str, Source], dict[str, str]]:
    """Return the claims that can be used by name, and why the other targets cannot."""
    known: dict[str, Source] = {}
    faults = {}
    for target in targets:
        try:
            for source in sources([target]):
                if source.name in known:
                    raise InputError("claim", f"two claims are called {source.name[:80]!r}; rename one of them")
                known[source.name] = source
        except InputError as error:
            faults[target] = error.message
    return known, faults


def _tasks(state: _State) -> Iterator[Task]:
    """Yield the shards of all claims, one of each in turn."""
    plan = state.plan
    rows = []
    for name, source in state.known.items():
        size = BATCH if in_batches(load(source)) else SIZE
        counts = [min(size, plan.budget - first) for first in range(0, plan.budget, size)]
        ends = tuple(state.endless.get(name, ()))
        limit = plan.time_limit
        rows.append([Task(source, plan.seed, i, size, n, state.root, limit, ends) for i, n in enumerate(counts)])
    for tasks in zip_longest(*rows):
        yield from (task for task in tasks if task is not None)


def _pending(state: _State) -> list[Task]:
    return [
        task
        for task in _tasks(state)
        if task.source.name not in state.faults and task.number not in state.results[task.source.name]
    ]


def _learn_what_does_not_end(state: _State, pending: Sequence[Task]) -> None:
    ended = [(task, at) for task in pending if (at := ended_at(task)) is not None]
    for task in pending:
        task.trace.unlink(missing_ok=True)
    if not ended:
        raise InputError("jobs", f"a process was killed; go on with gdcheck claim --resume {state.root}")
    for task, (index, place) in ended:
        seen = state.endless.setdefault(task.source.name, {})
        seen[index] = place
        if len(seen) >= MOST_ENDLESS:
            places = ", ".join(sorted(set(seen.values())))
            said = f"{task.source.name} does not end within {task.time_limit:g} s on {len(seen)} problems ({places})"
            state.faults[task.source.name] = f"{said}; mend it, or give a larger --time-limit"


def _total(state: _State, name: str) -> ShardResult:
    total = ShardResult(name, 0, fault=state.faults.get(name))
    for _, shard in sorted(state.results[name].items()):
        total.merge(shard)
    return total


def _counterexamples(state: _State, jobs: int, *, shrink: bool) -> tuple[dict[str, Counterexample], bool]:
    """Return the counterexamples of the claims that do not hold, shrunk in processes that may be killed.

    Args:
        state: The run.
        jobs: How many processes.
        shrink: Whether simpler problems are looked for.

    Returns:
        The counterexamples, and whether this was interrupted: then some are as they were found.
    """
    found: dict[str, Counterexample] = {}
    wanted = []
    for name, source in state.known.items():
        total = _total(state, name)
        if total.first is not None and total.worst is not None:
            wanted.append(Shrinking(source, state.plan.seed, total.first, total.worst))

    def take(made: Counterexample) -> None:
        found[made.claim] = made

    ending = Ending.COMPLETE
    if shrink and wanted:
        ending = run_tasks(counterexample, wanted, take, min(jobs, len(wanted)), apart=True)
    for left in wanted:
        # A simpler problem on which the claim does not end is no reason to lose the one that was found.
        if left.source.name not in found:
            take(counterexample(replace(left, shrink=False)))
    return found, ending is Ending.INTERRUPTED
