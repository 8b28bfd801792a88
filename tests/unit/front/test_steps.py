"""The line of step sizes, the headline, and options under other names."""

import json
from fractions import Fraction

import pytest


def test_the_line_of_a_quadratic(gdcheck, tmp_path):
    code, out, _ = gdcheck("steps", "--loss", "x**2 + 10*y**2", "--json")
    assert code == 0
    answer = json.loads(out)
    (line,) = answer["minimizers"]
    found = line["step_sizes"]
    low, high = Fraction(2), Fraction(20)
    assert answer["variables"] == ["x", "y"]
    assert [Fraction(found[key]) for key in ("greedy", "optimal", "largest_stable")] == [
        1 / high,
        2 / (low + high),
        2 / high,
    ]
    assert (Fraction(found["condition_number"]), Fraction(found["optimal_rate"])) == (high / low, Fraction(9, 11))
    ways = [(part["from"], part["to"], part["direction"]) for part in line["segments"]]
    assert ways == [
        ("0", "1/11", "fixed"),
        ("1/11", "1/11", "two-cycle"),
        ("1/11", "1/10", "alternating"),
        ("1/10", "1/10", "threshold"),
        ("1/10", None, "unstable"),
    ]
    code, out, _ = gdcheck("steps", "--loss", "x**2 + 10*y**2")
    for word in ("fixed", "boundary", "alternating", "cycle", "divergence", "along (x=1, y=0)"):
        assert word in out, out


def test_every_minimizer_has_its_line_and_the_picture_is_written(gdcheck, tmp_path):
    picture = tmp_path / "steps.svg"
    code, out, _ = gdcheck("steps", "--loss", "3*x**4 - 4*x**3 - 12*x**2", "--json", "--out", picture)
    assert code == 0
    lines = json.loads(out)["minimizers"]
    # f'' is 36 x^2 - 24 x - 24.
    assert [(line["minimizer"], line["step_sizes"]["largest_stable"]) for line in lines] == [
        (["-1"], "1/18"),
        (["2"], "1/36"),
    ]
    assert "2/λ" in picture.read_text(encoding="utf-8")


def test_irrational_minimizers_have_lines_and_samples_beyond(gdcheck, tmp_path):
    picture = tmp_path / "steps.svg"
    code, out, err = gdcheck("steps", "--loss", "x**4 - 3*x**2 + 2", "--json", "--out", picture)
    assert (code, err) == (0, "")
    lines = json.loads(out)["minimizers"]
    assert [line["minimizer"] for line in lines] == [["-1.22474487139159"], ["1.22474487139159"]]
    for line in lines:
        found = line["step_sizes"]
        assert not line["exact"] and found["highest"]["value"].startswith("12.0000000000000")
        # f'' is 12 there, so the limit is 1/6.
        assert Fraction(found["largest_stable"]) == pytest.approx(Fraction(1, 6), abs=1e-15)
        for sample in line["beyond"]:
            assert Fraction(sample["step_size"]) > Fraction(1, 6)
        first = line["beyond"][0]
        assert (first["kind"], first["status"], len(first["points"])) == ("cycle", "proved", 2)
        x, eta = first["points"][0][0], float(Fraction(first["step_size"]))
        y = x - eta * (4 * x**3 - 6 * x)
        assert y - eta * (4 * y**3 - 6 * y) == pytest.approx(x, abs=1e-9) and abs(x - y) > 0.1
    assert "1.2247" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "loss: is missing"),
        (("--loss", "x**2 - y**2"), "no strict minimizer"),
        (("--loss", "x**2 - y**2", "--minimizer", "x=0,y=0"), "not positive definite"),
        (("--loss", "x**2 + y**2", "--minimizer", "1,0"), "not zero"),
        (("--loss", "(x*y - 1)**2"), "no strict minimizer"),
        (("--loss", "x"), "no strict minimizer"),
    ],
)
def test_losses_without_a_line_get_one_sentence(gdcheck, words, part):
    code, out, err = gdcheck("steps", *words)
    assert (code, out) == (2, "")
    assert part in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("--lr", "0.1"), "--step-size"),
        (("-lr", "0.1"), "--step-size"),
        (("--learning-rate=0.1",), "--step-size"),
        (("--learning_rate", "0.1"), "--step-size"),
        (("--step_size", "0.1"), "--step-size"),
        (("-x0", "1"), "--start"),
        (("--eta", "1"), "--step-size"),
        (("-w0", "1"), "--start"),
        (("--tol", "1"), "--within"),
        (("--epochs", "1"), "--max-steps"),
        (("--x0", "1"), "--start"),
    ],
)
def test_other_names_of_options_are_understood(gdcheck, words, meant):
    code, _, err = gdcheck("check", "--loss", "x**2", *words)
    assert code == 2
    assert f"did you mean {meant}?" in err


def test_the_answer_leads_with_what_is_proved(gdcheck):
    words = ("--loss", "x**2 + 10*y**2", "--step-size", "1/20", "--start", "1,1")
    code, out, _ = gdcheck("check", *words)
    assert code == 3
    assert out.startswith("NOT-APPLICABLE  proved: descent arrives in the fixed direction (x=1, y=0)")
    _, out, _ = gdcheck("check", *words, "--json")
    answer = json.loads(out)
    assert (answer["variables"], answer["rate_per_step"]) == (["x", "y"], 0.9)
    assert answer["step_sizes"]["highest"]["vector"] == [0.0, 1.0]


def test_two_readings_of_a_start_are_refused(gdcheck):
    code, out, err = gdcheck("check", "--loss", "w**2 + 10*b**2", "--step-size", "0.1", "--start", "1,0")
    assert (code, out) == (2, "")
    assert "w=1,b=0 or b=1,w=0" in err


def test_an_answer_for_every_start_is_printed(gdcheck):
    code, out, _ = gdcheck("check", "--loss", "w**2 + 10*b**2", "--step-size", "0.09")
    assert code == 0
    assert "almost every start  fixed, ±v" in out
    assert "v = (b=0, w=1)" in out


def test_methods_have_their_line_of_step_sizes(gdcheck):
    words = ("--loss", "(x-1)**2/2 + 2*y**2", "--method", "heavy-ball")
    code, out, _ = gdcheck("steps", *words, "--momentum", "0.05", "--json")
    assert code == 0
    (line,) = json.loads(out)["minimizers"]
    assert (line["minimizer"], line["eigenvalues"]) == (["1", "0"], [1.0, 4.0])
    assert (line["boundary"], line["window"], line["stability_limit"]) == ("21/50", None, "21/40")
    code, out, _ = gdcheck("steps", *words, "--momentum", "1/4")
    assert code == 0
    assert [row.split()[-1] for row in out.splitlines()[1:]] and "1/4 < η < 9/16" in out and "rotating" in out


def test_a_preconditioner_moves_the_line(gdcheck):
    _, out, _ = gdcheck("steps", "--loss", "x**2/2 + 2*y**2", "--preconditioner", "1,0;0,1/8", "--json")
    (line,) = json.loads(out)["minimizers"]
    assert (line["eigenvalues"], line["boundary"]) == ([0.5, 1.0], "4/3")


def test_the_picture_of_a_method_shows_one_minimizer(gdcheck, tmp_path):
    words = ("--loss", "(x**2 - 1)**2 + y**2", "--method", "nesterov", "--momentum", "0.5")
    picture = tmp_path / "line.svg"
    code, _, err = gdcheck("steps", *words, "--out", str(picture))
    assert code == 2 and "--minimizer" in err and not picture.exists()
    assert gdcheck("steps", *words, "--minimizer", "1,0", "--out", str(picture))[0] == 0
    assert "rotating" in picture.read_text(encoding="utf-8")


def test_irrational_minimizers_are_left_out_for_methods(gdcheck):
    code, _, err = gdcheck("steps", "--loss", "x**4 - 3*x**2 + 2", "--method", "adam")
    assert code == 2 and "gradient descent alone" in err
