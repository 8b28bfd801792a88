r"""The technical assumption of Theorem 1: the preimage of a null set under F is null.

On each piece of a piecewise polynomial loss, det DF is a polynomial. If it vanishes identically on none of them, its
zeros form a null set and the assumption holds. One point of a piece with a non-zero determinant proves this for the
piece. Pieces without interior points do not matter: for instance the piece of max(y, 0)⁴ + max(−y, 0)⁴ on which both
powers vanish. If F is constant along some vector near some point, it maps a neighbourhood into a null set, and the
assumption fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from flint import fmpq, fmpq_mat

from gdcheck.theorem.assumptions.cells import circuits
from gdcheck.theorem.descent.expansion import Expansion, Word
from gdcheck.theorem.loss.rational import Vector, dot, identity, null_space
from gdcheck.theorem.loss.truncated import TruncatedPower

MAX_POWERS = 10
_TRIALS = 6


@dataclass(frozen=True)
class Preimages:
    """The result for the assumption.

    Attributes:
        holds: True or False if proved, None if undecided.
        points: If it holds, displacements h from the minimizer at which det DF ≠ 0, enough for every piece. If it
            fails, one near which F is constant along the kernel. Empty if h = 0 is enough.
        kernel: A vector along which F is constant near that point, if the assumption fails.
    """

    holds: bool | None
    points: tuple[Vector, ...] = ()
    kernel: Vector | None = None


def examine_preimages(expansion: Expansion) -> Preimages:
    """Decide the assumption for a loss whose Hessian at the minimizer exists.

    Args:
        expansion: The loss at its minimizer, with the step size.

    Returns:
        The finding with its evidence.
    """
    if len(expansion.truncated) > MAX_POWERS:
        return Preimages(None)
    assert expansion.hessian is not None
    if not expansion.truncated and descent_matrix(expansion.hessian, expansion.step_size).det() != 0:
        return Preimages(True)
    points = []
    relations = circuits(expansion.truncated)
    pieces = [
        tuple(expansion.truncated[j] for j in sorted(kept))
        for kept in _pieces(len(expansion.truncated))
        if not any(relation.forbids(kept) for relation in relations)
    ]
    for k, h in enumerate(_trial_points(expansion.dimension)):
        left = [piece for piece in pieces if _determinant(expansion, piece, h) == 0]
        if len(left) < len(pieces):
            points.append(h)
        pieces = left
        if not pieces:
            return Preimages(True, tuple(points) if k else ())
    for place in _places(expansion):
        kernel = _kernel(expansion, place)
        if kernel is not None:
            return Preimages(False, (place,) if any(place) else (), kernel)
    return Preimages(None)


def descent_matrix(hessian: fmpq_mat, step_size: fmpq) -> fmpq_mat:
    """Return I − ηA, exactly."""
    return identity(int(hessian.nrows())) - hessian * step_size


def _pieces(count: int) -> Iterator[frozenset[int]]:
    for size in range(count + 1):
        yield from map(frozenset, combinations(range(count), size))


def _trial_points(n: int) -> Iterator[Vector]:
    yield (fmpq(0),) * n
    for k in range(1, _TRIALS):
        yield tuple(fmpq((-1) ** (i * k) * (1 + (i * k) % 5), 1 + k) for i in range(n))


def _determinant(expansion: Expansion, piece: tuple[TruncatedPower, ...], h: Vector) -> fmpq:
    n = expansion.dimension
    jacobian = identity(n)
    moved = any(h)
    for i, word, c in expansion.gradient_terms:
        if not moved and len(word) > 1:
            continue
        for position, j in enumerate(word):
            value = expansion.step_size * c
            for other, k in enumerate(word):
                if other != position:
                    value *= h[k]
            jacobian[i, j] -= value
    for t in piece:
        reach = t.offset + dot(t.direction, h)
        curvature = expansion.step_size * t.coefficient * t.power * (t.power - 1) * reach ** (t.power - 2)
        for i, x in enumerate(t.direction):
            for j, y in enumerate(t.direction):
                jacobian[i, j] -= curvature * x * y
    return jacobian.det()


def _places(expansion: Expansion) -> Iterator[Vector]:
    """Yield the minimizer, points beyond the kinks where truncated powers vanish, and trial points on both sides."""
    n, powers = expansion.dimension, expansion.truncated
    yield (fmpq(0),) * n
    if not powers:
        return
    lines = [t.direction for t in powers]
    for line in [*lines, tuple(sum(column, fmpq(0)) for column in zip(*lines, strict=True))]:
        slopes = [abs(s) for t in powers if (s := dot(t.direction, line))]
        if slopes:
            far = -sum((abs(t.offset) + 1 for t in powers), fmpq(0)) / min(slopes)
            yield tuple(far * x for x in line)
    yield expansion.displacement
    yield from islice(_trial_points(n), 1, None)


def _kernel(expansion: Expansion, place: Vector) -> Vector | None:
    """Return a vector u with ∂ᵤf = u·h/η + const. near a place, along which F is constant there."""
    n = expansion.dimension
    slopes: dict[Word, list[fmpq]] = {
        (j,): [fmpq(-int(i == j)) / expansion.step_size for i in range(n)] for j in range(n)
    }
    for i, word, c in expansion.gradient_terms:
        slopes.setdefault(word, [fmpq(0)] * n)[i] += c
    rows = list(slopes.values())
    rows += [list(t.direction) for t in expansion.truncated if t.offset + dot(t.direction, place) >= 0]
    found = null_space(fmpq_mat(rows))
    return tuple(found[0]) if found else None
