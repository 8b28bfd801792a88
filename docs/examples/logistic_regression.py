"""Logistic regression on real data.

**Statement.** The loss mean(softplus(−y⟨x, w⟩)) + ½·0.01‖w‖² over 569 biopsies with 30 features each is strictly
convex, but its minimizer has no formula, and no rational coordinates. Gradient descent from 0 arrives along the
flattest eigenvector of its Hessian there if η < 2/(λ₁+λₙ), and alternating along the steepest one above.

**Proof idea.** The minimizer is enclosed in a ball on which the loss is strictly convex and whose sphere the gradient
leaves; the spectrum is enclosed by approximate eigenvectors; the remainder is bounded by the third derivative on a
ball. Then the amplitude certificate decides as for a polynomial.

**Reference.** S. Chen, X. Li, J. Peng, Y. Zhao, On the Convergence Direction of Gradient Descent, ICLR 2026: Theorem 1.
Data: W. Wolberg, O. Mangasarian, N. Street, W. Street, Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning
Repository, doi 10.24432/C5DW2B, CC BY 4.0.

**Guarantee.** Minimizer, spectrum, regime and limit are enclosed with proof, for the data as float64 numbers. Newton's
method in NumPy is shown beside it as an independent computation. ``gdcheck recheck`` verifies such certificates.
"""

from pathlib import Path

import numpy as np
from _paper import Line, Paper, main

import gdcheck
from gdcheck.reports.step_chart import step_chart
from gdcheck.theorem.certificate.step_sizes import smooth_step_line

DATA = Path(__file__).resolve().parents[2] / "examples"
LOSS, DECAY = "mean(softplus(-y*(X@w))) + 0.005*dot(w,w)", 0.01


def logistic_regression(features: int = 30) -> Paper:
    """Prove the limits a percent below and above the switch, and compare them with NumPy's eigenvectors."""
    inputs = np.loadtxt(DATA / "breast_cancer_features.csv", delimiter=",")[:, :features]
    labels = np.loadtxt(DATA / "breast_cancer_labels.csv", delimiter=",")

    w = np.zeros(features)
    for _ in range(20):
        p = 1 / (1 + np.exp(labels * (inputs @ w)))
        hessian = (inputs.T * (p * (1 - p))) @ inputs / len(labels) + DECAY * np.eye(features)
        w -= np.linalg.solve(hessian, DECAY * w - inputs.T @ (labels * p) / len(labels))
    eigenvalues, vectors = np.linalg.eigh(hessian)
    switch = 2 / (eigenvalues[0] + eigenvalues[-1])

    lines = []
    for factor, kind, vector in ((0.99, "fixed", vectors[:, 0]), (1.01, "alternating", vectors[:, -1])):
        eta = f"{factor * switch:.4g}"
        problem = gdcheck.Problem(LOSS, data={"X": inputs, "y": labels}, step_size=eta, start=["0"] * features)
        decision = gdcheck.decide(problem)
        minimizer = np.array([float(x.p) / float(x.q) for x in decision.minimizer.centre])
        limit = np.array([float(x.mid()) for x in decision.limit.vectors[0]])
        lines += [
            Line(f"η = {eta}: verdict", "proved", decision.verdict.value),
            Line(f"η = {eta}: direction", kind, decision.limit.kind.value),
            Line(f"η = {eta}: |cos| with NumPy's eigenvector", 1.0, abs(float(limit @ vector)), 1e-9),
        ]
    lines.append(Line("norm of the minimizer", float(np.linalg.norm(w)), float(np.linalg.norm(minimizer)), 1e-9))
    line = smooth_step_line(problem.loss, decision.minimizer.centre)
    chart = step_chart([line], problem.loss.variables, LOSS)
    return Paper(lines, chart, f"What every step size does in logistic regression with {features} features")


if __name__ == "__main__":
    main(logistic_regression)
