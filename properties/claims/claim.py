"""What a claim is: a sentence of the theory, made precise, and a way to examine it on one random problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Any, Literal

from hypothesis.strategies import SearchStrategy

from gdcheck.properties.strategies.instance import StartPlace
from gdcheck.properties.strategies.made import Made
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.decide import ValleyDecision

Kind = Literal["proved", "observed"]

STEPS = (Regime.SMALL_STEP, Regime.LARGE_STEP)
"""The two regimes of Theorem 1."""

IN_BALL = partial(problems, place=StartPlace.BALL)
"""Problems that start in the certified ball."""


class SecondOutcome(Enum):
    """The result of the second engine, mpmath, on a problem, beside the engine that proves."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_SETTLED = "not settled"


@dataclass(frozen=True)
class Finding:
    """The result of examining a claim on one problem.

    Attributes:
        holds: Whether the claim holds on the problem; None if that was not resolved, which is never a pass.
        margin: The slack with which it holds, larger is safer, below zero where it fails; None if the claim has none on
            this problem, or fails in a way that has no size.
        note: A short phrase, or the cause if it is unresolved; findings are counted by it.
        verdict: The verdict on the problem, one of the five.
        steps: The step at which the certificate applies; None without one.
        second: What the second engine said; None if it was not asked.
        formula: Whether a part of what holds rests on a formula that the checker evaluated again, not on an argument of
            the claim's own.
        decision: The decision that was examined; None without one.
    """

    holds: bool | None
    margin: float | None
    note: str
    verdict: str
    steps: int | None = None
    second: SecondOutcome | None = None
    formula: bool = False
    decision: Decision | ValleyDecision | SmoothDecision | None = field(default=None, compare=False, repr=False)


class ClaimStatus(Enum):
    """The meaning of a finding for the claim as a property."""

    PASSED = "passed"
    FAILED = "failed"
    UNRESOLVED = "unresolved"
    """Neither: the start was placed outside the certified ball, where nothing says that it lies in the basin; or the
    second engine did not settle."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim about random problems.

    Attributes:
        name: A word.
        sentence: The claim in plain words, with its place in the paper.
        statement: What exactly is checked.
        kind: ``proved`` if every check is rigorous on the problem examined, ``observed`` if floating point decides.
        regimes: The regimes of which it speaks; the two of Theorem 1 if not given.
        instances: Makes the strategy of problems, from ``regime`` and ``dimensions``; starts in the certified ball if
            not given.
        examine: Examines the claim on one problem.
        margin: What the margin measures.
        second: Has the second engine look at a problem on which the claim holds, beside its decision: a finding that
            holds where it agrees, fails where it differs, and is unresolved where it does not settle; None if the claim
            has no second engine.
        unsettled: The share of the problems on which the second engine may end without settling; beyond it a run fails.
        cost: How much more an examination costs than that of the simplest claim; it gets fewer problems in proportion.

    Examples:
        >>> from gdcheck.properties.claims.registry import CLAIMS
        >>> CLAIMS["direction"].regimes
        (<Regime.SMALL_STEP: 'small-step'>,)
    """

    name: str
    sentence: str
    statement: str
    kind: Kind = "proved"
    regimes: tuple[Regime, ...] = STEPS
    instances: Callable[..., SearchStrategy[Any]] = IN_BALL
    examine: Callable[[Any], Finding]
    margin: str
    second: Callable[[Any, Any], Finding] | None = None
    unsettled: float = 0.01
    cost: int = 1


def examined(claim: Claim, instance: Made, *, second: bool = True) -> tuple[Finding, Exception | None]:
    """Examine a claim on one problem; an error inside it is a failure.

    Args:
        claim: The claim.
        instance: The problem.
        second: Whether the second engine is asked too, if the claim has one and holds.

    Returns:
        The finding, and the error that stopped the examination if there was one.
    """
    try:
        finding = claim.examine(instance)
        if second and finding.holds and claim.second is not None:
            assert finding.decision is not None, "a claim with a second engine says what was decided"
            finding = _beside(finding, claim.second(instance, finding.decision))
    except Exception as error:
        return Finding(False, None, in_words(error), Verdict.UNRESOLVED.value), error
    return finding, None


def _beside(finding: Finding, seen: Finding) -> Finding:
    """Return a finding that holds, after the second engine has looked at the same problem."""
    if seen.holds:
        return replace(finding, second=SecondOutcome.AGREES)
    outcome, words = SecondOutcome.DIFFERS, "the second engine differs"
    if seen.holds is None:
        outcome, words = SecondOutcome.NOT_SETTLED, "the second engine did not settle"
    return replace(finding, holds=seen.holds, margin=seen.margin, note=f"{words}: {seen.note}", second=outcome)


def status(instance: Made, finding: Finding) -> ClaimStatus:
    """Classify a finding.

    Args:
        instance: The problem.
        finding: The finding on it.

    Returns:
        Passed only if the claim holds. A finding that is unresolved counts as unresolved only outside the certified
        ball, or if the second engine did not settle; otherwise as failed.
    """
    may_be_open = instance.place is StartPlace.OUTSIDE or finding.second is SecondOutcome.NOT_SETTLED
    if finding.holds is None and may_be_open:
        return ClaimStatus.UNRESOLVED
    return ClaimStatus.PASSED if finding.holds else ClaimStatus.FAILED
