"""Why no limit was certified, in a sentence that names what could decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import dist

from flint import arb, fmpq

from gdcheck.theorem.decision.search import SearchResult
from gdcheck.theorem.descent.critical_points import Located, newton
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import to_text

_NEAR = 1e-3
_ELSEWHERE = Cause.ELSEWHERE.value.partition(";")[0]


@dataclass(frozen=True)
class Reasons:
    """Why something was not decided, in sentences.

    Attributes:
        preimages: Why the assumption on preimages was not; None if it was.
        limit: Why no limit was certified; empty if one was.
    """

    preimages: str | None
    limit: str


def why_no_limit(found: SearchResult, problem: Problem) -> str:
    """Say why a search certified no limit.

    Args:
        found: What the search found.
        problem: The problem.

    Returns:
        The sentence; empty where a limit was certified.
    """
    if found.cause is None:
        return "no eigenvalue dominates where the trajectory runs; another --step-size or --start may be decided"
    if found.cause is not Cause.ELSEWHERE:
        return str(found.cause.value)
    point = [float((arb(m) + h).mid()) for m, h in zip(problem.minimizer, found.settles, strict=True)]
    located = _critical_point(problem.loss, point)
    if located is not None and located.exact:
        text = ",".join(to_text(x) for x in located.point)
        return f"{_ELSEWHERE}, ({text.replace(',', ', ')}); --minimizer {text} asks about that one"
    shown = ", ".join(f"{x:.6g}" for x in (point if located is None else map(_float, located.point)))
    return f"{_ELSEWHERE}, near ({shown}); without --minimizer that point is enclosed and decided about"


def _critical_point(loss: Loss, point: Sequence[float]) -> Located | None:
    """Find the critical point of a polynomial next to a point; None if there is none that near."""
    if loss.truncated:
        return None
    found = newton(loss, point)
    if found is None or dist([_float(x) for x in found.point], point) > _NEAR * (1 + max(map(abs, point))):
        return None
    return found


def _float(x: fmpq) -> float:
    return float(arb(x).mid())
