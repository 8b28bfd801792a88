"""The picture of a trajectory into a valley: direction and sharpness by step, and the valley itself in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import altair as alt
import numpy as np
from flint import arb, ctx

from gdcheck.reports.charts import STAND_IN, Panel, drawn, stacked, text
from gdcheck.reports.level_sets import level_sets
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.valleys.arrival import Iterate
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.momentum import KINDS
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.states import trajectory

_WIDTH = 620
_MOST_STEPS = 60
_COLOURS = ("fixed", "alternating", "two-cycle", "open", "ink", "faint")
_NEAR = 1e-9
# Where a text stands to the left of its point.
_ABOVE: dict[str, Any] = {"align": "right", "baseline": "bottom", "dy": -3}
_BELOW: dict[str, Any] = {"align": "right", "baseline": "top", "dy": 5}


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
    return stacked(*panels)


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


def _steps(last: int) -> alt.X:
    axis = alt.Axis(grid=False, format="d", tickCount=max(1, min(last, 16)))
    return alt.X("x:Q", title="step", axis=axis, scale=alt.Scale(nice=False))


def _direction(decision: ValleyDecision, path: _Path) -> Panel:
    assert decision.arrival is not None
    kind = KINDS[decision.arrival.regime].value
    y = alt.Y("y:Q", title="component", scale=alt.Scale(domain=[-1.05, 1.05], nice=False))
    x = _steps(len(path.points) - 1)
    errors = [[a - b for a, b in zip(point, path.end, strict=True)] for point in path.points]
    layers = [drawn("rule", [{"y": 0.0}], color=STAND_IN["grid"]).encode(y=y)]
    for i, name in enumerate(decision.problem.variables):
        # Nearer to the point of arrival than that is known, a direction means nothing.
        points = [{"x": k, "y": h[i] / hypot(*h)} for k, h in enumerate(errors) if hypot(*h) > _NEAR]
        if not points:
            continue
        colour = STAND_IN[_COLOURS[min(i, len(_COLOURS) - 1)]]
        layers.append(drawn("line", points, color=colour, strokeWidth=1, opacity=0.5).encode(x=x, y=y))
        layers.append(drawn("point", points, filled=True, color=colour, size=24, opacity=0.9).encode(x=x, y=y))
        if len(decision.problem.variables) <= len(_COLOURS):
            layers.append(text(points[-1]["x"], points[-1]["y"], name[:12], _COLOURS[i], (x, y), dx=8))
    title = f"Direction to the point of arrival: {kind}, certified"
    chart: Panel = alt.layer(*layers).properties(width=_WIDTH, height=190, title=title)
    return chart


def _sharpness(decision: ValleyDecision, path: _Path) -> Panel:
    assert decision.arrival is not None
    method = decision.problem.method
    threshold = float(arb(largest_stable(method))) / float(arb(decision.problem.step_size))
    called, limits = ("2/η", "2/η") if method.is_plain else ("largest stable", "the largest stable")
    unit = arb(decision.problem.rate / decision.problem.step_size)
    limit = float(unit * decision.arrival.spectrum.values[-1])
    values = [{"x": k, "y": v, "above": v > threshold} for k, v in enumerate(path.sharpness)]
    heights = [*path.sharpness, threshold, limit]
    reach = [min(heights), max(heights)]
    margin = 0.08 * (reach[1] - reach[0]) or 0.1 * abs(limit)
    ends = alt.Scale(domain=[reach[0] - margin, reach[1] + margin], nice=False, zero=False)
    last = len(values) - 1
    x, y = _steps(last), alt.Y("y:Q", title="largest Hessian eigenvalue", scale=ends)
    layers = [drawn("rule", [{"y": threshold}], color=STAND_IN["open"], strokeDash=[5, 4]).encode(y=y)]
    layers.append(text(last, threshold, called, "open", (x, y), **_ABOVE))
    layers.append(drawn("rule", [{"y": limit}], color=STAND_IN["faint"]).encode(y=y))
    layers.append(text(last, limit, "at the point of arrival", "faint", (x, y), **_BELOW))
    layers.append(drawn("line", values, color=STAND_IN["faint"], strokeWidth=1, opacity=0.6).encode(x=x, y=y))
    for above, colour in ((False, "fixed"), (True, "open")):
        chosen = [v for v in values if v["above"] is above]
        if chosen:
            dots = drawn("point", chosen, filled=True, size=30, color=STAND_IN[colour], opacity=0.9)
            layers.append(dots.encode(x=x, y=y))
    count = sum(1 for v in values if v["above"])
    title = f"Sharpness: above {limits} at {count} of the {len(values)} steps drawn"
    chart: Panel = alt.layer(*layers).properties(width=_WIDTH, height=210, title=title)
    return chart


def _plane(problem: ValleyProblem, path: _Path) -> Panel:
    box = [_side([*(point[i] for point in path.points), path.end[i]]) for i in range(2)]
    plain, names = alt.Axis(grid=False), problem.variables
    scales = [alt.Scale(domain=list(side), nice=False, zero=False) for side in box]
    x = alt.X("x:Q", title=names[0], scale=scales[0], axis=plain)
    y = alt.Y("y:Q", title=names[1], scale=scales[1], axis=plain)
    layers = []
    curves = [line for residual in problem.residuals for line in level_sets(_value(residual), box[0], box[1], [0.0])]
    zeros = [{"x": a, "y": b, "k": k, "line": i} for i, line in enumerate(curves) for k, (a, b) in enumerate(line)]
    if zeros:
        curve = drawn("line", zeros, color=STAND_IN["ink"], strokeWidth=1.6, opacity=0.8)
        layers.append(curve.encode(x=x, y=y, order="k:Q", detail="line:N"))
    points = [{"x": a, "y": b, "k": k} for k, (a, b) in enumerate(path.points)]
    line = drawn("line", points, color=STAND_IN["alternating"], strokeWidth=1.2, opacity=0.7)
    layers.append(line.encode(x=x, y=y, order="k:Q"))
    dots = drawn("point", points, filled=True, color=STAND_IN["alternating"], size=26, opacity=0.95)
    layers.append(dots.encode(x=x, y=y))
    cross = {"shape": "cross", "filled": True, "size": 90, "color": STAND_IN["ink"], "opacity": 1.0}
    layers.append(drawn("point", [{"x": path.end[0], "y": path.end[1]}], **cross).encode(x=x, y=y))
    layers.append(text(points[0]["x"], points[0]["y"], "start", "alternating", (x, y), **_ABOVE))
    title = "The trajectory, and the zeros of the residuals"
    chart: Panel = alt.layer(*layers).properties(width=_WIDTH, height=420, title=title)
    return chart


def _side(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.2 * (high - low) or 1.0
    return low - margin, high + margin


def _value(residual: SmoothLoss) -> Any:
    """Return a residual of two variables in floats, for drawing; no number where it is not defined."""

    def value(a: float, b: float) -> float:
        found = Forward.of(residual, [arb(a), arb(b)], 0).value
        return float(found.mid()) if found.is_finite() else float("nan")

    return value
