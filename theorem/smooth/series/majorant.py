r"""Bounds of derivatives of any order on a ball, by majorants.

For each slot u, the coefficients of a power series :math:`\hat u` bound :math:`\|D^ku\|/k!`, k ≥ 1, on the ball.

* The majorant of a sum is the sum of the majorants.
* That of a product uv is their product, with :math:`|u|` and :math:`|v|` as constant terms.
* That of :math:`\varphi(u)` is :math:`\sum_k \frac{|\varphi^{(k)}|}{k!}\hat u^k` (Faà di Bruno's formula, with every
  term replaced by its norm).
* That of an affine form is the norm of its coefficients, times the variable of the series.

``ball_bounds`` does the same up to the third order, at less cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

from flint import arb, arb_series, fmpq

from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import Node, Power, Product, SmoothLoss, Sum
from gdcheck.theorem.smooth.series.functions import InexactError, function, power


def derivative_on_ball(loss: SmoothLoss, centre: Sequence[arb], radius: arb, order: int) -> arb:
    """Bound the norm of a derivative on a ball.

    Args:
        loss: The loss.
        centre: The centre, shape (n,).
        radius: The radius.
        order: The order of the derivative, one or more.

    Returns:
        The bound; not finite if the ball may leave the domain.
    """
    terms, n = order + 1, loss.dimension
    wide = arb(radius.upper()).union(-arb(radius.upper()))
    at_centre = Forward.of(loss, centre, 0).values
    values = [x + wide for x in centre]
    majorants = [arb_series([0, 1], prec=terms)] * n
    for i, node in enumerate(loss.nodes):
        try:
            value, majorant = _node(node, values, majorants, n, terms)
        except InexactError:
            return arb("inf")
        # By the mean value theorem the values are within G r of the value at the centre.
        near = at_centre[n + i] + majorant[1] * wide
        if value.is_finite() and near.is_finite() and value.overlaps(near):
            value = value.intersection(near)
        elif near.is_finite():
            value = near
        values.append(value)
        majorants.append(majorant)
    found = (majorants[-1][order] * factorial(order)).upper()
    return found if found.is_finite() else arb("inf")


def _node(
    node: Node, values: Sequence[arb], majorants: Sequence[arb_series], n: int, terms: int
) -> tuple[arb, arb_series]:
    """Return a ball of a node's values, and its majorant without the constant term."""
    if isinstance(node, Sum):
        value, linear = arb(node.constant), fmpq(0)
        total = arb_series([0], prec=terms)
        for slot, c in node.terms:
            value += values[slot] * c
            if slot < n:
                linear += c * c
            else:
                total = total + majorants[slot] * arb(abs(c))
        return value, _rounded(total + arb_series([0, arb(linear).sqrt()], prec=terms), terms)
    if isinstance(node, Product):
        u, v = values[node.left], values[node.right]
        a, b = arb(abs(u).upper()), arb(abs(v).upper())
        left, right = majorants[node.left], majorants[node.right]
        return u * v, _rounded(left * right + left * b + right * a, terms)
    slot = node.base if isinstance(node, Power) else node.argument
    there = arb_series([values[slot], 1], prec=terms)
    made = power(there, node.exponent) if isinstance(node, Power) else function(node.name, there, valued=True)
    found = made[0]
    total = arb_series([0], prec=terms)
    for k in range(terms - 1, 0, -1):
        total = total * majorants[slot] + arb(abs(found[k]).upper())
    return found[0], _rounded(total * majorants[slot], terms)


def _rounded(majorant: arb_series, terms: int) -> arb_series:
    return arb_series([0, *(arb(majorant[k].upper()) for k in range(1, terms))], prec=terms)
