"""The proved behaviour of the sharpness along the trajectory of a smooth loss, as a certificate."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.certificate.kinds.sharpness import RecheckedSharpness, rechecked
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate, wider
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.loss.balls import decimal_ends, ends, surely_less
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.sharpness.crossings import Crossings
from gdcheck.theorem.sharpness.pattern import Kind, Onset
from gdcheck.theorem.sharpness.sharpness import Sharpness
from gdcheck.theorem.sharpness.smooth.context import SmoothContext
from gdcheck.theorem.sharpness.smooth.top import SmoothTopEigenvalue

FORMAT = "gdcheck-smooth-sharpness/1"
_MOST_EXAMINED = 20_000
_LATEST_VALUE = 2_000


def smooth_sharpness_certificate(decision: SmoothDecision, found: Sharpness | None) -> dict[str, Any] | None:
    """Write the proved behaviour of the sharpness as a certificate.

    Args:
        decision: A decision on a smooth problem.
        found: What ``theorem.sharpness.smooth.sharpness`` found of it.

    Returns:
        A JSON object (docs/certificate.md, *Smooth sharpness certificates*); None where the decision has no
        certificate or needs symmetries, or nothing is proved.
    """
    theorem = smooth_certificate(decision) if decision.symmetry is None else None
    if theorem is None or found is None:
        return None
    with ctx.workprec(decision.precision):
        context = SmoothContext.of(decision)
        assert context is not None
        pattern, crossings = _pattern(context, found), _crossings(context, found.crossings)
    if pattern is None and crossings is None:
        return None
    return {"schema": FORMAT, "theorem": theorem, "pattern": pattern, "crossings": crossings}


def recheck_smooth_sharpness(decision: SmoothDecision, found: Sharpness, *, ask: bool = True) -> RecheckedSharpness:
    """Have the independent checker verify what is proved of the sharpness.

    Args:
        decision: A decision.
        found: What was found of it.
        ask: Whether to ask the checker.

    Returns:
        What is left of it.
    """
    return rechecked(smooth_sharpness_certificate(decision, found), found, ask=ask)


def _pattern(context: SmoothContext, found: Sharpness) -> dict[str, Any] | None:
    pattern = found.pattern
    if pattern.kind is Kind.CONSTANT:
        return {"kind": "constant", "from_step": pattern.step}
    if pattern.order != 1 or pattern.proof is None or context.envelope is None:
        return None
    top = SmoothTopEigenvalue(context)
    cone = from_step = pattern.proof.cone.step
    broken: tuple[int, ...] = ()
    onset: Onset | None = found.onset
    values: list[list[str]] = []
    if onset is not None and onset.step <= cone and cone + pattern.period <= _LATEST_VALUE:
        enclosed = [top.at(iterate) for iterate in context.trajectory(cone + pattern.period)]
        needed = {k + i for k in (*range(onset.step, cone), *onset.broken) for i in (0, pattern.period)}
        if all(enclosed[k].is_finite() for k in needed):
            from_step, broken = onset.step, onset.broken
            # Values that are not compared may be anything.
            values = [_stated(x) if k in needed else ["0", "0"] for k, x in enumerate(enclosed)]
            values = values[: max(needed, default=-1) + 1]
    slope = pattern.slope
    assert slope is not None
    return {
        "kind": pattern.kind.value,
        "sign": pattern.sign,
        "from_step": from_step,
        "broken": list(broken),
        "slope": list(decimal_ends(slope + arb(0, fmpq(1, 10**12)))),
        "step": context.envelope.step,
        "cone": cone,
        "values": values,
    }


def _stated(value: arb) -> list[str]:
    """Return the ends of a value, with all digits: neighbours differ in the last ones. The checker has more bits."""
    low, high = ends(value)
    room = (high - low) / 2 + fmpq(1, 2**200)
    return [to_text(low - room), to_text(high + room)]


def _crossings(context: SmoothContext, found: Crossings) -> dict[str, Any] | None:
    if found.undecided:
        return None
    examined = _settled_from(context, found.examined) if found.complete else None
    if examined is None and not 0 < found.examined <= _MOST_EXAMINED:
        return None
    told = len(found.rose) + found.fell == len(found.steps)
    return {
        "steps": list(found.steps),
        "examined": found.examined if examined is None else examined,
        "complete": examined is not None,
        "rose": list(found.rose) if told else None,
        "peak": None if found.peak is None else list(decimal_ends(wider(found.peak))),
    }


def _settled_from(context: SmoothContext, first: int) -> int | None:
    """Find a step from which the ball of the iterate's radius alone keeps λ_n below 2/η, if one is within reach."""
    room = 2 / arb(context.step_size) - context.highest
    for iterate in context.trajectory(_MOST_EXAMINED + 1):
        r = iterate.radius
        if iterate.step >= first and surely_less(r * context.third(r), room) and context.invariant(r):
            return iterate.step
    return None
