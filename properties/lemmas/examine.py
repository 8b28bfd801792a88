"""A user's claim examined on one problem: held, violated, undecided, or set aside because an assumption fails."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import Any, TypeAlias

from flint import ctx

from gdcheck.properties.claims.undecided import CLAIM_STEPS, Undecided
from gdcheck.properties.lemmas.arriving import ArrivingTrajectory
from gdcheck.properties.lemmas.declare import Held, OwnClaim
from gdcheck.properties.lemmas.enclosed_minimum import SmoothTrajectory
from gdcheck.properties.lemmas.outcome import ClaimError, Outcome
from gdcheck.properties.lemmas.trajectory import Trajectory
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.smooth import SmoothInstance
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.shapes import Evidence
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.methods.statement import THEOREM_1
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

AnyDecision: TypeAlias = Decision | SmoothDecision | ValleyDecision
PRECISIONS = (128, 512, 2048)
"""Bits at which a claim is examined, one after the other, until it is decided."""
_VALLEY_STEPS, _VALLEY_BITS = 2000, 512
"""The most steps and bits for residuals: beyond the edge of stability a trajectory may never arrive."""
_LONGEST = 400


def examine(claim: OwnClaim, drawn: Any) -> tuple[Outcome, AnyDecision | None]:
    """Examine a claim on a problem.

    Args:
        claim: The claim.
        drawn: The problem, alone or with how it was made; or whatever the claim's own examination reads.

    Returns:
        The outcome, and the decision on the problem (None for an examination of its own, which decides by itself).

    Raises:
        ClaimError: If its function fails, or returns something else than ``holds(…)``.
        InputError: If the problem cannot be decided at all.
    """
    if claim.examination is not None:
        return claim.examination(drawn), None
    if isinstance(drawn, ValleyInstance | ValleyProblem):
        return _in_valley(claim, drawn.problem if isinstance(drawn, ValleyInstance) else drawn)
    if isinstance(drawn, SmoothInstance | SmoothProblem):
        return _smooth(claim, drawn.problem if isinstance(drawn, SmoothInstance) else drawn)
    problem, instance = (drawn.problem, drawn) if isinstance(drawn, Instance) else (drawn, None)
    decision = decide(problem, claim.statement or THEOREM_1, max_steps=CLAIM_STEPS)
    aside = _aside(claim, decision)
    if aside is not None:
        return aside, decision
    if claim.statement is not None:
        return _predicted(decision), decision
    return _tried(claim, decision, lambda: Trajectory(decision, claim.steps, instance)), decision


def _in_valley(claim: OwnClaim, problem: ValleyProblem) -> tuple[Outcome, ValleyDecision]:
    """Examine a claim on residuals; it is about trajectories that are proved to arrive."""
    decision = decide_valley(problem, max_steps=_VALLEY_STEPS, max_precision=_VALLEY_BITS)
    if decision.arrival is None:
        return Outcome("aside", _short(f"no point of arrival is proved: {decision.reason}")), decision
    return _tried(claim, decision, lambda: ArrivingTrajectory(decision)), decision


def _smooth(claim: OwnClaim, problem: SmoothProblem) -> tuple[Outcome, SmoothDecision]:
    """Examine a claim on a smooth loss, whose minimizer is enclosed."""
    if claim.statement is not None:
        said = "predicts by its statement, and that is examined on polynomial losses; write a function"
        raise ClaimError(f"{claim.name} {said}")
    decision = decide_smooth(problem, max_steps=CLAIM_STEPS)
    if decision.minimizer is None:
        return Outcome("aside", _short(f"no strict minimum is enclosed: {decision.reason}")), decision
    aside = _aside(claim, decision)
    if aside is not None:
        return aside, decision
    return _tried(claim, decision, lambda: SmoothTrajectory(decision, claim.steps)), decision


def proof_of(decision: AnyDecision) -> dict[str, Any] | None:
    """Return the certificate of a decision; None without one."""
    if isinstance(decision, SmoothDecision):
        return smooth_certificate(decision)
    return valley_certificate(decision) if isinstance(decision, ValleyDecision) else certificate(decision)


def _tried(claim: OwnClaim, decision: AnyDecision, follow: Callable[[], Trajectory | ArrivingTrajectory]) -> Outcome:
    """Call a claim's function at precisions that grow until it is decided."""
    where = ""
    for bits in PRECISIONS:
        try:
            with ctx.workprec(bits):
                return _called(claim, decision, follow())
        except Undecided as open_:
            where = f"{open_} at {claim.place(open_)}"
    return Outcome("undecided", f"{where}, even with {PRECISIONS[-1]} bits")


def _aside(claim: OwnClaim, decision: Decision | SmoothDecision) -> Outcome | None:
    """Return the outcome where the claim does not apply to a problem, or it is unknown whether it does."""
    in_subspace = isinstance(decision, Decision) and decision.subspace is not None
    converges = decision.amplitude is not None or in_subspace
    if "theorem" in claim.assumes and decision.fails:
        return Outcome("aside", f"assumption fails: {', '.join(a.value for a in decision.fails)}")
    if "theorem" in claim.assumes and decision.verdict is Verdict.UNRESOLVED and converges:
        return Outcome("undecided", decision.reason)
    exceptional = decision.verdict is Verdict.EXCEPTIONAL
    if claim.statement is not None:
        # For another statement, the exceptional starts are not known: every invariant subspace is set aside.
        exceptional = exceptional or in_subspace
    if "not-exceptional" in claim.assumes and exceptional:
        return Outcome("aside", "exceptional start")
    if "converging" in claim.assumes and not converges:
        return Outcome("undecided", _short(f"convergence is not proved: {decision.reason}"))
    return None


def _predicted(decision: Decision) -> Outcome:
    verdict = decision.verdict
    if verdict is Verdict.PROVED:
        return Outcome("held")
    if verdict is Verdict.REFUTED:
        return Outcome("violated", decision.reason)
    if verdict is Verdict.NOT_APPLICABLE and not decision.fails:
        return Outcome("aside", "the statement is silent on this regime")
    return Outcome("aside" if verdict is Verdict.EXCEPTIONAL else "undecided", _short(decision.reason))


def _called(claim: OwnClaim, decision: AnyDecision, trajectory: Trajectory | ArrivingTrajectory) -> Outcome:
    try:
        found = claim(decision.problem, decision, trajectory)
    except (Undecided, KeyboardInterrupt):
        raise
    except BaseException as error:
        about = _short(str(error))
        said = f"{claim.name} raises {type(error).__name__} at {claim.place(error)}: {about}"
        raise ClaimError(said) from None
    if not isinstance(found, Held):
        said = f"{claim.name} at {claim.place()} returns a {type(found).__name__}"
        raise ClaimError(f"{said}; let it return gdcheck.holds(…) of a comparison")
    truth = found.condition.values.item()
    if truth is None:
        raise Undecided("the condition is undecided")
    floats = found.bare or found.condition.observed or trajectory.rests_on_floats
    by: Evidence = "observed" if floats else "proved"
    note = "" if truth else found.note or "the condition is false"
    return Outcome("held" if truth else "violated", note, by, found.margin)


def _short(text: str) -> str:
    """Return a cause on one line; one that is very long ends between words."""
    return shorten(text, _LONGEST, placeholder=" …")
