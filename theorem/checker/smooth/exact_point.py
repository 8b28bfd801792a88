"""The Hessian at a rational point in fractions, and the assumptions that its exact spectrum decides: Claim G10.

Every slot has a value and its first two derivatives there. Few of a function's values are rational: those of exp and
its like at 0, and the derivatives of logarithms and arctangents at every rational number. A value that is not rational,
such as softplus(0) = ln 2, does no harm where only sums depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.exact import Matrix
from gdcheck.theorem.checker.outcome import claim, look, show, within
from gdcheck.theorem.checker.reading.document import Eigenvalue, Spectrum
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Power, Product, Sum
from gdcheck.theorem.checker.smooth.intervals import Ends
from gdcheck.theorem.checker.spectrum import Operator, verify_ends, verify_regime

MOST_VARIABLES = 32
MOST_BITS = 20_000
"""The most bits of a number."""

Values = tuple[Fraction | None, Fraction, Fraction]
"""A function's value, if it is known, and its first two derivatives."""

_HALF = Fraction(1, 2)
_AT_ZERO: dict[str, Values] = {
    "exp": (Fraction(1), Fraction(1), Fraction(1)),
    "sin": (Fraction(0), Fraction(1), Fraction(0)),
    "cos": (Fraction(1), Fraction(0), Fraction(-1)),
    "tan": (Fraction(0), Fraction(1), Fraction(0)),
    "sinh": (Fraction(0), Fraction(1), Fraction(0)),
    "cosh": (Fraction(1), Fraction(0), Fraction(1)),
    "tanh": (Fraction(0), Fraction(1), Fraction(0)),
    "sigmoid": (_HALF, _HALF**2, Fraction(0)),
    "softplus": (None, _HALF, _HALF**2),
}


class InexactError(Exception):
    """A number that is not rational, or is not known to be."""


@dataclass(frozen=True)
class _Slot:
    """A slot at the point: its value, if it is known, its gradient, and its Hessian."""

    value: Fraction | None
    slope: Sequence[Fraction]
    bend: Sequence[Sequence[Fraction]]

    def known(self) -> Fraction:
        """Return the value, which must be known."""
        if self.value is None:
            raise InexactError
        return self.value


def exact_hessian(expression: Expression, point: Sequence[Fraction]) -> Matrix | None:
    """Return the Hessian at a rational critical point, in fractions.

    Args:
        expression: The loss.
        point: The point.

    Returns:
        The Hessian; None if it is not known to be rational, or the gradient not to be zero.
    """
    n = expression.dimension
    if n > MOST_VARIABLES:
        return None
    zero = [[Fraction(0)] * n for _ in range(n)]
    slots = [_Slot(x, [Fraction(int(i == j)) for j in range(n)], zero) for i, x in enumerate(point)]
    try:
        for operation in expression.operations:
            look("the Hessian at a rational point")
            found = _slot(operation, slots, n)
            numbers = [found.value or Fraction(0), *found.slope, *(x for row in found.bend for x in row)]
            size = max(max(x.numerator.bit_length(), x.denominator.bit_length()) for x in numbers)
            within(size <= MOST_BITS, "the Hessian at a rational point has too many digits")
            slots.append(found)
    except InexactError:
        return None
    last = slots[-1]
    return None if any(last.slope) else [list(row) for row in last.bend]


def _slot(operation: Sum | Product | Power | Call, slots: Sequence[_Slot], n: int) -> _Slot:
    places = range(n)
    if isinstance(operation, Sum):
        terms = [(slots[s], c) for s, c in operation.terms]
        values = [u.value for u, _ in terms]
        total = [x * c for x, (_, c) in zip(values, terms, strict=True) if x is not None]
        value = operation.constant + sum(total, Fraction(0)) if len(total) == len(values) else None
        slope = [sum((c * u.slope[i] for u, c in terms), Fraction(0)) for i in places]
        bend = [[sum((c * u.bend[i][j] for u, c in terms), Fraction(0)) for j in places] for i in places]
        return _Slot(value, slope, bend)
    if isinstance(operation, Product):
        u, v = slots[operation.left], slots[operation.right]
        a, b, p, q = u.known(), v.known(), u.slope, v.slope
        slope = [a * q[i] + b * p[i] for i in places]
        bend = [[a * v.bend[i][j] + p[i] * q[j] + q[i] * p[j] + b * u.bend[i][j] for j in places] for i in places]
        return _Slot(a * b, slope, bend)
    u = slots[operation.argument]
    value, first, second = (
        _power(u.known(), operation.exponent) if isinstance(operation, Power) else _function(operation.name, u.known())
    )
    p = u.slope
    bend = [[first * u.bend[i][j] + second * p[i] * p[j] for j in places] for i in places]
    return _Slot(value, [first * x for x in p], bend)


def _function(name: str, u: Fraction) -> Values:
    """Return the value of a function, if it is known, and its first two derivatives."""
    if name in _AT_ZERO and u == 0:
        return _AT_ZERO[name]
    if name in {"log", "log1p"}:
        u = u if name == "log" else 1 + u
        if u > 0:
            return (Fraction(0) if u == 1 else None), 1 / u, -1 / u**2
    if name == "atan":
        square = 1 + u**2
        return (Fraction(0) if u == 0 else None), 1 / square, -2 * u / square**2
    raise InexactError


def _power(u: Fraction, exponent: Fraction) -> Values:
    """Return u to a rational power, and its first two derivatives."""
    p, q = exponent.as_integer_ratio()
    digits = max(u.numerator.bit_length(), u.denominator.bit_length())
    within(abs(p) * digits <= MOST_BITS, f"a power of a number of {digits} bits has too many bits")
    if q == 1 and p >= 0:
        return u**p, p * u ** max(p - 1, 0), p * (p - 1) * u ** max(p - 2, 0)
    if u <= 0 and (q > 1 or u == 0):
        raise InexactError
    if q > 1 and u != 1:
        root = Fraction(isqrt(u.numerator), isqrt(u.denominator))
        if q != 2 or root**2 != u:
            raise InexactError
        value = root**p
    else:
        value = u**p
    return value, exponent * value / u, exponent * (exponent - 1) * value / u**2


def verify_exactly(
    hessian: Matrix, stated: tuple[Ends, Ends], own: Sequence[Ends], regime: str, eta: Fraction
) -> tuple[list[str], list[Ends]]:
    """Claim G10 (exact spectrum): Claims 3 to 5 hold for the exact Hessian.

    Args:
        hessian: The Hessian at the minimizer.
        stated: The intervals of the smallest and of the largest eigenvalue.
        own: The checker's own intervals of all eigenvalues.
        regime: The regime.
        eta: The step size.

    Returns:
        The assumptions about spectrum and step size that fail, and the intervals of all eigenvalues; the copies of the
        smallest eigenvalue share one interval, and so do those of the largest.
    """
    operator, n = Operator.of(hessian), len(hessian)
    (low, high), (least, most) = stated
    if regime == "boundary":
        # 2/eta minus the smallest eigenvalue is the largest: its interval must contain the mirrored one of the other.
        least, most = min(least, 2 / eta - high), max(most, 2 / eta - low)
    counts = [operator.up_to(b) - operator.below(a) for a, b in ((low, high), (least, most))]
    spectrum = Spectrum(Eigenvalue((low, high), counts[0]), Eigenvalue((least, most), counts[1]))
    claim(low > 0, f"the smallest eigenvalue is positive fails: {show(low)}")
    verify_ends(operator, spectrum)
    verify_regime(operator, spectrum, regime, eta)
    fails = [
        name
        for name, holds in (
            ("distinct-ends", counts[0] == n),
            ("simple-lowest", counts[0] > 1),
            ("simple-highest", counts[1] > 1),
            ("off-boundary", regime == "boundary"),
            ("stable-step", regime == "unstable"),
        )
        if holds
    ]
    ends = list(own)
    for places in (range(counts[0]), range(n - counts[1], n)):
        shared = max(own[i][0] for i in places), min(own[i][1] for i in places)
        for i in places:
            ends[i] = shared
    return fails, ends
