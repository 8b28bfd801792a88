"""Certificates of the theorems on methods with a buffer (docs/certificate.md, *Certificates for methods*)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import lcm
from typing import Any

from flint import ctx, fmpq

from gdcheck.theorem.assumptions.spectrum import Eigenspace, Eigenvalue
from gdcheck.theorem.augmented.modes import Motion, Shape
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.certificate.parts import (
    above,
    bounds_field,
    eigenvalue_field,
    limit_field,
    preimages_fields,
    texts,
)
from gdcheck.theorem.certificate.rechecking import METHOD
from gdcheck.theorem.decision.search import eigenspace
from gdcheck.theorem.decision.verdict import Decision, Verdict
from gdcheck.theorem.limit.result import Amplitude, Inequality
from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.statement import LimitKind, Regime

_LONG, _GUARD_BITS = 1024, 320


def method_certificate(decision: Decision) -> dict[str, Any] | None:
    """Return the certificate of a decision about a method.

    Args:
        decision: The decision.

    Returns:
        A JSON object, or None where none is written: where nothing is proved.
    """
    whole, inner, method = decision.whole, decision.motion, decision.problem.method
    if decision.verdict in {Verdict.UNRESOLVED, Verdict.REFUTED} or whole is None or inner is None:
        return None
    if decision.limit is None and not decision.fails and decision.verdict is not Verdict.EXCEPTIONAL:
        return None
    if whole.regime is None or inner.regime is None or any(whole.modes[i].shape is Shape.ZERO for i in whole.dominant):
        return None
    amplitude, blocks = decision.amplitude, decision.blocks
    if decision.precision > _LONG and amplitude is not None and Regime.BOUNDARY not in {whole.regime, inner.regime}:
        whole, inner, blocks = _with_fewer_bits(decision, amplitude, whole, inner)
    for motion in (whole, inner):
        refine_for_agreement(motion, method, decision.expansion.step_size)
    with ctx.workprec(decision.precision):
        numbers = None if amplitude is None else amplitude.inequality
        # Methods are decided by the inequality, never by a cone.
        assert numbers is None or isinstance(numbers, Inequality)
        # If pairs dominate, one eigenspace is stated.
        turning = decision.limit is not None and decision.limit.kind is LimitKind.ROTATING
        stated = blocks[:1] if turning else blocks
        return {
            "schema": METHOD,
            "problem": decision.problem.to_json(),
            "verdict": decision.verdict.value,
            **motion_fields(whole),
            "fails": [a.value for a in decision.fails],
            **preimages_fields(decision.preimages, decision.problem.minimizer),
            "subspace": None
            if decision.subspace is None
            else {
                "basis": [texts(v) for v in decision.subspace.basis],
                **(motion_fields(inner) if decision.limit is not None else _NO_MOTION),
            },
            "powers": None if decision.powers is None else powers_field(decision.powers),
            "parts": [] if numbers is None else [_part(b, inner.eigenvalues) for b in stated],
            "amplitudes": [] if numbers is None else [above(a) for a in numbers.amplitudes],
            "step": 0 if amplitude is None else amplitude.step,
            "bounds": None if numbers is None else bounds_field(numbers),
            "limit": limit_field(decision.limit),
        }


def _with_fewer_bits(
    decision: Decision, amplitude: Amplitude, whole: Motion, inner: Motion
) -> tuple[Motion, Motion, tuple[Eigenspace, ...]]:
    """Return modes and eigenspaces with as many bits as the amplitude needs, if the trajectory needed many more."""
    numbers = amplitude.inequality
    assert isinstance(numbers, Inequality)
    with ctx.workprec(_GUARD_BITS):
        smallest = min(a.lower() for a in numbers.amplitudes)
        bits = int(float((numbers.radius / smallest).log().upper()) * 1.5) + _GUARD_BITS
    subspace = decision.subspace
    whole, inner = (replace(m, spectrum=Spectrum(m.spectrum.pencil, bits)) for m in (whole, inner))
    pencil, eigenvalues = inner.spectrum.pencil, inner.eigenvalues
    places = [next(i for i, e in enumerate(eigenvalues) if e.is_same(b.eigenvalue)) for b in decision.blocks]
    blocks = tuple(
        eigenspace(pencil, eigenvalues, i, b.end, subspace=subspace, bits=bits)
        for i, b in zip(places, decision.blocks, strict=True)
    )
    return whole, inner, blocks


_NO_MOTION: dict[str, Any] = {"regime": None, "eigenvalues": [], "dominant": []}


def motion_fields(motion: Motion) -> dict[str, Any]:
    """Return the fields of a stable or unstable regime: its name, all eigenvalues, and which modes dominate.

    Args:
        motion: The modes.
    """
    assert motion.regime is not None
    return {
        "regime": motion.regime.value,
        "eigenvalues": [eigenvalue_field(e) for e in motion.eigenvalues],
        "dominant": list(motion.dominant),
    }


def powers_field(powers: Powers) -> dict[str, str]:
    """Return the stated bounds of the norm of the powers.

    Args:
        powers: The bounds.
    """
    return {name: to_text(exact(value)) for name, value in vars(powers).items()}


def refine_for_agreement(motion: Motion, method: Method, u: fmpq) -> None:
    """Refine the eigenvalues until their intervals prove that two moduli agree (Claim M13, docs/certificate.md).

    Args:
        motion: The modes; their spectrum is refined.
        method: The method.
        u: The factor of the gradient.
    """
    irrational = sum(not motion.eigenvalues[i].is_rational for i in motion.dominant)
    if motion.regime is not Regime.BOUNDARY or not irrational:
        return
    (t0, t1), (d0, d1) = method.trace_and_determinant()
    parts = (t0, t1 * u, d0, d1 * u)
    scale = _denominator(parts) * _denominator(motion.spectrum.pencil.operator.entries())
    top = u * motion.eigenvalues[-1].hi
    size = max(fmpq(1), abs(t0) + abs(t1) * top, abs(d0) + abs(d1) * top)
    conjugates = len(motion.eigenvalues) ** min(irrational, 2)
    # The bits of (scale · size)³ · 12, once for each conjugate, plus some that interval arithmetic loses.
    bits = (conjugates + 1) * (4 + 3 * (scale * size.ceil()).bit_length())
    while motion.spectrum.precision < bits:
        motion.spectrum.refine()


def _denominator(numbers: Iterable[fmpq]) -> int:
    return lcm(*(int(x.q) for x in numbers))


def _part(block: Eigenspace, eigenvalues: tuple[Eigenvalue, ...]) -> dict[str, Any]:
    (index,) = [i for i, e in enumerate(eigenvalues) if e.is_same(block.eigenvalue)]
    vectors = block.vectors.transpose().tolist()
    return {
        "eigenvalue": index,
        "gap": to_text(block.gap),
        "vectors": [texts(v) for v in vectors],
    }
