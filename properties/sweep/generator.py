"""The problems of a sweep, drawn by counter: each is a function of seed, spec and index alone.

Batch b has its own key of Philox (J. Salmon et al., SC 2011); row r of it starts at counter r·c, so one row is made
as well alone as with its batch. From the random words on, only operations that IEEE 754 rounds in one way are used:
sums, products, quotients, square roots, and scaling by powers of two. The numbers are then the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gdcheck.properties.sweep.momentum import Line
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.columns import Batch, Momentum
from gdcheck.theorem.descent.expansion import Exponents

Floats = npt.NDArray[np.float64]

_WORDS = 4
"""64-bit words that one step of Philox's counter yields."""

_NEWTON = 4
_PART = 4096


@dataclass(frozen=True)
class Generator:
    """The problems of a run.

    Attributes:
        seed: The seed, from 0 to 2⁶⁴ − 1.
        spec: What the problems look like.
    """

    seed: int
    spec: Spec

    def exponents(self, number: int) -> tuple[Exponents, ...]:
        """Return the exponents that the problems of a batch share; the first term has the full degree."""
        n, degree = self.spec.variables, self.spec.degree
        bits = self._bits(2 * number + 1)
        found: dict[Exponents, None] = {}
        while len(found) < self.spec.terms:
            draws = [int(word) for word in bits.random_raw(1 + degree)]
            order = 3 + draws[0] % (degree - 2) if found else degree
            alpha = [0] * n
            for draw in draws[1 : 1 + order]:
                alpha[draw % n] += 1
            found[tuple(alpha)] = None
        return tuple(sorted(found))

    def batch(self, number: int, rows: slice) -> Batch:
        """Return some rows of a batch.

        Args:
            number: The batch.
            rows: Which rows, with start and stop.

        Returns:
            The problems.
        """
        exponents, n, count = self.exponents(number), self.spec.variables, rows.stop - rows.start
        whole = Batch(
            exponents,
            np.empty((n, count)),
            np.empty((len(exponents), count)),
            np.empty(count),
            np.empty((n, count)),
            momentum=None if self._plain else Momentum(np.empty(count), self.spec.method == "nesterov"),
        )
        # A part at a time stays in the cache.
        for first in range(0, count, _PART):
            part = slice(first, min(first + _PART, count))
            drawn = self._problems(exponents, self._uniform(number, rows.start + first, part.stop - first))
            whole.spectrum[:, part], whole.coefficients[:, part] = drawn.spectrum, drawn.coefficients
            whole.step_size[part], whole.start[:, part] = drawn.step_size, drawn.start
            if whole.momentum is not None and drawn.momentum is not None:
                whole.momentum.beta[part] = drawn.momentum.beta
        return whole

    @property
    def _plain(self) -> bool:
        return self.spec.method == "gradient-descent"

    def _bits(self, key: int) -> np.random.Philox:
        return np.random.Philox(key=np.array([self.seed, key], dtype=np.uint64))

    def _uniform(self, number: int, first: int, count: int) -> Floats:
        """Numbers k/2³² in [0, 1), of shape (as many as a row needs, count)."""
        needed = 5 + self.spec.terms + 2 * self.spec.variables + (0 if self._plain else 1)
        words = -(-needed // (2 * _WORDS)) * _WORDS
        bits = self._bits(2 * number)
        bits.advance(first * words // _WORDS)
        # Over the full range these are the generator's words as they are, and come much faster than from random_raw.
        raw = np.random.Generator(bits).integers(0, 2**64 - 1, (count, words), dtype=np.uint64, endpoint=True)
        halves = raw.astype("<u8", copy=False).view("<u4")
        return np.ascontiguousarray(halves[:, :needed].T) * 2.0**-32

    def _problems(self, exponents: tuple[Exponents, ...], u: Floats) -> Batch:
        spec, n = self.spec, self.spec.variables
        regime, near, distance, low, spread, reach, dominant = u[:7]
        coefficients = (2 * u[7 : 7 + spec.terms] - 1) * spec.coefficient
        after = 5 + spec.terms + n
        between, direction = u[7 + spec.terms : after], 2 * u[after : after + n] - 1
        lowest = spec.lowest[0] + (spec.lowest[1] - spec.lowest[0]) * low
        highest = lowest * (spec.condition[0] + (spec.condition[1] - spec.condition[0]) * spread)
        # Strictly between the ends, which are simple.
        interior = lowest + (highest - lowest) * (1 / 64 + 31 / 32 * between)
        small = regime < spec.small_step_share
        momentum = None
        if self._plain:
            eta = self._step_size(small, near < spec.near_share, distance, lowest, highest)
            slack = np.where(small, eta * lowest, 2 - eta * highest)
        else:
            beta = spec.momentum[0] + (spec.momentum[1] - spec.momentum[0]) * u[-1]
            momentum = Momentum(beta, spec.method == "nesterov")
            line = Line.of(beta, lowest, highest, looks_ahead=momentum.looks_ahead)
            nearness = np.where(near < spec.near_share, _magnitude(distance, spec.closest_bits), 0)
            eta, small = line.place(regime, spec.small_step_share, distance, nearness)
            # A bound of 1 − ρ from below, about; and starts so near that powers of the linear part do not matter.
            slack = np.minimum(eta * lowest, np.minimum(1 - beta, (line.limit - eta) * highest)) / 16
        radius = _contracting_radius(exponents, coefficients * eta, slack)
        direction[0] *= np.where(small, _magnitude(dominant, spec.dominant_bits), 1)
        direction[-1] *= np.where(small, 1, _magnitude(dominant, spec.dominant_bits))
        length = np.sqrt(_sum(direction * direction) + 2.0**-100)
        start = direction * (radius * (spec.start[0] + (spec.start[1] - spec.start[0]) * reach) / length)
        spectrum = np.concatenate([lowest[None], interior, highest[None]])
        return Batch(exponents, spectrum, coefficients, eta, start, momentum=momentum)

    def _step_size(
        self, small: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_], where: Floats, lowest: Floats, highest: Floats
    ) -> Floats:
        boundary = 2 / (lowest + highest)
        room = np.where(small, boundary, 2 / highest - boundary)
        away = np.where(near, boundary * _magnitude(where, self.spec.closest_bits), room * (self.spec.farthest * where))
        # An even draw of exactly zero would lie on the boundary.
        away = np.maximum(np.minimum(away, self.spec.farthest * room), boundary * 2.0**-44)
        return np.where(small, boundary - away, boundary + away)


def _magnitude(u: Floats, bits: int) -> Floats:
    """From 1 down to 2^−bits, each power of two as often as any other."""
    scaled = u * bits
    whole = np.floor(scaled)
    magnitude: Floats = np.ldexp(1 - (scaled - whole) / 2, -whole.astype(np.int64))
    return magnitude


def _sum(rows: Floats) -> Floats:
    # One after the other: the order in which numpy's sum adds is not promised.
    total: Floats = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total


def _contracting_radius(exponents: tuple[Exponents, ...], coefficients: Floats, slack: Floats) -> Floats:
    """Return a radius, at most 1, up to which the crudest bound of the higher-order part is about 1 − ρ."""
    top = max(map(sum, exponents))
    sizes = [np.zeros_like(slack) for _ in range(top - 2)]
    for alpha, c in zip(exponents, coefficients, strict=True):
        sizes[sum(alpha) - 3] += sum(alpha) * np.abs(c)
    radius = np.minimum(1, slack / (_sum(np.stack(sizes)) + 2.0**-100))
    for _ in range(_NEWTON):
        value, slope = np.zeros_like(slack), np.zeros_like(slack)
        for size in reversed(sizes):
            slope = slope * radius + value
            value = value * radius + size
        slope = slope * radius + value
        value = value * radius
        radius = np.minimum(1, radius + (slack - value) / (slope + 2.0**-100))
    return radius
