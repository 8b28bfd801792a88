"""True: Theorem 1 itself, decided by certified batches."""

from gdcheck import End, LimitKind, Prediction, Regime, Statement, claim

SMALL, LARGE = Prediction(End.LOWEST, LimitKind.FIXED), Prediction(End.HIGHEST, LimitKind.ALTERNATING)
theorem_1 = claim(
    "Below 2/(λ₁+λₙ) the direction is fixed along v₁; from there to 2/λₙ it alternates along vₙ.",
    source="the paper, Theorem 1",
    statement=Statement("Theorem 1", {Regime.SMALL_STEP: SMALL, Regime.LARGE_STEP: LARGE}),
)
