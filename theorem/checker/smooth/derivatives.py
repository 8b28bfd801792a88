"""Gradient and Hessian of a smooth loss at a point, and bounds of its derivatives on a ball.

On a ball every slot u has an interval of values and bounds G, H, T of the norms of its first three derivatives. For a
product, H = |u| H_v + 2 G_u G_v + H_u |v| and T = |u| T_v + 3 G_u H_v + 3 H_u G_v + T_u |v|; for a function phi of u,
H = |phi'| H_u + |phi''| G_u^2 and T = |phi'| T_u + 3 |phi''| G_u H_u + |phi'''| G_u^3. The affine part of a sum has
G = the norm of its coefficients.

A sum of c_i phi_i(a_i . x) has D^3[u, v, w] = sum of c_i phi_i''' (a_i . u)(a_i . v)(a_i . w). For unit vectors this is
at most the norm of the sum of t_i a_i a_i^T, by Cauchy's inequality, with t_i = |c_i| |phi_i'''| |a_i|. Of MANY such
functions the smaller bound is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from gdcheck.theorem.checker.exact import norm_above
from gdcheck.theorem.checker.outcome import LOOK, look
from gdcheck.theorem.checker.smooth.affine import Affine, affine
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Power, Product, Sum
from gdcheck.theorem.checker.smooth.functions import caps, jet, jets, power_jet
from gdcheck.theorem.checker.smooth.intervals import Interval
from gdcheck.theorem.checker.smooth.spectrum import norm_of_symmetric

Point = Sequence[Interval]
MANY = 32
"""From this number of functions of affine forms on, the norm of their sum's matrix is worth its cost."""


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
    n, bits = expression.dimension, point[0].bits
    forms, sums = affine(expression, bits), _sums(expression, bits)
    slots = [*point, *[Interval(0, 0, bits)] * len(expression.operations)]
    derivatives = list[list[Interval]]([[]] * len(expression.operations))
    for i, image in zip(forms.rows, forms.values(point), strict=True):
        slots[n + i] = image
    for (name, valued), places in forms.calls.items():
        look("the loss at a point")
        found = jets(name, [slots[argument] for _, argument in places], order, valued=valued)
        for (i, _), derivatives[i] in zip(places, found, strict=True):
            slots[n + i] = derivatives[i][0]
    for i in forms.rest:
        if i % LOOK == 0:
            look("the loss at a point")
        operation = expression.operations[i]
        if isinstance(operation, Sum):
            constant, terms = sums[i]
            slots[n + i] = _linear(constant, terms, slots)
        elif isinstance(operation, Product):
            slots[n + i] = slots[operation.left] * slots[operation.right]
        else:
            derivatives[i] = _jet(operation, slots[operation.argument], order, valued=n + i in expression.valued)
            slots[n + i] = derivatives[i][0]
    return Values(expression, slots, derivatives)


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
    if isinstance(operation, Power):
        return power_jet(x, operation.exponent, order)
    return jet(operation.name, x, order, valued=valued)


def gradient(values: Values) -> list[Interval]:
    """Return the gradient, by the chain rule from the last slot back to the variables."""
    n, bits = values.expression.dimension, values.slots[0].bits
    return affine(values.expression, bits).collected(_adjoints(values), n)


def _partials(values: Values, i: int) -> Sequence[tuple[int, Interval]]:
    """Return the slots that an operation depends on, each with the derivative by it; none for affine forms."""
    operation, slots = values.expression.operations[i], values.slots
    if isinstance(operation, Sum):
        found = _sums(values.expression, slots[0].bits).get(i)
        return [] if found is None else found[1]
    if isinstance(operation, Product):
        return [(operation.left, slots[operation.right]), (operation.right, slots[operation.left])]
    return [(operation.argument, values.jets[i][1])]


def _adjoints(values: Values) -> list[Interval]:
    """Return the derivative of the loss with respect to every slot, but for what affine forms bring the variables."""
    n, bits, last = values.expression.dimension, values.slots[0].bits, len(values.slots) - 1
    zero = Interval(0, 0, bits)
    adjoints = [zero] * last + [Interval(1 << bits, 1 << bits, bits)]
    for i in reversed(affine(values.expression, bits).others):
        for slot, d in _partials(values, i):
            more = d if n + i == last else d * adjoints[n + i]
            adjoints[slot] = more if adjoints[slot] is zero else adjoints[slot] + more
    return adjoints


def hessian(values: Values) -> list[list[Interval]]:
    """Return the Hessian: a sum over all powers, functions and products.

    Let a be the derivative of the loss with respect to an operation's slot. Then phi(u) adds
    a phi''(u) (grad u)(grad u)^T, and u v adds a times (grad u)(grad v)^T and its transpose. Functions of affine forms
    add A^T W A, computed for all of them at once.
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
    """The gradients of slots, made when they are needed; each has one number for every variable it depends on."""

    def __init__(self, values: Values) -> None:
        self.values = values
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
        return _partials(self.values, slot - n) if slot >= n else []

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
    n, bits = expression.dimension, centre[0].bits
    one, r = 1 << bits, Interval.exactly(radius, bits).high
    at_centre = evaluate(expression, centre, order=0).slots
    known = [_Bounds(x.widened(r), one, 0, 0) for x in at_centre]  # Of the variables; the others follow.
    forms = affine(expression, bits)
    for i, row in forms.rows.items():
        length = forms.lengths[row]
        known[n + i] = _Bounds(at_centre[n + i].widened(_times(length, r, bits)), length, 0, 0)
    derivatives = dict[int, list[Interval]]()
    for (name, valued), places in forms.calls.items():
        look("the loss on a ball")
        found = jets(name, [known[argument].values for _, argument in places], 3, valued=valued)
        derivatives |= {i: x for (i, _), x in zip(places, found, strict=True)}
    for i in forms.others:
        operation = expression.operations[i]
        if isinstance(operation, Sum):
            bounds = _bounds_of_sum(operation, _sums(expression, bits)[i], known, forms)
        elif isinstance(operation, Product):
            bounds = _bounds_of_product(known[operation.left], known[operation.right])
        else:
            u = known[operation.argument]
            jet_there = derivatives.get(i) or _jet(operation, u.values, 3, valued=n + i in expression.valued)
            bounds = _bounds_of_function(operation, u, jet_there)
        # By the mean value theorem the values are within G r of the value at the centre.
        near = at_centre[n + i].widened(_times(bounds.first, r, bits))
        known[n + i] = _Bounds(bounds.values.meet(near), bounds.first, bounds.second, bounds.third)
    return Fraction(known[-1].second, one), Fraction(known[-1].third, one)


def _times(a: int, b: int, bits: int) -> int:
    """Multiply two bounds, rounded up."""
    return -(-a * b >> bits)


@lru_cache(maxsize=4096)
def _length(coefficients: tuple[Fraction, ...], bits: int) -> int:
    return Interval.exactly(norm_above(coefficients), bits).high


def _bounds_of_sum(
    operation: Sum, linear: tuple[Interval, Sequence[tuple[int, Interval]]], known: Sequence[_Bounds], forms: Affine
) -> _Bounds:
    constant, terms = linear
    n, bits = forms.dimension, constant.bits
    values = _linear(constant, [(s, c) for s, (_, c) in enumerate(terms)], [known[s].values for s, _ in terms])
    others = [(known[s], c.modulus()) for s, c in terms if s >= n]
    first = _length(tuple(c for s, c in operation.terms if s < n), bits)
    first += sum(_times(c, u.first, bits) for u, c in others)
    second = sum(_times(c, u.second, bits) for u, c in others)
    third = sum(_times(c, u.third, bits) for u, c in others)
    if sum(slot in forms.inner for slot, _ in terms) >= MANY:
        third = min(third, _third_of_sum(terms, known, forms))
    return _Bounds(values, first, second, third)


def _third_of_sum(terms: Sequence[tuple[int, Interval]], known: Sequence[_Bounds], forms: Affine) -> int:
    """Bound the third derivative of a sum, its functions of affine forms by Cauchy's inequality."""
    bits, rest, weights = forms.bits, 0, [0] * len(forms.lengths)
    for slot, c in terms:
        third, row = _times(c.modulus(), known[slot].third, bits), forms.inner.get(slot)
        if row is None:
            rest += third
        elif third:
            weights[row] += -(-(third << 2 * bits) // forms.lengths[row] ** 2)
    if not any(weights):
        return rest
    return rest + norm_of_symmetric(forms.weighted([Interval(t, t, bits) for t in weights]))


def _bounds_of_product(u: _Bounds, v: _Bounds) -> _Bounds:
    bits, a, b = u.values.bits, u.values.modulus(), v.values.modulus()
    first = _times(a, v.first, bits) + _times(u.first, b, bits)
    second = _times(a, v.second, bits) + 2 * _times(u.first, v.first, bits) + _times(u.second, b, bits)
    mixed = _times(u.first, v.second, bits) + _times(u.second, v.first, bits)
    third = _times(a, v.third, bits) + 3 * mixed + _times(u.third, b, bits)
    return _Bounds(u.values * v.values, first, second, third)


def _bounds_of_function(operation: Power | Call, u: _Bounds, derivatives: Sequence[Interval]) -> _Bounds:
    values, *slopes = derivatives
    bits, moduli = values.bits, [x.modulus() for x in slopes]
    most = caps(operation.name, bits) if isinstance(operation, Call) else None
    d1, d2, d3 = moduli if most is None else map(min, moduli, most)
    square = _times(u.first, u.first, bits)
    first = _times(d1, u.first, bits)
    second = _times(d1, u.second, bits) + _times(d2, square, bits)
    mixed = 3 * _times(d2, _times(u.first, u.second, bits), bits)
    third = _times(d1, u.third, bits) + mixed + _times(d3, _times(square, u.first, bits), bits)
    return _Bounds(values, first, second, third)
