"""True: max |1 − ηλᵢ| is smallest at η = 2/(λ₁+λₙ), the very step size at which no direction is left."""

from gdcheck import claim, holds


@claim(
    "No fixed step size has a better rate than (λₙ − λ₁)/(λₙ + λ₁).",
    source="Polyak, USSR Comp. Math. 3 (1963)",
    steps=1,
)
def best_rate(problem, decision, trajectory):
    """Compare the rate with the best one."""
    low, high = trajectory.spectrum[0], trajectory.spectrum[-1]
    return holds(trajectory.rate > (high - low) / (high + low))
