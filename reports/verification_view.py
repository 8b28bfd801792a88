"""The part of a report about a run of ``gdcheck verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from gdcheck.properties.verify.record import ACCEPTED, Record
from gdcheck.properties.verify.verification import ExpectedRow, Verification
from gdcheck.reports.charts import picture
from gdcheck.reports.phase_charts import PHASE, phase_chart
from gdcheck.reports.problem_charts import worked_picture
from gdcheck.reports.text import DASH, code, plain, scientific, shell, table
from gdcheck.reports.view import Again, Case, Caution, View
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.methods.statement import Regime

NOT_RECHECKED = "not rechecked"
_MOST_FINDINGS = 20


@dataclass(frozen=True)
class Unproved:
    """An expected row that does not agree, or a random problem that is not proved.

    Attributes:
        name: Where it stands in the run, human-readable.
        record: What was found.
        file: Where its problem lies, from the report's directory; None if the problem could not even be made.
    """

    name: str
    record: Record
    file: str | None


def status(record: Record) -> str:
    """Return the verdict as it may be called on the page: proved only where the checker accepted the certificate."""
    if record.verdict == Verdict.PROVED.value and record.recheck != ACCEPTED:
        return NOT_RECHECKED
    return record.verdict


class VerificationView(View[Verification]):
    """A run of ``gdcheck verify``."""

    shape = Verification
    file = "report.json"
    name = "verification"
    title = "verification"
    suite = "verify"
    status = staticmethod(status)

    @property
    def outcome(self) -> str:
        """The result of the run."""
        return self.run.outcome

    def headline(self) -> str:
        """Return one sentence on the run."""
        run = self.run
        proved_count = Counter(status(r) for r in run.random)["proved"]
        agreeing = sum(row.agrees for row in run.paper)
        rows = f"{agreeing} of the paper’s {len(run.paper)} rows"
        proved = f"{proved_count} of {run.problems} random problems"
        if run.outcome == "passed":
            every = f" and all {run.problems} random problems" if proved_count == run.problems > 0 else ""
            some = f" and {proved}" if run.problems and not every else ""
            return f"Proved: the paper’s {len(run.paper)} rows{every}{some}."
        if run.outcome == "failed":
            return f"Contradicted. Proved are {rows} and {proved}; what disagrees is listed below."
        return f"Not complete. Proved are {rows} and {proved}."

    def verdicts(self) -> list[str]:
        """Return the columns of the table of random problems."""
        some_open = any(status(r) == NOT_RECHECKED for r in self.run.random)
        return [*(v.value for v in Verdict), *([NOT_RECHECKED] if some_open else [])]

    def unproved(self) -> list[Unproved]:
        """Return the failures: expected rows that do not agree, and random problems that are not proved."""
        run = self.run
        rows = [
            (f"{part} {row.record.index + 1}", f"{part}-{row.record.index + 1}", row.record)
            for part, found in (("paper", run.paper), ("sweep", run.sweep))
            for row in found
            if not row.agrees
        ]
        rows += [
            (f"random problem {r.index}", f"random-{run.seed}-{r.index}", r)
            for r in run.random
            if r.verdict != Verdict.PROVED.value
        ]
        return [Unproved(name, r, f"problems/{file}.json" if r.problem else None) for name, file, r in rows]

    def regimes(self) -> list[dict[str, Any]]:
        """Return one row for each regime that occurs among the random problems, and one for all of them."""
        records = self.run.random
        names: list[str | None] = [r.value for r in Regime if any(x.regime == r.value for x in records)]
        if any(r.regime is None for r in records):
            names.append(None)
        rows = [_row(name or "unknown", [r for r in records if r.regime == name]) for name in names]
        return [*rows, _row("all", records)] if len(rows) != 1 else rows

    def reach(self) -> list[tuple[str, str]]:
        """Return the ranges that the random problems cover, as labels and values."""
        records = self.run.random
        radii = [r.start_radius for r in records if r.start_radius is not None]
        return [
            ("dimension n", _span([r.dimension for r in records])),
            ("degree", _span([r.degree for r in records])),
            ("terms", _span([r.terms for r in records])),
            ("start to minimizer", f"{scientific(min(radii))} to {scientific(max(radii))}" if radii else DASH),
            ("rotated Hessian", str(sum(r.rotated for r in records))),
            ("minimizer off the origin", str(sum(r.off_origin for r in records))),
            ("C³ with truncated powers", str(sum(r.truncated for r in records))),
            ("beyond 128 bits", str(sum((r.precision or 0) > 128 for r in records))),
        ]

    def closest(self) -> list[Record]:
        """Return the proved problems with the smallest margins, of those that were kept."""
        kept = [r for r in self.run.random if status(r) == "proved" and r.problem and r.margin is not None]
        return sorted(kept, key=lambda r: r.margin or 0.0)

    def notes(self) -> list[str]:
        """Return what is missing from the run."""
        run, done = self.run, len(self.run.random)
        notes = []
        if run.interrupted:
            notes.append(f"The run was interrupted: {done} of {run.problems} random problems were finished.")
        elif done != run.problems:
            notes.append(f"{done} of {run.problems} random problems are on record.")
        if not run.problems:
            notes.append("No random problems were asked for: this page speaks of the paper’s own examples only.")
        return notes

    def cautions(self) -> list[Caution]:
        """Return what could make a pass meaningless."""
        run = self.run
        counts = Counter(status(r) for r in run.random)
        unresolved = sum(status(r) in {"unresolved", NOT_RECHECKED} for r in run.records)
        rejected = sum(r.recheck == "rejected" for r in run.records)
        refuted = sum(r.verdict == "refuted" for r in run.records)
        rows: tuple[ExpectedRow, ...] = (*run.paper, *run.sweep)
        astray = sum(not row.agrees for row in rows) + sum(not row.agrees for row in run.sharpness)
        parts = "among the paper’s rows, their sharpness and the sweep below"
        numbers = [
            ("Refuted", refuted, "the assumptions hold and another limit is proved", True),
            ("Unresolved", unresolved, "nothing was proved, or its proof was not accepted", True),
            ("Rejected by the checker", rejected, "certificates that the independent checker did not accept", True),
            ("Expected rows that disagree", astray, parts, True),
            ("Exceptional", counts["exceptional"], "random starts proved to lie in the theorem’s null set", False),
            ("Not applicable", counts["not-applicable"], "random problems outside the theorem’s assumptions", True),
        ]
        if run.kernel_sentence():
            refused = sum(r.kernel is False for r in run.records)
            numbers.append(("Not accepted by Coq’s kernel", refused, "of the proofs that it was asked about", True))
        return [Caution(label, count, meaning, serious and count > 0) for label, count, meaning, serious in numbers]

    def facts(self) -> list[tuple[str, object]]:
        """Return seed and versions."""
        return [("seed", self.run.seed), *self.run.versions.items()]

    def again(self) -> Again:
        """Return the command that repeats the run."""
        kernel = " --kernel" if self.run.kernel_sentence() else ""
        command = f"gdcheck verify{kernel} --problems {self.run.problems} --seed {self.run.seed}"
        return Again("The same run again:", command, f"All numbers: {self.under}{self.file} beside this page.")

    same_as_charts = frozenset({"wide", "narrow"})

    def pictures(self) -> dict[str, str]:
        """Return the phase diagram, for wide and narrow screens, and the worked example."""
        wide, narrow = (picture(phase_chart(self.run, narrow=narrow), PHASE) for narrow in (False, True))
        return {"wide": wide, "narrow": narrow, "worked": worked_picture()}

    def charts(self) -> Iterator[tuple[str, str, alt.TopLevelMixin]]:
        """Yield the phase diagram."""
        yield "phase", PHASE, phase_chart(self.run)

    def files(self, pictures: Mapping[str, str]) -> Iterator[tuple[str, object]]:
        """Yield the run, two pictures, and every problem of ``unproved``, for ``check`` and ``replay``."""
        yield self.file, self.run
        yield "phase.svg", pictures["wide"]
        yield "sharpness.svg", pictures["worked"]
        for found in self.unproved():
            if found.file is not None:
                record = found.record
                yield found.file, {"verdict": record.verdict, "reason": record.reason, "problem": record.problem}

    def markdown(self) -> list[str]:
        """Return the rows, and the first problems of ``unproved``."""
        run = self.run
        lines = ["## Verification", "", plain(self.headline()), "", *(f"> {plain(note)}" for note in self.notes())]
        cautions = ((c.label, c.count, c.meaning) for c in self.cautions())
        lines += table(["could make a pass meaningless", "", ""], cautions)
        lines += [plain(kernel), ""] if (kernel := run.kernel_sentence()) else []
        paper = ((r.title, r.record.regime, r.record.verdict, r.record.checked) for r in run.paper)
        lines += table(["the paper’s row", "regime", "verdict", "recheck"], paper)
        heads = [
            "sharpness of the loss",
            "η",
            "start",
            "proved",
            "from step",
            "steps above 2/η",
            "recheck",
            "as expected",
        ]
        sharp = (
            (
                *(r.loss, r.step_size, ", ".join(r.start), r.kind, r.from_step, r.crossings, r.recheck),
                "yes" if r.agrees else "no",
            )
            for r in run.sharpness
        )
        lines += table(heads, sharp)
        found = self.unproved()
        for one in found[:_MOST_FINDINGS]:
            lines.append(f"- **{plain(one.name)}**: {plain(one.record.verdict)}. {plain(one.record.reason)}")
            if one.record.problem:
                lines.append("  " + code(shell(one.record.problem)))
        if len(found) > _MOST_FINDINGS:
            lines.append(f"- and {len(found) - _MOST_FINDINGS} more, in report.json")
        return [*lines, ""]

    def cases(self) -> Iterator[Case]:
        """Yield a case for every expected row, for every random problem that is not proved, and one for all others."""
        run = self.run
        for row in (*run.paper, *run.sweep):
            yield Case(row.title, None if row.agrees else f"{row.record.verdict}: {row.record.reason}")
        for shown in run.sharpness:
            said = shown.cause or f"it is {shown.kind}, above 2/η at {shown.crossings} steps"
            name = f"sharpness of {shown.loss}, η = {shown.step_size}, from ({', '.join(shown.start)})"
            yield Case(name, None if shown.agrees else f"expected {shown.expected}: {said}")
        wrong = [r for r in run.random if r.verdict != Verdict.PROVED.value]
        yield Case(f"{len(run.random) - len(wrong)} random problems proved")
        for r in wrong:
            rare = r.verdict == Verdict.EXCEPTIONAL.value
            yield Case(f"random problem {r.index}", None if rare else f"{r.verdict}: {r.reason}")
        if run.interrupted:
            done = f"{len(run.random)} of {run.problems} random problems were finished"
            yield Case("the whole run", skipped=f"interrupted: {done}")


def _row(name: str, records: Sequence[Record]) -> dict[str, Any]:
    proved = [r for r in records if status(r) == "proved"]
    return {
        "name": name,
        "total": len(records),
        "counts": Counter(status(r) for r in records),
        "margin": min((r.margin for r in proved if r.margin is not None), default=None),
        "distance": min((abs(r.distance) for r in proved if r.distance is not None), default=None),
        "step": max((r.step for r in proved if r.step is not None), default=None),
    }


def _span(values: Sequence[int | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{min(known)} to {max(known)}" if known else DASH
