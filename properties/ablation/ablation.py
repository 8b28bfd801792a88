"""What an ablation is: an assumption dropped, problems that break only it, and a way to see what happens to each."""

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
    Examined = Any  # msgspec takes no union of several dataclasses; the search looks at what it is given.

Instance = Any
"""Whatever a strategy of an ablation draws; only its own examination reads it."""

Positive = Annotated[int, Meta(ge=1)]
# Not only 10^400 is too large: it is read back, and drawn, in floats.
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
        severity: How bad it is, the larger the worse; the ablation says what it measures.
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
        cost: How many times longer an examination takes than the others'; it gets fewer problems in proportion.
        each: How many problems one instance stands for; the counts of a row are in problems.
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
