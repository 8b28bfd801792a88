"""The bodies of ``gdcheck sweep`` and ``gdcheck problem``."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Executor, SweepResult, sweep
from gdcheck.properties.sweep.spec import FEW, PARAMETERS, Spec
from gdcheck.properties.sweep.store import Store, check_seed
from gdcheck.reports.compose import compose
from gdcheck.terminal.progress import progress_bar
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True)
class Asked:
    """A new sweep as it was asked for; None where nothing was said.

    Attributes:
        problems: How many problems.
        seed: The seed.
        spec: A JSON file that says what the problems look like.
        out: The directory.
        method: The method, instead of the spec's.
        parameters: β and so on by their names in the spec: one number, or two ends with a comma between.
    """

    problems: int | None
    seed: int | None
    spec: Path | None
    out: Path | None
    method: str | None
    parameters: dict[str, str]

    def read_spec(self) -> Spec:
        """Return the spec, with the method that was named."""
        from gdcheck.properties.storage.reading import parse_json, read_text
        from gdcheck.theorem.loss.rational import to_float, to_fmpq

        data = {} if self.spec is None else parse_json(read_text(self.spec), "the spec")
        if not isinstance(data, dict):
            return Spec.from_json(data)
        if self.method is not None:
            data = data | {"method": self.method}
        known = PARAMETERS.get(data.get("method", ""), ())
        for name, text in self.parameters.items():
            if name not in known:
                having = [method for method, names in PARAMETERS.items() if name in names]
                raise InputError(name, f"belongs to {' or '.join(having)}; name one with --method")
            try:
                ends = [to_float(to_fmpq(x.strip(), name)) for x in text.split(",")]
            except OverflowError:
                raise InputError(name, "holds a number beyond all floats; give one such as 0.5") from None
            if len(ends) > 2:
                raise InputError(name, "give one number, or two ends as 0.05,0.5")
            data = data | {name: [ends[0], ends[-1]]}
        return Spec.from_json(data)


def start_sweep(asked: Asked, resume: Path | None, *, executor: Executor) -> tuple[Store, SweepResult]:
    """Begin a sweep or go on with one.

    Args:
        asked: The new sweep.
        resume: The directory of one that was begun.
        executor: Where to work.

    Returns:
        The sweep and its result.

    Raises:
        InputError: If the options do not fit together, or cannot be used.
    """
    if resume is not None:
        if any(x not in (None, {}) for x in astuple(asked)):
            said = "leave out problems, seed, spec, method and its parameters, and out"
            raise InputError("resume", f"goes on with a sweep as it was begun; {said}")
        store = Store.open(resume)
        executor.check()
    else:
        generator = Generator(check_seed(asked.seed or 0), asked.read_spec())
        count = FEW.get(generator.spec.method, 10**6) if asked.problems is None else asked.problems
        # A sweep that nothing can work on must not be left behind.
        executor.check()
        store = Store.create(asked.out or Path("reports/out/run"), generator, count)
    with progress_bar(store.problems, "deciding") as on_done:
        swept = sweep(store, executor, on_done)
    compose([store.root / "summary.json"], store.root)
    return store, swept


def show_sweep(console: Console, store: Store, result: SweepResult) -> None:
    """Print the result of a sweep.

    Args:
        console: Where to print.
        store: The sweep.
        result: What it found.
    """
    summary = result.summary
    console.print(f"{summary.decided:,} of {summary.problems:,} problems decided (seed {summary.seed})")
    # The counts of float64 and Arb are shown even where they are zero.
    for counts, least in ((summary.verdicts, 1), (summary.tiers, 0), (summary.regimes, 1)):
        console.print("  " + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count >= least))
    if summary.steps:
        console.print("  decided at step " + ", ".join(f"{step} ({q})" for q, step in summary.steps.items()))
    if result.distrusted:
        first, why = next(iter(result.distrusted.items()))
        more = f", and {len(result.distrusted) - 1} more" if len(result.distrusted) > 1 else ""
        again = "and made again" if summary.decided == summary.problems else "to be made again"
        said = f"  not trusted, {again}: {store.file(first)} ({why}){more}"
        console.print(Text(said, "bold yellow"), soft_wrap=True)
    gave_up = f", {result.not_checked:,} of them not checked within its time" if result.not_checked else ""
    asked = "second opinions (Arb, and the independent checker)"
    if store.generator.spec.is_adaptive:
        asked = "problems whose certificates, if any, went to the independent checker"
    console.print(f"  {asked} in this call: {result.sampled:,}{gave_up}")
    for name in ("disagreements", "refuted"):
        indices = getattr(summary, name)
        if indices:
            console.print(f"  {name}: {', '.join(map(str, indices[:20]))} (see {store.root / name})", style="bold red")
    if summary.decided < summary.problems:
        console.print(f"unfinished: go on with gdcheck sweep --resume {store.root}", style="bold yellow")
    style = "bold green" if summary.outcome == "passed" else "bold red"
    console.print(Text(f"sweep {summary.outcome}", style))
    console.print(f"report: {store.root / 'index.html'} (data: {store.root / 'batches'})")
