"""torch's SGD against the enclosures, in an environment that has torch."""

import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from gdcheck.cli import run  # noqa: E402
from gdcheck.properties.claims import torch_sgd  # noqa: E402
from gdcheck.properties.claims.claim import ClaimStatus, status  # noqa: E402
from gdcheck.properties.lemmas.drawing import Shard  # noqa: E402
from gdcheck.properties.lemmas.loading import Source, load  # noqa: E402
from gdcheck.properties.lemmas.record import counterexample  # noqa: E402
from gdcheck.properties.lemmas.results import ShardResult  # noqa: E402
from gdcheck.properties.lemmas.shards import examine_shard  # noqa: E402
from gdcheck.properties.lemmas.simplify import Shrinking  # noqa: E402
from gdcheck.properties.storage.files import as_json  # noqa: E402
from gdcheck.properties.strategies.instance import Instance, StartPlace  # noqa: E402
from gdcheck.theorem.descent.problem import Problem  # noqa: E402
from gdcheck.theorem.methods.statement import Regime  # noqa: E402

CLAIM = torch_sgd.CLAIM


@pytest.mark.parametrize("regime", CLAIM.regimes, ids=lambda r: r.value)
@given(data=st.data())
@settings(max_examples=60)
def test_sgd_follows_the_enclosure(regime, data):
    instance = data.draw(CLAIM.instances(regime=regime, dimensions=(2, 8)))
    finding = CLAIM.examine(instance)
    assert status(instance, finding) is not ClaimStatus.FAILED, f"{finding.note}: {instance}"


def test_closed_form_of_the_quadratic():
    path = torch_sgd.sgd_iterates(Problem("x**2/2 + 2*y**2", step_size="0.1", start=["0.1", "0.1"]), 30)
    for k, (x, y) in enumerate(path):
        assert x == pytest.approx(0.9**k * 0.1, rel=1e-13)
        assert y == pytest.approx(0.6**k * 0.1, rel=1e-13)


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-9])
def test_a_wrong_learning_rate_is_noticed(factor, monkeypatch):
    problem = Problem("x**2 + y**2/2 + x**2*y + x**3", step_size="0.95", start=["0.1", "0.1"])
    swap = fmpq_mat(2, 2, [0, 1, 1, 0])
    instance = Instance(problem, (fmpq(1), fmpq(2)), swap, Regime.LARGE_STEP, StartPlace.BALL)
    assert CLAIM.examine(instance).holds is True
    honest = torch_sgd.to_float
    monkeypatch.setattr(torch_sgd, "to_float", lambda q: honest(q) * (factor if q is problem.step_size else 1))
    finding = CLAIM.examine(instance)
    assert finding.holds is False, f"a learning rate off by {factor - 1:.0e} went unnoticed: {finding.note}"
    assert finding.margin is not None and finding.margin < 0


def test_a_stored_counterexample_is_replayed(tmp_path, capsys):
    with pytest.MonkeyPatch.context() as patch:
        honest = torch_sgd.to_float
        patch.setattr(torch_sgd, "to_float", lambda q: honest(q) * (1 + 1e-3))
        source, shard, result = Source("torch-sgd", "torch-sgd"), Shard(0, 0, 0, 12), ShardResult("torch-sgd")
        examine_shard(load(source), shard, result)
        _, record = counterexample(Shrinking(source, load, shard, result.first, result.worst))
        path = tmp_path / "counterexample.json"
        path.write_text(as_json(record), encoding="utf-8")
        assert run(["replay", str(path)]) == 1
        assert "VIOLATED AGAIN: torch-sgd on the simplest problem: " in capsys.readouterr().out
    assert run(["replay", str(path)]) == 0
    assert "FIXED: torch-sgd on the simplest problem: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reach", "distance", "margin"),
    [(1.0, 100.0, -2.0), (100.0, 1.0, 2.0), (1.0, 0.0, 1000), (1.0, float("inf"), -1000), (1.0, float("nan"), -1000)],
)
def test_the_margin_counts_orders_of_magnitude(reach, distance, margin):
    assert torch_sgd._orders(reach, distance) == margin


def test_the_comparison_ends_before_products_underflow():
    """All multipliers are below 10⁻⁴: after 39 steps the iterate is 10⁻¹⁶⁶ long, and torch's gradient of x1*x3 lost."""
    loss = (
        "360017/720000*x1**2 + 31/720000*x1*x3 - 7/360000*x1*x4 + 160001/320000*x2**2 + 288013/576000*x3**2"
        " - 17/720000*x3*x4 + 72001/144000*x4**2 + x1**2*x2"
    )
    problem = Problem(loss, step_size="33333/33335", start=["1/8", "0", "0", "0"])
    rotation = fmpq_mat([[-1, 0, -2, -2], [0, 3, 0, 0], [2, 0, 1, -2], [2, 0, -2, 1]]) / 3
    spectrum = (fmpq(1), fmpq(160001, 160000), fmpq(160001, 160000), fmpq(10001, 10000))
    finding = CLAIM.examine(Instance(problem, spectrum, rotation, Regime.SMALL_STEP, StartPlace.BALL))
    assert finding.holds is True, finding.note
