"""The small examples of docs/valleys.md, each with both regimes."""

import json
import re
from pathlib import Path

import pytest

from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.sharpness import valley_sharpness

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "valleys.md").read_text()
FILES = sorted((DOCS / "valleys").glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_examples_are_what_the_page_says(file):
    found = decide_valley(ValleyProblem.from_json(json.loads(file.read_text())))
    name, kind = file.stem.rsplit("-", 1)
    answer = valley_answer(found)
    assert answer["verdict"] == "proved" and answer["regime"] == f"{kind}-step"
    assert f"(valleys/{file.name}): step {answer['step']} |" in PAGE
    if kind == "small":
        return
    sharpness = valley_sharpness(found)
    assert sharpness.is_proved and check(valley_certificate(found, sharpness)) is None
    three = (float(sharpness.first), int(sharpness.threshold.p) / int(sharpness.threshold.q), float(sharpness.limit))
    stated, count = re.search(rf"\| \[([^]]*)\]\(valleys/{name}\.svg\) \| (\d+) \|", PAGE).groups()
    assert [float(x) for x in stated.split(", ")] == pytest.approx(three, abs=6e-4)
    assert int(count) == len(sharpness.above)


def test_there_are_five_with_both_regimes():
    assert len(FILES) == 10
