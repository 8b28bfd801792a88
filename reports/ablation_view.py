"""What the page says of a run of ``gdcheck ablate``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from gdcheck.reports.caution import Caution

_FEW = 20
_SEARCH = "as far as the search shows"


def verdict_words(row: Mapping[str, Any]) -> str:
    """The verdict of a row; one that rests on few problems says on how many.

    Args:
        row: The row's plain data.

    Returns:
        The words.
    """
    verdict, held = str(row["verdict"]), row["held"]
    if verdict.endswith(_SEARCH) and held < _FEW:
        return verdict.replace(_SEARCH, f"as far as only {held} problem{'s show' if held != 1 else ' shows'}")
    return verdict


def evidence_words(row: Mapping[str, Any]) -> str:
    """By what a row is known; a search proves nothing, though each problem that it met may be proved.

    Args:
        row: The row's plain data.

    Returns:
        The words.
    """
    if row["verdict"] == "open":
        return "–"
    if not str(row["verdict"]).endswith(_SEARCH):
        return str(row["evidence"])
    return f"search, each {row['evidence']}" if row["evidence"] == "proved" else f"search, {row['evidence']}"


def ablation_headline(run: Mapping[str, Any]) -> str:
    """One sentence on a run.

    Args:
        run: The run's plain data.

    Returns:
        The sentence.
    """
    found = Counter(verdict_words(row) for row in run["rows"])
    words = {"needed": "needed, with proof"}
    parts = [f"{count} {words.get(verdict, verdict)}" for verdict, count in found.items()]
    return f"Assumptions dropped in {len(run['rows'])} ways: {'; '.join(parts) or 'none finished'}."


def ablation_cautions(run: Mapping[str, Any]) -> list[Caution]:
    """What could make a run of ablations meaningless.

    Args:
        run: The run's plain data.

    Returns:
        The cautions.
    """
    rows = run["rows"]
    unanswered = sum(row["verdict"] == "open" for row in rows) + len(run["asked"]) - len(rows)
    aside = sum(row["aside"] for row in rows)
    examined = sum(row["examined"] for row in rows)
    meaning = f"of {examined:,} problems of ablations: nothing was proved there, or the start is exceptional"
    return [
        Caution("Ablations open", unanswered, "no violation, no problem on which it holds, or a fault", unanswered > 0),
        Caution("Set aside", aside, meaning, False),
    ]


def certificate_files(name: str, role: str, exhibit: Mapping[str, Any] | None) -> list[str]:
    """Where the certificates of an exhibit lie, from the directory of the run.

    Args:
        name: The ablation's name.
        role: simplest, worst or shown; the last has no files.
        exhibit: The exhibit's plain data.

    Returns:
        The paths.
    """
    count = len(exhibit["certificates"]) if exhibit and role != "shown" else 0
    numbers = [""] if count == 1 else [f"-{i + 1}" for i in range(count)]
    return [f"counterexamples/{name}-{role}{number}.json" for number in numbers]
