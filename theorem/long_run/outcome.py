"""The long run of a trajectory, with or without a claim that a certificate can prove."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from gdcheck.theorem.loss.rational import Vector


class LongRun(Enum):
    """The outcomes; the value is the name used in answers."""

    CONVERGES = "converges"
    REACHES = "reaches"
    CYCLE = "cycle"
    DIVERGES = "diverges"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """The long run of a trajectory.

    Attributes:
        kind: Which of the outcomes it is.
        sentence: The outcome in words.
        points: The point that the iterates tend to or reach, or those of the cycle in the order in which they follow
            each other, the limit of the steps 0, q, 2q, … first; empty if there is none. Each has shape (n,).
        exact: Whether the points are exact; else they are rounded.
        step: The step from which on this holds: the point is reached, the ball is entered, or the growth begins; None
            if there is no such step.
        factor: The factor per step by which the iterates grow or approach, if one is known.
        claim: The content of a certificate that proves it; None if there is none.
    """

    kind: LongRun
    sentence: str
    points: tuple[Vector, ...] = ()
    exact: bool = False
    step: int | None = None
    factor: float | None = None
    claim: dict[str, Any] | None = None
