"""The losses on real data in ``examples/``: both regimes proved and rechecked, from the starts of docs/smooth.md."""

import importlib
import json
from pathlib import Path

import pytest

from gdcheck import Problem, decide

EXAMPLES = Path(__file__).parents[3] / "examples"
FAR = "-1/2,-3/4,0,-5/8,7/8,3/4,7/8"
NEAR = (
    "0.20690,-0.03836,-0.21270,-0.28566,-0.13202,0.25519,0.67518,0.17802,-0.79738,0.88964,-0.16576,-0.31113,-1.33232,"
    "-0.31151,-0.59882,-1.47036,0.47695,-1.29931,-0.93402"
)
BOTH = [
    ("ridge", "0.0159", "0,0,0", "fixed"),
    ("ridge", "0.01674", "0,0,0", "alternating"),
    ("factorization", "0.4215", FAR, "fixed"),
    ("factorization", "0.4468", FAR, "alternating"),
    ("network", "0.3", NEAR, "fixed"),
    ("network", "0.3138", NEAR, "alternating"),
]


@pytest.mark.parametrize(("name", "eta", "start", "kind"), BOTH)
def test_both_regimes_are_proved(gdcheck, name, eta, start, kind):
    words = ("check", "--loss-function", f"{EXAMPLES}/real_losses.py:{name}", "--step-size", eta, f"--start={start}")
    code, out, err = gdcheck(*words, "--json")
    answer = json.loads(out)
    assert (code, err, answer["verdict"], answer["recheck"]) == (0, "", "proved", "accepted")
    assert answer["limit"]["kind"] == kind


def test_softmax_alternates_beyond_the_boundary(monkeypatch):
    """The engine alone: with its recheck ``gdcheck check`` takes some twenty seconds."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    softmax = importlib.import_module("real_losses").softmax
    decision = decide(Problem(softmax, step_size="7.5", start=["0"] * 6))
    assert decision.verdict.value == "proved", decision.reason
    assert decision.limit.kind.value == "alternating"


def test_the_breast_cancer_table_is_what_the_docs_say():
    lines = (EXAMPLES / "breast_cancer_features.csv").read_text().split()
    rows = [[float(x) for x in line.split(",")] for line in lines]
    labels = (EXAMPLES / "breast_cancer_labels.csv").read_text().split()
    assert (len(rows), {len(row) for row in rows}, len(labels), set(labels)) == (569, {30}, 569, {"1", "-1"})
    for column in zip(*rows, strict=True):
        mean = sum(column) / 569
        assert abs(mean) < 1e-3 and abs(sum((x - mean) ** 2 for x in column) / 569 - 1) < 1e-3
