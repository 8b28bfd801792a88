"""The theorem on a method for every start near the minimizer, as a certificate and as an answer."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.augmented.thresholds import thresholds
from gdcheck.theorem.certificate.methods.answer import thresholds_json
from gdcheck.theorem.certificate.methods.certificate import motion_fields
from gdcheck.theorem.certificate.parts import above, components, graph_in_words, texts
from gdcheck.theorem.certificate.rechecking import METHOD_EVERY_START
from gdcheck.theorem.decision.every_start import PRECISION
from gdcheck.theorem.decision.method_every_start import MethodEveryStart, NearbyExceptions
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import float_above
from gdcheck.theorem.loss.rational import to_text


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
            "powers": to_text(left.powers),
            "limit": found.kind.value,
            "radius": None if left.radius is None else to_text(left.radius),
            "graph": _graph(left) if left.normal else None,
        }


def _graph(left: NearbyExceptions) -> dict[str, Any]:
    return {
        "gap": to_text(left.gap),
        "vector": texts(left.vector),
        "normal": components(left.normal),
        "slope": "0" if left.radius is None else above(left.slope + arb(fmpq(1, 10**30))),
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
        normal = [float(x.mid()) + 0.0 for x in left.normal] or None
        predicted = {"kind": found.kind.value, "vector": normal if found.kind.value != "rotating" else None}
        described = {
            "radius": None if left.radius is None else to_text(left.radius),
            "slope": float_above(left.slope) if left.normal else None,
            "normal": normal,
            "sentence": graph_in_words(left.radius, left.slope, "v") if normal else _only_the_minimizer(left.radius),
        }
    known = () if motion is None else motion.eigenvalues
    with ctx.workprec(128):
        eigenvalues = [
            {
                "value": to_text(e.lo) if e.is_rational else str(e.ball().str(20, radius=False)),
                "multiplicity": e.multiplicity,
            }
            for e in known
        ]
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "starts": "nearby",
        "variables": list(found.problem.loss.variables),
        "regime": None if motion is None or motion.regime is None else motion.regime.value,
        **lines,
        "eigenvalues": eigenvalues,
        "predicted": predicted,
        "multiplier": None,
        "fails": [a.value for a in found.fails],
        "exceptional": described,
        "step_size": to_text(found.problem.step_size),
        "rate_per_step": None,
        "method": found.problem.method.to_json(),
    }


def _only_the_minimizer(radius: fmpq | None) -> str:
    where = "" if radius is None else f"within {int(radius.p) / int(radius.q):.5g} of it, "
    return f"{where}only the minimizer itself"
