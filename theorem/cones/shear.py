r"""The shear :math:`\tau = t - \varphi(w)`, after which w changes the dominant component at a high order only.

The graph :math:`t = \varphi(w)` follows the exceptional set to some order: :math:`P(w) = F_t(\varphi(w), w) -
\varphi(F_w(\varphi(w), w))`, which is τ after one step from the graph, has no terms below that order. Each homogeneous
part of φ solves a linear system, :math:`\hat\mu\varphi_j(w) - \varphi_j(Bw) = -P_j(w)`. Its solution is rounded; the
rounding does no harm, because P is then enclosed for the rounded φ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from math import comb
from operator import add

from flint import arb, arb_mat, fmpq, fmpz

from gdcheck.theorem.cones.rotated import Balls, RotatedMap
from gdcheck.theorem.loss.balls import exact
from gdcheck.theorem.loss.polynomial import Exponents, Polynomial

_ZERO = arb(0)
_MOST_TERMS = 45
_HIGHEST_ORDER = 10


def highest_order(dimension: int) -> int:
    """Return the order up to which P is computed: polynomials in w up to it have a few dozen terms.

    Args:
        dimension: The dimension of w.

    Returns:
        The order; 2 means no shear.
    """
    return max(m for m in range(2, _HIGHEST_ORDER + 1) if m == 2 or comb(dimension + m, m) <= _MOST_TERMS)


def solve_shear(map_: RotatedMap, order: int, bits: int) -> Polynomial:
    """Find φ with terms of degrees 2 to ``order`` − 1, at the current precision.

    Args:
        map_: The map.
        order: The order from which P is to begin.
        bits: Binary places of the coefficients.

    Returns:
        φ; it ends early where the linear system is close to singular.
    """
    k = map_.dimension
    shear: Polynomial = {}
    linear = [{e: x for e, x in component[0].items() if sum(e) == 1} for component in map_.balls[1:]]
    for degree in range(2, order):
        rest = leftover(map_, shear, degree)
        here = _monomials(k, degree)
        images = [_powers(linear, e, degree) for e in here]
        rows = [[-image.get(row, arb(0)) for image in images] for row in here]
        for i, row in enumerate(rows):
            row[i] += arb(map_.multiplier)
        try:
            solved = arb_mat(rows).solve(arb_mat(len(here), 1, [-rest.get(e, arb(0)) for e in here])).entries()
        except ZeroDivisionError:
            return shear
        if not all(x.is_finite() for x in solved):
            return shear
        scale = fmpz(2) ** bits
        for exponents, x in zip(here, solved, strict=True):
            c = fmpq((exact(x.mid()) * scale).floor(), scale)
            if c:
                shear[exponents] = c
    return shear


def leftover(map_: RotatedMap, shear: Polynomial, order: int) -> Balls:
    """Enclose P up to an order.

    Args:
        map_: The map.
        shear: φ.
        order: The highest degree that is kept.

    Returns:
        The coefficients of P up to that degree.
    """
    graph = {e: arb(c) for e, c in shear.items()}
    total, *others = (_on_graph(component, graph, order) for component in map_.balls)
    for exponents, c in graph.items():
        for e, x in _powers(others, exponents, order).items():
            total[e] = total.get(e, arb(0)) - c * x
    return total


def _on_graph(component: Mapping[int, Balls], graph: Balls, order: int) -> Balls:
    """Return the component at (φ(w), w), up to an order, by Horner's rule."""
    total: Balls = {}
    for j in range(max(component, default=0), -1, -1):
        total = _times(total, graph, order)
        for e, x in component.get(j, {}).items():
            if sum(e) <= order:
                total[e] = total.get(e, arb(0)) + x
    return total


def _powers(factors: Sequence[Balls], exponents: Exponents, order: int) -> Balls:
    product: Balls = {(0,) * len(factors): arb(1)}
    for factor, e in zip(factors, exponents, strict=True):
        for _ in range(e):
            product = _times(product, factor, order)
    return product


def _times(left: Balls, right: Balls, order: int) -> Balls:
    product: Balls = {}
    for d, x in left.items():
        most = order - sum(d)
        for e, y in right.items():
            if sum(e) <= most:
                key = tuple(map(add, d, e))
                product[key] = product.get(key, _ZERO) + x * y
    return product


def _monomials(k: int, degree: int) -> list[Exponents]:
    words = combinations_with_replacement(range(k), degree)
    return [tuple(word.count(i) for i in range(k)) for word in words]
