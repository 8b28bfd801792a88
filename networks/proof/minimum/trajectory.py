r"""Gradient descent on a network's loss with weight decay, enclosed from its first weights on.

Float64 points :math:`\hat x_k` follow :math:`x_{k+1} = x_k - \eta\nabla f(x_k)` with :math:`\|x_k - \hat x_k\| \le
\varepsilon_k`. The segment between them lies within d of an *anchor* where the Hessian is known, so that its
eigenvalues there are in :math:`[\lambda_1 - Td, \lambda_n + Td]`, and

.. math:: \varepsilon_{k+1} \le \max(1 - \eta(\lambda_1 - Td), \eta(\lambda_n + Td) - 1)\varepsilon_k + \text{rounding}.

Where the loss is convex the error shrinks; where :math:`\lambda_1 < 0` it grows by about the factor :math:`1 +
\eta|\lambda_1|` a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import fmpq

from gdcheck.networks.proof.lipschitz import distance
from gdcheck.networks.proof.minimum.objective import Objective, nearest
from gdcheck.networks.proof.minimum.place import Place, place
from gdcheck.networks.proof.passes import Forward, forward
from gdcheck.networks.proof.rounding import UNIT, Floats, length, up

_SPENT = 0.01
"""How much the logarithm of the error may grow because of the distance from one anchor; then a new one is made."""
_LARGEST = 1e30
"""The largest weights and errors with which the enclosure goes on."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """A place with a ball on which its bounds are used.

    Attributes:
        place: The place.
        radius: The ball's radius.
        third: T on the ball.
    """

    place: Place
    radius: float
    third: float


@dataclass(frozen=True, eq=False)
class Iterate:
    """An enclosed iterate.

    Attributes:
        step: k.
        point: The float64 point, shape (n,).
        drift: A bound of its distance from x_k.
        at: The forward pass at the point.
        slope: The gradient's norm at the point, approximately.
        top: The Hessian's largest eigenvalue at x_k, enclosed.
        anchor: The anchor used.
    """

    step: int
    point: Floats
    drift: float
    at: Forward
    slope: float
    top: tuple[float, float]
    anchor: Anchor


def anchored(objective: Objective, eta: float, x: Floats) -> Anchor | None:
    """Bound the Hessian around a point, and choose the ball on which its bounds are used.

    Args:
        objective: The function.
        eta: The step size.
        x: The point, shape (n,).

    Returns:
        The anchor; None if the numbers are not finite.
    """
    here = place(objective, x)
    if here is None:
        return None
    radius = 0.25 / (eta * max(here.third(0.0), 2.0**-100))
    while radius > 2.0**-60 and here.third(radius) > 1.25 * here.third(0.0):
        radius /= 2
    return Anchor(here, radius, here.third(radius))


def iterates(objective: Objective, step_size: fmpq, start: Floats) -> Iterator[Iterate]:
    """Enclose x₀, x₁, …, until the numbers are not finite.

    Args:
        objective: The function.
        step_size: η, for the sum over samples.
        start: The first weights, exact, shape (n,).

    Yields:
        The iterates.
    """
    rate, off = nearest(step_size)
    most = up(rate + off)
    x, drift, step, spent = start, 0.0, 0, 0.0
    anchor: Anchor | None = None
    away = 0.0
    while drift < _LARGEST and length(x) < _LARGEST:
        if anchor is not None:
            away = up(distance(x, anchor.place.point) + drift)
        if anchor is None or not away <= anchor.radius or spent + most * anchor.third * away > _SPENT:
            anchor = anchored(objective, rate, x)
            away, spent = drift, 0.0
            if anchor is None or not away <= anchor.radius:
                return
        at = forward(objective.network, x)
        slope = objective.gradient(x, at)
        values = anchor.place.values
        turned = up(anchor.third * away)
        spent += most * turned
        low, high = float(values.lower[0]) - turned, up(max(float(values.upper[-1]), 0.0) + turned)
        size = length(slope.value)
        top = (float(values.lower[-1]) - turned) * (1 - 2.0**-50)
        yield Iterate(step, x, drift, at, size, (top, high), anchor)
        # 1 − ηλ from below and ηλ − 1 from above; each is off by a few roundings of numbers near 1.
        least = rate * (1 - 2.0**-50) if low > 0 else most
        growth = max(1 - least * low, most * high - 1, 0.0) + 2.0**-50 * (1 + most * (abs(low) + high))
        after = x - rate * slope.value
        rounding = most * slope.error + (off + UNIT * rate) * size + UNIT * length(after)
        drift = up(growth * drift + rounding)
        x, step = after, step + 1
