"""The theorem for valleys: where gradient descent on residuals arrives, and along what (docs/valleys.md)."""

from __future__ import annotations

from math import log2

from flint import arb

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import (
    MOST_MARGIN,
    holds,
    on_decision,
    positive,
    require,
    unresolved,
)
from gdcheck.properties.claims.undecided import CLAIM_STEPS, Undecided
from gdcheck.properties.claims.valley_second_engine import sees_the_valley
from gdcheck.properties.strategies.valleys import Nearness, ValleyInstance, valley_problems
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import at_most, norm
from gdcheck.theorem.valleys.arrival import Arrival
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley


def examine_limit(instance: ValleyInstance) -> Finding:
    """Examine whether the limit is next to the prescribed eigenvector, on the side of the start.

    Args:
        instance: The problem.

    Returns:
        The finding; its margin is log₂ of the allowed distance over the proved one.
    """
    decision = decide_valley(instance.problem, max_steps=CLAIM_STEPS)
    if decision.verdict is not Verdict.PROVED:
        return unresolved(decision, decision.reason)
    return on_decision(_examine)(instance, decision)


def _examine(instance: ValleyInstance, decision: ValleyDecision) -> Finding:
    near, found = instance.nearness(), decision.arrival
    if near is None or found is None:
        raise Undecided("the start is not placed where the inequality holds at once")
    failure = check(valley_certificate(decision))
    require(failure is None, f"the independent checker rejects the certificate: {failure}")
    require(found.regime is instance.regime, f"found {found.regime.value}, not {instance.regime.value}")
    _at_the_point(instance, found, near)
    away = norm(x - y for x, y in zip(found.vector, map(arb, instance.predicted), strict=True))
    allowed = arb(near.tilt) + arb(2) ** -30
    require(at_most(away, allowed), "the limit is not next to the prescribed eigenvector, with the sign of the start")
    upper = float(away.upper())
    margin = MOST_MARGIN if upper <= 0 else min(MOST_MARGIN, log2(float(allowed) / upper))
    return holds(decision, "the predicted limit", margin)


def _at_the_point(instance: ValleyInstance, found: Arrival, near: Nearness) -> None:
    """Require that the point of arrival and the spectrum there are next to the prescribed ones."""
    moved = norm(arb(x) - arb(m) for x, m in zip(found.centre, instance.point, strict=True))
    require(positive(arb(near.reach) - moved + arb(found.radius)), "the point of arrival is too far away")
    values = found.spectrum.values
    require(len(values) == len(instance.spectrum), f"{len(values)} nonzero eigenvalues were found")
    for value, expected in zip(values, instance.spectrum, strict=True):
        room = arb(near.change) + arb(value.rad()) + arb(2) ** -60
        require(positive(room - abs(value.mid() - arb(expected))), "an eigenvalue is not next to the prescribed one")


CLAIM = Claim(
    name="valley",
    sentence="Where minimizers form a manifold, almost every trajectory arrives along the flattest nonzero curvature of"
    " its own point of arrival for small steps, along the steepest, alternating, for large ones (docs/valleys.md).",
    statement="From a start near a zero of F with prescribed singular values σ₁ < … < σ_p of the Jacobian, by"
    " inequalities that use only these: the trajectory tends to a zero of F within a stated distance, the spectrum of"
    " JJᵀ there is next to the σᵢ², and the limit is next to ± the right singular vector of σ₁, fixed, if"
    " η(σ₁² + σ_p²) < 2, of σ_p, alternating, above, with the sign of the start. The independent checker accepts the"
    " certificate.",
    instances=valley_problems,
    examine=examine_limit,
    margin="log₂(allowed/found distance from the prescribed vector)",
    second=on_decision(sees_the_valley),
    cost=10,
)
