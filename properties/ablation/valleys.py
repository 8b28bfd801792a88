"""The theorem for valleys (docs/valleys.md) without one of its assumptions at the point of arrival."""

from __future__ import annotations

from dataclasses import replace

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import decided_in_valley, shown_point, sine, valley_words
from gdcheck.properties.ablation.separable import (
    CURVATURES,
    NAMES,
    Boxed,
    Coordinate,
    boxed,
    boxes,
    coordinates,
    follow,
    sum_of,
)
from gdcheck.properties.strategies.problems import rotations
from gdcheck.properties.strategies.valleys import ValleyInstance, valley_problems
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.problem import ValleyProblem

_APART = 0.1
Pair = tuple[ValleyProblem, ValleyProblem]


@st.composite
def _without_rank(draw: DrawFn) -> Boxed:
    """Return ct⁴ + a curved function of another variable: a sum of squares whose Jacobian loses rank at the zero."""
    curvature = draw(st.sampled_from(CURVATURES))
    lost = Coordinate((fmpq(0), fmpq(0), draw(st.sampled_from(CURVATURES))))
    parts = [lost, draw(coordinates(curvature=curvature))]
    step = 2 / curvature * fmpq(draw(st.integers(1, 15)), 16)
    return boxed(sum_of(parts), step, draw(boxes(n=2)))


def _rank(instance: Boxed) -> Outcome:
    found = follow(instance)
    if not found.certificates:
        return found
    limit = found.certificates[0]["limit"]
    curvature = next(2 * c for a, c in instance.problem.loss.terms if a == (0, 2))
    words = "fixed" if instance.problem.step_size * curvature < 1 else "alternating"
    return replace(
        found,
        violated=limit.get("axis") != 1,
        predicted=f"{words} along {NAMES[1]}, the only eigenvector of a nonzero eigenvalue",
        weaker=limit["kind"] == "fixed" and limit.get("axis") == 0,
    )


@st.composite
def _equal_ends(draw: DrawFn) -> Pair:
    """Return two problems that differ only in their starts, near a zero where both ends of the spectrum are equal.

    F_i = s(v_i·x)(1 + c_i(v_3·x)) for i = 1, 2, with orthonormal v_i: at t v_3, JJᵀ has the eigenvalues s²(1 + c_it)².
    """
    names, scale = ("x", "y", "z"), draw(st.sampled_from([fmpq(1), fmpq(2), fmpq(3, 2)]))
    rotation = draw(rotations(n=3))
    forms = [" + ".join(f"({rotation[j, i]})*{name}" for j, name in enumerate(names)) for i in range(3)]
    first, apart = draw(st.sampled_from([fmpq(0), fmpq(1), fmpq(-1)])), draw(st.sampled_from([fmpq(1), fmpq(1, 2)]))
    bends = (first, first + apart)
    residuals = [f"({scale})*({form})*(1 + ({c})*({forms[2]}))" for form, c in zip(forms[:2], bends, strict=True)]
    size = fmpq(1, draw(st.sampled_from([64, 256, 1024])))
    starts = []
    for side in (1, -1):
        inner = [fmpq(draw(st.sampled_from([-1, 1])) * draw(st.integers(4, 16)), 16) for _ in range(2)]
        inner.append(fmpq(side * draw(st.integers(8, 16)), 8))
        starts.append([size * sum((rotation[i, k] * inner[k] for k in range(3)), fmpq(0)) for i in range(3)])
    step = draw(st.sampled_from([fmpq(1, 2), fmpq(1, 4), fmpq(3, 4)])) / scale**2
    one, other = (ValleyProblem.of(residuals, step_size=step, start=x, variables=names) for x in starts)
    return one, other


def _same_line(pair: Pair) -> Outcome:
    """Compare the limits from two starts that are near each other."""
    (one, proof), (other, second) = (decided_in_valley(problem) for problem in pair)
    known = one.arrival is not None and other.arrival is not None and proof is not None and second is not None
    severity = 0.0
    if one.arrival is not None and other.arrival is not None and known:
        severity = sine(one.arrival.vector, other.arrival.vector)
    start = shown_point(f"{to_float(x):.4g}" for x in pair[1].start)
    return Outcome(
        violated=severity > _APART if known else None,
        evidence="proved",
        problem=pair[0],
        predicted=f"lines of limits whose angle has a sine below {_APART}, from starts within 1/8 of each other",
        happens=f"{valley_words(one)}, but from {start} {valley_words(other)}",
        severity=severity,
        certificates=(proof, second) if proof and second else (),
    )


def _two_sides(instance: ValleyInstance) -> Outcome:
    """Decide one problem on both sides of the boundary, which is the same at every point of a flat valley."""
    values = instance.spectrum
    boundary = 2 / (values[0] + values[-1])
    away = abs(instance.problem.step_size - boundary)
    pair = [replace(instance.problem, step_size=boundary + sign * away) for sign in (-1, 1)]
    (below, proof), (above, second) = (decided_in_valley(problem) for problem in pair)
    known = proof is not None and second is not None and below.arrival is not None and above.arrival is not None
    same = known and below.arrival and above.arrival and below.arrival.regime is above.arrival.regime
    severity = sine(below.arrival.vector, above.arrival.vector) if known and below.arrival and above.arrival else 0.0
    share = to_float(away / boundary)
    return Outcome(
        violated=not same if known else None,
        evidence="proved",
        problem=pair[0],
        predicted=f"the same limit with step sizes {share:.2g} below and above 2/(λ₁+λ_p), relatively",
        happens=f"below {valley_words(below)}; above {valley_words(above)}",
        severity=severity,
        certificates=(proof, second) if proof and second else (),
    )


RANK = Ablation(
    name="valley-rank",
    assumption="valley-rank",
    dropped="the Jacobian of the residuals has full rank at the point of arrival",
    claim="Where the rank is lost, almost every start still arrives along an eigenvector of a nonzero eigenvalue.",
    instances=_without_rank(),
    examine=_rank,
    severity="distance from the valley of the farthest start, by coordinate",
    weaker="the limit is fixed, along the direction in which the rank is lost",
)

EQUAL_ENDS = Ablation(
    name="valley-simple-ends",
    assumption="valley-simple-ends",
    dropped="the ends of the nonzero spectrum are simple; at a zero nearby they are equal",
    claim="Starts near each other arrive along nearly the same line.",
    instances=_equal_ends(),
    examine=_same_line,
    severity="sine of the angle between the limits of two starts",
    cost=2,
)

BOUNDARY = Ablation(
    name="valley-off-boundary",
    assumption="valley-off-boundary",
    dropped="the step size is not 2/(λ₁+λ_p) at the point of arrival; it is as near to it as the enclosures are asked",
    claim="Next to 2/(λ₁+λ_p) the limit does not depend on the side.",
    instances=st.sampled_from([3, 6, 9])
    .flatmap(lambda k: valley_problems(dimensions=(2, 3), affine=True, regime=Regime.SMALL_STEP, near=k))
    .filter(lambda instance: len(instance.singular) > 1),
    examine=_two_sides,
    severity="sine of the angle between the limits on the two sides",
    cost=4,
)
