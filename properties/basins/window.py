"""The size of a picture of starts: that of the basin."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from flint import arb, ctx

from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound

_WIDEST = 56
_OCTAVES = 40
_HALVINGS = 8
_LEAST, _MOST = 0.2, 0.6


def natural_size(problem: Problem, lowest: float) -> float | None:
    """Return the distance from the minimizer at which the remainder may be as large as the smallest linear part.

    Args:
        problem: A polynomial loss.
        lowest: The smallest eigenvalue, about.

    Returns:
        A power of two from 2⁻⁵⁶ to 2⁵⁶; None for a quadratic or a remainder as weak as one.
    """
    with ctx.workprec(64):
        bound = RemainderBound.of(Expansion.of(problem))
        linear = arb(problem.step_size) * arb(lowest)
        for exponent in range(-_WIDEST, _WIDEST + 1):
            radius = arb(2) ** exponent
            if not bound.quadratic(radius) * radius < linear:
                return 2.0**exponent
    return None


def basin_width(first: float, lost: Callable[[float], float]) -> float | None:
    """Return a half-width at which a part of the starts no longer goes to the minimizer, but not nearly all of them.

    Args:
        first: Where the search begins.
        lost: The share of the starts of a window with this half-width that do not go to the minimizer.

    Returns:
        The half-width; None if there is none within 2⁴⁰ times the first guess and its inverse.
    """
    share = lost(first)
    grows = share < _LEAST
    here = there = first
    for _ in range(_OCTAVES):
        if _LEAST <= share <= _MOST:
            return there
        if (share < _LEAST) != grows:
            break
        here, there = there, there * (2 if grows else 0.5)
        share = lost(there)
    else:
        return None
    low, high = min(here, there), max(here, there)
    for _ in range(_HALVINGS):
        middle = sqrt(low * high)
        share = lost(middle)
        if _LEAST <= share <= _MOST:
            return middle
        low, high = (middle, high) if share < _LEAST else (low, middle)
    return high
