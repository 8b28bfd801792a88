r"""The functions that are followed along a trajectory, and the inequality that proves their pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flint import arb, fmpq

from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.derivatives import dot
from gdcheck.theorem.sharpness.envelope import Cone


class Valued(Protocol):
    """A function φ that is enclosed at the minimizer and at iterates."""

    @property
    def value(self) -> arb:
        """φ at the minimizer."""

    def at(self, iterate: EnclosedIterate) -> arb:
        """φ at an iterate, enclosed; not finite if that fails."""


class Observable(Valued, Protocol):
    """A function φ around the minimizer, with the bounds that a proof about its values needs.

    Attributes:
        value: φ at the minimizer, enclosed.
        gradient: ∇φ at the minimizer, enclosed, shape (n,).
        exact_gradient: The same, exactly; None if it is not known to be rational.
    """

    @property
    def gradient(self) -> Sequence[arb]:
        """∇φ at the minimizer."""

    @property
    def exact_gradient(self) -> Sequence[fmpq] | None:
        """∇φ at the minimizer, exactly."""

    def curvature(self, radius: arb) -> arb:
        """Return a Lipschitz constant of ∇φ on the ball; not finite if none is known."""

    def third(self, radius: arb) -> arb:
        """Return a Lipschitz constant of D²φ on the ball; not finite if none is known."""

    def second(self, u: Sequence[arb]) -> arb:
        """D²φ[u, u] at the minimizer; not finite if it does not exist."""

    def constant(self, radius: arb) -> bool:
        """Whether φ is proved to be constant on the ball; with an infinite radius, everywhere."""


@dataclass(frozen=True)
class Direction:
    """The limit direction u of a trajectory.

    Attributes:
        balls: u, enclosed, shape (n,); for an alternating limit, that of even steps.
        exact: A rational vector along u, if one is known.
    """

    balls: Sequence[arb]
    exact: Sequence[fmpq] | None

    def slope(self, observable: Observable) -> tuple[arb, fmpq | None]:
        """ω·u, enclosed; and exactly, where it is known to be rational."""
        ball = dot(observable.gradient, self.balls, arb(0))
        omega = observable.exact_gradient
        if omega is None:
            return ball, None
        if not any(omega):
            return arb(0), fmpq(0)
        if self.exact is None:
            return ball, None
        along = dot(omega, self.exact, fmpq(0))
        length = square_root(dot(self.exact, self.exact, fmpq(0)))
        if not along or length is None:
            return (arb(0), fmpq(0)) if not along else (ball, None)
        return arb(along / length), along / length


def square_root(q: fmpq) -> fmpq | None:
    """Return the square root of a positive rational, if it is rational."""
    p, root = q.p.isqrt(), q.q.isqrt()
    return fmpq(p, root) if p * p == q.p and root * root == q.q else None


@dataclass(frozen=True)
class Proof:
    r"""The numbers of :math:`(|c|+\varepsilon)\,\rho_+^{pm} < |c|-\varepsilon` at one step.

    Attributes:
        cone: Where the trajectory is from that step on.
        order: p, the order that decides.
        period: m, the number of branches.
        size: A lower bound of |c|.
        error: ε: |φ_k − φ(m) − c y_k^p| ≤ ε|y_k|^p from that step on.
    """

    cone: Cone
    order: int
    period: int
    size: arb
    error: arb

    @property
    def holds(self) -> bool:
        """Whether the inequality is certain."""
        factor = self.cone.grows ** (self.order * self.period)
        return surely_less((self.size + self.error) * factor, self.size - self.error)

    def if_it_holds(self) -> Proof | None:
        """Return the proof itself, or None."""
        return self if self.holds else None
