"""A decision as a certificate: self-contained JSON that anybody can verify (docs/certificate.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import Any

from flint import arb, ctx, fmpq, fmpz

from gdcheck.theorem.assumptions.regime import Classification, classify
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Eigenvalue, Pencil, gap
from gdcheck.theorem.certificate.methods.certificate import method_certificate
from gdcheck.theorem.certificate.parts import (
    above,
    bounds_field,
    eigenvalue_field,
    limit_field,
    preimages_fields,
    texts,
)
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.decision.subspace import Subspace
from gdcheck.theorem.limit.result import Cone, Inequality
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.statement import Regime

FORMAT, WITH_CONE = "gdcheck-certificate/2", "gdcheck-certificate/3"

_FEWEST_BITS = 192
_WITH_CERTIFICATE = {Verdict.PROVED, Verdict.EXCEPTIONAL, Verdict.NOT_APPLICABLE}


def certificate(decision: Decision) -> dict[str, Any] | None:
    """Return the certificate of a decision.

    Args:
        decision: The decision.

    Returns:
        A JSON object, or None where there is nothing to certify: an unresolved or refuted problem, or a loss that has
        no Hessian at the minimizer.
    """
    found = decision.classification
    if not decision.problem.method.is_plain:
        return method_certificate(decision)
    if decision.verdict not in _WITH_CERTIFICATE or found is None:
        return None
    # If the statement predicts nothing in the regime, there is nothing to certify.
    if decision.verdict is Verdict.NOT_APPLICABLE and not decision.fails:
        return None
    with ctx.workprec(decision.precision):
        return _certificate(decision, found)


def _certificate(decision: Decision, found: Classification) -> dict[str, Any]:
    numbers = None if decision.amplitude is None else decision.amplitude.inequality
    bits = _bits(decision)
    if bits > _FEWEST_BITS:
        found = _restated(decision, None, bits)
    here = found
    if decision.subspace is not None and decision.blocks:
        here = _restated(decision, decision.subspace, bits)
    return {
        "schema": WITH_CONE if isinstance(numbers, Cone) else FORMAT,
        "problem": decision.problem.to_json(),
        "verdict": decision.verdict.value,
        **regime_fields(found),
        "fails": [a.value for a in decision.fails],
        **preimages_fields(decision.preimages, decision.problem.minimizer),
        "subspace": None
        if decision.subspace is None
        else {
            "enters": decision.subspace.enters,
            "basis": [texts(v) for v in decision.subspace.basis],
            **regime_fields(here if decision.blocks else None),
        },
        "blocks": []
        if numbers is None
        else [
            _block(b, a, here, decision.subspace, bits)
            for b, a in zip(decision.blocks, _amplitudes(numbers), strict=True)
        ],
        "step": decision.amplitude.step if decision.amplitude else 0,
        "bounds": None if numbers is None or isinstance(numbers, Cone) else bounds_field(numbers),
        "limit": limit_field(decision.limit),
        **({"cone": _cone(numbers)} if isinstance(numbers, Cone) else {}),
    }


def _amplitudes(numbers: Inequality | Cone) -> tuple[arb, ...]:
    return (arb(numbers.along.lower()),) if isinstance(numbers, Cone) else numbers.amplitudes


def _cone(cone: Cone) -> dict[str, Any]:
    """Return a cone as it is stated, its shear by terms."""
    return {
        "reflection": texts(cone.reflection),
        "axis": cone.axis,
        "shear": [{"exponents": list(e), "coefficient": to_text(c)} for e, c in cone.shear],
        "order": cone.order,
        "reach": above(cone.reach),
        "rest": to_text(cone.rest),
        "ratio": to_text(cone.ratio),
    }


def regime_fields(found: Classification | None) -> dict[str, Any]:
    """Return the regime and the ends of a spectrum, in all of space or in the subspace."""
    if found is None or found.regime is None:
        return {"regime": None, "spectrum": None}
    ends = {"lowest": eigenvalue_field(found.lowest), "highest": eigenvalue_field(found.highest)}
    return {"regime": found.regime.value, "spectrum": ends}


def _bits(decision: Decision) -> int:
    """Return the number of bits of eigenvalues and eigenvectors that are stated: as many as the amplitudes need.

    The smaller the gap to the next eigenvalue, the more bits of an eigenvector are lost.
    """
    if decision.amplitude is None or decision.restricted is None or isinstance(decision.amplitude.inequality, Cone):
        return _FEWEST_BITS
    numbers = decision.amplitude.inequality
    small = min(x.lower() for x in numbers.amplitudes) * numbers.rho.lower() / numbers.radius
    close = min((arb(block.gap) / arb(decision.restricted.highest.hi) for block in decision.blocks), default=arb(1))
    return _FEWEST_BITS + _bits_below_one(small) + _bits_below_one(close)


def _bits_below_one(x: arb) -> int:
    """Return −log₂ of a number in (0, 1), rounded up; 0 for larger numbers."""
    return max(0, ceil(-float((x.log() / arb(2).log()).mid())))


def _restated(decision: Decision, subspace: Subspace | None, bits: int) -> Classification:
    """Round the spectrum, in all of space or in a subspace, to a number of bits that still tell the regime."""
    hessian, eta = decision.expansion.hessian, decision.problem.step_size
    assert hessian is not None
    found = classify(Pencil(hessian) if subspace is None else subspace.pencil(hessian), eta, bits)
    if bits == _FEWEST_BITS or found.regime is Regime.BOUNDARY:
        return found
    rounded = replace(found, eigenvalues=tuple(_rounded(e, bits) for e in found.eigenvalues))
    low, high = rounded.lowest, rounded.highest
    apart = all(a.hi < b.lo for a, b in pairwise(rounded.eigenvalues))
    told = low.hi + high.hi < 2 / eta if found.regime is Regime.SMALL_STEP else low.lo + high.lo > 2 / eta
    return rounded if apart and told else found


def _rounded(e: Eigenvalue, bits: int) -> Eigenvalue:
    """Return an irrational positive eigenvalue between numbers of about this many bits."""
    if e.is_rational:
        return e
    shift = bits - int(e.hi.p).bit_length() + int(e.hi.q).bit_length()
    scale = fmpq(2) ** shift
    return replace(e, lo=(e.lo * scale).floor() / scale, hi=(e.hi * scale).ceil() / scale)


def _block(
    block: Eigenspace, amplitude: arb, here: Classification, subspace: Subspace | None, bits: int
) -> dict[str, Any]:
    """Return a block as it is stated: numbers rounded to a few bits more than its amplitude needs."""
    vectors = [_short(v, subspace, bits) for v in block.vectors.transpose().tolist()]
    stated = to_text(gap(here.eigenvalues, here.index(block.end)))
    return {"gap": stated, "vectors": [texts(v) for v in vectors], "amplitude": above(amplitude)}


def _short(vector: Sequence[fmpq], subspace: Subspace | None, bits: int) -> list[fmpq]:
    """Round a vector of shape (n,), without leaving the subspace that holds it."""
    scale = fmpz(2) ** bits
    rounded = [fmpq((x * scale).floor(), scale) for x in vector]
    if subspace is None:
        return rounded
    # The basis is in reduced echelon form: a vector's coordinates are its entries at the pivots.
    coordinates = [next(r for r, x in zip(rounded, b, strict=True) if x) for b in subspace.basis]
    columns = zip(*subspace.basis, strict=True)
    return [sum((t * x for t, x in zip(coordinates, column, strict=True)), fmpq(0)) for column in columns]
