"""Helpers for Arb balls: three-valued comparison, exact end points, outward decimals.

An Arb comparison that cannot be decided answers False, and a NaN ball overlaps everything. Every decision on a proof
path therefore goes through :func:`surely_less` on finite balls.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import reduce
from math import inf, nextafter
from operator import mul

from flint import arb, fmpq, fmpz

_DIGITS = 20
_FAR = 999_999_999
_DOWN = Context(prec=_DIGITS, rounding=ROUND_FLOOR, Emin=-_FAR, Emax=_FAR)
_UP = Context(prec=_DIGITS, rounding=ROUND_CEILING, Emin=-_FAR, Emax=_FAR)


def surely_less(left: arb, right: arb) -> bool:
    """Say whether every point of ``left`` is below every point of ``right``; False if undecided or not finite."""
    return bool(left.is_finite() and right.is_finite() and left < right)


def at_most(left: arb, right: arb) -> bool | None:
    """Decide whether left ≤ right.

    Args:
        left: A ball.
        right: Another.

    Returns:
        True if the upper end of ``left`` is at most the lower end of ``right``, False if the lower end of ``left`` is
        above the upper end of ``right``; None if neither is so, or a ball is not finite.
    """
    if not (left.is_finite() and right.is_finite()):
        return None
    return True if left <= right else False if left > right else None


def whole_power(x: arb, exponent: int) -> arb:
    """Return a whole power; Arb's own is NaN where the middle of a ball is zero."""
    return reduce(mul, [x] * exponent, arb(1))


def upper(x: arb) -> arb:
    """Return the upper end of a ball, or the ball itself where it has none."""
    return x.upper() if x.is_finite() else x


def ball(lo: fmpq, hi: fmpq) -> arb:
    """Return the ball that encloses the interval [lo, hi] at the current precision."""
    return arb(lo) if lo == hi else arb(lo).union(arb(hi))


def exact(point: arb) -> fmpq:
    """Return the value of an exact ball (radius zero) as a rational.

    Raises:
        ValueError: If the ball is not exact or not finite.
    """
    if not (point.is_exact() and point.is_finite()):
        raise ValueError("the ball is not an exact finite number")
    mantissa, power = point.man_exp()
    exponent = int(power)
    return fmpq(mantissa * fmpz(2) ** exponent) if exponent >= 0 else fmpq(mantissa, fmpz(2) ** -exponent)


def ends(value: arb) -> tuple[fmpq, fmpq]:
    """Return the exact rational end points of a finite ball."""
    middle, radius = exact(value.mid()), exact(value.rad())
    return middle - radius, middle + radius


def decimal_ends(value: arb) -> tuple[str, str]:
    """Return the end points of a finite ball as decimal texts of twenty digits, rounded outward.

    Both lie strictly outside the ball, so that another enclosure of the same number can be contained; only zero is
    stated as it is.
    """
    lo, hi = ends(value)
    return str(_outside(_DOWN, lo)), str(_outside(_UP, hi))


def _outside(context: Context, q: fmpq) -> Decimal:
    rounded = context.divide(Decimal(int(q.p)), Decimal(int(q.q)))
    if not rounded:
        return rounded
    return context.next_minus(rounded) if context is _DOWN else context.next_plus(rounded)


def float_above(value: arb) -> float:
    """Return the smallest float that is certainly not below a finite ball."""
    top = ends(value)[1]
    result = float(Fraction(int(top.p), int(top.q)))
    return result if Fraction(result) >= Fraction(int(top.p), int(top.q)) else nextafter(result, inf)


def norm(vector: Iterable[arb]) -> arb:
    """Return the Euclidean norm of a vector of balls."""
    total = arb(0)
    for x in vector:
        total += x * x
    return total.nonnegative_part().sqrt()
