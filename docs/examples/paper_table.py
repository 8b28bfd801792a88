"""The paper's table, and its worked example.

**Statement.** Three losses, each with a small and a large step size, all from (0.1, 0.1). Below 2/(λ₁+λₙ) gradient
descent arrives in the fixed direction of the flattest eigenvector; above it, alternating along the steepest one. Along
the way the sharpness λₙ(x_k) is monotone in the first case and oscillates in the second, if its slope C_η along the
limit is not zero.

**Proof idea.** The trajectory is enclosed until the component along the dominant eigenvector exceeds all that the
remainder can still add to it. From that step on the limit is settled; no run to infinity is needed.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1,
and the synthetic experiments of Section 5.

**Guarantee.** Each limit has a certificate, and each pattern of the sharpness too; the independent checker accepts
them all.
"""

from _paper import Line, Paper, main

import gdcheck
from gdcheck.properties.verify.paper_examples import TABLE
from gdcheck.properties.verify.sharpness_rows import sharpness_rows


def paper_table() -> Paper:
    """Prove the six rows of the table, and what the sharpness does along the worked example."""
    lines = []
    for row in TABLE:
        problem = gdcheck.Problem(row.loss, step_size=row.step_size, start=row.start)
        decision = gdcheck.decide(problem)
        assert gdcheck.recheck(gdcheck.certify(decision))
        (direction,) = decision.limit.vectors
        largest = max(range(len(direction)), key=lambda i: abs(direction[i]))
        found = f"{decision.limit.kind.value}, {problem.loss.variables[largest]}"
        lines.append(Line(f"{row.loss}, η = {row.step_size}", f"{row.kind.value}, {row.axis}", found))

    worked = TABLE[-1]
    proved = next(r for r in sharpness_rows() if (r.step_size, r.start) == (worked.step_size, worked.start))
    assert proved.recheck == "accepted"
    lines += [
        Line("sharpness of the last row", worked.pattern.value, proved.kind),
        Line("its slope C_η along the limit", float(worked.C_eta), float(proved.C_eta)),
        Line("steps with a sharpness above 2/η", worked.crossings, proved.crossings),
        Line("among them, steps at which the loss rises", 0, proved.rose),
    ]
    return Paper(lines, decision, "The worked example with η = 0.95: direction, sharpness against 2/η, and its path")


if __name__ == "__main__":
    main(paper_table)
