"""The run behind ``gdcheck verify``: the paper's rows, step sizes over the boundary, random problems, all rechecked.

Nothing counts as proved unless the independent checker accepts its certificate. A record depends on its problem
alone, so a run is the same on any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from heapq import nsmallest
from typing import TypeAlias

from flint import fmpq
from msgspec.structs import replace

from gdcheck.properties.storage.versions import versions
from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.properties.verify.record import ACCEPTED, Checker, Record, checked_by_recheck, examine
from gdcheck.properties.verify.sharpness_rows import SharpnessRow, sharpness_rows
from gdcheck.properties.verify.verification import Expected, ExpectedRow, Verification
from gdcheck.theorem.certificate.shapes import StoredProblem
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind

SWEPT_LOSS = "x**2 + y**2/2 + x**2*y + x**3"
"""The loss of the scan: the paper's worked example; η runs over 59 multiples of 1/40 of its boundary 2/3."""

_SWEPT_VARIABLES = ("x", "y")
_SWEPT_BOUNDARY = fmpq(2, 3)
_SWEPT_PARTS = 40
_SWEPT = 59

CLOSEST_CALLS = 5
"""How many proved random problems of the smallest margins are kept in full."""

_CHUNK = 8
_ALIGNED = 1 - 1e-12

_Task: TypeAlias = tuple[str, int]
_PAPER, _SCAN, _RANDOM = "paper", "scan", "random"


def workload(problems: int) -> int:
    """Return the number of problems that a run decides: the random ones, the paper's rows and the scan."""
    return len(TABLE) + _SWEPT + problems


def verify(
    problems: int,
    seed: int,
    jobs: int = 1,
    on_done: Callable[[int], None] = lambda done: None,
    checker: Checker = checked_by_recheck,
) -> Verification:
    """Decide and recheck the paper's rows, the scan and the random problems.

    An interrupt (Ctrl-C) ends the run early; what was finished by then is returned, marked as interrupted.

    Args:
        problems: How many random problems.
        seed: Their seed.
        jobs: How many processes; with one, everything runs in this process.
        on_done: Called with the number of problems finished so far, of ``workload(problems)``.
        checker: The checker of certificates; importable by name, as it is sent to other processes.

    Returns:
        The run.
    """
    tasks = [(_PAPER, i) for i in range(len(TABLE))] + [(_SCAN, i) for i in range(_SWEPT)]
    tasks += [(_RANDOM, i) for i in range(problems)]
    size = 1 if jobs <= 1 else _CHUNK
    chunks = (tasks[i : i + size] for i in range(0, len(tasks), size))
    done: dict[_Task, ExpectedRow | Record] = {}

    def take(results: dict[_Task, ExpectedRow | Record]) -> None:
        done.update(results)
        on_done(len(done))

    ending = run_tasks(partial(_examined, seed=seed, checker=checker), chunks, take, jobs)
    sharpness: tuple[SharpnessRow, ...] = ()
    if ending is not Ending.INTERRUPTED:
        # A process that was killed must not take its problems with it.
        done.update({task: _lost(task, seed) for task in tasks if task not in done})
        try:
            sharpness = sharpness_rows()
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
    found = [(task[0], done[task]) for task in tasks if task in done]
    return Verification(
        outcome="incomplete",
        seed=seed,
        problems=problems,
        interrupted=ending is Ending.INTERRUPTED,
        versions=versions(),
        verdicts={},
        rejected=0,
        paper=tuple(row for part, row in found if part == _PAPER and isinstance(row, ExpectedRow)),
        sweep=tuple(row for part, row in found if part == _SCAN and isinstance(row, ExpectedRow)),
        sharpness=sharpness,
        random=_with_closest_calls(tuple(record for _, record in found if isinstance(record, Record)), seed),
    ).added_up()


def _examined(tasks: Sequence[_Task], seed: int, checker: Checker) -> dict[_Task, ExpectedRow | Record]:
    return {
        task: _placed(task, examine(partial(_problem, task, seed), task[1], checker, keep_problem=task[0] != _RANDOM))
        for task in tasks
    }


def _lost(task: _Task, seed: int) -> ExpectedRow | Record:
    reason = "its process ended before it was decided"
    unresolved = Verdict.UNRESOLVED.value
    return _placed(task, Record(task[1], unresolved, reason, problem=StoredProblem.of(_problem(task, seed))))


def _problem(task: _Task, seed: int) -> Problem:
    part, index = task
    if part == _PAPER:
        return TABLE[index].problem
    if part == _SCAN:
        return Problem(SWEPT_LOSS, step_size=_SWEPT_BOUNDARY * fmpq(index + 1, _SWEPT_PARTS), start=["0.1", "0.1"])
    return random_problem(seed, index)


def _placed(task: _Task, record: Record) -> ExpectedRow | Record:
    part, index = task
    if part == _PAPER:
        example = TABLE[index]
        expected = Expected(Verdict.PROVED.value, example.kind.value, example.axis)
        return _row(example.title, expected, example.problem.loss.variables, record)
    if part == _SCAN:
        title = f"{SWEPT_LOSS}, η = {Fraction(index + 1, _SWEPT_PARTS)} of the boundary"
        return _row(title, _expected_in_sweep(index + 1 - _SWEPT_PARTS), _SWEPT_VARIABLES, record)
    return record


def _expected_in_sweep(position: int) -> Expected:
    if position == 0:
        return Expected(Verdict.NOT_APPLICABLE.value, LimitKind.TWO_CYCLE.value, None)
    kind, axis = (LimitKind.FIXED, "y") if position < 0 else (LimitKind.ALTERNATING, "x")
    return Expected(Verdict.PROVED.value, kind.value, axis)


def _row(title: str, expected: Expected, variables: Sequence[str], record: Record) -> ExpectedRow:
    limit = record.limit
    kind = None if limit is None else limit.kind
    agrees = record.recheck == ACCEPTED and (record.verdict, kind) == (expected.verdict, expected.kind)
    if agrees and expected.axis is not None:
        along = limit.vector if limit is not None else None
        agrees = along is not None and along[variables.index(expected.axis)] ** 2 >= _ALIGNED
    return ExpectedRow(title, expected, agrees, record)


def _with_closest_calls(records: tuple[Record, ...], seed: int) -> tuple[Record, ...]:
    """Return the records, with the problems of the smallest margins kept."""
    margins = [(r.margin, r.index) for r in records if r.verdict == Verdict.PROVED.value and r.margin is not None]
    kept = {index for _, index in nsmallest(CLOSEST_CALLS, margins)}

    def whole(record: Record) -> Record:
        return replace(record, problem=StoredProblem.of(_problem((_RANDOM, record.index), seed)))

    return tuple(whole(record) if record.index in kept else record for record in records)
