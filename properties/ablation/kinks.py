"""Losses that are not polynomials and C² only: |t|³ at the minimizer, beside tanh, softplus, exp and the like."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from flint import fmpq
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import decided_smooth, shown_vector
from gdcheck.properties.strategies.smooth import SmoothInstance, smooth_problems
from gdcheck.theorem.loss.rational import dot, to_float, to_text
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.reference.smooth_trajectory import observe_smooth
from gdcheck.theorem.smooth.problem import SmoothProblem

_KINDS = {Regime.SMALL_STEP: LimitKind.FIXED, Regime.LARGE_STEP: LimitKind.ALTERNATING}
_SAME = 1e-9
_STEPS = 2000
Pair = tuple[SmoothInstance, SmoothProblem]


@st.composite
def _with_kinks(draw: DrawFn) -> Pair:
    """Return a C³ problem, and the same with one to three c|⟨a, h⟩|³ added: the Hessian at the minimizer is the same.

    The Hessian of |⟨a, h⟩|³ has the Lipschitz constant 6‖a‖³; the start is in the ball where the amplitude lemma's
    inequality holds with that constant in the place of a third derivative.
    """
    smooth = draw(smooth_problems(dimensions=(2, 3), near=0, irrational=False))
    text, third, n = smooth.problem.loss.text, smooth.third, len(smooth.point)
    for _ in range(draw(st.integers(1, 3))):
        a = [fmpq(draw(st.integers(-2, 2)), 2) for _ in range(n)]
        if not any(a):
            a[0] = fmpq(1)
        factor = fmpq(draw(st.sampled_from([-2, -1, 1, 2])), draw(st.integers(2, 6)))
        form = " + ".join(f"({to_text(c)})*h{i + 1}" for i, c in enumerate(a) if c)
        text += f" + ({to_text(factor)})*(({form})**2)**(3/2)"
        third += 6 * abs(factor) * fmpq(int(sqrt(to_float(dot(a, a))) ** 3 * 1025) + 1, 1024)
    placed = replace(smooth, third=third)
    while not placed.decides_at_once:
        start = tuple((x + m) / 2 for x, m in zip(placed.problem.start, smooth.point, strict=True))
        placed = replace(placed, problem=replace(placed.problem, start=start))
    names = [f"x{i + 1}" for i in range(n)]
    problem = placed.problem
    return placed, SmoothProblem.of(text, step_size=problem.step_size, start=problem.start, variables=names)


def _observed(pair: Pair) -> Outcome:
    """Compare what mpmath observes with the kinks with the limit that is proved without them, from the same start."""
    smooth, kinked = pair
    decision, proof = decided_smooth(smooth.problem)
    seen = observe_smooth(kinked, lambda _: smooth.point, max_steps=_STEPS)
    kind, vector = _KINDS[smooth.regime], [to_float(x) for x in smooth.predicted]
    known = proof is not None and decision.limit is not None and decision.limit.kind is kind and seen.settled
    away = max((abs(a - b) for a, b in zip(seen.vectors[0], vector, strict=True)), default=0.0) if known else 0.0
    words = f"{seen.kind.value} along {shown_vector(seen.vectors[0])}" if seen.kind else "not settled"
    return Outcome(
        violated=(seen.kind is not kind or away > _SAME) if known else None,
        evidence="observed",
        problem=kinked,
        predicted=f"{kind.value} along {shown_vector(vector)}, as is proved without the kinks",
        happens=f"{words}, as mpmath sees it",
        severity=away,
    )


KINKS = Ablation(
    name="smoothness-c21-smooth",
    assumption="smoothness",
    dropped="the loss is C³; it is not a polynomial, and C² with a Lipschitz second derivative: |t|³ at the minimizer",
    claim="The limit is the one that is proved for the C³ loss without the kinks, from the same start.",
    instances=_with_kinks(),
    examine=_observed,
    severity="distance of a component of the limit from the predicted one",
    cost=10,
)
