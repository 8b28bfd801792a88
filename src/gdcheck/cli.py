"""The command line. It only reads arguments, calls, and prints.

Exit codes: 0 proved or accepted, 1 refuted or rejected, 2 bad input, 3 any other verdict.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from gdcheck.commands import deciding, drawing, running, sweeping, training
from gdcheck.commands.common import BAD_INPUT

app = typer.Typer(
    name="gdcheck",
    help="Decides, with proof, whether gradient descent arrives in the direction that the theorem predicts.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (deciding, running, sweeping, drawing, training):
    app.add_typer(group.commands)


def main() -> None:
    """Runs the command line."""
    # Answers hold λ, ₁ and the like, whatever the locale says.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except OSError as error:
        # Standard output is full or gone; what is left in its buffer is given up, so that leaving does not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        typer.echo(f"error: cannot write the answer ({error.strerror}); name another place", err=True)
        raise SystemExit(BAD_INPUT) from None


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
