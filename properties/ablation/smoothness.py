"""Losses with fewer than three continuous derivatives, and descent that maps a set of starts into a null set."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import decided, words
from gdcheck.properties.ablation.separable import (
    CURVATURES,
    Boxed,
    Coordinate,
    boxed,
    boxes,
    coordinates,
    follow,
    separable_ablation,
    several,
    sum_of,
)
from gdcheck.properties.strategies.instance import SpectrumShape, StepPlace
from gdcheck.properties.strategies.problems import higher_order_terms, rotations, spectra, starts, step_sizes
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import TruncatedPower
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.methods.statement import THEOREM_1, Assumption, Regime

_REGIMES = (Regime.SMALL_STEP, Regime.LARGE_STEP)


@st.composite
def _cubes(draw: DrawFn) -> Problem:
    """Return a loss with truncated cubes whose kinks pass through the minimizer: its third derivative jumps there."""
    n = draw(st.integers(2, 5))
    regime = draw(st.sampled_from(_REGIMES))
    spectrum = draw(spectra(n=n, shape=SpectrumShape.PLAIN))
    rotation = draw(rotations(n=n))
    cubes = []
    for _ in range(draw(st.integers(1, 3))):
        direction = [fmpq(draw(st.integers(-2, 2))) for _ in range(n)]
        if not any(direction):
            direction[0] = fmpq(1)
        cubes.append(TruncatedPower(draw(st.sampled_from(CURVATURES)), tuple(direction), fmpq(0), 3))
    terms = draw(higher_order_terms(n=n, degree=4, most=4))
    loss = loss_with_spectrum(spectrum, rotation=rotation, higher_terms=terms, truncated=cubes)
    step = draw(step_sizes(spectrum=spectrum, regime=regime, place=StepPlace.INSIDE))
    origin = (fmpq(0),) * n
    centre = Problem(loss, minimizer=origin, step_size=step, start=origin)
    start = draw(starts(centre=centre, spectrum=spectrum, rotation=rotation, regime=regime))
    return Problem(loss, minimizer=origin, step_size=step, start=start)


def _still_holds(problem: Problem) -> Outcome:
    decision, proof = decided(problem)
    here = decision.classification
    predicted = THEOREM_1.predictions.get(here.regime) if here is not None and here.regime is not None else None
    broken = None
    if proof is not None and decision.limit is not None and predicted is not None:
        whole = decision.subspace is None and set(decision.fails) == {Assumption.SMOOTHNESS}
        same = [b.end for b in decision.blocks] == [predicted.end] and decision.limit.kind is predicted.kind
        # Within an invariant subspace the start is exceptional, and the claim does not cover it.
        broken = None if not whole else not same
    return Outcome(
        violated=broken,
        evidence="proved",
        problem=problem,
        predicted="as the theorem says" if predicted is None else f"{predicted.kind.value} along the eigenvector",
        happens=words(decision.limit),
        certificates=(proof,) if proof else (),
    )


@st.composite
def _bent(draw: DrawFn) -> Boxed:
    """Return a separable loss with a truncated square at the minimizer: two curvatures along one axis."""
    parts = draw(several(least=2))
    which = draw(st.integers(0, len(parts) - 1))
    side = fmpq(draw(st.sampled_from((1, -1))))
    square = (draw(st.sampled_from(CURVATURES)), side, fmpq(0), 2)
    parts[which] = Coordinate(parts[which].powers, (square,))
    curvatures = [p.curvature for p in parts]
    steeper = max([*curvatures, curvatures[which] + 2 * square[0]])
    step = 2 / steeper * fmpq(draw(st.integers(1, 23)), 16)
    sides = tuple(draw(st.sampled_from((1, -1))) if i == which else 1 for i in range(len(parts)))
    return boxed(sum_of(parts), step, draw(boxes(n=len(parts))), sides)


@st.composite
def _bent_twice(draw: DrawFn) -> tuple[Boxed, Boxed]:
    """Draw two step sizes on either side of the true boundary, both between those of the two one-sided Hessians.

    Along y the curvature is a below and a + c above the minimizer; where descent alternates along y, two steps
    multiply by (1 − ηa)(1 − η(a+c)), which equals (1 − ηλ₁)² at η* = (2a + c − 2λ₁)/(a(a+c) − λ₁²).
    """
    low, a = sorted(draw(st.lists(st.sampled_from(CURVATURES), min_size=2, max_size=2, unique=True)))
    c = draw(st.sampled_from(CURVATURES))
    flat, steep = draw(coordinates(curvature=low)), draw(coordinates(curvature=a))
    loss = sum_of([flat, Coordinate(steep.powers, ((c / 2, fmpq(1), fmpq(0), 2),))])
    moved = (2 * a + c - 2 * low) / (a * (a + c) - low**2)
    box = draw(boxes(n=2))
    below, above = (2 / (low + a + c) + moved) / 2, (moved + 2 / (low + a)) / 2
    return boxed(loss, below, box, (1, 1)), boxed(loss, above, box, (1, -1))


def _moved(pair: tuple[Boxed, Boxed]) -> Outcome:
    steep, soft = (follow(instance) for instance in pair)
    broken = True if steep.violated and soft.violated else None
    other = pair[1].problem.step_size
    return Outcome(
        violated=broken,
        evidence="proved",
        problem=pair[0].problem,
        predicted=f"{steep.predicted}, by the larger curvature; at η = {other} {soft.predicted}, by the smaller one",
        happens=f"{steep.happens}; at η = {other} {soft.happens}",
        severity=abs(float(Fraction(str(other))) / float(Fraction(str(pair[0].problem.step_size))) - 1),
        certificates=steep.certificates + soft.certificates,
    )


@st.composite
def flattening(draw: DrawFn) -> Boxed:
    """Return a C³ loss whose gradient is x/η beyond some knot, along the axis that the theorem predicts.

    φ′(x) = λx + Σ c_j (x − t_j)₊³ is x/η beyond the last of four knots if Σ c_j t_j^m is 0, 0, (1/η − λ)/3 and 0 for
    m = 0, 1, 2, 3; there the descent map sends a half-space onto a plane.
    """
    low, high = sorted(draw(st.lists(st.sampled_from(CURVATURES), min_size=2, max_size=2, unique=True)))
    small = draw(st.booleans())
    boundary, stable = 2 / (low + high), 2 / high
    share = fmpq(draw(st.integers(1, 15)), 16)
    step = boundary * share if small else boundary + (stable - boundary) * share
    slope = low if small else high
    knots: list[fmpq] = []
    for _ in range(4):
        knots.append((knots[-1] if knots else fmpq(0)) + fmpq(draw(st.integers(1, 4)), 4))
    wanted = [fmpq(0), fmpq(0), (1 / step - slope) / 3, fmpq(0)]
    weights = fmpq_mat([[t**m for t in knots] for m in range(4)]).solve(fmpq_mat(4, 1, wanted))
    bends = tuple((weights[j, 0] / 4, fmpq(1), t, 4) for j, t in enumerate(knots) if weights[j, 0])
    flat = Coordinate((slope / 2, fmpq(0), fmpq(0)), bends)
    other = draw(coordinates(curvature=high if small else low))
    width = fmpq(draw(st.integers(1, 8)))
    (side,) = draw(boxes(n=1))
    return boxed(sum_of([flat, other]), step, ((knots[-1], knots[-1] + width), side))


C21 = Ablation(
    name="smoothness-c21",
    assumption="smoothness",
    dropped="the loss is C³; it is C² with a Lipschitz second derivative, whose derivative jumps at the minimizer",
    claim="The theorem's limits hold for C² losses with Lipschitz second derivatives.",
    instances=_cubes(),
    examine=_still_holds,
    severity="none",
)

C11 = separable_ablation(
    name="smoothness-c11",
    assumption="smoothness",
    dropped="the loss is C³; it is C¹ with a Lipschitz gradient, and has two curvatures at the minimizer along an axis",
    claim="The theorem's limits hold for C¹ losses with Lipschitz gradients, with the Hessian of one side.",
    instances=_bent(),
)

BOUNDARY_MOVES = Ablation(
    name="smoothness-c11-boundary",
    assumption="smoothness",
    dropped="the loss is C³; it is C¹ with a Lipschitz gradient, and has two curvatures along the axis that alternates",
    claim="The boundary between the regimes is 2/(λ₁+λₙ), with λₙ of one side.",
    instances=_bent_twice(),
    examine=_moved,
    severity="relative distance between two step sizes on either side of the true boundary",
)

PREIMAGES = separable_ablation(
    name="null-preimages",
    assumption="null-preimages",
    dropped="the gradient descent map takes no set of positive measure into a null set",
    claim="For a C³ loss, the starts that arrive in another direction form a null set.",
    instances=flattening(),
)
