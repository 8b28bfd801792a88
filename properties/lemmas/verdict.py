"""The result of a run of claims of one's own: a verdict on each claim, not on the program."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from gdcheck.properties.lemmas.outcome import Strength
from gdcheck.properties.lemmas.results import ShardResult, Witness
from gdcheck.theorem.certificate.shapes import Contradictions, Count, Shape, StoredExample, StoredRun, read_as

Word = Literal["false", "false as far as floats show", "held", "undecided", "unusable"]


class Form(Shape, frozen=True):
    """A problem on which a claim does not hold.

    Attributes:
        index: Its index in the run; below 0 for an example that the claim itself names.
        problem: The problem.
        made: How it was made: spectrum, rotation, regime and place; None if that is not known.
        found: What was found where the claim predicts something else.
        evidence: ``proved`` if every comparison was decided on enclosures, ``undecided`` where a decision is owed.
        margin: The slack, below zero if the claim fails by that much; None if the claim states no margin.
    """

    index: int
    problem: StoredExample
    made: dict[str, Any] | None
    found: str
    evidence: Strength
    margin: float | None

    @classmethod
    def of(cls, found: Witness) -> Form:
        """Return a problem that was kept as it is stored."""
        stored = read_as(found.problem, StoredExample)
        return cls(found.index, stored, found.made, found.cause, found.evidence, found.margin)


class Counterexample(StoredRun, frozen=True, tag="gdcheck-counterexample/1"):
    """A counterexample to a claim of one's own: everything that a reader needs to examine it again.

    Attributes:
        claim: The claim's name.
        sentence: The claim in plain words.
        predicted: What the claim predicts, as it was examined.
        target: The file, module or built-in claim that it comes from.
        file: The name of the file that declares it; empty for a built-in claim.
        text: The file's text.
        digest: Its SHA-256.
        seed: The seed of the run.
        simplest: The simplest problem.
        first: The problem that was found first, as it was drawn.
        worst: The one with the smallest margin.
        assumed: The theorem's own verdict on the simplest problem.
        certificate: The certificate of that verdict, which the independent checker accepted; None without one.
        not_simplified: Why the simplest problem is the one that was found first; empty if a simpler one was looked for.
    """

    claim: str
    sentence: str
    predicted: str
    target: str
    file: str
    text: str
    digest: str
    seed: int
    simplest: Form
    first: Form
    worst: Form
    assumed: str
    certificate: dict[str, Any] | None
    not_simplified: str = ""


class ClaimRow(Shape, frozen=True):
    """The verdict on one claim.

    Attributes:
        name: Its name.
        sentence: The claim in plain words.
        source: Who says so, and where; empty if no source is named.
        file: The file that declares it.
        digest: The SHA-256 of that file.
        verdict: What the run says of the claim.
        examined: How many problems were examined.
        held: On how many it holds.
        violated: On how many it does not.
        undecided: On how many that is not decided.
        aside: How many do not meet what it assumes.
        observed: On how many the finding rests on floats or on a finite stretch.
        rechecked: How many certificates the independent checker accepted.
        causes: By state and cause, how many.
        fault: Why the claim cannot be used, if it cannot.
        counterexample: The counterexample, if there is one.
        exactly: What exactly is examined, and what its margin measures, where the sentence leaves that open.
        closest: The problem on which it holds with the smallest margin, if it names margins.
        kinds: Further counts of problems: how many of each kind.
        steps: The largest step at which a certificate applies.
        drawn: How many problems Hypothesis drew.
        discarded: How many of them were of no use.
    """

    name: str
    sentence: str
    file: str
    digest: str
    verdict: Word
    examined: Count
    held: Count
    violated: Count
    undecided: Count
    aside: Count
    observed: Count
    rechecked: Count
    causes: dict[str, dict[str, Count]]
    fault: str | None
    counterexample: Counterexample | None
    source: str = ""
    exactly: str = ""
    closest: Form | None = None
    kinds: dict[str, dict[str, Count]] = field(default_factory=dict)
    steps: Count = 0
    drawn: Count = 0
    discarded: Count = 0

    def words(self) -> str:
        """Return the verdict in words, with its numbers."""
        if self.verdict == "unusable":
            return f"cannot be examined: {self.fault}"
        if self.verdict == "held":
            seen = ", as observed" if self.observed else ""
            return f"held on {self.held:,} of {self.held:,}{seen}"
        if self.verdict == "undecided":
            return f"undecided on {self.undecided:,}" if self.undecided else "undecided: every problem was set aside"
        proof = ", with a counterexample decided on enclosures" if self.verdict == "false" else ""
        return f"{self.verdict}{proof}: violated on {self.violated:,} of {self.held + self.violated:,}"


class OwnClaimsRun(StoredRun, frozen=True, tag="gdcheck-claim/1"):
    """The result of ``gdcheck claim``.

    Attributes:
        targets: What was asked for.
        seed: The seed.
        budget: How many problems for each claim.
        interrupted: Whether it was ended early.
        versions: The versions of what it was run with.
        rows: The verdicts, in the order asked for.
        until_false: Whether a claim was examined no further than the shard in which it is proved false.
        time_limit: Seconds that an examination might take.
        files: The texts of the files that declare the claims, by name; a file whose name another one has is left out.
    """

    targets: tuple[str, ...]
    seed: int
    budget: Count
    interrupted: bool
    versions: dict[str, str]
    rows: tuple[ClaimRow, ...]
    until_false: bool = False
    time_limit: float = 10.0
    files: dict[str, str] = field(default_factory=dict)

    def contradictions(self) -> Contradictions:
        """Compare each row's verdict with its counts.

        Yields:
            A field, its value, and the value that the counts give.
        """
        for i, row in enumerate(self.rows):
            yield f"rows[{i}].examined", row.examined, row.held + row.violated + row.undecided + row.aside
            proved = row.counterexample is not None and row.counterexample.simplest.evidence == "proved"
            counted = word_of(row.fault, row.violated, row.held, row.undecided, proved=proved)
            yield f"rows[{i}].verdict", row.verdict, counted


def word_of(fault: str | None, violated: int, held: int, undecided: int, *, proved: bool) -> Word:
    """Return the verdict that follows from counts.

    Args:
        fault: Why the claim cannot be used, if it cannot.
        violated: On how many problems it does not hold.
        held: On how many it holds.
        undecided: On how many that is not decided.
        proved: Whether a violation is proved.

    Returns:
        The verdict.
    """
    if violated:
        return "false" if proved else "false as far as floats show"
    if fault is not None:
        return "unusable"
    return "undecided" if undecided or not held else "held"


def row_of(
    total: ShardResult,
    sentence: str,
    file: str,
    digest: str,
    found: Counterexample | None,
    *,
    source: str = "",
    exactly: str = "",
) -> ClaimRow:
    """Return the verdict on a claim.

    Args:
        total: All its shards added up.
        sentence: The claim in plain words.
        file: The file that declares it.
        digest: Its digest.
        found: The counterexample, if the claim does not hold.
        source: Who says so, and where.
        exactly: What exactly is examined, where the sentence leaves that open.

    Returns:
        The verdict.
    """
    count = total.states.get
    proved = found is not None and found.simplest.evidence == "proved"
    numbers = {state: count(state, 0) for state in ("held", "violated", "undecided", "aside")}
    return ClaimRow(
        name=total.claim,
        sentence=sentence,
        file=file,
        digest=digest,
        verdict=word_of(total.fault, numbers["violated"], numbers["held"], numbers["undecided"], proved=proved),
        examined=total.examined,
        observed=total.observed,
        rechecked=total.rechecked,
        causes={state: dict(sorted(causes.items())) for state, causes in sorted(total.causes.items())},
        fault=total.fault,
        counterexample=found,
        source=source,
        exactly=exactly,
        closest=None if total.closest is None else Form.of(total.closest),
        kinds={name: dict(sorted(counts.items())) for name, counts in sorted(total.kinds.items())},
        steps=total.steps,
        drawn=total.drawn,
        discarded=total.discarded,
        **numbers,
    )
