"""Every start of a basin at once.

**Statement.** The theorem speaks of almost every start: the exceptional ones form a null set. For f = x²/2 + 2y² + xy²
with η = 1/10 this null set is a curve x = φ(y) within a ball around the minimizer, with φ(y) = c y² + O(y⁴). It is
mapped into itself, and comparing the terms of order y² in φ(y⁺) = x⁺ gives c = η/((1 − η) − (1 − 4η)²).

**Proof idea.** The amplitude ζ of the dominant mode differs from a linear function of the start by one with a small
Lipschitz constant L. Where L < 1, {ζ = 0} is a Lipschitz graph over the plane orthogonal to the dominant eigenvector,
and every other start of the ball arrives as the theorem says.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1
(almost every start); the graph is section 8 of this project's theory page.

**Guarantee.** One certificate for all starts of the ball, accepted by the independent checker. Here it is also compared
with single starts: the sign of the certified limit changes where the curve is predicted.
"""

from fractions import Fraction

from _paper import Line, Paper, main

import gdcheck
from gdcheck.properties.basins.plane import draw_plane
from gdcheck.reports.plane_picture import plane_picture
from gdcheck.theorem.descent.problem import Problem

LOSS, ETA = "x**2/2 + 2*y**2 + x*y**2", Fraction(1, 10)


def every_start(size: int = 600) -> Paper:
    """Prove the theorem for almost every start near the minimizer, and find the exceptional curve."""
    found = gdcheck.decide_every_start(gdcheck.Problem(LOSS, step_size=ETA, start=["1", "1"]))
    accepted = bool(gdcheck.recheck(gdcheck.certify(found)))

    # On the curve the sign of the limit changes: a bisection over certified signs finds x for a given y.
    y = Fraction(1, 1000)
    left, right = Fraction(0), y * y
    while right - left > y * y / 10**6:
        middle = (left + right) / 2
        decision = gdcheck.decide(gdcheck.Problem(LOSS, step_size=ETA, start=[middle, y]))
        left, right = (middle, right) if decision.limit.vectors[0][0] < 0 else (left, middle)

    c = ETA / ((1 - ETA) - (1 - 4 * ETA) ** 2)
    lines = [
        Line("almost every start", "proved", found.verdict.value),
        Line("accepted by the checker", "yes", "yes" if accepted else "no"),
        Line("slope of the exceptional curve below 1", "yes", "yes" if found.exceptional.slope < 1 else "no"),
        Line("c, from the curve at y = 1/1000", float(c), float((left + right) / 2 / y**2), 1e-5),
    ]
    plane = draw_plane(Problem(LOSS, step_size=ETA, start=["1", "1"]), size=size)
    return Paper(
        lines, plane_picture(plane, f"{LOSS}, η = {ETA}"), "Which limit each start takes, and the curve between"
    )


if __name__ == "__main__":
    main(every_start)
