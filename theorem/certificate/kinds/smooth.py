"""A decision on a smooth loss as a certificate, and as the answer of ``gdcheck check`` (docs/certificate.md)."""

from __future__ import annotations

from math import log
from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.answer import limit_json
from gdcheck.theorem.certificate.parts import components
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import decimal_ends, surely_less
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import THEOREM_1, End
from gdcheck.theorem.smooth.spectrum import Spectrum

FORMAT = "gdcheck-smooth/1"
_CERTIFIED = {Verdict.PROVED, Verdict.NOT_APPLICABLE}


def smooth_certificate(decision: SmoothDecision) -> dict[str, Any] | None:
    """Return the certificate of a decision; None where there is nothing to certify."""
    minimizer, regime = decision.minimizer, decision.regime
    if decision.verdict not in _CERTIFIED or minimizer is None or regime is None:
        return None
    spectrum = minimizer.spectrum
    vectors = [[to_text(x) for x in column] for column in spectrum.vectors.transpose().tolist()]
    if len(vectors) == 1:
        vectors = [["1"]]
    limit = decision.amplitude.limit if decision.amplitude else None
    return {
        "schema": FORMAT,
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        "regime": regime.value,
        "fails": [a.value for a in decision.fails],
        "minimizer": {"centre": [to_text(x) for x in minimizer.centre], "radius": to_text(minimizer.radius)},
        "eigenvectors": vectors,
        "spectrum": {
            "lowest": list(decimal_ends(_wider(spectrum.values[0]))),
            "highest": list(decimal_ends(_wider(spectrum.values[-1]))),
        },
        "regular_at": None if decision.point is None else [to_text(x) for x in decision.point],
        "step": decision.amplitude.step if decision.amplitude else 0,
        "limit": None if limit is None else {"kind": limit.kind.value, "vector": components(limit.vectors[0])},
    }


def _wider(value: arb) -> arb:
    """Leave room for the checker's own enclosure."""
    return value + abs(value).upper() * arb(0, fmpq(1, 10**17))


def smooth_answer(decision: SmoothDecision) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of ``theorem.certificate.answer``.

    What belongs to the enclosed minimizer is a pair of numbers, centre and radius: ``minimizer`` (one pair a
    coordinate), ``boundary`` and ``stability_limit``.
    """
    minimizer, eta = decision.minimizer, decision.problem.step_size
    amplitude = decision.amplitude
    answer: dict[str, Any] = {
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "regime": decision.regime.value if decision.regime else None,
        "boundary": None,
        "stability_limit": None,
        "eigenvalues": [],
        "minimizer": None,
        "limit": limit_json(amplitude.limit if amplitude else None),
        "predicted": None,
        "multiplier": None,
        "rate": None,
        "rate_exponent": None,
        "rate_exact": None,
        "step": amplitude.step if amplitude else None,
        "precision": decision.precision,
        "fails": [a.value for a in decision.fails],
        "variables": list(decision.problem.loss.variables),
        "step_size": to_text(eta),
        "step_sizes": None,
        "rate_per_step": None,
        "subspace": None,
        "chain": None,
        "critical_points": None,
        "elsewhere": None,
        "outcome": None,
    }
    if minimizer is None:
        return answer
    with ctx.workprec(decision.precision + 64):
        values = minimizer.spectrum.values
        low, high = values[0], values[-1]
        answer["minimizer"] = [[_float(arb(x)), float(arb(minimizer.radius).upper())] for x in minimizer.centre]
        answer["eigenvalues"] = [{"value": _text(value), "multiplicity": 1} for value in values]
        if surely_less(arb(0), low):
            answer["boundary"], answer["stability_limit"] = _pair(2 / (low + high)), _pair(2 / high)
            answer["step_sizes"] = _step_sizes(minimizer.spectrum)
            answer["rate_per_step"] = max(float(abs(1 - eta * value).mid()) for value in values)
        prediction = THEOREM_1.predictions.get(decision.regime) if decision.regime else None
        if prediction is not None:
            index = 0 if prediction.end is End.LOWEST else len(values) - 1
            vector = [_float(arb(minimizer.spectrum.vectors[i, index])) for i in range(len(values))]
            answer["predicted"] = {"kind": prediction.kind.value, "vector": vector}
            answer["multiplier"] = _text(1 - eta * values[index])
            if amplitude is not None:
                answer["outcome"] = {
                    "kind": "converges",
                    "status": "proved",
                    "sentence": "the iterates tend to the minimizer",
                    "points": [[x for x, _ in answer["minimizer"]]],
                    "exact_points": None,
                    "step": amplitude.step,
                    "factor": float((1 - eta * values[index]).mid()),
                    "certificate": None,
                    "point_kind": "minimum",
                }
                rho = abs(1 - eta * values[index])
                others = [float((abs(1 - eta * v) / rho).mid()) for i, v in enumerate(values) if i != index]
                answer["rate"] = max([float(rho.mid()), *others])
                answer["rate_exponent"] = log(answer["rate"]) if answer["rate"] else None
    return answer


def _step_sizes(spectrum: Spectrum) -> dict[str, Any]:
    """Return the step sizes that matter, as ``theorem.certificate.step_sizes`` does for exact spectra."""
    low, high = spectrum.values[0], spectrum.values[-1]

    def end(index: int) -> dict[str, Any]:
        vector = [_float(arb(spectrum.vectors[i, index])) for i in range(len(spectrum.values))]
        return {"value": _text(spectrum.values[index]), "multiplicity": 1, "vector": vector}

    return {
        "largest_stable": _text(2 / high),
        "optimal": _text(2 / (low + high)),
        "optimal_rate": _text((high - low) / (high + low)),
        "greedy": _text(1 / high),
        "condition_number": _text(high / low),
        "lowest": end(0),
        "highest": end(len(spectrum.values) - 1),
    }


def _text(value: arb) -> str:
    return str(value.str(20, radius=False))


def _float(x: arb) -> float:
    return float(x.mid()) + 0.0


def _pair(x: arb) -> list[float]:
    return [_float(x), float(x.rad())]
