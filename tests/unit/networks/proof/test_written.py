"""A network written out is that network, and heavy ball on it arrives on both sides of its switch, with proof."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from flint import arb, fmpq

from gdcheck.networks.proof.activations import GELU, TANH
from gdcheck.networks.proof.network import Layer, Network, dense
from gdcheck.networks.proof.passes import forward
from gdcheck.networks.proof.search import large_step, small_step
from gdcheck.networks.proof.written import exact_texts, written
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.decide import Verdict
from gdcheck.theorem.methods.method import HeavyBall
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.reading import read_smooth
from gdcheck.theorem.valleys.decide import decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem
from tests.unit.networks.proof.test_passes import NETWORKS

SMALL_POOLED = Network(
    (
        # Each of four positions reads two of four features, one of them zero at the border; means over pairs follow.
        Layer(np.array([[0, 1], [1, 2], [2, 3], [3, -1]]), 2, True, GELU, np.array([[0, 2], [1, 3], [4, 6], [5, 7]])),
        *dense(4, [2], TANH, bias=True),
    ),
    np.array([[0.5, -1.0, 0.25, 2.0], [1.5, 0.75, -0.5, 1.0]]),
    np.array([[0.5, -0.25], [1.0, 0.125]]),
)


@pytest.mark.parametrize("name", [*sorted(set(NETWORKS) - {"pooled"}), "small pooled"])
def test_what_is_written_is_the_network(name: str) -> None:
    network = SMALL_POOLED if name == "small pooled" else NETWORKS[name]
    x = np.random.default_rng(7).normal(size=network.parameters) / 2
    at = forward(network, x).residuals
    texts, names = written(network)
    point = [arb(fmpq(*float(a).as_integer_ratio())) for a in x]
    exact = [float(Forward.of(read_smooth(text, names), point, 0).value) for text in texts]
    assert np.linalg.norm(at.value.ravel() - exact) <= at.error + 1e-14


@pytest.mark.parametrize("regime", [Regime.SMALL_STEP, Regime.LARGE_STEP])
def test_heavy_ball_arrives_on_both_sides_of_its_switch(regime: Regime) -> None:
    network = Network(
        dense(2, [2, 1], TANH, bias=False), np.array([[1.0, 0.25], [-0.25, 1.0]]), np.array([[0.5], [-0.25]])
    )
    start = np.round(8 * np.random.default_rng(15).normal(size=network.parameters)) / 8
    beta = fmpq(1, 100)
    find = small_step if regime is Regime.SMALL_STEP else lambda *a, **k: large_step(*a, 400, **k)
    texts, names = written(network)
    problem = ValleyProblem.of(
        texts,
        step_size=find(network, start, beta=float(beta)),
        start=exact_texts(start),
        variables=names,
        method=HeavyBall(beta),
    )
    decision = decide_valley(problem)
    assert decision.verdict is Verdict.PROVED, decision.reason
    assert decision.arrival is not None
    assert decision.arrival.regime is regime
    assert check(json.loads(json.dumps(valley_certificate(decision)))) is None


@pytest.mark.parametrize("regime", ["small-step", "large-step"])
def test_the_kept_certificates_of_real_images_are_accepted(regime: str) -> None:
    kept = Path(__file__).parents[4] / "docs" / "runs" / f"network-momentum-{regime}.json"
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert document["regime"] == regime
    assert len(document["problem"]["variables"]) == 51
    assert check(document) is None
