"""The result of a run of the claims: one observation for each problem examined, and counts that can be added up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Any

from msgspec import Meta, Struct, convert, field
from msgspec.structs import replace

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.strategies.instance import Instance, MadeProblem
from gdcheck.theorem.certificate.shapes import Count, Evidence, Shape, StoredRun, VerdictName

EXAMPLES, WORST = "examples", "worst"
"""The two parts of a run: random problems, and the search for the smallest margin."""

ALONE = "counterexample"
"""The profile of a run that is one stored counterexample."""

MOST_DISCARDS = 0.02
"""The share of draws that may come to nothing; beyond it a run fails."""

HOLDS, FAILS, OPEN = "holds", "fails", "unresolved"
_COUNTED = ("verdict", "holds", "note", "regime", "place", "n", "degree")
_ADDED = (*_COUNTED, "causes", "second")
_WORDS = {True: HOLDS, False: FAILS, None: OPEN}


def identity(problem: Mapping[str, Any]) -> str:
    """Return a short name for a problem, the same wherever it is computed.

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
        "second": None if finding.second is None else finding.second.value,
        "id": identity(data["problem"]),
        "instance": data,
    }


class SmallestMargin(Struct, frozen=True):
    """The problem with the smallest margin."""

    margin: float
    instance: MadeProblem
    regime: str = ""
    n: Count = 0
    verdict: str = ""
    id: str = ""

    @property
    def rank(self) -> tuple[float, str]:
        """What the smallest is chosen by, the same in any order of the problems."""
        return self.margin, self.id


class ClaimTally(Struct):
    """Counts for one claim in one part of a run.

    Attributes:
        problems: Problems examined.
        verdict: How many ended in each verdict.
        holds: On how many the claim holds, fails, or is unresolved.
        note: How many have each note.
        causes: On how many the claim is unresolved for each cause.
        second: How often the second engine agrees, differs, or does not settle, where it was asked.
        regime: How many lie in each regime.
        place: How many have each kind of start.
        n: How many have each dimension.
        degree: How many have each degree.
        most_steps: The largest step at which a certificate applied.
        smallest_margin: The problem with the smallest margin.
    """

    problems: Count = 0
    verdict: dict[VerdictName, Count] = {}
    holds: dict[str, Count] = {}
    note: dict[str, Count] = {}
    causes: dict[str, Count] = {}
    second: dict[str, Count] = {}
    regime: dict[str, Count] = {}
    place: dict[str, Count] = {}
    n: dict[str, Count] = {}
    degree: dict[str, Count] = {}
    most_steps: Count = 0
    smallest_margin: SmallestMargin | None = None

    def add(self, seen: Mapping[str, Any]) -> bool:
        """Count an observation and say whether its margin is the smallest so far."""
        self.problems += 1
        for name in _COUNTED:
            _add(getattr(self, name), {str(seen[name]): 1})
        if seen["holds"] == OPEN:
            _add(self.causes, {seen["note"]: 1})
        if seen["second"] is not None:
            _add(self.second, {seen["second"]: 1})
        self.most_steps = max(self.most_steps, seen["steps"] or 0)
        if seen["margin"] is None or "instance" not in seen:
            return False
        return self._consider(convert(seen, SmallestMargin))

    def merge(self, other: ClaimTally) -> None:
        """Add the counts of another tally."""
        self.problems += other.problems
        for name in _ADDED:
            _add(getattr(self, name), getattr(other, name))
        self.most_steps = max(self.most_steps, other.most_steps)
        if other.smallest_margin is not None:
            self._consider(other.smallest_margin)

    def in_order(self) -> ClaimTally:
        """Return the same, with its counts in an order that does not depend on that of the problems."""

        def numbers_first(item: tuple[str, int]) -> tuple[int, str]:
            return (int(item[0]), "") if item[0].isdigit() else (0, item[0])

        return replace(self, **{name: dict(sorted(getattr(self, name).items(), key=numbers_first)) for name in _ADDED})

    def _consider(self, seen: SmallestMargin) -> bool:
        if self.smallest_margin is not None and self.smallest_margin.rank <= seen.rank:
            return False
        self.smallest_margin = seen
        return True


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


class Tally(Struct):
    """Counts of a run or of a piece of one.

    Attributes:
        claims: By part of the run and by the claim's name.
        drawn: How many problems were drawn, leaving out those that Hypothesis cut short to see whether they fit.
        discarded: How many of them were of no use.
    """

    claims: dict[str, dict[str, ClaimTally]] = {}
    drawn: Count = 0
    discarded: Count = 0

    def add(self, seen: Mapping[str, Any]) -> bool:
        """Count an observation and say whether its margin is the smallest of its claim so far."""
        return self._of(seen["part"], seen["claim"]).add(seen)

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.drawn += other.drawn
        self.discarded += other.discarded
        for part, tallies in other.claims.items():
            for claim, tally in tallies.items():
                self._of(part, claim).merge(tally)

    def _of(self, part: str, claim: str) -> ClaimTally:
        return self.claims.setdefault(part, {}).setdefault(claim, ClaimTally())

    @property
    def discard_rate(self) -> float:
        """The share of the draws that were of no use."""
        return self.discarded / self.drawn if self.drawn else 0.0

    def causes(self) -> dict[str, int]:
        """Why problems are unresolved: how often each cause occurred, in both parts of the run."""
        found: dict[str, int] = {}
        for tallies in self.claims.values():
            for tally in tallies.values():
                _add(found, tally.causes)
        return found

    def problems(self, part: str = EXAMPLES) -> int:
        """How many problems were examined in a part of the run."""
        return sum(tally.problems for tally in self.claims.get(part, {}).values())


class AboutClaim(Shape, frozen=True):
    """What a claim says."""

    sentence: str
    statement: str
    kind: Evidence
    margin: str


class Circumstances(Struct, frozen=True):
    """How long a run took and on what; earlier versions may lack a field."""

    seconds: float
    workers: Count
    versions: dict[str, str]
    python: str = ""


class BrokenForm(Shape, frozen=True):
    """A problem on which a claim fails.

    Attributes:
        instance: The problem, and how it was made.
        found: What was found.
        margin: By how much the claim fails, in its own unit; None if that has no size.
        file: Where it is stored, from the project's root, for ``gdcheck replay``.
    """

    instance: MadeProblem
    found: str
    margin: float | None
    file: str


class Broken(Shape, frozen=True):
    """A claim that failed in a trial.

    Attributes:
        claim: The claim.
        simplest: The simplest problem, to which Hypothesis shrank it.
        worst: The one with the smallest margin.
    """

    claim: str
    simplest: BrokenForm
    worst: BrokenForm


class ClaimsRun(StoredRun, frozen=True, tag="gdcheck-claims/1"):
    """The result of a run of the claims as properties.

    Attributes:
        seed: The seed.
        profile: The Hypothesis profile.
        examples: How many problems were asked for in all, if they were.
        second_share: On what share of the problems the second engine was asked too; earlier versions had none.
        problems: How many were examined.
        problems_in_search: How many more were examined in search of the smallest margins.
        distinct: How many different problems there were.
        drawn: How many problems were drawn.
        discarded: How many of them were of no use.
        discard_rate: Their share.
        about: What each claim says.
        claims: The counts of the random problems.
        worst: The counts of the search for the smallest margins.
        run: How long it took and on what.
        counterexamples: The problems on which claims failed; earlier versions kept none.
    """

    seed: int
    profile: str
    examples: int | None
    problems: Count
    problems_in_search: Count
    distinct: Count
    drawn: Count
    discarded: Count
    discard_rate: Annotated[float, Meta(ge=0)]
    about: dict[str, AboutClaim]
    claims: dict[str, ClaimTally]
    worst: dict[str, ClaimTally]
    run: Circumstances
    counterexamples: list[Broken] = field(default_factory=list)
    second_share: Annotated[float, Meta(ge=0, le=1)] = 0.0


def merged(lines: Iterable[str]) -> tuple[Tally, int]:
    """Add up the lines of all logs.

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
