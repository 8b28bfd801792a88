"""The results of shards, and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from msgspec import Struct

from gdcheck.properties.lemmas.outcome import STRENGTHS, Outcome, Strength
from gdcheck.properties.strategies.made import Made
from gdcheck.theorem.certificate.shapes import example_json


class Witness(Struct, frozen=True):
    """A problem that is kept: one on which a claim does not hold, or an example where it holds.

    Attributes:
        index: Its index in the run; below 0 for an example of the claim.
        problem: The problem.
        made: How it was made, without the problem; None if that is not known.
        cause: What was found.
        evidence: ``proved``, ``observed``, or ``undecided`` where a decision is owed.
        margin: The slack, if the claim has one.
        about: Further data from the examination, as plain data.
    """

    index: int
    problem: dict[str, Any]
    made: dict[str, Any] | None
    cause: str
    evidence: Strength
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
        instance = drawn if isinstance(drawn, Made) and outcome.problem is None else None
        made = None if instance is None else {k: v for k, v in instance.to_json().items() if k != "problem"}
        problem = example_json(outcome.problem or (drawn if instance is None else instance.problem))
        evidence: Strength = "undecided" if outcome.state == "undecided" else outcome.evidence
        return cls(index, problem, made, outcome.cause, evidence, outcome.margin, outcome.about)


class ShardResult(Struct):
    """The result of a shard, or of several that were merged.

    Attributes:
        claim: The claim.
        number: Which shard.
        examined: How many problems.
        states: How many were held, violated, undecided and aside.
        causes: By state and cause, how many.
        observed: On how many the finding is only observed.
        weaker: On how many a weaker claim holds, and on how many it does not.
        rechecked: How many certificates the independent checker accepted.
        kinds: Further counts of problems: how many of each kind.
        steps: The largest step at which a certificate applies.
        drawn: How many problems Hypothesis drew.
        discarded: How many of them were of no use.
        first: The first violation, a proved one if there is one; without a violation, the first that is owed a
            decision.
        worst: The one with the smallest margin, among the proved ones if there are such.
        closest: The problem on which it holds with the smallest margin.
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
    kinds: dict[str, dict[str, int]] = {}
    steps: int = 0
    drawn: int = 0
    discarded: int = 0
    first: Witness | None = None
    worst: Witness | None = None
    closest: Witness | None = None
    shown: Witness | None = None
    endless: dict[int, str] = {}
    fault: str | None = None

    def add(self, outcome: Outcome, count: int = 1) -> None:
        """Count an outcome, which stands for a number of problems."""
        self.examined += count
        _add(self.states, {outcome.state: count})
        if outcome.cause:
            _add(self.causes.setdefault(outcome.state, {}), {outcome.cause: count})
        for name, kind in (outcome.kinds or {}).items():
            _add(self.kinds.setdefault(name, {}), {kind: count})
        self.steps = max(self.steps, outcome.steps)
        if outcome.evidence == "observed" and outcome.state in {"held", "violated"}:
            self.observed += count
        if outcome.weaker is not None:
            self.weaker = (self.weaker[0] + outcome.weaker, self.weaker[1] + (not outcome.weaker))

    def keep(self, index: int, drawn: Any, outcome: Outcome) -> None:
        """Keep a problem if it is worth showing."""
        if outcome.state == "violated" or outcome.owed:
            self._consider(Witness.of(index, drawn, outcome))
        elif outcome.state == "held":
            if outcome.about is not None:
                self.shown = Witness.of(index, drawn, outcome)
            if outcome.margin is not None and outcome.margin < self._smallest:
                self.closest = Witness.of(index, drawn, outcome)

    @property
    def _smallest(self) -> float:
        return inf if self.closest is None or self.closest.margin is None else self.closest.margin

    def _consider(self, found: Witness) -> None:
        if self.first is None or _rank(found) < _rank(self.first):
            self.first = found
        if self.worst is None or _severity(found) < _severity(self.worst):
            self.worst = found

    def merge(self, other: ShardResult) -> None:
        """Add the counts of a later shard."""
        self.examined += other.examined
        _add(self.states, other.states)
        for own, others in ((self.causes, other.causes), (self.kinds, other.kinds)):
            for name, counts in others.items():
                _add(own.setdefault(name, {}), counts)
        self.steps = max(self.steps, other.steps)
        self.drawn += other.drawn
        self.discarded += other.discarded
        self.observed += other.observed
        self.weaker = (self.weaker[0] + other.weaker[0], self.weaker[1] + other.weaker[1])
        self.rechecked += other.rechecked
        for violation in (other.first, other.worst):
            if violation is not None:
                self._consider(violation)
        if other._smallest < self._smallest:
            self.closest = other.closest
        self.shown = other.shown or self.shown
        self.endless |= other.endless
        self.fault = self.fault or other.fault


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def _rank(found: Witness) -> tuple[int, int]:
    return STRENGTHS.index(found.evidence), found.index


def _severity(found: Witness) -> tuple[int, bool, float, int]:
    return STRENGTHS.index(found.evidence), found.margin is None, found.margin or 0.0, found.index
