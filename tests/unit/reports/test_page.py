"""The page: honest first, offline, and every text of a report shown as text."""

import base64
import hashlib
import json
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.properties.storage.files import as_json
from gdcheck.properties.verify.verification import Verification
from gdcheck.properties.verify.verify import verify
from gdcheck.reports.page import render_page
from gdcheck.reports.text import decimal, mathematical, rate, ratio, scientific, vector
from gdcheck.reports.verification_view import VerificationView
from tests.builders.shapes import loosely

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" class="wide-picture"></svg>'
NARROW = '<svg xmlns="http://www.w3.org/2000/svg" class="narrow-picture"></svg>'
WORKED = '<svg id="worked"></svg>'
VOID = {"meta", "link", "br", "img", "hr", "input"}


def accept(certificate: object) -> str | None:
    return None


@cache
def _text() -> str:
    return as_json(verify(8, 3, checker=accept))


def fresh() -> dict:
    return json.loads(_text())


def rendered(report: dict) -> str:
    pictures = {"wide": PICTURE, "narrow": NARROW, "worked": WORKED}
    return render_page([VerificationView(loosely(report, Verification))], {"verification": pictures})


def problem(loss: str) -> dict:
    return {"loss": loss, "variables": ["x"], "minimizer": ["0"], "step_size": "1", "start": ["1"]}


class Page(HTMLParser):
    """Collects elements, attributes and text; complains of elements that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += f"{data} "


def words(html: str) -> str:
    return " ".join(Page(html).text.split())


def test_it_is_sound_and_offline() -> None:
    html = rendered(fresh())
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"img", "iframe", "object", "embed", "form", "base"}
    # One script, our own: the policy names it by its hash, so that the browser runs no other.
    assert [tag for tag, _ in page.elements].count("script") == 1
    script = html[html.index("<script>") + 8 : html.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert attributes.get(name, "data:,") == "data:,", f"<{tag}> asks for {attributes.get(name)}"
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert PICTURE in html
    assert NARROW in html
    assert WORKED in html


def test_what_could_make_a_pass_meaningless_comes_first() -> None:
    text = words(rendered(fresh()))
    order = ["What could make a pass meaningless", "seed 3", "Proved: the paper’s 6 rows", "The paper’s rows", "Random"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "and all 8 random problems." in text
    for name, version in fresh()["versions"].items():
        assert f"{name} {version}" in text.replace("\n", " ")


def test_the_papers_table() -> None:
    text = words(rendered(fresh()))
    for loss in ("½\u2009x² + 2\u2009y²", "x² + ½\u2009y² + x³ + x²\u2009y"):
        assert " ".join(loss.split()) in text
    assert "alternating, (1, 0)" in text
    assert "fixed, y-axis" in text


def test_the_sharpness_on_the_papers_instances() -> None:
    text = words(rendered(fresh()))
    assert "η 0.95 from (0.1, 0.1)" in text.replace("= ", "") and "oscillating, rechecked 6 0 7 0" in text
    assert "(0.1, −0.1) monotone from below, rechecked −2 16 0 0" in text
    report = fresh()
    report["sharpness"][-1].update(
        kind="undecided", recheck="none", agrees=False, cause="a planted cause", complete=False
    )
    text = words(rendered(report))
    assert "undecided: a planted cause but not as expected: oscillating" in text and "7?" in text.replace(" ?", "?")
    report["sharpness"] = []
    assert "None was finished." in words(rendered(report))


def test_hostile_text_is_shown_as_text() -> None:
    report = fresh()
    report["versions"][EVIL] = EVIL
    report["outcome"] = EVIL
    for row in report["paper"] + report["sweep"]:
        row["title"] = EVIL
        row["agrees"] = False
        row["expected"]["kind"] = row["expected"]["axis"] = EVIL
        row["record"].update(reason=EVIL, step_size=EVIL, boundary=EVIL, regime=EVIL, verdict=EVIL, recheck=EVIL)
        row["record"]["problem"] = problem(EVIL)
        row["record"]["limit"]["kind"] = EVIL
        row["record"]["limit"]["vector"] = [1.0, 0.0]
    for row in report["sharpness"]:
        row.update(loss=EVIL, step_size=EVIL, start=[EVIL], expected=EVIL, kind=EVIL, C_eta=EVIL, cause=EVIL)
    for r in report["random"]:
        r.update(reason=EVIL, regime=EVIL, verdict=EVIL, problem=problem(EVIL))
    html = rendered(report)
    page = Page(html)
    assert [tag for tag, _ in page.elements if tag in {"script", "img"}] == ["script"]
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text


def test_proved_is_said_only_of_accepted_certificates() -> None:
    report = fresh()
    for r in report["random"]:
        r["recheck"] = "none"
    text = words(rendered(report))
    assert "not rechecked" in text
    assert "all 8 random problems" not in text
    for row in report["paper"]:
        row["record"]["recheck"] = "rejected"
    page = Page(rendered(report))
    assert ("span", {"class": "tag good"}) not in page.elements


def test_verdicts_that_coqs_kernel_accepted_are_marked() -> None:
    report = fresh()
    assert "kernel" not in words(rendered(report)).lower()
    report["paper"][0]["record"]["kernel"] = True
    report["paper"][1]["record"].update(kernel=False, verdict="unresolved", reason="false in Coq's kernel: planted")
    report["paper"][1]["agrees"] = False
    report["random"][0]["kernel"] = True
    text = words(rendered(report))
    assert text.count("accepted, kernel-checked") == 1
    assert text.count("accepted, not by the kernel") == 1
    assert "1 of the paper’s 6 rows" in text
    assert "1 of 8 random problems; it did not accept 1" in text
    assert "gdcheck verify --kernel --problems 8" in text
    assert "Not accepted by Coq’s kernel" in text


def test_what_is_unresolved_is_listed_with_its_command() -> None:
    report = fresh()
    report["outcome"] = "incomplete"
    report["random"][2].update(verdict="unresolved", recheck="none", reason="the budget ended", problem=problem("x**2"))
    html = rendered(report)
    text = words(html)
    assert "Not complete. Proved are 6 of the paper’s 6 rows and 7 of 8 random problems." in text
    assert "random problem 2 unresolved the budget ended gdcheck check --problem problems/random-3-2.json" in text
    assert 'class="serious"' in html


def test_a_refutation_is_the_headline() -> None:
    report = fresh()
    report["outcome"] = "failed"
    report["random"][2].update(verdict="refuted", recheck="none", reason="another limit", problem=problem("x**2"))
    html = rendered(report)
    assert '<h1 class="bad">Contradicted.' in html
    assert "random problem 2 refuted another limit" in words(html)


def test_an_interrupted_run_says_so() -> None:
    report = fresh()
    report.update(interrupted=True, outcome="incomplete", random=report["random"][:3], sweep=[], paper=[])
    text = words(rendered(report))
    assert "The run was interrupted: 3 of 8 random problems were finished." in text
    assert "None was finished." in text


def test_a_run_without_random_problems_says_so() -> None:
    report = fresh()
    report.update(problems=0, random=[])
    text = words(rendered(report))
    assert "No random problems were asked for" in text
    assert "Proved: the paper’s 6 rows." in text


def test_nothing_is_listed_when_all_is_proved() -> None:
    assert "Not proved, or not as expected Nothing." in words(rendered(fresh()))


def test_missing_numbers_are_dashes() -> None:
    report = fresh()
    empty = dict.fromkeys(
        ("regime", "dimension", "degree", "terms", "step_size", "boundary", "ratio", "distance", "gap")
    )
    empty |= dict.fromkeys(("step", "precision", "rate", "start_radius", "margin", "limit", "to_lowest", "to_highest"))
    report["random"][0].update(empty, verdict="unresolved", recheck="none", problem=None)
    report["paper"][0]["record"].update(empty, verdict="unresolved", recheck="none", problem=None)
    report["paper"][0]["agrees"] = False
    text = words(rendered(report))
    assert "unknown" in text
    assert "None" not in text.replace("None.", "")


def test_the_templates_lie_in_the_package() -> None:
    for name in ("page.html.j2", "verification.html.j2", "ablation.html.j2", "page.js", "style.css"):
        assert (files("gdcheck.reports") / "templates" / name).is_file()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1/2*x**2 + 2*y**2", "½\u2009x² + 2\u2009y²"),
        ("x**12 - 11/2*x", "x¹² − 11/2\u2009x"),
        ("3*max(x - 1, 0)**4", "3\u2009max(x − 1, 0)⁴"),
        ("x1**2*x12", "x₁²\u2009x₁₂"),
    ],
)
def test_losses_are_written_as_people_do(text: str, shown: str) -> None:
    assert mathematical(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("1/10", "0.1"), ("19/20", "0.95"), ("1/3", "1/3"), ("1/0", "1/0"), ("x", "x"), (None, "–")]
)
def test_decimals_only_where_exact(text: str | None, shown: str) -> None:
    assert decimal(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "0"), (0.125, "0.125"), (-1e-12, "−10⁻¹²"), (1e-12, "10⁻¹²"), (3.25e-7, "3.25·10⁻⁷")],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert scientific(value) == shown


@pytest.mark.parametrize(("margin", "shown"), [(None, "tail 0"), (0.30102, "1.999"), (1.0, "10.000"), (7.5, "10⁷")])
def test_ratios_are_rounded_down(margin: float | None, shown: str) -> None:
    assert ratio(margin) == shown


def test_a_ratio_next_to_one_keeps_its_digits() -> None:
    assert ratio(1e-9) == "1 + 2.3·10⁻⁹"


def test_vectors() -> None:
    assert vector([1.0, -0.5]) == "(1, −0.5)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.5, "0.5"),
        (0.99, "0.99"),
        (0.9995, "1 − 5·10⁻⁴"),
        (1 - 2.0**-40, "1 − 9.09·10⁻¹³"),
        (1 - 2.0**-53, "1 − 1.11·10⁻¹⁶"),
        (1.0, "below 1 by less than 10⁻¹⁵"),
    ],
)
def test_a_rate_just_below_one_is_not_called_one(value: float | None, shown: str) -> None:
    assert rate(value) == shown


@given(st.floats(0.991, 1, exclude_max=True))
def test_what_a_rate_leaves_to_one_is_shown_to_three_digits(value: float) -> None:
    said = rate(value).removeprefix("1 − ")
    digits = said.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")).replace("·10", "e")
    left = float("1e" + digits.removeprefix("10") if digits.startswith("10") else digits)
    assert abs(left / (1 - value) - 1) <= 0.006


def test_the_closest_calls_show_rates_with_their_digits() -> None:
    report = fresh()
    for record in report["random"]:
        record["rate"] = 1 - 2.0**-40
    assert "rate 1 − 9.09·10⁻¹³" in words(rendered(report))
