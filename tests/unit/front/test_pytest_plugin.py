"""The harness tests itself: it spreads the problems, counts them, finds what is wrong, and leaves it for anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gdcheck.cli import run
from gdcheck.properties.claims.claim import Claim, ClaimStatus, Finding, status
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas.built_in import BANDS, SEARCH, budgets, built_in
from gdcheck.properties.lemmas.drawing import Shard, shards_of
from gdcheck.properties.lemmas.outcome import ClaimError
from gdcheck.properties.lemmas.results import ShardResult, Witness
from gdcheck.properties.lemmas.shards import examine_shard
from gdcheck.properties.lemmas.simplify import simplest
from gdcheck.properties.strategies.instance import Instance, StartPlace
from tests.builders.instances import WORKED_INSTANCE

pytest_plugins = ["pytester"]

DIRECTION = CLAIMS["direction"]


def worked(name: str, count: int, seed: int = 0) -> ShardResult:
    """A shard of a claim of the theorem."""
    result = ShardResult(name)
    examine_shard(built_in(name), Shard(seed, 0, 0, count), result)
    return result


# Claims ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))
def test_a_claim_says_what_it_claims_and_where_the_paper_says_it(claim: Claim) -> None:
    assert claim.kind in {"proved", "observed"}
    assert claim.sentence.endswith(").")
    assert any(word in claim.sentence for word in ("Theorem 1", "Lemma", "layer", "paper"))
    assert len(claim.statement) > 60
    assert claim.regimes
    assert claim.margin


def test_every_claim_of_the_paper_has_its_module() -> None:
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
        "rate",
        "sharpness",
        "observation",
        "equivariance",
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


@pytest.mark.parametrize("examples", [500, 3000, 20000])
def test_a_total_is_spread_exactly(examples: int) -> None:
    wanted = budgets(list(CLAIMS.values()), examples, total=True)
    assert sum(wanted.values()) == examples
    assert list(wanted) == list(CLAIMS)


def test_expensive_claims_get_fewer_problems() -> None:
    for name, count in budgets(list(CLAIMS.values()), 240, total=False).items():
        assert count == 240 * len(CLAIMS[name].regimes) * len(BANDS) // CLAIMS[name].cost


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
    examine_shard(built_in("rate" + SEARCH), Shard(0, 0, 0, 200), searched)
    again = ShardResult("rate")
    examine_shard(built_in("rate" + SEARCH), Shard(0, 0, 0, 200), again)
    assert searched == again and searched.examined == 200
    assert searched.closest is not None and searched.closest.margin is not None
    strategies = built_in("rate" + SEARCH)
    by_chance = ShardResult("rate")
    examine_shard(replace(strategies, searches=False), Shard(0, 0, 0, 200), by_chance)
    assert by_chance.closest is not None and by_chance.closest.margin is not None
    assert searched.closest.margin < by_chance.closest.margin


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
    assert found.states == {"undecided": 6}
    if place is StartPlace.OUTSIDE:
        assert found.first is None
        return
    assert found.first is not None and found.first.evidence == "undecided"
    simple, _ = simplest(built_in("rate"), found.first, shards_of(0, 6, 6)[0])
    assert simple.evidence == "undecided" and len(simple.problem["loss"]) <= len(found.first.problem["loss"])


# The plugin -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(
        """
        from dataclasses import replace
        from gdcheck.properties.claims.registry import CLAIMS
        from gdcheck.properties.strategies.instance import StartPlace

        pytest_plugins = ["gdcheck.pytest_plugin"]

        direction, rate = CLAIMS["direction"], CLAIMS["rate"]
        CLAIMS.clear()

        def pytest_configure(config):
            which = config.getoption("-k")
            if which in ("open", "third"):
                every = {"open": 1, "third": 3}[which]
                make = lambda **bands: direction.instances(**bands).map(lambda i: replace(i, place=StartPlace.OUTSIDE))
                def left(i):
                    found = direction.examine(i)
                    if i.problem.dimension % every:
                        return found
                    return replace(found, holds=None, margin=None, note="planted")
                CLAIMS["direction"] = replace(direction, instances=make, examine=left, second=None)
            elif which == "bad":
                bad = lambda i: replace(direction.examine(i), holds=False, note="planted")
                CLAIMS["direction"] = replace(direction, examine=bad)
            elif which == "crash":
                CLAIMS["direction"] = replace(direction, examine=lambda i: 1 / 0)
            else:
                CLAIMS.update(direction=direction, rate=rate)
        """
    )
    pytester.makepyfile(
        """
        from gdcheck.pytest_plugin import run_of

        def pytest_generate_tests(metafunc):
            trials = run_of(metafunc.config).trials()
            metafunc.parametrize("trial", trials, ids=[f"{t.source.name}-{t.shard.number}" for t in trials])

        def test_good_or_bad_or_open_or_third_or_crash(trial, attack):
            attack(trial)
        """
    )
    return pytester


def test_two_workers_and_one_write_the_same_report(project: pytest.Pytester) -> None:
    reports = []
    for workers in ("0", "2"):
        path = project.path / workers / "report.json"
        options = ["--examples", "30", "--shards", "2", "--report", str(path), "--hypothesis-seed=5", "-n", workers]
        result = project.runpytest_subprocess(*options)
        result.assert_outcomes(passed=4)
        result.stdout.fnmatch_lines(["*= claims =*", "direction *", "30 problems; 0 of 30 draws*hypothesis-seed=5"])
        data = json.loads(path.read_text(encoding="utf-8"))
        assert data.pop("run")["workers"] == max(1, int(workers))
        reports.append(data)
    assert reports[0] == reports[1]
    assert reports[0]["problems"] == 30
    assert set(reports[0]["claims"]) == {"direction", "rate"}
    assert sum(reports[0]["claims"]["direction"]["verdict"].values()) == 10


@pytest.mark.parametrize(("which", "workers"), [("open", "0"), ("third", "0"), ("third", "2")])
def test_unresolved_problems_are_skipped_cases_of_their_own(project: pytest.Pytester, workers: str, which: str) -> None:
    """A shard of which nothing holds has not passed; of another, what is unresolved is a case apart."""
    path, junit = project.path / "report.json", project.path / "pytest.xml"
    options = ["--examples", "12", "--shards", "1", "-k", which, "--report", str(path), "--junitxml", str(junit)]
    result = project.runpytest_subprocess(*options, "-n", workers)
    tally = json.loads(path.read_text(encoding="utf-8"))["claims"]["direction"]
    open_ = sum(tally["causes"].values())
    assert open_ == 12 if which == "open" else 0 < open_ < 12
    passed = int(which == "third")
    result.assert_outcomes(passed=passed, skipped=1)
    result.stdout.fnmatch_lines([f"*{open_} unresolved, counted on neither side*"])
    cases = list(ElementTree.parse(junit).iter("testcase"))
    skipped = {case.get("name"): case.find("skipped") for case in cases if case.find("skipped") is not None}
    assert len(cases) == 1 + passed
    assert all(name is not None and name.endswith("-unresolved]") is bool(passed) for name in skipped)
    assert [cause.get("message") for cause in skipped.values() if cause is not None] == [f"{open_} unresolved: planted"]
    assert tally["holds"] == {k: v for k, v in {"holds": 12 - open_, "unresolved": open_}.items() if v}
    assert tally["causes"] == {"planted": open_}
    composed = ElementTree.parse(project.path / "junit.xml")
    assert [x.get("message") for x in composed.iter("skipped")] == [f"unresolved: {open_}: planted"]
    assert len(list(composed.iter("testcase"))) == 1 + passed
    page = (project.path / "index.html").read_text(encoding="utf-8")
    assert f"{open_} unresolved: planted" in page
    assert f"{open_} problems are unresolved." in page


def test_a_failing_run_names_the_file_and_writes_nothing_else(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--examples", "9", "-k", "bad", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*gdcheck replay reports/out/counterexamples/direction-*.json"])
    assert len(list((project.path / "reports" / "out" / "counterexamples").glob("*.json"))) == 1
    assert not list(project.path.rglob("shards"))


def test_a_claim_that_cannot_be_examined_fails_the_run_and_its_report(project: pytest.Pytester) -> None:
    path = project.path / "report.json"
    result = project.runpytest_subprocess("--examples", "9", "-k", "crash", "--report", str(path))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*direction cannot be examined: its examination raised ZeroDivisionError*"])
    failure = ElementTree.parse(project.path / "junit.xml").find(".//failure")
    assert failure is not None and "ZeroDivisionError" in str(failure.get("message"))
    assert "ZeroDivisionError" in (project.path / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failing_claim_shows_its_counterexample_in_the_report(
    project: pytest.Pytester, workers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.path / "report.json"
    options = ["--examples", "9", "--shards", "1", "-k", "bad", "--report", str(path), "-n", workers]
    project.runpytest_subprocess(*options).assert_outcomes(failed=1)
    (broken,) = json.loads(path.read_text(encoding="utf-8"))["counterexamples"]
    assert broken["claim"] == "direction"
    simplest = broken["simplest"]
    line = f"gdcheck replay {simplest['file']}"
    page, summary = ((project.path / name).read_text(encoding="utf-8") for name in ("index.html", "report.md"))
    failure = ElementTree.parse(project.path / "junit.xml").find(".//failure")
    assert failure is not None
    said = str(failure.get("message"))
    for text in (page, summary, said):
        assert line in text
    assert "planted" in said and simplest["instance"]["problem"]["loss"] in said
    assert "A counterexample to direction" in page
    # The line examines the claim again: here the real one, which holds.
    monkeypatch.chdir(project.path)
    assert run(line.split()[1:]) == 0
    assert "FIXED: direction" in capsys.readouterr().out
