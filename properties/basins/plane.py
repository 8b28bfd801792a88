"""A plane of starts, or of step sizes and starts, of a loss in two variables: which limit each point takes.

Points that the float64 certificate decides are certified; the others are only observed in a plain simulation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gdcheck.properties.basins.momentum import ROUNDED, label_momentum, momentum_of, observe_momentum
from gdcheck.properties.basins.points import Points
from gdcheck.properties.basins.simulation import OBSERVED_STEPS, BasinLabel, Codes, Floats, observe, part_of
from gdcheck.properties.basins.window import basin_width, natural_size
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.batch.batch import certify_batch
from gdcheck.theorem.batch.columns import MOST_MAP_ERROR, Batch, State
from gdcheck.theorem.batch.eigenbasis import Turned, nearest, turn
from gdcheck.theorem.certificate.kinds.every_start import described_in_words
from gdcheck.theorem.certificate.methods.every_start import exceptions_in_words
from gdcheck.theorem.decision.decide import FIRST_PRECISION, decide
from gdcheck.theorem.decision.every_start import decide_every_start
from gdcheck.theorem.decision.method_every_start import decide_method_every_start
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.method import PLAIN
from gdcheck.theorem.methods.statement import Assumption

LARGEST_SIZE = 4000

EXCEPTIONAL = "exceptional starts, proved"

IN_THE_LEGEND = "certified and observed points have different colours; the legend names both"
"""The note on the colours of a plane of which only a part is certified."""

_CERTIFIED_STEPS = 256
_COARSE = 40
_SMALLEST = 2.0**-1000
_ALONG = 2.0**-50
"""A point s·d/‖d‖ of the plane ``step`` has six rounding errors before it is transformed."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane of points; the first axis runs to the right, the second upwards.

    Attributes:
        kind: ``start`` or ``step``.
        extent: Left, right, bottom and top, as absolute coordinates.
        titles: The two axes' titles.
        labels: A ``BasinLabel`` for each point, shape (size, size), the top row first.
        certified: Whether it is certified, else only observed; shape (size, size).
        directions: v₁ and vₙ: the directions of the limits with a plus sign.
        notes: What was certified, or why nothing was; how the window was chosen, if that failed.
        minimizer: Where the minimizer is, in a plane of starts.
        thresholds: Step sizes at which something changes, by name, in a plane of step sizes.
        steps: How many steps the simulation took.
    """

    kind: str
    extent: tuple[float, float, float, float]
    titles: tuple[str, str]
    labels: Codes
    certified: npt.NDArray[np.bool_]
    directions: tuple[tuple[float, float], tuple[float, float]]
    notes: tuple[str, ...]
    minimizer: tuple[float, float] | None = None
    thresholds: tuple[tuple[str, float], ...] = ()
    steps: int = OBSERVED_STEPS

    @property
    def zero_line(self) -> npt.NDArray[np.bool_]:
        """Where the sign of ζ changes between neighbours of one regime: the exceptional set runs there."""
        line: npt.NDArray[np.bool_] = self.labels == BasinLabel.EXCEPTIONAL
        for axis in (0, 1):
            here, there = (np.delete(self.labels, k, axis) for k in (-1, 0))
            crossed = (here != there) & (here // 2 == there // 2) & (np.maximum(here, there) < BasinLabel.ESCAPES)
            pad = [(0, 0), (0, 0)]
            pad[axis] = (0, 1)
            line |= np.pad(crossed, pad)
        return line


def in_units(where: Turned, eta: Floats, starts: Floats, width: float, map_error: float) -> tuple[Batch, float]:
    """Write starts as a batch in units of a power of two near the half-width.

    With x = 2^e y the eigenvalues are unchanged, and a coefficient of order k is multiplied by 2^(e(k−2)). If one of
    these is not a float64, the units are not changed.

    Args:
        where: The loss.
        eta: Step sizes, shape (count,).
        starts: Starts in the loss's own coordinates, shape (2, count).
        width: The half-width.
        map_error: The batch's bound on the map error.

    Returns:
        The batch, and the half-width in its units.
    """
    e = round(np.log2(width))
    powers = np.array([e * (sum(alpha) - 2) for alpha in where.exponents], np.int64)
    with np.errstate(all="ignore"):
        scaled = np.ldexp(where.coefficients, powers)
        # A coefficient must not underflow.
        exact = bool(np.isfinite(scaled).all() and (np.ldexp(scaled, -powers) == where.coefficients).all())
        coefficients, e = (scaled, e) if exact else (where.coefficients, 0)
        turned = where.inverse @ starts
    count = eta.shape[0]
    batch = Batch(
        where.exponents,
        np.broadcast_to(where.spectrum[:, None], (2, count)),
        np.broadcast_to(coefficients[:, None], (len(where.exponents), count)),
        eta,
        np.ldexp(turned, -e),
        map_error,
    )
    return batch, width * 2.0**-e


def _labels(batch: Batch, extent: float) -> tuple[Codes, npt.NDArray[np.bool_], bool]:
    """Label starts: their labels, whether they are certified, and whether none meets the certificate's assumptions."""
    if batch.momentum is not None:
        return label_momentum(batch, extent)
    outcome = certify_batch(batch, max_steps=_CERTIFIED_STEPS)
    proved = outcome.state == State.PROVED
    labels = (np.where(outcome.large, 2, 0) + (outcome.sign < 0)).astype(np.uint8)
    rest = np.flatnonzero(~proved)
    if rest.size:
        labels[rest] = observe(part_of(batch, rest), extent)
    return labels, proved, bool((outcome.state == State.OUTSIDE).all())


def check_options(kind: str, size: int) -> None:
    """Raise an ``InputError`` unless a plane is known and its size is in range."""
    if kind not in {"start", "step"}:
        raise InputError("plane", f"{kind[:40]!r} is unknown; give start or step")
    if not 2 <= size <= LARGEST_SIZE:
        raise InputError("size", f"{size} is out of range; give one from 2 to {LARGEST_SIZE}")


def checked_width(width: float) -> float:
    """Return a half-width, or raise an ``InputError`` if it is extreme."""
    if not 2.0**-100 < width < 2.0**100:
        raise InputError("half-width", "give a positive number of moderate size, such as 0.5")
    return width


def draw_plane(problem: Problem, kind: str = "start", size: int = 1000, half_width: fmpq | None = None) -> Plane:
    """Find the label of every point of a plane.

    Args:
        problem: Loss, minimizer, step size and start; the start gives the direction of the plane ``step``.
        kind: ``start``: the plane of all starts. ``step``: step sizes to the right, and upwards starts on the line
            through the minimizer and the problem's start.
        size: Points on a side.
        half_width: Half the length of a side; if not given, so large that a part of the starts does not return.

    Returns:
        The plane.

    Raises:
        InputError: If the loss is not a polynomial in two variables with a strict minimum there, or an option is bad.
    """
    check_options(kind, size)
    momentum = momentum_of(problem, size * size)
    where = turn(problem)
    window = nearest(half_width) if half_width is not None else _window(problem, where)
    width = checked_width(1.0 if window is None else window)
    widest = 1.05 * nearest(largest_stable(problem.method)) / max(where.spectrum[1], _SMALLEST)
    points = Points.of(problem, kind, size, width=width, widest=widest)
    map_error, thresholds = where.map_error, tuple[tuple[str, float], ...]()
    if kind == "step":
        thresholds = _thresholds(problem, where.spectrum)
        along = where.stretch * _ALONG
        map_error = None if map_error is None or map_error + along > MOST_MAP_ERROR else map_error + along
    if momentum is not None and map_error is not None:
        map_error = None if map_error + ROUNDED > MOST_MAP_ERROR else map_error + ROUNDED
    batch, reach = in_units(where, points.eta, points.h, width, map_error or 0.0)
    batch = replace(batch, momentum=momentum)
    if map_error is None:
        look = observe if momentum is None else observe_momentum
        labels, certified, outside = look(batch, reach), np.zeros(batch.rows, np.bool_), False
    else:
        labels, certified, outside = _labels(batch, reach)
    notes = [IN_THE_LEGEND]
    if not certified.any():
        notes = [f"observed only: {_reason(problem, kind, where, outside=outside)}"]
    if window is None:
        notes.append(f"no end of the basin was found: the half-width is {width:g}")
    if kind == "start":
        notes += _exceptional_note(problem)
    return Plane(
        kind=kind,
        extent=points.extent,
        titles=points.titles,
        labels=labels.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=(_unit(where.basis[:, 0]), _unit(where.basis[:, 1])),
        notes=tuple(notes),
        minimizer=points.minimizer,
        thresholds=thresholds,
    )


def _unit(v: Floats) -> tuple[float, float]:
    """Return the unit vector along one of shape (2,)."""
    x, y = (v / np.hypot(*v)).tolist()
    return float(x), float(y)


def _thresholds(problem: Problem, spectrum: Floats) -> tuple[tuple[str, float], ...]:
    """Return the step sizes at which the direction switches and at which the minimizer is no longer stable."""
    low, high = map(float, spectrum)
    if low <= 0:
        return ()
    if problem.method.momentum > 0:
        return (("stability limit", nearest(largest_stable(problem.method)) / high),)
    return (("2/(λ₁+λₙ)", 2 / (low + high)), ("2/λₙ", 2 / high))


def _exceptional_note(problem: Problem) -> list[str]:
    """Return the proved statement about the exceptional set, which is drawn where the two signs meet."""
    if problem.method.is_plain:
        found = decide_every_start(problem)
        return [] if found.exceptional is None else [f"{EXCEPTIONAL}: {described_in_words(found.exceptional)}"]
    words = exceptions_in_words(decide_method_every_start(problem))
    return [] if words is None else [f"{EXCEPTIONAL}: {words}"]


def _reason(problem: Problem, kind: str, where: Turned, *, outside: bool) -> str:
    """Return why no point is certified."""
    fails = set(decide(problem, max_steps=1, max_precision=FIRST_PRECISION).fails)
    if Assumption.DISTINCT_ENDS in fails:
        fails -= {Assumption.SIMPLE_LOWEST, Assumption.SIMPLE_HIGHEST}
    if kind == "step":
        # The others depend on the problem's own step size.
        fails &= {Assumption.DISTINCT_ENDS}
    if fails:
        needs = "; ".join(f"it needs that {a.sentence}" for a in Assumption if a in fails)
        return f"the theorem does not apply: {needs}"
    if where.obstacle:
        return where.obstacle
    if outside:
        return "a step size is too near a threshold or some 1/λᵢ for float64, or a number is extreme"
    return "float64 could not decide any of these points"


def _window(problem: Problem, where: Turned) -> float | None:
    """Return a half-width at which a part of the starts does not go to the minimizer; None if there is none."""
    first = natural_size(replace(problem, method=PLAIN), where.spectrum[0])
    if first is None or where.step_size * where.spectrum[1] >= nearest(largest_stable(problem.method)):
        return first
    grid = (np.arange(_COARSE) + 0.5) / _COARSE * 2 - 1
    points = np.stack([np.tile(grid, _COARSE), np.repeat(grid, _COARSE)])
    etas = np.full(points.shape[1], where.step_size)

    def lost(width: float) -> float:
        batch, reach = in_units(where, etas, points * width, width, 0.0)
        momentum = momentum_of(problem, batch.rows)
        if momentum is None:
            labels = observe(batch, reach)
        else:
            labels = observe_momentum(replace(batch, momentum=momentum), reach)
        return float(np.isin(labels, [BasinLabel.ESCAPES, BasinLabel.UNSETTLED, BasinLabel.ELSEWHERE]).mean())

    return basin_width(first, lost)
