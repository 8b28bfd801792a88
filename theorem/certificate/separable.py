"""Separable certificates proposed: radii are tried until the verifier's own inequalities hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq

from gdcheck.theorem.checker.document import read_problem
from gdcheck.theorem.checker.outcome import ClaimError
from gdcheck.theorem.checker.separable import FORMAT, Line, conclude, follow, lines_of, predict
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.rational import to_text

_SMALLEST = 12
Box = Sequence[tuple[fmpq, fmpq]]


def separable_certificate(problem: Problem, box: Box, sides: Sequence[int] | None = None) -> dict[str, Any] | None:
    """What happens to every start of a box, for a loss that is a sum of functions of one variable each.

    Args:
        problem: The problem; its start lies in the box.
        box: The starts, an interval for each variable.
        sides: Which one-sided Hessian the prediction is made from, 1 or −1 for each variable; 1 if not given.

    Returns:
        A certificate whose verdict is ``refuted`` if another limit than the predicted one, or none, is proved, and
        ``holds`` if the predicted one is; None if nothing could be proved, or nothing is predicted.
    """
    stated = read_problem(problem.to_json())
    chosen = list(sides) if sides is not None else [1] * problem.dimension
    try:
        lines = lines_of(stated)
        predicted = predict([line.ratio(side)[0] for line, side in zip(lines, chosen, strict=True)])
        starts = [
            (Fraction(to_text(low)) - m, Fraction(to_text(high)) - m)
            for (low, high), m in zip(box, stated.minimizer, strict=True)
        ]
        radii = [_radii(line, interval) for line, interval in zip(lines, starts, strict=True)]
        found = [pair for pair in radii if pair is not None]
        if len(found) < len(radii):
            return None
        limit = conclude([follow(*given) for given in zip(lines, starts, found, strict=True)])
    except ClaimError:
        return None
    if predicted is None or limit.kind == "undecided":
        return None
    return {
        "schema": FORMAT,
        "problem": problem.to_json(),
        "box": [[to_text(low), to_text(high)] for low, high in box],
        "radius": [[str(r) for r in pair] for pair in found],
        "sides": chosen,
        "predicted": {"kind": predicted.kind, "axis": predicted.axis},
        "limit": {"kind": limit.kind, "axis": limit.axis, "sign": limit.sign},
        "verdict": "holds" if (predicted.kind, predicted.axis) == (limit.kind, limit.axis) else "refuted",
    }


def _radii(line: Line, interval: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction] | None:
    """The widest radii, of the pairs tried, with which one coordinate can be followed."""
    for pair in _pairs():
        try:
            follow(line, interval, pair)
        except ClaimError:
            continue
        return pair
    return None


def _pairs() -> Iterator[tuple[Fraction, Fraction]]:
    for exponent in range(_SMALLEST):
        r = Fraction(1, 2**exponent)
        yield r, r
        # A side with the steeper slope sends its points farther out on the other.
        for wider in (2, 8):
            yield from ((wider * r, r), (r, wider * r))
