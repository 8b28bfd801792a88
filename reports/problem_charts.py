"""The picture of one problem: its direction and its sharpness by step, and the phase plane of two variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import hypot, isfinite
from typing import Any

import altair as alt
from flint import arb, ctx
from mpmath import mp

from gdcheck.properties.verify.paper_examples import EXAMPLES
from gdcheck.reports.charts import STAND_IN, Panel, axis, drawn, panel, picture, rule, stacked, text
from gdcheck.reports.level_sets import level_sets
from gdcheck.reports.valley_charts import valley_chart
from gdcheck.theorem.certificate.shapes import StoredExample
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.limit.result import Amplitude, LimitDirection
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.reference.smooth_trajectory import smooth_iterates
from gdcheck.theorem.reference.trajectory import iterates
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.sharpness import Sharpness, sharpness
from gdcheck.theorem.sharpness.smooth.context import SmoothContext
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.sharpness.smooth.top import SmoothTopEigenvalue
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.minimizer import centre_within
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

MOST_VARIABLES = 6
"""The most variables of a problem that a report draws."""

_DRAWN_STEPS = 2000
_DIGITS = 60
_FAR = 1e6
_LEAST_STEPS, _MOST_STEPS, _AFTER = 30, 120, 12
_COMPONENTS = ("fixed", "alternating", "two-cycle", "open", "ink", "faint")
_LEVELS = 12
_CLOSE = 0.1
# Where a text stands to the left of its point.
_ABOVE: dict[str, Any] = {"align": "right", "baseline": "bottom", "dy": -3}
_BELOW: dict[str, Any] = {"align": "right", "baseline": "top", "dy": 5}


@dataclass(frozen=True)
class Portrait:
    """What is drawn of a problem.

    Attributes:
        variables: The names of the variables, shape (n,).
        limit: The certified limit; None if there is none.
        centre: The minimizer in floats, shape (n,).
        function: The loss in floats, of two variables.
        errors: x_k − m at the first steps, rounded, shape (steps, n).
        sharpness: What is proved of the sharpness; None without a positive definite Hessian.
        values: λ_n(x_k) at the same steps, the middles of enclosures; None where one failed.
    """

    variables: tuple[str, ...]
    limit: LimitDirection | None
    centre: tuple[float, ...]
    function: Callable[[float, float], float]
    errors: tuple[tuple[float, ...], ...]
    sharpness: Sharpness | None
    values: tuple[float | None, ...]


def portrait(decision: Decision) -> Portrait:
    """Collect what is drawn of a problem.

    Args:
        decision: The decision.

    Returns:
        The data; the trajectory ends early if it leaves.
    """
    problem = decision.problem
    with mp.workdps(_DIGITS):
        minimizer = [mp.mpf(int(q.p)) / int(q.q) for q in problem.minimizer]
    errors = _errors(iterates(problem, _DIGITS), minimizer, _count(decision.amplitude))
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        top = None if context is None else TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
        values: tuple[float | None, ...] = ()
        if context is not None and top is not None:
            values = _middles(top.at(iterate) for iterate in context.trajectory(len(errors)))
    return Portrait(
        variables=problem.loss.variables,
        limit=decision.limit,
        centre=tuple(int(q.p) / int(q.q) for q in problem.minimizer),
        function=_as_float(problem.loss),
        errors=errors,
        sharpness=sharpness(decision, first_steps=True),
        values=values,
    )


def smooth_portrait(decision: SmoothDecision) -> Portrait:
    """Collect what is drawn of a smooth problem.

    Args:
        decision: The decision.

    Returns:
        The data; the trajectory ends early if it leaves.

    Raises:
        InputError: If no minimizer was enclosed.
    """
    problem, found = decision.problem, decision.minimizer
    if found is None:
        raise InputError("start", f"leads to no minimizer, and there is nothing to draw: {decision.reason}")
    near = centre_within(problem.loss, found, _DIGITS)
    with mp.workdps(_DIGITS):
        minimizer = [mp.mpf(int(q.p)) / int(q.q) for q in near]
    errors = _errors(smooth_iterates(problem, _DIGITS), minimizer, _count(decision.amplitude))
    with ctx.workprec(decision.precision):
        context = SmoothContext.of(decision)
        assert context is not None
        top = SmoothTopEigenvalue(context)
        values = _middles(top.at(iterate) for iterate in context.trajectory(len(errors)))

    def function(x: float, y: float) -> float:
        with ctx.workprec(53):
            return float(Forward.of(problem.loss, [arb(x), arb(y)], 0).value)

    return Portrait(
        variables=problem.loss.variables,
        limit=decision.limit,
        centre=tuple(float(x) for x in minimizer),
        function=function,
        errors=errors,
        sharpness=smooth_sharpness(decision),
        values=values,
    )


def _count(amplitude: Amplitude | None) -> int:
    return min(max(_LEAST_STEPS, (amplitude.step if amplitude else 0) + _AFTER), _MOST_STEPS)


def _middles(enclosed: Iterable[arb]) -> tuple[float | None, ...]:
    return tuple(float(x.mid()) if x.is_finite() else None for x in enclosed)


def _errors(followed: Iterable[Sequence[Any]], minimizer: Sequence[Any], count: int) -> tuple[tuple[float, ...], ...]:
    """Return the first errors in mpmath, rounded; they end where a trajectory has left.

    Raises:
        InputError: If there is none.
    """
    found = []
    for x in islice(followed, count):
        with mp.workdps(_DIGITS):
            h = tuple(float(a - m) for a, m in zip(x, minimizer, strict=True))
        if not all(abs(c) < _FAR for c in h):
            break
        found.append(h)
    if not found:
        raise InputError("start", "lies too far from the minimizer for a picture; choose a nearer one")
    return tuple(found)


def problem_chart(decision: Decision | SmoothDecision) -> alt.VConcatChart:
    """Draw a problem.

    Above, the components of (x_k − x*)/‖x_k − x*‖ by step. Then λ_n(x_k) by step, with 2/η dashed. Below, for two
    variables, the trajectory on level sets of the loss.

    Args:
        decision: The decision on the problem.

    Returns:
        A chart in the stand-in colours of ``reports.charts``.

    Raises:
        InputError: If the trajectory or the loss cannot be drawn in floats.
    """
    data = portrait(decision) if isinstance(decision, Decision) else smooth_portrait(decision)
    panels: list[Panel] = [_direction_panel(data)]
    if any(v is not None for v in data.values):
        panels.append(_sharpness_panel(data))
    if len(data.variables) == 2:
        panels.append(_plane_panel(data))
    return stacked(*panels)


def problem_picture_of(stored: StoredExample, name: str) -> str | None:
    """Draw a stored problem, if it can be drawn.

    Args:
        stored: The problem.
        name: What the picture shows.

    Returns:
        The SVG; None for many variables, a smooth loss, or a trajectory that floats do not hold.
    """
    if len(stored.variables) > MOST_VARIABLES:
        return None
    try:
        problem = stored.read()
        if isinstance(problem, ValleyProblem):
            return picture(valley_chart(decide_valley(problem, max_steps=_DRAWN_STEPS)), name)
        if isinstance(problem, SmoothProblem):
            return None
        return picture(problem_chart(decide(problem, max_steps=_DRAWN_STEPS)), name)
    except (InputError, OverflowError):
        return None


def worked_picture() -> str:
    """Draws the paper's worked example with a large step: the last of its instances with a known sharpness.

    Returns:
        A self-contained SVG for light and dark backgrounds.
    """
    decision = decide(EXAMPLES[-1].problem)
    return picture(problem_chart(decision), "The worked example with a large step")


# Panels ---------------------------------------------------------------------------------------------------------------


def _steps(last: int) -> Any:
    axis = alt.Axis(grid=False, format="d", tickCount=max(1, min(last, 16)))
    return alt.X("x:Q", title="step", axis=axis, scale=alt.Scale(nice=False))


def _direction_panel(data: Portrait) -> Panel:
    names = data.variables
    x, y = _steps(len(data.errors) - 1), axis(alt.Y, "component", [-1.05, 1.05])
    layers = [rule(y, 0.0, "grid")]
    for i, name in enumerate(names):
        points = []
        for k, h in enumerate(data.errors):
            length = sum(c * c for c in h) ** 0.5
            if length > 0:
                points.append({"x": k, "y": h[i] / length})
        colour = STAND_IN[_COMPONENTS[min(i, len(_COMPONENTS) - 1)]]
        if not points:
            continue
        layers.append(drawn("line", points, color=colour, strokeWidth=1, opacity=0.5).encode(x=x, y=y))
        layers.append(drawn("point", points, filled=True, color=colour, size=24, opacity=0.9).encode(x=x, y=y))
        if i < len(_COMPONENTS):
            last = points[-1]
            layers.append(text(last["x"], last["y"], name[:12], _COMPONENTS[i], (x, y), dx=8))
    verdict = data.limit
    said = "no limit certified" if verdict is None else f"{verdict.kind.value}, certified"
    title = [f"Direction of the error: {said}"]
    if _comes_later(data):
        title += [f"it is not close to its limit yet: that comes after the {len(data.errors)} iterates shown"]
    return panel(layers, title, 190)


def _comes_later(data: Portrait) -> bool:
    """Whether the last direction that is drawn is still far from the certified limit at its step."""
    limit, last = data.limit, len(data.errors) - 1
    length = hypot(*data.errors[last]) if data.errors else 0.0
    if limit is None or not limit.vectors or length == 0:
        return False
    turned = limit.kind is LimitKind.ALTERNATING and last % 2
    vector = [(-1 if turned else 1) * float(c.mid()) for c in limit.vectors[last % len(limit.vectors)]]
    return hypot(*(c / length - v for c, v in zip(data.errors[last], vector, strict=True))) > _CLOSE


def _sharpness_panel(data: Portrait) -> Panel:
    found = data.sharpness
    assert found is not None
    threshold, limit = int(found.threshold.p) / int(found.threshold.q), float(found.limit.mid())
    values = [{"x": k, "y": v, "above": v > threshold} for k, v in enumerate(data.values) if v is not None]
    heights = [v["y"] for v in values]
    near = threshold <= 2 * max(heights) - min(*heights, limit)
    reach = [min(*heights, limit), max(*heights, limit, *([threshold] if near else []))]
    margin = 0.08 * (reach[1] - reach[0]) or 0.1 * abs(limit)
    last = len(data.errors) - 1
    x, y = _steps(last), axis(alt.Y, "largest Hessian eigenvalue", [reach[0] - margin, reach[1] + margin])
    layers = [rule(y, limit, "faint"), text(last, limit, "at the minimizer", "faint", (x, y), **_BELOW)]
    if near:
        layers.append(rule(y, threshold, "open", strokeDash=[5, 4]))
        layers.append(text(last, threshold, "2/η", "open", (x, y), **_ABOVE))
    layers.append(drawn("line", values, color=STAND_IN["faint"], strokeWidth=1, opacity=0.6).encode(x=x, y=y))
    for above, colour in ((False, "fixed"), (True, "open")):
        chosen = [v for v in values if v["above"] is above]
        if chosen:
            dots = drawn("point", chosen, filled=True, size=30, color=STAND_IN[colour], opacity=0.9)
            layers.append(dots.encode(x=x, y=y))
    return panel(layers, _sharpness_title(found), 210)


def _sharpness_title(found: Sharpness) -> list[str]:
    pattern, crossed = found.pattern, found.crossings
    first = f"Sharpness: {pattern.kind.value}"
    if found.from_step is not None:
        first += f", enclosed from step {found.from_step} on"
    count = len(crossed.steps)
    second = f"above 2/η at {count} step{'' if count == 1 else 's'}"
    if not crossed.complete or crossed.undecided:
        second += " at least"
    elif count and crossed.fell == count:
        second += ", the loss falling at each"
    return [first, second]


def _plane_panel(data: Portrait) -> Panel:
    centre, function = data.centre, data.function
    path = [(centre[0] + h[0], centre[1] + h[1]) for h in data.errors]
    box = [_side([*(q[i] for q in path), centre[i]]) for i in range(2)]
    bottom = function(*centre)
    corners = (function(a, b) for a in box[0] for b in box[1])
    # A smooth loss may not be defined everywhere.
    top = max((value for value in corners if isfinite(value)), default=bottom)
    levels = [bottom + (top - bottom) * (k / _LEVELS) ** 2 for k in range(1, _LEVELS)]
    curves = [
        {"x": a, "y": b, "k": k, "line": i}
        for i, line in enumerate(level_sets(function, box[0], box[1], levels))
        for k, (a, b) in enumerate(line)
    ]
    first, second = data.variables
    x, y = axis(alt.X, first, box[0], grid=False), axis(alt.Y, second, box[1], grid=False)
    layers = []
    if curves:
        curve = drawn("line", curves, color=STAND_IN["faint"], strokeWidth=0.8, opacity=0.55)
        layers.append(curve.encode(x=x, y=y, order="k:Q", detail="line:N"))
    points = [{"x": a, "y": b, "k": k} for k, (a, b) in enumerate(path)]
    line = drawn("line", points, color=STAND_IN["alternating"], strokeWidth=1.2, opacity=0.7)
    layers.append(line.encode(x=x, y=y, order="k:Q"))
    dots = drawn("point", points, filled=True, color=STAND_IN["alternating"], size=26, opacity=0.95)
    layers.append(dots.encode(x=x, y=y))
    cross = {"shape": "cross", "filled": True, "size": 90, "color": STAND_IN["ink"], "opacity": 1.0}
    layers.append(drawn("point", [{"x": centre[0], "y": centre[1]}], **cross).encode(x=x, y=y))
    layers.append(text(*path[0], "start", "alternating", (x, y), **_ABOVE))
    return panel(layers, "The trajectory on level sets of the loss", 420)


def _side(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.2 * (high - low) or 1.0
    return low - margin, high + margin


def _as_float(loss: Loss) -> Callable[[float, float], float]:
    """Return the loss of two variables in floats, for drawing."""
    terms = [(int(c.p) / int(c.q), a) for a, c in loss.terms]
    powers = [
        (*(int(q.p) / int(q.q) for q in (t.coefficient, *t.direction, t.threshold)), t.power) for t in loss.truncated
    ]

    def value(x: float, y: float) -> float:
        total = sum(c * x ** a[0] * y ** a[1] for c, a in terms)
        for c, u, v, threshold, p in powers:
            total += c * max(u * x + v * y - threshold, 0.0) ** p
        return total

    return value
