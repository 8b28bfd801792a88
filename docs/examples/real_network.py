"""A real network: 5,100 weights on images, from the first weights to the limit.

**Statement.** A network with 300 tanh neurons interpolates ten images; gradient descent on half the sum of squares
starts beyond the stability limit, the largest eigenvalue of K = JJᵀ above 2/η, falls below it at step 2, and arrives:
the residuals alternate along the steepest eigenvector of K, by the factor 1 − ηλ_p a step. That is an edge of
stability, proved along one run.

**Proof idea.** The zeros of the loss form a valley, so the residuals obey u⁺ = (I − ηK)u + O(‖u‖²) with K at the
unknown point of arrival. Float64 points follow the exact trajectory with every rounding accounted for, and at step 856
the amplitude of the residuals along the steepest eigenvector exceeds the tail.

**Reference.** J. Cohen, S. Kaur, Y. Li, J. Kolter, A. Talwalkar, Gradient descent on neural networks typically occurs
at the edge of stability, ICLR 2021 (the phenomenon); the argument is this project's page on proofs of networks.

**Guarantee.** The kept certificate is checked here from its late iterate on, which is taken as given; for the whole
trajectory run ``gdcheck recheck --time-limit 3600 docs/runs/network-proof-large-step.json``. A plain run in NumPy from
the same first weights is shown beside it.
"""

import json
from pathlib import Path

import numpy as np
from _paper import Line, Paper, main

from gdcheck.networks.proof.storing import recheck_file

DOCS = Path(__file__).resolve().parents[1]
RUN = DOCS / "runs" / "network-proof-large-step.json"


def real_network() -> Paper:
    """Check the certificate at its late iterate, and hold it against the same run in floating point."""
    proof, held = json.loads(RUN.read_text(encoding="utf-8")), np.load(RUN.with_suffix(".npz"))
    failure = recheck_file(proof, RUN, late_only=True)
    eta = float(proof["step_size"].split("/")[0]) / float(proof["step_size"].split("/")[1])
    inputs, targets, w = held["inputs"], held["targets"][:, 0], held["start"].copy()
    cut = proof["layers"][0]["outputs"] * inputs.shape[1]

    above, residuals = [], []
    for step in range(proof["step"] + 1):
        hidden = np.tanh(inputs @ w[:cut].reshape(-1, inputs.shape[1]).T)
        inner = (1 - hidden**2) * w[cut:]
        jacobian = np.hstack([(inner[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1), hidden])
        residuals.append(hidden @ w[cut:] - targets)
        top = np.linalg.eigvalsh(jacobian @ jacobian.T)[-1]
        if top > 2 / eta:
            above.append(step)
        w = w - eta * jacobian.T @ residuals[-1]
    before, after = residuals[-2:]
    factor = float(before @ after / (before @ before))
    cosine = float(before @ after / np.sqrt((before @ before) * (after @ after)))

    # The certificate says of the steps from a to b that K's largest eigenvalue is above 2/η (1), or below it (−1).
    certified = [k for a, b, side in proof["sides"] if side == 1 for k in range(a, b + 1)]
    middle = sum(proof["spectrum"][-1]) / 2
    lines = [
        Line("certificate, from its late iterate", "accepted", "accepted" if failure is None else failure),
        Line("regime", "large-step", proof["regime"]),
        Line("steps above 2/η", str(certified), str(above)),
        Line("λ_p where it arrives", middle, float(top), middle - proof["spectrum"][-1][0]),
        Line("factor a step, 1 − ηλ_p", 1 - eta * float(top), factor, 1e-6),
        Line("cosine of consecutive residuals", -1.0, cosine, 1e-9),
    ]
    picture = DOCS / "measured" / "network-proof-large-step.svg"
    return Paper(lines, picture, "Loss, largest eigenvalue against 2/η, and direction of the proved run")


if __name__ == "__main__":
    main(real_network)
