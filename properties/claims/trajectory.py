"""A trajectory in exact eigen-coordinates, enclosed, and bounds of all later iterates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flint import arb, arb_mat, fmpq

from gdcheck.properties.claims.examination import require
from gdcheck.properties.claims.undecided import CLAIM_STEPS
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import at_most, exact, norm, surely_less
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.sharpness.envelope import convolution

ROUGHEST = arb(2) ** -20
"""The relative accuracy to which an iterate must be known."""


@dataclass(frozen=True)
class EnclosedIterate:
    """An iterate in exact eigen-coordinates, enclosed.

    Attributes:
        step: k.
        point: The exact centre of the enclosure, shape (n,).
        error: A bound of the distance of h_k from it.
        y: Qᵀh_k, shape (n,).
        along: |y_d|.
        across: ‖y_⊥‖.
        length: ‖h_k‖.
    """

    step: int
    point: Vector
    error: arb
    y: tuple[arb, ...]
    along: arb
    across: arb
    length: arb

    def __post_init__(self) -> None:
        """Refuse an iterate that is known only roughly: it decides nothing."""
        widest = max(arb(x.rad()) for x in (*self.y, self.along, self.across, self.length))
        require(at_most(widest, ROUGHEST * self.length) or None, "an iterate is known to six digits")


def remainder_bound(instance: Instance) -> RemainderBound:
    """Return the bounds of Lemma 1 for a problem, at the current precision."""
    return RemainderBound.of(Expansion.of(instance.problem))


def walk(instance: Instance, first: int, most: int) -> Iterator[EnclosedIterate]:
    """Enclose a stretch of a trajectory in the prescribed eigen-coordinates.

    The precision must stay the same while the iterator is used.

    Args:
        instance: The problem.
        first: The step to begin with.
        most: How many iterates.

    Yields:
        The iterates; fewer if the enclosures grow beyond all bounds, or shrink to no more than their error.
    """
    expansion = Expansion.of(instance.problem)
    rotated = arb_mat(instance.rotation.transpose())
    for h in islice(enclose(expansion, RemainderBound.of(expansion), arb(instance.rho)), first + most):
        if not surely_less(h.radius, arb(2) ** 64):
            return
        if h.step < first:
            continue
        if not at_most(4 * h.error, ROUGHEST * h.size):
            # So near to the minimizer that the enclosure holds it.
            return
        centre = (rotated * arb_mat(len(h.centre), 1, h.centre)).entries()
        spread = h.error.union(-h.error)
        along = centre.pop(instance.index)
        yield EnclosedIterate(
            step=h.step,
            point=tuple(exact(x) for x in h.centre),
            error=h.error,
            y=tuple(x + spread for x in (*centre[: instance.index], along, *centre[instance.index :])),
            along=(abs(along) + spread).nonnegative_part(),
            across=(norm(centre) + spread).nonnegative_part(),
            length=(h.size + spread).nonnegative_part(),
        )


@dataclass(frozen=True)
class TrajectoryBounds:
    r"""Bounds of the whole trajectory from one enclosed iterate on (docs/theory.md, section 3).

    They are derived again from the iterate, and share with the certificate only the constant C of Lemma 1. With P from
    there, :math:`\|y_{\perp,j}\| \le b^j p_0 + C P^2 r^2 \sum_{i<j} b^{j-1-i}\rho^{2i}` and
    :math:`|y_{d,j}| \ge \rho^j(|\zeta| - \rho^j\,\mathrm{tail})` with :math:`|\zeta| \ge \mathrm{amplitude} -
    \mathrm{tail}`, j counted from that step.

    Attributes:
        rho: ρ.
        b: The largest multiplier modulus but the dominant one.
        push: C P² r².
        tail: C P² r²/(ρ(1 − ρ)), an upper bound.
        amplitude: |y_d|, a lower bound.
        free: p₀ = ‖y_⊥‖, an upper bound.
    """

    rho: arb
    b: arb
    push: arb
    tail: arb
    amplitude: arb
    free: arb

    @classmethod
    def at(cls, iterate: EnclosedIterate, instance: Instance, bound: RemainderBound) -> TrajectoryBounds | None:
        """Return the bounds from one iterate on; None where the certificate's conditions do not hold yet."""
        rho, b, radius = arb(instance.rho), arb(second_modulus(instance)), iterate.length.upper()
        c = bound.quadratic(radius).upper()
        sigma = rho + c * radius
        if not surely_less(sigma, arb(1)):
            return None
        x = c * radius / (rho * (1 - sigma))
        if not surely_less(x, arb(1)):
            return None
        push = c * ((1 + x + x * x).upper() * radius) ** 2
        tail = (push / (rho * (1 - rho))).upper()
        return cls(rho, b, push, tail, iterate.along.lower(), iterate.across.upper())

    def settled(self) -> bool:
        """Whether the amplitude is so far above the tail that the bounds are useful at every later step."""
        return surely_less(8 * self.tail, self.amplitude)

    def across(self, j: int) -> arb:
        """Return an upper bound of ‖y_⊥,j‖."""
        return self.free * self.b**j + self.push * convolution(self.b, self.rho * self.rho, j)

    def along(self, j: int) -> arb:
        """Return a lower bound of |y_d,j|."""
        return self.rho**j * (self.amplitude - self.tail - self.rho**j * self.tail)


def second_modulus(instance: Instance) -> fmpq:
    """Return the second multiplier modulus b = max_{i≠d} |μ_i|, exact."""
    return max(abs(m) for i, m in enumerate(instance.multipliers) if i != instance.index)


def settled_walk(
    instance: Instance, decision: Decision, count: int
) -> tuple[list[EnclosedIterate], TrajectoryBounds] | None:
    """Enclose a stretch of the certified trajectory, beginning where its bounds are useful.

    Args:
        instance: The problem.
        decision: A decision with a certificate.
        count: How many iterates.

    Returns:
        The iterates, and the bounds from the first of them on; None if no such step was found.
    """
    assert decision.amplitude is not None
    bound = remainder_bound(instance)
    stretch = walk(instance, decision.amplitude.step, CLAIM_STEPS)
    for iterate in stretch:
        bounds = TrajectoryBounds.at(iterate, instance, bound)
        if bounds is not None and bounds.settled():
            return [iterate, *islice(stretch, count - 1)], bounds
    return None
