"""Proofs for ablations: a certificate counts only once its independent checker has accepted it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from flint import arb, ctx

from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.parts import limit_json
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.amplitude import LimitDirection
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

_BITS = 256
_KINDS = {LimitKind.FIXED: "fixed along", LimitKind.ALTERNATING: "alternating along"}


def decided(problem: Problem) -> tuple[Decision, dict[str, Any] | None]:
    """Decide a problem; the certificate is None unless a limit is certified and the checker accepts it."""
    decision = decide(problem, max_steps=CLAIM_STEPS)
    proof = certificate(decision) if decision.limit is not None else None
    return decision, proof if accepted(proof) else None


def decided_in_valley(problem: ValleyProblem) -> tuple[ValleyDecision, dict[str, Any] | None]:
    """Decide a problem with residuals; the certificate is None unless the checker accepts it."""
    decision = decide_valley(problem, max_steps=CLAIM_STEPS)
    proof = valley_certificate(decision)
    return decision, proof if accepted(proof) else None


def decided_smooth(problem: SmoothProblem) -> tuple[SmoothDecision, dict[str, Any] | None]:
    """Decide a smooth problem; the certificate is None unless a limit is certified and the checker accepts it."""
    decision = decide_smooth(problem, max_steps=CLAIM_STEPS)
    proof = smooth_certificate(decision) if decision.limit is not None else None
    return decision, proof if accepted(proof) else None


def valley_words(decision: ValleyDecision) -> str:
    """Return the certified limit in a valley in words, rounded to four digits."""
    found = decision.arrival
    if found is None:
        return f"no limit is certified: {decision.reason}"
    kind = _KINDS[LimitKind.FIXED if found.regime is Regime.SMALL_STEP else LimitKind.ALTERNATING]
    at = shown_vector([to_float(x) for x in found.centre])
    return f"{kind} {shown_vector([float(x.mid()) for x in found.vector])} at {at}"


def accepted(proof: dict[str, Any] | None) -> bool:
    """Decide whether a certificate's checker accepts it; False for None, and where the checker gave up."""
    try:
        return proof is not None and check(proof) is None
    except NotChecked:
        return False


def words(limit: LimitDirection | None) -> str:
    """Return a certified limit in words, its vectors rounded to four digits."""
    data = limit_json(limit)
    if limit is None or data["kind"] is None:
        return "no limit is certified"
    if limit.kind is LimitKind.ROTATING:
        return "no limit: the direction rotates"
    if limit.kind is LimitKind.TWO_CYCLE:
        return f"no limit: even steps tend to {shown_vector(data['even'])}, odd ones to {shown_vector(data['odd'])}"
    return f"{_KINDS[limit.kind]} {shown_vector(data['vector'])}"


def shown_vector(values: Sequence[float]) -> str:
    """Return a vector in words, rounded to four digits."""
    return shown_point(f"{round(x, 4) + 0.0:g}" for x in values)


def shown_point(values: Iterable[object]) -> str:
    """Return a point in words, its numbers as they are written, but for minus signs."""
    return f"({minus_signs(', '.join(map(str, values)))})"


def minus_signs(text: str) -> str:
    """Return numbers with minus signs for hyphens, but for those of exponents."""
    return re.sub(r"(?<![eE])-", "−", text)


def sine(u: Sequence[arb], v: Sequence[arb]) -> float:
    """Bound the sine of the angle between the lines along two unit vectors from below; 0 unless surely positive."""
    with ctx.workprec(_BITS):
        apart = [norm(x - s * y for x, y in zip(u, v, strict=True)) for s in (1, -1)]
        # ‖u − v‖ ‖u + v‖ = 2 |sin|.
        bound = float((apart[0].lower() * apart[1].lower()).lower()) / 2
    return max(0.0, bound)
