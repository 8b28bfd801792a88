"""Several runs on one page, as Markdown and as JUnit XML; files that are not runs are refused in one sentence."""

import json
import re
import shlex
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.cli import app, run
from gdcheck.properties.ablation.run import run_ablations
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.verify.verify import verify
from gdcheck.reports.compose import as_markdown, compose, draw
from gdcheck.reports.junit import as_junit
from gdcheck.reports.kinds import KINDS, read_views
from gdcheck.reports.page import outcome_of, render_page
from gdcheck.reports.text import shell
from gdcheck.reports.verification_view import VerificationView
from gdcheck.theorem.certificate.shapes import StoredProblem, json_schema, read_as
from tests.builders.shapes import loosely

CLAIMS = Path(__file__).parents[3] / "docs" / "runs" / "claims-400.json"
EVIL = "<script>alert(1)</script>| `x` {{ 7*7 }} ]]> \x00 \x1b[31m"


def accept(certificate: object) -> str | None:
    return None


@cache
def _texts() -> tuple[str, str]:
    ablation = run_ablations(["off-boundary", "stable-step-neutral", "smoothness-c21"], 5)
    return as_json(verify(6, 1, checker=accept)), as_json(ablation)


def fresh() -> dict:
    """Plain data of three runs by kind, to be changed."""
    verification, ablation = map(json.loads, _texts())
    claims = json.loads(CLAIMS.read_text(encoding="utf-8"))
    claims["rows"] = [row for row in claims["rows"] if row["verdict"] == "held"]
    return {"verification": verification, "claim": claims, "ablation": ablation}


def views(data: dict) -> list:
    return [kind(loosely(data[kind.name], kind.shape)) for kind in KINDS if kind.name in data]


def test_runs_are_what_their_schemas_say():
    data = fresh()
    for kind in KINDS:
        schema = json_schema(kind.shape, kind.title)
        jsonschema.Draft202012Validator.check_schema(schema)
        if kind.name in data:
            jsonschema.Draft202012Validator(schema).validate(data[kind.name])


def test_one_page_of_all(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    for name, text in zip(("report.json", "ablation.json"), _texts(), strict=True):
        (tmp_path / "run" / name).write_text(text, encoding="utf-8")
    assert run(["report", str(tmp_path / "run"), str(CLAIMS), "--out", str(tmp_path / "page")]) == 0
    assert "index.html" in capsys.readouterr().out
    html = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert html.count("<h1") == 1
    for part in ('id="verification"', 'id="claim"', 'id="ablation"', "direction: held on 400 of 400"):
        assert part in html
    certificates = sorted((tmp_path / "page" / "counterexamples").iterdir())
    assert [c.name for c in certificates] == [
        f"{name}-{role}.json" for name in ("off-boundary", "stable-step-neutral") for role in ("simplest", "worst")
    ]
    assert run(["recheck", *map(str, certificates)]) == 0


def test_each_kind_alone():
    for view in views(fresh()):
        kind, alone = view.name, [view]
        html = render_page(alone, draw(alone))
        assert html.count("<h1") == 1
        assert f'id="{kind}"' in html
        assert "## " in as_markdown(alone)
        assert ElementTree.fromstring(as_junit(alone).encode()).find("testsuite") is not None


def test_junit_counts_what_fails():
    sources = fresh()
    root = ElementTree.fromstring(as_junit(views(sources)).encode())
    assert {s.get("name"): (s.get("failures"), s.get("skipped")) for s in root} == {
        "verify": ("0", "0"),
        "claim": ("0", "3"),  # The kept run set some problems aside.
        "ablate": ("0", "0"),
    }
    sources["verification"]["paper"][0].update(agrees=False)
    sources["verification"]["sharpness"][0].update(agrees=False, kind="undecided", cause=EVIL)
    sources["verification"]["random"][1].update(verdict="unresolved", reason=EVIL)
    sources["verification"].update(interrupted=True)
    sources["claim"]["rows"][0].update(verdict="false", held=398, violated=2)
    sources["ablation"]["rows"][0]["verdict"] = "open"
    sources["ablation"]["asked"].append("isolated-minimizer")
    root = ElementTree.fromstring(as_junit(views(sources)).encode())
    assert {s.get("name"): (s.get("failures"), s.get("skipped")) for s in root} == {
        "verify": ("3", "1"),
        "claim": ("1", "3"),
        "ablate": ("0", "2"),
    }
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_markdown_has_the_sharpness():
    sources = fresh()
    assert "| oscillating | 0 | 7 | accepted | yes |" in as_markdown(views(sources))
    sources["verification"]["sharpness"][-1].update(agrees=False)
    assert "| oscillating | 0 | 7 | accepted | no |" in as_markdown(views(sources))


def test_outcomes_add_up():
    sources = fresh()
    assert outcome_of(views(sources)) == "passed"
    sources["ablation"]["rows"][0]["verdict"] = "open"
    assert outcome_of(views(sources)) == "incomplete"
    sources["claim"]["rows"][0].update(verdict="false", held=398, violated=2)
    assert outcome_of(views(sources)) == "failed"


def test_hostile_text_stays_text():
    sources = fresh()
    for row in sources["ablation"]["rows"]:
        row.update(dropped=EVIL, claim=EVIL, weaker=EVIL, severity=EVIL)
        for role in ("simplest", "worst", "shown"):
            if row[role]:
                row[role].update(predicted=EVIL, happens=EVIL, certificates=[{EVIL: EVIL}])
                row[role]["problem"].update(loss=EVIL, variables=[EVIL], start=[EVIL], step_size=EVIL)
    for row in sources["claim"]["rows"]:
        row.update(sentence=EVIL, exactly=EVIL)
    html = render_page(views(sources), draw(views(fresh())))
    assert html.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7*7 }}" in html
    markdown = as_markdown(views(sources))
    assert "<script>" not in markdown.replace("\\<script\\>", "").replace("`", "") or "\\<script" in markdown
    ElementTree.fromstring(as_junit(views(sources)).encode())


texts = st.text(min_size=1, max_size=20)


@given(texts, st.lists(texts, min_size=1, max_size=2), texts)
def test_a_problem_is_one_command_whatever_its_text(loss, names, step):
    problem = StoredProblem(loss, tuple(names), ("1",), step, ("-1/2",))
    words = shlex.split(shell(problem))
    assert words[:2] == ["gdcheck", "check"]
    assert words[words.index("--loss") + 1] == loss
    assert words[-1] == "--start=-1/2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "no known schema"),
        ("[]", "no known schema"),
        ('{"schema": "gdcheck-ablation/1"}', "lacks the field"),
        ('{"schema": "gdcheck-ablation/9"}', "no known schema"),
        ("{", "JSON"),
        ('{"schema": ["gdcheck-report/1"]}', "no known schema"),
        ('{"schema": "gdcheck-claims/1"}', "of an earlier version"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, capsys, content, words):
    file = tmp_path / "run.json"
    file.write_text(content, encoding="utf-8")
    assert run(["report", str(file), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_run_an_empty_directory_and_two_of_a_kind(tmp_path, capsys):
    for runs, words in (
        ([str(tmp_path / "none")], "cannot"),
        ([str(tmp_path)], "holds none of"),
        ([str(CLAIMS), str(CLAIMS)], "named twice"),
    ):
        assert run(["report", *runs, "--out", str(tmp_path / "out")]) == 2
        assert words in capsys.readouterr().err


def test_a_name_cannot_lead_out_of_the_directory(tmp_path, capsys):
    data = json.loads(_texts()[1])
    data["rows"][0]["name"] = data["asked"][0] = "../../escaped"
    file = tmp_path / "ablation.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert run(["report", str(file), "--out", str(tmp_path / "a" / "b")]) == 2
    assert "letters, digits and hyphens" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_page_of_a_hundred_thousand_problems_stays_small(tmp_path):
    verification = json.loads(_texts()[0])
    records = [r | {"problem": None} for r in verification["random"]]
    verification["random"] = [records[i % len(records)] | {"index": i} for i in range(100_000)]
    verification["problems"] = 100_000
    alone = [VerificationView(read_as(verification, VerificationView.shape))]
    html = render_page(alone, draw(alone))
    assert len(html.encode()) < 10_000_000
    assert "all 100000 random problems" in html
    assert "2,000 of 100,000 random problems" in html


def test_compose_draws_what_it_has(tmp_path):
    file = tmp_path / "ablation.json"
    file.write_text(_texts()[1], encoding="utf-8")
    html = compose([file], tmp_path / "out").read_text(encoding="utf-8")
    assert "Assumptions dropped in 3 ways: 2 needed, with proof; 1 not needed" in html
    assert "gdcheck recheck counterexamples/off-boundary-simplest.json" in html


def test_charts_as_files(tmp_path, capsys):
    file = tmp_path / "report.json"
    file.write_text(_texts()[0], encoding="utf-8")
    words = ["report", str(file), str(CLAIMS), "--out", str(tmp_path / "out")]
    assert run([*words, "--figures", "svg", "--figures", "png", "--figures", "pdf", "--figures", "html"]) == 0
    starts = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}
    for stem in ("phase", "claim-verdicts"):
        for form, start in starts.items():
            content = (tmp_path / "out" / f"{stem}.{form}").read_bytes()
            assert content.lstrip().startswith(start), f"{stem}.{form}"
            assert b"#010101" not in content
    page = (tmp_path / "out" / "phase.html").read_text(encoding="utf-8")
    assert "random problem 3" in page
    assert 'src="http' not in page
    assert run([*words, "--figures", "gif"]) == 2
    assert "'gif' is not a known format" in capsys.readouterr().err


def test_sweeps_and_measurements(tmp_path):
    docs = CLAIMS.parents[1]
    runs = [docs / "runs" / "sweep-1e7.json", docs / "measured" / "network.json", docs / "measured" / "training.json"]
    html = compose(runs, tmp_path / "out").read_text(encoding="utf-8")
    for part in (
        '<section id="sweep">',
        '<section id="network">',
        '<section id="training">',
        "10,000,000 of 10,000,000",
    ):
        assert part in html
    assert html.count("<h1") == 1
    # What was measured is called so, and never proved.
    measured = html[html.index('<section id="network">') : html.index("</main>")]
    assert "proved" not in measured
    assert "Synthetic data" not in html
    known = json.loads(runs[1].read_text(encoding="utf-8"))
    words = " ".join(measured.split())
    assert f"were measured as equal at η = {known['switch']:.9g}, at a relative distance of " in words
    assert "least asked" in words
    assert "of the scan do not settle the direction" in measured
    assert "switch" not in measured.partition("Momentum and Adam near that minimum")[0]
    markdown = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "## Sweep" in markdown
    assert "## Optimizers" in markdown


def measured(name: str, **changes: object) -> dict:
    return json.loads((CLAIMS.parents[1] / "measured" / f"{name}.json").read_text(encoding="utf-8")) | changes


def footer(name: str, data: dict) -> str:
    html = render_page(views({name: data}), draw(views({name: data})))
    shown = html[html.index("<footer>") : html.index("</footer>")]
    return " ".join(re.sub("</?span[^>]*>", "", shown).split())


def test_the_footer_repeats_a_measured_run_as_it_was_called():
    said = footer("training", measured("training", command="gdcheck train --epsilon 1e-3 --data 'my <images>'"))
    assert "<code>gdcheck train --epsilon 1e-3 --data &#39;my &lt;images&gt;&#39;</code>" in said
    assert f"The SHA-256 of the images is {measured('training')['data']['sha256']}." in said


def test_the_footer_derives_a_command_only_from_parameters_that_suffice():
    said = footer("network", measured("network", command=""))
    words = (
        "--data DIR --subset 100 --width 4 --weight-decay 0.05 --steps 5000 --scan-steps 300 --distance 0.01 --seed 3"
    )
    assert f"<code>gdcheck network {words}</code>. DIR is where they lie: images of cifar10-5k/train." in said
    # As that command is read, it asks for what is stored.
    command = typer.main.get_command(app).commands["network"]
    read = command.make_context("network", words.replace("--data DIR ", "").split()).params
    assert (read["subset"], read["width"], read["decay"], read["scan_steps"], read["seed"]) == (100, 4, "0.05", 300, 3)
    seedless = measured("network", command="")
    del seedless["options"]["seed"]
    for name, data in {"training": measured("training", command=""), "network": seedless}.items():
        said = footer(name, data)
        assert "gdcheck train" not in said and "gdcheck network" not in said
        assert "There is no command to repeat the measured run: it was stored without one" in said


@pytest.mark.parametrize(("regime", "drawn"), [("boundary", False), ("unstable", False), ("small-step", True)])
def test_minima_without_a_prediction_are_told_and_not_drawn(regime, drawn):
    data = measured("training-settled")
    for one in data["minima"]:
        one["predicted"]["regime"] = regime
        one["along_lowest"] = {"modulus": 0.9, "angle": 0.0}
    (view,) = views({"training": data})
    assert ("minima" in dict(view.pictures())) is drawn
    assert ("lie on a boundary of η" in render_page([view], draw([view]))) is not drawn
    assert ("lie on a boundary of η" in as_markdown([view])) is not drawn


def test_made_up_images_are_a_caution_and_an_unfinished_sweep_is_incomplete():
    docs = CLAIMS.parents[1]
    sweep = json.loads((docs / "runs" / "sweep-1e7.json").read_text(encoding="utf-8"))
    network = json.loads((docs / "measured" / "network.json").read_text(encoding="utf-8"))
    network["data"]["synthetic"] = True
    sweep.update(decided=9_000_000, outcome="incomplete", refuted=[17])
    sources = {"sweep": sweep, "network": network}
    assert outcome_of(views(sources)) == "incomplete"
    html = render_page(views(sources), draw(views(sources)))
    assert "Synthetic data" in html
    assert "gdcheck problem DIRECTORY 17" in html
    root = ElementTree.fromstring(as_junit(views(sources)).encode())
    assert [(s.get("failures"), s.get("skipped")) for s in root] == [("1", "1")]


def test_what_is_set_aside_is_a_case_of_its_own_and_never_passed():
    """Unresolved starts outside the ball, and what holds by formula alone, are skipped with their causes."""
    run = json.loads(CLAIMS.read_text(encoding="utf-8"))
    view = read_views([CLAIMS])
    root = ElementTree.fromstring(as_junit(view).encode())
    skipped = {
        case.get("name"): case[0].get("message") for case in root.iter("testcase") if case.find("skipped") is not None
    }
    markdown = "\n".join(line for one in view for line in one.markdown())
    for row in run["rows"]:
        assert row["held"] + row["violated"] + row["undecided"] + row["aside"] == row["examined"]
        name = f"{row['name']}: {row['aside']} of {row['examined']} problems"
        assert (name in skipped) == bool(row["aside"])
        for cause, count in row["causes"].get("aside", {}).items():
            assert f"{count}: {cause}" in skipped[name]
        assert sum(row["causes"].get("aside", {}).values()) == row["aside"]
        assert f"| {row['held']} | {row['violated']} | {row['undecided']} | {row['aside']} |" in markdown.replace(
            ",", ""
        )
    assert skipped


def test_several_runs_of_one_kind_stand_on_one_page(tmp_path):
    runs = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        data = json.loads(CLAIMS.read_text(encoding="utf-8"))
        data["rows"] = data["rows"][:2]
        (folder / "claim.json").write_text(json.dumps(data), encoding="utf-8")
        runs.append(str(folder))
    out = tmp_path / "page"
    assert run(["report", *runs, "--out", str(out), "--figures", "svg"]) == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    assert 'id="claim"' in page and 'id="claim-2"' in page and 'href="#claim-2"' in page
    ids = re.findall(r'<(?:section|article)[^>]* id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_parts_of_one_kind_are_told_apart_and_each_finds_its_files(tmp_path):
    runs = []
    for name, python in (("first", "3.11.1"), ("second", "3.12.2")):
        (tmp_path / name).mkdir()
        data = fresh()["verification"]
        data["versions"]["python"] = python
        (tmp_path / name / "report.json").write_text(json.dumps(data), encoding="utf-8")
        runs.append(tmp_path / name)
    out = tmp_path / "page"
    page = compose(runs, out).read_text(encoding="utf-8")
    assert '<p class="name">verification 2</p>' in page
    assert "Refuted (verification 2)" in page and "<dt>python</dt><dd>3.11.1, 3.12.2</dd>" in page
    headings = re.findall("^## .*$", (out / "report.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == ["## Verification", "## Verification 2"]
    assert "All numbers: report.json" in page and "All numbers: verification-2/report.json" in page
    for name, python in (("report.json", "3.11.1"), ("verification-2/report.json", "3.12.2")):
        assert json.loads((out / name).read_text(encoding="utf-8"))["versions"]["python"] == python


def test_every_figure_of_a_page_is_written(tmp_path):
    conjectures = Path(__file__).parents[3] / "docs" / "runs" / "conjectures.json"
    data = json.loads(conjectures.read_text(encoding="utf-8"))
    data["rows"] = [row for row in data["rows"] if row["name"] in {"catapult", "every_start", "best_rate"}]
    (tmp_path / "claim.json").write_text(json.dumps(data), encoding="utf-8")
    assert run(["report", str(tmp_path), "--out", str(tmp_path), "--figures", "svg", "--figures", "png"]) == 0
    shown = re.findall(r"<svg", (tmp_path / "index.html").read_text(encoding="utf-8"))
    for form in ("svg", "png"):
        written = list(tmp_path.glob(f"*.{form}"))
        assert len(written) == len(shown) == 2
        assert all(path.stat().st_size > 1000 for path in written)
