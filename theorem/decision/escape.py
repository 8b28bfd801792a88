"""Whether a trajectory moves away from the minimizer for good, as floats show: a cause, never a proof.

An adaptive method walks away at a bounded speed, so that it never comes 2^256 times as far as it started; its enclosure
widens first, and more bits are of no use.
"""

from __future__ import annotations

from itertools import islice, pairwise
from math import hypot, isfinite, sqrt

from flint import fmpq

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.stepping import iterates_of

_STEPS = 2000
_FARTHER = 2.0


def is_seen_to_leave(expansion: Expansion, method: Method, step_size: fmpq) -> bool:
    """Follow a trajectory in floats, and tell whether it moves away all the time at the end.

    Args:
        expansion: The loss at its minimizer, with the start.
        method: The method.
        step_size: η.

    Returns:
        Whether the iterates overflow, or end more than twice as far from the minimizer as they began after a last
        quarter in which every step led farther.
    """
    start = [to_float(x) for x in expansion.displacement]
    gradient = FloatMap(expansion.local_loss, step_size).gradient
    sizes: list[float] = []
    try:
        for h in islice(iterates_of(method, step_size, start, gradient, number=to_float, root=sqrt), _STEPS):
            sizes.append(hypot(*h))
            if not isfinite(sizes[-1]):
                return True
    except OverflowError:
        return True
    tail = sizes[-_STEPS // 4 :]
    return all(a < b for a, b in pairwise(tail)) and sizes[-1] > _FARTHER * sizes[0]
