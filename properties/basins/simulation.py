"""Labels of starts of a loss in two variables, observed in a plain float64 simulation; nothing here is proved."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gdcheck.theorem.batch.batch import BLOCK
from gdcheck.theorem.batch.bounds import Bounds
from gdcheck.theorem.batch.columns import Batch
from gdcheck.theorem.batch.program import StepProgram, compile_step

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]

OBSERVED_STEPS = 512

# All even, so that the sign of an alternating component is that of the limit; the middle one is among them.
_LOOKS = (*range(0, 16, 2), *range(16, OBSERVED_STEPS + 1, 16))
_NOISE = 2.0**-40
_PROBE = 2.0**-30
_TIE = 2.0**-45
_FAR = 2.0**20
_CLOSE = 2.0**-10
_STILL = 2.0**-20
_SLOWEST = 2.0**-30


class BasinLabel(IntEnum):
    """Where a start leads; the first four are limits, by regime and sign."""

    FIXED_PLUS = 0
    FIXED_MINUS = 1
    ALTERNATING_PLUS = 2
    ALTERNATING_MINUS = 3
    ESCAPES = 4
    UNSETTLED = 5
    """Neither at the minimizer nor gone after all the steps."""
    EXCEPTIONAL = 6
    """No dominant component at working precision, and the sign changes right beside it."""
    ELSEWHERE = 7
    """At another point, where the gradient is as good as zero."""
    UNDECIDED = 8
    """Goes to the minimizer, but no sign of a dominant component can be told."""
    ROTATING = 9
    """Goes to the minimizer in no direction: only with momentum."""


def observe(batch: Batch, extent: float) -> Codes:
    """Simulate starts and label them.

    A start goes to the minimizer if an iterate is so small that the linear part and the bounded remainder together
    contract. Its sign is that of the dominant component, once this exceeds all that the remainder can still change.

    Args:
        batch: The starts, two coordinates each; a map error is ignored.
        extent: The size of the window: a point within a million times of it has not escaped.

    Returns:
        A ``BasinLabel`` for each row.
    """
    labels, lost = _watch(batch, extent)
    at = np.flatnonzero(lost)
    if at.size:
        near = part_of(batch, at)
        size = np.hypot(*near.start)
        plus, minus = np.zeros(at.size, np.bool_), np.zeros(at.size, np.bool_)
        for axis, side in ((0, -1), (0, 1), (1, -1), (1, 1)):
            start = near.start.copy()
            start[axis] += side * _PROBE * size
            beside, _ = _watch(replace(near, start=start), extent)
            plus |= (beside == BasinLabel.FIXED_PLUS) | (beside == BasinLabel.ALTERNATING_PLUS)
            minus |= (beside == BasinLabel.FIXED_MINUS) | (beside == BasinLabel.ALTERNATING_MINUS)
        labels[at] = np.where((plus & minus) | (size == 0), BasinLabel.EXCEPTIONAL, BasinLabel.UNDECIDED)
    return labels


def part_of(batch: Batch, at: Any) -> Batch:
    """Return some rows of a batch, without its map error."""
    columns = (batch.spectrum[:, at], batch.coefficients[:, at], batch.step_size[at], batch.start[:, at])
    return Batch(batch.exponents, *columns)


def _watch(batch: Batch, extent: float) -> tuple[Codes, Bools]:
    """Return the labels, and where a dominant component is lost in the noise; their label is to be undecided."""
    program = compile_step(batch.dimension, batch.exponents)
    labels, lost = np.full(batch.rows, BasinLabel.UNSETTLED, np.uint8), np.zeros(batch.rows, np.bool_)
    with np.errstate(all="ignore"):
        for first in range(0, batch.rows, BLOCK):
            part = slice(first, first + BLOCK)
            _watch_block(program, _Rows.of(program, part_of(batch, part), extent), labels[part], lost[part])
    return labels, lost


def _watch_block(program: StepProgram, rows: _Rows, labels: Codes, lost: Bools) -> None:
    step = 0
    for look in _LOOKS:
        rows = rows.after(program, look - step)
        step = look
        size = np.hypot(*rows.y)
        inside, decided, faint = rows.look(size)
        gone = ~np.isfinite(size)
        sign = 2 * rows.large + (rows.dominant < 0)
        labels[rows.ids] = np.where(decided, sign, np.where(inside, BasinLabel.UNDECIDED, BasinLabel.UNSETTLED))
        labels[rows.ids[gone]] = BasinLabel.ESCAPES
        lost[rows.ids] = faint
        if look == OBSERVED_STEPS // 2:
            rows = replace(rows, middle=size)
        rows = rows.only(~(gone | decided | faint | (inside & ~rows.directed)))
        if not rows.ids.size:
            return
    size, moved = np.hypot(*rows.y), np.hypot(*(rows.after(program, 1).y - rows.y))
    # A cycle may be far away, too; an escaping point continues to grow.
    far = (size > rows.reach) & (size > 2 * rows.middle)
    # Steps that float64 can hardly make show nothing.
    still = (moved <= _STILL * rows.slowest * size) & (rows.slowest > _SLOWEST)
    close = size <= _CLOSE * rows.first
    unsettled = labels[rows.ids] == BasinLabel.UNSETTLED
    for mask, label in ((far, BasinLabel.ESCAPES), (still, BasinLabel.ELSEWHERE), (close, BasinLabel.UNDECIDED)):
        labels[rows.ids[unsettled & mask]] = label


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that are still simulated; the last axis of every array runs over them.

    Attributes:
        ids: Their indices.
        y: The iterates.
        mu: 1 − ηλ_i.
        c: ηc_t.
        degrees: The bounds C_q of the remainder on the unit sphere (``bounds``).
        rho: ρ.
        slack: 1 − ρ.
        large: Whether the regime is the large-step one.
        directed: Whether one eigenvector dominates at all.
        slowest: ηλ₁.
        first: ‖y₀‖.
        middle: ‖y‖ after half the steps.
        reach: Beyond this a start may have escaped.
    """

    ids: npt.NDArray[np.int64]
    y: Floats
    mu: Floats
    c: Floats
    degrees: Floats
    rho: Floats
    slack: Floats
    large: Bools
    directed: Bools
    slowest: Floats
    first: Floats
    middle: Floats
    reach: Floats

    @classmethod
    def of(cls, program: StepProgram, batch: Batch, extent: float) -> _Rows:
        eta, (low, high) = batch.step_size, batch.spectrum
        bounds = Bounds.of(program, np, list(batch.spectrum), list(batch.coefficients), eta)
        first = np.hypot(*batch.start)
        return cls(
            ids=np.arange(batch.rows),
            y=batch.start.copy(),
            mu=np.stack(bounds.multipliers),
            c=np.reshape(bounds.coefficients, (len(batch.exponents), batch.rows)),
            degrees=np.stack([np.broadcast_to(d, eta.shape) for d in bounds.degrees]),
            rho=bounds.rho_low,
            slack=bounds.slack,
            large=eta * (low + high) > 2,
            directed=(low < high) & (np.abs(eta * (low + high) - 2) > _TIE),
            slowest=eta * low,
            first=first,
            middle=first,
            reach=_FAR * np.maximum(first, extent),
        )

    @property
    def dominant(self) -> Floats:
        """The component along the eigenvector that dominates."""
        component: Floats = np.where(self.large, self.y[-1], self.y[0])
        return component

    def only(self, mask: Bools) -> _Rows:
        """Return the rows where a mask is true."""
        return self if mask.all() else _Rows(*(getattr(self, field.name)[..., mask] for field in fields(self)))

    def after(self, program: StepProgram, steps: int) -> _Rows:
        """Return the rows some steps later."""
        here, there = self.y.copy(), np.empty_like(self.y)
        scratch = [np.empty_like(self.rho) for _ in range(program.scratch)]
        for _ in range(steps):
            program.advance(np, list(here), list(there), mu=list(self.mu), c=list(self.c), scratch=scratch)
            here, there = there, here
        return replace(self, y=here)

    def look(self, size: Floats) -> tuple[Bools, Bools, Bools]:
        """Return where descent contracts from now on, where the sign is decided, and where noise hides the component.

        The inequality is that of the certificate (``batch``), with a guess in place of its error bound.
        """
        x = np.zeros_like(size)
        for degree in self.degrees[::-1]:
            x = (x + degree) * size
        inside = x <= self.slack
        room = (self.slack - x) * self.rho
        contracts = inside & (room >= x)
        ratio = x / np.maximum(room, x)
        tail = x * size * (1 + ratio * (1 + ratio)) ** 2 / (self.rho * self.slack)
        noise, dominant = _NOISE * size, np.abs(self.dominant)
        known = contracts & self.directed
        faint = known & (dominant <= noise) & (tail <= noise)
        return inside, known & ~faint & (dominant > tail), faint
