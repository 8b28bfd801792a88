"""When a run's direction locks: the cosine of consecutive updates, and a sound signal beside it.

The cosine says nothing by itself: on x²/2 + 2y² a small step has it near 1 far from the limit's direction. What bounds
the angle of an update u to the eigenvector v_d that the step size selects is, with the next update w, r = ⟨w,u⟩/‖u‖²,
s = ‖w − ru‖/‖u‖, ε = ‖w − Mu‖/‖u‖, M = I − ηH with multipliers μ_i (docs/theory.md, 4; claim ``signal``):

    (s − ε)/max_i |μ_i − μ_d|  ≤  sin∠(u, v_d)  ≤  (s + ε)/min_{i≠d} |μ_i − r|.

It is evaluated in floats here, so a signal that fires is measured, not proved.
"""

from __future__ import annotations

from math import inf, sqrt

import torch
from torch import Tensor

from gdcheck.networks.shapes import LockingEntry

LEVEL = 0.99
"""The cosine that is asked of consecutive updates, and of an update with v_d."""


def sine_bounds(u: Tensor, w: Tensor, multipliers: Tensor, end: int) -> tuple[float, float]:
    """Bound the sine of the angle of an update to the eigenvector of a simple multiplier.

    Args:
        u: An update in the minimum's eigenvectors, (n,).
        w: The next one, (n,).
        multipliers: μ = 1 − ηλ, (n,).
        end: Which multiplier is μ_d: 0 or −1.

    Returns:
        The bounds; from 0 to infinity where nothing is signalled.
    """
    norm = float(torch.linalg.vector_norm(u))
    if norm == 0:
        return 0.0, inf
    r = float(w.dot(u)) / norm**2
    s = float(torch.linalg.vector_norm(w - r * u)) / norm
    epsilon = float(torch.linalg.vector_norm(w - multipliers * u)) / norm
    others = multipliers[1:] if end == 0 else multipliers[:-1]
    gap = float((others - r).abs().min())
    widest = float((others - multipliers[end]).abs().max())
    return max(0.0, (s - epsilon) / widest), (s + epsilon) / gap if gap > 0 else inf


def locking(cosine: Tensor, sine: Tensor, above: Tensor, *, large: bool) -> LockingEntry:
    """Return the step at which each signal fires.

    Args:
        cosine: cos of consecutive updates of steps 1, …, K, (K,).
        sine: The sine of the angle of the earlier of the two to v_d, (K,).
        above: Its upper bound, (K,).
        large: Whether the step size is above the boundary: the cosine then goes to −1, and v_d is vₙ.

    Returns:
        The steps.
    """
    most = sqrt(1 - LEVEL**2)
    fired = torch.nonzero(above <= most)
    return LockingEntry(
        eigenvector="vₙ" if large else "v₁",
        level=LEVEL,
        cosine=_for_good((-cosine if large else cosine) >= LEVEL),
        sound=int(fired[0]) + 1 if len(fired) else None,
        aligned=_for_good(sine <= most),
    )


def _for_good(holds: Tensor) -> int | None:
    """Return the first step from which a condition holds to the end; None where it does not hold at the end."""
    if not len(holds) or not bool(holds[-1]):
        return None
    fails = torch.nonzero(~holds)
    return int(fails[-1]) + 2 if len(fails) else 1
