"""Why no limit was certified, or no minimum found, in a sentence that names what could decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import dist
from typing import TYPE_CHECKING

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.decision.search import SearchResult
from gdcheck.theorem.descent.critical_points import Located, newton
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.smooth.evaluate import hessian
from gdcheck.theorem.smooth.graph import SmoothLoss, Sum, arguments

if TYPE_CHECKING:
    from gdcheck.theorem.smooth.minimizer import Lost

_NEAR = 1e-3
_SHOWN = 8
_NEARLY_ZERO = 1e-6
_PRECISION = 128
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


def why_lost(loss: SmoothLoss, lost: Lost) -> str:
    """Say why no critical point was found: the loss does not depend on some direction, or what the search saw.

    Args:
        loss: The loss.
        lost: What the search saw.
    """
    return _flat(loss) or str(lost.value)


def why_degenerate(loss: SmoothLoss, point: Sequence[fmpq], bits: int) -> str | None:
    """Say that the iterates tend to a degenerate critical point; None where the Hessian there is not nearly singular.

    Args:
        loss: The loss.
        point: The point that the iterates are seen to tend to, shape (n,).
        bits: The precision up to which it was tried to enclose a minimum there.
    """
    from gdcheck.theorem.smooth.spectrum import Spectrum  # noqa: PLC0415 (it needs NumPy)

    if flat := _flat(loss):
        return flat
    with ctx.workprec(_PRECISION):
        spectrum = Spectrum.of(hessian(loss, [arb(x) for x in point]), arb(0))
    if spectrum is None:
        return None
    ends = [abs(float(x.mid())) for x in (spectrum.values[0], spectrum.values[-1])]
    if ends[0] > _NEARLY_ZERO * max(1.0, ends[1]):
        return None
    numbers = [round(_float(x), 6) + 0.0 for x in point[:_SHOWN]]
    shown = ", ".join(f"{name} = {x:.6g}" for name, x in zip(loss.variables, numbers, strict=False))
    more = ", …" if len(point) > _SHOWN else ""
    return (
        f"the iterates seem to tend to {shown}{more} (observed in floating point), where an eigenvalue of the Hessian"
        f" cannot be told from zero with {bits} bits: a degenerate critical point, of which the theorem does not speak;"
        " another --start may be decided" + (", or --residual where minimizers form a valley" if len(point) > 1 else "")
    )


def _flat(loss: SmoothLoss) -> str | None:
    """Say that the loss is the same everywhere along a direction, exactly; None if none is known."""
    direction = flat_direction(loss)
    if direction is None:
        return None
    named = [(name, x) for name, x in zip(loss.variables, direction, strict=True) if x]
    way = ", ".join(f"{name}={to_text(x)}" for name, x in named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")
    return (
        f"the loss does not change along ({way}), so that no minimum is strict; a term such as w**2/100 in these"
        " variables makes one"
    )


def flat_direction(loss: SmoothLoss) -> list[fmpq] | None:
    """Return a direction that all linear forms of the variables in a loss are orthogonal to, shape (n,), or None.

    Args:
        loss: The loss; it is a function of these forms, and so is constant along the direction.
    """
    n = loss.dimension
    rows: set[tuple[tuple[int, fmpq], ...]] = set()
    for node in loss.nodes:
        if isinstance(node, Sum):
            rows.add(tuple((slot, c) for slot, c in node.terms if slot < n))
        else:
            rows |= {((slot, fmpq(1)),) for slot in arguments(node) if slot < n}
    matrix = fmpq_mat(max(len(rows), 1), n)
    for i, row in enumerate(rows):
        for slot, c in row:
            matrix[i, slot] = c
    reduced, rank = matrix.rref()
    if rank == n:
        return None
    pivots = [next(j for j in range(n) if reduced[i, j]) for i in range(rank)]
    free = next(j for j in range(n) if j not in pivots)
    direction = [fmpq(int(j == free)) for j in range(n)]
    for i, pivot in enumerate(pivots):
        direction[pivot] = -reduced[i, free]
    largest = max(direction, key=abs)
    return [x / largest for x in direction]
