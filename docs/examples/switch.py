"""The switch, located to twelve digits.

**Statement.** At η = 2/(λ₁+λₙ) the limit of the direction jumps from the flattest eigenvector, which is approached from
one side, to the steepest, which is approached from both sides alternately. Next to the boundary either limit takes a
long time to show in a simulation: the two modes shrink at nearly the same rate.

**Proof idea.** The certificate compares the component along the dominant eigenvector with all that the remainder can
still add to it. Both are of the same size on either side of the boundary, so a step size at a relative distance of
10⁻¹² costs no more than any other. A bisection over certified limits therefore finds the switch to any accuracy wanted.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1.

**Guarantee.** Both ends of the last interval are certified, and the independent checker accepts the certificates: the
limit is fixed at the left end, and alternating at the right one.
"""

from fractions import Fraction

from _paper import Line, Paper, main

import gdcheck
from gdcheck.reports.step_chart import step_chart
from gdcheck.theorem.certificate.step_sizes import step_line


def switch(accuracy: Fraction = Fraction(1, 10**12)) -> Paper:
    """Find the switch of the worked example by bisection."""
    loss, lowest, highest = "x**2 + y**2/2 + x**2*y + x**3", 1, 2

    def decide(step_size: Fraction) -> gdcheck.Decision:
        return gdcheck.decide(gdcheck.Problem(loss, step_size=step_size, start=["0.1", "0.1"]))

    below, above, halvings = Fraction(1, 2), Fraction(9, 10), 0
    while above - below > accuracy * below:
        middle, halvings = (below + above) / 2, halvings + 1
        if decide(middle).limit.kind is gdcheck.LimitKind.FIXED:
            below = middle
        else:
            above = middle

    ends = [decide(below), decide(above)]
    lines = [
        Line("the switch, 2/(λ₁+λₙ)", 2 / (lowest + highest), float((below + above) / 2), float(accuracy)),
        Line("limit at the left end", "fixed", ends[0].limit.kind.value),
        Line("limit at the right end", "alternating", ends[1].limit.kind.value),
        Line("both accepted by the checker", "yes", "yes" if all(map(_accepted, ends)) else "no"),
    ]
    line = step_line(ends[0].problem)
    return Paper(
        lines, step_chart([line], ("x", "y"), loss), "What every step size does near the minimizer of the loss"
    )


def _accepted(decision: gdcheck.Decision) -> bool:
    return bool(gdcheck.recheck(gdcheck.certify(decision)))


if __name__ == "__main__":
    main(switch)
