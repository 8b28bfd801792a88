"""The assumptions of Theorem 1, each dropped in at least one way."""

from __future__ import annotations

from properties.ablation import convexity, smoothness, spectral, stability
from properties.ablation.ablation import Ablation

ABLATIONS: tuple[Ablation, ...] = (
    spectral.OFF_BOUNDARY,
    spectral.SIMPLE_LOWEST,
    spectral.SIMPLE_HIGHEST,
    stability.NEUTRAL,
    stability.BEYOND,
    stability.ORBIT,
    spectral.ALMOST_ALL,
    smoothness.PREIMAGES,
    smoothness.C21,
    smoothness.C11,
    smoothness.BOUNDARY_MOVES,
    convexity.FLAT,
    convexity.COUPLED,
    convexity.SADDLE,
    convexity.VALLEY,
)
"""In the order of the paper's assumptions."""
