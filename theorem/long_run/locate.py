"""The minimizer of a problem that names none: the point that its trajectory tends to, verified exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite, sqrt

from flint import fmpq

from gdcheck.theorem.descent.critical_points import (
    CriticalPoint,
    CriticalPoints,
    Located,
    critical_points,
    describe,
    is_quadratic,
    look_ahead,
    minimizer_of_quadratic,
    newton,
)
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import Vector, to_float, to_text
from gdcheck.theorem.methods.stepping import iterates_of

_STEPS = 3000
_FAR = 1e150


@dataclass(frozen=True)
class Location:
    """The result of the search.

    Attributes:
        problem: The problem with its minimizer; None if no critical point with rational coordinates was found.
        how: How the minimizer was found, in words.
        nearby: The nearest critical points, if they were searched for.
    """

    problem: Problem | None
    how: str
    nearby: CriticalPoints | None = None


def locate(problem: Problem, near: Vector | None = None) -> Location:
    """Find the critical point that a trajectory tends to, or the nearest minimum for a problem about every start.

    Args:
        problem: The problem; its minimizer is not used.
        near: Where to begin instead of the problem's start, shape (n,).

    Returns:
        The location: exact for a quadratic loss; otherwise a point found in floating point, reconstructed in rationals
        and verified exactly.
    """
    loss, start = problem.loss, problem.start if near is None else near
    if is_quadratic(loss):
        solved = minimizer_of_quadratic(loss, start)
        if solved is None:
            why = "the loss has no critical point: along some direction it is linear; a term such as w**2/100 makes one"
            return Location(None, why, CriticalPoints((), 0, complete=True))
        return Location(_moved(problem, solved), "solved exactly")
    try:
        if isinstance(problem, EveryStartProblem):
            return _nearest_minimum(problem, start)
        return _along_trajectory(problem, start)
    except OverflowError:
        # The numbers are beyond all floats; only the origin is tried.
        origin = (fmpq(0),) * loss.dimension
        if any(loss.gradient(origin)):
            raise InputError("loss", "holds numbers beyond all floats; scale it, or give the minimizer") from None
        return Location(_moved(problem, origin), "the origin, verified exactly: no search in floating point reaches it")


def _along_trajectory(problem: Problem, start: Vector) -> Location:
    loss = problem.loss
    plain = problem.method.is_plain
    seen = look_ahead(loss, problem.step_size, start) if plain else method_ahead(problem, start)[1]
    if seen is not None and seen.exact:
        return Location(_moved(problem, seen.point), "found along the trajectory, verified exactly")
    nearby = critical_points(loss, start)
    if seen is None:
        # It leaves, or has not settled: search for minima, which users usually want.
        minima = [p for p in nearby.nearest if p.kind == "minimum"]
        nearest = next((p for p in minima or nearby.nearest if p.exact), None)
        if nearest is not None:
            how = f"the nearest rational {noun(nearest)}, verified exactly: the first steps tend to no critical point"
            return Location(_moved(problem, nearest.point), how, nearby)
    return Location(None, "no critical point with rational coordinates was found", nearby)


def method_ahead(problem: Problem, start: Vector) -> tuple[list[float] | None, Located | None]:
    """Follow a method in floats for some steps, and guess the critical point that it tends to.

    Args:
        problem: The problem; its loss is a polynomial.
        start: x₀, shape (n,).

    Returns:
        The last iterate and the point; None for one that is missing.
    """
    gradient = FloatMap(problem.loss, problem.step_size).gradient
    steps = iterates_of(
        problem.method, problem.step_size, [to_float(a) for a in start], gradient, number=to_float, root=sqrt
    )
    x: list[float] = []
    try:
        for x in islice(steps, _STEPS):
            if not all(isfinite(a) and abs(a) < _FAR for a in x):
                return None, None
    except OverflowError:
        return None, None
    return x, newton(problem.loss, x)


def _nearest_minimum(problem: Problem, start: Vector) -> Location:
    if not any(problem.loss.gradient(start)) and describe(problem.loss, Located(start, exact=True)).kind == "minimum":
        return Location(_moved(problem, start), "where the search begins, verified exactly")
    nearby = critical_points(problem.loss, start)
    minima = [p for p in nearby.nearest if p.exact and p.kind == "minimum"]
    if not minima:
        return Location(None, "no minimum with rational coordinates was found", nearby)
    return Location(_moved(problem, minima[0].point), "the nearest rational minimum, verified exactly", nearby)


def _moved(problem: Problem, minimizer: Vector) -> Problem:
    if isinstance(problem, EveryStartProblem):
        there = Problem(
            problem.loss, step_size=problem.step_size, start=minimizer, minimizer=minimizer, method=problem.method
        )
        return EveryStartProblem.of(there)
    return replace(problem, minimizer=minimizer)


def find_minimizer(problem: Problem, near: Vector | None = None) -> Location:
    """Find the minimizer of a problem, unless one is given.

    Args:
        problem: The problem.
        near: A point near which to search, even if a minimizer is given; shape (n,).

    Returns:
        The location.

    Raises:
        InputError: If a minimizer is given that is not a critical point; the sentence names the nearest ones.
    """
    if not problem.minimizer_given or near is not None:
        return locate(problem, near)
    gradient = problem.loss.gradient(problem.minimizer)
    if any(gradient):
        names = problem.loss.variables
        shown = ", ".join(f"{name}={to_text(g)}" for name, g in zip(names, gradient, strict=True))[:200]
        listed = describe_points(critical_points(problem.loss, problem.minimizer), names)
        raise InputError("minimizer", f"the gradient there is ({shown}), not zero; {listed}")
    return Location(problem, "given")


def why_none(found: Location, names: Sequence[str], enclosing: str | None = None) -> str:
    """Say in a sentence why there is no minimizer to decide the theorem at.

    Args:
        found: A location without a problem.
        names: The variables.
        enclosing: Why no point could be enclosed either; None if that was not tried.
    """
    assert found.nearby is not None
    listed = describe_points(found.nearby, names)
    if not found.nearby.nearest and (found.nearby.complete or enclosing is None):
        return listed
    if enclosing is None:
        return f"{found.how}, and none is enclosed for such a problem; {listed}"
    return f"{enclosing}; {listed}"


def describe_points(found: CriticalPoints, names: Sequence[str]) -> str:
    """Name critical points in a sentence, to fifteen digits, with their kinds.

    Args:
        found: The points.
        names: The variables.
    """
    if not found.nearest:
        return "the loss has no critical point" if found.complete else "no critical point was found"
    if all(p.kind == "degenerate" for p in found.nearest):
        point = _named(found.nearest[0].point, names)
        return (
            "the critical points that were found are degenerate, with an eigenvalue of zero, as on a curve of "
            f"minimizers; the nearest is ({point})"
        )
    listed = "; ".join(f"({_named(p.point, names)}), a {noun(p)}{_eigenvalues(p)}" for p in found.nearest)
    if found.complete and len(found.nearest) == 1:
        return f"the critical point is {listed}"
    more = found.found - len(found.nearest)
    tail = f", and {more} more" if more > 0 else ""
    sure = "" if found.complete else " (found by a search, perhaps not all)"
    return f"the nearest critical points are {listed}{tail}{sure}"


def _named(point: Vector, names: Sequence[str]) -> str:
    return ", ".join(f"{name}={to_float(a):.15g}" for name, a in zip(names, point, strict=True))


def _eigenvalues(point: CriticalPoint) -> str:
    values = point.eigenvalues
    shown = f"{', '.join(f'{v:.6g}' for v in values[:8])}{', …' if len(values) > 8 else ''}"
    return f" with the eigenvalues {shown}" if values else ""


def noun(point: CriticalPoint) -> str:
    """Name the kind of a critical point.

    Args:
        point: The point.
    """
    words = {"degenerate": "degenerate critical point", "kink": "critical point on a kink"}
    return words.get(point.kind, point.kind)
