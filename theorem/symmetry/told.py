"""Where a step size lies for the spectrum at an enclosed minimizer whose ends symmetries make multiple."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq

from gdcheck.theorem.assumptions.enclosed import Told, regime_of
from gdcheck.theorem.methods.statement import Assumption, Regime
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, enclose_around
from gdcheck.theorem.symmetry.equal import EqualEnds, equal_ends
from gdcheck.theorem.symmetry.isometry import FixedSpace, Isometry
from gdcheck.theorem.symmetry.search import symmetries


@dataclass(frozen=True, eq=False, kw_only=True)
class ToldBySymmetry(Told):
    """The regime of a step size, and the assumptions about the spectrum that fail, decided by symmetries.

    Attributes:
        equal: How often the ends occur.
        isometries: The symmetries; they fix the centre of the minimizer's ball.
    """

    equal: EqualEnds
    isometries: tuple[Isometry, ...]

    @property
    def multiplicities(self) -> tuple[int, int]:
        """How often the smallest and the largest eigenvalue occur."""
        return self.equal.lowest, self.equal.highest


def tell_by_symmetry(
    loss: SmoothLoss, minimizer: EnclosedMinimizer, eta: fmpq, start: Sequence[fmpq]
) -> ToldBySymmetry | None:
    """Decide the regime of a step size, and how often the ends of the spectrum occur, at the current precision.

    Args:
        loss: The loss.
        minimizer: The enclosed minimizer.
        eta: The step size η.
        start: The start, shape (n,), around which symmetries are looked for, as around the origin.

    Returns:
        The result; None if the symmetries do not decide it.
    """
    isometries = tuple(symmetries(loss, minimizer, start))
    n = loss.dimension
    space = FixedSpace.of(isometries, n) if isometries else None
    there = None if space is None else enclose_around(loss, space.near(minimizer.centre))
    if not isinstance(there, EnclosedMinimizer):
        return None
    regime, equal = regime_of(there.spectrum, eta), equal_ends(loss, there.spectrum, isometries)
    if regime is None or equal is None:
        return None
    multiple = {
        Assumption.DISTINCT_ENDS: equal.lowest == n,
        Assumption.SIMPLE_LOWEST: equal.lowest > 1,
        Assumption.SIMPLE_HIGHEST: equal.highest > 1,
        Assumption.STABLE_STEP: regime is Regime.UNSTABLE,
    }
    fails = tuple(assumption for assumption, failed in multiple.items() if failed)
    return ToldBySymmetry(there, regime, fails, equal=equal, isometries=isometries)
