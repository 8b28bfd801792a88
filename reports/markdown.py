"""The report as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gdcheck.reports import verification_view
from gdcheck.reports.ablation_view import ablation_headline, evidence_words, verdict_words
from gdcheck.reports.claims_view import claims_view
from gdcheck.reports.page import Sources
from gdcheck.reports.schema import Report, unproved
from gdcheck.reports.text import scientific, shell

_MOST_FINDINGS = 20


def as_markdown(sources: Sources) -> str:
    """Writes the runs as Markdown; text from them is escaped.

    Args:
        sources: The runs.

    Returns:
        The text.
    """
    lines = [f"# gdcheck: {_plain(sources.outcome)}", ""]
    if sources.verification:
        lines += _verification(sources.verification)
    if sources.claims:
        lines += _claims(sources.claims)
    if sources.ablation:
        lines += _ablation(sources.ablation)
    if sources.sweep:
        lines += _sweep(sources.sweep)
    if sources.network:
        lines += _network(sources.network)
    if sources.training:
        lines += _training(sources.training)
    return "\n".join(lines).rstrip() + "\n"


def _plain(value: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    text = re.sub(r"([\\`*_{}\[\]<>#|&~$])", r"\\\1", str(value))
    return " ".join(text.split())


def _code(value: str) -> str:
    """Code that no text can break out of."""
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{' '.join(value.split())}{pad}{fence}"


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    titles = list(heads)
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    lines += ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]


def _verification(report: Report) -> list[str]:
    lines = ["## Verification", "", _plain(verification_view.headline(report)), ""]
    lines += [f"> {_plain(note)}" for note in verification_view.notes(report)]
    cautions = verification_view.cautions(report)
    lines += _table(["could make a pass meaningless", "", ""], ((c.label, c.count, c.meaning) for c in cautions))
    paper = (
        (r["title"], r["record"]["regime"], r["record"]["verdict"], r["record"]["recheck"]) for r in report["paper"]
    )
    lines += _table(["the paper’s row", "regime", "verdict", "recheck"], paper)
    sharp = (
        (r["loss"], r["step_size"], ", ".join(r["start"]), r["kind"], r["from_step"], r["crossings"], r["agrees"])
        for r in report["sharpness"]
    )
    heads = ["sharpness of the loss", "η", "start", "proved", "from step", "steps above 2/η", "as expected"]
    lines += _table(heads, ((*row[:-1], "yes" if row[-1] else "no") for row in sharp))
    findings = unproved(report)
    for finding in findings[:_MOST_FINDINGS]:
        lines += [
            f"- **{_plain(finding.name)}**: {_plain(finding.record['verdict'])}. {_plain(finding.record['reason'])}"
        ]
        if finding.record["problem"]:
            lines += ["  " + _code(shell(finding.record["problem"]))]
    if len(findings) > _MOST_FINDINGS:
        lines += [f"- and {len(findings) - _MOST_FINDINGS} more, in report.json"]
    return [*lines, ""]


def _claims(data: Mapping[str, Any]) -> list[str]:
    view = claims_view(data)
    rows = ((r.name, r.kind, r.problems, r.holds, r.broken, r.open, scientific(r.margin)) for r in view.rows)
    heads = ["claim", "kind", "problems", "holds", "broken", "unresolved", "smallest margin"]
    return ["## Claims", "", _plain(view.headline), "", *_table(heads, rows)]


def _ablation(run: Mapping[str, Any]) -> list[str]:
    heads = ["ablation", "dropped", "the assumption is", "by", "problems", "violated", "held", "aside"]
    counts = ("examined", "violated", "held", "aside")
    lines = ["## Assumptions dropped", "", _plain(ablation_headline(run)), ""]
    rows = run["rows"]
    words = ([row["name"], row["dropped"], verdict_words(row), evidence_words(row)] for row in rows)
    lines += _table(heads, ([*said, *(row[key] for key in counts)] for said, row in zip(words, rows, strict=True)))
    for row in rows:
        if row.get("fault"):
            lines += [f"- **{_plain(row['name'])}** was not examined to the end: {_plain(row['fault'])}"]
        exhibit = row["simplest"]
        if exhibit:
            lines += [
                f"- **{_plain(row['name'])}** ({_plain(exhibit['evidence'])}): claimed {_plain(exhibit['predicted'])}; "
                f"instead {_plain(exhibit['happens'])}",
                "  " + _code(shell(exhibit["problem"])),
            ]
    return [*lines, ""]


def _sweep(data: Mapping[str, Any]) -> list[str]:
    counts = {**data["verdicts"], **data["tiers"], "second opinions that differ": len(data["disagreements"])}
    heading = f"{data['decided']:,} of {data['problems']:,} problems decided (seed {data['seed']})."
    return ["## Sweep", "", _plain(heading), "", *_table(["problems", "count"], counts.items())]


def _made_up(data: Mapping[str, Any]) -> str:
    return " (synthetic)" if data["data"]["synthetic"] else ""


def _network(data: Mapping[str, Any]) -> list[str]:
    heading = f"{data['data']['name']}{_made_up(data)}: {data['data']['images']} images."
    rows = ((finding, "measured" if holds else "not measured") for finding, holds in data["findings"].items())
    return ["## A network’s minimum", "", _plain(heading), "", *_table(["finding", ""], rows)]


def _training(data: Mapping[str, Any]) -> list[str]:
    heading = f"{data['data']['name']}{_made_up(data)}: {data['data']['images']} images."
    rows = (
        (one["optimizer"], "measured" if one["approach"]["measured"] else "not measured", one["approach"]["reason"])
        for one in data["optimizers"]
    )
    return ["## Optimizers", "", _plain(heading), "", *_table(["optimizer", "cos → 1 was", ""], rows)]
