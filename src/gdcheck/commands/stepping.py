"""``gdcheck steps``: all step sizes of a loss at once."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.answers import STEPS, printed
from gdcheck.commands.common import PROVED, help_end, write_picture
from gdcheck.commands.options import (
    AsJson,
    Beta1,
    Beta2,
    Epsilon,
    MethodName,
    Momentum,
    Picture,
    Preconditioner,
    Variables,
    method_from_options,
)
from gdcheck.commands.talking import talks
from gdcheck.reports.formats import picture_format
from gdcheck.terminal.waiting import waiting
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float

if TYPE_CHECKING:
    from gdcheck.theorem.descent.critical_points import CriticalPoint
    from gdcheck.theorem.loss.loss import Loss
    from gdcheck.theorem.loss.rational import Vector

commands = typer.Typer()

_POINTS = 400
_MOST = 20  # Minimizers shown, at the most, of those nearest to the origin.


@commands.command(
    epilog=help_end(
        "0 the table is complete",
        'gdcheck steps --loss "x**2 + 10*y**2"',
        'gdcheck steps --loss "x**4 - 2*x**2" --out steps.svg',
        'gdcheck steps --loss "log(1 + exp(-w)) + log(1 + exp(10*w)) + (v - w)**2"',
        'gdcheck steps --loss "(x**2 - 1)**2 + y**2" --minimizer x=1,y=0 --minimizer x=-1,y=0 --json',
        'gdcheck steps --loss "x**2 + 10*y**2" --method heavy-ball --momentum 0.5',
    )
)
@talks()
def steps(
    loss: Annotated[
        str | None, typer.Option(help="The loss: a polynomial plus powers of max(linear, 0); or with exp, log, tanh, …")
    ] = None,
    minimizer: Annotated[
        list[str] | None,
        typer.Option(help="A minimizer, as x=Q,y=Q,… or Q,Q,…; may be repeated. Without it, those found."),
    ] = None,
    variables: Variables = None,
    data: Annotated[
        list[str] | None, typer.Option(help="Data that the loss names: X=file.csv; may be repeated.")
    ] = None,
    out: Picture = None,
    as_json: AsJson = False,
    method: MethodName = None,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    epsilon: Epsilon = None,
    preconditioner: Preconditioner = None,
) -> int:
    """Show what each step size does near each minimizer: fixed, alternating, unstable, and the rate."""
    from gdcheck.theorem.methods.reading import DESCENT_ONLY, read_method

    if loss is None:
        raise InputError("loss", 'is missing; give --loss "x**2 + y**2/2"')
    if out is not None:
        picture_format(out)
    chosen = method_from_options(method, momentum, beta1, beta2, epsilon, preconditioner)
    plain = chosen is None or read_method(chosen).is_plain
    with waiting("following trajectories"):
        if _is_smooth(loss, data):
            if not plain:
                raise InputError("method", DESCENT_ONLY)
            names, lines = _smooth_lines(loss, minimizer, variables, data or [])
        elif chosen is None or plain:
            names, lines = _lines(loss, minimizer, variables)
        else:
            names, lines = _method_lines(loss, minimizer, variables, chosen)
    if out is not None:
        write_picture(out, _chart(lines, names, loss, plain=plain), f"All step sizes of {loss[:120]}")
    if as_json:
        typer.echo(printed(STEPS, {"variables": list(names), "minimizers": lines}))
    else:
        (_show if plain else _show_methods)(lines, names)
    return PROVED


def _lines(
    text: str, minimizers: list[str] | None, variables: str | None
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return the variables, and the line of each minimizer with samples beyond it; start and step size play no part."""
    from gdcheck.theorem.certificate.step_sizes import step_line, step_line_near
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.loss import Loss

    names = None if variables is None else [name.strip() for name in variables.split(",")]
    loss = Loss.parse(text, names)
    start = ["0"] * loss.dimension
    if minimizers:
        given = [read_point(point, "minimizer") for point in minimizers]
        problems = [Problem(text, step_size=1, start=start, minimizer=point, variables=names) for point in given]
        return loss.variables, [_with_samples(loss, p.minimizer, step_line(p)) for p in problems]
    found = []
    for point in sorted(_minima(loss), key=lambda p: p.point):
        at = Problem(loss, step_size=1, start=start, minimizer=point.point)
        line = step_line(at) if point.exact else step_line_near(loss, point.point)
        if line is None:
            shown = ", ".join(f"{n}={to_float(x):.15g}" for n, x in zip(loss.variables, point.point, strict=True))
            typer.echo(f"note: observed, and left out: a minimizer near ({shown}), which is not proved", err=True)
        else:
            found.append(_with_samples(loss, point.point, line))
    if not found:
        raise InputError("minimizer", "none is proved to be where the search found one; give one with --minimizer")
    return loss.variables, found


def _is_smooth(text: str, data: list[str] | None) -> bool:
    from gdcheck.theorem.smooth.reading import called_in

    called = called_in(text)
    return bool(data) or bool(called and "max" not in called)


def _smooth_lines(
    text: str, minimizers: list[str] | None, variables: str | None, data: list[str]
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return the variables, and the line of each enclosed minimizer of a smooth loss that is found."""
    from gdcheck.properties.storage.data import read_data
    from gdcheck.theorem.certificate.step_sizes import smooth_step_line
    from gdcheck.theorem.descent.points import place_point, read_point
    from gdcheck.theorem.long_run.smooth_minima import search_minima
    from gdcheck.theorem.loss.tokens import first_named
    from gdcheck.theorem.smooth.reading import read_smooth

    names = None if variables is None else [name.strip() for name in variables.split(",")]
    loss = read_smooth(text, names, read_data(data) if data else None)
    written = tuple(x for name in first_named(text) for x in loss.vectors.get(name, (name,)) if x in loss.variables)
    order = loss.variables if names is not None else written
    hints = [place_point(read_point(p, "minimizer"), "minimizer", loss.variables, order) for p in minimizers or []]
    found = [smooth_step_line(loss, point) for point in search_minima(loss, hints)]
    lines = [line | {"beyond": []} for line in found if line is not None]
    if not lines:
        raise InputError("minimizer", "none is proved to be where the search found one; give one near it")
    return loss.variables, lines


def _method_lines(
    text: str, minimizers: list[str] | None, variables: str | None, method: dict[str, Any]
) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return the variables, and what a method does at all step sizes near each minimizer."""
    from gdcheck.theorem.certificate.methods.line import method_step_line
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.loss import Loss

    names = None if variables is None else [name.strip() for name in variables.split(",")]
    loss = Loss.parse(text, names)
    points: list[Any] = [read_point(point, "minimizer") for point in minimizers or []]
    if not points:
        found = sorted(_minima(loss), key=lambda p: p.point)
        points = [p.point for p in found if p.exact]
        if not points:
            raise InputError("minimizer", "none is rational, and others are covered for gradient descent alone")
        if len(points) < len(found):
            typer.echo("note: left out: irrational minimizers, which gradient descent alone covers", err=True)
    start = ["0"] * loss.dimension
    problems = [Problem(loss, step_size=1, start=start, minimizer=point, method=method) for point in points]
    return loss.variables, [method_step_line(problem) for problem in problems]


def _chart(lines: list[dict[str, Any]], names: tuple[str, ...], loss: str, *, plain: bool) -> Any:
    """Draw the lines of gradient descent, or that of another method at one minimizer."""
    from flint import fmpq

    from gdcheck.reports.charts import number
    from gdcheck.reports.direction_chart import BEYOND, moduli_chart
    from gdcheck.reports.step_chart import step_chart
    from gdcheck.reports.text import function
    from gdcheck.theorem.certificate.methods.line import moduli
    from gdcheck.theorem.methods.reading import read_method

    if plain:
        return step_chart(lines, names, loss)
    if len(lines) > 1:
        raise InputError("minimizer", "a picture shows one; choose it with --minimizer")
    (line,) = lines
    end = BEYOND * number(line["stability_limit"])
    steps = [end * (k + 1) / _POINTS for k in range(_POINTS)]
    ends = sorted({line["eigenvalues"][0], line["eigenvalues"][-1]})
    values = [fmpq(*x.as_integer_ratio()) for x in ends]
    rows = dict(zip((f"{x:.6g}" for x in ends), moduli(values, read_method(line["method"]), steps), strict=True))
    return moduli_chart(line, steps, rows, function(loss, names))


def _minima(loss: Loss) -> list[CriticalPoint]:
    """Find the strict minimizers."""
    from flint import fmpq

    from gdcheck.theorem.descent.critical_points import critical_points
    from gdcheck.theorem.long_run.locate import describe_points

    nearby = critical_points(loss, (fmpq(0),) * loss.dimension, _MOST)
    minima = [p for p in nearby.nearest if p.kind == "minimum"]
    if not minima:
        listed = describe_points(nearby, loss.variables)
        raise InputError("minimizer", f"no strict minimizer is found: {listed}; give one with --minimizer")
    return minima


def _with_samples(loss: Loss, minimizer: Vector, line: dict[str, Any]) -> dict[str, Any]:
    """Add what happens beyond the largest stable step size, at sample points: of a quadratic loss all is known."""
    from gdcheck.theorem.certificate.kinds.beyond import beyond

    steepest = line["step_sizes"]["highest"]["vector"] or [1.0] + [0.0] * (loss.dimension - 1)
    limit = float(Fraction(line["step_sizes"]["largest_stable"]))
    return line | {"beyond": [] if line["quadratic"] else beyond(loss, minimizer, limit, steepest)}


def _show(lines: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    from gdcheck.terminal.headline import line_rows, threshold_rows
    from gdcheck.terminal.show import console_for_people, show_rows
    from gdcheck.terminal.show_outcome import exactly

    console = console_for_people()
    for i, line in enumerate(lines):
        if i:
            console.print()
        near = "minimizer" if line["exact"] else "minimizer, proved to be near"
        console.print(f"{near} {exactly(line['minimizer'], names)}", style="bold", markup=False)
        show_rows(console, line_rows(line, names))
        console.print()
        show_rows(console, threshold_rows(line["step_sizes"], names))


def _show_methods(lines: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    from gdcheck.terminal.headline import method_words, segment_rows
    from gdcheck.terminal.show import console_for_people, show_rows
    from gdcheck.terminal.show_outcome import exactly

    console = console_for_people()
    for line in lines:
        heading = f"{method_words(line['method'])}, minimizer {exactly(line['minimizer'], names)}"
        console.print(heading, style="bold", markup=False)
        show_rows(console, segment_rows(line))
