"""Layer 3: the dominance cone is never left, the sign pattern is kept, and the other components vanish beside it."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import isclose

from flint import arb
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import (
    holds,
    midpoint,
    on_certified,
    positive,
    require,
    unresolved,
    up_to_rounding,
)
from gdcheck.properties.claims.trajectory import EnclosedIterate, remainder_bound, second_modulus, walk
from gdcheck.properties.strategies.instance import Instance, SpectrumShape, StartPlace, StepPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.certificate.paper_chain import Chain, paper_chain
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import at_most, surely_less
from gdcheck.theorem.methods.statement import Regime

_STEPS = 20
_MOST_CONE = 20_000


@on_certified("in the bad set: an invariant subspace without the dominant eigenvector")
def _examine(instance: Instance, decision: Decision) -> Finding:
    chain = paper_chain(decision, max_steps=_MOST_CONE)
    if chain is None:
        return unresolved(decision, "the chain does not apply")
    _alpha_is_right(instance, chain)
    if chain.cone_step is None:
        return unresolved(decision, f"the cone was not reached within {_MOST_CONE} steps")
    stretch = list(walk(instance, chain.cone_step, _STEPS + 1))
    bound = remainder_bound(instance)
    slack = min(_in_cone(instance, iterate) for iterate in stretch)
    for before, after in pairwise(stretch):
        _one_step(instance, bound, before, after)
    bounded = _ratio_is_bounded(instance, bound, chain, stretch)
    return holds(decision, f"in the cone; |y_i|/|y_d|^α {bounded}", slack)


def _alpha_is_right(instance: Instance, chain: Chain) -> None:
    """Require α's supremum to be min(2, ln b/ln ρ): the step of layer 3 needs ρ^α ≥ b."""
    rho, b = instance.rho, second_modulus(instance)
    expected = midpoint(arb(b).log() / arb(rho).log()) if b > rho * rho else 2.0
    require(isclose(chain.alpha, expected, rel_tol=1e-12), f"α is {chain.alpha}, not {expected}")
    require(1 < chain.alpha <= 2 or isclose(chain.alpha, 1), f"α = {chain.alpha} is not in (1, 2]")


def _in_cone(instance: Instance, iterate: EnclosedIterate) -> float:
    """Require Σ_{i≠d}|y_i| ≤ |y_d|; return the share of |y_d| that is left."""
    others = sum((abs(y) for i, y in enumerate(iterate.y) if i != instance.index), arb(0))
    left = midpoint(1 - others / iterate.along)
    require(at_most(others, iterate.along), "outside the cone", left, step=iterate.step)
    return left


def _one_step(instance: Instance, bound: RemainderBound, before: EnclosedIterate, after: EnclosedIterate) -> None:
    """Require the sign pattern, and s' ≤ (b s + C r(1 + s²))/(ρ − C r(1 + s²)) for s = ‖y_⊥‖/|y_d|."""
    sign = before.y[instance.index] * after.y[instance.index]
    kept = positive(sign if instance.regime is Regime.SMALL_STEP else -sign)
    require(kept, "the sign pattern breaks", step=after.step)
    s, s_after = before.across / before.along, after.across / after.along
    push = bound.quadratic(before.length) * before.length * (1 + s * s)
    # A quadratic in two variables attains the bound.
    limit = up_to_rounding((arb(second_modulus(instance)) * s + push) / (arb(instance.rho) - push))
    require(at_most(s_after, limit), "the ratio exceeds its bound", midpoint(1 - s_after / limit), step=after.step)


def _ratio_is_bounded(
    instance: Instance, bound: RemainderBound, chain: Chain, stretch: Sequence[EnclosedIterate]
) -> str:
    """Check |y_⊥|/|y_d|^α against its bound for an α halfway to the supremum, once that bound exists.

    From q' ≤ a q + c with a = b/(ρ − c')^α < 1 follows q ≤ max(q₀, c/(1 − a)); c' = C r(1 + s₀²) at the first step.
    """
    alpha = 1 + (arb(chain.alpha) - 1) / 2
    edge = 1 / arb(max(len(instance.spectrum) - 1, 1))
    for k, first in enumerate(stretch):
        push = bound.quadratic(first.length) * first.along * (1 + edge)
        room = arb(instance.rho) - push
        if not surely_less(arb(0), room):
            continue
        a = arb(second_modulus(instance)) / room**alpha
        if not surely_less(a, arb(1)):
            continue
        q = first.across / first.along**alpha
        c = push * first.along ** (1 - alpha) / room**alpha
        most = up_to_rounding(q.max(c / (1 - a)))
        for iterate in stretch[k + 1 :]:
            ratio = iterate.across / iterate.along**alpha
            grows = "|y_i|/|y_d|^α grows beyond its bound"
            require(at_most(ratio, most), grows, midpoint(1 - ratio / most), step=iterate.step)
        return "stays below its bound"
    return "has no bound yet"


def _instances(*, regime: Regime, dimensions: tuple[int, int]) -> SearchStrategy[Instance]:
    """Start in the cone anywhere in the regime; free ones where b and ρ are so far apart that it is reached."""
    make = partial(problems, regime=regime, dimensions=dimensions)
    return st.one_of(
        make(place=StartPlace.CONE),
        make(place=StartPlace.BALL, shape=SpectrumShape.PLAIN, step_place=StepPlace.INSIDE),
    )


CLAIM = Claim(
    name="dominance",
    sentence="Once the dominant component outweighs the others together, it always will; it keeps its sign pattern, and"
    " the others vanish beside it (layer 3 of the proof of Theorem 1).",
    statement="From a certified step on, Σ_{i≠d}|y_i| ≤ |y_d|; y_d keeps its sign (small step) or changes it at every"
    " step (large step); s = ‖y_⊥‖/|y_d| obeys s' ≤ (b s + C r(1+s²))/(ρ − C r(1+s²)); |y_i|/|y_d|^α stays bounded for"
    " 1 < α < min(2, ln b/ln ρ) and that supremum is right. Bounds that may be attained are compared up to 2⁻¹²⁸.",
    instances=_instances,
    examine=_examine,
    margin="1 − Σ_{i≠d}|y_i|/|y_d|, the smallest on the stretch examined",
    cost=2,
)
