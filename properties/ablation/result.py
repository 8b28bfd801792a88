"""The result of ``gdcheck ablate``: what it holds, and whether a stored one agrees with itself."""

from __future__ import annotations

from typing import Any, Literal

from gdcheck.theorem.certificate.shapes import Contradictions, Count, Evidence, Shape, StoredExample, StoredRun

RowVerdict = Literal[
    "needed",
    "needed, as observed",
    "not needed, as far as the search shows",
    "holds, as far as the search shows",
    "open",
]


class Exhibit(Shape, frozen=True):
    """A problem worth showing, with its proof.

    Attributes:
        problem: The problem.
        predicted: What the claim says.
        happens: What happens instead.
        evidence: Proved or observed.
        severity: See ``Ablation.severity``.
        certificates: The proof; each is accepted by ``gdcheck recheck``.
    """

    problem: StoredExample
    predicted: str
    happens: str
    evidence: Evidence
    severity: float
    certificates: tuple[dict[str, Any], ...]


class AblationRow(Shape, frozen=True):
    """One assumption dropped.

    Attributes:
        name: The ablation's name.
        assumption: The assumption's name.
        dropped: What was dropped.
        claim: What would then be claimed.
        verdict: Whether the assumption is needed.
        evidence: Proved or observed: that of the counterexamples, or of the problems on which the claim held.
        examined: How many problems were examined.
        violated: On how many of them the claim fails.
        held: On how many it holds.
        aside: How many are not counted: nothing was proved there, or the start is exceptional.
        weaker: The weaker claim, if there is one that held wherever it was decided; else null.
        weaker_held: On how many problems the weaker claim held.
        severity: What the severity of the exhibits measures.
        simplest: The simplest counterexample to which the search could shrink.
        worst: The examined counterexample of the greatest severity.
        shown: If the claim holds on all problems: the last of them, as an example.
        fault: What is wrong with the ablation, if it could not be examined to the end; the row is then open. Runs of
            earlier versions have no such field.
    """

    name: str
    assumption: str
    dropped: str
    claim: str
    verdict: RowVerdict
    evidence: Evidence
    examined: Count
    violated: Count
    held: Count
    aside: Count
    weaker: str | None
    weaker_held: Count
    severity: str
    simplest: Exhibit | None
    worst: Exhibit | None
    shown: Exhibit | None
    fault: str | None = None

    def contradictions(self, at: str) -> Contradictions:
        """Compare the row with its own counts; ``at`` is its place in the file."""
        yield f"{at}.examined", self.examined, self.violated + self.held + self.aside
        verdict = self.verdict
        if self.fault is not None or not (self.violated or self.held):
            yield f"{at}.verdict", verdict, "open"
        elif self.violated:
            yield f"{at}.verdict", verdict, "needed" if self.evidence == "proved" else "needed, as observed"
        elif not verdict.endswith("as far as the search shows"):
            yield f"{at}.verdict", verdict, "not needed, as far as the search shows"
        for role, exhibit in (("simplest", self.simplest), ("worst", self.worst)):
            yield f"whether {at}.{role} is there", exhibit is not None, verdict.startswith("needed")
            if exhibit is not None:
                yield f"{at}.{role}.evidence", exhibit.evidence, self.evidence


class AblationRun(StoredRun, frozen=True, tag="gdcheck-ablation/1"):
    """The result of ``gdcheck ablate``.

    Attributes:
        seed: The seed of the search.
        budget: How many problems each search was to examine.
        asked: The names of the ablations that were asked for.
        interrupted: Whether it was ended early; ``rows`` then holds what was finished.
        versions: The versions of the programs that matter.
        rows: One row for each ablation, in their order.
        load: The file of the user's own that some of them come from; empty if there is none.
        text: The text of that file.
        time_limit: Seconds that examining one problem might take.
    """

    seed: int
    budget: Count
    asked: tuple[str, ...]
    interrupted: bool
    versions: dict[str, str]
    rows: tuple[AblationRow, ...]
    load: str = ""
    text: str = ""
    time_limit: float = 600.0

    def contradictions(self) -> Contradictions:
        """Compare a stored run with its own rows."""
        names = [row.name for row in self.rows]
        yield "the list of rows", names, [name for name in self.asked if not self.interrupted or name in names]
        for i, row in enumerate(self.rows):
            yield from row.contradictions(f"$.rows[{i}]")
