"""Kinks: the cells into which they divide space (Claim 6), and trajectories that stay on one side (Claim 17)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.exact import (
    Polynomial,
    Vector,
    combined,
    dependence,
    dot,
    minus,
    norm_above,
    power_of_line,
)
from gdcheck.theorem.checker.lemma import growth
from gdcheck.theorem.checker.outcome import claim, look
from gdcheck.theorem.checker.reading.fields import Interval
from gdcheck.theorem.checker.trajectory import Expansion, Remainder, follow


@dataclass(frozen=True)
class Side:
    """A kink, and the sign that slope . h + offset has along the trajectory, or zero.

    Attributes:
        kink: The truncated power.
        sign: 1 where the power is a polynomial, -1 where it vanishes.
    """

    kink: Kink
    sign: int

    def depth(self, h: Sequence[Fraction]) -> Fraction:
        """Return how far slope . h + offset is on this side; negative on the other one."""
        return self.sign * (dot(self.kink.slope, h) + self.kink.offset)


def sides_of(kinks: Sequence[Kink], h: Vector) -> list[Side]:
    """Claim 17, first part: the sides are those of the minimizer, or of h for a kink through it, and h is on them."""
    sides = [Side(kink, 1 if (kink.offset or dot(kink.slope, h)) > 0 else -1) for kink in kinks]
    claim(all(side.depth(h) >= 0 for side in sides), "the iterate that enters is on the minimizer's side fails")
    return sides


def one_sided(descent: Descent, sides: Sequence[Side], w: Vector) -> Polynomial:
    """Return the derivative along w of the polynomial part and of the powers with sign 1, without truncation."""
    parts, weights = [*descent.partials], [*w]
    for side in sides:
        kink = side.kink
        if side.sign > 0:
            parts.append(power_of_line(kink.slope, kink.offset, kink.power - 1))
            weights.append(kink.factor * kink.power * dot(kink.slope, w))
    return combined(parts, weights)


@dataclass(frozen=True)
class Last:
    """The iterate of the step K at which the inequality holds.

    Attributes:
        centre: The centre of a ball that holds it, shape (n,).
        error: The radius of the ball.
        part: The projection of the centre onto the dominant eigenspace, if there is one and its multiplier is
            positive; else None.
        part_error: A bound of the distance from ``part`` to the projection of the iterate.
        rho: An interval of the dominant multiplier's modulus.
    """

    centre: Sequence[Fraction]
    error: Fraction
    part: Sequence[Fraction] | None
    part_error: Fraction
    rho: Interval


def verify_sides(
    sides: Sequence[Side], expansion: Expansion, steps: tuple[int, int], last: Last, precisions: Sequence[int]
) -> None:
    """Claim 17 (sides): from the step that enters on, the trajectory stays on the sides for ever.

    Args:
        sides: The sides; the iterate of the step j is on them.
        expansion: Gradient descent around the minimizer, with its bounds.
        steps: j and K.
        last: The iterate of the step K.
        precisions: The numbers of bits with which the iterates between may be enclosed.
    """
    enters, step = steps
    walked = any(all(_on_all(sides, expansion, enters, step, bits)) for bits in precisions)
    claim(walked, f"the trajectory stays on its sides of the kinks up to step {step} fails")
    for side in sides:
        kept = ever_after(side, expansion.remainder, last)
        claim(kept, f"the trajectory stays on its sides of the kinks from step {step} on fails")


def _on_all(sides: Sequence[Side], expansion: Expansion, enters: int, step: int, bits: int) -> Iterator[bool]:
    """Yield for each step from the one that enters to the last whether its iterate is on every side."""
    steps = 0
    for centre, error in follow(expansion, enters + 1, step, bits):
        steps += 1
        yield all(side.depth(centre) >= side.kink.length * error for side in sides)
    yield steps == max(0, step - enters)


def ever_after(side: Side, remainder: Remainder, last: Last) -> bool:
    """Tell whether the trajectory stays on a side from the last iterate on."""
    r, kink = norm_above(last.centre) + last.error, side.kink
    _, p, tail = growth(remainder.push(r), r, last.rho, "at the last step")  # as in Claim 12
    if kink.offset:
        return kink.length * p * r <= abs(kink.offset)
    if last.part is None:
        return False
    across = norm_above(minus(last.centre, last.part)) + last.error + last.part_error
    return side.sign * dot(kink.slope, last.part) > kink.length * (across + 2 * tail + last.part_error)


@dataclass(frozen=True)
class Relation:
    """A linear relation between the slopes of some kinks: weights, none zero, with which they add up to zero.

    Attributes:
        weights: By the index of the kink.
        offset: The sum of the offsets with these weights.
    """

    weights: dict[int, Fraction]
    offset: Fraction

    def empties(self, kept: Sequence[bool]) -> bool:
        """Tell whether no point has slope . h + offset > 0 for the kinks that are kept and < 0 for the others.

        If every weight has the sign of its kink, the sum of weight * (slope . h + offset) is positive in the cell; but
        it is ``offset`` everywhere. The same holds with all signs reversed.
        """
        same = {(weight > 0) == kept[j] for j, weight in self.weights.items()}
        return (same == {True} and self.offset <= 0) or (same == {False} and self.offset >= 0)


def relations(kinks: Sequence[Kink]) -> list[Relation]:
    """Return the relations between sets of slopes of which no proper subset is linearly dependent."""
    found = []
    for size in range(2, len(kinks) + 1):
        for chosen in combinations(range(len(kinks)), size):
            look("relations between the slopes of kinks")
            weights = dependence([list(map(Fraction, kinks[j].slope)) for j in chosen])
            if weights is not None and len(weights) == size and all(weights):
                offset = sum((x * kinks[j].offset for j, x in zip(chosen, weights, strict=True)), Fraction(0))
                found.append(Relation(dict(zip(chosen, weights, strict=True)), offset))
    return found
