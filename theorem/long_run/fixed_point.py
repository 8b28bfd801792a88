"""Gradient descent on a polynomial loss in fixed point: fast, and with hundreds of bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log2

from flint import fmpq, fmpz
from mpmath import mp, mpf

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.reference.trajectory import iterates, to_mpf

_BITS = 512
_DIGITS = 60
_WALKED, _LONG_WALK, _WORK = 10_000, 200_000, 3_000_000


@dataclass(frozen=True)
class Error:
    """An error h_k = x_k − m.

    Attributes:
        floats: The error in floats, shape (n,), with the same relative accuracy in every coordinate.
        digits: A function that returns the error with all digits that were computed, shape (n,).
    """

    floats: list[float]
    digits: Callable[[], list[mpf]]


def errors_of(problem: Problem, smallest: fmpq) -> tuple[Iterator[Error], int]:
    """Follow the error of a trajectory, in some hundred bits.

    Args:
        problem: The problem.
        smallest: The smallest size of a measure of the error that matters.

    Returns:
        The errors h₀, h₁, … without end, and the number of steps after which following them is not worth the cost.
    """
    bits = max(_BITS, 128 + int(2 * abs(log2(to_float(smallest) or 1e-300))))
    if problem.loss.truncated or bits > 2 * _BITS:
        return _in_digits(problem), _WALKED
    step = FixedPoint(problem)
    return _in_units(problem, step, bits), max(_WALKED, min(_LONG_WALK, _WORK // step.cost))


def _in_digits(problem: Problem) -> Iterator[Error]:
    with mp.workdps(_DIGITS):
        minimizer = [to_mpf(a) for a in problem.minimizer]
    for x in iterates(problem, _DIGITS):
        with mp.workdps(_DIGITS):
            h = [a - m for a, m in zip(x, minimizer, strict=True)]
        yield Error([float(a) for a in h], lambda h=h: h)  # type: ignore[misc]


def _in_units(problem: Problem, step: FixedPoint, bits: int) -> Iterator[Error]:
    z = [(a * (fmpz(1) << bits)).floor() for a in problem.displacement]

    def digits(z: list[fmpz]) -> list[mpf]:
        return [mp.ldexp(mpf(int(a)), -bits) for a in z]

    while True:
        yield Error([_float(a, bits) for a in z], lambda z=z: digits(z))  # type: ignore[misc]
        z = step(z, bits)


def _float(a: fmpz, bits: int) -> float:
    """Return a number in units of 2^-bits, rounded to 53 significant bits; infinite if it is too large."""
    spare = max(int(abs(a)).bit_length() - 64, 0)
    try:
        return float(int(a >> spare)) * 2.0 ** (spare - bits)
    except OverflowError:
        return float("inf")


class FixedPoint:
    """F around the minimizer, in units of 2^-bits; each product of coordinates is rounded down.

    Attributes:
        cost: The approximate number of operations of a step.
    """

    def __init__(self, problem: Problem) -> None:
        n = problem.dimension
        index: dict[tuple[int, ...], int] = {(): 0} | {(i,): i + 1 for i in range(n)}
        self._products: list[tuple[int, int]] = []
        rows: list[list[tuple[int, fmpq]]] = [[] for _ in range(n)]
        local = problem.loss.shifted(problem.minimizer)
        for a, c in local.terms:
            for i, e in enumerate(a):
                if e:
                    word = tuple(j for j, d in enumerate(a) for _ in range(d - (i == j)))
                    rows[i].append((self._place(word, index, n), problem.step_size * c * e))
        scale = fmpz(1)
        for _, c in (term for row in rows for term in row):
            scale = scale.lcm(c.q)
        self._scale = scale
        self._rows = [([place for place, _ in row], [(c * scale).p for _, c in row]) for row in rows]
        self.cost = len(self._products) + sum(map(len, rows)) + n
        self._degree = local.degree
        self._weight = max(sum(abs(to_float(c)) for _, c in row) for row in rows)

    def _place(self, word: tuple[int, ...], index: dict[tuple[int, ...], int], n: int) -> int:
        if word not in index:
            self._products.append((self._place(word[:-1], index, n), word[-1]))
            index[word] = n + len(self._products)
        return index[word]

    def __call__(self, z: list[fmpz], bits: int) -> list[fmpz]:
        """Return F(h), shape (n,).

        Args:
            z: h in units of 2^-bits, shape (n,).
            bits: The number of bits after the point.
        """
        values = [fmpz(1) << bits, *z]
        for before, i in self._products:
            values.append(values[before] * z[i] >> bits)
        scale = self._scale
        sums = [sum((values[i] * k for i, k in zip(*row, strict=True)), fmpz(0)) for row in self._rows]
        return [x - total // scale for x, total in zip(z, sums, strict=True)]

    def rounding(self, size: float) -> float:
        """Return a bound of the rounding error of a step, in units of 2^-bits.

        Args:
            size: A bound of the coordinates.
        """
        return len(self._rows) * (2 + self._degree * self._weight * max(1.0, size) ** max(self._degree - 2, 0))
