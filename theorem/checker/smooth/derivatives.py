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


@lru_cache(maxsize=16)
def _sums(expression: Expression, bits: int) -> dict[int, tuple[Interval, list[tuple[int, Interval]]]]:
    """Return the sums that are no affine forms, by their index: constants and coefficients at a scale."""
    forms = affine(expression, bits)
    return {
        i: (Interval.exactly(x.constant, bits), [(slot, Interval.exactly(c, bits)) for slot, c in x.terms])
        for i, x in enumerate(expression.operations)
        if isinstance(x, Sum) and i not in forms.rows
    }


def evaluate(expression: Expression, point: Point, order: int) -> Values:
    """Evaluate every slot at a point, and of powers and calls the derivatives up to an order."""
    bits = point[0].bits
    slots, jets = list(point), []
    forms, sums = affine(expression, bits), _sums(expression, bits)
    images = forms.values(point)
    for i, operation in enumerate(expression.operations):
        jet: list[Interval] = []
        if i in forms.rows:
            value = images[forms.rows[i]]
        elif isinstance(operation, Sum):
            constant, terms = sums[i]
            value = total([constant, *(c * slots[slot] for slot, c in terms)], bits)
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
        return coarse_softplus(x, order)
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
    forms, sums = affine(values.expression, bits), _sums(values.expression, bits)
    for i in range(len(values.expression.operations) - 1, -1, -1):
        operation, a = values.expression.operations[i], adjoints[n + i]
        if i in forms.rows:
            continue
        if isinstance(operation, Sum):
            for slot, c in sums[i][1]:
                adjoints[slot] = adjoints[slot] + c * a
        elif isinstance(operation, Product):
            adjoints[operation.left] = adjoints[operation.left] + a * slots[operation.right]
            adjoints[operation.right] = adjoints[operation.right] + a * slots[operation.left]
        else:
            adjoints[operation.argument] = adjoints[operation.argument] + a * values.jets[i][1]
    return adjoints


def hessian(values: Values) -> list[list[Interval]]:
    """Return the Hessian: of every power, function and product the second derivative, carried to the variables.

    With a the loss's derivative with respect to an operation's slot, phi(u) adds a phi'' (grad u)(grad u)^T, and u v
    adds a times (grad u)(grad v)^T and its transpose. What functions of affine forms add is A^T W A, for all at once.
    """
    expression = values.expression
    n, bits = expression.dimension, values.slots[0].bits
    adjoints, forms, slopes = _adjoints(values), affine(expression, bits), _Slopes(values)
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
    """The gradients of slots, each a number for every variable that it depends on."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.bits = values.slots[0].bits
        self.known: dict[int, dict[int, Interval]] = {}

    def of(self, slot: int) -> dict[int, Interval]:
        """Return the gradient of a slot."""
        if slot not in self.known:
            # Slots depend on earlier ones only: those not known yet are made first, so that no recursion grows deep.
            waiting = [slot]
            while waiting:
                needs = [s for s in self._arguments(waiting[-1]) if s not in self.known]
                waiting.extend(needs)
                if not needs:
                    last = waiting.pop()
                    self.known[last] = self._made(last)
        return self.known[slot]

    def _arguments(self, slot: int) -> list[int]:
        n, expression = self.values.expression.dimension, self.values.expression
        if slot < n or slot - n in affine(expression, self.bits).rows:
            return []
        operation = expression.operations[slot - n]
        if isinstance(operation, Sum):
            return [s for s, _ in operation.terms]
        return [operation.left, operation.right] if isinstance(operation, Product) else [operation.argument]

    def _made(self, slot: int) -> dict[int, Interval]:
        n, expression, slots = self.values.expression.dimension, self.values.expression, self.values.slots
        if slot < n:
            return {slot: Interval(1 << self.bits, 1 << self.bits, self.bits)}
        i = slot - n
        operation = expression.operations[i]
        if i in affine(expression, self.bits).rows:
            assert isinstance(operation, Sum)
            return {s: Interval.exactly(c, self.bits) for s, c in operation.terms}
        if isinstance(operation, Sum):
            parts = _sums(expression, self.bits)[i][1]
        elif isinstance(operation, Product):
            parts = [(operation.left, slots[operation.right]), (operation.right, slots[operation.left])]
        else:
            parts = [(operation.argument, self.values.jets[i][1])]
        found: dict[int, Interval] = {}
        for s, factor in parts:
            for j, x in self.known[s].items():
                found[j] = found[j] + factor * x if j in found else factor * x
        return found


@dataclass(frozen=True)
class _Bounds:
    """Of a slot on a ball: its values, and upper bounds of the norms of its first three derivatives, times 2^bits."""

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
