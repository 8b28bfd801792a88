"""The base of stored results: one strict struct for each shape, from which JSON, schema and reading follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.squares import loss_text

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_MOST_CHARACTERS = 200
_WORDS = {
    "Object missing required field": "lacks the field",
    "Object contains unknown field": "has the unknown field",
    "Expected": "expected",
    "Invalid": "invalid",
    "`": "'",
}


def one_of(names: type[Enum]) -> Meta:
    """Restrict a text to the values of an enumeration.

    Args:
        names: The enumeration.

    Returns:
        The restriction, for ``Annotated``.
    """
    values = [str(member.value) for member in names]
    return Meta(pattern=f"^({'|'.join(map(re.escape, values))})$", extra_json_schema={"enum": values})


Count = Annotated[int, Meta(ge=0)]
"""A whole number from 0 on."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""A number from 0 to 1."""

Evidence = Literal["proved", "observed"]
"""How something is known."""
VerdictName = Annotated[str, one_of(Verdict)]
"""A verdict by its name."""
RunOutcome = Literal["passed", "failed", "incomplete"]
"""The result of a run."""
Contradictions: TypeAlias = Iterator[tuple[str, object, object]]
"""Fields of a stored result, each with the stored value and the value that the rest of the file gives."""

Example: TypeAlias = Problem | ValleyProblem | SmoothProblem
"""A problem of any kind."""

_Kind = TypeVar("_Kind")


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """An object of a stored result."""


class StoredRun(Shape, frozen=True, tag_field="schema"):
    """The result of a whole run; a subclass has a ``tag``, the version that its field ``schema`` holds."""

    def contradictions(self) -> Contradictions:
        """Compare a stored result with the rest of the file.

        Yields:
            A field, the stored value, and the value that the rest of the file gives.
        """
        yield from ()


class StoredProblem(Shape, frozen=True, omit_defaults=True):
    """A problem in its canonical JSON form: every field but ``method`` is there, and rationals are texts.

    Attributes:
        loss: The loss.
        variables: The names of its n variables.
        minimizer: The critical point examined, shape (n,).
        step_size: η.
        start: The first iterate, shape (n,).
        method: The method in its JSON form; None, and left out, for gradient descent.
    """

    loss: str
    variables: tuple[str, ...]
    minimizer: tuple[str, ...]
    step_size: str
    start: tuple[str, ...]
    method: dict[str, Any] | None = None

    @classmethod
    def of(cls, problem: Problem) -> StoredProblem:
        """Store a problem."""
        return read_as(problem.to_json(), cls)

    def problem(self) -> Problem:
        """Read the problem.

        Returns:
            The problem.

        Raises:
            InputError: If a field cannot be used.
        """
        return Problem(
            self.loss,
            step_size=self.step_size,
            start=self.start,
            minimizer=self.minimizer,
            variables=self.variables,
            method=self.method,
        )


class StoredExample(StoredProblem, frozen=True, omit_defaults=True):
    """A problem of a run in its canonical JSON form: with a loss, or with residuals, which are then stored beside it.

    A loss without a minimizer is a smooth one, whose minimizer is searched.

    Attributes:
        loss: The loss; with residuals, their sum of squares as it is written.
        variables: The names of its n variables.
        minimizer: The critical point examined, shape (n,); empty with residuals, where it depends on the start, and
            where it is searched.
        step_size: η.
        start: The first iterate, shape (n,).
        method: The method in its JSON form; None, and left out, for gradient descent.
        residuals: The residuals, shape (p,); empty, and left out, without.
        scale: The factor of the sum of their squares.
    """

    residuals: tuple[str, ...] = ()
    scale: str = ""

    @classmethod
    def of(cls, problem: Example) -> StoredExample:
        """Store a problem."""
        return read_as(example_json(problem), cls)

    def read(self) -> Example:
        """Read the problem.

        Returns:
            The problem.

        Raises:
            InputError: If a field cannot be used.
        """
        if not self.residuals and self.minimizer:
            return self.problem()
        if not self.residuals:
            return SmoothProblem.of(self.loss, step_size=self.step_size, start=self.start, variables=self.variables)
        return ValleyProblem.of(
            self.residuals,
            step_size=self.step_size,
            start=self.start,
            scale=self.scale or "1/2",
            variables=self.variables,
            method=self.method,
        )


def example_json(problem: Example) -> dict[str, Any]:
    """Return the JSON form of a ``StoredExample``: of a problem with a loss, its own."""
    if isinstance(problem, Problem):
        return problem.to_json()
    if isinstance(problem, SmoothProblem):
        return {"minimizer": [], **problem.to_json()}
    return {"loss": loss_text(problem), "minimizer": [], **problem.to_json()}


class ShapeError(ValueError):
    """Data of another shape.

    Args:
        field: Where they differ, such as ``$.rows[0].name``.
        said: What is wrong there.
    """

    def __init__(self, field: str, said: str) -> None:
        self.field, self.said = field[:_MOST_CHARACTERS], said[:_MOST_CHARACTERS]
        super().__init__(f"{self.field}: {self.said}")


def read_as(data: object, kind: type[_Kind]) -> _Kind:
    """Read parsed JSON as a shape.

    Args:
        data: The data, from outside and not trusted.
        kind: The shape.

    Returns:
        The data in this shape.

    Raises:
        ShapeError: If a field is missing, unknown or of the wrong type.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).rpartition(" - at ") if " - at " in str(error) else (str(error), "", "")
        path = re.search(r"\$[^`]*", place)
        for theirs, ours in _WORDS.items():
            said = said.replace(theirs, ours)
        field = path[0] if path else "$"
        if field == "$.schema" and issubclass(kind, Struct):
            said += f"; this program reads {kind.__struct_config__.tag!r}"
        # Text from a file must not reach a terminal with control characters.
        raise ShapeError(field, "".join(c if c.isprintable() else "\ufffd" for c in said)) from None


def json_schema(kind: type[Struct], title: str) -> dict[str, Any]:
    """Describe a shape as a JSON Schema, as it is published in docs/schemas.

    The descriptions are those of the docstrings.

    Args:
        kind: The shape.
        title: The schema's title.

    Returns:
        The schema.
    """
    found = msgspec.json.schema(kind)
    for part in found["$defs"].values():
        text = cleandoc(part.pop("description", ""))
        for name, said in re.findall(r"^    (\w+): (.+(?:\n     .+)*)", text, re.MULTILINE):
            part["properties"][name]["description"] = " ".join(said.split())
        part["description"] = " ".join(text.partition("\n\n")[0].split())
    return {"$schema": DRAFT, "title": title, **found}
