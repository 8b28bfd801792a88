"""``gdcheck plot``, ``crossings`` and ``map``: pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gdcheck.commands.common import (
    PROVED,
    help_end,
    polynomial_problem,
    problem_from_options,
    write_bytes,
    write_picture,
)
from gdcheck.commands.options import Minimizer, Picture, Variables
from gdcheck.reports.formats import picture_format
from gdcheck.theorem.loss.errors import InputError

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 drawn",
        "gdcheck plot problem.json --out problem.svg",
        'gdcheck plot --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1 --out worked.png',
    )
)
def plot(
    file: Annotated[
        Path | None, typer.Argument(metavar="[PROBLEM]", help="A problem as JSON, or a certificate; - is stdin.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture: a name in .svg, .png, .pdf or .html.")] = None,
    loss: Annotated[str | None, typer.Option(help="The loss, instead of a file.")] = None,
    step_size: Annotated[str | None, typer.Option(help="The step size η.")] = None,
    start: Annotated[str | None, typer.Option(help="The first iterate, as x=Q,y=Q,… or Q,Q,…")] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps allowed for the verdict.")] = 1_000_000,
) -> int:
    """Draw direction, sharpness and phase plane of a problem."""
    from gdcheck.properties.storage.reading import stored_problem
    from gdcheck.reports.problem_charts import problem_chart
    from gdcheck.theorem.decision.decide import decide
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.long_run.locate import with_minimizer

    picture_format(out)
    if file is None:
        problem = polynomial_problem(problem_from_options(loss, step_size, start, minimizer, variables))
    elif any(x is not None for x in (loss, step_size, start, minimizer, variables)):
        raise InputError("problem", "stands alone; leave out the other options, or leave out the file")
    else:
        problem = stored_problem(file)
        if isinstance(problem, EveryStartProblem):
            raise InputError("start", "is missing; the picture shows one trajectory, so give one in the problem")
    assert out is not None
    decision = decide(with_minimizer(problem), max_steps=max_steps)
    loss, step = decision.problem.loss.text()[:120], decision.problem.step_size
    name = f"Gradient descent on {loss}, step size {step}: {decision.verdict.value}"
    try:
        write_picture(out, problem_chart(decision), name)
    except OverflowError:
        raise InputError("loss", "holds numbers that are too large for a picture; scale the problem") from None
    typer.echo(f"picture: {out}")
    return PROVED


@commands.command(
    epilog=help_end(
        "0 counted", 'gdcheck crossings --loss "x**2 + y**2/2 + x**2*y + x**3" --start 0.1,0.1 --out crossings.svg'
    )
)
def crossings(
    loss: Annotated[str | None, typer.Option(help="The loss.")] = None,
    start: Annotated[str | None, typer.Option(help="A start, as x=Q,y=Q,… or Q,Q,…; its multiples are tried.")] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    out: Picture = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the grid as JSON.")] = False,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps allowed for each problem of the grid.")] = 20_000,
) -> int:
    """Count the steps above 2/η over a grid of step sizes and start radii."""
    from msgspec import to_builtins

    from gdcheck.properties.basins.crossing_grid import FACTORS, SHARES, crossing_grid
    from gdcheck.terminal.crossing_report import summary
    from gdcheck.terminal.progress import progress_bar
    from gdcheck.theorem.long_run.locate import with_minimizer

    if out is not None:
        picture_format(out)
    problem = with_minimizer(polynomial_problem(problem_from_options(loss, "1", start, minimizer, variables)))
    with progress_bar(len(SHARES) * len(FACTORS), "counting") as on_done:
        cells = crossing_grid(problem, max_steps=max_steps, on_done=on_done)
    if out is not None:
        from gdcheck.reports.crossing_charts import crossing_chart

        write_picture(out, crossing_chart(cells), f"Sharpness above 2/η on {problem.loss.text()[:120]}")
    shown = json.dumps(to_builtins(cells), allow_nan=False)
    typer.echo(shown if as_json else "\n".join(summary(cells)))
    return PROVED


@commands.command(
    name="map",
    epilog=help_end(
        "0 drawn",
        "gdcheck map problem.json --out map.png",
        "gdcheck map problem.json --plane step --out steps.png",
    ),
)
def draw_map(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM", help="A problem in two variables, as JSON.")],
    out: Annotated[Path, typer.Option(help="The picture, a PNG file.")],
    plane: Annotated[str, typer.Option(help="start: all starts. step: step sizes, and starts on a line.")] = "start",
    half_width: Annotated[
        str | None,
        typer.Option(help="How far starts go from the minimizer; by default, past the end of the basin."),
    ] = None,
    size: Annotated[int, typer.Option(help="Points on a side.")] = 1000,
) -> int:
    """Draw which limit each start of a loss in two variables takes."""
    from gdcheck.properties.basins.plane import draw_plane
    from gdcheck.properties.storage.reading import stored_problem
    from gdcheck.theorem.long_run.locate import with_minimizer
    from gdcheck.theorem.loss.rational import to_fmpq

    given = with_minimizer(stored_problem(problem))
    width = None if half_width is None else to_fmpq(half_width, "half-width")
    drawn = draw_plane(given, plane, size, width)
    from gdcheck.reports.plane_picture import plane_picture

    title = f"{given.loss.text()}" + (f", η = {given.step_size}" if plane == "start" else "")
    write_bytes(out, plane_picture(drawn, title[:200]), "out")
    typer.echo(f"{drawn.certified.mean():.2%} of {drawn.certified.size:,} points certified: {out}")
    for note in drawn.notes:
        typer.echo(note)
    return PROVED
