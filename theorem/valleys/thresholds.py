"""The step sizes at which a method with momentum changes its behaviour at a point of arrival.

All of them fall as the smallest or the largest nonzero eigenvalue grows. So their values at the ends of the
eigenvalues' enclosures enclose them.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.augmented import thresholds as exact
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.loss.balls import ends, surely_less
from gdcheck.theorem.methods.method import Method

Window = tuple[arb, arb]
_BITS = 256


@dataclass(frozen=True, eq=False)
class ValleyThresholds:
    """The step sizes at which a method changes its behaviour, enclosed; None for one that is absent or undecided.

    Attributes:
        boundary: The switch from fixed to alternating.
        window: The ends of the window in which no limit exists.
        tangential: The ends of the window in which the direction tends to one along the valley.
        stability_limit: The step size from which on the point repels.
    """

    boundary: arb | None
    window: Window | None
    tangential: Window | None
    stability_limit: arb


def valley_thresholds(lowest: arb, highest: arb, method: Method, *, tangential: bool) -> ValleyThresholds:
    """Enclose the step sizes at which a method changes its behaviour.

    Args:
        lowest: The smallest nonzero Hessian eigenvalue at the point of arrival, enclosed.
        highest: The largest.
        method: Heavy ball or Nesterov's method.
        tangential: Whether there are directions along the valley.

    Returns:
        The thresholds.
    """
    (low, low_up), (high, high_up) = ends(lowest), ends(highest)
    most, least = _exactly(low, high, method), _exactly(low_up, high_up, method)
    # Of which kind they are depends on the ratio of both alone, and changes once.
    kinds = [found.boundary is None for found in (_exactly(low_up, high, method), _exactly(low, high_up, method))]
    limit = least.stability_limit.value.union(most.stability_limit.value)
    if kinds[0] is not kinds[1]:
        return ValleyThresholds(None, None, None, limit)
    if most.boundary is not None and least.boundary is not None:
        return ValleyThresholds(least.boundary.value.union(most.boundary.value), None, None, limit)
    assert most.window is not None and least.window is not None
    begins, stops = (a.value.union(b.value) for a, b in zip(least.window, most.window, strict=True))
    beta = arb(method.momentum)
    if not tangential or method.trace_and_determinant()[1][1] == 0:
        return ValleyThresholds(None, (begins, stops), None, limit)
    # Between them all multipliers across the valley are smaller than β (docs/valleys.md, *Momentum*).
    first, last = (1 - beta) / lowest, (2 + 2 * beta) / ((2 + beta) * highest)
    if surely_less(first, last):
        return ValleyThresholds(None, (begins, first), (first, last), limit)
    return ValleyThresholds(None, (begins, stops) if surely_less(last, first) else None, None, limit)


def _exactly(low: fmpq, high: fmpq, method: Method) -> exact.Thresholds:
    values = [low, high] if low < high else [low]
    matrix = fmpq_mat([[x if i == j else fmpq(0) for j in range(len(values))] for i, x in enumerate(values)])
    return exact.thresholds(Spectrum(Pencil(matrix), _BITS), method)
