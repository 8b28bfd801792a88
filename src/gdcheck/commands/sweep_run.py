"""The bodies of ``gdcheck sweep`` and ``gdcheck problem``."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Executor, SweepResult, sweep
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.store import Store, check_count, check_seed
from gdcheck.reports.compose import compose
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.loss.errors import InputError


def read_count(text: str) -> int:
    """Read a number of problems as one writes it: 10000, 1e7 or 2.5e6.

    Args:
        text: What was written.

    Returns:
        The number.

    Raises:
        InputError: If it is no whole number in range.
    """
    from gdcheck.theorem.loss.rational import to_fmpq

    number = to_fmpq(text, "problems")
    return check_count(int(number.p) if number.q == 1 else None)


def start_sweep(
    problems: str | None,
    seed: int | None,
    spec: Path | None,
    out: Path | None,
    resume: Path | None,
    *,
    executor: Executor,
) -> tuple[Store, SweepResult]:
    """Begin a sweep or go on with one.

    Args:
        problems: How many problems, as written.
        seed: The seed.
        spec: A JSON file that says what the problems look like.
        out: The directory of a new sweep.
        resume: The directory of one that was begun.
        executor: Where to work.

    Returns:
        The sweep and its result.

    Raises:
        InputError: If the options do not fit together, or cannot be used.
    """
    if resume is not None:
        if any(x is not None for x in (problems, seed, spec, out)):
            raise InputError("resume", "goes on with a sweep as it was begun; leave out problems, seed, spec and out")
        store = Store.open(resume)
        executor.check()
    else:
        generator = Generator(check_seed(0 if seed is None else seed), _read_spec(spec))
        count = read_count("1e6" if problems is None else problems)
        # A sweep that nothing can work on must not be left behind.
        executor.check()
        store = Store.create(out or Path("reports/out/run"), generator, count)
    with progress_bar(store.problems, "deciding") as on_done:
        swept = sweep(store, executor, on_done)
    compose([store.root / "summary.json"], store.root)
    return store, swept


def _read_spec(path: Path | None) -> Spec:
    from gdcheck.properties.storage.reading import parse_json, read_text

    return Spec() if path is None else Spec.from_json(parse_json(read_text(path), "the spec"))


def show_sweep(console: Console, store: Store, result: SweepResult) -> None:
    """Print the result of a sweep.

    Args:
        console: Where to print.
        store: The sweep.
        result: What it found.
    """
    summary = result.summary
    console.print(f"{summary.decided:,} of {summary.problems:,} problems decided (seed {summary.seed})")
    for counts in (summary.verdicts, summary.tiers, summary.regimes):
        console.print("  " + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count))
    if summary.steps:
        console.print("  decided at step " + ", ".join(f"{step} ({q})" for q, step in summary.steps.items()))
    if result.distrusted:
        first, why = next(iter(result.distrusted.items()))
        more = f", and {len(result.distrusted) - 1} more" if len(result.distrusted) > 1 else ""
        again = "and made again" if summary.decided == summary.problems else "to be made again"
        said = f"  not trusted, {again}: {store.file(first)} ({why}){more}"
        console.print(Text(said, "bold yellow"), soft_wrap=True)
    gave_up = f", {result.not_checked:,} of them not checked within its time" if result.not_checked else ""
    console.print(f"  second opinions (Arb, and the independent checker) in this call: {result.sampled:,}{gave_up}")
    for name in ("disagreements", "refuted"):
        indices = getattr(summary, name)
        if indices:
            console.print(f"  {name}: {', '.join(map(str, indices[:20]))} (see {store.root / name})", style="bold red")
    if summary.decided < summary.problems:
        console.print(f"unfinished: go on with gdcheck sweep --resume {store.root}", style="bold yellow")
    style = "bold green" if summary.outcome == "passed" else "bold red"
    console.print(Text(f"sweep {summary.outcome}", style))
    console.print(f"report: {store.root / 'index.html'} (data: {store.root / 'batches'})")
