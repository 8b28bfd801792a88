"""A shard of a run: some problems of one claim, examined in a process of their own that may be killed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import DecodeError, ValidationError, to_builtins
from msgspec.json import decode

from gdcheck.properties.lemmas.declare import ASSUMPTIONS, RECIPE, OwnClaim
from gdcheck.properties.lemmas.drawing import Shard, Watch, draw_with_hypothesis, drawn_problem, named, problems_of
from gdcheck.properties.lemmas.examine import AnyDecision, examine, proof_of
from gdcheck.properties.lemmas.loading import Source, load
from gdcheck.properties.lemmas.outcome import ClaimError, Outcome
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.watchdog import Watchdog
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check
from gdcheck.theorem.loss.errors import InputError, in_words

SIZE, BATCH = 250, 131072
"""The number of problems in a shard: of most claims, and of a statement."""
SAMPLE = 125
"""One problem in this number is examined twice, and its certificate rechecked."""

MOST_ENDLESS = 3
"""Problems on which a claim may fail to end before it is given up."""

Loader = Callable[[Source], OwnClaim]


@dataclass(frozen=True)
class Task:
    """A shard to be worked on.

    Attributes:
        source: The claim.
        shard: Which of its problems.
        root: The directory of the run.
        time_limit: Seconds that an examination may take.
        loader: Makes the claim of the source; importable by name.
        endless: The indices whose examination is known not to end, and where it was then.
    """

    source: Source
    shard: Shard
    root: Path
    time_limit: float
    loader: Loader = load
    endless: dict[int, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Where its result is kept."""
        return self.root / "shards" / f"{self.source.name}-{self.shard.number:06}.json"

    @property
    def trace(self) -> Path:
        """The file in which a process that is ended leaves the problem and the traceback."""
        return self.file.with_suffix(".trace")


def work(task: Task) -> ShardResult:
    """Examine the problems of a shard and store the result.

    While a problem is drawn or examined, a watchdog ends this process when the time limit has passed, even inside a C
    library; the problem and the traceback are then in the shard's ``trace``.

    Args:
        task: The shard.

    Returns:
        The result; with a fault if the claim cannot be used.
    """
    result = ShardResult(task.source.name, task.shard.number, endless=task.endless)
    try:
        claim = task.loader(task.source)
        with task.trace.open("w", encoding="utf-8") as trace:
            watchdog = Watchdog(task.time_limit, trace)
            try:
                examine_shard(claim, task.shard, result, watchdog.begin)
            finally:
                watchdog.end()
    except InputError as error:
        result.fault = error.message
    task.trace.unlink(missing_ok=True)
    keep(task, result)
    return result


def keep(task: Task, result: ShardResult) -> None:
    """Store the result of a shard.

    Args:
        task: The shard.
        result: Its result.
    """
    try:
        text = as_json(to_builtins(result))
    except (TypeError, ValueError) as error:
        result.first = result.worst = result.closest = result.shown = None
        result.fault = f"what its examination returned is no JSON ({in_words(error)})"
        text = as_json(to_builtins(result))
    write_text_atomically(task.file, text)


def examine_shard(claim: OwnClaim, shard: Shard, result: ShardResult, watch: Watch = lambda index: None) -> None:
    """Examine the problems of a shard, in this process.

    Args:
        claim: The claim.
        shard: The shard.
        result: Where the outcomes are counted; it holds the indices that are known not to end.
        watch: Called before a problem is drawn, and before it is examined.

    Raises:
        ClaimError: If the claim cannot be used.
    """
    if in_batches(claim):
        from gdcheck.properties.lemmas.batches import examine_batch  # noqa: PLC0415

        examine_batch(shard, claim, result)
        # The claim's own examples are left.
        shard = replace(shard, count=0)

    def take(index: int, drawn: Any) -> float | None:
        if index in result.endless:
            result.add(Outcome("undecided", "it did not end within the time limit"))
            return None
        watch(index)
        return _examine_one(claim, shard.seed, index, drawn, result)

    if claim.searches:
        indices = count(shard.first)
        watch(shard.first)
        draw_with_hypothesis(claim, shard, lambda drawn: take(next(indices), drawn), result)
        return
    for index, drawn in problems_of(claim, shard, result, watch):
        take(index, drawn)


def in_batches(claim: OwnClaim) -> bool:
    """Whether certified batches decide a claim: a statement on problems of the kind that they have."""
    usual = replace(claim.recipe, regimes=RECIPE.regimes) == RECIPE and claim.assumes == ASSUMPTIONS
    return claim.statement is not None and usual and claim.generator is None and not claim.strategies


def _examine_one(claim: OwnClaim, seed: int, index: int, drawn: Any, result: ShardResult) -> float | None:
    """Examine a claim on a problem, count the outcome and return its margin; important outcomes are examined twice."""
    try:
        outcome, decision = examine(claim, drawn)
    except ClaimError:
        raise
    except InputError as error:
        outcome, decision = Outcome("undecided", f"the problem cannot be decided: {error}"[:200]), None
    sampled = index % SAMPLE == 0
    if sampled and claim.generator is not None and index >= 0 and drawn_problem(claim, seed, index) != drawn:
        said = f"its generator makes another problem when it is asked for index {index} again; draw from the random"
        raise ClaimError(named(claim, f"{said} number generator that it is given"))
    # The result must not depend on chance, nor on problems that were examined before.
    if sampled or (outcome.state == "violated" and claim.examination is None):
        again = examine(claim, drawn)[0] if decision is not None or claim.examination is not None else outcome
        if again != outcome:
            differs = again.state if again.state != outcome.state else "with another margin or note"
            found = f"is {outcome.state} on a problem, and {differs} when it is examined again"
            raise ClaimError(named(claim, f"it {found}; it must not depend on chance or on state"))
        outcome = _rechecked(outcome, decision, result)
    result.add(outcome)
    result.keep(index, drawn, outcome)
    return outcome.margin


def _rechecked(outcome: Outcome, decision: AnyDecision | None, result: ShardResult) -> Outcome:
    """Return the outcome after the independent checker has checked the proof of the claim's assumptions."""
    proof = None if decision is None else proof_of(decision)
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
        found = decode(task.file.read_bytes(), type=ShardResult)
    except (OSError, DecodeError, ValidationError, UnicodeDecodeError):
        return None
    return found if (found.claim, found.number) == (task.source.name, task.shard.number) else None


def ended_at(task: Task) -> tuple[int, str] | None:
    """Return where a process was when the watchdog ended it.

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
    name = task.source.file
    lines = re.findall(rf'File "(?:[^"]*[/\\])?{re.escape(name)}", line (\d+)', trace) if name else []
    return int(index), f"{name}:{lines[0]}" if lines else task.loader(task.source).place() if name else task.source.name


def with_endless(task: Task, index: int, place: str) -> Task:
    """Return the task once it is known that an index does not end.

    Args:
        task: The task.
        index: The index.
        place: Where it was then.

    Returns:
        The task.

    Raises:
        ClaimError: If that was known before: then it is drawing that does not end.
    """
    if index in task.endless:
        said = f"{task.source.name} does not end within {task.time_limit:g} s while its problems are drawn ({place})"
        raise ClaimError(f"{said}; fix its strategy, or give a larger --time-limit")
    return replace(task, endless={**task.endless, index: place})
