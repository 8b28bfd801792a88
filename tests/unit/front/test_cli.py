"""The contract of the command line: answers, exit codes, and one sentence for each kind of bad input."""

import json
import subprocess
import sys
from math import isqrt

import pytest
from jsonschema import validate

WORKED = "x**2 + y**2/2 + x**2*y + x**3"


def options(loss=WORKED, step_size="0.95", start="0.1,0.1", **more):
    words = ["--loss", loss, "--step-size", step_size, "--start", start]
    for name, value in more.items():
        words += [f"--{name}", value]
    return words


def answer_of(gdcheck, *arguments):
    code, out, err = gdcheck("check", *arguments, "--json")
    assert not err, f"nothing belongs on standard error: {err}"
    (line,) = out.splitlines()
    return code, json.loads(line)


ANSWER = {
    "type": "object",
    "required": ["verdict", "reason", "regime", "boundary", "stability_limit", "limit", "step", "precision", "rate"],
    "properties": {
        "verdict": {"enum": ["proved", "refuted", "exceptional", "not-applicable", "unresolved"]},
        "regime": {"enum": ["small-step", "large-step", "boundary", "unstable", None]},
        "boundary": {"type": ["string", "null"]},
        "stability_limit": {"type": ["string", "null"]},
        "limit": {"type": "object", "required": ["kind"]},
        "step": {"type": ["integer", "null"]},
        "precision": {"type": "integer"},
    },
}


@pytest.mark.parametrize(
    ("step_size", "start", "code", "verdict", "regime", "kind"),
    [
        ("0.1", "0.1,0.1", 0, "proved", "small-step", "fixed"),
        ("0.95", "0.1,-1/10", 0, "proved", "large-step", "alternating"),
        ("2/3", "0.1,0.1", 3, "not-applicable", "boundary", "two-cycle"),
        ("1", "0.1,0.1", 3, "not-applicable", "unstable", None),
        ("0.1", "0,0", 3, "exceptional", "small-step", None),
        ("0.1", "-9,0.1", 3, "unresolved", "small-step", None),
    ],
)
def test_verdicts_and_exit_codes(gdcheck, step_size, start, code, verdict, regime, kind):
    found, answer = answer_of(gdcheck, *options(step_size=step_size, start=start))
    validate(answer, ANSWER)
    seen = (found, answer["verdict"], answer["regime"], answer["limit"]["kind"])
    assert seen == (code, verdict, regime, kind), answer["reason"]
    assert answer["boundary"] == "2/3"
    assert answer["stability_limit"] == "1"


def test_two_cycle_has_even_and_odd_vectors(gdcheck):
    _, answer = answer_of(gdcheck, *options(step_size="2/3"))
    even, odd = answer["limit"]["even"], answer["limit"]["odd"]
    assert even[0] == pytest.approx(-odd[0]), "the steepest component alternates"
    assert even[1] == pytest.approx(odd[1]), "the flattest component does not"


def test_irrational_thresholds_are_decimals_and_rational_ones_exact(gdcheck):
    _, answer = answer_of(gdcheck, *options(loss="x**2 + x*y + 3*y**2", step_size="0.1"))
    assert answer["boundary"] == "1/4", "λ₁ + λ₂ = 8 is rational though the eigenvalues are not"
    assert answer["stability_limit"].startswith("0.32071"), "2/(4 + √5)"


def test_people_get_theory_beside_computed(gdcheck):
    code, out, _ = gdcheck("check", *options(), "--observe")
    assert code == 0
    for word in (
        "PROVED",
        "theory",
        "computed",
        "descent arrives alternating along ±(x=1, y=0)",
        "largest stable 2/λₙ",
        "boundary 2/(λ₁+λₙ)",
        "condition number λₙ/λ₁",
        "alternating, ±(x=1, y=0)",
        "Lemma 1",
        "Lemma 2",
        "observed",
    ):
        assert word in out, f"{word!r} is missing in:\n{out}"
    assert "\x1b" not in out, "no colours where it is not a terminal"


def test_certificate_is_written_rechecked_and_replayed(gdcheck, tmp_path):
    path = tmp_path / "certificate.json"
    assert gdcheck("check", *options(), "--certificate", path)[0] == 0
    assert gdcheck("recheck", path)[:2] == (0, f"{path}: accepted\n")
    code, out, _ = gdcheck("replay", path)
    assert (code, out.splitlines()[0]) == (0, "SAME: proved")
    data = json.loads(path.read_text())
    data["problem"]["start"][0] = "1/11"
    path.write_text(json.dumps(data))
    code, out, _ = gdcheck("recheck", path)
    assert code == 1
    assert "rejected: " in out
    assert list(tmp_path.iterdir()) == [path], "no temporary file stays behind"


def test_nothing_to_certify_writes_no_certificate(gdcheck, tmp_path):
    path = tmp_path / "certificate.json"
    code, _, err = gdcheck("check", *options(step_size="0.1", start="-9,0.1"), "--certificate", path)
    assert code == 3
    assert "no certificate written" in err
    assert not path.exists()


def test_replay_says_when_the_verdict_differs(gdcheck, tmp_path):
    problem = {"loss": WORKED, "step_size": "0.1", "start": ["0.1", "0.1"]}
    path = tmp_path / "stored.json"
    path.write_text(json.dumps({"problem": problem, "verdict": "refuted"}))
    code, out, _ = gdcheck("replay", path)
    assert (code, out.splitlines()[0]) == (1, "DIFFERENT: stored refuted, now proved")
    path.write_text(json.dumps(problem))
    code, out, _ = gdcheck("replay", path)
    assert code == 0
    assert "no verdict was stored" in out


def test_json_lines_answers_each_line_and_loses_none(gdcheck, tmp_path):
    path = tmp_path / "problems.jsonl"
    good = {"loss": WORKED, "step_size": "0.1", "start": ["0.1", "0.1"]}
    path.write_text("\n".join([json.dumps(good), "{broken", json.dumps(good | {"step_size": "2/3"})]) + "\n")
    code, out, _ = gdcheck("check", "--problem", path, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 2, "bad input on one line shows in the exit code"
    assert [line.get("verdict") for line in lines] == ["proved", None, "not-applicable"]
    assert lines[1]["line"] == 2


BAD_OPTIONS = {
    "unknown variable": (options(loss="x**2 + z**2", variables="x,y"), "loss", "'z'"),
    "missing coordinate": (options(start="0.1"), "start", "2"),
    "zero step size": (options(step_size="0"), "step_size", "not positive"),
    "negative step size": (options(step_size="-0.1"), "step_size", "not positive"),
    "step size in words": (options(step_size="fast"), "step-size", "'fast'"),
    "step size NaN": (options(step_size="nan"), "step-size", "'nan'"),
    "huge decimal exponent": (options(step_size="1e999999999"), "step-size", "exponent"),
    "not critical": (options(loss="x**2 + y**2 + x", minimizer="0,0"), "minimizer", "(x=1, y=0)"),
    "critical elsewhere": (options(minimizer="1,1"), "minimizer", "gradient"),
    "huge power": (options(loss="x**(10**9) + y**2"), "loss", "16"),
    "tower": (options(loss="x**2 + 10**10**9*y**2"), "loss", "character"),
    "code": (options(loss="__import__('os').system('true')"), "loss", "character"),
    "attribute": (options(loss="x.__class__**2"), "loss", "character"),
    "function": (options(loss="sinus(x) + y**2"), "loss", "did you mean sin"),
    "nested": (options(loss="(" * 5000 + "x" + ")" * 5000), "loss", "nest"),
    "many terms": (options(loss="(a+b+c+d+f+g+h+i+j+k+l+m+n)**16", start="0"), "start", "13"),
    "no loss": (["--step-size", "0.1", "--start", "0.1"], "loss", "missing"),
    "no start": (["--loss", "x**2", "--step-size", "0.1", "--sharpness"], "start", "missing"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_bad_options_get_one_sentence(gdcheck, case):
    arguments, field, part = BAD_OPTIONS[case]
    expect_sentence(gdcheck("check", *arguments), field, part)


def expect_sentence(result, field, part):
    code, out, err = result
    assert code == 2, f"exit code {code}: {out}{err}"
    assert not out, f"nothing belongs on standard output: {out}"
    assert err.startswith("error: "), err
    assert err.count("\n") == 1, f"one sentence, not more: {err}"
    assert field in err, f"the field {field} is not named: {err}"
    assert part in err, f"{part!r} is not in: {err}"
    assert len(err) < 500, f"too long: {err[:500]}"


GOOD = {"loss": WORKED, "step_size": "0.1", "start": ["0.1", "0.1"]}
BAD_FILES = {
    "truncated": (json.dumps(GOOD)[:-20].encode(), "json"),
    "NaN": (b'{"loss": "x**2", "step_size": NaN, "start": ["1"]}', "NaN"),
    "truth for text": (json.dumps(GOOD | {"step_size": True}).encode(), "step_size"),
    "list for text": (json.dumps(GOOD | {"loss": ["x"]}).encode(), "loss"),
    "text for list": (json.dumps(GOOD | {"start": "0.1,0.1"}).encode(), "start"),
    "lists in list": (json.dumps(GOOD | {"start": [[0.1], 0.1]}).encode(), "start"),
    "unknown field": (json.dumps(GOOD | {"momentum": "0.9"}).encode(), "momentum"),
    "missing field": (b'{"loss": "x**2"}', "step_size"),
    "repeated key": (b'{"loss": "x**2", "loss": "x**4", "step_size": "1", "start": ["1"]}', "repeated"),
    "array": (b"[1, 2]", "object"),
    "deep": (b"[" * 200_000, "nested"),
    "binary": (bytes(range(256)), "UTF-8"),
    "empty": (b"", "empty"),
    "ten megabytes": (json.dumps(GOOD | {"loss": "x+" * 5_000_000 + "x"}).encode(), "loss"),
    "huge integer": (b'{"loss": "x**2", "step_size": ' + b"9" * 10_000 + b', "start": ["1"]}', "json"),
    "control characters": (json.dumps(GOOD | {"loss": "x\x1b[31m**2"}).encode(), "loss"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_get_one_sentence(gdcheck, tmp_path, case):
    content, part = BAD_FILES[case]
    path = tmp_path / "problem.json"
    path.write_bytes(content)
    code, out, err = gdcheck("check", "--problem", path)
    expect_sentence((code, out, err), "error", part)
    assert "\x1b" not in err, "control characters must not reach the terminal"


def test_missing_file_and_conflicting_options(gdcheck, tmp_path):
    expect_sentence(gdcheck("check", "--problem", tmp_path / "none.json"), "file", "cannot read")
    expect_sentence(gdcheck("check", "--problem", "x.json", "--loss", "x**2"), "problem", "leave out")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"schema": "gdcheck-certificate/1"}, "schema"),
        ({"step": "3"}, "step"),
        ({"verdict": 1}, "verdict"),
        ({"surplus": 0}, "surplus"),
        ({"problem": None}, "problem: expected 'object', got 'null'"),
        ({"spectrum": {"lowest": [], "highest": None}}, "spectrum"),
        ({"points": None}, "points: expected 'array', got 'null'"),
        ({"bounds": {"radius": None, "sigma": "1/2", "tail": "1/4"}}, "bounds.radius: expected 'str', got 'null'"),
        ({"blocks": [{"gap": "1"}]}, "blocks[0]: lacks the field 'vectors'"),
        ({"blocks": [[[["x"]]]]}, "blocks"),
        ({"points": [["1/3"]]}, "must be a list of 2 entries"),
    ],
)
def test_malformed_certificates_are_bad_input(gdcheck, tmp_path, change, part):
    path = tmp_path / "certificate.json"
    gdcheck("check", *options(), "--certificate", path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    expect_sentence(gdcheck("recheck", path), "certificate.json", part)


def test_heavy_libraries_stay_out_of_a_check():
    script = (
        "import sys; from gdcheck.cli import run; "
        f"code = run(['check', *{options()!r}, '--json']); "
        "heavy = {'sympy', 'mpmath', 'numpy', 'altair', 'torch', 'rich', 'jinja2'} & set(sys.modules); "
        "assert not heavy, heavy; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_leaves_a_problem_unresolved_names_the_option_that_could_decide_it(gdcheck):
    """The start all but misses the direction: 2⁻³⁰⁰ of it takes more than 256 bits, and steps."""
    near = [
        "--loss",
        "x**2 + 3*y**2 + x*y",
        "--step-size",
        "0.1",
        "--start",
        f"1,{(2 << 300) + isqrt(5 << 600)}/{1 << 300}",
    ]
    code, out, _ = gdcheck("check", *near, "--max-precision", "256", "--json")
    assert code == 3 and "--max-precision" in json.loads(out)["reason"]
    code, out, _ = gdcheck("check", *near, "--precision", "1024", "--json")
    assert code == 0 and json.loads(out)["precision"] == 1024
    code, out, _ = gdcheck(
        "check",
        "--loss",
        "x**2/2 + 2*y**2 + x**3",
        "--step-size",
        "0.001",
        "--start",
        "0.1,0.1",
        "--max-steps",
        "5",
        "--json",
    )
    assert code == 3 and "--max-steps" in json.loads(out)["reason"]
    code, _, err = gdcheck("check", *near, "--precision", "512", "--max-precision", "256")
    assert code == 2 and "precision" in err
