"""How often, and how far, the sharpness of a smooth loss exceeds 2/η, by step size and by the radius of the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flint import arb, ctx, fmpq

from gdcheck.properties.basins.crossing_grid import FACTORS, SHARES, Cell, counted, simple
from gdcheck.theorem.decision.smooth import decide_smooth
from gdcheck.theorem.loss.balls import exact, norm
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness
from gdcheck.theorem.smooth.evaluate import hessian
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.problem import SmoothProblem

_BITS = 64
_GENTLE = fmpq(1, 4)
_PLACES = 10**6


def smooth_crossing_grid(
    problem: SmoothProblem,
    shares: Sequence[fmpq] = SHARES,
    factors: Sequence[fmpq] = FACTORS,
    max_steps: int = 20_000,
    on_done: Callable[[int], None] = lambda done: None,
) -> list[Cell]:
    """Count the steps above 2/η for many step sizes and start radii.

    Args:
        problem: The loss, the minimizer if one is given, and a start that gives the direction; its step size does not
            matter. Without a minimizer, the one is taken to which small steps from the start tend.
        shares: Step sizes as shares of 2/λₙ, between 0 and 1.
        factors: Starts as multiples of the problem's own x₀ − x*.
        max_steps: Steps allowed for each.
        on_done: Told the number of cells done.

    Returns:
        The cells, one for each share and factor.

    Raises:
        InputError: If no strict minimum is enclosed, or the start is the minimizer.
    """
    minimizer = _minimizer(problem, max_steps)
    # Starts are rational numbers with few digits, as near as they have to be to the line through the minimizer.
    centre = [fmpq(round(to_float(x) * _PLACES), _PLACES) for x in minimizer.centre]
    away = [x - m for x, m in zip(problem.start, centre, strict=True)]
    if not any(away):
        raise InputError("start", "is the minimizer itself; give another start, for its direction")
    with ctx.workprec(_BITS):
        top = exact(arb(minimizer.spectrum.values[-1].mid()))
    cells = []
    for share in shares:
        step = simple(2 * share / top)
        for factor in factors:
            start = tuple(m + factor * h for m, h in zip(centre, away, strict=True))
            placed = replace(problem, step_size=step, start=start, near=minimizer.centre, given=None)
            with ctx.workprec(_BITS):
                radius = float(norm(arb(factor * h) for h in away).mid())
            cells.append(_cell(placed, to_float(step * top / 2), radius, max_steps))
            on_done(len(cells))
    return cells


def smooth_boundary_share(problem: SmoothProblem, max_steps: int = 20_000) -> float:
    """Return 2/(λ₁+λₙ), the boundary of the regimes, as a share of the stability limit 2/λₙ.

    Args:
        problem: The problem; its minimizer is the one of ``smooth_crossing_grid``.
        max_steps: Steps allowed to find it.

    Raises:
        InputError: If no strict minimum is enclosed.
    """
    values = _minimizer(problem, max_steps).spectrum.values
    low, high = (float(value.mid()) for value in (values[0], values[-1]))
    return high / (low + high)


def _minimizer(problem: SmoothProblem, max_steps: int) -> EnclosedMinimizer:
    """Return the minimizer that is given, or to which small steps from the start tend."""
    with ctx.workprec(_BITS):
        size = norm(hessian(problem.loss, [arb(x) for x in problem.start]).entries()).mid()
    if not size.is_finite():
        raise InputError("start", "the loss is not smooth there, or not defined; give another start")
    gentle = simple(_GENTLE / exact(size)) if size > 0 else fmpq(1)
    found = decide_smooth(replace(problem, step_size=gentle), max_steps=min(max_steps, 1))
    if found.minimizer is None:
        raise InputError("start", f"small steps from there tend to no strict minimum that is enclosed: {found.reason}")
    return found.minimizer


def _cell(problem: SmoothProblem, share: float, radius: float, max_steps: int) -> Cell:
    start = tuple(to_text(q) for q in problem.start)
    try:
        decision = decide_smooth(problem, max_steps=max_steps)
    except InputError:  # The loss is not defined at the start.
        return Cell(to_text(problem.step_size), start, share, radius, "unresolved", 0, False, None, 0, 0)
    return counted(decision, smooth_sharpness(decision, most_steps=max_steps), start, share, radius)
