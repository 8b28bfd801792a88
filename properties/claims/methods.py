"""The theorems on methods: where each arrives, regime by regime (docs/methods.md)."""

from __future__ import annotations

from functools import partial

from flint import arb, fmpq_mat

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.conclusion import certificate_is_accepted, sign_of
from gdcheck.properties.claims.examination import amplitude_margin, holds, on_decided, require, unresolved
from gdcheck.properties.claims.method_second_engine import sees_the_method
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.methods import Family, method_problems
from gdcheck.properties.strategies.preconditioned import factor_of
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.methods.statement import Assumption, LimitKind, Regime

_KINDS = {
    Regime.SMALL_STEP: LimitKind.FIXED,
    Regime.LARGE_STEP: LimitKind.ALTERNATING,
    Regime.ROTATING: LimitKind.ROTATING,
}
_TURNING = (Regime.SMALL_STEP, Regime.LARGE_STEP, Regime.ROTATING)


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    known = decision.classification
    found = None if known is None else known.regime
    require(found is instance.regime, f"found the regime {found}, not {instance.regime.value}")
    require(decision.verdict is not Verdict.REFUTED, "the theorem is refuted")
    if decision.limit is None:
        return unresolved(decision, decision.reason)
    certificate_is_accepted(decision)
    limit, margin = decision.limit, amplitude_margin(decision)
    if instance.regime is Regime.BOUNDARY:
        require(Assumption.OFF_BOUNDARY in decision.fails, "the boundary was not noticed")
        require(limit.kind is not LimitKind.ROTATING, "the direction is said to rotate on the boundary")
        return holds(decision, f"on the boundary: {limit.kind.value}", margin)
    if decision.verdict is Verdict.EXCEPTIONAL:
        return holds(decision, "in an invariant subspace without the dominant eigenvector", margin)
    require(limit.kind is _KINDS[instance.regime], f"the limit is {limit.kind.value} with {instance.regime.value}")
    if limit.vectors:
        # With P = LLᵀ the eigenvectors are L times those of the rotation, and not of unit length.
        vector, length = eigenvector(instance)
        sign_of(tuple(x * length for x in limit.vectors[0]), vector)
    return holds(decision, "the predicted limit", margin)


def eigenvector(instance: Instance) -> tuple[Vector, arb]:
    """Return the dominant eigenvector of P∇²f, exactly, and its length."""
    unit = instance.eigenvector(instance.dominant)
    vector = tuple((factor_of(instance.problem) * fmpq_mat(len(unit), 1, list(unit))).entries())
    return vector, norm(map(arb, vector))


PRECONDITIONED = Claim(
    name="preconditioned",
    sentence="Gradient descent with a symmetric positive definite preconditioner P arrives as Theorem 1 says, with the"
    " eigenvalues and eigenvectors of P∇²f in the place of those of ∇²f (docs/methods.md, 5).",
    statement="With λ₁ < … < λₙ the spectrum of P∇²f at the minimizer, the limit of x ↦ x − ηP∇f(x) is exactly ± the"
    " unit eigenvector of λ₁, fixed, if η < 2/(λ₁+λₙ); ± that of λₙ, alternating, if 2/(λ₁+λₙ) < η < 2/λₙ; a two-cycle"
    " at η = 2/(λ₁+λₙ). The independent checker accepts the certificate.",
    regimes=(Regime.SMALL_STEP, Regime.LARGE_STEP, Regime.BOUNDARY),
    instances=partial(method_problems, family=Family.PRECONDITIONED),
    examine=_examine,
    margin="log₂(amplitude/tail)",
    second=sees_the_method,
    cost=30,
)

HEAVY_BALL = Claim(
    name="heavy-ball",
    sentence="With heavy ball almost every trajectory nearby arrives along the flattest direction for small steps,"
    " along the steepest for large ones, and between them, where there is a window, along none (docs/methods.md, 3).",
    statement="With s = ηλ and ρ the largest modulus of the roots of r² − (1+β−s)r + β over the spectrum: the limit is"
    " exactly ± the eigenvector of λ₁, fixed, where ρ belongs to a positive root of λ₁; ± that of λₙ, alternating,"
    " where it belongs to a negative root of λₙ; none, where all roots are pairs; a two-cycle or the eigenvector of a"
    " double root between. The independent checker accepts the certificate.",
    regimes=(*_TURNING, Regime.BOUNDARY),
    instances=partial(method_problems, family=Family.HEAVY_BALL),
    examine=_examine,
    margin="log₂(amplitude/tail)",
    second=sees_the_method,
    cost=40,
)

NESTEROV = Claim(
    name="nesterov",
    sentence="With Nesterov's momentum the same three behaviours follow one another as the step grows"
    " (docs/methods.md, 4).",
    statement="The same for the roots of r² − (1+β)(1−s)r + β(1−s); where the pair of λ₁ dominates there is no limit.",
    regimes=_TURNING,
    instances=partial(method_problems, family=Family.NESTEROV),
    examine=_examine,
    margin="log₂(amplitude/tail)",
    second=sees_the_method,
    cost=30,
)

ADAPTIVE = Claim(
    name="adaptive",
    sentence="Near a strict minimum Adam and RMSprop arrive as heavy ball does with s = η(1−β₁)λ/ε"
    " (docs/methods.md, 6).",
    statement="The limit of the trajectory, with bias corrections and the true √v̂, is that of heavy ball with"
    " s = η(1−β₁)λ/ε; the independent checker accepts the certificate.",
    regimes=_TURNING,
    instances=partial(method_problems, family=Family.ADAPTIVE),
    examine=_examine,
    margin="log₂(amplitude/tail)",
    cost=60,
)
