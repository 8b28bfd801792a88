r"""Third and fourth derivatives of a smooth loss as forms, by polarization of power series along lines.

With :math:`G(w)` the coefficient of t² of :math:`\nabla f(m + tw)`, :math:`D^3f[a, b, \cdot] = (G(a+b) - G(a-b))/2`;
with :math:`Q(w) = 24` times the coefficient of t⁴ of :math:`f(m + tw)`, :math:`12\,D^4f[a, a, b, b] = Q(a+b) + Q(a-b)
- 2Q(a) - 2Q(b)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb, fmpq

from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.series.along import gradient_along, polynomial_curve, value_along
from gdcheck.theorem.smooth.series.functions import InexactError


def third_twice(loss: SmoothLoss, point: Sequence[Any], a: Sequence[Any]) -> list[Any]:
    """Return D³f[a, a, ·], shape (n,).

    Args:
        loss: The loss f.
        point: The point, shape (n,), in balls or in rationals.
        a: A vector, shape (n,), in numbers of the same kind.

    Raises:
        InexactError: If the numbers are rational and the derivatives are not known to be.
    """
    return [2 * x[2] for x in gradient_along(loss, polynomial_curve([list(point), list(a)], 3))]


def third_form(loss: SmoothLoss, point: Sequence[Any], a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    """Return D³f[a, b, ·], shape (n,), for arguments like those of ``third_twice``."""
    plus = third_twice(loss, point, [x + y for x, y in zip(a, b, strict=True)])
    minus = third_twice(loss, point, [x - y for x, y in zip(a, b, strict=True)])
    return [(x - y) / 4 for x, y in zip(plus, minus, strict=True)]


def fourth_form(loss: SmoothLoss, point: Sequence[arb], a: Sequence[arb], b: Sequence[arb]) -> arb:
    """Return D⁴f[a, a, b, b], in balls; not finite outside the domain."""

    def along(w: list[arb]) -> arb:
        found: arb = value_along(loss, polynomial_curve([list(point), w], 5))[4]
        return 24 * found

    plus, minus = [x + y for x, y in zip(a, b, strict=True)], [x - y for x, y in zip(a, b, strict=True)]
    try:
        return (along(plus) + along(minus) - 2 * along(list(a)) - 2 * along(list(b))) / 12
    except InexactError:
        return arb("nan")


def third_vanishes(loss: SmoothLoss, point: Sequence[fmpq], most: int) -> bool:
    """Whether D³f is zero at a rational point, in rationals; False if that is not known.

    Args:
        loss: The loss f.
        point: The point, shape (n,).
        most: The number of variables up to which it is tried.
    """
    n = len(point)
    if n > most:
        return False
    # A cubic form is zero if all D³f[e_i + e_j, e_i + e_j, ·] are, i ≤ j.
    pairs = ([fmpq(int(k == i) + int(k == j)) for k in range(n)] for i in range(n) for j in range(i, n))
    try:
        return not any(any(third_twice(loss, point, pair)) for pair in pairs)
    except InexactError:
        return False
