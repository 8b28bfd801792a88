"""Real networks: what is proved of their training (``prove``), and what is measured of it (needs torch).

Examples:
    >>> import numpy as np
    >>> from flint import fmpq
    >>> from gdcheck import networks
    >>> rng = np.random.default_rng(0)
    >>> inputs = rng.normal(size=(3, 4)) / 2
    >>> targets = np.array([[1.0], [-1.0], [1.0]])
    >>> network, start = networks.random_network(inputs, targets, [20], networks.ACTIVATIONS["tanh"], seed=0)
    >>> networks.prove(network, start, fmpq(1, 20)).arrival.regime.value
    'small-step'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdcheck.networks.own.measure import measure
    from gdcheck.networks.own.monitor import Looks, Monitor
    from gdcheck.networks.proof.activations import ACTIVATIONS
    from gdcheck.networks.proof.minimum.losses import LOSSES
    from gdcheck.networks.proof.minimum.objective import Objective
    from gdcheck.networks.proof.minimum.prove import prove_minimum
    from gdcheck.networks.proof.prove import prove
    from gdcheck.networks.proof.samples import random_network
    from gdcheck.networks.proof.storing import write_certificate
    from gdcheck.networks.proof.tracing import traced

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Looks",
    "Monitor",
    "Objective",
    "measure",
    "prove",
    "prove_minimum",
    "random_network",
    "traced",
    "write_certificate",
]

CERTIFICATES = ("gdcheck-network/1", "gdcheck-network-minimum/1")
"""The schemas of networks' certificates, whose arrays lie in a file beside them."""

_HOME = {
    "ACTIVATIONS": "proof.activations",
    "LOSSES": "proof.minimum.losses",
    "Looks": "own.monitor",
    "Monitor": "own.monitor",
    "Objective": "proof.minimum.objective",
    "measure": "own.measure",
    "prove": "proof.prove",
    "prove_minimum": "proof.minimum.prove",
    "random_network": "proof.samples",
    "traced": "proof.tracing",
    "write_certificate": "proof.storing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gdcheck.networks' has no attribute {name!r}")
    return getattr(import_module(f"gdcheck.networks.{_HOME[name]}"), name)
