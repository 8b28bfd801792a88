r"""Bounds on a whole ball: the norms of the second and third derivatives, carried from node to node.

For each slot u, four things are known on the ball :math:`B(c, r)`: an interval of its values, and bounds G, H, T of the
norms of its first three derivatives. For a sum they are added. A product has

.. math::

    H(uv) = |u|H_v + 2G_uG_v + H_u|v|, \quad T(uv) = |u|T_v + 3G_uH_v + 3H_uG_v + T_u|v|,

and a function :math:`H = |\varphi'|H_u + |\varphi''|G_u^2`, :math:`T = |\varphi'|T_u + 3|\varphi''|G_uH_u +
|\varphi'''|G_u^3`. For the linear part of a sum in the variables, G is the norm of its coefficients. The bounds are not
sharp, but they take a few numbers a node for every n. With a larger bound the proof needs more steps; it stays valid.

A sum of functions of affine forms, :math:`\sum_i c_i\varphi_i(a_i \cdot x)`, has many forms that point in different
directions. By Cauchy's inequality its third derivative is at most the norm of :math:`\sum_i t_i a_i a_i^T`, :math:`t_i
= |c_i|\,|\varphi_i'''|\,|a_i|`, which is far below the sum of the norms :math:`t_i|a_i|^2`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import norm
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.functions import jet, largest, power_jet, product
from gdcheck.theorem.smooth.graph import Function, Node, Power, Product, SmoothLoss, Sum

_UP, _SMALLEST = 1 + 2.0**-40, 2.0**-1000
"""What makes a float at least the number that it is rounded from: a factor, and a summand."""
_MANY = 32
"""From this number of functions of forms on, their sum's matrix is worth its cost."""
_ROOM = fmpq(513, 512)
"""Room for a checker whose bound of a norm is a little less sharp."""


@dataclass(frozen=True)
class Bounds:
    """A ball of a slot's values, and bounds of the norms of its first three derivatives."""

    values: arb
    first: arb
    second: arb
    third: arb


def bounds_on_ball(loss: SmoothLoss, centre: Sequence[arb], radius: arb, known: Forward | None = None) -> Bounds:
    """Bound the derivatives of a loss on a ball.

    Args:
        loss: The loss.
        centre: The centre, shape (n,).
        radius: The radius.
        known: The loss's values at the centre, if they are known.

    Returns:
        The bounds; not finite if the ball may leave the loss's domain. Values that nothing depends on are NaN.
    """
    at_centre = (known or Forward.of(loss, centre, 0, all_values=False)).values
    wide = arb(radius.upper()).union(-arb(radius.upper()))
    one, nothing = arb(1), arb(0)
    n, affine, valued = loss.dimension, loss.affine, loss.valued
    slots = [Bounds(x + wide, one, nothing, nothing) for x in at_centre]  # Of the variables; the others follow.
    for i, row in affine.rows.items():
        steep = affine.norms[row]
        slots[n + i] = Bounds(at_centre[n + i] + steep * wide, steep, nothing, nothing)
    for i, function in loss.layer:
        found = _function_of_form(function, slots[function.argument], valued=n + i in valued)
        slots[n + i] = _near(found, at_centre[n + i], wide) if n + i in valued else found
    for i in loss.rest:
        slots[n + i] = _near(_bounds(loss.nodes[i], slots, loss, valued=n + i in valued), at_centre[n + i], wide)
    return slots[-1]


def _near(found: Bounds, at_centre: arb, wide: arb) -> Bounds:
    """Intersect the values with the ball of radius G r around the value at the centre (mean value theorem)."""
    return Bounds(_both(found.values, at_centre + found.first * wide), found.first, found.second, found.third)


def _function_of_form(node: Function, u: Bounds, *, valued: bool) -> Bounds:
    """Bound a function of an affine form, whose second and third derivatives vanish."""
    values, (d1, d2, d3) = _moduli(node, u.values, valued=valued)
    first, square = d1 * u.first, u.first * u.first
    return Bounds(values, first.upper(), (d2 * square).upper(), (d3 * square * u.first).upper())


def _both(a: arb, b: arb) -> arb:
    if not a.is_finite():
        return b if b.is_finite() else a
    return a.intersection(b) if b.is_finite() and a.overlaps(b) else a


def _bounds(node: Node, slots: Sequence[Bounds], loss: SmoothLoss, *, valued: bool) -> Bounds:
    if isinstance(node, Sum):
        return _sum(node, slots, loss)
    if isinstance(node, Product):
        u, v = slots[node.left], slots[node.right]
        a, b = abs(u.values).upper(), abs(v.values).upper()
        return Bounds(
            product(u.values, v.values),
            (a * v.first + u.first * b).upper(),
            (a * v.second + 2 * u.first * v.first + u.second * b).upper(),
            (a * v.third + 3 * (u.first * v.second + u.second * v.first) + u.third * b).upper(),
        )
    u = slots[node.base if isinstance(node, Power) else node.argument]
    values, (d1, d2, d3) = _moduli(node, u.values, valued=valued)
    return Bounds(
        values,
        (d1 * u.first).upper(),
        (d1 * u.second + d2 * u.first * u.first).upper(),
        (d1 * u.third + 3 * d2 * u.first * u.second + d3 * u.first * u.first * u.first).upper(),
    )


def _moduli(node: Power | Function, x: arb, *, valued: bool) -> tuple[arb, list[arb]]:
    if isinstance(node, Function):
        return jet(node.name, x, 0)[0] if valued else arb("nan"), largest(node.name, x)
    found = power_jet(x, node.exponent, 3)
    return found[0], [abs(y).upper() for y in found[1:]]


def _sum(node: Sum, slots: Sequence[Bounds], loss: SmoothLoss) -> Bounds:
    n, values = loss.dimension, arb(node.constant)
    first = second = third = together = arb(0)
    linear, weights = fmpq(0), dict[int, float]()
    for slot, c in node.terms:
        u, size = slots[slot], abs(c)
        values += u.values * c
        if slot < n:
            linear += c * c
        else:
            first += u.first * size
            second += u.second * size
            third += u.third * size
            if len(node.terms) < _MANY:
                continue
            if (row := loss.functions_of_forms.get(slot)) is None:
                together += u.third * size
            elif not u.third.is_zero():
                steep = loss.affine.norms[row]
                weight = float((u.third * size / (steep * steep)).upper())
                weights[row] = (weights.get(row, 0.0) + weight) * _UP + _SMALLEST
    if linear:
        first += norm([arb(linear).sqrt()])
    if len(weights) >= _MANY:
        from gdcheck.theorem.smooth.floats.map_norm import gram_norm  # noqa: PLC0415 (exact losses do without NumPy)

        together += arb(gram_norm(loss.affine.floats, weights)) * _ROOM
        third = together if together < third else third
    return Bounds(values, first.upper(), second.upper(), third.upper())


def is_quadratic(loss: SmoothLoss) -> bool:
    """Whether a loss is known to be a polynomial whose third derivative is zero."""
    for node in loss.nodes:
        if isinstance(node, Function) or (isinstance(node, Power) and (node.exponent.q != 1 or node.exponent < 0)):
            return False
    return bool(bounds_on_ball(loss, [arb(0)] * loss.dimension, arb(1)).third == 0)
