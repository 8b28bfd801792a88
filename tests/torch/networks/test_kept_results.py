"""The measurements that the repository keeps: well formed, of real images, and each with its picture."""

import json
from pathlib import Path

import pytest
from jsonschema import validate

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from gdcheck.networks.approach import LEAST_FALL  # noqa: E402
from gdcheck.networks.result_schemas import NETWORK_RESULT_SCHEMA, TRAINING_SCHEMA  # noqa: E402
from gdcheck.reports.measured_charts import network_picture, training_picture  # noqa: E402

KEPT = Path(__file__).parents[3] / "docs" / "measured"
RESULTS = {
    "training": (TRAINING_SCHEMA, training_picture),
    "training-batches": (TRAINING_SCHEMA, training_picture),
    "network": (NETWORK_RESULT_SCHEMA, network_picture),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_kept_result_follows_its_schema_and_has_its_picture(name):
    schema, draw = RESULTS[name]
    result = json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))
    validate(result, schema)
    assert not result["data"]["synthetic"]
    source = f"measured: {result['data']['name']}"
    assert source in draw(result)
    assert source in (KEPT / f"{name}.svg").read_text(encoding="utf-8")


def test_the_kept_network_shows_both_regimes():
    result = json.loads((KEPT / "network.json").read_text(encoding="utf-8"))
    assert all(result["findings"].values()), result["findings"]
    spectrum = result["minimum"]["spectrum"]
    assert 0 < spectrum[0] < spectrum[1]
    assert result["minimum"]["gradient_norm"] <= 1e-12
    assert result["below"]["ratio"] < 1 < result["above"]["ratio"]
    assert result["above"]["step_size"] < 2 / spectrum[-1]


def test_the_scan_of_the_kept_network_shows_growth_rates_and_no_direction():
    result = json.loads((KEPT / "network.json").read_text(encoding="utf-8"))
    assert "the growth rates of the components along v₁ and vₙ are equal at 2/(λ₁+λₙ)" in result["findings"]
    near = [point for point in result["scan"] if 0.999 < point["ratio"] < 1]
    assert near
    assert all(point["slope"] < 0 for point in near), "v₁ wins in the long run"
    assert all(point["cosine"] < -0.99 for point in near), "but not within the scan's steps"


def test_the_kept_picture_of_the_network_is_drawn_from_its_result():
    result = json.loads((KEPT / "network.json").read_text(encoding="utf-8"))
    assert (KEPT / "network.svg").read_text(encoding="utf-8") == network_picture(result)


def test_what_is_kept_as_measured_has_moved():
    result = json.loads((KEPT / "training.json").read_text(encoding="utf-8"))
    for one in result["optimizers"]:
        last = max(run["loss"] for run in result["runs"] if run["optimizer"] == one["optimizer"])
        assert one["approach"]["measured"]
        assert last <= (1 - LEAST_FALL) * one["loss"]["low"][0]
