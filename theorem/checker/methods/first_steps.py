"""All starts of Adam and RMSprop near the minimizer: Claim M15 (first steps) and Claim M16 (spread).

On a mode the linear part of step t is B_t z = B z - (b_t c', 0), with c' = s h + beta c and b_t = beta^t/(1 - beta^t);
b_t is zero without bias correction. In the norms |z|_(t) = sup_k rho^(t-k) |B_k ... B_(t+1) z| each step contracts by
rho.
docs/certificate.md, *Certificates for methods*; the argument is docs/methods.md, *Every start of Adam*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.exact import norm_above, root_bounds, up
from gdcheck.theorem.checker.methods.linear import Adaptive, Linear
from gdcheck.theorem.checker.methods.modes import Block, Mode, Powers
from gdcheck.theorem.checker.outcome import claim, look, show, within
from gdcheck.theorem.checker.reading.fields import Interval as Ends
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.checker.trajectory import Remainder

BITS, DIGITS = 512, 128
MOST_STEPS = 256

Pair = tuple[Interval, Interval]
"""The coordinates of h and of c on one mode."""


def _above(x: Fraction) -> Fraction:
    """Round up to 128 binary digits."""
    return up(x, max(0, DIGITS + x.denominator.bit_length() - x.numerator.bit_length()))


@dataclass(frozen=True)
class Step:
    """The numbers that depend on the index t of a step.

    Attributes:
        weight: 1 + b_t.
        bias: An upper bound of b_t.
        per_root: An upper bound of 1 / (epsilon sqrt(1 - beta2^t)), or of 1 / epsilon without bias correction.
    """

    weight: Interval
    bias: Fraction
    per_root: Fraction

    @classmethod
    def at(cls, beta: Fraction, adaptive: Adaptive, t: int) -> Step:
        """Return the numbers of step t, counted from 1."""
        if not adaptive.corrects_bias:
            return cls(Interval.exactly(1, BITS), Fraction(0), 1 / adaptive.epsilon)
        weight = 1 / (1 - beta**t)
        root = root_bounds(1 - adaptive.beta2**t)[0]
        return cls(Interval.exactly(weight, BITS), _above(weight) - 1, _above(1 / (adaptive.epsilon * root)))


@dataclass(frozen=True)
class Modes:
    """The modes of a method, with their verified bounds.

    Attributes:
        linear: The method.
        blocks: The matrices of all modes.
        rho: An interval of rho.
        powers: The bounds of their powers.
    """

    linear: Linear
    blocks: Sequence[Block]
    rho: Ends
    powers: Powers

    def after(self, block: Block, steps: Sequence[Step], y: Pair) -> list[Pair]:
        """Return the states on a mode after each of some steps; every step is divided by the lower end of rho."""
        s = Interval.of(*block.s, BITS)
        beta = Interval.exactly(self.linear.beta, BITS)
        inverse = Interval.exactly(1 / self.rho[0], BITS)
        found = []
        for step in steps:
            h, c = y
            buffer = s * h + beta * c
            y = (h - step.weight * buffer) * inverse, buffer * inverse
            found.append(y)
        return found

    def starred(self, y: Pair) -> Fraction:
        """Bound |y|_*."""
        h, c = (Fraction(x.modulus(), 1 << BITS) for x in y)
        return self.powers.error * h + self.powers.buffer * c

    def entering(self, steps: Sequence[Step], v: Pair, later: Fraction) -> Fraction:
        """Claim M15: bound N_t(v), where ``steps`` are the steps t + 1 to m and ``later`` is X."""
        look("the products of the first steps")
        most, last = 0, Fraction(0)
        for block in self.blocks:
            path = [v, *self.after(block, steps, v)]
            most = max(most, *(h.modulus() ** 2 + c.modulus() ** 2 for h, c in path))
            last = max(last, self.starred(path[-1]))
        return _above(max(Fraction(isqrt(most) + 1, 1 << BITS), later * last))


@dataclass(frozen=True)
class FirstSteps:
    """Claim M15 (first steps): bounds, in the norm |.|_(t), of what is added to a state at step t.

    Attributes:
        modes: The modes.
        steps: The steps 1 to m + 1.
        later: X: after step m the norm is at most X |.|_*.
        errors: K_t for t = 0 to m, and for all t > m: bounds of (h, 0), divided by |h|.
        gradients: G_t for the same t: bounds of (-(1 + b_t) g, g), divided by |g|; the first one is not used.
    """

    modes: Modes
    steps: tuple[Step, ...]
    later: Fraction
    errors: tuple[Fraction, ...]
    gradients: tuple[Fraction, ...]

    @classmethod
    def of(cls, modes: Modes, steepest: Fraction, count: int) -> FirstSteps:
        """Verify that m first steps are enough.

        Args:
            modes: The modes.
            steepest: An upper bound of u lambda.
            count: m.
        """
        linear, powers = modes.linear, modes.powers
        assert linear.adaptive is not None
        within(count <= MOST_STEPS, f"so many first steps as {count}")
        steps = tuple(Step.at(linear.beta, linear.adaptive, t) for t in range(1, count + 2))
        if not linear.beta:  # no bias, and no norm contains the buffer
            ones = (Fraction(1),) * (count + 2)
            return cls(modes, steps, Fraction(1), ones, ones)
        last, wide = steps[-1].bias, norm_above((linear.beta, steepest))
        y = powers.error * wide * last / ((1 - linear.beta) * modes.rho[0])
        claim(y <= 1, f"the bias after the first steps is small fails: y {show(y)}")
        later = _above(1 + y + y * y)
        one, nothing = (Interval.exactly(x, BITS) for x in (1, 0))
        errors = [modes.entering(steps[t:-1], (one, nothing), later) for t in range(count + 1)]
        gradients = [modes.entering(steps[t:-1], (-steps[t - 1].weight, one), later) for t in range(1, count + 1)]
        return cls(
            modes,
            steps,
            later,
            (*errors, later * powers.error),
            (Fraction(0), *gradients, later * (powers.gradient + last * powers.error)),
        )

    def sight(self, block: Block, mode: Mode) -> Ends:
        """Enclose alpha: the linear part of zeta is alpha <v, h_0>."""
        y, rho = (Interval.exactly(1, BITS), Interval.exactly(0, BITS)), self.modes.rho
        y = [y, *self.modes.after(block, self.steps[:-1], y)][-1]
        a, b = (Interval.of(*x, BITS) for x in block.functional(self.modes.linear, mode))
        found = a * y[0] + b * y[1]
        doubt = (self.later - 1) * self.modes.starred(y)
        # The states were divided by a little less than rho.
        ends = [x * f for x in (found.lower, found.upper) for f in (1, (rho[0] / rho[1]) ** (len(self.steps) - 1))]
        low, high = min(ends) - doubt, max(ends) + doubt
        odd = mode.sign < 0 and len(self.steps) % 2 == 0
        return (-high, -low) if odd else (low, high)

    def spread(self, remainder: Remainder, steepest: Fraction, radius: Fraction) -> tuple[Fraction, Fraction]:
        """Claim M16 (spread): bound the distance between trajectories from a ball, at all steps.

        Args:
            remainder: The bounds of the remainder u R.
            steepest: An upper bound of u lambda.
            radius: The radius of the ball.

        Returns:
            D, a bound of rho^-t |z - z'|_(t) divided by the distance of the starts; and D / D_m.
        """
        linear, rho, u = self.modes.linear, self.modes.rho, remainder.step_size
        adaptive = linear.adaptive
        assert adaptive is not None
        keep, take = root_bounds(adaptive.beta2)[1], root_bounds(1 - adaptive.beta2)[1]
        spread, roots, faded = self.errors[0], Fraction(0), Fraction(1)
        for t, step in enumerate(self.steps[:-1]):
            rise = remainder.lipschitz(faded * spread * radius)
            slope = steepest + rise
            roots = _above(keep * roots + take * slope / u * faded * spread)
            counts = 2 * self.errors[t + 1] * (1 + step.bias) * step.per_root * norm_above((linear.beta, slope))
            added = self.gradients[t + 1] * rise + counts * roots * radius
            claim(added <= rho[0], f"trajectories stay near each other fails at step {t}: they spread by {show(added)}")
            spread, faded = _above(spread * (1 + added / rho[0])), _above(faded * rho[1])
        last, reach = self.steps[-1], 2 * faded * spread
        rise = remainder.lipschitz(reach * radius)
        slope = steepest + rise
        roots = (keep * roots + take * slope / u * reach / (1 - rho[1])) / (1 - keep)
        counts = 2 * self.errors[-1] * (1 + last.bias) * last.per_root * norm_above((linear.beta, slope))
        x = (self.gradients[-1] * rise / (1 - rho[1]) + counts * roots * radius) / rho[0]
        claim(2 * x <= 1, f"x <= 1/2 fails at radius {show(radius)}: x {show(x)}")
        return spread * (1 + x + x * x), 1 + x + x * x
