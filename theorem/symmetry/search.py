"""The search for symmetries of a smooth loss that fix its minimizer: floats choose, normal forms decide.

Tried are sign changes of one coordinate, of those that the start shares with the minimizer, and of all; swaps of two
coordinates, with or without a change of both signs; the reversed order, the two halves exchanged, and a shift by one
place. Each is tried around the origin and around the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from flint import fmpq
from numpy import abs as absolute
from numpy import array

from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.symmetry.isometry import Isometry

_MOST_VARIABLES = 64
_NEAR = 1e-7


def symmetries(loss: SmoothLoss, minimizer: EnclosedMinimizer, start: Sequence[fmpq]) -> list[Isometry]:
    """Return isometries S with f∘S = f that fix the minimizer, as far as floats tell the latter; they may be none.

    Args:
        loss: The loss.
        minimizer: Its minimizer.
        start: The start, shape (n,).
    """
    n = loss.dimension
    if n > _MOST_VARIABLES:
        return []
    centre = array([to_float(x) for x in minimizer.centre])
    begun = array([to_float(x) for x in start])
    matrix = array([[float(x.mid()) for x in row] for row in minimizer.spectrum.matrix.tolist()])
    near, alike = _NEAR * (1 + absolute(centre).max()), _NEAR * absolute(matrix).max()
    found = list[Isometry]()
    together = list(range(n))  # Coordinates that swaps found so far exchange have one name: no others are tried.
    shared = [i for i in range(n) if abs(centre[i] - begun[i]) < near]
    for places, signs in _candidates(n, shared):
        moved = [i for i in range(n) if places[i] != i]
        if moved and all(together[i] == together[places[i]] for i in moved):
            continue
        order, turns = list(places), array(signs)
        if absolute(matrix - (matrix[order] * turns[:, None])[:, order] * turns).max() > alike:
            continue
        linear = Isometry.linear(places, signs)
        for isometry in dict.fromkeys((linear, linear.fixing(start))):
            shift = array([to_float(t) for t in isometry.shift])
            if absolute(centre - centre[order] * turns - shift).max() < near and isometry.keeps(loss):
                found.append(isometry)
                if len(moved) == 2:
                    together = [together[moved[0]] if x == together[moved[1]] else x for x in together]
                break
    return found


def _candidates(n: int, shared: Sequence[int]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield places and signs; ``shared`` are the coordinates of which the signs are also changed together."""
    same, plain = tuple(range(n)), (1,) * n
    for chosen in dict.fromkeys([*((i,) for i in range(n)), tuple(shared), same]):
        if chosen:
            yield same, tuple(-1 if i in chosen else 1 for i in range(n))
    for i, j in combinations(range(n), 2):
        places = [j if k == i else i if k == j else k for k in range(n)]
        for sign in (1, -1):
            yield tuple(places), tuple(sign if k in {i, j} else 1 for k in range(n))
    for places in ([*same[::-1]], [*same[n // 2 :], *same[: n // 2]], [*same[1:], *same[:1]]):
        if n > 2:
            yield tuple(places), plain
