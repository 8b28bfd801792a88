"""What the page says of a run of the claims as properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gdcheck.reports.caution import Caution


@dataclass(frozen=True)
class ClaimRow:
    """One claim: both parts of the run added up.

    Attributes:
        name: The claim's name.
        anchor: The same, fit for a link.
        kind: Proved or observed.
        sentence: The claim in plain words.
        statement: What exactly is checked.
        measure: What the margin measures.
        problems: Problems examined.
        holds: On how many it holds.
        broken: On how many it fails.
        open: On how many it was not resolved.
        margin: The smallest margin seen.
        steps: The latest step at which a certificate applied.
        smallest: The problem with the smallest margin.
        verdicts: How many problems ended in each verdict.
    """

    name: str
    anchor: int
    kind: str
    sentence: str
    statement: str
    measure: str
    problems: int
    holds: int
    broken: int
    open: int
    margin: float | None
    steps: int
    smallest: dict[str, Any] | None
    verdicts: dict[str, int]


@dataclass(frozen=True)
class ClaimsView:
    """A whole run of claims.

    Attributes:
        headline: One sentence.
        broken: How often a claim failed.
        rows: The claims.
    """

    headline: str
    broken: int
    rows: tuple[ClaimRow, ...]


def claims_view(data: Mapping[str, Any]) -> ClaimsView:
    """Adds up a run's parts.

    Args:
        data: A report of the claims.

    Returns:
        What the page shows.
    """
    names = [name for name in data["about"] if name in data["claims"] or name in data["worst"]]
    rows = tuple(_row(i, name, data) for i, name in enumerate(names))
    broken = sum(row.broken for row in rows)
    problems = data["problems"] + data["problems_in_search"]
    count = f"{len(rows)} claims, {problems:,} random problems"
    headline = f"{count}: no claim failed." if not broken else f"{count}: {broken} contradictions."
    return ClaimsView(headline, broken, rows)


def _row(i: int, name: str, data: Mapping[str, Any]) -> ClaimRow:
    about = data["about"][name]
    parts = [data[part][name] for part in ("claims", "worst") if name in data[part]]
    holds: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for part in parts:
        holds.update(part["holds"])
        verdicts.update(part["verdict"])
    smallest = min((p["smallest_margin"] for p in parts if p["smallest_margin"]), key=_margin, default=None)
    return ClaimRow(
        name=name,
        anchor=i + 1,
        kind=about["kind"],
        sentence=about["sentence"],
        statement=about["statement"],
        measure=about["margin"],
        problems=sum(part["problems"] for part in parts),
        holds=holds["holds"],
        broken=holds["fails"],
        open=holds["unresolved"],
        margin=smallest["margin"] if smallest else None,
        steps=max(part["most_steps"] for part in parts),
        smallest=smallest["instance"]["problem"] if smallest else None,
        verdicts=dict(verdicts),
    )


def _margin(seen: Mapping[str, Any]) -> float:
    return float(seen["margin"])


def claims_cautions(data: Mapping[str, Any], view: ClaimsView) -> list[Caution]:
    """What could make a pass of the claims meaningless.

    Args:
        data: The report of the claims.
        view: Its view.

    Returns:
        The cautions.
    """
    resting = sum(row.open for row in view.rows)
    exceptional = sum(row.verdicts.get("exceptional", 0) for row in view.rows)
    return [
        Caution("Claims broken", view.broken, "a claim fails on a problem", view.broken > 0),
        Caution("Claims unresolved", resting, "of problems that started outside the certified ball", False),
        Caution("Draws discarded", data["discarded"], f"of {data['drawn']:,} draws", data["discard_rate"] > 0.02),
        Caution("Exceptional starts", exceptional, "on which the limits’ claims say little", False),
    ]
