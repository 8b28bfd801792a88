"""Losses over named data: the grammar of arrays, the files, and the answers."""

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdcheck as api
from gdcheck.theorem.checker.smooth.arrays import read_data as read_for_the_checker
from gdcheck.theorem.checker.smooth.expression import read_expression
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.floats.descent import FloatGradient
from gdcheck.theorem.smooth.reading import read_smooth

LOGISTIC = "mean(softplus(-y*(X@w))) + 0.05*dot(w, w)"
FEATURES = [[1.5, -0.25], [0.5, 2.0], [-1.0, 0.1], [-0.75, -1.5], [0.3, 0.7]]
LABELS = [1.0, 1.0, -1.0, -1.0, -1.0]
DATA = {"X": FEATURES, "y": LABELS}


@pytest.fixture
def files(tmp_path):
    features, labels = tmp_path / "features.csv", tmp_path / "labels.csv"
    pl.DataFrame(FEATURES, schema=["a", "b"], orient="row").write_csv(features)
    labels.write_text("".join(f"{y}\n" for y in LABELS))
    return tmp_path


def gradient(text, point, data):
    return FloatGradient(read_smooth(text, None, data))(point)


numbers = st.floats(-3, 3).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(numbers, numbers, st.sampled_from([-1.0, 1.0])), min_size=1, max_size=5), numbers, numbers)
def test_the_text_means_what_numpy_means(rows, a, b):
    data = {"X": [row[:2] for row in rows], "y": [row[2] for row in rows]}
    features, labels, w = np.array(data["X"]), np.array(data["y"]), np.array([a, b])
    slope = -labels / (1 + np.exp(labels * (features @ w))) / len(rows)
    assert gradient(LOGISTIC, [a, b], data) == pytest.approx(list(features.T @ slope + 0.1 * w), abs=1e-12)
    residual = features @ w - labels
    least_squares = "sum((X@w - y)**2)/2 + dot(w, w)"
    assert gradient(least_squares, [a, b], data) == pytest.approx(list(features.T @ residual + 2 * w), abs=1e-9)
    bilinear = "sum((u@X)**2) + sum(X*2) + sum(u*u)"
    u = np.arange(1, len(rows) + 1) / 4
    expected = 2 * features @ (features.T @ u) + 2 * u
    assert gradient(bilinear, list(u), {"X": data["X"]}) == pytest.approx(list(expected), abs=1e-9)


TEXTS = [LOGISTIC, "sum((X@w - y)**2)/5 + mean(X)*b**2 + dot(w, w) + exp(b)", "mean(X@w*(X@w)) + w@w + y@X@w"]


@pytest.mark.parametrize("text", TEXTS)
def test_the_checker_reads_the_same_graph(text):
    data = DATA if "y" in text else {"X": FEATURES}
    loss = read_smooth(text, None, data)
    other = read_expression(text, loss.variables, read_for_the_checker(json.loads(json.dumps(data))))
    assert len(other.operations) == len(loss.nodes)
    assert [type(x).__name__ for x in other.operations] == [
        {"Function": "Call"}.get(type(x).__name__, type(x).__name__) for x in loss.nodes
    ]


def test_csv_files(gdcheck, files, tmp_path):
    words = ["check", "--loss", LOGISTIC, "--step-size", "0.5", "--start", "w=0"]
    data = ["--data", f"X={files / 'features.csv'}", "--data", f"y={files / 'labels.csv'}"]
    proof = tmp_path / "proof.json"
    code, out, err = gdcheck(*words, *data, "--json", "--certificate", proof)
    answer = json.loads(out)
    assert (code, err, answer["verdict"], answer["recheck"]) == (0, "", "proved", "accepted")
    assert answer["variables"] == ["w1", "w2"]
    w = np.array([x for x, _ in answer["minimizer"]])
    features, labels = np.array(FEATURES), np.array(LABELS)
    slope = features.T @ (-labels / (1 + np.exp(labels * (features @ w)))) / 5 + 0.1 * w
    assert np.abs(slope).max() < 1e-15
    stored = json.loads(proof.read_text())
    assert stored["problem"]["data"] == DATA
    assert gdcheck("recheck", proof)[0] == 0
    assert gdcheck("replay", proof)[1].startswith("SAME: proved")
    # The same problem as JSON.
    problem = tmp_path / "problem.json"
    problem.write_text(json.dumps({"loss": LOGISTIC, "step_size": "0.5", "start": {"w": 0}, "data": DATA}))
    assert json.loads(gdcheck("check", "--problem", problem, "--json")[1])["minimizer"] == answer["minimizer"]
    # The checker reads the data too.
    stored["problem"]["data"]["X"][0][0] += 2.0**-40
    proof.write_text(json.dumps(stored))
    assert gdcheck("recheck", proof)[0] == 1


def test_parquet_and_npz(gdcheck, tmp_path):
    table, archive, labels = tmp_path / "x.parquet", tmp_path / "both.npz", tmp_path / "y.parquet"
    pl.DataFrame(FEATURES, schema=["a", "b"], orient="row").write_parquet(table)
    pl.DataFrame({"y": [int(y) for y in LABELS]}).write_parquet(labels)
    np.savez(archive, X=np.array(FEATURES), y=np.array(LABELS))
    words = ["check", "--loss", LOGISTIC, "--step-size", "0.5", "--start", "w1=0,w2=0", "--json"]
    first = gdcheck(*words, "--data", f"X={table}", "--data", f"y={labels}")
    assert first[0] == 0
    assert gdcheck(*words, "--data", archive) == first


def test_python_takes_arrays():
    data = {"X": np.array(FEATURES), "y": np.array(LABELS)}
    problem = api.SmoothProblem.of(LOGISTIC, data=data, step_size="1/2", start={"w": "0"})
    decision = api.decide(problem)
    assert decision.verdict is api.Verdict.PROVED
    assert api.recheck(api.certify(decision))


BAD = [
    ("mean(softplus(-y*(Z@w)))", "beside @ stand vectors and matrices that fit, given as data"),
    ("softplus(-y*(X@w)) + dot(w,w)", "an array of shape (5,) ends"),
    ("mean(y*X) + dot(w,w)", "the shapes (5,) and (5, 2) differ"),
    ("sum(y@X@w) + dot(w,y)", "the shapes (2,) and (5,) have no product @"),
    ("dot(a, a) + sum(X@w)", "dot of operands that are not vectors"),
    ("sum(X@w) + w1**2", "has the name of a vector's component"),
    ("meen((X@w)**2)", "did you mean mean?"),
    ("dot(X@w)", "write dot(a, b)"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_texts_are_one_sentence(text, said):
    with pytest.raises(InputError) as found:
        read_smooth(text, None, DATA)
    assert said in str(found.value)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        ([], "not a vector or matrix"),
        ([[1, 2], [3]], "rows of different lengths"),
        ([1, math.nan], "not a finite number"),
        ([1, "a"], "not a finite number"),
        (3, "not a vector or matrix"),
        ([[[1]]], "not a finite number"),
    ],
)
def test_bad_arrays_are_one_sentence(array, said):
    with pytest.raises(InputError, match=said):
        read_smooth("sum((X@w)**2)", None, {"X": array})


def test_bad_files_are_one_sentence(gdcheck, files, tmp_path):
    words = ["check", "--loss", LOGISTIC, "--step-size", "0.5", "--start", "w=0"]
    text, gaps, broken = tmp_path / "text.csv", tmp_path / "gaps.csv", tmp_path / "broken.npz"
    text.write_text("a,b\n1,red\n2,blue\n")
    missing = tmp_path / "missing.csv"
    missing.write_text("1,2\n3,nan\n")
    gaps.write_text("a,b\n1,2\n3,\n")
    broken.write_bytes(b"PK nothing")
    cases = {
        f"X={tmp_path / 'none.csv'}": "cannot read",
        f"X={text}": "is not of numbers: it holds 'red'",
        f"X={missing}": "is not of numbers: it holds 'nan'",
        f"X={gaps}": "cells without a number",
        str(broken): "cannot",
        str(files / "features.csv"): "has no name",
        f"X={tmp_path / 'x.xlsx'}": "not a CSV, Parquet or NPZ",
    }
    for option, said in cases.items():
        code, out, err = gdcheck(*words, "--data", option)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
