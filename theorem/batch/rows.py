"""The working state of a block of rows: iterates, error bounds, and the certificate's test at each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gdcheck.theorem.batch.bounds import DOWN, LARGEST_RADIUS, UP, Bounds, Reading
from gdcheck.theorem.batch.columns import Batch, Outcome, State, on_host
from gdcheck.theorem.batch.momentum import MomentumProgram, momentum_bounds
from gdcheck.theorem.batch.program import Array, StepProgram, compile_step

Program: TypeAlias = StepProgram | MomentumProgram

_FIRST_ERROR = 2.0**-400
_SQUARED_FLOOR = 2.0**-600
_UNIT = 2.0**-53
_TIDY = 16
_FULL = 0.6


def program_of(batch: Batch) -> Program:
    """Compile the step of a batch."""
    step = compile_step(batch.dimension, batch.exponents)
    return step if batch.momentum is None else MomentumProgram(step, batch.momentum.looks_ahead)


@dataclass(eq=False)
class Rows:
    """Some rows that are still open; one array for each quantity, one entry for each row.

    Attributes:
        program: The compiled step.
        xp: The array namespace.
        ids: The rows' indices in the outcome.
        before: The number of steps made before this block was put together.
        here: The states: the iterates ŷ, n arrays, and with momentum the n buffers.
        error: e.
        bounds: The certificate's constants.
        map_error: The batch's bound on the map error.
    """

    program: Program
    xp: Any
    ids: Array
    before: Array
    here: list[Array]
    error: Array
    bounds: Bounds
    map_error: float

    @classmethod
    def of(cls, program: Program, batch: Batch, part: slice, outcome: Outcome, *, xp: Any, device: Any) -> Rows:
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
        if isinstance(program, MomentumProgram):
            bounds = momentum_bounds(program, xp, columns, map_error=batch.map_error)
        else:
            bounds = Bounds.of(
                program, xp, columns.spectrum, columns.coefficients, columns.step_size, map_error=batch.map_error
            )
        ids = xp.asarray(np.arange(batch.rows)[part], device=device)
        outcome.state[on_host(ids[~bounds.valid])] = State.OUTSIDE
        error = 0 * columns.step_size + _FIRST_ERROR
        if batch.map_error:
            error = error + xp.sqrt(sum(y * y for y in columns.start)) * (batch.map_error * UP)
        if bounds.reading is not None:
            # The error is kept in the norm of states.
            error = error * bounds.reading.weight * UP
        rows = cls(program, xp, ids, 0 * ids, program.state(xp, columns.start), error, bounds, batch.map_error)
        return rows if bool(xp.all(bounds.valid)) else rows.only(bounds.valid)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Return several blocks as one."""
        if len(parts) == 1:
            return parts[0]
        columns = [rows._columns() for rows in parts]
        join = parts[0].xp.concatenate
        return parts[0]._with([join(same) for same in zip(*columns, strict=True)])

    @property
    def looks_ahead(self) -> bool:
        """Whether the method is Nesterov's."""
        return isinstance(self.program, MomentumProgram) and self.program.looks_ahead

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
        r = b.reading
        read = [] if r is None else [r.weight, r.lean, r.lag, r.blur, r.turning]
        return [*single, *self.here, *b.multipliers, *b.coefficients, *read, *b.degrees]

    def _with(self, columns: list[Array]) -> Rows:
        ids, before, error, rho_high, rho_low, slack, room, large, valid, *rest = columns
        states, count, terms = len(self.here), len(self.bounds.multipliers), len(self.program.exponents)
        here, multipliers, rest = rest[:states], rest[states : states + count], rest[states + count :]
        coefficients, rest, reading = rest[:terms], rest[terms:], None
        if self.bounds.reading is not None:
            reading, rest = Reading(*rest[:5]), rest[5:]
        bounds = Bounds(multipliers, coefficients, rest, rho_high, rho_low, slack, room, large, valid, reading)
        return Rows(self.program, self.xp, ids, before, here, error, bounds, self.map_error)

    def run(self, outcome: Outcome, max_steps: int, keep: int) -> Rows:
        """Step until only few rows are open.

        Args:
            outcome: Where finished rows are noted.
            max_steps: The number of steps after which a row is given up.
            keep: Stop when at most this many rows are open.

        Returns:
            The rows that are still open, at most ``keep``.
        """
        rows = self
        while rows.count > keep:
            rows = rows._descend(outcome, max_steps, int(_FULL * rows.count))
        return rows

    def _descend(self, outcome: Outcome, max_steps: int, few: int) -> Rows:
        """Step until at most ``few`` rows are open, and return those."""
        xp, program, places = self.xp, self.program, self._places()
        add, multiply = xp.add, xp.multiply
        here, there = self.here, [xp.empty_like(self.error) for _ in self.here]
        scratch = [xp.empty_like(self.error) for _ in range(program.scratch)]
        mu, scaled = self.bounds.multipliers, self.bounds.coefficients
        test = _Test(self)
        growth = (program.growth * _UNIT * (1 + 2.0**-20) + self.map_error) * UP
        base: Array = 3.0
        if self.bounds.reading is not None:
            weight = self.bounds.reading.weight
            base = 3.0 * weight
            growth = (3 * UP) * (growth + self.map_error) * weight
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
            # e ← (ρ + (D−1)x) e + G(3 + x) R, or with momentum 3G(3K + x) K R in the place of the last term; within the
            # invariant ball the same numbers serve until the next test.
            x = test.x if inside else test.one_step()
            multiply(x, lipschitz, out=test.factor)
            add(test.factor, self.bounds.rho_high, out=test.factor)
            add(x, base, out=test.rounding)
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
    """Return the number of steps to the next test: late in a run, a few steps more matter less."""
    # A test costs about as much as a step with momentum, and two thirds of one without.
    return 1 if step < 2 else 2 if step < 6 else 4 if step < 16 else 8


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
        """Update R and x(R); return where the iterate is within the ball on which bounds are kept."""
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
        self._polynomial(radius, x)
        self.inside = x <= bounds.slack
        if bounds.reading is None:
            return radius <= LARGEST_RADIUS
        return radius * bounds.reading.weight <= LARGEST_RADIUS

    def _polynomial(self, radius: Array, out: Array) -> None:
        """Evaluate x, with momentum X, at a radius."""
        xp, degrees = self._rows.xp, self._rows.bounds.degrees
        xp.multiply(degrees[-1], radius, out=out)
        for degree in reversed(degrees[:-1]):
            xp.add(out, degree, out=out)
            xp.multiply(out, radius, out=out)

    def one_step(self) -> Array:
        """Return x(R), valid for one step; with momentum that is K w x(R) = X(R/K)."""
        reading = self._rows.bounds.reading
        if reading is None:
            return self.x
        self._polynomial(self.radius / reading.weight * UP, self._right)
        return self._right

    def holds(self, y: Sequence[Array], error: Array) -> Array:
        """Return where the inequality holds, for the R and x measured last."""
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
        left = xp.abs(self._amplitude(y, error))
        xp.subtract(left, self._blur(error), out=left)
        multiply(left, bounds.room, out=left)
        self._left = left
        return self._contracts & (left > right)

    def hopeless(self, error: Array) -> Array:
        """Return where the dominant component is below its error, and the tail below that: more steps will not help."""
        return self._contracts & (self._left <= 0.0) & (self._right < self._blur(error) * self._rows.bounds.room)

    def _amplitude(self, y: Sequence[Array], error: Array) -> Array:
        """Return the dominant amplitude, with its sign."""
        bounds, xp = self._rows.bounds, self._rows.xp
        reading = bounds.reading
        if reading is None:
            return xp.where(bounds.large, y[-1], y[0])
        n = self._rows.program.dimension
        here, buffer = xp.where(bounds.large, y[n - 1], y[0]), xp.where(bounds.large, y[-1], y[n])
        real = reading.lean * here + reading.lag * buffer
        if not bool(xp.any(reading.turning)):
            return real
        if self._rows.looks_ahead:
            size = xp.sqrt(here * here + buffer * buffer) * DOWN
        else:
            # ‖ẑ‖ itself, from below.
            size = xp.maximum(self.radius * (DOWN * DOWN) - error, 0 * error)
        return xp.where(reading.turning, size * reading.lean, real)

    def _blur(self, error: Array) -> Array:
        """Return a bound of the error of the amplitude that is read."""
        if self._rows.bounds.reading is not None:
            return error + self.radius * self._rows.bounds.reading.blur
        return error + self.radius * (self._rows.map_error * UP) if self._rows.map_error else error

    def note(
        self, outcome: Outcome, state: State, found: Array, *, step: Array, y: Sequence[Array], error: Array
    ) -> None:
        """Note the result of some rows."""
        rows = self._rows
        at = on_host(rows.ids[found])
        outcome.state[at] = state
        outcome.step[at] = on_host(step)
        outcome.radius[at] = on_host(self.radius[found])
        outcome.error[at] = on_host(error[found])
        if state is not State.PROVED:
            return
        large = on_host(rows.bounds.large[found])
        dominant = on_host(self._amplitude(y, error)[found])
        flipped = large & (on_host(step) % 2 == 1)
        outcome.large[at] = large
        outcome.sign[at] = np.where((dominant > 0) != flipped, 1, -1)
        if rows.bounds.reading is not None:
            turning = on_host(rows.bounds.reading.turning[found])
            outcome.turning[at] = turning
            outcome.sign[at[turning]] = 0
        outcome.ratio[at] = on_host(self._left[found]) / on_host(self._right[found]) * (1 - 2.0**-40)
