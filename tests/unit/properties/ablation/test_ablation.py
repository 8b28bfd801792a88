"""Each assumption dropped: the search finds what it should, proves it, and says the same thing twice."""

import html
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from flint import fmpq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gdcheck.cli import run
from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.properties.ablation.checked import shown_point, shown_vector
from gdcheck.properties.ablation.rows import ABLATIONS
from gdcheck.properties.ablation.run import chosen, known, run_ablations
from gdcheck.properties.ablation.search import ablate
from gdcheck.properties.ablation.separable import boxed, follow
from gdcheck.reports.ablation_view import certificate_files, verdict_words
from gdcheck.terminal.show_ablations import show_ablations
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from tests.builders.narrow import shown_narrow, words_whole

NAMED = {a.name: a for a in ABLATIONS}
HOLDING = {"control", "smoothness-c21", "smoothness-c21-smooth", "strict-minimum-flat", "strict-minimum-coupled"}
HOLDING |= {"momentum-simple-multiplier", "momentum-null-preimages"}
OBSERVED = {"strict-minimum-coupled", "smoothness-c21-smooth"}
NEEDED = set(NAMED) - HOLDING
DOCUMENT = Path(__file__).parents[4] / "docs" / "ablation.md"


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
        assert row.evidence == ("observed" if name in OBSERVED else "proved")
        return
    assert (row.verdict, row.evidence) == ("needed", "proved")
    for exhibit in (row.simplest, row.worst):
        assert exhibit is not None
        assert exhibit.certificates
        for certificate in exhibit.certificates:
            # As it is read from a file, too.
            assert check(json.loads(json.dumps(certificate))) is None
        assert exhibit.certificates[0]["problem"] == exhibit.problem.read().to_json()
    assert row.worst.severity >= min(row.simplest.severity, row.worst.severity)
    assert len(row.simplest.problem.loss) <= len(row.worst.problem.loss)


@settings(max_examples=2)
@given(NAMED["smoothness-c21-smooth"].instances)
def test_another_limit_than_the_one_without_kinks_is_seen(pair):
    smooth, kinked = pair
    low, high = smooth.spectrum[0], smooth.spectrum[-1]
    boundary, stable = 2 / (low + high), 2 / high
    other = (boundary + stable) / 2 if smooth.problem.step_size < boundary else boundary / 2
    found = NAMED["smoothness-c21-smooth"].examine((smooth, replace(kinked, step_size=other)))
    assert found.violated and found.evidence == "observed", found


@pytest.mark.parametrize("name", ["simple-lowest", "simple-highest"])
def test_a_weaker_form_survives_repeated_ends(name):
    row = row_of(name)
    assert row.weaker is not None
    assert row.weaker_held == row.violated + row.held


def _ablation(violated, evidence="proved"):
    problem = Problem("1/2*x**2 + y**2", step_size="1/4", start=["1", "1"])
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
    one, two = (run_ablations(names, 6, seed=5, jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert one.rows != run_ablations(names, 6, seed=6).rows


HELD = 'lambda k: Outcome(False, "proved", P, "less", str(k))'
FAULTS = {
    "raises": ("lambda k: k / 0", "integers()", "its examination raised ZeroDivisionError: "),
    "raises-late": (
        'lambda k: Outcome(False, "proved", P, "", "") if k < 500 else {}[k]',
        "integers(0, 999)",
        "its examination raised KeyError",
    ),
    "exits": ("lambda k: sys.exit(3)", "integers()", "its examination raised SystemExit: 3"),
    "returns-nothing": ("lambda k: None", "integers()", "returned a NoneType, which is no Outcome"),
    "says-neither": (
        'lambda k: Outcome("yes", "proved", P, "", "")',
        "integers()",
        "$.violated: expected 'bool",
    ),
    "unknown-word": (
        'lambda k: Outcome(True, "certain", P, "", "")',
        "integers()",
        "$.evidence: invalid enum value 'certain'",
    ),
    "no-problem": (
        'lambda k: Outcome(True, "proved", None, "", "")',
        "integers()",
        "returned an Outcome whose problem is a NoneType",
    ),
    "nan": (
        'lambda k: Outcome(True, "proved", P, "", "", float("nan"))',
        "integers()",
        "$.severity: expected",
    ),
    "infinite": (
        'lambda k: Outcome(True, "proved", P, "", "", float("inf"))',
        "integers()",
        "$.severity: expected",
    ),
    "huge": ('lambda k: Outcome(True, "proved", P, "", "", 10**400)', "integers()", "$.severity: "),
    "no-certificate": (
        'lambda k: Outcome(True, "proved", P, "", "", 1, (3,))',
        "integers()",
        "$.certificates[0]: ",
    ),
    "no-json": ('lambda k: Outcome(True, "proved", P, "", "", 1, ({"a": P},))', "integers()", "is no JSON"),
    "no-number": ('lambda k: Outcome(False, "proved", P, "", "", 1, ({"a": 1e999},))', "integers()", "is no JSON"),
    "filters-all": (HELD, "integers().filter(lambda k: False)", "its strategy yields no problem"),
    "draws-badly": (HELD, "integers().map(lambda k: 1 / 0)", "drawing a problem raised ZeroDivisionError"),
    "draws-nothing": (HELD, "sampled_from([])", "drawing a problem raised"),
}
OWN = """
import sys
from hypothesis import assume, given, settings
from hypothesis.strategies import integers, sampled_from
from gdcheck.properties.ablation.ablation import Ablation, Outcome
from gdcheck.theorem.descent.problem import Problem

P = Problem("1/2*x**2 + y**2", step_size="1/4", start=["1", "1"])
ABLATIONS = [
    Ablation(name=name, assumption="own", dropped="d", claim="c", instances=instances, examine=examine, severity="s")
    for name, examine, instances in [%s]
]
"""


def _own(tmp_path, *rows):
    file = tmp_path / "own.py"
    file.write_text(OWN % ", ".join(f"('{name}', {examine}, {instances})" for name, examine, instances in rows))
    return file


def test_a_faulty_ablation_stays_open_and_says_why(tmp_path, capsys):
    faulty = [(name, *FAULTS[name][:2]) for name in FAULTS]
    file = _own(tmp_path, *faulty, ("fine", HELD, "integers()"))
    arguments = ["ablate", "--load", str(file), "--assumption", "own", "--budget", "40", "--out", str(tmp_path / "out")]
    assert run([*arguments, "--jobs", "1"]) == 1
    printed = capsys.readouterr()
    rows = {row["name"]: row for row in json.loads((tmp_path / "out" / "ablation.json").read_text())["rows"]}
    assert rows.pop("fine")["verdict"] == "not needed, as far as the search shows"
    assert list(rows) == [name for name, *_ in faulty]
    page, markdown = ((tmp_path / "out" / name).read_text() for name in ("index.html", "report.md"))
    junit = (tmp_path / "out" / "junit.xml").read_text()
    for name, row in rows.items():
        assert (row["verdict"], row["simplest"], row["worst"], row["shown"]) == ("open", None, None, None), name
        assert FAULTS[name][2] in row["fault"], row["fault"]
        assert len(row["fault"]) < 300
        assert row["fault"] in printed.out
        assert html.unescape(page).count(row["fault"]) >= 1
        assert f"**{name}** was not examined to the end" in markdown
        assert html.unescape(junit).count(f"open: {row['fault']}") >= 1
    assert rows["raises-late"]["held"] > 0
    assert "Traceback" not in printed.err + printed.out
    assert run(["report", str(tmp_path / "out"), "--out", str(tmp_path / "page")]) == 0
    assert run([*arguments, "--jobs", "2"]) == 1
    again = json.loads((tmp_path / "out" / "ablation.json").read_text())["rows"]
    assert {row["name"]: row for row in again}.items() >= rows.items()


def test_what_an_examination_assumes_away_is_set_aside():
    def examine(k):
        assume(k % 2)
        return _ablation(lambda k: False).examine(k)

    row = ablate(replace(_ablation(None), examine=examine), 60, 0)
    assert (row.verdict, row.examined) == ("not needed, as far as the search shows", 60) and 0 < row.aside < 60


def test_a_fault_that_only_the_shrinking_meets():
    seen = []

    def examine(k):
        # One of the thirty is examined twice.
        if len(seen) >= 31:
            raise RuntimeError("too\nmuch")
        seen.append(k)
        return _ablation(lambda k: True).examine(k)

    row = ablate(replace(_ablation(lambda k: True), examine=examine), 30, 0)
    assert (row.verdict, row.fault) == ("open", "its examination raised RuntimeError: too much")
    assert row.violated == row.examined == 30


def test_the_answer_by_few_problems_says_so_and_a_search_is_no_proof(tmp_path, capsys):
    out = str(tmp_path)
    names = ["strict-minimum-coupled", "smoothness-c21", "off-boundary", "control"]
    assert run(["ablate", *(w for n in names for w in ("--assumption", n)), "--budget", "15", "--out", out]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    page = (tmp_path / "index.html").read_text()
    markdown = (tmp_path / "report.md").read_text()
    for text in (page, markdown):
        assert "not needed, as far as only 1 problem shows" in text
        assert "not needed, as far as only 15 problems show" in text
        assert "holds, as far as the search shows" in text
        assert text.count("search, each proved") == 2 and text.count("search, observed") == 1
    assert "each proved" in printed and "as far as only 1 problem shows" in printed
    assert "1 not needed, as far as only 1 problem shows" in page
    cells = [[cell.strip() for cell in line.split("|")] for line in markdown.splitlines() if line.startswith("| ")]
    assert all(row[4] != "proved" for row in cells if "as far as" in row[3])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("cost=0", "$.cost: expected 'int' >= 1"),
        ("each=1.5", "$.each: expected 'int'"),
        ("instances=3", "$.instances: expected 'SearchStrategy'"),
        ("examine=None", "$.examine: expected 'Callable'"),
        ("claim=None", "$.claim: expected 'str'"),
        ("weaker=1", "$.weaker: expected 'str"),
        ("name=7", "$.name: expected 'str'"),
    ],
)
def test_an_ablation_that_is_badly_written(tmp_path, capsys, change, words):
    file = _own(tmp_path, ("own", HELD, "integers()"))
    with file.open("a") as stream:
        stream.write(f"\nfrom dataclasses import replace\nABLATIONS = [replace(ABLATIONS[0], {change})]\n")
    assert run(["ablate", "--load", str(file), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


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
    words = line.replace("my_claim.py", str(file)).replace("--budget 500", "--budget 120").split()
    assert words[0] == "gdcheck"
    out = tmp_path / "out"
    assert run([*words[1:], "--out", str(out), "--jobs", "1"]) == 0
    (row,) = json.loads((out / "ablation.json").read_text(encoding="utf-8"))["rows"]
    assert row["verdict"] == "needed"
    assert row["worst"]["severity"] > 10
    assert "decided-early" in capsys.readouterr().out
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 24


def test_numbers_in_sentences_have_minus_signs_and_exponents_keep_theirs():
    assert shown_vector([-1, -0.00004, 0.25]) == "(−1, 0, 0.25)"
    assert shown_point(["-1/32", "-2e-05"]) == "(−1/32, −2e-05)"
    problem = Problem("x**2 + 2*y**2", step_size="0.1", start=["1", "1"])
    box = ((fmpq(-1, 32), fmpq(-1, 64)),) * 2
    assert "[−1/32, −1/64]" in follow(boxed(problem.loss, fmpq(1, 8), box)).happens


def test_the_command_writes_certificates_that_recheck_accepts(tmp_path, capsys):
    arguments = ["ablate", "--assumption", "off-boundary", "--assumption", "smoothness", "--budget", "8", "--jobs", "1"]
    assert run([*arguments, "--out", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "ablation.json").read_text(encoding="utf-8"))
    files = sorted(tmp_path.glob("counterexamples/*.json"))
    assert files
    assert run(["recheck", *map(str, files)]) == 0
    again = run_ablations(printed["asked"], 8)
    rows = again.rows
    narrow = shown_narrow(lambda console: show_ablations(console, again, tmp_path))
    for row in rows:
        assert f"assumption is: {verdict_words(row)}" in narrow and f"{row.name}: without" in narrow
        exhibit = row.simplest or row.shown
        assert set(exhibit.happens.split()) <= words_whole(narrow)
        assert not re.search(r"-\d", exhibit.happens + exhibit.predicted)
    exhibits = [(row.name, role, getattr(row, role)) for row in rows for role in ("simplest", "worst")]
    expected = {file for exhibit in exhibits for file in certificate_files(*exhibit)}
    assert {str(f.relative_to(tmp_path)) for f in files} == expected
    assert [row.name for row in rows] == printed["asked"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ABLATIONS = 3", "defines no list ABLATIONS"),
        ("1/0", "cannot be imported"),
        ("raise SystemExit(4)", "cannot be imported"),
        ("from gdcheck.properties.ablation.rows import ABLATIONS", "is taken"),
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


def test_a_proof_that_was_not_checked_counts_for_nothing(monkeypatch):
    from gdcheck.properties.ablation import checked
    from gdcheck.theorem.certificate.rechecking import NotChecked

    def give_up(proof):
        raise NotChecked("not checked: it takes too long")

    assert checked.accepted(None) is False
    monkeypatch.setattr(checked, "check", lambda proof: None)
    assert checked.accepted({}) is True
    monkeypatch.setattr(checked, "check", lambda proof: "sigma < 1 fails")
    assert checked.accepted({}) is False
    monkeypatch.setattr(checked, "check", give_up)
    assert checked.accepted({}) is False
