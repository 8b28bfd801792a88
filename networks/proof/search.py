"""Step sizes for a network's run, found by plain float64 training: nothing here is part of a proof."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import fmpq

from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import forward, gradient, jacobian
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError

_DIGITS = 10**9
_TRIES = 24


def ends(network: Network, x: Floats) -> tuple[float, float]:
    """Return the smallest and the largest eigenvalue of JJᵀ, approximately.

    Args:
        network: The network.
        x: The weights, shape (n,).

    Returns:
        λ₁ and λ_p.
    """
    jac = jacobian(network, x, forward(network, x)).value
    values = np.linalg.eigvalsh(jac @ jac.T)
    return float(values[0]), float(values[-1])


def small_step(network: Network, start: Floats, beta: float = 0.0) -> fmpq:
    """Return a step size below the boundary: 0.9 over the largest eigenvalue at the start, times 1 − β.

    Args:
        network: The network.
        start: The first weights, shape (n,).
        beta: The momentum.

    Returns:
        The step size, a decimal of nine digits.
    """
    return _decimal(0.9 * (1 - beta) / ends(network, start)[1])


def large_step(
    network: Network,
    start: Floats,
    steps: int,
    tell: Callable[[int, str], None] | None = None,
    *,
    beta: float = 0.0,
) -> fmpq:
    """Find a step size in the window 2/(λ₁+λ_p) < η/(1+β) < 2/λ_p of the point at which its own run arrives.

    Args:
        network: The network.
        start: The first weights, shape (n,).
        steps: Steps of each run.
        tell: Called with the number of the try and a word on it.
        beta: The momentum.

    Returns:
        The step size, a decimal of nine digits.

    Raises:
        InputError: If none is found.
    """
    top = ends(network, start)[1] / (1 + beta)
    low, high = 1.6 / top, 2.4 / top
    for attempt in range(_TRIES):
        eta = _decimal((low + high) / 2)
        if tell is not None:
            tell(attempt, f"η = {float(eta):.6g}")
        end = _trained(network, start, float(eta), beta, steps)
        if end is None:
            high = float(eta)
            continue
        lowest, highest = (value / (1 + beta) for value in ends(network, end))
        if float(eta) * highest >= 2:
            high = float(eta)
        elif float(eta) * (lowest + highest) <= 2:
            low = float(eta)
        else:
            return eta
    raise InputError(
        "seed", "leads to no step size whose run ends inside its window; try another --seed or more --max-steps"
    )


def _decimal(value: float) -> fmpq:
    return fmpq(round(value * _DIGITS), _DIGITS)


def _trained(network: Network, start: Floats, rate: float, beta: float, steps: int) -> Floats | None:
    """Return the last weights of a run; None if it diverges, or does not come near zero residuals."""
    x, move = start, np.zeros_like(start)
    for _ in range(steps):
        at = forward(network, x)
        size = float(np.linalg.norm(at.residuals.value))
        if not size < 1e4:
            return None
        if size < 1e-5:
            break
        move = beta * move - rate * gradient(network, x, at, at.residuals).value
        x = x + move
    return x if size < 1e-1 else None
