"""The result of examining a claim on one problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from gdcheck.theorem.certificate.shapes import Evidence, Example
from gdcheck.theorem.loss.errors import InputError

State = Literal["held", "violated", "undecided", "aside"]
Strength = Literal["proved", "observed", "undecided"]
"""How a failure is known: proved, observed, or undecided where a decision is owed."""
STRENGTHS = get_args(Strength)


class ClaimError(InputError):
    """A claim cannot be used; the sentence names its file and line.

    Args:
        message: What is wrong, and how to fix it.
    """

    def __init__(self, message: str) -> None:
        super().__init__("claim", message)


@dataclass(frozen=True)
class Outcome:
    """The result of examining a claim on a problem.

    Attributes:
        state: Held, violated, undecided, or aside: the claim is not about the problem.
        cause: What was found instead, or why it is undecided or aside; problems are counted by it.
        evidence: ``proved`` if every comparison was decided on enclosures, ``observed`` if floats decided.
        margin: The slack, if the claim has one.
        problem: The problem, if what was drawn is not the problem itself.
        about: Further data on a problem that is shown, as plain data.
        weaker: Whether a weaker claim holds, where there is one.
        owed: Whether a decision is owed, so that leaving it undecided is a failure too.
        kinds: Further criteria by which problems are counted, and the kind of this problem.
        steps: The step at which a certificate applies; 0 without one.
    """

    state: State
    cause: str = ""
    evidence: Evidence = "proved"
    margin: float | None = None
    problem: Example | None = None
    about: dict[str, Any] | None = None
    weaker: bool | None = None
    owed: bool = False
    kinds: dict[str, str] | None = None
    steps: int = 0
