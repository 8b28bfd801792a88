"""Losses in torch: what is traced is what torch computes, and what has no enclosure is named."""

import json
import math

import pytest
from flint import arb, ctx, fmpq

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import gdcheck  # noqa: E402
from gdcheck.networks.losses.functions import in_numpy, is_torch  # noqa: E402
from gdcheck.networks.losses.operations import KNOWN  # noqa: E402
from gdcheck.theorem.loss.errors import InputError  # noqa: E402
from gdcheck.theorem.smooth.evaluate import Forward  # noqa: E402
from gdcheck.theorem.smooth.reading import read_smooth  # noqa: E402
from gdcheck.theorem.smooth.tracing import traced_text, traced_texts  # noqa: E402

RANDOM = torch.Generator().manual_seed(3)
X = torch.randn(7, 3, generator=RANDOM, dtype=torch.float64)
Y = torch.sign(torch.randn(7, generator=RANDOM, dtype=torch.float64))
CLASSES = torch.tensor([0, 2, 1, 1, 0, 2, 1])
SHARES = torch.softmax(torch.randn(7, 2, generator=RANDOM, dtype=torch.float64), 1)


class Network(nn.Module):
    """A loss of its own weights."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Dropout(), nn.Linear(2, 1), nn.Flatten(0)).double()
        self.net.eval()
        self.register_buffer("inputs", X)
        self.loss = nn.MSELoss()

    def forward(self):
        return self.loss(self.net(self.inputs), Y) + 0.125 * sum(p.square().sum() for p in self.parameters())


ELEMENTARY = ("exp", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan")


def matrix(w):
    return w[:6].reshape(2, 3)


LOSSES = {
    "arithmetic": lambda w: (2 - w / 3 + 1 / (w**2 + 2) - w * w).sum() - (-w).mean() + torch.add(w, w[0], alpha=3)[1],
    "elementary": lambda w: sum(getattr(torch, name)(w / 3 + 1).sum() for name in ELEMENTARY),
    "more": lambda w: (torch.sigmoid(w) + w.erf() + w.expm1() + torch.rsqrt(w * w + 1) + torch.reciprocal(w + 9)).sum(),
    "logarithms": lambda w: torch.logaddexp(w, torch.tensor(0.5)).sum() + matrix(w).logsumexp(1).sum() + w.logsumexp(0),
    "softmaxes": lambda w: (matrix(w).softmax(0) * matrix(w).log_softmax(dim=1)).sum(),
    "activations": lambda w: (F.softplus(w, beta=2) + F.silu(w) + F.gelu(w) - F.logsigmoid(w)).square().sum(),
    "shapes": lambda w: torch.stack([w[1:4], w[:3]], 1).T.flatten() @ torch.cat([w[3:], w[:3]]).view(6),
    "axes": lambda w: (matrix(w).unsqueeze(0).permute(2, 0, 1).squeeze(1).sum(0, keepdim=True) ** 3).mean(dim=(0, 1)),
    "products": lambda w: torch.einsum("ij,kj->", matrix(w), X) + torch.outer(w, w).trace() + w @ w,
    "matrices": lambda w: matrix(w).mm(X.mT).sum() + w[0].expand(3).sum() + w[0:1].arctan()[0],
    "unpacked": lambda w: sum(a * b for a, b in zip(*matrix(w), strict=True)) * len(w) + w.shape[0] * w.size(0) * w[2],
    "chosen": lambda w: torch.where(CLASSES[:6] > 0, w, w**3).sum() + w[CLASSES] @ Y + w[[0, 1]] @ w[Y[:6] > 0][:2],
    "linear": lambda w: F.linear(X, matrix(w), w[:2]).norm() ** 2 + F.dropout(w, training=False).sum(),
    "mse": lambda w: F.mse_loss(X @ w[:3], Y) + F.mse_loss(w, torch.zeros(6), reduction="sum"),
    "binary": lambda w: F.binary_cross_entropy_with_logits(X @ w[:3], (Y + 1) / 2),
    "cross": lambda w: (
        F.cross_entropy(X @ torch.cat([w, w[:3]]).view(3, 3), CLASSES)
        + F.cross_entropy(X @ matrix(w).T, SHARES, reduction="sum")
        + F.nll_loss(F.log_softmax(matrix(w), 1), CLASSES[:2])
    ),
}


def value(text, names, point):
    with ctx.workprec(100):
        exact = [arb(fmpq(*x.as_integer_ratio())) for x in point]
        return float(Forward.of(read_smooth(text, names), exact, 0).value.mid())


@pytest.mark.parametrize("name", LOSSES)
def test_the_text_means_what_torch_computes(name):
    function, names = LOSSES[name], tuple(f"w{i + 1}" for i in range(6))
    assert is_torch(function) or name in ("arithmetic", "axes", "unpacked", "softmaxes")
    from gdcheck.networks.losses.tracing import traced_loss

    text = traced_text(traced_loss(function)[0], names)
    for seed in range(3):
        point = torch.randn(6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert value(text, names, point.tolist()) == pytest.approx(float(function(point)), rel=1e-12, abs=1e-12)


def test_every_function_that_a_sentence_names_is_tried():
    import inspect

    tried = inspect.getsource(inspect.getmodule(value))
    aliases = {"bmm": "mm", "mv": "mm", "dot": "@", "diagonal": "trace", "transpose": ".mT", "unbind": "zip(*matrix"}
    assert [name for name in KNOWN if name not in tried and aliases.get(name, name) not in tried] == []


def test_a_module_s_weights_are_the_variables_and_its_own_are_the_start():
    module = Network()
    problem = gdcheck.Problem(module, step_size="1/2")
    weights = nn.utils.parameters_to_vector(module.parameters()).tolist()
    assert [float(x) for x in problem.start] == weights
    assert value(problem.loss.text, problem.loss.variables, weights) == pytest.approx(module().item(), rel=1e-12)
    # Tracing leaves the module as it was.
    assert all(isinstance(p, nn.Parameter) for p in module.parameters())


def test_a_torch_loss_is_proved_and_rechecked_like_numpy_s():
    def logistic(w):
        return F.softplus(-Y * (X @ w)).mean() + 0.0625 * (w @ w)

    decision = gdcheck.decide(gdcheck.Problem(logistic, step_size="1/2", start=["0", "0", "0"]))
    assert decision.verdict is gdcheck.Verdict.PROVED
    assert gdcheck.recheck(json.loads(json.dumps(gdcheck.certify(decision))))


def test_a_vector_of_residuals_is_traced():
    function, _ = in_numpy(lambda w: torch.stack([w[0] * w[1] - 1]), {})
    assert traced_texts(function, ("a", "b")) == ["t1 = a*b; (1)*t1 + (-1)"]
    problem = gdcheck.Problem.residuals(lambda w: [torch.tanh(w[0]) * w[1] - 1], step_size="0.1", start=["2", "1"])
    assert gdcheck.decide(problem).verdict is gdcheck.Verdict.PROVED


def test_what_calls_torch_somewhere_is_torch_s_and_numpy_s_stays_numpy_s():
    import functools

    import numpy as np
    from scipy import special

    def predicted(w, scale):
        return torch.tanh(w) * scale

    def late(w):
        import torch as library

        return library.exp(w).sum()

    assert is_torch(lambda w: predicted(w, 2).sum()) and is_torch(functools.partial(predicted, scale=2))
    assert is_torch(late) and is_torch(Network()) and is_torch(Network().forward)
    for function in (lambda w: np.tanh(w).mean(), lambda w: special.expit(w).sum(), np.linalg.norm, len, abs):
        assert not is_torch(function)


class Two(nn.Module):
    def forward(self, first, second):
        return first @ second


def changed(w):
    w = torch.exp(w)
    w += 1
    return w.sum()


def assigned(w):
    w = torch.exp(w)
    w[0] = 1
    return w.sum()


REFUSED = [
    (lambda w: torch.relu(w).sum(), "uses torch's relu, which has no enclosure; those that have one are + - * / ** @"),
    (lambda w: torch.exp(w).abs().sum(), "uses torch's abs"),
    (lambda w: torch.exp(w).max(), "uses torch's max"),
    (lambda w: torch.exp(w) if torch.exp(w[0]) > 1 else w, "uses torch's"),
    (lambda w: float(torch.exp(w[0])), "uses torch's"),
    (lambda w: torch.exp(w).detach().sum(), "uses torch's detach"),
    (changed, "uses torch's add_"),
    (assigned, "uses torch's __setitem__"),
    (lambda w: torch.linalg.det(torch.outer(w, w)), "uses torch's"),
    (lambda w: torch.norm(w, p=1), "a norm that is not the Euclidean one"),
    (lambda w: F.dropout(w).sum(), "which is random"),
    (lambda w: F.cross_entropy(w, torch.tensor(5)), "classes that are not among 0, …, 1"),
    (lambda w: F.mse_loss(w, w, reduction="max"), "use mean, sum or none"),
    (lambda w: F.gelu(w, approximate="tanh").sum(), "approximate"),
    (lambda w: torch.sigmoid(w, out=torch.zeros(2)).sum(), "with arguments that have no enclosure"),
    (lambda w: torch.ones(5) @ w, "fails while it is traced"),
    (lambda w: torch.exp(w) * 2, "returns an array of shape (2,), no number"),
    (lambda w: torch.tensor(1.0), "returns a tensor that does not depend on the variables"),
    (lambda w: w @ torch.tensor([float("nan"), 1]), "every number must be finite"),
    (lambda w: w @ torch.tensor([1j, 1]), "complex"),
    (Two(), "forward takes first, second"),
    (nn.ReLU(), "uses torch's relu"),
]


@pytest.mark.parametrize(("function", "said"), REFUSED)
def test_what_has_no_enclosure_is_one_sentence(function, said):
    with pytest.raises(InputError, match="loss-function") as caught:
        gdcheck.Problem(function, step_size="1", start=["1", "1"])
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_another_number_of_weights_is_refused():
    with pytest.raises(InputError, match="the module has 11 weights"):
        gdcheck.Problem(Network(), step_size="1", start=["1", "1"])


@pytest.mark.parametrize("name", ["loss", "module"])
def test_the_command_takes_a_function_or_module_of_a_file(name, tmp_path, gdcheck):
    path = tmp_path / "my_torch_loss.py"
    path.write_text(
        "import torch\n"
        "def loss(w):\n    return torch.cosh(w[0] - 1) + w @ w\n"
        "class Module(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n        self.w = torch.nn.Parameter(torch.tensor([0.5, 0.25]))\n"
        "    def forward(self):\n        return loss(self.w)\n"
        "module = Module()\n",
        encoding="utf-8",
    )
    start = ["--start", "0.5,0.25"] if name == "loss" else []
    code, out, err = gdcheck("check", "--loss-function", f"{path}:{name}", "--step-size", "1/4", *start, "--json")
    answer = json.loads(out)
    assert (code, err, answer["verdict"], answer["recheck"]) == (0, "", "proved", "accepted")
    assert math.sinh(answer["minimizer"][0][0] - 1) + 2 * answer["minimizer"][0][0] == pytest.approx(0, abs=1e-14)
