"""How the components along v₁ and vₙ move near a strict minimum: measured from consecutive values, beside predictions.

A component with a real multiplier μ obeys y' = μy in the long run, one with a pair y'' = ty' − dy.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import acos, exp, pi, sqrt

import torch
from torch import Tensor

from gdcheck.networks.method_shapes import ENDS, EndMotion, MethodPrediction
from gdcheck.networks.predictions import turned_apart

RATE = 0.01
"""By which share of 1 − ρ a growth per step may differ from ρ."""
ANGLE = 1e-3
"""By how much an angle per step may differ, in radians."""
_CLEAR = 1.001


def own_rates(predicted: MethodPrediction) -> list[EndMotion | None]:
    """Return the ends with a modulus above ρ², ρ the largest: the loss's third order makes the others shrink by ρ².

    Args:
        predicted: The prediction.
    """
    ends = (predicted.lowest, predicted.highest)
    fed = _CLEAR * max(end.modulus for end in ends) ** 2
    return [end if end.modulus > fed else None for end in ends]


def dominant_ends(predicted: MethodPrediction) -> list[EndMotion | None]:
    """Return the ends of the largest modulus, in a window both and else one; None for the other.

    Args:
        predicted: The prediction.
    """
    ends = (predicted.lowest, predicted.highest)
    return [end if _CLEAR * end.modulus >= max(e.modulus for e in ends) else None for end in ends]


def measure(triples: Tensor, predicted: EndMotion) -> EndMotion | None:
    """Measure how one component moves.

    Args:
        triples: Its values at three consecutive steps each, shape (k, 3), none of them zero.
        predicted: What is predicted: which of the two laws is fitted.

    Returns:
        What the fit says; None where the values follow neither law.
    """
    if 0 < predicted.angle < pi:
        return _pair(triples)
    ratios = triples[:, 1:] / triples[:, :-1]
    modulus = exp(float(ratios.abs().log().mean()))
    if bool((ratios > 0).all()):
        return EndMotion(modulus, 0.0)
    return EndMotion(modulus, pi) if bool((ratios < 0).all()) else None


def _pair(triples: Tensor) -> EndMotion | None:
    """Fit y'' = t y' − d y, each equation scaled by its own size, and return modulus and angle of the roots."""
    size = (triples[:, 0] ** 2 + triples[:, 1] ** 2).sqrt()
    rows = torch.stack([triples[:, 1] / size, -triples[:, 0] / size], dim=1)
    t, d = torch.linalg.lstsq(rows, (triples[:, 2] / size)[:, None]).solution[:, 0].tolist()
    if d <= 0 or t * t > 4 * d:
        return None
    return EndMotion(sqrt(d), acos(t / (2 * sqrt(d))))


def shrinks_alike(measured: float, predicted: float) -> bool:
    """Return whether a growth per step is the predicted one, within the share ``RATE`` of its distance from 1."""
    return abs(measured - predicted) <= RATE * abs(1 - predicted)


def motion_findings(ends: Sequence[EndMotion | None], measured: Sequence[EndMotion | None]) -> dict[str, bool]:
    """Compare the measured motion of the ends with the predicted one.

    Args:
        ends: What is predicted along v₁ and vₙ; None where it is not compared.
        measured: What was measured there.

    Returns:
        Each prediction, and whether it was measured.
    """
    return {
        f"along {label} the growth per step is {end.modulus:.6g} and the angle {end.angle:.6g}": seen is not None
        and shrinks_alike(seen.modulus, end.modulus)
        and turned_apart(seen.angle, end.angle) <= ANGLE
        for label, end, seen in zip(ENDS, ends, measured, strict=True)
        if end is not None
    }
