r"""Gradient descent on a network's squared residuals, enclosed from its first weights on.

The exact trajectory :math:`x_{k+1} = x_k - \eta J^Tu` is followed by float64 points :math:`\hat x_k`, with
:math:`\|x_k - \hat x_k\| \le \varepsilon_k`. On the ball of radius :math:`\varepsilon_k`, where :math:`\|J\| \le
\sigma` and L is a Lipschitz constant of J, the derivative of the map, :math:`I - \eta J^TJ - \eta\sum
u_i\nabla^2F_i`, has at most the norm :math:`\max(1, |1 - \eta\sigma^2|) + \eta L\|u\|`; so

.. math:: \varepsilon_{k+1} \le (\max(1, |1 - \eta\sigma^2|) + \eta L\|u\|)\varepsilon_k + \text{rounding of the step}.

σ and L are bounded once for a ball around an *anchor*, and again when the points leave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import arb, ctx, fmpq

from gdcheck.networks.proof.lipschitz import LayerNorms, distance, layer_norms, lipschitz
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.passes import Forward, forward, gradient, jacobian
from gdcheck.networks.proof.rounding import UNIT, Floats, Near, gamma, length, up
from gdcheck.networks.proof.spectrum import Eigenvalues, eigenvalues

_ROUND = 2.0**-12
"""The most that the size of an anchor's ball may add to the factor by which a step stretches errors."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """A point with bounds that hold on a ball around it.

    Attributes:
        point: The point, shape (n,).
        norms: Its layers' norms.
        kernel: The eigenvalues of K = JJᵀ there.
        jacobian: J there, shape (p, n).
        radius: The ball's radius.
        turning: L on the ball.
        stretch: max(1, |1 − ησ²|) on the ball.
    """

    point: Floats
    norms: tuple[LayerNorms, ...]
    kernel: Eigenvalues
    jacobian: Near
    radius: float
    turning: float
    stretch: float

    @property
    def spectral(self) -> list[float]:
        """Bounds of the spectral norms of the layers' weights on the ball."""
        return [up(n.weights + self.radius) for n in self.norms]


@dataclass(frozen=True, eq=False)
class Iterate:
    """An enclosed iterate.

    Attributes:
        step: k.
        point: The float64 point, shape (n,).
        drift: A bound of its distance from x_k.
        at: The forward pass at the point.
        size: A bound of ‖u‖ over the ball of the drift.
        anchor: The anchor whose ball holds that ball.
        away: A bound of the distance from the anchor to x_k.
    """

    step: int
    point: Floats
    drift: float
    at: Forward
    size: float
    anchor: Anchor
    away: float


def kernel(jac: Near) -> Near:
    """Return JJᵀ.

    Args:
        jac: J, shape (p, n).

    Returns:
        K, shape (p, p).
    """
    of_j = up(length(jac.value) + jac.error)
    rounding = gamma(jac.value.shape[1] + 1) * max(of_j * of_j, 2.0**-450)
    return Near(jac.value @ jac.value.T, up(2 * of_j * jac.error + rounding))


def anchored(network: Network, eta: fmpq, x: Floats, at: Forward) -> Anchor | None:
    """Bound what a step needs on a ball around a point.

    Args:
        network: The network.
        eta: The step size.
        x: The point, shape (n,).
        at: The forward pass there.

    Returns:
        The anchor; None if the numbers are not finite.
    """
    jac = jacobian(network, x, at)
    values = eigenvalues(kernel(jac))
    if values is None:
        return None
    norms = layer_norms(network, x, at)
    sigma = up(max(float(values.upper[-1]), 0.0) ** 0.5)
    radius = sigma / (8 * max(lipschitz(network, norms, 0.0), 2.0**-100))
    least = _stretch(eta, sigma)
    while True:
        turning = lipschitz(network, norms, radius)
        stretch = _stretch(eta, up(sigma + turning * radius))
        if stretch <= least + _ROUND or radius < 2.0**-60:
            return Anchor(x, norms, values, jac, radius, turning, stretch)
        radius /= 2


def _stretch(eta: fmpq, sigma: float) -> float:
    top = abs(1 - arb(eta) * arb(sigma) ** 2).upper()
    return max(1.0, up(float(top)))


def iterates(network: Network, eta: fmpq, start: Floats) -> Iterator[Iterate]:
    """Enclose x₀, x₁, …, until the numbers are not finite.

    Args:
        network: The network.
        eta: The step size.
        start: The first weights, exact, shape (n,).

    Yields:
        The iterates.
    """
    rate = float(eta)
    with ctx.workprec(512):
        off = up(float(abs(arb(eta) - arb(rate)).upper()))
    x, drift, step = start, 0.0, 0
    anchor: Anchor | None = None
    while True:
        away = float("inf") if anchor is None else up(distance(x, anchor.point) + drift)
        if anchor is None or not away <= anchor.radius:
            anchor = anchored(network, eta, x, forward(network, x))
            if anchor is None or not drift < anchor.radius:
                return
            away = drift
        at = forward(network, x, anchor.spectral)
        sigma = anchor.kernel.upper[-1] ** 0.5 + anchor.turning * anchor.radius
        size = up(length(at.residuals.value) + at.residuals.error + float(sigma) * drift)
        yield Iterate(step, x, drift, at, size, anchor, away)
        pull = gradient(network, x, at, at.residuals)
        move = rate * pull.value
        after = x - move
        # The computed step differs from −η∇f by the gradient's error, by η − rate, and by two roundings.
        most = up(rate + off)
        rounding = up(most * pull.error + (off + UNIT * rate) * length(pull.value) + UNIT * length(after))
        drift = up((anchor.stretch + most * anchor.turning * size) * drift + rounding)
        x, step = after, step + 1
