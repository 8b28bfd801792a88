"""One thread a worker, and small things that several files use."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def images():
    """Forty synthetic images of 8×8 pixels."""
    from gdcheck.networks.data import DataConfig, load

    return load(DataConfig(subset=40, side=8))


@pytest.fixture
def objective(images):
    """Makes small objectives in float64."""
    import torch

    from gdcheck.networks.networks import NetworkConfig, build
    from gdcheck.networks.objective import LossKind, Objective

    def make(architecture="tiny", activation="tanh", loss="mse", weight_decay=0.01, width=4, **options):
        from gdcheck.networks.networks import Activation, Architecture

        config = NetworkConfig(Architecture(architecture), Activation(activation), width)
        network = build(config, images.shape, len(images.classes), seed=1)
        options.setdefault("dtype", torch.float64)
        return Objective(network, images, LossKind(loss), weight_decay, **options)

    return make
