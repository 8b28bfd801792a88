"""The paper's own instances: the synthetic table and the worked example, each with what the paper expects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind


@dataclass(frozen=True)
class Example:
    """One row of the paper's table.

    Attributes:
        title: The loss and the step size, for people.
        problem: The instance, from the start (1/10, 1/10) of the paper's worked example.
        kind: The expected kind of limit.
        axis: The variable along whose axis the direction is expected.
    """

    title: str
    problem: Problem
    kind: LimitKind
    axis: str


_ROWS = (
    ("x**2/2 + 2*y**2", "0.1", LimitKind.FIXED, "x"),
    ("x**2/2 + 2*y**2", "0.42", LimitKind.ALTERNATING, "y"),
    ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.1", LimitKind.FIXED, "x"),
    ("x**2/2 + 2*y**2 + x*y**2 + y**3", "0.42", LimitKind.ALTERNATING, "y"),
    ("x**2 + y**2/2 + x**2*y + x**3", "0.1", LimitKind.FIXED, "y"),
    ("x**2 + y**2/2 + x**2*y + x**3", "0.95", LimitKind.ALTERNATING, "x"),
)


@cache
def paper_examples() -> tuple[Example, ...]:
    """The six rows of the paper's synthetic experiments (Section 5 of the paper)."""
    return tuple(
        Example(f"{loss}, η = {eta}", Problem.build(loss, eta, ["0.1", "0.1"]), kind, axis)
        for loss, eta, kind, axis in _ROWS
    )
