"""The minimizer of a problem that names none: where its trajectory tends to, verified exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gdcheck.theorem.descent.critical_points import (
    CriticalPoint,
    CriticalPoints,
    critical_points,
    look_ahead,
    minimizer_of_quadratic,
)
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import Vector, to_float


@dataclass(frozen=True)
class Location:
    """What was found.

    Attributes:
        problem: The problem with its minimizer; None if no critical point with rational coordinates was found.
        how: How the minimizer was found, in words.
        nearby: The nearest critical points, where they were looked for.
    """

    problem: Problem | None
    how: str
    nearby: CriticalPoints | None = None


def locate(problem: Problem, near: Vector | None = None) -> Location:
    """Find the critical point that a trajectory tends to.

    Args:
        problem: The problem; its minimizer is not used.
        near: Where to begin instead of the problem's start, shape (n,).

    Returns:
        The location: exact for a quadratic loss; otherwise a point found in floating point, reconstructed in rationals
        and verified exactly.
    """
    loss, start = problem.loss, problem.start if near is None else near
    if loss.truncated:
        return Location(problem, "the origin, for want of another: give --minimizer for a loss with truncated powers")
    if loss.degree <= 2:
        solved = minimizer_of_quadratic(loss, start)
        if solved is None:
            return Location(None, "the loss has no critical point", CriticalPoints((), 0, complete=True))
        return Location(replace(problem, minimizer=solved), "solved exactly")
    seen = look_ahead(loss, problem.step_size, start)
    if seen is not None and seen.exact:
        return Location(replace(problem, minimizer=seen.point), "found along the trajectory, verified exactly")
    nearby = critical_points(loss, start)
    if seen is None:
        # It leaves, or has not settled: minima are what people ask for.
        rational = [p for p in nearby.nearest if p.exact]
        nearest = min(rational, key=lambda p: p.kind != "minimum", default=None)
        if nearest is not None:
            how = f"the nearest rational {_noun(nearest)}, verified exactly: the first steps tend to no critical point"
            return Location(replace(problem, minimizer=nearest.point), how, nearby)
    return Location(None, "no critical point with rational coordinates was found", nearby)


def describe_points(found: CriticalPoints) -> str:
    """Name critical points in a sentence, to fifteen digits, with their kinds.

    Args:
        found: The points.
    """
    if not found.nearest:
        return "the loss has no critical point" if found.complete else "no critical point was found"
    if all(p.kind == "degenerate" for p in found.nearest):
        point = ", ".join(f"{to_float(a):.15g}" for a in found.nearest[0].point)
        return (
            "the critical points that were found are degenerate, with an eigenvalue of zero, as on a curve of "
            f"minimizers; the nearest is ({point})"
        )
    listed = "; ".join(
        f"({', '.join(f'{to_float(a):.15g}' for a in p.point)}), a {_noun(p)} with the eigenvalues "
        f"{', '.join(f'{v:.6g}' for v in p.eigenvalues[:8])}{', …' if len(p.eigenvalues) > 8 else ''}"
        for p in found.nearest
    )
    more = found.found - len(found.nearest)
    tail = f", and {more} more" if more > 0 else ""
    sure = "" if found.complete else " (found by a search, perhaps not all)"
    return f"the nearest critical points are {listed}{tail}{sure}"


def _noun(point: CriticalPoint) -> str:
    return "degenerate critical point" if point.kind == "degenerate" else point.kind
