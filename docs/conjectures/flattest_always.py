"""False: beyond 2/(λ₁+λₙ) it is the steepest eigenvector that is left, and the direction alternates along it."""

from gdcheck import End, LimitKind, Prediction, Regime, Statement, claim

FLATTEST = Prediction(End.LOWEST, LimitKind.FIXED)
flattest_always = claim(
    "Gradient descent that converges comes in along the flattest eigenvector v₁.",
    source="folklore: steep components die first",
    statement=Statement("along v₁", {Regime.SMALL_STEP: FLATTEST, Regime.LARGE_STEP: FLATTEST}),
)
