"""A plane of starts, or of step sizes and starts, of a loss in two variables: which limit each point takes.

Points that the float64 certificate decides are certified; the others are only observed in a plain simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from flint import fmpq

from theorem.descent.batch import certify_batch, simulate_batch
from theorem.descent.columns import Batch, State
from theorem.descent.turned import Turned, nearest, turn
from theorem.errors import InputError
from theorem.problem import Problem

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

OBSERVED_STEPS = 512
LARGEST_SIZE = 4000

_CERTIFIED_STEPS = 256
_SETTLED = 2.0**-10
_FAR = 2.0**20
_COARSE = 40
_TRIES = 24
_GROWTH = 1.5


class Fate(IntEnum):
    """What becomes of a start; the first four are limits, by regime and sign."""

    FIXED_PLUS = 0
    FIXED_MINUS = 1
    ALTERNATING_PLUS = 2
    ALTERNATING_MINUS = 3
    ESCAPES = 4
    UNSETTLED = 5
    EXCEPTIONAL = 6


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane of points; the first axis runs to the right, the second upwards.

    Attributes:
        kind: ``start`` or ``step``.
        extent: Left, right, bottom and top, as absolute coordinates.
        titles: The two axes' titles.
        fates: A ``Fate`` for each point, shape (size, size), the top row first.
        certified: Whether it is certified, else only observed; shape (size, size).
        directions: v₁ and vₙ, the limits' directions with the sign plus.
        note: What was certified.
    """

    kind: str
    extent: tuple[float, float, float, float]
    titles: tuple[str, str]
    fates: Codes
    certified: npt.NDArray[np.bool_]
    directions: tuple[tuple[float, float], tuple[float, float]]
    note: str

    @property
    def zero_line(self) -> npt.NDArray[np.bool_]:
        """Where the sign of ζ changes between neighbours of one regime: the exceptional set runs there."""
        line: npt.NDArray[np.bool_] = self.fates == Fate.EXCEPTIONAL
        for axis in (0, 1):
            here, there = (np.delete(self.fates, k, axis) for k in (-1, 0))
            crossed = (here != there) & (here // 2 == there // 2) & (np.maximum(here, there) < Fate.ESCAPES)
            pad = [(0, 0), (0, 0)]
            pad[axis] = (0, 1)
            line |= np.pad(crossed, pad)
        return line


def _fates(where: Turned, eta: Floats, starts: Floats) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """The fates of starts of shape (2, count) under the step sizes eta, and whether they are certified."""
    count = eta.shape[0]
    batch = Batch(
        where.exponents,
        np.broadcast_to(where.spectrum[:, None], (2, count)),
        np.broadcast_to(where.coefficients[:, None], (len(where.exponents), count)),
        eta,
        starts,
        where.defect or 0.0,
    )
    outcome = certify_batch(batch, max_steps=_CERTIFIED_STEPS)
    proved = outcome.state == State.PROVED
    fates = np.where(outcome.large, 2, 0) + (outcome.sign < 0)
    fates[outcome.state == State.LEFT] = Fate.ESCAPES
    fates[outcome.state == State.PRECISION] = Fate.EXCEPTIONAL
    left = np.flatnonzero((outcome.state == State.BUDGET) | (outcome.state == State.OUTSIDE))
    if left.size:
        rest = Batch(where.exponents, batch.spectrum[:, left], batch.coefficients[:, left], eta[left], starts[:, left])
        fates[left] = _observed(rest)
    return fates.astype(np.uint8), proved & (where.defect is not None)


def _observed(batch: Batch) -> npt.NDArray[np.int64]:
    """The fates that plain simulation shows."""
    last = simulate_batch(batch, OBSERVED_STEPS)
    with np.errstate(all="ignore"):
        size = np.hypot(*last)
        large = batch.step_size * (batch.spectrum[0] + batch.spectrum[-1]) > 2
        # An even number of steps: the sign is that of the limit in both regimes.
        fates: npt.NDArray[np.int64] = np.where(large, 2, 0) + (np.where(large, last[-1], last[0]) < 0)
        fates[~(size < _SETTLED * np.maximum(np.hypot(*batch.start), _SETTLED))] = Fate.UNSETTLED
        fates[~(size < _FAR)] = Fate.ESCAPES
    return fates


def draw_plane(problem: Problem, kind: str = "start", size: int = 1000, half_width: fmpq | None = None) -> Plane:
    """Works out the fate of every point of a plane.

    Args:
        problem: Loss, minimizer, step size and start; the start gives the direction of the plane ``step``.
        kind: ``start``: the plane of all starts. ``step``: step sizes to the right, and upwards starts on the line
            through the minimizer and the problem's start.
        size: Points on a side.
        half_width: How far starts go from the minimizer; where not given, so far that a part of them escapes.

    Returns:
        The plane.

    Raises:
        InputError: If the loss is not a polynomial in two variables with a strict minimum there, or an option is bad.
    """
    if kind not in {"start", "step"}:
        raise InputError("plane", f"{kind[:40]!r} is unknown; give start or step")
    if not 2 <= size <= LARGEST_SIZE:
        raise InputError("size", f"{size} is out of range; give one from 2 to {LARGEST_SIZE}")
    where = turn(problem)
    eta, m = where.step_size, np.array([nearest(x) for x in problem.minimizer])
    width = nearest(half_width) if half_width is not None else _window(where, eta)
    if not 2.0**-100 < width < 2.0**100:
        raise InputError("half-width", "give a positive number of moderate size, such as 0.5")
    # Points lie in the middle of their squares; the top row comes first.
    grid = (np.arange(size) + 0.5) / size * 2 - 1
    across, up = np.tile(grid, size), np.repeat(-grid, size)
    if kind == "start":
        etas = np.full(size * size, eta)
        starts = where.rotation.T @ np.stack([across * width, up * width])
        extent = (m[0] - width, m[0] + width, m[1] - width, m[1] + width)
        titles = (f"start, {problem.loss.variables[0]}", f"start, {problem.loss.variables[1]}")
    else:
        direction = np.array([nearest(x) for x in problem.displacement])
        if not direction.any():
            raise InputError("start", "is the minimizer; give another, which shows the direction of the starts")
        widest = 2.1 / where.spectrum[1]
        etas = (across + 1) / 2 * widest
        starts = (where.rotation.T @ (direction / np.hypot(*direction)))[:, None] * (up * width)
        extent = (0.0, widest, -width, width)
        titles = ("step size η", "start, distance from the minimizer towards the problem's start")
    fates, certified = _fates(where, etas, np.ascontiguousarray(starts))
    return Plane(
        kind=kind,
        extent=extent,
        titles=titles,
        fates=fates.reshape(size, size),
        certified=certified.reshape(size, size),
        directions=(tuple(where.rotation[:, 0].tolist()), tuple(where.rotation[:, 1].tolist())),
        note="observed only: the eigenvectors are too uncertain in float64"
        if where.defect is None
        else "strong colours are certified; pale ones are observed",
    )


def _window(where: Turned, eta: float) -> float:
    """A half-width at which some of the starts escape or settle elsewhere, or 1 if none ever does."""
    grid = (np.arange(_COARSE) + 0.5) / _COARSE * 2 - 1
    points = np.stack([np.tile(grid, _COARSE), np.repeat(grid, _COARSE)])
    width = 1.0
    for _ in range(_TRIES):
        fates, _ = _fates(where, np.full(points.shape[1], eta), points * width)
        lost = float(np.mean((fates == Fate.ESCAPES) | (fates == Fate.UNSETTLED)))
        if 0.2 <= lost <= 0.6:
            return width
        width = width * _GROWTH if lost < 0.2 else width / _GROWTH
    return 1.0
