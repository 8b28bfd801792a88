"""The report is what its schema says, and its files are written whole."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from gdcheck.properties.storage.files import as_json
from gdcheck.properties.verify.record import examine
from gdcheck.properties.verify.verification import Verification
from gdcheck.properties.verify.verify import verify
from gdcheck.reports import verification_view
from gdcheck.reports.compose import write_run
from gdcheck.reports.verification_view import VerificationView
from gdcheck.theorem.certificate.shapes import json_schema
from gdcheck.theorem.descent.problem import Problem

REPORT_SCHEMA = json_schema(Verification, "gdcheck report")


def accept(certificate: object) -> str | None:
    return None


def refuse_odd(certificate: object) -> str | None:
    assert isinstance(certificate, dict)
    return "planted" if certificate["regime"] == "large-step" else None


@cache
def small_run() -> Verification:
    return verify(6, 0, checker=accept)


@cache
def spoilt_run() -> Verification:
    return verify(6, 0, checker=refuse_odd)


def validate(report: object) -> None:
    jsonschema.Draft202012Validator(REPORT_SCHEMA).validate(report)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(REPORT_SCHEMA)


@pytest.mark.parametrize("make", [small_run, spoilt_run])
def test_reports_fit_the_schema(make) -> None:
    validate(json.loads(as_json(make())))


def test_interrupted_and_empty_reports_fit_the_schema() -> None:
    run = replace(small_run(), interrupted=True, random=small_run().random[:2], sweep=(), paper=())
    validate(json.loads(as_json(run)))


def test_records_of_odd_problems_fit_the_schema() -> None:
    odd = [
        ("x**2 + y**2 + max(x, 0)**2", "0.1"),
        ("x**2 - y**2", "0.1"),
        ("x**2 + y**2", "0.1"),
        ("x**2 + 2*y**2", "7"),
        ("x**2/2 + y**2 + x**3", "1"),
    ]
    records = [
        examine(lambda loss=loss, eta=eta: Problem(loss, step_size=eta, start=["0.1", "0.01"]), i, accept)
        for i, (loss, eta) in enumerate(odd)
    ]
    broken = examine(lambda: Problem("x", step_size="0.1", start=["1"]), 9, accept)
    assert broken.verdict == "unresolved"
    validate(json.loads(as_json(replace(small_run(), random=(*records, broken)))))


@pytest.mark.parametrize("field", ["schema", "outcome", "random"])
def test_the_schema_demands_every_field(field: str) -> None:
    report = json.loads(as_json(small_run()))
    del report[field]
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_the_schema_refuses_unknown_fields() -> None:
    report = json.loads(as_json(small_run()))
    report["random"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    page = write_run(spoilt_run(), out)
    assert page == out / "index.html"
    assert json.loads((out / "report.json").read_text("utf-8")) == json.loads(as_json(spoilt_run()))
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    for name in ("phase.svg", "sharpness.svg"):
        assert (out / name).read_text("utf-8").startswith("<svg")
    assert not list(out.rglob("*.tmp"))


def test_every_finding_has_a_file_that_can_be_replayed(tmp_path: Path) -> None:
    write_run(spoilt_run(), tmp_path)
    problems = list((tmp_path / "problems").iterdir())
    names = {p.name for p in problems}
    assert {"random-0-1.json", "random-0-3.json", "random-0-5.json", "paper-2.json"} <= names
    assert len(problems) == len(VerificationView(spoilt_run()).unproved())
    for path in problems:
        stored = json.loads(path.read_text("utf-8"))
        assert set(stored) == {"verdict", "reason", "problem"}
        assert Problem.from_json(stored["problem"]).to_json() == stored["problem"]


def test_the_same_run_gives_the_same_data(tmp_path: Path) -> None:
    write_run(small_run(), tmp_path / "a")
    write_run(verify(6, 0, checker=accept), tmp_path / "b")
    assert (tmp_path / "a" / "report.json").read_bytes() == (tmp_path / "b" / "report.json").read_bytes()


def test_the_data_survive_a_picture_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> str:
        raise RuntimeError("planted")

    monkeypatch.setattr(verification_view, "phase_chart", broken)
    with pytest.raises(RuntimeError):
        write_run(small_run(), tmp_path)
    validate(json.loads((tmp_path / "report.json").read_text("utf-8")))
