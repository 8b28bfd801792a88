"""The theorem's claims as they are run: their problems are spread and counted, and what is wrong is found and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gdcheck.properties.claims.claim import Claim, ClaimStatus, Finding, status
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.built_in import BANDS, BY_FORMULA, SEARCH, all_of_them, built_in, unsettled
from gdcheck.properties.lemmas.drawing import Shard, shards_of
from gdcheck.properties.lemmas.loading import Source, files_of
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.record import counterexample
from gdcheck.properties.lemmas.results import ShardResult, Witness
from gdcheck.properties.lemmas.run import begin, workload
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.lemmas.simplify import Shrinking, simplest
from gdcheck.properties.lemmas.verdict import row_of
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.reports.own_claims_view import CounterexampleView
from gdcheck.theorem.loss.errors import InputError
from tests.builders.instances import WORKED_INSTANCE

DIRECTION = CLAIMS["direction"]


def worked(name: str, count: int, seed: int = 0) -> ShardResult:
    """A shard of a claim of the theorem."""
    result = ShardResult(name)
    examine_shard(built_in(name), Shard(seed, 0, 0, count), result)
    return result


# Claims ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_a_claim_says_what_it_claims_and_where_that_is_argued(claim: Claim) -> None:
    assert claim.kind in {"proved", "observed"}
    assert claim.sentence.endswith(").")
    assert any(
        word in claim.sentence
        for word in ("Theorem 1", "Lemma", "layer", "paper", "docs/methods.md", "docs/valleys.md", "docs/smooth.md")
    )
    assert len(claim.statement) > 60
    assert claim.regimes
    assert claim.margin


def test_every_claim_has_its_module() -> None:
    assert list(CLAIMS) == [
        "direction",
        "alternation",
        "boundary",
        "remainder",
        "invariance",
        "dominance",
        "exceptional",
        "amplitude",
        "updates",
        "signal",
        "rate",
        "sharpness",
        "observation",
        "equivariance",
        "preconditioned",
        "heavy-ball",
        "nesterov",
        "adaptive",
        "valley",
        "smooth",
        "smooth-remainder",
    ]


@pytest.mark.parametrize(
    ("holds", "place", "expected"),
    [
        (True, StartPlace.BALL, ClaimStatus.PASSED),
        (True, StartPlace.OUTSIDE, ClaimStatus.PASSED),
        (False, StartPlace.BALL, ClaimStatus.FAILED),
        (None, StartPlace.BALL, ClaimStatus.FAILED),
        (None, StartPlace.CONE, ClaimStatus.FAILED),
        (None, StartPlace.EXCEPTIONAL, ClaimStatus.FAILED),
        (None, StartPlace.OUTSIDE, ClaimStatus.UNRESOLVED),
        (False, StartPlace.OUTSIDE, ClaimStatus.FAILED),
    ],
)
def test_unresolved_is_never_a_pass(holds: bool | None, place: StartPlace, expected: ClaimStatus) -> None:
    finding = Finding(holds, None, "", "unresolved")
    assert status(replace(WORKED_INSTANCE, place=place), finding) is expected


# Planning -------------------------------------------------------------------------------------------------------------


def test_all_of_them_are_run_together_and_costly_ones_get_fewer(tmp_path: Path) -> None:
    plan = begin(["theorem"], 0, 240, 60.0, tmp_path)
    assert list(plan.digests) == [*CLAIMS, *(name + SEARCH for name in CLAIMS)]
    known = all_of_them()
    for name, claim in CLAIMS.items():
        assert known[name].share == 1 / claim.cost and known[name + SEARCH].share == 0.02 / claim.cost
    assert workload(plan) == sum(max(1, round(240 * own.share)) for own in known.values())
    assert workload(begin(["observation"], 0, 240, 60.0, tmp_path)) == 240


@pytest.mark.parametrize("name", ["direction", "rate"])
def test_every_regime_and_band_has_its_share_of_a_shard(name: str) -> None:
    kinds = len(CLAIMS[name].regimes) * len(BANDS)
    found = worked(name, 2 * kinds)
    assert sum(found.kinds["regime"].values()) == 2 * kinds == found.examined
    assert set(found.kinds["regime"]) == {regime.value for regime in CLAIMS[name].regimes}
    for low, high in BANDS:
        within = sum(count for n, count in found.kinds["n"].items() if low <= int(n) <= high)
        assert within == 2 * len(CLAIMS[name].regimes)


# Counting -------------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_a_shard_and_counts_add_up_in_any_order() -> None:
    one, again, other = (worked("direction", 12, seed) for seed in (7, 7, 8))
    assert one == again != other
    assert one.drawn == one.examined == sum(one.kinds["verdict"].values()) == 12 and one.discarded == 0
    forward, backward = ShardResult("direction"), ShardResult("direction")
    for part in (one, other):
        forward.merge(part)
    for part in (other, one):
        backward.merge(part)
    assert forward == backward and forward.examined == 24
    margins = [part.closest.margin for part in (one, other) if part.closest is not None]
    assert forward.closest is not None and forward.closest.margin == min(m for m in margins if m is not None)


def test_discarded_draws_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(**kinds: object) -> object:
        return DIRECTION.instances(**kinds).filter(lambda instance: instance.problem.loss.degree != 3)

    monkeypatch.setitem(CLAIMS, "direction", replace(DIRECTION, instances=make))
    found = worked("direction", 12)
    assert found.discarded > 0 and found.drawn >= 12 + found.discarded


def test_a_search_is_led_by_the_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The margin is the size of the start's denominator: a search finds larger ones than chance does."""

    def examine(instance: Instance) -> Finding:
        return Finding(True, -float(sum(x.q.bit_length() for x in instance.problem.start)), "seen", "proved")

    monkeypatch.setitem(CLAIMS, "rate", replace(CLAIMS["rate"], examine=examine, instances=DIRECTION.instances))
    searched = ShardResult("rate")
    examine_shard(built_in("rate" + SEARCH), Shard(0, 0, 0, 80), searched)
    again = ShardResult("rate")
    examine_shard(built_in("rate" + SEARCH), Shard(0, 0, 0, 80), again)
    assert searched == again and searched.examined == 80
    assert searched.closest is not None and searched.closest.margin is not None
    strategies = built_in("rate" + SEARCH)
    by_chance = ShardResult("rate")
    examine_shard(replace(strategies, searches=False), Shard(0, 0, 0, 80), by_chance)
    assert by_chance.closest is not None and by_chance.closest.margin is not None
    assert searched.closest.margin < by_chance.closest.margin


@pytest.mark.parametrize(
    ("agrees", "left", "said"), [(99, 1, None), (98, 2, "2 of 100 problems, more than 1%"), (0, 1, None), (0, 0, None)]
)
def test_a_second_engine_that_seldom_settles_is_named(agrees: int, left: int, said: str | None) -> None:
    """Every problem for itself may be left unresolved; a silent rise of their share may not."""
    total = ShardResult("direction", kinds={"second": {"agrees": agrees, "not settled": left}})
    found = unsettled(built_in("direction"), total)
    assert found is None if said is None else found is not None and said in found


def test_every_claim_has_a_bound_that_a_silent_engine_exceeds() -> None:
    for name in CLAIMS:
        assert unsettled(built_in(name), ShardResult(name, kinds={"second": {"not settled": 2}}))


def test_what_holds_by_formula_is_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    by_formula = replace(DIRECTION, examine=lambda i: Finding(True, 1.0, "", "proved", formula=True), second=None)
    monkeypatch.setitem(CLAIMS, "direction", by_formula)
    assert worked("direction", 4).causes == {"aside": {f"holds by formula: {BY_FORMULA}": 4}}


# Failing --------------------------------------------------------------------------------------------------------------


def failing(patch: pytest.MonkeyPatch, examine: Callable[[Instance], Finding], name: str = "direction") -> Witness:
    """Examine a claim whose examination is replaced, and return its first failure."""
    patch.setitem(CLAIMS, name, replace(CLAIMS[name], examine=examine, second=None))
    first = worked(name, 30).first
    assert first is not None
    return first


def test_a_failure_is_shrunk_in_a_search_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(instance: Instance) -> Finding:
        return Finding(instance.problem.dimension < 3, -float(instance.problem.dimension), "wide", "proved")

    first = failing(monkeypatch, examine)
    for name in ("direction", "direction" + SEARCH):
        found = ShardResult(name)
        examine_shard(built_in(name), Shard(0, 0, 0, 30), found)
        assert found.first is not None
        simple, why_not = simplest(built_in(name), found.first, Shard(0, 0, 0, 30))
        assert (len(simple.problem["variables"]), why_not) == (3, "")
    assert first.evidence == "proved" and first.cause == "wide"


def test_an_error_inside_a_claim_names_itself_and_the_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(_: Instance) -> Finding:
        raise ZeroDivisionError("planted")

    with pytest.raises(ClaimError, match=r'raised ZeroDivisionError: planted on ."loss": '):
        failing(monkeypatch, examine)


@pytest.mark.parametrize("place", [StartPlace.BALL, StartPlace.OUTSIDE])
def test_an_unresolved_problem_in_the_ball_is_a_failure(place: StartPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    own = CLAIMS["rate"]

    def make(**kinds: object) -> object:
        return own.instances(**kinds).map(lambda instance: replace(instance, place=place))

    open_ = Finding(None, None, "planted", "unresolved")
    monkeypatch.setitem(CLAIMS, "rate", replace(own, examine=lambda _: open_, instances=make))
    found = worked("rate", 6)
    if place is StartPlace.OUTSIDE:
        # It is counted on neither side, by its cause.
        assert found.causes == {"aside": {"unresolved: planted": 6}} and found.first is None
        return
    assert found.causes == {"undecided": {"planted": 6}}
    assert found.first is not None and found.first.evidence == "undecided"
    simple, _ = simplest(built_in("rate"), found.first, shards_of(0, 6, 6)[0])
    assert simple.evidence == "undecided" and len(simple.problem["loss"]) <= len(found.first.problem["loss"])


def test_what_is_owed_a_decision_is_kept_and_makes_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(_: Instance) -> Finding:
        return Finding(None, None, "planted", "unresolved")

    first = failing(monkeypatch, examine, "rate")
    source = Source("rate", "rate")
    shrinking = Shrinking(source, lambda _: built_in("rate"), Shard(0, 0, 0, 30), first, first, "not now")
    _, record = counterexample(shrinking)
    row = row_of(worked("rate", 6), "a sentence", "", "", record)
    assert (row.verdict, row.violated, row.undecided) == ("undecided", 0, 6)
    assert "ought to be decided" in CounterexampleView(record).headline()


@pytest.mark.parametrize("name", ["theorem", "rate", "rate-search"])
def test_a_folder_beside_does_not_hide_a_claim_of_the_theorem(name, tmp_path, monkeypatch):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert files_of([name]) == [name]
    with pytest.raises(InputError, match="holds no Python file"):
        files_of([f"./{name}"])
