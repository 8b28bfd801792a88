"""Pictures of trajectories into valleys."""

import json

import pytest

from gdcheck.reports.valley_charts import valley_chart
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem


def drawn(residuals, eta, start):
    return valley_chart(decide_valley(ValleyProblem.of(residuals, step_size=eta, start=start))).to_dict()


def layers_of(chart, panel):
    found = []
    for layer in chart["vconcat"][panel]["layer"]:
        data = layer["data"]
        found.append(data["values"] if "values" in data else chart["datasets"][data["name"]])
    return found


def test_the_valley_is_the_zero_set():
    chart = drawn(["x*y - 1"], "0.5", ["2.2", "0.4"])
    assert "alternating, certified" in chart["vconcat"][0]["title"]
    assert "above 2/η at 7 of the 39 steps" in chart["vconcat"][1]["title"]
    zeros = layers_of(chart, 2)[0]
    assert len(zeros) > 20 and all(abs(p["x"] * p["y"] - 1) < 1e-3 for p in zeros)
    path = layers_of(chart, 2)[1]
    assert (path[0]["x"], path[0]["y"]) == (2.2, 0.4) and len(path) == 39


def test_three_variables_have_no_plane():
    assert len(drawn(["x*y*z - 1"], "0.35", ["1.2", "1", "0.7"])["vconcat"]) == 2


def test_what_is_not_proved_has_no_picture():
    with pytest.raises(InputError, match="no proved point of arrival"):
        drawn(["x*y - 1"], "2", ["2", "1"])


def test_the_command_line(gdcheck, tmp_path):
    picture, file = tmp_path / "valley.svg", tmp_path / "problem.json"
    words = ("--residual", "x*y - 1", "--step-size", "0.1", "--start", "2,1")
    assert gdcheck("plot", *words, "--out", str(picture))[0] == 0
    by_option = picture.read_text()
    file.write_text(json.dumps({"residuals": ["x*y - 1"], "step_size": "0.1", "start": ["2", "1"]}))
    assert gdcheck("plot", str(file), "--out", str(picture))[0] == 0
    assert picture.read_text() == by_option
    written = ("--loss", "(x*y - 1)**2/2", "--step-size", "0.1", "--start", "2,1")
    assert gdcheck("plot", *written, "--out", str(picture))[0] == 0
    assert "zeros of the residuals" in picture.read_text()
    code, _, err = gdcheck("plot", *words, "--loss", "x**2", "--out", str(picture))
    assert code == 2 and err.startswith("error: ") and err.count("\n") == 1
