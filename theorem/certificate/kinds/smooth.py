"""A decision on a smooth loss as a certificate, and as the answer of ``gdcheck check`` (docs/certificate.md)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.parts import (
    blank_answer,
    columns,
    components,
    decimal,
    eigenvalues_json,
    enclosed_fields,
    in_floats,
    limit_json,
    texts,
)
from gdcheck.theorem.certificate.step_sizes import SpectralEnd, exact_step_sizes, step_sizes
from gdcheck.theorem.decision.enclosed.every_start import SmoothEveryStart
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import decimal_ends
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import THEOREM_1, Regime
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.symmetry.fixed_start import Symmetry
from gdcheck.theorem.symmetry.split import Split

FORMAT, WITH_SYMMETRY = "gdcheck-smooth/1", "gdcheck-smooth-symmetry/1"
_CERTIFIED = {Verdict.PROVED, Verdict.EXCEPTIONAL, Verdict.NOT_APPLICABLE}


def smooth_certificate(decision: SmoothDecision) -> dict[str, Any] | None:
    """Return the certificate of a decision; None where there is nothing to certify."""
    stated, amplitude = stated_fields(decision), decision.amplitude
    if decision.verdict not in _CERTIFIED or stated is None:
        return None
    limit = amplitude.limit if amplitude else None
    made = {
        "schema": FORMAT,
        **stated,
        "step": amplitude.step if amplitude else 0,
        "limit": None if limit is None else {"kind": limit.kind.value, "vector": components(limit.vectors[0])},
    }
    return made if decision.symmetry is None else made | _symmetry_fields(decision.symmetry)


def _symmetry_fields(found: Symmetry) -> dict[str, Any]:
    subspace, regime = None, found.regime
    if found.split is not None:
        subspace = {"basis": _basis(found.split), "regime": None if regime is None else regime.value}
    return {
        "schema": WITH_SYMMETRY,
        "symmetries": [
            {"places": list(x.places), "signs": list(x.signs), "shift": texts(x.shift)} for x in found.isometries
        ],
        "lines": [list(map(str, u)) for u in found.lines],
        "subspace": subspace,
    }


def _basis(split: Split) -> list[list[str]]:
    return [list(map(str, v)) for v in split.space.inside]


def stated_fields(found: SmoothDecision | SmoothEveryStart) -> dict[str, Any] | None:
    """Return the fields of every certificate about an enclosed minimizer; None without a minimizer or a regime."""
    minimizer, regime = found.minimizer, found.regime
    if minimizer is None or regime is None:
        return None
    spectrum = minimizer.spectrum
    return {
        "problem": found.problem.to_json(),
        "verdict": found.verdict.value,
        "regime": regime.value,
        "fails": [a.value for a in found.fails],
        "minimizer": {"centre": texts(minimizer.centre), "radius": to_text(minimizer.radius)},
        "eigenvectors": columns(spectrum.vectors),
        "spectrum": {
            "lowest": list(decimal_ends(wider(spectrum.values[0]))),
            "highest": list(decimal_ends(wider(spectrum.values[-1]))),
        },
        "regular_at": None if found.point is None else texts(found.point),
    }


def wider(value: arb) -> arb:
    """Return a wider ball, so that the checker's own enclosure lies in it."""
    return value + abs(value).upper() * arb(0, fmpq(1, 10**17))


def smooth_answer(decision: SmoothDecision) -> dict[str, Any]:
    """Return the answer as plain data, with the keys of ``theorem.certificate.answer``.

    Numbers that depend on the enclosed minimizer are pairs, centre and radius: ``minimizer`` (one pair for each
    coordinate), ``boundary`` and ``stability_limit``.
    """
    problem, minimizer, amplitude = decision.problem, decision.minimizer, decision.amplitude
    eta = problem.step_size
    answer = blank_answer(decision.verdict, decision.reason, decision.precision, problem.loss.variables, eta)
    answer |= {
        "regime": decision.regime.value if decision.regime else None,
        "limit": limit_json(amplitude.limit if amplitude else None),
        "step": amplitude.step if amplitude else None,
        "fails": [a.value for a in decision.fails],
    }
    if minimizer is None:
        return answer | enclosed_fields(None)
    at = pairs_of(minimizer)
    answer |= enclosed_fields(at) | smooth_keys(decision)
    with ctx.workprec(decision.precision + 64):
        m, k = decision.multiplicities
        prediction = THEOREM_1.predictions.get(decision.regime) if decision.regime else None
        is_lowest = decision.regime is not Regime.LARGE_STEP
        if prediction is not None:
            # A multiple eigenvalue has no line of its own.
            vector = SpectralEnd.enclosed(minimizer.spectrum, (m, k))[0 if is_lowest else 1].vector
            answer["predicted"] = None if vector is None else {"kind": prediction.kind.value, "vector": vector}
        values, regime = minimizer.spectrum.values, decision.regime
        symmetry = decision.symmetry
        if symmetry is not None and symmetry.split is not None:
            answer["subspace"] = {"enters": 0, "basis": _basis(symmetry.split)}
            if symmetry.split.inside is not None:
                # There the ends are simple.
                values, regime, m, k = symmetry.split.inside.values, symmetry.regime, 1, 1
        is_lowest = regime is not Regime.LARGE_STEP
        if prediction is not None or amplitude is not None:
            multiplier = 1 - eta * values[0 if is_lowest else -1]
            answer["multiplier"] = decimal(multiplier)
        if amplitude is not None:
            said = {"sentence": "the iterates tend to the minimizer", "point_kind": "minimum"}
            answer |= enclosed_fields(at, **said, step=amplitude.step, factor=float(multiplier.mid()))
            rho = abs(multiplier)
            # At the boundary both ends dominate.
            first = 0 if regime is Regime.LARGE_STEP else m
            last = len(values) if regime is Regime.SMALL_STEP else len(values) - k
            others = values[first:last]
            rate = max([float(rho.mid()), *(float((abs(1 - eta * v) / rho).mid()) for v in others)])
            answer |= {"rate": rate, "rate_exponent": log(rate) if rate else None}
    return answer


def pairs_of(minimizer: EnclosedMinimizer) -> list[list[float]]:
    """Return the minimizer as pairs of centre and radius."""
    around = arb(minimizer.radius).union(-arb(minimizer.radius))
    return [in_floats(arb(x) + around) for x in minimizer.centre]


def smooth_keys(found: SmoothDecision | SmoothEveryStart) -> dict[str, Any]:
    """Return what an answer says of the minimizer, of the spectrum there, and of the step sizes that follow from it."""
    keys = dict.fromkeys(("minimizer", "boundary", "stability_limit", "step_sizes", "rate_per_step"))
    minimizer, exact = found.minimizer, found.exact
    multiplicities = found.multiplicities if isinstance(found, SmoothDecision) else (1, 1)
    if minimizer is None:
        return {**keys, "eigenvalues": []}
    with ctx.workprec(found.precision + 64):
        values = minimizer.spectrum.values
        low, high = values[0], values[-1]
        return {
            "minimizer": pairs_of(minimizer),
            "eigenvalues": _enclosed_eigenvalues(values, multiplicities)
            if exact is None
            else eigenvalues_json(exact.found.eigenvalues),
            "boundary": in_floats(2 / (low + high)),
            "stability_limit": in_floats(2 / high),
            "step_sizes": step_sizes(*SpectralEnd.enclosed(minimizer.spectrum, multiplicities))
            if exact is None
            else exact_step_sizes(exact.pencil, exact.found.eigenvalues),
            "rate_per_step": max(float(abs(1 - found.problem.step_size * value).mid()) for value in values),
        }


def _enclosed_eigenvalues(values: Sequence[arb], multiplicities: tuple[int, int]) -> list[dict[str, Any]]:
    """Return eigenvalues as an answer states them; both ends are as often there as is known."""
    m, k = multiplicities
    between = [(value, 1) for value in values[m : len(values) - k]]
    ends = [(values[0], m), *between, *([(values[-1], k)] if m < len(values) else [])]
    return [{"value": decimal(value), "multiplicity": often} for value, often in ends]
