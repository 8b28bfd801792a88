"""What the commands share: exit codes, errors in one sentence, options that describe a problem, files to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gdcheck.properties.storage.files import write_bytes_atomically

if TYPE_CHECKING:
    from gdcheck.theorem.descent.problem import Problem

PROVED, REFUTED, BAD_INPUT, OTHER, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = {"proved": PROVED, "refuted": REFUTED}


@contextmanager
def input_errors() -> Iterator[None]:
    """Turns unusable input into one sentence on standard error and exit code 2."""
    from gdcheck.theorem.loss.errors import InputError

    try:
        yield
    except InputError as error:
        typer.echo(f"error: {printable(str(error))}", err=True)
        raise typer.Exit(BAD_INPUT) from None


def printable(text: str) -> str:
    """Text from outside with control characters shown, so that it cannot drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def problem_from_options(loss: str | None, step_size: str | None, start: str | None, *rest: str | None) -> Problem:
    """The problem that options describe; the last two are --minimizer and --variables.

    Raises:
        InputError: If a needed option is missing or one cannot be used.
    """
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.errors import InputError

    for value, field, example in (
        (loss, "loss", '--loss "x**2 + y**2/2"'),
        (step_size, "step-size", "--step-size 0.1"),
        (start, "start", "--start 0.1,0.1"),
    ):
        if value is None:
            raise InputError(field, f"is missing; give {example}, or a file with --problem")
    assert loss is not None and step_size is not None and start is not None
    minimizer, variables = (None if x is None else _split(x) for x in rest)
    return Problem.build(loss, step_size, _split(start), minimizer, variables)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def write_bytes(path: Path, data: bytes, field: str = "file") -> None:
    """Writes a file whole, or raises an ``InputError`` that names the field."""
    from gdcheck.theorem.loss.errors import InputError

    try:
        write_bytes_atomically(path, data)
    except OSError as error:
        raise InputError(field, f"cannot write {str(path)[:200]!r} ({error.strerror}); name a writable place") from None
