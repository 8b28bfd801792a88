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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flint import arb, ctx, fmpq

from gdcheck.theorem.limit.result import Cause, Cone
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import exact, surely_less

_RATIO_BITS = 32
_FIRST, _SHARE = 256, 16


@dataclass(frozen=True)
class Growth:
    """What one step adds on a box, beyond the multiplier and b: D, N, K and G of the lemma, upper bounds."""

    drift: arb
    noise: arb
    rest: arb
    feed: arb


class Coordinates(Protocol):
    """Coordinates (τ, w) and the bounds of one step in them, at the current precision."""

    @property
    def rho(self) -> arb:
        """ρ, the modulus of the multiplier of τ."""

    @property
    def rest(self) -> arb:
        """B, an upper bound of the linear part's norm on w."""

    def locate(self, iterate: EnclosedIterate) -> tuple[arb, arb]:
        """Enclose τ, and bound ‖w‖.

        Args:
            iterate: The iterate.

        Returns:
            A ball that holds τ, and an upper bound of ‖w‖.
        """

    def growth(self, along: arb, across: arb) -> Growth:
        """Bound one step on a box.

        Args:
            along: S.
            across: A bound of ‖w‖.

        Returns:
            The bounds, for |τ| ≤ S.
        """

    def cone(self, ratio: fmpq, along: arb, positive: bool) -> Cone:
        """Say which cone was found.

        Args:
            ratio: κ.
            along: A ball that holds |τ|.
            positive: Whether τ > 0.

        Returns:
            The cone.
        """


class CoordinatesSource(Protocol):
    """Where coordinates come from: they are made only for sequences that are not decided early."""

    def coordinates(self) -> Sequence[Coordinates]:
        """Make the coordinates to be tried, at the current precision; it may be none."""


@dataclass
class ConeSearch:
    """Looks for a cone now and then along a sequence: at first after some hundred steps, then by a share more.

    Attributes:
        source: Where the coordinates come from.
        due: The next step at which to look.
    """

    source: CoordinatesSource
    due: int = _FIRST
    _coordinates: Sequence[Coordinates] | None = None

    def at(self, iterate: EnclosedIterate) -> Cone | Cause | None:
        """Look for a cone at an iterate, if it is time to.

        Args:
            iterate: The iterate, enclosed.

        Returns:
            The cone; the cause if only more bits can find it; None if there is none yet.
        """
        if iterate.step < self.due:
            return None
        self.due = iterate.step + max(_FIRST, iterate.step) // _SHARE
        if self._coordinates is None:
            self._coordinates = self.source.coordinates()
        found = [find_cone(coordinates, iterate) for coordinates in self._coordinates]
        cones = [x for x in found if isinstance(x, Cone)]
        return cones[0] if cones else Cause.PRECISION if Cause.PRECISION in found else None


def find_cone(coordinates: Coordinates, iterate: EnclosedIterate) -> Cone | Cause | None:
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
