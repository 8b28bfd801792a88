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
    "training-settled": TrainingView,
    "training-sweep": TrainingView,
    "network": NetworkView,
}


def read(name, shape):
    return read_as(json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8")), shape)


@pytest.mark.parametrize("name", RESULTS)
def test_a_kept_result_follows_its_schema_and_has_its_picture(name):
    view = RESULTS[name]
    result = read(name, view.shape)
    assert not result.data.synthetic
    for drawn in (view(result).pictures()[view.name], (KEPT / f"{name}.svg").read_text(encoding="utf-8")):
        assert "measured" in drawn and result.data.name in drawn


def test_the_kept_network_shows_both_regimes():
    result = read("network", NetworkResult)
    assert all(found.holds for found in result.findings.values()), result.findings
    spectrum = result.minimum.spectrum
    assert 0 < spectrum[0] < spectrum[1]
    assert result.minimum.gradient_norm <= 1e-12
    assert result.below.ratio < result.matched.ratio < 1 < result.above.ratio
    assert 1 - result.matched.ratio == pytest.approx(result.above.ratio - 1, rel=1e-9)
    assert result.matched.last_cosine > 0.9999
    assert result.above.last_cosine < -0.9999
    assert result.above.step_size < 2 / spectrum[-1]
    assert len(result.minimum.theta) == len(result.minimum.start) == result.network.parameters


def test_the_scan_of_the_kept_network_shows_growth_rates_and_no_direction():
    result = read("network", NetworkResult)
    assert "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)" in result.findings
    width = result.minimum.stability_limit / result.minimum.boundary - 1
    near = [point for point in result.scan if -width < point.ratio - 1 < 0]
    assert near
    assert all(point.slope < 0 for point in near), "v₁ wins in the long run"
    assert all(point.cosine < -0.99 for point in near), "but not within the scan's steps"


def test_the_kept_picture_of_the_network_is_drawn_from_its_result():
    result = read("network", NetworkResult)
    assert (KEPT / "network.svg").read_text(encoding="utf-8") == NetworkView(result).pictures()["network"]


def test_what_is_kept_is_a_level_and_no_limit():
    result = read("training", TrainingResult)
    for one in result.optimizers:
        last = max(run.loss for run in result.runs if run.optimizer == one.optimizer)
        assert one.approach.verdict == "level"
        assert last <= (1 - LEAST_FALL) * one.loss.high[0]
    gd = result.optimizers[0].approach
    assert abs(gd.excess) < 0.1 * gd.flow, "its 1 − cos is gradient flow's own"
    assert result.dtype == "float64"


def test_one_kept_run_shows_a_limit():
    result = read("training-settled", TrainingResult)
    (gd,) = result.optimizers
    assert gd.approach.verdict == "approaching"
    assert gd.approach.distance < 1e-5
    assert gd.approach.deficit < 1e-10
    assert gd.cosine.high[-1] < 1, "its digits are kept, so that 1 − cos can be drawn"
    assert len(result.minima) == gd.seeds == 3
    for minimum in result.minima:
        assert minimum.predicted.regime == "small-step"
        assert minimum.findings
        assert all(minimum.findings.values())


def test_the_kept_sweep_has_both_sides_of_the_boundary():
    result = read("training-sweep", TrainingResult)
    by_size = {round(run.step_size, 6): run for run in result.runs}
    assert by_size[0.1].sharpness < by_size[0.1].threshold
    assert by_size[0.1].cosine > 0.99
    assert by_size[0.7].sharpness > by_size[0.7].threshold
    assert by_size[0.7].cosine < -0.99
    edge = [run for run in result.runs if run.edge]
    assert edge, "one ends at the edge of stability"
    picture = (KEPT / "training-sweep.svg").read_text(encoding="utf-8")
    assert "Edge of stability" in picture
