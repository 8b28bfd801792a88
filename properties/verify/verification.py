"""The result of ``gdcheck verify``: its contents, its counts, and whether a stored one agrees with itself."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from gdcheck.properties.verify.record import REJECTED, KindName, Record
from gdcheck.properties.verify.sharpness_rows import SharpnessRow
from gdcheck.theorem.certificate.shapes import Contradictions, Count, RunOutcome, Shape, StoredRun, VerdictName
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.sharpness.pattern import Kind


class Expected(Shape, frozen=True):
    """The expected outcome of a problem.

    Attributes:
        verdict: The verdict.
        kind: The kind of limit.
        axis: The variable along whose axis the limit lies; null where it lies along none.
    """

    verdict: VerdictName
    kind: KindName
    axis: str | None


class ExpectedRow(Shape, frozen=True):
    """A problem whose outcome is known beforehand.

    Attributes:
        title: The loss and the step size, human-readable.
        expected: What is known.
        agrees: Whether verdict, kind and axis are the expected ones and the checker accepted.
        record: What was found.
    """

    title: str
    expected: Expected
    agrees: bool
    record: Record


class Verification(StoredRun, frozen=True, tag="gdcheck-report/1"):
    """The result of ``gdcheck verify``. It holds no times: the same run gives the same report.

    Attributes:
        outcome: The outcome of the run.
        seed: The seed of the random problems.
        problems: How many random problems were asked for.
        interrupted: Whether the run was ended early; what follows then holds only what was finished.
        versions: The versions of the programs that matter.
        verdicts: How many random problems ended in each verdict.
        rejected: How many certificates the checker rejected.
        paper: The paper's rows.
        sweep: The step sizes of the paper's worked example on both sides of the boundary.
        random: The random problems, by index.
        sharpness: The sharpness on the paper's instances; empty if the run was interrupted.
    """

    outcome: RunOutcome
    seed: int
    problems: Count
    interrupted: bool
    versions: dict[str, str]
    verdicts: dict[VerdictName, Count]
    rejected: Count
    paper: tuple[ExpectedRow, ...]
    sweep: tuple[ExpectedRow, ...]
    random: tuple[Record, ...]
    sharpness: tuple[SharpnessRow, ...]

    @property
    def records(self) -> list[Record]:
        """All records of the run."""
        return [*(row.record for row in (*self.paper, *self.sweep)), *self.random]

    def kernel_sentence(self) -> str | None:
        """Say which of the proofs Coq's kernel accepted; None if it was not asked."""
        parts = (
            ("of the paper’s {} rows", [row.record for row in self.paper]),
            ("of the sweep’s {} step sizes", [row.record for row in self.sweep]),
            ("of {} random problems", list(self.random)),
        )
        if all(record.kernel is None for record in self.records):
            return None
        counts = [f"{sum(r.kernel is True for r in found)} {of.format(len(found))}" for of, found in parts if found]
        refused = sum(record.kernel is False for record in self.records)
        also = f"; it did not accept {refused}" if refused else ""
        rest = "The others it was not asked about" if self.interrupted else "About the others it has no theorem"
        return f"Accepted by Coq’s kernel too: {', '.join(counts)}{also}. {rest}."

    def added_up(self) -> Verification:
        """Return the same run, with the outcome and the counts that follow from its rows."""
        counts = Counter(record.verdict for record in self.random)
        return replace(
            self,
            outcome=self._judged(),
            verdicts={verdict.value: counts[verdict.value] for verdict in Verdict},
            rejected=sum(record.recheck == REJECTED for record in self.records),
        )

    def _judged(self) -> RunOutcome:
        """Judge the run.

        It fails if anything is refuted or an expected row is decided otherwise. It is incomplete if it was interrupted,
        if anything is unresolved or undecided, or if a random problem lies outside the theorem. Else it passes.
        """
        unresolved, undecided = Verdict.UNRESOLVED.value, Kind.UNDECIDED.value
        verdicts = {record.verdict for record in self.records}
        rows = [(row.agrees, row.record.verdict) for row in (*self.paper, *self.sweep)]
        rows += [(row.agrees, row.kind) for row in self.sharpness]
        contradicted = any(not agrees and found not in {unresolved, undecided} for agrees, found in rows)
        if contradicted or Verdict.REFUTED.value in verdicts:
            return "failed"
        open_ends = unresolved in verdicts or any(row.kind == undecided for row in self.sharpness)
        outside = any(record.verdict == Verdict.NOT_APPLICABLE.value for record in self.random)
        return "incomplete" if self.interrupted or open_ends or outside else "passed"

    def contradictions(self) -> Contradictions:
        """Compare a stored run with its own rows."""
        added_up = self.added_up()
        if not self.interrupted:
            yield "$.problems", self.problems, len(self.random)
        for field in ("verdicts", "rejected", "outcome"):
            yield f"$.{field}", getattr(self, field), getattr(added_up, field)
