"""What the commands share: exit codes, the end of a help text, options that describe a problem, files to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from gdcheck.properties.storage.files import write_bytes_atomically, writing_to
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    import altair as alt

    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.descent.points import Point
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.problem import ValleyProblem

PROVED, REFUTED, BAD_INPUT, OTHER = 0, 1, 2, 3
INTERNAL_ERROR, INTERRUPTED, OUTPUT_CLOSED, TERMINATED = 70, 130, 141, 143
EXIT_CODES = {"proved": PROVED, "refuted": REFUTED}

_Options = TypeVar("_Options")


def help_end(codes: str, *examples: str, before: str = "") -> str:
    """Compose the end of a command's help.

    Args:
        codes: What its own exit codes mean.
        examples: Commands that can be copied.
        before: What is to be said before, a paragraph.

    Returns:
        The text; its examples are not folded.
    """
    said = (
        f"Exit codes: {codes}; 2 bad input, 70 an error of gdcheck itself, 130 interrupted (143 by SIGTERM), "
        "141 the output is closed."
    )
    shown = "\n".join(f"  {example}" for example in examples)
    return "\n\n".join([*([before] if before else []), said, f"Example{'s'[: len(examples) > 1]}:", f"\b\n{shown}"])


def proofs_with_progress() -> Path:
    """Compile the Coq proofs, if that was not done before, under a progress bar.

    Raises:
        InputError: If Coq is missing, or a library that the proofs need.
    """
    from gdcheck.properties.verify.kernel import compiled_proofs, proof_files
    from gdcheck.terminal.progress import progress_bar

    with progress_bar(len(proof_files()), "compiling the proofs, once") as on_done:
        return compiled_proofs(on_done)


def takes(options: type[_Options]) -> Callable[[Callable[[_Options], int]], Callable[..., int]]:
    """Give a command the fields of a dataclass as its options.

    Args:
        options: The dataclass; each field is annotated with its ``typer.Option`` and has a default.

    Returns:
        A decorator of a function that takes one instance of it and returns the exit code.
    """

    def decorate(body: Callable[[_Options], int]) -> Callable[..., int]:
        def command(**given: object) -> int:
            return body(options(**given))

        hints = get_type_hints(options, include_extras=True)
        command.__signature__ = Signature(  # type: ignore[attr-defined]
            [
                Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
                for field in fields(options)  # type: ignore[arg-type]
            ]
        )
        command.__annotations__ = hints
        command.__name__, command.__doc__ = body.__name__, body.__doc__
        return command

    return decorate


def printable(text: str) -> str:
    """Show control characters in text from outside, so that it cannot drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def problem_from_options(
    loss: str | None,
    step_size: str | None,
    start: str | None,
    minimizer: str | None,
    variables: str | None,
    method: dict[str, Any] | None = None,
    data: Sequence[str] = (),
) -> Problem | SmoothProblem:
    """Build the problem that options describe.

    Args:
        loss: What --loss says.
        step_size: What --step-size says.
        start: What --start says.
        minimizer: What --minimizer says.
        variables: What --variables says.
        method: The method, if it is not plain.
        data: What each --data says.

    Returns:
        The problem.

    Raises:
        InputError: If a needed option is missing or one cannot be used.
    """
    from gdcheck.properties.storage.data import read_data
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.smooth.problem import read_problem

    point, names = named_rest(minimizer, variables)
    return read_problem(
        given(loss, "loss", '--loss "x**2 + y**2/2"'),
        step_size=given(step_size, "step-size", "--step-size 0.1"),
        start=read_point(given(start, "start", "--start 0.1,0.1"), "start"),
        minimizer=point,
        variables=names,
        method=method,
        **({"data": read_data(data)} if data else {}),
    )


def valley_from_options(
    residuals: Sequence[str],
    scale: str | None,
    step_size: str | None,
    start: str | None,
    variables: str | None,
    method: dict[str, Any] | None = None,
) -> ValleyProblem:
    """Build the problem with residuals that options describe.

    Raises:
        InputError: If a needed option is missing or one cannot be used.
    """
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.valleys.problem import ValleyProblem

    if not residuals:
        raise InputError("residual", 'is missing; --scale goes with one or more, such as --residual "x*y - 1"')
    _, names = named_rest(None, variables)
    return ValleyProblem.of(
        residuals,
        step_size=given(step_size, "step-size", "--step-size 0.1"),
        start=read_point(given(start, "start", "--start 0.1,0.1"), "start"),
        scale="1/2" if scale is None else scale,
        variables=names,
        method=method,
    )


def polynomial_problem(problem: Problem | SmoothProblem | ValleyProblem) -> Problem:
    """Return a problem whose loss is a polynomial plus truncated powers.

    Raises:
        InputError: If it is a smooth one, which this command does not take.
    """
    from gdcheck.theorem.descent.problem import Problem

    if not isinstance(problem, Problem):
        raise InputError("loss", "is not a polynomial; gdcheck check, steps, plot, map and replay take smooth losses")
    return problem


def of_either_kind(read: AnyProblem) -> tuple[SmoothProblem | None, Problem | None]:
    """Return a problem as a smooth one, or as one with a rational minimizer.

    Args:
        read: The problem.

    Returns:
        One of the two; the other is None.

    Raises:
        InputError: If no minimizer is found, or its kind is another one.
    """
    from gdcheck.theorem.long_run.locate import find_minimizer, why_none
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem, smooth_instead

    if isinstance(read, SmoothProblem) and not isinstance(read, EveryStartSmoothProblem):
        return read, None
    polynomial = polynomial_problem(read)
    location = find_minimizer(polynomial)
    if location.problem is not None:
        return None, location.problem
    smooth = smooth_instead(polynomial, None)
    if smooth is None:
        raise InputError("minimizer", why_none(location, polynomial.loss.variables))
    return smooth, None


def given(value: str | None, field: str, example: str) -> str:
    """Return what an option says.

    Args:
        value: What was given.
        field: The option's name.
        example: How it is given.

    Raises:
        InputError: If nothing was given.
    """
    if value is None:
        raise InputError(field, f"is missing; give {example}, or a file with --problem")
    return value


def named_rest(minimizer: str | None, variables: str | None) -> tuple[Point | None, list[str] | None]:
    """Return what --minimizer and --variables say, a point that is none being bad input."""
    from gdcheck.theorem.descent.points import read_point

    point = None if minimizer is None else read_point(minimizer, "minimizer")
    return point, None if variables is None else [name.strip() for name in variables.split(",")]


def make_directory(path: Path) -> None:
    """Make the directory of a run's result before the work, so that a failure to do so is reported at once.

    Args:
        path: The directory.

    Raises:
        InputError: If it cannot be made.
    """
    with writing_to(path):
        path.mkdir(parents=True, exist_ok=True)


def write_picture(out: Path, chart: alt.TopLevelMixin, name: str, scale: float = 2) -> None:
    """Write a chart as a picture, in the format that the file's name asks for.

    Args:
        out: The file.
        chart: The chart.
        name: What the picture shows.
        scale: How many pixels of a PNG file a unit of the chart has.

    Raises:
        InputError: If the name has another ending, or the file cannot be written.
    """
    from gdcheck.reports.figures import rendered
    from gdcheck.reports.formats import picture_format

    write_bytes(out, rendered(chart, picture_format(out), name, scale))


def write_bytes(path: Path, data: bytes, field: str = "file") -> None:
    """Write a file whole, or raise an ``InputError`` that names the field."""
    with writing_to(path, field):
        write_bytes_atomically(path, data)
