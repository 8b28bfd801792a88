"""Momentum's window: step sizes without any direction.

**Statement.** Heavy ball with momentum β arrives along the flattest eigenvector for η < (1−√β)²/λ₁, alternating along
the steepest for (1+√β)²/λₙ < η < 2(1+β)/λₙ. If λₙ/λ₁ < ((1+√β)/(1−√β))², which is 1442 for β = 0.9, there is a window
between the two, where the direction has no limit at all: all multipliers are complex, of the same modulus √β, and the
iterates rotate.

**Proof idea.** On an eigenvector of the Hessian one step is a 2×2 matrix with the trace 1 + β − ηλ and the determinant
β. Its eigenvalues are complex where (1 + β − ηλ)² < 4β. In a norm in which its powers are bounded by √βʲ the amplitude
certificate proves that the part of a complex pair persists, and two consecutive values of a rotating component exclude
a limit.

**Reference.** B. Polyak, Some methods of speeding up the convergence of iteration methods, 1964 (the method and its
spectrum); the theorem for heavy ball is section 3 of this project's methods page.

**Guarantee.** The three limits below are certified from one start, and the checker accepts the certificates.
"""

from fractions import Fraction
from math import sqrt

from _paper import Line, Paper, main
from flint import fmpq

import gdcheck
from gdcheck.reports.charts import number
from gdcheck.reports.direction_chart import moduli_chart
from gdcheck.theorem.certificate.methods.line import method_step_line, moduli

LOSS, LOWEST, HIGHEST, BETA = "x**2/2 + 2*y**2 + x*y**2", 1, 4, Fraction(9, 10)


def momentum_window() -> Paper:
    """Compare the window's ends with their formulas, and decide a step size below, within and above it."""
    method = {"name": "heavy-ball", "momentum": str(BETA)}

    def decide(step_size: str) -> gdcheck.Decision:
        return gdcheck.decide(gdcheck.Problem(LOSS, step_size=step_size, start=["1/1000", "1/1000"], method=method))

    decided = {eta: decide(eta) for eta in ("1/500", "1/100", "9497/10000")}
    line = method_step_line(decided["1/100"].problem)
    low, high = (number(x) for x in line["window"])
    root = sqrt(BETA)
    lines = [
        Line("window begins at (1−√β)²/λ₁", (1 - root) ** 2 / LOWEST, low, 1e-9),
        Line("window ends at (1+√β)²/λₙ", (1 + root) ** 2 / HIGHEST, high, 1e-9),
        Line("stable up to 2(1+β)/λₙ", 2 * (1 + float(BETA)) / HIGHEST, number(line["stability_limit"]), 1e-12),
    ]
    for (eta, decision), kind in zip(decided.items(), ("fixed", "rotating", "alternating"), strict=True):
        accepted = gdcheck.recheck(gdcheck.certify(decision))
        lines.append(Line(f"direction with η = {eta}", kind, decision.limit.kind.value if accepted else "rejected"))
    steps = [(k + 1) / 400 * 1.15 * number(line["stability_limit"]) for k in range(400)]
    rows = moduli([fmpq(LOWEST), fmpq(HIGHEST)], decision.problem.method, steps)
    chart = moduli_chart(line, steps, {str(LOWEST): rows[0], str(HIGHEST): rows[1]})
    return Paper(lines, chart, "Moduli of the multipliers of heavy ball with β = 0.9, over all step sizes")


if __name__ == "__main__":
    main(momentum_window)
