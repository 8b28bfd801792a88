"""The picture: sound XML, self-contained, one mark for each certified direction."""

import json
import re
from functools import cache
from xml.etree import ElementTree

import pytest

from gdcheck.properties.storage.files import as_json
from gdcheck.properties.verify.verification import Verification
from gdcheck.properties.verify.verify import verify
from gdcheck.reports.charts import picture as as_picture
from gdcheck.reports.phase_charts import PHASE, phase_chart
from tests.builders.shapes import loosely

SVG = "{http://www.w3.org/2000/svg}"
PROBLEMS = 10


def accept(certificate: object) -> str | None:
    return None


@cache
def _text() -> str:
    return as_json(verify(PROBLEMS, 0, checker=accept))


def fresh() -> dict:
    return json.loads(_text())


def phase_picture(report: dict, *, narrow: bool = False) -> str:
    return as_picture(phase_chart(loosely(report, Verification), narrow=narrow), PHASE)


@cache
def picture(narrow: bool = False) -> str:
    return phase_picture(fresh(), narrow=narrow)


def marks(svg: str, name: str) -> int:
    """How many symbols are drawn in a colour."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter(f"{SVG}g") if "mark-symbol" in g.get("class", "")]
    return sum(
        any(f"gd-{attribute}-{name}" in p.get("class", "") for attribute in ("fill", "stroke"))
        for g in groups
        for p in g.iter(f"{SVG}path")
    )


@pytest.mark.parametrize("narrow", [False, True])
def test_it_parses_and_has_the_points(narrow: bool) -> None:
    svg = picture(narrow)
    assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
    # A random problem has a mark in each of two panels.
    assert marks(svg, "fixed") == 39 + PROBLEMS
    assert marks(svg, "alternating") == 2 * 19 + PROBLEMS
    assert marks(svg, "two-cycle") == 2
    assert marks(svg, "open") == 0


def test_it_asks_for_nothing() -> None:
    svg = picture()
    root = ElementTree.fromstring(svg)
    assert {e.tag for e in root.iter()} <= {f"{SVG}{t}" for t in ("svg", "g", "path", "text", "tspan", "line", "style")}
    assert "href" not in svg
    assert "url(" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_it_carries_no_ids_that_could_clash_on_a_page() -> None:
    assert not any("id" in e.attrib for e in ElementTree.fromstring(picture()).iter())


def test_its_background_is_transparent_and_its_colours_follow_the_scheme() -> None:
    svg = picture()
    assert "prefers-color-scheme:dark" in svg
    drawn = svg.split("</style>")[1]
    assert set(re.findall(r"(?:fill|stroke)=\"([^\"]*)\"", drawn)) <= {"none", "transparent"}
    assert not re.search(r"#0[1-7]0[1-7]0[1-7]", svg), "a stand-in colour is left"


def test_what_is_not_accepted_is_drawn_as_open() -> None:
    report = fresh()
    report["random"][0]["recheck"] = "none"
    report["random"][1].update(verdict="unresolved", recheck="rejected")
    report["random"][2]["to_lowest"] = 0.5
    report["sweep"][3]["record"].update(recheck="rejected")
    report["sweep"][5]["record"].update(limit=None)
    svg = phase_picture(report)
    assert marks(svg, "open") == 2 + 2 * 3
    assert "not proved" in svg


def test_a_problem_on_the_boundary_and_one_without_a_spectrum() -> None:
    report = fresh()
    report["random"][0].update(distance=0.0, verdict="not-applicable")
    report["random"][1].update(distance=None, ratio=None, regime=None, verdict="unresolved")
    ElementTree.fromstring(phase_picture(report))


@pytest.mark.parametrize("part", ["random", "sweep"])
def test_half_a_run_still_has_a_picture(part: str) -> None:
    report = fresh()
    report[part] = []
    ElementTree.fromstring(phase_picture(report))


def test_nothing_at_all_still_has_a_picture() -> None:
    report = fresh()
    report["random"], report["sweep"] = [], []
    ElementTree.fromstring(phase_picture(report))
