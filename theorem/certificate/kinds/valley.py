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
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import decimal_ends, surely_less
from gdcheck.theorem.loss.polynomial import Polynomial, from_flint
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.arrival import Arrival
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.degenerate import Degenerate
from gdcheck.theorem.valleys.momentum import KINDS, MomentumArrival
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import Relations
from gdcheck.theorem.valleys.sharpness import ValleySharpness
from gdcheck.theorem.valleys.thresholds import valley_thresholds

FORMAT = "gdcheck-valley/1"
METHOD_FORMAT = "gdcheck-valley-method/1"
RANK_FORMAT = "gdcheck-valley-rank/1"
_MOST_LISTED = 100


def valley_certificate(decision: ValleyDecision, sharpness: ValleySharpness | None = None) -> dict[str, Any] | None:
    """Return the certificate of a decision; None where nothing is proved.

    Args:
        decision: The decision.
        sharpness: What is proved of the largest Hessian eigenvalue, if that is to stand in the certificate too.

    Returns:
        The certificate as plain data.
    """
    found = decision.arrival
    if decision.degenerate is not None:
        return rank_certificate(decision.problem, decision.degenerate)
    if found is None:
        return None
    low, high = found.spectrum.values[0], found.spectrum.values[-1]
    if isinstance(found, MomentumArrival):
        own: dict[str, Any] = {"schema": METHOD_FORMAT, "powers": to_text(found.powers)}
    else:
        proved = sharpness is not None and sharpness.is_proved
        own = {"schema": FORMAT, "sharpness": {"above": list(sharpness.above)} if sharpness and proved else None}
    return own | {
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        "regime": found.regime.value,
        "step": found.step,
        "arrival": {
            "reach": to_text(found.reach),
            "centre": texts(found.centre),
            "radius": to_text(found.radius * fmpq(65, 64)),
        },
        "relations": None if found.relations is None else _relations(found.relations),
        "spectrum": {
            "lowest": list(decimal_ends(_wider(low))),
            "highest": list(decimal_ends(_wider(high))),
            "vectors": columns(found.spectrum.vectors),
        },
        "limit": {"kind": _kind(found), "vector": components([_wider(x) for x in found.vector])},
    }


def rank_certificate(problem: ValleyProblem, found: Degenerate) -> dict[str, Any]:
    """Return the certificate that the theorem on valleys does not apply to a start."""
    return {
        "schema": RANK_FORMAT,
        "problem": problem.to_json(),
        "verdict": Verdict.NOT_APPLICABLE.value,
        "fails": _fails(found),
        "space": {"origin": texts(found.origin), "directions": [texts(v) for v in found.directions]},
        "power": found.power,
        "multipliers": [_polynomial(from_flint(h), "t") for h in found.multipliers],
    }


def _fails(found: Degenerate) -> list[str]:
    return ["full-rank" if found.power else "common-zero"]


def _polynomial(table: Polynomial, letter: str) -> str:
    """Write a polynomial in the variables of a letter, numbered from 1."""
    terms = [
        "*".join([f"({to_text(c)})", *(f"{letter}{i + 1}**{a}" for i, a in enumerate(exponents) if a)])
        for exponents, c in table.items()
    ]
    return " + ".join(terms) or "0"


def _relations(found: Relations) -> dict[str, Any]:
    equations = [_polynomial(equation, "u") for equation in found.equations]
    return {"equations": equations, "tangent": [texts(row) for row in found.tangent]}


def _kind(found: Arrival) -> str:
    return KINDS[found.regime].value


def _wider(value: arb) -> arb:
    """Leave room for the checker's own enclosure."""
    return value + arb(0, arb(value.rad()) / 16) + arb(0, fmpq(1, 10**20)) * (1 + abs(value).upper())


def valley_answer(decision: ValleyDecision) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of other answers and ``"theorem": "valley"``.

    Numbers that depend on the point of arrival are pairs, centre and radius: ``minimizer`` (one pair for each
    coordinate), ``boundary``, ``stability_limit`` and the ends of ``window`` (step sizes). For a method with momentum,
    no limit exists in ``window``, the direction tends to one along the valley in ``tangential_window``, and ``limit``
    has ``angles`` if the direction rotates.
    """
    problem, found = decision.problem, decision.arrival
    answer = blank_answer(
        decision.verdict, decision.reason, decision.precision, problem.variables, problem.step_size
    ) | {"theorem": "valley"}
    if not problem.method.is_plain:
        answer |= {"method": problem.method.to_json(), "window": None, "tangential_window": None}
    if found is None:
        fails = [] if decision.degenerate is None else _fails(decision.degenerate)
        return answer | {"fails": fails} | enclosed_fields(None)
    with ctx.workprec(decision.precision + 64):
        values = found.spectrum.values
        unit = arb(problem.rate / problem.step_size)
        said = {"sentence": "the iterates tend to a zero of the residuals", "point_kind": "valley"}
        at = [[in_float(arb(x)), in_float(arb(found.radius))] for x in found.centre]
        sign = -1 if found.regime is Regime.LARGE_STEP else 1
        lines: dict[str, Any] = {
            "boundary": in_floats(2 / (unit * (values[0] + values[-1]))),
            "stability_limit": in_floats(2 / (unit * values[-1])),
        }
        limit: dict[str, Any] = {"kind": _kind(found), "vector": [in_float(x) for x in found.vector]}
        if isinstance(found, MomentumArrival):
            lines = _thresholds(decision.problem, unit * values[0], unit * values[-1], found)
            if found.regime is Regime.ROTATING:
                limit |= {"vector": None, "angles": [in_float(x) for x in found.angles]}
        return answer | {
            "regime": found.regime.value,
            **lines,
            "eigenvalues": [{"value": decimal(unit * v, 15), "multiplicity": 1} for v in values],
            "limit": limit,
            "multiplier": None if found.regime is Regime.ROTATING else decimal(found.rho * sign, 15),
            "step": found.step,
            **enclosed_fields(at, **said, step=found.step, factor=in_float(found.rho)),
        }


def _thresholds(problem: ValleyProblem, lowest: arb, highest: arb, found: MomentumArrival) -> dict[str, Any]:
    """Return the step sizes at which a method with momentum changes its behaviour; ``None`` for absent ones."""
    tangential = len(found.spectrum.values) < len(problem.variables)
    lines = valley_thresholds(lowest, highest, problem.method, tangential=tangential)
    windows = {"window": lines.window, "tangential_window": lines.tangential}
    return {
        "boundary": None if lines.boundary is None else in_floats(lines.boundary),
        "stability_limit": in_floats(lines.stability_limit),
        **{name: None if ends is None else [in_floats(end) for end in ends] for name, ends in windows.items()},
        "rate_per_step": in_float(found.rho),
    }


def valley_sharpness_json(found: ValleySharpness, regime: Regime) -> dict[str, Any]:
    """Return the proved behaviour of the largest Hessian eigenvalue as plain data.

    Args:
        found: What ``valley_sharpness`` found.
        regime: The regime at the point of arrival.

    Returns:
        ``threshold`` (2/η), ``first`` and ``limit`` (centre and radius, at x₀ and at the point of arrival), and
        ``crossings`` as for other losses; ``edge_of_stability`` says whether the start is beyond 2/η and the
        trajectory arrives alternating.
    """
    beyond = surely_less(arb(found.threshold), found.first)
    return {
        "threshold": to_text(found.threshold),
        "first": in_floats(found.first),
        "limit": in_floats(found.limit),
        "edge_of_stability": beyond and regime is Regime.LARGE_STEP,
        "crossings": {
            "count": len(found.above),
            "steps": list(found.above[:_MOST_LISTED]),
            "undecided": len(found.undecided),
            "complete": found.complete,
            "peak": None if found.peak is None else in_floats(found.peak),
        },
    }
