"""What every command says beside its answer: nothing, stages with their times, a log; numbers as people write them."""

import json
import os
import re
import subprocess
import sys
from inspect import signature
from typing import get_args

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from gdcheck.cli import app
from gdcheck.commands.options import MOST_PROBLEMS, number, whole
from gdcheck.properties.sweep.store import MOST
from gdcheck.terminal.log import INVOKED, repeating_command

CHECK = ("check", "--loss", "x**2 + 2*y**2", "--step-size", "1/10", "--start", "1,1")
LONG = (
    *("check", "recheck", "replay", "verify", "ablate", "sweep", "claim", "train", "network", "map", "crossings"),
    *("plot", "report"),
)
WITH_JSON = (*LONG, "steps", "direction")


def names(command):
    options = typer.main.get_command(app).commands[command].params
    return {name for option in options for name in option.opts}


@pytest.mark.parametrize("command", LONG)
def test_every_long_command_has_the_options(command):
    assert {"--quiet", "--verbose", "--log-file"} <= names(command)


@pytest.mark.parametrize("command", WITH_JSON)
def test_every_result_can_be_had_as_json(command):
    assert "--json" in names(command)


def test_quiet_prints_nothing_but_json_and_errors(gdcheck):
    assert gdcheck(*CHECK, "--quiet") == (0, "", "")
    code, out, err = gdcheck(*CHECK, "--quiet", "--json")
    assert (code, err) == (0, "") and json.loads(out)["verdict"] == "proved"
    code, out, err = gdcheck(*CHECK[:-2], "--start", "1", "--quiet")
    assert (code, out) == (2, "") and err.startswith("error: start: ")
    assert gdcheck(*CHECK, "--quiet", "--verbose")[0] == 2


def test_stages_are_told_and_kept(gdcheck, tmp_path):
    log = tmp_path / "log.txt"
    for _ in range(2):
        code, out, err = gdcheck(*CHECK, "--verbose", "--log-file", str(log))
        assert code == 0 and out.startswith("PROVED")
        lines = err.splitlines()
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)
        assert "gdcheck check --loss 'x**2 + 2*y**2'" in lines[0] and lines[-2].endswith("exit code 0")
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2 * len(lines)
    assert gdcheck(*CHECK, "--log-file", str(tmp_path))[0] == 2
    gdcheck(*CHECK[:-2], "--log-file", str(log))
    assert gdcheck("check", "--log-file", str(log))[0] == 2
    assert "ended by InputError" in log.read_text(encoding="utf-8").splitlines()[-1]


def test_a_run_as_json_is_the_file_that_is_written(gdcheck, tmp_path):
    code, out, _ = gdcheck("sweep", "--problems", "2e2", "--jobs", "1", "--out", str(tmp_path / "run"), "--json")
    assert code == 0 and json.loads(out)["problems"] == 200
    assert out == (tmp_path / "run" / "summary.json").read_text(encoding="utf-8")


@given(st.integers(0, 10**6), st.integers(0, 3))
def test_counts_are_read_as_people_write_them(mantissa, exponent):
    read = whole(0, 10**9)["parser"]
    assert read(f"{mantissa}e{exponent}") == read(str(mantissa * 10**exponent)) == mantissa * 10**exponent
    assert read(mantissa) == mantissa


@pytest.mark.parametrize("text", ["2.5", "-1", "1e10", "many", "", "1e99999", "nan", "0x10"])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(typer.BadParameter):
        whole(0, 10**9)["parser"](text)


WORDS = {
    *("loss", "loss_function", "residual", "scalar", "data", "variables", "method", "plane", "assumption", "figures"),
    *("claims", "scheduler", "device", "regime", "network", "activation", "optimizer", "preset", "schedule", "dtype"),
}
"""The options that take text and no number."""
SEVERAL = {"start", "minimizer", "near", "spectrum", "preconditioner", "sweep", "hidden", "momentum"}
SEVERAL |= {"beta1", "beta2", "epsilon"}
"""The options that take several numbers in one text, in some command at least."""


def _numbers():
    """Every option and argument of every command that takes a number or a text, as (command, name, kind, parser)."""

    def registered(part):
        yield from part.registered_commands
        for group in part.registered_groups:
            yield from registered(group.typer_instance)

    for command in registered(app):
        for name, parameter in signature(command.callback, eval_str=True).parameters.items():
            kind, info = get_args(parameter.annotation)[:2]
            kinds = {kind, *get_args(kind)}
            for number_kind in (int, float, str, list[str]):
                if number_kind in kinds:
                    yield command.name or command.callback.__name__, name, number_kind, info.parser


def test_every_count_of_every_command_is_read_as_2e3_and_every_real_as_1_over_10():
    assert MOST_PROBLEMS == MOST
    found = [x for x in _numbers() if x[2] in {int, float}]
    assert len(found) > 40
    for command, name, kind, read in found:
        assert read is not None, (command, name)
        texts = {"2e3": 2000, "1e2": 100, "2e0": 2} if kind is int else {"1/10": 0.1, "1/2": 0.5, "5/2": 2.5}
        taken = 0
        for text, value in texts.items():
            try:
                assert read(text) == value, (command, name)
                taken += 1
            except typer.BadParameter as error:
                # It is refused for its size alone.
                assert " from " in error.message or " to " in error.message, (command, name)
        assert taken, (command, name)


def test_every_option_that_keeps_its_number_exact_is_read_in_each_way_of_writing_it():
    texts = [x for x in _numbers() if x[2] in {str, list[str]} and x[1] not in WORDS]
    exactly = [x for x in texts if x[3] is not None]
    assert {x[1] for x in texts if x[3] is None} <= SEVERAL
    assert {(x[0], x[1]) for x in exactly} >= {
        *(("check", "within"), ("check", "within_loss"), ("map", "half_width"), ("direction", "step_size")),
        *(("network", "near"), ("network", "decay"), ("network", "eta"), ("plot", "scale"), ("steps", "epsilon")),
    }
    for command, name, _, read in exactly:
        for text in ("2e3", "1/10", "0.1"):
            assert read(text) == text, (command, name)
        for nonsense in ("many", "", "1/0", "nan"):
            with pytest.raises(typer.BadParameter):
                read(nonsense)


STATED = ("--loss", "x**2 + 2*y**2", "--step-size", "0.1")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("check", *STATED, "--start", "1,1", "--within"), "within"),
        (("check", *STATED, "--start", "1,1", "--within-loss"), "within-loss"),
        (("check", *STATED, "--start", "1,1", "--near"), "near"),
        (("check", *STATED, "--start"), "start"),
        (("check", *STATED, "--preconditioner"), "preconditioner"),
        (("check", *STATED, "--start", "1,1", "--iterate"), "iterate"),
        (("direction", "--spectrum"), "spectrum"),
        (("direction", "--spectrum", "1,2", "--step-size"), "step-size"),
        (("map", *STATED, "--out", "x.svg", "--half-width"), "half-width"),
        (("claim", "theorem", "--budget"), "budget"),
        (("sweep", "--problems"), "problems"),
        (("sweep", "--method", "adam", "--problems", "5", "--beta1"), "beta1"),
        (("network", "--weight-decay"), "weight-decay"),
        (("network", "--prove", "--weight-decay", "0.1", "--near"), "near"),
    ],
)
def test_what_is_no_number_is_told_in_one_sentence_that_names_the_option(gdcheck, words, option):
    code, out, err = gdcheck(*words, "0.1,many")
    assert (code, out) == (2, "") and err.startswith(f"error: {option}: ") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("map", *STATED, "--out", "x.svg", "--half-width", "1e400"), "half-width"),
        (("network", "--weight-decay", "1e400"), "weight-decay"),
        (("sweep", "--method", "heavy-ball", "--problems", "5", "--momentum", "0,1e400"), "momentum"),
        (("plot", "--loss", "x**2 + 2*y**2", "--step-size", "1e400", "--start", "1,1", "--out", "x.svg"), "problem"),
        (("direction", "--spectrum", "1,1e400", "--out", "x.svg"), "out"),
    ],
)
def test_a_number_beyond_floats_is_bad_input_where_floats_are_needed(gdcheck, words, field):
    code, out, err = gdcheck(*words)
    assert (code, out) == (2, "") and err.startswith(f"error: {field}: ") and err.count("\n") == 1


@pytest.mark.parametrize("option", ["--step-size", "--start", "--minimizer", "--momentum"])
def test_what_is_taken_exactly_is_the_same_in_each_way_of_writing_it(gdcheck, tmp_path, option):
    stated = []
    for text in ("1/10", "0.1", "1e-1"):
        words = {"--loss": "(x - 1/10)**2 + 2*y**2", "--minimizer": "0.1,0", "--start": "0.5,0.5", "--step-size": "0.3"}
        if option == "--start":
            words |= {"--loss": "x**2 + 2*y**2", "--minimizer": "0,0"}
        if option == "--momentum":
            words |= {"--method": "heavy-ball"}
        given = {"--start": f"{text},0.5", "--minimizer": f"{text},0"}.get(option, text)
        words |= {option: given, "--certificate": str(tmp_path / "proof.json")}
        assert gdcheck("check", *(x for pair in words.items() for x in pair))[0] == 0
        stated.append((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert stated[0] == stated[1] == stated[2]
    assert '"1/10"' in stated[0]


def test_numbers_are_rationals_or_decimals():
    read = number(0, 1)["parser"]
    assert read("1/10") == read("0.1") == read("1e-1") == 0.1
    for text in ("2", "-1e-9", "inf", "nan"):
        with pytest.raises(typer.BadParameter):
            read(text)


def test_the_shell_completes_commands_and_options():
    def completed(words):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_GDCHECK_COMPLETE": "complete_bash"}
        program = [sys.executable, "-m", "gdcheck"]
        return subprocess.run(program, env=os.environ | asked, capture_output=True, text=True, check=False).stdout

    assert completed("gdcheck cl").split() == ["claim"]
    assert "--step-size" in completed("gdcheck check --st")


def test_the_help_groups_every_command(gdcheck):
    _, out, _ = gdcheck("--help")
    assert "Others:" not in out and "..." not in out.partition("\n")[2]
    for command in typer.main.get_command(app).commands:
        assert re.search(rf"^  {command} ", out, re.MULTILINE), command


def test_the_command_that_repeats_a_run_leaves_out_where_it_went():
    words = ["train", "--steps", "3", "--out", "here", "--resume", "--data=my images", "--log-file=x", "--json"]
    token = INVOKED.set(words)
    try:
        assert repeating_command() == "gdcheck train --steps 3 '--data=my images'"
    finally:
        INVOKED.reset(token)
