"""A sweep: problems from their index alone, tables that nothing can change, and what happens when it is cut short."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdcheck.properties.sweep.work as work_module
from gdcheck.cli import run
from gdcheck.commands.sweep_run import show_sweep
from gdcheck.properties.storage.files import write_bytes_atomically
from gdcheck.properties.sweep.generator import Generator
from gdcheck.properties.sweep.run import Executor, devices_of, sweep
from gdcheck.properties.sweep.spec import Spec
from gdcheck.properties.sweep.store import Store, UnwritableError
from gdcheck.properties.sweep.summary import summarize
from gdcheck.properties.sweep.tables import read_table, unsound
from gdcheck.properties.sweep.work import Task, work
from gdcheck.reports.compose import write_run
from gdcheck.theorem.decision.decide import Verdict, decide
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import End, LimitKind, Prediction, Regime, Statement
from tests.builders.narrow import COLUMNS, shown_narrow, words_whole

# Starts well inside: every problem is then proved.
SMALL = Spec(variables=3, terms=4, start=(0.05, 0.5), batch=64, sample=2)
INDICES = st.integers(0, 2**20)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "sweep", Generator(5, SMALL), 300)


def tables(store: Store) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((store.root / "batches").iterdir())}


def whole(store: Store) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(store.file(number)) for number in range(store.batches())])


# Problems ------------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**64 - 1), number=INDICES, row=st.integers(0, 60))
def test_row_alone_is_the_row_of_its_batch(seed, number, row):
    generator = Generator(seed, SMALL)
    many, one = generator.batch(number, slice(0, 64)), generator.batch(number, slice(row, row + 1))
    assert many.exponents == one.exponents
    for name in ("spectrum", "coefficients", "step_size", "start"):
        assert np.array_equal(getattr(many, name)[..., row : row + 1], getattr(one, name)), name


@given(seed=st.integers(0, 2**64 - 1), number=INDICES)
def test_problems_are_as_the_spec_says(seed, number):
    spec = Spec(variables=4, degree=5, terms=9, closest_bits=20, near_share=1.0)
    batch = Generator(seed, spec).batch(number, slice(0, 200))
    orders = [sum(alpha) for alpha in batch.exponents]
    assert len(set(batch.exponents)) == 9 and max(orders) == 5 and min(orders) >= 3
    ends = batch.spectrum[0], batch.spectrum[-1]
    assert (np.diff(batch.spectrum[[0, 1]], axis=0) > 0).all() and (np.diff(batch.spectrum[[2, 3]], axis=0) > 0).all()
    distance = np.abs(batch.step_size * (ends[0] + ends[1]) / 2 - 1)
    assert (distance > 2.0**-21).all() and (batch.step_size * ends[1] < 2).all()
    assert (np.abs(batch.coefficients) <= spec.coefficient).all()


def test_different_indices_are_different_problems():
    batch = Generator(0, SMALL).batch(0, slice(0, 64))
    other = Generator(0, SMALL).batch(1, slice(0, 64))
    assert np.unique(batch.step_size).size == 64
    assert not np.isin(batch.step_size, other.step_size).any()


def test_words_are_those_of_philox():
    # The fast way to the words must be the documented one.
    here, there = (Generator(3, SMALL)._bits(7) for _ in range(2))
    drawn = np.random.Generator(here).integers(0, 2**64 - 1, 64, dtype=np.uint64, endpoint=True)
    assert np.array_equal(drawn, there.random_raw(64))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ([], "spec: expected 'object'"),
        ({"size": 3}, "unknown field 'size'; give an object with some of variables, degree"),
        ({"variables": 1}, "variables: expected 'int' >= 2"),
        ({"variables": 17}, "variables: expected 'int' <= 16"),
        ({"variables": "3"}, "variables: expected 'int'"),
        ({"variables": True}, "variables: expected 'int'"),
        ({"terms": 10**6}, "terms: expected 'int' <= 256"),
        ({"terms": 10, "variables": 2}, "terms: 10 is out of range here; give at most 9"),
        ({"sample": 17, "batch": 16}, "sample: 17 is out of range here; give at most 16"),
        ({"near_share": "x"}, "near_share: expected 'float'"),
        ({"near_share": float("nan")}, "near_share: expected 'float' >= 0"),
        ({"start": [2, 1]}, "start: 2.0 is above 1.0; give the smaller number first"),
        ({"start": [1]}, "start: expected 'array' of length 2"),
        ({"start": ["1", 2]}, "start.*expected 'float'"),
        ({"batch": 1.5}, "batch: expected 'int'"),
    ],
)
def test_bad_specs(data, match):
    with pytest.raises(InputError, match=match):
        Spec.from_json(data)


def test_spec_survives_its_json():
    spec = Spec(variables=7, start=(0.5, 1))
    assert Spec.from_json(json.loads(msgspec.json.encode(spec))) == spec


# Verdicts ------------------------------------------------------------------------------------------------------------


def test_sweep_proves_everything_once(store):
    done: list[int] = []
    swept = sweep(store, Executor(), done.append)
    table = whole(store)
    assert table["index"].to_list() == list(range(300))
    assert set(table["verdict"]) == {"proved"} and set(table["sign"]) == {-1, 1}
    assert swept.summary.outcome == "passed" and swept.summary.decided == 300 and swept.sampled == 10
    assert done[0] == 0 and done[-1] == 300
    stored = json.loads((store.root / "summary.json").read_text())
    assert stored["verdicts"]["proved"] == 300 and sum(stored["step_histogram"].values()) == 300
    counts = [count for side in stored["phases"].values() for limits in side.values() for count in limits.values()]
    assert sum(counts) == 300
    limits = {name for side in stored["phases"]["large-step"].values() for name in side}
    assert limits == {"alternating, +", "alternating, −"}
    assert "| proved | 300 |" in (store.root / "summary.md").read_text()
    page = write_run(swept.summary, store.root).read_text()
    assert page.count("<svg") == 6, "three charts, each for a wide and for a narrow screen"
    assert "300 of 300 swept problems decided: passed." in page
    assert "src=" not in page


def test_table_says_what_arb_says(store):
    sweep(store, Executor())
    table = whole(store)
    for index in range(0, 300, 7):
        decision = decide(store.problem(index))
        row = table.row(index, named=True)
        assert row["verdict"] == decision.verdict.value and row["regime"] == decision.classification.regime.value
        component = decision.limit.vectors[0][-1 if row["regime"] == "large-step" else 0]
        assert component * row["sign"] > 0


def test_both_tiers_give_the_same_answers():
    quick, slow = (work(Task(Generator(5, msgspec.structs.replace(SMALL, max_steps=k)), 0, 64)) for k in (2048, 1))
    here, there = pl.read_parquet(quick.table), pl.read_parquet(slow.table)
    assert (here["tier"] == "arb").sum() <= 4
    assert (there["tier"] == "arb").sum() > 20
    same = ["index", "verdict", "regime", "sign"]
    assert here.select(same).equals(there.select(same))


def test_disagreement_stops_the_sweep(store, monkeypatch):
    real = work_module.second_opinion
    monkeypatch.setattr(work_module, "second_opinion", lambda *a, **k: replace(real(*a, **k), objection="it differs"))
    swept = sweep(store, Executor())
    assert swept.summary.outcome == "failed" and swept.summary.disagreements
    assert swept.summary.decided == 0, "a disputed batch does not count"
    assert swept.sampled == 2, "no other batch is begun"
    index = swept.summary.disagreements[0]
    stored = json.loads((store.root / "disagreements" / f"{index}.json").read_text())
    assert stored["objection"] == "it differs" and stored["float64"]["state"] == "proved"
    assert stored["arb"]["verdict"] == "proved" and Problem.from_json(stored["problem"]) == store.problem(index)


def test_what_is_not_checked_stops_nothing_and_is_counted(store, monkeypatch):
    real = work_module.second_opinion
    said = "not checked: too long"
    monkeypatch.setattr(work_module, "second_opinion", lambda *a, **k: replace(real(*a, **k), not_checked=said))
    swept = sweep(store, Executor())
    assert swept.summary.outcome == "passed" and not swept.summary.disagreements
    assert swept.sampled == swept.not_checked > 0


def test_refuted_problem_is_kept_and_fails_the_sweep(store, monkeypatch):
    wrong = Statement("always the steepest", {Regime.SMALL_STEP: Prediction(End.HIGHEST, LimitKind.FIXED)})
    monkeypatch.setattr(work_module, "decide", partial(decide, statement=wrong))
    task = Task(Generator(5, msgspec.structs.replace(SMALL, max_steps=1)), 0, 64)
    done = work(task)
    assert done.refuted and all(record["answer"]["verdict"] == "refuted" for record in done.refuted)
    store.keep(done)
    assert summarize(store).outcome == "failed" and summarize(store).refuted
    assert (store.root / "refuted" / f"{done.refuted[0]['index']}.json").exists()


# Cut short -----------------------------------------------------------------------------------------------------------


def test_result_is_the_same_for_any_number_of_workers(store, tmp_path):
    sweep(store, Executor())
    other = Store.create(tmp_path / "other", store.generator, 300)
    sweep(other, Executor(jobs=2))
    assert tables(other) == tables(store) and len(tables(store)) == 5


def test_resumed_sweep_makes_what_is_missing_and_nothing_else(store):
    sweep(store, Executor())
    before = tables(store)
    store.file(1).unlink()
    store.file(3).unlink()
    (store.root / "batches" / ".gdcheck-0123.tmp").write_bytes(b"half")
    kept = store.file(2).stat().st_mtime_ns
    assert summarize(store).outcome == "incomplete" and summarize(store).decided == 300 - 128
    swept = sweep(Store.open(store.root), Executor())
    assert tables(store) == before and store.file(2).stat().st_mtime_ns == kept
    assert swept.summary.decided == 300 and swept.sampled == 4


def _rewritten(change):
    return lambda store: change(pl.read_parquet(store.file(2))).write_parquet(store.file(2))


SPOILT = {
    "a later batch": lambda store: shutil.copy(store.file(3), store.file(2)),
    "the short last batch": lambda store: shutil.copy(store.file(4), store.file(2)),
    "truncated": lambda store: store.file(2).write_bytes(store.file(2).read_bytes()[:-40]),
    "empty": lambda store: store.file(2).write_bytes(b""),
    "a row less": _rewritten(lambda table: table.head(63)),
    "a row twice": _rewritten(lambda table: pl.concat([table.head(63), table.head(1)])),
    "another order": _rewritten(lambda table: table.reverse()),
    "a column less": _rewritten(lambda table: table.drop("sign")),
    "another type": _rewritten(lambda table: table.with_columns(pl.col("sign").cast(pl.Int64))),
    "no verdict": _rewritten(lambda table: table.with_columns(verdict=pl.lit(None, table.schema["verdict"]))),
    "no step": _rewritten(lambda table: table.with_columns(step=pl.lit(None, pl.Int32))),
    "no sign": _rewritten(lambda table: table.with_columns(sign=pl.lit(0, pl.Int8))),
    "another seed": lambda store: store.file(2).write_bytes(work(Task(Generator(6, SMALL), 2, 64)).table),
}


def test_a_narrow_terminal_breaks_no_word(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    swept = sweep(store, Executor())
    store.file(1).unlink()
    begun = replace(swept, summary=summarize(store))
    summary = msgspec.structs.replace(swept.summary, refuted=tuple(range(10**6, 10**6 + 20)), outcome="failed")
    refuted = replace(swept, summary=summary)
    for result, verdict in ((swept, "sweep passed"), (begun, "sweep incomplete"), (refuted, "sweep failed")):
        shown = Store(Path("sweep"), store.generator, store.problems)
        said = shown_narrow(lambda console, shown=shown, result=result: show_sweep(console, shown, result))
        assert max(map(len, said.splitlines())) <= COLUMNS and verdict in said.splitlines()
        summary = result.summary
        names = [*summary.verdicts, *summary.tiers, *summary.regimes]
        counts = [*summary.verdicts.values(), *summary.tiers.values(), *summary.regimes.values()]
        words = [word for name, count in zip(names, counts, strict=True) if count for word in name.split()]
        assert {"proved", *words} <= {word.strip(",") for word in words_whole(said)}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_table_is_never_trusted(name, store, capsys):
    sweep(store, Executor())
    before = tables(store)
    SPOILT[name](store)
    assert tables(store) != before
    assert summarize(store).outcome == "incomplete" and summarize(store).decided == 300 - 64
    assert set(unsound(store)) == {2}
    assert run(["sweep", "--resume", str(store.root), "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert len([line for line in printed.splitlines() if "000002.parquet" in line and "made again" in line]) == 1
    assert tables(store) == before and not unsound(store)


@given(data=st.data())
def test_damaged_bytes_are_found_or_change_no_index(data, tmp_path_factory):
    damaged = Store(tmp_path_factory.mktemp("damaged"), Generator(5, SMALL), 64)
    damaged.tidy()
    content = bytearray(_first_table())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    damaged.file(0).write_bytes(content)
    if not unsound(damaged):
        assert read_table(damaged, 0)["index"].to_list() == list(range(64))
        assert sum(summarize(damaged).verdicts.values()) == 64


@cache
def _first_table() -> bytes:
    return work(Task(Generator(5, SMALL), 0, 64)).table


@pytest.mark.parametrize("problems", [256, 320, 100])
def test_the_number_of_problems_cannot_be_edited(problems, store, capsys):
    sweep(store, Executor())
    file = store.root / "run.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "problems": problems}))
    assert run(["sweep", "--resume", str(store.root), "--jobs", "1"]) == 2
    assert "run.json: was changed" in capsys.readouterr().err
    # Had the digest been edited as well, the tables would not fit.
    edited = Store(store.root, store.generator, problems)
    if problems > 300:
        assert set(unsound(edited)) == {4}
    else:
        with pytest.raises(InputError, match="does not belong to any batch"):
            summarize(edited)


def test_a_missing_folder_is_made_again(store):
    sweep(store, Executor())
    before = tables(store)
    shutil.rmtree(store.root / "batches")
    assert run(["sweep", "--resume", str(store.root), "--jobs", "1"]) == 0
    assert tables(store) == before


def _instead(store, name, make):
    path = store.root / name
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    make(path)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("batches/000003.parquet", Path.mkdir, "does not belong to any batch"),
        ("batches/000005.parquet", Path.touch, "does not belong to any batch"),
        ("batches/0000003.parquet", Path.touch, "does not belong to any batch"),
        ("batches", Path.touch, "cannot write"),
        ("summary.json", Path.mkdir, "cannot write"),
    ],
)
def test_what_is_in_the_way_is_named(name, make, words, store, capsys):
    sweep(store, Executor())
    store.file(1).unlink()
    _instead(store, name, make)
    for jobs in ("1", "2"):
        assert run(["sweep", "--resume", str(store.root), "--jobs", jobs]) == 2
        error = capsys.readouterr().err
        assert words in error and "Traceback" not in error


def test_a_disk_that_fails_in_another_process_is_one_sentence(store, monkeypatch):
    # A copy is made as it is in another process.
    error = copy.copy(UnwritableError("here", "No space left on device"))
    assert isinstance(error, InputError) and "No space left on device" in str(error)
    monkeypatch.setattr("gdcheck.properties.sweep.store.write_bytes_atomically", partial(_full, 28))
    with pytest.raises(InputError, match=r"out: cannot write in .*No space left"):
        sweep(store, Executor())


def test_a_table_is_written_while_the_next_batch_is_computed(store, monkeypatch):
    # The file of the first batch waits until the second one is being computed: one after the other would never end.
    computing, main = threading.Event(), threading.get_ident()
    seen = []

    def compute(task):
        if task.number == 1:
            computing.set()
        return work(task)

    def write(path, data):
        if path.name == "000000.parquet":
            assert computing.wait(20), "nothing was computed meanwhile"
        assert threading.get_ident() != main
        seen.append(path.name)
        write_bytes_atomically(path, data)

    monkeypatch.setattr("gdcheck.properties.sweep.run.work", compute)
    monkeypatch.setattr("gdcheck.properties.sweep.store.write_bytes_atomically", write)
    told = []
    result = sweep(store, Executor(), told.append)
    assert seen == sorted(path.name for path in (store.root / "batches").iterdir()), "in their order, one writer"
    assert result.summary.outcome == "passed" and told == [0, 64, 128, 192, 256, 300]


def test_no_batch_counts_before_its_file_is_there(store):
    def look(problems: int) -> None:
        assert len(list((store.root / "batches").glob("*.parquet"))) * 64 >= problems

    assert sweep(store, Executor(), look).summary.outcome == "passed"


def test_what_was_computed_before_an_interrupt_is_kept(store, monkeypatch):
    def stop(task):
        if task.number == 3:
            raise KeyboardInterrupt
        return work(task)

    monkeypatch.setattr("gdcheck.properties.sweep.run.work", stop)
    result = sweep(store, Executor())
    assert result.interrupted and store.finished() == {0, 1, 2}
    assert result.sampled == 6
    monkeypatch.undo()
    assert sweep(store, Executor()).summary.outcome == "passed"


def _full(number, path, data):
    raise OSError(number, os.strerror(number))


# Tests that run in the background of a shell ignore Ctrl-C, and would bequeath that.
LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from gdcheck.cli import run
if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
"""


def started(root: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", LISTENING, "sweep", *options]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_sweep_can_be_resumed(blow, jobs, tmp_path):
    spec = tmp_path / "spec.json"
    # Second opinions make a batch last long enough to be hit.
    spec.write_bytes(msgspec.json.encode(msgspec.structs.replace(SMALL, batch=1024, sample=4)))
    root = tmp_path / "sweep"
    options = ["--spec", str(spec), "--problems", "24576", "--seed", "5", "--jobs", str(jobs)]
    process = started(Path.cwd(), *options, "--out", str(root))
    wait_for(lambda: root.exists() and len(list((root / "batches").glob("*.parquet"))) >= 2)
    process.send_signal(blow)
    code = process.wait(60)
    assert code == (130 if blow is signal.SIGINT else -signal.SIGKILL)
    store = Store.open(root)
    before = {number: store.file(number).read_bytes() for number in store.finished()}
    assert 2 <= len(before) < 24
    assert all(pl.read_parquet(content).height == 1024 for content in before.values())
    assert run(["sweep", "--resume", str(root), "--jobs", "1"]) == 0
    assert whole(store)["index"].to_list() == list(range(24576))
    assert all(store.file(number).read_bytes() == content for number, content in before.items())


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_after_the_last_batch_changes_nothing(store, jobs):
    def stop(problems: int) -> None:
        if problems == 300:
            raise KeyboardInterrupt

    result = sweep(store, Executor(jobs), stop)
    assert not result.interrupted and result.summary.outcome == "passed"


def test_sweep_whose_processes_were_killed_can_be_resumed(tmp_path):
    store = Store.create(tmp_path / "sweep", Generator(5, SMALL), 64 * 40)

    def on_done(problems: int) -> None:
        if problems:
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(InputError, match="--resume"):
        sweep(store, Executor(jobs=2), on_done)
    before = {name: table for name, table in tables(store).items() if name.endswith(".parquet")}
    assert 0 < len(before) < 40
    assert sweep(store, Executor()).summary.outcome == "passed"
    assert before.items() <= tables(store).items() and len(tables(store)) == 40


def test_sweep_over_a_cluster_survives_the_death_of_a_worker(store, tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'gdcheck[cluster]'")
    sweep(store, Executor())
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0"}
    other = Store.create(tmp_path / "other", store.generator, 300)
    with distributed.LocalCluster(**options, silence_logs=False) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        killed = []

        def on_done(problems: int) -> None:
            if problems and not killed:
                os.kill(victim, signal.SIGKILL)
                killed.append(problems)

        swept = sweep(other, Executor(scheduler=cluster.scheduler_address), on_done)
    assert killed and killed[0] < 300
    assert swept.summary.outcome == "passed" and tables(other) == tables(store)


# The command line ----------------------------------------------------------------------------------------------------


def test_command_line(tmp_path, capsys):
    spec, root = tmp_path / "spec.json", tmp_path / "sweep"
    spec.write_bytes(msgspec.json.encode(SMALL))
    options = ["--problems", "1e2", "--seed", "9", "--jobs", "1", "--spec", str(spec), "--out", str(root)]
    assert run(["sweep", *options]) == 0
    assert "sweep passed" in capsys.readouterr().out
    assert run(["problem", str(root), "99"]) == 0
    problem = Problem.from_json(json.loads(capsys.readouterr().out))
    assert problem == Store.open(root).problem(99) and decide(problem).verdict is Verdict.PROVED
    assert run(["sweep", *options]) == 2
    assert "--resume" in capsys.readouterr().err
    assert run(["sweep", "--resume", str(root), "--seed", "1"]) == 2
    assert run(["problem", str(root), "100"]) == 2
    assert "0 to 99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--problems", "1.5"], "problems"),
        (["--problems", "0"], "problems"),
        (["--problems", "many"], "problems"),
        (["--seed", "-1"], "seed"),
        (["--device", "tpu"], "device"),
        (["--scheduler", "nowhere"], "scheduler"),
        (["--resume", "nowhere"], "file"),
        (["--spec", "nowhere.json"], "file"),
    ],
)
def test_bad_options(options, match, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["sweep", "--jobs", "1", *options]) == 2
    assert match in capsys.readouterr().err.splitlines()[-1]
    # Nothing is left behind that would refuse the corrected command.
    assert not (tmp_path / "reports").exists()


def test_other_problems_are_not_mixed_in(store):
    data = json.loads((store.root / "run.json").read_text())
    data["fingerprint"] = "0" * 64
    (store.root / "run.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match="other problems"):
        Store.open(store.root)
    (store.root / "run.json").write_text("{}")
    with pytest.raises(InputError, match="format"):
        Store.open(store.root)


def test_devices():
    assert devices_of("cpu") == ["cpu"]
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        devices_of("tpu")


class OutOfMemoryError(RuntimeError):
    """torch's has this name."""


def test_a_device_whose_memory_ends_is_said_in_one_sentence(monkeypatch):
    def full(*args):
        raise OutOfMemoryError

    task = Task(Generator(5, Spec(batch=16, sample=0)), 0, 16, "cuda:0")
    monkeypatch.setattr("gdcheck.properties.sweep.work.namespace_of", full)
    with pytest.raises(InputError, match=r"^jobs: .* than cuda:0 has; give fewer, and --resume$") as said:
        work(task)
    back = pickle.loads(pickle.dumps(said.value))  # noqa: S301 - what this test made
    assert (str(back), back.field, type(back)) == (str(said.value), "jobs", InputError)


@pytest.mark.parametrize("method", ["heavy-ball", "nesterov"])
def test_problems_with_momentum_are_swept(method, tmp_path):
    spec = Spec.from_json(
        {"method": method, "momentum": [0.05, 0.5], "batch": 300, "sample": 3, "variables": 3, "terms": 4}
    )
    generator = Generator(5, spec)
    whole, part = generator.batch(0, slice(0, 300)), generator.batch(0, slice(120, 130))
    assert np.array_equal(whole.momentum.beta[120:130], part.momentum.beta)
    assert np.array_equal(whole.step_size[120:130], part.step_size)
    store = Store.create(tmp_path / "run", generator, 400)
    result = sweep(store, Executor(1))
    assert result.summary.outcome == "passed" and result.summary.verdicts["proved"] == 400
    assert all(result.summary.regimes[name] > 20 for name in ("small-step", "large-step", "rotating"))
    table = read_table(store, 0)
    assert set(table.filter(pl.col("regime") == "rotating")["sign"]) == {0}
    # A problem is made again from its index, with its method.
    assert decide(store.problem(7)).classification.regime.value == table["regime"][7]
    assert all(stated == counted for _, stated, counted in result.summary.contradictions())


def test_momentum_leaves_the_problems_of_gradient_descent_as_they_were():
    assert Generator(0, Spec()).batch(0, slice(0, 3)).momentum is None
    with pytest.raises(InputError, match="momentum"):
        Spec.from_json({"momentum": [0.5, 0.1]})
