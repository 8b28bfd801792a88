"""Runs over processes: the same result for any number of them, resumed, and never hung by a claim."""

import json
from pathlib import Path

import pytest

from gdcheck import InputError
from gdcheck.properties.lemmas.record import examined_again
from gdcheck.properties.lemmas.run import begin, go_on, run_claims
from gdcheck.properties.lemmas.shards import SIZE
from gdcheck.properties.storage.files import as_json
from gdcheck.properties.sweep.run import Executor

GOOD = """
from gdcheck import claim, holds

@claim("the loss falls at every step", inside="2")
def loss_falls(problem, decision, trajectory):
    return holds(trajectory.loss[1:] < trajectory.loss[:-1], margin=1 - trajectory.loss[1:] / trajectory.loss[:-1])

@claim("the distance falls at every step")
def distance_falls(problem, decision, trajectory):
    return holds(trajectory.distance[1:] < trajectory.distance[:-1])
"""

BAD = """
from gdcheck import claim, holds, Problem

_calls = []

@claim("it raises")
def raises(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 1 / 0)

@claim("it does not end, inside a C library, on three problems in five")
def endless(problem, decision, trajectory):
    if problem.dimension > 3:
        sum(range(10**12))
    return holds(trajectory.loss[0] > 0)

@claim("it has a state of its own")
def stateful(problem, decision, trajectory):
    _calls.append(1)
    return holds(trajectory.step_size > 0 if len(_calls) % 3 else trajectory.step_size < 0)

@claim("its generator makes nothing", generator=lambda random, index: None)
def empty(problem, decision, trajectory):
    return holds(True)

@claim("it cannot be decided")
def open_(problem, decision, trajectory):
    return holds(trajectory.rate * trajectory.rate == trajectory.rate ** 2)

@claim("it is fine")
def fine(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0)
"""


def run(tmp_path, text, budget, jobs, name="run", time_limit=20.0):
    file = tmp_path / "lemma.py"
    file.write_text(text, encoding="utf-8")
    root = tmp_path / name
    root.mkdir(exist_ok=True)
    return run_claims(begin([str(file)], 0, budget, time_limit, root), root, Executor(jobs))


def test_any_number_of_processes_finds_the_same(tmp_path):
    one, two = (run(tmp_path, GOOD, 2 * SIZE, jobs, f"run{jobs}") for jobs in (1, 2))
    assert as_json(one) == as_json(two)
    false, true = one.rows
    assert (false.verdict, true.verdict) == ("false", "held") and true.held == 2 * SIZE == true.examined
    record = false.counterexample
    assert record.certificate is not None and record.text == GOOD
    # It is shrunk: no rotation, no shift, fewer digits.
    assert len(record.simplest.problem.loss) < len(record.first.problem.loss)
    assert set(record.simplest.problem.minimizer) == {"0"}
    assert record.worst.margin <= record.first.margin < 0
    assert list(one.contradictions()) and all(stated == counted for _, stated, counted in one.contradictions())


def test_a_counterexample_is_examined_again_and_fixed(tmp_path):
    found = run(tmp_path, GOOD, SIZE, 1)
    data = json.loads(as_json(found.rows[0].counterexample))
    assert {outcome for _, outcome, _ in examined_again(data, None, tmp_path)} == {"VIOLATED AGAIN"}
    mended = tmp_path / "mended.py"
    mended.write_text(GOOD.replace("[1:] <", "[1:] < 10 *"), encoding="utf-8")
    assert {outcome for _, outcome, _ in examined_again(data, mended, tmp_path)} == {"FIXED"}
    with pytest.raises(InputError, match="is not here"):
        examined_again(data, None, tmp_path / "elsewhere")
    for field, value in (("simplest", {}), ("claim", 3), ("seed", "x")):
        with pytest.raises(InputError, match="counterexample"):
            examined_again({**data, field: value}, None, tmp_path)


def test_a_record_never_names_what_is_to_be_run(tmp_path):
    found = run(tmp_path, GOOD, SIZE, 1)
    data = json.loads(as_json(found.rows[0].counterexample))
    with pytest.raises(InputError, match="no built-in claim"):
        examined_again({**data, "file": "", "target": "os:system"}, None, tmp_path)
    # Folders in a record are left out: only here and beside the record is looked.
    (tmp_path / "beside").mkdir()
    with pytest.raises(InputError, match="is not here"):
        examined_again({**data, "file": str(tmp_path / "lemma.py")}, None, tmp_path / "beside")


def test_a_run_goes_on_where_it_was_left(tmp_path):
    whole = run(tmp_path, GOOD, 2 * SIZE, 2)
    root = tmp_path / "run"
    (root / "shards" / "loss_falls-000001.json").unlink()
    (root / "shards" / "distance_falls-000000.json").write_text('{"claim": "distance_falls", "num', encoding="utf-8")
    before = (root / "shards" / "loss_falls-000000.json").stat().st_mtime_ns
    done = []
    assert as_json(run_claims(go_on(root), root, Executor(), done.append)) == as_json(whole)
    assert done[0] == 2 * SIZE and done[-1] == 4 * SIZE
    assert (root / "shards" / "loss_falls-000000.json").stat().st_mtime_ns == before
    (tmp_path / "lemma.py").write_text(GOOD + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="has changed"):
        go_on(root)
    with pytest.raises(InputError, match="holds no run"):
        go_on(tmp_path)


def test_what_cannot_be_used_is_said_and_the_other_claims_go_on(tmp_path):
    found = {row.name: row for row in run(tmp_path, BAD, 20, 1, time_limit=0.5).rows}
    said = {
        "raises": "ZeroDivisionError at lemma.py:8",
        "endless": "does not end within 0.5 s on 3 problems (lemma.py:13)",
        "stateful": "must not depend on chance or on state",
        "empty": "it must make a gdcheck.Problem",
    }
    for name, part in said.items():
        assert found[name].verdict == "unusable" and part in found[name].fault
    assert (found["open_"].verdict, found["open_"].undecided) == ("undecided", 20)
    assert (found["fine"].verdict, found["fine"].held) == ("held", 20)


def test_a_target_that_cannot_be_loaded_is_said_with_its_line(tmp_path):
    files = {"syntax.py": "def x(:\n", "none.py": "x = 1\n", "argument.py": 'import gdcheck\ngdcheck.claim("")\n'}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    targets = [str(tmp_path / name) for name in files] + ["no_such_module:x", "nothing", "invariance"]
    plan = begin(targets, 0, 4, 20.0, tmp_path)
    rows = {Path(row.name).name: row for row in run_claims(plan, tmp_path, Executor()).rows}
    assert "syntax.py:1" in rows["syntax.py"].fault and "declares no claim" in rows["none.py"].fault
    assert "argument.py:2" in rows["argument.py"].fault and "sentence" in rows["argument.py"].fault
    assert "no_such_module" in rows["no_such_module:x"].fault and "built-in" in rows["nothing"].fault
    assert (rows["invariance"].verdict, rows["invariance"].held) == ("held", 4)


STATEMENTS = """
from gdcheck import End, LimitKind, Prediction, Regime, Statement, claim

LOW, HIGH = Prediction(End.LOWEST, LimitKind.FIXED), Prediction(End.HIGHEST, LimitKind.ALTERNATING)
theorem = claim("Theorem 1", statement=Statement("t", {Regime.SMALL_STEP: LOW, Regime.LARGE_STEP: HIGH}))
always_flat = claim("always flat", statement=Statement("f", {Regime.SMALL_STEP: LOW, Regime.LARGE_STEP: LOW}))
"""


def test_statements_are_decided_in_certified_batches(tmp_path):
    true, false = run(tmp_path, STATEMENTS, 3000, 1).rows
    assert (true.verdict, true.held) == ("held", 3000)
    assert false.verdict == "false" and false.held + false.violated == 3000 and 1000 < false.violated < 2000
    assert "large-step" in next(iter(false.causes["violated"]))
    record = false.counterexample
    assert record.certificate is not None and len(record.simplest.problem.variables) == 2


STRATEGY = """
from gdcheck import claim, holds, strategies, Regime

@claim("no loss has four variables", strategy=strategies.problems(regime=Regime.SMALL_STEP, dimensions=(2, 4)))
def few(problem, decision, trajectory):
    return holds(problem.dimension < 4)
"""


def test_a_strategy_of_ones_own_is_drawn_and_shrunk_by_hypothesis(tmp_path):
    (row,) = run(tmp_path, STRATEGY, 60, 1).rows
    assert row.verdict == "false as far as floats show" and row.examined == 60
    assert len(row.counterexample.simplest.problem.variables) == 4
    assert row.counterexample.simplest.problem.loss.count("+") <= 4
