"""The options that every command has: how much it says, where that is kept, and its result as JSON."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from gdcheck.terminal.log import LOG, talking

if TYPE_CHECKING:
    from gdcheck.theorem.certificate.shapes import StoredRun

_COMMON = {
    "quiet": (bool, typer.Option("--quiet", help="Print nothing but errors, and the JSON of --json."), False),
    "verbose": (bool, typer.Option("--verbose", help="Report each stage on standard error, with its time."), False),
    "log_file": (
        Path | None,
        typer.Option("--log-file", help="Append what --verbose reports to this file."),
        None,
    ),
}
_JSON = {"as_json": (bool, typer.Option("--json", help="Print the run as one JSON object."), False)}

Result = Callable[[dict[str, Any]], Path | list[Path]]
"""Says where a command's result may lie, from its options."""


_ANSWER: ContextVar[str | None] = ContextVar("answer", default=None)


def answer_without_file(answer: StoredRun) -> None:
    """Say what ``--json`` prints where no file holds the result.

    Args:
        answer: The answer, whose schema is published.
    """
    from gdcheck.properties.storage.files import as_json

    _ANSWER.set(as_json(answer, indent=None))


def talks(result: Result | None = None) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options of what it says.

    Args:
        result: Where its result lies once it is written, for a command that has no ``--json`` of its own: the option
            is added, and prints that file in the place of everything else.

    Returns:
        A decorator of a function whose parameters are options, and which returns the exit code.
    """

    def decorate(body: Callable[..., int]) -> Callable[..., int]:
        def command(*, quiet: bool, verbose: bool, log_file: Path | None, **given: Any) -> int:
            as_json = given.pop("as_json") if result is not None else given.get("as_json", False)
            places = [] if result is None else result(given)
            before = {path: _changed(path) for path in ([places] if isinstance(places, Path) else places)}
            token = _ANSWER.set(None)
            silent = quiet or (as_json and result is not None)
            try:
                with talking(
                    quiet=silent, verbose=verbose, log_file=log_file, keeps_output=bool(as_json) and result is None
                ):
                    code = body(**given)
                    LOG.info("exit code %d", code)
                answer = _ANSWER.get()
            finally:
                _ANSWER.reset(token)
            written = next((path for path in before if _changed(path) != before[path]), None)
            if answer is None and written is not None:
                answer = written.read_text(encoding="utf-8")
            if as_json and answer is not None:
                typer.echo(answer, nl=False)
            return code

        own = signature(body).parameters
        hints = get_type_hints(body, include_extras=True)
        more = _COMMON | (_JSON if result is not None else {})
        said = {name: Annotated[kind, option] for name, (kind, option, _) in more.items()}
        parameters = [p.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY) for name, p in own.items()]
        parameters += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=said[name])
            for name, (_, _, default) in more.items()
        ]
        command.__signature__ = signature(body).replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {name: hints[name] for name in own} | said | {"return": int}
        command.__name__, command.__doc__ = body.__name__, body.__doc__
        return command

    return decorate


def _changed(path: Path) -> int | None:
    """When a file was written last; None if it is not there."""
    return path.stat().st_mtime_ns if path.is_file() else None
