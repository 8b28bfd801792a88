"""A decision in a valley as a certificate, and as the answer of ``gdcheck check`` (docs/certificate.md)."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.parts import components
from gdcheck.theorem.loss.balls import decimal_ends
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.arrival import Arrival
from gdcheck.theorem.valleys.decide import ValleyDecision

FORMAT = "gdcheck-valley/1"


def valley_certificate(decision: ValleyDecision) -> dict[str, Any] | None:
    """Return the certificate of a decision; None where nothing is proved."""
    found = decision.arrival
    if found is None:
        return None
    vectors = [[to_text(x) for x in column] for column in found.spectrum.vectors.transpose().tolist()]
    low, high = found.spectrum.values[0], found.spectrum.values[-1]
    return {
        "schema": FORMAT,
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        "regime": found.regime.value,
        "step": found.step,
        "arrival": {
            "reach": to_text(found.reach),
            "centre": [to_text(x) for x in found.centre],
            "radius": to_text(found.radius * fmpq(65, 64)),
        },
        "spectrum": {
            "lowest": list(decimal_ends(_wider(low))),
            "highest": list(decimal_ends(_wider(high))),
            "vectors": vectors if len(vectors) > 1 else [["1"]],
        },
        "limit": {"kind": _kind(found), "vector": components([_wider(x) for x in found.vector])},
    }


def _kind(found: Arrival) -> str:
    return "fixed" if found.regime is Regime.SMALL_STEP else "alternating"


def _wider(value: arb) -> arb:
    """Leave room for the checker's own enclosure."""
    return value + arb(0, arb(value.rad()) / 16) + arb(0, fmpq(1, 10**20)) * (1 + abs(value).upper())


def valley_answer(decision: ValleyDecision) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of other answers and ``"theorem": "valley"``.

    What belongs to the point of arrival is a pair of numbers, centre and radius: ``minimizer`` (one pair a coordinate),
    ``boundary`` and ``stability_limit`` (step sizes).
    """
    problem, found = decision.problem, decision.arrival
    answer: dict[str, Any] = {
        "verdict": decision.verdict.value,
        "theorem": "valley",
        "reason": decision.reason,
        "regime": found.regime.value if found else None,
        "boundary": None,
        "stability_limit": None,
        "eigenvalues": [],
        "minimizer": None,
        "limit": {"kind": None, "vector": None},
        "predicted": None,
        "multiplier": None,
        "rate": None,
        "rate_exponent": None,
        "rate_exact": None,
        "step": found.step if found else None,
        "precision": decision.precision,
        "fails": [],
        "variables": list(problem.variables),
        "step_size": to_text(problem.step_size),
        "step_sizes": None,
        "rate_per_step": None,
        "subspace": None,
        "chain": None,
        "critical_points": None,
        "elsewhere": None,
        "outcome": None,
    }
    if found is None:
        return answer
    with ctx.workprec(decision.precision + 64):
        values = found.spectrum.values
        unit = arb(problem.rate / problem.step_size)
        answer["boundary"] = _pair(2 / (unit * (values[0] + values[-1])))
        answer["stability_limit"] = _pair(2 / (unit * values[-1]))
        answer["eigenvalues"] = [{"value": (unit * v).str(15, radius=False), "multiplicity": 1} for v in values]
        answer["minimizer"] = [[_float(arb(x)), _float(arb(found.radius))] for x in found.centre]
        answer["limit"] = {"kind": _kind(found), "vector": [_float(x) for x in found.vector]}
        answer["multiplier"] = (found.rho * (1 if found.regime is Regime.SMALL_STEP else -1)).str(15, radius=False)
        answer["outcome"] = {
            "kind": "converges",
            "status": "proved",
            "sentence": "the iterates tend to a zero of the residuals",
            "points": [[x for x, _ in answer["minimizer"]]],
            "exact_points": None,
            "step": found.step,
            "factor": _float(found.rho),
            "certificate": None,
            "point_kind": "valley",
        }
    return answer


def _float(x: arb) -> float:
    return float(x.mid()) + 0.0


def _pair(x: arb) -> list[float]:
    return [_float(x), float(x.rad())]
