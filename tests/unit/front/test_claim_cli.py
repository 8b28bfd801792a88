"""``gdcheck claim`` as a theorist meets it: the exit code is about the claim, and the documents say what happens."""

import html
import json
import re
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).parents[3] / "docs"
FALSE = """
from gdcheck import claim, holds

@claim("the loss rises at every step", dimensions=(2, 2))
def loss_rises(problem, decision, trajectory):
    rise = trajectory.loss[1:] - trajectory.loss[:-1]
    return holds(rise > 0, note="it falls", margin=rise)
"""
TRUE = FALSE.replace("rise > 0", "rise < 0").replace("loss_rises", "loss_doubles")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def block(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_how_to_says_what_happens(gdcheck):
    (code,), (shown,) = block("lemma.md", "python"), block("lemma.md", "text")
    Path("my_lemma.py").write_text(code, encoding="utf-8")
    command, *said = shown.strip().splitlines()
    found, out, _ = gdcheck(*command.split()[2:], "--jobs", "1", "--latex")
    assert found == 1
    for line in said:
        assert line in out.splitlines()
    assert r"\begin{align*}" in out
    record = "reports/out/claim/counterexamples/loss_falls.json"
    found, out, _ = gdcheck("replay", record)
    assert found == 1 and out.count("VIOLATED AGAIN") == 3
    # The line that rebuilds the problem is Python.
    line = re.search(r"gdcheck\.Problem\(.*\)", Path("reports/out/claim/report.md").read_text(encoding="utf-8"))[0]
    import gdcheck as module

    stored = json.loads(Path(record).read_text(encoding="utf-8"))["simplest"]["problem"]
    assert eval(line, {"gdcheck": module}).to_json() == stored  # noqa: S307
    Path("my_lemma.py").write_text(code.replace("[1:] <", "[1:] < 9 *"), encoding="utf-8")
    found, out, _ = gdcheck("replay", record)
    assert found == 0 and out.count("FIXED") == 3 and "has changed" in out
    assert gdcheck("report", record)[0] == 0
    page = Path("reports/out/report/index.html").read_text(encoding="utf-8")
    assert "the loss rises" in page and "<svg" in page
    case = ElementTree.parse("reports/out/claim/junit.xml").find(".//testcase[@name='loss_falls']/failure")
    assert line in case.get("message") and "gdcheck replay" in case.get("message")


def test_the_words_are_explained_by_an_undecided_claim(gdcheck):
    (code,) = block("lemma-words.md", "python")
    Path("words.py").write_text(code, encoding="utf-8")
    found, out, _ = gdcheck("claim", "words.py", "--budget", "6", "--jobs", "1")
    assert found == 3 and "undecided on 6" in out and "words.py:4" in out


def test_the_exit_code_is_about_the_claim(gdcheck):
    for name, text, code in (
        ("false.py", FALSE, 1),
        ("true.py", TRUE, 0),
        ("raises.py", FALSE.replace("holds(", "holds(1 / 0 and "), 2),
    ):
        Path(name).write_text(text, encoding="utf-8")
        found, out, err = gdcheck("claim", name, "--budget", "10", "--jobs", "1", "--json")
        assert (found, err) == (code, "")
        row = json.loads(out)["rows"][0]
        assert row["examined"] == 10 or code == 2
    # Bad input outranks the others, which go on.
    found, out, _ = gdcheck("claim", "false.py", "true.py", "raises.py", "--budget", "10", "--jobs", "1")
    assert found == 2 and "loss_doubles: held on 10 of 10" in out and "two claims" in out


def test_the_start_runs_as_it_is(gdcheck):
    assert gdcheck("claim", "--new", "mine.py")[0] == 0
    assert gdcheck("claim", "mine.py", "--budget", "4", "--jobs", "1", "--time-limit", "60")[0] in {0, 1, 3}
    found, _, err = gdcheck("claim", "--new", "mine.py")
    assert found == 2 and "there already" in err
    assert gdcheck("claim", "--new", "mine.txt")[0] == 2


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ((), "claim"),
        (("x.py", "--budget", "many"), "budget"),
        (("x.py", "--resume", "."), "resume"),
        (("--resume", "nowhere"), "resume"),
        (("x.py", "--new", "y.py"), "new"),
        (("x.py", "--scheduler", "nowhere"), "scheduler"),
    ],
)
def test_options_that_do_not_fit_are_named(gdcheck, words, field):
    found, _, err = gdcheck("claim", *words)
    assert found == 2 and err.startswith(f"error: {field}: ") and err.count("\n") == 1


def test_a_module_is_found_where_one_stands(gdcheck, monkeypatch):
    Path("claims_in_a_module.py").write_text(FALSE, encoding="utf-8")
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert gdcheck("claim", "claims_in_a_module:loss_rises", "--budget", "4", "--jobs", "1")[0] == 1
    assert (
        gdcheck("replay", "reports/out/claim/counterexamples/loss_rises.json", "--load", "claims_in_a_module.py")[0]
        == 1
    )


def test_load_is_for_counterexamples_only(gdcheck):
    Path("p.json").write_text('{"loss": "x**2 + 2*y**2", "step_size": "1/10", "start": ["1", "1"]}', encoding="utf-8")
    found, _, err = gdcheck("replay", "p.json", "--load", "x.py")
    assert found == 2 and "load" in err


def test_a_folder_is_a_table_of_statements(gdcheck, monkeypatch):
    from gdcheck.properties.lemmas import schedule

    monkeypatch.setattr(schedule, "SIZE", 4)
    Path("library").mkdir()
    Path("library", "b.py").write_text(FALSE, encoding="utf-8")
    sourced = TRUE.replace("dimensions=", 'source="lore", dimensions=')
    Path("library", "a.py").write_text(sourced, encoding="utf-8")
    Path("library", "_helper.py").write_text("1 / 0", encoding="utf-8")
    runs = []
    for jobs in ("1", "2"):
        found, out, _ = gdcheck("claim", "library", "--budget", "12", "--jobs", jobs, "--out", f"run{jobs}", "--json")
        runs.append(json.loads(out))
        assert found == 1
    assert runs[0] == runs[1] and runs[0]["targets"] == ["library/a.py", "library/b.py"]
    held, false = runs[0]["rows"]
    # A claim that is proved false is examined no further.
    assert (held["examined"], false["examined"], held["source"]) == (12, 4, "lore")
    found, out, _ = gdcheck("claim", "--resume", "run1")
    # A narrow table breaks its head between words.
    assert found == 1 and "examined" in out and "counterexamples/loss_rises" in out
    alone = Path("run1", "counterexamples", "loss_rises.html").read_text(encoding="utf-8")
    assert "gdcheck replay loss_rises.json" in alone and "<svg" in alone
    page = Path("run1", "index.html").read_text(encoding="utf-8")
    assert 'href="counterexamples/loss_rises.html"' in page and "lore" in page
    assert "| lore | held on 12 of 12 |" in Path("run1", "report.md").read_text(encoding="utf-8")
    assert gdcheck("claim", ".")[0] == 2


def test_the_footers_command_repeats_the_run_with_the_own_file(gdcheck, monkeypatch):
    Path("mine.py").write_text(TRUE, encoding="utf-8")
    words = ["mine.py:loss_doubles", "--budget", "20", "--time-limit", "7", "--jobs", "1", "--out", "page"]
    assert gdcheck("claim", *words)[0] == 0
    Path("mine.py").unlink()
    monkeypatch.chdir("page")
    page = Path("index.html").read_text(encoding="utf-8")
    command = html.unescape(re.sub("</?span[^>]*>", "", re.search(r"<code>gdcheck (claim .*?)</code>", page)[1]))
    assert "--time-limit 7" in command
    assert gdcheck(*shlex.split(command), "--jobs", "1", "--out", "again")[0] == 0
    first, again = (json.loads(Path(p).read_text(encoding="utf-8")) for p in ("claim.json", "again/claim.json"))
    assert {**again, "targets": first["targets"]} == first
