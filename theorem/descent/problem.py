"""The one object that everything else passes on: loss, minimizer, step size, start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flint import fmpq

from gdcheck.theorem.descent.points import Point, place_point
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import RationalLike, positive, to_text
from gdcheck.theorem.loss.tokens import first_named
from gdcheck.theorem.methods.method import PLAIN, Method
from gdcheck.theorem.methods.reading import METHOD_SCHEMA, read_method

_DECIMAL = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_TEXT = {"type": "string", "pattern": rf"^[+-]?([0-9]+/[0-9]+|{_DECIMAL})$"}
_RATIONAL = {"anyOf": [_TEXT, {"type": "number"}]}
_POINT = {
    "anyOf": [{"type": "array", "items": _RATIONAL}, {"type": "object", "additionalProperties": _RATIONAL}],
    "description": "coordinates in the order of the variables, or a value for each name",
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "gdcheck problem",
    "description": (
        "Gradient descent with a fixed step size on an exact loss. Rationals are strings, or numbers read as decimals."
    ),
    "type": "object",
    "properties": {
        "loss": {
            "type": "string",
            "description": (
                "a polynomial plus truncated powers, such as x**2 + y**2/2 + max(x - 1, 0)**4; or a smooth one, with"
                " exp, log, tanh and others (docs/smooth.md)"
            ),
        },
        "variables": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 32, "uniqueItems": True},
        "minimizer": _POINT,
        "step_size": _RATIONAL,
        "start": {
            **_POINT,
            "description": "x_0; without it the question is about every start, which gdcheck check alone decides",
        },
        "method": METHOD_SCHEMA,
        "data": {
            "type": "object",
            "description": "arrays that a smooth loss names: numbers, vectors, and matrices as lists of rows",
        },
    },
    "required": ["loss", "step_size"],
    "additionalProperties": False,
}


# A smooth problem removes its data first.
_KNOWN = set(PROBLEM_SCHEMA["properties"]) - {"data"}


@dataclass(frozen=True, init=False, repr=False)
class Problem:
    """Gradient descent on an exact loss.

    Attributes:
        loss: The loss, in n variables.
        minimizer: The critical point examined, shape (n,).
        step_size: The step size η > 0.
        start: The first iterate x₀, shape (n,).
        minimizer_given: Whether a minimizer was given; else it is the origin until one is searched.
        as_written: The variables in the order in which the loss first names them, if no order was given.
        method: Gradient descent, or another method (``theorem.methods``).
        text: The loss as it was written, which may say more than its canonical form, such as a sum of squares.

    Examples:
        >>> import gdcheck
        >>> gdcheck.Problem("x**2/2 + 2*y**2", step_size="0.1", start=["1", "1/3"])
        Problem('1/2*x**2 + 2*y**2', step_size='1/10', start=['1', '1/3'], minimizer=['0', '0'])
    """

    loss: Loss
    minimizer: tuple[fmpq, ...]
    step_size: fmpq
    start: tuple[fmpq, ...]
    minimizer_given: bool = field(init=False, compare=False)
    as_written: tuple[str, ...] = field(init=False, compare=False)
    method: Method = PLAIN
    text: str = field(init=False, compare=False)

    def __init__(
        self,
        loss: Loss | str,
        *,
        step_size: RationalLike,
        start: Point,
        minimizer: Point | None = None,
        variables: Sequence[str] | None = None,
        method: Method | Mapping[str, Any] | str | None = None,
    ) -> None:
        """Check and keep what a person writes; only what needs derivatives at the minimizer is left unchecked.

        Args:
            loss: A loss or its text.
            step_size: The step size η, positive; texts such as "0.1" and "2/5" are exact.
            start: The first iterate, shape (n,), or a mapping from each variable to its value.
            minimizer: The minimizer, in the same way; searched by what decides the problem if not given.
            variables: Names and order of the variables, if the loss is a text.
            method: The method, or its name with its parameters as in the JSON form; gradient descent if not given.

        Raises:
            InputError: If a field cannot be used, or if coordinates are given by position while the variables of the
                loss come in an order that is not the sorted one; the sentence names the field.
        """
        parsed = Loss.parse(loss, variables) if isinstance(loss, str) else loss
        eta = positive(step_size, "step_size")
        names = parsed.variables
        as_written = first_named(loss) if isinstance(loss, str) and variables is None else names
        origin = ["0"] * parsed.dimension
        place = object.__setattr__  # A frozen dataclass is filled this way.
        place(self, "loss", parsed)
        place(self, "as_written", tuple(as_written))
        place(self, "text", loss if isinstance(loss, str) else "")
        critical = origin if minimizer is None else minimizer
        place(self, "minimizer", place_point(critical, "minimizer", names, as_written))
        place(self, "minimizer_given", minimizer is not None)
        place(self, "step_size", eta)
        place(self, "start", place_point(start, "start", names, as_written))
        place(self, "method", method if isinstance(method, Method) else read_method(method, parsed.dimension))

    def __repr__(self) -> str:
        data = self.to_json()
        given = (f"{field}={data[field]!r}" for field in ("step_size", "start", "minimizer", "method") if field in data)
        return f"{type(self).__name__}({data['loss']!r}, {', '.join(given)})"

    @classmethod
    def from_json(cls, data: object) -> Problem:
        """Read the JSON form (see ``PROBLEM_SCHEMA``), already parsed.

        Args:
            data: What ``json.loads`` returned; its numbers should be read as texts (``parse_float=str``), since a float
                is not exact and is refused.

        Returns:
            The problem.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type, or unusable.
        """
        return cls(**cls.fields(data))

    @staticmethod
    def fields(data: object) -> dict[str, Any]:
        """Return the fields of the JSON form of a problem with a start, of the right types.

        Raises:
            InputError: If a field is missing, unknown or of the wrong type.
        """
        return dict(_fields(data, ("loss", "step_size", "start")))

    def to_json(self) -> dict[str, Any]:
        """Return the canonical JSON form: every field, rationals as texts in lowest terms.

        Gradient descent, which is what a problem without a method means, is not named.
        """
        named = {} if self.method.is_plain else {"method": self.method.to_json()}
        return {
            "loss": self.loss.text(),
            "variables": list(self.loss.variables),
            "minimizer": [to_text(q) for q in self.minimizer],
            "step_size": to_text(self.step_size),
            "start": [to_text(q) for q in self.start],
            **named,
        }

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return self.loss.dimension

    @property
    def displacement(self) -> tuple[fmpq, ...]:
        """The first error h₀ = x₀ − x*, shape (n,)."""
        return tuple(x - m for x, m in zip(self.start, self.minimizer, strict=True))


@dataclass(frozen=True, init=False, repr=False)
class EveryStartProblem(Problem):
    """Gradient descent on an exact loss, from every start at once: ``start`` is the minimizer and means nothing."""

    @classmethod
    def of(cls, problem: Problem) -> EveryStartProblem:
        """Leave out the start of a problem."""
        here = problem.minimizer
        return cls(problem.loss, step_size=problem.step_size, start=here, minimizer=here, method=problem.method)

    @classmethod
    def from_json(cls, data: object) -> EveryStartProblem:
        """Read the JSON form of a problem without its start, already parsed.

        Args:
            data: What ``json.loads`` returned.

        Returns:
            The problem.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type, or unusable.
        """
        fields = _fields(data, ("loss", "step_size"))
        if "start" in fields:
            raise InputError("start", "does not belong in a statement about every start; leave it out")
        return cls.about(**fields)

    @classmethod
    def about(
        cls,
        loss: str,
        step_size: RationalLike,
        minimizer: Point | None = None,
        variables: Sequence[str] | None = None,
        method: Method | Mapping[str, Any] | str | None = None,
    ) -> EveryStartProblem:
        """Check and keep what a person writes; the arguments are those of a problem.

        Raises:
            InputError: If a field cannot be used; the sentence names it.
        """
        parsed = Loss.parse(loss, variables)
        centre: Point = dict.fromkeys(parsed.variables, "0") if minimizer is None else minimizer
        made = cls.of(
            Problem(loss, step_size=step_size, start=centre, minimizer=centre, variables=variables, method=method)
        )
        object.__setattr__(made, "minimizer_given", minimizer is not None)
        return made

    def to_json(self) -> dict[str, Any]:
        """Return the canonical JSON form, which has no start."""
        return {name: value for name, value in super().to_json().items() if name != "start"}


def _fields(data: object, required: Sequence[str]) -> Mapping[str, Any]:
    """Return the fields of a problem in its JSON form, of the right types."""
    if not isinstance(data, Mapping):
        raise InputError("problem", f"expected a JSON object with {_listed(required)}")
    unknown = sorted(str(key) for key in set(data) - _KNOWN)
    if unknown:
        raise InputError(
            "problem",
            f"unknown field {unknown[0][:40]!r}; the fields are {', '.join(PROBLEM_SCHEMA['properties'])}",
        )
    for name in required:
        if name not in data:
            raise InputError(name, f"is missing; a problem needs {_listed(required)}")
    if not isinstance(data["loss"], str):
        raise InputError("loss", 'expected a text such as "x**2 + y**2/2"')
    for name in ("variables", "start", "minimizer"):
        if name in data:
            (_expect_texts if name == "variables" else _expect_point)(data[name], name)
    if not _is_number(data["step_size"]):
        raise InputError("step_size", 'expected a rational as text, such as "0.1" or "2/5"')
    return data


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _expect_point(value: object, field: str) -> None:
    values = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(values, list) or not all(map(_is_number, values)):
        raise InputError(field, 'expected a list such as ["1/10", "0.1"], or an object such as {"x": "1/10", "y": 0.1}')


def _is_number(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _expect_texts(value: object, field: str) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(field, 'expected a list of texts, such as ["1/10", "0.1"]')
