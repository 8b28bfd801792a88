"""The frame around an examination: decide the problem, check the claim, and report *holds*, *fails* or *unresolved*."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from math import isnan, log, log2
from typing import TypeVar

from flint import arb, ctx, fmpq

from gdcheck.properties.claims.claim import Finding, SecondOutcome
from gdcheck.properties.claims.undecided import CLAIM_STEPS, Undecided
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.certificate.rechecking import NotChecked
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.limit.result import Cone
from gdcheck.theorem.loss.balls import at_most, ends, surely_less
from gdcheck.theorem.reference.amplitude import NotSettled
from gdcheck.theorem.valleys.decide import ValleyDecision

Examination = Callable[[Instance, Decision], Finding]
AnyDecision = Decision | SmoothDecision | ValleyDecision
Drawn = TypeVar("Drawn")
Decided = TypeVar("Decided", bound=AnyDecision)

MOST_MARGIN = 1000.0
PRECISIONS = (256, 1024, 4096)
"""Bits at which a claim is checked, one after the other, until every comparison is decided."""

_NARROW = fmpq(1, 2**20)


class ClaimViolation(Exception):  # noqa: N818
    """A claim is found not to hold; the message says what was found instead.

    Attributes:
        margin: By how much it fails, in the claim's own unit and below zero; None if that is not a number.
    """

    def __init__(self, otherwise: str, margin: float | None = None) -> None:
        super().__init__(otherwise)
        # A violation has no slack: a positive margin could only come from rounding.
        self.margin = None if margin is None or isnan(margin) else min(0.0, _limited(margin))


def require(holds: bool | None, otherwise: str, margin: float | None = None, *, step: int | None = None) -> None:
    """End an examination unless a part of the claim is decided to hold.

    Args:
        holds: Whether it does; None if that is undecided, which is not a pass.
        otherwise: What was found instead; where it may be undecided, the same text for every problem.
        margin: The slack with which it holds in the claim's own unit, below zero if it does not; where two numbers are
            compared.
        step: The step at which it was examined.

    Raises:
        ClaimViolation: If it does not hold.
        Undecided: If that is undecided.
    """
    if holds is None:
        raise Undecided(f"undecided: {otherwise}")
    if not holds:
        raise ClaimViolation(otherwise if step is None else f"{otherwise} at step {step}", margin)


def up_to_rounding(limit: arb) -> arb:
    """Return a bound that may be attained, raised by the relative accuracy of balls at the current precision."""
    return limit + (1 + abs(limit)) * arb(2) ** -(ctx.prec // 2)


def equals(ball: arb, value: fmpq) -> bool | None:
    """Decide whether a ball is a narrow enclosure of a rational.

    Args:
        ball: The ball.
        value: The rational q.

    Returns:
        False if q is outside; True if it is inside and the ball is narrow, within 2⁻²⁰(1 + |q|) of q; else None.
    """
    if not ball.is_finite():
        return None
    lo, hi = ends(ball)
    if not lo <= value <= hi:
        return False
    reach = _NARROW * (1 + abs(value))
    return True if value - reach <= lo and hi <= value + reach else None


def positive(x: arb) -> bool | None:
    """Decide whether x > 0."""
    below = at_most(x, arb(0))
    return None if below is None else not below


def _limited(margin: float) -> float:
    return max(-MOST_MARGIN, min(MOST_MARGIN, margin))


def on_decided(check: Examination) -> Callable[[Instance], Finding]:
    """Decide a problem before a claim is checked on it, at precisions that grow until every comparison is decided.

    Args:
        check: Checks the claim on a problem and its decision, which is neither unresolved nor refuted. It is called at
            one of ``PRECISIONS``.

    Returns:
        The examination.
    """

    @wraps(check)
    def examine(instance: Instance) -> Finding:
        # The claims compare a trajectory with the tail that its certificate states.
        decision = decide(instance.problem, max_steps=CLAIM_STEPS, cones=False)
        if decision.verdict is Verdict.UNRESOLVED:
            return unresolved(decision, decision.reason)
        if decision.verdict is Verdict.REFUTED:
            return _finding(decision, False, decision.reason)
        return on_decision(check)(instance, decision)

    return examine


def on_decision(check: Callable[[Drawn, Decided], Finding]) -> Callable[[Drawn, Decided], Finding]:
    """Check a claim beside a decision, at precisions that grow until every comparison is decided.

    Args:
        check: Checks the claim on a problem and its decision. It is called at one of ``PRECISIONS``.

    Returns:
        The same function, which always returns a finding.
    """

    @wraps(check)
    def examine(instance: Drawn, decision: Decided) -> Finding:
        cause = ""
        for bits in PRECISIONS:
            try:
                with ctx.workprec(bits):
                    return check(instance, decision)
            except ClaimViolation as broken:
                return _finding(decision, False, str(broken), broken.margin)
            except NotChecked as gave_up:
                return unresolved(decision, str(gave_up))
            except NotSettled as gave_up:
                return replace(unresolved(decision, str(gave_up)), second=SecondOutcome.NOT_SETTLED)
            except Undecided as open_:
                cause = str(open_)
        return unresolved(decision, cause)

    return examine


def on_certified(exceptional: str) -> Callable[[Examination], Callable[[Instance], Finding]]:
    """Like ``on_decided``, for a claim on trajectories with a certified amplitude.

    Args:
        exceptional: The note on a start in an invariant subspace without the dominant eigenvector, of which the claim
            does not speak.

    Returns:
        The decorator.
    """

    def decorate(check: Examination) -> Callable[[Instance], Finding]:
        @on_decided
        @wraps(check)
        def examine(instance: Instance, decision: Decision) -> Finding:
            if decision.subspace is not None:
                return holds(decision, exceptional)
            if decision.amplitude is None:
                return unresolved(decision, decision.reason)
            return check(instance, decision)

        return examine

    return decorate


def holds(decision: AnyDecision, note: str, margin: float | None = None) -> Finding:
    """Return the finding that a claim holds.

    Args:
        decision: The decision on the problem.
        note: A short phrase.
        margin: The slack.

    Returns:
        The finding.
    """
    return _finding(decision, True, note, None if margin is None else _limited(margin))


def unresolved(decision: AnyDecision, cause: str) -> Finding:
    """Return the finding that a claim was not resolved.

    Args:
        decision: The decision on the problem.
        cause: Why not; such problems are counted by it.

    Returns:
        The finding.
    """
    return _finding(decision, None, cause)


def _finding(decision: AnyDecision, result: bool | None, note: str, margin: float | None = None) -> Finding:
    proof = decision.arrival if isinstance(decision, ValleyDecision) else decision.amplitude
    step = None if proof is None else proof.step
    return Finding(result, margin, note, decision.verdict.value, step, decision=decision)


# Margins --------------------------------------------------------------------------------------------------------------


def midpoint(x: arb) -> float:
    """Return the midpoint as a float."""
    return float(x.mid())


def amplitude_margin(decision: Decision) -> float | None:
    """Return log₂ of the smallest amplitude over its tail; None without a certificate, large if the tail is zero."""
    numbers = None if decision.amplitude is None else decision.amplitude.inequality
    if numbers is None or isinstance(numbers, Cone):
        return None
    if not numbers.tail.upper() > 0:
        return MOST_MARGIN
    return min(midpoint((a.lower() / numbers.tail.upper()).log()) / log(2) for a in numbers.amplitudes)


def log2_ratio(above: arb, below: arb) -> float:
    """Return a lower bound of log₂(above/below) of two positive balls; large if ``below`` may vanish.

    If the quotient is too small for a float, or not positive, return the smallest margin.
    """
    if not below.lower() > 0:
        return MOST_MARGIN
    quotient = midpoint(above / below)
    if quotient <= 0 and surely_less(above, below):
        return -MOST_MARGIN
    return log2(quotient) if 0 < quotient < float("inf") else MOST_MARGIN
