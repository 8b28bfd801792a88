"""The working state of a block of rows: iterates, error bounds, and the certificate's test at each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdcheck.theorem.batch.bounds import LARGEST_RADIUS, UP, Bounds
from gdcheck.theorem.batch.columns import Batch, Outcome, State
from gdcheck.theorem.batch.program import Array, StepProgram

_FIRST_ERROR = 2.0**-400
_SQUARED_FLOOR = 2.0**-600
_UNIT = 2.0**-53
_TIDY = 16
_FULL = 0.6


@dataclass(eq=False)
class Rows:
    """Some rows that are still open; one array for each quantity, one entry for each row.

    Attributes:
        program: The compiled step.
        xp: The array namespace.
        ids: The rows' places in the outcome.
        before: Steps made before this block was put together.
        here: The iterates ŷ, n arrays.
        error: e.
        bounds: The certificate's constants.
        map_error: The batch's bound on the map error.
    """

    program: StepProgram
    xp: Any
    ids: Array
    before: Array
    here: list[Array]
    error: Array
    bounds: Bounds
    map_error: float

    @classmethod
    def of(cls, program: StepProgram, batch: Batch, part: slice, outcome: Outcome, *, xp: Any, device: Any) -> Rows:
        """Return the rows of a part of a batch at step 0; those outside the proof's assumptions are noted and left out.

        Args:
            program: The compiled step.
            batch: The problems.
            part: Which of them.
            outcome: Where rows that are left out are noted.
            xp: The array namespace.
            device: Where the arrays are to be.

        Returns:
            The rows.
        """
        columns = batch.columns(xp, part, device)
        bounds = Bounds.of(
            program, xp, columns.spectrum, columns.coefficients, columns.step_size, map_error=batch.map_error
        )
        ids = xp.asarray(np.arange(batch.rows)[part], device=device)
        outcome.state[_host(ids[~bounds.valid])] = State.OUTSIDE
        error = 0 * columns.step_size + _FIRST_ERROR
        if batch.map_error:
            error = error + xp.sqrt(sum(y * y for y in columns.start)) * (batch.map_error * UP)
        rows = cls(program, xp, ids, 0 * ids, columns.start, error, bounds, batch.map_error)
        return rows if bool(xp.all(bounds.valid)) else rows.only(bounds.valid)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Several blocks as one."""
        if len(parts) == 1:
            return parts[0]
        columns = [rows._columns() for rows in parts]
        join = parts[0].xp.concatenate
        return parts[0]._with([join(same) for same in zip(*columns, strict=True)])

    @property
    def count(self) -> int:
        """The number of rows."""
        return int(self.ids.shape[0])

    def only(self, mask: Array) -> Rows:
        """Return the rows where a mask is true."""
        take, places = self.xp.take, self._places()[mask]
        return self._with([take(column, places) for column in self._columns()])

    def _places(self) -> Array:
        return self.xp.arange(self.count, device=self.ids.device)

    def _columns(self) -> list[Array]:
        b = self.bounds
        single = [self.ids, self.before, self.error, b.rho_high, b.rho_low, b.slack, b.room, b.large, b.valid]
        return [*single, *self.here, *b.multipliers, *b.coefficients, *b.degrees]

    def _with(self, columns: list[Array]) -> Rows:
        ids, before, error, rho_high, rho_low, slack, room, large, valid, *rest = columns
        n, terms = self.program.dimension, len(self.program.exponents)
        here, multipliers, rest = rest[:n], rest[n : 2 * n], rest[2 * n :]
        bounds = Bounds(multipliers, rest[:terms], rest[terms:], rho_high, rho_low, slack, room, large, valid)
        return Rows(self.program, self.xp, ids, before, here, error, bounds, self.map_error)

    def run(self, outcome: Outcome, max_steps: int, keep: int) -> Rows:
        """Step until only few rows are open.

        Args:
            outcome: Where rows that are done with are noted.
            max_steps: Steps after which a row is given up.
            keep: How many open rows are few.

        Returns:
            The rows that are still open, at most ``keep``.
        """
        rows = self
        while rows.count > keep:
            rows = rows._descend(outcome, max_steps, int(_FULL * rows.count))
        return rows

    def _descend(self, outcome: Outcome, max_steps: int, few: int) -> Rows:
        """Step until at most ``few`` rows are open, and returns those."""
        xp, program, places = self.xp, self.program, self._places()
        add, multiply = xp.add, xp.multiply
        here, there = self.here, [xp.empty_like(self.error) for _ in self.here]
        scratch = [xp.empty_like(self.error) for _ in range(program.scratch)]
        mu, scaled = self.bounds.multipliers, self.bounds.coefficients
        test = _Test(self)
        growth = ((program.roundings + 1) * _UNIT * (1 + 2.0**-20) + self.map_error) * UP
        lipschitz = (program.degree - 1) * UP
        open_, count, step = self.bounds.valid, self.count, 0
        tested = tidied = -1
        while True:
            within = test.measure(here, self.error)
            finished = [(State.LEFT, open_ & ~within)]
            inside = bool(xp.all(test.inside | ~open_))
            if step >= tested + _stride(tested):
                tested = step
                proved = test.holds(here, self.error)
                finished += [(State.PROVED, open_ & within & proved)]
                if step >= tidied + min(_TIDY, max_steps):
                    tidied = step
                    rest, lost = open_ & within & ~proved, test.hopeless(self.error)
                    finished += [(State.PRECISION, rest & lost)]
                    finished += [(State.BUDGET, rest & ~lost & (self.before + step >= max_steps))]
            for state, mask in finished:
                found = places[mask]
                if found.shape[0]:
                    test.note(outcome, state, found, step=self.before[found] + step, y=here, error=self.error)
                    count -= int(found.shape[0])
                    open_ = open_ & ~mask
            if count <= few:
                left = Rows(program, xp, self.ids, self.before + step, here, self.error, self.bounds, self.map_error)
                return left.only(open_)
            # e ← (ρ + (D−1)x) e + G(3 + x) R; within the invariant ball the same numbers serve until the next test.
            multiply(test.x, lipschitz, out=test.factor)
            add(test.factor, self.bounds.rho_high, out=test.factor)
            add(test.x, 3.0, out=test.rounding)
            multiply(test.rounding, growth, out=test.rounding)
            multiply(test.rounding, test.radius, out=test.rounding)
            until = tested + _stride(tested) if inside else step + 1
            while step < until:
                multiply(self.error, test.factor, out=self.error)
                add(self.error, test.rounding, out=self.error)
                program.advance(xp, here, there, mu=mu, c=scaled, scratch=scratch)
                here, there = there, here
                step += 1


def _stride(step: int) -> int:
    """Step from a test to the next: the later a row is decided, the less a few steps more weigh."""
    return 1 if step < 6 else 2 if step < 24 else 4


class _Test:
    """The certificate's inequality in all rows, with its scratch arrays."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.radius, self.x, self.factor, self.rounding, self._left, self._right = (
            rows.xp.empty_like(rows.error) for _ in range(6)
        )
        self.inside: Array = None
        self._contracts: Array = None

    def measure(self, y: Sequence[Array], error: Array) -> Array:
        """Update R and x(R); where the iterate is within the ball on which bounds are kept."""
        xp, bounds = self._rows.xp, self._rows.bounds
        add, multiply = xp.add, xp.multiply
        radius, x, spare = self.radius, self.x, self.rounding
        multiply(y[0], y[0], out=radius)
        for value in y[1:]:
            multiply(value, value, out=spare)
            add(radius, spare, out=radius)
        add(radius, _SQUARED_FLOOR, out=radius)
        xp.sqrt(radius, out=radius)
        multiply(radius, UP, out=radius)
        add(radius, error, out=radius)
        multiply(bounds.degrees[-1], radius, out=x)
        for degree in reversed(bounds.degrees[:-1]):
            add(x, degree, out=x)
            multiply(x, radius, out=x)
        self.inside = x <= bounds.slack
        return radius <= LARGEST_RADIUS

    def holds(self, y: Sequence[Array], error: Array) -> Array:
        """Where the inequality holds, for the R and x measured last."""
        xp, bounds = self._rows.xp, self._rows.bounds
        add, multiply = xp.add, xp.multiply
        radius, x, ratio, right = self.radius, self.x, self.factor, self._right
        # X = x/(ρ(1−σ)), or 1 where that is more.
        xp.subtract(bounds.slack, x, out=ratio)
        multiply(ratio, bounds.rho_low, out=ratio)
        self._contracts = ratio >= x
        xp.maximum(ratio, x, out=ratio)
        xp.divide(x, ratio, out=ratio)
        add(ratio, 1.0, out=right)
        multiply(right, ratio, out=right)
        add(right, 1.0, out=right)
        multiply(right, right, out=right)
        multiply(right, x, out=right)
        multiply(right, radius, out=right)
        left = xp.abs(xp.where(bounds.large, y[-1], y[0]))
        xp.subtract(left, self._blur(error), out=left)
        multiply(left, bounds.room, out=left)
        self._left = left
        return self._contracts & (left > right)

    def hopeless(self, error: Array) -> Array:
        """Where the dominant component is lost in its error and the tail is smaller still: steps will not help."""
        return self._contracts & (self._left <= 0.0) & (self._right < self._blur(error) * self._rows.bounds.room)

    def _blur(self, error: Array) -> Array:
        """How far the dominant coordinate may be from the amplitude's functional."""
        return error + self.radius * (self._rows.map_error * UP) if self._rows.map_error else error

    def note(
        self, outcome: Outcome, state: State, found: Array, *, step: Array, y: Sequence[Array], error: Array
    ) -> None:
        """Note what became of some rows."""
        rows = self._rows
        at = _host(rows.ids[found])
        outcome.state[at] = state
        outcome.step[at] = _host(step)
        outcome.radius[at] = _host(self.radius[found])
        outcome.error[at] = _host(error[found])
        if state is not State.PROVED:
            return
        large = _host(rows.bounds.large[found])
        dominant = np.where(large, _host(y[-1][found]), _host(y[0][found]))
        flipped = large & (_host(step) % 2 == 1)
        outcome.large[at] = large
        outcome.sign[at] = np.where((dominant > 0) != flipped, 1, -1)
        outcome.ratio[at] = _host(self._left[found]) / _host(self._right[found]) * (1 - 2.0**-40)


def _host(array: Array) -> Any:
    return array.cpu().numpy() if hasattr(array, "cpu") else array
