"""What is not decided does not hold: with blurred enclosures, every claim that compares them notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flint import arb, fmpq
from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.properties.claims import (
    amplitude,
    boundary,
    conclusion,
    dominance,
    equivariance,
    examination,
    exceptional,
    invariance,
    methods,
    rate,
    sharpness,
    signal,
    smooth,
    trajectory,
    updates,
    valleys,
)
from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.examination import equals, positive, require, up_to_rounding
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.claims.trajectory import EnclosedIterate, walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision, decide
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.loss.balls import at_most
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley

BLUR = fmpq(3, 10)
ON_WALKS = {"amplitude", "dominance", "invariance", "rate", "sharpness", "signal", "updates"}
ON_LIMITS = {
    "adaptive",
    "alternation",
    "boundary",
    "direction",
    "equivariance",
    "exceptional",
    "heavy-ball",
    "nesterov",
    "preconditioned",
    "sharpness",
}
ON_EXACT_POINTS = {"remainder", "smooth-remainder"}
"""It compares rationals alone; an iterate only tells it where."""
ON_FLOATS = {"observation"}
IN_VALLEYS = {"valley"}
ON_SMOOTH_LIMITS = {"smooth"}
EXAMPLES = 12


def wider(x: arb, by: arb) -> arb:
    return x + by.union(-by)


def blurred(iterate: EnclosedIterate) -> EnclosedIterate:
    """Every quantity of an iterate known to 30 % of its length only."""
    by = (iterate.length * BLUR).upper()
    return replace(
        iterate,
        error=iterate.error + by,
        y=tuple(wider(y, by) for y in iterate.y),
        along=wider(iterate.along, by).nonnegative_part(),
        across=wider(iterate.across, by).nonnegative_part(),
        length=wider(iterate.length, by).nonnegative_part(),
    )


def decided_roughly(*arguments: Any, **options: Any) -> Decision:
    """A decision whose limit is known to 30 % only."""
    decision = decide(*arguments, **options)
    if decision.amplitude is None:
        return decision
    limit = decision.amplitude.limit
    vectors = tuple(tuple(wider(x, arb(BLUR)) for x in v) for v in limit.vectors)
    return replace(decision, amplitude=replace(decision.amplitude, limit=replace(limit, vectors=vectors)))


def findings(claim: Claim, regime: Regime, used: Callable[[], bool]) -> list[Finding]:
    """The findings on some problems, of those in which the blurred numbers were used."""
    found = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(claim.instances(regime=regime, dimensions=(2, 4)))
    def examine(instance: Instance) -> None:
        used()
        finding = claim.examine(instance)
        if used():
            found.append(finding)

    examine()
    return found


def test_every_claim_is_accounted_for() -> None:
    assert set(CLAIMS) == ON_WALKS | ON_LIMITS | ON_EXACT_POINTS | ON_FLOATS | IN_VALLEYS | ON_SMOOTH_LIMITS


@pytest.mark.parametrize("regime", [Regime.SMALL_STEP, Regime.LARGE_STEP], ids=lambda r: r.value)
@pytest.mark.parametrize("name", sorted(ON_WALKS))
def test_a_claim_does_not_hold_of_a_blurred_trajectory(
    name: str, regime: Regime, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def walk_blurred(*arguments: Any) -> Iterator[EnclosedIterate]:
        for iterate in walk(*arguments):
            taken.append(iterate.step)
            yield blurred(iterate)

    def used() -> bool:
        was, taken[:] = bool(taken), []
        return was

    for module in (amplitude, dominance, invariance, sharpness, trajectory):
        monkeypatch.setattr(module, "walk", walk_blurred)
    assert {rate.settled_walk, signal.settled_walk, updates.settled_walk} == {trajectory.settled_walk}
    found = findings(CLAIMS[name], regime, used)
    assert found
    assert {finding.holds for finding in found} == {None}, found
    # The comparisons notice by themselves where it matters, also if rough iterates were let through.
    monkeypatch.setattr(trajectory, "ROUGHEST", arb(4))
    assert None in {finding.holds for finding in findings(CLAIMS[name], regime, used)}


@pytest.mark.parametrize("name", sorted(ON_LIMITS))
def test_a_claim_does_not_hold_of_a_blurred_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []

    def decide_roughly(*arguments: Any, **options: Any) -> Decision:
        decision = decided_roughly(*arguments, **options)
        # On a subspace most claims say nothing of the limit.
        taken.append(decision.limit is not None and (decision.subspace is None or name == "exceptional"))
        return decision

    def used() -> bool:
        was, taken[:] = any(taken), []
        return was

    for module in (examination, equivariance, exceptional):
        monkeypatch.setattr(module, "decide", decide_roughly)
    # The checker would reject such a certificate; here the claims' own comparisons are to notice.
    for module in (boundary, conclusion, exceptional, methods):
        monkeypatch.setattr(module, "certificate_is_accepted", lambda decision: None)
    claim = CLAIMS[name]
    found = findings(claim, claim.regimes[0], used)
    assert found
    assert {finding.holds for finding in found} == {None}, found


@pytest.mark.parametrize("name", sorted(IN_VALLEYS))
def test_a_claim_does_not_hold_of_a_blurred_limit_in_a_valley(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def decide_roughly(*arguments: Any, **options: Any) -> ValleyDecision:
        decision = decide_valley(*arguments, **options)
        assert decision.arrival is not None
        vector = tuple(wider(x, arb(BLUR)) for x in decision.arrival.vector)
        return replace(decision, arrival=replace(decision.arrival, vector=vector))

    monkeypatch.setattr(valleys, "decide_valley", decide_roughly)
    monkeypatch.setattr(valleys, "check", lambda certificate: None)
    for regime in CLAIMS[name].regimes:
        assert {finding.holds for finding in findings(CLAIMS[name], regime, lambda: True)} == {None}


@pytest.mark.parametrize("name", sorted(ON_SMOOTH_LIMITS))
def test_a_claim_does_not_hold_of_a_blurred_limit_of_a_smooth_loss(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def decide_roughly(*arguments: Any, **options: Any) -> SmoothDecision:
        decision = decide_smooth(*arguments, **options)
        assert decision.amplitude is not None
        limit = decision.amplitude.limit
        vectors = tuple(tuple(wider(x, arb(BLUR)) for x in vector) for vector in limit.vectors)
        return replace(decision, amplitude=replace(decision.amplitude, limit=replace(limit, vectors=vectors)))

    monkeypatch.setattr(smooth, "decide_smooth", decide_roughly)
    monkeypatch.setattr(smooth, "check", lambda certificate: None)
    for regime in STEPS:
        assert {finding.holds for finding in findings(CLAIMS[name], regime, lambda: True)} == {None}


def test_comparisons_have_three_values() -> None:
    one = arb(1)
    assert at_most(one, one) is True
    assert at_most(one, arb(2)) is True
    assert at_most(arb(2), one) is False
    assert at_most(arb(1, 0.5), arb(2, 1)) is None
    assert at_most(arb("nan"), one) is None
    assert at_most(one, arb("inf")) is None
    assert [positive(x) for x in (one, arb(0), -one, arb(0, 1), arb("nan"))] == [True, False, False, None, None]
    assert equals(arb(1, 1e-9), fmpq(1)) is True
    assert equals(arb(1, 1e-3), fmpq(1)) is None
    assert equals(arb(1, 1e-9), fmpq(2)) is False
    assert equals(arb("nan"), fmpq(1)) is None
    assert at_most(one, up_to_rounding(one)) is True


def test_undecided_is_no_pass() -> None:
    with pytest.raises(examination.Undecided, match="undecided: it is less"):
        require(None, "it is less", step=3)
    with pytest.raises(examination.ClaimViolation, match="it is less at step 3"):
        require(False, "it is less", step=3)
    require(True, "it is less")
