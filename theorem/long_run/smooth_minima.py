"""Minimizers of a smooth loss near some points, without proof, by Newton's method or a descent."""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import Lost, find

_APART = arb(2) ** -20
_AXES = 4
_STEPS = (fmpq(1, 10), fmpq(1, 1000))


def search_minima(loss: SmoothLoss, hints: Sequence[Sequence[fmpq]]) -> list[tuple[fmpq, ...]]:
    """Search for critical points that may be minima.

    Args:
        loss: The loss.
        hints: Points near which to search, each of shape (n,); without any, the origin, and points around it if there
            are few variables.

    Returns:
        The points, each of shape (n,), no two of them near each other.
    """
    n = loss.dimension
    starts = [list(hint) for hint in hints]
    if not starts:
        starts = [[fmpq(0)] * n]
        if n <= _AXES:
            starts += [[fmpq(sign * int(i == j)) for j in range(n)] for i in range(n) for sign in (1, -1)]
    found: list[tuple[fmpq, ...]] = []
    for start in starts:
        ways = [find(loss, _STEPS[0], start, start)]
        if not hints:
            ways += [find(loss, step, start, None) for step in _STEPS[: 1 + isinstance(ways[0], Lost)]]
        for point in ways:
            if not isinstance(point, Lost) and not any(_is_near(point, other) for other in found):
                found.append(tuple(point))
    return sorted(found)


def _is_near(a: Sequence[fmpq], b: Sequence[fmpq]) -> bool:
    return surely_less(norm(arb(x - y) for x, y in zip(a, b, strict=True)), _APART * (1 + norm(arb(x) for x in a)))
