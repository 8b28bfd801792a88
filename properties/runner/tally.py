"""What a run of the claims came to: one observation for each problem examined, and counts that can be added up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.strategies.instance import Instance

EXAMPLES, WORST = "examples", "worst"
"""The two parts of a run: random problems, and the search for the smallest margin."""

HOLDS, FAILS, OPEN = "holds", "fails", "unresolved"
_WORDS = {True: HOLDS, False: FAILS, None: OPEN}


def identity(problem: Mapping[str, Any]) -> str:
    """A short name for a problem, the same wherever it is computed.

    Args:
        problem: Its JSON form.

    Returns:
        Sixteen hexadecimal digits.
    """
    return sha256(json.dumps(problem, sort_keys=True).encode()).hexdigest()[:16]


def observation(part: str, claim: str, instance: Instance, finding: Finding) -> dict[str, Any]:
    """One problem examined, as a line of a log.

    Args:
        part: The part of the run.
        claim: The claim's name.
        instance: The problem.
        finding: What was found.

    Returns:
        A JSON object; ``instance`` holds the problem and how it was made.
    """
    boundary = 2 / (instance.spectrum[0] + instance.spectrum[-1])
    ratio = instance.problem.step_size / boundary
    data = instance.to_json()
    return {
        "part": part,
        "claim": claim,
        "regime": instance.regime.value,
        "place": instance.place.value,
        "n": instance.problem.dimension,
        "degree": instance.problem.loss.degree,
        "ratio": int(ratio.p) / int(ratio.q),
        "verdict": finding.verdict,
        "holds": _WORDS[finding.holds],
        "margin": finding.margin,
        "note": finding.note,
        "steps": finding.steps,
        "id": identity(data["problem"]),
        "instance": data,
    }


@dataclass
class ClaimTally:
    """Counts for one claim in one part of a run.

    Attributes:
        problems: Problems examined.
        counts: For each of verdict, holds, note, regime, place, n and degree, how often each value occurred.
        smallest: The observation with the smallest margin.
        most_steps: The largest step at which a certificate applied.
    """

    problems: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    smallest: dict[str, Any] | None = None
    most_steps: int = 0

    def add(self, seen: Mapping[str, Any]) -> bool:
        """Counts an observation and says whether its margin is the smallest so far."""
        self.problems += 1
        for name in ("verdict", "holds", "note", "regime", "place", "n", "degree"):
            self.counts.setdefault(name, Counter())[str(seen[name])] += 1
        self.most_steps = max(self.most_steps, seen["steps"] or 0)
        return self._consider(seen)

    def merge(self, other: ClaimTally) -> None:
        """Adds the counts of another tally."""
        self.problems += other.problems
        for name, counter in other.counts.items():
            self.counts.setdefault(name, Counter()).update(counter)
        self.most_steps = max(self.most_steps, other.most_steps)
        if other.smallest is not None:
            self._consider(other.smallest)

    def _consider(self, seen: Mapping[str, Any]) -> bool:
        if seen["margin"] is None or "instance" not in seen:
            return False
        if self.smallest is not None and _rank(self.smallest) <= _rank(seen):
            return False
        self.smallest = {key: seen[key] for key in ("margin", "regime", "n", "verdict", "id", "instance")}
        return True

    def to_json(self) -> dict[str, Any]:
        """The tally as plain data, in a fixed order."""
        return {
            "problems": self.problems,
            **{name: dict(sorted(counter.items(), key=_numbers_first)) for name, counter in self.counts.items()},
            "most_steps": self.most_steps,
            "smallest_margin": self.smallest,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ClaimTally:
        """Reads what :meth:`to_json` wrote."""
        counts = {name: Counter(value) for name, value in data.items() if isinstance(value, dict)}
        counts.pop("smallest_margin", None)
        return cls(data["problems"], counts, data["smallest_margin"], data["most_steps"])


def _rank(seen: Mapping[str, Any]) -> tuple[float, str]:
    return (seen["margin"], seen["id"])


def _numbers_first(item: tuple[str, int]) -> tuple[int, str]:
    key = item[0]
    return (int(key), "") if key.isdigit() else (0, key)


@dataclass
class Tally:
    """Counts of a run or of a piece of one.

    Attributes:
        claims: By part and by the claim's name.
        drawn: How many problems were drawn, leaving out those that Hypothesis cut short to see whether they fit.
        discarded: How many of them came to nothing.
    """

    claims: dict[tuple[str, str], ClaimTally] = field(default_factory=dict)
    drawn: int = 0
    discarded: int = 0

    def add(self, seen: Mapping[str, Any]) -> bool:
        """Counts an observation and says whether its margin is the smallest of its claim so far."""
        return self.claims.setdefault((seen["part"], seen["claim"]), ClaimTally()).add(seen)

    def merge(self, other: Tally) -> None:
        """Adds the counts of another tally."""
        self.drawn += other.drawn
        self.discarded += other.discarded
        for key, tally in other.claims.items():
            self.claims.setdefault(key, ClaimTally()).merge(tally)

    @property
    def discard_rate(self) -> float:
        """The share of the draws that came to nothing."""
        return self.discarded / self.drawn if self.drawn else 0.0

    def problems(self, part: str = EXAMPLES) -> int:
        """How many problems were examined in a part of the run."""
        return sum(tally.problems for (where, _), tally in self.claims.items() if where == part)

    def to_json(self) -> dict[str, Any]:
        """The tally as plain data."""
        return {
            "drawn": self.drawn,
            "discarded": self.discarded,
            "claims": [[part, claim, tally.to_json()] for (part, claim), tally in sorted(self.claims.items())],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """Reads what :meth:`to_json` wrote."""
        claims = {(part, claim): ClaimTally.from_json(value) for part, claim, value in data["claims"]}
        return cls(claims, data["drawn"], data["discarded"])


def merged(lines: Iterable[str]) -> tuple[Tally, int]:
    """Adds up the lines of all logs.

    Args:
        lines: JSON lines: observations, and ``{"drawn": …, "discarded": …}`` for each trial.

    Returns:
        The tally, and how many different problems there were.
    """
    tally, names = Tally(), set()
    for line in lines:
        seen = json.loads(line)
        if "drawn" in seen:
            tally.drawn += seen["drawn"]
            tally.discarded += seen["discarded"]
        else:
            tally.add(seen)
            names.add(seen["id"])
    return tally, len(names)
