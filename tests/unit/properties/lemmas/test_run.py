"""Runs over processes: the same result for any number of them, resumed, and never hung by a claim."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, permutations
from msgspec.structs import replace as replace_struct

from gdcheck import InputError
from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.registry import CLAIMS
from gdcheck.properties.lemmas import schedule
from gdcheck.properties.lemmas.built_in import built_in
from gdcheck.properties.lemmas.drawing import Shard
from gdcheck.properties.lemmas.record import examined_again
from gdcheck.properties.lemmas.results import ShardResult
from gdcheck.properties.lemmas.run import begin, go_on, run_claims
from gdcheck.properties.lemmas.schedule import Run
from gdcheck.properties.lemmas.shards import SIZE, examine_shard
from gdcheck.properties.lemmas.simplify import simplest
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
from random import random
from time import sleep
from gdcheck import claim, holds, Problem
from hypothesis.strategies import integers, nothing

_calls = []
P = Problem("x**2 + 2*y**2", step_size="1/10", start=["1", "1"])

@claim("it raises, in the third of its shards")
def raises(problem, decision, trajectory):
    return holds(trajectory.loss[0] > (1 / 0 if problem == THIRD else 0))

@claim("it is a bool made of floats")
def bare(problem, decision, trajectory):
    return trajectory.as_float().loss[0] > 0

@claim("it returns nothing")
def nothing_returned(problem, decision, trajectory):
    holds(trajectory.loss[0] > 0)

@claim("it does not end, inside a C library, on three problems in five")
def endless(problem, decision, trajectory):
    if problem.dimension > 3:
        sleep(99)
    return holds(trajectory.loss[0] > 0)

@claim("it has a state of its own")
def stateful(problem, decision, trajectory):
    _calls.append(1)
    return holds(trajectory.step_size > 0 if len(_calls) % 3 else trajectory.step_size < 0)

@claim("it depends on chance")
def chance(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0, margin=random())

@claim("its generator makes nothing", generator=lambda random, index: None)
def empty(problem, decision, trajectory):
    return holds(True)

@claim("its generator raises", generator=lambda random, index: [][index])
def broken_generator(problem, decision, trajectory):
    return holds(True)

def by_chance(r, i):
    return Problem("x**2 + 2*y**2", step_size=str(random())[:8], start=["1", "1"])

@claim("its generator depends on chance", generator=by_chance)
def chance_generator(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0)

@claim("its strategy draws nothing", strategy=nothing())
def drawn_empty(problem, decision, trajectory):
    return holds(True)

@claim("its strategy filters all out", strategy=integers().filter(lambda k: False))
def filtered(problem, decision, trajectory):
    return holds(True)

@claim("its strategy draws numbers", strategy=integers())
def numbers(problem, decision, trajectory):
    return holds(True)

@claim("its strategy raises", strategy=integers().map(lambda k: 1 / 0))
def broken_strategy(problem, decision, trajectory):
    return holds(True)

@claim("it cannot be decided")
def open_(problem, decision, trajectory):
    return holds(trajectory.rate * trajectory.rate == trajectory.rate ** 2)

@claim("it is fine")
def fine(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0)

from gdcheck.properties.strategies.random_problems import random_problem
THIRD = random_problem(0, 11, raises.recipe)
"""


def run(tmp_path, text, budget, jobs, name="run", time_limit=20.0):
    file = tmp_path / "lemma.py"
    file.write_text(text, encoding="utf-8")
    root = tmp_path / name
    root.mkdir(exist_ok=True)
    return run_claims(begin([str(file)], 0, budget, time_limit, root), root, Executor(jobs))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The run of GOOD with two processes, and the folder that holds it."""
    folder = tmp_path_factory.mktemp("good")
    return run(folder, GOOD, 2 * SIZE, 2), folder


def test_any_number_of_processes_finds_the_same(good):
    two, folder = good
    one = run(folder, GOOD, 2 * SIZE, 1, "alone")
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


def test_a_counterexample_is_examined_again_and_fixed(tmp_path, good):
    found, folder = good
    data = json.loads(as_json(found.rows[0].counterexample))
    assert {outcome for _, outcome, _ in examined_again(data, None, folder)} == {"violated again"}
    mended = tmp_path / "mended.py"
    mended.write_text(GOOD.replace("[1:] <", "[1:] < 10 *"), encoding="utf-8")
    assert {outcome for _, outcome, _ in examined_again(data, mended, tmp_path)} == {"fixed"}
    with pytest.raises(InputError, match="is not here"):
        examined_again(data, None, tmp_path / "elsewhere")
    for field, value in (("simplest", {}), ("claim", 3), ("seed", "x")):
        with pytest.raises(InputError, match="counterexample"):
            examined_again({**data, field: value}, None, tmp_path)


def test_a_record_never_names_what_is_to_be_run(tmp_path):
    found = run(tmp_path, GOOD, SIZE, 1)
    data = json.loads(as_json(found.rows[0].counterexample))
    with pytest.raises(InputError, match="is no file, module:name or built-in claim"):
        examined_again({**data, "file": "", "target": "os:system"}, None, tmp_path)
    # Folders in a record are left out: only here and beside the record is looked.
    (tmp_path / "beside").mkdir()
    with pytest.raises(InputError, match="is not here"):
        examined_again({**data, "file": str(tmp_path / "lemma.py")}, None, tmp_path / "beside")


def test_a_run_goes_on_where_it_was_left(tmp_path, good):
    whole, folder = good
    root = shutil.copytree(folder / "run", tmp_path / "run")
    (root / "shards" / "loss_falls-000001.json").unlink()
    (root / "shards" / "distance_falls-000000.json").write_text('{"claim": "distance_falls", "num', encoding="utf-8")
    before = (root / "shards" / "loss_falls-000000.json").stat().st_mtime_ns
    done = []
    assert as_json(run_claims(go_on(root), root, Executor(), done.append)) == as_json(whole)
    assert done[0] == 2 * SIZE and done[-1] == 4 * SIZE
    assert (root / "shards" / "loss_falls-000000.json").stat().st_mtime_ns == before
    (folder / "lemma.py").write_text(GOOD + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="has changed"):
        go_on(root)
    (folder / "lemma.py").write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputError, match="holds no run"):
        go_on(tmp_path)


def line_of(text):
    return 1 + BAD[: BAD.index(text)].count("\n")


UNUSABLE = {
    "raises": ("raises ZeroDivisionError", "1 / 0 if"),
    "bare": ("returns a bool; let it return gdcheck.holds", '@claim("it is a bool'),
    "nothing_returned": ("returns a NoneType; let it return gdcheck.holds", '@claim("it returns nothing'),
    "endless": ("does not end within 3 s on 3 problems", "sleep(99)"),
    "stateful": ("must not depend on chance or on state", '@claim("it has a state'),
    "chance": ("must not depend on chance or on state", '@claim("it depends on chance'),
    "empty": (
        "its generator made a NoneType on index 0; it must make a gdcheck.Problem",
        '@claim("its generator makes',
    ),
    "broken_generator": ("its generator fails on index 0 (IndexError", '@claim("its generator raises'),
    "chance_generator": ("its generator makes another problem", '@claim("its generator depends'),
    "drawn_empty": ("its strategy yields no problem", '@claim("its strategy draws nothing'),
    "filtered": ("its strategy yields no problem: all that was drawn was filtered out", '@claim("its strategy filters'),
    "numbers": ("its strategy draws a int; let it draw a gdcheck.Problem", '@claim("its strategy draws numbers'),
    "broken_strategy": ("drawing a problem raised ZeroDivisionError", '@claim("its strategy raises'),
}


def test_what_cannot_be_used_is_said_with_file_and_line_and_the_other_claims_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(schedule, "SIZE", 5)
    found = {row.name: row for row in run(tmp_path, BAD, 20, 2, time_limit=3.0).rows}
    assert set(found) == {*UNUSABLE, "open_", "fine"}
    for name, (part, where) in UNUSABLE.items():
        assert found[name].verdict == "unusable"
        assert part in found[name].fault and f"lemma.py:{line_of(where)}" in found[name].fault, found[name].fault
        assert "\n" not in found[name].fault
    # What was examined before the fault counts, in whatever order the shards were done.
    assert (found["raises"].examined, found["raises"].held) == (11, 11)
    assert (found["open_"].verdict, found["open_"].undecided) == ("undecided", 20)
    assert (found["fine"].verdict, found["fine"].held) == ("held", 20)


SHARDS = [
    ShardResult("c", 0, examined=5, states={"held": 5}),
    ShardResult("c", 1, examined=5, states={"held": 4, "undecided": 1}, endless={7: "c.py:2"}),
    ShardResult("c", 2, examined=2, states={"held": 2}, fault="it raises"),
    ShardResult("c", 3, examined=5, states={"held": 5}),
    ShardResult("c", 4, examined=1, states={"held": 1}, fault="it raises something else"),
]


@given(permutations(SHARDS), booleans())
def test_what_a_fault_leaves_does_not_depend_on_the_order_of_the_shards(order, endless):
    if endless:
        order = [
            replace_struct(s, endless={9: "c.py:9", 8: "c.py:3", 6: "c.py:2", 5: "c.py:2"}) if s.number == 0 else s
            for s in order
        ]
    found = Run([], 0, 1.0, Path(), results={"c": {}}, endless={"c": {}})
    for shard in order:
        if shard.number < found.faulty("c"):
            found._take(shard)
    total = found.total("c")
    said = "c does not end within 1 s on 3 problems (c.py:2, c.py:3); fix it, or give a larger --time-limit"
    assert (total.examined, total.fault) == ((0, said) if endless else (12, "it raises"))


ENDLESS_DRAWS = """
from gdcheck import claim, holds, strategies, Problem, Regime
from time import sleep

def generate(random, index):
    sleep(99 * (index == 1))
    return Problem("x**2 + 2*y**2", step_size="1/10", start=["1", "1"])

@claim("its generator does not end once", generator=generate)
def generated(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0)

@claim("its strategy does not end", strategy=strategies.problems(regime=Regime.SMALL_STEP).map(lambda p: sleep(99)))
def drawn(problem, decision, trajectory):
    return holds(trajectory.loss[0] > 0)
"""


def test_drawing_is_watched_too(tmp_path):
    generated, drawn = run(tmp_path, ENDLESS_DRAWS, 4, 1, time_limit=1.0).rows
    assert (generated.verdict, generated.held, generated.undecided) == ("undecided", 3, 1)
    assert generated.causes == {"undecided": {"it did not end within the time limit": 1}}
    assert drawn.verdict == "unusable" and "while its problems are drawn (lemma.py:" in drawn.fault


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


GENERATED = """
from gdcheck import claim, holds, Problem

def generate(random, index):
    return Problem("x**2/2 + y**2", step_size=f"{random.randint(1, 49)}/50", start=[str(random.randint(1, 10**6)), "1"])

@claim("the step is short", generator=generate)
def short(problem, decision, trajectory):
    return holds(trajectory.step_size < "1/2", margin="1/2" - trajectory.step_size)

@claim("no start is that one", generator=generate)
def rare(problem, decision, trajectory):
    return holds(problem.start[0] != SEVENTH)

from gdcheck.properties.lemmas.drawing import drawn_problem
SEVENTH = drawn_problem(short, 0, 7).start[0]
"""


def test_a_generator_is_shrunk_or_the_record_says_why_not(tmp_path):
    short, rare = (row.counterexample for row in run(tmp_path, GENERATED, 60, 2).rows)
    assert (short.simplest.problem.step_size, short.simplest.problem.start) == ("13/25", ("1", "1"))
    assert short.not_simplified == "" and short.worst.margin < short.first.margin
    assert rare.simplest == rare.first and "cannot be simplified" in rare.not_simplified


def test_a_built_in_claim_is_shrunk(tmp_path, monkeypatch):
    from gdcheck.properties.claims import invariance

    def examine(instance):
        n = instance.problem.dimension
        return Finding(n < 4, 3.5 - n, "four variables or more", "proved")

    claim = replace(invariance.CLAIM, examine=examine)
    monkeypatch.setitem(CLAIMS, "invariance", claim)
    own = built_in("invariance")
    result, shard = ShardResult("invariance"), Shard(0, 0, 0, 60)
    examine_shard(own, shard, result)
    found, why_not = simplest(own, result.first, shard)
    assert why_not == "" and len(found.problem["variables"]) == 4 < len(result.worst.problem["variables"])
    assert len(found.problem["loss"]) <= len(result.first.problem["loss"])


def test_a_strategy_of_ones_own_is_drawn_and_shrunk_by_hypothesis(tmp_path):
    (row,) = run(tmp_path, STRATEGY, 60, 1).rows
    assert row.verdict == "false as far as floats show" and row.examined == 60
    assert len(row.counterexample.simplest.problem.variables) == 4
    assert row.counterexample.simplest.problem.loss.count("+") <= 4


ON_A_CLUSTER = """
from time import sleep
from gdcheck import claim, holds

@claim("the loss rises", dimensions=(2, 2))
def loss_rises(problem, decision, trajectory):
    return holds(trajectory.loss[1:] > trajectory.loss[:-1])

@claim("it does not end")
def endless(problem, decision, trajectory):
    sleep(99)
"""


def test_a_cluster_finds_the_same(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'gdcheck[cluster]'")
    monkeypatch.setattr(schedule, "SIZE", 10)
    (tmp_path / "lemma.py").write_text(ON_A_CLUSTER, encoding="utf-8")
    alone = begin([f"{tmp_path / 'lemma.py'}:loss_rises"], 0, 20, 1.0, tmp_path)
    here = run_claims(alone, tmp_path, Executor())
    # The workers run the text that was sent to them, wherever they are.
    root = tmp_path / "there"
    root.mkdir()
    plan = begin([str(tmp_path / "lemma.py")], 0, 20, 1.0, root)
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(**options, silence_logs=False) as cluster:
        there = run_claims(plan, root, Executor(scheduler=cluster.scheduler_address))
    rises, endless = there.rows
    assert as_json(rises.counterexample.simplest) == as_json(here.rows[0].counterexample.simplest)
    assert (rises.verdict, rises.violated, rises.causes) == ("false", 20, here.rows[0].causes)
    assert "does not end within 1 s on 3 problems (lemma.py:11)" in endless.fault
    assert len(list((root / "shards").glob("loss_rises-*.json"))) == 2
