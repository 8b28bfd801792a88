r"""The coordinates :math:`(\tau, w)`, :math:`\tau = t - \varphi(w)`, of gradient descent, and bounds of one step.

On the box :math:`|\tau| \le S, \|w\| \le U` write :math:`\Phi(u)` for the bound of φ by degrees,
:math:`R = S + \Phi(U) \ge |t|`, c for the coupling of the linear part, and :math:`\sum g_{jq} t^j u^q`,
:math:`\sum h_{jq} t^j u^q` for the bounds of what is not linear in the components of t and of w. Then

- :math:`\tau^+ - \hat\mu\tau = P(w) + (\text{what differs if t moves from } \varphi(w) \text{ to } \tau + \varphi(w))`,
  and that difference is at most :math:`|\tau|\,(\partial_t g(R, U) + \Phi'(U)(c + \partial_t h(R, U)))`;
- P is enclosed up to an order m, and bounded by majorants beyond it: on a ball of radius :math:`\bar u \ge U` its
  bound by degrees is at most :math:`M(\bar u)`, so that the rest is at most :math:`(U/\bar u)^{m+1} M(\bar u)`;
- :math:`\|w^+\| \le b\|w\| + c|t| + \|h\|`, with :math:`|t| \le |\tau| + \Phi`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, ctx, fmpq, fmpz

from gdcheck.theorem.assumptions.spectrum import Eigenspace, Eigenvalue
from gdcheck.theorem.cones.rotated import RotatedMap, size
from gdcheck.theorem.cones.shear import highest_order, leftover, solve_shear
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.limit.result import Cone
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import norm, surely_less, whole_power
from gdcheck.theorem.loss.polynomial import Polynomial

_GUARD_BITS = 64
_SHORT = fmpz(2) ** 128
_REACHES = 6

Table = dict[tuple[int, int], arb]
"""Bounds by the degrees in t and in w."""


@dataclass(frozen=True)
class Growth:
    """Upper bounds of one step on a box, beyond the multiplier and b: D, N, K and G of the cone lemma."""

    drift: arb
    noise: arb
    rest: arb
    feed: arb


@dataclass(frozen=True, eq=False)
class ShearedCoordinates:
    """The coordinates, with the bounds of a step in them.

    Attributes:
        map: Gradient descent in (t, w).
        rest_bound: b, exactly.
        shear: φ.
        order: m.
    """

    map: RotatedMap
    rest_bound: fmpq
    shear: Polynomial
    order: int
    rho: arb
    rest: arb
    _first: Table
    _others: Table
    _shear: dict[int, arb]
    _leftover: dict[int, arb]

    @classmethod
    def of(cls, map_: RotatedMap, rest: fmpq, shear: Polynomial, order: int) -> ShearedCoordinates:
        """Prepare the bounds of a shear."""
        first, *others = map_.components
        tables = [_table(component) for component in others]
        return cls(
            map=map_,
            rest_bound=rest,
            shear=shear,
            order=order,
            rho=arb(abs(map_.multiplier)),
            rest=arb(rest),
            _first=_table(first),
            _others={key: norm(t[key] for t in tables if key in t) for key in {k for t in tables for k in t}},
            _shear=size(shear),
            _leftover=size(leftover(map_, shear, order)),
        )

    def locate(self, iterate: EnclosedIterate) -> tuple[arb, arb]:
        """Enclose τ, and bound ‖w‖, of an iterate."""
        t, w = self.map.locate(iterate.centre)
        with ctx.workprec(2 * ctx.prec + _GUARD_BITS):
            for exponents, c in self.shear.items():
                term = arb(c)
                for x, e in zip(w, exponents, strict=True):
                    term *= whole_power(x, e)
                t -= term
        across = (norm(w) + iterate.error).upper()
        slope = sum((q * c * across ** (q - 1) for q, c in self._shear.items()), arb(0))
        error = iterate.error * (1 + slope)
        return t + error.union(-error), across

    def growth(self, along: arb, across: arb) -> Growth:
        """Bound one step on a box."""
        c = self.map.coupling
        height = _sum(self._shear, across)
        slope = sum((q * x * across ** (q - 1) for q, x in self._shear.items()), arb(0))
        reach = along + height
        feed = c + _by_t(self._others, reach, across)
        rest = c * height / across + _value(self._others, height, across) / across
        return Growth(
            drift=(_by_t(self._first, reach, across) + slope * feed).upper(),
            noise=((_sum(self._leftover, across) + self._beyond(across)) / across).upper(),
            rest=rest.upper(),
            feed=feed.upper(),
        )

    def _beyond(self, across: arb) -> arb:
        """Bound the terms of P beyond the order m."""
        return min((self._tail(across, reach) for reach in self._reaches(across)), key=lambda x: float(x.upper()))

    def _reaches(self, across: arb) -> list[arb]:
        return [across * 16**i for i in range(1, _REACHES + 1)]

    def _tail(self, across: arb, reach: arb) -> arb:
        c = self.map.coupling
        height = _sum(self._shear, reach)
        image = self.rest * reach + c * height + _value(self._others, height, reach)
        total = c * reach + self.rho * height + _value(self._first, height, reach) + _sum(self._shear, image)
        return (across / reach) ** (self.order + 1) * total

    def cone(self, ratio: fmpq, along: arb, positive: bool) -> Cone:
        """Return the cone with these numbers."""
        across = arb(ratio) * arb(along.upper())
        best = min(self._reaches(across), key=lambda x: float(self._tail(across, x).upper()))
        p = self.map.reflection
        twice = 2 * p[self.map.axis] / sum((x * x for x in p), fmpq(0))
        return Cone(
            rho=self.rho,
            ratio=ratio,
            rest=self.rest_bound,
            along=along,
            positive=positive,
            dominant=tuple(arb((i == self.map.axis) - twice * x) for i, x in enumerate(p)),
            reflection=self.map.reflection,
            axis=self.map.axis,
            shear=tuple(self.shear.items()),
            order=self.order,
            reach=best,
        )


@dataclass(frozen=True, eq=False)
class ShearSearch:
    """The coordinates of a strict minimum with one simple dominant eigenvalue, on all of space.

    Attributes:
        expansion: The loss at its minimizer.
        space: The dominant eigenspace.
        others: The other eigenvalues.
    """

    expansion: Expansion
    space: Eigenspace
    others: Sequence[Eigenvalue]

    def coordinates(self) -> list[ShearedCoordinates]:
        """Return the coordinates without a shear, and with the best one."""
        bits = ctx.prec + _GUARD_BITS
        eta = self.expansion.step_size
        vector = [self.space.vectors[i, 0] for i in range(self.expansion.dimension)]
        map_ = RotatedMap.of(self.expansion, vector, bits)
        if map_ is None:
            return []
        least, _ = self.space.eigenvalue.moduli(eta)
        most = max((e.moduli(eta)[1] for e in self.others), default=fmpq(0))
        rest = fmpq(((most + (least - most) / 1024) * _SHORT).ceil(), _SHORT)
        # By Weyl's inequality the block of w has the other eigenvalues, up to the coupling.
        if not (surely_less(map_.coupling, arb(rest - most)) and rest < abs(map_.multiplier)):
            return []
        order = highest_order(map_.dimension)
        found = [ShearedCoordinates.of(map_, rest, {}, max(order, 2))]
        if order > 2:
            shear = solve_shear(map_, order, bits)
            if shear:
                found.append(ShearedCoordinates.of(map_, rest, shear, order))
        return found


def _table(component: dict[int, Polynomial]) -> Table:
    """Bound the terms that are not linear."""
    return {(j, q): x for j, part in component.items() for q, x in size(part).items() if j + q > 1}


def _sum(bounds: dict[int, arb], u: arb) -> arb:
    return sum((x * u**q for q, x in bounds.items()), arb(0))


def _value(table: Table, t: arb, u: arb) -> arb:
    return sum((x * t**j * u**q for (j, q), x in table.items()), arb(0))


def _by_t(table: Table, t: arb, u: arb) -> arb:
    return sum((j * x * t ** (j - 1) * u**q for (j, q), x in table.items() if j), arb(0))
