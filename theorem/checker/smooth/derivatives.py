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
from gdcheck.theorem.checker.smooth.functions import caps, jet, power_jet
from gdcheck.theorem.checker.smooth.intervals import Interval, total

Point = Sequence[Interval]


@dataclass(frozen=True)
class Values:
    """The slots at a point; for each power or call also its value and derivatives, as far as they were asked for."""

    expression: Expression
    slots: list[Interval]
    jets: list[list[Interval]]


@lru_cache(maxsize=16)
def _sums(expression: Expression, bits: int) -> dict[int, tuple[Interval, list[tuple[int, Interval]]]]:
    """Return the constants and coefficients of the sums that are not affine forms, by index, as intervals."""
    forms = affine(expression, bits)
    return {
        i: (Interval.exactly(x.constant, bits), [(slot, Interval.exactly(c, bits)) for slot, c in x.terms])
        for i, x in enumerate(expression.operations)
        if isinstance(x, Sum) and i not in forms.rows
    }


def evaluate(expression: Expression, point: Point, order: int) -> Values:
    """Evaluate every slot at a point, and the derivatives of powers and calls up to an order."""
    bits = point[0].bits
    slots, jets = list(point), []
    forms, sums = affine(expression, bits), _sums(expression, bits)
    images = forms.values(point)
    for i, operation in enumerate(expression.operations):
        found: list[Interval] = []
        if i in forms.rows:
            value = images[forms.rows[i]]
        elif isinstance(operation, Sum):
            constant, terms = sums[i]
            value = _linear(constant, terms, slots)
        elif isinstance(operation, Product):
            value = slots[operation.left] * slots[operation.right]
        else:
            found = _jet(operation, slots[operation.argument], order, valued=len(slots) in expression.valued)
            value = found[0]
        slots.append(value)
        jets.append(found)
    return Values(expression, slots, jets)


def _linear(constant: Interval, terms: Sequence[tuple[int, Interval]], slots: Sequence[Interval]) -> Interval:
    """Return a constant plus multiples of slots, rounded once; no coefficient's interval has zero inside."""
    bits = constant.bits
    low, high = constant.low << bits, constant.high << bits
    for slot, c in terms:
        x = slots[slot]
        a, b, least, most = c.low, c.high, x.low, x.high
        if a < 0:  # c x = (-c)(-x).
            a, b, least, most = -b, -a, -most, -least
        low += (a if least >= 0 else b) * least
        high += (b if most >= 0 else a) * most
    return Interval(low >> bits, -(-high >> bits), bits)


def _jet(operation: Power | Call, x: Interval, order: int, *, valued: bool) -> list[Interval]:
    look("the loss at a point")
    if isinstance(operation, Power):
        return power_jet(x, operation.exponent, order)
    return jet(operation.name, x, order, valued=valued)


def gradient(values: Values) -> list[Interval]:
    """Return the gradient, by the chain rule from the last slot back to the variables."""
    n, bits = values.expression.dimension, values.slots[0].bits
    return affine(values.expression, bits).collected(_adjoints(values, _partials(values)), n)


Partials = Sequence[Sequence[tuple[int, Interval]]]
"""For each operation the slots that it depends on, each with the derivative by it; none for affine forms."""


def _partials(values: Values) -> Partials:
    bits, slots, found = values.slots[0].bits, values.slots, list[list[tuple[int, Interval]]]()
    rows, sums = affine(values.expression, bits).rows, _sums(values.expression, bits)
    for i, (operation, slopes) in enumerate(zip(values.expression.operations, values.jets, strict=True)):
        if i in rows:
            found.append([])
        elif isinstance(operation, Sum):
            found.append(sums[i][1])
        elif isinstance(operation, Product):
            u, v = operation.left, operation.right
            found.append([(u, slots[v]), (v, slots[u])])
        else:
            found.append([(operation.argument, slopes[1])])
    return found


def _adjoints(values: Values, partials: Partials) -> list[Interval]:
    """Return the derivative of the loss with respect to every slot, without what passes through affine forms."""
    n, bits = values.expression.dimension, values.slots[0].bits
    adjoints = [Interval(0, 0, bits)] * len(values.slots)
    adjoints[-1] = Interval(1 << bits, 1 << bits, bits)
    for i in range(len(partials) - 1, -1, -1):
        for slot, d in partials[i]:
            adjoints[slot] = adjoints[slot] + d * adjoints[n + i]
    return adjoints


def hessian(values: Values) -> list[list[Interval]]:
    """Return the Hessian: a sum over all powers, functions and products.

    Let a be the derivative of the loss with respect to an operation's slot. Then phi(u) adds
    a phi''(u) (grad u)(grad u)^T, and u v adds a times (grad u)(grad v)^T and its transpose. Functions of affine forms
    add A^T W A, computed for all of them at once.
    """
    expression, partials = values.expression, _partials(values)
    n, bits = expression.dimension, values.slots[0].bits
    adjoints, forms, slopes = _adjoints(values, partials), affine(expression, bits), _Slopes(values, partials)
    zero = Interval(0, 0, bits)
    found = [[zero] * n for _ in range(n)]
    weights: dict[int, Interval] = {}
    for i, operation in enumerate(expression.operations):
        if isinstance(operation, Sum):
            continue
        a = adjoints[n + i]
        if isinstance(operation, Product):
            for j, x in slopes.of(operation.left).items():
                for k, y in slopes.of(operation.right).items():
                    add = a * x * y
                    found[j][k] = found[j][k] + add
                    found[k][j] = found[k][j] + add
            continue
        weight, row = a * values.jets[i][2], forms.rows.get(operation.argument - n)
        if row is not None:
            weights[row] = weights[row] + weight if row in weights else weight
            continue
        slope = list(slopes.of(operation.argument).items())
        for place, (j, x) in enumerate(slope):
            scaled = weight * x
            for k, y in slope[: place + 1]:
                add = scaled * y
                found[j][k] = found[j][k] + add
                if j != k:
                    found[k][j] = found[k][j] + add
    if weights:
        more = forms.weighted([weights.get(row, zero) for row in range(len(forms.lengths))])
        found = [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(found, more, strict=True)]
    return found


class _Slopes:
    """The gradients of slots, made when they are needed; each has one number for every variable it depends on."""

    def __init__(self, values: Values, partials: Partials) -> None:
        self.values = values
        self.partials = partials
        self.bits = values.slots[0].bits
        self.known: dict[int, dict[int, Interval]] = {}

    def of(self, slot: int) -> dict[int, Interval]:
        """Return the gradient of a slot."""
        if slot not in self.known:
            # Slots depend on earlier ones only. A stack instead of recursion: a loss may have many nested operations.
            waiting = [slot]
            while waiting:
                needs = [s for s, _ in self._parts(waiting[-1]) if s not in self.known]
                waiting.extend(needs)
                if not needs:
                    last = waiting.pop()
                    self.known[last] = self._made(last)
        return self.known[slot]

    def _parts(self, slot: int) -> Sequence[tuple[int, Interval]]:
        n = self.values.expression.dimension
        return self.partials[slot - n] if slot >= n else []

    def _made(self, slot: int) -> dict[int, Interval]:
        n, expression = self.values.expression.dimension, self.values.expression
        if slot < n:
            return {slot: Interval(1 << self.bits, 1 << self.bits, self.bits)}
        operation = expression.operations[slot - n]
        if slot - n in affine(expression, self.bits).rows:
            assert isinstance(operation, Sum)
            return {s: Interval.exactly(c, self.bits) for s, c in operation.terms}
        found: dict[int, Interval] = {}
        for s, factor in self._parts(slot):
            for j, x in self.known[s].items():
                found[j] = found[j] + factor * x if j in found else factor * x
        return found


@dataclass(frozen=True)
class _Bounds:
    """A slot on a ball: its values, and upper bounds of the norms of its first three derivatives, times 2^bits."""

    values: Interval
    first: int
    second: int
    third: int


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
        value, slot = at_centre[expression.dimension + i], expression.dimension + i
        if i in forms.rows:
            length = forms.lengths[forms.rows[i]]
            found = _Bounds(value.widened(_times(length, r, bits)), length, 0, 0)
        else:
            found = _bounds(operation, known, expression.dimension, bits, valued=slot in expression.valued)
        # By the mean value theorem the values are within G r of the value at the centre.
        near = value.widened(_times(found.first, r, bits))
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
        values = total([Interval.exactly(c, bits) * known[s].values for s, c in operation.terms], bits)
        values = values + Interval.exactly(operation.constant, bits)
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
        values, *slopes = _jet(operation, u.values, 3, valued=valued)
        moduli = [x.modulus() for x in slopes]
        most = caps(operation.name, bits) if isinstance(operation, Call) else None
        d1, d2, d3 = moduli if most is None else map(min, moduli, most)
        square = _times(u.first, u.first, bits)
        first = _times(d1, u.first, bits)
        second = _times(d1, u.second, bits) + _times(d2, square, bits)
        mixed = 3 * _times(d2, _times(u.first, u.second, bits), bits)
        third = _times(d1, u.third, bits) + mixed + _times(d3, _times(square, u.first, bits), bits)
    return _Bounds(values, first, second, third)
