"""What kinks do: the cells into which they cut space (Claim 6), and trajectories that stay on a side (Claim 17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from gdcheck.theorem.checker.descent import Descent, Kink
from gdcheck.theorem.checker.document import Interval
from gdcheck.theorem.checker.exact import Exponents, Polynomial, Vector, combined, dot, norm_above
from gdcheck.theorem.checker.outcome import MOST_TERMS, claim, look, within
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
    """Return the derivative along w of the polynomial part and of the powers on the side +, without truncation."""
    parts, weights = [*descent.partials], [*w]
    for side in sides:
        kink = side.kink
        if side.sign > 0:
            parts.append(_power(kink, descent.dimension))
            weights.append(kink.factor * kink.power * dot(kink.slope, w))
    return combined(parts, weights)


def _power(kink: Kink, n: int) -> Polynomial:
    """Return (slope . h + offset)^(power - 1)."""
    line = [(i, x) for i, x in enumerate(kink.slope) if x]
    terms: dict[Exponents, int] = {(0,) * n: 1}
    for _ in range(kink.power - 1):
        look("a truncated power as a polynomial")
        product = defaultdict[Exponents, int](int)
        for alpha, k in terms.items():
            product[alpha] += k * kink.offset
            for i, x in line:
                product[(*alpha[:i], alpha[i] + 1, *alpha[i + 1 :])] += k * x
        terms = {alpha: k for alpha, k in product.items() if k}
        within(len(terms) <= MOST_TERMS, f"a truncated power as a polynomial has more than {MOST_TERMS} terms")
    return Polynomial(terms, 1)


@dataclass(frozen=True)
class Last:
    """The iterate of the step K at which the inequality holds.

    Attributes:
        centre: Of the ball that holds it, shape (n,).
        error: The radius of the ball.
        part: The projection of the centre onto the one dominant eigenspace, if its multiplier is positive; else None.
        part_error: A bound of the distance from there to the projection of the iterate.
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
        precisions: How many bits the iterates on the way may be enclosed with.
    """
    enters, step = steps
    walked = any(all(_on_all(sides, expansion, enters, step, bits)) for bits in precisions)
    claim(walked, f"the trajectory stays on its sides of the kinks up to step {step} fails")
    for side in sides:
        kept = ever_after(side, expansion.remainder, last)
        claim(kept, f"the trajectory stays on its sides of the kinks from step {step} on fails")


def _on_all(sides: Sequence[Side], expansion: Expansion, enters: int, step: int, bits: int) -> Iterator[bool]:
    """Tell of each step between whether its iterate is on every side."""
    steps = 0
    for centre, error in follow(expansion, enters + 1, step, bits):
        steps += 1
        yield all(side.depth(centre) >= side.kink.length * error for side in sides)
    yield steps == max(0, step - enters)


def _growth(remainder: Remainder, last: Last) -> tuple[Fraction, Fraction]:
    """Return P r and the tail of Claim 12, for the ball of radius r through the last iterate."""
    r = norm_above(last.centre) + last.error
    low, high = last.rho
    push = remainder.push(r)
    x = push / (low * (1 - high - push))
    p = 1 + x + x * x
    return p * r, push * p**2 * r / (low * (1 - high))


def ever_after(side: Side, remainder: Remainder, last: Last) -> bool:
    """Tell whether the trajectory stays on a side from the last iterate on."""
    reach, tail = _growth(remainder, last)
    kink = side.kink
    if kink.offset:
        return kink.length * reach <= abs(kink.offset)
    if last.part is None:
        return False
    across = norm_above([x - y for x, y in zip(last.centre, last.part, strict=True)]) + last.error + last.part_error
    return side.sign * dot(kink.slope, last.part) > kink.length * (across + 2 * tail + last.part_error)


@dataclass(frozen=True)
class Relation:
    """Weights, none of them zero, with which the slopes of some kinks add up to zero.

    Attributes:
        weights: By the index of the kink.
        offset: What the offsets add up to with them.
    """

    weights: dict[int, Fraction]
    offset: Fraction

    def empties(self, kept: Sequence[bool]) -> bool:
        """Tell whether no point has slope . h + offset > 0 for the kinks that are kept and < 0 for the others.

        If every weight has the sign of its kink, the sum of weight * (slope . h + offset) is positive in the cell; but
        it is ``offset`` everywhere. The same with all weights turned round.
        """
        same = {(weight > 0) == kept[j] for j, weight in self.weights.items()}
        return (same == {True} and self.offset <= 0) or (same == {False} and self.offset >= 0)


def relations(kinks: Sequence[Kink]) -> list[Relation]:
    """Return relations between the slopes of kinks of which no proper part is linearly dependent."""
    found = []
    for size in range(2, len(kinks) + 1):
        for chosen in combinations(range(len(kinks)), size):
            look("relations between the slopes of kinks")
            weights = _only_relation([kinks[j].slope for j in chosen])
            if weights is not None:
                offset = sum((x * kinks[j].offset for j, x in zip(chosen, weights, strict=True)), Fraction(0))
                found.append(Relation(dict(zip(chosen, weights, strict=True)), offset))
    return found


def _only_relation(slopes: Sequence[Sequence[int]]) -> list[Fraction] | None:
    """Return the weights of a relation if all but the last slope are independent, and no weight is zero."""
    rows = [[Fraction(x) for x in slope] for slope in slopes]
    shares = [[Fraction(int(i == j)) for j in range(len(slopes))] for i in range(len(slopes))]
    done: list[tuple[int, int]] = []
    for i, row in enumerate(rows):
        for pivot, column in done:
            factor = row[column] / rows[pivot][column]
            row[:] = [x - factor * y for x, y in zip(row, rows[pivot], strict=True)]
            shares[i] = [x - factor * y for x, y in zip(shares[i], shares[pivot], strict=True)]
        pivots = [column for column, x in enumerate(row) if x]
        if pivots:
            done.append((i, pivots[0]))
        elif i < len(slopes) - 1:
            return None
        else:
            return shares[i] if all(shares[i]) else None
    return None
