"""The picture of a trajectory into a valley: direction and sharpness by step, and the valley itself in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from flint import arb, ctx

from gdcheck.reports.charts import STAND_IN, Panel, stacked
from gdcheck.reports.labels import heading
from gdcheck.reports.level_sets import level_sets
from gdcheck.reports.text import decimal, mathematical, point
from gdcheck.reports.trajectory_panels import direction_panel, frame, plane_panel, sharpness_panel
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.words import method_words
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.valleys.arrival import Iterate
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.momentum import KINDS
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.states import trajectory

_MOST_STEPS = 60
_NEAR = 1e-9


@dataclass(frozen=True)
class _Path:
    """What is drawn, in floats: iterates and largest Hessian eigenvalues, with the point of arrival."""

    points: list[list[float]]
    sharpness: list[float]
    end: list[float]


def valley_chart(decision: ValleyDecision) -> alt.VConcatChart:
    """Draw a decided trajectory.

    Above, the components of (x_k − x_∞)/‖x_k − x_∞‖ by step; then the largest Hessian eigenvalue, with 2/η dashed;
    below, for two variables, the zeros of the residuals with the trajectory.

    Args:
        decision: The decision.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.

    Raises:
        InputError: If no point of arrival is proved.
    """
    if decision.arrival is None:
        raise InputError("residuals", f"have no proved point of arrival to draw: {decision.reason}")
    path = _path(decision)
    panels = [_direction(decision, path), _sharpness(decision, path)]
    if len(decision.problem.variables) == 2:
        panels.append(_plane(decision.problem, path))
    return stacked(*panels, title=_heading(decision, path))


def _path(decision: ValleyDecision) -> _Path:
    arrival, problem = decision.arrival, decision.problem
    assert arrival is not None
    end = [float(arb(x)) for x in arrival.centre]
    points, tops = [], []
    unit = float(arb(problem.rate / problem.step_size))
    with ctx.workprec(decision.precision + 64):
        for iterate in trajectory(problem):
            if iterate.step > min(arrival.step, _MOST_STEPS):
                break
            points.append([float(x) for x in iterate.centre])
            tops.append(unit * float(np.linalg.eigvalsh(_hessian(problem, iterate))[-1]))
    return _Path(points, tops, end)


def _hessian(problem: ValleyProblem, iterate: Iterate) -> Any:
    """Return the Hessian of half the sum of squares in floats, shape (n, n)."""
    rows = np.array([[float(x) for x in row] for row in iterate.jacobian.tolist()])
    total = rows.T @ rows
    for residual, u in zip(problem.residuals, iterate.residuals, strict=True):
        second = Forward.of(residual, iterate.centre, 2).hessian()
        total += float(u) * np.array([[float(x) for x in row] for row in second.tolist()])
    return total


def _heading(decision: ValleyDecision, path: _Path) -> alt.TitleParams:
    problem, unit = decision.problem, str(decision.problem.scale)
    squares = " + ".join(f"({mathematical(residual.text)})²" for residual in problem.residuals)
    factor = "" if unit == "1" else f"{mathematical(unit)} "
    loss = f"{factor}{squares}" if len(problem.residuals) == 1 or not factor else f"{factor}[{squares}]"
    names = ", ".join(map(mathematical, problem.variables))
    given = f"{method_words(problem.method.to_json())}, η = {decimal(str(problem.step_size))}"
    end = point(f"{x:.6g}" for x in path.end)
    return heading(
        f"f({names}) = {loss}",
        f"{given}, start {point(problem.start)}, point of arrival x∞ ≈ {end}",
        f"verdict: {decision.verdict.value}",
    )


def _direction(decision: ValleyDecision, path: _Path) -> Panel:
    assert decision.arrival is not None
    kind = KINDS[decision.arrival.regime].value
    errors = [[a - b for a, b in zip(point, path.end, strict=True)] for point in path.points]
    title = f"Direction to the point of arrival: {kind}, certified"
    # Closer to the point of arrival than its own precision, a direction means nothing.
    return direction_panel(decision.problem.variables, errors, title, _NEAR)


def _sharpness(decision: ValleyDecision, path: _Path) -> Panel:
    assert decision.arrival is not None
    method = decision.problem.method
    threshold = float(arb(largest_stable(method))) / float(arb(decision.problem.step_size))
    called, limits = ("2/η", "2/η") if method.is_plain else ("largest stable", "the largest stable")
    unit = arb(decision.problem.rate / decision.problem.step_size)
    limit = float(unit * decision.arrival.spectrum.values[-1])
    count = sum(1 for v in path.sharpness if v > threshold)
    title = f"Sharpness: above {limits} at {count} of the {len(path.sharpness)} steps drawn"
    return sharpness_panel(path.sharpness, (limit, "λₙ(x∞)"), (threshold, called), title)


def _plane(problem: ValleyProblem, path: _Path) -> Panel:
    points = [(a, b) for a, b in path.points]
    end = (path.end[0], path.end[1])
    box, _ = frame([*points, end])
    curves = [line for residual in problem.residuals for line in level_sets(_value(residual), box[0], box[1], [0.0])]
    look = {"color": STAND_IN["ink"], "strokeWidth": 1.6, "opacity": 0.8}
    title = "The trajectory, and the zeros of the residuals"
    return plane_panel(problem.variables, points, (end, "point of arrival x∞"), (curves, look), title)


def _value(residual: SmoothLoss) -> Any:
    """Return a residual of two variables in floats, for drawing; NaN where it is not defined."""

    def value(a: float, b: float) -> float:
        found = Forward.of(residual, [arb(a), arb(b)], 0).value
        return float(found.mid()) if found.is_finite() else float("nan")

    return value
