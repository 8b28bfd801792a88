"""Assumptions about step size, spectrum and start that the amplitude certificate itself decides without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import sqrt

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import decided, shown_point, sine, words
from gdcheck.properties.strategies.instance import Instance, SpectrumShape, StartPlace, StepPlace
from gdcheck.properties.strategies.problems import higher_order_terms, problems, rotations, spectra, starts, step_sizes
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.statement import THEOREM_1, End, LimitKind, Regime

_NAMES = {Regime.SMALL_STEP: "fixed along ±v₁", Regime.LARGE_STEP: "alternating along ±vₙ"}


def _boundary(instance: Instance) -> Outcome:
    decision, proof = decided(instance.problem)
    broken, severity = None, 0.0
    # Within an invariant subspace one amplitude vanishes: the start is exceptional.
    if proof is not None and decision.limit is not None and decision.subspace is None:
        broken = decision.limit.kind is LimitKind.TWO_CYCLE
        severity = sine(*decision.limit.vectors) if broken else 0.0
    return Outcome(
        violated=broken,
        evidence="proved",
        problem=instance.problem,
        predicted="one limit, fixed or alternating",
        happens=words(decision.limit),
        severity=severity,
        certificates=(proof,) if proof else (),
    )


Pair = tuple[Problem, Problem]


@st.composite
def _repeated(draw: DrawFn, *, end: End) -> Pair:
    """Return two problems that differ only in their start; one end of the spectrum is repeated."""
    n = draw(st.integers(3, 4))
    plain = draw(spectra(n=n, shape=SpectrumShape.PLAIN))
    low = end is End.LOWEST
    spectrum = (plain[0], plain[0], *plain[2:]) if low else (*plain[:-2], plain[-1], plain[-1])
    regime = Regime.SMALL_STEP if low else Regime.LARGE_STEP
    step = draw(step_sizes(spectrum=spectrum, regime=regime, place=StepPlace.INSIDE))
    rotation = draw(rotations(n=n))
    terms = draw(higher_order_terms(n=n, degree=4, most=3))
    loss = loss_with_spectrum(spectrum, rotation=rotation, higher_terms=terms)
    origin = tuple(fmpq(0) for _ in range(n))
    centre = Problem(loss, minimizer=origin, step_size=step, start=origin)
    place = starts(centre=centre, spectrum=spectrum, rotation=rotation, regime=regime)
    return replace(centre, start=draw(place)), replace(centre, start=draw(place))


def depends_on_start(pair: Pair, *, predicted: str, weaker: Callable[[Decision], bool]) -> Outcome:
    """Compare the limits from two starts of one loss.

    Args:
        pair: The two problems.
        predicted: What the claim says, in words.
        weaker: Decides whether a limit satisfies the weaker claim.

    Returns:
        The outcome, whose severity is the sine of the angle between the limits.
    """
    (one, proof), (other, second) = (decided(problem) for problem in pair)
    # A start in an invariant subspace is exceptional, whatever the multiplicities.
    known = proof is not None and second is not None and one.subspace is None and other.subspace is None
    severity = 0.0
    if known and one.limit and other.limit:
        severity = sine(one.limit.vectors[0], other.limit.vectors[0])
    start = shown_point(pair[1].start)
    return Outcome(
        violated=severity > 0 if known else None,
        evidence="proved",
        problem=pair[0],
        predicted=predicted,
        happens=f"{words(one.limit)}, but from {start} {words(other.limit)}",
        severity=severity,
        certificates=(proof, second) if proof and second else (),
        weaker=weaker(one) and weaker(other) if known else None,
    )


def _same_line(pair: Pair, regime: Regime) -> Outcome:
    predicted = f"{_NAMES[regime]}: the same line from almost every start"
    return depends_on_start(pair, predicted=predicted, weaker=partial(_within, regime=regime))


def _within(decision: Decision, regime: Regime) -> bool:
    """Whether the certified limit is of the predicted kind and lies in the predicted eigenspace."""
    predicted = THEOREM_1.predictions[regime]
    kind = decision.limit.kind if decision.limit is not None else None
    return [b.end for b in decision.blocks] == [predicted.end] and kind is predicted.kind


def _exceptional(instance: Instance) -> Outcome:
    decision, proof = decided(instance.problem)
    broken = proof is not None and decision.verdict is Verdict.EXCEPTIONAL
    return Outcome(
        violated=True if broken else None,
        evidence="proved",
        problem=instance.problem,
        predicted=_NAMES[instance.regime],
        happens=words(decision.limit),
        severity=sqrt(sum(to_float(x) ** 2 for x in instance.problem.displacement)),
        certificates=(proof,) if proof else (),
    )


OFF_BOUNDARY = Ablation(
    name="off-boundary",
    assumption="off-boundary",
    dropped="the step size is not 2/(λ₁+λₙ)",
    claim="At η = 2/(λ₁+λₙ) the direction still has a limit, fixed or alternating.",
    instances=problems(regime=Regime.BOUNDARY, dimensions=(2, 5), place=StartPlace.BALL),
    examine=_boundary,
    severity="sine of the angle between the limits of even and odd steps",
)

SIMPLE_LOWEST = Ablation(
    name="simple-lowest",
    assumption="simple-lowest",
    dropped="the smallest Hessian eigenvalue is simple",
    claim="With a small step, almost every start arrives along one line, that of v₁.",
    instances=_repeated(end=End.LOWEST),
    examine=partial(_same_line, regime=Regime.SMALL_STEP),
    severity="sine of the angle between the limits of two starts",
    weaker="the direction has a limit, fixed, in the eigenspace of λ₁; it depends on the start",
)

SIMPLE_HIGHEST = Ablation(
    name="simple-highest",
    assumption="simple-highest",
    dropped="the largest Hessian eigenvalue is simple",
    claim="With a large step, almost every start arrives alternating along one line, that of vₙ.",
    instances=_repeated(end=End.HIGHEST),
    examine=partial(_same_line, regime=Regime.LARGE_STEP),
    severity="sine of the angle between the limits of two starts",
    weaker="the direction has a limit, alternating, in the eigenspace of λₙ; it depends on the start",
)

ALMOST_ALL = Ablation(
    name="almost-all",
    assumption="almost every start",
    dropped="“almost”: the claim is made for every start in the basin",
    claim="Every start in the basin, except the minimizer, arrives in the predicted direction.",
    instances=problems(dimensions=(2, 5), place=StartPlace.EXCEPTIONAL),
    examine=_exceptional,
    severity="distance of the start from the minimizer",
)
