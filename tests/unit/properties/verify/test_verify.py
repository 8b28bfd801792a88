"""The run: complete, the same on any number of processes, and never silent about what is not proved."""

import json
from fractions import Fraction
from functools import cache

import pytest
from msgspec.structs import replace

from gdcheck.properties.storage.files import as_json
from gdcheck.properties.storage.workers import Ending
from gdcheck.properties.verify import record, sharpness_rows
from gdcheck.properties.verify import verify as module
from gdcheck.properties.verify.record import Record, StoredLimit, examine
from gdcheck.properties.verify.verification import Verification
from gdcheck.properties.verify.verify import verify, workload
from gdcheck.terminal.show import show_verification
from gdcheck.theorem.descent.problem import Problem
from tests.builders.narrow import COLUMNS, shown_narrow, words_whole

PROBLEMS = 24


def accept(certificate: object) -> str | None:
    return None


def reject(certificate: object) -> str | None:
    return "planted: <script>alert(1)</script>"


def stumble(certificate: object) -> str | None:
    raise ZeroDivisionError("planted")


def refuse_large(certificate: object) -> str | None:
    assert isinstance(certificate, dict)
    return "planted" if certificate["regime"] == "large-step" else None


@cache
def small_run() -> Verification:
    return verify(PROBLEMS, seed=0)


def test_everything_is_proved_and_rechecked() -> None:
    run = small_run()
    assert run.outcome == "passed", [r.reason for r in run.records if r.verdict == "unresolved"]
    assert run.verdicts == {"proved": PROBLEMS, "refuted": 0, "exceptional": 0, "not-applicable": 0, "unresolved": 0}
    assert {r.recheck for r in run.records} == {"accepted"}
    assert run.rejected == 0
    assert not run.interrupted


def test_a_narrow_terminal_breaks_no_word() -> None:
    run = small_run()
    said = shown_narrow(lambda console: show_verification(console, run))
    assert max(map(len, said.splitlines())) <= COLUMNS
    assert {"alternating,", "fixed,", "proved", "accepted", "passed"} <= words_whole(said)
    assert said.count("verdict: proved") == len(run.paper)


def test_the_papers_rows_are_as_expected() -> None:
    assert [(row.expected.kind, row.expected.axis) for row in small_run().paper] == [
        ("fixed", "x"),
        ("alternating", "y"),
        ("fixed", "x"),
        ("alternating", "y"),
        ("fixed", "y"),
        ("alternating", "x"),
    ]
    assert all(row.agrees for row in small_run().paper)


def test_the_sweep_jumps_at_the_boundary() -> None:
    sweep = small_run().sweep
    assert all(row.agrees for row in sweep)
    assert [row.record.ratio for row in sweep] == [float(Fraction(k, 40)) for k in range(1, 60)]
    before, on, after = sweep[38].record, sweep[39].record, sweep[40].record
    assert before.limit == StoredLimit("fixed", (0.0, 1.0))
    assert after.limit == StoredLimit("alternating", (1.0, 0.0))
    assert on.limit is not None and on.limit.kind == "two-cycle"
    assert (on.verdict, on.regime, on.distance, on.gap) == ("not-applicable", "boundary", 0.0, 0.0)


def test_measurements_agree_with_the_theorem() -> None:
    for r in small_run().random:
        assert r.distance is not None and r.gap is not None and r.margin is not None
        assert r.to_lowest is not None and r.to_highest is not None
        small = r.regime == "small-step"
        assert (r.distance < 0) is small
        assert r.gap > 0
        assert r.margin > 0, "a limit is certified only where the amplitude exceeds the tail"
        along, across = (r.to_lowest, r.to_highest) if small else (r.to_highest, r.to_lowest)
        assert along >= 1 - 1e-12
        assert across <= 1e-12


def test_a_quadratic_has_no_tail_and_no_margin() -> None:
    assert [row.record.margin is None for row in small_run().paper] == [True, True, False, False, False, False]


def test_the_distance_keeps_its_digits_next_to_the_boundary() -> None:
    problem = Problem(
        "x**2/2 + 2*y**2 + x*y**2", step_size=str(Fraction(2, 5) * (1 - Fraction(1, 10**15))), start=["0.01", "0.01"]
    )
    found = examine(lambda: problem, 0, accept)
    assert found.distance == pytest.approx(-1e-15, rel=1e-12)
    assert found.gap == pytest.approx(1e-15, rel=1e-12)
    assert found.verdict == "proved"


def test_the_number_of_processes_changes_nothing() -> None:
    seen: list[int] = []
    assert verify(PROBLEMS, 0, jobs=2, on_done=seen.append) == small_run()
    assert seen == sorted(seen)
    assert seen[-1] == workload(PROBLEMS)


def test_progress_is_reported() -> None:
    seen: list[int] = []
    verify(0, 0, on_done=seen.append, checker=accept)
    assert seen == list(range(1, workload(0) + 1))


def test_a_rejecting_checker_leaves_everything_unresolved() -> None:
    run = verify(4, 0, checker=reject)
    assert run.outcome == "incomplete"
    assert run.verdicts["unresolved"] == 4
    assert run.rejected == workload(4)
    for r in run.records:
        assert (r.verdict, r.recheck) == ("unresolved", "rejected")
        assert "rejected by the independent checker: planted: <script>" in r.reason
        assert r.problem is not None, "what is not proved can be replayed"
    assert not any(row.agrees for row in (*run.paper, *run.sweep))


def test_one_rejection_spoils_a_pass() -> None:
    run = verify(4, 0, checker=refuse_large)
    assert run.outcome == "incomplete"
    assert [r.verdict for r in run.random] == ["proved", "unresolved", "proved", "unresolved"]


def test_a_checker_that_fails_accepts_nothing() -> None:
    run = verify(2, 0, checker=stumble)
    assert {r.recheck for r in run.records} == {"rejected"}
    assert all("ZeroDivisionError" in r.reason for r in run.records)


def test_a_malformed_certificate_is_not_accepted() -> None:
    assert "malformed" in str(record.checked_by_recheck({"schema": "gdcheck-certificate/1"}))


def test_an_error_while_deciding_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(problem: Problem) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(record, "decide", broken)
    run = verify(2, 0, checker=accept)
    assert run.outcome == "incomplete"
    assert len(run.records) == workload(2)
    assert all(r.verdict == "unresolved" and "RuntimeError: planted" in r.reason for r in run.records)
    assert all(r.problem is not None for r in run.records)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_is_done(jobs: int) -> None:
    def stop(done: int) -> None:
        if done >= 70:
            raise KeyboardInterrupt

    run = verify(200, 0, jobs=jobs, on_done=stop, checker=accept)
    assert run.interrupted
    assert run.outcome == "incomplete"
    assert 70 <= len(run.records) < workload(200)
    assert all(r.verdict == "proved" for r in run.random)
    whole = {r.index: r for r in verify(200, 0, checker=accept).random}
    assert all(replace(r, problem=None) == replace(whole[r.index], problem=None) for r in run.random)


def test_a_dead_process_leaves_its_problems_unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_tasks", lambda function, tasks, on_result, jobs: Ending.WORKER_LOST)
    run = verify(3, 0, jobs=2, checker=accept)
    assert len(run.records) == workload(3)
    assert run.outcome == "incomplete"
    assert all(r.verdict == "unresolved" and r.problem is not None for r in run.records)


def test_a_worker_that_is_killed_is_on_record() -> None:
    run = verify(2, 0, jobs=2, checker=kill_this_process)
    assert not run.interrupted
    assert run.verdicts["unresolved"] == 2
    assert all("its process ended" in r.reason for r in run.records)


def kill_this_process(certificate: object) -> str | None:
    import os

    os._exit(9)


def test_the_closest_calls_are_kept_in_full() -> None:
    kept = [r for r in small_run().random if r.problem is not None]
    margins = sorted(r.margin for r in small_run().random if r.margin is not None)
    assert sorted(r.margin for r in kept if r.margin is not None) == margins[: module.CLOSEST_CALLS]
    for r in kept:
        assert r.problem is not None
        again = examine(r.problem.problem, r.index, accept)
        assert replace(again, problem=r.problem) == r


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"verdict": "refuted"}, "failed"),
        ({"verdict": "unresolved"}, "incomplete"),
        ({"verdict": "not-applicable"}, "incomplete"),
        ({"verdict": "exceptional"}, "passed"),
    ],
)
def test_one_random_problem_decides_the_outcome(changed: dict[str, str], outcome: str) -> None:
    first, *others = small_run().random
    run = replace(small_run(), random=(replace(first, **changed), *others)).added_up()
    assert run.outcome == outcome


def test_a_row_decided_otherwise_fails_the_run() -> None:
    first, *others = small_run().paper
    assert replace(small_run(), paper=(replace(first, agrees=False), *others)).added_up().outcome == "failed"


def test_a_wrong_expectation_is_noticed() -> None:
    row = small_run().paper[0]
    wrong = replace(row.expected, axis="y")
    assert not module._row(row.title, wrong, ("x", "y"), row.record).agrees
    wrong = replace(row.expected, kind="alternating")
    assert not module._row(row.title, wrong, ("x", "y"), row.record).agrees


def test_a_record_without_a_hessian() -> None:
    problem = Problem("x**2 + y**2 + max(x, 0)**2", step_size="0.1", start=["0.1", "0.1"])
    found = examine(lambda: problem, 0, accept)
    assert (found.verdict, found.recheck) == ("not-applicable", "none")
    assert json.loads(as_json(found))


def test_records_are_finite_plain_data() -> None:
    for r in small_run().records:
        assert isinstance(r, Record)
        as_json(r)


def test_the_sharpness_is_proved_as_expected_on_the_papers_instances() -> None:
    rows = small_run().sharpness
    assert len(rows) == 7 and all(row.agrees for row in rows)
    assert [row.recheck for row in rows].count("accepted") == 7
    large, small = rows[-1], rows[-2]
    assert (large.kind, large.C_eta, large.crossings, large.complete, large.rose) == ("oscillating", "6", 7, True, 0)
    assert (small.kind, small.from_step, small.broken) == ("monotone-from-below", 16, 16)


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"agrees": False}, "failed"),
        ({"agrees": False, "kind": "undecided"}, "incomplete"),
    ],
)
def test_a_sharpness_that_is_not_as_expected_decides_the_outcome(changed: dict[str, object], outcome: str) -> None:
    first, *others = small_run().sharpness
    assert replace(small_run(), sharpness=(replace(first, **changed), *others)).added_up().outcome == outcome


def test_an_error_leaves_a_row_undecided_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(sharpness_rows, "sharpness", broken)
    rows = sharpness_rows.sharpness_rows()
    assert len(rows) == 7 and not any(row.agrees for row in rows)
    assert all(row.kind == "undecided" and "planted" in (row.cause or "") for row in rows)
