"""The proofs of a finished run of ``gdcheck verify``, given to Coq's kernel too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.kernel import KernelRun, coq_version, in_kernel_form
from gdcheck.properties.verify.record import ACCEPTED, Record
from gdcheck.properties.verify.verification import Verification
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.decision.decide import Verdict, decide

_SECONDS = 300.0
"""What Coq may take for one certificate."""
_POLL = 0.02


def kernel_workload(run: Verification) -> int:
    """Count the proofs that the kernel has a theorem about."""
    return sum(_has_theorem(record) for record in run.records)


def check_run_in_kernel(
    run: Verification, library: Path, jobs: int = 1, on_done: Callable[[int], None] = lambda done: None
) -> Verification:
    """Have Coq's kernel check every proof of a run that it has a theorem about.

    An interrupt (Ctrl-C) ends it early; the run is returned with what was checked by then, marked as interrupted.

    Args:
        run: The run, rechecked.
        library: The compiled proofs.
        jobs: How many processes of Coq at once.
        on_done: Called with the number of certificates checked so far, of ``kernel_workload(run)``.

    Returns:
        The run. A proof that the kernel does not accept is unresolved.
    """
    records = run.records
    waiting = ((i, record) for i, record in enumerate(records) if _has_theorem(record))
    done: dict[int, Record] = {}
    interrupted = False
    try:
        for index, record in _checked(run.seed, library, waiting, jobs):
            done[index] = record
            on_done(len(done))
    except KeyboardInterrupt:
        interrupted = True
    found = iter([done.get(i, record) for i, record in enumerate(records)])
    paper, sweep = (
        tuple(
            replace(row, record=record, agrees=row.agrees and record.kernel is not False)
            for row, record in zip(rows, islice(found, len(rows)), strict=True)
        )
        for rows in (run.paper, run.sweep)
    )
    versions = run.versions | {"coq": coq_version()}
    checked = replace(run, paper=paper, sweep=sweep, random=tuple(found), versions=versions, interrupted=interrupted)
    return checked.added_up()


def _has_theorem(record: Record) -> bool:
    return record.verdict == Verdict.PROVED.value and record.recheck == ACCEPTED and not record.truncated


def _checked(
    seed: int, library: Path, waiting: Iterator[tuple[int, Record]], jobs: int
) -> Iterator[tuple[int, Record]]:
    with ExitStack() as stack:
        running: list[tuple[int, Record, KernelRun]] = []
        while True:
            while len(running) < jobs and (item := next(waiting, None)) is not None:
                index, record = item
                problem = record.problem.problem() if record.problem else random_problem(seed, record.index)
                data = certificate(decide(problem, cones=False))
                if data is None or not in_kernel_form(data):
                    continue
                running.append((index, record, stack.enter_context(KernelRun(library, data, _SECONDS))))
            if not running:
                return
            ended = [one for one in running if one[2].ended]
            running = [one for one in running if one not in ended]
            for index, record, run in ended:
                yield index, _said(record, run)
                run.close()
            time.sleep(_POLL)


def _said(record: Record, run: KernelRun) -> Record:
    try:
        failure = run.failure()
    except NotChecked as gave_up:
        failure = str(gave_up)
    if failure is None:
        return replace(record, kernel=True)
    reason = f"decided as {record.verdict}, but Coq's kernel does not accept it: {failure}"
    return replace(record, kernel=False, verdict=Verdict.UNRESOLVED.value, reason=reason)
