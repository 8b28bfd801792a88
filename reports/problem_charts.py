"""The picture of one problem: its direction and its sharpness by step, and the phase plane of two variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from math import hypot, isfinite
from typing import Any

import altair as alt
from flint import arb, ctx, fmpq
from mpmath import mp

from gdcheck.properties.verify.paper_examples import EXAMPLES
from gdcheck.reports.charts import STAND_IN, Panel, picture, stacked
from gdcheck.reports.labels import heading
from gdcheck.reports.level_sets import level_sets
from gdcheck.reports.text import decimal, function, point
from gdcheck.reports.trajectory_panels import direction_panel, frame, plane_panel, sharpness_panel
from gdcheck.reports.valley_charts import valley_chart
from gdcheck.theorem.certificate.shapes import StoredExample
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.limit.result import Amplitude, LimitDirection
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.methods.words import method_words
from gdcheck.theorem.reference.smooth_trajectory import smooth_iterates
from gdcheck.theorem.reference.trajectory import iterates
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.pattern import Kind
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
_NARROW = 1e-6
_LEAST_STEPS, _MOST_STEPS, _AFTER = 30, 120, 12
_LEVELS = 12
_MANY, _FEW_VALUES = 12, 30
_CLOSE = 0.1


@dataclass(frozen=True)
class Portrait:
    """What is drawn of a problem.

    Attributes:
        variables: The names of the variables, shape (n,).
        limit: The certified limit; None if there is none.
        centre: The minimizer in floats, shape (n,).
        function: The loss in floats, of two variables.
        errors: x_k − x* at the first steps, rounded, shape (steps, n).
        sharpness: What is proved of the sharpness; None without a positive definite Hessian, and of many variables.
        edge: 2/η, and λ_n at the minimizer; None without a positive definite Hessian.
        values: λ_n(x_k) at the same steps, the middles of enclosures; None where one failed.
    """

    variables: tuple[str, ...]
    limit: LimitDirection | None
    centre: tuple[float, ...]
    function: Callable[[float, float], float]
    errors: tuple[tuple[float, ...], ...]
    sharpness: Sharpness | None
    edge: tuple[float, float] | None
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
    proved = sharpness(decision, first_steps=True)
    return Portrait(
        variables=problem.loss.variables,
        limit=decision.limit,
        centre=tuple(int(q.p) / int(q.q) for q in problem.minimizer),
        function=_as_float(problem.loss),
        errors=errors,
        sharpness=proved,
        edge=None if proved is None else (_ratio(proved.threshold), float(proved.limit.mid())),
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
    many, count = len(problem.loss.variables) > _MANY, _count(decision.amplitude)

    def function(x: float, y: float) -> float:
        with ctx.workprec(53):
            return float(Forward.of(problem.loss, [arb(x), arb(y)], 0).value)

    centre = tuple(float(x) for x in minimizer)
    if not problem.method.is_plain:
        errors = _errors(smooth_iterates(problem, _DIGITS), minimizer, count)
        return Portrait(problem.loss.variables, decision.limit, centre, function, errors, None, None, ())
    with ctx.workprec(decision.precision):
        context = SmoothContext.of(decision)
        assert context is not None
        enclosed = list(context.trajectory(count))
        top = SmoothTopEigenvalue(context)
        # An enclosed iterate costs a sixth of one in 60 digits, and a picture of many variables shows no difference.
        errors = _narrow(enclosed) if many else _errors(smooth_iterates(problem, _DIGITS), minimizer, count)
        values = _middles(top.at(iterate) for iterate in enclosed[: _FEW_VALUES if many else len(errors)])

    return Portrait(
        variables=problem.loss.variables,
        limit=decision.limit,
        centre=centre,
        function=function,
        errors=errors,
        sharpness=None if many else smooth_sharpness(decision),
        edge=(float(2 / arb(problem.step_size)), float(found.spectrum.values[-1].mid())),
        values=values,
    )


def _ratio(q: fmpq) -> float:
    return int(q.p) / int(q.q)


def _narrow(enclosed: Sequence[EnclosedIterate]) -> tuple[tuple[float, ...], ...]:
    """Return the centres of enclosed x_k − x*, up to the first wide enclosure."""
    known = takewhile(lambda iterate: float(iterate.error) <= _NARROW * float(iterate.size), enclosed)
    return tuple(tuple(float(c) for c in iterate.centre) for iterate in known)


def _count(amplitude: Amplitude | None) -> int:
    return min(max(_LEAST_STEPS, (amplitude.step if amplitude else 0) + _AFTER), _MOST_STEPS)


def _middles(enclosed: Iterable[arb]) -> tuple[float | None, ...]:
    return tuple(float(x.mid()) if x.is_finite() else None for x in enclosed)


def _errors(followed: Iterable[Sequence[Any]], minimizer: Sequence[Any], count: int) -> tuple[tuple[float, ...], ...]:
    """Return x_k − x* at the first steps in mpmath, rounded to floats; they end before the first one too far away.

    Raises:
        InputError: If the start is too far away.
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
    return stacked(*panels, title=_heading(decision, data))


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
    """Draw the paper's worked example with a large step: the last of its instances with a known sharpness.

    Returns:
        A self-contained SVG for light and dark backgrounds.
    """
    decision = decide(EXAMPLES[-1].problem)
    return picture(problem_chart(decision), "The worked example with a large step")


# Panels ---------------------------------------------------------------------------------------------------------------


def _heading(decision: Decision | SmoothDecision, data: Portrait) -> alt.TitleParams:
    problem = decision.problem
    if isinstance(problem, SmoothProblem):
        loss, minimizer = problem.loss.text, f"≈ {point(f'{x:.6g}' for x in data.centre)}"
    else:
        loss, minimizer = problem.loss.text(), f"= {point(problem.minimizer)}"
    given = (
        f"{method_words(problem.method.to_json())}, η = {decimal(str(problem.step_size))}, start {point(problem.start)}"
    )
    return heading(
        function(loss, data.variables), f"{given}, minimizer x* {minimizer}", f"verdict: {decision.verdict.value}"
    )


def _direction_panel(data: Portrait) -> Panel:
    limit = data.limit
    title = [f"Direction of the error: {'no limit certified' if limit is None else f'{limit.kind.value}, certified'}"]
    if _comes_later(data):
        title += [f"it is not close to its limit yet: that comes after the {len(data.errors)} iterates shown"]
    return direction_panel(data.variables, data.errors, title)


def _comes_later(data: Portrait) -> bool:
    """Return whether the last direction that is drawn is still far from the certified limit at its step."""
    limit, last = data.limit, len(data.errors) - 1
    length = hypot(*data.errors[last]) if data.errors else 0.0
    if limit is None or not limit.vectors or length == 0:
        return False
    turned = limit.kind is LimitKind.ALTERNATING and last % 2
    vector = [(-1 if turned else 1) * float(c.mid()) for c in limit.vectors[last % len(limit.vectors)]]
    return hypot(*(c / length - v for c, v in zip(data.errors[last], vector, strict=True))) > _CLOSE


def _sharpness_panel(data: Portrait) -> Panel:
    assert data.edge is not None
    threshold, limit = data.edge
    heights = [v for v in data.values if v is not None]
    near = threshold <= 2 * max(heights) - min(*heights, limit)
    edge = (threshold, "2/η") if near else None
    return sharpness_panel(data.values, (limit, "λₙ(x*)"), edge, _sharpness_title(data.sharpness, threshold))


def _sharpness_title(found: Sharpness | None, threshold: float) -> list[str]:
    if found is None:
        return [
            f"Sharpness along the first steps; 2/η = {threshold:.4g}",
            f"with more than {_MANY} variables its pattern is not examined for a picture",
        ]
    pattern, crossed = found.pattern, found.crossings
    undecided = pattern.kind is Kind.UNDECIDED
    first = f"Sharpness: {'pattern not decided' if undecided else pattern.kind.value.replace('-', ' ')}"
    if found.from_step is not None and not undecided:
        first += f", enclosed from step {found.from_step} on"
    count = len(crossed.steps)
    open_ended = not crossed.complete or bool(crossed.undecided)
    second = f"above 2/η = {threshold:.4g} at {count:,} step{'' if count == 1 else 's'}"
    if open_ended:
        second += " at least"
    elif count and crossed.fell == count:
        second += ", the loss falling at each"
    elif not count:
        second = f"at no step above 2/η = {threshold:.4g}"
    return [first, second]


def _plane_panel(data: Portrait) -> Panel:
    centre, values = data.centre, data.function
    end = (centre[0], centre[1])
    path = [(centre[0] + h[0], centre[1] + h[1]) for h in data.errors]
    box, _ = frame([*path, end])
    bottom = values(*end)
    corners = (values(a, b) for a in box[0] for b in box[1])
    # A smooth loss may not be defined everywhere.
    top = max((value for value in corners if isfinite(value)), default=bottom)
    levels = [bottom + (top - bottom) * (k / _LEVELS) ** 2 for k in range(1, _LEVELS)]
    look = {"color": STAND_IN["faint"], "strokeWidth": 0.8, "opacity": 0.55}
    curves = level_sets(values, box[0], box[1], levels)
    return plane_panel(
        data.variables, path, (end, "minimizer x*"), (curves, look), "The trajectory on level sets of the loss"
    )


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
