"""The paper's own instances: the synthetic table and the worked example, each with what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.sharpness.pattern import Kind

_WORKED = "x**2 + y**2/2 + x**2*y + x**3"
_OTHER = "x**2/2 + 2*y**2 + x*y**2 + y**3"
_QUADRATIC = "x**2/2 + 2*y**2"
_START = ("0.1", "0.1")


@dataclass(frozen=True)
class Example:
    """An instance of the paper and what is known of it.

    Attributes:
        loss: The loss.
        step_size: η.
        start: The start.
        kind: The kind of limit.
        axis: The variable along whose axis the direction tends.
        pattern: How the sharpness approaches its limit.
        C_eta: C_η.
        crossings: The number of steps above 2/η, where it is known.
    """

    loss: str
    step_size: str
    start: tuple[str, ...]
    kind: LimitKind
    axis: str
    pattern: Kind
    C_eta: str
    crossings: int | None = None

    @property
    def title(self) -> str:
        """The loss and the step size, human-readable."""
        return f"{self.loss}, η = {self.step_size}"

    @cached_property
    def problem(self) -> Problem:
        """The instance as a problem."""
        return Problem(self.loss, step_size=self.step_size, start=self.start)


EXAMPLES = (
    Example(_QUADRATIC, "0.1", _START, LimitKind.FIXED, "x", Kind.CONSTANT, "0", 0),
    Example(_QUADRATIC, "0.42", _START, LimitKind.ALTERNATING, "y", Kind.CONSTANT, "0", 0),
    Example(_OTHER, "0.1", _START, LimitKind.FIXED, "x", Kind.FROM_ABOVE, "2"),
    Example(_OTHER, "0.42", _START, LimitKind.ALTERNATING, "y", Kind.OSCILLATING, "6"),
    Example(_WORKED, "0.1", _START, LimitKind.FIXED, "y", Kind.FROM_ABOVE, "2"),
    Example(_WORKED, "0.1", ("0.1", "-0.1"), LimitKind.FIXED, "y", Kind.FROM_BELOW, "-2"),
    Example(_WORKED, "0.95", _START, LimitKind.ALTERNATING, "x", Kind.OSCILLATING, "6", 7),
)
"""The worked example with a large step comes last."""

TABLE = tuple(example for example in EXAMPLES if example.start == _START)
"""The six rows of the paper's synthetic experiments (Section 5 of the paper), from the worked example's start."""
