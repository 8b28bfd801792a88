"""The largest Hessian eigenvalue along trajectories into valleys, held against NumPy, and its certificates."""

import json
from copy import deepcopy

import numpy as np
import pytest

from gdcheck.theorem.certificate.kinds.valley import valley_certificate, valley_sharpness_json
from gdcheck.theorem.certificate.rechecking import check, require_shape
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.sharpness import valley_sharpness


def seen_in_floats(eta, start, steps, factor=1.0):
    """The eigenvalues for factor/2 (xy − 1)², in float64."""
    (x, y), tops = start, []
    for _ in range(steps):
        u = x * y - 1
        tops.append(factor * np.linalg.eigvalsh([[y * y, x * y + u], [x * y + u, x * x]])[-1])
        x, y = x - eta * factor * u * y, y - eta * factor * u * x
    return tops


def followed(eta, start, **more):
    found = decide_valley(ValleyProblem.of(["x*y - 1"], step_size=eta, start=start, **more))
    return found, valley_sharpness(found)


@pytest.mark.parametrize(
    ("eta", "start", "edge"),
    [("0.1", ["2", "1"], False), ("0.5", ["2.2", "0.4"], True), ("0.9", ["1.2", "0.7"], False)],
)
def test_steps_above_the_threshold_are_those_of_numpy(eta, start, edge):
    found, sharpness = followed(eta, start)
    tops = seen_in_floats(float(eta), list(map(float, start)), found.arrival.step + 2000)
    assert sharpness.is_proved
    assert list(sharpness.above) == [k for k, top in enumerate(tops) if top > 2 / float(eta)]
    told = valley_sharpness_json(sharpness, found.arrival.regime)
    assert told["edge_of_stability"] is edge
    assert told["first"][0] == pytest.approx(tops[0]) and told["limit"][0] == pytest.approx(tops[-1])
    certificate = json.loads(json.dumps(valley_certificate(found, sharpness)))
    require_shape(certificate)
    assert check(certificate) is None


def test_the_eigenvalues_are_those_of_the_loss():
    _, half = followed("0.5", ["2.2", "0.4"])
    _, whole = followed("0.25", ["2.2", "0.4"], scale="1")
    assert half.above == whole.above and whole.threshold == 2 * half.threshold
    assert float(whole.first) == pytest.approx(2 * float(half.first))


@pytest.mark.parametrize("by", [[], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 7, 9]])
def test_other_steps_are_rejected(by):
    found, sharpness = followed("0.5", ["2.2", "0.4"])
    genuine = valley_certificate(found, sharpness)
    assert genuine["sharpness"]["above"] == [0, 1, 2, 3, 4, 5, 7]
    tampered = deepcopy(genuine)
    tampered["sharpness"]["above"] = by
    assert "2/eta" in check(tampered)


def test_the_command_line(gdcheck, tmp_path):
    proof = tmp_path / "edge.json"
    words = ["check", "--residual", "x*y - 1", "--step-size", "0.5", "--start", "2.2,0.4", "--sharpness"]
    code, out, _ = gdcheck(*words, "--certificate", str(proof))
    assert code == 0 and "an edge of stability" in out and "exactly 7 steps (0, 1, 2, 3, 4, 5, 7), rechecked" in out
    assert json.loads(proof.read_text())["sharpness"]["above"] == [0, 1, 2, 3, 4, 5, 7]
    code, out, _ = gdcheck("replay", str(proof))
    assert code == 0 and "SAME: 7 steps above 2/η" in out
    stored = json.loads(proof.read_text())
    stored["sharpness"]["above"] = [0, 1]
    proof.write_text(json.dumps(stored))
    code, out, _ = gdcheck("replay", str(proof))
    assert code == 1 and "DIFFERENT: stored 2 steps above 2/η, now 7 steps above 2/η" in out
    answer = json.loads(gdcheck(*words, "--json")[1])
    assert answer["sharpness"]["crossings"]["count"] == 7 and answer["sharpness"]["certified"] == ["crossings"]
