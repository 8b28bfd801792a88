"""The theorems on methods on random problems: each regime's limit, with a certificate that the checker accepts."""

import json

from hypothesis import event, given, settings

from gdcheck.properties.strategies.methods import Family, method_problems
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.reference.observation import observe

KINDS = {
    Regime.SMALL_STEP: LimitKind.FIXED,
    Regime.LARGE_STEP: LimitKind.ALTERNATING,
    Regime.ROTATING: LimitKind.ROTATING,
}


def decided(instance, max_steps=3000):
    decision = decide(instance.problem, max_steps=max_steps)
    assert decision.classification.regime is instance.regime
    assert decision.verdict in {Verdict.PROVED, Verdict.UNRESOLVED, Verdict.NOT_APPLICABLE, Verdict.EXCEPTIONAL}
    if decision.verdict is Verdict.PROVED:
        assert decision.limit.kind is KINDS[instance.regime]
        assert check(json.loads(json.dumps(certificate(decision)))) is None
    return decision


@given(method_problems())
@settings(max_examples=25)
def test_every_regime_of_momentum_is_as_predicted(instance):
    decided(instance)


@given(method_problems(near=3, dimensions=(2, 3)))
@settings(max_examples=10)
def test_next_to_every_threshold(instance):
    decided(instance, 300)


@given(method_problems(near=12, dimensions=(2, 3)))
@settings(max_examples=15)
def test_a_part_in_a_million_million_from_a_threshold(instance):
    """The regime is decided exactly, however many steps the limit itself may cost there."""
    decision = decide(instance.problem, max_steps=50)
    assert decision.classification.regime is instance.regime


@given(method_problems(regime=Regime.BOUNDARY, family=Family.HEAVY_BALL, dimensions=(2, 3)))
@settings(max_examples=10)
def test_on_every_threshold_of_heavy_ball(instance):
    """On the switch, and where an end has a double multiplier: what is certified there, the checker accepts."""
    decision = decide(instance.problem, max_steps=300)
    assert decision.classification.regime is Regime.BOUNDARY
    assert decision.verdict in {Verdict.NOT_APPLICABLE, Verdict.EXCEPTIONAL, Verdict.UNRESOLVED}
    if decision.limit is not None:
        assert decision.limit.kind is not LimitKind.ROTATING
        assert check(json.loads(json.dumps(certificate(decision)))) is None
        event(f"{decision.limit.kind.value}")


@given(method_problems(family=Family.ADAPTIVE, dimensions=(2, 2)))
@settings(max_examples=8)
def test_adaptive_methods_are_as_predicted(instance):
    decided(instance)


@given(method_problems(dimensions=(2, 2), near=0))
@settings(max_examples=6)
def test_what_is_observed_is_what_is_proved(instance):
    decision = decided(instance)
    seen = observe(instance.problem, tolerance=1e-9, max_steps=1500)
    if not seen.settled or decision.limit is None:
        return
    assert seen.kind is decision.limit.kind
    for x, y in zip(seen.vectors[0], decision.limit.vectors[0], strict=True):
        assert abs(x - float(y.mid())) < 1e-6
