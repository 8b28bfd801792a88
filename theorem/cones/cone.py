r"""The cone lemma: one inequality for each component proves that the dominant one never vanishes.

Let :math:`(\tau, w)` be coordinates around the fixed point, τ a number, in which one step reads

.. math:: |\tau^+ - \hat\mu\tau| \le D|\tau| + N\|w\|, \qquad \|w^+\| \le (b + K)\|w\| + G|\tau|

on the box :math:`|\tau| \le S, \|w\| \le \kappa S`, with :math:`\rho = |\hat\mu|`. With :math:`\nu = D + N\kappa` and
:math:`\omega = b + K + G/\kappa`, if

.. math:: \omega + \nu < \rho, \qquad \rho + \nu < 1,

then a trajectory that is once in the cone :math:`\|w\| \le \kappa|\tau|`, with :math:`0 < |\tau| \le S`, stays there,
tends to the fixed point, and τ keeps its sign or changes it at every step, as :math:`\hat\mu` does
(docs/theory.md, section 3). The terms that couple the other components with each other do not enter. So a badly scaled
problem is decided as soon as the dominant component's effect on *itself* is small compared with :math:`1 - \rho`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flint import arb, ctx, fmpq

from gdcheck.theorem.cones.sheared import Growth, ShearedCoordinates, ShearSearch
from gdcheck.theorem.limit.result import Cause, Cone
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import exact, surely_less

_RATIO_BITS = 32
_SHARP = fmpq(1, 10**14)
_WIDER = (fmpq(4), fmpq(2), fmpq(9, 8))
"""Factors by which κ exceeds the least value that keeps ‖w‖ in the cone; in a wide cone, w adds more to τ."""


@dataclass(frozen=True, eq=False)
class ConeSearch:
    """Looks for a cone at an iterate.

    Attributes:
        source: Makes the coordinates, at the precision of the first use; not called if a sequence is decided early.
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
        if cones:
            return cones[0]
        # An amplitude below its error stays so, since the error shrinks no faster. The last coordinates follow the
        # exceptional set best.
        lost = any(not _is_known(coordinates.locate(iterate)[0]) for coordinates in self._coordinates[-1:])
        return Cause.PRECISION if lost or Cause.PRECISION in found else None


def find_cone(coordinates: ShearedCoordinates, iterate: EnclosedIterate) -> Cone | Cause | None:
    """Look for a cone around an iterate that the trajectory never leaves.

    Args:
        coordinates: The coordinates.
        iterate: The iterate, enclosed.

    Returns:
        The cone; the cause if only more bits can find it; None if there is none yet.
    """
    tau, across = coordinates.locate(iterate)
    most = arb(abs(tau).upper())
    least = arb(abs(tau).lower())
    if not _is_known(tau):
        # As if the amplitude were as large as its error.
        least = most
    if not surely_less(arb(0), least):
        return None
    ratio = _short(across / least)
    growth = coordinates.growth(most, ratio * most)
    room = _room(coordinates, growth)
    if not surely_less(arb(0), room):
        return None
    wider = [_short(ratio.max(factor * growth.feed / room)) for factor in _WIDER]
    for kappa in (ratio, *wider):
        if _keeps(coordinates, coordinates.growth(most, kappa * most), kappa):
            # |τ| is stated in the certificate, to nine digits.
            sharp = surely_less(tau.rad(), least * _SHARP)
            return coordinates.cone(exact(kappa), abs(tau), bool(tau > 0)) if sharp else Cause.PRECISION
    return None


def _room(coordinates: ShearedCoordinates, growth: Growth) -> arb:
    """Return ρ − b − K − D."""
    return coordinates.rho - coordinates.rest - growth.rest - growth.drift


def _keeps(coordinates: ShearedCoordinates, growth: Growth, ratio: arb) -> bool:
    """Whether the two inequalities of the lemma hold."""
    settles = surely_less(coordinates.rho + growth.drift + growth.noise * ratio, arb(1))
    return settles and surely_less(growth.feed / ratio + growth.noise * ratio, _room(coordinates, growth))


def _is_known(tau: arb) -> bool:
    """Whether a number is known up to a factor of two."""
    return surely_less(arb(abs(tau).upper()), 2 * arb(abs(tau).lower()))


def _short(x: arb) -> arb:
    """Round up to a short number, a little larger."""
    with ctx.workprec(_RATIO_BITS):
        return arb((x * (1 + arb(2) ** -16)).upper())
