"""A run that contradicts itself is refused by field, and never shown as passed."""

import copy
import json
from functools import cache
from pathlib import Path

import pytest

from gdcheck.cli import run
from gdcheck.properties.ablation.run import run_ablations
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Executor, sweep
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.store import Store
from gdcheck.properties.verify.verify import verify
from gdcheck.reports.kinds import KINDS
from gdcheck.theorem.certificate.shapes import read_as

SWEPT = Path(__file__).parents[3] / "docs" / "runs" / "sweep-1e7.json"


def accept(certificate: object) -> str | None:
    return None


@cache
def _text(kind: str) -> str:
    if kind == "sweep":
        return SWEPT.read_text(encoding="utf-8")
    if kind == "ablation":
        return as_json(run_ablations(["off-boundary", "smoothness-c21"], 4))
    return as_json(verify(4, 1, checker=accept))


def fresh(kind: str) -> dict:
    return json.loads(_text(kind))


def inconsistency(kind: str, data: dict) -> str | None:
    """The first field of a run that the rest contradicts."""
    shape = next(view.shape for view in KINDS if view.name == kind)
    for field, stated, counted in read_as(data, shape).contradictions():
        if stated != counted:
            return f"{field} is {str(stated)[:80]!r}, but the rest of the file comes to {str(counted)[:80]!r}"
    return None


@pytest.mark.parametrize("kind", ["sweep", "ablation", "verification"])
def test_runs_agree_with_themselves(kind):
    assert inconsistency(kind, fresh(kind)) is None


def test_a_sweep_with_every_verdict_agrees_with_itself(tmp_path):
    # Starts far out, and too few steps for some: a part stays unresolved.
    spec = Spec(variables=3, terms=4, start=(0.5, 16), batch=64, sample=0, max_steps=2, exact_steps=3)
    store = Store.create(tmp_path / "sweep", Generator(1, spec), 100)
    summary = sweep(store, Executor()).summary
    assert summary.verdicts["unresolved"] > 20
    assert summary.outcome == "incomplete"
    assert inconsistency("sweep", json.loads(as_json(summary))) is None
    assert run(["report", str(store.root), "--out", str(tmp_path / "page")]) == 0


def _counts(data, path=()):
    """The places of all counts in the data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if type(value) is int:
            yield (*path, key)
        else:
            yield from _counts(value, (*path, key))


def test_no_count_of_a_sweep_can_be_changed_alone():
    whole = fresh("sweep")
    # Seed and quantiles follow from nothing else in the file; of margins it is known only how many there may be.
    free = {"seed", "steps"}
    changed = [place for place in _counts(whole) if place[0] not in free]
    assert len(changed) > 150
    for place in changed:
        data = copy.deepcopy(whole)
        part = data
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] += 1
        if place == ("problems",):
            assert inconsistency("sweep", data) == (
                "$.outcome is 'passed', but the rest of the file comes to 'incomplete'"
            )
        assert (inconsistency("sweep", data) is None) == (place[0] == "margin_histogram" and _room(data)), place


def _room(data):
    return sum(data["margin_histogram"].values()) <= data["tiers"]["float64"]


def _put(value, *path):
    def change(data):
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("sweep", _put(7, "verdicts", "refuted"), "$.decided is '10000000'"),
        ("sweep", _put(5, "decided"), "$.decided is '5'"),
        ("sweep", _put("failed", "outcome"), "$.outcome is 'failed'"),
        ("sweep", _put([3], "disagreements"), "$.outcome is 'passed', but the rest of the file comes to 'failed'"),
        ("sweep", _put([3], "refuted"), "the number of indices in $.refuted"),
        ("sweep", lambda data: data["verdicts"].pop("refuted"), "the names in $.verdicts"),
        ("verification", _put("failed", "outcome"), "$.outcome is 'failed'"),
        ("verification", _put(False, "paper", 0, "agrees"), "$.outcome is 'passed'"),
        ("verification", _put(False, "sharpness", 0, "agrees"), "$.outcome is 'passed'"),
        ("verification", _put("refuted", "random", 0, "verdict"), "$.verdicts"),
        ("verification", _put(9, "rejected"), "$.rejected is '9'"),
        ("verification", lambda data: data["random"].pop(), "$.problems is '4'"),
        ("ablation", lambda data: data["rows"].pop(), "the list of rows"),
        ("ablation", _put(9, "rows", 0, "examined"), "$.rows[0].examined is '9'"),
        ("ablation", _put("open", "rows", 0, "verdict"), "$.rows[0].verdict is 'open'"),
        ("ablation", _put("open", "rows", 1, "verdict"), "$.rows[1].verdict is 'open'"),
        ("ablation", _put("needed", "rows", 1, "verdict"), "$.rows[1].verdict is 'needed'"),
        ("ablation", _put("observed", "rows", 0, "evidence"), "'needed, as observed'"),
        ("ablation", _put("raised", "rows", 0, "fault"), "comes to 'open'"),
        ("ablation", _put(None, "rows", 0, "simplest"), "$.rows[0].simplest is there"),
        ("ablation", _put("observed", "rows", 0, "worst", "evidence"), "$.rows[0].worst.evidence"),
    ],
)
def test_what_contradicts_itself_is_refused_by_field(kind, change, words, tmp_path, capsys):
    data = fresh(kind)
    change(data)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert run(["report", str(file), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_row_of_an_earlier_version_is_read(tmp_path):
    data = fresh("ablation")
    for row in data["rows"]:
        del row["fault"]
    file = tmp_path / "run.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert run(["report", str(file), "--out", str(tmp_path / "out")]) == 0
