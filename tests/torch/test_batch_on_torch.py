"""The float64 tier on torch: the same code, the same verdicts."""

import numpy as np
import polars as pl
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from gdcheck.properties.sweep.generator import Generator  # noqa: E402
from gdcheck.properties.sweep.spec import METHODS, Spec  # noqa: E402
from gdcheck.properties.sweep.work import Task, work  # noqa: E402
from gdcheck.theorem.batch.batch import certify_batch, simulate_batch  # noqa: E402
from gdcheck.theorem.batch.columns import State  # noqa: E402
from tests.builders.batches import random_batch, random_momentum_batch  # noqa: E402

CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
)


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize(
    "batch",
    [
        random_batch(7, 3000),
        random_momentum_batch(7, 3000, looks_ahead=False),
        random_momentum_batch(7, 3000, looks_ahead=True),
    ],
    ids=["plain", "heavy-ball", "nesterov"],
)
def test_verdicts_are_those_of_numpy(device, batch):
    here, there = certify_batch(batch), certify_batch(batch, torch, device=device)
    both = (here.state == State.PROVED) & (there.state == State.PROVED)
    assert both.sum() > (0.97 if batch.momentum is None else 0.9) * batch.rows
    assert np.array_equal(here.sign[both], there.sign[both])
    assert np.array_equal(here.turning[both], there.turning[both])
    assert np.array_equal(here.large[both], there.large[both])
    assert np.array_equal(here.state == State.OUTSIDE, there.state == State.OUTSIDE)


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_iterates_differ_by_less_than_the_error_bounds(device):
    batch = random_batch(8, 500, longest=0.5)
    outcome = certify_batch(batch)
    steps = int(outcome.step[0])
    rows = np.flatnonzero((outcome.step == steps) & (outcome.state == State.PROVED))
    here, there = simulate_batch(batch, steps), simulate_batch(batch, steps, torch, device=device).cpu().numpy()
    assert (np.linalg.norm(here - there, axis=0)[rows] <= 2 * outcome.error[rows]).all()


@pytest.mark.parametrize("device", ["cpu:0", CUDA])
def test_sweep_on_torch_gives_the_same_answers(device):
    generator = Generator(5, Spec(variables=3, terms=4, start=(0.05, 0.5), batch=512, sample=2))
    here, there = (pl.read_parquet(work(Task(generator, 0, 512, place)).table) for place in ("cpu", device))
    same = ["index", "verdict", "regime", "sign"]
    assert here.select(same).equals(there.select(same))
    assert (there["tier"] == "float64").sum() > 490


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("device", ["cpu:0", CUDA])
def test_problems_drawn_on_a_device_are_those_drawn_on_the_host(device, method, monkeypatch):
    if device == "cpu:0":
        # The square root of torch's wheels is not correctly rounded on a processor; CUDA's is.
        monkeypatch.setattr(torch, "sqrt", lambda x: torch.from_numpy(np.sqrt(x.numpy())))
    generator = Generator(2**64 - 1, Spec(method=method, degree=6))
    here, there = (generator.batch(3, slice(5, 5005), place) for place in ("cpu", device))
    for name in ("spectrum", "coefficients", "step_size", "start"):
        assert np.array_equal(getattr(here, name), getattr(there, name)), name
    for part in ("momentum", "averages", "coordinates"):
        one, other = getattr(here, part), getattr(there, part)
        assert (one is None) == (other is None)
        for name, numbers in vars(one).items() if one is not None else ():
            assert np.array_equal(numbers, getattr(other, name)), name
