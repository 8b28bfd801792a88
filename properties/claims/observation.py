"""Observations in high-precision floating point agree with what is proved."""

from dataclasses import replace
from functools import partial
from math import log10

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gdcheck.properties.claims.claim import Claim, Finding, SecondOutcome
from gdcheck.properties.claims.examination import MOST_MARGIN, holds, on_decided, require
from gdcheck.properties.strategies.instance import Instance, SpectrumShape, StartPlace, StepPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.amplitude import NotSettled
from gdcheck.theorem.reference.observation import observe

_TOLERANCE = 1e-9
_AGREEMENT = 1e-6
_MOST_STEPS = 600
_DIGITS = 40


@on_decided
def _look(instance: Instance, decision: Decision) -> Finding:
    seen = observe(instance.problem, _TOLERANCE, _MOST_STEPS, _DIGITS)
    if not seen.settled:
        raise NotSettled(f"the direction did not settle within {_MOST_STEPS} steps of mpmath")
    limit = decision.limit
    if limit is None:
        raise NotSettled("a direction settled in mpmath; no limit is certified")
    require(seen.kind is limit.kind, f"observed {seen.kind}, proved {limit.kind}")
    distance = max(
        max(abs(x - float(y.mid())) for x, y in zip(u, v, strict=True))
        for u, v in zip(seen.vectors, limit.vectors, strict=True)
    )
    margin = MOST_MARGIN if distance == 0 else log10(_AGREEMENT / distance)
    require(distance <= _AGREEMENT, f"the observed direction is {distance} away from the proved one", margin)
    return holds(decision, "settled where the limit is proved to be", margin)


def _examine(instance: Instance) -> Finding:
    """Examine the claim, which compares only the second engine with the certified limit."""
    finding = _look(instance)
    if finding.holds is None:
        return finding
    return replace(finding, second=SecondOutcome.AGREES if finding.holds else SecondOutcome.DIFFERS)


def _instances(*, regime: Regime, dimensions: tuple[int, int]) -> SearchStrategy[Instance]:
    """Return problems most of which settle soon: no spread or clustered spectra, no slow steps, no near boundary."""
    make = partial(problems, regime=regime, dimensions=dimensions, place=StartPlace.BALL, shape=SpectrumShape.PLAIN)
    return st.one_of(make(step_place=StepPlace.INSIDE), make(step_place=StepPlace.SINGULAR))


CLAIM = Claim(
    name="observation",
    sentence="The limit can be seen: gradient descent in floating point settles on it (the paper's plots of the"
    " direction).",
    statement="Where the direction of 40-digit mpmath iterates has settled to 10⁻⁹ within 600 steps, its kind is the"
    " proved one and its vector is within 10⁻⁶ of the proved limit.",
    kind="observed",
    instances=_instances,
    examine=_examine,
    margin="log₁₀(10⁻⁶/distance)",
    unsettled=0.6,
    cost=8,
)
