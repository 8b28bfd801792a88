"""Gradient descent at a minimizer with one certified direction, as the proofs of higher orders need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.series.along import gradient_along, polynomial_curve


@dataclass(frozen=True, eq=False)
class Setting:
    """The loss at its minimizer, and the limit direction.

    Attributes:
        loss: The loss.
        step_size: η.
        minimizer: The minimizer, enclosed, shape (n,).
        direction: The unit vector u of the limit direction, enclosed, shape (n,).
        exact_minimizer: The minimizer, if it is known exactly.
        exact_direction: A rational vector along u, if one is known.
    """

    loss: SmoothLoss
    step_size: fmpq
    minimizer: Sequence[arb]
    direction: Sequence[arb]
    exact_minimizer: Sequence[fmpq] | None
    exact_direction: Sequence[fmpq] | None

    @cached_property
    def map(self) -> Descent:
        """The map in balls."""
        return Descent(self.loss, self.step_size, self.minimizer, self.direction)

    @cached_property
    def exact_map(self) -> Descent | None:
        """The map in rationals; None unless minimizer and direction are."""
        if self.exact_minimizer is None or self.exact_direction is None:
            return None
        return Descent(self.loss, self.step_size, self.exact_minimizer, self.exact_direction)

    def steepness(self, radius: arb) -> arb:
        """Bound the norm of the change of the map's derivative from the minimizer to the ball of that radius."""
        centre = [x.mid() for x in self.minimizer]
        third = bounds_on_ball(self.loss, centre, radius + norm(x.rad() for x in self.minimizer)).third
        return (self.step_size * third * radius).upper()


@dataclass(frozen=True, eq=False)
class Descent:
    r"""The map F around its fixed point m, in numbers of one kind, split along a vector w: h = y w + (orthogonal to w).

    Attributes:
        loss: The loss.
        step_size: η.
        point: m, shape (n,).
        along: w, shape (n,), an eigenvector of the Hessian.
    """

    loss: SmoothLoss
    step_size: fmpq
    point: Sequence[Any]
    along: Sequence[Any]

    @cached_property
    def squared(self) -> Any:
        """w·w."""
        return sum((x * x for x in self.along), 0 * self.along[0])

    @cached_property
    def matrix(self) -> list[list[Any]]:
        """η∇²f(m), shape (n, n)."""
        n, zero = len(self.point), 0 * self.along[0]
        rows = []
        for j in range(n):
            axis = [zero + int(i == j) for i in range(n)]
            slopes = gradient_along(self.loss, polynomial_curve([list(self.point), axis], 2))
            rows.append([x[1] * self.step_size for x in slopes])
        return rows

    @cached_property
    def multiplier(self) -> Any:
        """The multiplier μ along w."""
        image = [sum((a * x for a, x in zip(row, self.along, strict=True)), 0 * self.squared) for row in self.matrix]
        return 1 - self.component(image)

    def component(self, vector: Sequence[Any]) -> Any:
        """Return the component y of a vector along w, of numbers or of series."""
        total = vector[0] * self.along[0]
        for x, w in zip(vector[1:], self.along[1:], strict=True):
            total = total + x * w
        return total / self.squared

    def image(self, bends: Sequence[Sequence[Any]], terms: int, base: Any = None) -> tuple[Any, list[Any]]:
        """Return the image of the curve m + Σ_{j≥1} b_j (Y + t)ʲ: its component along w, and the rest, shape (n,).

        Args:
            bends: b_1, b_2, …
            terms: The number of terms wanted.
            base: Y; zero if None.
        """
        curve = polynomial_curve([list(self.point), *bends], terms, base)
        slopes = gradient_along(self.loss, curve)
        moved = [x - m - g * self.step_size for x, m, g in zip(curve, self.point, slopes, strict=True)]
        inner = self.component(moved)
        return inner, [x - inner * w for x, w in zip(moved, self.along, strict=True)]
