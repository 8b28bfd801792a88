"""Prove where a network arrives: enclose its training from the first weights until one iterate decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from flint import fmpq

from gdcheck.networks.proof.arrival import Arrival, arrival
from gdcheck.networks.proof.minimum.hessian import curvature_along
from gdcheck.networks.proof.minimum.losses import SQUARED
from gdcheck.networks.proof.minimum.objective import Objective
from gdcheck.networks.proof.minimum.third import norms_at, third
from gdcheck.networks.proof.network import Network
from gdcheck.networks.proof.rounding import Floats, length, up
from gdcheck.networks.proof.trajectory import Iterate, iterates
from gdcheck.theorem.loss.errors import InputError

_REASONS = {
    "rank": "the Jacobian of the residuals loses rank, or cannot be told from one that does",
    "contraction": "the residuals are not small enough yet for the argument; allow more --max-steps",
    "unstable": "the iterates come near zeros that are unstable at this step size; take a smaller one",
    "limit": "the step size cannot be told from the stability limit 2/λ_p at the point of arrival",
    "boundary": "the step size cannot be told from the boundary 2/(λ₁+λ_p) at the point of arrival",
    "neighbour": "an end of the spectrum cannot be told from its neighbour yet; allow more --max-steps",
    "inequality": "the amplitude is not proved to exceed the tail yet; allow more --max-steps",
    "drift": "rounding has grown to the size of the residuals: float64 does not reach so far here",
    "left": "the enclosure grows without bound: take a smaller step size",
}


@dataclass(frozen=True, eq=False)
class Moment:
    """The numbers and bounds known at one iterate.

    Attributes:
        step: k.
        loss: ½‖u‖² at the float64 point.
        kernel: The largest eigenvalue of K = JJᵀ at x_k, enclosed.
        apart: A bound of the distance from that eigenvalue to the sharpness λ_max(∇²f(x_k)): L‖u‖.
        curved: A lower bound of the sharpness from the curvature along one direction, where it was asked for.
        drift: A bound of the distance from the float64 point to x_k.
        residuals: u at the float64 point, shape (p,).
    """

    step: int
    loss: float
    kernel: tuple[float, float]
    apart: float
    curved: float
    drift: float
    residuals: Floats


@dataclass(frozen=True)
class Counts:
    """Steps by where an eigenvalue lies with respect to 2/η, with proof.

    Attributes:
        above: Surely above.
        below: Surely below.
        undecided: Neither.
        last_above: The last step that is surely above; None if none is.
    """

    above: int
    below: int
    undecided: int
    last_above: int | None


@dataclass(frozen=True, eq=False)
class Proof:
    """The outcome of a run.

    Attributes:
        network: The network.
        step_size: η.
        start: The first weights, shape (n,).
        arrival: The proved limit; None if unresolved.
        reason: What is lacking if unresolved, in one sentence.
        first: The step at which a limit was proved first; None if unresolved.
        moments: The run, thinned to about a thousand iterates and all steps at which 2/η is crossed.
        kernel: How often the largest eigenvalue of K lies above 2/η, up to the step of the proof.
        sharpness: The same for the largest eigenvalue of the Hessian of ½‖u‖².
        runs: Runs of steps (first, last, side) at which the largest eigenvalue of K is surely above (1) or below (−1)
            2/η.
        last: The last float64 point, shape (n,).
    """

    network: Network
    step_size: fmpq
    start: Floats
    arrival: Arrival | None
    reason: str
    first: int | None
    moments: tuple[Moment, ...]
    kernel: Counts
    sharpness: Counts
    runs: tuple[tuple[int, int, int], ...]
    last: Floats

    def sides(self, end: int) -> list[list[int]]:
        """Return the runs up to a step.

        Args:
            end: The last step.

        Returns:
            The runs, cut there.
        """
        return [[first, min(last, end), side] for first, last, side in self.runs if first <= end]


def prove(
    network: Network,
    start: Floats,
    step_size: fmpq,
    *,
    max_steps: int = 50_000,
    accuracy: float = 1e-2,
    tell: Callable[[int, str], None] | None = None,
) -> Proof:
    """Enclose gradient descent on ½‖u‖² and prove its limit of direction.

    After a limit is proved the run goes on until the limit's vector is known to ``accuracy``, or gets no better.

    Args:
        network: The network.
        start: The first weights, taken as exact numbers, shape (n,).
        step_size: η.
        max_steps: Steps allowed.
        accuracy: How well the limit's vector is to be known.
        tell: Called with the step and a word on it.

    Returns:
        The outcome.

    Raises:
        InputError: If the start has another shape, or the step size is not positive.
    """
    if start.shape != (network.parameters,):
        raise InputError("start", f"must hold {network.parameters} weights")
    if not step_size > 0:
        raise InputError("step_size", "must be positive")
    record = _Record(network, step_size)
    best: Arrival | None = None
    first: int | None = None
    lacking, look, last = "left", 0, start
    for iterate in iterates(network, step_size, start):
        record.add(iterate)
        last = iterate.point
        if not iterate.size < 1e30:
            lacking = "left"
            break
        blurred = iterate.size < 4 * iterate.drift * float(iterate.anchor.kernel.upper[-1]) ** 0.5
        if iterate.step >= look or blurred or iterate.step >= max_steps:
            found = arrival(network, step_size, iterate)
            look = iterate.step + 1 + iterate.step // 20
            if tell is not None:
                tell(iterate.step, f"loss {record.moments[-1].loss:.1e}" if record.moments else "")
            if isinstance(found, Arrival):
                first = iterate.step if first is None else first
                worse = best is not None and found.tilt > 0.9 * best.tilt
                best = found if best is None or found.tilt < best.tilt else best
                if best.tilt <= accuracy or worse:
                    break
            elif best is not None:
                break
            else:
                lacking = found
        if blurred or iterate.step >= max_steps:
            lacking = "drift" if blurred else lacking
            break
    reason = "" if best is not None else _REASONS[lacking]
    end = None if best is None else best.step
    return Proof(
        network,
        step_size,
        start,
        best,
        reason,
        first,
        record.thinned(),
        record.counts(end, hessian=False),
        record.counts(end, hessian=True),
        record.runs(),
        last,
    )


class _Record:
    """The moments so far, and where they lie with respect to 2/η."""

    def __init__(self, network: Network, step_size: fmpq) -> None:
        self._loss = Objective(network, SQUARED, fmpq(0))
        two = 2 / step_size
        self.below, self.above = float(two) * (1 - 2.0**-50), float(two) * (1 + 2.0**-50)
        self.moments: list[Moment] = []

    def add(self, iterate: Iterate) -> None:
        anchor = iterate.anchor
        moved = up(anchor.turning * iterate.away)
        low = max(float(anchor.kernel.lower[-1]), 0.0) ** 0.5 * (1 - 2.0**-50) - moved
        high = up(float(anchor.kernel.upper[-1]) ** 0.5 + moved)
        kernel = (max(low, 0.0) ** 2 * (1 - 2.0**-50), up(high * high))
        u = iterate.at.residuals.value.ravel()
        apart = up(anchor.turning * iterate.size)
        curved = -inf
        if kernel[0] > self.above >= kernel[0] - apart:
            # Only there is it worth a pass of its own.
            curved = self._curved(iterate)
        self.moments.append(Moment(iterate.step, length(u) ** 2 / 2, kernel, apart, curved, iterate.drift, u))

    def _curved(self, iterate: Iterate) -> float:
        """Bound the sharpness at x_k from below by the curvature along the kernel's dominant direction."""
        anchor = iterate.anchor
        way = anchor.jacobian.value.T @ anchor.kernel.vectors[:, -1]
        here = curvature_along(self._loss, iterate.point, iterate.at, way)
        norms = norms_at(self._loss, iterate.point, iterate.at)
        return here - up(third(self._loss, norms, iterate.drift) * iterate.drift)

    def side(self, moment: Moment, *, hessian: bool) -> int:
        apart = moment.apart * (1 + 2.0**-50) if hessian else 0.0
        if moment.kernel[0] - apart > self.above or (hessian and moment.curved > self.above):
            return 1
        return -1 if moment.kernel[1] + apart < self.below else 0

    def counts(self, end: int | None, *, hessian: bool) -> Counts:
        sides = [self.side(m, hessian=hessian) for m in self.moments if end is None or m.step <= end]
        above = [k for k, side in enumerate(sides) if side > 0]
        return Counts(len(above), sides.count(-1), sides.count(0), above[-1] if above else None)

    def runs(self) -> tuple[tuple[int, int, int], ...]:
        out: list[tuple[int, int, int]] = []
        for moment in self.moments:
            side = self.side(moment, hessian=False)
            if side and out and out[-1][1:] == (moment.step - 1, side):
                out[-1] = (out[-1][0], moment.step, side)
            elif side:
                out.append((moment.step, moment.step, side))
        return tuple(out)

    def thinned(self, most: int = 1000) -> tuple[Moment, ...]:
        every = max(1, len(self.moments) // most)
        sides = [self.side(m, hessian=False) for m in self.moments]
        return tuple(
            m
            for i, m in enumerate(self.moments)
            if i % every == 0 or i == len(self.moments) - 1 or sides[i] != sides[i - 1]
        )
