"""The assumptions of Theorem 1, and of the theorem for valleys, each dropped, after a control that drops none."""

from __future__ import annotations

from gdcheck.properties.ablation import control, convexity, kinks, momentum, smoothness, spectral, stability, valleys
from gdcheck.properties.ablation.ablation import Ablation

ABLATIONS: tuple[Ablation, ...] = (
    control.CONTROL,
    spectral.OFF_BOUNDARY,
    spectral.SIMPLE_LOWEST,
    spectral.SIMPLE_HIGHEST,
    stability.NEUTRAL,
    stability.BEYOND,
    stability.ORBIT,
    spectral.ALMOST_ALL,
    smoothness.PREIMAGES,
    smoothness.C21,
    kinks.KINKS,
    smoothness.C11,
    smoothness.BOUNDARY_MOVES,
    convexity.FLAT,
    convexity.COUPLED,
    convexity.SADDLE,
    convexity.VALLEY,
    valleys.RANK,
    valleys.EQUAL_ENDS,
    valleys.BOUNDARY,
    *momentum.ABLATIONS,
)
"""The control, then in the order of the paper's assumptions, then those of the theorems on momentum."""
