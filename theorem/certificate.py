"""A decision as a certificate: JSON that stands alone, for anybody to verify (docs/certificate.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flint import arb, ctx, fmpq, fmpz_poly

from theorem.amplitude import Amplitude, Block, LimitDirection
from theorem.balls import decimal_ends
from theorem.preimages import Preimages
from theorem.rational import to_text
from theorem.regime import Classification
from theorem.spectrum import Eigenvalue
from theorem.statement import LimitKind
from theorem.verdict import Decision, Verdict

SCHEMA = "gdcheck-certificate/1"

_WITH_CERTIFICATE = {Verdict.PROVED, Verdict.EXCEPTIONAL, Verdict.NOT_APPLICABLE}


def certificate(decision: Decision) -> dict[str, Any] | None:
    """The certificate of a decision.

    Args:
        decision: The decision.

    Returns:
        A JSON object, or None where there is nothing to certify: an unresolved or refuted problem, or a loss that has
        no Hessian at the minimizer.
    """
    found = decision.classification
    if decision.verdict not in _WITH_CERTIFICATE or found is None:
        return None
    # A statement that is silent on a regime leaves nothing to certify.
    if decision.verdict is Verdict.NOT_APPLICABLE and not decision.fails:
        return None
    with ctx.workprec(decision.precision):
        return _certificate(decision, found)


def _certificate(decision: Decision, found: Classification) -> dict[str, Any]:
    examined = found.regime is not None
    step = decision.amplitude.step if decision.amplitude else 0
    return {
        "schema": SCHEMA,
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        "regime": found.regime.value if found.regime else None,
        "fails": [a.value for a in decision.fails],
        "spectrum": {"lowest": _eigenvalue(found.lowest), "highest": _eigenvalue(found.highest)} if examined else None,
        "boundary_factor": None if found.boundary_factor is None else _integers(found.boundary_factor),
        "preimages": _preimages(decision.preimages, decision.problem.minimizer),
        "subspace": None
        if decision.subspace is None
        else {"enters": decision.subspace.enters, "basis": [_texts(v) for v in decision.subspace.basis]},
        "blocks": [_block(b) for b in decision.blocks],
        "step": step,
        "precision": decision.precision,
        "bounds": None if decision.amplitude is None else _bounds(decision.amplitude),
        "limit": _limit(decision.limit),
    }


def _texts(vector: Iterable[fmpq]) -> list[str]:
    return [to_text(q) for q in vector]


def _integers(poly: fmpz_poly) -> list[int]:
    return [int(c) for c in poly.coeffs()]


def _intervals(vector: Sequence[arb]) -> list[list[str]]:
    return [list(decimal_ends(x)) for x in vector]


def _components(vector: Sequence[arb]) -> list[list[str]]:
    """Intervals of a unit vector's components, none of them narrower than 10⁻³⁰."""
    margin = arb(0, fmpq(1, 10**30))
    return _intervals([x + margin for x in vector])


def _eigenvalue(e: Eigenvalue) -> dict[str, Any]:
    return {
        "interval": _texts((e.lo, e.hi)),
        "multiplicity": e.multiplicity,
        "factor": _integers(e.factor) if e.multiplicity > 1 and not e.is_rational else None,
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "sign": block.end.value,
        **_eigenvalue(block.eigenvalue),
        "gap": to_text(block.gap),
        "vectors": [_texts(v) for v in block.coordinates],
    }


def _preimages(found: Preimages | None, minimizer: Sequence[fmpq]) -> dict[str, Any] | None:
    if found is None:
        return None
    if found.kernel is not None:
        return {"kernel": _texts(found.kernel)}
    if not found.points:
        return None
    return {"points": [_texts(x + m for x, m in zip(h, minimizer, strict=True)) for h in found.points]}


def _bounds(amplitude: Amplitude) -> dict[str, Any]:
    numbers = amplitude.inequality
    single = {
        "radius": numbers.radius,
        "rho": numbers.rho,
        "C": numbers.C,
        "sigma": numbers.sigma,
        "P": numbers.P,
        "tail": numbers.tail,
    }
    return {name: list(decimal_ends(x)) for name, x in single.items()} | {"amplitudes": _intervals(numbers.amplitudes)}


def _limit(limit: LimitDirection | None) -> dict[str, Any]:
    if limit is None:
        return {"kind": None}
    if limit.kind is LimitKind.TWO_CYCLE:
        even, odd = limit.vectors
        return {"kind": limit.kind.value, "even": _components(even), "odd": _components(odd)}
    return {"kind": limit.kind.value, "vector": _components(limit.vectors[0])}
