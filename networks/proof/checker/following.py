r"""The exact trajectory, enclosed again: claims N2, N3 and N11 of docs/certificate.md.

Points are pairs of floats. Where :math:`x_k` is within d of the pair, :math:`x_{k+1}` is within :math:`(\max(1,
|1 - \eta\sigma^2|) + \eta L\|u\|)d` plus the rounding error of the pair's step, if :math:`\|J\| \le \sigma` and
L is a Lipschitz constant of J on a ball that contains both the iterate and the pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf, sqrt

from gdcheck.networks.proof.checker.bounds import Ends, ends, norms, turning
from gdcheck.networks.proof.checker.document import Stated
from gdcheck.networks.proof.checker.passes import Network, Pass, forward, gradient, jacobian
from gdcheck.networks.proof.checker.wide import Array, Wide, above, plus, scaled, size


@dataclass(frozen=True, eq=False)
class Station:
    """Bounds on a ball around a point.

    Attributes:
        point: The point, shape (n,).
        kernel: The ends of K's spectrum at the point.
        radius: The ball's radius.
        lipschitz: L on the ball.
        sigma: A bound of ‖J‖ on the ball.
    """

    point: Wide
    kernel: Ends
    radius: float
    lipschitz: float
    sigma: float


@dataclass(frozen=True, eq=False)
class Here:
    """An iterate: its step, the pair, a bound d of its distance to x_k, the forward pass there, r ≥ ‖u(x_k)‖."""

    step: int
    point: Wide
    drift: float
    at: Pass
    residual: float


def gram(j: Array, error: float) -> tuple[Array, float]:
    """Return JJᵀ in float64, exactly symmetric, and a bound of its distance from that of the exact J.

    The mean of a matrix and its transpose is no further from a symmetric one than the matrix itself, but for one
    rounding. Cholesky's factorization reads one triangle only, and so must not depend on which.
    """
    length = size(j)
    k = j @ j.T
    rounding = (j.shape[1] + 6) * 2.0**-53 * length * length
    return (k + k.T) / 2, above((2 * length + error) * error + rounding)


def station(network: Network, eta: Fraction, point: Wide) -> Station | None:
    """Find a ball around a point and bounds on it; None if the spectrum at the point cannot be enclosed."""
    weights = network.weights(point)
    at = forward(network, weights)
    kernel = ends(*gram(*jacobian(network, weights, at)))
    if kernel is None:
        return None
    found = norms(network, weights, at.patches)
    top = above(sqrt(max(kernel.highest[1], 0.0)))
    least = stretch(eta, top)
    radius = top / (8 * turning(network, found, 0.0) + 2.0**-60)
    while True:
        steep = turning(network, found, radius)
        sigma = above(top + steep * radius)
        if stretch(eta, sigma) <= least + 2.0**-12 or radius < 2.0**-50:
            return Station(point, kernel, radius, steep, sigma)
        radius /= 2


def stretch(eta: Fraction, sigma: float) -> float:
    """Bound max(1, |1 − ησ²|)."""
    exact = max(Fraction(1), abs(1 - eta * Fraction(sigma) ** 2)) if sigma < inf else Fraction(2) ** 600
    return above(float(exact))


def apart(a: Wide, b: Wide) -> float:
    """Bound the distance of two points."""
    return above(size(a.high - b.high) * (1 + 2.0**-50) + size(a.low) + size(b.low))


def follow(network: Network, stated: Stated) -> Iterator[tuple[Here, Station, float]]:
    """Enclose x₀, x₁, …, with the station of each and its distance from there; end where no station has bounds.

    Claim N2 (trajectory).
    """
    eta = stated.step_size
    high = float(eta)
    parts = (high, float(eta - Fraction(high)))
    point, drift, step = Wide.exact(stated.start), 0.0, 0
    base: Station | None = None
    while True:
        away = inf if base is None else above(apart(point, base.point) + drift)
        if base is None or not away <= base.radius:
            base = station(network, eta, point)
            if base is None or not drift <= base.radius:
                return
            away = drift
        weights = network.weights(point)
        at = forward(network, weights)
        residual = above(at.residuals.size + base.sigma * drift)
        yield Here(step, point, drift, at, residual), base, away
        move = scaled(gradient(network, weights, at, at.residuals), parts, 2.0**-100 * high)
        after = plus(point, move, -1.0)
        growth = above(stretch(eta, base.sigma) + above(high) * base.lipschitz * residual)
        drift = above(growth * drift + after.error)
        point, step = Wide(after.high, after.low, 0.0), step + 1


def on_side(here: Here, base: Station, away: float, eta: Fraction, side: int) -> bool:
    """Whether the largest eigenvalue of JJᵀ at x_k surely lies above (1) or below (−1) 2/η.

    Claim N11 (sides).
    """
    move = above(base.lipschitz * away)
    if side > 0:
        low = sqrt(max(base.kernel.highest[0], 0.0)) * (1 - 2.0**-50) - move
        return low > 0 and Fraction(low) ** 2 * eta > 2
    high = above(sqrt(max(base.kernel.highest[1], 0.0)) + move)
    return Fraction(high) ** 2 * eta < 2


def near(point: Wide, late: Array) -> float:
    """Bound the distance of a pair from a float64 point.

    Claim N3 (late).
    """
    return above(size(point.high - late) * (1 + 2.0**-50) + size(point.low))
