"""One step of Adam or RMSprop in integers, rounded down, in units that become finer as the state shrinks (Claim M9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from operator import mul

from gdcheck.theorem.checker.exact import root_bounds, up
from gdcheck.theorem.checker.methods.linear import Adaptive
from gdcheck.theorem.checker.methods.states import StateMap
from gdcheck.theorem.checker.trajectory import GROWTH_BITS

SHORT = 64


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


@dataclass(frozen=True)
class Units:
    """The units of h and c, and that of s: they become finer as the state shrinks, that of s more slowly.

    Attributes:
        fine: h and c are given in units of 2^-fine.
        coarse: s is given in units of 2^-coarse; not above ``fine``.
    """

    fine: int
    coarse: int

    @property
    def one(self) -> int:
        """One, in units of h."""
        return 1 << self.fine

    @property
    def one_of_roots(self) -> int:
        """One, in units of s."""
        return 1 << self.coarse

    @property
    def ratio(self) -> int:
        """A unit of s, in units of h."""
        return 1 << self.fine - self.coarse

    def finer(self, state: tuple[Sequence[int], Fraction], roots: tuple[Sequence[int], Fraction], bits: int) -> Units:
        """Return units so fine that numbers which are known well have all their bits again.

        Args:
            state: h and c, and a bound of their error.
            roots: s, and a bound of its error.
            bits: The number of bits.
        """
        fine = self.fine + _lacking(*state, bits)
        return Units(fine, min(self.coarse + _lacking(*roots, bits), fine))


def _lacking(numbers: Sequence[int], error: Fraction, bits: int) -> int:
    length = max(map(abs, numbers)).bit_length()
    return bits - length if bits - length > SHORT and error * 4 < 1 << length else 0


def slopes_of(
    buffer: list[int],
    roots: list[int],
    errors: tuple[Fraction, Fraction],
    factors: tuple[Fraction, Fraction, Fraction],
    one: int,
) -> tuple[Fraction, Fraction]:
    """Bound the effect of errors of c' and of s on gamma c', with gamma = 1 / ((1 - beta1^t) (1 + p s)).

    Args:
        buffer: c', in units of its own.
        roots: s, in units of 1 / one.
        errors: Bounds of their errors, in the same units.
        factors: Upper bounds of beta1^t / (1 - beta1^t) and of p, and a lower bound of p.
        one: One, in the units of s.

    Returns:
        The largest gamma at the centre; and how much the error of s changes gamma c' at most, in units of c'.
    """
    (change, doubt), (bias, most, least) = errors, factors
    widest = (1 + bias) / (1 + least * min(roots) / one)
    steep = Fraction(0)
    for y, s in zip(buffer, roots, strict=True):
        within_reach = 1 + least * max(Fraction(0), s - doubt) / one
        steep = max(steep, up((abs(y) + 1 + change) / within_reach**2, GROWTH_BITS))
    return up(widest, GROWTH_BITS), up(most * (1 + bias) * steep * doubt / one, GROWTH_BITS)


def averages(
    states: StateMap, state: tuple[list[int], list[int], list[int]], units: Units, *, linear_only: bool
) -> tuple[list[int], list[int]]:
    """Return the buffer and the roots of the averaged squares after a step, in their units, rounded down.

    Args:
        states: The method.
        state: h, c and s, in their units.
        units: The units.
        linear_only: Whether to take u A h in place of u grad f.
    """
    (h, c, s), descent, linear = state, states.expansion.descent, states.linear
    assert linear.adaptive is not None
    if linear_only:
        rows, scale = states.operator
        pull = [sum(map(mul, row, h)) for row in rows]
    else:
        moves, scale = descent.move(h, units.one)
        pull = [x << units.fine for x in moves]  # u grad f, in units / scale
    beta, d = linear.beta.as_integer_ratio()
    buffer = [(beta * y * scale + d * p) // (d * scale) for y, p in zip(c, pull, strict=True)]
    up_, down = descent.step_size.as_integer_ratio()
    slopes = [p * down // (up_ * scale * units.ratio) for p in pull]
    keep, whole = linear.adaptive.beta2.as_integer_ratio()
    roots = [isqrt((keep * x * x + (whole - keep) * g * g) // whole) for x, g in zip(s, slopes, strict=True)]
    return buffer, roots


def weighted(buffer: list[int], roots: list[int], clock: Clock, units: Units) -> list[int]:
    """Return gamma c' in units of c', each coordinate rounded down."""
    first, second = clock.corrections()
    epsilon = clock.adaptive.epsilon
    one = 1 << clock.bits
    found = []
    for y, s in zip(buffer, roots, strict=True):
        # 1 + s / (epsilon second), in units of 2^-(bits of the clock)
        share = (s << 2 * clock.bits) * epsilon.denominator // (epsilon.numerator * second * units.one_of_roots)
        found.append(((y << clock.bits) << clock.bits) // (first * (one + share)))
    return found
