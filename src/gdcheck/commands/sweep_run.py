"""The bodies of ``gdcheck sweep`` and ``gdcheck problem``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Place, Swept, default_jobs, sweep
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.store import Store, check_count, check_seed
from gdcheck.theorem.loss.errors import InputError


def read_count(text: str) -> int:
    """A number of problems as people write it: 10000, 1e7 or 2.5e6.

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
    problems: str | None, seed: int | None, spec: Path | None, out: Path | None, resume: Path | None, *, place: Place
) -> tuple[Store, Swept]:
    """Begins a sweep or goes on with one.

    Args:
        problems: How many problems, as written.
        seed: The seed.
        spec: A JSON file that says what the problems look like.
        out: The directory of a new sweep.
        resume: The directory of one that was begun.
        place: Where to work.

    Returns:
        The sweep and what it came to.

    Raises:
        InputError: If the options do not fit together, or cannot be used.
    """
    if resume is not None:
        if any(x is not None for x in (problems, seed, spec, out)):
            raise InputError("resume", "goes on with a sweep as it was begun; leave out problems, seed, spec and out")
        store = Store.open(resume)
        place.check()
    else:
        generator = Generator(check_seed(0 if seed is None else seed), _read_spec(spec))
        count = read_count("1e6" if problems is None else problems)
        # A sweep that nothing can work on must not be left behind.
        place.check()
        store = Store.create(out or Path("reports/out/run"), generator, count)
    with _progress(store.problems) as on_done:
        return store, sweep(store, place, on_done)


def _read_spec(path: Path | None) -> Spec:
    from gdcheck.properties.storage.reading import parse_json, read_text

    return Spec() if path is None else Spec.from_json(parse_json(read_text(path), "the spec"))


def place_of(jobs: int | None, device: str, scheduler: str | None) -> Place:
    """Where to work, from the options.

    Args:
        jobs: Processes; one a core if not given.
        device: ``auto``, ``cpu`` or ``cuda``.
        scheduler: The address of a Dask scheduler.

    Returns:
        The place.
    """
    return Place(jobs or default_jobs(), device, scheduler)


class _Rate(ProgressColumn):
    """Problems a second of this call."""

    def render(self, task: Task) -> Text:
        """The rate, or nothing before it is known."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} problems"),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def show_sweep(console: Console, store: Store, swept: Swept) -> None:
    """Prints what a sweep came to.

    Args:
        console: Where to print.
        store: The sweep.
        swept: What it came to.
    """
    summary = swept.summary
    console.print(f"{summary.decided:,} of {summary.problems:,} problems decided (seed {summary.seed})")
    for counts in (summary.verdicts, summary.tiers, summary.regimes):
        console.print("  " + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count))
    if summary.steps:
        console.print("  decided at step " + ", ".join(f"{step} ({q})" for q, step in summary.steps.items()))
    if swept.distrusted:
        first, why = next(iter(swept.distrusted.items()))
        more = f", and {len(swept.distrusted) - 1} more" if len(swept.distrusted) > 1 else ""
        again = "and made again" if summary.decided == summary.problems else "to be made again"
        said = f"  not trusted, {again}: {store.file(first)} ({why}){more}"
        console.print(Text(said, "bold yellow"), soft_wrap=True)
    console.print(f"  second opinions (Arb, and the independent checker) in this call: {swept.sampled:,}")
    for name in ("disagreements", "refuted"):
        indices = getattr(summary, name)
        if indices:
            console.print(f"  {name}: {', '.join(map(str, indices[:20]))} (see {store.root / name})", style="bold red")
    if swept.interrupted or summary.decided < summary.problems:
        console.print(f"unfinished: go on with gdcheck sweep --resume {store.root}", style="bold yellow")
    style = "bold green" if summary.outcome == "passed" else "bold red"
    console.print(Text(f"sweep {summary.outcome}", style))
    console.print(f"report: {store.root / 'index.html'} (data: {store.root / 'batches'})")
