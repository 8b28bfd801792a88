"""The theorem on a method for every start near the minimizer, as a certificate and as an answer."""

from __future__ import annotations

from math import hypot
from typing import Any

from flint import ctx, fmpq

from gdcheck.theorem.augmented.thresholds import thresholds
from gdcheck.theorem.certificate.methods.answer import thresholds_json
from gdcheck.theorem.certificate.methods.certificate import motion_fields, powers_field
from gdcheck.theorem.certificate.parts import eigenvalues_json, exact_or_none, graph_fields, graph_in_words, graph_json
from gdcheck.theorem.certificate.rechecking import METHOD_EVERY_START
from gdcheck.theorem.decision.every_start import PRECISION
from gdcheck.theorem.decision.method_every_start import MethodEveryStart
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.methods.statement import LimitKind


def method_every_start_certificate(found: MethodEveryStart) -> dict[str, Any] | None:
    """Return the certificate of a proved verdict.

    Args:
        found: The verdict.

    Returns:
        A JSON object (docs/certificate.md, *Certificates for methods*, Claim M12), or None if it is not proved.
    """
    if found.verdict is not Verdict.PROVED or found.exceptions is None or found.motion is None or found.kind is None:
        return None
    left = found.exceptions
    with ctx.workprec(PRECISION):
        return {
            "schema": METHOD_EVERY_START,
            "problem": found.problem.to_json(),
            "verdict": found.verdict.value,
            **motion_fields(found.motion),
            "powers": powers_field(left.powers),
            "steps": left.steps,
            "sign": None if left.sign is None else str(left.sign),
            "limit": found.kind.value,
            "radius": exact_or_none(left.radius),
            "graph": graph_fields(left) if left.normal else None,
        }


def method_every_start_answer(found: MethodEveryStart) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of the answer for gradient descent.

    Args:
        found: The verdict.

    Returns:
        The keys of ``every_start_answer``, with ``window`` and ``method``; ``starts`` is "nearby".
    """
    motion, left = found.motion, found.exceptions
    lines: dict[str, Any] = {"boundary": None, "stability_limit": None, "window": None}
    if motion is not None and motion.regime is not None:
        lines = thresholds_json(thresholds(motion.spectrum, found.problem.method))
    described = predicted = None
    if left is not None and found.kind is not None:
        described = graph_json(left, exceptions_in_words(found) or "")
        turning = found.kind is LimitKind.ROTATING
        predicted = {"kind": found.kind.value, "vector": None if turning else _direction(found, described)}
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "starts": "nearby",
        "variables": list(found.problem.loss.variables),
        "regime": None if motion is None or motion.regime is None else motion.regime.value,
        **lines,
        "eigenvalues": eigenvalues_json(() if motion is None else motion.eigenvalues),
        "predicted": predicted,
        "multiplier": None,
        "fails": [a.value for a in found.fails],
        "exceptional": described,
        "step_size": to_text(found.problem.step_size),
        "rate_per_step": None,
        "method": found.problem.method.to_json(),
    }


def exceptions_in_words(found: MethodEveryStart) -> str | None:
    """Describe the starts that are left out, in one phrase; None if nothing is proved."""
    left = found.exceptions
    if left is None:
        return None
    if not left.normal:
        return _only_the_minimizer(left.radius)
    name = "v" if found.problem.method.preconditioner is None else "P⁻¹v"
    return graph_in_words(left.radius, left.slope, name)


def _direction(found: MethodEveryStart, described: dict[str, Any]) -> list[float]:
    """Return the unit vector along which starts arrive: without a preconditioner, the normal of the graph."""
    assert found.exceptions is not None
    normal: list[float] = described["normal"]
    if found.problem.method.preconditioner is None:
        return normal
    v = [to_float(x) for x in found.exceptions.vector]
    return [x / hypot(*v) + 0.0 for x in v]


def _only_the_minimizer(radius: fmpq | None) -> str:
    where = "" if radius is None else f"within {int(radius.p) / int(radius.q):.5g} of it, "
    return f"{where}only the minimizer itself"
