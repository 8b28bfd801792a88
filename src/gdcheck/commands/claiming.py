"""``gdcheck claim``: a claim of one's own, tried on random problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from gdcheck.commands.common import INTERRUPTED, PROVED, help_end, takes
from gdcheck.commands.options import Jobs, RunAsJson
from gdcheck.theorem.loss.errors import InputError

commands = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class ClaimOptions:
    """The arguments and options of ``gdcheck claim``."""

    claims: Annotated[
        list[str] | None,
        Argument(
            metavar="[CLAIM]...",
            help="Python files (they are run), file:name, module:name, built-in claims; theorem is all of these.",
        ),
    ] = None
    new: Annotated[Path | None, Option(help="Write a file with a claim to start from, and end.")] = None
    budget: Annotated[str | None, Option(help="Problems for each claim, as 2000 or 1e5; 2000 if not given.")] = None
    seed: Annotated[int | None, Option(min=0, max=2**63, help="The seed of the problems; 0 if not given.")] = None
    jobs: Jobs = None
    scheduler: Annotated[
        str | None, Option(help="Hand the problems to a Dask cluster you trust, such as tcp://host:8786.")
    ] = None
    time_limit: Annotated[
        float | None, Option(min=0.1, max=86400, help="Seconds that one problem may take; 10 if not given.")
    ] = None
    out: Annotated[Path | None, Option(help="The directory of the run; reports/out/claim if not given.")] = None
    resume: Annotated[Path | None, Option(help="Go on with the run in this directory.")] = None
    latex: Annotated[bool, Option(help="Print each counterexample as LaTeX, too.")] = False
    as_json: RunAsJson = False


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
@takes(ClaimOptions)
def claim(options: ClaimOptions) -> int:
    """Try a claim of your own on random problems: a verdict, and a counterexample to send."""
    from gdcheck.commands.claim_run import exit_code, run_and_store, show_claims, write_start
    from gdcheck.properties.storage.files import as_json
    from gdcheck.terminal.show import console_for_people

    if (new := options.new) is not None:
        if options.claims or options.resume is not None:
            raise InputError("new", "stands alone; leave out the claims and --resume")
        write_start(new)
        typer.echo(f"{new}: run it with gdcheck claim {new}")
        return PROVED
    run, root = run_and_store(options)
    if options.as_json:
        typer.echo(as_json(run, indent=None), nl=False)
    else:
        show_claims(console_for_people(), run, root, latex=options.latex)
        typer.echo(f"report: {root / 'index.html'} (data: {root / 'claim.json'})")
    return INTERRUPTED if run.interrupted else exit_code(run)
