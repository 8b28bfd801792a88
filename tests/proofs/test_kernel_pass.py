"""``gdcheck verify --kernel``: acceptance is marked, a refusal leaves unresolved, and Ctrl-C leaves nothing behind."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from gdcheck.properties.storage.workers import default_jobs
from gdcheck.properties.verify import kernel_pass
from gdcheck.properties.verify.kernel_pass import check_run_in_kernel, kernel_workload
from gdcheck.properties.verify.verify import verify
from gdcheck.theorem.certificate.certificate import certificate


@pytest.fixture(scope="module")
def run():
    """The paper's rows, three step sizes about the boundary, and random problems with a truncated power among them."""
    whole = verify(5, seed=0)
    return replace(whole, sweep=whole.sweep[38:41])


def test_every_proof_with_a_theorem_is_accepted_and_marked(library, run):
    told = []
    checked = check_run_in_kernel(run, library, default_jobs(), told.append)
    truncated = [r.truncated for r in run.random]
    assert any(truncated)
    assert [row.record.kernel for row in checked.paper] == [True] * 6
    # On the boundary itself there is a two-cycle, about which the checker in Coq has no theorem.
    assert [row.record.kernel for row in checked.sweep] == [True, None, True]
    assert [r.kernel for r in checked.random] == [None if t else True for t in truncated]
    assert told == list(range(1, kernel_workload(run) + 1))
    assert checked.outcome == "passed"
    assert replace(checked, paper=run.paper, sweep=run.sweep, random=run.random, versions=run.versions) == run
    assert "6 of the paper’s 6 rows, 2 of the sweep’s 3 step sizes, 4 of 5 random problems" in str(
        checked.kernel_sentence()
    )


def test_a_proof_that_the_kernel_does_not_accept_is_unresolved(library, run, monkeypatch):
    def tampered(decision):
        data = json.loads(json.dumps(certificate(decision)))
        data["blocks"][0]["amplitude"] = "12345"
        return data

    monkeypatch.setattr(kernel_pass, "certificate", tampered)
    checked = check_run_in_kernel(replace(run, paper=run.paper[:1], sweep=(), random=()), library)
    (row,) = checked.paper
    assert (row.record.kernel, row.record.verdict, row.agrees) == (False, "unresolved", False)
    assert "false in Coq's kernel: the stated amplitude agrees" in row.record.reason
    assert checked.outcome == "incomplete"
    assert "it did not accept 1" in str(checked.kernel_sentence())


def test_an_interrupt_keeps_what_was_checked_and_leaves_nothing(library, run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupt(done):
        raise KeyboardInterrupt

    checked = check_run_in_kernel(run, library, 2, interrupt)
    assert checked.interrupted
    assert sum(r.kernel is True for r in checked.records) == 1
    assert checked.outcome == "incomplete"
    assert list(tmp_path.iterdir()) == []
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path) in _text(path)]
    assert running == []


def _text(path):
    try:
        return path.read_text()
    except OSError:
        return ""
