r"""Planes of a smooth loss in two variables: which limit each start takes, or each step size and start.

All points are followed in float64, at once, and only observed. In a plane of starts, those are certified that lie in
the ball of the theorem for every start (``theorem.decision.enclosed.every_start``) and surely off the exceptional
graph. With :math:`h = tv + w`, :math:`\|\zeta(h) - \Pi h\| \le L\|h\|`: so the sign of t is that of the limit if
:math:`|t|` exceeds the graph's slope times :math:`\|w\|`. In either plane the points of a coarse grid are decided with
proof.
"""

from __future__ import annotations

import numpy as np
from flint import arb, fmpq

from gdcheck.properties.basins.plane import Plane
from gdcheck.properties.basins.smooth_labels import NEAR, ON_A_SIDE, Points, accepted, decided, observed, off_graph
from gdcheck.properties.basins.valley_plane import LARGEST_SIZE, OBSERVED_STEPS, Floats
from gdcheck.theorem.certificate.smooth.every_start import smooth_every_start_certificate
from gdcheck.theorem.decision.enclosed.every_start import decide_smooth_every_start
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem

_SLACK = 1e-3 * NEAR
_WIDER = 1.25
_BEYOND = 1.05
"""The plane of step sizes goes to this multiple of the stability limit."""


def smooth_plane(problem: SmoothProblem, size: int, half_width: fmpq | None) -> Plane:
    """Follow every start of a square around the minimizer.

    Args:
        problem: The problem, in two variables.
        size: Points on a side.
        half_width: Half the length of a side; None: so that the problem's own start is in it.

    Returns:
        The plane.

    Raises:
        InputError: If there are more or fewer variables, the theorem does not apply, or an option is out of range.
    """
    names = _two(problem, size)
    found = decide_smooth_every_start(EveryStartSmoothProblem.of_problem(problem))
    graph, minimizer, prediction = found.exceptional, found.minimizer, found.prediction
    if graph is None or minimizer is None or prediction is None:
        raise InputError("step_size", f"has no map: {found.reason}")
    centre = np.array([float(arb(x)) for x in minimizer.centre])
    width = _width(problem, centre, half_width)
    grid = ((np.arange(size) + 0.5) / size * 2 - 1) * width
    starts = np.stack([np.tile(centre[0] + grid, size), np.repeat(centre[1] - grid, size)])
    v = np.array([float(x.mid()) for x in graph.normal])
    turned = np.full(size * size, prediction.kind is LimitKind.ALTERNATING)
    eta = np.full(size * size, to_float(problem.step_size))
    points = Points(eta, starts, centre, np.broadcast_to(v[:, None], starts.shape), turned)
    labels = observed(problem, points)
    certified, note = (
        np.zeros(size * size, dtype=np.bool_),
        "nothing is certified: the checker did not accept the proof",
    )
    if accepted(smooth_every_start_certificate(found)):
        certified, t = off_graph(graph, starts - centre[:, None], _SLACK)
        labels[certified] = points.labels_of(certified, t[certified])
        r, slope = np.inf if graph.radius is None else to_float(graph.radius), float(graph.slope.upper())
        note = f"certified within {r:.4g} of the minimizer, beside a graph of slope {slope:.4g}; the rest is observed"
    proved, differing = decided(problem, points, labels, certified)
    ends = [tuple(float(x) for x in column) for column in (v, v)]
    return Plane(
        kind="start",
        extent=(centre[0] - width, centre[0] + width, centre[1] - width, centre[1] + width),
        titles=(f"start, {names[0]}", f"start, {names[1]}"),
        labels=labels.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1])),
        notes=(note, _said(proved, differing)),
        steps=OBSERVED_STEPS,
        minimizer=(float(centre[0]), float(centre[1])),
    )


def smooth_step_plane(problem: SmoothProblem, size: int, half_width: fmpq | None) -> Plane:
    """Follow starts on the line through the minimizer and the problem's start, with step sizes up to the limit.

    Args:
        problem: The problem, in two variables.
        size: Points on a side.
        half_width: How far starts go from the minimizer; None: so that the problem's own start is in it.

    Returns:
        The plane; step sizes to the right, starts upwards.

    Raises:
        InputError: If there are more or fewer variables, no strict minimum is enclosed, or an option is out of range.
    """
    _two(problem, size)
    found = decide_smooth(problem, max_steps=1)
    if found.minimizer is None:
        raise InputError("start", f"has no map: {found.reason}")
    spectrum = found.minimizer.spectrum
    low, high = (float(x.mid()) for x in spectrum.values)
    centre = np.array([float(arb(x)) for x in found.minimizer.centre])
    away = np.array([to_float(q) for q in problem.start]) - centre
    if not away.any():
        raise InputError("start", "is the minimizer; give another, which shows the direction of the starts")
    width = _width(problem, centre, half_width)
    grid = (np.arange(size) + 0.5) / size * 2 - 1
    widest = _BEYOND * 2 / high
    eta = (np.tile(grid, size) + 1) / 2 * widest
    starts = centre[:, None] + (away / np.hypot(*away))[:, None] * (np.repeat(-grid, size) * width)
    turned = eta * (low + high) > 2
    columns = [np.array([to_float(q) for q in row]) for row in spectrum.vectors.transpose().tolist()]
    first, last = (column / np.hypot(*column) for column in columns)
    points = Points(eta, starts, centre, np.where(turned, last[:, None], first[:, None]), turned)
    labels, certified = observed(problem, points), np.zeros(size * size, dtype=np.bool_)
    proved, differing = decided(problem, points, labels, certified)
    return Plane(
        kind="step",
        extent=(0.0, widest, -width, width),
        titles=("step size η", "start, distance from the minimizer towards the problem's start"),
        labels=labels.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=((float(first[0]), float(first[1])), (float(last[0]), float(last[1]))),
        notes=("observed but for a coarse grid", _said(proved, differing)),
        steps=OBSERVED_STEPS,
        thresholds=(("2/(λ₁+λₙ)", 2 / (low + high)), ("2/λₙ", 2 / high)),
    )


def _two(problem: SmoothProblem, size: int) -> tuple[str, ...]:
    """Return the names of the two variables."""
    names = problem.loss.variables
    if len(names) != 2:
        raise InputError("loss", f"has {len(names)} variables; a map shows starts of two")
    if not 2 <= size <= LARGEST_SIZE:
        raise InputError("size", f"{size} is out of range; give one from 2 to {LARGEST_SIZE}")
    return names


def _width(problem: SmoothProblem, centre: Floats, half_width: fmpq | None) -> float:
    away = float(np.linalg.norm(np.array([to_float(q) for q in problem.start]) - centre))
    width = _WIDER * away if half_width is None else to_float(half_width)
    if not 1e-6 < width < 1e6:
        raise InputError("half-width", "give a positive number of moderate size, such as 0.5")
    return width


def _said(proved: int, differing: int) -> str:
    return f"{proved} of {ON_A_SIDE**2} starts on a grid are proved, and the simulation differs at {differing} of them"
