"""Exact arithmetic for the independent checker: plain Python integers and fractions, roots rounded outwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Context, Decimal
from fractions import Fraction
from itertools import product
from math import isqrt, lcm
from operator import add, mul, ne, sub
from typing import Any

TERMS = 20000  # a limit on what is looked at

Vector = list[Fraction]
Poly = dict[tuple[int, ...], Fraction]  # exponents -> coefficient


class ClaimError(Exception):
    """A claim (the first argument) fails, or may fail (the second) at the present precision."""


def claim(text: str, holds: bool, broken: bool = True) -> None:
    """Raise ClaimError with the text unless the claim holds; ``broken`` tells false from not yet decided."""
    if not holds:
        raise ClaimError(text, broken)


def show(*numbers: Fraction | int) -> str:
    """Numbers to four digits, for messages."""
    return ", ".join(f"{Context(prec=4).divide(Decimal(x.numerator), Decimal(x.denominator)):.4g}" for x in numbers)


def units(n: int) -> list[tuple[int, ...]]:
    """The unit vectors."""
    return [tuple(int(i == j) for j in range(n)) for i in range(n)]


def dot(a: Iterable[Any], b: Iterable[Any]) -> Any:
    """The inner product."""
    return sum(map(mul, a, b))


def image(matrix: Iterable[Iterable[Any]], v: Vector) -> Vector:
    """The product of a matrix, by rows, and a vector."""
    return [dot(row, v) for row in matrix]


def sqrt(x: Fraction, bits: int) -> Vector:
    """Enclose a root with a relative error of at most 2^-bits; the root of a rational square is exact."""
    shift = bits + max(0, x.denominator.bit_length() - x.numerator.bit_length()) // 2 + 1
    root, floor = Fraction(isqrt(x.numerator), isqrt(x.denominator)), isqrt((x.numerator << 2 * shift) // x.denominator)
    return [root, root] if root * root == x else [Fraction(floor, 1 << shift), Fraction(floor + 1, 1 << shift)]


def compose(poly: Poly, rows: list[Vector], origin: Vector) -> Poly:
    """Return the polynomial t -> poly(origin + sum of t_b rows_b)."""
    total: Poly = defaultdict(Fraction)
    zero, steps = (0,) * len(rows), units(len(rows))
    lines = [
        [(zero, x), *((step, row[i]) for step, row in zip(steps, rows, strict=True))] for i, x in enumerate(origin)
    ]
    for alpha, c in poly.items():
        part: Poly = {zero: c}
        for line in (line for line, e in zip(lines, alpha, strict=True) for _ in range(e)):
            last, part = part, defaultdict(Fraction)
            for (beta, k), (step, x) in product(last.items(), [entry for entry in line if entry[1]]):
                part[tuple(map(add, beta, step))] += k * x
            claim("the loss can be verified fails: it has too many terms", len(part) + len(total) <= TERMS)
        for beta, k in part.items():
            total[beta] += k
    return {beta: k for beta, k in total.items() if k}


def characteristic(matrix: list[Vector]) -> list[int]:
    """Return a multiple of the characteristic polynomial, constant first (Faddeev and LeVerrier, in integers)."""
    scale, poly = lcm(*(x.denominator for row in matrix for x in row)), [1]
    table = [[int(x * scale) for x in row] for row in matrix]
    claim("the matrices can be verified fails: too many digits", scale.bit_length() * len(matrix) <= 4 * TERMS)
    power = [[0] * len(table) for _ in table]
    for k in range(1, len(table) + 1):
        shifted = ([x + poly[-1] * (i == j) for j, x in enumerate(row)] for i, row in enumerate(power))
        columns = [*zip(*shifted, strict=True)]
        power = [[dot(row, column) for column in columns] for row in table]
        poly.append(-sum(power[i][i] for i in range(len(table))) // k)
    return [x * scale**k for k, x in enumerate(reversed(poly))]


def shift(poly: list[Any], s: Any) -> list[Any]:
    """Return the coefficients of t -> poly(s + t)."""
    poly = list(poly)
    for i in range(len(poly)):
        for j in range(len(poly) - 2, i - 1, -1):
            poly[j] += s * poly[j + 1]
    return poly


def count(chi: list[int], s: Fraction) -> tuple[int, int]:
    """Count the roots below s and at s of a polynomial with real roots: Descartes' rule of signs is exact for it."""
    p, q = s.as_integer_ratio()
    around = shift([x * q ** (len(chi) - 1 - k) for k, x in enumerate(chi)], p)
    mirrored = [x * (-1) ** k > 0 for k, x in enumerate(around) if x]
    return sum(map(ne, mirrored, mirrored[1:])), next(k for k, x in enumerate(around) if x)


def divides(factor: list[int], poly: list[Any], times: int, low: Fraction, high: Fraction) -> bool:
    """Tell whether a polynomial changes sign from low to high, and this power of it divides another."""
    for _ in range(times):
        quotient: Vector = []
        while len(poly) >= len(factor):
            quotient.insert(0, Fraction(poly[-1]) / factor[-1])
            aligned = [0] * (len(poly) - len(factor)) + [quotient[0] * x for x in factor]
            poly = [*map(sub, poly, aligned)][:-1]
        if any(poly):
            return False
        poly = quotient
    return sum(k * low**i for i, k in enumerate(factor)) * sum(k * high**i for i, k in enumerate(factor)) < 0
