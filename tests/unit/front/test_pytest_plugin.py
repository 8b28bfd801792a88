"""The harness tests itself: it spreads the problems, counts them, finds what is wrong, and leaves it for anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec import convert

from gdcheck.cli import run
from gdcheck.properties.claims.claim import Claim, ClaimStatus, Finding, status
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.runner.counterexamples import FORMS, store
from gdcheck.properties.runner.tally import EXAMPLES, Tally, merged
from gdcheck.properties.runner.trial import BANDS, CounterexampleError, Trial, attack, plan, worst_plan
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.methods.statement import Regime

pytest_plugins = ["pytester"]

DIRECTION = CLAIMS["direction"]


def trial(claim: Claim, examples: int = 60) -> Trial:
    return Trial(claim, claim.regimes[0], (2, 4), examples)


def nowhere(_: Mapping[str, Any]) -> None:
    pass


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


def drawn_instance(place: StartPlace = StartPlace.BALL) -> Instance:
    seen: list[dict[str, Any]] = []
    attack(trial(DIRECTION, 5), 0, None, lambda line: seen.append(dict(line)))
    return replace(Instance.from_json(next(line["instance"] for line in seen if "instance" in line)), place=place)


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
    assert status(drawn_instance(place), finding) is expected


# Planning -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("examples", [500, 3000, 20000])
def test_a_total_is_spread_exactly(examples: int) -> None:
    trials = plan(list(CLAIMS.values()), examples, total=True, shards=None)
    assert sum(t.examples for t in trials) == examples
    assert len({t.name for t in trials}) == len(trials)
    assert max(t.examples for t in trials) <= 200


@pytest.mark.parametrize("shards", [1, 3])
def test_every_kind_is_covered_in_each_shard(shards: int) -> None:
    trials = plan(list(CLAIMS.values()), 20, total=False, shards=shards)
    kinds = {(t.claim.name, t.regime, t.dimensions) for t in trials}
    assert kinds == {(c.name, r, band) for c in CLAIMS.values() for r in c.regimes for band in BANDS}
    for t in trials:
        assert t.shards == min(shards, max(1, round(20 / t.claim.cost)))


def test_expensive_claims_get_fewer_problems() -> None:
    for t in plan(list(CLAIMS.values()), 240, total=False, shards=1):
        assert t.examples == 240 // t.claim.cost
    for t in worst_plan(list(CLAIMS.values()), 800):
        assert t.examples == 800 // t.claim.cost


# Counting -------------------------------------------------------------------------------------------------------------


def test_logs_and_tallies_agree_and_a_seed_repeats_a_trial() -> None:
    lines: list[str] = []
    tally = attack(trial(DIRECTION), 7, None, lambda line: lines.append(json.dumps(line)))
    again = attack(trial(DIRECTION), 7, None, nowhere)
    other = attack(trial(DIRECTION), 8, None, nowhere)
    from_log, distinct = merged(lines)
    assert tally == again == from_log
    assert tally != other
    assert tally.problems() == 60
    assert 40 < distinct <= 60
    assert tally.discard_rate == 0


def test_tallies_add_up_whatever_the_order() -> None:
    parts = [attack(trial(DIRECTION, 30), seed, None, nowhere) for seed in range(3)]
    forward, backward = Tally(), Tally()
    for part in parts:
        forward.merge(convert(json.loads(as_json(part)), Tally))
    for part in reversed(parts):
        backward.merge(part)
    assert forward == backward
    assert forward.problems() == 90
    smallest = forward.claims[EXAMPLES]["direction"].smallest_margin
    assert smallest is not None
    margins = [p.claims[EXAMPLES]["direction"].smallest_margin for p in parts]
    assert smallest.margin == min(m.margin for m in margins if m is not None)


# Failing --------------------------------------------------------------------------------------------------------------


def rejects(condition: str) -> Claim:
    """The direction claim, made to fail on some problems."""

    def examine(instance: Instance) -> Finding:
        finding = DIRECTION.examine(instance)
        bad = {"wide": len(instance.spectrum) >= 3, "always": True}[condition]
        return replace(finding, holds=False, note="planted") if bad else finding

    return replace(DIRECTION, examine=examine)


def broken(claim: Claim) -> CounterexampleError:
    with pytest.raises(CounterexampleError) as caught:
        attack(trial(claim), 0, None, nowhere)
    return caught.value


def test_a_failure_is_shrunk_and_keeps_its_three_forms(tmp_path: Path) -> None:
    error = broken(rejects("wide"))
    assert error.simplest["n"] == 3
    assert len(error.simplest["instance"]["problem"]["loss"]) < 60
    stored = store(error, tmp_path)
    for form in FORMS:
        path = tmp_path / stored.folder / f"{form}.json"
        assert f"gdcheck replay {(stored.folder / form).as_posix()}.json" in stored.message
        assert run(["replay", str(path)]) == 0
    assert DIRECTION.sentence in stored.message
    assert not list((tmp_path / stored.folder).glob(".*"))


def test_the_worst_form_is_not_the_simplest_where_a_longer_loss_fails_by_more(tmp_path: Path) -> None:
    def examine(instance: Instance) -> Finding:
        margin = -float(len(instance.problem.to_json()["loss"]))
        return Finding(instance.problem.dimension < 3, margin, "planted", "proved")

    error = broken(replace(DIRECTION, examine=examine, second=None))
    stored = store(error, tmp_path)
    found, simplest, worst = (json.loads((tmp_path / stored.folder / f"{form}.json").read_text()) for form in FORMS)
    assert worst["margin"] <= found["margin"]
    assert worst["margin"] < simplest["margin"]
    for seen in (found, simplest, worst):
        assert seen["margin"] == -len(seen["problem"]["loss"])


def test_an_error_inside_a_claim_is_a_failure_that_names_it() -> None:
    def examine(_: Instance) -> Finding:
        raise ZeroDivisionError("planted")

    error = broken(replace(DIRECTION, examine=examine))
    assert isinstance(error.cause, ZeroDivisionError)
    assert error.simplest["note"] == "ZeroDivisionError: planted"


def test_an_unresolved_problem_in_the_ball_is_a_failure() -> None:
    def examine(_: Instance) -> Finding:
        return Finding(None, None, "planted", "unresolved")

    error = broken(replace(CLAIMS["rate"], examine=examine, regimes=(Regime.LARGE_STEP,)))
    assert error.simplest["holds"] == "unresolved"


# The plugin -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["gdcheck.pytest_plugin"]')
    pytester.makepyfile(
        """
        from dataclasses import replace
        from gdcheck.properties.claims.registry import CLAIMS
        from gdcheck.pytest_plugin import run_of

        def claims(config):
            direction = CLAIMS["direction"]
            if config.getoption("-k") in ("open", "third"):
                from itertools import count
                from gdcheck.properties.strategies.instance import StartPlace
                turn, every = count(), {"open": 1, "third": 3}[config.getoption("-k")]
                make = lambda **bands: direction.instances(**bands).map(lambda i: replace(i, place=StartPlace.OUTSIDE))
                def left(i):
                    found = direction.examine(i)
                    return found if next(turn) % every else replace(found, holds=None, margin=None, note="planted")
                return [replace(direction, instances=make, examine=left)]
            if config.getoption("-k") == "bad":
                bad = lambda i: replace(direction.examine(i), holds=False, note="planted")
                return [replace(direction, examine=bad)]
            return [direction, CLAIMS["rate"]]

        def pytest_generate_tests(metafunc):
            trials = run_of(metafunc.config).trials(claims(metafunc.config))
            metafunc.parametrize("trial", trials, ids=[t.name for t in trials])

        def test_good_or_bad_or_open_or_third(trial, attack):
            attack(trial)
        """
    )
    return pytester


def test_two_workers_and_one_write_the_same_report(project: pytest.Pytester) -> None:
    reports = []
    for workers in ("0", "2"):
        path = project.path / workers / "report.json"
        options = ["--examples", "60", "--shards", "2", "--report", str(path), "--hypothesis-seed=5", "-n", workers]
        result = project.runpytest_subprocess(*options)
        result.assert_outcomes(passed=18)
        result.stdout.fnmatch_lines(["*= claims =*", "direction *", "60 problems; 0 of 60 draws*hypothesis-seed=5"])
        data = json.loads(path.read_text(encoding="utf-8"))
        observed = list((path.parent / "observations").glob("*.jsonl"))
        assert data.pop("run")["workers"] == len(observed) == max(1, int(workers))
        reports.append(data)
    assert reports[0] == reports[1]
    assert reports[0]["problems"] == 60
    assert set(reports[0]["claims"]) == {"direction", "rate"}
    assert sum(reports[0]["claims"]["direction"]["verdict"].values()) == 20


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("which", "each", "passed"), [("open", 3, 0), ("third", 1, 3)])
def test_unresolved_problems_are_skipped_cases_of_their_own(
    project: pytest.Pytester, workers: str, which: str, each: int, passed: int
) -> None:
    """A trial of which nothing holds has not passed; of another, what is unresolved is a case apart."""
    path, junit = project.path / "report.json", project.path / "pytest.xml"
    options = ["--examples", "9", "-k", which, "--report", str(path), "--junitxml", str(junit), "-n", workers]
    result = project.runpytest_subprocess(*options)
    result.assert_outcomes(passed=passed, skipped=3)
    result.stdout.fnmatch_lines([f"*{3 * each} unresolved, counted on neither side*"])
    cases = list(ElementTree.parse(junit).iter("testcase"))
    skipped = {case.get("name"): case.find("skipped") for case in cases if case.find("skipped") is not None}
    assert len(cases) == 3 + passed
    assert all(name is not None and name.endswith("-unresolved]") is bool(passed) for name in skipped)
    messages = [cause.get("message") for cause in skipped.values() if cause is not None]
    assert messages == [f"{each} unresolved: planted"] * 3
    tally = json.loads(path.read_text(encoding="utf-8"))["claims"]["direction"]
    counts = {"holds": 9 - 3 * each, "unresolved": 3 * each}
    assert (tally["holds"], tally["causes"]) == ({k: v for k, v in counts.items() if v}, {"planted": 3 * each})
    composed = ElementTree.parse(project.path / "junit.xml")
    assert [x.get("message") for x in composed.iter("skipped")] == [f"unresolved: {3 * each}: planted"]
    assert len(list(composed.iter("testcase"))) == 1 + bool(passed)
    page = (project.path / "index.html").read_text(encoding="utf-8")
    assert f"{3 * each} unresolved: planted" in page
    assert f"{3 * each} problems are unresolved." in page


def test_a_failing_run_names_the_file_and_writes_nothing_else(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--examples", "9", "-k", "bad", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*gdcheck replay reports/out/counterexamples/direction-*/problem.json"])
    stored = list((project.path / "reports" / "out" / "counterexamples").glob("*/problem.json"))
    assert stored
    assert not list(project.path.rglob("*.jsonl"))


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failing_claim_shows_its_counterexample_in_the_report(
    project: pytest.Pytester, workers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.path / "report.json"
    options = ["--examples", "9", "-k", "bad", "--report", str(path), "-n", workers]
    project.runpytest_subprocess(*options).assert_outcomes(failed=3)
    broken = json.loads(path.read_text(encoding="utf-8"))["counterexamples"]
    assert len(broken) == 3 and {b["claim"] for b in broken} == {"direction"}
    simplest = broken[0]["simplest"]
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
