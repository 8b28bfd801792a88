"""The picture of a problem: sound files in every format, one mark for each step, level sets where they are."""

import json
import re
from functools import cache
from math import hypot
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.cli import run
from gdcheck.reports.charts import STAND_IN, as_svg
from gdcheck.reports.figures import rendered
from gdcheck.reports.formats import FORMATS
from gdcheck.reports.level_sets import level_sets
from gdcheck.reports.problem_charts import portrait, problem_chart
from gdcheck.theorem.decision.decide import decide
from gdcheck.theorem.descent.problem import Problem

WORKED = "x**2 + y**2/2 + x**2*y + x**3"
SVG = "{http://www.w3.org/2000/svg}"
HEADS = {"svg": b"<svg", "png": b"\x89PNG\r\n", "pdf": b"%PDF-", "html": b"<!doctype html>"}


@cache
def worked(step_size="0.95", start=("0.1", "0.1")):
    return decide(Problem(WORKED, step_size=step_size, start=list(start)))


@cache
def picture():
    return as_svg(problem_chart(worked()))


def symbols(svg, colour):
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if "mark-symbol" in g.get("class", "")]
    return sum(p.get("fill") == STAND_IN[colour] for g in groups for p in g.iter(f"{SVG}path"))


def test_every_step_is_drawn_and_seven_are_above_the_threshold():
    data = portrait(worked())
    steps = len(data.errors)
    assert len(data.values) == steps >= 30
    svg = picture()
    assert symbols(svg, "open") == 7
    # x-components, and the steps below 2/η.
    assert symbols(svg, "fixed") == steps + steps - 7
    # y-components, and the trajectory.
    assert symbols(svg, "alternating") == 2 * steps
    assert "above 2/η = 2.105 at 7 steps, the loss falling at each" in svg


# Barely beyond the boundary 2/3, the start almost along the slow axis: the steeper one wins only in the end.
SLOW = ("1/2*x**2 + y**2", "0.68", ("1", "1/1000"))


@pytest.mark.parametrize(
    ("loss", "step", "start", "later"),
    [
        (*SLOW, True),
        ("1/2*x**2 + y**2", "0.68", ("1/1000", "1"), False),
        ("1/2*x**2 + y**2", "0.9", ("1/1000", "1/10"), False),
        ("1/2*x**2 + y**2", "0.6", ("1", "1/1000"), False),
        ("1/2*x**2 + y**2", "0.66", ("1/1000", "1"), True),
        ("1/2*x**2 + y**2", "2/3", ("1", "1"), False),
    ],
)
def test_a_limit_that_comes_only_later_is_called_so(loss, step, start, later):
    decision = decide(Problem(loss, step_size=step, start=list(start)))
    assert decision.limit is not None
    assert ("not close to its limit yet" in as_svg(problem_chart(decision))) is later


def test_the_dashed_line_is_at_two_over_eta():
    root = ElementTree.fromstring(picture())
    dashed = [e for e in root.iter() if e.get("stroke-dasharray", "") == "5,4"]
    assert len(dashed) == 1 and dashed[0].get("stroke") == STAND_IN["open"]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_what_it_says(form):
    content = rendered(problem_chart(worked()), form, "a <name> & more")
    assert content.startswith(HEADS[form])
    if form in {"svg", "html"}:
        text = content.decode("utf-8")
        assert not re.search(r"(?:src|href)\s*=\s*[\"']?https?:", text), "it asks for nothing from elsewhere"
        assert "<script" not in text and "a <name>" not in text
        assert not any(colour in text for colour in STAND_IN.values()), "no stand-in colour is left"
    if form == "svg":
        assert ElementTree.fromstring(content).tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("loss", "step_size", "start"),
    [
        ("x**2/2 + y**2 + z**2*2 + x*y*z", "0.1", ["0.1", "0.1", "0.1"]),
        ("x**2 - y**2 + y**4", "0.1", ["0.1", "0.1"]),
        ("x**2 + y**2 + y**3", "2", ["1", "1"]),
        ("x**2 + y**2", "0.1", ["0", "0"]),
        ("x**2 + x**3", "0.1", ["0.1"]),
        ("x**2 + y**2/2 + max(x - y, 0)**3", "0.1", ["0.1", "-0.1"]),
    ],
)
def test_any_problem_can_be_drawn(loss, step_size, start):
    svg = as_svg(problem_chart(decide(Problem(loss, step_size=step_size, start=start), max_steps=500)))
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg"


def test_plot_reads_a_problem_a_certificate_or_options(tmp_path, capsys):
    problem, certificate = tmp_path / "problem.json", tmp_path / "certificate.json"
    problem.write_text(json.dumps({"loss": WORKED, "step_size": "0.95", "start": ["0.1", "0.1"]}), encoding="utf-8")
    assert run(["check", "--problem", str(problem), "--certificate", str(certificate)]) == 0
    options = ["--loss", WORKED, "--step-size", "0.95", "--start", "0.1,0.1"]
    pictures = []
    for k, words in enumerate(([str(problem)], [str(certificate)], options)):
        out = tmp_path / f"{k}.svg"
        assert run(["plot", *words, "--out", str(out)]) == 0
        pictures.append(out.read_text(encoding="utf-8"))
    assert len(set(pictures)) == 1
    assert str(tmp_path / "2.svg") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--loss", WORKED, "--step-size", "0.1", "--start", "0.1,0.1"], "out"),
        (["--loss", WORKED, "--step-size", "0.1", "--start", "0.1,0.1", "--out", "a.gif"], "out"),
        (["--loss", WORKED, "--step-size", "0.1", "--start", "0.1,0.1", "--out", "/nowhere/at/all.svg"], "file"),
        (["missing.json", "--out", "a.svg"], "file"),
        (["missing.json", "--loss", "x", "--out", "a.svg"], "problem"),
        (["--out", "a.svg"], "loss"),
    ],
)
def test_bad_input_gets_one_sentence(words, field, capsys):
    assert run(["plot", *words]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith(f"error: {field}: ") and err.count("\n") == 1


@given(st.integers(-3, 3), st.integers(1, 4), st.floats(0.2, 2.0))
def test_level_sets_of_a_bowl_are_closed_and_where_they_are(shift, stretch, level):
    def bowl(x, y):
        return (x - shift) ** 2 + (stretch * y) ** 2

    lines = level_sets(bowl, (shift - 2.0, shift + 2.0), (-2.0, 2.0), [level])
    assert len(lines) == 1, "one closed curve is one line"
    (line,) = lines
    assert hypot(line[0][0] - line[-1][0], line[0][1] - line[-1][1]) < 1e-3
    assert all(abs(bowl(x, y) - level) < 0.12 * stretch for x, y in line)


def test_level_sets_that_leave_the_rectangle_are_open():
    lines = level_sets(lambda x, y: x, (0.0, 1.0), (0.0, 1.0), [0.3, 0.7])
    assert len(lines) == 2
    assert all(abs(x - level) < 1e-9 for line, level in zip(lines, (0.3, 0.7), strict=True) for x, _ in line)
    assert all(abs(abs(line[0][1] - line[-1][1]) - 1) < 1e-9 for line in lines)


def test_a_level_that_does_not_occur_has_no_line():
    assert level_sets(lambda x, y: x + y, (0.0, 1.0), (0.0, 1.0), [5.0]) == []
