"""A shard of a run: some problems of one claim, examined in a process of their own that may be killed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import ValidationError, convert, to_builtins

from gdcheck.properties.lemmas.declare import OwnClaim, drawn_problem
from gdcheck.properties.lemmas.examine import ClaimError, Outcome, examine
from gdcheck.properties.lemmas.loading import Source, load
from gdcheck.properties.lemmas.results import ShardResult, Violation
from gdcheck.properties.lemmas.watchdog import Watchdog
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError

SIZE, BATCH = 250, 131072
"""Problems a shard: of a claim with a function, and of a statement."""
SAMPLE = 125
"""One problem of so many is examined twice, and its certificate rechecked."""

Made = tuple[Problem, Instance | None]


@dataclass(frozen=True)
class Task:
    """A shard of a run.

    Attributes:
        source: The claim.
        seed: The seed of the run.
        number: Which shard of the claim.
        size: How many problems its shards have.
        count: How many problems it has; the examples of the claim come on top in the first.
        root: The directory of the run.
        time_limit: Seconds that an examination may take.
        endless: The indices whose examination is known not to end.
    """

    source: Source
    seed: int
    number: int
    size: int
    count: int
    root: Path
    time_limit: float
    endless: tuple[int, ...] = ()

    @property
    def file(self) -> Path:
        """Where its result is kept."""
        return self.root / "shards" / f"{self.source.name}-{self.number:06}.json"

    @property
    def trace(self) -> Path:
        """Where the process leaves what it is at when it is ended."""
        return self.root / "shards" / f"{self.source.name}-{self.number:06}.trace"

    @property
    def first(self) -> int:
        """The index of its first problem."""
        return self.number * self.size


def work(task: Task) -> ShardResult:
    """Examine the problems of a shard and store the result.

    While a problem is examined, a watchdog ends this process when the time limit has passed, whatever library it is in;
    what it was at then stands in the shard's ``trace``.

    Args:
        task: The shard.

    Returns:
        The result; with a fault if the claim cannot be used.
    """
    result = ShardResult(task.source.name, task.number)
    try:
        claim = load(task.source)
        with task.trace.open("w", encoding="utf-8") as trace:
            if in_batches(claim):
                from gdcheck.properties.lemmas.batches import examine_batch  # noqa: PLC0415

                examine_batch(task.seed, task.number, task.count, claim, result)
            else:
                watchdog = Watchdog(task.time_limit, trace)
                try:
                    for index, (problem, instance) in problems_of(
                        claim, task.seed, task.number, task.first, task.count
                    ):
                        if index in task.endless:
                            result.add(Outcome("undecided", f"it did not end within {task.time_limit:g} s"))
                            continue
                        watchdog.begin(index)
                        examine_one(claim, index, problem, instance, result)
                finally:
                    watchdog.end()
    except InputError as error:
        result.fault = error.message
    task.trace.unlink(missing_ok=True)
    write_text_atomically(task.file, as_json(to_builtins(result)))
    return result


def in_batches(claim: OwnClaim) -> bool:
    """Whether certified batches decide a claim."""
    return claim.statement is not None and claim.generator is None and claim.strategy is None


def problems_of(claim: OwnClaim, seed: int, number: int, first: int, count: int) -> Iterator[tuple[int, Made]]:
    """Yield the problems of a shard, the claim's own examples before those of the first.

    Args:
        claim: The claim.
        seed: The seed of the run.
        number: Which shard.
        first: The index of its first problem.
        count: How many it has.

    Yields:
        The index of each problem, below 0 for an example, and the problem.

    Raises:
        ClaimError: If its generator or strategy makes no problem.
    """
    if number == 0:
        yield from ((-1 - k, (problem, None)) for k, problem in enumerate(claim.examples))
    if claim.strategy is not None or claim.built_in is not None:
        from gdcheck.properties.lemmas.drawing import drawn  # noqa: PLC0415

        yield from enumerate(drawn(claim, seed, number, count), first)
        return
    for index in range(first, first + count):
        try:
            made = drawn_problem(claim, seed, index)
        except Exception as error:
            about = f"the generator of {claim.name} fails on index {index}"
            raise ClaimError("claim", f"{about} ({type(error).__name__}: {str(error)[:200]})") from None
        yield index, made


def examine_one(claim: OwnClaim, index: int, problem: Problem, instance: Instance | None, result: ShardResult) -> None:
    """Examine a claim on a problem and count the outcome; what counts most is examined twice.

    Args:
        claim: The claim.
        index: The problem's index.
        problem: The problem.
        instance: How it was made, if that is known.
        result: Where the outcome is counted.

    Raises:
        ClaimError: If the claim cannot be used.
    """
    try:
        outcome, decision = examine(claim, problem, instance)
    except ClaimError:
        raise
    except InputError as error:
        outcome, decision = Outcome("undecided", f"the problem cannot be decided: {error}"[:200]), None
    if outcome.state == "violated" or index % SAMPLE == 0:
        # The result is what counts, so it must not depend on chance, nor on what was examined before.
        again = examine(claim, problem, instance)[0] if decision is not None or claim.built_in else outcome
        if again != outcome:
            said = f"{claim.name} at {Path(claim.file).name}:{claim.line} is {outcome.state} on a problem, and"
            raise ClaimError(
                "claim", f"{said} {again.state} when it is examined again; it must not depend on chance or on state"
            )
        outcome = _rechecked(outcome, decision, result)
    result.add(outcome)
    if outcome.state == "violated":
        made = None if instance is None else {k: v for k, v in instance.to_json().items() if k != "problem"}
        result.consider(
            Violation(index, problem.to_json(), made, outcome.cause, outcome.evidence, outcome.margin),
        )


def _rechecked(outcome: Outcome, decision: Decision | None, result: ShardResult) -> Outcome:
    """Return the outcome after the independent checker has seen the proof of what the claim assumes."""
    proof = None if decision is None else certificate(decision)
    if proof is None:
        return outcome
    try:
        failure = check(proof)
    except NotChecked as gave_up:
        return Outcome("undecided", f"the certificate is {gave_up}"[:200])
    except BadCertificate as error:
        failure = str(error)
    if failure is not None:
        return Outcome("undecided", f"the independent checker rejects the certificate: {failure}"[:200])
    result.rechecked += 1
    return outcome


def stored(task: Task) -> ShardResult | None:
    """Return the result of a shard of an earlier call; None if it is not there in full."""
    try:
        found = convert(json.loads(task.file.read_text(encoding="utf-8")), ShardResult)
    except (OSError, ValueError, ValidationError):
        return None
    return found if (found.claim, found.number) == (task.source.name, task.number) else None


def ended_at(task: Task) -> tuple[int, str] | None:
    """Where a process was when the watchdog ended it.

    Args:
        task: The shard that it was working on.

    Returns:
        The index of the problem, and the place in the claim's file; None if no watchdog ended it.
    """
    try:
        text = task.trace.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    index, _, trace = text.partition("\n")
    if "Timeout" not in trace:
        return None
    lines = re.findall(rf'File "[^"]*{re.escape(task.source.file)}", line (\d+)', trace) if task.source.file else []
    return int(index), f"{task.source.file}:{lines[0]}" if lines else task.source.name
