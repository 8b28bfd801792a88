r"""Isometries that permute coordinates, change signs and shift; and the points that some of them fix.

Let :math:`Sx = Px + t` with a signed permutation P, and f∘S = f. Where a ball with one critical point m has a centre
that S fixes, S maps the ball to itself, and so m to m. Then P commutes with the Hessian at m. An iterate that S fixes
has a gradient that P fixes, so that the next iterate is fixed too: a trajectory from a start with Sx = x stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flint import fmpq

from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.symmetry.normal_form import NormalForms

Direction = tuple[int, ...]
"""A vector of small whole numbers, shape (n,)."""


@dataclass(frozen=True)
class Isometry:
    """x ↦ Sx with (Sx)_i = sign_i · x_{place_i} + shift_i; the places are a permutation of the coordinates."""

    places: tuple[int, ...]
    signs: tuple[int, ...]
    shift: tuple[fmpq, ...]

    @classmethod
    def linear(cls, places: Sequence[int], signs: Sequence[int]) -> Isometry:
        """Return the isometry without a shift."""
        return cls(tuple(places), tuple(signs), (fmpq(0),) * len(places))

    def fixing(self, point: Sequence[fmpq]) -> Isometry:
        """Return the isometry with the same linear part that fixes a point."""
        moved = (s * point[i] for i, s in zip(self.places, self.signs, strict=True))
        return Isometry(self.places, self.signs, tuple(a - b for a, b in zip(point, moved, strict=True)))

    def fixes(self, point: Sequence[fmpq]) -> bool:
        """Whether Sx = x, exactly."""
        return self.fixing(point) == self

    def turned(self, v: Sequence[int]) -> Direction:
        """Return Pv."""
        return tuple(s * v[i] for i, s in zip(self.places, self.signs, strict=True))

    def keeps(self, loss: SmoothLoss) -> bool:
        """Whether f(Sx) and f(x) are one function, as their normal forms tell."""
        forms, identity = NormalForms(loss), Isometry.linear(range(loss.dimension), (1,) * loss.dimension)
        here, there = (forms.at(list(zip(x.places, x.signs, x.shift, strict=True))) for x in (identity, self))
        return here == there


@dataclass(frozen=True)
class FixedSpace:
    """The points that some isometries fix: an affine space V + p, and orthogonal bases of V and of its complement.

    Attributes:
        point: p.
        inside: A basis of V: one vector for each orbit of coordinates that is not pinned, with entries 1 and −1 there.
        outside: A basis of the orthogonal complement.
    """

    point: tuple[fmpq, ...]
    inside: tuple[Direction, ...]
    outside: tuple[Direction, ...]

    @classmethod
    def of(cls, isometries: Iterable[Isometry], n: int) -> FixedSpace | None:
        """Return the fixed points of isometries of ℝⁿ; None if there are none."""
        relations: list[list[tuple[int, int, fmpq]]] = [[] for _ in range(n)]
        for x in isometries:
            for i, (j, sign, t) in enumerate(zip(x.places, x.signs, x.shift, strict=True)):
                relations[i].append((j, sign, -sign * t))  # x_j = sign (x_i - t)
                relations[j].append((i, sign, t))
        point, inside, outside = [fmpq(0)] * n, list[Direction](), list[Direction]()
        seen: dict[int, tuple[int, fmpq]] = {}
        for first in range(n):
            if first in seen:
                continue
            orbit, pinned = [first], None
            seen[first] = 1, fmpq(0)  # x_i = a x_first + b
            for i in orbit:
                a, b = seen[i]
                for j, sign, t in relations[i]:
                    found = sign * a, sign * b + t
                    if j not in seen:
                        seen[j] = found
                        orbit.append(j)
                    elif seen[j][0] != found[0]:
                        value = (seen[j][1] - found[1]) / (found[0] - seen[j][0])
                        if pinned not in {None, value}:
                            return None
                        pinned = value
                    elif seen[j][1] != found[1]:
                        return None
            for i in orbit:
                point[i] = seen[i][0] * (pinned or fmpq(0)) + seen[i][1]
            if pinned is None:
                inside.append(_entries(n, [(i, seen[i][0]) for i in orbit]))
                outside += [
                    _entries(n, [*((i, seen[i][0]) for i in orbit[:k]), (orbit[k], -k * seen[orbit[k]][0])])
                    for k in range(1, len(orbit))
                ]
            else:
                outside += [_entries(n, [(i, 1)]) for i in orbit]
        return cls(tuple(point), tuple(inside), tuple(outside))

    def near(self, x: Sequence[fmpq]) -> tuple[fmpq, ...]:
        """Return a point of the space that is near a point near it, shape (n,): x where x lies in the space."""
        found = list(self.point)
        for v in self.inside:
            first = next(i for i, entry in enumerate(v) if entry)
            y = x[first] - self.point[first]
            found = [p + v[first] * entry * y for p, entry in zip(found, v, strict=True)]
        return tuple(found)


def _entries(n: int, entries: Iterable[tuple[int, int]]) -> Direction:
    known = dict(entries)
    return tuple(known.get(i, 0) for i in range(n))
