"""Theorem 1, small step: the direction is fixed along the eigenvector of the smallest eigenvalue."""

from gdcheck.properties.claims.claim import Claim
from gdcheck.properties.claims.conclusion import examine_conclusion
from gdcheck.properties.claims.second_engine import sees_the_limit
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.methods.statement import Regime

CLAIM = Claim(
    name="direction",
    sentence="With a small step, almost every trajectory in the basin comes in along one direction, that of the least"
    " curvature (Theorem 1, small step).",
    statement="For 0 < η < 2/(λ₁+λₙ), lim (x_k − x*)/‖x_k − x*‖ is exactly ± the prescribed eigenvector of λ₁, or the"
    " start is proved to lie in the null set; the independent checker accepts the certificate.",
    regimes=(Regime.SMALL_STEP,),
    instances=problems,
    examine=examine_conclusion,
    margin="log₂(amplitude/tail)",
    second=sees_the_limit,
)
