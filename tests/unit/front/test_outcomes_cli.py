"""``gdcheck check``: the minimizer that it finds, the long run, and how long it takes."""

import json

import pytest

ROSENBROCK = "(x-1)**2+100*(y-x**2)**2"
ROOTS = "x**4-3*x**2+2"


def ask(gdcheck, loss, step_size, start, *more):
    code, out, err = gdcheck("check", "--loss", loss, "--step-size", step_size, f"--start={start}", *more, "--json")
    assert not err, err
    return code, json.loads(out)


@pytest.mark.parametrize(
    ("loss", "variables", "minimizer"),
    [
        ("(w+b)**2+(5*w+b-16)**2+(6*w+b-20)**2", "w,b", ["4", "-4"]),
        ("(3*x-1)**2 + (7*y-2)**2*(1 + (3*x-1)**2)", "x,y", ["1/3", "2/7"]),
    ],
)
def test_the_minimizer_is_found_and_verified(gdcheck, loss, variables, minimizer):
    code, answer = ask(gdcheck, loss, "0.01", "0,0", "--variables", variables)
    assert (code, answer["verdict"], answer["minimizer"]["exact"]) == (0, "proved", minimizer)
    assert (answer["outcome"]["kind"], answer["outcome"]["status"]) == ("converges", "proved")
    given = ask(gdcheck, loss, "0.01", "0,0", "--variables", variables, f"--minimizer={','.join(minimizer)}")[1]
    assert given["minimizer"]["how"] == "given"
    assert given["limit"] == answer["limit"]


def test_a_json_file_without_a_minimizer_is_searched_too(gdcheck, tmp_path):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps({"loss": "(x-1)**2 + 2*(y-2)**2", "step_size": "1/10", "start": ["0", "0"]}))
    code, out, _ = gdcheck("check", "--problem", path, "--json")
    assert code == 0
    assert json.loads(out)["minimizer"]["exact"] == ["1", "2"]


def test_an_irrational_minimizer_is_enclosed(gdcheck):
    code, answer = ask(gdcheck, ROOTS, "0.1", "-2.5")
    # One variable: both ends of the spectrum are one, and what happens is certified.
    assert (code, answer["verdict"], answer["recheck"]) == (3, "not-applicable", "accepted")
    assert answer["minimizer"][0][0] == pytest.approx(-(1.5**0.5), abs=1e-15)
    assert [p["kind"] for p in answer["critical_points"]] == ["minimum", "maximum", "minimum"]
    assert (answer["outcome"]["point_kind"], answer["outcome"]["status"]) == ("minimum", "proved")
    assert answer["limit"]["kind"] == "alternating"


def test_near_chooses_another_minimizer(gdcheck):
    loss = "x**4/4 - x**2/2 + y**2"
    assert ask(gdcheck, loss, "0.1", "0.5,0.1")[1]["minimizer"]["exact"] == ["1", "0"]
    found = ask(gdcheck, loss, "0.1", "0.5,0.1", "--near=-2,0")[1]
    assert found["minimizer"]["exact"] == ["-1", "0"]
    assert found["outcome"]["exact_points"] == [["1", "0"]]
    assert found["elsewhere"]["minimizer"] == ["1", "0"]
    assert found["elsewhere"]["verdict"] == "not-applicable", "both eigenvalues are 2"


def test_a_point_that_is_not_critical_gets_the_list(gdcheck):
    code, _, err = gdcheck("check", "--loss", ROOTS, "--step-size", "0.1", "--start=-2.5", "--minimizer", "3")
    assert code == 2
    assert err.startswith(
        "error: minimizer: the gradient there is (x=90), not zero; the nearest critical points are (x=1.22"
    )
    assert "a minimum with the eigenvalues 12" in err


@pytest.mark.parametrize(
    ("loss", "variables", "step_size", "part"),
    [
        ("x**3 + x", "x", "0.1", "the loss has no critical point"),
        ("w**2 + b", "w,b", "0.1", "the loss has no critical point"),
        ("x**2*y**2 - 4*x*y + 4", "x,y", "0.05", "as on a curve of minimizers"),
        # Equal eigenvalues by no symmetry, at an irrational minimizer.
        (
            "x**4 - 2*x**2 + y**4 - 2*y**2 + z**4 - 3*z**2 + (x - y)**4",
            *("x,y,z", "0.01", "an end of the Hessian's spectrum"),
        ),
    ],
)
def test_hard_losses_get_one_sentence(gdcheck, loss, variables, step_size, part):
    start = ",".join(["1", "1.1", "1"][: variables.count(",") + 1])
    code, answer = ask(gdcheck, loss, step_size, start, "--variables", variables)
    assert (code, answer["verdict"]) == (3, "unresolved")
    assert part in answer["reason"]


def test_two_ways_from_a_saddle(gdcheck):
    along = ask(gdcheck, "x**2-y**2", "0.1", "1,0")[1]["outcome"]
    away = ask(gdcheck, "x**2-y**2", "0.1", "1,0.001")[1]["outcome"]
    assert (along["kind"], along["status"], along["point_kind"]) == ("converges", "proved", "saddle")
    assert (away["kind"], away["status"], away["factor"]) == ("diverges", "proved", pytest.approx(1.2))


def test_the_certificate_of_the_long_run_is_rechecked(gdcheck, tmp_path):
    answer = ask(gdcheck, "x**2+10*y**2", "0.11", "1,1")[1]
    path = tmp_path / "long_run.json"
    path.write_text(json.dumps(answer["outcome"]["certificate"]))
    assert gdcheck("recheck", path)[:2] == (0, f"{path}: accepted\n")
    altered = answer["outcome"]["certificate"]
    altered["problem"]["step_size"] = "1/11"
    path.write_text(json.dumps(altered))
    assert gdcheck("recheck", path)[0] == 1


def test_how_long_and_where(gdcheck):
    answer = ask(
        gdcheck, "x**2 + 10*y**2", "0.04", "1,1", "--within", "1e-6", "--within-loss", "1e-6", "--iterate", "20000"
    )[1]
    # |h_k| is 0.92^k but for a part of 0.2^k.
    assert (answer["within"]["step"], answer["within"]["status"]) == (166, "proved")
    assert 0.92**166 <= 1e-6 < 0.92**165
    assert (answer["within_loss"]["step"], answer["within_loss"]["status"]) == (83, "proved")
    assert answer["iterate"]["status"] == "proved"
    assert answer["iterate"]["point"][0] == pytest.approx(0.0, abs=1e-300)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (("--within", "0"), "within: 0 is not positive"),
        (("--within", "near"), "within: "),
        (("--within-loss", "-1"), "not positive"),
        (("--iterate", "1000000000"), "iterate: goes up to"),
        (("--near", "1"), "near: has 1 coordinates; give 2"),
        (("--near", "1,q"), "near: "),
    ],
)
def test_bad_questions_get_one_sentence(gdcheck, more, part):
    code, out, err = gdcheck("check", "--loss", ROSENBROCK, "--step-size", "0.001", "--start", "0.9,0.9", *more)
    assert (code, out) == (2, "")
    assert part in err and err.count("\n") == 1


def test_people_read_it_in_rows(gdcheck):
    code, out, _ = gdcheck("check", "--loss", "x**2+10*y**2", "--step-size", "0.1", "--start", "1,1", "--iterate", "3")
    assert code == 3
    for part in ("solved exactly", "in the long run", "cycle (x=0, y=1); (x=0, y=-1)", "iterate 3"):
        assert part in out, out
