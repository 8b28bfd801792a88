"""The step at which the exact trajectory enters a ball, found in fixed point with as many bits as it needs.

Near an unstable point errors grow at every step: in floats, rounding errors alone make the trajectory leave it much too
early. The error of this walk is estimated, and bits below it are dropped as it grows; the checker verifies the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import dist, hypot, log2

import numpy as np
from flint import fmpz

from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.fixed_point import FixedPoint
from gdcheck.theorem.loss.rational import to_float

_LADDER = (256, 4096)
_LEAST_BITS, _SPARE_BITS, _DROP_EVERY = 128, 48, 64
_WORK = 20_000_000
_ACCURACY = 2.0**-12
_SHORT = 80  # Bits of the iterates that are converted to floats.


@dataclass(frozen=True)
class Entry:
    """Where a trajectory enters: the step, and the bits that an enclosure needs at the beginning."""

    step: int
    bits: int


def entry(
    problem: Problem,
    floats: FloatMap,
    arrived: Callable[[Sequence[float], int], bool],
    accuracy: float,
    max_steps: int,
) -> Entry | None:
    """Walk until the trajectory arrives.

    Args:
        problem: A problem with a polynomial loss.
        floats: F in floats.
        arrived: Tells, from an iterate in floats and its step, whether the walk ends there.
        accuracy: The accuracy that this iterate needs.
        max_steps: Steps allowed.

    Returns:
        The step, and the bits that an enclosure needs; None if it does not arrive within the steps, or needs more than
        4096 bits.
    """
    for bits in _LADDER:
        walk = _Walk(problem, floats, bits)
        if walk.until(arrived, accuracy, max_steps):
            return Entry(walk.step, int(1.05 * (bits - walk.known_bits)) + int(-log2(accuracy)) + 64)
        if walk.known_bits > -log2(accuracy):
            return None
    return None


class _Walk:
    """A trajectory in units of 2^-bits, with an estimate of its error in the same units."""

    def __init__(self, problem: Problem, floats: FloatMap, bits: int) -> None:
        self._floats = floats
        self._centre = [to_float(a) for a in problem.minimizer]
        self._map = FixedPoint(problem)
        self._bits = bits
        self._error = 1.0 + problem.dimension
        self._z = [(a * (fmpz(1) << bits)).floor() for a in problem.displacement]
        self._growth, self._known_at = 1.0, [float("inf")] * problem.dimension
        self.step = 0

    @property
    def known_bits(self) -> float:
        """Return the number of correct bits after the point."""
        return self._bits - log2(self._error)

    def until(self, arrived: Callable[[Sequence[float], int], bool], accuracy: float, max_steps: int) -> bool:
        """Continue the walk; return whether the trajectory arrives before its bits or the steps are used up."""
        most = min(max_steps, _WORK // self._map.cost)
        while True:
            h = self._as_floats()
            x = [a + b for a, b in zip(h, self._centre, strict=True)]
            if arrived(x, self.step):
                return True
            if self.step == most or not hypot(*h) < 2.0**64:
                return False
            if self.step % _DROP_EVERY == 0:
                self._drop()
                if self.known_bits <= -log2(accuracy):
                    return False
            if not dist(h, self._known_at) < _ACCURACY * (_ACCURACY + hypot(*h)):
                hessian = np.eye(len(x)) - self._floats.step_size * np.array(self._floats.hessian(x))
                self._growth, self._known_at = float(np.linalg.norm(hessian, 2)), h
            self._z = self._map(self._z, self._bits)
            self._error = self._error * self._growth + self._map.rounding(hypot(*h))
            self.step += 1

    def _as_floats(self) -> list[float]:
        shift = self._bits - _SHORT
        return [float(int(a >> shift)) * 2.0**-_SHORT for a in self._z]

    def _drop(self) -> None:
        spare = min(int(log2(self._error)) - _SPARE_BITS, self._bits - _LEAST_BITS)
        if spare >= _DROP_EVERY:
            self._z = [a >> spare for a in self._z]
            self._error = self._error * 2.0**-spare + 1 + len(self._z)
            self._bits -= spare
