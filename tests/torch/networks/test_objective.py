"""Gradient, Hessian-vector product and Hessian against finite differences, torch's own modules, and each other."""

import shutil

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: run tox -e torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from gdcheck.networks.networks import Activation, Architecture, NetworkConfig, build  # noqa: E402
from gdcheck.networks.objective import LossKind, Objective  # noqa: E402

SMOOTH = [("tiny", "tanh"), ("cnn", "gelu"), ("mlp", "tanh"), ("resnet", "gelu"), ("vit", "gelu")]


@given(data=st.data())
@settings(max_examples=12)
def test_products_agree_with_finite_differences_of_the_gradient(data, images):
    architecture, activation = data.draw(st.sampled_from(SMOOTH))
    loss = data.draw(st.sampled_from(list(LossKind)))
    decay = data.draw(st.sampled_from([0.0, 0.1]))
    seed = data.draw(st.integers(0, 99))
    network = build(NetworkConfig(Architecture(architecture), Activation(activation), 2), images.shape, 10, seed)
    objective = Objective(network, images, loss, decay, dtype=torch.float64)
    theta = objective.start()
    vector = torch.randn(len(theta), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    vector /= torch.linalg.vector_norm(vector)
    h = 1e-5
    ahead, behind = (objective.evaluate(theta + s * h * vector).gradient for s in (1, -1))
    expected = (ahead - behind) / (2 * h)
    error = torch.linalg.vector_norm(objective.products(theta)(vector) - expected)
    assert float(error) < 1e-7 * (1 + float(torch.linalg.vector_norm(expected))), f"off by {float(error)}"


@pytest.mark.parametrize("loss", list(LossKind))
def test_gradient_agrees_with_finite_differences_of_the_loss(objective, loss):
    f = objective(loss=loss)
    theta = f.start()
    vector = torch.randn(len(theta), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    slope = (f.evaluate(theta + 1e-5 * vector).loss - f.evaluate(theta - 1e-5 * vector).loss) / 2e-5
    assert float(f.evaluate(theta).gradient @ vector) == pytest.approx(slope, rel=1e-7)


def test_value_is_the_mean_loss_plus_half_the_decay(images):
    network = build(NetworkConfig(Architecture.CNN, width=2), images.shape, 10, 0).double()
    objective = Objective(network, images, LossKind.CROSS_ENTROPY, 0.3, dtype=torch.float64)
    outputs = network(images.normalized(torch.float64)).detach()
    squares = sum(float(p.detach().square().sum()) for p in network.parameters())
    expected = float(torch.nn.functional.cross_entropy(outputs, images.labels)) + 0.15 * squares
    seen = objective.evaluate(objective.start())
    assert seen.loss == pytest.approx(expected, rel=1e-12)
    assert seen.accuracy == pytest.approx(float((outputs.argmax(1) == images.labels).double().mean()))
    assert float(objective.value(objective.start()).detach()) == pytest.approx(expected, rel=1e-12)


def test_mean_squared_error_is_half_the_sum_over_classes(objective, images):
    f = objective(weight_decay=0.0)
    outputs = f._network(images.normalized(torch.float64)).detach()
    targets = torch.nn.functional.one_hot(images.labels, 10)
    assert f.evaluate(f.start()).loss == pytest.approx(float((outputs - targets).square().sum()) / 80, rel=1e-12)


@pytest.mark.parametrize("chunk", [1, 7, 39, 40, 100])
def test_chunks_change_nothing_but_rounding(objective, chunk):
    whole, pieces = objective(), objective(chunk=chunk)
    theta = whole.start()
    a, b = whole.evaluate(theta), pieces.evaluate(theta)
    assert (a.loss, a.accuracy) == (pytest.approx(b.loss, rel=1e-13), b.accuracy)
    torch.testing.assert_close(a.gradient, b.gradient, rtol=1e-11, atol=1e-13)
    vector = torch.ones_like(theta)
    torch.testing.assert_close(whole.products(theta)(vector), pieces.products(theta)(vector), rtol=1e-11, atol=1e-12)


def test_a_batch_averages_over_its_images_alone(objective, images):
    f = objective()
    batch = torch.tensor([3, 1, 4, 15])
    gradients = [f.evaluate(f.start(), torch.tensor([i])).gradient for i in batch.tolist()]
    torch.testing.assert_close(f.evaluate(f.start(), batch).gradient, sum(gradients) / 4, rtol=1e-10, atol=1e-12)


def test_hessian_is_the_matrix_of_the_products(objective):
    f = objective(loss="cross-entropy", width=2)
    theta, product = f.start(), f.products(f.start())
    rows = torch.stack([product(e) for e in torch.eye(len(theta), dtype=torch.float64)])
    torch.testing.assert_close(f.hessian(theta), rows, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("architecture", list(Architecture))
@pytest.mark.parametrize("activation", list(Activation))
def test_every_network_has_a_gradient_for_every_parameter(objective, architecture, activation):
    f = objective(architecture, activation, weight_decay=0.0)
    gradient = f.evaluate(f.start()).gradient
    assert bool(torch.isfinite(gradient).all())
    assert float((gradient != 0).double().mean()) > 0.3, "much of the network takes no part"


def test_building_is_determined_by_the_seed_and_leaves_the_global_generator_alone(images):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    a, b, c = (build(NetworkConfig(), images.shape, 10, seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters(), strict=True))


def test_smoothness_is_said_of_the_smooth_ones_only():
    smooth = {(a, f) for a in Architecture for f in Activation if NetworkConfig(a, f).smooth}
    assert smooth == {(a, f) for a in ("cnn", "mlp", "resnet", "vit", "tiny") for f in ("tanh", "gelu")}


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "c++", "clang++"))), reason="torch.compile needs a C++ compiler on the path"
)
def test_a_compiled_gradient_is_the_same(images):
    config = NetworkConfig(Architecture.TINY, width=4)
    found = []
    for compiled in (False, True):
        network = build(config, images.shape, len(images.classes), 0)
        objective = Objective(network, images, LossKind.MSE, 0.01, dtype=torch.float64, compiled=compiled)
        found.append(objective.evaluate(objective.start()))
    plain, translated = found
    assert translated.loss == pytest.approx(plain.loss, rel=1e-12)
    assert torch.allclose(translated.gradient, plain.gradient, rtol=1e-9, atol=1e-12)
