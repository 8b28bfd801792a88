"""The command line. It only reads arguments, calls, and prints.

Every way to end has its exit code: 0 proved or accepted, 1 refuted or rejected, 2 bad input, 3 any other verdict,
70 an error of gdcheck itself, 130 interrupted (143 by SIGTERM), 141 the output is closed. No accident looks like a
verdict.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from gdcheck.commands import (
    claiming,
    deciding,
    direction,
    drawing,
    rechecking,
    replaying,
    running,
    stepping,
    sweeping,
    training,
)
from gdcheck.commands.common import (
    BAD_INPUT,
    INTERNAL_ERROR,
    INTERRUPTED,
    OUTPUT_CLOSED,
    TERMINATED,
    printable,
)
from gdcheck.terminal.log import INVOKED
from gdcheck.theorem.loss.errors import InputError

GROUPS = {
    "Decide": ("check", "steps", "direction", "recheck", "replay"),
    "Try a statement": ("claim", "ablate", "verify", "sweep", "problem"),
    "Draw and report": ("plot", "map", "crossings", "report"),
    "Train networks": ("train", "network"),
}
"""The commands, grouped by purpose."""
_WHOLE = 1000
"""Longer than every sentence on a command, which is folded, and not cut."""


class _Grouped(TyperGroup):
    """The commands, in groups in the help text."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each group with its commands; a command that no group has comes last."""
        grouped = {name for names in GROUPS.values() for name in names}
        rest = tuple(name for name in self.list_commands(ctx) if name not in grouped)
        for title, names in {**GROUPS, "Others": rest}.items():
            commands = [(name, command) for name in names if (command := self.get_command(ctx, name)) is not None]
            if commands:
                with formatter.section(title):
                    formatter.write_dl([(name, command.get_short_help_str(_WHOLE)) for name, command in commands])


app = typer.Typer(
    name="gdcheck",
    cls=_Grouped,
    help="Decides, with proof, whether gradient descent arrives in the direction that the theorem predicts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (deciding, rechecking, replaying, claiming, running, stepping, direction, sweeping, drawing, training):
    app.add_typer(group.commands)

_TRACEBACK, _COMPLETE = "--traceback", "_GDCHECK_COMPLETE"
_MEANT = {
    "--step-size": ["lr", "learning-rate", "rate", "eta", "η", "alpha", "α", "step", "stepsize", "gamma", "γ"],
    "--start": ["x0", "w0", "theta0", "θ0", "init", "initial", "from", "point", "begin"],
    "--minimizer": ["min", "minimum", "optimum", "xstar", "x*", "solution"],
    "--loss": ["f", "function", "objective", "cost"],
    "--variables": ["vars", "var", "names"],
    "--within": ["tol", "tolerance", "eps", "epsilon"],
    "--max-steps": ["epochs", "iterations", "iters", "maxiter", "max-iter"],
}
"""Other names of options that people write, without dashes, by the option meant."""
_CANNOT_WRITE = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
# The error of a command line that cannot be parsed; typer exports only its descendants.
_UsageError: Any = typer.BadParameter.__mro__[2]


def main() -> NoReturn:
    """Run the command line as a program: SIGTERM is treated like Ctrl-C."""
    terminated = False

    def stop(number: int, frame: object) -> None:
        nonlocal terminated
        terminated = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    # Answers hold λ, ₁ and the like, whatever the locale says.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
    if _COMPLETE in os.environ:
        # A shell asks for completions, or for the script that asks.
        app(prog_name="gdcheck")
    code = run(sys.argv[1:])
    sys.exit(TERMINATED if terminated and code == INTERRUPTED else code)


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
    traceback: Annotated[
        bool, typer.Option(_TRACEBACK, help="Print the traceback of an error of gdcheck itself.")
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run the command line in this process.

    Args:
        arguments: The words after ``gdcheck``.

    Returns:
        The exit code.
    """
    # The option is taken anywhere: it is added to a command that failed.
    words = [word for word in arguments if word != _TRACEBACK]
    if sys.stdout is None:
        _say("the standard output is closed; open it, or redirect it to /dev/null")
        return OUTPUT_CLOSED
    try:
        INVOKED.set(words)
        code = _invoke(words)
        sys.stdout.flush()
        return code
    except InputError as error:
        _say(str(error))
        return BAD_INPUT
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:
        return _accident(error, traceback=len(words) < len(arguments))


def _invoke(words: list[str]) -> int:
    root = typer.main.get_command(app)
    try:
        with root.make_context("gdcheck", words) as context:
            code = root.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except _UsageError as error:
        meant = _option_meant(error, words) or _value_meant(error)
        if meant is None:
            error.show()
        else:
            _say(meant)
        return BAD_INPUT
    return code if isinstance(code, int) else 0


def _value_meant(error: Any) -> str | None:
    """Return one sentence on a value that an option does not take; None of any other error."""
    option = getattr(error, "param", None)
    if not isinstance(error, typer.BadParameter) or option is None or not error.message:
        return None
    return f"{option.opts[0].lstrip('-')}: {printable(error.message.rstrip('.'))}"


def _option_meant(error: Any, words: list[str]) -> str | None:
    """Return what to say of an unknown option that has another name here; None of any other error."""
    unknown, context = getattr(error, "option_name", None), error.ctx
    if unknown is None or context is None:
        return None
    # The parser names -l where -lr was written.
    written = next((w.partition("=")[0].replace("_", "-") for w in words if w.startswith(unknown)), unknown)
    known = {name for option in context.command.params for name in option.opts}
    if written in known:
        return f"no option {unknown}; did you mean {written}?"
    for option, others in _MEANT.items():
        if written.casefold().lstrip("-") in others and option in known:
            return f"no option {printable(written)}; did you mean {option}?"
    return None


def _accident(error: Exception, *, traceback: bool) -> int:
    """Say what went wrong, and whose fault it is; an exit code that is not a verdict."""
    failure = error if isinstance(error, OSError) and error.errno in _CANNOT_WRITE else None
    try:
        sys.stdout.flush()
    except OSError as again:
        # What is left in the buffer is given up, so that leaving does not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        failure = again
    if isinstance(failure, BrokenPipeError):
        return OUTPUT_CLOSED
    if failure is not None:
        _say(f"cannot write the answer ({failure.strerror}); name another place")
        return BAD_INPUT
    if traceback:
        from traceback import format_exception

        _say("".join(format_exception(error)).rstrip(), head="")
    about = " ".join(str(error).split())[:200]
    _say(
        f"internal: {type(error).__name__}{': ' if about else ''}{about}; this is an error of gdcheck and no verdict: "
        f"please report it, with the command and its traceback ({_TRACEBACK}), at the issue tracker of the repository "
        "that gdcheck was installed from"
    )
    return INTERNAL_ERROR


def _say(text: str, head: str = "error: ") -> None:
    # Standard error may be closed too.
    with suppress(OSError):
        typer.echo(head + "\n".join(printable(line) for line in text.split("\n")), err=True)
