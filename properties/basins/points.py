"""The points of a plane: starts around a minimizer, or step sizes and starts on a line through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcheck.properties.basins.simulation import Floats
from gdcheck.theorem.batch.eigenbasis import nearest
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a plane, in the middle of their squares; the top row comes first.

    Attributes:
        eta: Step sizes, shape (size²,).
        h: Starts less the minimizer, shape (2, size²).
        extent: Left, right, bottom and top end of the axes.
        titles: The titles of the axes.
        minimizer: The minimizer; None in the plane of step sizes.
    """

    eta: Floats
    h: Floats
    extent: tuple[float, float, float, float]
    titles: tuple[str, str]
    minimizer: tuple[float, float] | None = None

    @classmethod
    def of(cls, problem: Problem, kind: str, size: int, *, width: float, widest: float) -> Points:
        """Lay out a plane.

        Args:
            problem: Minimizer, step size and start.
            kind: ``start`` or ``step``.
            size: Points on a side.
            width: The largest distance of starts from the minimizer, along each axis.
            widest: The largest step size of the plane ``step``.

        Raises:
            InputError: If the plane ``step`` is asked for, and the start is the minimizer.
        """
        grid = (np.arange(size) + 0.5) / size * 2 - 1
        across, up = np.tile(grid, size), np.repeat(-grid, size)
        if kind == "start":
            first, second = (nearest(x) for x in problem.minimizer)
            return cls(
                eta=np.full(size * size, nearest(problem.step_size)),
                h=np.stack([across * width, up * width]),
                extent=(first - width, first + width, second - width, second + width),
                titles=(f"start, {problem.loss.variables[0]}", f"start, {problem.loss.variables[1]}"),
                minimizer=(first, second),
            )
        direction = np.array([nearest(x) for x in problem.displacement])
        if not direction.any():
            raise InputError("start", "is the minimizer; give another, which shows the direction of the starts")
        return cls(
            eta=(across + 1) / 2 * widest,
            h=(direction / np.hypot(*direction))[:, None] * (up * width),
            extent=(0.0, widest, -width, width),
            titles=("step size η", "start, distance from the minimizer towards the problem's start"),
        )
