"""What the page says of a run of ``gdcheck ablate``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reports.caution import Caution


def ablation_headline(run: Mapping[str, Any]) -> str:
    """One sentence on a run.

    Args:
        run: The run's plain data.

    Returns:
        The sentence.
    """
    found = Counter(row["verdict"] for row in run["rows"])
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
        Caution("Ablations open", unanswered, "neither a violation nor a problem on which it holds", unanswered > 0),
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
