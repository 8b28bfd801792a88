"""A decision as an answer: the JSON object that ``gdcheck check --json`` prints."""

from __future__ import annotations

from math import log
from sys import float_info
from typing import Any

from flint import ctx, fmpq

from gdcheck.theorem.assumptions.regime import Classification, rational_sum
from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.certificate.methods.answer import method_answer
from gdcheck.theorem.certificate.paper_chain import Chain
from gdcheck.theorem.certificate.parts import blank_answer, eigenvalues_json, limit_json, number, subspace_json
from gdcheck.theorem.certificate.step_sizes import step_size_keys
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.loss.balls import ball
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.methods.statement import THEOREM_1, End


def answer(decision: Decision) -> dict[str, Any]:
    """Return the answer as plain data.

    Args:
        decision: The decision.

    Returns:
        ``verdict``, ``reason``, ``regime``, ``boundary``, ``stability_limit``, ``eigenvalues``, ``limit``,
        ``predicted``, ``multiplier``, ``rate`` (the bound max(b/ρ, ρ): the direction error is at most a constant times
        rate^k, with a factor k at a resonance) and its logarithm ``rate_exponent``, ``rate_exact`` (the factor b/ρ of a
        quadratic loss), ``step``, ``precision``, ``fails`` and, where one was used,
        ``subspace``; ``variables``, the order of every vector's coordinates; ``step_size``; ``step_sizes`` (see
        ``theorem.certificate.step_sizes``) and ``rate_per_step`` where all eigenvalues are positive; unknown entries
        are None.
    """
    if not decision.problem.method.is_plain:
        return method_answer(decision)
    factor, problem, step = rate(decision), decision.problem, decision.amplitude.step if decision.amplitude else None
    hessian, eta = decision.expansion.hessian, problem.step_size
    return blank_answer(decision.verdict, decision.reason, decision.precision, problem.loss.variables, eta) | {
        **spectrum_json(decision.classification),
        "limit": limit_json(decision.limit),
        "predicted": _predicted(decision),
        "multiplier": multiplier_text(decision.blocks[0].eigenvalue, eta) if decision.blocks else None,
        "rate": factor,
        "rate_exponent": log(factor) if factor else None,
        "rate_exact": exact_rate(decision),
        "step": step,
        "fails": [a.value for a in decision.fails],
        **step_size_keys(hessian, decision.classification, eta),
        "subspace": subspace_json(decision.subspace),
    }


def spectrum_json(found: Classification | None) -> dict[str, Any]:
    """Return the regime with its thresholds, and the eigenvalues: None and an empty list if they are unknown."""
    known = found is not None and found.regime is not None
    return {
        "regime": found.regime.value if found and found.regime else None,
        "boundary": _threshold(found, End.LOWEST) if found and known else None,
        "stability_limit": _threshold(found, End.HIGHEST) if found and known else None,
        "eigenvalues": eigenvalues_json(found.eigenvalues if found else ()),
    }


def _predicted(decision: Decision) -> dict[str, Any] | None:
    """Return what the theorem predicts, as far as the spectrum singles out an eigenvector (its sign is free)."""
    found = decision.classification
    prediction = THEOREM_1.predictions.get(found.regime) if found and found.regime else None
    if found is None or prediction is None:
        return None
    eigenvalue = found.eigenvalues[found.index(prediction.end)]
    hessian = decision.expansion.hessian
    if eigenvalue.multiplicity > 1 or hessian is None:
        return None
    (vector,) = Pencil(hessian).eigenvectors(eigenvalue, 64)
    return {"kind": prediction.kind.value, "vector": [to_float(x) for x in vector]}


def rate(decision: Decision) -> float | None:
    r"""Bound the factor by which the direction error shrinks at each step, max(b/ρ, ρ), if a limit is certified.

    b is the largest multiplier modulus outside the dominant blocks; the term ρ comes from the remainder.
    """
    ratios = _ratios(decision)
    return None if ratios is None else max(ratios)


def exact_rate(decision: Decision) -> float | None:
    """Return the factor b/ρ, where the loss is quadratic and a limit is certified; 0 without another multiplier."""
    ratios = _ratios(decision)
    if ratios is None or decision.expansion.higher_terms or decision.expansion.truncated:
        return None
    return ratios[0]


def _ratios(decision: Decision) -> tuple[float, float] | None:
    """Return b/ρ and ρ, if a limit is certified."""
    here = decision.restricted
    if decision.amplitude is None or here is None:
        return None
    with ctx.workprec(decision.precision):
        dominant = {here.index(b.end) for b in decision.blocks}
        eta = decision.problem.step_size
        others = [abs(1 - eta * ball(e.lo, e.hi)) for i, e in enumerate(here.eigenvalues) if i not in dominant]
        rho = decision.amplitude.inequality.rho
        return max((float((b / rho).mid()) for b in others), default=0.0), float(rho.mid())


def _threshold(found: Classification, end: End) -> str:
    """Return 2/(λ₁+λₙ) for the lowest end, 2/λₙ for the highest: exact if rational, else a decimal."""
    with ctx.workprec(128):
        if end is End.HIGHEST:
            e = found.highest
            return number(2 / e.hi, 2 / e.lo)
        low, high = found.lowest, found.highest
        exact = rational_sum(low, high)
        if exact is not None:
            return to_text(2 / exact)
        return number(2 / (low.hi + high.hi), 2 / (low.lo + high.lo))


def multiplier_text(eigenvalue: Eigenvalue, step_size: fmpq) -> str:
    """Return the multiplier 1 − ηλ, exact where it is rational."""
    return number(1 - step_size * eigenvalue.hi, 1 - step_size * eigenvalue.lo)


def chain_json(chain: Chain | None) -> dict[str, Any] | None:
    """Return the paper's chain as plain data; None where it does not apply."""
    if chain is None:
        return None
    # Every smaller ball is invariant too: if the radius is beyond all floats, the largest float is stated.
    radius = None if chain.radius is None else to_float(min(chain.radius, fmpq(int(float_info.max))))
    return {"constant": chain.constant, "radius": radius, "cone_step": chain.cone_step, "alpha": chain.alpha}
