"""Gradient descent, or a method with momentum, on a sum of squared residuals, whose zeros may form a manifold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq

from gdcheck.theorem.descent.points import Point, place_point
from gdcheck.theorem.descent.problem import PROBLEM_SCHEMA
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import RationalLike, positive, quoted, to_text
from gdcheck.theorem.loss.tokens import check_variables, first_named, natural_key
from gdcheck.theorem.methods.method import PLAIN, HeavyBall, Method
from gdcheck.theorem.methods.reading import read_method
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.problem import names_for
from gdcheck.theorem.smooth.reading import MAX_VARIABLES, read_smooth

VALLEY_PROBLEM_SCHEMA: dict[str, Any] = {
    "$schema": PROBLEM_SCHEMA["$schema"],
    "title": "gdcheck problem with residuals",
    "description": (
        "Gradient descent, heavy ball or Nesterov's method on a sum of squared residuals, whose zeros may form a"
        " manifold (docs/valleys.md)."
    ),
    "type": "object",
    "properties": {
        "residuals": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "description": "the residuals, no more than there are variables, such as x*y - 1",
        },
        "variables": PROBLEM_SCHEMA["properties"]["variables"] | {"maxItems": MAX_VARIABLES},
        "scale": PROBLEM_SCHEMA["properties"]["step_size"]
        | {"description": "the factor of the sum of their squares; 1/2 if not given"},
        "step_size": PROBLEM_SCHEMA["properties"]["step_size"],
        "start": PROBLEM_SCHEMA["properties"]["start"] | {"description": "x_0"},
        "method": PROBLEM_SCHEMA["properties"]["method"],
    },
    "required": ["residuals", "step_size", "start"],
    "additionalProperties": False,
}
_FIELDS = set(VALLEY_PROBLEM_SCHEMA["properties"])


@dataclass(frozen=True)
class ValleyProblem:
    """Gradient descent on the loss scale·Σ F_i².

    Attributes:
        residuals: F₁, …, Fₚ, in n variables.
        step_size: η > 0.
        scale: The factor; ½ if not given.
        start: x₀, shape (n,).
        as_written: The variables in the order in which the texts first name them, unless their order is given.
        method: Gradient descent, heavy ball or Nesterov's method.
    """

    residuals: tuple[SmoothLoss, ...]
    step_size: fmpq
    scale: fmpq
    start: tuple[fmpq, ...]
    as_written: tuple[str, ...] = ()
    method: Method = PLAIN

    @classmethod
    def of(
        cls,
        residuals: Sequence[str] | Callable[[Any], Any],
        *,
        step_size: RationalLike,
        start: Point,
        scale: RationalLike = "1/2",
        variables: Sequence[str] | None = None,
        method: Mapping[str, Any] | str | Method | None = None,
    ) -> ValleyProblem:
        """Return the problem that the user states, after checking its fields.

        Args:
            residuals: The texts of the residuals (see ``theorem.smooth.reading``), or a Python function of a vector
                that returns a vector (see ``theorem.smooth.tracing``).
            step_size: η, positive.
            start: x₀, shape (n,), or a mapping from each variable to its value.
            scale: The factor of the sum of squares, positive.
            variables: Names and order of the variables; of a function w1, w2, … if not given.
            method: The method in its JSON form; gradient descent if not given.

        Returns:
            The problem.

        Raises:
            InputError: If a field cannot be used; the sentence names it.

        Examples:
            >>> from gdcheck.theorem.valleys.problem import ValleyProblem
            >>> from gdcheck.theorem.valleys.decide import decide_valley
            >>> problem = ValleyProblem.of(["x*y - 1"], step_size="0.1", start=["2", "1"])
            >>> decide_valley(problem).verdict
            <Verdict.PROVED: 'proved'>
        """
        if callable(residuals):
            from gdcheck.theorem.smooth.tracing import traced_texts  # noqa: PLC0415 (it needs NumPy)

            variables = check_variables(names_for(start) if variables is None else variables, MAX_VARIABLES)
            residuals = traced_texts(residuals, variables)
        if isinstance(residuals, str) or not residuals or not all(isinstance(text, str) for text in residuals):
            raise InputError("residuals", "must be a list of texts; give one or more, such as ['x*y - 1']")
        eta, factor = positive(step_size, "step_size"), positive(scale, "scale")
        if variables is None:
            own = [_read(text, None).variables for text in residuals]
            names = tuple(sorted({name for each in own for name in each}, key=natural_key))
            mentioned = dict.fromkeys(name for text in residuals for name in first_named(text) if name in names)
            written = tuple(mentioned)
        else:
            names = written = tuple(variables)
        read = tuple(_read(text, names) for text in residuals)
        if len(read) > len(names):
            raise InputError(
                "residuals", f"are {len(read)} in {len(names)} variables; a valley has at most as many as variables"
            )
        moves = _method(method)
        return cls(read, eta, factor, place_point(start, "start", names, written), written, moves)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ValleyProblem:
        """Read the JSON form, already parsed.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type, or unusable.
        """
        unknown = sorted(str(key) for key in set(data) - _FIELDS)
        if unknown:
            raise InputError(
                "problem", f"unknown field {unknown[0][:40]!r} beside residuals; use {', '.join(sorted(_FIELDS))}"
            )
        for name in ("step_size", "start"):
            if name not in data:
                raise InputError(name, "is missing; a problem with residuals has residuals, step_size and start")
        if not isinstance(data["residuals"], list):
            raise InputError("residuals", "must be a list of texts; give one or more, such as ['x*y - 1']")
        return cls.of(
            data["residuals"],
            step_size=data["step_size"],
            start=data["start"],
            scale=data.get("scale", "1/2"),
            variables=data.get("variables"),
            method=data.get("method"),
        )

    def to_json(self) -> dict[str, object]:
        """Return the problem as plain data; rationals as texts."""
        return {
            "residuals": [residual.text for residual in self.residuals],
            "variables": list(self.variables),
            "scale": to_text(self.scale),
            "step_size": to_text(self.step_size),
            "start": [to_text(q) for q in self.start],
            **({} if self.method.is_plain else {"method": self.method.to_json()}),
        }

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, shape (n,)."""
        return self.residuals[0].variables

    @property
    def rate(self) -> fmpq:
        """The step size that half the sum of squares would have: x⁺ = x − rate·JᵀF."""
        return 2 * self.scale * self.step_size


def is_decided(method: Method) -> bool:
    """Whether valleys are decided for a method: gradient descent, heavy ball and Nesterov's."""
    return method.is_plain or isinstance(method, HeavyBall)


def _method(given: Mapping[str, Any] | str | Method | None) -> Method:
    method = given if isinstance(given, Method) else read_method(given)
    if not is_decided(method):
        moves = "preconditioned gradient descent" if method.preconditioner is not None else method.name
        raise InputError("method", f"{moves} is not decided in valleys; take gradient-descent, heavy-ball or nesterov")
    return method


def _read(text: str, names: Sequence[str] | None) -> SmoothLoss:
    """Read one residual; errors name the field ``residuals``."""
    try:
        return read_smooth(text, names)
    except InputError as error:
        if error.field != "loss":
            raise
        raise InputError("residuals", f"in {quoted(text)}: {error.message}") from None
