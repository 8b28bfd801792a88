"""``gdcheck claim``: a claim of one's own, tried on random problems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gdcheck.commands.common import INTERRUPTED, PROVED, help_end
from gdcheck.commands.options import Jobs, RunAsJson
from gdcheck.theorem.loss.errors import InputError

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 every claim held on all problems, 1 one is false, 3 one is undecided somewhere; a claim that cannot be used "
        "is bad input, and the others go on",
        "gdcheck claim --new my_lemma.py",
        "gdcheck claim my_lemma.py",
        "gdcheck claim my_lemma.py --budget 1e5 --jobs 4 --out run",
        "gdcheck claim --resume run",
        "gdcheck claim invariance --out invariance",
        "gdcheck claim theorem --budget 1e4",
    )
)
def claim(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM]...",
            help="Python files (they are run), file:name, module:name, built-in claims; theorem is all of these.",
        ),
    ] = None,
    new: Annotated[Path | None, typer.Option(help="Write a file with a claim to start from, and end.")] = None,
    budget: Annotated[
        str | None, typer.Option(help="Problems for each claim, as 2000 or 1e5; 2000 if not given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63, help="The seed of the problems; 0 if not given.")
    ] = None,
    jobs: Jobs = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Hand the problems to a Dask cluster you trust, such as tcp://host:8786.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, max=86400, help="Seconds that one problem may take; 10 if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The directory of the run; reports/out/claim if not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this directory.")] = None,
    latex: Annotated[bool, typer.Option(help="Print each counterexample as LaTeX, too.")] = False,
    as_json: RunAsJson = False,
) -> int:
    """Try a claim of your own on random problems: a verdict, and a counterexample to send."""
    from gdcheck.commands.claim_run import exit_code, run_and_store, show_claims, write_start
    from gdcheck.properties.storage.files import as_json as text
    from gdcheck.properties.storage.workers import default_jobs
    from gdcheck.properties.sweep.run import Executor
    from gdcheck.terminal.show import console_for_people

    if new is not None:
        if claims or resume is not None:
            raise InputError("new", "stands alone; leave out the claims and --resume")
        write_start(new)
        typer.echo(f"{new}: run it with gdcheck claim {new}")
        return PROVED
    run_, root = run_and_store(
        claims or [],
        budget=budget,
        seed=seed,
        executor=Executor(jobs or default_jobs(), "cpu", scheduler),
        time_limit=time_limit,
        out=out,
        resume=resume,
    )
    if as_json:
        typer.echo(text(run_, indent=None), nl=False)
    else:
        show_claims(console_for_people(), run_, root, latex=latex)
        typer.echo(f"report: {root / 'index.html'} (data: {root / 'claim.json'})")
    return INTERRUPTED if run_.interrupted else exit_code(run_)
