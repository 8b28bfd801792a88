"""Training runs: every method, cosines against NumPy, resuming to the bit, divergence, stability thresholds."""

import json
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from gdcheck.networks.data import DataConfig, load  # noqa: E402
from gdcheck.networks.measurements import cosine  # noqa: E402
from gdcheck.networks.methods import Method, MethodConfig, Schedule, make_optimizer  # noqa: E402
from gdcheck.networks.networks import Architecture, NetworkConfig  # noqa: E402
from gdcheck.networks.objective import LossKind  # noqa: E402
from gdcheck.networks.run import RunConfig  # noqa: E402
from gdcheck.networks.storing import kept_iterates  # noqa: E402
from gdcheck.networks.training import _Run, train  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402

STEP_SIZES = {Method.ADAM: 1e-3, Method.RMSPROP: 1e-3}
TINY = NetworkConfig(Architecture.TINY, width=4)


def run_config(method=Method.GD, **changes):
    batch = changes.pop("batch", None)
    schedule = changes.pop("schedule", Schedule.NONE)
    settings = MethodConfig(
        method, changes.pop("step_size", STEP_SIZES.get(method, 0.05)), batch=batch, schedule=schedule
    )
    defaults = {"steps": 12, "measure_every": 4, "keep_every": 3, "eigenvalues": 2}
    return RunConfig(TINY, settings, **(defaults | changes))


@pytest.mark.parametrize("batch", [None, 16])
@pytest.mark.parametrize("method", list(Method))
def test_every_method_runs_and_is_measured(method, batch, images, tmp_path):
    out = train(run_config(method, batch=batch, steps=30), images, tmp_path)
    assert (out.steps, out.diverged, len(out.rows)) == (30, None, 30)
    assert out.rows[-1]["loss"] < out.rows[0]["loss"] + (0.05 if batch else 0)
    frame = pl.read_parquet(tmp_path / "steps.parquet")
    assert frame.height == 30
    assert frame["cosine"].null_count() == 1, "only the first step has no cosine"
    looked = frame.filter(pl.col("step") % 4 == 0)
    assert looked["sharpness"].null_count() == 0
    assert frame["sharpness"].drop_nulls().len() == looked.height
    assert all(all(c) for c in looked["converged"])
    assert looked["alignment"].list.max().max() <= 1 + 1e-6
    if method in {Method.ADAM, Method.RMSPROP}:
        assert looked["preconditioned_sharpness"].null_count() == 1, "before the first step there is no preconditioner"
    assert list((tmp_path / "events").iterdir()), "TensorBoard has its events"
    per_epoch = 1 if batch is None else 3
    assert frame["epoch_cosine"].drop_nulls().len() == 30 // per_epoch - 1


def test_cosines_and_epoch_cosines_agree_with_numpy(images, tmp_path):
    out = train(run_config(Method.MOMENTUM, batch=16, keep_every=1, double=True), images, tmp_path)
    x = np.array([rows[-1].numpy() for _, rows in kept_iterates(out.directory)])
    assert len(x) == 13

    def cos(a, b):
        return a @ b / np.sqrt((a @ a) * (b @ b))

    updates = np.diff(x, axis=0)
    for k in range(1, 12):
        assert out.rows[k]["cosine"] == pytest.approx(cos(updates[k], updates[k - 1]), rel=1e-12)
        assert out.rows[k]["update_norm"] == pytest.approx(np.linalg.norm(updates[k]), rel=1e-12)
    epochs = np.diff(x[::3], axis=0)
    for e in range(1, 4):
        assert out.rows[3 * e + 2]["epoch_cosine"] == pytest.approx(cos(epochs[e], epochs[e - 1]), rel=1e-12)


def test_sharpness_and_alignment_agree_with_the_dense_hessian(images, objective, tmp_path):
    out = train(run_config(double=True, weight_decay=0.01, tolerance=1e-8, seed=1, keep_every=1), images, tmp_path)
    f = objective(weight_decay=0.01)
    x = [rows[-1] for _, rows in kept_iterates(out.directory)]
    torch.testing.assert_close(x[0], f.start(), rtol=0, atol=0)
    for k in (0, 4, 8):
        values, vectors = torch.linalg.eigh(f.hessian(x[k]))
        row, update = out.rows[k], x[k + 1] - x[k]
        assert row["eigenvalues"] == pytest.approx(values.flip(0)[:2].tolist(), rel=1e-9)
        along = (vectors.flip(1)[:, :2].T @ update).abs() / torch.linalg.vector_norm(update)
        assert row["alignment"] == pytest.approx(along.tolist(), rel=1e-5)
        assert row["gradient_norm"] == pytest.approx(float(torch.linalg.vector_norm(update)) / 0.05, rel=1e-9)


def test_preconditioned_sharpness_agrees_with_the_dense_one(images, objective, tmp_path):
    out = train(run_config(Method.ADAM, double=True, tolerance=1e-8, seed=1, keep_every=1), images, tmp_path)
    f = objective(weight_decay=0.0)
    x = [rows[-1] for _, rows in kept_iterates(out.directory)]
    second = torch.zeros_like(x[0])
    for k in range(8):
        second = 0.999 * second + 0.001 * f.evaluate(x[k]).gradient ** 2
    diagonal = (1 - 0.9**8) * ((second / (1 - 0.999**8)).sqrt() + 1e-8)
    scaled = f.hessian(x[8]) / torch.sqrt(torch.outer(diagonal, diagonal))
    assert out.rows[8]["preconditioned_sharpness"] == pytest.approx(float(torch.linalg.eigvalsh(scaled)[-1]), rel=1e-7)
    assert out.rows[8]["threshold"] == pytest.approx(38 / 1e-3)


@pytest.mark.parametrize(
    ("method", "batch", "schedule"),
    [(m, 16, Schedule.NONE) for m in Method] + [(Method.ADAM, None, Schedule.COSINE)],
)
def test_resuming_after_a_kill_changes_no_bit(method, batch, schedule, images, tmp_path):
    config = run_config(method, batch=batch, schedule=schedule, loss=LossKind.CROSS_ENTROPY)
    straight = train(config, images, tmp_path / "straight")

    class KillError(Exception):
        pass

    def kill(row):
        if row["step"] == 7:
            raise KillError

    with pytest.raises(KillError):
        train(config, images, tmp_path / "killed", on_row=kill)
    # As if the kill had come after the rows were written and before the state was.
    (tmp_path / "killed" / "steps.parquet").write_bytes((tmp_path / "straight" / "steps.parquet").read_bytes())
    resumed = train(config, images, tmp_path / "killed", resume=True)
    assert resumed.rows == straight.rows
    for name in ("steps.parquet", "run.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes(), name
    pairs = zip(kept_iterates(straight.directory), kept_iterates(resumed.directory), strict=True)
    assert all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


def test_the_same_seed_gives_the_same_run_and_another_does_not(images, tmp_path):
    config = run_config(Method.SGD, batch=16)
    runs = [train(replace(config, seed=s), images, tmp_path / str(i)) for i, s in enumerate((3, 3, 4))]
    assert runs[0].rows == runs[1].rows
    assert runs[0].rows != runs[2].rows


def test_every_epoch_takes_each_image_once_in_an_order_of_its_own(images, tmp_path):
    def epoch(seed, number):
        run = _Run(run_config(Method.SGD, batch=16, seed=seed), images, tmp_path, torch.device("cpu"))
        return torch.cat([run._indices(number, within) for within in range(3)]).tolist()

    orders = [epoch(seed, number) for seed in (0, 1) for number in (0, 1)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert epoch(1, 1) == orders[3]


def test_divergence_ends_the_run_with_a_sentence_and_the_data_so_far(images, tmp_path):
    out = train(run_config(step_size=1e3, steps=50), images, tmp_path)
    assert out.diverged is not None
    assert out.diverged.startswith(f"diverged at step {out.steps}: the loss is ")
    assert pl.read_parquet(tmp_path / "steps.parquet").height == out.steps < 50
    again = train(run_config(step_size=1e3, steps=50), images, tmp_path, resume=True)
    assert again.diverged == out.diverged


def test_resuming_with_other_options_or_a_damaged_state_is_refused(images, tmp_path):
    train(run_config(), images, tmp_path)
    with pytest.raises(InputError, match="seed 0, not 1"):
        train(run_config(seed=1), images, tmp_path, resume=True)
    assert json.loads((tmp_path / "run.json").read_text())["seed"] == 0, "a refused call leaves the options alone"
    (tmp_path / "state.pt").write_bytes((tmp_path / "state.pt").read_bytes()[:100])
    with pytest.raises(InputError, match=r"state\.pt cannot be read"):
        train(run_config(), images, tmp_path, resume=True)


def test_resuming_on_other_images_of_the_same_name_and_number_is_refused(images, tmp_path):
    train(run_config(steps=6), images, tmp_path)
    again = load(DataConfig(subset=40, side=8))
    assert train(run_config(steps=8), again, tmp_path, resume=True).steps == 8
    other = load(DataConfig(subset=40, side=16))
    assert (other.name, len(other.labels)) == (images.name, len(images.labels))
    with pytest.raises(InputError, match=f"resume: the stored run had images_sha256 {images.digest}, not "):
        train(run_config(steps=12), other, tmp_path, resume=True)
    assert json.loads((tmp_path / "run.json").read_text())["steps"] == 8, "a refused call leaves the options alone"


def test_more_steps_continue_a_finished_run(images, tmp_path):
    train(run_config(steps=6), images, tmp_path / "a")
    longer = train(run_config(steps=12), images, tmp_path / "a", resume=True)
    assert longer.rows == train(run_config(steps=12), images, tmp_path / "b").rows


def test_a_schedule_fixes_the_number_of_steps(images, tmp_path):
    train(run_config(steps=6, schedule=Schedule.COSINE), images, tmp_path)
    with pytest.raises(InputError, match="scheduled_steps 6, not 12"):
        train(run_config(steps=12, schedule=Schedule.COSINE), images, tmp_path, resume=True)


@pytest.mark.parametrize("method", [m for m in Method if m not in {Method.ADAM, Method.RMSPROP}])
def test_thresholds_are_where_torchs_optimizers_turn_unstable_on_a_quadratic(method):
    config = MethodConfig(method, 0.1, momentum=0.6)
    limit = config.threshold(0.1)
    for sharpness, stable in ((0.99 * limit, True), (1.01 * limit, False)):
        x = torch.ones(1, dtype=torch.float64, requires_grad=True)
        optimizer = make_optimizer(config, x)
        for _ in range(4000):
            x.grad = sharpness * x.detach()
            optimizer.step()
        assert (abs(float(x.detach())) < 1) == stable, f"{method} at {sharpness / limit} of its threshold"


def test_adams_threshold_holds_with_its_preconditioner():
    # With ε far above the gradients the preconditioner is ε, and Adam is momentum with a small step.
    config = MethodConfig(Method.ADAM, 0.1, epsilon=1e6)
    for share, stable in ((0.98, True), (1.02, False)):
        sharpness = share * config.threshold(0.1) * 1e6
        x = torch.full((1,), 1e-12, dtype=torch.float64, requires_grad=True)
        optimizer = make_optimizer(config, x)
        # Long after the start, where the correction for it is over.
        zero = torch.zeros_like(x.detach())
        optimizer.state[x] = {"step": torch.tensor(1e5), "exp_avg": zero, "exp_avg_sq": zero.clone()}
        for _ in range(80):
            x.grad = sharpness * x.detach()
            optimizer.step()
        growth = abs(float(x.detach())) / 1e-12
        assert growth < 1 if stable else growth > 1e6, f"grew by {growth} at {share} of the threshold"


def test_cosines_have_their_sign_and_zero_has_none():
    a = torch.tensor([3.0, 4.0])
    assert cosine(a, -2 * a) == pytest.approx(-1)
    assert cosine(a, torch.tensor([4.0, -3.0])) == 0
    assert cosine(a, 0 * a) is None
    assert cosine(a, a / 0) is None


def test_a_run_of_another_device_is_merged_and_resumed(images, tmp_path):
    # As on a machine with several GPUs: cuda:1 made it, cuda:0 reads it; the device's name stands in for the device.
    made = train(run_config(steps=6), images, tmp_path)
    options = json.loads((tmp_path / "run.json").read_text()) | {"device": "cuda:1"}
    (tmp_path / "run.json").write_text(json.dumps(options))
    assert train(run_config(steps=6), images, tmp_path, resume=True).rows == made.rows
    assert train(run_config(steps=9), images, tmp_path, resume=True).steps == 9
    assert json.loads((tmp_path / "run.json").read_text())["device"] == "cpu"


def limited(objective, most):
    """An objective on a device whose memory holds so many images."""
    network = objective._network

    def check(module, arguments):
        if len(arguments[0]) > most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    network.register_forward_pre_hook(check)
    return objective


def test_memory_that_does_not_hold_all_images_takes_them_in_turn(objective):
    whole = objective()
    theta, v = whole.start(), torch.ones(len(whole.start()), dtype=torch.float64)
    for first in ("gradient", "product"):
        small = limited(objective(), 12)
        if first == "gradient":
            small.evaluate(theta)
        torch.testing.assert_close(small.products(theta)(v), whole.products(theta)(v))
        torch.testing.assert_close(small.evaluate(theta).gradient, whole.evaluate(theta).gradient)
        assert small.chunk == 10, "40, 20, 10"
    with pytest.raises(InputError, match="device: does not have the memory for one image"):
        limited(objective(), 0).evaluate(theta)


def test_memory_that_ends_within_a_product_makes_it_anew(objective, monkeypatch):
    f = objective()
    theta, v = f.start(), torch.ones(len(f.start()), dtype=torch.float64)
    expected, product = f.products(theta)(v), f.products(theta)
    honest, left = torch.autograd.grad, [1]

    def once(*arguments, **options):
        if left:
            left.pop()
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return honest(*arguments, **options)

    monkeypatch.setattr(torch.autograd, "grad", once)
    torch.testing.assert_close(product(v), expected)
    assert (f.chunk, left) == (20, [])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cuda_measures_what_the_cpu_measures(dtype, images, tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    config = run_config(double=dtype == "float64", loss=LossKind.CROSS_ENTROPY)
    cpu = train(config, images, tmp_path / "cpu")
    gpu = train(config, images, tmp_path / "gpu", device=torch.device("cuda"))
    slack = 1e-8 if config.double else 1e-2
    for a, b in zip(cpu.rows, gpu.rows, strict=True):
        assert b["loss"] == pytest.approx(a["loss"], rel=slack)
        if a.get("sharpness") is not None:
            assert b["sharpness"] == pytest.approx(a["sharpness"], rel=slack)
