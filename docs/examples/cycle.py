"""Beyond the stability limit: a cycle in closed form.

**Statement.** f = x⁴/4 − x²/2 + y²/4 + x²y²/8 has a minimizer at (1, 0) with λₙ = 2. With η > 2/λₙ = 1 it is unstable,
but the iterates need not leave: for 1 < η < √5 − 1 they tend to a cycle of period 2 on the x-axis. Its points a > b
solve a − b = η(a³ − a) and b − a = η(b³ − b); the sum and the difference of the two give a² − ab + b² = 1 and
a² + ab + b² = 1 + 2/η, so

> a, b = (√(1 + 3/η) ± √(1 − 1/η)) / 2,

and the derivative of two steps along the axis is 9 − 2(1 + η)².

**Proof idea.** A ball around a nearly periodic point that two steps contract into itself holds exactly one cycle, and
attracts every trajectory that enters it. The trajectory is enclosed until it enters.

**Reference.** Folklore; period doubling of gradient descent. The theorem does not apply: it needs η < 2/λₙ.

**Guarantee.** The cycle exists and attracts this trajectory: the independent checker accepts the certificate.
"""

from math import sqrt

from _paper import Line, Paper, main

import gdcheck
from gdcheck.theorem.certificate.kinds.long_run import long_run_certificate
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.loss.rational import to_float

LOSS, ETA = "x**4/4 - x**2/2 + y**2/4 + x**2*y**2/8", 1.2


def cycle() -> Paper:
    """Prove that a trajectory with too large a step size tends to a cycle, and compare it with its formula."""
    problem = gdcheck.Problem(LOSS, step_size="6/5", start=["3/10", "1/10"], minimizer=["1", "0"])
    decision, end = gdcheck.decide(problem), long_run(problem)
    certificate = long_run_certificate(problem, end.claim)
    points = sorted(to_float(point[0]) for point in end.points)
    middle, half = sqrt(1 + 3 / ETA) / 2, sqrt(1 - 1 / ETA) / 2
    lines = [
        Line("the theorem", "not-applicable", decision.verdict.value),
        Line("the iterates", "cycle", end.kind.value),
        Line("lower point b of the cycle", middle - half, points[0], 1e-12),
        Line("upper point a of the cycle", middle + half, points[1], 1e-12),
        Line("factor a step, √|9 − 2(1 + η)²|", sqrt(abs(9 - 2 * (1 + ETA) ** 2)), end.factor, 1e-9),
        Line("accepted by the checker", "yes", "yes" if certificate and gdcheck.recheck(certificate) else "no"),
    ]
    return Paper(lines, decision, "The iterates beyond the stability limit: they tend to a cycle of two points")


if __name__ == "__main__":
    main(cycle)
