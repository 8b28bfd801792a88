"""Steps of trajectories of smooth losses: how long they take, and where they are. Claims Y1 and Y2, and ``check``.

docs/certificate.md, *Certificates of steps*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.outcome import claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import PerVariable, Positive, Step, read_record
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient
from gdcheck.theorem.checker.smooth.intervals import Ends, norm_above
from gdcheck.theorem.checker.smooth.kinds.higher import value_at
from gdcheck.theorem.checker.smooth.kinds.sharpness import largest_multiplier, loss_between
from gdcheck.theorem.checker.smooth.minimizer import Document, Iterate, Middle, follow, third_above
from gdcheck.theorem.checker.smooth.strict_minimum import PRECISIONS, verify


@dataclass(frozen=True)
class Within:
    """From ``step`` on, and not at the step before, a measure is at most ``bound``; steps up to ``until`` are enclosed.

    Attributes:
        kind: Always ``within``.
        measure: The distance to the minimizer, or the loss above that of the minimizer.
        bound: The bound.
        step: The step.
        until: The last step that is enclosed.
    """

    kind: Literal["within"]
    measure: Literal["distance", "loss"]
    bound: Positive
    step: Step
    until: Step


@dataclass(frozen=True)
class At:
    """The iterate of a step lies in a box."""

    kind: Literal["iterate"]
    step: Step
    box: PerVariable[Ends]


def _claim(kind: Any, value: object, path: str, n: int) -> Within | At:
    """Read a claim by its kind."""
    iterate = type(value) is dict and value.get("kind") == "iterate"
    return read_record(At, value, path, n) if iterate else read_record(Within, value, path, n)


@dataclass(frozen=True)
class SmoothSteps:
    """A certificate about steps of a trajectory."""

    schema: Literal["gdcheck-smooth-steps/1"]
    theorem: Document
    claim: Annotated[Within | At, _claim]


def verify_all(c: SmoothSteps, bits: int) -> None:
    """Verify the theorem's claims, and that about steps, with intervals of one precision."""
    at, eigenvalues = verify(c.theorem, bits)
    if isinstance(c.claim, At):
        verify_iterate(c.theorem, c.claim, at, eigenvalues)
    else:
        verify_within(c.theorem, c.claim, at, eigenvalues)


def verify_within(c: Document, stated: Within, at: Middle, eigenvalues: Sequence[Ends]) -> None:
    """Claim Y1 (smooth within): the measure is at most the bound from ``step`` on, and exceeds it one step before.

    Steps up to ``until`` are enclosed. Let r be a bound of |h| at ``until``, T a bound of the third derivative on the
    ball of radius r, and H one of the Hessian. If max|1 - eta lambda| + r eta T / 2 <= 1, no later iterate is farther
    away; and on the ball the loss exceeds that of the minimizer by at most H r^2 / 2.
    """
    largest, bound = largest_multiplier(c, eigenvalues), stated.bound
    claim(stated.step <= stated.until, f"step <= until fails: {stated.step}, {stated.until}")
    iterate: Iterate | None = None
    for k, iterate in enumerate(islice(follow(c, at, largest), stated.until + 1)):
        if k >= stated.step - 1:
            low, high = _measured(c, stated.measure, at, iterate)
            good = high <= bound if k >= stated.step else low > bound
            claim(good, f"the {stated.measure} at step {k} fails: it is in [{show(low, high)}]")
    assert iterate is not None
    r, delta, eta = iterate.radius, c.minimizer.radius, c.problem.step_size
    third = third_above(at.expression, at.centre, r + delta)
    claim(largest + r * eta * third / 2 <= 1, f"later iterates come no farther fails at step {stated.until}")
    most = r
    if stated.measure == "loss":
        most = derivatives_above(at.expression, at.centre, r + delta)[0] * r**2 / 2
    claim(most <= bound, f"the {stated.measure} stays within the bound fails: it may be {show(most)}")


def _measured(c: Document, measure: str, at: Middle, iterate: Iterate) -> Ends:
    """Enclose the measure at an iterate."""
    if measure == "distance":
        size = norm_above(iterate.h, at.bits)
        return size - Fraction(1, 1 << at.bits // 2) - iterate.error, size + iterate.error
    low, high = loss_between(at, iterate)
    delta = c.minimizer.radius
    slope = norm_above(gradient(evaluate(at.expression, at.centre, 1)), at.bits)
    wrong = (slope + derivatives_above(at.expression, at.centre, delta)[0] * delta) * delta
    value = value_at(at.expression, at.centre)
    return low - value.upper - wrong, high - value.lower + wrong


def verify_iterate(c: Document, stated: At, at: Middle, eigenvalues: Sequence[Ends]) -> None:
    """Claim Y2 (smooth iterate): the iterate of the step lies in the box, by Claim G7."""
    iterate = next(islice(follow(c, at, largest_multiplier(c, eigenvalues)), stated.step, None))
    for x, (low, high) in zip(iterate.x, stated.box, strict=True):
        own = x.lower - iterate.drift, x.upper + iterate.drift
        claim(low <= own[0] and own[1] <= high, f"the iterate in [{show(low, high)}] fails: it is in [{show(*own)}]")


check = Check(SmoothSteps, lambda c: with_enough_bits(PRECISIONS, partial(verify_all, c)))
"""Verifies a certificate about steps."""
