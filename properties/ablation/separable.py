"""Sums of functions of one variable each: losses on which a whole box of starts can be followed exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import accepted, minus_signs
from gdcheck.theorem.certificate.kinds.separable import separable_certificate
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.rational import to_text

Interval = tuple[fmpq, fmpq]
NAMES = ("x", "y", "z", "w")
CURVATURES = [fmpq(p, q) for q in (1, 2, 4) for p in (1, 2, 3, 5, 7, 11)]
SLOPES = [fmpq(s * p, q) for q in (1, 2, 4) for p in (1, 2, 3) for s in (1, -1)]


@dataclass(frozen=True)
class Boxed:
    """A problem with a box of starts around its own.

    Attributes:
        problem: The problem.
        box: An interval for each variable.
        sides: The one-sided Hessian to which the theorem's statement is applied, 1 or −1 for each variable.
    """

    problem: Problem
    box: tuple[Interval, ...]
    sides: tuple[int, ...]


@dataclass(frozen=True)
class Coordinate:
    """The part of a loss in a variable: coefficients of t², t³, t⁴, and truncated powers (factor, slope, t₀, p)."""

    powers: tuple[fmpq, fmpq, fmpq] = (fmpq(0), fmpq(0), fmpq(0))
    truncated: tuple[tuple[fmpq, fmpq, fmpq, int], ...] = ()

    @property
    def curvature(self) -> fmpq:
        """The second derivative of the polynomial part at 0."""
        return 2 * self.powers[0]


def sum_of(coordinates: list[Coordinate]) -> Loss:
    """Return the loss that is the sum of the coordinates' parts."""
    n = len(coordinates)
    terms = [
        (tuple(order * (j == i) for j in range(n)), c)
        for i, coordinate in enumerate(coordinates)
        for order, c in zip((2, 3, 4), coordinate.powers, strict=True)
    ]
    powers = [
        TruncatedPower(c, tuple(slope * (j == i) for j in range(n)), threshold, p)
        for i, coordinate in enumerate(coordinates)
        for c, slope, threshold, p in coordinate.truncated
    ]
    return Loss.build(NAMES[:n], terms, powers)


@st.composite
def coordinates(draw: DrawFn, *, curvature: fmpq | None = None) -> Coordinate:
    """Return a coordinate with a positive curvature at 0 and small terms of order three and four."""
    bend = draw(st.sampled_from(CURVATURES)) if curvature is None else curvature
    third, fourth = (draw(st.sampled_from([fmpq(0), *SLOPES])) for _ in range(2))
    return Coordinate((bend / 2, third, fourth))


@st.composite
def several(draw: DrawFn, *, least: int = 1) -> list[Coordinate]:
    """Draw coordinates with distinct curvatures, ascending."""
    count = draw(st.integers(least, 3))
    curvatures = draw(st.lists(st.sampled_from(CURVATURES), min_size=count, max_size=count, unique=True))
    return [draw(coordinates(curvature=c)) for c in sorted(curvatures)]


@st.composite
def boxes(draw: DrawFn, *, n: int) -> tuple[Interval, ...]:
    """Draw boxes near the minimizer, of positive measure, that do not meet a coordinate plane."""
    size = fmpq(1, 2 ** draw(st.integers(5, 8)))
    signs = [draw(st.sampled_from((1, -1))) for _ in range(n)]
    return tuple((size / 2, size) if sign > 0 else (-size, -size / 2) for sign in signs)


def boxed(loss: Loss, step_size: fmpq, box: tuple[Interval, ...], sides: tuple[int, ...] | None = None) -> Boxed:
    """Return a problem at the origin whose start is the middle of a box."""
    n = loss.dimension
    start = tuple((low + high) / 2 for low, high in box)
    return Boxed(Problem(loss, minimizer=(fmpq(0),) * n, step_size=step_size, start=start), box, sides or (1,) * n)


def follow(instance: Boxed) -> Outcome:
    """Prove or refute the theorem's statement for every start of the box, by a separable certificate."""
    names = instance.problem.loss.variables
    proof = separable_certificate(instance.problem, instance.box, instance.sides)
    if proof is None or not accepted(proof):
        return Outcome(None, "proved", instance.problem, "", "not decided")
    predicted, limit = proof["predicted"], proof["limit"]
    where = minus_signs(" × ".join(f"[{to_text(low)}, {to_text(high)}]" for low, high in instance.box))
    if limit["kind"] == "leaves":
        low, high = proof["radius"][limit["axis"]]
        happens = f"leaves −{low} < {names[limit['axis']]} < {high}"
    else:
        happens = f"{limit['kind']} along {names[limit['axis']]}"
    return Outcome(
        violated=proof["verdict"] == "refuted",
        evidence="proved",
        problem=instance.problem,
        predicted=f"{predicted['kind']} along {names[predicted['axis']]}",
        happens=f"{happens}, from every start in {where}",
        severity=max(float(high.p) / float(high.q) for _, high in instance.box),
        certificates=(proof,),
    )


separable_ablation = partial(
    Ablation, examine=follow, severity="distance from the minimizer of the farthest start, by coordinate"
)
"""An ablation that follows boxes of starts."""
