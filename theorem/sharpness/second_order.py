r"""The second order of a function along a certified trajectory, where the first vanishes: ω·u = 0.

The trajectory approaches the minimizer along a parabola: with μ the dominant multiplier, M = I − ηA and :math:`g_2(h) =
-\tfrac\eta 2
D^3f(m)[h,h]`, let s ⊥ u solve :math:`(\mu^2 - M)s = g_2(u)` off u. If b < ρ², then :math:`z_k = h_k^\perp - s y_k^2` is
of third order: with :math:`w_k = \|z_k\|/y_k^2` and the cone's constants (``theorem.sharpness.envelope``),

.. math:: w_{k+1} \le \frac{b w_k + E a_k}{(\rho-\kappa)^2}, \qquad
   E = C_2 (1+\sqrt{1+\tau^2})(\|s\|+W) + C_3 (1+\tau^2)^{3/2} + \|s\|(2\rho C(1+\tau^2) + C^2(1+\tau^2)^2 a)

as long as :math:`w_k \le W`. Here :math:`C_2 = \tfrac\eta 2\|D^3f(m)\|` (as :math:`\|g_2(h)-g_2(yu)\| \le
C_2(\|h\|+|y|)\|h^\perp\|`, the norm of a symmetric form being attained on the diagonal) and :math:`C_3 = \tfrac\eta 6
\sup\|D^4f\|`. If :math:`bW + Ea \le W(\rho-\kappa)^2`, w stays below W and falls like that recursion. Therefore

.. math:: |\varphi_k - \varphi(m) - c y_k^2| \le \bigl(\|\omega\| w + \tfrac12\|D^2\varphi(m)\|(2\tau+\tau^2)
   + \tfrac16\sup\|D^3\varphi\|(1+\tau^2)^{3/2}a\bigr) y_k^2, \qquad c = \omega\cdot s + \tfrac12 D^2\varphi(m)[u,u].

Where ω = 0, or the trajectory stays on a line, neither s nor w matters, and b < ρ² is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flint import arb, arb_mat, fmpq

from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.sharpness.derivatives import dot
from gdcheck.theorem.sharpness.envelope import Cone, Envelope, convolution
from gdcheck.theorem.sharpness.observable import Observable, Proof

_NO_STEP = "no step makes the third order small enough at this precision; a larger --precision may"


@dataclass(frozen=True)
class _Parabola:
    """Where the trajectory begins to follow the parabola y·u + s·y², and how closely.

    Attributes:
        begins: The number of steps after the certificate's from which w ≤ W.
        start: W.
        pull: E.
        along: a at that step.
        theta: b/(ρ − κ)² there.
        grows: ρ + κ there.
        shrinks: ρ − κ there.
    """

    begins: int
    start: arb
    pull: arb
    along: arb
    theta: arb
    grows: arb
    shrinks: arb


class LossAtMinimum(Protocol):
    """A loss f at its minimizer m, as the second order needs it; polynomials and smooth losses supply it."""

    @property
    def step_size(self) -> fmpq:
        """The step size η."""

    @property
    def matrix(self) -> arb_mat:
        """∇²f(m), enclosed, shape (n, n)."""

    def third_along(self, u: Sequence[arb]) -> Sequence[arb]:
        """Enclose D³f(m)[u, u, ·], shape (n,)."""

    def derivative_bound(self, order: int, radius: arb) -> arb:
        """Bound the norm of a derivative of order three or four on a ball around m; not finite if there is none."""


@dataclass(frozen=True)
class SecondOrder:
    """The second order along one limit direction.

    Attributes:
        loss: The loss at its minimizer.
        direction: The limit direction u, enclosed, shape (n,).
    """

    loss: LossAtMinimum
    direction: Sequence[arb]

    def prove(self, observable: Observable, envelope: Envelope) -> tuple[Proof, arb] | str:
        """Prove the second-order pattern.

        Args:
            observable: A function whose gradient is orthogonal to u, exactly.
            envelope: The trajectory's envelope.

        Returns:
            The proof and c, or the cause why there is none.
        """
        coefficient = observable.second(self.direction) / 2
        if not coefficient.is_finite():
            return (
                "the first order vanishes along the limit direction, and there is no second derivative; no option"
                " decides it, a loss without that kink at the minimizer may be decided"
            )
        gradient, parabola = norm(observable.gradient).upper(), None
        if envelope.b is not None and gradient != 0:
            if not surely_less(envelope.b, envelope.rho**2):
                return (
                    "the first order vanishes along the limit direction but not across, where the second-slowest"
                    " component is not below the second order; another --step-size decides it where b < ρ²"
                )
            bend = self._bend(envelope)
            if bend is None:
                return (
                    "the parabola along which the trajectory comes in is not determined, for ρ² is a multiplier too;"
                    " another --step-size may be decided"
                )
            parabola = envelope.first(lambda cone: self._begins(cone, envelope, bend))
            if parabola is None:
                return _NO_STEP
            coefficient += dot(observable.gradient, bend, arb(0))
        size = abs(coefficient).lower()
        if not size > 0:
            return (
                "the first order vanishes along the limit direction, and the second cannot be told from zero; a larger"
                " --precision tells it unless it is zero, and then no option does: the third order decides"
            )

        def test(cone: Cone) -> Proof | None:
            away = arb(0)
            if parabola is not None:
                w = self._away(parabola, cone, envelope)
                if w is None:
                    return None
                away = gradient * w
            t = cone.ratio
            third = observable.third(cone.radius) / 6 * cone.along * (1 + t * t) * (1 + t * t).sqrt()
            error = away + observable.curvature(arb(0)) / 2 * (2 * t + t * t) + third
            return Proof(cone, 2, 1, size, error.upper()).if_it_holds()

        proof = envelope.first(test)
        if proof is None:
            return _NO_STEP
        return proof, coefficient

    def _bend(self, envelope: Envelope) -> list[arb] | None:
        """Return the vector s, or None if the equation is singular."""
        u, eta = self.direction, self.loss.step_size
        matrix = self.loss.matrix * arb(eta)
        for i in range(len(u)):
            matrix[i, i] += envelope.rho**2 - 1
        right = [x * (-eta / 2) for x in self.loss.third_along(u)]
        try:
            whole = matrix.solve(arb_mat(len(u), 1, right)).entries()
        except ZeroDivisionError:
            return None
        along = dot(whole, u, arb(0))
        return [x - along * y for x, y in zip(whole, u, strict=True)]

    def _begins(self, cone: Cone, envelope: Envelope, bend: list[arb]) -> _Parabola | None:
        assert envelope.b is not None
        eta, size = self.loss.step_size, norm(bend).upper()
        w = (cone.ratio / cone.least + size).upper()
        wide, a, c = 1 + cone.ratio**2, cone.along, cone.quadratic
        second = self.loss.derivative_bound(3, arb(0)) * eta / 2
        third = self.loss.derivative_bound(4, cone.radius) * eta / 6
        pull = second * (1 + wide.sqrt()) * (size + w) + third * wide * wide.sqrt()
        pull = (pull + size * (2 * envelope.rho * c * wide + (c * wide) ** 2 * a)).upper()
        if not (pull.is_finite() and envelope.b * w + pull * a <= w * cone.shrinks**2):
            return None
        theta = (envelope.b / cone.shrinks**2).upper()
        return _Parabola(cone.step - envelope.step, w, pull, a, theta, cone.grows, cone.shrinks)

    def _away(self, parabola: _Parabola, cone: Cone, envelope: Envelope) -> arb | None:
        """Return a bound of w from the cone's step on."""
        assert envelope.b is not None
        later = cone.step - envelope.step - parabola.begins
        if later < 0:
            return None
        pushed = parabola.pull / parabola.shrinks**2 * parabola.along
        w = parabola.theta**later * parabola.start + pushed * convolution(parabola.theta, parabola.grows, later)
        room = cone.shrinks**2 - envelope.b
        if not room > 0:
            return None
        # At this w the recursion does not grow.
        return w.max(parabola.pull * cone.along / room).upper()
