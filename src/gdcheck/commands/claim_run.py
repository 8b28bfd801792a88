"""The body of ``gdcheck claim``."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdcheck.commands.claim_options import ClaimOptions
from gdcheck.commands.common import BAD_INPUT, OTHER, PROVED, REFUTED, make_directory, printable, write_bytes
from gdcheck.properties.lemmas.run import begin, go_on, run_claims, workload
from gdcheck.properties.lemmas.verdict import ClaimRow, OwnClaimsRun
from gdcheck.properties.storage.workers import default_jobs
from gdcheck.properties.sweep.run import Executor
from gdcheck.reports.compose import write_run
from gdcheck.reports.latex import fragment
from gdcheck.reports.own_claims_view import (
    SOURCED,
    has_sources,
    page_file,
    python_line,
    record_file,
    reproduce_line,
    sourced,
)
from gdcheck.terminal.folding import broken_path, print_folded, print_line
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.loss.errors import InputError

_OUT = Path("reports/out/claim")
_BUDGET, _TIME_LIMIT = 2000, 10.0
_STYLES = {"held": "bold green", "undecided": "bold yellow"}
_MOST_CAUSES = 5
_TABLE_WIDTH = 100
_INDENT = 2

START = '''"""Claims of my own. Run them: gdcheck claim {name}"""

from gdcheck import claim, holds


# A false one: it holds for quadratics, but with a large step a cubic term can carry the trajectory uphill.
@claim("with any step below 2/λₙ the loss falls at every step", inside="2")
def loss_falls(problem, decision, trajectory):
    return holds(trajectory.loss[1:] < trajectory.loss[:-1], note="the loss rises")


# A true one (Lemma 2 of the paper): starts lie in the ball that is never left.
@claim("the distance to the minimizer falls at every step")
def distance_falls(problem, decision, trajectory):
    return holds(trajectory.distance[1:] < trajectory.distance[:-1])


# What there is: trajectory.loss, .distance, .direction, .gradient, .sharpness, .spectrum, .rate, ... (docs/lemma.md).
'''


def write_start(path: Path) -> None:
    """Write a file with two claims to start from.

    Args:
        path: The file.

    Raises:
        InputError: If it is there already, has another suffix, or cannot be written.
    """
    if path.suffix != ".py":
        raise InputError("new", f"{str(path)[:200]!r} is not a Python file; name one such as my_lemma.py")
    if path.exists():
        raise InputError("new", f"{str(path)[:200]!r} is there already; name another file")
    write_bytes(path, START.format(name=path.name).encode("utf-8"), "new")


def run_and_store(options: ClaimOptions) -> tuple[OwnClaimsRun, Path]:
    """Begin a run or go on with one, with a progress bar; write the result and its report.

    Args:
        options: The options.

    Returns:
        The result, and its directory.

    Raises:
        InputError: If the options do not fit together, or nothing can be written.
    """
    executor = Executor(options.jobs or default_jobs(), "cpu", options.scheduler)
    claims, begun = options.claims or [], (options.budget, options.seed, options.time_limit, options.out)
    if options.resume is not None:
        if claims or options.until_false or any(x is not None for x in begun):
            raise InputError(
                "resume", "goes on with a run as it was begun; leave out claims, budget, seed and the like"
            )
        root = options.resume
        plan = go_on(root)
        executor.check()
    else:
        if not claims:
            raise InputError(
                "claim", "name a file, such as my_lemma.py; gdcheck claim --new my_lemma.py writes a start"
            )
        root = options.out or _OUT
        executor.check()
        make_directory(root)
        limit = _TIME_LIMIT if options.time_limit is None else options.time_limit
        budget = _BUDGET if options.budget is None else options.budget
        until_false = options.until_false or any(Path(claim).is_dir() for claim in claims)
        plan = begin(claims, options.seed or 0, budget, limit, root, until_false=until_false)
    with progress_bar(workload(plan), "examining") as on_done:
        run = run_claims(plan, root, executor, on_done)
    write_run(run, root)
    return run, root


def exit_code(run: OwnClaimsRun) -> int:
    """Return the exit code. Bad input outranks a false claim, which outranks an undecided one."""
    words = {row.verdict for row in run.rows}
    if any(row.fault is not None for row in run.rows):
        return BAD_INPUT
    if any(word.startswith("false") for word in words):
        return REFUTED
    return OTHER if "undecided" in words else PROVED


def show_claims(console: Console, run: OwnClaimsRun, root: Path, *, latex: bool) -> None:
    """Print the verdicts, and each simplest counterexample.

    Args:
        console: Where to print.
        run: The run.
        root: Where its files are.
        latex: Whether counterexamples are printed as LaTeX too.
    """
    if has_sources(run):
        _show_table(console, run, root)
    else:
        for row in run.rows:
            _show_row(console, row, root, latex=latex)
    if run.interrupted:
        console.print(f"ended early: go on with gdcheck claim --resume {root}", style="bold yellow")


def _show_table(console: Console, run: OwnClaimsRun, root: Path) -> None:
    """Print a table of statements, their sources and verdicts; in a narrow terminal a paragraph for each."""
    wide = console.width >= _TABLE_WIDTH
    table = Table(*SOURCED, box=SIMPLE_HEAD)
    for row in run.rows:
        style = _STYLES.get(row.verdict, "bold red")
        # In a terminal's table the folder has a line of its own.
        page = page_file(row)
        if console.is_terminal:
            page = broken_path(page, 1 if wide else max(1, console.width - _INDENT))
        statement, source, words, examined = map(printable, sourced(row))
        if wide:
            table.add_row(Text(statement), Text(source), Text(words, style), examined, Text(page))
            continue
        console.print(Text.assemble((f"{row.name}: ", "bold"), (printable(row.words()), style)))
        console.print(Text(f"  “{printable(row.sentence)}” ({source})", "dim"))
        if row.counterexample is not None:
            for line in page.split("\n"):
                console.print(Text(f"  {line}", "dim"), soft_wrap=True)
    if wide:
        print_folded(console, table)


def _show_row(console: Console, row: ClaimRow, root: Path, *, latex: bool) -> None:
    style = _STYLES.get(row.verdict, "bold red")
    print_line(console, Text.assemble((row.name, "bold"), ": ", (printable(row.words()), style)))
    if row.sentence:
        print_line(console, Text(f"  “{printable(row.sentence)}”", "dim"))
    if row.fault is not None and row.verdict != "unusable":
        print_line(console, Text(f"  not examined to the end: {printable(row.fault)}", "bold red"))
    for state in ("undecided", "aside"):
        causes = sorted(row.causes.get(state, {}).items(), key=lambda item: (-item[1], item[0]))
        for cause, count in causes[:_MOST_CAUSES]:
            print_line(console, Text(f"  {state} on {count:,}: {printable(cause)}"))
    if row.rechecked:
        print_line(console, Text(f"  certificates that the independent checker accepted: {row.rechecked:,}"))
    if row.closest is not None:
        print_line(console, Text(f"  smallest margin where it holds: {row.closest.margin:.3g}"))
    if "second" in row.kinds:
        said = ", ".join(f"{kind} on {count:,}" for kind, count in row.kinds["second"].items())
        print_line(console, Text(f"  the second engine, mpmath: {said}"))
    record = row.counterexample
    if record is None:
        return
    form = record.simplest
    lines = [f"{form.evidence}: {form.found}", python_line(form), reproduce_line(form)]
    if record.not_simplified:
        lines.insert(1, f"not simplified: {record.not_simplified}")
    for line in lines:
        console.print(Text(f"  {printable(line)}"), soft_wrap=True)
    console.print(Text(f"  gdcheck replay {root / record_file(row)}", "dim"), soft_wrap=True)
    if latex:
        console.print(Text(fragment(record)), soft_wrap=True)
