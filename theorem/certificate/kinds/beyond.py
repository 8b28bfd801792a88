"""What gradient descent does beyond the largest stable step size, at sample points: each with its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Any

from flint import fmpq

from gdcheck.theorem.certificate.kinds.long_run import outcome_json
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector, to_float, to_fmpq, to_text

_FACTORS = (1.02, 1.2, 2.0)
_AWAY = 0.01
_MAX_STEPS = 20_000


def beyond(loss: Loss, minimizer: Vector, limit: float, steepest: Sequence[float]) -> list[dict[str, Any]]:
    """Follow a trajectory that begins near a minimizer, for some step sizes above the limit.

    Args:
        loss: The loss.
        minimizer: The minimizer or a point very near to it, shape (n,).
        limit: The largest stable step size.
        steepest: An eigenvector of the largest eigenvalue, shape (n,); the start lies on its line.

    Returns:
        For each step size ``step_size`` and ``start`` (texts) beside the keys of an outcome.
    """
    here = [to_float(a) for a in minimizer]
    away = _AWAY * max(1.0, hypot(*here))
    start = [to_text(to_fmpq(f"{a + away * v:.6g}", "start")) for a, v in zip(here, steepest, strict=True)]
    centre = tuple(fmpq(*a.as_integer_ratio()) for a in here)
    found = []
    for factor in _FACTORS:
        step_size = to_text(to_fmpq(f"{factor * limit:.4g}", "step_size"))
        problem = Problem(loss, step_size=step_size, start=start, minimizer=centre)
        outcome = outcome_json(problem, long_run(problem, _MAX_STEPS))
        found.append({"step_size": step_size, "start": start} | outcome)
    return found
