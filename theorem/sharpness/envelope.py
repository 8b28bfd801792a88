r"""Bounds of a certified trajectory at every later step: its size, and its distance from its limit line.

Let u be the limit direction, :math:`h_k = y_k u + h_k^\perp`, :math:`a_k = |y_k|`, :math:`t_k = \|h_k^\perp\|/a_k`, and
:math:`\|g\| \le C r^2` on the ball of radius r. Beside the modulus ρ of the dominant multiplier, b is the largest other
one on the space of the trajectory.

*Far ahead, without a step.* From the certificate's step on, j steps later (docs/certificate.md),
:math:`\|h_j\| \le P\rho^j r`, :math:`\rho^j(\alpha - (1+\rho^j)T) \le a_j \le \rho^j(\alpha + (1+\rho^j)T)` with the
amplitude α and the tail T, and :math:`\|h_j^\perp\| \le b^j s_0 + C P^2 r^2 \sum_{i<j} b^{j-1-i}\rho^{2i}`.

*At all later steps.* If :math:`t_k \le \tau`, :math:`a_k \le a` and, with C on the ball of radius
:math:`a\sqrt{1+\tau^2}` and :math:`\kappa = C a (1+\tau^2)`,

.. math:: \kappa(1+\tau) \le \tau(\rho-b), \qquad \rho + \kappa < 1, \qquad \kappa < \rho,

then :math:`t_{k+1} \le (b\tau+\kappa)/(\rho-\kappa) \le \tau` and :math:`a_{k+1} \le (\rho+\kappa)a_k`; so the same
holds at every later step, y keeps its sign pattern, and :math:`\rho-\kappa \le a_{k+1}/a_k \le \rho+\kappa`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flint import arb

from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.decision.every_start import QuadraticBound
from gdcheck.theorem.limit.result import Cone as KeptCone
from gdcheck.theorem.limit.result import Inequality
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import End

Result = TypeVar("Result")

FARTHEST = 2**128
"""Steps beyond which no proof is sought."""


@dataclass(frozen=True)
class Cone:
    r"""The trajectory from one step on: :math:`t \le \tau` and :math:`a \le` ``along`` at all later steps.

    Attributes:
        step: The step.
        along: a, an upper bound.
        least: A lower bound of a at that step.
        ratio: τ.
        radius: A bound of ‖h‖.
        quadratic: C on that ball.
        grows: ρ + κ, a bound of :math:`a_{k+1}/a_k`.
        shrinks: ρ − κ, a lower bound of it.
    """

    step: int
    along: arb
    least: arb
    ratio: arb
    radius: arb
    quadratic: arb
    grows: arb
    shrinks: arb


@dataclass(frozen=True)
class Envelope:
    """The bounds of a certified trajectory along one simple dominant direction, at the certificate's precision.

    Attributes:
        step: The certificate's step.
        alternating: Whether the dominant multiplier is negative.
        rho: ρ.
        b: The largest other multiplier modulus on the trajectory's space; None if it is a line.
        numbers: The certificate's inequality.
        bound: The remainder's bound.
    """

    step: int
    alternating: bool
    rho: arb
    b: arb | None
    numbers: Inequality
    bound: QuadraticBound

    @classmethod
    def of(cls, decision: Decision, bound: QuadraticBound) -> Envelope | None:
        """Return the envelope of a decision; None unless it has one certified simple direction.

        Args:
            decision: The decision.
            bound: The remainder's bound at the decision's precision, which must be the current one.

        Returns:
            The envelope.
        """
        if decision.amplitude is None or decision.restricted is None or len(decision.blocks) != 1:
            return None
        block, eta = decision.blocks[0], decision.problem.step_size
        if block.eigenvalue.multiplicity != 1:
            return None
        dominant = decision.restricted.index(block.end)
        others = [
            abs(1 - eta * e.ball()).upper() for i, e in enumerate(decision.restricted.eigenvalues) if i != dominant
        ]
        numbers = decision.amplitude.inequality
        if isinstance(numbers, KeptCone):
            return None
        return cls(
            step=decision.amplitude.step,
            alternating=block.end is End.HIGHEST,
            rho=numbers.rho,
            b=max(others) if others else None,
            numbers=numbers,
            bound=bound,
        )

    def cone(self, j: int) -> Cone | None:
        """Return the cone j steps after the certificate, if the inequalities hold there."""
        n, rho, b = self.numbers, self.rho, self.b
        amplitude, power = n.amplitudes[0], rho**j
        spread = (1 + power) * n.tail
        low = power * (amplitude - spread).lower()
        if not surely_less(arb(0), low):
            return None
        along = (power * (amplitude + spread)).upper()
        if b is None:
            return self._kept(j, along, low, arb(0))
        push = n.C * (n.P * n.radius) ** 2
        free = (n.radius**2 - amplitude**2).nonnegative_part().sqrt().upper()
        across = b**j * free + push * convolution(b, rho * rho, j)
        return self._kept(j, along, low, (across / low).upper())

    def _kept(self, j: int, along: arb, low: arb, ratio: arb) -> Cone | None:
        """Return the cone of a step at which a ≤ along and t ≤ ratio, if it is kept from there on."""
        rho, b = self.rho, self.b
        if not ratio.is_finite():
            return None
        if b is not None:
            quadratic = self.bound.quadratic(along * (1 + ratio))
            # With this τ ≤ 1/2 the cone is kept, since (1 + τ²)(1 + τ) ≤ 2.
            ratio = ratio.max(2 * quadratic * along / (rho - b)).upper()
            if not ratio.is_finite():
                return None
        wide = 1 + ratio * ratio
        radius = along * wide.sqrt()
        quadratic = self.bound.quadratic(radius)
        kappa = quadratic * along * wide
        if b is not None and not kappa * (1 + ratio) <= ratio * (rho - b):
            return None
        if not (surely_less(rho + kappa, arb(1)) and surely_less(kappa, rho)):
            return None
        grows, shrinks = (rho + kappa).upper(), (rho - kappa).lower()
        return Cone(self.step + j, along, low, ratio, radius.upper(), quadratic, grows, shrinks)

    def first(self, test: Callable[[Cone], Result | None]) -> Result | None:
        """Return a step from which a test on the cone succeeds.

        Args:
            test: Proves something for all steps from the cone's on, or returns None.

        Returns:
            What the test returned; None if there is no such step within reach.
        """
        found = first_success(lambda j: self._tried(j, test))
        return None if found is None else found[1]

    def first_ball(self, test: Callable[[arb], bool]) -> int | None:
        """Return a step from which a test of the ball that holds all later iterates succeeds.

        Args:
            test: A test of the ball's radius.

        Returns:
            The step; None if there is none within reach.
        """
        n = self.numbers
        found = first_success(lambda j: True if test((n.P * n.radius * self.rho**j).upper()) else None)
        return None if found is None else self.step + found[0]

    def _tried(self, j: int, test: Callable[[Cone], Result | None]) -> Result | None:
        cone = self.cone(j)
        return None if cone is None else test(cone)


def first_success(attempt: Callable[[int], Result | None]) -> tuple[int, Result] | None:
    """Return the first step found at which an attempt succeeds: by doubling, then by bisection to within an eighth.

    Args:
        attempt: Tries a step, 0 or later; returns None if it fails.

    Returns:
        The step, and what the attempt returned; None if all fail up to ``FARTHEST``.
    """
    low, high, found = -1, 0, attempt(0)
    while found is None:
        low, high = high, 2 * high or 1
        if high > FARTHEST:
            return None
        found = attempt(high)
    while high - low > 1 + max(low, 0) // 8:
        middle = (low + high) // 2
        here = attempt(middle)
        if here is None:
            low = middle
        else:
            high, found = middle, here
    return high, found


def convolution(x: arb, y: arb, j: int) -> arb:
    """Return an upper bound of Σ_{i<j} x^{j−1−i} y^i.

    Args:
        x: A number in [0, 1).
        y: Another.
        j: The number of summands.

    Returns:
        The bound.
    """
    if j == 0:
        return arb(0)
    if y > x or x > y:
        return abs((x**j - y**j) / (x - y)).upper()
    return (j * x.max(y) ** (j - 1)).upper()
