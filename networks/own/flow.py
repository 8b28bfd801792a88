"""Gradient flow from the same start, to compare an optimizer's iterates with."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from torch import Tensor

_MOST_PIECES = 64


class GradientFlow:
    """ẋ = −∇f(x), by the classical Runge–Kutta method.

    Args:
        gradient: ∇f, (n,) to (n,).
        start: x(0), (n,).
    """

    def __init__(self, gradient: Callable[[Tensor], Tensor], start: Tensor) -> None:
        self._gradient = gradient
        self.x = start.clone()

    def advance(self, time: float, sharpness: float) -> None:
        """Advance by some time, in pieces of at most 1/(2·sharpness), and in at most 64 of them.

        Args:
            time: How long.
            sharpness: The largest eigenvalue of the Hessian nearby.
        """
        pieces = min(_MOST_PIECES, max(1, ceil(2 * time * max(0.0, sharpness))))
        h = time / pieces
        for _ in range(pieces):
            a = self._gradient(self.x)
            b = self._gradient(self.x - h / 2 * a)
            c = self._gradient(self.x - h / 2 * b)
            d = self._gradient(self.x - h * c)
            self.x = self.x - h / 6 * (a + 2 * b + 2 * c + d)
