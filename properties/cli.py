"""The command line. It only reads arguments, calls, and prints.

Exit codes: 0 proved or accepted, 1 refuted or rejected, 2 bad input, 3 any other verdict.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from properties.files import as_json, write_bytes_atomically

if TYPE_CHECKING:
    from rich.console import Console

    from theorem.loss import Loss
    from theorem.problem import Problem
    from theorem.verdict import Decision

PROVED, REFUTED, BAD_INPUT, OTHER, INTERRUPTED = 0, 1, 2, 3, 130
_EXIT_CODES = {"proved": PROVED, "refuted": REFUTED}
_CODES_HELP = "Exit codes: 0 proved, 1 refuted, 2 bad input, 3 any other verdict."

app = typer.Typer(
    name="gdcheck",
    help="Decides, with proof, whether gradient descent arrives in the direction that the theorem predicts.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line."""
    # Answers hold λ, ₁ and the like, whatever the locale says.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gdcheck {version('gdcheck')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@contextmanager
def _input_errors() -> Iterator[None]:
    """Turns unusable input into one sentence on standard error and exit code 2."""
    from theorem.errors import InputError

    try:
        yield
    except InputError as error:
        typer.echo(f"error: {_printable(str(error))}", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _printable(text: str) -> str:
    """Text from outside with control characters shown, so that it cannot drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


@app.command(
    epilog=_CODES_HELP
    + "\n\nExamples:\n\n"
    + '  gdcheck check --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1\n\n'
    + "  gdcheck check --problem problem.json --json --certificate certificate.json"
)
def check(
    loss: Annotated[
        str | None, typer.Option(help="The loss: a polynomial plus powers of max(linear, 0), exact.")
    ] = None,
    step_size: Annotated[str | None, typer.Option(help="The step size η; 0.1 means exactly 1/10.")] = None,
    start: Annotated[str | None, typer.Option(help="The first iterate, as Q,Q,…")] = None,
    minimizer: Annotated[str | None, typer.Option(help="The minimizer, as Q,Q,…; the origin if not given.")] = None,
    variables: Annotated[str | None, typer.Option(help="Names and order of the variables, as x,y,…")] = None,
    problem: Annotated[
        Path | None, typer.Option(help="A problem as JSON, or many as JSON Lines; - reads standard input.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object (a line each for JSON Lines).")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="Write the certificate to this file.")] = None,
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
) -> None:
    """Decide one problem (or a file of them) with proof."""
    from theorem.errors import InputError

    with _input_errors():
        many = False
        if problem is not None:
            if any(x is not None for x in (loss, step_size, start, minimizer, variables)):
                raise InputError(
                    "problem", "stands alone; leave out --loss, --step-size, --start, --minimizer, --variables"
                )
            from properties.reading import read_problems

            many, problems = read_problems(problem)
        else:
            problems = iter([(1, _from_options(loss, step_size, start, minimizer, variables))])
        if many and certificate is not None:
            raise InputError("certificate", "one file holds one certificate; check the problems one by one for theirs")
        extras = _Extras(observe=observe, sharpness=sharpness, scalars=tuple(scalar or ()))
        printer = _Printer(as_json=as_json, many=many, extras=extras, max_steps=max_steps)
        codes = [printer.handle(line, item, certificate) for line, item in problems]
    # Bad input outranks a refutation, which outranks any other verdict.
    raise typer.Exit(next(code for code in (BAD_INPUT, REFUTED, OTHER, PROVED) if code in codes))


def _from_options(loss: str | None, step_size: str | None, start: str | None, *rest: str | None) -> Problem:
    from theorem.errors import InputError
    from theorem.problem import Problem

    for value, field, example in (
        (loss, "loss", '--loss "x**2 + y**2/2"'),
        (step_size, "step-size", "--step-size 0.1"),
        (start, "start", "--start 0.1,0.1"),
    ):
        if value is None:
            raise InputError(field, f"is missing; give {example}, or a file with --problem")
    assert loss is not None and step_size is not None and start is not None
    minimizer, variables = (None if x is None else _split(x) for x in rest)
    return Problem.build(loss, step_size, _split(start), minimizer, variables)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


@dataclass(frozen=True)
class _Extras:
    """What is to be added to the answers."""

    observe: bool
    sharpness: bool
    scalars: tuple[str, ...]


class _Printer:
    """Decides and prints one problem after the other."""

    def __init__(self, *, as_json: bool, many: bool, extras: _Extras, max_steps: int) -> None:
        self._as_json = as_json
        self._many = many
        self._extras = extras
        self._max_steps = max_steps
        self._console: Console | None = None

    def handle(self, line: int, item: Problem | Exception, certificate: Path | None) -> int:
        from theorem.errors import InputError
        from theorem.verdict import decide

        try:
            if isinstance(item, Exception):
                raise item
            functions = self._functions(item)
            decision = decide(item, max_steps=self._max_steps)
        except InputError as error:
            if not self._many:
                raise
            # One bad line must not lose the answers to the others.
            if self._as_json:
                typer.echo(json.dumps({"line": line, "error": str(error)}))
            else:
                typer.echo(f"error: line {line}: {_printable(str(error))}", err=True)
            return BAD_INPUT
        if certificate is not None:
            self._store(decision, certificate)
        answer = self._answer(decision, functions)
        if self._as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
        else:
            self._show(answer, line)
        return _EXIT_CODES.get(answer["verdict"], OTHER)

    def _functions(self, problem: Problem) -> list[Loss]:
        if not self._extras.scalars:
            return []
        from theorem.scalar import parse_scalar

        return [parse_scalar(text, problem) for text in self._extras.scalars]

    def _answer(self, decision: Decision, functions: Sequence[Loss]) -> dict[str, Any]:
        from theorem.answer import answer, chain_json
        from theorem.dominance import paper_chain

        result = answer(decision)
        result["chain"] = chain_json(paper_chain(decision))
        if self._extras.sharpness:
            from theorem.pattern_answer import sharpness_json
            from theorem.sharpness import sharpness

            result["sharpness"] = sharpness_json(sharpness(decision, trace=True, most_steps=self._max_steps))
        if functions:
            from theorem.pattern_answer import scalar_json
            from theorem.scalar import follow

            texts = self._extras.scalars
            result["scalars"] = [scalar_json(t, follow(decision, f)) for t, f in zip(texts, functions, strict=True)]
        if self._extras.observe:
            from dataclasses import asdict

            from theorem.descent.reference import observe

            seen = asdict(observe(decision.problem))
            result["observed"] = seen | {"kind": seen["kind"].value if seen["kind"] else None}
        return result

    def _show(self, answer: dict[str, Any], line: int) -> None:
        from properties.show import console_for_people, show_answer

        self._console = self._console or console_for_people()
        if self._many:
            self._console.print(f"line {line}:", style="dim")
        show_answer(self._console, answer)

    def _store(self, decision: Decision, path: Path) -> None:
        from theorem.certificate import certificate

        data = certificate(decision)
        if data is None:
            typer.echo(f"note: no certificate written: nothing is proved ({decision.verdict.value})", err=True)
            return
        _write(path, as_json(data))


def _write(path: Path, text: str) -> None:
    _write_bytes(path, text.encode("utf-8"))


def _write_bytes(path: Path, data: bytes, field: str = "file") -> None:
    from theorem.errors import InputError

    try:
        write_bytes_atomically(path, data)
    except OSError as error:
        raise InputError(field, f"cannot write {str(path)[:200]!r} ({error.strerror}); name a writable place") from None


@app.command(
    epilog="Exit codes: 0 all as expected, 1 anything refuted or unresolved, 2 bad input, 130 interrupted.\n\n"
    "Examples:\n\n  gdcheck verify\n\n  gdcheck verify --problems 2000 --seed 7 --jobs 4 --out reports/out/seed7"
)
def verify(
    problems: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many random problems.")] = 300,
    seed: Annotated[int, typer.Option(help="The seed of the random problems.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; one a core if not given.")] = None,
    out: Annotated[Path, typer.Option(help="The directory of the report.")] = Path("reports/out"),
) -> None:
    """Prove and recheck the paper's instances and random problems, and write the report."""
    import os

    from properties.show import console_for_people, progress_over, show_verification
    from properties.verify import verify as run_verification
    from properties.verify import workload
    from theorem.errors import InputError

    with _input_errors():
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                "out", f"cannot make {str(out)[:200]!r} ({error.strerror}); name a writable place"
            ) from None
        with progress_over(workload(problems), "deciding and rechecking") as on_done:
            run_ = run_verification(problems, seed, jobs or os.cpu_count() or 1, on_done)
        from reports.write import write_report

        try:
            written = write_report(run_, out)
        except OSError as error:
            raise InputError("out", f"cannot write the report ({error.strerror}); name a writable place") from None
    show_verification(console_for_people(), run_)
    typer.echo(f"report: {written.page} (data: {written.data})")
    if run_.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(PROVED if run_.outcome == "passed" else REFUTED)


@app.command(
    epilog="Exit codes: 0 drawn, 2 bad input.\n\nExamples:\n\n  gdcheck plot problem.json --out problem.svg\n\n"
    + '  gdcheck plot --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1 --out worked.png'
)
def plot(
    file: Annotated[
        Path | None, typer.Argument(metavar="[PROBLEM]", help="A problem as JSON, or a certificate; - is stdin.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture: a name in .svg, .png, .pdf or .html.")] = None,
    loss: Annotated[str | None, typer.Option(help="The loss, instead of a file.")] = None,
    step_size: Annotated[str | None, typer.Option(help="The step size η.")] = None,
    start: Annotated[str | None, typer.Option(help="The first iterate, as Q,Q,…")] = None,
    minimizer: Annotated[str | None, typer.Option(help="The minimizer, as Q,Q,…; the origin if not given.")] = None,
    variables: Annotated[str | None, typer.Option(help="Names and order of the variables, as x,y,…")] = None,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps allowed for the verdict.")] = 1_000_000,
) -> None:
    """Draw direction, sharpness and phase plane of a problem."""
    from properties.plot import picture_format, plot_problem, stored_problem
    from theorem.errors import InputError

    with _input_errors():
        form = picture_format(out)
        if file is None:
            problem = _from_options(loss, step_size, start, minimizer, variables)
        elif any(x is not None for x in (loss, step_size, start, minimizer, variables)):
            raise InputError("problem", "stands alone; leave out the other options, or leave out the file")
        else:
            problem = stored_problem(file)
        assert out is not None
        _write_bytes(out, plot_problem(problem, form, max_steps))
    typer.echo(f"picture: {out}")


@app.command(
    epilog="Exit codes: 0 done, 2 bad input.\n\nExample:\n\n"
    + '  gdcheck crossings --loss "x**2 + y**2/2 + x**2*y + x**3" --start 0.1,0.1 --out crossings.svg'
)
def crossings(
    loss: Annotated[str | None, typer.Option(help="The loss.")] = None,
    start: Annotated[str | None, typer.Option(help="A start, as Q,Q,…; its multiples are tried.")] = None,
    minimizer: Annotated[str | None, typer.Option(help="The minimizer, as Q,Q,…; the origin if not given.")] = None,
    variables: Annotated[str | None, typer.Option(help="Names and order of the variables, as x,y,…")] = None,
    out: Annotated[Path | None, typer.Option(help="A picture: a name in .svg, .png, .pdf or .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the grid as JSON.")] = False,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps allowed for each problem of the grid.")] = 20_000,
) -> None:
    """Count the steps above 2/η over a grid of step sizes and start radii."""
    from properties.crossing_report import as_json as grid_as_json
    from properties.crossing_report import crossing_grid, summary, workload
    from properties.plot import picture_format, plot_grid
    from properties.show import progress_over

    with _input_errors():
        form = None if out is None else picture_format(out)
        problem = _from_options(loss, "1", start, minimizer, variables)
        with progress_over(workload(), "counting") as on_done:
            cells = crossing_grid(problem, max_steps, on_done)
        if out is not None and form is not None:
            _write_bytes(out, plot_grid(cells, problem, form))
    typer.echo(grid_as_json(cells) if as_json else "\n".join(summary(cells)))


@app.command(
    epilog="Exit codes: 0 all accepted, 1 any rejected, 2 bad input.\n\nExample:\n\n  gdcheck recheck certificate.json"
)
def recheck(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates, one JSON object a file.")],
) -> None:
    """Verify certificates with the small independent checkers."""
    from properties.reading import parse_json, read_text
    from properties.rechecking import BadCertificate, check, require_shape
    from theorem.errors import InputError

    codes = []
    for path in files:
        name = _printable(str(path))
        try:
            certificate = parse_json(read_text(path), "the certificate")
            require_shape(certificate)
            failure = check(certificate)
        except (InputError, BadCertificate) as error:
            typer.echo(f"error: {name}: {_printable(str(error))}", err=True)
            codes.append(BAD_INPUT)
            continue
        typer.echo(f"{name}: accepted" if failure is None else f"{name}: rejected: {_printable(failure)}")
        codes.append(PROVED if failure is None else REFUTED)
    raise typer.Exit(max(codes))


@app.command(
    epilog="A stored record is a certificate, or an object with a problem and its verdict.\n\n"
    "Exit codes: 0 the same verdict, 1 another one, 2 bad input; for a bare problem, the codes of gdcheck check.\n\n"
    "Example:\n\n  gdcheck replay certificate.json"
)
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A stored problem or certificate.")],
) -> None:
    """Decide a stored problem again and say whether the verdict is the same."""
    with _input_errors():
        from properties.reading import parse_json, read_text
        from theorem.errors import InputError
        from theorem.problem import Problem
        from theorem.verdict import Verdict, decide

        data = parse_json(read_text(file), "the file")
        stored = data.get("verdict") if isinstance(data, dict) and "problem" in data else None
        names = [v.value for v in Verdict]
        if isinstance(data, dict) and "problem" in data and stored not in names:
            raise InputError("verdict", f"is missing or unknown; a stored record has one of {', '.join(names)}")
        decision = decide(Problem.from_json(data["problem"] if stored is not None else data))
        found = decision.verdict.value
    if stored is None:
        typer.echo(f"{found}: {decision.reason} (no verdict was stored)")
        raise typer.Exit(_EXIT_CODES.get(found, OTHER))
    same = stored == found
    typer.echo(f"SAME: {found}" if same else f"DIFFERENT: stored {stored}, now {found}")
    typer.echo(decision.reason)
    raise typer.Exit(PROVED if same else REFUTED)


@app.command(
    epilog="Exit codes: 0 every row is answered, 1 some row is open, 2 bad input, 130 interrupted.\n\n"
    "Examples:\n\n  gdcheck ablate\n\n  gdcheck ablate --assumption off-boundary --budget 1000\n\n"
    "  gdcheck ablate --load my_claim.py --assumption my-claim"
)
def ablate(
    assumption: Annotated[
        list[str] | None, typer.Option(help="An assumption or an ablation by name; all if not given. May be repeated.")
    ] = None,
    budget: Annotated[int, typer.Option(min=1, max=10_000_000, help="Problems to examine for each row.")] = 200,
    seed: Annotated[int, typer.Option(help="The seed of the search.")] = 0,
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; one a core if not given.")] = None,
    load: Annotated[Path | None, typer.Option(help="A Python file with ablations of your own; it is run.")] = None,
    out: Annotated[Path, typer.Option(help="The directory of the results.")] = Path("reports/out/ablation"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the run as one JSON object.")] = False,
) -> None:
    """Drop each assumption in turn and look for a counterexample with proof."""
    from properties.ablation.command import ablate_and_store, show_ablations
    from properties.show import console_for_people

    with _input_errors():
        run_ = ablate_and_store(assumption or [], budget, seed, jobs=jobs, load=load, out=out)
    if as_json:
        typer.echo(json.dumps(run_.to_json(), ensure_ascii=False))
    else:
        show_ablations(console_for_people(), run_, out)
        typer.echo(f"report: {out / 'index.html'} (data: {out / 'ablation.json'})")
    if run_.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(REFUTED if any(row.verdict == "open" for row in run_.rows) else PROVED)


@app.command(
    epilog="A run is the JSON result of gdcheck verify, gdcheck ablate or a sweep of the claims (tox -e sweep), or the "
    "directory that holds it. Exit codes: 0 the report is written, 2 bad input.\n\n"
    "Example:\n\n  gdcheck report reports/out reports/out/ablation --out page --open"
)
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Results of runs, files or directories.")],
    out: Annotated[Path, typer.Option(help="The directory of the report.")] = Path("reports/out/report"),
    figures: Annotated[
        list[str] | None, typer.Option(help="Write the charts as svg, png, pdf or html (interactive). May be repeated.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Put runs on one offline page, with Markdown and JUnit XML beside it."""
    with _input_errors():
        from reports.compose import compose

        page = compose(runs, out, figures or [])
    typer.echo(f"report: {page}")
    if open_:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())


@app.command(
    epilog="Exit codes: 0 all proved or exceptional, 1 anything else, 2 bad input, 130 interrupted."
    "\n\nExamples:\n\n  gdcheck sweep --problems 1e7 --out reports/out/run\n\n"
    "  gdcheck sweep --resume reports/out/run"
)
def sweep(
    problems: Annotated[str | None, typer.Option(help="How many problems, such as 1e7; 1e6 if not given.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed; 0 if not given.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes; one a core if not given.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda (needs torch; one worker a device).")] = "auto",
    scheduler: Annotated[
        str | None, typer.Option(help="Hand the batches to a Dask cluster you trust, such as tcp://host:8786.")
    ] = None,
    spec: Annotated[Path | None, typer.Option(help="A JSON file that says what the problems look like.")] = None,
    out: Annotated[Path | None, typer.Option(help="The directory; reports/out/run if not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the sweep in this directory.")] = None,
) -> None:
    """Decide millions of random problems, a batch at a time, in float64 with proved rounding."""
    with _input_errors():
        from properties.show import console_for_people
        from properties.sweep.command import place_of, show_sweep, start_sweep

        store, swept = start_sweep(problems, seed, spec, out, resume, place=place_of(jobs, device, scheduler))
    show_sweep(console_for_people(), store, swept)
    if swept.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(PROVED if swept.summary.outcome == "passed" else REFUTED)


@app.command(
    name="map",
    epilog="Example:\n\n  gdcheck map problem.json --out map.png\n\n"
    "  gdcheck map problem.json --plane step --out steps.png",
)
def draw_map(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM", help="A problem in two variables, as JSON.")],
    out: Annotated[Path, typer.Option(help="The picture, a PNG file.")],
    plane: Annotated[str, typer.Option(help="start: all starts. step: step sizes, and starts on a line.")] = "start",
    half_width: Annotated[str | None, typer.Option(help="How far starts go from the minimizer.")] = None,
    size: Annotated[int, typer.Option(help="Points on a side.")] = 1000,
) -> None:
    """Draw which limit each start of a loss in two variables takes."""
    with _input_errors():
        from properties.plane import draw_plane
        from properties.reading import parse_json, read_text
        from theorem.problem import Problem
        from theorem.rational import to_fmpq

        data = parse_json(read_text(problem), "the file")
        given = Problem.from_json(data["problem"] if isinstance(data, dict) and "problem" in data else data)
        width = None if half_width is None else to_fmpq(half_width, "half-width")
        drawn = draw_plane(given, plane, size, width)
        from reports.plane_picture import plane_picture

        title = f"{given.loss.text()}" + (f", η = {given.step_size}" if plane == "start" else "")
        _write_bytes(out, plane_picture(drawn, title[:200]), "out")
    typer.echo(f"{drawn.certified.mean():.2%} of {drawn.certified.size:,} points certified: {out}")


@app.command(
    name="problem",
    epilog="Example:\n\n  gdcheck problem reports/out/run 123456 | gdcheck check --problem -",
)
def one_problem(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a sweep.")],
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The problem's index, from 0.")],
) -> None:
    """Print a problem of a sweep as JSON, made again from its index alone."""
    with _input_errors():
        from properties.sweep.store import Store

        typer.echo(json.dumps(Store.open(run).problem(index).to_json()))


@app.command(
    epilog="Exit codes: 0 finished, 2 bad input, 3 a run diverged (its data so far are kept), 130 interrupted.\n\n"
    "Examples:\n\n  gdcheck train --steps 200\n\n"
    "  gdcheck train --preset paper --root cifar --download --subset 1000\n\n"
    "  gdcheck train --optimizer sgd --optimizer adam --batch-size 100 --seeds 3 --data images"
)
def train(
    optimizer: Annotated[
        list[str] | None, typer.Option(help="gd, sgd, momentum, nesterov, adam or rmsprop; repeat for several.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="paper: gd, momentum and adam over five seeds.")] = None,
    step_size: Annotated[float | None, typer.Option(help="The step size η; the optimizer's own if not given.")] = None,
    momentum: Annotated[float, typer.Option(help="β of momentum and Nesterov, β₁ of Adam.")] = 0.9,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a step, but for gd; all if not given.")] = None,
    schedule: Annotated[str, typer.Option(help="What the step size does: none or cosine.")] = "none",
    network: Annotated[str, typer.Option(help="cnn, vgg, mlp or tiny.")] = "cnn",
    activation: Annotated[str, typer.Option(help="tanh, gelu or relu.")] = "tanh",
    width: Annotated[int, typer.Option(min=1, max=512, help="Channels of the first convolution.")] = 8,
    loss: Annotated[str, typer.Option(help="mse or cross-entropy.")] = "mse",
    weight_decay: Annotated[float, typer.Option(help="Weight decay, as part of the loss.")] = 0.0,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each run.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds; 1, with a preset 5.")] = None,
    measure_every: Annotated[int, typer.Option(min=0, help="Steps between looks at the Hessian; 0 for none.")] = 10,
    eigenvalues: Annotated[int, typer.Option(min=1, max=50, help="How many of the largest eigenvalues.")] = 3,
    tolerance: Annotated[float, typer.Option(help="Their residual, relative to the largest.")] = 1e-3,
    keep_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between stored states; a fiftieth of all if not given.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    chunk: Annotated[int | None, typer.Option(min=1, help="Images through the network at once, for memory.")] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Translate the gradient by torch.compile: pays in long runs only.")
    ] = False,
    root: Annotated[Path | None, typer.Option(help="Directory of CIFAR-10, as torchvision has it.")] = None,
    download: Annotated[bool, typer.Option(help="Let torchvision download CIFAR-10 to --root.")] = False,
    data: Annotated[Path | None, typer.Option(help="Directory with one folder of images for each class.")] = None,
    subset: Annotated[int | None, typer.Option(min=2, help="How many images.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    out: Annotated[Path, typer.Option(help="The directory of the runs and the result.")] = Path("reports/out/train"),
    resume: Annotated[bool, typer.Option(help="Go on from the states stored in --out.")] = False,
) -> None:
    """Train networks and measure the direction of their updates; synthetic images if no others are named."""
    with _input_errors():
        from properties.optimizers.needed import require_training_packages

        require_training_packages()
        from properties.optimizers.options import ImageOptions, TrainOptions
        from properties.optimizers.train_command import train_command

        images = ImageOptions(root, download, data, subset, device)
        options = TrainOptions(
            images=images,
            optimizers=tuple(optimizer or ()),
            preset=preset,
            step_size=step_size,
            momentum=momentum,
            batch=batch_size,
            schedule=schedule,
            network=network,
            activation=activation,
            width=width,
            loss=loss,
            weight_decay=weight_decay,
            steps=steps,
            seed=seed,
            seeds=seeds,
            measure_every=measure_every,
            eigenvalues=eigenvalues,
            tolerance=tolerance,
            keep_every=keep_every,
            dtype=dtype,
            chunk=chunk,
            compiled=compiled,
            out=out,
            resume=resume,
        )
        code = train_command(options)
    raise typer.Exit(code)


@app.command(
    epilog="Exit codes: 0 all that the theorem predicts was measured, 3 not all, 2 bad input, 130 interrupted.\n\n"
    "Example:\n\n  gdcheck network --root cifar --download --subset 200"
)
def network(
    root: Annotated[Path | None, typer.Option(help="Directory of CIFAR-10, as torchvision has it.")] = None,
    download: Annotated[bool, typer.Option(help="Let torchvision download CIFAR-10 to --root.")] = False,
    data: Annotated[Path | None, typer.Option(help="Directory with one folder of images for each class.")] = None,
    subset: Annotated[int, typer.Option(min=2, help="How many images.")] = 200,
    width: Annotated[int, typer.Option(min=2, max=64, help="Width of the network; 8 gives some 400 parameters.")] = 8,
    weight_decay: Annotated[float, typer.Option(help="Weight decay, as part of the loss.")] = 0.02,
    steps: Annotated[int, typer.Option(min=10, help="Steps of the run on each side of the boundary.")] = 20_000,
    scan_steps: Annotated[int, typer.Option(min=10, help="Steps at each step size of the scan.")] = 2_000,
    distance: Annotated[float, typer.Option(help="How far from the minimum the runs start.")] = 1e-3,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the network and of the start.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    out: Annotated[Path, typer.Option(help="The directory of the result.")] = Path("reports/out/network"),
) -> None:
    """Measure both regimes of gradient descent around a strict minimum of a small network."""
    with _input_errors():
        from properties.optimizers.needed import require_training_packages

        require_training_packages()
        from properties.optimizers.network_command import NetworkOptions, network_command
        from properties.optimizers.options import ImageOptions

        images = ImageOptions(root, download, data, subset, device)
        code = network_command(NetworkOptions(images, width, weight_decay, steps, scan_steps, distance, seed, out))
    raise typer.Exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs the command line in this process.

    Args:
        arguments: The words after ``gdcheck``.

    Returns:
        The exit code.
    """
    try:
        app(list(arguments), prog_name="gdcheck")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    return 0
