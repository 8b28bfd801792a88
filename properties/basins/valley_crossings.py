"""How often, and how far, the sharpness exceeds 2/η on the way into a valley, by step size and start; each proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flint import arb, ctx, fmpq

from gdcheck.properties.basins.crossing_grid import FACTORS, Cell, simple
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.loss.balls import exact, norm
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.valleys.arrival import iterates
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.sharpness import valley_sharpness

SHARES = tuple(fmpq(k, 10) for k in range(5, 17))
"""Step sizes from half of the stability limit at a point of the valley to beyond it: there the trajectory leaves it."""

_BITS = 64
_GENTLE = fmpq(1, 4)
_PLACES = 10**6


def valley_crossing_grid(
    problem: ValleyProblem,
    shares: Sequence[fmpq] = SHARES,
    factors: Sequence[fmpq] = FACTORS,
    max_steps: int = 2000,
    on_done: Callable[[int], None] = lambda done: None,
) -> list[Cell]:
    """Count the steps above 2/η for many step sizes and starts.

    Step sizes are shares of 2/λ_p at the point where small steps from the problem's own start arrive; starts lie on the
    line through both. Each trajectory may arrive at another point.

    Args:
        problem: The residuals and a start; its step size does not matter.
        shares: Step sizes as shares of that stability limit.
        factors: Starts as multiples of the problem's own displacement from that point.
        max_steps: Steps allowed for each.
        on_done: Told the number of cells done.

    Returns:
        The cells, one for each share and factor.

    Raises:
        InputError: If small steps from the start are not proved to arrive.
    """
    point, top = _anchor(problem, max_steps)
    away = [x - m for x, m in zip(problem.start, point, strict=True)]
    cells = []
    for share in shares:
        step = simple(2 * share / top)
        for factor in factors:
            start = tuple(m + factor * h for m, h in zip(point, away, strict=True))
            placed = replace(problem, step_size=step, start=start)
            with ctx.workprec(_BITS):
                radius = float(norm(arb(factor * h) for h in away).mid())
            cells.append(_cell(placed, to_float(step * top / 2), radius, max_steps))
            on_done(len(cells))
    return cells


def _anchor(problem: ValleyProblem, max_steps: int) -> tuple[tuple[fmpq, ...], fmpq]:
    """Return where small steps from the start arrive, rounded, and the largest Hessian eigenvalue there."""
    with ctx.workprec(_BITS):
        size = norm(next(iterates(problem)).jacobian.entries()).mid()
    here = exact(size) if size.is_finite() else fmpq(0)
    if not here:
        raise InputError("start", "the residuals do not change there to first order; give another start")
    gentle = replace(problem, step_size=simple(_GENTLE / (2 * problem.scale * here * here)))
    found = decide_valley(gentle, max_steps=max_steps)
    if found.arrival is None:
        raise InputError("start", f"small steps from there are not proved to arrive in the valley: {found.reason}")
    point = tuple(fmpq(round(to_float(x) * _PLACES), _PLACES) for x in found.arrival.centre)
    with ctx.workprec(_BITS):
        return point, exact(arb((2 * problem.scale * found.arrival.spectrum.values[-1]).mid()))


def _cell(problem: ValleyProblem, share: float, radius: float, max_steps: int) -> Cell:
    verdict, count, complete, excess, rose, fell = Verdict.UNRESOLVED, 0, False, None, 0, 0
    try:
        decision = decide_valley(problem, max_steps=max_steps, max_precision=512)
        verdict, found = decision.verdict, valley_sharpness(decision)
    except InputError:
        found = None  # The start lies on the valley.
    if found is not None:
        count, complete, rose, fell = len(found.above), found.is_proved, found.rose, found.fell
        if found.peak is not None:
            excess = float((found.peak * problem.step_size / 2 - 1).mid())
    start = tuple(to_text(q) for q in problem.start)
    return Cell(to_text(problem.step_size), start, share, radius, verdict.value, count, complete, excess, rose, fell)
