"""Separable certificates proposed: radii are tried until the verifier's own inequalities hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq

from gdcheck.theorem.checker.recheck import ClaimError
from gdcheck.theorem.checker.recheck_separable import SCHEMA, Line, conclude, matches, motion, read
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
    n = problem.dimension
    certificate: dict[str, Any] = {
        "schema": SCHEMA,
        "problem": problem.to_json(),
        "box": [[to_text(low), to_text(high)] for low, high in box],
        "radius": [["1", "1"]] * n,
        "sides": list(sides) if sides is not None else [1] * n,
    }
    try:
        lines, eta, intervals = read(certificate)
        radii = [_radii(line, eta, interval) for line, interval in zip(lines, intervals, strict=True)]
        if any(pair is None for pair in radii):
            return None
        certificate["radius"] = [[str(r) for r in pair] for pair in radii if pair is not None]
        predicted, limit = conclude(certificate)
    except ClaimError:
        return None
    if predicted is None or limit["kind"] == "undecided":
        return None
    verdict = "holds" if matches(predicted, limit) else "refuted"
    return certificate | {"predicted": predicted, "limit": limit, "verdict": verdict}


def _radii(line: Line, eta: Fraction, interval: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction] | None:
    """The widest radii, of the pairs tried, with which one coordinate can be followed."""
    for pair in _pairs():
        try:
            motion("coordinate", line, eta, interval, pair)
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
