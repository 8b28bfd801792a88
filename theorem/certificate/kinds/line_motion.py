r"""Gradient descent on a line, F(t) = t − ηφ′(t) around its fixed point 0, followed exactly.

φ is a polynomial plus truncated powers, so F is a polynomial on either side of 0 up to the nearest kink. Write F(t) =
q(t) t there. The multiplier is q(0), and bounds of |q(t) − q(0)| on an interval prove signs, decay and growth for every
start in it (docs/certificate.md, *Separable certificates*).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flint import fmpq, fmpq_poly

from gdcheck.theorem.descent.expansion import Expansion

Interval = tuple[fmpq, fmpq]
_ZERO, _ONE = fmpq(0), fmpq(1)
_IDENTITY = fmpq_poly([1])


class NotShownError(Exception):
    """An inequality does not hold with these radii, so nothing follows from it."""


class Fate(Enum):
    """What happens to a coordinate, for every start in its interval."""

    DECAYS = "tends to zero and never is zero"
    LEAVES = "moves away from zero"
    STAYS = "never moves"
    VANISHES = "is zero after one step at most"


@dataclass(frozen=True)
class Motion:
    """The motion of one coordinate, for every start in its interval.

    Attributes:
        fate: What happens to it.
        square: The square of the factor by which it shrinks a step in the long run, or an upper bound of it.
        sign: Its sign at even steps in the long run; 0 if that is unknown.
        turn: 1 if its sign settles, −1 if it alternates; 0 if that is unknown.
    """

    fate: Fate
    square: fmpq = _ZERO
    sign: int = 0
    turn: int = 0


@dataclass(frozen=True)
class Line:
    """One coordinate of gradient descent.

    Attributes:
        step_size: η.
        polynomial: The polynomial part of φ.
        powers: The truncated powers c (a t + b)₊^p as (c, a, b, p), a ≠ 0.
    """

    step_size: fmpq
    polynomial: fmpq_poly
    powers: tuple[tuple[fmpq, fmpq, fmpq, int], ...]

    def on(self, low: fmpq, high: fmpq) -> fmpq_poly:
        """Return F on an interval, low < high, without a kink inside.

        Raises:
            NotShownError: If there is a kink inside.
        """
        gradient = self.polynomial.derivative()
        for c, a, b, p in self.powers:
            here, there = a * low + b, a * high + b
            if here * there < 0:
                raise NotShownError
            if here > 0 or there > 0:
                gradient += c * p * a * fmpq_poly([b, a]) ** (p - 1)
        return fmpq_poly([0, 1]) - self.step_size * gradient

    def ratio(self, side: int, reach: fmpq | None = None) -> fmpq_poly:
        """Return q with F(t) = q(t) t on a side of 0, up to the reach; without one, up to the nearest kink."""
        if reach is None:
            reach = min([_ONE, *(abs(b / a) for _, a, b, _ in self.powers if b)])
        image = self.on(_ZERO, reach) if side > 0 else self.on(-reach, _ZERO)
        return fmpq_poly(image.coeffs()[1:])


def lines(expansion: Expansion) -> list[Line] | None:
    """Split a loss into functions of one variable each.

    Args:
        expansion: The loss at its minimizer.

    Returns:
        A line for each variable; None if some term holds two variables.
    """
    n = expansion.dimension
    coefficients: list[dict[int, fmpq]] = [{} for _ in range(n)]
    for exponents, c in expansion.terms:
        used = [i for i, e in enumerate(exponents) if e]
        if len(used) != 1:
            return None
        coefficients[used[0]][exponents[used[0]]] = c
    powers: list[list[tuple[fmpq, fmpq, fmpq, int]]] = [[] for _ in range(n)]
    for t in expansion.truncated:
        used = [i for i, a in enumerate(t.direction) if a]
        if len(used) != 1:
            return None
        powers[used[0]].append((t.coefficient, t.direction[used[0]], t.offset, t.power))
    return [
        Line(
            expansion.step_size,
            fmpq_poly([found.get(e, _ZERO) for e in range(max(found, default=0) + 1)]),
            tuple(bends),
        )
        for found, bends in zip(coefficients, powers, strict=True)
    ]


def follow(line: Line, starts: Interval, radii: Interval) -> Motion:
    """Follow every start of an interval.

    Args:
        line: The coordinate.
        starts: The interval of starts, as displacements from 0.
        radii: The radii of the intervals on the negative and the positive side on which F is examined; both positive.

    Returns:
        The motion.

    Raises:
        NotShownError: If the radii do not suffice.
    """
    low, high = starts
    if low == high == 0:
        return Motion(Fate.VANISHES)
    kinked = any(low < -b / a < high for _, a, b, _ in line.powers)
    if low < high and not kinked and not line.on(low, high):
        return Motion(Fate.VANISHES)
    _require(-radii[0] <= low and high <= radii[1])
    reach = {-1: radii[0], 1: radii[1]}
    ratios = {side: line.ratio(side, reach[side]) for side in (-1, 1)}
    if all(q == _IDENTITY for q in ratios.values()):
        return Motion(Fate.STAYS)
    most = {side: abs(q[0]) + _spread(q, reach[side]) for side, q in ratios.items()}
    if low <= 0 <= high or not all(q[0] for q in ratios.values()):
        factor = max(most.values())
        _require(factor < 1 and factor * max(radii) <= min(radii))
        return Motion(Fate.DECAYS, factor**2)
    side = 1 if low > 0 else -1
    flips = {s: q[0] < 0 for s, q in ratios.items()}
    for s in (side, -side) if flips[side] else (side,):
        _require(abs(ratios[s][0]) > _spread(ratios[s], reach[s]))
    if flips[side]:
        _require(most[side] * reach[side] <= reach[-side])
    if flips[side] and flips[-side]:
        # It changes sides at every step: two steps map a side into itself.
        identity = fmpq_poly([0, 1])
        twice = (identity * ratios[-side])(identity * ratios[side])
        fate, square = _growth(fmpq_poly(twice.coeffs()[1:]), side, reach[side])
        return Motion(fate, square, side, -1)
    settled = -side if flips[side] else side
    fate, factor = _growth(ratios[settled], settled, reach[settled])
    return Motion(fate, factor**2, settled, 1)


def _require(holds: bool) -> None:
    if not holds:
        raise NotShownError


def _spread(ratio: fmpq_poly, reach: fmpq, lowest: int = 0) -> fmpq:
    """Return a bound of |Σ q_e t^(e − lowest)| over e > lowest, for |t| ≤ reach."""
    return sum((abs(c) * reach ** (e - lowest) for e, c in enumerate(ratio.coeffs()) if e > lowest), _ZERO)


def _growth(ratio: fmpq_poly, side: int, reach: fmpq) -> tuple[Fate, fmpq]:
    """Return whether t ↦ q(t) t, q > 0, shrinks or grows on a whole side, 0 < |t| ≤ reach; and q(0)."""
    factor = ratio[0]
    if factor != 1:
        _require(abs(factor - 1) > _spread(ratio, reach))
        return Fate.DECAYS if factor < 1 else Fate.LEAVES, factor
    order = next((e for e, c in enumerate(ratio.coeffs()) if e and c), 0)
    _require(order > 0 and abs(ratio[order]) > _spread(ratio, reach, order))
    return Fate.DECAYS if ratio[order] * side**order < 0 else Fate.LEAVES, _ONE
