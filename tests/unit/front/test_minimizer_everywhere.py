"""The minimizer is searched and verified wherever a problem may come without one; never is it silently the origin."""

import json
from fractions import Fraction

import pytest

import gdcheck as api
from gdcheck.theorem.loss.errors import InputError

ELSEWHERE = {"loss": "(x-1)**2 + 2*(y-2)**2 + (x-1)**3/8", "step_size": "1/10", "start": ["1.1", "2.2"]}
KINKED = "(x-1)**2 + 3*(y-2)**2 + max(x-1,0)**4"


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(ELSEWHERE))
    return path


def test_truncated_powers_are_searched(gdcheck):
    code, out, _ = gdcheck("check", "--loss", KINKED, "--step-size", "0.1", "--start", "0,0", "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["minimizer"]["exact"]) == (0, "proved", ["1", "2"])
    # Beyond the limit the long run of such a loss is looked at in floats, and not called proved.
    code, out, _ = gdcheck("check", "--loss", KINKED, "--step-size", "0.4", "--start", "0,0", "--json")
    answer = json.loads(out)
    assert (answer["outcome"]["kind"], answer["outcome"]["status"]) == ("diverges", "observed")


@pytest.mark.parametrize(
    ("loss", "near", "minimizer"),
    [
        (KINKED, None, ["1", "2"]),
        ("(x-1)**2 + 2*(y-2)**2", None, ["1", "2"]),
        ("x**4/4 - x**2/2 + 3*y**2", "1,0", ["1", "0"]),
        ("x**4/4 - x**2/2 + 3*y**2", "-3,0", ["-1", "0"]),
    ],
)
def test_so_is_the_one_of_every_start(gdcheck, loss, near, minimizer):
    more = () if near is None else (f"--near={near}",)
    code, out, _ = gdcheck("check", "--loss", loss, "--step-size", "0.1", *more, "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["recheck"]) == (0, "proved", "accepted")
    assert answer["minimizer"]["exact"] == minimizer


def test_the_answer_for_every_start_has_the_rows_of_the_others(gdcheck):
    words = ("--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95")
    alone = gdcheck("check", *words)[1].splitlines()
    beside = gdcheck("check", *words, "--start", "0.1,0.1")[1].splitlines()
    rows = [line for line in beside if line.startswith(("step size", "largest", "boundary", "optimal", "rate per"))]
    assert len(rows) == 7
    assert set(rows) <= set(alone)


def test_python_searches_too():
    problem = api.Problem(**ELSEWHERE)
    assert problem.minimizer == (0, 0)
    decision = api.decide(problem)
    assert decision.verdict is api.Verdict.PROVED
    assert decision.problem.minimizer == (1, 2)
    assert api.decide_every_start(problem).problem.minimizer == (1, 2)
    with pytest.raises(InputError, match="gradient there is"):
        api.decide(api.Problem(**ELSEWHERE, minimizer=["0", "0"]))


def test_so_do_plot_map_crossings_and_replay(gdcheck, stored, tmp_path):
    picture = tmp_path / "picture.svg"
    assert gdcheck("plot", stored, "--out", picture)[0] == 0
    assert "proved" in picture.read_text(encoding="utf-8")
    code, out, _ = gdcheck("map", stored, "--out", tmp_path / "map.png", "--size", "40")
    assert code == 0 and "certified" in out
    code, out, _ = gdcheck("replay", stored)
    assert (code, out.split(":")[0]) == (0, "proved")
    code, out, _ = gdcheck("crossings", "--loss", ELSEWHERE["loss"], "--start", "1.1,2.1")
    assert code == 0 and "cells" in out


IRRATIONAL = {"loss": "x**4 - 3*x**2 + y**2 + x*y", "step_size": "1/100", "start": ["1.2", "0.1"]}


def test_an_irrational_minimizer_is_enclosed_in_python_as_on_the_command_line(gdcheck, tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps(IRRATIONAL))
    answer = json.loads(gdcheck("check", "--problem", path, "--json")[1])
    decision = api.decide(api.Problem(**IRRATIONAL))
    assert (answer["verdict"], decision.verdict) == ("proved", api.Verdict.PROVED)
    assert answer["limit"]["vector"] == pytest.approx([float(x.mid()) for x in decision.limit.vectors[0]], abs=1e-12)
    for (centre, radius), point in zip(answer["minimizer"], decision.minimizer.centre, strict=True):
        assert abs(Fraction(centre) - Fraction(int(point.p), int(point.q))) <= Fraction(radius) < Fraction(1, 10**15)
    assert repr(decision).startswith("<SmoothDecision proved: fixed along (")
    assert api.recheck(api.certify(decision))
    assert api.decide_every_start(api.Problem(**IRRATIONAL)).verdict is api.Verdict.PROVED
    assert gdcheck("replay", path)[1].startswith("proved: ")
    assert gdcheck("map", path, "--out", tmp_path / "map.png", "--size", "20")[0] == 0


def test_what_tends_to_no_minimum_is_said_in_python_too(gdcheck):
    """The step is too large for the minimum next to the start, and the iterates are seen to leave."""
    beyond = IRRATIONAL | {"step_size": "3/2"}
    decision = api.decide(api.Problem(**beyond))
    assert decision.verdict is api.Verdict.NOT_APPLICABLE and [a.value for a in decision.fails] == ["stable-step"]
    assert "leave every bound" in decision.reason and api.recheck(api.certify(decision))
    words = ("--loss", beyond["loss"], "--step-size", "3/2", "--start", "1.2,0.1", "--json")
    answer = json.loads(gdcheck("check", *words)[1])
    assert answer["reason"] == decision.reason and answer["minimizer"][0][0] == pytest.approx(1.2747549)
    # On x = 0 the iterates tend to (0, ∛2), a saddle.
    saddle = api.decide(api.Problem("x**4 - 3*x**2 + y**4/4 - 2*y", step_size="1/10", start=["0", "1"]))
    assert saddle.verdict is api.Verdict.NOT_APPLICABLE
    words = ("--loss", "x**4 - 3*x**2 + y**4/4 - 2*y", "--step-size", "1/10", "--start", "0,1", "--json")
    answer = json.loads(gdcheck("check", *words)[1])
    assert (answer["verdict"], answer["recheck"]) == ("not-applicable", "accepted")
    assert answer["reason"] == saddle.reason and "proved to be a saddle" in answer["reason"]


@pytest.mark.parametrize("command", ["plot", "replay"])
def test_none_with_truncated_powers_is_one_sentence(gdcheck, tmp_path, command):
    path = tmp_path / "problem.json"
    loss = "x**4 - 3*x**2 + y**2 + x*y + max(x - 2, 0)**4"
    path.write_text(json.dumps({"loss": loss, "step_size": "1/100", "start": ["1.2", "0.1"]}))
    more = () if command == "replay" else ("--out", tmp_path / "picture.png")
    code, out, err = gdcheck(command, path, *more)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: minimizer: no critical point with rational coordinates was found")
    assert "(x=1.27" in err


def test_near_has_one_reading_or_is_refused(gdcheck):
    words = ("check", "--loss", "w**2 + 3*b**2 + b**3/9", "--step-size", "0.1", "--start", "w=0.1,b=0.1")
    code, out, err = gdcheck(*words, "--near", "0,1")
    assert (code, out) == (2, "")
    assert "near: has two readings: w=0,b=1 or b=0,w=1" in err
    assert gdcheck(*words, "--near", "b=1,w=0")[0] == 0
    assert gdcheck(*words, "--near", "0,0")[0] == 0
