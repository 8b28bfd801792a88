"""Momentum on a smooth loss as a certificate, and as the answer of ``gdcheck check`` (docs/certificate.md)."""

from __future__ import annotations

from typing import Any

from flint import ctx

from gdcheck.theorem.certificate.kinds.smooth import pairs_of, smooth_answer, smooth_certificate, stated_fields
from gdcheck.theorem.certificate.methods.certificate import powers_field
from gdcheck.theorem.certificate.parts import (
    blank_answer,
    components,
    decimal,
    enclosed_fields,
    in_float,
    in_floats,
    limit_json,
)
from gdcheck.theorem.certificate.rechecking import SMOOTH_METHOD
from gdcheck.theorem.decision.enclosed.method import SmoothMethodDecision
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.valleys.thresholds import valley_thresholds


def enclosed_certificate(decision: SmoothDecision) -> dict[str, Any] | None:
    """Return the certificate of a decision on an enclosed minimum, whatever the method; None if nothing is proved."""
    if not isinstance(decision, SmoothMethodDecision):
        return smooth_certificate(decision)
    stated, amplitude, powers = stated_fields(decision), decision.amplitude, decision.powers
    if decision.verdict is Verdict.UNRESOLVED or stated is None:
        return None
    limit = None if amplitude is None else amplitude.limit
    return {
        "schema": SMOOTH_METHOD,
        **stated,
        "powers": None if powers is None else powers_field(powers),
        "step": 0 if amplitude is None else amplitude.step,
        "limit": None
        if limit is None
        else {
            "kind": limit.kind.value,
            "vector": [] if limit.kind is LimitKind.ROTATING else components(limit.vectors[0]),
        },
    }


def enclosed_answer(decision: SmoothDecision) -> dict[str, Any]:
    """Return the answer to a problem with an enclosed minimum, whatever the method, as plain data.

    Numbers at the minimizer are pairs of centre and radius, as for gradient descent; so are the ends of ``window``, the
    step sizes at which the direction rotates.
    """
    problem, minimizer, amplitude = decision.problem, decision.minimizer, decision.amplitude
    if problem.method.is_plain:
        return smooth_answer(decision)
    answer = blank_answer(
        decision.verdict, decision.reason, decision.precision, problem.loss.variables, problem.step_size
    ) | {"method": problem.method.to_json(), "window": None, "fails": [a.value for a in decision.fails]}
    modes = decision.modes if isinstance(decision, SmoothMethodDecision) else None
    if minimizer is None or modes is None:
        return answer | enclosed_fields(None if minimizer is None else pairs_of(minimizer))
    with ctx.workprec(decision.precision + 64):
        values = minimizer.spectrum.values
        lines = valley_thresholds(values[0], values[-1], problem.method, tangential=False)
        answer |= {
            "regime": modes.regime.value,
            "boundary": None if lines.boundary is None else in_floats(lines.boundary),
            "window": None if lines.window is None else [in_floats(end) for end in lines.window],
            "stability_limit": in_floats(lines.stability_limit),
            "eigenvalues": [{"value": decimal(value), "multiplicity": 1} for value in values],
        }
        at = pairs_of(minimizer)
        if modes.regime is Regime.UNSTABLE:
            return answer | enclosed_fields(at)
        rho = modes.modulus
        answer["rate_per_step"] = float(rho.mid())
        if amplitude is None:
            return answer | enclosed_fields(at)
        said = {"sentence": "the iterates tend to the minimizer", "point_kind": "minimum"}
        limit = limit_json(amplitude.limit)
        if modes.regime is Regime.ROTATING:
            limit |= {"angles": [in_float(x) for x in modes.angles]}
        else:
            answer["multiplier"] = decimal(rho if modes.regime is Regime.SMALL_STEP else -rho)
            answer["predicted"] = _predicted(decision, modes.dominant[0])
        known = enclosed_fields(at, **said, step=amplitude.step, factor=in_float(rho))
        return answer | {"limit": limit, "step": amplitude.step} | known


def _predicted(decision: SmoothDecision, index: int) -> dict[str, Any]:
    """Return the eigenvector of the dominant mode, and how the direction behaves along it."""
    assert decision.minimizer is not None and decision.amplitude is not None
    line = decision.minimizer.spectrum.line(index, 1)
    vector = [in_float(x.mid()) for x in line.onto.entries()]
    return {"kind": decision.amplitude.limit.kind.value, "vector": vector}
