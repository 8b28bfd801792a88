"""Elementary functions in balls: the value, the first three derivatives, and their bounds on the whole line.

The bounds on the whole line (caps) are nearly attained: for the logistic function s they are those of s(1 − s),
s(1 − s)(1 − 2s) and s(1 − s)(1 − 6s + 6s²). A ball that leaves a function's domain gives a ball that is not finite,
which no comparison accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flint import arb, fmpq

Jet = list[arb]
_NARROW = 30
# On a ball as narrow as this, a function is evaluated at the middle, with an error in proportion to the radius.
_THIN = arb(2) ** -30


def _exp(x: arb, order: int) -> Jet:
    return [x.exp()] * (order + 1)


def _log(x: arb, order: int) -> Jet:
    y = x.log()
    return [y, *_reciprocal(x, order)] if order else [y]


def _log1p(x: arb, order: int) -> Jet:
    y = x.log1p()
    return [y, *_reciprocal(1 + x, order)] if order else [y]


def _reciprocal(x: arb, order: int) -> Jet:
    """Return 1/x and its derivatives, ``order`` numbers in all; NaN wherever the logarithm of x is not defined."""
    u = 1 / x if x > 0 else arb("nan")
    return [u, -u * u, 2 * u * u * u][:order]


def _sin(x: arb, order: int) -> Jet:
    s, c = x.sin_cos()
    return [s, c, -s, -c][: order + 1]


def _cos(x: arb, order: int) -> Jet:
    s, c = x.sin_cos()
    return [c, -s, -c, s][: order + 1]


def _tan(x: arb, order: int) -> Jet:
    t = x.tan()
    square = _whole_power(t, 2)
    first = 1 + square
    return [t, first, 2 * t * first, 2 * first * (1 + 3 * square)][: order + 1]


def _sinh(x: arb, order: int) -> Jet:
    s, c = x.sinh_cosh()
    return [s, c, s, c][: order + 1]


def _cosh(x: arb, order: int) -> Jet:
    s, c = x.sinh_cosh()
    return [c, s, c, s][: order + 1]


def _tanh(x: arb, order: int) -> Jet:
    t = x.tanh()
    square = _whole_power(t, 2)
    first = 1 - square
    return [t, first, -2 * t * first, -2 * first * (1 - 3 * square)][: order + 1]


def _sigmoid(x: arb, order: int) -> Jet:
    if not order and x.rad() < _THIN:
        return [1 / (1 + (-x).exp())]
    s, other = _logistic(x)
    first = s * other
    if x.rad() >= _THIN:
        # On a wide ball this is sharper than a product of separate enclosures of s and 1 − s.
        first = first.intersection((1 - _whole_power(s - other, 2)) / 4)
    return [s, first, first * (other - s), first * (1 - 6 * first)][: order + 1]


def _logistic(x: arb) -> tuple[arb, arb]:
    """Return s and 1 − s without cancellation."""
    if x.rad() < _THIN:
        e = (-abs(x)).exp()
        s = 1 / (1 + e)
        return (s, e * s) if x > 0 else (e * s, s) if x < 0 else (_at_ends(x), _at_ends(-x))
    return _at_ends(x), _at_ends(-x)


def _at_ends(x: arb) -> arb:
    """Return the logistic function, evaluated at both ends because it is monotone: wide balls stay within [0, 1]."""
    lo, hi = arb(x.lower()), arb(x.upper())
    return 1 / (1 + (-lo).exp()) if x.is_exact() else (1 / (1 + (-lo).exp())).union(1 / (1 + (-hi).exp()))


def _softplus(x: arb, order: int) -> Jet:
    lo, hi = arb(x.lower()), arb(x.upper())
    thin = x.rad() < _THIN
    value = _log_one_plus_exp(x) if thin else _log_one_plus_exp(lo).union(_log_one_plus_exp(hi))
    return [value, *_sigmoid(x, order - 1)] if order else [value]


def _log_one_plus_exp(x: arb) -> arb:
    return (-x).exp().log1p() + x if x > 0 else x.exp().log1p()


def _erf(x: arb, order: int) -> Jet:
    return [x.erf(), *_slopes_of_erf(x, order)]


def _slopes_of_erf(x: arb, order: int) -> Jet:
    square = _whole_power(x, 2)
    first = 2 * (-square).exp() / arb.pi().sqrt() if order else arb(0)
    return [first, -2 * x * first, (4 * square - 2) * first][:order]


def _atan(x: arb, order: int) -> Jet:
    return [x.atan(), *_slopes_of_atan(x, order)]


def _slopes_of_atan(x: arb, order: int) -> Jet:
    square = _whole_power(x, 2)
    u = 1 / (1 + square)
    return [u, -2 * x * _whole_power(u, 2), (6 * square - 2) * u * _whole_power(u, 2)][:order]


_JETS: dict[str, Callable[[arb, int], Jet]] = {
    "exp": _exp,
    "log": _log,
    "log1p": _log1p,
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": _erf,
    "atan": _atan,
}
_SLOPES: dict[str, Callable[[arb, int], Jet]] = {
    "log": _reciprocal,
    "log1p": lambda x, order: _reciprocal(1 + x, order),
    "softplus": lambda x, order: _sigmoid(x, order - 1),
    "erf": _slopes_of_erf,
    "atan": _slopes_of_atan,
}
"""The derivatives 1, …, order alone: for functions whose derivatives do not need the value."""
FUNCTIONS = tuple(sorted((*_JETS, "sqrt")))
"""The names that a text may use; sqrt is the power 1/2."""

_SIGMOID = (fmpq(1), fmpq(1, 4), fmpq(963, 10_000), fmpq(1, 8))
_CAPS: dict[str, tuple[fmpq | None, ...]] = {
    "sin": (fmpq(1),) * 4,
    "cos": (fmpq(1),) * 4,
    "tanh": (fmpq(1), fmpq(1), fmpq(77, 100), fmpq(2)),
    "sigmoid": _SIGMOID,
    "softplus": (None, *_SIGMOID[:3]),
    "erf": (fmpq(1), fmpq(113, 100), fmpq(97, 100), fmpq(226, 100)),
    "atan": (fmpq(158, 100), fmpq(1), fmpq(65, 100), fmpq(2)),
}


def jet(name: str, x: arb, order: int) -> Jet:
    """Evaluate a function and its derivatives on a ball.

    Args:
        name: One of ``FUNCTIONS``, not sqrt.
        x: The argument.
        order: The highest derivative, from 0 to 3.

    Returns:
        The enclosures of the derivatives 0, …, order on the ball.
    """
    return _JETS[name](x, order)


def slopes(name: str, x: arb, order: int) -> Jet:
    """Evaluate the derivatives 1, …, order on a ball, which may cost less than the value."""
    return _SLOPES[name](x, order) if name in _SLOPES else _JETS[name](x, order)[1:]


def power_jet(x: arb, exponent: fmpq, order: int) -> Jet:
    """Evaluate x to a rational power and its derivatives on a ball, as ``jet`` does for functions."""
    if exponent.q == 1:
        # Whole numbers are much faster than rationals.
        found, power, factor = [], int(exponent.p), 1
        for k in range(order + 1):
            found.append(_whole_power(x, power - k) * factor if factor else arb(0))
            factor *= power - k
        return found
    found, scale = [], fmpq(1)
    for k in range(order + 1):
        found.append(scale * _power(x, exponent - k))
        scale *= exponent - k
    return found


def _power(x: arb, exponent: fmpq) -> arb:
    return _whole_power(x.sqrt(), int(exponent.p)) if exponent.q == 2 else (arb(exponent) * x.log()).exp()


def _whole_power(x: arb, p: int) -> arb:
    """Return a whole power; on a wide ball from both ends, since powers are monotone on either side of zero."""
    if p < 0:
        return 1 / _whole_power(x, -p)
    if x.rel_accuracy_bits() > _NARROW:
        return _multiplied(x, p)
    if p % 2 == 0:
        return _multiplied(arb(x.abs_lower()), p).union(_multiplied(arb(x.abs_upper()), p))
    return _multiplied(arb(x.lower()), p).union(_multiplied(arb(x.upper()), p))


def product(x: arb, y: arb) -> arb:
    """Return a ball of the products of two balls; for wide ones from their ends, which is sharper."""
    if x.rad() < _THIN or y.rad() < _THIN:
        return x * y
    ends = [arb(a) * arb(b) for a in (x.lower(), x.upper()) for b in (y.lower(), y.upper())]
    found = ends[0].union(ends[1]).union(ends[2]).union(ends[3])
    return found if found.is_finite() else x * y


def _multiplied(x: arb, p: int) -> arb:
    """Multiply repeatedly: Arb's own power takes a logarithm where the base may be zero."""
    result, square = arb(1), x
    while p:
        if p & 1:
            result *= square
        p >>= 1
        if p:
            square *= square
    return result


def largest(name: str, x: arb) -> list[arb]:
    """Bound the moduli of the derivatives 1, 2 and 3: by their values on the ball, or by the caps if smaller."""
    bounds = [arb(abs(y).upper()) for y in slopes(name, x, 3)]
    caps = _caps(name)
    return bounds if caps is None else [y if y < cap else cap for y, cap in zip(bounds, caps, strict=True)]


@cache
def _caps(name: str) -> tuple[arb, ...] | None:
    """Return upper bounds of the moduli of the derivatives 1, 2 and 3 on the whole line; None without bounds."""
    return tuple(arb(arb(cap).upper()) for cap in _CAPS[name][1:] if cap is not None) if name in _CAPS else None
