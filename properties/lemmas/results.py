"""What shards come to, and how that adds up."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gdcheck.properties.lemmas.examine import Evidence, Outcome


class Violation(Struct, frozen=True):
    """A problem on which a claim does not hold.

    Attributes:
        index: Its index in the run; −1 for an example of the claim.
        problem: The problem.
        made: How it was made, without the problem; None if that is not known.
        cause: What was found.
        evidence: ``proved`` or ``observed``.
        margin: The slack, if the claim has one.
    """

    index: int
    problem: dict[str, Any]
    made: dict[str, Any] | None
    cause: str
    evidence: Evidence
    margin: float | None


class ShardResult(Struct):
    """What a shard came to.

    Attributes:
        claim: The claim.
        number: Which shard.
        examined: How many problems.
        states: How many were held, violated, undecided and aside.
        causes: By state and cause, how many.
        observed: On how many the finding is only observed.
        rechecked: How many certificates the independent checker accepted.
        first: The first violation.
        worst: The one with the smallest margin.
        fault: Why the claim cannot be used, if it cannot.
    """

    claim: str
    number: int
    examined: int = 0
    states: dict[str, int] = {}
    causes: dict[str, dict[str, int]] = {}
    observed: int = 0
    rechecked: int = 0
    first: Violation | None = None
    worst: Violation | None = None
    fault: str | None = None

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.examined += 1
        self.states[outcome.state] = self.states.get(outcome.state, 0) + 1
        if outcome.cause:
            found = self.causes.setdefault(outcome.state, {})
            found[outcome.cause] = found.get(outcome.cause, 0) + 1
        self.observed += outcome.evidence == "observed" and outcome.state in {"held", "violated"}

    def consider(self, violation: Violation) -> None:
        """Keep a violation if it is the first, or proved where that was not, or worse than those so far."""
        if self.first is None or _rank(violation) < _rank(self.first):
            self.first = violation
        if self.worst is None or _severity(violation) < _severity(self.worst):
            self.worst = violation

    def merge(self, other: ShardResult) -> None:
        """Add the counts of a later shard."""
        self.examined += other.examined
        for state, count in other.states.items():
            self.states[state] = self.states.get(state, 0) + count
        for state, causes in other.causes.items():
            found = self.causes.setdefault(state, {})
            for cause, count in causes.items():
                found[cause] = found.get(cause, 0) + count
        self.observed += other.observed
        self.rechecked += other.rechecked
        for violation in (other.first, other.worst):
            if violation is not None:
                self.consider(violation)
        self.fault = self.fault or other.fault


def _rank(v: Violation) -> tuple[bool, int]:
    return v.evidence != "proved", v.index


def _severity(v: Violation) -> tuple[bool, float, int]:
    return v.margin is None, v.margin or 0.0, v.index
