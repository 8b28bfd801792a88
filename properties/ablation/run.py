"""A run of ablations over processes, and its plain data."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gdcheck.properties.ablation.ablation import Ablation
from gdcheck.properties.ablation.result import AblationRow, AblationRun
from gdcheck.properties.ablation.rows import ABLATIONS
from gdcheck.properties.ablation.search import ablate
from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.verify.verification import versions
from gdcheck.theorem.certificate.shapes import ShapeError, read_as
from gdcheck.theorem.loss.errors import InputError


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
        try:
            own = runpy.run_path(str(load)).get("ABLATIONS")
        except (Exception, SystemExit) as error:
            reason = str(error)[:200] or type(error).__name__
            raise InputError("load", f"{str(load)[:200]!r} cannot be run ({reason}); fix the file") from None
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
    """Return the names of the ablations that are meant: by their own name or by that of the assumption.

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


def run_ablations(
    names: Sequence[str],
    budget: int,
    *,
    seed: int = 0,
    jobs: int = 1,
    load: Path | None = None,
    on_done: Callable[[int], None] = lambda done: None,
) -> AblationRun:
    """Run ablations; the same arguments give the same run on any number of processes.

    An interrupt (Ctrl-C) ends the run early, as does the death of a process; what was finished by then is returned,
    marked as interrupted.

    Args:
        names: Their names.
        budget: How many problems each is to examine, before its cost.
        seed: The seed.
        jobs: How many processes; with one, everything runs in this process.
        load: The user's file, if ablations of it are among the names.
        on_done: Called with the number of ablations finished so far.

    Returns:
        The run.
    """
    rows: dict[str, AblationRow] = {}

    def take(row: AblationRow) -> None:
        rows[row.name] = row
        on_done(len(rows))

    ending = run_tasks(partial(_one, budget=budget, seed=seed, load=load), names, take, jobs)
    done = tuple(rows[name] for name in names if name in rows)
    return AblationRun(seed, budget, tuple(names), ending is not Ending.COMPLETE, versions(), done)


def _one(name: str, budget: int, seed: int, load: Path | None) -> AblationRow:
    return ablate(known(load)[name], budget, seed)
