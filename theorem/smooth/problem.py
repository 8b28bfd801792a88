"""A smooth problem as the user writes it; and which of the two kinds of problem a text describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from flint import fmpq

from gdcheck.theorem.descent.points import Point, place_point
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import RationalLike, positive, to_text
from gdcheck.theorem.loss.tokens import check_variables, first_named
from gdcheck.theorem.methods.method import PLAIN, Adam, Method
from gdcheck.theorem.methods.reading import DESCENT_ONLY, POLYNOMIALS_ONLY, read_method
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.reading import MAX_VARIABLES, called_in, read_smooth


@dataclass(frozen=True)
class SmoothProblem:
    """Gradient descent on a smooth loss, whose minimizer is searched for and enclosed.

    Attributes:
        loss: The loss, in n variables.
        step_size: η > 0.
        start: x₀, shape (n,).
        near: A point near which the minimizer is searched for, shape (n,); if None, the trajectory is followed.
        given: The point that the user states as the minimizer, shape (n,); None if none is stated.
        as_written: The variables in the order in which the text first names them, unless their order is given.
        method: Gradient descent, heavy ball, or Nesterov's method.

    Examples:
        >>> import gdcheck
        >>> problem = gdcheck.SmoothProblem.of("exp(x) - x + y**2", step_size="2/5", start=["1", "1"])
        >>> gdcheck.decide(problem).verdict
        <Verdict.PROVED: 'proved'>
    """

    loss: SmoothLoss
    step_size: fmpq
    start: tuple[fmpq, ...]
    near: tuple[fmpq, ...] | None = None
    given: tuple[fmpq, ...] | None = None
    as_written: tuple[str, ...] = ()
    method: Method = PLAIN

    @classmethod
    def of(
        cls,
        loss: str | Callable[[Any], Any],
        *,
        step_size: RationalLike,
        start: Point,
        minimizer: Point | None = None,
        variables: Sequence[str] | None = None,
        data: Mapping[str, Any] | None = None,
        method: object = None,
    ) -> Self:
        """Return the problem that the user states, after checking its fields.

        Args:
            loss: The text of the loss (see ``theorem.smooth.reading``), or a Python function of a vector (see
                ``theorem.smooth.tracing``).
            step_size: η, positive; texts such as "0.1" and "2/5" are exact.
            start: x₀, shape (n,), or a mapping from each variable to its value.
            minimizer: The minimizer, in the same way; it is compared with the one that is enclosed.
            variables: Names and order of the variables; of a function w1, w2, … if not given.
            data: The arrays that the text names: vectors and matrices as lists or NumPy arrays of float64 numbers.
            method: Heavy ball or Nesterov's method, as in the JSON form of problems; gradient descent if not given.

        Returns:
            The problem.

        Raises:
            InputError: If a field cannot be used; the sentence names it.
        """
        if not isinstance(loss, str):
            from gdcheck.theorem.smooth.tracing import traced_text  # noqa: PLC0415 (it needs NumPy)

            variables = names_for(start) if variables is None else variables
            loss = traced_text(loss, check_variables(variables, MAX_VARIABLES))
        read = read_smooth(loss, variables, data)
        eta = positive(step_size, "step_size")
        names = read.variables
        first = [x for name in first_named(loss) for x in read.vectors.get(name, (name,)) if x in names]
        written = names if variables is not None else tuple(first)

        def place(point: Point, field: str) -> tuple[fmpq, ...]:
            return place_point(_by_component(point, field, read.vectors), field, names, written)

        given = None if minimizer is None else place(minimizer, "minimizer")
        found = place(start, "start")
        return cls(read, eta, found, given=given, as_written=written, method=_with_momentum(method))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form, already parsed.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type, or unusable.
        """
        return cls.of(**_fields(data))

    def to_json(self) -> dict[str, object]:
        """Return the problem as plain data; rationals as texts."""
        stated: dict[str, object] = {
            "loss": self.loss.text,
            "variables": list(self.loss.variables),
            "step_size": to_text(self.step_size),
            "start": [to_text(q) for q in self.start],
        }
        if not self.method.is_plain:
            stated["method"] = self.method.to_json()
        return stated | ({"data": dict(self.loss.data)} if self.loss.data else {})


class EveryStartSmoothProblem(SmoothProblem):
    """Gradient descent on a smooth loss from every start at once: the minimizer is searched for from ``start``."""

    @classmethod
    def about(
        cls,
        loss: str | Callable[[Any], Any],
        *,
        step_size: RationalLike,
        minimizer: Point | None = None,
        variables: Sequence[str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the problem that the user states, after checking its fields; the arguments are those of ``of``.

        Raises:
            InputError: If a field cannot be used; the sentence names it.
        """
        if not isinstance(loss, str):
            if variables is None:
                raise InputError("variables", "are missing; without a start, name the variables of the function")
            from gdcheck.theorem.smooth.tracing import traced_text  # noqa: PLC0415 (it needs NumPy)

            loss = traced_text(loss, check_variables(variables, MAX_VARIABLES))
        names = read_smooth(loss, variables, data).variables
        origin = dict.fromkeys(names, "0")
        return cls.of(loss, step_size=step_size, start=origin, minimizer=minimizer, variables=names, data=data)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form without a start, already parsed.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type, or unusable.
        """
        if isinstance(data, Mapping) and "start" in data:
            raise InputError("start", "does not belong in a statement about every start; leave it out")
        # Apart from the start, the form is that of a problem with a start.
        given = _without_method(_fields({**data, "start": []} if isinstance(data, Mapping) else data))
        return cls.about(**{name: value for name, value in given.items() if name != "start"})

    @classmethod
    def of_problem(cls, problem: SmoothProblem) -> EveryStartSmoothProblem:
        """Return the problem about every start; the given start serves for the search for the minimizer alone.

        Raises:
            InputError: If its method is not gradient descent.
        """
        if not problem.method.is_plain:
            raise InputError("method", DESCENT_ONLY)
        return cls(**{field.name: getattr(problem, field.name) for field in fields(SmoothProblem)})

    def searched_from(self, point: Point) -> EveryStartSmoothProblem:
        """Return the problem with another point from which the minimizer is searched for.

        Raises:
            InputError: If it is not a point of the problem's variables.
        """
        return replace(self, near=place_point(point, "minimizer", self.loss.variables, self.as_written))

    def to_json(self) -> dict[str, object]:
        """Return the problem as plain data, without a start."""
        return {name: value for name, value in super().to_json().items() if name != "start"}


def names_for(start: Point) -> list[str]:
    """Return names for the variables of a function: those that the start gives, or w1, w2 and so on."""
    return list(start) if isinstance(start, Mapping) else [f"w{i + 1}" for i in range(len(start))]


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the JSON form: those of a polynomial's problem, and data."""
    if not isinstance(data, Mapping) or "data" not in data:
        return Problem.fields(data)
    if not isinstance(data["data"], Mapping):
        raise InputError("data", 'expected an object such as {"X": [[1, 2], [3, 4]], "y": [1, -1]}')
    return Problem.fields({key: value for key, value in data.items() if key != "data"}) | {"data": data["data"]}


def _with_momentum(method: object) -> Method:
    """Read a method, and refuse those that are decided for polynomials only."""
    read = read_method(method)
    if isinstance(read, Adam) or read.preconditioner is not None:
        raise InputError("method", POLYNOMIALS_ONLY)
    return read if read.momentum > 0 else PLAIN


def _without_method(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse another method than gradient descent."""
    if not _with_momentum(fields.get("method")).is_plain:
        raise InputError("method", DESCENT_ONLY)
    return {key: value for key, value in fields.items() if key != "method"}


def _by_component(point: Point, field: str, vectors: Mapping[str, tuple[str, ...]]) -> Point:
    """Replace the names of vectors by those of their components."""
    if not isinstance(point, Mapping):
        return point
    found: dict[str, RationalLike] = {}
    for name, value in point.items():
        for component in vectors.get(name, (name,)):
            if component in found:
                raise InputError(field, f"gives {component} twice; name the vector or its components")
            found[component] = value
    return found


def read_problem(loss: Any, **fields: Any) -> Problem | SmoothProblem:
    """Return the problem that fields describe: exact if the loss is a polynomial plus truncated powers, else smooth.

    Args:
        loss: The text of the loss, or a Python function.
        fields: The other arguments of ``Problem``.

    Returns:
        The problem.

    Raises:
        InputError: If a field cannot be used. If the text is a loss of neither kind, the sentence is about the kind
            that it looks like.
    """
    data = fields.pop("data", None)
    if data or callable(loss):
        return SmoothProblem.of(loss, data=data, **fields)
    try:
        return Problem(loss, **fields)
    except InputError as error:
        if error.field != "loss" or not isinstance(loss, str) or "max" in called_in(loss):
            raise
        try:
            return SmoothProblem.of(loss, **fields)
        except InputError as other:
            raise (other if called_in(loss) or other.field != "loss" else error) from None


def smooth_instead(problem: Problem, near: tuple[fmpq, ...] | None) -> SmoothProblem | None:
    """Return a polynomial problem as a smooth one, whose minimizer need not be rational.

    Returns:
        The problem; None with truncated powers, for adaptive methods and with a preconditioner.
    """
    names, method = problem.loss.variables, problem.method
    if problem.loss.truncated or isinstance(method, Adam) or method.preconditioner is not None:
        return None
    loss = read_smooth(problem.loss.text(), names)
    known = PLAIN if method.momentum == 0 else method
    return SmoothProblem(loss, problem.step_size, problem.start, near, as_written=names, method=known)


def smooth_everywhere(problem: Problem) -> EveryStartSmoothProblem | None:
    """Return a polynomial problem without a start as a smooth one; None with truncated powers."""
    found = smooth_instead(problem, None)
    return None if found is None else EveryStartSmoothProblem.of_problem(found)


def startless_from_json(data: Mapping[str, Any]) -> EveryStartProblem | EveryStartSmoothProblem:
    """Read the JSON form of either kind, already parsed, without a start.

    Raises:
        InputError: If a field is missing, unknown, of the wrong type, or unusable.
    """
    loss = data.get("loss") if isinstance(data, Mapping) else None
    is_smooth = isinstance(loss, str) and "max" not in called_in(loss) and bool(called_in(loss) or data.get("data"))
    return EveryStartSmoothProblem.from_json(data) if is_smooth else EveryStartProblem.from_json(data)


def smooth_from_json(data: Mapping[str, Any]) -> Problem | SmoothProblem:
    """Read the JSON form of either kind (see ``PROBLEM_SCHEMA``), already parsed, with a start.

    Raises:
        InputError: If a field is missing, unknown, of the wrong type, or unusable.
    """
    fields = _fields(data)
    return read_problem(fields.pop("loss"), **fields)
