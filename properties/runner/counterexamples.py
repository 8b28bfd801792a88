"""Counterexamples as files: whatever breaks a claim can be decided and examined again without Hypothesis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import convert

from gdcheck.properties.claims.claim import Claim, ClaimStatus, Finding, examined, status
from gdcheck.properties.runner.tally import (
    ALONE,
    EXAMPLES,
    AboutClaim,
    Broken,
    BrokenForm,
    Circumstances,
    ClaimsRun,
    Tally,
    identity,
    observation,
)
from gdcheck.properties.runner.trial import CounterexampleError
from gdcheck.properties.storage.files import as_json, write_text_atomically
from gdcheck.properties.strategies.instance import Instance, MadeProblem
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import quoted

FOLDER = Path("reports", "out", "counterexamples")
FORMS = ("problem", "simplest", "worst")
REPLAYED = {ClaimStatus.PASSED: "FIXED", ClaimStatus.FAILED: "FAILED", ClaimStatus.UNRESOLVED: "UNRESOLVED"}
_WITH_TORCH = "torch-sgd"


@dataclass(frozen=True)
class Stored:
    """Where a counterexample was written.

    Attributes:
        folder: The folder, from the project's root.
        message: The human-readable account, with the commands that repeat it.
        broken: The same for a report.
    """

    folder: Path
    message: str
    broken: Broken


def store(error: CounterexampleError, root: Path) -> Stored:
    """Write the problem found, the simplest form and the worst form, each of which ``gdcheck replay`` accepts.

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
    forms = (
        _form(seen, folder / f"{form}.json") for form, seen in (("simplest", error.simplest), ("worst", error.worst))
    )
    return Stored(folder, _message(error, folder), Broken(error.trial.claim.name, *forms))


def _form(seen: Mapping[str, Any], file: Path) -> BrokenForm:
    return BrokenForm(convert(seen["instance"], MadeProblem), seen["note"], seen["margin"], file.as_posix())


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
        "  decide the problem and examine the claim again (as found, in its simplest form, in its worst form):",
        *[f"    gdcheck replay {(folder / form).as_posix()}.json" for form in FORMS],
    ]
    return "\n".join(lines)


def examine_again(record: Mapping[str, Any]) -> tuple[str, str]:
    """Examine the claim that a stored counterexample broke on its problem.

    Args:
        record: A stored form, from outside and not trusted.

    Returns:
        FIXED, FAILED, or UNRESOLVED for a start outside the certified ball, where a claim may stay open; and the note.

    Raises:
        InputError: If the claim is unknown or needs a package that is missing, or a field cannot be used.
    """
    claim = _known(record["claim"])
    instance = _made(record)
    if instance.regime not in claim.regimes:
        names = ", ".join(regime.value for regime in claim.regimes)
        raise InputError("regime", f"{instance.regime.value} is not what {claim.name} speaks of; give {names}")
    finding, _ = examined(claim, instance)
    return REPLAYED[status(instance, finding)], finding.note


def as_run(record: Mapping[str, Any], file: str) -> ClaimsRun:
    """Return a stored form as a run of one problem, for a report; nothing is examined.

    Args:
        record: A stored form, from outside and not trusted.
        file: Its file, for ``gdcheck replay``.

    Returns:
        The run.

    Raises:
        InputError: If the claim is unknown, or a field is missing or cannot be used.
    """
    claim = _known(record.get("claim"))
    instance = _made(record)
    said, margin, found, verdict = (record.get(name) for name in ("holds", "margin", "note", "verdict"))
    known = said in ("fails", "unresolved") and verdict in [v.value for v in Verdict]
    if not known or not isinstance(found, str) or not (margin is None or type(margin) in (int, float)):
        raise InputError(
            "counterexample", "holds, verdict, note or margin is missing or malformed; give the file as written"
        )
    finding = Finding(False if said == "fails" else None, margin, found, str(verdict))
    seen = observation(EXAMPLES, claim.name, instance, finding)
    tally = Tally(drawn=1)
    tally.add(seen)
    form = _form(seen, Path(file))
    return ClaimsRun(
        seed=0,
        profile=ALONE,
        examples=1,
        problems=1,
        problems_in_search=0,
        distinct=1,
        drawn=1,
        discarded=0,
        discard_rate=0.0,
        about={claim.name: AboutClaim(claim.sentence, claim.statement, claim.kind, claim.margin)},
        claims=tally.claims[EXAMPLES],
        worst={},
        run=Circumstances(seconds=0.0, workers=1, versions={}),
        counterexamples=[Broken(claim.name, form, form)],
    )


def _made(record: Mapping[str, Any]) -> Instance:
    made = record.get("made")
    if not isinstance(made, Mapping) or "problem" in made:
        raise InputError("made", "is missing or malformed; it holds spectrum, rotation, regime and place")
    return Instance.from_json({**made, "problem": record.get("problem")})


def _known(name: object) -> Claim:
    from gdcheck.properties.claims.registry import CLAIMS  # noqa: PLC0415

    if not isinstance(name, str) or name not in {*CLAIMS, _WITH_TORCH}:
        shown = quoted(name) if isinstance(name, str) else f"a {type(name).__name__}"
        raise InputError("claim", f"{shown} is unknown; the claims are {', '.join([*CLAIMS, _WITH_TORCH])}")
    if name != _WITH_TORCH:
        return CLAIMS[name]
    if find_spec("torch") is None:
        raise InputError("claim", f"{name} needs torch, which is missing; install with: pip install 'gdcheck[torch]'")
    from gdcheck.properties.claims import torch_sgd  # noqa: PLC0415

    return torch_sgd.CLAIM
