"""A loss with two minimizers, each with its own switch.

**Statement.** f = x⁴/4 − x³/3 − x² + y²/2 + xy²/10 is not convex: it has the minimizers (−1, 0) and (2, 0), with a
saddle at the origin between them. The theorem is local, so every minimizer has its own boundary 2/(λ₁+λₙ), from its own
Hessian diag(3x² − 2x − 2, 1 + x/5). With one step size, η = 3/10, gradient descent arrives at the flat minimizer along
the flattest direction, and at the sharp one alternating along the steepest: the start decides which of the two.

**Proof idea.** The minimizer that a trajectory tends to is found along the way and verified exactly; then the problem
is decided there. Nothing in the certificate asks for convexity: it needs the loss on a ball around the minimizer.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1,
whose loss need not be convex.

**Guarantee.** Both limits are certified, each at its own minimizer, and the independent checker accepts them.
"""

from fractions import Fraction

from _paper import Line, Paper, main

import gdcheck
from gdcheck.reports.step_chart import step_chart
from gdcheck.theorem.certificate.step_sizes import step_line

LOSS = "x**4/4 - x**3/3 - x**2 + y**2/2 + x*y**2/10"


def several_minimizers() -> Paper:
    """Decide one step size from a start on either side of the saddle."""
    lines, drawn = [], []
    for start, x, kind in ((["-3/2", "1/2"], -1, "fixed"), (["3/2", "1/2"], 2, "alternating")):
        decision = gdcheck.decide(gdcheck.Problem(LOSS, step_size="3/10", start=start))
        assert gdcheck.recheck(gdcheck.certify(decision))
        eigenvalues = sorted((3 * x**2 - 2 * x - 2, 1 + x / 5))
        line = step_line(decision.problem)
        computed = float(Fraction(line["step_sizes"]["optimal"]))
        at = f"from {start[0]}, {start[1]}"
        lines += [
            Line(f"{at}: arrives at x", float(x), float(Fraction(str(decision.problem.minimizer[0])))),
            Line(f"{at}: 2/(λ₁+λₙ) there", 2 / sum(eigenvalues), computed, 1e-12),
            Line(f"{at}: limit with η = 3/10", kind, decision.limit.kind.value),
        ]
        drawn.append(line)
    return Paper(lines, step_chart(drawn, ("x", "y"), LOSS), "What every step size does, at either minimizer")


if __name__ == "__main__":
    main(several_minimizers)
