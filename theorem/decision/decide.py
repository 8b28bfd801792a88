"""Decide one problem: which assumptions hold, which limit is certified, whether it is the predicted one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gdcheck.theorem.assumptions.preimages import MAX_POWERS, examine_preimages
from gdcheck.theorem.assumptions.regime import Classification, classify, spectral_failures
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.decision.decide_method import decide_method
from gdcheck.theorem.decision.reasons import Reasons, why_no_limit
from gdcheck.theorem.decision.search import FIRST_PRECISION, GUARD_BITS, Search, SearchResult
from gdcheck.theorem.decision.verdict import Decision, Verdict
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause, Cone
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    AT_MINIMIZER,
    EXTREME,
    NO_HESSIAN,
    ORTHOGONAL,
    THEOREM_1,
    Assumption,
    Regime,
    Statement,
    not_applicable,
)

__all__ = ["FIRST_PRECISION", "MAX_PRECISION", "MAX_STEPS", "Decision", "Verdict", "decide"]

MAX_PRECISION = 8192
MAX_STEPS = 1_000_000
MOST_BEYOND = 100_000
"""The most steps where an assumption fails: the verdict is known by then, and they only tell what happens instead."""


def decide(
    problem: Problem,
    statement: Statement = THEOREM_1,
    max_steps: int = MAX_STEPS,
    max_precision: int = MAX_PRECISION,
    precision: int = FIRST_PRECISION,
    *,
    cones: bool = True,
) -> Decision:
    """Decide one problem: assumptions, then a certified limit by the amplitude lemma, then the verdict.

    Args:
        problem: The problem.
        statement: The statement to test; Theorem 1 if not given.
        max_steps: Steps of gradient descent allowed at each precision.
        max_precision: Bits allowed.
        precision: Bits to begin with; doubled while they do not suffice.
        cones: Whether a cone that is never left may decide, which takes fewer steps where the problem is badly scaled;
            without a cone the amplitude's own inequality decides, which also bounds the trajectory at later steps.

    Returns:
        The decision.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    if not problem.method.is_plain:
        return decide_method(problem, max_steps, max_precision, precision)
    expansion = Expansion.of(problem)
    fails = [Assumption.SMOOTHNESS] if any(t.power <= 3 for t in expansion.truncated) else []
    if expansion.hessian is None:
        missing = (Assumption.SMOOTHNESS,)
        return Decision.without_search(problem, expansion, NO_HESSIAN, FIRST_PRECISION, fails=missing)
    pencil = Pencil(expansion.hessian)
    classification = classify(pencil, problem.step_size, FIRST_PRECISION + GUARD_BITS)
    known: dict[str, Any] = {"classification": classification}
    if classification.regime is None:
        known["fails"] = (*fails, Assumption.STRICT_MINIMUM)
        return Decision.without_search(problem, expansion, classification.why_not_strict, FIRST_PRECISION, **known)
    fails += spectral_failures(classification)
    preimages = None
    if classification.regime is not Regime.UNSTABLE:
        preimages = examine_preimages(expansion)
        if preimages.holds is False:
            fails.append(Assumption.NULL_PREIMAGES)
    why_open = preimages_undecided(expansion) if preimages is None or preimages.holds is None else None
    if fails:
        max_steps = min(max_steps, MOST_BEYOND)
    found = Search(expansion, pencil, classification, max_steps, max_precision, precision, cones).run()
    reasons = Reasons(why_open, "" if found.amplitude else why_no_limit(found, problem))
    conclusion = _conclude(statement, classification, tuple(fails), found, reasons)
    return found.decision(problem, expansion, conclusion, **known, fails=tuple(fails), preimages=preimages)


@lru_cache(maxsize=4)
def with_tail(decision: Decision) -> Decision:
    """Return a decision whose numbers say how large the trajectory is at later steps.

    Args:
        decision: A decision.

    Returns:
        The same, unless a cone decided it: then the problem is decided by the amplitude's inequality.
    """
    if decision.amplitude is None or not isinstance(decision.amplitude.inequality, Cone):
        return decision
    return decide(decision.problem, precision=decision.precision, cones=False)


def preimages_undecided(expansion: Expansion) -> str:
    """Say that the assumption on preimages of null sets was not decided, and why."""
    fix = "for the derivative of the map is singular on some piece of the loss; another --step-size is"
    if len(expansion.truncated) > MAX_POWERS:
        fix = f"for the loss has more than {MAX_POWERS} truncated powers; --loss with fewer of them is"
    return f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}, {fix}"


def _conclude(
    statement: Statement,
    classification: Classification,
    fails: tuple[Assumption, ...],
    found: SearchResult,
    reasons: Reasons,
) -> tuple[Verdict, str]:
    """Compare what was found with the statement: return the verdict, and the reason in one sentence."""
    if fails:
        return Verdict.NOT_APPLICABLE, not_applicable(a.sentence for a in fails) + _happens(found, reasons)
    prediction = statement.predictions.get(classification.regime) if classification.regime else None
    if reasons.preimages is not None:
        return Verdict.UNRESOLVED, reasons.preimages
    if prediction is None:
        return Verdict.NOT_APPLICABLE, f"{statement.name} is silent on this regime"
    predicted = classification.eigenvalues[classification.index(prediction.end)]
    if found.subspace is not None:
        if found.subspace.dimension == 0:
            where = "at the start" if found.subspace.enters == 0 else f"exactly, at step {found.subspace.enters}"
            return Verdict.EXCEPTIONAL, AT_MINIMIZER.format(where)
        if not found.restricted.holds(predicted):
            since = f"from step {found.subspace.enters} on, " if found.subspace.enters else ""
            reason = since + ORTHOGONAL.format(EXTREME[prediction.end])
            return Verdict.EXCEPTIONAL, reason + _happens(found, reasons)
    if found.amplitude is None:
        return Verdict.UNRESOLVED, reasons.limit
    kind = found.amplitude.limit.kind
    # A block's end is that of the spectrum on its subspace; the statement speaks of all of space.
    if len(found.blocks) == 1 and found.blocks[0].eigenvalue.is_same(predicted) and kind is prediction.kind:
        return Verdict.PROVED, AS_PREDICTED.format(kind.value, EXTREME[prediction.end])
    return Verdict.REFUTED, f"{statement.name} predicts another limit{_happens(found, reasons)}"


def _happens(found: SearchResult, reasons: Reasons) -> str:
    if found.amplitude is None and found.cause is Cause.BUDGET:
        return "; no limit is certified within the steps that are made where an assumption fails"
    return found.happens(reasons.limit if found.cause else "")
