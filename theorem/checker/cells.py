"""Which of the cells into which kinks cut space are empty: the second part of Claim 6 (null preimages)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from gdcheck.theorem.checker.descent import Kink
from gdcheck.theorem.checker.outcome import look


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
