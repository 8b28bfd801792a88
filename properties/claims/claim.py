"""What a claim is: a sentence of the theory, made precise, and a way to examine it on one random problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Literal

from hypothesis.strategies import SearchStrategy

from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.loss.errors import in_words
from gdcheck.theorem.methods.statement import Regime

Kind = Literal["proved", "observed"]

STEPS = (Regime.SMALL_STEP, Regime.LARGE_STEP)
"""The two regimes of Theorem 1."""

IN_BALL = partial(problems, place=StartPlace.BALL)
"""Problems that start in the certified ball."""


@dataclass(frozen=True)
class Finding:
    """The result of examining a claim on one problem.

    Attributes:
        holds: Whether the claim holds on the problem; None if that was not resolved, which is never a pass.
        margin: The slack with which it holds, larger is safer, below zero where it fails; None if the claim has none on
            this problem, or fails in a way that has no size.
        note: A short phrase, or the cause of what is unresolved; findings are counted by it.
        verdict: The verdict on the problem, one of the five.
        steps: The step at which the certificate applies; None without one.
    """

    holds: bool | None
    margin: float | None
    note: str
    verdict: str
    steps: int | None = None


class ClaimStatus(Enum):
    """What a finding means for the property that a claim is."""

    PASSED = "passed"
    FAILED = "failed"
    UNRESOLVED = "unresolved"
    """Neither: the start was placed outside the certified ball, where nothing says that it lies in the basin."""


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
        cost: How much more an examination costs than that of the simplest claim; it gets fewer problems in proportion.

    Example:
        >>> from gdcheck.properties.claims.registry import CLAIMS
        >>> CLAIMS["direction"].regimes
        (<Regime.SMALL_STEP: 'small-step'>,)
    """

    name: str
    sentence: str
    statement: str
    kind: Kind = "proved"
    regimes: tuple[Regime, ...] = STEPS
    instances: Callable[..., SearchStrategy[Instance]] = IN_BALL
    examine: Callable[[Instance], Finding]
    margin: str
    cost: int = 1


def examined(claim: Claim, instance: Instance) -> tuple[Finding, Exception | None]:
    """Examine a claim on one problem; an error inside it is a failure.

    Args:
        claim: The claim.
        instance: The problem.

    Returns:
        The finding, and the error that stopped the examination if there was one.
    """
    try:
        return claim.examine(instance), None
    except Exception as error:
        return Finding(False, None, in_words(error), Verdict.UNRESOLVED.value), error


def status(instance: Instance, finding: Finding) -> ClaimStatus:
    """Classify a finding.

    Args:
        instance: The problem.
        finding: The finding on it.

    Returns:
        Passed only if the claim holds. What is unresolved is so only outside the certified ball; elsewhere it failed.
    """
    if finding.holds is None and instance.place is StartPlace.OUTSIDE:
        return ClaimStatus.UNRESOLVED
    return ClaimStatus.PASSED if finding.holds else ClaimStatus.FAILED
