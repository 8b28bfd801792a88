"""An exceptional start, and its nearest neighbour.

**Statement.** Gradient descent on f = x²/2 + 2y² + x²y maps the y-axis into itself: ∂f/∂x = x(1 + 2y). With the small
step η = 1/10 almost every start arrives along x, the flattest direction. A start on the y-axis cannot: it arrives along
y. One at a distance of δ = 10⁻³⁰ from the axis follows the axis at first, since y shrinks by 1 − 4η = 3/5 a step and x
by 1 − η = 9/10 only; x is ahead after ln(y₀/δ)/ln((1−η)/(1−4η)) steps, and stays ahead.

**Proof idea.** The start on the axis lies in an invariant linear space that is orthogonal to the dominant eigenvector,
so its amplitude ζ is zero exactly; within the space the same certificate proves the limit. For the neighbour ζ ≠ 0, and
the certificate finds it, however small it is.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1,
whose "almost every" leaves such starts out.

**Guarantee.** The limits have certificates that the independent checker accepts. In the picture δ is 10⁻³: with 10⁻³⁰
no picture could distinguish the two starts before step 165.
"""

from math import ceil, log

from _paper import Line, Paper, main

import gdcheck

LOSS, ETA, DELTA, HEIGHT = "x**2/2 + 2*y**2 + x**2*y", 0.1, 1e-30, 0.1


def exceptional_start() -> Paper:
    """Decide a start on the exceptional axis, and one beside it."""
    on, beside, drawn = (
        gdcheck.decide(gdcheck.Problem(LOSS, step_size="1/10", start=[x, "1/10"])) for x in ("0", "1e-30", "1e-3")
    )
    assert all(gdcheck.recheck(gdcheck.certify(decision)) for decision in (on, beside))

    x, y, ahead = DELTA, HEIGHT, 0
    while abs(x) <= abs(y):
        ahead += 1
        x, y = x - ETA * (x + 2 * x * y), y - ETA * (4 * y + x**2)

    lines = [
        Line("on the axis: verdict", "exceptional", on.verdict.value),
        Line("on the axis: arrives along", "y", _axis(on)),
        Line("beside it: verdict", "proved", beside.verdict.value),
        Line("beside it: arrives along", "x", _axis(beside)),
        Line("beside it: x is ahead at step", ceil(log(HEIGHT / DELTA) / log((1 - ETA) / (1 - 4 * ETA))), ahead),
    ]
    return Paper(lines, drawn, "A start beside the exceptional axis: it follows y at first, and arrives along x")


def _axis(decision: gdcheck.Decision) -> str:
    (direction,) = decision.limit.vectors
    return "x" if abs(direction[0]) > abs(direction[1]) else "y"


if __name__ == "__main__":
    main(exceptional_start)
