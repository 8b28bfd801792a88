"""The body of ``gdcheck map``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from flint import fmpq

from gdcheck.commands.answer_schemas import Map
from gdcheck.commands.common import (
    PROVED,
    given,
    named_rest,
    of_either_kind,
    problem_from_options,
    valley_from_options,
    write_picture,
)
from gdcheck.properties.basins.plane import Plane, draw_plane
from gdcheck.properties.storage.files import as_json as as_text
from gdcheck.properties.storage.reading import AnyProblem, stored_problem
from gdcheck.reports.plane_picture import plane_picture, plane_scale
from gdcheck.reports.text import decimal, function, mathematical
from gdcheck.terminal.show import say
from gdcheck.terminal.waiting import waiting
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_fmpq
from gdcheck.theorem.methods.method import Adam
from gdcheck.theorem.methods.words import method_words
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.squares import as_valley


@dataclass(frozen=True)
class MapOptions:
    """The options of ``gdcheck map``, as they were given.

    Attributes:
        problem: A problem's file, or None.
        out: The picture.
        plane: ``start`` or ``step``.
        half_width: How far starts go.
        size: Points on a side.
        loss: The loss, in the place of a file.
        residual: Residuals, in the place of a loss.
        scale: Their factor.
        step_size: η.
        start: The start.
        minimizer: The minimizer.
        variables: The names of the variables.
        data: Data that the loss names.
        method: The method's JSON form; None for gradient descent.
    """

    problem: Path | None
    out: Path
    plane: str
    half_width: str | None
    size: int
    loss: str | None
    residual: Sequence[str] | None
    scale: str | None
    step_size: str | None
    start: str | None
    minimizer: str | None
    variables: str | None
    data: Sequence[str] | None
    method: dict[str, Any] | None

    def read(self) -> AnyProblem:
        """Return the problem, from its file or from the options.

        Raises:
            InputError: If options do not fit together, one is missing, or one cannot be used.
        """
        alone = (self.loss, self.scale, self.step_size, self.start, self.minimizer, self.variables, self.method)
        if self.problem is not None:
            if self.residual or self.data or any(x is not None for x in alone):
                raise InputError("problem", "stands alone; leave out the other options, or leave out the file")
            return stored_problem(self.problem)
        if self.residual or self.scale is not None:
            if self.loss is not None or self.minimizer is not None:
                raise InputError("residual", "does not go with --loss and --minimizer; leave it or them out")
            return valley_from_options(
                self.residual or [], self.scale, self.step_size, self.start, self.variables, self.method
            )
        start = self.start
        if start is None:
            # A plane of starts needs none: any point that is not the minimizer serves.
            loss = given(self.loss, "loss", '--loss "x**2 + y**2/2"')
            start = ",".join(["1"] * _dimension(loss, named_rest(None, self.variables)[1], self.data))
            if self.plane == "step":
                raise InputError("start", "is missing; --plane step draws starts on a line through it: give --start")
        return problem_from_options(
            self.loss, self.step_size, start, self.minimizer, self.variables, self.method, self.data or ()
        )


def _dimension(loss: str, names: Sequence[str] | None, data: Sequence[str] | None) -> int:
    """Return how many variables a loss has."""
    if names is not None:
        return len(names)
    if data:
        return 2
    from gdcheck.theorem.loss.tokens import first_named

    # The name of a function is followed by its argument.
    written = loss.replace(" ", "")
    return sum(f"{name}(" not in written for name in first_named(loss))


def map_command(options: MapOptions, *, as_json: bool) -> int:
    """Draw the map and say what of it is certified.

    Args:
        options: The options.
        as_json: Whether that is printed as JSON.

    Returns:
        The exit code.

    Raises:
        InputError: If an option cannot be used.
    """
    width = None if options.half_width is None else to_fmpq(options.half_width, "half-width")
    read = options.read()
    valley = read if isinstance(read, ValleyProblem) else as_valley(read)
    drawn = _drawn(read, options, width) if valley is None else _valley_drawn(valley, options, width)
    if as_json:
        typer.echo(as_text(drawn, indent=None), nl=False)
        return PROVED
    if valley is None:
        say(f"{drawn.certified / drawn.points:.2%} of {drawn.points:,} points certified: {options.out}")
    else:
        say(f"{drawn.certified} of {drawn.points} starts on a grid proved, the others observed: {options.out}")
        say(f"the simulation ends elsewhere at {drawn.differing} of the proved ones")
    for note in drawn.notes:
        say(note)
    return PROVED


def _drawn(read: AnyProblem, options: MapOptions, width: fmpq | None) -> Map:
    smooth, exact = of_either_kind(read)
    if smooth is not None:
        from gdcheck.properties.basins.smooth_plane import smooth_plane, smooth_step_plane

        if options.plane not in {"start", "step"}:
            raise InputError("plane", f"{options.plane[:40]!r} is unknown; give start or step")
        draw = smooth_plane if options.plane == "start" else smooth_step_plane
        drawn, said, step = (
            draw(smooth, options.size, width),
            function(smooth.loss.text, smooth.loss.variables),
            smooth.step_size,
        )
        moved = ""
    else:
        assert exact is not None
        drawn = _plane_of(exact, options, width)
        said, step = function(exact.loss.text(), exact.loss.variables), exact.step_size
        moved = "" if exact.method.is_plain else f", {method_words(exact.method.to_json())}"
    limit = f"η = {decimal(str(step))}{moved}: the limit from each start"
    title = f"{said}, {limit if options.plane == 'start' else f'the limit by step size and start{moved}'}"
    write_picture(options.out, plane_picture(drawn, title), title, plane_scale(drawn))
    certified = int(drawn.certified.sum())
    return Map(str(options.out), drawn.certified.size, certified, 0, tuple(drawn.notes))


def _plane_of(problem: Problem, options: MapOptions, width: fmpq | None) -> Plane:
    """Return the plane of a polynomial loss, whatever its method."""
    if not isinstance(problem.method, Adam):
        with waiting("drawing the map"):
            return draw_plane(problem, options.plane, options.size, width)
    from gdcheck.properties.basins.adaptive_plane import adaptive_plane

    with waiting("drawing the map") as tell:
        return adaptive_plane(problem, options.plane, options.size, width, tell or (lambda done, total: None))


def _valley_drawn(problem: ValleyProblem, options: MapOptions, width: fmpq | None) -> Map:
    """Draw where each start of a valley in two variables arrives, and how sharp the loss is there."""
    from gdcheck.properties.basins.valley_plane import valley_plane
    from gdcheck.reports.valley_map import valley_map

    if options.plane != "start":
        raise InputError("plane", f"{options.plane[:40]!r} is not drawn with residuals; give start")
    found = valley_plane(problem, options.size, fmpq(2) if width is None else width)
    texts = ", ".join(mathematical(residual.text) for residual in problem.residuals)
    moved = "" if problem.method.is_plain else f", {method_words(problem.method.to_json())}"
    title = f"residuals {texts[:160]}, η = {decimal(str(problem.step_size))}{moved}: where each start arrives"
    write_picture(options.out, valley_map(found, title), title)
    return Map(str(options.out), found.tried, len(found.proved), found.differing, ())
