"""``gdcheck steps``: all step sizes of a loss at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.common import PROVED, help_end, write_bytes
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.loss import Loss
    from gdcheck.theorem.loss.rational import Vector

commands = typer.Typer()

_MOST = 20  # Minimizers shown, at the most, of those nearest to the origin.


@commands.command(
    epilog=help_end(
        "0 the table is complete",
        'gdcheck steps --loss "x**2 + 10*y**2"',
        'gdcheck steps --loss "x**4 - 2*x**2" --out steps.svg',
        'gdcheck steps --loss "(x**2 - 1)**2 + y**2" --minimizer x=1,y=0 --minimizer x=-1,y=0 --json',
    )
)
def steps(
    loss: Annotated[str | None, typer.Option(help="The loss: a polynomial plus powers of max(linear, 0).")] = None,
    minimizer: Annotated[
        list[str] | None,
        typer.Option(help="A minimizer, as x=Q,y=Q,… or Q,Q,…; may be repeated. Without it, those found."),
    ] = None,
    variables: Annotated[str | None, typer.Option(help="Names and order of the variables, as x,y,…")] = None,
    out: Annotated[Path | None, typer.Option(help="A picture: a name in .svg, .png, .pdf or .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Show what each step size does near each minimizer: fixed, alternating, unstable, and the rate."""
    from gdcheck._plot import picture_format
    from gdcheck.theorem.certificate.step_sizes import step_line

    if loss is None:
        raise InputError("loss", 'is missing; give --loss "x**2 + y**2/2"')
    form = None if out is None else picture_format(out)
    problems = _problems(loss, minimizer, variables)
    names = problems[0].loss.variables
    lines = [step_line(problem) for problem in problems]
    if out is not None and form is not None:
        from gdcheck.reports.figures import rendered
        from gdcheck.reports.step_chart import step_chart

        write_bytes(out, rendered(step_chart(lines, names), form, f"All step sizes of {loss[:120]}"))
    if as_json:
        typer.echo(json.dumps({"variables": list(names), "minimizers": lines}, ensure_ascii=False))
        return PROVED
    _show(lines, names)
    return PROVED


def _problems(loss: str, minimizers: list[str] | None, variables: str | None) -> list[Problem]:
    """Return the loss at each minimizer; start and step size play no part."""
    from gdcheck.theorem.descent.points import read_point
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.loss.loss import Loss

    names = None if variables is None else [name.strip() for name in variables.split(",")]
    parsed = Loss.parse(loss, names)
    start = ["0"] * parsed.dimension
    if minimizers:
        points = [read_point(text, "minimizer") for text in minimizers]
        return [Problem(loss, step_size=1, start=start, minimizer=point, variables=names) for point in points]
    return [Problem(parsed, step_size=1, start=start, minimizer=point) for point in _found(parsed)]


def _found(loss: Loss) -> list[Vector]:
    """Return the minimizers that a search finds, if all of them are rational."""
    from flint import fmpq

    from gdcheck.theorem.descent.critical_points import critical_points
    from gdcheck.theorem.loss.rational import to_float

    origin = (fmpq(0),) * loss.dimension
    if loss.truncated:
        return [origin]
    minima = [p for p in critical_points(loss, origin, _MOST).nearest if p.kind == "minimum"]
    if not minima:
        raise InputError("minimizer", "no strict minimizer is found; give one with --minimizer")
    others = [", ".join(f"{x:.15g}" for x in map(to_float, p.point)) for p in minima if not p.exact]
    if others:
        shown = "; ".join(f"({point})" for point in others[:3])
        typer.echo(f"note: observed, but irrational and left out: a minimizer near {shown}", err=True)
    exact = sorted(p.point for p in minima if p.exact)
    if not exact:
        raise InputError("minimizer", "none with rational coordinates is found; give one with --minimizer")
    return exact


def _show(lines: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    from gdcheck.terminal.headline import line_rows, threshold_rows
    from gdcheck.terminal.show import console_for_people, show_rows

    console = console_for_people()
    for i, line in enumerate(lines):
        if i:
            console.print()
        point = ", ".join(f"{name}={value}" for name, value in zip(names, line["minimizer"], strict=True))
        console.print(f"minimizer ({point})", style="bold", markup=False)
        show_rows(console, line_rows(line))
        console.print()
        show_rows(console, threshold_rows(line["step_sizes"], names))
