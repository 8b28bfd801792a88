r"""The pattern of a smooth function along the limit direction, at the first order that does not vanish.

1. In the notation of ``curve``, :math:`h_k = y_ku + \psi(y_k) + y_k^q\zeta_k` with :math:`\|\zeta_k\| \le w`, w → 0.
2. Suppose that the Taylor coefficients of :math:`y \mapsto \varphi(m + yu + \psi(y) + y^q\zeta)` below the order p
   vanish exactly for every :math:`\zeta \perp u`.
3. Then by Taylor's formula :math:`\varphi_k - \varphi(m) = Q_k y_k^p`. :math:`Q_k` lies in the sum of the coefficient
   of order p, over all allowed ζ, and :math:`[-a, a]` times the coefficient of order p + 1 on :math:`[-a, a]`.
4. Let c be the coefficient of order p at ζ = 0, and ε a bound of :math:`|Q_k - c|`. Sign and approach follow as in
   ``pattern``, from :math:`(|c|+\varepsilon)\rho_+^{pm} < |c|-\varepsilon`; m = 2 where :math:`y^p` alternates.

Step 2 is decided in rationals: a polynomial of degree d in ζ is zero if it vanishes at all points whose coordinates are
whole, not negative, and add up to at most d.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.envelope import Cone, Envelope
from gdcheck.theorem.sharpness.observable import Proof
from gdcheck.theorem.sharpness.orders.curve import SlowCurve, bends
from gdcheck.theorem.sharpness.orders.setting import Setting
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.series.along import polynomial_curve, value_along
from gdcheck.theorem.smooth.series.functions import InexactError

MOST_ORDER = 8
"""The highest order that is tried."""
_MOST_POINTS = 5_000

NO_STEP = "no step makes the higher orders small enough at this precision; a larger --precision may"
_NOT_EXACT = (
    "the order {} along the limit direction cannot be told from zero; a larger --precision tells it, unless it is zero"
    " and not known to be: minimizer, direction and the function's values there would have to be rational"
)
_ALL_ZERO = f"the orders 1 to {MOST_ORDER} vanish along the trajectory; no option decides it, another function may be"
_TOO_SLOW = (
    "the orders below {} vanish along the limit direction but not across, where the second-slowest component b is not"
    " below ρ^{}; another --step-size may decide it"
)


@dataclass(frozen=True)
class Decided:
    """The proof at the deciding order.

    Attributes:
        proof: The inequality.
        coefficient: c.
        slope: The derivative along the limit direction.
        exact_slope: Zero, if it is known to be.
    """

    proof: Proof
    coefficient: arb
    slope: arb
    exact_slope: fmpq | None


def decide_order(function: SmoothLoss, setting: Setting, envelope: Envelope) -> tuple[Decided | str, arb | None]:
    """Prove the pattern of a function at the first order that does not vanish.

    Args:
        function: φ, in the variables of the loss.
        setting: The loss at its minimizer, and the limit direction.
        envelope: Where the trajectory is.

    Returns:
        What is proved, or the cause why nothing is; and the derivative along the limit direction, if it is known.
    """
    slope: arb | None = None
    on_line = envelope.b is None
    for order in range(1, MOST_ORDER + 1):
        level = 1
        while not _vanishes(function, setting, order, level, on_line=on_line):
            if on_line or level == order or setting.exact_map is None:
                return _NOT_EXACT.format(order - 1), slope
            level += 1
            assert envelope.b is not None
            if not surely_less(envelope.b, envelope.rho**level):
                return _TOO_SLOW.format(order, level), slope
        try:
            curve = [list(setting.map.along)] if on_line else bends(setting.map, level)
        except InexactError:
            return NO_STEP, slope
        if curve is None:
            return "the curve along which the trajectory comes in is not determined; try another --step-size", slope
        try:
            c = value_along(function, polynomial_curve([list(setting.minimizer), *curve], order + 1))[order]
        except InexactError:
            c = arb("nan")
        if order > 1:
            slope = arb(0)
        if not c.is_finite():
            return "the function is not smooth at the minimizer, or not defined there; give another --scalar", slope
        if order == 1:
            slope = c
        if abs(c).lower() > 0:
            made = _Order(function, SlowCurve(level, curve, setting, envelope), order, c)
            proof = made.prove()
            assert slope is not None
            exact = None if order == 1 else fmpq(0)
            return (NO_STEP if proof is None else Decided(proof, c, slope, exact)), slope
    return _ALL_ZERO, slope


def _vanishes(function: SmoothLoss, setting: Setting, order: int, level: int, *, on_line: bool) -> bool:
    """Whether all coefficients below the order vanish, for every ζ of the level; False if that is not known."""
    if order == 1:
        return True
    point, n = setting.exact_minimizer, function.dimension
    if point is None:
        return False
    try:
        if level == 1 and not on_line:
            # For all ζ orthogonal to u: then for all directions, for a form that is zero beside a plane is zero.
            curves = ([[fmpq(x) for x in way]] for way in _whole_points(n, order - 1))
        else:
            if setting.exact_map is None:
                return False
            known = [list(setting.exact_map.along)] if on_line else bends(setting.exact_map, level)
            if known is None:
                return False
            across = [] if on_line else _across(setting.exact_map.along)
            ways = _whole_points(len(across), (order - 1) // level)
            curves = (_bent(known, level, across, way) for way in ways)
        return all(
            not any(value_along(function, polynomial_curve([list(point), *curve], order))[j] for j in range(1, order))
            for curve in curves
        )
    except ValueError:
        return False


def _whole_points(n: int, degree: int) -> Iterator[tuple[int, ...]]:
    """Yield the points of n whole coordinates, not negative, that add up to the degree at most.

    Raises:
        ValueError: If they are too many.
    """
    if comb(n + degree, degree) > _MOST_POINTS:
        raise ValueError("too many points")
    if not n:
        yield ()
        return
    for first in range(degree + 1):
        for rest in _whole_points(n - 1, degree - first):
            yield (first, *rest)


def _across(along: Sequence[fmpq]) -> list[list[fmpq]]:
    """Return a basis of what is orthogonal to a vector."""
    pivot = next(i for i, x in enumerate(along) if x)
    found = []
    for i in range(len(along)):
        if i != pivot:
            axis = [fmpq(int(j == i)) for j in range(len(along))]
            axis[pivot] = -along[i] / along[pivot]
            found.append(axis)
    return found


def _bent(
    known: Sequence[Sequence[fmpq]], level: int, across: Sequence[Sequence[fmpq]], way: tuple[int, ...]
) -> list[list[fmpq]]:
    """Return the bends with ζ = Σ way·across added at the level."""
    found = [list(b) for b in known]
    for c, axis in zip(way, across, strict=True):
        found[level - 1] = [x + c * y for x, y in zip(found[level - 1], axis, strict=True)]
    return found


@dataclass(frozen=True, eq=False)
class _Order:
    """One order of a function, of which all lower ones vanish."""

    function: SmoothLoss
    curve: SlowCurve
    order: int
    coefficient: arb

    def prove(self) -> Proof | None:
        envelope = self.curve.envelope
        begin = None
        if self.curve.order > 1:
            begin = self.curve.begins()
            if begin is None:
                return None
        period = 2 if envelope.alternating and self.order % 2 else 1

        def test(cone: Cone) -> Proof | None:
            w = cone.ratio if begin is None else self.curve.away(begin, cone)
            if w is None or not w.is_finite():
                return None
            try:
                error = abs(self._quotient(cone.along, w) - self.coefficient).upper()
            except InexactError:  # The ball is not within the function's domain.
                return None
            return Proof(cone, self.order, period, abs(self.coefficient).lower(), error).if_it_holds()

        return envelope.first(test)

    def _quotient(self, along: arb, away: arb) -> arb:
        """Enclose (φ_k − φ(m))/y_kᵖ."""
        p, q, base, wide = self.order, self.curve.order, along.union(-along), away.union(-away)
        bent: list[list[Any]] = [list(b) for b in self.curve.bends]
        bent[q - 1] = [x + wide for x in bent[q - 1]]
        whole = [list(self.curve.setting.minimizer), *bent]
        first = value_along(self.function, polynomial_curve(whole, p + 1))[p]
        rest = value_along(self.function, polynomial_curve(whole, p + 2, base))[p + 1]
        found: arb = first + base * rest
        return found
