"""The optimizers in ``examples/own_optimizers.py`` do what their formulas say, and are measured."""

import importlib.util
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

PATH = Path(__file__).parents[4] / "examples" / "own_optimizers.py"


@pytest.fixture(scope="module")
def examples():
    spec = importlib.util.spec_from_file_location("own_optimizers", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_are_measured(examples, capsys):
    examples.main(epochs=20)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["SAM", "Lion", "Muon"]
    for line in lines:
        first, last = (float(x) for x in line.split("loss ")[1].split(",")[0].split(" → "))
        assert last < first, line


def test_sam_on_a_quadratic(examples):
    x = torch.tensor([3.0, -4.0], dtype=torch.float64, requires_grad=True)
    optimizer = examples.SAM([x], lr=0.1, rho=0.5)

    def closure():
        optimizer.zero_grad()
        value = (x**2).sum() / 2
        value.backward()
        return value

    optimizer.step(closure)
    torch.testing.assert_close(x.detach(), torch.tensor([3.0, -4.0]).double() * (1 - 0.1 * 1.1))


def test_muon_makes_an_update_whose_singular_values_are_near_one(examples):
    m = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(examples._orthogonal(m))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.3


def test_lion_moves_every_entry_by_the_step_size(examples):
    x = torch.zeros(5, requires_grad=True)
    optimizer = examples.Lion([x], lr=0.01)
    x.grad = torch.tensor([1.0, -2.0, 3.0, -4.0, 5.0])
    optimizer.step()
    assert x.detach().abs().tolist() == pytest.approx([0.01] * 5)


DOCS = Path(__file__).parents[4] / "docs" / "own-networks.md"


def blocks():
    text = DOCS.read_text(encoding="utf-8")
    return [part.split("```")[0] for part in text.split("```python\n")[1:]]


def test_what_the_docs_show_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole, _, _ = blocks()
    exec(compile(whole.replace("epochs=20", "epochs=3"), "own-networks.md", "exec"), {})
    assert (tmp_path / "run.csv").exists()
    assert "below" in capsys.readouterr().out


def test_the_hook_for_lightning_is_called_as_lightning_calls_it():
    from types import SimpleNamespace

    from torch import nn

    from gdcheck import networks

    space = {"networks": networks, "lightning": SimpleNamespace(Callback=object)}
    exec(compile(blocks()[2], "own-networks.md", "exec"), space)
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = [(torch.randn(6, 2), torch.randn(6, 2))]
    hook = space["Gdcheck"](nn.functional.mse_loss, data, looks=networks.Looks(every=2))
    hook.on_train_start(SimpleNamespace(optimizers=[optimizer]), model)
    for k in range(3):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(data[0][0]), data[0][1]).backward()
        optimizer.step()
        hook.on_train_batch_end(None, model, None, None, k)
    assert [row["sharpness"] is not None for row in hook.monitor.rows] == [True, False, True]
