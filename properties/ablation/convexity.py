"""Minima that are not strict, saddles, and valleys of minima."""

from __future__ import annotations

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.separable import (
    CURVATURES,
    Boxed,
    Coordinate,
    boxed,
    boxes,
    separable_ablation,
    several,
    sum_of,
)
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.reference.trajectory import iterates

_STEPS, _DIGITS = 1500, 40
_ALIGNED = 0.1


@st.composite
def _with_axis(draw: DrawFn, *, first: st.SearchStrategy[Coordinate]) -> Boxed:
    """Return a separable loss with a special first coordinate, and a step size below 2/λₙ."""
    parts = [draw(first), *draw(several())]
    step = 2 / parts[-1].curvature * fmpq(draw(st.integers(1, 15)), 16)
    return boxed(sum_of(parts), step, draw(boxes(n=len(parts))))


_FLAT = st.sampled_from(CURVATURES).map(lambda c: Coordinate((fmpq(0), fmpq(0), c)))
_SADDLE = st.sampled_from(CURVATURES).map(lambda c: Coordinate((-c / 2, fmpq(0), c)))


@st.composite
def _coupled(draw: DrawFn) -> Problem:
    """Return a x⁴ + b y² + c x²y + d x y²: flat along x, with a > c²/(4b) so that the origin is a strict minimum."""
    a, b = draw(st.sampled_from(CURVATURES)), draw(st.sampled_from(CURVATURES))
    bound = next(q for q in (fmpq(2), fmpq(1), fmpq(1, 2), fmpq(1, 4), fmpq(1, 8)) if q * q < 2 * a * b)
    c = bound * draw(st.sampled_from([fmpq(1), fmpq(-1), fmpq(1, 2), fmpq(0)]))
    d = draw(st.sampled_from([fmpq(1, 2), fmpq(0), fmpq(-1, 2)]))
    loss = Loss.build(("x", "y"), [((4, 0), a), ((0, 2), b), ((2, 1), c), ((1, 2), d)])
    step = fmpq(draw(st.integers(1, 15)), 16) / b
    reach = fmpq(1, 8)
    start = (reach, reach * draw(st.sampled_from([fmpq(1), fmpq(-1)])))
    return Problem(loss, minimizer=(fmpq(0), fmpq(0)), step_size=step, start=start)


def _observed(problem: Problem) -> Outcome:
    """Return the slope to the flat axis, halfway and at the end: it must be small, and still falling."""
    path = iterates(problem, _DIGITS)
    points = [next(path) for _ in range(_STEPS)]
    angles = [float(abs(y) / max(abs(x), abs(y))) for x, y in (points[_STEPS // 2], points[-1])]
    nearer = angles[1] < angles[0]
    trend = "still falling" if nearer else "not falling"
    across = angles[1] > 1 - _ALIGNED and not nearer
    return Outcome(
        violated=False if angles[1] < _ALIGNED and nearer else True if across else None,
        evidence="observed",
        problem=problem,
        predicted="fixed along the flat axis",
        happens=f"after {_STEPS} steps the slope to it is {angles[1]:.2g}, {trend}",
        severity=angles[1],
    )


FLAT = separable_ablation(
    name="strict-minimum-flat",
    assumption="strict-minimum",
    dropped="the Hessian at the minimizer is positive definite; λ₁ = 0, and the loss grows like t⁴ there",
    claim="With λ₁ = 0 almost every start arrives along the flat axis, for every η < 2/λₙ.",
    instances=_with_axis(first=_FLAT),
)

COUPLED = Ablation(
    name="strict-minimum-coupled",
    assumption="strict-minimum",
    dropped="the Hessian at the minimizer is positive definite; λ₁ = 0, and the variables are coupled",
    claim="With λ₁ = 0 and coupled variables, starts still arrive along the flat axis.",
    instances=_coupled(),
    examine=_observed,
    severity="slope to the flat axis at the end",
    cost=20,
)

SADDLE = separable_ablation(
    name="strict-minimum-saddle",
    assumption="strict-minimum",
    dropped="the critical point is a minimum; it is a strict saddle",
    claim="Starts near a saddle arrive at it, along the eigenvector of the smallest eigenvalue.",
    instances=_with_axis(first=_SADDLE),
)

VALLEY = separable_ablation(
    name="isolated-minimizer",
    assumption="isolated minimizer",
    dropped="the minimizer is isolated; there is a valley of minima, along which the loss is constant",
    claim="Seen from the point where it ends, the trajectory arrives along the eigenvector of the smallest eigenvalue.",
    instances=_with_axis(first=st.just(Coordinate())),
)
