"""How often, and how far, the sharpness exceeds 2/η, by step size and by the radius of the start; each count proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, ctx, fmpq

from gdcheck.theorem.assumptions.regime import classify
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.certificate.shapes import Count, Shape, VerdictName
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.sharpness.sharpness import Sharpness, sharpness

if TYPE_CHECKING:
    from gdcheck.theorem.decision.smooth import SmoothDecision

SHARES = tuple(fmpq(k, 20) for k in range(8, 20))
"""Step sizes from 0.4 to 0.95 of the stability limit 2/λₙ."""
FACTORS = tuple(fmpq(k, 5) for k in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12))
"""Starts from 0.2 to 2.4 times the problem's own distance from the minimizer."""

_BITS = 64
_PARTS = 1000


class Cell(Shape, frozen=True):
    """One problem of the grid.

    Attributes:
        step_size: η.
        start: x₀, shape (n,).
        share: η λₙ/2: the step size as a share of the stability limit.
        radius: ‖x₀ − x*‖.
        verdict: The verdict on the direction.
        count: At how many steps λ_n(x_k) > 2/η is proved.
        complete: Whether it is proved that these are all.
        excess: The largest λ_n(x_k)·η/2 − 1 at those steps; None if there are none.
        loss_rose: At how many of them the loss is proved to rise.
        loss_fell: At how many it is proved to fall.
    """

    step_size: str
    start: tuple[str, ...]
    share: float
    radius: float
    verdict: VerdictName
    count: Count
    complete: bool
    excess: float | None
    loss_rose: Count
    loss_fell: Count


def crossing_grid(
    problem: Problem,
    shares: Sequence[fmpq] = SHARES,
    factors: Sequence[fmpq] = FACTORS,
    max_steps: int = 20_000,
    on_done: Callable[[int], None] = lambda done: None,
) -> list[Cell]:
    """Count the steps above 2/η for many step sizes and start radii.

    Args:
        problem: The loss, the minimizer, and a start that gives the direction; its step size does not matter.
        shares: Step sizes as shares of 2/λₙ, between 0 and 1.
        factors: Starts as multiples of the problem's own x₀ − x*.
        max_steps: Steps allowed for each.
        on_done: Told the number of cells done.

    Returns:
        The cells, one for each share and factor.

    Raises:
        InputError: If the minimizer has no positive definite Hessian, or is the start.
    """
    if not any(problem.displacement):
        raise InputError("start", "is the minimizer itself; give another start, for its direction")
    top = _top(problem)
    cells = []
    for share in shares:
        step = simple(2 * share / top)
        for factor in factors:
            start = tuple(m + factor * h for m, h in zip(problem.minimizer, problem.displacement, strict=True))
            cells.append(_cell(replace(problem, step_size=step, start=start), top, max_steps))
            on_done(len(cells))
    return cells


def boundary_share(problem: Problem) -> float:
    """Return 2/(λ₁+λₙ), the boundary of the regimes, as a share of the stability limit 2/λₙ.

    Args:
        problem: The loss and the minimizer.

    Raises:
        InputError: If the minimizer has no positive definite Hessian.
    """
    low, high = _ends(problem)
    return to_float(high / (low + high))


def _top(problem: Problem) -> fmpq:
    """Return λₙ, rounded up if it is irrational."""
    return _ends(problem)[1]


def _ends(problem: Problem) -> tuple[fmpq, fmpq]:
    """Return λ₁ and λₙ, rounded up if they are irrational."""
    hessian = Expansion.of(problem).hessian
    if hessian is None:
        raise InputError("minimizer", "the loss has no Hessian there; give a loss whose kinks of order two keep off it")
    spectrum = classify(Pencil(hessian), problem.step_size, _BITS)
    if spectrum.regime is None:
        raise InputError("minimizer", "the Hessian there is not positive definite; give a strict minimum")
    return spectrum.lowest.hi, spectrum.highest.hi


def simple(q: fmpq) -> fmpq:
    """Return a nearby rational with a small denominator."""
    near = Fraction(int(q.p), int(q.q)).limit_denominator(_PARTS * max(1, int(1 / q) if q < 1 else 1))
    return fmpq(near.numerator, near.denominator)


def _cell(problem: Problem, top: fmpq, max_steps: int) -> Cell:
    decision = decide(problem, max_steps=max_steps)
    found = sharpness(decision, most_steps=max_steps)
    assert found is not None, "the Hessian is positive definite"
    with ctx.workprec(_BITS):
        radius = float(norm(arb(x) for x in problem.displacement).mid())
    start = tuple(to_text(q) for q in problem.start)
    return counted(decision, found, start, to_float(problem.step_size * top / 2), radius)


def counted(
    decision: Decision | SmoothDecision, found: Sharpness | None, start: tuple[str, ...], share: float, radius: float
) -> Cell:
    """Return a cell of the grid.

    Args:
        decision: The verdict on the direction.
        found: The sharpness along the trajectory; None if nothing is known of it.
        start: x₀ as texts, shape (n,).
        share: η λₙ/2.
        radius: ‖x₀ − x*‖.
    """
    step_size, verdict = decision.problem.step_size, decision.verdict.value
    if found is None:
        return Cell(to_text(step_size), start, share, radius, verdict, 0, False, None, 0, 0)
    crossed, excess = found.crossings, None
    if crossed.peak is not None:
        with ctx.workprec(decision.precision):
            excess = float((crossed.peak * step_size / 2 - 1).mid())
    return Cell(
        step_size=to_text(step_size),
        start=start,
        share=share,
        radius=radius,
        verdict=verdict,
        count=len(crossed.steps),
        complete=crossed.complete and not crossed.undecided,
        excess=excess,
        loss_rose=len(crossed.rose),
        loss_fell=crossed.fell,
    )
