"""Every command in the README runs, and says what the README says."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from properties.cli import run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\| `(gdcheck [^`]+)` \|", README, flags=re.MULTILINE)
SHORT = {
    "train": ["train", "--network", "tiny", "--subset", "20", "--steps", "3"],
    "network": ["network", "--width", "4", "--subset", "20", "--steps", "20", "--scan-steps", "10"],
}
TWO = ["pip install . && gdcheck verify", "pip install tox && tox"]


def test_exactly_two_commands_for_a_fresh_machine():
    assert re.findall(r"```sh\n(.*?)\n```", README, flags=re.DOTALL) == TWO
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").count("'" + "' '".join(TWO) + "'") == 1


def test_the_table_names_every_command():
    import typer

    from properties.cli import app

    named = {command.split()[1] for command in COMMANDS}
    assert named == set(typer.main.get_command(app).commands), "the table and gdcheck --help differ"


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_table_succeeds(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    worked = shlex.split(next(c for c in COMMANDS if c.startswith("gdcheck check")))[1:]
    assert run([*worked, "--certificate", "certificate.json"]) == 0
    words = shlex.split(command)[1:]
    if words[0] == "verify":
        # The same command with fewer problems and one process; the full one is run by the continuous integration.
        words = ["verify", "--problems", "12", "--jobs", "1"]
    if words[0] in SHORT:
        # What these two measure is tested in tests/optimizers, where torch is.
        expected = {0, 3} if find_spec("torch") and find_spec("tensorboard") else {2}
        assert run(SHORT[words[0]]) in expected, capsys.readouterr()
        return
    assert run(words) == 0, capsys.readouterr()


def test_python_examples_say_what_they_show(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 2
    exec(compile("".join(blocks), "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == ["proved", "refuted"]


def test_verdict_table_lists_the_verdicts_and_their_exit_codes():
    from properties.cli import OTHER, PROVED, REFUTED
    from theorem.verdict import Verdict

    rows = dict(re.findall(r"^\| ([a-z-]+) \| [^|]+ \| (\d) \|$", README, flags=re.MULTILINE))
    expected = {v.value: {"proved": PROVED, "refuted": REFUTED}.get(v.value, OTHER) for v in Verdict}
    assert {k: int(v) for k, v in rows.items()} == expected


def test_picture_and_links_exist():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_size_of_the_checker_is_as_stated():
    files = [ROOT / "theorem" / f"{name}.py" for name in ("recheck", "recheck_reading", "recheck_exact")]
    total = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    assert f"{total} lines in all" in README
