"""A point of the loss with its Hessian's spectrum and what bounds the Hessian around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdcheck.networks.proof.minimum.hessian import hessian
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.precise import gradient_norm
from gdcheck.networks.proof.minimum.third import Norms, norms_at, third
from gdcheck.networks.proof.passes import forward
from gdcheck.networks.proof.rounding import Floats, Near, up
from gdcheck.networks.proof.spectrum import Eigenvalues, eigenvalues


@dataclass(frozen=True, eq=False)
class Place:
    """A point with the Hessian there and bounds around it.

    Attributes:
        objective: The function.
        point: The point, shape (n,).
        hessian: The Hessian there, shape (n, n).
        values: The Hessian's eigenvalues.
        norms: The norms that bound the third derivative around the point.
    """

    objective: Objective
    point: Floats
    hessian: Near
    values: Eigenvalues
    norms: Norms

    def third(self, radius: float) -> float:
        """Bound the Lipschitz constant T of the Hessian on the ball of that radius."""
        return third(self.objective, self.norms, radius)


def place(objective: Objective, x: Floats) -> Place | None:
    """Enclose the Hessian and its spectrum at a point.

    Args:
        objective: The function.
        x: The point, shape (n,).

    Returns:
        The place; None if the numbers are not finite.
    """
    if not np.isfinite(x).all():
        return None
    at = forward(objective.network, x)
    found = hessian(objective, x, at)
    values = eigenvalues(found)
    return None if values is None else Place(objective, x, found, values, norms_at(objective, x, at))


@dataclass(frozen=True, eq=False)
class Minimizer:
    r"""A strict minimizer, proved to exist near a point and to be the only critical point in a ball.

    On the ball of radius R the smallest eigenvalue is at least :math:`m = \lambda_1 - TR > 0`. Where :math:`g =
    \|\nabla f\|` at the centre is below mR, f rises across the sphere, so a minimizer lies inside; f is m-strongly
    convex there, so it is the only critical point, and within g/m of the centre.

    Attributes:
        place: The centre.
        radius: R.
        convexity: m.
        distance: g/m.
    """

    place: Place
    radius: float
    convexity: float
    distance: float


def minimizer(around: Place) -> Minimizer | None:
    """Prove that a strict minimizer lies near a place.

    Args:
        around: The place.

    Returns:
        The minimizer; None if the argument does not hold.
    """
    lowest = float(around.values.lower[0])
    if not lowest > 0:
        return None
    size = gradient_norm(around.objective, around.point)
    radius = lowest / (4 * max(around.third(0.0), 2.0**-100))
    for _ in range(60):
        convexity = (lowest - up(around.third(radius) * radius)) * (1 - 2.0**-50)
        if convexity > lowest / 2:
            near = size < convexity * radius / 2
            return Minimizer(around, radius, convexity, up(size / convexity)) if near else None
        radius /= 2
    return None
