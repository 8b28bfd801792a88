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
    observation,
    rate,
    remainder,
    sharpness,
    updates,
)
from gdcheck.properties.claims.claim import Claim

CLAIMS: dict[str, Claim] = {
    module.CLAIM.name: module.CLAIM
    for module in (
        direction,
        alternation,
        boundary,
        remainder,
        invariance,
        dominance,
        exceptional,
        amplitude,
        updates,
        rate,
        sharpness,
        observation,
        equivariance,
    )
}
"""Every claim by its name, in the order of the paper. ``torch_sgd`` has its own, which needs torch."""
