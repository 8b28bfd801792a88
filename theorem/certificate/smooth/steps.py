"""How long a trajectory of a smooth loss takes, and where it is at a step, as answers with their certificates."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.long_run.smooth_steps import smooth_iterate, smooth_within
from gdcheck.theorem.loss.balls import decimal_ends
from gdcheck.theorem.loss.rational import to_text

FORMAT = "gdcheck-smooth-steps/1"


def smooth_within_json(decision: SmoothDecision, measure: str, bound: fmpq) -> dict[str, Any]:
    """Return from which step on a measure stays within a bound, with the keys of ``within_json``.

    Args:
        decision: A decision on a smooth problem.
        measure: "distance" or "loss".
        bound: The bound.

    Raises:
        InputError: If no minimizer was enclosed.
    """
    found = smooth_within(decision, measure, bound)
    proof = None if found.claim is None else _certificate(decision, found.claim)
    return {
        "measure": measure,
        "bound": to_text(bound),
        "step": found.step,
        "status": "observed" if proof is None else "proved",
        "estimated": False,
        "sentence": found.sentence,
        "certificate": proof,
    }


def smooth_iterate_json(decision: SmoothDecision, step: int) -> dict[str, Any]:
    """Return an iterate, with the keys of ``iterate_json``.

    Args:
        decision: A decision on a smooth problem.
        step: The step.

    Raises:
        InputError: If it cannot be enclosed.
    """
    point = smooth_iterate(decision, step)
    proof = _certificate(decision, {"kind": "iterate", "step": step, "box": [list(decimal_ends(x)) for x in point]})
    return {
        "step": step,
        "status": "observed" if proof is None else "proved",
        "point": [float(x.mid()) for x in point],
        "box": None if proof is None else proof["claim"]["box"],
        "certificate": proof,
    }


def _certificate(decision: SmoothDecision, claim: dict[str, Any]) -> dict[str, Any] | None:
    """Return a certificate that the independent checker accepts; None if there is none."""
    theorem = smooth_certificate(decision) if decision.symmetry is None else None
    if theorem is None:
        return None
    made = {"schema": FORMAT, "theorem": theorem, "claim": claim}
    try:
        return made if check(made) is None else None
    except NotChecked:
        return None
