"""``gdcheck sweep`` and ``problem``: millions of problems, and one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gdcheck.commands.common import INTERRUPTED, PROVED, REFUTED, help_end
from gdcheck.commands.options import MOST_PROBLEMS, Jobs, whole
from gdcheck.commands.talking import talks

commands = typer.Typer()


def _summary(given: dict[str, Any]) -> Path:
    """Return the path of a sweep's summary."""
    root: Path = given["resume"] or given["out"] or Path("reports/out/run")
    return root / "summary.json"


@commands.command(
    epilog=help_end(
        "0 all proved or exceptional, 1 anything else",
        "gdcheck sweep --problems 1e7 --out reports/out/run",
        "gdcheck sweep --resume reports/out/run",
        "gdcheck sweep --problems 2e3 --method heavy-ball --momentum 0.05,0.5 --out reports/out/momentum",
        "gdcheck sweep --problems 200 --method adam --beta1 0.05,0.5 --epsilon 1 --out reports/out/adam",
    )
)
@talks(_summary)
def sweep(
    problems: Annotated[
        int | None,
        typer.Option(
            **whole(1, MOST_PROBLEMS),
            help="How many problems, such as 1e7; if not given 1e6, for adam and rmsprop 2000 (minutes).",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(**whole(), help="The seed; 0 if not given.")] = None,
    jobs: Jobs = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda (needs torch; the jobs share it).")] = "auto",
    scheduler: Annotated[
        str | None, typer.Option(help="Send the batches to a Dask cluster you trust, such as tcp://host:8786.")
    ] = None,
    spec: Annotated[Path | None, typer.Option(help="A JSON file that says what the problems look like.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="gradient-descent, preconditioned, heavy-ball, nesterov, adam or rmsprop; instead of the spec's."
        ),
    ] = None,
    momentum: Annotated[str | None, typer.Option(help="β of heavy-ball and nesterov, or its ends as 0.05,0.5.")] = None,
    beta1: Annotated[str | None, typer.Option(help="β₁ of adam, or its ends.")] = None,
    beta2: Annotated[str | None, typer.Option(help="β₂ of adam and rmsprop, or its ends.")] = None,
    epsilon: Annotated[str | None, typer.Option(help="ε of adam and rmsprop, or its ends.")] = None,
    out: Annotated[Path | None, typer.Option(help="The directory; reports/out/run if not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the sweep in this directory.")] = None,
) -> int:
    """Decide random problems a batch at a time, millions in float64 with proved rounding; adam and rmsprop in Arb."""
    from gdcheck.commands.sweep_run import Asked, show_sweep, start_sweep
    from gdcheck.properties.storage.workers import default_jobs
    from gdcheck.properties.sweep.run import Executor
    from gdcheck.terminal.show import console_for_people

    executor = Executor(jobs or default_jobs(), device, scheduler)
    given = {"momentum": momentum, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    parameters = {name: text for name, text in given.items() if text is not None}
    asked = Asked(problems, seed, spec, out, method, parameters)
    store, result = start_sweep(asked, resume, executor=executor)
    show_sweep(console_for_people(), store, result)
    if result.interrupted:
        return INTERRUPTED
    return PROVED if result.summary.outcome == "passed" else REFUTED


@commands.command(
    name="problem",
    epilog=help_end("0 printed", "gdcheck problem reports/out/run 123456 | gdcheck check --problem -"),
)
def one_problem(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a sweep.")],
    index: Annotated[
        int, typer.Argument(parser=whole(0)["parser"], metavar="INDEX", help="The problem's index, from 0.")
    ],
) -> int:
    """Print a problem of a sweep as JSON, rebuilt from its index alone."""
    from gdcheck.properties.sweep.store import Store

    typer.echo(json.dumps(Store.open(run).problem(index).to_json()))
    return PROVED
