"""A function's values along the first steps, enclosed: they tell the earliest step from which a pattern holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb

from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.sharpness.context import Scene
from gdcheck.theorem.sharpness.observable import Observable
from gdcheck.theorem.sharpness.pattern import Kind, Pattern

FARTHEST = 2_000
"""The latest step to which values are enclosed in search of the earliest step of a pattern."""
SHOWN = 16
"""How many values are kept for people."""


@dataclass(frozen=True)
class Earliest:
    """From where a pattern holds.

    Attributes:
        step: The step from which it is proved.
        least: Whether it is proved broken at the step before (always so for step 0).
        broken: The steps before at which it is proved broken: a wrong sign, or no approach to the limit.
    """

    step: int
    least: bool
    broken: tuple[int, ...]


def traced(scene: Scene, observable: Observable, found: Pattern) -> tuple[Earliest | None, tuple[arb, ...]]:
    """Encloses a function's values along the first steps and looks there for the earliest step of its pattern.

    Args:
        scene: The scene, evaluated at its precision.
        observable: The function.
        found: Its pattern.

    Returns:
        The earliest step from which the pattern holds (None if no pattern is proved), and the values at steps 0, 1, …:
        some may not be finite, and they end where the enclosures grow beyond all bounds.
    """
    reach = SHOWN
    if found.step is not None and found.step <= FARTHEST:
        reach = max(reach, found.step + found.period)
    values = tuple(observable.at(iterate) for iterate in scene.trajectory(reach))
    return earliest_step(found, observable.value, values), values


def earliest_step(found: Pattern, limit: arb, values: Sequence[arb]) -> Earliest | None:
    """The earliest step from which a proved pattern holds, as far as the enclosed values tell.

    Args:
        found: The pattern.
        limit: The function's value at the minimizer.
        values: The values at steps 0, 1, …; those up to ``found.step + found.period`` are needed.

    Returns:
        The step; None without a proved pattern.
    """
    if found.step is None:
        return None
    if found.kind is Kind.CONSTANT or len(values) < found.step + found.period:
        return Earliest(found.step, found.step == 0, ())
    states = [_holds(found, limit, values, j) for j in range(found.step)]
    step = found.step
    while step and states[step - 1] is True:
        step -= 1
    broken = tuple(j for j in range(step) if states[j] is False)
    return Earliest(step, step == 0 or states[step - 1] is False, broken)


def _holds(found: Pattern, limit: arb, values: Sequence[arb], j: int) -> bool | None:
    """Whether sign and approach are as in the pattern at step j; None if that is undecided."""
    sign = found.sign * (-1 if found.period == 2 and j % 2 else 1)
    here, there = sign * (values[j] - limit), sign * (values[j] - values[j + found.period])
    if surely_less(arb(0), here) and surely_less(arb(0), there):
        return True
    return False if surely_less(here, arb(0)) or surely_less(there, arb(0)) else None
