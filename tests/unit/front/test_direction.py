"""``gdcheck direction``: the line of step sizes of a method."""

import json

import pytest

from gdcheck.cli import run


def line(capsys, *words):
    assert run(["direction", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)["methods"]


def test_what_momentum_does_to_a_stiff_quadratic(capsys):
    """Plain descent and β = .9 arrive along the flat direction, β = .99 in none."""
    words = ["--spectrum", "0.01,1", "--step-size", "0.18"]
    (plain,) = line(capsys, *words)
    some, much = line(capsys, *words, "--method", "heavy-ball", "--momentum", "0.9", "--momentum", "0.99")
    assert [m["at"][0]["regime"] for m in (plain, some, much)] == ["small-step", "small-step", "rotating"]
    assert some["at"][0]["modes"][0]["modulus"] == pytest.approx(0.97722, abs=5e-6)
    assert [mode["modulus"] for mode in much["at"][0]["modes"]] == pytest.approx([0.994987] * 2, abs=5e-7)
    assert [part["direction"] for part in much["segments"]] == ["fixed", "rotating", "alternating", "unstable"]
    assert [part["direction"] for part in plain["segments"]] == ["fixed", "alternating", "unstable"]


def test_adam_with_its_usual_epsilon(capsys):
    (found,) = line(capsys, "--spectrum", "1,10", "--method", "adam", "--step-size", "0.001")
    assert found["stability_limit"] == "19/500000000" and found["at"][0]["regime"] == "unstable"


@pytest.mark.parametrize("more", [[], ["--momentum", "0.99"]])
def test_pictures(tmp_path, more):
    out = tmp_path / "picture.svg"
    words = ["direction", "--spectrum", "1,4", "--method", "heavy-ball", "--momentum", "0.9", *more]
    assert run([*words, "--out", str(out)]) == 0
    drawn = out.read_text(encoding="utf-8")
    assert drawn.startswith("<svg") and all(word in drawn for word in ("fixed", "rotating", "step size η"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "spectrum: is missing"),
        (["--spectrum", "1,-1"], "spectrum: needs positive"),
        (["--spectrum", "1", "--step-size", "0"], "step-size: is not positive"),
        (["--spectrum", "1", "--method", "heavy-ball"], "momentum: is missing"),
    ],
)
def test_what_is_refused(capsys, words, said):
    assert run(["direction", *words]) == 2
    assert said in capsys.readouterr().err
