"""Elementary functions of power series, and their derivatives.

The coefficients are balls or rational numbers. With rational ones, only few values are exact: exp, sin and the like at
0, log at 1, and roots of squares; everything else raises ``InexactError``. Outside a function's domain, balls are not
finite.
"""

from __future__ import annotations

from math import factorial
from typing import Any, TypeAlias

from flint import arb, arb_series, fmpq, fmpq_series

from gdcheck.theorem.smooth.functions import power_jet

Series: TypeAlias = Any
"""An ``arb_series`` or an ``fmpq_series``."""


class InexactError(ValueError):
    """A value that is not a rational number, or is not known to be one."""


def constant(like: Series, value: fmpq | int) -> Series:
    """Return a constant as a series of the same kind and the same number of terms."""
    if isinstance(like, arb_series):
        return arb_series([arb(value)], prec=like.prec)
    return fmpq_series([fmpq(value)], prec=like.prec)


def coefficients(series: Series, terms: int) -> list[Any]:
    """Return the first coefficients, zeros at the end included."""
    return [series[k] for k in range(terms)]


def function(name: str, x: Series, *, valued: bool) -> tuple[Series, Series]:
    """Evaluate an elementary function and its derivative at a series.

    Args:
        name: One of ``theorem.smooth.functions.FUNCTIONS``, not sqrt.
        x: The argument.
        valued: Whether the constant of the value matters; it is left out if not, where it may be irrational.

    Returns:
        Two series.

    Raises:
        InexactError: If the coefficients are rational and those of the result are not known to be.
    """
    try:
        return _function(name, x, valued=valued)
    except (ValueError, AttributeError, ZeroDivisionError) as error:
        raise InexactError(f"{name} has no exact value there") from error


def _function(name: str, x: Series, *, valued: bool) -> tuple[Series, Series]:
    if name == "exp":
        e = x.exp()
        return e, e
    if name in {"log", "log1p"}:
        u = x if name == "log" else 1 + x
        slope = 1 / u
        return (_from_slope(slope, u) if _is_free(u, valued) and u[0] > 0 else u.log()), slope
    if name == "sin":
        return x.sin(), x.cos()
    if name == "cos":
        return x.cos(), -x.sin()
    if name == "tan":
        t = x.tan()
        return t, 1 + t * t
    if name in {"sinh", "cosh"}:
        e = x.exp()
        s, c = (e - 1 / e) / 2, (e + 1 / e) / 2
        return (s, c) if name == "sinh" else (c, s)
    if name == "tanh":
        t = 2 / (1 + (-2 * x).exp()) - 1
        return t, 1 - t * t
    if name == "sigmoid":
        s = 1 / (1 + (-x).exp())
        return s, s * (1 - s)
    if name == "softplus":
        return _softplus(x, valued=valued)
    if name == "atan":
        slope = 1 / (1 + x * x)
        return (_from_slope(slope, x) if _is_free(x, valued) else x.atan()), slope
    if isinstance(x, fmpq_series):
        raise InexactError("erf has irrational derivatives")
    return x.erf(), (-x * x).exp() * (2 / arb.pi().sqrt())


def _is_free(x: Series, valued: bool) -> bool:
    """Whether the constant of a function's value may be left out, and has to be where it is irrational."""
    return isinstance(x, fmpq_series) and not valued


def _from_slope(slope: Series, x: Series) -> Series:
    """Return a function of a series without its constant, by its derivative there."""
    return (slope * x.derivative()).integral()


def _softplus(x: Series, *, valued: bool) -> tuple[Series, Series]:
    slope = 1 / (1 + (-x).exp())
    if isinstance(x, fmpq_series):
        if valued:
            raise InexactError("ln 2 is irrational")
        return _from_slope(slope, x), slope
    return ((1 + x.exp()).log() if x[0] < 0 else x + (1 + (-x).exp()).log()), slope


def power(x: Series, exponent: fmpq) -> tuple[Series, Series]:
    """Evaluate a rational power and its derivative at a series.

    Raises:
        InexactError: As ``function`` does.
    """
    try:
        if exponent.q == 1:
            below = _whole(x, int(exponent.p) - 1)
            return below * x, below * exponent
        value = _rational(x, exponent)
        return value, value / x * exponent
    except (ValueError, ZeroDivisionError) as error:
        raise InexactError("a power has no exact value there") from error


def _whole(x: Series, p: int) -> Series:
    if p < 0:
        return 1 / _whole(x, -p)
    result, square = constant(x, 1), x
    while p:
        if p & 1:
            result = result * square
        p >>= 1
        if p:
            square = square * square
    return result


def _rational(x: Series, exponent: fmpq) -> Series:
    if isinstance(x, arb_series):
        # Not as the exponential of a logarithm, which would lose digits where x[0] is an interval.
        rest, total = x - x[0], constant(x, 0)
        for j, y in reversed(list(enumerate(power_jet(x[0], exponent, x.prec - 1)))):
            total = total * rest + y / factorial(j)
        return total
    k = x[0]
    root = fmpq(k.p.isqrt(), k.q.isqrt()) if k > 0 else fmpq(0)
    if k == 1:
        return (x.log() * exponent).exp()
    if exponent.q != 2 or not root or root * root != k:
        raise InexactError("a root has no exact value there")
    return ((x / k).log() * exponent).exp() * root ** int(exponent.p)
