"""The fuzzer itself: a few dozen problems agree, planted errors are found, runs are kept and go on."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

import tests.fuzz.examining
from gdcheck.theorem.checker import amplitude
from gdcheck.theorem.decision.decide import Decision, Verdict
from gdcheck.theorem.decision.decide import decide as engine
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import LimitDirection
from gdcheck.theorem.loss.errors import InputError
from tests.fuzz.__main__ import fuzz
from tests.fuzz.drawing import SHAPES, draw
from tests.fuzz.examining import against_accepted, examine
from tests.fuzz.reading import read_loss
from tests.fuzz.recording import Record
from tests.fuzz.simulation import simulate

SEED = 11
"""One whose first problems take little time."""
FEW = 2 * len(SHAPES)


def run(out: Path, problems: int, **others: Any) -> int:
    options = {"minutes": None, "seed": SEED, "shape": None, "mutants": 1, "share": 1.0, "replay": None} | others
    return fuzz(problems=problems, out=out, **options)


def test_a_few_dozen_problems_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, FEW) == 0
    said = capsys.readouterr().out
    record = Record.begun(tmp_path, Record(SEED, None, 1))
    assert record.done == FEW and set(record.shapes) == set(SHAPES)
    assert sum(counts.get("proved", 0) for counts in record.shapes.values()) > len(SHAPES)
    assert "disagreements: 0" in said and f"seed {SEED}" in said
    assert all(f" {name} " in said for name in SHAPES)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_problem_is_a_function_of_seed_and_index(shape: str) -> None:
    assert draw(1, 7, shape) == draw(1, 7, shape)
    assert draw(1, 7, shape) != draw(2, 7, shape)


def test_a_run_in_pieces_is_the_run_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert [run(one, 9), run(two, 4), run(two, 9)] == [0, 0, 0]
    capsys.readouterr()
    first, second = (vars(Record.begun(place, Record(SEED, None, 1))) | {"seconds": 0} for place in (one, two))
    assert first == second
    with pytest.raises(InputError, match="another run"):
        run(two, 9, seed=6)


def flipped(problem: Problem, **limits: Any) -> Decision:
    """The engine with the limit's sign turned round in half of its proofs."""
    decision = engine(problem, **limits)
    found = decision.amplitude
    if decision.verdict is not Verdict.PROVED or found is None or found.step % 2:
        return decision
    turned = tuple(tuple(-x for x in vector) for vector in found.limit.vectors)
    return replace(decision, amplitude=replace(found, limit=LimitDirection(found.limit.kind, turned)))


def regime_lost(problem: Problem, **limits: Any) -> Decision:
    """The engine without one of the assumptions that fail."""
    decision = engine(problem, **limits)
    return replace(decision, fails=decision.fails[1:])


def crashing(problem: Problem, **limits: Any) -> Decision:
    """The engine with a crash where there are truncated powers."""
    if problem.loss.truncated:
        raise ZeroDivisionError
    return engine(problem, **limits)


@pytest.mark.parametrize(("planted", "said"), [(flipped, "away"), (regime_lost, "assumptions"), (crashing, "Zero")])
def test_a_planted_error_is_found_and_replays(
    planted: Callable[..., Decision],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as wrong:
        wrong.setattr(tests.fuzz.examining, "decide", planted)
        assert run(tmp_path, FEW, mutants=0) == 1
        first, *_ = sorted((tmp_path / "disagreements").iterdir())
        case = json.loads(first.read_text())
        assert said in " ".join(case["disagreements"])
        assert Problem.from_json(case["problem"]) == draw(SEED, case["index"])[1]
        assert run(tmp_path, 1, replay=first) == 1
    assert run(tmp_path, 1, replay=first) == 0
    assert "FIXED" in capsys.readouterr().out


def test_a_checker_that_accepts_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amplitude, "_verify_limit", lambda *_: None)
    found = [examine(draw(SEED, i)[1], Random(i), 8) for i in range(12)]
    changed = [finding for finding in found if finding.mutant is not None]
    assert changed, "no turned limit was noticed"
    monkeypatch.undo()
    assert all(against_accepted(finding.mutant or {}) is None for finding in changed)


@pytest.mark.parametrize("index", range(0, 36, 5))
def test_the_simulation_reads_the_loss_as_it_is(index: int) -> None:
    """Values at a few points, less that at the minimizer, from its own reading and from the engine's."""
    problem = draw(3, index)[1]
    stated = problem.to_json()
    centre = [Fraction(x) for x in stated["minimizer"]]
    loss = read_loss(stated["loss"], stated["variables"], centre)
    here = problem.loss.value(list(stated["minimizer"]))
    for k in range(1, 4):
        h = [Fraction((i * k) % 5 - 2, 3) for i in range(loss.dimension)]
        value = Fraction(0)
        for alpha, c in loss.terms.items():
            value += c * math.prod(x**e for x, e in zip(h, alpha, strict=True))
        for kink in loss.kinks:
            reach = sum((x * y for x, y in zip(kink.slope, h, strict=True)), kink.offset)
            value += kink.factor * (max(reach, 0) ** kink.power - max(kink.offset, 0) ** kink.power)
        point = [str(m + x) for m, x in zip(centre, h, strict=True)]
        moved = problem.loss.value(point) - here
        assert value == Fraction(int(moved.p), int(moved.q)), f"{stated['loss']} at {point}"


def test_what_the_simulation_sees() -> None:
    plain = {"variables": ["x", "y"], "minimizer": ["0", "0"]}
    slow = simulate(plain | {"loss": "1/2*x**2 + 2*y**2", "step_size": "1/10", "start": ["1", "1"]})
    assert (slow.seen, slow.kind, slow.regime, slow.level) == ("settled", "fixed", "small-step", 0)
    fast = simulate(plain | {"loss": "1/2*x**2 + 2*y**2", "step_size": "21/50", "start": ["1", "-1"]})
    assert (fast.kind, fast.vectors) == ("alternating", ((0.0, -1.0),))
    edge = simulate(plain | {"loss": "1/2*x**2 + 2*y**2", "step_size": "2/5", "start": ["1", "1"]})
    assert (edge.kind, len(edge.vectors), edge.fails) == ("two-cycle", 2, {"off-boundary"})
    null = simulate(plain | {"loss": "1/2*x**2 + 2*y**2", "step_size": "1/10", "start": ["0", "1"]})
    assert (null.kind, null.level) == ("fixed", 1)
    far = simulate(plain | {"loss": "1/2*x**2 + 2*y**2 + x**3", "step_size": "1/10", "start": ["-9", "1"]})
    assert far.seen == "diverged"
    # (1, 3) is an eigenvector whose multiplier vanishes: all that is left after a step is rounding.
    onto = {"loss": "3/5*x**2 + 3/5*x*y + 7/5*y**2", "step_size": "1/3", "start": ["1/7", "3/7"]}
    assert simulate(plain | onto).seen == "minimizer"
    rough = simulate(plain | {"loss": "1/2*x**2 + 2*y**2 + max(x, 0)**3", "step_size": "1/10", "start": ["1/9", "1"]})
    assert rough.fails == {"smoothness"}


FUZZ = [sys.executable, "-m", "tests.fuzz"]
# Where tests run with a safe path, the checkout is not on it by itself.
PLACES = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(PLACES)}


def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("{}")
    for words in (["--shape", "round"], ["--replay", str(tmp_path / "case.json")], ["--minutes", "x"]):
        ended = subprocess.run(
            [*FUZZ, "--out", str(tmp_path / "out"), *words],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2 and "Traceback" not in ended.stderr, ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_is_done_is_kept_however_it_ends(number: signal.Signals, tmp_path: Path) -> None:
    words = ["--minutes", "5", "--seed", str(SEED), "--mutants", "0", "--out", str(tmp_path)]
    running = subprocess.Popen(
        [*FUZZ, *words], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    place = tmp_path / "record.json"
    while not place.exists():
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.05)
    running.send_signal(number)
    said = running.communicate(timeout=600)[1]
    assert running.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    assert "Traceback" not in said
    record = Record.begun(tmp_path, Record(SEED, None, 0))
    assert record.done > 0
    assert run(tmp_path, record.done + 1, mutants=0) == 0
    assert Record.begun(tmp_path, Record(SEED, None, 0)).done == record.done + 1
