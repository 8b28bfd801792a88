"""Third derivatives at a point along a vector, and a bound of the fourth ones on a ball.

D^3 f[v, v, .] is the gradient of the second derivative along v. Every slot carries its value u, its first and second
derivatives along v, and the gradients of all three. On a ball, the norms of the first four derivatives are bounded by
Leibniz' rule and Faa di Bruno's formula, with every term replaced by its norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

from gdcheck.theorem.checker.exact import Vector, norm_above
from gdcheck.theorem.checker.outcome import look
from gdcheck.theorem.checker.smooth.derivatives import evaluate
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Power, Product, Sum
from gdcheck.theorem.checker.smooth.functions import jet, power, power_jet
from gdcheck.theorem.checker.smooth.intervals import Interval, point

_Row = list[Interval]


def value_at(expression: Expression, at: Sequence[Interval]) -> Interval:
    """Return f(x); every function's value is computed, even if no derivative depends on it."""
    bits, slots = at[0].bits, list(at)
    for operation in expression.operations:
        look("the loss at a point")
        if isinstance(operation, Sum):
            parts = [Interval.exactly(c, bits) * slots[s] for s, c in operation.terms]
            slots.append(_sum(parts, Interval.exactly(operation.constant, bits)))
        elif isinstance(operation, Product):
            slots.append(slots[operation.left] * slots[operation.right])
        elif isinstance(operation, Power):
            slots.append(power(slots[operation.argument], operation.exponent))
        else:
            slots.extend(jet(operation.name, slots[operation.argument], 0))
    return slots[-1]


def third_along(expression: Expression, at: Sequence[Interval], vector: Vector) -> _Row:
    """Return D^3 f(x)[v, v, .], shape (n,)."""
    bits, n = at[0].bits, expression.dimension
    zero, one = Interval(0, 0, bits), Interval.exactly(1, bits)
    none = [zero] * n
    values = evaluate(expression, at, 3)
    along = [(v, zero) for v in point(vector, bits)]
    grads: list[tuple[_Row, _Row, _Row]] = [([one if i == j else zero for j in range(n)], none, none) for i in range(n)]
    for operation, slopes in zip(expression.operations, values.jets, strict=True):
        look("third derivatives")
        if isinstance(operation, Sum):
            parts = [(s, Interval.exactly(c, bits)) for s, c in operation.terms]
            first, second = (_sum([c * along[s][k] for s, c in parts], zero) for k in (0, 1))
            rows = tuple(_combined([(c, grads[s][k]) for s, c in parts], none) for k in range(3))
        elif isinstance(operation, Product):
            a, b = operation.left, operation.right
            u, v = values.slots[a], values.slots[b]
            (u1, u2), (v1, v2), (gu, gu1, gu2), (gv, gv1, gv2) = along[a], along[b], grads[a], grads[b]
            first, second = u1 * v + u * v1, u2 * v + (u1 * v1).times(2) + u * v2
            w1, w2 = u1.times(2), v1.times(2)
            rows = (
                _combined([(v, gu), (u, gv)], none),
                _combined([(v, gu1), (u1, gv), (v1, gu), (u, gv1)], none),
                _combined([(v, gu2), (u2, gv), (w2, gu1), (w1, gv1), (v2, gu), (u, gv2)], none),
            )
        else:
            s = operation.argument
            (u1, u2), (g, g1, g2), (_, d1, d2, d3) = along[s], grads[s], slopes
            square = u1.square()
            first, second = d1 * u1, d2 * square + d1 * u2
            rows = (
                _combined([(d1, g)], none),
                _combined([(d2 * u1, g), (d1, g1)], none),
                _combined([(d3 * square + d2 * u2, g), ((d2 * u1).times(2), g1), (d1, g2)], none),
            )
        along.append((first, second))
        grads.append(rows)  # type: ignore[arg-type]
    return grads[-1][2]


def _sum(terms: Sequence[Interval], zero: Interval) -> Interval:
    for x in terms:
        zero = zero + x
    return zero


def _combined(parts: Sequence[tuple[Interval, _Row]], none: _Row) -> _Row:
    """Return the sum of multiples of rows; rows that are ``none``, the row of zeros, are skipped."""
    parts = [(c, row) for c, row in parts if row is not none]
    if not parts:
        return none
    found = [parts[0][0] * x for x in parts[0][1]]
    for c, row in parts[1:]:
        found = [x + c * y for x, y in zip(found, row, strict=True)]
    return found


def fourth_derivative(name: str, x: Interval, jet: Sequence[Interval]) -> Interval:
    """Return the fourth derivative of a function on an interval, given the first ones.

    With f the first derivative of tan, tanh or the logistic function s: 8 t f (2 + 3 t^2), 8 t f (2 - 3 t^2) and
    f (1 - 2 s)(1 - 12 f).
    """
    one = Interval.exactly(1, x.bits)
    value, first, second, _ = jet
    if name in {"exp", "sin", "cos", "sinh", "cosh"}:
        return value
    if name in {"log", "log1p"}:
        return -(first.square().square()).times(6)
    if name in {"tan", "tanh"}:
        square = value.square().times(3)
        inner = one.times(2) + square if name == "tan" else one.times(2) - square
        return (value * first * inner).times(8)
    if name == "sigmoid":
        return second * (one - first.times(12))
    if name == "softplus":
        # first = s, second = s (1 - s).
        return second * (one - second.times(6))
    if name == "erf":
        return (x.times(12) - (x.square() * x).times(8)) * first
    assert name == "atan"
    return (x * (one - x.square())).times(24) * first.square().square()


def fourth_above(expression: Expression, centre: Sequence[Interval], radius: Fraction) -> Fraction:
    """Bound the norm of the fourth derivative on a ball.

    Args:
        expression: The loss.
        centre: The ball's centre.
        radius: Its radius.

    Returns:
        The bound.

    Raises:
        UndefinedError: If the ball may leave the loss's domain.
    """
    bits, n = centre[0].bits, expression.dimension
    one, r = 1 << bits, Interval.exactly(radius, bits).high
    at_centre = evaluate(expression, centre, 0).slots
    values = [x.widened(r) for x in centre]
    norms: list[tuple[int, ...]] = [(one, 0, 0, 0)] * n

    def times(*factors: int) -> int:
        result = one
        for x in factors:
            result = -(-result * x >> bits)
        return result

    for operation, middle in zip(expression.operations, at_centre[n:], strict=True):
        look("fourth derivatives")
        if isinstance(operation, Sum):
            value = Interval.exactly(operation.constant, bits)
            for s, c in operation.terms:
                value = value + Interval.exactly(c, bits) * values[s]
            others = [(norms[s], Interval.exactly(abs(c), bits).high) for s, c in operation.terms if s >= n]
            found = [sum(times(c, u[k]) for u, c in others) for k in range(4)]
            linear = norm_above(tuple(c for s, c in operation.terms if s < n))
            found[0] += Interval.exactly(linear, bits).high
        elif isinstance(operation, Product):
            a, b = operation.left, operation.right
            value = values[a] * values[b]
            u, v = (values[a].modulus(), *norms[a]), (values[b].modulus(), *norms[b])
            found = [sum(comb(k, i) * times(u[i], v[k - i]) for i in range(k + 1)) for k in range(1, 5)]
        else:
            x, (g, h, t, q) = values[operation.argument], norms[operation.argument]
            if isinstance(operation, Power):
                slopes = power_jet(x, operation.exponent, 4)
            else:
                assert isinstance(operation, Call)
                slopes = jet(operation.name, x, 3)
                slopes.append(fourth_derivative(operation.name, x, slopes))
            value, (d1, d2, d3, d4) = slopes[0], (y.modulus() for y in slopes[1:])
            found = [
                times(d1, g),
                times(d1, h) + times(d2, g, g),
                times(d1, t) + 3 * times(d2, g, h) + times(d3, g, g, g),
                times(d1, q)
                + times(d2, 4 * times(g, t) + 3 * times(h, h))
                + 6 * times(d3, g, g, h)
                + times(d4, g, g, g, g),
            ]
        # By the mean value theorem the values are within G r of the value at the centre.
        values.append(value.meet(middle.widened(times(found[0], r))))
        norms.append(tuple(found))
    return Fraction(norms[-1][3], one)
