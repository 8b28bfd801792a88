"""Runs of small networks, proved in both regimes, against a simulation of 60 digits that shares no code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mpmath
import numpy as np
import pytest
from flint import fmpq

from gdcheck import recheck
from gdcheck.networks.proof.activations import TANH
from gdcheck.networks.proof.again import proved_again
from gdcheck.networks.proof.certificate import arrays, certificate
from gdcheck.networks.proof.checker.check import check
from gdcheck.networks.proof.checker.document import BadNetworkCertificate, digest
from gdcheck.networks.proof.checker.inequality import NotChecked
from gdcheck.networks.proof.prove import Proof, prove
from gdcheck.networks.proof.samples import random_network, samples
from gdcheck.networks.proof.search import large_step, small_step
from gdcheck.networks.proof.storing import read_arrays, recheck_file, write_certificate
from gdcheck.networks.proof.trajectory import iterates
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime

_DOCS = Path(__file__).parents[4] / "docs"
_RNG = np.random.default_rng(11)
_INPUTS = _RNG.normal(size=(3, 4))
_INPUTS /= np.linalg.norm(_INPUTS, axis=1, keepdims=True)
_NETWORK, _START = random_network(_INPUTS, np.array([[1.0], [-1.0], [1.0]]), [12], TANH, seed=3)


@cache
def _proof(regime: Regime) -> Proof:
    if regime is Regime.SMALL_STEP:
        return prove(_NETWORK, _START, small_step(_NETWORK, _START))
    return prove(_NETWORK, _START, large_step(_NETWORK, _START, 3000))


def _simulated(proof: Proof, steps: int) -> list[mpmath.matrix]:
    """The weights after so many steps in mpmath, and the step before: W row by row, then a."""
    width = _NETWORK.layers[0].outputs
    x = mpmath.matrix(_INPUTS.tolist())
    w = mpmath.matrix(_START[: width * 4].reshape(width, 4).tolist())
    a = mpmath.matrix(_START[width * 4 :].tolist())
    y = mpmath.matrix(_NETWORK.targets.ravel().tolist())
    eta = mpmath.mpf(int(proof.step_size.p)) / int(proof.step_size.q)
    found = []
    for _ in range(steps + 1):
        found.append(mpmath.matrix([*w, *a]))
        h = (x * w.T).apply(mpmath.tanh)
        u = h * a - y
        back = mpmath.matrix(3, width)
        for i in range(3):
            for j in range(width):
                back[i, j] = u[i] * a[j] * (1 - h[i, j] ** 2)
        w, a = w - eta * (back.T * x), a - eta * (h.T * u)
    return found


def _as_floats(x: mpmath.matrix) -> np.ndarray:
    return np.array([float(v) for v in x])


@pytest.mark.parametrize("regime", [Regime.SMALL_STEP, Regime.LARGE_STEP])
def test_the_proved_limit_is_where_a_simulation_of_sixty_digits_goes(regime: Regime) -> None:
    proof = _proof(regime)
    end = proof.arrival
    assert end is not None
    assert end.regime is regime
    assert proof.first is not None
    assert proof.first <= end.step
    with mpmath.workdps(60):
        trajectory = _simulated(proof, end.step + 400)
        last = trajectory[-1]
        # The float64 point is within the drift of the exact iterate.
        assert np.linalg.norm(_as_floats(trajectory[end.step] - mpmath.matrix(end.point.tolist()))) <= end.drift
        # x_∞ is within the reach, and the direction from it near the limit: even steps after odd ones turned.
        here = trajectory[end.step + 200] - last
        assert np.linalg.norm(_as_floats(trajectory[end.step] - last)) <= end.reach
        direction = _as_floats(here / mpmath.norm(here))
    sign = -1.0 if regime is Regime.LARGE_STEP and end.step % 2 else 1.0
    assert np.linalg.norm(sign * direction - end.vector) <= end.tilt + 0.02
    low, high = end.boundary
    assert (float(proof.step_size) < low) if regime is Regime.SMALL_STEP else (high < float(proof.step_size))
    assert float(proof.step_size) < end.stability_limit[0]


def test_every_enclosed_iterate_holds_the_simulated_one() -> None:
    proof = _proof(Regime.LARGE_STEP)
    with mpmath.workdps(40):
        trajectory = _simulated(proof, 60)
        for iterate, exact in zip(iterates(_NETWORK, proof.step_size, _START), trajectory, strict=False):
            off = np.linalg.norm(_as_floats(exact - mpmath.matrix(iterate.point.tolist())))
            assert off <= iterate.drift or (iterate.step == 0 and off == 0)


def test_steps_above_two_over_eta_are_those_of_the_simulation() -> None:
    proof = _proof(Regime.LARGE_STEP)
    two = 2 / float(proof.step_size)
    counted = 0
    for first, last, side in proof.runs:
        for moment in proof.moments:
            if first <= moment.step <= last:
                assert (moment.kernel[0] > two) if side > 0 else (moment.kernel[1] < two)
                counted += 1
    assert counted > 100
    assert proof.kernel.above + proof.kernel.below + proof.kernel.undecided > 100


def test_a_step_size_beyond_every_limit_is_unresolved_with_its_cause() -> None:
    proof = prove(_NETWORK, _START, 40 * small_step(_NETWORK, _START), max_steps=300)
    assert proof.arrival is None
    assert proof.reason
    assert proof.moments
    short = prove(_NETWORK, _START, small_step(_NETWORK, _START), max_steps=3)
    assert short.arrival is None
    assert "--max-steps" in short.reason


def _stated(regime: Regime = Regime.SMALL_STEP) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    held = arrays(_proof(regime))
    return json.loads(json.dumps(certificate(_proof(regime), digest(held), "beside.npz"))), held


@pytest.mark.parametrize("regime", [Regime.SMALL_STEP, Regime.LARGE_STEP])
def test_certificates_are_accepted_whole_and_from_the_late_iterate(regime: Regime) -> None:
    document, held = _stated(regime)
    seen: list[int] = []
    assert check(document, held, watch=lambda step, _: seen.append(step)) is None
    assert seen[-1] == document["step"]
    assert check(document, held, late_only=True) is None


_SCALED = {
    **{"reach": 0.5, "drift": 1e-6, "sigma_1": 1.3, "sigma_p": 0.7},
    **{"lipschitz": 0.6, "residual": 0.5, "contraction": 0.9, "remainder": 0.6},
}
_TAMPERED: dict[str, tuple[str, Any]] = {
    "another step size": ("step_size", lambda d: "1/1000"),
    "an earlier step": ("step", lambda d: d["step"] // 2),
    "the other regime": ("regime", lambda d: "large-step"),
    "a smaller tail": ("tail", lambda d: d["tail"] / 2),
    "a larger amplitude": ("amplitude", lambda d: d["amplitude"] * 1.2),
    "a vector that is known better": ("tilt", lambda d: d["tilt"] / 3),
    "another spectrum": ("spectrum", lambda d: [[0.1, 0.2], d["spectrum"][1]]),
    "a step above 2/η": ("sides", lambda d: [[0, 5, 1]]),
    "a run beyond the end": ("sides", lambda d: [[0, d["step"] + 1, -1]]),
    **{
        f"another {name}": ("ball", lambda d, name=name, by=by: d["ball"] | {name: d["ball"][name] * by})
        for name, by in _SCALED.items()
    },
}


@pytest.mark.parametrize("name", _TAMPERED)
def test_a_tampered_certificate_is_rejected(name: str) -> None:
    document, held = _stated()
    field, change = _TAMPERED[name]
    assert check(document | {field: change(document)}, held) is not None


def test_other_arrays_are_rejected() -> None:
    document, held = _stated()
    for name in ("inputs", "start", "vector", "late"):
        moved = held | {name: held[name] + 0.01}
        with pytest.raises(BadNetworkCertificate, match="digest"):
            check(document, moved)
        again = document | {"arrays": {"file": "x.npz", "sha256": digest(moved)}}
        assert check(again, moved) is not None


@pytest.mark.parametrize(
    "change",
    [
        *({"schema": "gdcheck-valley/1"}, {"layers": []}, {"layers": "dense"}, {"step": True}, {"step_size": "nan"}),
        *({"ball": {}}, {"tail": -1}, {"tail": "0"}, {"spectrum": [[1, 2]]}, {"sides": [[3, 2, 1]]}, {"more": 1}),
    ],
)
def test_malformed_certificates_are_named(change: dict[str, Any]) -> None:
    document, held = _stated()
    with pytest.raises(BadNetworkCertificate):
        check(document | change, held)


def test_too_little_time_is_no_verdict() -> None:
    document, held = _stated()
    with pytest.raises(NotChecked):
        check(document, held, time_limit=0)


def test_files_hold_the_certificate_and_its_arrays(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    document = write_certificate(_proof(Regime.SMALL_STEP), path)
    assert recheck_file(document, path) is None
    assert bool(recheck(path))
    (tmp_path / "proof.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_arrays(document, path)
    with pytest.raises(InputError, match="beside"):
        read_arrays(document | {"arrays": {"file": "../proof.npz"}}, path)


def test_a_stored_run_is_proved_again_at_the_same_step(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    proof = _proof(Regime.LARGE_STEP)
    document = write_certificate(proof, path)
    again = proved_again(document, path, max_steps=10_000)
    assert isinstance(again, Proof) and again.arrival is not None and proof.arrival is not None
    assert (again.first, again.arrival.step) == (proof.first, proof.arrival.step)
    assert np.array_equal(again.arrival.vector, proof.arrival.vector)
    layers = [document["layers"][0] | {"activation": "relu"}, *document["layers"][1:]]
    for change, named in (({"layers": layers}, "activation"), ({"step_size": "nan"}, "step_size")):
        with pytest.raises(InputError, match=named):
            proved_again(document | change, path, max_steps=10)


def test_the_kept_picture_is_the_one_that_the_command_draws(gdcheck: Any, tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    code, said, error = gdcheck("plot", _DOCS / "runs" / "network-proof-large-step.json", "--out", out, "--json")
    assert (code, error, json.loads(said)["verdict"]) == (0, "", "proved")
    # How wide texts are depends on the fonts, so that only what is said is the same everywhere.
    texts = [
        ["".join(t.itertext()) for t in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
        for svg in (out, _DOCS / "measured" / "network-proof-large-step.svg")
    ]
    assert texts[0] == texts[1]
    assert "the limit is settled from step 856 on" in texts[0]
    assert "the band encloses it, the line is its middle; ▲ proved above 2/η" in " ".join(texts[0])
    code, said, error = gdcheck("plot", out.with_suffix(".json"), "--out", out)
    assert (code, said) == (2, "")


def test_a_picture_of_a_run_that_is_not_proved_again_is_refused(gdcheck: Any, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    write_certificate(_proof(Regime.SMALL_STEP), path)
    code, said, error = gdcheck("plot", path, "--max-steps", "3", "--out", tmp_path / "x.svg")
    assert (code, said, error.count("\n")) == (2, "", 1)
    assert error.startswith("error: certificate: states a limit that is not proved again")
    assert not (tmp_path / "x.svg").exists()


def test_samples_are_rows_of_length_one_with_targets_of_both_signs() -> None:
    images = np.random.default_rng(0).random((6, 3, 8, 8))
    inputs, targets = samples(images, [0, 1, 2, 3, 4, 5], 6, 4)
    assert np.allclose(np.linalg.norm(inputs, axis=1), 1)
    assert targets.ravel().tolist() == [-1, -1, -1, 1, 1, 1]
    with pytest.raises(InputError, match="pixels"):
        samples(images, [0] * 6, 6, 5)
    with pytest.raises(InputError, match="start"):
        prove(_NETWORK, _START[1:], fmpq(1, 100))
    with pytest.raises(InputError, match="step_size"):
        prove(_NETWORK, _START, fmpq(0))
