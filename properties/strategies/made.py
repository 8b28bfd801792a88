"""Problems of a run together with the way they were made, of every kind."""

from __future__ import annotations

from typing import Any, TypeAlias

from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.smooth import SmoothInstance
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.theorem.certificate.shapes import Example, example_json
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem

Made: TypeAlias = Instance | ValleyInstance | SmoothInstance
"""A problem with how it was made."""


def read_made(made: dict[str, Any], problem: Example) -> Made:
    """Read how a problem was made.

    Args:
        made: All fields but the problem, from outside and not trusted.
        problem: The problem.

    Returns:
        The instance.

    Raises:
        InputError: If a field cannot be used.
    """
    kind: type[Made] = Instance
    if isinstance(problem, ValleyProblem):
        kind = ValleyInstance
    elif isinstance(problem, SmoothProblem):
        kind = SmoothInstance
    return kind.from_json({**made, "problem": example_json(problem)})
