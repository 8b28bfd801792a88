"""A run of ablations over processes, and its plain data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from gdcheck.properties.ablation.ablation import Ablation
from gdcheck.properties.ablation.result import AblationRun
from gdcheck.properties.ablation.rows import ABLATIONS
from gdcheck.properties.ablation.search import claim_of, problems_for, row_of
from gdcheck.properties.lemmas.declare import OwnClaim
from gdcheck.properties.lemmas.loading import Source, run_file
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import Witness
from gdcheck.properties.lemmas.schedule import Run, Wanted
from gdcheck.properties.lemmas.simplify import Shrinking, simplified
from gdcheck.properties.storage.versions import versions
from gdcheck.properties.sweep.run import Executor
from gdcheck.theorem.certificate.shapes import ShapeError, read_as
from gdcheck.theorem.loss.errors import InputError

_TIME_LIMIT = 600.0
"""Seconds that examining one problem may take."""


def known(load: Path | None = None) -> dict[str, Ablation]:
    """Return the ablations by name.

    Args:
        load: A Python file of the user's own that defines ``ABLATIONS``; it is run.

    Returns:
        Those of this package and those of the file.

    Raises:
        InputError: If the file cannot be run, or defines no ablations.
    """
    found = list(ABLATIONS)
    if load is not None:
        own = getattr(run_file(load, "load"), "ABLATIONS", None)
        if not isinstance(own, (list, tuple)) or not own or not all(isinstance(a, Ablation) for a in own):
            raise InputError("load", f"{str(load)[:200]!r} defines no list ABLATIONS of Ablation objects; add one")
        for one in own:
            try:
                read_as(vars(one), Ablation)
            except ShapeError as error:
                raise InputError("load", f"the ablation {str(one.name)[:80]!r} is wrong at {error}") from None
        found += own
    names = [a.name for a in found]
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", name):
            raise InputError("load", f"the name {name[:80]!r} must be words of letters and digits joined by hyphens")
        if names.count(name) > 1:
            raise InputError("load", f"the name {name[:80]!r} is taken; give the ablation another")
    return {a.name: a for a in found}


def chosen(wanted: Sequence[str], ablations: dict[str, Ablation]) -> tuple[str, ...]:
    """Return the names of the ablations that the user asked for, by their own name or by that of the assumption.

    Args:
        wanted: What the user asked for; everything if empty.
        ablations: The known ones.

    Returns:
        Names, in the order of the known ones.

    Raises:
        InputError: If a name is unknown.
    """
    for name in wanted:
        if not any(name in {a.name, a.assumption} for a in ablations.values()):
            names = ", ".join(dict.fromkeys(n for a in ablations.values() for n in (a.assumption, a.name)))
            raise InputError("assumption", f"{name[:80]!r} is unknown; the names are {names}")
    return tuple(a.name for a in ablations.values() if not wanted or {a.name, a.assumption} & set(wanted))


def workload(names: Sequence[str], budget: int, load: Path | None) -> int:
    """Return the number of problems that a run examines."""
    ablations = known(load)
    return sum(problems_for(ablations[name], budget) for name in names)


def run_ablations(
    names: Sequence[str],
    budget: int,
    *,
    seed: int = 0,
    jobs: int = 1,
    time_limit: float = _TIME_LIMIT,
    load: Path | None = None,
    on_done: Callable[[int], object] = lambda done: None,
) -> AblationRun:
    """Run ablations as claims are run; the same arguments give the same run on any number of processes.

    An interrupt (Ctrl-C) ends the run early, as does the death of a process; what was finished by then is returned,
    marked as interrupted.

    Args:
        names: Their names.
        budget: How many problems each is to examine, before its cost.
        seed: The seed.
        jobs: How many processes.
        time_limit: Seconds that an examination may take.
        load: The user's file, if ablations of it are among the names.
        on_done: Called with the number of problems examined so far.

    Returns:
        The run.
    """
    ablations = known(load)
    target = "" if load is None else str(load)
    digest = "" if load is None else sha256(load.read_bytes()).hexdigest()
    wanted = [Wanted(Source(target, name, digest=digest), problems_for(ablations[name], budget)) for name in names]
    with TemporaryDirectory(prefix="gdcheck-") as folder:
        (Path(folder) / "shards").mkdir()
        run = Run(wanted, seed, time_limit, Path(folder), _claim)
        run.examine(Executor(jobs), on_done)
        done = [name for name in names if run.complete(name)]
        found = run.finish(_simplest, jobs, done)
    rows = []
    for name in done:
        total, simple = run.total(name), found.get(name)
        if isinstance(simple, str):
            total.fault, simple = simple, None
        rows.append(row_of(ablations[name], total, simple))
    return AblationRun(
        seed,
        budget,
        tuple(names),
        run.interrupted or run.lost,
        versions(),
        tuple(rows),
        target,
        "" if load is None else load.read_text(encoding="utf-8"),
        time_limit,
    )


@lru_cache
def _known(target: str, digest: str) -> dict[str, Ablation]:
    # A file is run once in a process, unless it has changed.
    return known(Path(target) if target else None)


def _claim(source: Source) -> OwnClaim:
    return claim_of(_known(source.target, source.digest)[source.name])


def _simplest(task: Shrinking) -> tuple[str, Witness | str]:
    """Return the simplest violation of an ablation, or what is wrong with the ablation."""
    try:
        _, found, _ = simplified(task)
    except ClaimError as error:
        return task.source.name, error.message
    return task.source.name, found
