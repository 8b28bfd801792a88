"""gdcheck train and gdcheck network as people call them."""

import json
import os
import signal
import subprocess
import sys
import time
from html import unescape

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

import polars as pl  # noqa: E402

from gdcheck.cli import run  # noqa: E402
from gdcheck.networks.shapes import NetworkResult, TrainingResult  # noqa: E402
from gdcheck.reports.compose import compose  # noqa: E402
from gdcheck.theorem.certificate.shapes import read_as  # noqa: E402

SMALL = ["--network", "tiny", "--width", "4", "--subset", "40", "--steps", "24", "--measure-every", "5"]


def test_the_paper_preset_says_per_optimizer_whether_it_was_measured(gdcheck, tmp_path):
    out = tmp_path / "out"
    code, said, _ = gdcheck("train", *SMALL, "--preset", "paper", "--seeds", "2", "--device", "cpu", "--out", out)
    assert code == 0
    lines = [line for line in said.splitlines() if "cos of updates" in line and "→ 1 was" in line]
    assert [line.split()[0] for line in lines] == ["gd", "momentum", "adam"]
    for line in lines:
        assert "SYNTHETIC" in line
        assert all(word in line for word in ("measured", "final", "trend", "spread", "2 seeds"))
    result = json.loads((out / "result.json").read_text())
    read_as(result, TrainingResult)
    assert len(result["runs"]) == 6
    assert result["data"]["synthetic"] is True
    assert "synthetic" in (out / "training.svg").read_text()
    for one, line in zip(result["optimizers"], lines, strict=True):
        assert ("was not measured" in line) == (one["approach"]["verdict"] != "approaching")
        rows = [pl.read_parquet(out / f"{one['optimizer']}-seed{s}" / "steps.parquet") for s in (0, 1)]
        means = [sum(values) / 2 for values in zip(*(r["cosine"][1:].to_list() for r in rows), strict=True)]
        assert one["cosine"]["mean"] == pytest.approx(means, rel=1e-6)
        compared = "preconditioned_sharpness" if one["optimizer"] == "adam" else "sharpness"
        ratios = [(r[compared] / r["threshold"]).drop_nulls().to_list() for r in rows]
        means = [sum(values) / 2 for values in zip(*ratios, strict=True)]
        assert one["sharpness_over_threshold"]["mean"] == pytest.approx(means, rel=1e-6)


def test_five_seeds_are_the_presets_default():
    from gdcheck.commands.training_options import TrainOptions

    options = TrainOptions(preset="paper", seed=3)
    assert options.all_seeds == (3, 4, 5, 6, 7)


def test_batches_are_judged_by_epochs_too(gdcheck, tmp_path):
    words = ["--optimizer", "sgd", "--batch-size", "10", "--loss", "cross-entropy", "--dtype", "float64"]
    code, said, _ = gdcheck("train", *SMALL, *words, "--schedule", "cosine", "--out", tmp_path / "out")
    assert code == 0
    assert "cos of updates" in said
    assert "cos of epochs" in said
    read_as(json.loads((tmp_path / "out" / "result.json").read_text()), TrainingResult)


def test_divergence_has_its_sentence_and_exit_code(gdcheck, tmp_path):
    code, said, _ = gdcheck("train", *SMALL, "--step-size", "1e4", "--out", tmp_path / "out")
    assert code == 3
    assert "gd seed 0: diverged at step" in said
    assert "not measured" in said
    read_as(json.loads((tmp_path / "out" / "result.json").read_text()), TrainingResult)


def test_a_killed_run_resumes_to_the_same_files(gdcheck, tmp_path):
    words = ["train", *SMALL, "--steps", "150", "--keep-every", "5", "--measure-every", "10"]
    words += ["--optimizer", "adam", "--batch-size", "16", "--device", "cpu", "--out"]
    command = [sys.executable, "-m", "gdcheck", *words, str(tmp_path / "killed")]
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        run_directory = tmp_path / "killed" / "adam-seed0"
        until = time.monotonic() + 100
        while len(list(run_directory.glob("iterates/*.pt"))) < 4:
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < until, "the run did not begin"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "killed" / "result.json").exists(), "it was killed too late"
    assert gdcheck(*words, tmp_path / "killed", "--resume")[0] == 0
    assert gdcheck(*words, tmp_path / "straight")[0] == 0
    for name in ("result.json", "adam-seed0/steps.parquet", "training.svg"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes(), name


def test_torchrun_shares_the_runs_and_one_process_reports(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29617"]
    command += ["-m", "gdcheck", "train", *SMALL, "--seeds", "3", "--device", "cpu", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cos of updates") == 1, "one process reports"
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [r["seed"] for r in result["runs"]] == [0, 1, 2]


def test_a_missing_process_is_missed_before_the_training(monkeypatch, tmp_path):
    from datetime import timedelta

    from gdcheck.commands import training_run

    def work(*arguments, **options):
        raise AssertionError("the work was begun")

    monkeypatch.setattr(training_run, "train", work)
    monkeypatch.setattr(training_run, "_TO_BEGIN", timedelta(seconds=1))
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29643"}.items():
        monkeypatch.setenv(name, value)
    assert run(["train", *SMALL, "--device", "cpu", "--out", str(tmp_path / "out")]) == 70


def test_devices_are_deterministic_and_keep_all_bits_of_float32(gdcheck, tmp_path):
    assert gdcheck("train", *SMALL, "--steps", "2", "--out", tmp_path)[0] == 0
    said = json.loads((tmp_path / "result.json").read_text())["surroundings"]
    assert (said["deterministic"], said["tf32"]) == (True, False)


SWEEP = ["--sweep", "0.5,2", "--optimizer", "gd", "--optimizer", "momentum"]


def test_a_sweep_over_the_step_size(gdcheck, tmp_path):
    code, said, _ = gdcheck("train", *SMALL, *SWEEP, "--out", tmp_path)
    assert code == 0
    heads = [line.split(":")[0] for line in said.splitlines() if "cos of updates" in line]
    assert heads == ["gd (η = 0.05)", "gd (η = 0.2)", "momentum (η = 0.005)", "momentum (η = 0.02)"]
    result = read_as(json.loads((tmp_path / "result.json").read_text()), TrainingResult)
    assert [(o.optimizer, o.step_size) for o in result.optimizers] == [
        ("gd", 0.05),
        ("gd", 0.2),
        ("momentum", 0.005),
        ("momentum", 0.02),
    ]
    assert (tmp_path / "gd-eta0.05-seed0" / "steps.parquet").exists()


def test_a_run_that_ends_at_the_edge_of_stability_is_named(gdcheck, tmp_path):
    # The step size is two and a half times the stable one at the start: descent swings along the top eigenvector.
    words = [*SMALL, "--dtype", "float64", "--measure-every", "1", "--seed", "1"]
    code, said, _ = gdcheck("train", *words, "--step-size", "0.9", "--steps", "60", "--out", tmp_path)
    result = read_as(json.loads((tmp_path / "result.json").read_text()), TrainingResult)
    (one,) = result.runs
    assert one.edge == (one.sharpness > one.threshold and one.cosine < 0)
    assert ("ends at the edge of stability" in said) == one.edge
    assert ("Edge of stability" in (tmp_path / "training.svg").read_text()) == one.edge
    assert one.edge, (code, one)


def test_network_on_synthetic_images(gdcheck, tmp_path):
    words = ["--steps", "40", "--scan-steps", "20", "--width", "4", "--subset", "40", "--out", tmp_path]
    code, said, _ = gdcheck("network", *words)
    assert code in {0, 3}
    result = json.loads((tmp_path / "network.json").read_text())
    read_as(result, NetworkResult)
    of_methods = [holds for one in result["methods"] for holds in one["findings"].values()]
    assert code == (0 if all([*of_methods, *(found["holds"] for found in result["findings"].values())]) else 3)
    assert said.count("SYNTHETIC data: ") == len(result["findings"]) + len(of_methods) + 3
    compose([tmp_path / "network.json"], tmp_path)
    page, markdown = ((tmp_path / name).read_text() for name in ("index.html", "report.md"))
    signals = read_as(result, NetworkResult).signals
    for where, words in signals.items():
        assert f"SYNTHETIC data: signals {where}: {words}" in said.splitlines()
        assert words in unescape(page)
        assert words in markdown
    assert len(signals) == 3
    assert " 40 of 3×16×16 in 10 classes; " in said.splitlines()[0]
    if result["switch"] is not None:
        line = next(line for line in said.splitlines() if line.startswith("growth rates "))
        assert f"equal at η = {result['switch']:.9g}, " in line
        assert f"relative distance of {result['switch_relative_difference']:.1e} from 2/(λ₁+λₙ) = " in line
        assert line.endswith("the scan's 20 steps do not settle the direction")
    assert (tmp_path / "network.svg").exists()


BAD = {
    "optimizer": (["--optimizer", "lion"], "optimizer", "'lion'"),
    "network": (["--network", "alexnet"], "network", "'alexnet'"),
    "activation": (["--activation", "sine"], "activation", "tanh"),
    "loss": (["--loss", "hinge"], "loss", "mse"),
    "schedule": (["--schedule", "warm"], "schedule", "cosine"),
    "dtype": (["--dtype", "float16"], "dtype", "float64"),
    "device": (["--device", "tpu"], "device", "cuda"),
    "preset": (["--preset", "other"], "preset", "paper"),
    "preset and optimizer": (["--preset", "paper", "--optimizer", "gd"], "preset", "leave out"),
    "twice": (["--optimizer", "gd", "--optimizer", "gd"], "optimizer", "twice"),
    "one step size for two": (["--optimizer", "gd", "--optimizer", "sgd", "--step-size", "1"], "step-size", "one"),
    "step size": (["--step-size", "-1"], "step-size", "positive"),
    "step size NaN": (["--step-size", "nan"], "step-size", "0.5"),
    "step size beyond float32": (["--step-size", "1e39"], "step-size", "1e+30"),
    "step size with no threshold": (["--step-size", "1e-310"], "step-size", "1e-30"),
    "seed beyond 64 bits": (["--seed", str(2**63)], "seed", "2147483647"),
    "seed too large": (["--seed", str(2**31)], "seed", "2147483647"),
    "last seed too large": (["--seed", str(2**31 - 2), "--seeds", "3"], "seed", "2147483647"),
    "too many synthetic images": (["--subset", "99999999999"], "subset", "100000"),
    "momentum": (["--momentum", "1"], "momentum", "[0, 1)"),
    "weight decay": (["--weight-decay", "inf"], "weight-decay", "0.5"),
    "tolerance": (["--tolerance", "0"], "tolerance", "1e-3"),
    "sweep": (["--sweep", "1,x"], "sweep", "0.1,1,10"),
    "sweep twice": (["--sweep", "1,1"], "sweep", "different"),
    "missing root": (["--root", "/nowhere"], "root", "not a directory"),
    "missing data": (["--data", "/nowhere"], "data", "not a directory"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_options_get_one_sentence(case, gdcheck, tmp_path):
    words, field, part = BAD[case]
    expect_sentence(gdcheck("train", *SMALL, *words, "--out", tmp_path / "out"), field, part)
    assert not (tmp_path / "out").exists(), "nothing is written"


def expect_sentence(result, field, part):
    code, out, err = result
    assert code == 2, f"exit code {code}: {out}{err}"
    assert not out
    assert err.startswith(f"error: {field}: "), err
    assert err.count("\n") == 1, err
    assert part in err


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [
        ("--weight-decay", "0", "positive"),
        ("--distance", "0", "positive"),
        ("--seed", str(2**31), "2147483647"),
        ("--subset", "99999999999", "100000"),
    ],
)
def test_bad_options_of_network(option, value, part, gdcheck, tmp_path):
    words = ["--width", "4", "--subset", "20", "--steps", "10", "--scan-steps", "10", option, value]
    expect_sentence(gdcheck("network", *words, "--out", tmp_path / "out"), option.strip("-"), part)
    assert not (tmp_path / "out").exists(), "nothing is written"


def test_the_largest_seed_and_step_sizes_are_taken(gdcheck, tmp_path):
    words = [*SMALL, "--optimizer", "sgd", "--batch-size", "10", "--seed", str(2**31 - 1)]
    assert gdcheck("train", *words, "--out", tmp_path / "seed")[0] == 0
    code, said, _ = gdcheck("train", *SMALL, "--step-size", "1e30", "--out", tmp_path / "large")
    assert code == 3
    assert "gd seed 0: diverged at step 1" in said
    assert gdcheck("train", *SMALL, "--step-size", "1e-30", "--out", tmp_path / "small")[0] == 0


def test_where_nothing_was_trained_nothing_is_measured(gdcheck, tmp_path):
    words = [*SMALL, "--steps", "30", "--step-size", "1e-9", "--dtype", "float64", "--out", tmp_path]
    code, said, _ = gdcheck("train", *words)
    assert code == 0
    assert "→ 1 was not measured (SYNTHETIC data, in 1 of 1 seed the loss fell by less than 1%): final +" in said
    read_as(json.loads((tmp_path / "result.json").read_text()), TrainingResult)


def test_other_images_of_the_same_name_are_refused_on_resuming(gdcheck, tmp_path):
    pytest.importorskip("torchvision", reason="torchvision is not installed: run tox -e torch")
    import numpy as np
    from PIL import Image

    for seed, base in enumerate(("a", "b")):
        rng = np.random.default_rng(seed)
        for name in ("ant", "bee"):
            (tmp_path / base / "set" / "train" / name).mkdir(parents=True)
            for i in range(3):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / base / "set" / "train" / name / f"{i}.png")

    def call(base, *rest):
        words = ["--network", "tiny", "--steps", "4", "--out", tmp_path / "out", *rest]
        return gdcheck("train", "--data", tmp_path / base / "set" / "train", *words)

    code, said, _ = call("a")
    assert code == 0
    assert said.startswith("data: images of set/train, 6 of 3×16×16 in 2 classes; ")
    assert call("a", "--resume")[0] == 0
    code, _, err = call("b", "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: resume: the stored run had images_sha256 ")


def test_a_place_that_is_no_directory_is_refused_before_the_work_of_network(gdcheck, tmp_path, monkeypatch):
    def work(*arguments):
        raise AssertionError("the work was begun")

    monkeypatch.setattr("gdcheck.commands.network_run.find_minimum", work)
    (tmp_path / "file").write_text("kept")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        expect_sentence(gdcheck("network", "--width", "4", "--subset", "20", "--out", out), "out", "cannot write")
    assert (tmp_path / "file").read_text() == "kept"
    # Root may write everywhere, whatever a directory's mode says.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "closed")
    closed = gdcheck("network", "--width", "4", "--subset", "20", "--out", tmp_path / "closed")
    expect_sentence(closed, "out", "cannot be written to")


def test_cuda_where_there_is_none(gdcheck, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device on this machine")
    expect_sentence(gdcheck("train", "--device", "cuda", "--out", tmp_path / "out"), "device", "no CUDA device")


def test_a_stored_run_is_not_overwritten(gdcheck, tmp_path):
    words = ["train", *SMALL, "--out", tmp_path]
    assert gdcheck(*words)[0] == 0
    expect_sentence(gdcheck(*words), "out", "--resume")
    assert gdcheck(*words, "--resume")[0] == 0


def test_a_place_that_cannot_be_written(gdcheck, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = gdcheck("train", *SMALL, "--out", tmp_path / "file")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: out: ")


def test_where_torch_cannot_compile_one_sentence_says_so(tmp_path, capsys, monkeypatch):
    def missing(function):
        def call(*arguments):
            raise RuntimeError("InvalidCxxCompiler: no working C++ compiler\nwas found")

        return call

    monkeypatch.setattr(torch, "compile", missing)
    words = [
        "train",
        "--network",
        "tiny",
        "--subset",
        "20",
        "--steps",
        "2",
        "--compile",
        "--out",
        str(tmp_path / "out"),
    ]
    assert run(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: compile: torch.compile failed here (InvalidCxxCompiler")
    assert error.count("\n") == 1
