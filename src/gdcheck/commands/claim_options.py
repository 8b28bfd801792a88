"""The options of ``gdcheck claim``, once: their names, types, defaults and help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from gdcheck.commands.options import MOST_PROBLEMS, Jobs, RunAsJson, number, whole


@dataclass(frozen=True, kw_only=True)
class ClaimOptions:
    """The arguments and options of ``gdcheck claim``."""

    claims: Annotated[
        list[str] | None,
        Argument(
            metavar="[CLAIM]...",
            help="Python files (they are run), folders of them, file:name, module:name, built-in claims; theorem means "
            "all built-in ones.",
        ),
    ] = None
    new: Annotated[Path | None, Option(help="Write a file with a claim to start from, and stop.")] = None
    budget: Annotated[
        int | None,
        Option(**whole(1, MOST_PROBLEMS), help="Problems for each claim, as 2000 or 1e5; 2000 if not given."),
    ] = None
    seed: Annotated[int | None, Option(**whole(0, 2**63), help="The seed of the problems; 0 if not given.")] = None
    jobs: Jobs = None
    scheduler: Annotated[
        str | None, Option(help="Send the problems to a Dask cluster you trust, such as tcp://host:8786.")
    ] = None
    time_limit: Annotated[
        float | None, Option(**number(0.1, 86400), help="Seconds that one problem may take; 10 if not given.")
    ] = None
    out: Annotated[Path | None, Option(help="The directory of the run; reports/out/claim if not given.")] = None
    resume: Annotated[Path | None, Option(help="Go on with the run in this directory.")] = None
    until_false: Annotated[
        bool,
        Option(
            "--until-false",
            help="Examine a claim no further than the 250 problems that prove it false; always in folders.",
        ),
    ] = False
    latex: Annotated[bool, Option(help="Print each counterexample as LaTeX, too.")] = False
    as_json: RunAsJson = False
