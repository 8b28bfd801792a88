"""Gradient descent in floats, to look ahead: what it finds is a guess until it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import fmpq

from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import to_float

Factors = tuple[tuple[int, int], ...]
"""The powers x_j^e of a monomial, as pairs (j, e)."""


class FloatMap:
    """The map F(x) = x − η∇f(x) of a loss and its derivatives, at floats.

    Attributes:
        step_size: η.
        dimension: n.
    """

    def __init__(self, loss: Loss, step_size: fmpq) -> None:
        self.step_size = to_float(step_size)
        self.dimension = loss.dimension
        first = _derivative([(a, to_float(c)) for a, c in loss.terms], loss.dimension)
        self._gradient = [_compiled(terms) for terms in first]
        self._first = first
        self._hessian: list[list[list[tuple[float, Factors]]]] = []
        self._powers = [
            ([to_float(a) for a in t.direction], to_float(t.threshold), to_float(t.coefficient), t.power)
            for t in loss.truncated
        ]

    def gradient(self, x: Sequence[float]) -> list[float]:
        """∇f(x), shape (n,).

        Args:
            x: The point, shape (n,).
        """
        gradient = [_value(terms, x) for terms in self._gradient]
        for direction, reach, c, p in self._active(x):
            slope = c * p * reach ** (p - 1)
            gradient = [g + slope * a for g, a in zip(gradient, direction, strict=True)]
        return gradient

    def hessian(self, x: Sequence[float]) -> list[list[float]]:
        """∇²f(x), shape (n, n).

        Args:
            x: The point, shape (n,).
        """
        if not self._hessian:
            self._hessian = [[_compiled(t) for t in _derivative(terms, self.dimension)] for terms in self._first]
        hessian = [[_value(terms, x) for terms in row] for row in self._hessian]
        for direction, reach, c, p in self._active(x):
            bend = c * p * (p - 1) * reach ** (p - 2)
            hessian = [
                [h + bend * a * b for h, b in zip(row, direction, strict=True)]
                for row, a in zip(hessian, direction, strict=True)
            ]
        return hessian

    def _active(self, x: Sequence[float]) -> Iterator[tuple[list[float], float, float, int]]:
        """Return the truncated powers that are not zero at a point: direction, argument, coefficient, power."""
        for direction, threshold, c, p in self._powers:
            reach = sum(a * b for a, b in zip(direction, x, strict=True)) - threshold
            if reach > 0:
                yield direction, reach, c, p

    def step(self, x: Sequence[float]) -> list[float]:
        """F(x), shape (n,); infinite where floats overflow.

        Args:
            x: The point, shape (n,).
        """
        eta = self.step_size
        try:
            return [a - eta * g for a, g in zip(x, self.gradient(x), strict=True)]
        except OverflowError:
            return [float("inf")] * self.dimension


_Terms = list[tuple[tuple[int, ...], float]]


def _derivative(terms: _Terms, n: int) -> list[_Terms]:
    return [[((*a[:i], a[i] - 1, *a[i + 1 :]), c * a[i]) for a, c in terms if a[i]] for i in range(n)]


def _compiled(terms: _Terms) -> list[tuple[float, Factors]]:
    return [(c, tuple((j, e) for j, e in enumerate(a) if e)) for a, c in terms]


def _value(terms: list[tuple[float, Factors]], x: Sequence[float]) -> float:
    total = 0.0
    for c, factors in terms:
        for j, e in factors:
            c *= x[j] if e == 1 else x[j] ** e  # noqa: PLW2901
        total += c
    return total
