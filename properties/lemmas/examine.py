"""A claim of one's own examined on one problem: held, violated, undecided, or set aside because an assumption fails."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flint import ctx

from gdcheck.properties.claims.examination import CLAIM_STEPS, Undecided
from gdcheck.properties.lemmas.declare import Held, OwnClaim
from gdcheck.properties.lemmas.trajectory import Trajectory
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import THEOREM_1

State = Literal["held", "violated", "undecided", "aside"]
Evidence = Literal["proved", "observed"]
PRECISIONS = (128, 512, 2048)
"""Bits at which a claim is examined, one after the other, until it is decided."""


class ClaimError(InputError):
    """A claim's function cannot be used; the sentence names its file and line."""


@dataclass(frozen=True)
class Outcome:
    """What examining a claim on a problem came to.

    Attributes:
        state: Held, violated, undecided, or aside: the claim does not speak of the problem.
        cause: What was found instead, or why it is undecided or aside; problems are counted by it.
        evidence: ``proved`` if every comparison was decided on enclosures, ``observed`` if floats decided.
        margin: The slack, if the claim has one.
    """

    state: State
    cause: str = ""
    evidence: Evidence = "proved"
    margin: float | None = None


def examine(claim: OwnClaim, problem: Problem, instance: Instance | None = None) -> tuple[Outcome, Decision | None]:
    """Examine a claim on a problem.

    Args:
        claim: The claim.
        problem: The problem.
        instance: How it was made, if that is known.

    Returns:
        The outcome, and the decision on the problem (None for a built-in claim, which decides by itself).

    Raises:
        ClaimError: If its function fails, or returns something else than ``holds(…)``.
        InputError: If the problem cannot be decided at all.
    """
    if claim.built_in is not None:
        assert instance is not None
        return _built_in(claim, instance), None
    decision = decide(problem, claim.statement or THEOREM_1, max_steps=CLAIM_STEPS)
    aside = _aside(claim, decision)
    if aside is not None:
        return aside, decision
    if claim.statement is not None:
        return _predicted(decision), decision
    where = ""
    for bits in PRECISIONS:
        try:
            with ctx.workprec(bits):
                return _called(claim, decision, instance), decision
        except Undecided as open_:
            where = f"{open_} {_place(claim, open_)}"
    return Outcome("undecided", f"{where}, even with {PRECISIONS[-1]} bits"), decision


def _aside(claim: OwnClaim, decision: Decision) -> Outcome | None:
    """Return the outcome where the claim does not speak of a problem, or nobody knows whether it does."""
    converges = decision.amplitude is not None or decision.subspace is not None
    if "theorem" in claim.assumes and decision.fails:
        return Outcome("aside", f"assumption fails: {', '.join(a.value for a in decision.fails)}")
    if "theorem" in claim.assumes and decision.verdict is Verdict.UNRESOLVED and converges:
        return Outcome("undecided", decision.reason)
    exceptional = decision.verdict is Verdict.EXCEPTIONAL
    if claim.statement is not None:
        # What is exceptional for another statement is not known: every invariant subspace is set aside.
        exceptional = exceptional or decision.subspace is not None
    if "not-exceptional" in claim.assumes and exceptional:
        return Outcome("aside", "exceptional start")
    if "converging" in claim.assumes and not converges:
        return Outcome("undecided", f"convergence is not proved: {decision.reason}"[:200])
    return None


def _predicted(decision: Decision) -> Outcome:
    verdict = decision.verdict
    if verdict is Verdict.PROVED:
        return Outcome("held")
    if verdict is Verdict.REFUTED:
        return Outcome("violated", decision.reason)
    if verdict is Verdict.NOT_APPLICABLE and not decision.fails:
        return Outcome("aside", "the statement is silent on this regime")
    return Outcome("aside" if verdict is Verdict.EXCEPTIONAL else "undecided", decision.reason[:200])


def _called(claim: OwnClaim, decision: Decision, instance: Instance | None) -> Outcome:
    trajectory = Trajectory(decision, claim.steps, instance)
    try:
        found = claim(decision.problem, decision, trajectory)
    except (Undecided, KeyboardInterrupt):
        raise
    except BaseException as error:
        about = " ".join(str(error).split())[:200]
        raise ClaimError(
            "claim", f"{claim.name} raises {type(error).__name__} {_place(claim, error)}: {about}"
        ) from None
    if not isinstance(found, Held):
        said = f"{claim.name} at {_short(claim.file)}:{claim.line} returns a {type(found).__name__}"
        raise ClaimError("claim", f"{said}; let it return gdcheck.holds(…) of a comparison")
    truth = found.condition.values.item()
    if truth is None:
        raise Undecided("the condition is undecided")
    floats = found.bare or found.condition.observed or trajectory.rests_on_floats
    by: Evidence = "observed" if floats else "proved"
    note = "" if truth else found.note or "the condition is false"
    return Outcome("held" if truth else "violated", note, by, found.margin)


def _built_in(claim: OwnClaim, instance: Instance) -> Outcome:
    assert claim.built_in is not None
    finding = claim.built_in.examine(instance)
    if finding.holds is None:
        return Outcome("undecided", finding.note[:200], claim.built_in.kind)
    return Outcome("held" if finding.holds else "violated", finding.note, claim.built_in.kind, finding.margin)


def _place(claim: OwnClaim, error: BaseException) -> str:
    """Where in the claim's own file an error arose."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == claim.file]
    line = frames[-1].lineno if frames else claim.line
    return f"at {_short(claim.file)}:{line}"


def _short(file: str) -> str:
    """Return a file as it is named in messages: they must not depend on where it lies."""
    return Path(file).name
