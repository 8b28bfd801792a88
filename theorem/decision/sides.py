r"""Trajectories that stay on one side of a kink: there a truncated power is a polynomial, or nothing.

Give some truncated powers :math:`c\,(\ell\cdot h + a)_+^p` a side each, + or −, and let :math:`F_S` be gradient descent
with those on the side + taken without truncation and those on the side − left out. If :math:`F_S` maps a linear space W
into itself, and its trajectory from :math:`h_j \in W` stays on these sides for ever, then it is the trajectory of F.
Until a step K enclosures show that. From K on the amplitude lemma on W does: with :math:`\|h_{K+i}\| \le P\rho^i r`,

- a kink off the minimizer, :math:`a \ne 0`, is never met where :math:`\|\ell\| P r \le |a|`;
- for a kink through it, :math:`a = 0`, and a dominant multiplier :math:`\mu > 0`,
  :math:`\|\Pi h_{K+i} - \mu^i \Pi h_K\| \le \mu^i\,\mathrm{tail}`, and what is across the eigenspace is at most
  :math:`\mu^i(\|h_K - \Pi h_K\| + \mathrm{tail})`. So :math:`\ell\cdot h_{K+i}` keeps the sign of
  :math:`\ell\cdot\Pi h_K` where that exceeds :math:`\|\ell\|(\|h_K - \Pi h_K\| + 2\,\mathrm{tail})` in modulus.

The bounds of the remainder hold for :math:`F_S` too: near the minimizer a power is on the side where they count it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flint import arb

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.limit.amplitude import project
from gdcheck.theorem.limit.result import Amplitude, Inequality
from gdcheck.theorem.limit.sequence import EnclosedIterate, PerturbedSequence
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.loss.polynomial import Parts, PolynomialArithmetic
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.loss.truncated import TruncatedPower


@dataclass(frozen=True)
class Side:
    """A truncated power, and the side of its kink on which a trajectory is to stay.

    Attributes:
        power: The power.
        sign: 1 where it is a polynomial, −1 where it vanishes.
    """

    power: TruncatedPower
    sign: int

    def holds(self, h: Vector) -> bool:
        """Tell whether a displacement is on this side or on the kink."""
        return self.sign * (self.power.offset + dot(self.power.direction, h)) >= 0


def sides_of(powers: Sequence[TruncatedPower], h: Vector) -> tuple[Side, ...] | None:
    """Find the sides on which a trajectory would have to stay: the minimizer's, or those of h for kinks through it.

    Args:
        powers: The truncated powers.
        h: An exact iterate, shape (n,).

    Returns:
        The sides; None if h itself is on another side than the minimizer.
    """
    signs = [t.offset or dot(t.direction, h) for t in powers]
    sides = tuple(Side(t, 1 if s > 0 else -1) for t, s in zip(powers, signs, strict=True))
    return sides if all(side.holds(h) for side in sides) else None


def one_sided(expansion: Expansion, sides: Sequence[Side]) -> Expansion:
    """Take the powers on given sides as the polynomials that they are there.

    Args:
        expansion: The loss at its minimizer.
        sides: The sides.
    """
    arithmetic = PolynomialArithmetic(expansion.dimension)
    total = Parts(dict(expansion.terms))
    for side in sides:
        if side.sign > 0:
            line = {arithmetic.variable(i): x for i, x in enumerate(side.power.direction) if x}
            if side.power.offset:
                line[arithmetic.one] = side.power.offset
            arithmetic.add_into(total, arithmetic.power(Parts(line), side.power.power), side.power.coefficient)
    terms = sorted((term for term in total.polynomial.items() if any(term[0])), key=lambda term: sum(term[0]))
    aside = [side.power for side in sides]
    return replace(expansion, terms=tuple(terms), truncated=tuple(t for t in expansion.truncated if t not in aside))


def stays(sides: Sequence[Side], sequence: PerturbedSequence, found: Amplitude) -> bool | None:
    """Tell whether the trajectory stays on its sides for ever, at the current precision.

    Args:
        sides: The sides; the iterate at which the sequence begins is on them.
        sequence: The trajectory.
        found: The inequality that holds at some step.

    Returns:
        True if so; None if a later step may show it, and False if none will.
    """
    for iterate in sequence.iterates():
        if iterate.step >= found.step:
            break
        if iterate.step > sequence.begins and not all(_is_on(side, iterate) for side in sides):
            return False
    verdicts = [_ever_after(side, sequence, found, iterate) for side in sides]
    return False if False in verdicts else None if None in verdicts else True


def _is_on(side: Side, iterate: EnclosedIterate) -> bool:
    direction = [arb(x) for x in side.power.direction]
    argument = side.sign * (_inner(direction, iterate.centre) + arb(side.power.offset))
    return bool(argument - norm(direction) * iterate.error >= 0)


def _ever_after(side: Side, sequence: PerturbedSequence, found: Amplitude, iterate: EnclosedIterate) -> bool | None:
    """Tell whether no step from this one on leaves the side."""
    numbers = found.inequality
    assert isinstance(numbers, Inequality), "cones are not searched on a subspace"
    direction = [arb(x) for x in side.power.direction]
    length, offset = norm(direction), arb(side.power.offset)
    if side.power.offset:
        return True if length * numbers.P * numbers.radius <= abs(offset) else None
    (part, *others) = sequence.parts
    if others or part.sign < 0:
        return False
    projection = project(part, iterate)
    error, tail = projection.error, numbers.tail
    across = norm(x - y for x, y in zip(iterate.centre, projection.vector, strict=True)) + error + iterate.error
    along = side.sign * _inner(direction, projection.vector)
    if surely_less(length * (across + 2 * tail + error), along):
        return True
    # Where the other side is sure to win, no later step will show this one.
    return False if surely_less(along, -length * (error + tail)) else None


def _inner(a: Sequence[arb], b: Sequence[arb]) -> arb:
    return sum((x * y for x, y in zip(a, b, strict=True)), arb(0))
