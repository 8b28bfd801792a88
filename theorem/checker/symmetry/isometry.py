"""Isometries that permute coordinates, change signs and shift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker.exact import Vector
from gdcheck.theorem.checker.reading.fields import PerVariable, Point, Side
from gdcheck.theorem.checker.smooth.expression import Expression
from gdcheck.theorem.checker.symmetry.normal_form import Forms


@dataclass(frozen=True)
class Isometry:
    """S x = P x + t: the i-th component is signs[i] x[places[i]] + shift[i]."""

    places: PerVariable[int]
    signs: PerVariable[Side]
    shift: Point

    @property
    def is_permutation(self) -> bool:
        """Whether every place occurs once."""
        return sorted(self.places) == list(range(len(self.places)))

    def turned(self, v: Sequence[Fraction]) -> Vector:
        """Return P v."""
        return tuple(sign * v[j] for j, sign in zip(self.places, self.signs, strict=True))

    def moved(self, x: Sequence[Fraction]) -> Vector:
        """Return S x."""
        return tuple(y + t for y, t in zip(self.turned(x), self.shift, strict=True))

    def keeps(self, expression: Expression) -> bool:
        """Whether f(S x) and f(x) have one normal form."""
        forms = Forms()
        moved = forms.of(expression, list(zip(self.places, self.signs, self.shift, strict=True)))
        return moved == forms.of(expression, [(i, 1, Fraction(0)) for i in range(expression.dimension)])


def changes_signs(part: Iterable[int], n: int) -> Isometry:
    """Return the change of sign of some coordinates."""
    inside = set(part)
    signs = tuple[Side, ...](-1 if i in inside else 1 for i in range(n))
    return Isometry(tuple(range(n)), signs, (Fraction(0),) * n)


def fixed_dimension(maps: Sequence[tuple[Isometry, int]], n: int) -> int:
    """Return the dimension of the space of all v with P v = s v, for every given P with its sign s.

    A relation v_i = ±v_j for each P and each i joins coordinates to groups. In a group one entry determines all others.
    If one of them were its own negative, all are zero; else the group adds one dimension.
    """
    relations: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    for isometry, s in maps:
        for i, (j, sign) in enumerate(zip(isometry.places, isometry.signs, strict=True)):
            relations[i].append((j, s * sign))
            relations[j].append((i, s * sign))
    known, found = dict[int, int](), 0
    for first in range(n):
        if first in known:
            continue
        known[first], waiting, free = 1, [first], True
        while waiting:
            i = waiting.pop()
            for j, factor in relations[i]:
                if j not in known:
                    known[j] = known[i] * factor
                    waiting.append(j)
                free = free and known[j] == known[i] * factor
        found += free
    return found
