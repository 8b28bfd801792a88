"""The measurements that the repository keeps: well formed, of real images, and each with its picture."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from gdcheck.networks.approach import LEAST_FALL  # noqa: E402
from gdcheck.networks.shapes import NetworkResult, TrainingResult  # noqa: E402
from gdcheck.reports.measured_view import NetworkView, TrainingView  # noqa: E402
from gdcheck.theorem.certificate.shapes import read_as  # noqa: E402

KEPT = Path(__file__).parents[3] / "docs" / "measured"
RESULTS = {
    "training": TrainingView,
    "training-batches": TrainingView,
    "network": NetworkView,
}


def read(name, shape):
    return read_as(json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8")), shape)


@pytest.mark.parametrize("name", RESULTS)
def test_a_kept_result_follows_its_schema_and_has_its_picture(name):
    view = RESULTS[name]
    result = read(name, view.shape)
    assert not result.data.synthetic
    source = f"measured: {result.data.name}"
    assert source in view(result).pictures()[view.name]
    assert source in (KEPT / f"{name}.svg").read_text(encoding="utf-8")


def test_the_kept_network_shows_both_regimes():
    result = read("network", NetworkResult)
    assert all(result.findings.values()), result.findings
    spectrum = result.minimum.spectrum
    assert 0 < spectrum[0] < spectrum[1]
    assert result.minimum.gradient_norm <= 1e-12
    assert result.below.ratio < 1 < result.above.ratio
    assert result.above.step_size < 2 / spectrum[-1]


def test_the_scan_of_the_kept_network_shows_growth_rates_and_no_direction():
    result = read("network", NetworkResult)
    assert "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)" in result.findings
    near = [point for point in result.scan if 0.999 < point.ratio < 1]
    assert near
    assert all(point.slope < 0 for point in near), "v₁ wins in the long run"
    assert all(point.cosine < -0.99 for point in near), "but not within the scan's steps"


def test_the_kept_picture_of_the_network_is_drawn_from_its_result():
    result = read("network", NetworkResult)
    assert (KEPT / "network.svg").read_text(encoding="utf-8") == NetworkView(result).pictures()["network"]


def test_what_is_kept_as_measured_has_moved():
    result = read("training", TrainingResult)
    for one in result.optimizers:
        last = max(run.loss for run in result.runs if run.optimizer == one.optimizer)
        assert one.approach.measured
        assert last <= (1 - LEAST_FALL) * one.loss.low[0]
