r"""The cone lemma: one inequality for each component proves that the dominant one never vanishes.

Let :math:`(\tau, w)` be coordinates around the fixed point, τ a number, in which one step reads

.. math:: |\tau^+ - \hat\mu\tau| \le D|\tau| + N\|w\|, \qquad \|w^+\| \le (b + K)\|w\| + G|\tau|

on the box :math:`|\tau| \le S, \|w\| \le \kappa S`, with :math:`\rho = |\hat\mu|`. With :math:`\nu = D + N\kappa` and
:math:`\omega = b + K + G/\kappa`, if

.. math:: \omega + \nu < \rho, \qquad \rho + \nu < 1,

then a trajectory that is once in the cone :math:`\|w\| \le \kappa|\tau|`, with :math:`0 < |\tau| \le S`, stays there,
tends to the fixed point, and τ keeps its sign or changes it at every step, as :math:`\hat\mu` does
(docs/theory.md, section 3). What the other components do among themselves does not enter: badly scaled problems are
decided as soon as the dominant component is small beside :math:`1 - \rho` in what it feeds *itself*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flint import arb, ctx

from gdcheck.theorem.cones.sheared import ShearedCoordinates, ShearSearch
from gdcheck.theorem.limit.result import Cause, Cone
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import exact, surely_less

_RATIO_BITS = 32


@dataclass(frozen=True, eq=False)
class ConeSearch:
    """Looks for a cone at an iterate.

    Attributes:
        source: Makes the coordinates, at the precision of the first use: only where a sequence is not decided early.
    """

    source: ShearSearch

    @cached_property
    def _coordinates(self) -> list[ShearedCoordinates]:
        return self.source.coordinates()

    def __call__(self, iterate: EnclosedIterate) -> Cone | Cause | None:
        """Look for a cone in each of the coordinates.

        Args:
            iterate: The iterate, enclosed.

        Returns:
            The cone; the cause if only more bits can find it; None if there is none yet.
        """
        found = [find_cone(coordinates, iterate) for coordinates in self._coordinates]
        cones = [x for x in found if isinstance(x, Cone)]
        return cones[0] if cones else Cause.PRECISION if Cause.PRECISION in found else None


def find_cone(coordinates: ShearedCoordinates, iterate: EnclosedIterate) -> Cone | Cause | None:
    """Look for a cone around an iterate that is never left.

    Args:
        coordinates: The coordinates.
        iterate: The iterate, enclosed.

    Returns:
        The cone; the cause if only more bits can find it; None if there is none yet.
    """
    tau, across = coordinates.locate(iterate)
    most = arb(abs(tau).upper())
    least = arb(abs(tau).lower())
    known = surely_less(most, 2 * least)
    if not known:
        # As if the amplitude were as large as what is not known of it.
        least = most
    if not surely_less(arb(0), least):
        return None
    ratio = _short(across / least)
    for _ in range(2):
        growth = coordinates.growth(most, ratio * most)
        if not surely_less(coordinates.rho + growth.drift, arb(1)):
            return None
        room = coordinates.rho - coordinates.rest - growth.rest - growth.drift
        if not surely_less(arb(0), room):
            return None
        if surely_less(growth.feed / ratio + growth.noise * ratio, room) and surely_less(
            coordinates.rho + growth.drift + growth.noise * ratio, arb(1)
        ):
            if not known:
                return Cause.PRECISION
            return coordinates.cone(exact(ratio), abs(tau), bool(tau > 0))
        ratio = _short(ratio.max(4 * growth.feed / room))
    return None


def _short(x: arb) -> arb:
    """Round up to a short number, a little larger."""
    with ctx.workprec(_RATIO_BITS):
        return arb((x * (1 + arb(2) ** -16)).upper())
