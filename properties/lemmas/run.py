"""A run of claims, from what was asked for to a verdict on each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct, ValidationError, convert

from gdcheck.properties.lemmas.built_in import THEOREM, unsettled
from gdcheck.properties.lemmas.loading import Source, files_of, load, sources
from gdcheck.properties.lemmas.record import counterexample
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.schedule import Run, Wanted
from gdcheck.properties.lemmas.verdict import OwnClaimsRun, row_of
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.storage.versions import versions
from gdcheck.properties.sweep.run import Executor
from gdcheck.theorem.loss.errors import InputError


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a run; stored in ``run.json``.

    Attributes:
        targets: What was asked for.
        seed: The seed.
        budget: How many problems for each claim; fewer for the costly ones of ``theorem``.
        time_limit: Seconds that an examination may take.
        digests: The SHA-256 of the file of each claim.
        until_false: Whether a claim is examined no further than the shard in which it is proved false.
    """

    targets: tuple[str, ...]
    seed: int
    budget: int
    time_limit: float
    digests: dict[str, str]
    until_false: bool = False


def begin(
    targets: Sequence[str], seed: int, budget: int, time_limit: float, root: Path, *, until_false: bool = False
) -> Plan:
    """Plan a run and write the plan down; shards of an earlier run in the same directory are removed.

    Args:
        targets: Folders, files, ``module:name``, or names of built-in claims.
        seed: The seed.
        budget: How many problems for each claim.
        time_limit: Seconds that an examination may take.
        root: The directory of the run.
        until_false: Whether a claim is examined no further than the shard in which it is proved false.

    Returns:
        The plan.

    Raises:
        InputError: If a folder holds no claim.
    """
    targets = files_of(targets)
    known, _ = _found(targets)
    digests = {name: s.digest for name, s in known.items()}
    plan = Plan(tuple(targets), seed, budget, time_limit, digests, until_false)
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


def run_claims(
    plan: Plan, root: Path, executor: Executor, on_done: Callable[[int], object] = lambda done: None
) -> OwnClaimsRun:
    """Examine the claims of a plan; the result does not depend on how many processes there are.

    Args:
        plan: The plan.
        root: The directory of the run, where shards of an earlier call are found.
        executor: Where to work; a device is of no use here.
        on_done: Called with the number of problems examined so far.

    Returns:
        The result; after an interrupt, of the shards that were done.

    Raises:
        InputError: If a process is killed from outside, or no cluster answers.
    """
    known, faults = _found(plan.targets)
    wanted = [Wanted(source, _budget(plan, source)) for source in known.values()]
    run = Run(wanted, plan.seed, plan.time_limit, root, until_false=plan.until_false)
    run.examine(executor, on_done)
    if run.lost:
        raise InputError("jobs", f"a process was killed; go on with gdcheck claim --resume {root}")
    found = run.finish(counterexample, executor.jobs, list(known))
    rows = []
    for name, source in known.items():
        claim, total = load(source), run.total(name)
        total.fault = total.fault or unsettled(claim, total)
        made = found.get(name)
        about = {"source": claim.source, "exactly": claim.exactly}
        rows.append(row_of(total, claim.sentence, source.file, source.digest, made, **about))
    for name, fault in faults.items():
        rows.append(row_of(ShardResult(name, fault=fault), "", "", "", None))
    return OwnClaimsRun(
        plan.targets,
        plan.seed,
        plan.budget,
        run.interrupted,
        versions(),
        tuple(rows),
        until_false=plan.until_false,
        time_limit=plan.time_limit,
        files=_texts(known.values()),
    )


def _texts(known: Iterable[Source]) -> dict[str, str]:
    """Return the texts of the user's files by name, without names that two files share."""
    texts: dict[str, set[str]] = {}
    for source in known:
        if source.file:
            texts.setdefault(source.file, set()).add(source.text)
    return {name: next(iter(found)) for name, found in texts.items() if len(found) == 1}


def workload(plan: Plan) -> int:
    """Return the number of problems that a run examines, without examples."""
    return sum(_budget(plan, source) for source in _found(plan.targets)[0].values())


def _budget(plan: Plan, source: Source) -> int:
    return max(1, round(plan.budget * load(source).share)) if source.target == THEOREM else plan.budget


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
