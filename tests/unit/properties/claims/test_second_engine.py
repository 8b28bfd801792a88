"""The second engine beside the claims: it settles as a rule, and what it says is never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gdcheck.properties.claims import observation, second_engine
from gdcheck.properties.claims.claim import ClaimStatus, Finding, SecondOutcome, examined, status
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.built_in import built_in
from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.reference.amplitude import NotSettled
from tests.builders.instances import WORKED_INSTANCE

WITH_SECOND = [
    *("alternation", "boundary", "direction", "heavy-ball", "nesterov", "preconditioned", "remainder", "smooth"),
    *("updates", "valley"),
]


def test_ten_claims_have_a_second_engine() -> None:
    assert sorted(name for name, claim in CLAIMS.items() if claim.second is not None) == WITH_SECOND


@pytest.mark.parametrize("name", WITH_SECOND)
def test_it_agrees_and_settles_on_nearly_every_problem(name: str) -> None:
    claim, outcomes = CLAIMS[name], []

    @settings(
        max_examples=12,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(claim.instances(regime=claim.regimes[0], dimensions=(2, 4)))
    def examine(instance: Instance) -> None:
        finding, _ = examined(claim, instance)
        assert finding.holds is not False, finding.note
        if finding.holds or finding.second:
            outcomes.append(finding.second)

    examine()
    assert outcomes.count(SecondOutcome.AGREES) >= 11


@pytest.mark.parametrize(
    ("seen", "outcome", "expected", "note"),
    [
        (True, SecondOutcome.AGREES, ClaimStatus.PASSED, "the predicted limit"),
        (False, SecondOutcome.DIFFERS, ClaimStatus.FAILED, "the second engine differs: it sees more"),
        (None, SecondOutcome.NOT_SETTLED, ClaimStatus.UNRESOLVED, "the second engine did not settle: it sees more"),
    ],
)
def test_what_it_says_decides(
    seen: bool | None, outcome: SecondOutcome, expected: ClaimStatus, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = replace(CLAIMS["direction"], second=lambda *_: Finding(seen, None, "it sees more", "proved"))
    finding, error = examined(claim, WORKED_INSTANCE)
    assert error is None
    assert (finding.second, finding.note) == (outcome, note)
    assert status(WORKED_INSTANCE, finding) is expected
    monkeypatch.setitem(CLAIMS, "direction", claim)
    own = built_in("direction")
    assert own.examination is not None
    found = own.examination(WORKED_INSTANCE)
    assert found.kinds is not None and found.kinds["second"] == outcome.value
    cause = f"unresolved: {note}" if seen is None else note
    assert (found.state, found.cause) == ({True: "held", False: "violated", None: "aside"}[seen], cause)
    assert not found.owed
    alone, _ = examined(claim, WORKED_INSTANCE, second=False)
    assert alone.holds is True
    assert alone.second is None


def test_an_error_in_it_is_a_failure() -> None:
    def broken(*_: Any) -> Finding:
        raise ZeroDivisionError

    finding, error = examined(replace(CLAIMS["direction"], second=broken), WORKED_INSTANCE)
    assert finding.holds is False
    assert isinstance(error, ZeroDivisionError)


def test_it_is_not_asked_about_what_does_not_hold() -> None:
    claim = replace(CLAIMS["direction"], examine=lambda _: Finding(None, None, "it left", "unresolved"))
    finding, _ = examined(claim, WORKED_INSTANCE)
    assert finding.second is None
    assert status(WORKED_INSTANCE, finding) is ClaimStatus.FAILED


def test_not_settled_names_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(_: Any) -> Any:
        raise NotSettled("it took too long")

    monkeypatch.setattr(second_engine, "second_opinion", gives_up)
    finding, _ = examined(CLAIMS["direction"], WORKED_INSTANCE)
    assert finding.note == "the second engine did not settle: it took too long"
    assert finding.holds is None


def test_what_was_not_seen_is_no_observation(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = observation.observe
    fine = CLAIMS["observation"].examine(WORKED_INSTANCE)
    assert (fine.holds, fine.second) == (True, SecondOutcome.AGREES)
    monkeypatch.setattr(observation, "observe", lambda *arguments: replace(honest(*arguments), settled=False))
    finding = CLAIMS["observation"].examine(WORKED_INSTANCE)
    assert (finding.holds, finding.second) == (None, SecondOutcome.NOT_SETTLED)
    assert status(WORKED_INSTANCE, finding) is ClaimStatus.UNRESOLVED


@pytest.mark.parametrize(("share", "least", "most"), [(1.0, 20, 20), (0.5, 4, 16)])
def test_a_share_of_the_problems(share: float, least: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = replace(CLAIMS["direction"], second=lambda *_: Finding(True, None, "", "proved"))
    monkeypatch.setitem(CLAIMS, "direction", claim)
    result = ShardResult("direction")
    examine_shard(built_in("direction", share), Shard(0, 1, 1, 20), result)
    assert least <= result.kinds["second"].get("agrees", 0) <= most
