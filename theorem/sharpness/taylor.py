"""Third and fourth derivatives of a loss at its minimizer, contracted with vectors: exact for rationals, balls else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import perm
from typing import TypeVar

from flint import arb, fmpq

from gdcheck.theorem.descent.expansion import Expansion

Number = TypeVar("Number", fmpq, arb)


def contracted(expansion: Expansion, vectors: Sequence[Sequence[Number]], zero: Number) -> list[Number]:
    """The vector D^q f(m)[u₁, …, u_{q−1}, ·] for q − 1 ≥ 2 vectors.

    Args:
        expansion: The loss at its minimizer.
        vectors: u₁, …, u_{q−1}, each of shape (n,).
        zero: Zero in the arithmetic wanted.

    Returns:
        The components, shape (n,); the kink of a truncated power through m must have p > q.
    """
    order = len(vectors)
    total = [zero] * expansion.dimension
    orders = list(permutations(range(order)))
    same = all(v is vectors[0] for v in vectors)
    for i, word, c in expansion.gradient_terms:
        if len(word) != order:
            continue
        if same:
            product = zero + c * len(orders)
            for place in word:
                product = product * vectors[0][place]
            total[i] = total[i] + product
            continue
        for order_ in orders:
            product = zero + c
            for position, place in zip(order_, word, strict=True):
                product = product * vectors[position][place]
            total[i] = total[i] + product
    for t in expansion.truncated:
        if t.offset > 0 and t.power > order:
            factor = zero + t.coefficient * perm(t.power, order + 1) * t.offset ** (t.power - order - 1)
            for u in vectors:
                factor = factor * sum((x * y for x, y in zip(u, t.direction, strict=True)), zero)
            total = [x + factor * y for x, y in zip(total, t.direction, strict=True)]
    return total


def dot(u: Sequence[Number], v: Sequence[Number], zero: Number) -> Number:
    """The inner product."""
    return sum((x * y for x, y in zip(u, v, strict=True)), zero)
