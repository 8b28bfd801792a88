"""The claims of the theorem, one module each, and their registry."""

from gdcheck.properties.claims import (
    alternation,
    amplitude,
    boundary,
    direction,
    dominance,
    equivariance,
    exceptional,
    invariance,
    methods,
    observation,
    rate,
    remainder,
    sharpness,
    signal,
    smooth,
    updates,
    valleys,
)
from gdcheck.properties.claims.claim import Claim

CLAIMS: dict[str, Claim] = {
    claim.name: claim
    for claim in (
        direction.CLAIM,
        alternation.CLAIM,
        boundary.CLAIM,
        remainder.CLAIM,
        invariance.CLAIM,
        dominance.CLAIM,
        exceptional.CLAIM,
        amplitude.CLAIM,
        updates.CLAIM,
        signal.CLAIM,
        rate.CLAIM,
        sharpness.CLAIM,
        observation.CLAIM,
        equivariance.CLAIM,
        methods.PRECONDITIONED,
        methods.HEAVY_BALL,
        methods.NESTEROV,
        methods.ADAPTIVE,
        valleys.CLAIM,
        smooth.SMOOTH,
        smooth.REMAINDER,
    )
}
"""Every claim by its name, in the order of the paper. ``torch_sgd`` has its own, which needs torch."""
