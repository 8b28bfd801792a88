"""Counterexamples as files: whatever breaks a claim can be decided and examined again without Hypothesis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from properties.claim import Claim, Finding, passes
from properties.files import as_json, write_text_atomically
from properties.instance import Instance
from properties.tally import identity
from properties.trial import CounterexampleError

FOLDER = Path("reports", "out", "counterexamples")
FORMS = ("problem", "simplest", "worst")


@dataclass(frozen=True)
class Stored:
    """Where a counterexample was written.

    Attributes:
        folder: The folder, from the project's root.
        message: What a person should know, with the commands that repeat it.
    """

    folder: Path
    message: str


def store(error: CounterexampleError, root: Path) -> Stored:
    """Writes the problem found, the simplest form and the worst form, each of which ``gdcheck replay`` accepts.

    Args:
        error: The counterexample.
        root: The project's root.

    Returns:
        Where, and the message.
    """
    folder = FOLDER / f"{error.trial.claim.name}-{identity(error.found['instance']['problem'])}"
    (root / folder).mkdir(parents=True, exist_ok=True)
    for form, seen in zip(FORMS, (error.found, error.simplest, error.worst), strict=True):
        write_text_atomically(root / folder / f"{form}.json", as_json(_record(seen)))
    return Stored(folder, _message(error, folder))


def _record(seen: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in seen["instance"].items() if key != "problem"}
    return {
        "problem": seen["instance"]["problem"],
        "verdict": seen["verdict"],
        "claim": seen["claim"],
        "note": seen["note"],
        "holds": seen["holds"],
        "margin": seen["margin"],
        "made": made,
    }


def _message(error: CounterexampleError, folder: Path) -> str:
    claim, simplest = error.trial.claim, error.simplest
    lines = [
        f"{claim.name}: {simplest['note']}",
        f"  claim      {claim.sentence}",
        f"  precisely  {claim.statement}",
        f"  found      {simplest['holds']}, verdict {simplest['verdict']}, margin {simplest['margin']}",
        f"  simplest   {json.dumps(simplest['instance']['problem'], ensure_ascii=False)}",
        "  decide the problem again (as found, in its simplest form, in its worst form):",
        *[f"    gdcheck replay {(folder / form).as_posix()}.json" for form in FORMS],
        "  examine the claim again:",
        f"    python -m properties.counterexamples {(folder / 'simplest.json').as_posix()}",
    ]
    return "\n".join(lines)


def examine_again(data: Mapping[str, Any], claims: Mapping[str, Claim]) -> tuple[bool, Finding]:
    """Examines a stored counterexample.

    Args:
        data: A stored form.
        claims: The claims by name.

    Returns:
        Whether the claim holds on it now, and the finding.

    Raises:
        KeyError: If the claim is not known.
    """
    instance = Instance.from_json({"problem": data["problem"], **data["made"]})
    finding = claims[data["claim"]].examine(instance)
    return passes(instance, finding), finding


def main(arguments: list[str]) -> int:
    """Examines stored counterexamples and prints FIXED or FAILED for each.

    Args:
        arguments: Paths of stored forms.

    Returns:
        0 if all are fixed, 1 if any still fails.
    """
    from properties.claims import CLAIMS  # noqa: PLC0415
    from properties.reading import parse_json, read_text  # noqa: PLC0415

    failed = 0
    for name in arguments:
        fixed, finding = examine_again(parse_json(read_text(Path(name)), name), CLAIMS)
        failed += not fixed
        print(f"{'FIXED' if fixed else 'FAILED'}: {name}: {finding.note}")  # noqa: T201
    return int(failed > 0)


if __name__ == "__main__":
    import sys

    raise SystemExit(main(sys.argv[1:]))
