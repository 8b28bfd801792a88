"""Between the regimes: on the boundary itself neither conclusion holds."""

from flint import arb, fmpq

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import certificate_is_accepted, prescribed_spectrum_is_found
from gdcheck.properties.claims.examination import (
    amplitude_margin,
    equals,
    holds,
    on_decided,
    positive,
    require,
    unresolved,
)
from gdcheck.properties.claims.second_engine import sees_the_limit
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.limit.amplitude import LimitDirection
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.methods.statement import Assumption, End, LimitKind, Regime


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    prescribed_spectrum_is_found(instance, decision)
    require(decision.verdict is Verdict.NOT_APPLICABLE, f"the verdict is {decision.verdict.value}")
    require(Assumption.OFF_BOUNDARY in decision.fails, "the boundary was not noticed")
    require(set(decision.fails) <= {Assumption.OFF_BOUNDARY, Assumption.NULL_PREIMAGES}, f"fails: {decision.fails}")
    certificate_is_accepted(decision)
    v_low, v_high = instance.eigenvector(End.LOWEST), instance.eigenvector(End.HIGHEST)
    if decision.subspace is not None:
        basis = decision.subspace.basis
        lacking = [v for v in (v_low, v_high) if not any(dot(u, v) for u in basis)]
        if lacking:
            return holds(decision, "one amplitude is exactly zero: the start lies in an invariant subspace")
    if decision.limit is None:
        return unresolved(decision, decision.reason)
    require(decision.limit.kind is LimitKind.TWO_CYCLE, f"the limit is {decision.limit.kind.value}")
    _two_limits(decision.limit, v_low, v_high)
    return holds(decision, "even and odd steps have different limits", amplitude_margin(decision))


def _two_limits(limit: LimitDirection, v_low: Vector, v_high: Vector) -> None:
    """Require even = a v₁ + b vₙ and odd = ±(a v₁ − b vₙ) with a ≠ 0 ≠ b: neither equal nor opposite."""
    even, odd = limit.vectors
    a, b = _component(even, v_low), _component(even, v_high)
    c, d = _component(odd, v_low), _component(odd, v_high)
    require(positive(a * c), "the two limits do not have one component along v₁ with one sign")
    require(positive(-b * d), "the two limits do not differ in the sign of vₙ's component")
    for vector, low, high in ((even, a, b), (odd, c, d)):
        for x, p, q in zip(vector, v_low, v_high, strict=True):
            require(equals(x - low * p - high * q, fmpq(0)), "a limit leaves the plane of v₁ and vₙ")


def _component(vector: tuple[arb, ...], v: Vector) -> arb:
    return sum((x * arb(c) for x, c in zip(vector, v, strict=True)), arb(0))


CLAIM = Claim(
    name="boundary",
    sentence="The step 2/(λ₁+λₙ) separates the two behaviours: exactly there neither conclusion holds (Theorem 1, the"
    " bounds of its two cases).",
    statement="For η = 2/(λ₁+λₙ) the boundary is recognized exactly, and unless one amplitude is proved to vanish, even"
    " and odd steps have two limits, a v₁ ± b vₙ with a ≠ 0 ≠ b: no limit, fixed or alternating.",
    regimes=(Regime.BOUNDARY,),
    examine=_examine,
    margin="log₂ of the smaller amplitude over the tail",
    second=sees_the_limit,
)
