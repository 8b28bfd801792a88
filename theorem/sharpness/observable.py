"""Functions whose values are followed along a trajectory: the largest Hessian eigenvalue, or a polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flint import arb, fmpq

from gdcheck.theorem.descent.enclosure import Enclosure


class Observable(Protocol):
    """A function φ around the minimizer, with the bounds that a proof about its values needs.

    Attributes:
        value: φ at the minimizer, enclosed.
        gradient: ∇φ at the minimizer, enclosed, shape (n,).
        exact_gradient: The same, exactly; None if it is not known to be rational.
    """

    @property
    def value(self) -> arb:
        """φ at the minimizer."""

    @property
    def gradient(self) -> Sequence[arb]:
        """∇φ at the minimizer."""

    @property
    def exact_gradient(self) -> Sequence[fmpq] | None:
        """∇φ at the minimizer, exactly."""

    def curvature(self, radius: arb) -> arb:
        """A Lipschitz constant of ∇φ on the ball; not finite if none is known."""

    def third(self, radius: arb) -> arb:
        """A Lipschitz constant of D²φ on the ball; not finite if none is known."""

    def second(self, u: Sequence[arb]) -> arb:
        """D²φ[u, u] at the minimizer; not finite if it does not exist."""

    def constant(self, radius: arb) -> bool:
        """Whether φ is proved to be constant on the ball."""

    def at(self, iterate: Enclosure) -> arb:
        """φ at an iterate, enclosed; not finite if that fails."""
