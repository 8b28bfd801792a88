"""The page of a report: one HTML file that needs no network and no script."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.schema import RecordJson, Report, unproved
from theorem.statement import Regime
from theorem.verdict import Verdict

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DASH = "–"
_NOT_RECHECKED = "not rechecked"


@dataclass(frozen=True)
class Caution:
    """A number that could make a pass meaningless.

    Attributes:
        label: What is counted.
        count: How many.
        meaning: One sentence.
        serious: Whether it should catch the eye.
    """

    label: str
    count: int
    meaning: str
    serious: bool


def render_page(report: Report, wide: str, narrow: str, worked: str) -> str:
    """Renders the page.

    Args:
        report: The report; every text in it is shown as text.
        wide: The picture, an SVG made by ``reports.charts``.
        narrow: The same for narrow screens.
        worked: The worked example, an SVG made by ``reports.problem_charts``.

    Returns:
        HTML.
    """
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("reports"),
    )
    environment.filters |= {
        "mathematical": mathematical,
        "decimal": decimal,
        "scientific": scientific,
        "ratio": ratio,
        "vector": vector,
        "pretty_json": lambda data: json.dumps(data, indent=1, ensure_ascii=False),
    }
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report,
        headline=_headline(report),
        cautions=_cautions(report),
        notes=_notes(report),
        status=status,
        # The pictures are our own; all else is escaped.
        worked=Markup(worked),
        wide=Markup(wide),
        narrow=Markup(narrow),
        verdicts=[*(v.value for v in Verdict), *([_NOT_RECHECKED] if _open(report) else [])],
        regimes=_regimes(report["random"]),
        reach=_reach(report["random"]),
        findings=unproved(report),
        closest=_closest(report["random"]),
    )


def status(record: RecordJson) -> str:
    """The verdict as it may be called on the page: proved only where the checker accepted the certificate."""
    if record["verdict"] == Verdict.PROVED.value and record["recheck"] != "accepted":
        return _NOT_RECHECKED
    return record["verdict"]


def _records(report: Report) -> list[RecordJson]:
    return [row["record"] for row in (*report["paper"], *report["sweep"])] + report["random"]


def _open(report: Report) -> bool:
    return any(status(r) == _NOT_RECHECKED for r in report["random"])


def _headline(report: Report) -> str:
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


def _cautions(report: Report) -> list[Caution]:
    counts = Counter(status(r) for r in report["random"])
    records = _records(report)
    unresolved = sum(status(r) in {"unresolved", _NOT_RECHECKED} for r in records)
    rejected = sum(r["recheck"] == "rejected" for r in records)
    refuted = sum(r["verdict"] == "refuted" for r in records)
    astray = sum(not row["agrees"] for row in (*report["paper"], *report["sweep"]))
    numbers = [
        ("Refuted", refuted, "the assumptions hold and another limit is proved", True),
        ("Unresolved", unresolved, "nothing was proved, or its proof was not accepted", True),
        ("Rejected by the checker", rejected, "certificates that the independent checker did not accept", True),
        ("Expected rows that disagree", astray, "among the paper’s rows and the sweep below", True),
        ("Exceptional", counts["exceptional"], "random starts proved to lie in the theorem’s null set", False),
        ("Not applicable", counts["not-applicable"], "random problems outside the theorem’s assumptions", True),
    ]
    return [Caution(label, count, meaning, serious and count > 0) for label, count, meaning, serious in numbers]


def _notes(report: Report) -> list[str]:
    notes = []
    done = len(report["random"])
    if report["interrupted"]:
        notes.append(f"The run was interrupted: {done} of {report['problems']} random problems were finished.")
    elif done != report["problems"]:
        notes.append(f"{done} of {report['problems']} random problems are on record.")
    if not report["problems"]:
        notes.append("No random problems were asked for: this page speaks of the paper’s own examples only.")
    return notes


def _regimes(records: Sequence[RecordJson]) -> list[dict[str, Any]]:
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


def _reach(records: Sequence[RecordJson]) -> list[tuple[str, str]]:
    if not records:
        return []
    radii = [r["start_radius"] for r in records if r["start_radius"] is not None]
    return [
        ("dimension n", _span([r["dimension"] for r in records])),
        ("degree", _span([r["degree"] for r in records])),
        ("terms", _span([r["terms"] for r in records])),
        ("start to minimizer", f"{scientific(min(radii))} to {scientific(max(radii))}" if radii else _DASH),
        ("rotated Hessian", str(sum(r["rotated"] for r in records))),
        ("minimizer off the origin", str(sum(r["off_origin"] for r in records))),
        ("C³ with truncated powers", str(sum(r["truncated"] for r in records))),
        ("beyond 128 bits", str(sum((r["precision"] or 0) > 128 for r in records))),
    ]


def _span(values: Sequence[int | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{min(known)} to {max(known)}" if known else _DASH


def _closest(records: Sequence[RecordJson]) -> list[RecordJson]:
    kept = [r for r in records if status(r) == "proved" and r["problem"] and r["margin"] is not None]
    return sorted(kept, key=lambda r: r["margin"] or 0.0)


def mathematical(text: str) -> str:
    """A loss as people write it: ½ x², no stars."""
    raised = re.sub(r"\*\*(\d+)", lambda match: match[1].translate(_SUPERSCRIPTS), text)
    raised = re.sub(r"(?<![\d/])1/2(?![\d/])", "½", raised)
    return raised.replace("*", "\u2009").replace(" - ", " − ")


def decimal(text: str | None) -> str:
    """A rational as a short decimal where that is exact, else unchanged."""
    if text is None:
        return _DASH
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return text
    short = f"{float(value):.6g}"
    return short if "e" not in short and Fraction(short) == value else text


def scientific(value: float | None) -> str:
    """A number of three digits, as 3.2·10⁻⁵ where that is shorter."""
    if value is None:
        return _DASH
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}".replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "−")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return mantissa.replace("1", power) if mantissa in {"1", "−1"} else f"{mantissa}·{power}"


def ratio(margin: float | None) -> str:
    """Amplitude over tail from its logarithm, rounded down so that it remains a lower bound."""
    if margin is None:
        return "tail 0"
    if 0 < margin < 0.005:
        excess = math.expm1(margin * math.log(10))
        unit = 10.0 ** (math.floor(math.log10(excess)) - 2)
        return f"1 + {scientific(math.floor(excess / unit) * unit)}"
    if margin > 4:
        return f"10{str(math.floor(margin)).translate(_SUPERSCRIPTS)}"
    return f"{math.floor(10**margin * 1000) / 1000:.3f}"


def vector(values: Sequence[float]) -> str:
    """A direction with six digits."""
    return "(" + ", ".join(f"{x:.6g}".replace("-", "−") for x in values) + ")"
