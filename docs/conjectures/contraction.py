"""True: on quadratics the factor is (1 − ηλ)² for each eigenvalue, and 2λ₁λₙ/(λ₁+λₙ) is just small enough for all."""

from gdcheck import claim, holds

BOOK = "Nesterov, Introductory Lectures on Convex Optimization (2004), Theorem 2.1.15"


@claim(
    "‖x⁺ − x*‖² ≤ (1 − 2ηλ₁λₙ/(λ₁+λₙ))‖x − x*‖²", source=BOOK, regimes="small-step", quadratic=True, dimensions=(2, 4)
)
def contraction(problem, decision, trajectory):
    """Hold each step against the factor."""
    low, high, d = trajectory.spectrum[0], trajectory.spectrum[-1], trajectory.distance
    return holds(d[1:] ** 2 <= (1 - 2 * trajectory.step_size * low * high / (low + high)) * d[:-1] ** 2)
