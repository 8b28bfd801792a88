"""What an ablation is: an assumption dropped, problems that violate only it, and an examination of each problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from hypothesis.strategies import SearchStrategy
from msgspec import Meta

from gdcheck.theorem.certificate.shapes import Evidence
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem

if TYPE_CHECKING:
    Examined = Problem | ValleyProblem | SmoothProblem
else:
    Examined = Any  # msgspec takes no union of several dataclasses; the search checks the type.

Instance = Any
"""Whatever a strategy of an ablation draws; only its own examination reads it."""

Positive = Annotated[int, Meta(ge=1)]
# It must be a finite float: it is read back, and drawn, in floats.
Severity = Annotated[float, Meta(ge=-1e300, le=1e300)]


@dataclass(frozen=True)
class Outcome:
    """The result of examining the claim on one problem without the assumption.

    Attributes:
        violated: Whether the claim fails on it; None if that was not decided, or if the start is exceptional; it
            then counts for neither side.
        evidence: ``proved`` if every certificate was accepted by its independent checker, ``observed`` otherwise.
        problem: The problem.
        predicted: What the claim says, in words.
        happens: What happens instead (or as predicted), in words.
        severity: The size of the violation, larger is worse; the ablation says what it measures.
        certificates: The proof.
        weaker: Whether the weaker claim holds, where the ablation has one.
    """

    violated: bool | None
    evidence: Evidence
    problem: Examined
    predicted: str
    happens: str
    severity: Severity = 0.0
    certificates: tuple[dict[str, Any], ...] = ()
    weaker: bool | None = None


@dataclass(frozen=True)
class Ablation:
    """A claim without one of its assumptions.

    Attributes:
        name: A word or two, joined by hyphens.
        assumption: The assumption's name; several ablations may drop the same one in different ways.
        dropped: What is dropped, in plain words.
        claim: What would then be claimed.
        instances: The problems: all other assumptions hold.
        examine: Decides the claim on one of them.
        severity: What ``Outcome.severity`` measures.
        weaker: A weaker claim that might survive; None if there is none.
        cost: The cost of an examination relative to the others'; it gets fewer problems in proportion.
        each: The number of problems in one instance; the counts of a row are in problems.
    """

    name: str
    assumption: str
    dropped: str
    claim: str
    instances: SearchStrategy[Instance]
    examine: Callable[[Instance], Outcome]
    severity: str
    weaker: str | None = None
    cost: Positive = 1
    each: Positive = 1
