r"""A smooth loss along a curve :math:`x(t)`: the power series of :math:`f(x(t))` and of :math:`\nabla f(x(t))`.

One sweep forward, one backward, as for numbers. The curve may begin anywhere in an interval: then each coefficient
encloses that of every such curve. With a base in :math:`[-a, a]`, the coefficient of order p bounds the remainder of
Taylor's formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb, arb_series, fmpq, fmpq_series

from gdcheck.theorem.smooth.graph import Power, Product, SmoothLoss, Sum
from gdcheck.theorem.smooth.series.functions import Series, constant, function, power


def value_along(loss: SmoothLoss, curve: Sequence[Series]) -> Series:
    """Return f(x(t)); for rational series, irrational parts of the constant term are left out.

    Args:
        loss: The function f.
        curve: x(t), shape (n,), series of one kind with the same number of terms.

    Returns:
        The series.

    Raises:
        InexactError: If the curve is rational, but the series of f is not known to be.
    """
    return _forward(loss, curve)[0][-1]


def gradient_along(loss: SmoothLoss, curve: Sequence[Series]) -> list[Series]:
    """Return ∇f(x(t)), shape (n,); arguments and errors are those of ``value_along``."""
    values, slopes = _forward(loss, curve)
    n = loss.dimension
    received: list[Series | None] = [None] * len(values)
    received[-1] = constant(curve[0], 1)

    def add(slot: int, x: Series) -> None:
        known = received[slot]
        received[slot] = x if known is None else known + x

    for i in range(len(loss.nodes) - 1, -1, -1):
        node, a = loss.nodes[i], received[n + i]
        if a is None:
            continue
        if isinstance(node, Sum):
            for slot, c in node.terms:
                add(slot, a * c)
        elif isinstance(node, Product):
            add(node.left, a * values[node.right])
            add(node.right, a * values[node.left])
        else:
            add(node.base if isinstance(node, Power) else node.argument, a * slopes[i])
    return [constant(curve[0], 0) if x is None else x for x in received[:n]]


def _forward(loss: SmoothLoss, curve: Sequence[Series]) -> tuple[list[Series], list[Series]]:
    """Return the values of all slots, and for each node with one argument the derivative of its function."""
    values, slopes, n = list(curve), [], loss.dimension
    for i, node in enumerate(loss.nodes):
        slope = None
        if isinstance(node, Sum):
            value = constant(curve[0], node.constant)
            for slot, c in node.terms:
                value = value + values[slot] * c
        elif isinstance(node, Product):
            value = values[node.left] * values[node.right]
        elif isinstance(node, Power):
            value, slope = power(values[node.base], node.exponent)
        else:
            value, slope = function(node.name, values[node.argument], valued=n + i in loss.valued)
        values.append(value)
        slopes.append(slope)
    return values, slopes


def polynomial_curve(bends: Sequence[Sequence[Any]], terms: int, base: Any = None) -> list[Series]:
    """Return the curve Σ_j b_j (Y + t)ʲ, shape (n,).

    Args:
        bends: b_0, b_1, …, each of shape (n,), all balls or all rationals.
        terms: The number of terms wanted, more than the degree unless there is a base.
        base: Y, a ball; zero if None.

    Returns:
        Series in t.
    """
    rational = isinstance(bends[0][0], fmpq)
    kind: Any = fmpq_series if rational else arb_series
    n = len(bends[0])
    if base is None:
        return [kind([b[i] for b in bends[:terms]], prec=terms) for i in range(n)]
    moved = arb_series([base, arb(1)], prec=terms)
    found = []
    for i in range(n):
        total = arb_series([arb(0)], prec=terms)
        for b in reversed(bends):
            total = total * moved + b[i]
        found.append(total)
    return found


def exact_hessian(loss: SmoothLoss, point: Sequence[fmpq]) -> list[list[fmpq]] | None:
    """Return the exact Hessian at a point where the gradient is exactly zero, shape (n, n); None if not known to be so.

    Args:
        loss: The loss.
        point: The point, shape (n,).
    """
    n = loss.dimension
    rows = []
    for j in range(n):
        axis = [fmpq(int(i == j)) for i in range(n)]
        try:
            slopes = gradient_along(loss, polynomial_curve([list(point), axis], 2))
        except ValueError:
            return None
        if any(x[0] for x in slopes):
            return None
        rows.append([x[1] for x in slopes])
    return rows
