"""``gdcheck check``, ``recheck`` and ``replay``: problems decided, certificates verified, records held against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.check_options import CheckOptions
from gdcheck.commands.common import (
    BAD_INPUT,
    EXIT_CODES,
    OTHER,
    PROVED,
    REFUTED,
    given,
    help_end,
    named_rest,
    printable,
    problem_from_options,
    proofs_with_progress,
    takes,
    valley_from_options,
)
from gdcheck.commands.options import method_from_options, number
from gdcheck.commands.talking import talks
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.decision.method_every_start import MethodEveryStart
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem
    from gdcheck.theorem.valleys.decide import ValleyDecision

    AnyDecision = Decision | EveryStart | MethodEveryStart | SmoothDecision | SmoothEveryStart | ValleyDecision

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 proved, 1 refuted, 3 any other verdict",
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1',
        'gdcheck check --loss "(x - 1)**2 + 10*(y - 2)**2" --step-size 0.09 --start 0,0 --iterate 200',
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95',
        'gdcheck check --residual "x*y - 1" --step-size 0.1 --start 2,1 --method heavy-ball --momentum 0.5',
        'gdcheck check --loss "0.05*x**2 + 5*y**2" --step-size 0.18 --start 1,1 --method heavy-ball --momentum 0.9',
        "gdcheck check --problem problem.json --json --certificate certificate.json",
    )
)
@talks()
@takes(CheckOptions)
def check(options: CheckOptions) -> int:
    """Decide one problem (or a file of them) with proof; without a start, almost every start at once."""
    from gdcheck.commands.answering import Printer
    from gdcheck.theorem.descent.points import read_point

    if options.precision > options.max_precision:
        message = f"{options.precision} bits are more than --max-precision {options.max_precision} allows"
        raise InputError("precision", message)
    many, problems = _asked(options)
    for field in ("certificate", "coq"):
        if many and options.given(field):
            what = {"certificate": "certificate", "coq": "theorem"}[field]
            raise InputError(field, f"one file holds one {what}; check the problems one by one for theirs")
    if options.near is not None:
        # A point that is none is told once, however many problems there are.
        read_point(options.near, "near")
    printer = Printer(options, many=many)
    codes = [printer.handle(line, item) for line, item in problems]
    # Bad input outranks a refutation, which outranks any other verdict.
    return next(code for code in (BAD_INPUT, REFUTED, OTHER, PROVED) if code in codes)


def _asked(o: CheckOptions) -> tuple[bool, Iterator[tuple[int, AnyProblem | Exception]]]:
    """Return whether there may be many problems, and each with its line."""
    method = method_from_options(o.method, o.momentum, o.beta1, o.beta2, o.epsilon, o.preconditioner)
    if o.problem is not None:
        if method is not None:
            raise InputError("method", "stands in the problem's file; leave out --method and its parameters")
        alone = ("loss", "loss_function", "step_size", "start", "minimizer", "variables", "data", "residual", "scale")
        if o.given(*alone):
            named = ", ".join(f"--{name.replace('_', '-')}" for name in alone)
            raise InputError("problem", f"stands alone; leave out {named}")
        from gdcheck.properties.storage.reading import read_problems

        return read_problems(o.problem)
    found: AnyProblem
    if o.given("residual", "scale"):
        o.refuse(("loss", "minimizer", "data"), "does not go with --residual and --scale; leave it or them out")
        found = valley_from_options(o.residual or [], o.scale, o.step_size, o.start, o.variables, method)
    elif o.loss_function is not None:
        o.refuse(("loss", "data", "method"), "does not go with --loss-function; leave it or the function out")
        found = _traced(o, o.loss_function)
    elif o.start is None:
        found = _about_every_start(o, method)
    else:
        found = problem_from_options(o.loss, o.step_size, o.start, o.minimizer, o.variables, method, o.data or ())
    return False, iter([(1, found)])


def _traced(o: CheckOptions, place: str) -> SmoothProblem:
    """Return the problem of a function in a user's own file, which is run; the function is traced."""
    from gdcheck.networks.losses.functions import in_numpy
    from gdcheck.properties.lemmas.loading import run_file
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.smooth.problem import SmoothProblem

    path, _, name = place.rpartition(":")
    if not path.endswith(".py") or not name.isidentifier():
        raise InputError("loss-function", f"{place[:200]!r} names no function in a file; give it as my_loss.py:loss")
    function = getattr(run_file(Path(path), "loss-function"), name, None)
    if not callable(function):
        raise InputError("loss-function", f"{path[:200]} has no function {name}; name one that is defined there")
    point, names = named_rest(o.minimizer, o.variables)
    function, fields = in_numpy(function, {} if o.start is None else {"start": read_point(o.start, "start")})
    return SmoothProblem.of(
        function,
        step_size=given(o.step_size, "step-size", "--step-size 0.1"),
        start=given(fields.get("start"), "start", "--start 0.1,0.1"),
        minimizer=point,
        variables=names,
    )


def _about_every_start(o: CheckOptions, method: dict[str, Any] | None) -> EveryStartProblem | EveryStartSmoothProblem:
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem
    from gdcheck.theorem.smooth.reading import called_in

    point, names = named_rest(o.minimizer, o.variables)
    loss = given(o.loss, "loss", '--loss "x**2 + y**2/2"')
    step_size = given(o.step_size, "step-size", "--step-size 0.1")
    if o.data or (called_in(loss) and "max" not in called_in(loss)):
        from gdcheck.properties.storage.data import read_data
        from gdcheck.theorem.methods.reading import POLYNOMIALS_ONLY

        if method is not None:
            raise InputError("method", POLYNOMIALS_ONLY)
        data = read_data(o.data) if o.data else None
        return EveryStartSmoothProblem.about(loss, step_size=step_size, minimizer=point, variables=names, data=data)
    return EveryStartProblem.about(loss, step_size, point, names, method)


@commands.command(
    epilog=help_end(
        "0 all accepted, 1 any rejected, 3 any not checked (too long, or no theorem in Coq)",
        "gdcheck recheck certificate.json",
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
        typer.Option("--limit-steps", help="Of a network's certificate: take its stored late iterate as given."),
    ] = False,
) -> int:
    """Verify certificates with the small independent checkers."""
    from gdcheck.networks import CERTIFICATES
    from gdcheck.properties.storage.reading import parse_json, read_text
    from gdcheck.terminal.waiting import waiting
    from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check, require_shape
    from gdcheck.theorem.certificate.words import certified_in_words

    if kernel:
        from gdcheck.properties.verify.kernel import check_in_kernel

        library = proofs_with_progress()
    codes = []
    for path in files:
        name, accepted = printable(str(path)), ""
        try:
            certificate = parse_json(read_text(path), "the certificate")
            if isinstance(certificate, dict) and certificate.get("schema") in CERTIFICATES:
                codes.append(_recheck_network(certificate, path, time_limit, late_only=limit_steps))
                continue
            require_shape(certificate)
            with waiting("rechecking") as watch:
                failure = check(certificate, time_limit, watch)
            if failure is None and kernel:
                accepted = "accepted by the checker; not by Coq's kernel: "
                failure = check_in_kernel(library, certificate, time_limit)
        except NotChecked as gave_up:
            typer.echo(f"{name}: {accepted}{printable(str(gave_up))}")
            codes.append(OTHER)
            continue
        except (InputError, BadCertificate) as error:
            typer.echo(f"error: {name}: {printable(str(error))}", err=True)
            codes.append(BAD_INPUT)
            continue
        accepted = "accepted by the checker and by Coq's kernel" if kernel else "accepted"
        more = certified_in_words(certificate) if failure is None else ""
        typer.echo(f"{name}: {accepted}{more}" if failure is None else f"{name}: rejected: {printable(failure)}")
        codes.append(PROVED if failure is None else REFUTED)
    return max(codes, key=(PROVED, OTHER, REFUTED, BAD_INPUT).index)


def _recheck_network(certificate: dict[str, Any], path: Path, time_limit: float, *, late_only: bool) -> int:
    """Have the networks' own checker verify a certificate, and say what it verified."""
    from gdcheck.networks.proof.checker.inequality import NotChecked
    from gdcheck.networks.proof.storing import recheck_file
    from gdcheck.terminal.waiting import waiting

    name = printable(str(path))
    try:
        with waiting("rechecking") as watch:
            failure = recheck_file(certificate, path, late_only=late_only, time_limit=time_limit, watch=watch)
    except NotChecked as gave_up:
        typer.echo(f"{name}: {gave_up}")
        return OTHER
    if failure is not None:
        typer.echo(f"{name}: rejected: {printable(failure)}")
        return REFUTED
    step = certificate["step"]
    typer.echo(
        f"{name}: accepted from the stored iterate of step {step} on; that it is near the trajectory was not checked"
        if late_only
        else f"{name}: accepted: the trajectory from the first weights to step {step}, and the limit from there"
    )
    return PROVED


@commands.command(
    epilog=help_end(
        "0 the same verdict, or a claim that holds, 1 another verdict, or a claim that fails, 3 an undecided claim; "
        "for a bare problem those of gdcheck check",
        "gdcheck replay certificate.json",
        "gdcheck replay reports/out/claim/counterexamples/loss_falls.json",
        before="A stored record is a certificate, an object with a problem and its verdict, or a counterexample of "
        "gdcheck claim: then the claim is examined again, and VIOLATED AGAIN, FIXED or UNDECIDED; its file is looked "
        "for here and beside the record.",
    )
)
@talks()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A stored problem or certificate.")],
    load: Annotated[
        Path | None, typer.Option(help="The Python file that declares the claim of a counterexample; it is run.")
    ] = None,
) -> int:
    """Decide a stored problem again and say whether the verdict is the same; examine the claim it was to break."""
    from gdcheck.properties.storage.reading import parse_json, problem_inside, read_text
    from gdcheck.theorem.certificate.rechecking import SHARPNESS, SMOOTH_SHARPNESS
    from gdcheck.theorem.decision.decide import Verdict
    from gdcheck.theorem.valleys.problem import ValleyProblem

    text = read_text(file)
    data = parse_json(text, "the file")
    if isinstance(data, dict) and str(data.get("schema")).startswith("gdcheck-counterexample/"):
        from gdcheck.commands.claim_run import replay_counterexample

        return replay_counterexample(data, load, file.parent)
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
        typer.echo(f"{found}: {decision.reason} (no verdict was stored)")
        return EXIT_CODES.get(found, OTHER)
    same = stored == found
    typer.echo(f"SAME: {found}" if same else f"DIFFERENT: stored {stored}, now {found}")
    typer.echo(decision.reason)
    codes = [PROVED if same else REFUTED]
    if whole is not None:
        codes.append(_sharpness_again(whole, decision))
    elif isinstance(problem, ValleyProblem) and isinstance(data.get("sharpness"), dict):
        codes.append(_valley_sharpness_again(data["sharpness"].get("above"), decision))
    return next(code for code in (REFUTED, OTHER, PROVED) if code in codes)


def _decided(problem: AnyProblem) -> AnyDecision:
    """Decide a problem of any kind."""
    from gdcheck._decision import decide, decide_every_start
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem

    if isinstance(problem, EveryStartProblem | EveryStartSmoothProblem):
        return decide_every_start(problem)
    return decide(problem)


def _valley_sharpness_again(stored: Any, decision: AnyDecision) -> int:
    """Follow the sharpness into the valley again, and say whether the steps above 2/η are the same."""
    from gdcheck.theorem.valleys.decide import ValleyDecision
    from gdcheck.theorem.valleys.sharpness import valley_sharpness

    found = valley_sharpness(decision) if isinstance(decision, ValleyDecision) else None
    now = list(found.above) if found is not None and found.is_proved else None
    same = stored == now
    said = "not proved" if now is None else f"{len(now)} steps above 2/η"
    typer.echo(f"SAME: {said}" if same else f"DIFFERENT: {said}, and not at the steps that are stored")
    return PROVED if same else REFUTED


def _sharpness_again(stored: dict[str, Any], decision: AnyDecision) -> int:
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
    before, now = sharpness_in_words(stored), "nothing" if made is None else sharpness_in_words(made)
    same = before == now
    typer.echo(f"SAME: {now}" if same else f"DIFFERENT: stored {before}, now {now}")
    return PROVED if same else REFUTED
