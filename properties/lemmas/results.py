"""What shards come to, and how that adds up."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gdcheck.properties.lemmas.outcome import Outcome
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.shapes import Evidence


class Witness(Struct, frozen=True):
    """A problem that is kept: one on which a claim does not hold, or an example where it holds.

    Attributes:
        index: Its index in the run; below 0 for an example of the claim.
        problem: The problem.
        made: How it was made, without the problem; None if that is not known.
        cause: What was found.
        evidence: ``proved`` or ``observed``.
        margin: The slack, if the claim has one.
        about: What else the examination says of it, as plain data.
    """

    index: int
    problem: dict[str, Any]
    made: dict[str, Any] | None
    cause: str
    evidence: Evidence
    margin: float | None
    about: dict[str, Any] | None = None

    @classmethod
    def of(cls, index: int, drawn: Any, outcome: Outcome) -> Witness:
        """Keep a problem with its outcome.

        Args:
            index: Its index.
            drawn: What was drawn: a problem, an instance, or what only the examination reads.
            outcome: What was found.
        """
        instance = drawn if isinstance(drawn, Instance) and outcome.problem is None else None
        made = None if instance is None else {k: v for k, v in instance.to_json().items() if k != "problem"}
        problem = (outcome.problem or (drawn if instance is None else instance.problem)).to_json()
        return cls(index, problem, made, outcome.cause, outcome.evidence, outcome.margin, outcome.about)


class ShardResult(Struct):
    """What a shard came to, or several that were merged.

    Attributes:
        claim: The claim.
        number: Which shard.
        examined: How many problems.
        states: How many were held, violated, undecided and aside.
        causes: By state and cause, how many.
        observed: On how many the finding is only observed.
        weaker: On how many a weaker claim holds, and on how many it does not.
        rechecked: How many certificates the independent checker accepted.
        first: The first violation, one that is proved if there is one.
        worst: The one with the smallest margin, among the proved ones if there are such.
        shown: The last problem on which it holds, where the examination says more of it.
        endless: The indices whose examination did not end, and where it was then.
        fault: Why the claim cannot be used, if it cannot.
    """

    claim: str
    number: int = 0
    examined: int = 0
    states: dict[str, int] = {}
    causes: dict[str, dict[str, int]] = {}
    observed: int = 0
    weaker: tuple[int, int] = (0, 0)
    rechecked: int = 0
    first: Witness | None = None
    worst: Witness | None = None
    shown: Witness | None = None
    endless: dict[int, str] = {}
    fault: str | None = None

    def add(self, outcome: Outcome, count: int = 1) -> None:
        """Count an outcome, which stands for so many problems."""
        self.examined += count
        self.states[outcome.state] = self.states.get(outcome.state, 0) + count
        if outcome.cause:
            found = self.causes.setdefault(outcome.state, {})
            found[outcome.cause] = found.get(outcome.cause, 0) + count
        if outcome.evidence == "observed" and outcome.state in {"held", "violated"}:
            self.observed += count
        if outcome.weaker is not None:
            self.weaker = (self.weaker[0] + outcome.weaker, self.weaker[1] + (not outcome.weaker))

    def keep(self, index: int, drawn: Any, outcome: Outcome) -> None:
        """Keep a problem if it is worth showing."""
        if outcome.state == "violated":
            self._consider(Witness.of(index, drawn, outcome))
        elif outcome.state == "held" and outcome.about is not None:
            self.shown = Witness.of(index, drawn, outcome)

    def _consider(self, found: Witness) -> None:
        if self.first is None or _rank(found) < _rank(self.first):
            self.first = found
        if self.worst is None or _severity(found) < _severity(self.worst):
            self.worst = found

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
        self.weaker = (self.weaker[0] + other.weaker[0], self.weaker[1] + other.weaker[1])
        self.rechecked += other.rechecked
        for violation in (other.first, other.worst):
            if violation is not None:
                self._consider(violation)
        self.shown = other.shown or self.shown
        self.endless |= other.endless
        self.fault = self.fault or other.fault


def _rank(found: Witness) -> tuple[bool, int]:
    return found.evidence != "proved", found.index


def _severity(found: Witness) -> tuple[bool, bool, float, int]:
    return found.evidence != "proved", found.margin is None, found.margin or 0.0, found.index
