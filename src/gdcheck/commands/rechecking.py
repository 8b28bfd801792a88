"""``gdcheck recheck``: certificates verified by the independent checkers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.common import BAD_INPUT, OTHER, PROVED, REFUTED, help_end, printable, proofs_with_progress
from gdcheck.commands.options import AsJson, number
from gdcheck.commands.talking import talks
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.commands.answer_schemas import Rechecked

commands = typer.Typer()

_CODES = {"accepted": PROVED, "rejected": REFUTED, "not-checked": OTHER, "unusable": BAD_INPUT}


@commands.command(
    epilog=help_end(
        "0 all accepted, 1 any rejected, 3 any not checked (too long, or no theorem in Coq)",
        "gdcheck recheck certificate.json",
        "gdcheck recheck certificate.json --json",
    )
)
@talks()
def recheck(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates, one JSON object a file.")],
    time_limit: Annotated[float, typer.Option(**number(0), help="Seconds of processor time for each.")] = 60.0,
    kernel: Annotated[
        bool, typer.Option("--kernel", help="Also have Coq's kernel check them; its first run compiles the proofs.")
    ] = False,
    limit_steps: Annotated[
        bool,
        typer.Option("--limit-steps", help="For a network's certificate: take its stored late iterate as given."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Verify certificates with the small independent checkers."""
    library = proofs_with_progress() if kernel else None
    found = []
    for path in files:
        found.append(_rechecked(path, time_limit, library, late_only=limit_steps))
        if not as_json:
            _show(found[-1])
    if as_json:
        from gdcheck.commands.answer_schemas import Recheck
        from gdcheck.properties.storage.files import as_json as as_text

        typer.echo(as_text(Recheck(tuple(found)), indent=None), nl=False)
    return max((_CODES[one.result] for one in found), key=(PROVED, OTHER, REFUTED, BAD_INPUT).index)


def _show(one: Rechecked) -> None:
    """Print one line: bad input goes to standard error."""
    name, said = printable(one.file), printable(one.said)
    if one.result == "unusable":
        typer.echo(f"error: {name}: {said}", err=True)
    else:
        typer.echo(f"{name}: {said}")


def _rechecked(path: Path, time_limit: float, library: Path | None, *, late_only: bool) -> Rechecked:
    """Have a certificate checked; with a library of compiled proofs, by Coq's kernel too."""
    from gdcheck.commands.answer_schemas import Rechecked
    from gdcheck.networks import CERTIFICATES
    from gdcheck.properties.storage.reading import parse_json, read_text
    from gdcheck.terminal.waiting import waiting
    from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check, require_shape
    from gdcheck.theorem.certificate.words import certified_in_words

    name, accepted = str(path), ""
    try:
        certificate = parse_json(read_text(path), "the certificate")
        if isinstance(certificate, dict) and certificate.get("schema") in CERTIFICATES:
            return _network_rechecked(certificate, path, time_limit, late_only=late_only)
        require_shape(certificate)
        with waiting("rechecking") as watch:
            failure = check(certificate, time_limit, watch)
        if failure is None and library is not None:
            from gdcheck.properties.verify.kernel import check_in_kernel

            accepted = "accepted by the checker; not by Coq's kernel: "
            failure = check_in_kernel(library, certificate, time_limit)
    except NotChecked as gave_up:
        return Rechecked(name, "not-checked", f"{accepted}{gave_up}")
    except (InputError, BadCertificate) as error:
        return Rechecked(name, "unusable", str(error))
    if failure is not None:
        return Rechecked(name, "rejected", f"rejected: {failure}")
    by = "" if library is None else " by the checker and by Coq's kernel"
    return Rechecked(name, "accepted", f"accepted{by}{certified_in_words(certificate)}")


def _network_rechecked(certificate: dict[str, Any], path: Path, time_limit: float, *, late_only: bool) -> Rechecked:
    """Have the networks' own checker verify a certificate, and say what it verified."""
    from gdcheck.commands.answer_schemas import Rechecked
    from gdcheck.networks.proof.checker.inequality import NotChecked
    from gdcheck.networks.proof.storing import recheck_file
    from gdcheck.terminal.waiting import waiting

    try:
        with waiting("rechecking") as watch:
            failure = recheck_file(certificate, path, late_only=late_only, time_limit=time_limit, watch=watch)
    except NotChecked as gave_up:
        return Rechecked(str(path), "not-checked", str(gave_up))
    if failure is not None:
        return Rechecked(str(path), "rejected", f"rejected: {failure}")
    step = certificate["step"]
    said = (
        f"accepted from the stored iterate of step {step} on; that it is near the trajectory was not checked"
        if late_only
        else f"accepted: the trajectory from the first weights to step {step}, and the limit from there"
    )
    return Rechecked(str(path), "accepted", said)
