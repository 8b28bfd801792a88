"""The conclusion of Theorem 1 on one problem, compared with the spectrum and the eigenvectors that were prescribed."""

from __future__ import annotations

from flint import arb, fmpq

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.examination import (
    ClaimViolation,
    amplitude_margin,
    equals,
    holds,
    on_decided,
    require,
    unresolved,
)
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.limit.amplitude import LimitDirection
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.methods.statement import THEOREM_1, Assumption, LimitKind


@on_decided
def examine_conclusion(instance: Instance, decision: Decision) -> Finding:
    """Examine whether the limit is the predicted one, and whether the independent checker agrees.

    Args:
        instance: The problem.
        decision: Its decision.

    Returns:
        The finding; its margin is log₂(amplitude/tail).
    """
    prescribed_spectrum_is_found(instance, decision)
    require(set(decision.fails) <= {Assumption.NULL_PREIMAGES}, f"assumptions said to fail: {decision.fails}")
    certificate_is_accepted(decision)
    if decision.subspace is not None:
        orthogonal_to_dominant(instance, decision)
        return holds(decision, "in an invariant subspace without the dominant eigenvector")
    if decision.limit is None:
        return unresolved(decision, decision.reason)
    require(decision.verdict is not Verdict.EXCEPTIONAL, "called exceptional without a subspace")
    predicted_limit(instance, decision.limit)
    note = "the predicted limit"
    if decision.verdict is Verdict.NOT_APPLICABLE:
        note = "the predicted limit, though F does not preserve null sets backwards"
    return holds(decision, note, amplitude_margin(decision))


def prescribed_spectrum_is_found(instance: Instance, decision: Decision) -> None:
    """Require that the spectrum and the regime were found as they were prescribed."""
    known = decision.classification
    if known is None:
        raise ClaimViolation("no spectrum was found")
    values = [(e.lo, e.hi) for e in known.eigenvalues for _ in range(e.multiplicity)]
    require(values == [(x, x) for x in instance.spectrum], f"found the spectrum {values}, not the prescribed one")
    regime = "none" if known.regime is None else known.regime.value
    require(known.regime is instance.regime, f"found the regime {regime}, not {instance.regime.value}")


def certificate_is_accepted(decision: Decision) -> None:
    """Require that the certificate exists and that the independent checker accepts it."""
    data = certificate(decision)
    require(data is not None, "there is no certificate")
    failure = check(data)
    require(failure is None, f"the independent checker rejects the certificate: {failure}")


def orthogonal_to_dominant(instance: Instance, decision: Decision) -> None:
    """Require that the subspace is exactly orthogonal to the dominant eigenvector, and so is any limit."""
    v = instance.eigenvector(instance.dominant)
    basis = () if decision.subspace is None else decision.subspace.basis
    require(not any(dot(u, v) for u in basis), "the subspace is not orthogonal to the dominant eigenvector")
    for vector in () if decision.limit is None else decision.limit.vectors:
        component = sum((x * arb(c) for x, c in zip(vector, v, strict=True)), arb(0))
        require(equals(component, fmpq(0)), "the limit is not orthogonal to the dominant eigenvector")


def predicted_limit(instance: Instance, limit: LimitDirection) -> int:
    """Require that a limit is the one that Theorem 1 predicts, exactly.

    Args:
        instance: The problem.
        limit: The certified limit.

    Returns:
        The sign s with which the limit is s times the prescribed eigenvector.
    """
    prediction = THEOREM_1.predictions[instance.regime]
    require(limit.kind is prediction.kind, f"the limit is {limit.kind.value}, not {prediction.kind.value}")
    require(limit.kind is not LimitKind.TWO_CYCLE and len(limit.vectors) == 1, "the limit is not one direction")
    v = instance.eigenvector(prediction.end)
    return sign_of(limit.vectors[0], v)


def sign_of(vector: tuple[arb, ...], v: Vector) -> int:
    """Return the sign s for which a vector of narrow balls holds s·v, exactly; a claim is violated if there is none."""
    for s in (1, -1):
        found = [equals(x, s * c) for x, c in zip(vector, v, strict=True)]
        if False not in found:
            require(None if None in found else True, "which vector the limit is")
            return s
    raise ClaimViolation(f"the limit is [{', '.join(x.str(8) for x in vector)}], not ±[{', '.join(map(str, v))}]")
