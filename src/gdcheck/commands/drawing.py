"""``gdcheck plot``, ``crossings`` and ``map``: pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gdcheck.commands.common import (
    PROVED,
    help_end,
    of_either_kind,
    problem_from_options,
    valley_from_options,
    write_picture,
)
from gdcheck.commands.options import (
    AsJson,
    Beta1,
    Beta2,
    Epsilon,
    LossInstead,
    MethodName,
    Minimizer,
    Momentum,
    Picture,
    Preconditioner,
    Residuals,
    Scale,
    StepSize,
    Variables,
    exact,
    method_from_options,
    whole,
)
from gdcheck.commands.talking import talks
from gdcheck.reports.formats import picture_format
from gdcheck.theorem.loss.errors import InputError

if TYPE_CHECKING:
    from gdcheck.properties.storage.reading import AnyProblem
    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.decide import ValleyDecision

commands = typer.Typer()


@commands.command(
    epilog=help_end(
        "0 drawn",
        "gdcheck plot problem.json --out problem.svg",
        'gdcheck plot --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --start 0.1,0.1 --out worked.png',
        'gdcheck plot --residual "x*y - 1" --step-size 0.5 --start 2.2,0.4 --out valley.svg',
    )
)
@talks()
def plot(
    file: Annotated[
        Path | None, typer.Argument(metavar="[PROBLEM]", help="A problem as JSON, or a certificate; - is stdin.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture: a name in .svg, .png, .pdf or .html.")] = None,
    loss: LossInstead = None,
    residual: Residuals = None,
    scale: Scale = None,
    step_size: StepSize = None,
    start: Annotated[str | None, typer.Option(help="The first iterate, as x=Q,y=Q,… or Q,Q,…")] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    max_steps: Annotated[int, typer.Option(**whole(1), help="Steps allowed for the verdict.")] = 1_000_000,
    method: MethodName = None,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    epsilon: Epsilon = None,
    preconditioner: Preconditioner = None,
    as_json: AsJson = False,
) -> int:
    """Draw direction, sharpness and phase plane of a problem.

    Of a network's certificate, whose arrays lie beside it, draw the run, enclosed once more.
    """
    from gdcheck.networks import CERTIFICATES
    from gdcheck.properties.storage.reading import parse_json, problem_inside, read_text
    from gdcheck.reports.problem_charts import problem_chart
    from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
    from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem
    from gdcheck.theorem.valleys.problem import ValleyProblem

    picture_format(out)
    assert out is not None
    asked = method_from_options(method, momentum, beta1, beta2, epsilon, preconditioner)
    given: AnyProblem
    if file is not None:
        if any(x is not None for x in (loss, residual, scale, step_size, start, minimizer, variables, asked)):
            raise InputError("problem", "stands alone; leave out the other options, or leave out the file")
        text = read_text(file)
        data = parse_json(text, "the file")
        if isinstance(data, dict) and data.get("schema") in CERTIFICATES:
            return _network_drawn(data, file, out, max_steps, as_json=as_json)
        given = problem_inside(parse_json(text, "the file", decimals=True))
    elif residual or scale is not None:
        if loss is not None or minimizer is not None:
            raise InputError("residual", "does not go with --loss and --minimizer; leave it or them out")
        given = valley_from_options(residual or [], scale, step_size, start, variables, asked)
    else:
        given = problem_from_options(loss, step_size, start, minimizer, variables, asked)
    in_valley = _drawn_as_valley(given, out, max_steps)
    if in_valley is not None:
        return _told(in_valley.verdict.value, in_valley.reason, out, as_json=as_json)
    if isinstance(given, EveryStartProblem | EveryStartSmoothProblem):
        raise InputError("start", "is missing; the picture shows one trajectory, so give one in the problem")
    assert not isinstance(given, ValleyProblem)
    try:
        decision = _drawn(given, max_steps)
    except OverflowError:
        raise InputError("problem", "holds numbers that are too large for a picture; scale it") from None
    problem = decision.problem
    text = problem.loss.text if isinstance(problem, SmoothProblem) else problem.loss.text()
    name = problem.method.name if isinstance(problem, Problem) and not problem.method.is_plain else "gradient descent"
    name = f"{name[0].upper()}{name[1:]} on {text[:120]}, step size {problem.step_size}: {decision.verdict.value}"
    try:
        write_picture(out, problem_chart(decision), name)
    except OverflowError:
        raise InputError("loss", "holds numbers that are too large for a picture; scale the problem") from None
    return _told(decision.verdict.value, decision.reason, out, as_json=as_json)


def _network_drawn(certificate: dict[str, Any], file: Path, out: Path, max_steps: int, *, as_json: bool) -> int:
    from gdcheck.commands.network_plot import draw_network

    draw_network(certificate, file, out, max_steps)
    return _told("proved", "", out, as_json=as_json)


def _told(verdict: str, reason: str, out: Path, *, as_json: bool) -> int:
    """Say which picture was drawn; as JSON, its verdict too."""
    from gdcheck.commands.answer_schemas import Plot
    from gdcheck.properties.storage.files import as_json as as_text

    if as_json:
        drawn = Plot(str(out), verdict, reason)
        typer.echo(as_text(drawn, indent=None), nl=False)
    else:
        typer.echo(f"picture: {out}")
    return PROVED


def _drawn(problem: Problem | SmoothProblem, max_steps: int) -> Decision | SmoothDecision:
    """Decide what is drawn; a polynomial without a rational minimizer as a smooth loss."""
    from gdcheck.theorem.decision.enclosed.method import decide_enclosed
    from gdcheck.theorem.long_run.deciding import decide_located
    from gdcheck.theorem.long_run.locate import why_none
    from gdcheck.theorem.smooth.problem import SmoothProblem

    if isinstance(problem, SmoothProblem):
        return decide_enclosed(problem, max_steps=max_steps)
    located = decide_located(problem, max_steps=max_steps)
    if located.exact is not None:
        return located.exact[0]
    if located.enclosed is None or located.enclosed.minimizer is None:
        raise InputError("minimizer", why_none(located.location, problem.loss.variables))
    return located.enclosed


def _drawn_as_valley(given: AnyProblem, out: Path, max_steps: int) -> ValleyDecision | None:
    """Draw a trajectory into a valley, if the problem is one of residuals or a sum of squares that is."""
    from gdcheck.theorem.valleys.problem import ValleyProblem
    from gdcheck.theorem.valleys.squares import as_valley

    valley = given if isinstance(given, ValleyProblem) else as_valley(given)
    if valley is None:
        return None
    from gdcheck.reports.valley_charts import valley_chart
    from gdcheck.theorem.valleys.decide import decide_valley

    decision = decide_valley(valley, max_steps=max_steps)
    if not decision.is_of_a_valley and valley is not given:
        return None
    texts = ", ".join(residual.text for residual in valley.residuals)
    method = "Gradient descent" if valley.method.is_plain else valley.method.name
    name = f"{method} into the valley of {texts[:120]}, step size {valley.step_size}"
    write_picture(out, valley_chart(decision), name)
    return decision


@commands.command(
    epilog=help_end(
        "0 counted",
        'gdcheck crossings --loss "x**2 + y**2/2 + x**2*y + x**3" --start 0.1,0.1 --out crossings.svg',
        'gdcheck crossings --loss "exp(x) - x + y**2 + x*y/4" --start 1,1',
        'gdcheck crossings --residual "x*y - 1" --start 2.2,0.4 --out crossings.svg',
    )
)
@talks()
def crossings(
    loss: Annotated[str | None, typer.Option(help="The loss.")] = None,
    residual: Residuals = None,
    scale: Scale = None,
    start: Annotated[str | None, typer.Option(help="A start, as x=Q,y=Q,… or Q,Q,…; its multiples are tried.")] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    out: Picture = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the grid as JSON.")] = False,
    max_steps: Annotated[int, typer.Option(**whole(1), help="Steps allowed for each problem of the grid.")] = 20_000,
) -> int:
    """Count the steps above 2/η over a grid of step sizes and start radii."""
    from gdcheck.commands.answer_schemas import CrossingGrid
    from gdcheck.properties.basins.crossing_grid import FACTORS, SHARES, boundary_share, crossing_grid
    from gdcheck.properties.storage.files import as_json as as_text
    from gdcheck.terminal.crossing_report import summary
    from gdcheck.terminal.progress import progress_bar
    from gdcheck.terminal.show import say

    if out is not None:
        picture_format(out)
    if residual or scale is not None:
        if loss is not None or minimizer is not None:
            raise InputError("residual", "does not go with --loss and --minimizer; leave it or them out")
        from gdcheck.properties.basins.valley_crossings import SHARES as BEYOND
        from gdcheck.properties.basins.valley_crossings import valley_crossing_grid

        valley = valley_from_options(residual or [], scale, "1", start, variables)
        of, names, line = (
            ", ".join(r.text for r in valley.residuals),
            valley.variables,
            "point of arrival of small steps",
        )
        marks = {"2/λₙ": 1.0}
        with progress_bar(len(BEYOND) * len(FACTORS), "counting") as on_done:
            cells = valley_crossing_grid(valley, max_steps=min(max_steps, 2000), on_done=on_done)
    else:
        smooth, exact = of_either_kind(problem_from_options(loss, "1", start, minimizer, variables))
        line = "minimizer"
        with progress_bar(len(SHARES) * len(FACTORS), "counting") as on_done:
            if smooth is not None:
                from gdcheck.properties.basins.smooth_crossings import smooth_boundary_share, smooth_crossing_grid

                of, names = smooth.loss.text, smooth.loss.variables
                cells = smooth_crossing_grid(smooth, max_steps=max_steps, on_done=on_done)
                marks = {"2/(λ₁+λₙ)": smooth_boundary_share(smooth, max_steps), "2/λₙ": 1.0}
            else:
                assert exact is not None
                of, names = exact.loss.text(), exact.loss.variables
                cells = crossing_grid(exact, max_steps=max_steps, on_done=on_done)
                marks = {"2/(λ₁+λₙ)": boundary_share(exact), "2/λₙ": 1.0}
    if out is not None:
        from gdcheck.reports.crossing_charts import crossing_chart
        from gdcheck.reports.labels import heading
        from gdcheck.reports.text import function, mathematical

        said = f"residuals {mathematical(of)}" if residual else function(of, names)
        through = (start or "").replace(",", ", ")
        way = f"gradient descent from starts on the line from the {line} through ({through})"
        chart = crossing_chart(cells, heading(said, way, "every count is proved by enclosures"), marks)
        write_picture(out, chart, f"Sharpness above 2/η on {of[:120]}")
    if as_json:
        typer.echo(as_text(CrossingGrid(tuple(cells)), indent=None), nl=False)
    else:
        for line in summary(cells):
            say(line)
    return PROVED


@commands.command(
    name="map",
    epilog=help_end(
        "0 drawn",
        "gdcheck map problem.json --out map.png",
        'gdcheck map --loss "x**2 + y**2/2 + x**2*y + x**3" --step-size 0.95 --out map.svg',
        "gdcheck map problem.json --plane step --out steps.png",
        'gdcheck map --loss "x**2/2 + y**2 + x**2*y" --step-size 0.05 --method rmsprop --epsilon 1 --size 300 '
        "--out rms.png",
        'gdcheck map --residual "x*y - 1" --step-size 0.5 --start 1,1 --half-width 3 --out valley.png',
    ),
)
@talks()
def draw_map(
    problem: Annotated[
        Path | None, typer.Argument(metavar="[PROBLEM]", help="A problem in two variables, as JSON; - is stdin.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The picture: a name in .png, .svg, .pdf or .html.")] = None,
    plane: Annotated[str, typer.Option(help="start: all starts. step: step sizes, and starts on a line.")] = "start",
    half_width: Annotated[
        str | None,
        typer.Option(
            **exact(floats=True),
            help="How far starts go from the minimizer; by default, past the end of the basin. "
            "With residuals, from the problem's start; by default 2.",
        ),
    ] = None,
    size: Annotated[int, typer.Option(**whole(1), help="Points on a side.")] = 1000,
    loss: LossInstead = None,
    residual: Residuals = None,
    scale: Scale = None,
    step_size: StepSize = None,
    start: Annotated[
        str | None, typer.Option(help="With --plane step, a start on the line of starts; with residuals, the centre.")
    ] = None,
    minimizer: Minimizer = None,
    variables: Variables = None,
    data: Annotated[list[str] | None, typer.Option(help="Data that the loss names: X=file.csv.")] = None,
    method: MethodName = None,
    momentum: Momentum = None,
    beta1: Beta1 = None,
    beta2: Beta2 = None,
    epsilon: Epsilon = None,
    preconditioner: Preconditioner = None,
    as_json: AsJson = False,
) -> int:
    """Draw which limit each start of a loss in two variables has.

    What is certified and what is only observed have different colours; the picture's legend names both.
    """
    from gdcheck.commands.map_run import MapOptions, map_command

    picture_format(out)
    assert out is not None
    asked = method_from_options(method, momentum, beta1, beta2, epsilon, preconditioner)
    options = MapOptions(
        problem,
        out,
        plane,
        half_width,
        size,
        loss,
        residual,
        scale,
        step_size,
        start,
        minimizer,
        variables,
        data,
        asked,
    )
    return map_command(options, as_json=as_json)
