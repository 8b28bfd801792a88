"""A user's own network, loss, data and optimizer: each figure against a dense computation, and nothing disturbed."""

import copy
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

import polars as pl  # noqa: E402
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from gdcheck import networks  # noqa: E402
from gdcheck.networks.own.density import spectral_density  # noqa: E402
from gdcheck.networks.own.flat import FlatLoss, read_batches  # noqa: E402
from gdcheck.networks.own.flow import GradientFlow  # noqa: E402
from gdcheck.networks.own.stability import stability_of  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402

ALL = networks.Looks(every=1, eigenvalues=2, tolerance=1e-8, lowest=True, probes=2, flow=True)


@pytest.fixture(autouse=True)
def _double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(0)
    return TensorDataset(torch.randn(24, 3, generator=generator), torch.randn(24, 2, generator=generator))


@pytest.fixture
def model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def dense(model, data, decay=0.0):
    """The loss, gradient and Hessian over all data, from torch's own functional tools."""
    x, y = data.tensors
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]

    def value(theta):
        pieces = theta.split([s.numel() for s in shapes])
        values = {n: p.view(s) for n, p, s in zip(names, pieces, shapes, strict=True)}
        outputs = torch.func.functional_call(model, values, (x,))
        return nn.functional.mse_loss(outputs, y) + decay / 2 * theta.dot(theta)

    theta = nn.utils.parameters_to_vector(model.parameters()).detach()
    return float(value(theta)), torch.func.grad(value)(theta), torch.autograd.functional.hessian(value, theta)


OPTIMIZERS = {
    "sgd": (lambda p: torch.optim.SGD(p, lr=0.1), 20.0),
    "momentum": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), 38.0),
    "dampened": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5), 76.0),
    "nesterov": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), 3.8 / 2.8 / 0.1),
    "decay": (lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.3), 20.0),
    "adam": (lambda p: torch.optim.Adam(p, lr=0.01), 3800.0),
    "amsgrad": (lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True), 3800.0),
    "rmsprop": (lambda p: torch.optim.RMSprop(p, lr=0.01), 200.0),
    "adamw": (lambda p: torch.optim.AdamW(p, lr=0.01), None),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("batch", [24, 7])
def test_every_figure_agrees_with_a_dense_computation(name, batch, model, data):
    make, threshold = OPTIMIZERS[name]
    optimizer = make(model.parameters())
    loader = DataLoader(data, batch_size=batch, shuffle=True)
    monitor = networks.Monitor(model, nn.functional.mse_loss, loader, optimizer, looks=ALL, test=[data.tensors])
    points = [nn.utils.parameters_to_vector(model.parameters()).detach().clone()]
    for _ in range(4):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(data.tensors[0]), data.tensors[1]).backward()
        optimizer.step()
        points.append(nn.utils.parameters_to_vector(model.parameters()).detach().clone())
        row = monitor.step()
    decay = 0.3 if name == "decay" else 0.0
    loss, gradient, hessian = dense(model, data, decay)
    values, vectors = torch.linalg.eigh(hessian)
    updates = [b - a for a, b in pairwise(points)]
    cosine = nn.functional.cosine_similarity
    assert row["loss"] == pytest.approx(loss, rel=1e-12)
    assert row["test_loss"] == pytest.approx(dense(model, data)[0], rel=1e-12)
    assert row["gradient_norm"] == pytest.approx(float(gradient.norm()), rel=1e-10)
    assert row["cosine"] == pytest.approx(float(cosine(updates[-1], updates[-2], dim=0)), rel=1e-10)
    assert row["eigenvalues"] == pytest.approx(values.flip(0)[:2].tolist(), rel=1e-8)
    assert row["lowest"] == pytest.approx(float(values[0]), abs=1e-7 * float(values[-1]))
    assert row["alignment"] == pytest.approx(abs(float(cosine(updates[-1], vectors[:, -1], dim=0))), abs=1e-5)
    assert row["alignment_lowest"] == pytest.approx(abs(float(cosine(updates[-1], vectors[:, 0], dim=0))), abs=1e-5)
    assert row["threshold"] == (None if threshold is None else pytest.approx(threshold))
    if name in {"adam", "amsgrad", "rmsprop"}:
        diagonal = stability_of(optimizer, list(model.parameters())).diagonal
        scaled = hessian / torch.sqrt(torch.outer(diagonal, diagonal))
        top = float(torch.linalg.eigvalsh(scaled)[-1])
        assert row["preconditioned_sharpness"] == pytest.approx(top, rel=1e-8)
        assert row["sharpness_over_threshold"] == pytest.approx(top / threshold, rel=1e-8)
        assert row["flow_distance"] is None, "it has a flow of its own"
    elif threshold is not None:
        assert row["sharpness_over_threshold"] == pytest.approx(float(values[-1]) / threshold, rel=1e-8)
        assert row["flow_distance"] > 0


def test_the_divisor_is_the_one_that_adam_uses(model, data):
    # A step of Adam with β₁ = 0 is −η g/P exactly.
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.0, 0.9))
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(data.tensors[0]), data.tensors[1]).backward()
        before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
        gradient = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
        optimizer.step()
        update = nn.utils.parameters_to_vector(model.parameters()).detach() - before
    diagonal = stability_of(optimizer, list(model.parameters())).diagonal
    torch.testing.assert_close(update, -0.01 * gradient / diagonal, rtol=1e-10, atol=0)


def test_groups_with_step_sizes_of_their_own_are_a_preconditioner(model):
    first, second = list(model[0].parameters()), list(model[2].parameters())
    optimizer = torch.optim.SGD([{"params": first, "lr": 0.1}, {"params": second, "lr": 0.4}])
    state = stability_of(optimizer, list(model.parameters()))
    assert (state.step_size, state.threshold) == (0.4, 5.0)
    assert state.diagonal.tolist() == [4.0] * 16 + [1.0] * 10


def test_a_loop_with_a_monitor_is_the_loop_without_one_to_the_bit(data):
    def run(watched):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Tanh(), nn.Linear(6, 2))
        optimizer = torch.optim.Adam(model.parameters())
        loader = DataLoader(data, batch_size=8, shuffle=True)
        if watched:
            looks = networks.Looks(every=2, lowest=True, probes=1)
            monitor = networks.Monitor(model, nn.functional.mse_loss, loader, optimizer, looks=looks)
        for _ in range(3):
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                if watched:
                    monitor.step()
        return copy.deepcopy(model.state_dict()), torch.rand(3)

    (plain, after), (watched, after_watched) = run(False), run(True)
    assert all(torch.equal(plain[name], watched[name]) for name in plain)
    assert torch.equal(after, after_watched), "the global generator is where it was"


def test_dropout_is_one_function(data):
    model = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.5), nn.Linear(6, 2))
    flat = FlatLoss(model, nn.functional.mse_loss, model.parameters())
    batches = read_batches(DataLoader(data, batch_size=8), torch.device("cpu"))
    a, b = (flat.gradient(flat.vector(), batches) for _ in range(2))
    assert a[0] == b[0]
    assert torch.equal(a[1], b[1])


@given(seed=st.integers(0, 10**6), n=st.integers(1, 25))
def test_the_density_has_the_moments_and_trace_of_small_matrices(seed, n):
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn(n, n, generator=generator)
    matrix = half + half.T
    found = spectral_density(lambda v: matrix @ v, torch.zeros(n), probes=3, steps=n, seed=seed)
    weights, nodes = torch.tensor(found.weights), torch.tensor(found.nodes)
    assert float(weights.sum()) == pytest.approx(1)
    values = torch.linalg.eigvalsh(matrix)
    assert float(nodes.max()) <= float(values[-1]) + 1e-8
    assert float(nodes.min()) >= float(values[0]) - 1e-8
    assert n * float((weights * nodes).sum()) == pytest.approx(found.trace, abs=1e-8 * n)
    # The second moment as the same vectors of signs see it.
    generator = torch.Generator().manual_seed(seed)
    signs = [2.0 * torch.randint(0, 2, (n,), generator=generator) - 1 for _ in range(3)]
    second = sum(float((matrix @ v).dot(matrix @ v)) for v in signs) / (3 * n)
    assert float((weights * nodes**2).sum()) == pytest.approx(second, rel=1e-8, abs=1e-10)


def test_the_trace_of_a_diagonal_is_exact():
    diagonal = torch.arange(1.0, 41)
    found = spectral_density(lambda v: diagonal * v, torch.zeros(40), probes=2, steps=10)
    assert found.trace == pytest.approx(820)
    assert found.trace_error == pytest.approx(0, abs=1e-9)


def test_gradient_flow_on_a_quadratic_is_an_exponential():
    diagonal = torch.tensor([0.1, 1.0, 9.0])
    flow = GradientFlow(lambda x: diagonal * x, torch.ones(3))
    for _ in range(10):
        flow.advance(0.2, 9.0)
    torch.testing.assert_close(flow.x, torch.exp(-2.0 * diagonal), rtol=2e-3, atol=1e-6)


def test_results_as_frame_csv_scalars_and_judgement(model, data, tmp_path):
    class Writer:
        def __init__(self):
            self.seen = []

        def add_scalar(self, name, value, step):
            self.seen.append((name, value, step))

    writer = Writer()
    monitor = networks.measure(
        model,
        nn.functional.mse_loss,
        DataLoader(data, batch_size=8),
        optimizer=lambda p: torch.optim.SGD(p, lr=0.01),
        epochs=10,
        looks=networks.Looks(every=3),
        writer=writer,
    )
    frame = monitor.frame()
    assert frame["step"].to_list() == list(range(1, 31))
    assert frame["sharpness"].drop_nulls().len() == 10
    monitor.write_csv(tmp_path / "rows.csv")
    read = pl.read_csv(tmp_path / "rows.csv", infer_schema_length=None)
    assert read["cosine"].to_list() == frame["cosine"].to_list()
    eigenvalues = [float(x) for x in read["eigenvalues"][0].split(";")]
    assert eigenvalues == frame["eigenvalues"][0].to_list()
    scalars = {(name, step): value for name, value, step in writer.seen}
    assert scalars["gdcheck/sharpness", 4] == frame["sharpness"][3]
    assert not monitor.approach().measured


def test_other_shapes_of_inputs(data):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(1, 2)

        def forward(self, left, right):
            return self.a(left) + self.b(right)

    x, y = data.tensors
    named = [({"left": x[:, :2], "right": x[:, 2:]}, y)]
    placed = [((x[:, :2], x[:, 2:]), y)]
    for pairs in (named, placed):
        model = Two()
        monitor = networks.measure(
            model, nn.functional.mse_loss, pairs, optimizer=lambda p: torch.optim.SGD(p, lr=0.1), epochs=2
        )
        assert monitor.rows[0]["sharpness"] > 0


def test_attention_is_differentiated_twice():
    model = nn.TransformerEncoderLayer(8, 2, 8, dropout=0.0, batch_first=True)
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    monitor = networks.measure(
        model, nn.functional.mse_loss, [(x, x)], optimizer=lambda p: torch.optim.SGD(p, lr=0.1), epochs=2
    )
    assert len(monitor.rows[0]["eigenvalues"]) == 3


BAD = {
    "an iterator": (lambda d: iter([d.tensors]), {}, "data: can be read only once"),
    "no pairs": (lambda d: [d.tensors[0]], {}, "data: must give pairs"),
    "nothing": (lambda d: [], {}, "data: gives no samples"),
    "epochs": (lambda d: [d.tensors], {"epochs": 0}, "epochs: must be 1 or more"),
    "looks": (lambda d: [d.tensors], {"looks": networks.Looks(every=0)}, "looks: every"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_sentence(case, model, data):
    make, options, words = BAD[case]
    options = {"optimizer": lambda p: torch.optim.SGD(p, lr=0.1)} | options
    with pytest.raises(InputError, match=words):
        networks.measure(model, nn.functional.mse_loss, make(data), **options)


def test_a_loss_that_is_no_mean_and_a_foreign_optimizer_get_a_sentence(model, data):
    with pytest.raises(InputError, match="loss: gives 48 numbers"):
        flat = FlatLoss(model, nn.MSELoss(reduction="none"), model.parameters())
        flat.gradient(flat.vector(), read_batches([data.tensors], torch.device("cpu")))
    foreign = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    with pytest.raises(InputError, match=r"optimizer: holds none of the model's parameters"):
        networks.Monitor(model, nn.functional.mse_loss, [data.tensors], foreign)
