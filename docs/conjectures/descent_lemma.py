"""True: on quadratics L = λₙ everywhere, and what is left over is (η²/2)(λₙ‖∇f‖² − ∇f·A∇f) ≥ 0."""

from gdcheck import claim, holds

BOOK = "Nesterov, Introductory Lectures on Convex Optimization (2004), section 1.2.3"


@claim("f(x⁺) ≤ f(x) − η(1 − ηλₙ/2)‖∇f(x)‖²", source=BOOK, regimes="small-step", quadratic=True, dimensions=(2, 4))
def descent_lemma(problem, decision, trajectory):
    """Hold each step against the lemma."""
    f, eta = trajectory.loss, trajectory.step_size
    promised = eta * (1 - eta * trajectory.spectrum[-1] / 2) * trajectory.gradient_norm[:-1] ** 2
    return holds(f[1:] <= f[:-1] - promised)
