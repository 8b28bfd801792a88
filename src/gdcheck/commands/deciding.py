"""``gdcheck check``, ``recheck`` and ``replay``: problems decided, certificates verified, records held against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.answering import Extras, Limits, Printer
from gdcheck.commands.common import (
    BAD_INPUT,
    EXIT_CODES,
    OTHER,
    PROVED,
    REFUTED,
    every_start_from_options,
    help_end,
    printable,
    problem_from_options,
    proofs_with_progress,
    valley_from_options,
)
from gdcheck.commands.method_options import (
    BETA1,
    BETA2,
    EPSILON,
    METHOD,
    MOMENTUM,
    PRECONDITIONER,
    method_from_options,
)
from gdcheck.commands.outcomes import Questions
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.every_start import EveryStart
    from gdcheck.theorem.decision.method_every_start import MethodEveryStart
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.valleys.decide import ValleyDecision

    AnyDecision = Decision | EveryStart | MethodEveryStart | SmoothDecision | ValleyDecision

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 proved, 1 refuted, 3 any other verdict",
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1',
        'gdcheck check --loss "(x - 1)**2 + 10*(y - 2)**2" --step-size 0.09 --start 0,0 --iterate 200',
        'gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95',
        'gdcheck check --loss "0.05*x**2 + 5*y**2" --step-size 0.18 --start 1,1 --method heavy-ball --momentum 0.9',
        "gdcheck check --problem problem.json --json --certificate certificate.json",
    )
)
def check(
    loss: Annotated[
        str | None, typer.Option(help="The loss: a polynomial plus powers of max(linear, 0); or with exp, log, tanh, …")
    ] = None,
    step_size: Annotated[str | None, typer.Option(help="The step size η; 0.1 means exactly 1/10.")] = None,
    start: Annotated[
        str | None,
        typer.Option(help="The first iterate, as x=Q,y=Q,… or Q,Q,…; without it, almost every start is decided."),
    ] = None,
    minimizer: Annotated[
        str | None, typer.Option(help="The minimizer, as x=Q,y=Q,… or Q,Q,…; searched if not given.")
    ] = None,
    variables: Annotated[str | None, typer.Option(help="Names and order of the variables, as x,y,…")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Data that the loss names: X=file.csv, X=file.parquet, or file.npz; may be repeated."),
    ] = None,
    residual: Annotated[
        list[str] | None,
        typer.Option(help="Instead of --loss: a residual, as in x*y - 1; repeated, the loss is --scale times Σ F²."),
    ] = None,
    scale: Annotated[str | None, typer.Option(help="The factor of the squared residuals; 1/2 if not given.")] = None,
    near: Annotated[
        str | None, typer.Option(help="Where to search the minimizer, as x=Q,y=Q,… or Q,Q,…; else at the start.")
    ] = None,
    within: Annotated[
        str | None, typer.Option(help="Also say from which step on the distance to the minimizer is at most this.")
    ] = None,
    within_loss: Annotated[
        str | None, typer.Option(help="Also say from which step on the loss above the minimizer's is at most this.")
    ] = None,
    iterate: Annotated[int | None, typer.Option(min=0, help="Also enclose the iterate of this step.")] = None,
    problem: Annotated[
        Path | None, typer.Option(help="A problem as JSON, or many as JSON Lines; - reads standard input.")
    ] = None,
    method: Annotated[str | None, METHOD] = None,
    momentum: Annotated[str | None, MOMENTUM] = None,
    beta1: Annotated[str | None, BETA1] = None,
    beta2: Annotated[str | None, BETA2] = None,
    epsilon: Annotated[str | None, EPSILON] = None,
    preconditioner: Annotated[str | None, PRECONDITIONER] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (a line each for JSON Lines).")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Write the certificate to this file; with --sharpness it proves that too.")
    ] = None,
    coq: Annotated[
        Path | None, typer.Option(help="Write a proved verdict to this file as a theorem for Coq's kernel.")
    ] = None,
    observe: Annotated[bool, typer.Option(help="Also run mpmath gradient descent and say what is observed.")] = False,
    sharpness: Annotated[
        bool, typer.Option(help="Also prove how the largest Hessian eigenvalue behaves along the trajectory.")
    ] = False,
    scalar: Annotated[
        list[str] | None,
        typer.Option(help="Also prove how this function of the variables behaves, as in x*y + x; may be repeated."),
    ] = None,
    max_steps: Annotated[
        int, typer.Option(min=1, help="Steps allowed before a problem is left unresolved.")
    ] = 1_000_000,
    precision: Annotated[
        int, typer.Option(min=64, max=1_000_000, help="Bits to begin with; they double as long as they do not suffice.")
    ] = 128,
    max_precision: Annotated[
        int, typer.Option(min=64, max=1_000_000, help="Bits allowed before a problem is left unresolved.")
    ] = 8192,
    recheck: Annotated[
        bool, typer.Option("--recheck/--no-recheck", help="Verify each proof with the independent checker at once.")
    ] = True,
) -> int:
    """Decide one problem (or a file of them) with proof; without a start, almost every start at once."""
    many = False
    if precision > max_precision:
        raise InputError("precision", f"{precision} bits are more than --max-precision {max_precision} allows")
    chosen = method_from_options(method, momentum, beta1, beta2, epsilon, preconditioner)
    if problem is not None:
        if chosen is not None:
            raise InputError("method", "stands in the problem's file; leave out --method and its parameters")
        if any(x is not None for x in (loss, step_size, start, minimizer, variables, data, residual, scale)):
            raise InputError(
                "problem",
                "stands alone; leave out --loss, --step-size, --start, --minimizer, --variables, --data, --residual,"
                " --scale",
            )
        from gdcheck.properties.storage.reading import read_problems

        many, problems = read_problems(problem)
    elif residual or scale is not None:
        alone = {"loss": loss, "minimizer": minimizer, "data": data or None, "method": method}
        if beside := next((name for name, value in alone.items() if value is not None), None):
            raise InputError(beside, "does not go with --residual and --scale; leave it or them out")
        problems = iter([(1, valley_from_options(residual or [], scale, step_size, start, variables))])
    elif start is None:
        if data:
            raise InputError("start", "is missing; of a loss with data one trajectory is decided: give --start w=0")
        problems = iter([(1, every_start_from_options(loss, step_size, minimizer, variables, chosen))])
    else:
        problems = iter([(1, problem_from_options(loss, step_size, start, minimizer, variables, chosen, data or ()))])
    if many and certificate is not None:
        raise InputError("certificate", "one file holds one certificate; check the problems one by one for theirs")
    if many and coq is not None:
        raise InputError("coq", "one file holds one theorem; check the problems one by one for theirs")
    from gdcheck.theorem.descent.points import read_point

    questions = Questions(None if near is None else read_point(near, "near"), within, within_loss, iterate)
    extras = Extras(
        recheck=recheck, observe=observe, sharpness=sharpness, scalars=tuple(scalar or ()), questions=questions
    )
    printer = Printer(as_json=as_json, many=many, extras=extras, limits=Limits(max_steps, precision, max_precision))
    codes = [printer.handle(line, item, certificate, coq) for line, item in problems]
    # Bad input outranks a refutation, which outranks any other verdict.
    return next(code for code in (BAD_INPUT, REFUTED, OTHER, PROVED) if code in codes)


@commands.command(
    epilog=help_end(
        "0 all accepted, 1 any rejected, 3 any not checked (too long, or no theorem in Coq)",
        "gdcheck recheck certificate.json",
    )
)
def recheck(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates, one JSON object a file.")],
    time_limit: Annotated[float, typer.Option(min=0, help="Seconds that each certificate may take.")] = 60.0,
    kernel: Annotated[
        bool, typer.Option("--kernel", help="Also have Coq's kernel check them; its first run compiles the proofs.")
    ] = False,
    limit_steps: Annotated[
        bool,
        typer.Option("--limit-steps", help="Of a network's certificate: take its stored late iterate as given."),
    ] = False,
) -> int:
    """Verify certificates with the small independent checkers."""
    from gdcheck.properties.storage.reading import parse_json, read_text
    from gdcheck.terminal.late import late_bar
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
            if isinstance(certificate, dict) and certificate.get("schema") == "gdcheck-network/1":
                codes.append(_recheck_network(certificate, path, time_limit, late_only=limit_steps))
                continue
            require_shape(certificate)
            with late_bar("rechecking") as watch:
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
    from gdcheck.networks.proof.checker.check import NotChecked
    from gdcheck.networks.proof.storing import recheck_file
    from gdcheck.terminal.late import late_bar

    name = printable(str(path))
    try:
        with late_bar("rechecking") as watch:
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
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A stored problem or certificate.")],
    load: Annotated[
        Path | None, typer.Option(help="The Python file that declares the claim of a counterexample; it is run.")
    ] = None,
) -> int:
    """Decide a stored problem again and say whether the verdict is the same; examine the claim it was to break."""
    from gdcheck.properties.storage.reading import parse_json, problem_inside, read_text
    from gdcheck.theorem.certificate.rechecking import SHARPNESS
    from gdcheck.theorem.decision.decide import Verdict
    from gdcheck.theorem.long_run.locate import with_minimizer
    from gdcheck.theorem.smooth.problem import SmoothProblem
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
    whole = data if isinstance(data, dict) and data.get("schema") == SHARPNESS else None
    if whole is not None:
        data = whole.get("theorem")
    stored = data.get("verdict") if isinstance(data, dict) and "problem" in data else None
    names = [v.value for v in Verdict]
    if isinstance(data, dict) and "problem" in data and stored not in names:
        raise InputError("verdict", f"is missing or unknown; a stored record has one of {', '.join(names)}")
    read = problem_inside(parse_json(text, "the file", decimals=True))
    problem = read if isinstance(read, SmoothProblem | ValleyProblem) else with_minimizer(read)
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
    return next(code for code in (REFUTED, OTHER, PROVED) if code in codes)


def _decided(problem: AnyProblem) -> AnyDecision:
    """Decide a problem of any kind."""
    from gdcheck.theorem.decision.decide import decide
    from gdcheck.theorem.decision.every_start import decide_every_start
    from gdcheck.theorem.decision.method_every_start import decide_method_every_start
    from gdcheck.theorem.decision.smooth import decide_smooth
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.decide import decide_valley
    from gdcheck.theorem.valleys.problem import ValleyProblem

    if isinstance(problem, SmoothProblem):
        return decide_smooth(problem)
    if isinstance(problem, ValleyProblem):
        return decide_valley(problem)
    if not isinstance(problem, EveryStartProblem):
        return decide(problem)
    return decide_every_start(problem) if problem.method.is_plain else decide_method_every_start(problem)


def _sharpness_again(stored: dict[str, Any], decision: AnyDecision) -> int:
    """Prove the sharpness again, and say whether the certificate claims the same of it."""
    from gdcheck.theorem.certificate.kinds.sharpness import sharpness_certificate
    from gdcheck.theorem.certificate.rechecking import BadCertificate, require_shape
    from gdcheck.theorem.certificate.words import sharpness_in_words
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.sharpness.sharpness import sharpness

    try:
        require_shape(stored)
    except BadCertificate as error:
        raise InputError("certificate", str(error)) from None
    found = sharpness(decision, first_steps=True) if isinstance(decision, Decision) else None
    made = None if found is None or not isinstance(decision, Decision) else sharpness_certificate(decision, found)
    before, now = sharpness_in_words(stored), "nothing" if made is None else sharpness_in_words(made)
    same = before == now
    typer.echo(f"SAME: {now}" if same else f"DIFFERENT: stored {before}, now {now}")
    return PROVED if same else REFUTED
