"""Separable certificates: the theorem's prediction, and the proved limit of every start in a box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flint import fmpq

from gdcheck.theorem.certificate.kinds.line_motion import Fate, Interval, Line, Motion, NotShownError, follow, lines
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text

FORMAT = "gdcheck-separable/1"
_EXPONENTS = 12
Box = Sequence[Interval]


def separable_certificate(problem: Problem, box: Box, sides: Sequence[int] | None = None) -> dict[str, Any] | None:
    """Certify what happens to every start of a box, for a loss that is a sum of functions of one variable each.

    Args:
        problem: The problem; its start lies in the box.
        box: The starts, an interval for each variable.
        sides: Which one-sided Hessian the prediction is made from, 1 or −1 for each variable; 1 if not given.

    Returns:
        A certificate whose verdict is ``refuted`` if another limit than the predicted one, or none, is proved, and
        ``holds`` if the predicted one is; None if nothing could be proved, or nothing is predicted.
    """
    sides = [1] * problem.dimension if sides is None else list(sides)
    if not all(low <= x <= high for (low, high), x in zip(box, problem.start, strict=True)):
        return None
    try:
        parts = lines(Expansion.of(problem))
    except InputError:
        # The minimizer is not a critical point.
        return None
    if parts is None:
        return None
    starts = [(low - m, high - m) for (low, high), m in zip(box, problem.minimizer, strict=True)]
    followed = [_widest(line, interval) for line, interval in zip(parts, starts, strict=True)]
    found = [pair for pair in followed if pair is not None]
    if len(found) < len(followed):
        return None
    predicted = _predicted([line.ratio(side)[0] for line, side in zip(parts, sides, strict=True)])
    limit = _limit([motion for _, motion in found])
    if predicted is None or limit is None:
        return None
    matches = (predicted["kind"], predicted["axis"]) == (limit["kind"], limit["axis"])
    return {
        "schema": FORMAT,
        "problem": problem.to_json(),
        "box": [[to_text(low), to_text(high)] for low, high in box],
        "radius": [[to_text(r) for r in radii] for radii, _ in found],
        "sides": sides,
        "predicted": predicted,
        "limit": limit,
        "verdict": "holds" if matches else "refuted",
    }


def _widest(line: Line, starts: Interval) -> tuple[Interval, Motion] | None:
    """Return the widest radii, of the pairs tried, with which one coordinate can be followed."""
    for radii in _pairs():
        try:
            return radii, follow(line, starts, radii)
        except NotShownError:
            continue
    return None


def _pairs() -> Iterator[Interval]:
    for exponent in range(_EXPONENTS):
        r = fmpq(1, 2**exponent)
        yield r, r
        # Points on the side with the steeper slope are mapped farther out on the other side.
        for wider in (2, 8):
            yield from ((wider * r, r), (r, wider * r))


def _predicted(multipliers: list[fmpq]) -> dict[str, Any] | None:
    """Return the theorem's prediction for the multipliers 1 − ηλ, even if it does not apply; None without one."""
    lowest, highest = max(multipliers), min(multipliers)
    if lowest == -highest or multipliers.count(lowest) > 1 or multipliers.count(highest) > 1:
        return None
    if lowest > -highest:
        return {"kind": "fixed", "axis": multipliers.index(lowest)}
    return {"kind": "alternating", "axis": multipliers.index(highest)}


def _limit(motions: list[Motion]) -> dict[str, Any] | None:
    """Return the result for the direction: a coordinate leaves, or the limit is along the slowest one to decay."""
    leaving = [i for i, motion in enumerate(motions) if motion.fate is Fate.LEAVES]
    if leaving:
        return {"kind": "leaves", "axis": leaving[0], "sign": 0}
    slowest = max(motion.square for motion in motions)
    first = [i for i, motion in enumerate(motions) if motion.fate is Fate.DECAYS and motion.square == slowest]
    if len(first) != 1 or not motions[first[0]].turn:
        return None
    (axis,) = first
    kind = "fixed" if motions[axis].turn > 0 else "alternating"
    return {"kind": kind, "axis": axis, "sign": motions[axis].sign}
