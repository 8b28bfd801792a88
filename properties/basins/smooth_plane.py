r"""A plane of starts of a smooth loss in two variables: which limit each takes.

All points are followed in float64, at once, and only observed. Certified are those in the ball of the theorem for every
start (``theorem.decision.enclosed.every_start``) that are off the exceptional graph for sure: with
:math:`h = tv + w`, :math:`\|\zeta(h) - \Pi h\| \le L\|h\|`, so that the sign of t is that of the limit where
:math:`|t|` exceeds the graph's slope times :math:`\|w\|`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gdcheck.properties.basins.plane import Plane
from gdcheck.properties.basins.simulation import BasinLabel
from gdcheck.properties.basins.valley_plane import LARGEST_SIZE, OBSERVED_STEPS, Floats, with_slopes
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.certificate.smooth.every_start import smooth_every_start_certificate
from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart, decide_smooth_every_start
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, SmoothProblem

_NEAR, _LOST = 1e-7, 1e8
_SAFE = 1e-3
_WIDER = 1.25
_ON_A_SIDE = 6


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
    names = problem.loss.variables
    if len(names) != 2:
        raise InputError("loss", f"has {len(names)} variables; a map shows starts of two")
    if not 2 <= size <= LARGEST_SIZE:
        raise InputError("size", f"{size} is out of range; give one from 2 to {LARGEST_SIZE}")
    found = decide_smooth_every_start(EveryStartSmoothProblem.of_problem(problem))
    graph, minimizer, prediction = found.exceptional, found.minimizer, found.prediction
    if graph is None or minimizer is None or prediction is None:
        raise InputError("step_size", f"has no map: {found.reason}")
    centre = np.array([float(arb(x)) for x in minimizer.centre])
    away = float(np.linalg.norm(np.array([to_float(q) for q in problem.start]) - centre))
    width = _WIDER * away if half_width is None else to_float(half_width)
    if not 1e-6 < width < 1e6:
        raise InputError("half-width", "give a positive number of moderate size, such as 0.5")
    grid = ((np.arange(size) + 0.5) / size * 2 - 1) * width
    starts = np.stack([np.tile(centre[0] + grid, size), np.repeat(centre[1] - grid, size)])
    v = np.array([float(x.mid()) for x in graph.normal])
    turned = prediction.kind is LimitKind.ALTERNATING
    plus, minus = (
        (BasinLabel.ALTERNATING_PLUS, BasinLabel.ALTERNATING_MINUS)
        if turned
        else (BasinLabel.FIXED_PLUS, BasinLabel.FIXED_MINUS)
    )
    labels = _observed(problem, starts, centre, v, (plus, minus), turned=turned)
    certified, note = (
        np.zeros(size * size, dtype=np.bool_),
        "nothing is certified: the checker did not accept the proof",
    )
    if _accepted(found):
        h = starts - centre[:, None]
        t, w = v @ h, np.abs(v[0] * h[1] - v[1] * h[0])
        r = np.inf if graph.radius is None else to_float(graph.radius)
        slope = float(graph.slope.upper())
        sure = np.abs(t) > (1 + _SAFE) * slope * w + _SAFE * _NEAR
        certified = (np.hypot(h[0], h[1]) < (1 - _SAFE) * r) & sure
        labels[certified] = np.where(t[certified] > 0, plus, minus)
        note = f"certified within {r:.4g} of the minimizer, beside a graph of slope {slope:.4g}; the rest is observed"
    proved, differing = _decided(problem, starts, labels, certified, (centre, v, (plus, minus)))
    more = f"{proved} of {_ON_A_SIDE**2} starts on a grid are proved, and the simulation differs at {differing} of them"
    ends = [tuple(float(x) for x in column) for column in (v, v)]
    return Plane(
        kind="start",
        extent=(centre[0] - width, centre[0] + width, centre[1] - width, centre[1] + width),
        titles=(f"start, {names[0]}", f"start, {names[1]}"),
        labels=labels.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1])),
        notes=(note, more),
        minimizer=(float(centre[0]), float(centre[1])),
    )


def _accepted(found: SmoothEveryStart | SmoothDecision) -> bool:
    if isinstance(found, SmoothEveryStart):
        return _is_accepted(smooth_every_start_certificate(found))
    return _is_accepted(smooth_certificate(found))


def _is_accepted(made: dict[str, Any] | None) -> bool:
    try:
        return made is not None and check(made) is None
    except NotChecked:
        return False


def _decided(
    problem: SmoothProblem,
    starts: Floats,
    labels: npt.NDArray[np.uint8],
    certified: npt.NDArray[np.bool_],
    known: tuple[Floats, Floats, tuple[BasinLabel, BasinLabel]],
) -> tuple[int, int]:
    """Decide a coarse grid of the starts with proof, and mark them; how many are proved, and how many were seen wrong.

    Args:
        problem: The problem.
        starts: All starts, shape (2, count).
        labels: Their labels, shape (count,), changed where a proof says otherwise.
        certified: Whether they are certified, shape (count,), changed at those that are proved.
        known: The minimizer, v, and the labels of both signs.
    """
    (centre, v, (plus, minus)), size = known, round(starts.shape[1] ** 0.5)
    proved = differing = 0
    for row in range(_ON_A_SIDE):
        for column in range(_ON_A_SIDE):
            at = [(2 * k + 1) * size // (2 * _ON_A_SIDE) for k in (row, column)]
            index = at[0] * size + at[1]
            exact = tuple(fmpq(*float(x).as_integer_ratio()) for x in starts[:, index])
            try:
                found = decide_smooth(replace(problem, start=exact), max_steps=OBSERVED_STEPS)
            except InputError:
                continue  # Outside the domain.
            if found.verdict is Verdict.PROVED and found.limit is not None and _accepted(found):
                along = sum(float(x.mid()) * y for x, y in zip(found.limit.vectors[0], v, strict=True))
                label = plus if along > 0 else minus
                there = [float(arb(x)) for x in found.minimizer.centre] if found.minimizer else []
                if not np.allclose(there, centre, atol=_NEAR):
                    label = BasinLabel.ELSEWHERE
                proved, differing = proved + 1, differing + int(labels[index] != label)
                labels[index], certified[index] = label, True
    return proved, differing


def _observed(
    problem: SmoothProblem,
    starts: Floats,
    centre: Floats,
    v: Floats,
    names: tuple[BasinLabel, BasinLabel],
    *,
    turned: bool,
) -> npt.NDArray[np.uint8]:
    """Run gradient descent in float64 and label where each start goes, shape (count,)."""
    eta, (plus, minus) = to_float(problem.step_size), names
    labels = np.full(starts.shape[1], BasinLabel.UNSETTLED, dtype=np.uint8)
    alive, x = np.arange(starts.shape[1]), starts.copy()
    with np.errstate(all="ignore"):
        for k in range(OBSERVED_STEPS):
            _, slopes = with_slopes(problem.loss, x)
            h = x - centre[:, None]
            far, step = np.hypot(h[0], h[1]), np.hypot(slopes[0], slopes[1])
            here, gone = far < _NEAR, ~(far < _LOST)
            other = ~here & ~gone & (step < _NEAR * _NEAR)
            t = (v @ h) * (-1 if turned and k % 2 else 1)
            labels[alive[here]] = np.where(t[here] > 0, plus, minus)
            labels[alive[gone]] = BasinLabel.ESCAPES
            labels[alive[other]] = BasinLabel.ELSEWHERE
            keep = ~(here | gone | other)
            if not keep.any():
                break
            alive, x = alive[keep], (x - eta * slopes)[:, keep]
    return labels
