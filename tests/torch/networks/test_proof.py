"""Torch modules traced for a proof, the command, and torch's own run beside the enclosed one."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from torch import nn  # noqa: E402

from gdcheck.commands.answer_schemas import ANSWER_SCHEMAS  # noqa: E402
from gdcheck.networks.proof.ordinary import distances  # noqa: E402
from gdcheck.networks.proof.passes import forward, gradient  # noqa: E402
from gdcheck.networks.proof.prove import prove  # noqa: E402
from gdcheck.networks.proof.search import small_step  # noqa: E402
from gdcheck.networks.proof.tracing import traced  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402

_RNG = np.random.default_rng(2)


class _Functional(nn.Module):
    """A network that calls functions instead of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 5), nn.Linear(5, 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.sigmoid(self.first(torch.flatten(x, 1))))


_MODULES = {
    "dense": (lambda: nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 4), nn.GELU(), nn.Linear(4, 2)), (6,)),
    "functions": (_Functional, (6,)),
    "convolutions": (
        lambda: nn.Sequential(
            *(nn.AvgPool2d(2), nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.Tanh()),
            *(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.Softplus(), nn.AdaptiveAvgPool2d(2)),
            *(nn.Flatten(), nn.Linear(16, 2)),
        ),
        (2, 16, 16),
    ),
    "pooling": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 2)),
        (1, 6, 6),
    ),
}


@pytest.mark.parametrize("name", _MODULES)
def test_a_traced_module_has_torchs_outputs_and_gradients(name: str) -> None:
    make, shape = _MODULES[name]
    torch.manual_seed(0)
    module = make().double()
    inputs, targets = _RNG.normal(size=(5, *shape)), _RNG.normal(size=(5, 2))
    network, start = traced(module, inputs, targets)
    at = forward(network, start)
    out = module(torch.from_numpy(inputs))
    assert np.allclose(at.residuals.value, out.detach().numpy() - targets, atol=1e-12)
    (((out - torch.from_numpy(targets)) ** 2).sum() / 2).backward()
    theirs = {id(p): p.grad.numpy() for p in module.parameters() if p.grad is not None}
    mine = gradient(network, start, at, at.residuals).value
    assert np.linalg.norm(mine) == pytest.approx(np.sqrt(sum((g**2).sum() for g in theirs.values())), rel=1e-10)


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)), "ReLU"),
        (nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.Tanh(), nn.Linear(4, 2)), "LayerNorm"),
        (nn.Sequential(nn.Linear(6, 4), nn.GELU(approximate="tanh"), nn.Linear(4, 2)), "GELU"),
        (nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2)), "no activation"),
        (nn.Sequential(nn.Tanh(), nn.Linear(6, 2)), "tanh"),
    ],
)
def test_a_layer_without_bounds_is_named(module: nn.Module, named: str) -> None:
    with pytest.raises(InputError, match=named):
        traced(module, _RNG.normal(size=(3, 6)), _RNG.normal(size=(3, 2)))


def test_torchs_run_is_near_the_enclosed_one() -> None:
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(4, 12, bias=False), nn.Tanh(), nn.Linear(12, 1, bias=False)).double()
    network, start = traced(module, _RNG.normal(size=(2, 4)), np.array([[0.5], [-0.5]]))
    proof = prove(network, start, small_step(network, start))
    assert proof.arrival is not None
    found = distances(proof, proof.arrival)
    assert found["float64"] < 1e-9
    assert found["float64"] < found["float32"] < 1e-2


def test_the_command_proves_and_its_certificate_is_accepted(gdcheck, tmp_path):
    words = ["--prove", "--subset", "4", "--hidden", "30", "--pixels", "2", "--out", tmp_path]
    code, out, err = gdcheck("network", *words)
    assert code == 0, err
    assert "proved: the trajectory tends to a zero" in out
    assert "accepted by the checker" in out
    assert "synthetic" in out
    path = tmp_path / "network-proof-small-step.json"
    assert json.loads(path.read_text())["schema"] == "gdcheck-network/1"
    assert "<svg" in (tmp_path / "network-proof-small-step.svg").read_text()
    code, out, _ = gdcheck("recheck", "--limit-steps", path)
    assert code == 0
    assert "was not checked" in out
    code, out, _ = gdcheck("recheck", path)
    assert code == 0
    assert "from the first weights" in out
    code, out, _ = gdcheck("network", *words, "--max-steps", "5")
    assert code == 3
    assert "unresolved after step 5" in out
    code, out, _ = gdcheck("network", *words, "--max-steps", "5", "--json")
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["step"]) == (3, "unresolved", 5)
    jsonschema.validate(answer, ANSWER_SCHEMAS["network-unresolved"])


def test_what_the_checker_refuses_is_unresolved(gdcheck, tmp_path, monkeypatch):
    monkeypatch.setattr("gdcheck.commands.network_proof.recheck_file", lambda *_, **__: "N9: a claim fails")
    words = ["--prove", "--subset", "4", "--hidden", "30", "--pixels", "2", "--out", tmp_path]
    code, out, _ = gdcheck("network", *words)
    assert code == 3
    assert "proved:" not in out
    assert "N9" in out
    # The certificate is written, and yet no answer.
    code, out, _ = gdcheck("network", *words, "--json")
    assert code == 3
    assert json.loads(out)["verdict"] == "unresolved"


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--hidden", "ten", "hidden"),
        ("--hidden", "100000,100000", "hidden"),
        ("--activation", "relu", "activation"),
        ("--regime", "both", "regime"),
        ("--step-size", "-1", "step-size"),
        ("--pixels", "5", "pixels"),
        ("--near", "1e-5", "near"),
        ("--loss", "cross-entropy", "loss"),
        ("--weight-decay", "0", "weight-decay"),
        ("--weight-decay", "much", "weight-decay"),
    ],
)
def test_bad_options_are_named(gdcheck, tmp_path, option, value, field):
    words = ["--prove", "--subset", "4", "--hidden", "8", option, value, "--out", tmp_path / "out"]
    code, out, err = gdcheck("network", *words)
    assert code == 2
    assert not out
    assert err.startswith(f"error: {field}"), err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--loss", "hinge", "loss"),
        ("--network", "vgg", "network"),
        ("--outputs", "11", "outputs"),
        ("--near", "0", "near"),
        ("--hidden", "2000", "hidden"),
        ("--regime", "both", "regime"),
    ],
)
def test_bad_options_with_weight_decay_are_named(gdcheck, tmp_path, option, value, field):
    words = ["--prove", "--weight-decay", "0.1", "--subset", "4", option, value, "--out", tmp_path / "out"]
    code, out, err = gdcheck("network", *words)
    assert code == 2
    assert not out
    assert err.startswith(f"error: {field}"), err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "network",
    [
        ["--network", "dense", "--subset", "6", "--pixels", "2", "--hidden", "2", "--near", "1e-5"],
        ["--network", "tiny", "--subset", "4", "--width", "2", "--near", "1e-7"],
    ],
)
def test_a_run_with_weight_decay_is_proved_and_its_certificate_accepted(gdcheck, tmp_path, network):
    words = ["--prove", "--weight-decay", "0.02", "--regime", "large-step", *network, "--out", tmp_path]
    code, out, err = gdcheck("network", *words)
    assert code == 0, (out, err)
    assert "proved: the trajectory tends to a strict minimum, and its direction is alternating" in out
    assert "weight decay 1/50" in out
    path = tmp_path / "network-minimum-large-step.json"
    assert json.loads(path.read_text())["schema"] == "gdcheck-network-minimum/1"
    assert "<svg" in path.with_suffix(".svg").read_text()
    code, out, _ = gdcheck("recheck", path)
    assert code == 0
    assert "from the first weights" in out


def test_heavy_ball_is_proved_and_printed_as_json(gdcheck, tmp_path):
    words = ["--prove", "--momentum", "1/10", "--subset", "3", "--pixels", "2", "--hidden", "3", "--out", tmp_path]
    code, out, err = gdcheck("network", *words)
    assert (code, err) == (0, "")
    assert "15 weights" in out
    assert "PROVED" in out and "rechecked" in out
    code, out, _ = gdcheck("network", *words, "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "network-momentum-small-step.json").read_text(encoding="utf-8"))
    # The regime that is found has the word, not the one that was asked for.
    code, out, _ = gdcheck("network", *words, "--regime", "large-step", "--step-size", "1/5", "--json")
    assert code == 0
    assert json.loads(out)["regime"] == "small-step"
    assert not (tmp_path / "network-momentum-large-step.json").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--momentum", "2"], "momentum: must be between 0 and 1"),
        (["--momentum", "1/10", "--weight-decay", "0.1"], "momentum: is proved without weight decay so far"),
        (["--momentum", "1/10", "--hidden", "1000"], "hidden: gives 5000 weights; at most 100"),
        (["--momentum", "1/10", "--near", "1e-5"], "near: needs a strict minimum here"),
    ],
)
def test_what_momentum_does_not_take_is_said(gdcheck, tmp_path, more, said):
    code, out, err = gdcheck("network", "--prove", "--pixels", "2", *more, "--out", tmp_path / "out")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not (tmp_path / "out").exists()
