"""What the page says of a run of ``gdcheck verify``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gdcheck.reports.caution import Caution
from gdcheck.reports.schema import RecordJson, Report
from gdcheck.reports.text import DASH, scientific
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.methods.statement import Regime

NOT_RECHECKED = "not rechecked"


def status(record: RecordJson) -> str:
    """The verdict as it may be called on the page: proved only where the checker accepted the certificate."""
    if record["verdict"] == Verdict.PROVED.value and record["recheck"] != "accepted":
        return NOT_RECHECKED
    return record["verdict"]


def _records(report: Report) -> list[RecordJson]:
    return [row["record"] for row in (*report["paper"], *report["sweep"])] + report["random"]


def some_open(report: Report) -> bool:
    """Whether a random problem is called proved without a certificate that was accepted."""
    return any(status(r) == NOT_RECHECKED for r in report["random"])


def headline(report: Report) -> str:
    """One sentence on the run."""
    counts = Counter(status(r) for r in report["random"])
    agreeing = sum(row["agrees"] for row in report["paper"])
    rows = f"{agreeing} of the paper’s {len(report['paper'])} rows"
    proved = f"{counts['proved']} of {report['problems']} random problems"
    if report["outcome"] == "passed":
        every = f" and all {report['problems']} random problems" if counts["proved"] == report["problems"] > 0 else ""
        some = f" and {proved}" if report["problems"] and not every else ""
        return f"Proved: the paper’s {len(report['paper'])} rows{every}{some}."
    if report["outcome"] == "failed":
        return f"Contradicted. Proved are {rows} and {proved}; what disagrees is listed below."
    return f"Not complete. Proved are {rows} and {proved}."


def cautions(report: Report) -> list[Caution]:
    """What could make a pass meaningless."""
    counts = Counter(status(r) for r in report["random"])
    records = _records(report)
    unresolved = sum(status(r) in {"unresolved", NOT_RECHECKED} for r in records)
    rejected = sum(r["recheck"] == "rejected" for r in records)
    refuted = sum(r["verdict"] == "refuted" for r in records)
    astray = sum(not row["agrees"] for row in (*report["paper"], *report["sweep"]))
    astray += sum(not row["agrees"] for row in report["sharpness"])
    numbers = [
        ("Refuted", refuted, "the assumptions hold and another limit is proved", True),
        ("Unresolved", unresolved, "nothing was proved, or its proof was not accepted", True),
        ("Rejected by the checker", rejected, "certificates that the independent checker did not accept", True),
        ("Expected rows that disagree", astray, "among the paper’s rows, their sharpness and the sweep below", True),
        ("Exceptional", counts["exceptional"], "random starts proved to lie in the theorem’s null set", False),
        ("Not applicable", counts["not-applicable"], "random problems outside the theorem’s assumptions", True),
    ]
    return [Caution(label, count, meaning, serious and count > 0) for label, count, meaning, serious in numbers]


def notes(report: Report) -> list[str]:
    """What is missing from the run."""
    notes = []
    done = len(report["random"])
    if report["interrupted"]:
        notes.append(f"The run was interrupted: {done} of {report['problems']} random problems were finished.")
    elif done != report["problems"]:
        notes.append(f"{done} of {report['problems']} random problems are on record.")
    if not report["problems"]:
        notes.append("No random problems were asked for: this page speaks of the paper’s own examples only.")
    return notes


def regimes(records: Sequence[RecordJson]) -> list[dict[str, Any]]:
    """One row for each regime that occurs, and one for all."""
    names: list[str | None] = [r.value for r in Regime if any(x["regime"] == r.value for x in records)]
    if any(r["regime"] is None for r in records):
        names.append(None)
    rows = [_row(name or "unknown", [r for r in records if r["regime"] == name]) for name in names]
    return [*rows, _row("all", records)] if len(rows) != 1 else rows


def _row(name: str, records: Sequence[RecordJson]) -> dict[str, Any]:
    proved = [r for r in records if status(r) == "proved"]
    return {
        "name": name,
        "total": len(records),
        "counts": Counter(status(r) for r in records),
        "margin": min((r["margin"] for r in proved if r["margin"] is not None), default=None),
        "distance": min((abs(r["distance"]) for r in proved if r["distance"] is not None), default=None),
        "gap": min((r["gap"] for r in proved if r["gap"] is not None), default=None),
        "step": max((r["step"] for r in proved if r["step"] is not None), default=None),
    }


def reach(records: Sequence[RecordJson]) -> list[tuple[str, str]]:
    """What the random problems reached, as labels and values."""
    if not records:
        return []
    radii = [r["start_radius"] for r in records if r["start_radius"] is not None]
    return [
        ("dimension n", _span([r["dimension"] for r in records])),
        ("degree", _span([r["degree"] for r in records])),
        ("terms", _span([r["terms"] for r in records])),
        ("start to minimizer", f"{scientific(min(radii))} to {scientific(max(radii))}" if radii else DASH),
        ("rotated Hessian", str(sum(r["rotated"] for r in records))),
        ("minimizer off the origin", str(sum(r["off_origin"] for r in records))),
        ("C³ with truncated powers", str(sum(r["truncated"] for r in records))),
        ("beyond 128 bits", str(sum((r["precision"] or 0) > 128 for r in records))),
    ]


def _span(values: Sequence[int | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{min(known)} to {max(known)}" if known else DASH


def closest(records: Sequence[RecordJson]) -> list[RecordJson]:
    """The proved problems with the smallest margins, of those that were kept."""
    kept = [r for r in records if status(r) == "proved" and r["problem"] and r["margin"] is not None]
    return sorted(kept, key=lambda r: r["margin"] or 0.0)
