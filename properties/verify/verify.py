"""The run behind ``gdcheck verify``: the paper's rows, a sweep over the boundary, and random problems, all rechecked.

Nothing counts as proved unless the independent checker accepts its certificate. A record depends on its problem
alone, so a run is the same on any number of processes.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from heapq import nsmallest
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

import flint
from flint import fmpq

from gdcheck.properties.storage.workers import Ending, run_tasks
from gdcheck.properties.strategies.random_problems import random_problem
from gdcheck.properties.verify.paper_examples import paper_examples
from gdcheck.properties.verify.record import ACCEPTED, REJECTED, Checker, Record, checked_by_recheck, examine
from gdcheck.properties.verify.sharpness_rows import SharpnessRow, sharpness_rows
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.sharpness.pattern import Kind

SWEPT_LOSS = "x**2 + y**2/2 + x**2*y + x**3"
"""The loss of the sweep: the paper's worked example; η runs over 59 multiples of 1/40 of its boundary 2/3."""

_SWEPT_VARIABLES = ("x", "y")
_SWEPT_BOUNDARY = fmpq(2, 3)
_SWEPT_PARTS = 40
_SWEPT = 59

CLOSEST_CALLS = 5
"""How many proved random problems of the smallest margins are kept in full."""

_CHUNK = 8
_ALIGNED = 1 - 1e-12

_Task: TypeAlias = tuple[str, int]
_PAPER, _SWEEP, _RANDOM = "paper", "sweep", "random"


@dataclass(frozen=True)
class Expected:
    """What is known beforehand of a problem.

    Attributes:
        verdict: The verdict.
        kind: The kind of limit.
        axis: The variable along whose axis the limit lies; None where it lies along none.
    """

    verdict: str
    kind: str
    axis: str | None


@dataclass(frozen=True)
class Row:
    """A problem whose outcome is known beforehand.

    Attributes:
        title: The loss and the step size, for people.
        expected: What is known.
        agrees: Whether verdict, kind and axis are the expected ones and the checker accepted.
        record: What was found.
    """

    title: str
    expected: Expected
    agrees: bool
    record: Record


@dataclass(frozen=True)
class Verification:
    """A whole run.

    Attributes:
        seed: The seed of the random problems.
        problems: How many random problems were asked for.
        interrupted: Whether the run was ended early; what follows then holds only what was finished.
        versions: The versions of the programs that matter.
        paper: The paper's rows.
        sweep: The sweep of the paper's worked example over the boundary.
        random: The random problems, by index.
        sharpness: The sharpness on the paper's instances; empty if the run was interrupted.
    """

    seed: int
    problems: int
    interrupted: bool
    versions: dict[str, str]
    paper: tuple[Row, ...]
    sweep: tuple[Row, ...]
    random: tuple[Record, ...]
    sharpness: tuple[SharpnessRow, ...]

    @property
    def records(self) -> list[Record]:
        """All records of the run."""
        return [row.record for row in (*self.paper, *self.sweep)] + list(self.random)

    @property
    def verdicts(self) -> dict[str, int]:
        """How many random problems ended in each verdict."""
        found = Counter(record.verdict for record in self.random)
        return {verdict.value: found[verdict.value] for verdict in Verdict}

    @property
    def rejected(self) -> int:
        """How many certificates the checker rejected."""
        return sum(record.recheck == REJECTED for record in self.records)

    @property
    def outcome(self) -> str:
        """``failed``, ``incomplete`` or ``passed``.

        A run fails if anything is refuted or an expected row is decided otherwise. It is incomplete if it was
        interrupted, if anything is unresolved or undecided, or if a random problem lies outside the theorem. Else it
        passes.
        """
        rows = [(row.agrees, row.record.verdict) for row in (*self.paper, *self.sweep)]
        sharp = [(row.agrees, row.kind) for row in self.sharpness]
        return outcome_of(rows, sharp, [record.verdict for record in self.random], interrupted=self.interrupted)


def outcome_of(
    rows: Sequence[tuple[bool, str]], sharpness: Sequence[tuple[bool, str]], random: Sequence[str], *, interrupted: bool
) -> str:
    """What a run comes to; see ``Verification.outcome``.

    Args:
        rows: Whether each expected row agrees, and its verdict.
        sharpness: Whether the sharpness of each instance agrees, and its kind.
        random: The verdicts of the random problems.
        interrupted: Whether the run was ended early.

    Returns:
        ``failed``, ``incomplete`` or ``passed``.
    """
    unresolved, undecided = Verdict.UNRESOLVED.value, Kind.UNDECIDED.value
    verdicts = {verdict for _, verdict in rows} | set(random)
    contradicted = any(not agrees and verdict != unresolved for agrees, verdict in rows)
    contradicted |= any(not agrees and kind != undecided for agrees, kind in sharpness)
    if contradicted or Verdict.REFUTED.value in verdicts:
        return "failed"
    open_ends = unresolved in verdicts or any(kind == undecided for _, kind in sharpness)
    if interrupted or open_ends or Verdict.NOT_APPLICABLE.value in random:
        return "incomplete"
    return "passed"


def workload(problems: int) -> int:
    """How many problems a run decides in all: the random ones, the paper's rows and the sweep."""
    return len(paper_examples()) + _SWEPT + problems


def verify(
    problems: int,
    seed: int,
    jobs: int = 1,
    on_done: Callable[[int], None] = lambda done: None,
    checker: Checker = checked_by_recheck,
) -> Verification:
    """Decide and recheck the paper's rows, the sweep and the random problems.

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
    tasks = [(_PAPER, i) for i in range(len(paper_examples()))] + [(_SWEEP, i) for i in range(_SWEPT)]
    tasks += [(_RANDOM, i) for i in range(problems)]
    size = 1 if jobs <= 1 else _CHUNK
    chunks = (tasks[i : i + size] for i in range(0, len(tasks), size))
    done: dict[_Task, Row | Record] = {}

    def take(results: dict[_Task, Row | Record]) -> None:
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
        seed=seed,
        problems=problems,
        interrupted=ending is Ending.INTERRUPTED,
        versions=versions(),
        paper=tuple(row for part, row in found if part == _PAPER and isinstance(row, Row)),
        sweep=tuple(row for part, row in found if part == _SWEEP and isinstance(row, Row)),
        sharpness=sharpness,
        random=_with_closest_calls(tuple(record for _, record in found if isinstance(record, Record)), seed),
    )


def _examined(tasks: Sequence[_Task], seed: int, checker: Checker) -> dict[_Task, Row | Record]:
    return {
        task: _placed(task, examine(partial(_problem, task, seed), task[1], checker, keep_problem=task[0] != _RANDOM))
        for task in tasks
    }


def _lost(task: _Task, seed: int) -> Row | Record:
    reason = "its process ended before it was decided"
    unresolved = Verdict.UNRESOLVED.value
    return _placed(task, Record(task[1], unresolved, reason, problem=_problem(task, seed).to_json()))


def _problem(task: _Task, seed: int) -> Problem:
    part, index = task
    if part == _PAPER:
        return paper_examples()[index].problem
    if part == _SWEEP:
        return Problem.build(SWEPT_LOSS, _SWEPT_BOUNDARY * fmpq(index + 1, _SWEPT_PARTS), ["0.1", "0.1"])
    return random_problem(seed, index)


def _placed(task: _Task, record: Record) -> Row | Record:
    part, index = task
    if part == _PAPER:
        example = paper_examples()[index]
        expected = Expected(Verdict.PROVED.value, example.kind.value, example.axis)
        return _row(example.title, expected, example.problem.loss.variables, record)
    if part == _SWEEP:
        title = f"{SWEPT_LOSS}, η = {Fraction(index + 1, _SWEPT_PARTS)} of the boundary"
        return _row(title, _expected_in_sweep(index + 1 - _SWEPT_PARTS), _SWEPT_VARIABLES, record)
    return record


def _expected_in_sweep(position: int) -> Expected:
    if position == 0:
        return Expected(Verdict.NOT_APPLICABLE.value, LimitKind.TWO_CYCLE.value, None)
    kind, axis = (LimitKind.FIXED, "y") if position < 0 else (LimitKind.ALTERNATING, "x")
    return Expected(Verdict.PROVED.value, kind.value, axis)


def _row(title: str, expected: Expected, variables: Sequence[str], record: Record) -> Row:
    limit = record.limit or {"kind": None}
    agrees = record.recheck == ACCEPTED and (record.verdict, limit["kind"]) == (expected.verdict, expected.kind)
    if agrees and expected.axis is not None:
        agrees = limit["vector"][variables.index(expected.axis)] ** 2 >= _ALIGNED
    return Row(title, expected, agrees, record)


def _with_closest_calls(records: tuple[Record, ...], seed: int) -> tuple[Record, ...]:
    """The records, with the problems of the smallest margins kept."""
    margins = [(r.margin, r.index) for r in records if r.verdict == Verdict.PROVED.value and r.margin is not None]
    kept = {index for _, index in nsmallest(CLOSEST_CALLS, margins)}
    return tuple(
        replace(r, problem=_problem((_RANDOM, r.index), seed).to_json()) if r.index in kept else r for r in records
    )


def versions() -> dict[str, str]:
    """The versions of the programs that matter to a verdict."""
    try:
        here = version("gdcheck")
    except PackageNotFoundError:
        here = "not installed"
    return {"gdcheck": here, "python": platform.python_version(), "python-flint": flint.__version__}
