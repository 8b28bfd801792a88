r"""Gradient descent in mpmath, in the coordinates and from the terms of the loss as it is written.

It shares only the loss with the enclosures: no expansion around the minimizer, no bounds, no outward rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from flint import fmpq
from mpmath import mp, mpf

from gdcheck.theorem.descent.problem import Problem

Point: TypeAlias = list[mpf]
Row: TypeAlias = tuple[list[mpf], list[int]]
"""Coefficients of a polynomial, and the indices of their monomials."""


class ReferenceMap:
    """F(x) = x − η∇f(x) and the derivatives of f, at the digits at which the object is made; use it at the same.

    Attributes:
        step_size: The step size η.
        start: The first iterate x₀, shape (n,).
        minimizer: The minimizer m, shape (n,).
    """

    def __init__(self, problem: Problem) -> None:
        self.step_size = to_mpf(problem.step_size)
        self.start = [to_mpf(q) for q in problem.start]
        self.minimizer = [to_mpf(q) for q in problem.minimizer]
        self._terms = [([(j, e) for j, e in enumerate(a) if e], c) for a, c in problem.loss.terms]
        self._truncated = [
            ([to_mpf(x) for x in t.direction], to_mpf(t.threshold), to_mpf(t.coefficient), t.power)
            for t in problem.loss.truncated
        ]
        self._places: dict[tuple[tuple[int, int], ...], int] = {(): 0}
        self._products: list[tuple[int, int]] = []
        self._gradient = [self._row(self._derivatives((i,))) for i in range(len(self.start))]
        self._hessian: list[list[Row]] = []

    def _derivatives(self, by: Sequence[int]) -> Iterator[tuple[list[tuple[int, int]], fmpq]]:
        """Differentiate the polynomial part by some variables, term by term."""
        for factors, c in self._terms:
            powers, factor = dict(factors), c
            for i in by:
                factor *= powers.get(i, 0)
                powers[i] = powers.get(i, 0) - 1
            if factor:
                yield [(j, e) for j, e in powers.items() if e], factor

    def _row(self, terms: Iterator[tuple[list[tuple[int, int]], fmpq]]) -> Row:
        coefficients, places = [], []
        for factors, c in terms:
            coefficients.append(to_mpf(c))
            places.append(self._place(tuple(sorted(factors))))
        return coefficients, places

    def _place(self, monomial: tuple[tuple[int, int], ...]) -> int:
        """Return the index of a monomial's value, which is that of an earlier one times a coordinate."""
        if monomial not in self._places:
            (*before, (i, e)) = monomial
            parent = self._place((*before, (i, e - 1)) if e > 1 else tuple(before))
            self._places[monomial] = len(self._products) + 1
            self._products.append((parent, i))
        return self._places[monomial]

    def _monomials(self, x: Point) -> Point:
        values = [mpf(1)]
        for parent, i in self._products:
            values.append(values[parent] * x[i] if parent else x[i])
        return values

    def gradient(self, x: Point) -> Point:
        """Return ∇f(x), shape (n,)."""
        values = self._monomials(x)
        gradient = [mp.fdot(row, [values[k] for k in places]) for row, places in self._gradient]
        for direction, threshold, c, p in self._truncated:
            reach = mp.fdot(direction, x) - threshold
            if reach > 0:
                slope = c * p * reach ** (p - 1)
                gradient = [g + slope * a for g, a in zip(gradient, direction, strict=True)]
        return gradient

    def hessian(self, x: Point) -> list[Point]:
        """Return ∇²f(x), shape (n, n); of a square, the value off its kink."""
        if not self._hessian:
            self._hessian = [[self._row(self._derivatives((i, j))) for j in range(i + 1)] for i in range(len(x))]
        values = self._monomials(x)
        table = [[mp.fdot(row, [values[k] for k in places]) for row, places in line] for line in self._hessian]
        for direction, threshold, c, p in self._truncated:
            reach = mp.fdot(direction, x) - threshold
            if reach > 0:
                bend = c * p * (p - 1) * reach ** (p - 2)
                table = [
                    [entry + bend * direction[i] * direction[j] for j, entry in enumerate(line)]
                    for i, line in enumerate(table)
                ]
        return [[table[max(i, j)][min(i, j)] for j in range(len(x))] for i in range(len(x))]

    def __call__(self, x: Point) -> Point:
        """Return F(x), shape (n,)."""
        return [a - self.step_size * g for a, g in zip(x, self.gradient(x), strict=True)]


def iterates(problem: Problem, digits: int) -> Iterator[Point]:
    """Follow a problem's method in mpmath, without end.

    Args:
        problem: The problem.
        digits: Decimal digits of the arithmetic.

    Yields:
        The iterates x₀, x₁, …, each of shape (n,).
    """
    with mp.workdps(digits):
        descend = ReferenceMap(problem)
        update, x = update_of(problem.method.to_json(), descend), descend.start
    while True:
        yield x
        with mp.workdps(digits):
            x = update(x)


class Descent(Protocol):
    """A loss and a step size.

    Attributes:
        step_size: η.
        start: x₀, shape (n,).
    """

    step_size: mpf
    start: Point

    def gradient(self, x: Point) -> Point:
        """Return ∇f(x), shape (n,)."""

    def __call__(self, x: Point) -> Point:
        """Return x − η∇f(x), shape (n,)."""


def update_of(method: Mapping[str, Any], descend: Descent) -> Callable[[Point], Point]:
    """Return a function that makes one step of a method, written from its own rules; it keeps the method's state.

    Args:
        method: The method's JSON object.
        descend: The loss and the step size.
    """
    name, eta, n = method["name"], descend.step_size, len(descend.start)
    given = {key: read_mpf(text) for key, text in method.items() if key not in {"name", "preconditioner"}}
    rows = [[read_mpf(text) for text in row] for row in method.get("preconditioner", ())]
    first, second, step = [mpf(0)] * n, [mpf(0)] * n, 0

    def momentum(x: Point) -> Point:
        nonlocal first
        g, beta = descend.gradient(x), given["momentum"]
        first = [beta * b + a for a, b in zip(g, first, strict=True)]
        ahead = first if name == "heavy-ball" else [a + beta * b for a, b in zip(g, first, strict=True)]
        return [a - eta * b for a, b in zip(x, ahead, strict=True)]

    def adaptive(x: Point) -> Point:
        nonlocal first, second, step
        step += 1
        g, beta1, beta2 = descend.gradient(x), given.get("beta1", mpf(0)), given["beta2"]
        first = [beta1 * m + (1 - beta1) * a for a, m in zip(g, first, strict=True)]
        second = [beta2 * v + (1 - beta2) * a * a for a, v in zip(g, second, strict=True)]
        one, two = (1 - beta1**step, 1 - beta2**step) if name == "adam" else (mpf(1), mpf(1))
        return [
            a - eta * (m / one) / (mp.sqrt(v / two) + given["epsilon"])
            for a, m, v in zip(x, first, second, strict=True)
        ]

    if name in {"heavy-ball", "nesterov"}:
        return momentum
    if name in {"adam", "rmsprop"}:
        return adaptive
    if name != "gradient-descent":
        raise ValueError(f"the method {name} has no second engine")

    def preconditioned(x: Point) -> Point:
        g = descend.gradient(x)
        return [a - eta * mp.fdot(row, g) for a, row in zip(x, rows, strict=True)]

    return preconditioned if rows else descend


def read_mpf(text: str) -> mpf:
    """Round a rational, written as p or p/q, to the digits in use."""
    numerator, _, denominator = text.partition("/")
    return mpf(int(numerator)) / int(denominator or 1)


def norm(v: Sequence[mpf]) -> mpf:
    """Return the Euclidean norm."""
    return mp.sqrt(mp.fdot(v, v))


def to_mpf(q: fmpq) -> mpf:
    """Round a rational to the digits in use."""
    return mpf(int(q.p)) / int(q.q)
