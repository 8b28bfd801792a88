"""``gdcheck check --method …``: answers, files of problems, and what is refused."""

import json

import pytest

from gdcheck.cli import run

LOSS = "x**2/2 + 2*y**2 + x*y**2"
BALL = ["--method", "heavy-ball", "--momentum", "1/20"]


def checked(capsys, *words, code=0):
    assert run(["check", "--loss", LOSS, "--start", "1/10,1/10", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_an_answer_has_the_keys_of_gradient_descent(capsys):
    plain = checked(capsys, "--step-size", "0.1")
    found = checked(capsys, "--step-size", "0.1", *BALL)
    assert {*plain} <= {*found} and {*found} - {*plain} == {"window", "method"}
    assert found["recheck"] == "accepted" and found["boundary"] == "21/50" and found["window"] is None
    assert found["stability_limit"] == "21/40" and found["method"] == {"name": "heavy-ball", "momentum": "1/20"}


def test_files_of_problems_and_replay(capsys, tmp_path):
    file, proof = tmp_path / "problems.jsonl", tmp_path / "proof.json"
    problem = {"loss": LOSS, "step_size": "0.2", "start": ["1/10", "1/10"]}
    methods = [None, {"name": "heavy-ball", "momentum": 0.9}, {"name": "heavy-ball", "momentum": "2"}]
    lines = [problem | ({} if m is None else {"method": m}) for m in methods]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert run(["check", "--problem", str(file), "--json"]) == 2
    plain, ball, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert plain["limit"]["kind"] == "fixed" and ball["limit"]["kind"] == "rotating" and "momentum" in bad["error"]
    words = ["check", "--loss", LOSS, "--start", "1/10,1/10", "--step-size", "0.1", *BALL]
    assert run([*words, "--certificate", str(proof)]) == 0
    assert run(["recheck", str(proof)]) == 0 and run(["replay", str(proof)]) == 0
    assert "SAME: proved" in capsys.readouterr().out


def test_what_is_observed_agrees(capsys):
    found = checked(capsys, "--step-size", "0.45", *BALL, "--observe")
    assert found["observed"]["kind"] == found["limit"]["kind"] == "alternating"
    assert found["observed"]["vectors"][0] == pytest.approx(found["limit"]["vector"], abs=1e-9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--momentum", "0.9"], "method: is missing"),
        (["--method", "adamw"], "'adamw' is not known"),
        ([*BALL, "--sharpness"], "sharpness: is answered for gradient descent"),
        ([*BALL, "--iterate", "3"], "iterate: is answered for gradient descent"),
        (["--preconditioner", "1,2;2,1"], "preconditioner: is not positive definite"),
    ],
)
def test_what_is_refused(capsys, words, said):
    assert run(["check", "--loss", LOSS, "--start", "1/10,1/10", "--step-size", "0.1", *words]) == 2
    assert said in capsys.readouterr().err


def test_people_read_angles_and_thresholds(capsys):
    words = ["check", "--loss", "0.05*x**2 + 5*y**2", "--step-size", "0.18", "--start", "1,1", "--no-recheck"]
    assert run([*words, "--method", "heavy-ball", "--momentum", "0.9"]) == 0
    shown = capsys.readouterr().out
    assert "PROVED" in shown and "radians a step" in shown and "window" in shown and "0.948683298" in shown


ADAPTIVE = ["--beta2", "9/10", "--epsilon", "1"]
EACH = {
    "heavy-ball": BALL,
    "nesterov": ["--method", "nesterov", "--momentum", "1/20"],
    "adam": ["--method", "adam", "--beta1", "1/20", *ADAPTIVE],
    "rmsprop": ["--method", "rmsprop", *ADAPTIVE],
    "preconditioner": ["--preconditioner", "2,1;1,1"],
}


@pytest.mark.parametrize("words", EACH.values(), ids=EACH)
def test_every_start_of_every_method_is_proved_and_replayed(words, capsys, tmp_path):
    proof = tmp_path / "proof.json"
    asked = ["check", "--loss", LOSS, "--step-size", "0.1", *words, "--certificate", str(proof)]
    assert run(asked) == 0
    shown = capsys.readouterr().out
    assert "from every start near the minimizer" in shown and "rechecked" in shown
    assert "preconditioner 2,1;1,1" in shown or "--preconditioner" not in words
    assert run(["recheck", str(proof)]) == 0 and run(["replay", str(proof)]) == 0
    assert "SAME: proved" in capsys.readouterr().out


def test_where_every_start_rotates_no_vector_is_shown(capsys):
    adam = ["--method", "adam", "--beta1", "1/2", *ADAPTIVE]
    assert run(["check", "--loss", LOSS, "--step-size", "1/2", *adam]) == 0
    assert "no limit, rechecked" in capsys.readouterr().out


@pytest.mark.parametrize("words", EACH.values(), ids=EACH)
def test_every_method_has_a_map_and_a_plot(words, capsys, tmp_path):
    out = tmp_path / "map.svg"
    near = ["--half-width", "1/1000000", "--size", "6"]
    asked = ["--loss", LOSS, "--step-size", "0.1", "--start", "1/10,1/10", *words, "--out", str(out)]
    assert run(["map", *asked, *near, "--json"]) == 0
    drawn = json.loads(capsys.readouterr().out)
    # So near to the minimizer all but the starts beside the graph are certified.
    assert drawn["points"] == 36 and drawn["certified"] >= 12 and out.stat().st_size > 1000
    assert run(["plot", *asked]) == 0


SMOOTH = "exp(x) - x + 2*y**2 + x*y/5"


def test_momentum_on_a_smooth_loss(capsys, tmp_path):
    proof, picture = tmp_path / "proof.json", tmp_path / "picture.svg"
    words = ["--loss", SMOOTH, "--step-size", "0.01", "--start", "1,1", "--method", "nesterov", "--momentum", "0.9"]
    assert run(["check", *words, "--json", "--certificate", str(proof)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["regime"], found["limit"]["kind"], found["recheck"]) == ("rotating", "rotating", "accepted")
    assert len(found["window"]) == 2 and len(found["minimizer"]) == 2 and len(found["limit"]["angles"]) == 1
    assert run(["recheck", str(proof)]) == 0 and run(["replay", str(proof)]) == 0
    assert "SAME: proved" in capsys.readouterr().out
    assert run(["check", *words]) == 0
    shown = capsys.readouterr().out
    assert "nesterov, momentum 9/10" in shown and "window" in shown and "rotating, by" in shown
    assert run(["plot", *words, "--out", str(picture)]) == 0 and "Nesterov" in picture.read_text(encoding="utf-8")


def test_a_polynomial_with_an_irrational_minimizer_takes_momentum(capsys):
    words = ["--loss", "x**4 - 3*x**2 + y**2/2 + x*y", "--step-size", "0.02", "--start", "1,1"]
    assert run(["check", *words, "--method", "heavy-ball", "--momentum", "0.2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recheck"] == "accepted" and abs(found["minimizer"][0][0] ** 2 - 7 / 4) < 1e-12


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "--start", "1,1", "--sharpness"], "error: sharpness: is answered for gradient descent"),
        (["check", "--start", "1,1", "--scalar", "x"], "error: scalar: is answered for gradient descent"),
        (["check"], "error: method: is gradient descent here"),
        (["map", "--start", "1,1", "--out", "map.svg"], "error: method: is gradient descent here"),
    ],
)
def test_what_is_not_answered_for_momentum_on_smooth_losses_is_refused(words, said, capsys):
    name, *rest = words
    method = ["--method", "heavy-ball", "--momentum", "0.5"]
    assert run([name, "--loss", SMOOTH, "--step-size", "0.01", *method, *rest]) == 2
    assert said in capsys.readouterr().err
