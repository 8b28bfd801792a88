"""Exact values and derivatives of a polynomial plus truncated powers, at a rational point."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from flint import fmpq

from gdcheck.theorem.loss.polynomial import Term
from gdcheck.theorem.loss.truncated import TruncatedPower

Powers: TypeAlias = "list[list[fmpq]]"
"""``powers[i][e]`` is the e-th power of the i-th coordinate."""


def _partial(terms: Iterable[Term], i: int) -> list[Term]:
    """Differentiate a polynomial by its i-th variable."""
    return [((*e[:i], e[i] - 1, *e[i + 1 :]), c * e[i]) for e, c in terms if e[i]]


def _powers(terms: Sequence[Term], point: Sequence[fmpq]) -> Powers:
    """Tabulate the powers of the coordinates that the terms can need."""
    top = max((sum(exponents) for exponents, _ in terms), default=0)
    tables = []
    for coordinate in point:
        table = [fmpq(1)]
        for _ in range(top):
            table.append(table[-1] * coordinate)
        tables.append(table)
    return tables


def _evaluate(terms: Iterable[Term], powers: Powers) -> fmpq:
    """Evaluate a polynomial."""
    total = fmpq(0)
    for exponents, coefficient in terms:
        product = coefficient
        for table, e in zip(powers, exponents, strict=True):
            if e:
                product = product * table[e]
        total = total + product
    return total


def value(terms: Sequence[Term], truncated: Iterable[TruncatedPower], point: Sequence[fmpq]) -> fmpq:
    """Return the value at a point of shape (n,)."""
    total = _evaluate(terms, _powers(terms, point))
    for power in truncated:
        total = total + power.derivative(point, 0)
    return total


def gradient(terms: Sequence[Term], truncated: Iterable[TruncatedPower], point: Sequence[fmpq]) -> tuple[fmpq, ...]:
    """Return the gradient, of shape (n,), at a point of shape (n,)."""
    powers = _powers(terms, point)
    result = [_evaluate(_partial(terms, i), powers) for i in range(len(point))]
    for power in truncated:
        factor = power.derivative(point, 1)
        if factor:
            result = [entry + factor * slope for entry, slope in zip(result, power.direction, strict=True)]
    return tuple(result)


def hessian(
    terms: Sequence[Term], truncated: Iterable[TruncatedPower], point: Sequence[fmpq]
) -> tuple[tuple[fmpq, ...], ...]:
    """Return the Hessian, of shape (n, n), at a point of shape (n,) off the kinks of truncated powers with p = 2."""
    factors = [(power.derivative(point, 2), power.direction) for power in truncated]
    powers = _powers(terms, point)
    n = len(point)
    rows = [[fmpq(0)] * n for _ in range(n)]
    for i in range(n):
        first = _partial(terms, i)
        for j in range(i, n):
            entry = _evaluate(_partial(first, j), powers)
            for factor, slope in factors:
                entry = entry + factor * slope[i] * slope[j]
            rows[i][j] = rows[j][i] = entry
    return tuple(tuple(row) for row in rows)


def third_derivatives(
    terms: Sequence[Term], truncated: Iterable[TruncatedPower], point: Sequence[fmpq]
) -> tuple[tuple[tuple[fmpq, ...], ...], ...]:
    """Return the third derivatives, of shape (n, n, n), at a point off the kinks of truncated powers with p ≤ 3."""
    factors = [(power.derivative(point, 3), power.direction) for power in truncated]
    powers = _powers(terms, point)
    n = len(point)
    entries: dict[tuple[int, ...], fmpq] = {}
    for i in range(n):
        first = _partial(terms, i)
        for j in range(i, n):
            second = _partial(first, j)
            for k in range(j, n):
                entry = _evaluate(_partial(second, k), powers)
                for factor, slope in factors:
                    entry = entry + factor * slope[i] * slope[j] * slope[k]
                entries[i, j, k] = entry
    return tuple(tuple(tuple(entries[tuple(sorted((i, j, k)))] for k in range(n)) for j in range(n)) for i in range(n))
