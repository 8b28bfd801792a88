"""Minimizers and step sizes found by plain float64 arithmetic: nothing here is part of a proof."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import fmpq

from gdcheck.networks.proof.minimum.hessian import hessian
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.place import Minimizer, minimizer, place
from gdcheck.networks.proof.passes import forward
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import Regime

_DIGITS = 10**15
_NEWTON_STEPS = 40


def settled(objective: Objective, x: Floats) -> Floats | None:
    """Go down to a critical point by Newton's method.

    Args:
        objective: The function.
        x: Where to begin, shape (n,).

    Returns:
        The point at which the gradient no longer falls; None if the Hessian is not positive on the way.
    """
    slope = objective.gradient(x, forward(objective.network, x)).value
    for _ in range(_NEWTON_STEPS):
        h = hessian(objective, x, forward(objective.network, x)).value
        if not np.isfinite(h).all():
            return None
        values, vectors = np.linalg.eigh(h)
        if not values[0] > 0:
            return None
        after = x - vectors @ ((vectors.T @ slope) / values)
        there = objective.gradient(after, forward(objective.network, after)).value
        if not np.linalg.norm(there) < 0.5 * np.linalg.norm(slope):
            return x
        x, slope = after, there
    return x


def lowered(objective: Objective, x: Floats, steps: int, tell: Callable[[int, str], None] | None = None) -> Floats:
    """Go down by L-BFGS.

    Args:
        objective: The function.
        x: Where to begin, shape (n,).
        steps: Iterations allowed.
        tell: Called with the iteration and a word on it.

    Returns:
        The last point.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - heavy, and for a search only

    count = 0

    def seen(_: Any) -> None:
        nonlocal count
        count += 1
        if tell is not None:
            tell(count, "going down to the minimum")

    def both(y: Floats) -> tuple[float, Floats]:
        return objective.value(y), objective.gradient(y, forward(objective.network, y)).value

    options = {"maxiter": steps, "maxcor": 50, "ftol": 1e-16, "gtol": 1e-9, "maxfun": 2 * steps}
    return np.asarray(minimize(both, x, jac=True, method="L-BFGS-B", callback=seen, options=options).x)


def minimizer_from(
    objective: Objective, x: Floats, steps: int = 20_000, tell: Callable[[int, str], None] | None = None
) -> Minimizer:
    """Find a strict minimizer from a start, and prove that it is one.

    Args:
        objective: The function.
        x: The start, shape (n,).
        steps: Iterations of L-BFGS allowed.
        tell: Called with the iteration and a word on it.

    Returns:
        The minimizer.

    Raises:
        InputError: If none is found.
    """
    point = settled(objective, lowered(objective, x, steps, tell))
    here = None if point is None else place(objective, point)
    found = None if here is None else minimizer(here)
    if found is None:
        raise InputError(
            "weight_decay",
            "no strict minimum is found from this seed (the Hessian is not proved positive there); "
            "try another --seed or a larger --weight-decay",
        )
    return found


def step_size_for(found: Minimizer, regime: Regime) -> fmpq:
    """Choose a step size in a regime: 0.9 of the boundary, or midway between the boundary and the stability limit.

    Args:
        found: The minimizer.
        regime: Small-step or large-step.

    Returns:
        η for the sum over samples, a decimal.
    """
    values = found.place.values
    low, high = (float(values.lower[i] + values.upper[i]) / 2 for i in (0, -1))
    wanted = 1.8 / (low + high) if regime is Regime.SMALL_STEP else 1 / (low + high) + 1 / high
    return fmpq(round(wanted * _DIGITS), _DIGITS)


def start_near(found: Minimizer, distance: float, seed: int) -> Floats:
    """Return a start at a distance from a minimizer; its offset is the sum of v₁, vₙ and a random unit vector, scaled.

    Args:
        found: The minimizer.
        distance: The distance, approximately.
        seed: The seed.

    Returns:
        The start, shape (n,).
    """
    way = np.random.default_rng(seed).normal(size=len(found.place.point))
    vectors = found.place.values.vectors
    way = way / np.linalg.norm(way) + vectors[:, 0] + vectors[:, -1]
    return found.place.point + distance * way / np.linalg.norm(way)
