"""Adam and RMSprop: an enclosure of their states, and bounds of what their factors add. Claims M9 and M10.

In each coordinate the step is h' = h - gamma c' with gamma = 1 / ((1 - beta1^t) (1 + sqrt(v / (1 - beta2^t)) /
epsilon)). v is kept as s = sqrt v. docs/certificate.md, *Certificates for methods*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.exact import norm_above, root_bounds, up
from gdcheck.theorem.checker.methods.adaptive_step import Clock, Units, averages, slopes_of, weighted
from gdcheck.theorem.checker.methods.states import StateMap
from gdcheck.theorem.checker.outcome import at_step, within
from gdcheck.theorem.checker.trajectory import GROWTH_BITS, LOST_BITS, LocalExpansion

GUARD = 160
UNIT = 1 << GROWTH_BITS


def enclose_adaptive(
    states: StateMap, steepest: Fraction, step: int, bits: int
) -> tuple[list[Fraction], Fraction, Fraction, tuple[Fraction, Fraction]]:
    """Claim M9 (adaptive states): enclose the state of a step.

    Args:
        states: The linear part, with its bounds.
        steepest: An upper bound of u lambda.
        step: The step.
        bits: Bits after the point.

    Returns:
        Centre and radius of a ball that holds (h, c); a bound of the norm of s; and the bounds of the factors of the
        next step.
    """
    descent, linear, powers = states.expansion.descent, states.linear, states.powers
    adaptive = linear.adaptive
    assert adaptive is not None
    shallow = min(1 - linear.beta, 1 - adaptive.beta2)
    within(shallow * (1 << 40) > 1, "an average that forgets so slowly")
    n, root_n, u = descent.dimension, isqrt(descent.dimension) + 1, descent.step_size
    remainder = states.expansion.remainder
    keep, take = root_bounds(adaptive.beta2)[1], root_bounds(1 - adaptive.beta2)[1]
    units = Units(bits, bits)
    h, c, s = [int(x * units.one) for x in descent.start], [0] * n, [0] * n
    # Bounds of the distance to the state: of h, of c, of both in the norm of the powers, and of s.
    error, lag, starred, doubt = Fraction(root_n), Fraction(0), powers.error * root_n, Fraction(0)
    local, clock = LocalExpansion(states.expansion, bits), Clock(adaptive, linear.beta, bits + GUARD)
    lipschitz: dict[Fraction, Fraction] = {}
    for j in range(step):
        at_step(j, step)
        clock.tick()
        size = (isqrt(sum(x * x for x in (*h, *c))) + 2 + int(error) + 1).bit_length()
        if size >= LOST_BITS:
            return [Fraction(0)] * (2 * n), Fraction(LOST_BITS), Fraction(LOST_BITS), (Fraction(LOST_BITS),) * 2
        radius = Fraction(2) ** (size - units.fine)
        if radius not in lipschitz:
            lipschitz[radius] = up(remainder.lipschitz(radius), GROWTH_BITS)
        # Where the remainder u R is at most a unit, it is left out.
        left_out = int(remainder.push(radius) * (1 << size) <= 1)
        bias, per_root = (up(x, GROWTH_BITS) for x in clock.bounds())
        buffer, roots = averages(states, (h, c, s), units, linear_only=left_out == 1)
        before, h = h, [x - y for x, y in zip(h, weighted(buffer, roots, clock, units), strict=True)]
        slope, shrinks = steepest + lipschitz[radius], states.rho + powers.gradient * lipschitz[radius]
        reach, length = up(_length(roots, units.one_of_roots), GROWTH_BITS), _length(buffer, 1 << bits)
        if shrinks + powers.error * (per_root * reach + bias) >= 1:
            if local.bits != units.fine:
                local = LocalExpansion(states.expansion, units.fine)
            slope = min(slope, 1 + Fraction(local.growth(before, int(error) + 1, size), UNIT))
        change = up(linear.beta * lag + slope * error, GROWTH_BITS)
        moved = up((slope * error + left_out) / units.ratio, GROWTH_BITS)
        doubt = up(keep * doubt + take / u * moved + 3 * root_n, GROWTH_BITS)
        factors = bias, per_root, clock.least_root()
        widest, bends = slopes_of(buffer, roots, (change, doubt), factors, units.one_of_roots)
        # Rounding of h and c, and of gamma, whose relative rounding error is below 2^-bits.
        rounding = 3 * root_n + (1 + bias) * (length + root_n + 1 + left_out)
        added = powers.error * ((bias + per_root * reach) * change + bends + rounding)
        starred = up(shrinks * starred + added + powers.buffer * (root_n + left_out), GROWTH_BITS)
        error = up(error + widest * change + bends + rounding, GROWTH_BITS)
        lag = change + root_n + left_out if linear.beta else Fraction(0)
        starred = min(starred, powers.error * error + powers.buffer * lag)
        error, lag = min(error, starred), min(lag, starred)
        c, s = buffer if linear.beta else [0] * n, roots
        finer = units.finer(((*h, *c), error), (s, doubt), bits)
        fine, coarse = 1 << finer.fine - units.fine, 1 << finer.coarse - units.coarse
        h, c, s = [x * fine for x in h], [x * fine for x in c], [x * coarse for x in s]
        error, lag, starred, doubt, units = error * fine, lag * fine, starred * fine, doubt * coarse, finer
    clock.tick()
    average = _length(s, units.one_of_roots, doubt)
    return [Fraction(x, units.one) for x in (*h, *c)], norm_above((error, lag)) / units.one, average, clock.bounds()


def _length(vector: Sequence[int], one: int, error: Fraction = Fraction(0)) -> Fraction:
    return (isqrt(sum(x * x for x in vector)) + 1 + error) / one


@dataclass(frozen=True)
class Drift:
    """Claim M10 (drift): bounds of what the factors add to each step from one step on, divided by the state's norm.

    Attributes:
        largest: A bound for every later step.
        fixed: The part of the bound of their sum that does not depend on sigma.
        fresh: The other part, times 1 - sigma.
    """

    largest: Fraction = Fraction(0)
    fixed: Fraction = Fraction(0)
    fresh: Fraction = Fraction(0)

    @classmethod
    def of(
        cls, states: StateMap, steepest: Fraction, r: Fraction, average: Fraction, factors: tuple[Fraction, Fraction]
    ) -> Drift:
        """Bound the drift on the ball of radius r.

        Args:
            states: The method, with its bounds.
            steepest: An upper bound of u lambda.
            r: The radius.
            average: A bound of the norm of s.
            factors: The bounds of the factors of the next step.
        """
        linear, remainder, k = states.linear, states.expansion.remainder, states.powers.error
        adaptive = linear.adaptive
        assert adaptive is not None
        bias, per_root = factors
        slope = steepest + remainder.push(r)
        weight = k * norm_above((linear.beta, slope))
        gradient = slope / remainder.step_size * r
        keep, take = root_bounds(adaptive.beta2)[1], root_bounds(1 - adaptive.beta2)[1]
        roots = per_root / (1 - keep)
        return cls(
            weight * (bias + per_root * max(average, gradient)),
            weight * (bias / (1 - linear.beta) + roots * keep * average),
            weight * roots * take * gradient,
        )

    def total(self, sigma: Fraction) -> Fraction:
        """Return a bound of their sum."""
        return self.fixed + self.fresh / (1 - sigma)
