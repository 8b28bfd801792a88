"""Each assumption dropped: the search finds what it should, proves it, and says the same thing twice."""

import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import strategies as st

from properties.ablation import ABLATIONS, Ablation, Outcome
from properties.ablation.run import chosen, known, run_ablations
from properties.ablation.search import ablate
from properties.cli import run
from properties.rechecking import check
from reports.ablation_view import certificate_files
from theorem.errors import InputError
from theorem.problem import Problem

NAMED = {a.name: a for a in ABLATIONS}
NEEDED = set(NAMED) - {"control", "smoothness-c21", "strict-minimum-flat", "strict-minimum-coupled"}
DOCUMENT = Path(__file__).parents[2] / "docs" / "ablation.md"


@cache
def row_of(name):
    return ablate(NAMED[name], 16, 0)


@pytest.mark.parametrize("name", sorted(NAMED))
def test_what_the_search_finds(name):
    row = row_of(name)
    assert row.examined == row.violated + row.held + row.aside
    if name not in NEEDED:
        assert row.verdict == ("holds" if name == "control" else "not needed") + ", as far as the search shows"
        assert row.violated == 0 < row.held
        assert row.simplest is row.worst is None
        assert row.shown is not None
        assert row.evidence == ("observed" if name == "strict-minimum-coupled" else "proved")
        return
    assert (row.verdict, row.evidence) == ("needed", "proved")
    for exhibit in (row.simplest, row.worst):
        assert exhibit is not None
        assert exhibit.certificates
        for certificate in exhibit.certificates:
            # As it is read from a file, too.
            assert check(json.loads(json.dumps(certificate))) is None
        assert exhibit.certificates[0]["problem"] == exhibit.problem
    assert row.worst.severity >= min(row.simplest.severity, row.worst.severity)
    assert len(row.simplest.problem["loss"]) <= len(row.worst.problem["loss"])


@pytest.mark.parametrize("name", ["simple-lowest", "simple-highest"])
def test_a_weaker_form_survives_repeated_ends(name):
    row = row_of(name)
    assert row.weaker is not None
    assert row.weaker_held == row.violated + row.held


def _ablation(violated, evidence="proved"):
    problem = Problem.build("1/2*x**2 + y**2", "1/4", ["1", "1"])
    return Ablation(
        name="own",
        assumption="own",
        dropped="nothing",
        claim="nothing",
        instances=st.integers(0, 1000),
        examine=lambda k: Outcome(violated(k), evidence, problem, "less", str(k), severity=k),
        severity="the number",
    )


def test_the_simplest_and_the_worst_violation():
    row = ablate(_ablation(lambda k: k >= 17), 200, 3)
    assert row.verdict == "needed"
    assert row.simplest.happens == "17"
    assert row.worst.severity == max(row.worst.severity, 900)


def test_an_observed_violation_is_not_called_proved():
    assert ablate(_ablation(lambda k: k >= 17, "observed"), 50, 0).verdict == "needed, as observed"


def test_what_is_never_decided_is_open():
    row = ablate(_ablation(lambda k: None), 10, 0)
    assert (row.verdict, row.aside, row.simplest, row.shown) == ("open", row.examined, None, None)


def test_what_holds_throughout_is_not_needed():
    row = ablate(_ablation(lambda k: False), 10, 0)
    assert (row.verdict, row.held) == ("not needed, as far as the search shows", row.examined)


def test_the_same_seed_gives_the_same_run_on_any_number_of_processes():
    names = ["almost-all", "smoothness-c21"]
    one, two = (run_ablations(names, 6, seed=5, jobs=jobs).to_json() for jobs in (1, 2))
    assert one == two
    assert one["rows"] != run_ablations(names, 6, seed=6).to_json()["rows"]


def test_names_and_assumptions_choose():
    assert chosen(["stable-step"], known()) == ("stable-step-neutral", "stable-step-beyond", "stable-step-orbit")
    assert chosen(["smoothness-c11"], known()) == ("smoothness-c11",)
    assert chosen([], known()) == tuple(NAMED)
    with pytest.raises(InputError, match="unknown"):
        chosen(["smooth"], known())


def test_the_documented_claim_of_ones_own(tmp_path, capsys):
    code, line = re.findall(r"```(?:python)?\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "my_claim.py"
    file.write_text(code, encoding="utf-8")
    words = line.replace("my_claim.py", str(file)).replace("--budget 500", "--budget 60").split()
    assert words[0] == "gdcheck"
    out = tmp_path / "out"
    assert run([*words[1:], "--out", str(out), "--jobs", "1"]) == 0
    (row,) = json.loads((out / "ablation.json").read_text(encoding="utf-8"))["rows"]
    assert row["verdict"] == "needed"
    assert row["worst"]["severity"] > 10
    assert "decided-early" in capsys.readouterr().out
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 24


def test_the_command_writes_certificates_that_recheck_accepts(tmp_path, capsys):
    arguments = ["ablate", "--assumption", "off-boundary", "--assumption", "smoothness", "--budget", "8", "--jobs", "1"]
    assert run([*arguments, "--out", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "ablation.json").read_text(encoding="utf-8"))
    files = sorted(tmp_path.glob("counterexamples/*.json"))
    assert files
    assert run(["recheck", *map(str, files)]) == 0
    rows = [asdict(row) for row in run_ablations(printed["asked"], 8).rows]
    exhibits = [(row["name"], role, row[role]) for row in rows for role in ("simplest", "worst")]
    expected = {file for exhibit in exhibits for file in certificate_files(*exhibit)}
    assert {str(f.relative_to(tmp_path)) for f in files} == expected
    assert [row["name"] for row in rows] == printed["asked"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ABLATIONS = 3", "defines no list ABLATIONS"),
        ("1/0", "cannot be run"),
        ("raise SystemExit(4)", "cannot be run"),
        ("from properties.ablation.rows import ABLATIONS", "is taken"),
    ],
)
def test_a_file_of_ones_own_that_cannot_be_used(tmp_path, capsys, content, words):
    file = tmp_path / "own.py"
    file.write_text(content, encoding="utf-8")
    assert run(["ablate", "--load", str(file), "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_an_unknown_assumption_and_an_unwritable_place(tmp_path, capsys):
    assert run(["ablate", "--assumption", "nonsense", "--out", str(tmp_path)]) == 2
    assert "'nonsense' is unknown" in capsys.readouterr().err
    file = tmp_path / "file"
    file.write_text("")
    assert run(["ablate", "--assumption", "off-boundary", "--budget", "1", "--out", str(file)]) == 2
    assert "out: cannot write" in capsys.readouterr().err
