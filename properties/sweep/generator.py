"""The problems of a sweep, drawn by counter: each is a function of seed, spec and index alone.

Batch b has its own key of Philox (J. Salmon et al., SC 2011); row r of it starts at counter r·c, so one row is made
as well alone as with its batch. From the random words on, only operations that IEEE 754 rounds in one way are used:
sums, products, quotients, square roots, and scaling by powers of two. The numbers are then the same on every machine,
and on every CUDA device, whose double precision rounds each of these correctly (torch's square root on a CPU does not).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gdcheck.properties.sweep.coordinates import draw_coordinates, in_range
from gdcheck.properties.sweep.momentum import Line
from gdcheck.properties.sweep.philox import halves, philox_words
from gdcheck.properties.sweep.spec import Spec
from gdcheck.theorem.batch.columns import Averages, Batch, Coordinates, Momentum, on_host
from gdcheck.theorem.descent.expansion import Exponents

_WORDS = 4
"""The number of 64-bit words in one step of Philox's counter."""

_NEWTON = 4
_PART, _DEVICE_PART = 4096, 2**18
"""The number of rows drawn at a time: the first fits into a processor's cache, the second fills a device."""


class _Drawn(NamedTuple):
    """Some rows of a batch, in the arrays of any namespace; see ``Batch``."""

    spectrum: Any
    coefficients: Any
    step_size: Any
    start: Any
    beta: Any
    others: Any
    coordinates: Any


def namespace_of(device: str) -> tuple[Any, str | None]:
    """Return the array namespace of a device, and its name there: NumPy and None for ``cpu``, else torch."""
    if device == "cpu":
        return np, None
    import torch  # noqa: PLC0415

    return torch, device


@dataclass(frozen=True)
class Generator:
    """The problems of a run.

    Attributes:
        seed: The seed, from 0 to 2⁶⁴ − 1.
        spec: The parameters of the problems.
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

    def batch(self, number: int, rows: slice, device: str = "cpu") -> Batch:
        """Return some rows of a batch.

        Args:
            number: The batch.
            rows: Which rows, with start and stop.
            device: Where they are drawn: ``cpu``, or torch's name of a device. They are returned on the host in either
                case.

        Returns:
            The problems.
        """
        exponents, n, count = self.exponents(number), self.spec.variables, rows.stop - rows.start
        xp, place = namespace_of(device)
        most = _PART if place is None else _DEVICE_PART
        spec = self.spec
        beta = None if spec.is_plain else np.empty(count)
        others = np.empty((2, count)) if spec.is_adaptive else None
        coordinates = np.empty((2, n, count)) if self._in_others else None
        wide, coefficients = np.empty((2, n, count)), np.empty((len(exponents), count))
        whole = _Drawn(wide[0], coefficients, np.empty(count), wide[1], beta, others, coordinates)
        for first in range(0, count, most):
            part = slice(first, min(first + most, count))
            shape = rows.start + first, part.stop - first
            u = self._uniform(number, *shape) if place is None else self._uniform_on(xp, place, number, *shape)
            for held, drawn in zip(whole, self._problems(xp, exponents, u), strict=True):
                if held is not None:
                    held[..., part] = on_host(drawn)
        return Batch(
            exponents,
            whole.spectrum,
            whole.coefficients,
            whole.step_size,
            whole.start,
            momentum=None if beta is None or spec.is_adaptive else Momentum(beta, spec.method == "nesterov"),
            averages=None
            if beta is None or others is None
            else Averages(beta, others[0], others[1], spec.method == "adam"),
            coordinates=None if coordinates is None else Coordinates(coordinates[0], coordinates[1]),
        )

    @property
    def _in_others(self) -> bool:
        """Whether the problems are stated in other coordinates than those in which they are drawn."""
        return self.spec.method == "preconditioned" or self.spec.is_adaptive

    def _bits(self, key: int) -> np.random.Philox:
        return np.random.Philox(key=np.array([self.seed, key], dtype=np.uint64))

    def _needed(self) -> tuple[int, int]:
        """Return how many numbers a row needs, and how many words hold them."""
        n = self.spec.variables
        needed = 5 + self.spec.terms + 2 * n + (2 * n if self._in_others else 0)
        needed += 3 if self.spec.is_adaptive else 0 if self.spec.is_plain else 1
        return needed, -(-needed // (2 * _WORDS)) * _WORDS

    def _uniform(self, number: int, first: int, count: int) -> Any:
        """Return numbers k/2³² in [0, 1), of shape (as many as a row needs, count)."""
        needed, words = self._needed()
        bits = self._bits(2 * number)
        bits.advance(first * words // _WORDS)
        # Over the full range, `integers` returns the generator's words unchanged, much faster than `random_raw` does.
        raw = np.random.Generator(bits).integers(0, 2**64 - 1, (count, words), dtype=np.uint64, endpoint=True)
        drawn = raw.astype("<u8", copy=False).view("<u4")
        return np.ascontiguousarray(drawn[:, :needed].T) * 2.0**-32

    def _uniform_on(self, xp: Any, device: Any, number: int, first: int, count: int) -> Any:
        """Make the same numbers on a device."""
        needed, words = self._needed()
        blocks = words // _WORDS
        raw = philox_words(xp, (self.seed, 2 * number), first * blocks, count * blocks, device)
        drawn = xp.stack(halves(raw.reshape(count, words)), 2).reshape(count, 2 * words)
        return xp.asarray(drawn[:, :needed].T, dtype=xp.float64) * 2.0**-32

    def _problems(self, xp: Any, exponents: tuple[Exponents, ...], u: Any) -> _Drawn:
        spec, n = self.spec, self.spec.variables
        regime, near, distance, low, spread, reach, dominant = u[:7]
        coefficients = (2 * u[7 : 7 + spec.terms] - 1) * spec.coefficient
        after = 5 + spec.terms + n
        between, direction = u[7 + spec.terms : after], 2 * u[after : after + n] - 1
        lowest = in_range(spec.lowest, low)
        highest = lowest * in_range(spec.condition, spread)
        # Strictly between the ends, which are simple.
        interior = lowest + (highest - lowest) * (1 / 64 + 31 / 32 * between)
        small = regime < spec.small_step_share
        beta: Any = None
        others = coordinates = None
        rest = u[after + n :]
        if self._in_others:
            coordinates, rest = draw_coordinates(xp, rest[: 2 * n], scaled=spec.is_plain), rest[2 * n :]
        if spec.is_plain:
            eta = self._step_size(xp, (small, near < spec.near_share), distance, (lowest, highest))
            slack = xp.where(small, eta * lowest, 2 - eta * highest)
        else:
            beta = in_range(spec.beta_ends, rest[0])
            line = Line.of(xp, beta, lowest, highest, looks_ahead=spec.method == "nesterov")
            nearness = xp.where(near < spec.near_share, _magnitude(xp, distance, spec.closest_bits), 0.0)
            eta, small = line.place(xp, regime, spec.small_step_share, distance, nearness)
            # An approximate lower bound of 1 − ρ, over 16: from starts so near, growth at first does not matter.
            slack = xp.minimum(eta * lowest, xp.minimum(1 - beta, (line.limit - eta) * highest)) / 16
        radius = _contracting_radius(xp, exponents, coefficients * eta, slack)
        direction[0] *= xp.where(small, _magnitude(xp, dominant, spec.dominant_bits), 1.0)
        direction[-1] *= xp.where(small, 1.0, _magnitude(xp, dominant, spec.dominant_bits))
        length = xp.sqrt(_sum(direction * direction) + 2.0**-100)
        start = direction * (radius * in_range(spec.start, reach) / length)
        spectrum = xp.concatenate([lowest[None], interior, highest[None]])
        if spec.is_adaptive:
            squares, epsilon = in_range(spec.beta2, rest[1]), in_range(spec.epsilon, rest[2])
            # Heavy ball's step size is η(1 − β₁)/ε.
            eta, others = eta * epsilon / (1 - beta), xp.stack([squares, epsilon])
        return _Drawn(spectrum, coefficients, eta, start, beta, others, coordinates)

    def _step_size(self, xp: Any, masks: tuple[Any, Any], where: Any, ends: tuple[Any, Any]) -> Any:
        (small, near), (lowest, highest) = masks, ends
        boundary = 2 / (lowest + highest)
        room = xp.where(small, boundary, 2 / highest - boundary)
        away = xp.where(
            near, boundary * _magnitude(xp, where, self.spec.closest_bits), room * (self.spec.farthest * where)
        )
        # An even draw of exactly zero would lie on the boundary.
        away = xp.maximum(xp.minimum(away, self.spec.farthest * room), boundary * 2.0**-44)
        return xp.where(small, boundary - away, boundary + away)


def _magnitude(xp: Any, u: Any, bits: int) -> Any:
    """Return numbers from 1 down to 2^−bits, each power of two equally often."""
    scaled = u * bits
    whole = xp.floor(scaled)
    powers = xp.asarray([2.0**-k for k in range(bits + 1)], dtype=xp.float64, device=u.device)
    return (1 - (scaled - whole) / 2) * powers[xp.asarray(whole, dtype=xp.int64)]


def _sum(rows: Any) -> Any:
    # One after the other, because a library's sum does not promise an order.
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    return total


def _contracting_radius(xp: Any, exponents: tuple[Exponents, ...], coefficients: Any, slack: Any) -> Any:
    """Return a radius, at most 1, up to which a crude bound of the higher-order part is at most about 1 − ρ."""
    top = max(map(sum, exponents))
    sizes = [xp.zeros_like(slack) for _ in range(top - 2)]
    for alpha, c in zip(exponents, coefficients, strict=True):
        sizes[sum(alpha) - 3] += sum(alpha) * xp.abs(c)
    one = xp.ones_like(slack)
    radius = xp.minimum(one, slack / (_sum(sizes) + 2.0**-100))
    for _ in range(_NEWTON):
        value, slope = xp.zeros_like(slack), xp.zeros_like(slack)
        for size in reversed(sizes):
            slope = slope * radius + value
            value = value * radius + size
        slope = slope * radius + value
        value = value * radius
        radius = xp.minimum(one, radius + (slack - value) / (slope + 2.0**-100))
    return radius
