"""Gradient and Hessian of a smooth loss at a point, and bounds of its derivatives on a ball.

On a ball every slot u has an interval of values and bounds G, H, T of the norms of its first three derivatives. For a
product, H = |u| H_v + 2 G_u G_v + H_u |v| and T = |u| T_v + 3 G_u H_v + 3 H_u G_v + T_u |v|; for a function phi of u,
H = |phi'| H_u + |phi''| G_u^2 and T = |phi'| T_u + 3 |phi''| G_u H_u + |phi'''| G_u^3. The affine part of a sum has
G = the norm of its coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.outcome import look
from gdcheck.theorem.checker.smooth.affine import affine
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Operation, Power, Product, Sum
from gdcheck.theorem.checker.smooth.functions import CAPS, JETS, VALUES, coarse_softplus, power_jet
from gdcheck.theorem.checker.smooth.intervals import Interval, total

Point = Sequence[Interval]


@dataclass(frozen=True)
class Values:
    """The slots at a point, and of each power or call its value and three derivatives."""

    expression: Expression
    slots: list[Interval]
    jets: list[list[Interval]]


@lru_cache(maxsize=4096)
def _number(x: Fraction, bits: int) -> Interval:
    return Interval.exactly(x, bits)


def evaluate(expression: Expression, point: Point, order: int) -> Values:
    """Evaluate every slot at a point, and of powers and calls the derivatives up to an order."""
    bits = point[0].bits
    slots, jets = list(point), []
    forms = affine(expression, bits)
    images = forms.values(point)
    for i, operation in enumerate(expression.operations):
        jet: list[Interval] = []
        if i in forms.rows:
            value = images[forms.rows[i]]
        elif isinstance(operation, Sum):
            parts = [_number(c, bits) * slots[slot] for slot, c in operation.terms]
            value = total([_number(operation.constant, bits), *parts], bits)
        elif isinstance(operation, Product):
            value = slots[operation.left] * slots[operation.right]
        else:
            jet = _jet(operation, slots[operation.argument], order, valued=len(slots) in expression.valued)
            value = jet[0]
        slots.append(value)
        jets.append(jet)
    return Values(expression, slots, jets)


def _jet(operation: Power | Call, x: Interval, order: int, *, valued: bool) -> list[Interval]:
    look("the loss at a point")
    if not valued and isinstance(operation, Call) and operation.name == "softplus":
        return coarse_softplus(x)
    if isinstance(operation, Power):
        return power_jet(x, operation.exponent, order)
    return [VALUES[operation.name](x)] if order == 0 else JETS[operation.name](x)


def gradient(values: Values) -> list[Interval]:
    """Return the gradient, by the chain rule from the last slot back to the variables."""
    n, bits = values.expression.dimension, values.slots[0].bits
    return affine(values.expression, bits).collected(_adjoints(values), n)


def _adjoints(values: Values) -> list[Interval]:
    """Return the derivative of the loss with respect to every slot, but for what affine forms bring the variables."""
    n, bits, slots = values.expression.dimension, values.slots[0].bits, values.slots
    adjoints = [Interval(0, 0, bits)] * len(slots)
    adjoints[-1] = Interval(1 << bits, 1 << bits, bits)
    forms = affine(values.expression, bits)
    for i in range(len(values.expression.operations) - 1, -1, -1):
        operation, a = values.expression.operations[i], adjoints[n + i]
        if i in forms.rows:
            continue
        if isinstance(operation, Sum):
            for slot, c in operation.terms:
                adjoints[slot] = adjoints[slot] + _number(c, bits) * a
        elif isinstance(operation, Product):
            adjoints[operation.left] = adjoints[operation.left] + a * slots[operation.right]
            adjoints[operation.right] = adjoints[operation.right] + a * slots[operation.left]
        else:
            adjoints[operation.argument] = adjoints[operation.argument] + a * values.jets[i][1]
    return adjoints


def hessian(values: Values) -> list[list[Interval]]:
    """Return the Hessian: column by column, the derivative of the gradient in the direction of a variable."""
    n, bits = values.expression.dimension, values.slots[0].bits
    adjoints = _adjoints(values)
    zero, one = Interval(0, 0, bits), Interval(1 << bits, 1 << bits, bits)
    return [_column(values, adjoints, [one if i == j else zero for i in range(n)]) for j in range(n)]


def _column(values: Values, adjoints: list[Interval], direction: list[Interval]) -> list[Interval]:
    n, bits, slots = values.expression.dimension, values.slots[0].bits, values.slots
    moves = list(direction)
    forms = affine(values.expression, bits)
    images = forms.moves(direction)
    for i, (operation, jet) in enumerate(zip(values.expression.operations, values.jets, strict=True)):
        if i in forms.rows:
            moves.append(images[forms.rows[i]])
        elif isinstance(operation, Sum):
            moves.append(total([_number(c, bits) * moves[slot] for slot, c in operation.terms], bits))
        elif isinstance(operation, Product):
            moves.append(
                moves[operation.left] * slots[operation.right] + slots[operation.left] * moves[operation.right]
            )
        else:
            moves.append(jet[1] * moves[operation.argument])
    changes = [Interval(0, 0, bits)] * len(slots)
    for i in range(len(values.expression.operations) - 1, -1, -1):
        operation, a, change = values.expression.operations[i], adjoints[n + i], changes[n + i]
        if i in forms.rows:
            continue
        if isinstance(operation, Sum):
            for slot, c in operation.terms:
                changes[slot] = changes[slot] + _number(c, bits) * change
        elif isinstance(operation, Product):
            u, v = operation.left, operation.right
            changes[u] = changes[u] + change * slots[v] + a * moves[v]
            changes[v] = changes[v] + change * slots[u] + a * moves[u]
        else:
            u, jet = operation.argument, values.jets[i]
            changes[u] = changes[u] + change * jet[1] + a * jet[2] * moves[u]
    return forms.collected(changes, n)


@dataclass(frozen=True)
class _Bounds:
    """Of a slot on a ball: its values, and upper bounds of the norms of its first three derivatives, times 2^bits."""

    values: Interval
    first: int
    second: int
    third: int


def third_derivative_above(expression: Expression, centre: Point, radius: Fraction) -> Fraction:
    """Return an upper bound of the norm of the third derivative on a ball, as ``derivatives_above`` does."""
    return derivatives_above(expression, centre, radius)[1]


def derivatives_above(expression: Expression, centre: Point, radius: Fraction) -> tuple[Fraction, Fraction]:
    """Return upper bounds of the norms of the second and the third derivative on a ball.

    Args:
        expression: The loss.
        centre: The ball's centre.
        radius: Its radius.

    Returns:
        The two bounds.

    Raises:
        UndefinedError: If the ball may leave the loss's domain.
    """
    bits = centre[0].bits
    one, r = 1 << bits, Interval.exactly(radius, bits).high
    at_centre = evaluate(expression, centre, order=0).slots
    known = [_Bounds(x.widened(r), one, 0, 0) for x in centre]
    forms = affine(expression, bits)
    for i, operation in enumerate(expression.operations):
        if i in forms.rows:
            length = forms.lengths[forms.rows[i]]
            near = at_centre[expression.dimension + i].widened(_times(length, r, bits))
            known.append(_Bounds(near, length, 0, 0))
            continue
        valued = expression.dimension + i in expression.valued
        found = _bounds(operation, known, expression.dimension, bits, valued=valued)
        # By the mean value theorem the values stay within G r of that at the centre.
        near = at_centre[expression.dimension + i].widened(_times(found.first, r, bits))
        known.append(_Bounds(found.values.meet(near), found.first, found.second, found.third))
    return Fraction(known[-1].second, one), Fraction(known[-1].third, one)


def _times(a: int, b: int, bits: int) -> int:
    """Multiply two bounds, rounded up."""
    return -(-a * b >> bits)


@lru_cache(maxsize=4096)
def _size(x: Fraction, bits: int) -> int:
    return Interval.exactly(abs(x), bits).high


@lru_cache(maxsize=4096)
def _length(coefficients: tuple[Fraction, ...], bits: int) -> int:
    return Interval.exactly(norm_above(coefficients), bits).high


def _bounds(operation: Operation, known: Sequence[_Bounds], n: int, bits: int, *, valued: bool) -> _Bounds:
    if isinstance(operation, Sum):
        values = total([_number(c, bits) * known[s].values for s, c in operation.terms], bits)
        values = values + _number(operation.constant, bits)
        others = [(known[s], _size(c, bits)) for s, c in operation.terms if s >= n]
        first = _length(tuple(c for s, c in operation.terms if s < n), bits)
        first += sum(_times(c, u.first, bits) for u, c in others)
        second = sum(_times(c, u.second, bits) for u, c in others)
        third = sum(_times(c, u.third, bits) for u, c in others)
    elif isinstance(operation, Product):
        u, v = known[operation.left], known[operation.right]
        a, b = u.values.modulus(), v.values.modulus()
        values = u.values * v.values
        first = _times(a, v.first, bits) + _times(u.first, b, bits)
        second = _times(a, v.second, bits) + 2 * _times(u.first, v.first, bits) + _times(u.second, b, bits)
        mixed = _times(u.first, v.second, bits) + _times(u.second, v.first, bits)
        third = _times(a, v.third, bits) + 3 * mixed + _times(u.third, b, bits)
    else:
        u = known[operation.argument]
        jet = _jet(operation, u.values, 3, valued=valued)
        values, moduli = jet[0], [x.modulus() for x in jet[1:]]
        if isinstance(operation, Call) and operation.name in CAPS:
            moduli = [min(d, _size(cap, bits)) for d, cap in zip(moduli, CAPS[operation.name], strict=True)]
        d1, d2, d3 = moduli
        square = _times(u.first, u.first, bits)
        first = _times(d1, u.first, bits)
        second = _times(d1, u.second, bits) + _times(d2, square, bits)
        mixed = 3 * _times(d2, _times(u.first, u.second, bits), bits)
        third = _times(d1, u.third, bits) + mixed + _times(d3, _times(square, u.first, bits), bits)
    return _Bounds(values, first, second, third)
