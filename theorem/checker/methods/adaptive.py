"""Adam and RMSprop: an enclosure of their states, and bounds of what their factors add. Claims M9 and M10.

In each coordinate the step is h' = h - gamma c' with gamma = 1 / ((1 - beta1^t) (1 + sqrt(v / (1 - beta2^t)) /
epsilon)). v is kept as s = sqrt v. docs/certificate.md, *Certificates for methods*.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.exact import norm_above, root_bounds, up
from gdcheck.theorem.checker.methods.linear import Adaptive
from gdcheck.theorem.checker.methods.states import StateMap
from gdcheck.theorem.checker.outcome import at_step, within
from gdcheck.theorem.checker.trajectory import GROWTH_BITS, LOST_BITS, LocalExpansion

GUARD = 160
UNIT = 1 << GROWTH_BITS


@dataclass
class Clock:
    """The powers beta1^t and beta2^t in units of 2^-bits, rounded down; each is wrong by at most t units."""

    adaptive: Adaptive
    beta1: Fraction
    bits: int
    t: int = 0
    first: int = 0
    second: int = 0

    def __post_init__(self) -> None:
        """Set t = 0."""
        self.first = self.second = 1 << self.bits

    def tick(self) -> None:
        """Move to the next step."""
        self.t += 1
        self.first = self.first * self.beta1.numerator // self.beta1.denominator
        self.second = self.second * self.adaptive.beta2.numerator // self.adaptive.beta2.denominator

    def corrections(self) -> tuple[int, int]:
        """Return 1 - beta1^t and sqrt(1 - beta2^t) in units of 2^-bits; both are one without bias correction."""
        one = 1 << self.bits
        if not self.adaptive.corrects_bias:
            return one, one
        return one - self.first, isqrt((one - self.second) << self.bits)

    def least_root(self) -> Fraction:
        """Return a lower bound of 1 / (epsilon sqrt(1 - beta2^t))."""
        most = root_bounds(Fraction((1 << self.bits) - self.second, 1 << self.bits))[1]
        return 1 / (self.adaptive.epsilon * (most if self.adaptive.corrects_bias else 1))

    def bounds(self) -> tuple[Fraction, Fraction]:
        """Return upper bounds of beta1^t / (1 - beta1^t) and of 1 / (epsilon sqrt(1 - beta2^t))."""
        if not self.adaptive.corrects_bias:
            return Fraction(0), 1 / self.adaptive.epsilon
        one = 1 << self.bits
        most = self.first + self.t + 1
        squares = Fraction(one - self.second - self.t - 1, one)
        return Fraction(most, one - most), up(1 / (self.adaptive.epsilon * root_bounds(squares)[0]), GROWTH_BITS)


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
    n, u = descent.dimension, descent.step_size
    one, root_n = 1 << bits, isqrt(n) + 1
    keep, take = root_bounds(adaptive.beta2)[1], root_bounds(1 - adaptive.beta2)[1]
    h, c, s = [int(x * one) for x in descent.start], [0] * n, [0] * n
    # Bounds of the errors: of h, of c, and of both in the norm |z|_*.
    error, lag, doubt = Fraction(root_n), Fraction(0), Fraction(0)
    starred = powers.error * error
    local = LocalExpansion(states.expansion, bits)
    clock = Clock(adaptive, linear.beta, bits + GUARD)
    lipschitz: dict[int, Fraction] = {}
    for j in range(step):
        at_step(j, step)
        clock.tick()
        size = (isqrt(sum(x * x for x in (*h, *c))) + 2 + int(error) + 1).bit_length()
        if size >= LOST_BITS:
            lost = Fraction(LOST_BITS)
            return [Fraction(0)] * (2 * n), lost, lost, (lost, lost)
        if size not in lipschitz:
            lipschitz[size] = up(states.expansion.remainder.lipschitz(Fraction(1 << size, one)), GROWTH_BITS)
        bias, per_root = clock.bounds()
        bias = up(bias, GROWTH_BITS)
        buffer, roots = averages(states, (h, c, s), bits)
        before, h = h, [x - y for x, y in zip(h, weighted(buffer, roots, clock, bits), strict=True)]
        slope = steepest + lipschitz[size]
        shrinks = states.rho + powers.gradient * lipschitz[size]
        reach = Fraction(isqrt(sum(x * x for x in roots)) + 1, one)
        length = Fraction(isqrt(sum(x * x for x in buffer)) + 1, one)
        if shrinks + powers.error * (per_root * reach + bias) >= 1:
            slope = min(slope, 1 + Fraction(local.growth(before, int(error) + 1, size), UNIT))
        change = up(linear.beta * lag + slope * error, GROWTH_BITS)
        doubt = up(keep * doubt + take * slope / u * error + 3 * root_n, GROWTH_BITS)
        widest, steep = slopes_of(buffer, roots, (change, doubt), (bias, per_root, clock.least_root()), one)
        bends = up(steep * doubt, GROWTH_BITS)
        differs = bias + per_root * reach
        # Rounding of h and c, and of gamma, whose relative rounding error is below 2^-bits.
        rounding = 3 * root_n + (1 + bias) * (length + 1)
        added = powers.error * (differs * change + bends + rounding) + powers.buffer * root_n
        starred = up(shrinks * starred + added, GROWTH_BITS)
        error = up(error + widest * change + bends + rounding, GROWTH_BITS)
        lag = change + root_n if linear.beta else Fraction(0)
        starred = min(starred, powers.error * error + powers.buffer * lag)
        error, lag = min(error, starred), min(lag, starred)
        c = buffer if linear.beta else [0] * n
        s = roots
    clock.tick()
    average = Fraction(isqrt(sum(x * x for x in s)) + 1, one) + doubt / one
    return [Fraction(x, one) for x in (*h, *c)], norm_above((error, lag)) / one, average, clock.bounds()


def slopes_of(
    buffer: list[int],
    roots: list[int],
    errors: tuple[Fraction, Fraction],
    factors: tuple[Fraction, Fraction, Fraction],
    one: int,
) -> tuple[Fraction, Fraction]:
    """Bound the effect of errors of c' and of s on gamma c', with gamma = 1 / ((1 - beta1^t) (1 + p s)).

    Args:
        buffer: c', in units of 1 / one.
        roots: s, in the same units.
        errors: Bounds of their errors, in the same units.
        factors: Upper bounds of beta1^t / (1 - beta1^t) and of p, and a lower bound of p.
        one: The number of units in 1.

    Returns:
        The largest gamma at the centre; and a bound of |c'| times the modulus of d gamma / d s within the errors.
    """
    (change, doubt), (bias, most, least) = errors, factors
    widest = (1 + bias) / (1 + least * min(roots) / one)
    steep = Fraction(0)
    for y, s in zip(buffer, roots, strict=True):
        within_reach = 1 + least * max(Fraction(0), s - doubt) / one
        steep = max(steep, up((abs(y) + 1 + change) / one / within_reach**2, GROWTH_BITS))
    return up(widest, GROWTH_BITS), most * (1 + bias) * steep


def averages(states: StateMap, state: tuple[list[int], list[int], list[int]], bits: int) -> tuple[list[int], list[int]]:
    """Return the buffer and the roots of the averaged squares after a step, in units of 2^-bits, rounded down."""
    (h, c, s), descent, linear = state, states.expansion.descent, states.linear
    assert linear.adaptive is not None
    moves, scale = descent.move(h, 1 << bits)
    pull = [x << bits for x in moves]  # u grad f, in units / scale
    beta, d = linear.beta.as_integer_ratio()
    buffer = [(beta * y * scale + d * p) // (d * scale) for y, p in zip(c, pull, strict=True)]
    up_, down = descent.step_size.as_integer_ratio()
    slopes = [p * down // (up_ * scale) for p in pull]
    keep, whole = linear.adaptive.beta2.as_integer_ratio()
    roots = [isqrt((keep * x * x + (whole - keep) * g * g) // whole) for x, g in zip(s, slopes, strict=True)]
    return buffer, roots


def weighted(buffer: list[int], roots: list[int], clock: Clock, bits: int) -> list[int]:
    """Return gamma c' in units of 2^-bits, each coordinate rounded down."""
    first, second = clock.corrections()
    epsilon = clock.adaptive.epsilon
    one = 1 << clock.bits
    found = []
    for y, s in zip(buffer, roots, strict=True):
        # 1 + s / (epsilon second), in units of 2^-(bits of the clock)
        inner = one + (((s << clock.bits) * epsilon.denominator << clock.bits - bits) // (epsilon.numerator * second))
        found.append(((y << clock.bits) << clock.bits) // (first * inner))
    return found


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
