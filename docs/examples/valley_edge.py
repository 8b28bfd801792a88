"""A valley with its edge of stability.

**Statement.** The zeros of xy − 1 form a curve, so f = (xy − 1)²/2 has no strict minimizer and the theorem says
nothing. Yet gradient descent arrives at one point of the curve, and in a direction: alternating along the only nonzero
curvature λ, if η > 1/λ there. From (2.2, 0.4) with η = 1/2 the sharpness begins above 2/η = 4, exceeds it at 7 steps,
and ends below. Where it ends has a formula: one step multiplies x² − y² by exactly 1 − η²r², r = xy − 1, so

> λ = x² + y² = √(q² + 4)  at the end,  with  q = (x₀² − y₀²) ∏ (1 − η²r_k²).

**Proof idea.** The residuals, not the iterates, obey a perturbed linear recursion u⁺ = (1 − ηλ)u + O(u²) with λ taken
at the unknown point of arrival; the amplitude certificate decides it, and shows that the point exists.

**Reference.** J. Cohen, S. Kaur, Y. Li, J. Kolter, A. Talwalkar, Gradient descent on neural networks typically occurs
at the edge of stability, ICLR 2021 (the phenomenon); the argument is this project's page on valleys.

**Guarantee.** The point of arrival and the limit of the direction have a certificate that the independent checker
accepts; the steps above 2/η are counted in enclosures.
"""

from math import sqrt

from _paper import Line, Paper, main

import gdcheck
from gdcheck.theorem.valleys.sharpness import valley_sharpness

ETA, START = 0.5, (2.2, 0.4)


def valley_edge() -> Paper:
    """Prove where a trajectory meets the hyperbola xy = 1, and how sharp the loss is along it."""
    problem = gdcheck.Problem.residuals(["x*y - 1"], step_size="1/2", start=["2.2", "0.4"])
    decision = gdcheck.decide(problem)
    accepted = gdcheck.recheck(gdcheck.certify(decision))
    seen = valley_sharpness(decision)

    # The formula needs the residuals only: a plain loop in floats.
    (x, y), steep = START, 0
    q = x * x - y * y
    for _ in range(200):
        r = x * y - 1
        steep += (x * x + y * y) / 2 + sqrt((x * x - y * y) ** 2 / 4 + (2 * x * y - 1) ** 2) > 2 / ETA
        q *= 1 - (ETA * r) ** 2
        x, y = x - ETA * r * y, y - ETA * r * x

    lines = [
        Line("verdict", "proved", decision.verdict.value),
        Line("regime at the point of arrival", "large-step", decision.arrival.regime.value),
        Line("sharpness there, √(q² + 4)", sqrt(q * q + 4), float(seen.limit.mid()), 1e-9),
        Line("modulus of the multiplier, ηλ − 1", ETA * sqrt(q * q + 4) - 1, float(decision.arrival.rho.mid()), 1e-9),
        Line("steps with a sharpness above 2/η", steep, len(seen.above)),
        Line("certificate accepted by the checker", "yes", "yes" if accepted else "no"),
    ]
    return Paper(lines, decision, "Descent into the valley xy = 1: direction, sharpness against 2/η, and the path")


if __name__ == "__main__":
    main(valley_edge)
