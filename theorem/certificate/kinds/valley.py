"""A decision in a valley as a certificate, and as the answer of ``gdcheck check`` (docs/certificate.md)."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.parts import (
    blank_answer,
    columns,
    components,
    decimal,
    enclosed_fields,
    in_float,
    in_floats,
    texts,
)
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
    low, high = found.spectrum.values[0], found.spectrum.values[-1]
    return {
        "schema": FORMAT,
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        "regime": found.regime.value,
        "step": found.step,
        "arrival": {
            "reach": to_text(found.reach),
            "centre": texts(found.centre),
            "radius": to_text(found.radius * fmpq(65, 64)),
        },
        "spectrum": {
            "lowest": list(decimal_ends(_wider(low))),
            "highest": list(decimal_ends(_wider(high))),
            "vectors": columns(found.spectrum.vectors),
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
    answer = blank_answer(
        decision.verdict, decision.reason, decision.precision, problem.variables, problem.step_size
    ) | {"theorem": "valley"}
    if found is None:
        return answer | enclosed_fields(None)
    with ctx.workprec(decision.precision + 64):
        values = found.spectrum.values
        unit = arb(problem.rate / problem.step_size)
        said = {"sentence": "the iterates tend to a zero of the residuals", "point_kind": "valley"}
        at = [[in_float(arb(x)), in_float(arb(found.radius))] for x in found.centre]
        sign = 1 if found.regime is Regime.SMALL_STEP else -1
        return answer | {
            "regime": found.regime.value,
            "boundary": in_floats(2 / (unit * (values[0] + values[-1]))),
            "stability_limit": in_floats(2 / (unit * values[-1])),
            "eigenvalues": [{"value": decimal(unit * v, 15), "multiplicity": 1} for v in values],
            "limit": {"kind": _kind(found), "vector": [in_float(x) for x in found.vector]},
            "multiplier": decimal(found.rho * sign, 15),
            "step": found.step,
            **enclosed_fields(at, **said, step=found.step, factor=in_float(found.rho)),
        }
