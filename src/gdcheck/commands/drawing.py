"""``gdcheck plot``, ``crossings`` and ``map``: pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gdcheck.commands.common import (
    PROVED,
    help_end,
    polynomial_problem,
    problem_from_options,
    valley_from_options,
    write_bytes,
    write_picture,
)
from gdcheck.commands.options import Minimizer, Picture, Variables
from gdcheck.reports.formats import picture_format
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from flint import fmpq

    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.problem import ValleyProblem

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 drawn",
        "gdcheck plot problem.json --out problem.svg",
        'gdcheck plot --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1 --out worked.png',
        'gdcheck plot --residual "x*y - 1" --step-size 0.5 --start 2.2,0.4 --out valley.svg',
    )
)
def plot(
    file: Annotated[
        Path | None, typer.Argument(metavar="[PROBLEM]", help="A problem as JSON, or a certificate; - is stdin.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture: a name in .svg, .png, .pdf or .html.")] = None,
    loss: Annotated[str | None, typer.Option(help="The loss, instead of a file.")] = None,
    residual: Annotated[list[str] | None, typer.Option(help="Instead of --loss: a residual; may be repeated.")] = None,
    scale: Annotated[str | None, typer.Option(help="The factor of the squared residuals; 1/2 if not given.")] = None,
    step_size: Annotated[str | None, typer.Option(help="The step size η.")] = None,
    start: Annotated[str | None, typer.Option(help="The first iterate, as x=Q,y=Q,… or Q,Q,…")] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    max_steps: Annotated[int, typer.Option(min=1, help="Steps allowed for the verdict.")] = 1_000_000,
) -> int:
    """Draw direction, sharpness and phase plane of a problem."""
    from gdcheck.properties.storage.reading import stored_problem
    from gdcheck.reports.problem_charts import problem_chart
    from gdcheck.theorem.descent.problem import EveryStartProblem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem
    from gdcheck.theorem.valleys.problem import ValleyProblem

    picture_format(out)
    given: AnyProblem
    if file is not None:
        if any(x is not None for x in (loss, residual, scale, step_size, start, minimizer, variables)):
            raise InputError("problem", "stands alone; leave out the other options, or leave out the file")
        given = stored_problem(file)
    elif residual or scale is not None:
        if loss is not None or minimizer is not None:
            raise InputError("residual", "does not go with --loss and --minimizer; leave it or them out")
        given = valley_from_options(residual or [], scale, step_size, start, variables)
    else:
        given = problem_from_options(loss, step_size, start, minimizer, variables)
    assert out is not None
    if _is_drawn_as_valley(given, out, max_steps):
        typer.echo(f"picture: {out}")
        return PROVED
    if isinstance(given, EveryStartProblem | EveryStartSmoothProblem):
        raise InputError("start", "is missing; the picture shows one trajectory, so give one in the problem")
    assert not isinstance(given, ValleyProblem)
    decision = _drawn(given, max_steps)
    problem = decision.problem
    text = problem.loss.text if isinstance(problem, SmoothProblem) else problem.loss.text()
    name = f"Gradient descent on {text[:120]}, step size {problem.step_size}: {decision.verdict.value}"
    try:
        write_picture(out, problem_chart(decision), name)
    except OverflowError:
        raise InputError("loss", "holds numbers that are too large for a picture; scale the problem") from None
    typer.echo(f"picture: {out}")
    return PROVED


def _drawn(problem: Problem | SmoothProblem, max_steps: int) -> Decision | SmoothDecision:
    """Decide what is drawn; a polynomial without a rational minimizer as a smooth loss."""
    from gdcheck.theorem.decision.smooth import decide_smooth
    from gdcheck.theorem.long_run.deciding import decide_located
    from gdcheck.theorem.long_run.locate import why_none
    from gdcheck.theorem.smooth.problem import SmoothProblem

    if isinstance(problem, SmoothProblem):
        return decide_smooth(problem, max_steps=max_steps)
    located = decide_located(problem, max_steps=max_steps)
    if located.exact is not None:
        return located.exact[0]
    if located.enclosed is None or located.enclosed.minimizer is None:
        raise InputError("minimizer", why_none(located.location, problem.loss.variables))
    return located.enclosed


def _is_drawn_as_valley(given: AnyProblem, out: Path, max_steps: int) -> bool:
    """Draw a trajectory into a valley, if the problem is one of residuals or a sum of squares that is."""
    from gdcheck.theorem.valleys.problem import ValleyProblem
    from gdcheck.theorem.valleys.squares import as_valley

    valley = given if isinstance(given, ValleyProblem) else as_valley(given)
    if valley is None:
        return False
    from gdcheck.reports.valley_charts import valley_chart
    from gdcheck.theorem.valleys.decide import decide_valley

    decision = decide_valley(valley, max_steps=max_steps)
    if not decision.is_of_a_valley and valley is not given:
        return False
    texts = ", ".join(residual.text for residual in valley.residuals)
    method = "Gradient descent" if valley.method.is_plain else valley.method.name
    name = f"{method} into the valley of {texts[:120]}, step size {valley.step_size}"
    write_picture(out, valley_chart(decision), name)
    return True


@commands.command(
    epilog=help_end(
        "0 counted",
        'gdcheck crossings --loss "x**2 + y**2/2 + x**2*y + x**3" --start 0.1,0.1 --out crossings.svg',
        'gdcheck crossings --loss "exp(x) - x + y**2 + x*y/4" --start 1,1',
        'gdcheck crossings --residual "x*y - 1" --start 2.2,0.4 --out crossings.svg',
    )
)
def crossings(
    loss: Annotated[str | None, typer.Option(help="The loss.")] = None,
    residual: Annotated[list[str] | None, typer.Option(help="Instead of --loss: a residual; may be repeated.")] = None,
    scale: Annotated[str | None, typer.Option(help="The factor of the squared residuals; 1/2 if not given.")] = None,
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

    if out is not None:
        picture_format(out)
    if residual or scale is not None:
        if loss is not None or minimizer is not None:
            raise InputError("residual", "does not go with --loss and --minimizer; leave it or them out")
        from gdcheck.properties.basins.valley_crossings import SHARES as BEYOND
        from gdcheck.properties.basins.valley_crossings import valley_crossing_grid

        valley = valley_from_options(residual or [], scale, "1", start, variables)
        of = ", ".join(r.text for r in valley.residuals)
        with progress_bar(len(BEYOND) * len(FACTORS), "counting") as on_done:
            cells = valley_crossing_grid(valley, max_steps=min(max_steps, 2000), on_done=on_done)
    else:
        smooth, exact = _of_either_kind(problem_from_options(loss, "1", start, minimizer, variables))
        with progress_bar(len(SHARES) * len(FACTORS), "counting") as on_done:
            if smooth is not None:
                from gdcheck.properties.basins.smooth_crossings import smooth_crossing_grid

                of = smooth.loss.text
                cells = smooth_crossing_grid(smooth, max_steps=max_steps, on_done=on_done)
            else:
                assert exact is not None
                of = exact.loss.text()
                cells = crossing_grid(exact, max_steps=max_steps, on_done=on_done)
    if out is not None:
        from gdcheck.reports.crossing_charts import crossing_chart

        write_picture(out, crossing_chart(cells), f"Sharpness above 2/η on {of[:120]}")
    shown = json.dumps(to_builtins(cells), allow_nan=False)
    typer.echo(shown if as_json else "\n".join(summary(cells)))
    return PROVED


@commands.command(
    name="map",
    epilog=help_end(
        "0 drawn",
        "gdcheck map problem.json --out map.png",
        "gdcheck map problem.json --plane step --out steps.png",
        "gdcheck map valley.json --half-width 3 --out valley.png",
    ),
)
def draw_map(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM", help="A problem in two variables, as JSON.")],
    out: Annotated[Path, typer.Option(help="The picture, a PNG file.")],
    plane: Annotated[str, typer.Option(help="start: all starts. step: step sizes, and starts on a line.")] = "start",
    half_width: Annotated[
        str | None,
        typer.Option(
            help="How far starts go from the minimizer; by default, past the end of the basin. "
            "With residuals, from the problem's start; by default 2."
        ),
    ] = None,
    size: Annotated[int, typer.Option(help="Points on a side.")] = 1000,
) -> int:
    """Draw which limit each start of a loss in two variables takes."""
    from gdcheck.properties.basins.plane import draw_plane
    from gdcheck.properties.storage.reading import stored_problem
    from gdcheck.theorem.loss.rational import to_fmpq
    from gdcheck.theorem.valleys.problem import ValleyProblem
    from gdcheck.theorem.valleys.squares import as_valley

    width = None if half_width is None else to_fmpq(half_width, "half-width")
    read = stored_problem(problem)
    valley = read if isinstance(read, ValleyProblem) else as_valley(read)
    if valley is not None:
        return _map_of_valley(valley, out, plane, size, width)
    from gdcheck.reports.plane_picture import plane_picture

    smooth, given = _of_either_kind(read)
    if smooth is not None:
        from gdcheck.properties.basins.smooth_plane import smooth_plane

        if plane != "start":
            raise InputError("plane", f"{plane[:40]!r} is drawn at rational minimizers of polynomials; give start")
        drawn, text, step = smooth_plane(smooth, size, width), smooth.loss.text, smooth.step_size
    else:
        assert given is not None
        drawn, text, step = draw_plane(given, plane, size, width), given.loss.text(), given.step_size
    title = text + (f", η = {step}" if plane == "start" else "")
    write_bytes(out, plane_picture(drawn, title[:200]), "out")
    typer.echo(f"{drawn.certified.mean():.2%} of {drawn.certified.size:,} points certified: {out}")
    for note in drawn.notes:
        typer.echo(note)
    return PROVED


def _of_either_kind(read: AnyProblem) -> tuple[SmoothProblem | None, Problem | None]:
    """Return a problem as a smooth one, or as one with a rational minimizer."""
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


def _map_of_valley(problem: ValleyProblem, out: Path, plane: str, size: int, width: fmpq | None) -> int:
    """Draw where each start of a valley in two variables arrives, and how sharp the loss is there."""
    from flint import fmpq

    from gdcheck.properties.basins.valley_plane import valley_plane

    if plane != "start":
        raise InputError("plane", f"{plane[:40]!r} is not drawn with residuals; give start")
    found = valley_plane(problem, size, fmpq(2) if width is None else width)
    from gdcheck.reports.valley_map import valley_map

    texts = ", ".join(residual.text for residual in problem.residuals)
    write_bytes(out, valley_map(found, f"{texts}, η = {problem.step_size}"[:200]), "out")
    typer.echo(f"{len(found.proved)} of {found.tried} starts on a grid proved, the others observed: {out}")
    typer.echo(f"the simulation ends elsewhere at {found.differing} of the proved ones")
    return PROVED
