"""Input at the ends of what the command line can hold: sentences and exit codes, and nothing lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

WORKED = ["--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95", "--start", "0.1,0.1"]
GOOD = {"loss": "x**2 + y**2/2", "step_size": "0.1", "start": ["0.1", "0.1"]}
HUGE = {"loss": "x**2 + y**2/2 + 1e310*x**3", "step_size": "0.1", "start": ["1e-400", "1e-400"]}


def test_what_is_proved_has_been_rechecked(gdcheck):
    code, out, _ = gdcheck("check", *WORKED)
    assert code == 0 and ", rechecked" in out
    assert json.loads(gdcheck("check", *WORKED, "--json")[1])["recheck"] == "accepted"
    assert json.loads(gdcheck("check", *WORKED, "--json", "--no-recheck")[1])["recheck"] == "none"


def test_what_the_checker_gave_up_is_neither_proved_nor_rejected(gdcheck, monkeypatch, tmp_path):
    from gdcheck.theorem.certificate.rechecking import NotChecked

    def give_up(certificate):
        raise NotChecked("not checked: the trajectory takes the checker more than 60 seconds")

    monkeypatch.setattr("gdcheck.theorem.certificate.rechecking.check", give_up)
    code, out, _ = gdcheck("check", *WORKED, "--json", "--certificate", tmp_path / "c.json")
    answer = json.loads(out)
    assert code == 3 and answer["verdict"] == "unresolved" and answer["recheck"] == "none"
    assert answer["reason"].startswith("not checked: the trajectory takes the checker more than 60 seconds; ")
    assert "--time-limit" in answer["reason"]
    assert not (tmp_path / "c.json").exists()


def test_recheck_tells_what_it_gave_up_from_what_it_rejects(gdcheck, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    assert gdcheck("check", *WORKED, "--certificate", good)[0] == 0
    bad.write_text(good.read_text().replace('"step_size": "19/20"', '"step_size": "18/20"'))
    code, out, _ = gdcheck("recheck", good, "--time-limit", "0")
    assert code == 3 and out.startswith(f"{good}: not checked: ") and "says nothing about the proof" in out
    code, out, _ = gdcheck("recheck", good, bad)
    assert code == 1 and f"{good}: accepted" in out and f"{bad}: rejected: " in out


def test_what_the_checker_rejects_is_not_proved(gdcheck, monkeypatch, tmp_path):
    monkeypatch.setattr("gdcheck.theorem.certificate.rechecking.check", lambda certificate: "sigma < 1 fails")
    code, out, err = gdcheck("check", *WORKED, "--json", "--certificate", tmp_path / "c.json")
    answer = json.loads(out)
    assert code == 3 and answer["verdict"] == "unresolved" and answer["recheck"] == "rejected"
    assert answer["reason"] == "the independent checker rejects the certificate: sigma < 1 fails"
    assert not (tmp_path / "c.json").exists() and "no certificate written" in err
    code, out, _ = gdcheck("check", *WORKED)
    assert code == 3 and out.startswith("UNRESOLVED")


def test_an_old_certificate_is_not_taken_for_a_new_one(gdcheck, tmp_path):
    path = tmp_path / "c.json"
    assert gdcheck("check", *WORKED, "--certificate", path)[0] == 0
    before = path.read_text()
    code, _, err = gdcheck("check", *WORKED[:-1], "9,9", "--certificate", path)
    assert code == 3 and "still holds what it held" in err and path.read_text() == before


def test_numbers_beyond_all_floats(gdcheck, tmp_path):
    options = ["--loss", HUGE["loss"], "--step-size", "0.1", "--start", "1e-400,1e-400"]
    code, out, err = gdcheck("check", *options)
    assert (code, out) == (2, "") and "beyond all floats" in err
    many = tmp_path / "many.jsonl"
    many.write_text(json.dumps(HUGE) + "\n" + json.dumps(GOOD) + "\n")
    code, out, _ = gdcheck("check", "--problem", many, "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 2 and "beyond all floats" in first["error"] and second["verdict"] == "proved"


@pytest.mark.parametrize("name", ["many.jsonl", "many.json", "many"])
def test_a_broken_first_line_does_not_lose_the_others(gdcheck, tmp_path, name):
    many = tmp_path / name
    many.write_text("{bad\n\n" + json.dumps(GOOD) + "\r\n" + json.dumps(GOOD | {"start": ["1", "0"]}) + "\n")
    code, out, _ = gdcheck("check", "--problem", many, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 2 and [x["line"] for x in lines] == [1, 3, 4]
    assert "error" in lines[0] and [x["verdict"] for x in lines[1:]] == ["proved", "exceptional"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_other_line_separators_do_not_end_a_line_of_json(gdcheck, tmp_path, separator):
    many = tmp_path / "many.jsonl"
    odd = json.dumps(GOOD | {"note": f"a{separator}b"}, ensure_ascii=False)
    many.write_text(odd + "\n" + json.dumps(GOOD) + "\n", encoding="utf-8")
    _, out, _ = gdcheck("check", "--problem", many, "--json")
    assert [json.loads(line)["line"] for line in out.split("\n") if line] == [1, 2]


def test_a_problem_printed_over_several_lines_is_one(gdcheck, tmp_path):
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(GOOD, indent=2))
    code, out, _ = gdcheck("check", "--problem", file, "--json")
    assert code == 0 and "line" not in json.loads(out)


@pytest.mark.parametrize(
    "command",
    [["check", "--problem"], ["replay"], ["plot", "--out", "a.svg"], ["map", "--out", "a.png", "--size", "8"]],
)
def test_certificates_of_another_version_are_named(gdcheck, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    assert gdcheck("check", *WORKED, "--certificate", "c.json")[0] == 0
    data = json.loads((tmp_path / "c.json").read_text()) | {"schema": "gdcheck-certificate/1"}
    (tmp_path / "old.json").write_text(json.dumps(data))
    code, _, err = gdcheck(*command, "old.json")
    assert code == 2 and "'gdcheck-certificate/1' is another version" in err
    assert gdcheck(*command, "c.json")[0] == 0


@pytest.mark.parametrize(
    ("loss", "start", "field"),
    [
        ("x**2 + y**2/2", "1e8,1", "start"),
        ("x**2 + y**2/2 + x**3", "0.1,1e300", "start"),
        ("x**2 + y**2/2 + 1e310*x**3", "0.1,0.1", "loss"),
    ],
)
def test_what_cannot_be_drawn_is_said(gdcheck, tmp_path, loss, start, field):
    out = tmp_path / "a.svg"
    code, _, err = gdcheck("plot", "--loss", loss, "--step-size", "0.1", "--start", start, "--out", out)
    assert code == 2 and err.startswith(f"error: {field}: ") and not out.exists()


def test_tiny_steps_take_more_precision_not_more_steps(gdcheck):
    code, out, _ = gdcheck("check", "--loss", "x**2 + y**2/2", "--step-size", "1e-50", "--start", "0.1,0.1", "--json")
    answer = json.loads(out)
    assert code == 0 and answer["step"] == 0 and answer["precision"] > 128


def test_more_truncated_powers_than_are_examined_are_named(gdcheck):
    loss = "x**2 + y**2/2" + "".join(f" + max(x - {k}, 0)**4" for k in range(1, 12))
    code, out, _ = gdcheck("check", "--loss", loss, "--step-size", "0.1", "--start", "0.1,0.1")
    said = " ".join(out.split())
    assert code == 3 and "for the loss has more than 10 truncated powers; --loss with fewer of them is" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_disk_is_said(more):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "gdcheck", "check", *WORKED, *more]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the answer (No space left on device); name another place\n"


def test_crossings_say_that_there_is_no_hessian(gdcheck):
    code, _, err = gdcheck("crossings", "--loss", "x**2 + y**2/2 + max(x, 0)**2", "--start", "0.1,0.1")
    assert code == 2 and err == (
        "error: minimizer: the loss has no Hessian there; give a loss whose kinks of order two keep off it\n"
    )


@pytest.mark.parametrize("words", [["replay"], ["check", "--problem"]])
def test_a_networks_certificate_is_told_where_it_belongs(words, gdcheck):
    kept = Path(__file__).parents[3] / "docs" / "runs" / "network-proof-large-step.json"
    code, _, err = gdcheck(*words, str(kept))
    assert code == 2 and "gdcheck recheck verifies a network's certificate, and gdcheck plot draws it" in err
