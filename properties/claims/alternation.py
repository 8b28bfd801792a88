"""Theorem 1, large step: the direction alternates along the eigenvector of the largest eigenvalue."""

from gdcheck.properties.claims.claim import Claim
from gdcheck.properties.claims.conclusion import examine_conclusion
from gdcheck.properties.claims.second_engine import sees_the_limit
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.methods.statement import Regime

CLAIM = Claim(
    name="alternation",
    sentence="With a large step, almost every trajectory in the basin ends up jumping from side to side along the"
    " direction of the greatest curvature (Theorem 1, large step).",
    statement="For 2/(λ₁+λₙ) < η < 2/λₙ, lim (−1)^k (x_k − x*)/‖x_k − x*‖ is exactly ± the prescribed eigenvector of"
    " λₙ, or the start is proved to lie in the null set; the independent checker accepts the certificate.",
    regimes=(Regime.LARGE_STEP,),
    instances=problems,
    examine=examine_conclusion,
    margin="log₂(amplitude/tail)",
    second=sees_the_limit,
)
