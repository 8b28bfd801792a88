"""``gdcheck replay``: a stored problem decided again, and compared with its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.common import EXIT_CODES, OTHER, PROVED, REFUTED, help_end, printable
from gdcheck.commands.options import AsJson
from gdcheck.commands.talking import talks
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.commands.answer_schemas import Replay, Replayed
    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.decision.method_every_start import MethodEveryStart
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.valleys.decide import ValleyDecision

    AnyDecision = Decision | EveryStart | MethodEveryStart | SmoothDecision | SmoothEveryStart | ValleyDecision

commands = typer.Typer()

_CODES = {"same": PROVED, "fixed": PROVED, "different": REFUTED, "violated again": REFUTED, "undecided": OTHER}


@commands.command(
    epilog=help_end(
        "0 the same verdict, or a claim that holds, 1 another verdict, or a claim that fails, 3 an undecided claim; "
        "for a bare problem those of gdcheck check",
        "gdcheck replay certificate.json",
        "gdcheck replay reports/out/claim/counterexamples/loss_falls.json",
        before="A stored record is a certificate, an object with a problem and its verdict, or a counterexample of "
        "gdcheck claim. For a counterexample the claim is examined again, and the answer is VIOLATED AGAIN, FIXED or "
        "UNDECIDED; the file that declares the claim is searched for here and beside the record.",
    )
)
@talks()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A stored problem or certificate.")],
    load: Annotated[
        Path | None, typer.Option(help="The Python file that declares the claim of a counterexample; it is run.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Decide a stored problem again and compare the verdict; of a counterexample, examine the claim again."""
    from gdcheck.properties.storage.files import as_json as as_text

    found = _replayed(file, load)
    if as_json:
        typer.echo(as_text(found, indent=None), nl=False)
    else:
        _show(found)
    return _exit_code(found)


def _exit_code(found: Replay) -> int:
    """Return the exit code: a difference outranks what is undecided."""
    codes = [
        EXIT_CODES.get(one.found, OTHER) if one.outcome == "nothing stored" else _CODES[one.outcome]
        for one in found.compared
    ]
    return next(code for code in (REFUTED, OTHER, PROVED) if code in codes)


def _show(found: Replay) -> None:
    from gdcheck.terminal.show import say

    for note in found.notes:
        say(printable(note))
    for one in found.compared:
        head = one.outcome.upper()
        if one.outcome == "nothing stored":
            say(f"{one.found}: {found.reason} (no verdict was stored)")
            continue
        said = {"same": one.found, "different": f"stored {one.stored}, now {one.found}"}.get(one.outcome)
        say(f"{head}: {said or f'{printable(one.about)}: {printable(one.found)}'}")
        if one.about == "verdict" and found.reason:
            say(found.reason)


def _replayed(file: Path, load: Path | None) -> Replay:
    """Read what is stored, find it again, and compare.

    Raises:
        InputError: If the file holds nothing that can be replayed.
    """
    from gdcheck.commands.answer_schemas import Replay, Replayed
    from gdcheck.properties.storage.reading import parse_json, problem_inside, read_text
    from gdcheck.theorem.certificate.rechecking import SHARPNESS, SMOOTH_SHARPNESS
    from gdcheck.theorem.decision.decide import Verdict
    from gdcheck.theorem.valleys.problem import ValleyProblem

    text = read_text(file)
    data = parse_json(text, "the file")
    if isinstance(data, dict) and str(data.get("schema")).startswith("gdcheck-counterexample/"):
        return _claim_again(data, load, file.parent)
    if load is not None:
        raise InputError("load", "is for a counterexample of gdcheck claim; this file is none")
    if isinstance(data, dict) and "claim" in data and "made" in data and "schema" not in data:
        said = "is missing: counterexamples to the theorem's claims had none before gdcheck-counterexample/1"
        raise InputError("schema", f"{said}; examine the claim on new problems with gdcheck claim")
    whole = data if isinstance(data, dict) and data.get("schema") in {SHARPNESS, SMOOTH_SHARPNESS} else None
    if whole is not None:
        data = whole.get("theorem")
    stored = data.get("verdict") if isinstance(data, dict) and "problem" in data else None
    names = [v.value for v in Verdict]
    if isinstance(data, dict) and "problem" in data and stored not in names:
        raise InputError("verdict", f"is missing or unknown; a stored record has one of {', '.join(names)}")
    problem = problem_inside(parse_json(text, "the file", decimals=True))
    decision = _decided(problem)
    found = decision.verdict.value
    if stored is None:
        return Replay((Replayed("verdict", "nothing stored", None, found),), decision.reason)
    compared = [_compared("verdict", stored, found)]
    if whole is not None:
        compared.append(_sharpness_again(whole, decision))
    elif isinstance(problem, ValleyProblem) and isinstance(data.get("sharpness"), dict):
        compared.append(_valley_sharpness_again(data["sharpness"].get("above"), decision))
    return Replay(tuple(compared), decision.reason)


def _compared(about: str, stored: str, found: str) -> Replayed:
    from gdcheck.commands.answer_schemas import Replayed

    return Replayed(about, "same" if stored == found else "different", stored, found)


def _claim_again(data: Any, load: Path | None, beside: Path) -> Replay:
    """Examine the claim of a stored counterexample on its problems again."""
    from gdcheck.commands.answer_schemas import Replay, Replayed
    from gdcheck.properties.lemmas.record import digest_of, examined_again, read_record

    record = read_record(data)
    found = examined_again(data, load, beside)
    changed = f"{record.file} has changed since the counterexample was found"
    return Replay(
        tuple(Replayed(f"{record.claim} on the {form} problem", outcome, None, note) for form, outcome, note in found),
        notes=() if digest_of(record, load, beside) else (changed,),
    )


def _decided(problem: AnyProblem) -> AnyDecision:
    """Decide a problem of any kind."""
    from gdcheck._decision import decide, decide_every_start
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem

    if isinstance(problem, EveryStartProblem | EveryStartSmoothProblem):
        return decide_every_start(problem)
    return decide(problem)


def _valley_sharpness_again(stored: Any, decision: AnyDecision) -> Replayed:
    """Follow the sharpness into the valley again, and say whether the steps above 2/η are the same."""
    from gdcheck.commands.answer_schemas import Replayed
    from gdcheck.theorem.valleys.decide import ValleyDecision
    from gdcheck.theorem.valleys.sharpness import valley_sharpness

    found = valley_sharpness(decision) if isinstance(decision, ValleyDecision) else None
    now = list(found.above) if found is not None and found.is_proved else None
    before, after = (
        "not proved" if steps is None else f"{len(steps)} steps above 2/η"
        for steps in (stored if isinstance(stored, list) else None, now)
    )
    if stored == now:
        return Replayed("sharpness", "same", before, after)
    return Replayed("sharpness", "different", before, f"{after}, not those that are stored")


def _sharpness_again(stored: dict[str, Any], decision: AnyDecision) -> Replayed:
    """Prove the sharpness again, and say whether the certificate claims the same of it."""
    from gdcheck.theorem.certificate.kinds.sharpness import sharpness_certificate
    from gdcheck.theorem.certificate.rechecking import BadCertificate, require_shape
    from gdcheck.theorem.certificate.smooth.sharpness import smooth_sharpness_certificate
    from gdcheck.theorem.certificate.words import sharpness_in_words
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.sharpness.sharpness import sharpness
    from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness

    try:
        require_shape(stored)
    except BadCertificate as error:
        raise InputError("certificate", str(error)) from None
    made = None
    if isinstance(decision, Decision):
        made = sharpness_certificate(decision, sharpness(decision, first_steps=True))
    elif isinstance(decision, SmoothDecision):
        made = smooth_sharpness_certificate(decision, smooth_sharpness(decision))
    return _compared("sharpness", sharpness_in_words(stored), "nothing" if made is None else sharpness_in_words(made))
