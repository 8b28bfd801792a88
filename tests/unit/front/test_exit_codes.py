"""Every way to end has its exit code; no accident looks like a verdict."""

import os
import subprocess
import sys

import pytest

from gdcheck.cli import app

WORKED = ["--loss", "x**2 + y**2/2 + x**2*y + x**3", "--step-size", "0.95", "--start", "0.1,0.1"]
PLANTED = "gdcheck.theorem.decision.decide.decide"


def broken(*arguments, **options):
    raise ZeroDivisionError("planted\nhere")


@pytest.mark.parametrize("command", [["check", *WORKED], ["replay", "problem.json"]])
def test_an_unexpected_error_is_70_and_one_sentence(command, gdcheck, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "problem.json").write_text('{"loss": "x**2 + y**2/2", "step_size": "0.1", "start": ["0.1", "0.1"]}')
    monkeypatch.setattr(PLANTED, broken)
    code, out, err = gdcheck(*command)
    assert (code, out, err.count("\n")) == (70, "", 1)
    assert err.startswith("error: internal: ZeroDivisionError: planted here; this is an error of gdcheck")
    assert "please report it" in err and "issue" in err.lower()


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_traceback_is_shown_on_request(place, gdcheck, monkeypatch):
    monkeypatch.setattr(PLANTED, broken)
    words = ["check", *WORKED]
    words.insert(place, "--traceback")
    code, _, err = gdcheck(*words)
    assert code == 70
    assert err.startswith("Traceback (most recent call last)") and "in broken" in err
    assert err.splitlines()[-1].startswith("error: internal: ZeroDivisionError")


@pytest.mark.parametrize("words", [["check", *WORKED], ["check", *WORKED, "--json"], ["--help"], ["check", "--help"]])
def test_an_output_that_nobody_reads_is_no_verdict(words):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "gdcheck", *words]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_reader_who_leaves_early():
    many = '{"loss": "x**2 + y**2/2", "step_size": "0.1", "start": ["0.1", "0.1"]}\n' * 500
    command = [sys.executable, "-m", "gdcheck", "check", "--problem", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(many.encode())
        process.stdin.close()
        assert process.stdout.readline() == b"line 1:\n"
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (141, b"")


def test_no_output_and_no_errors_at_all():
    command = f'"{sys.executable}" -m gdcheck check --loss x --step-size 1 --start 1 >&- 2>&-; exit $?'
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 141


def test_an_interrupt_is_no_verdict(gdcheck, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(PLANTED, interrupted)
    assert gdcheck("check", *WORKED) == (130, "", "error: interrupted\n")


COMMANDS = [command.name or command.callback.__name__ for group in app.registered_groups for command in
            group.typer_instance.registered_commands]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_ends_with_exit_codes_and_examples(command, gdcheck):
    code, out, _ = gdcheck(command, "--help")
    assert code == 0
    words = " ".join(out.split())
    for part in ("Exit codes: 0 ", "2 bad input, 70 an error of gdcheck itself", "143 by SIGTERM", "141 the output"):
        assert part in words
    lines = out[out.index("Example") :].splitlines()[2:]
    assert lines and all(line.startswith("    gdcheck ") for line in lines), "an example is one line, to be copied"
