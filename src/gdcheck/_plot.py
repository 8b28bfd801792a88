"""``gdcheck plot``: the picture of one problem as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gdcheck.properties.basins.crossing_grid import Cell
from gdcheck.reports.crossing_charts import crossing_chart
from gdcheck.reports.figures import FORMATS, rendered
from gdcheck.reports.problem_charts import problem_chart
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError


def picture_format(out: Path | None) -> str:
    """Return the format that a file's name asks for.

    Args:
        out: The file.

    Returns:
        One of ``reports.figures.FORMATS``.

    Raises:
        InputError: If there is no name, or one with another ending.
    """
    accepted = ", ".join(f".{form}" for form in FORMATS)
    if out is None:
        raise InputError("out", f"is missing; name a file that ends in {accepted}")
    form = out.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise InputError("out", f"{str(out)[:200]!r} has no known ending; name a file that ends in {accepted}")
    return form


def plot_problem(problem: Problem, form: str, max_steps: int) -> bytes:
    """Decides a problem and draws it.

    Args:
        problem: The problem.
        form: The format.
        max_steps: Steps allowed for the verdict.

    Returns:
        The file's content.

    Raises:
        InputError: If the trajectory or the loss cannot be drawn in floats.
    """
    decision = decide(problem, max_steps=max_steps)
    name = f"Gradient descent on {problem.loss.text()[:120]}, step size {problem.step_size}: {decision.verdict.value}"
    try:
        return rendered(problem_chart(decision), form, name)
    except OverflowError:
        raise InputError("loss", "holds numbers that are too large for a picture; scale the problem") from None


def plot_grid(cells: Sequence[Cell], problem: Problem, form: str) -> bytes:
    """Draws a grid of crossings.

    Args:
        cells: The cells.
        problem: The problem whose loss they share.
        form: The format.

    Returns:
        The file's content.
    """
    name = f"Sharpness above 2/η on {problem.loss.text()[:120]}"
    return rendered(crossing_chart(cells), form, name)
