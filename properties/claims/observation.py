"""What is seen in high-precision floating point agrees with what is proved."""

from functools import partial
from math import log10

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import MOST_MARGIN, holds, on_decided, require
from gdcheck.properties.strategies.instance import Instance, StartPlace, StepPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.observation import observe

_TOLERANCE = 1e-9
_AGREEMENT = 1e-6
_MOST_STEPS = 300
_DIGITS = 40


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    seen = observe(instance.problem, _TOLERANCE, _MOST_STEPS, _DIGITS)
    if not seen.settled:
        return holds(decision, "nothing settled within the steps observed")
    limit = decision.limit
    if limit is None:
        return holds(decision, "a direction settled; no limit is certified")
    require(seen.kind is limit.kind, f"observed {seen.kind}, proved {limit.kind}")
    distance = max(
        max(abs(x - float(y.mid())) for x, y in zip(u, v, strict=True))
        for u, v in zip(seen.vectors, limit.vectors, strict=True)
    )
    margin = MOST_MARGIN if distance == 0 else log10(_AGREEMENT / distance)
    require(distance <= _AGREEMENT, f"the observed direction is {distance} away from the proved one", margin)
    return holds(decision, "settled where the limit is proved to be", margin)


def _instances(*, regime: Regime, dimensions: tuple[int, int]) -> SearchStrategy[Instance]:
    """Problems most of which settle soon: nothing near the boundary, nothing slow."""
    make = partial(problems, regime=regime, dimensions=dimensions, place=StartPlace.BALL)
    return st.one_of(make(step_place=StepPlace.INSIDE), make(step_place=StepPlace.SINGULAR))


CLAIM = Claim(
    name="observation",
    sentence="The limit can be seen: gradient descent in floating point settles on it (the paper's plots of the"
    " direction).",
    statement="Where the direction of 40-digit mpmath iterates has settled to 10⁻⁹ within 300 steps, its kind is the"
    " proved one and its vector is within 10⁻⁶ of the proved limit.",
    kind="observed",
    instances=_instances,
    examine=_examine,
    margin="log₁₀(10⁻⁶/distance)",
    cost=8,
)
