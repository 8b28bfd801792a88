"""Prove at which strict minimum a network's run arrives, and along which direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from gdcheck.networks.proof.lipschitz import distance
from gdcheck.networks.proof.minimum.arrival import Arrival, arrival
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.place import Minimizer, minimizer, place
from gdcheck.networks.proof.minimum.search import settled
from gdcheck.networks.proof.minimum.trajectory import Iterate, iterates
from gdcheck.networks.proof.rounding import Floats
from gdcheck.theorem.loss.errors import InputError

_MOST_MOMENTS = 2000
_ROOM = 2.0
"""The factor by which the amplitude exceeds the tail in a certificate: the checker bounds it less sharply."""
_REASONS = {
    "far": "no strict minimum is proved near the iterates yet; allow more --max-steps",
    "unstable": "the iterates come near a minimum that is unstable at this step size; take a smaller one",
    "limit": "the step size cannot be told from the stability limit 2/λₙ at the minimum",
    "boundary": "the step size cannot be told from the boundary 2/(λ₁+λₙ) at the minimum",
    "neighbour": "an end of the spectrum cannot be told from its neighbour (equal neurons repeat eigenvalues); "
    "take another seed, fewer neurons or less weight decay",
    "inequality": "the amplitude is not proved to exceed the tail yet; allow more --max-steps",
    "drift": "rounding has grown to the size of the distance from the minimum: float64 does not reach so far here",
    "left": "the enclosure grows without bound: take a smaller step size or fewer weights, or start nearer",
}


@dataclass(frozen=True, eq=False)
class Moment:
    """The numbers and bounds known at one iterate.

    Attributes:
        step: k.
        slope: The gradient's norm at the float64 point.
        top: The Hessian's largest eigenvalue at x_k, enclosed; of the sum over samples.
        drift: A bound of the distance from the float64 point to x_k.
        point: The float64 point, shape (n,).
    """

    step: int
    slope: float
    top: tuple[float, float]
    drift: float
    point: Floats


@dataclass(frozen=True, eq=False)
class Proof:
    """The outcome of a run.

    Attributes:
        objective: The function descended, a sum over samples.
        step_size: η for that sum.
        start: The first weights, shape (n,).
        arrival: The proved limit; None if unresolved.
        first: The step at which a limit was proved first; None if unresolved.
        reason: What is lacking if unresolved, in one sentence.
        moments: The run, thinned to at most two thousand iterates, and its last one.
        sides: How many steps have a sharpness surely above 2/η, surely below it, and neither.
        anchors: At how many points the Hessian was computed.
    """

    objective: Objective
    step_size: fmpq
    start: Floats
    arrival: Arrival | None
    first: int | None
    reason: str
    moments: tuple[Moment, ...]
    sides: tuple[int, int, int]
    anchors: int


def prove_minimum(
    objective: Objective,
    start: Floats,
    step_size: fmpq,
    *,
    max_steps: int = 50_000,
    known: Minimizer | None = None,
    tell: Callable[[int, str], None] | None = None,
) -> Proof:
    """Enclose gradient descent with weight decay and prove its limit of direction at a strict minimum.

    After a limit is proved the run goes on until the amplitude is twice the tail, or the bounds get no better.

    Args:
        objective: The function, a sum over samples.
        start: The first weights, taken as exact numbers, shape (n,).
        step_size: η for that sum: the mean's over the number of samples.
        max_steps: Steps allowed.
        known: The minimizer, where it is known; else it is sought from the iterates.
        tell: Called with the step and a word on it.

    Returns:
        The outcome.

    Raises:
        InputError: If the start has another shape, or step size or weight decay is not positive.
    """
    if not objective.decay > 0:
        raise InputError("weight_decay", "must be positive for a strict minimum")
    if start.shape != (objective.network.parameters,):
        raise InputError("start", f"must hold {objective.network.parameters} weights")
    if not step_size > 0:
        raise InputError("step_size", "must be positive")
    run = _Run(step_size)
    anchors, anchor = 0, None
    lacking, look = "left", 0
    end: Arrival | None = None
    first: int | None = None
    for iterate in iterates(objective, step_size, start):
        if anchor is not iterate.anchor:
            anchors, anchor = anchors + 1, iterate.anchor
        run.add(Moment(iterate.step, iterate.slope, iterate.top, iterate.drift, iterate.point))
        last = iterate.step >= max_steps
        if iterate.step >= look or last:
            look = iterate.step + 1 + iterate.step // 20
            if tell is not None:
                tell(iterate.step, f"‖∇f‖ {iterate.slope:.1e}")
            known = known if known is not None else _sought(objective, iterate)
            found = "far" if known is None else arrival(step_size, iterate, known)
            if isinstance(found, Arrival):
                first = iterate.step if first is None else first
                end = found
                if found.amplitude > _ROOM * found.tail or last:
                    break
                continue
            if end is not None:
                break
            lacking = found
            if known is not None and distance(iterate.point, known.place.point) < 4 * iterate.drift:
                lacking = "drift"
                break
            if found in {"unstable", "neighbour", "limit", "boundary"} or last:
                break
    else:
        # The enclosure ended before the steps did.
        lacking = "left"
    reason = "" if end is not None else _REASONS[lacking]
    return Proof(objective, step_size, start, end, first, reason, run.kept(), run.sides, anchors)


class _Run:
    """The run so far: where the sharpness lies at every step, and moments that grow sparser as it grows longer."""

    def __init__(self, step_size: fmpq) -> None:
        two = 2 / float(step_size)
        self._below, self._above = two * (1 - 2.0**-50), two * (1 + 2.0**-50)
        self._moments: list[Moment] = []
        self._last: Moment | None = None
        self._every = 1
        self.sides = (0, 0, 0)

    def add(self, moment: Moment) -> None:
        above, below = moment.top[0] > self._above, moment.top[1] < self._below
        a, b, c = self.sides
        self.sides = (a + above, b + below, c + (not above and not below))
        self._last = moment
        if moment.step % self._every == 0:
            self._moments.append(moment)
        if len(self._moments) > _MOST_MOMENTS:
            self._moments, self._every = self._moments[::2], 2 * self._every

    def kept(self) -> tuple[Moment, ...]:
        """Return the moments, the last one among them."""
        return tuple(m for m in self._moments if m is not self._last) + (() if self._last is None else (self._last,))


def _sought(objective: Objective, iterate: Iterate) -> Minimizer | None:
    """Look for the minimizer near an iterate at which the loss is strictly convex."""
    lowest = float(iterate.anchor.place.values.lower[0])
    # Newton's method is worth its Hessians once its first step is short.
    if not lowest > 0 or iterate.slope > 0.3 * lowest * (1 + float(np.linalg.norm(iterate.point))):
        return None
    point = settled(objective, iterate.point)
    here = None if point is None else place(objective, point)
    return None if here is None else minimizer(here)
