"""The proved behaviour of the sharpness along a trajectory, as a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.certificate.certificate import certificate
from gdcheck.theorem.certificate.parts import above, texts
from gdcheck.theorem.certificate.rechecking import SHARPNESS, NotChecked, check
from gdcheck.theorem.certificate.words import sharpness_in_words
from gdcheck.theorem.decision.decide import Decision, with_tail
from gdcheck.theorem.limit.amplitude import Inequality, bounds_from
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import decimal_ends, norm, surely_less
from gdcheck.theorem.loss.rational import to_fmpq, to_text
from gdcheck.theorem.sharpness.context import TrajectoryContext
from gdcheck.theorem.sharpness.crossings import Crossings
from gdcheck.theorem.sharpness.envelope import Envelope
from gdcheck.theorem.sharpness.pattern import Kind, Onset, Pattern
from gdcheck.theorem.sharpness.sharpness import Sharpness
from gdcheck.theorem.sharpness.top_eigenvalue import TopEigenvalue

_MOST_EXAMINED = 20_000
_MOST_WALKED = 100_000
_LATEST_VALUE = 10_000
_VECTOR_BITS = 192


def sharpness_certificate(decision: Decision, found: Sharpness | None) -> dict[str, Any] | None:
    """Write the proved behaviour of the sharpness as a certificate, which contains the theorem's certificate.

    Args:
        decision: A decision.
        found: What ``theorem.sharpness.sharpness`` found of it.

    Returns:
        A JSON object (docs/certificate.md, *Sharpness certificates*); None where the decision has no certificate, or
        nothing that such a certificate can say is proved: a pattern of the second order, steps that are undecided.
    """
    decision = with_tail(decision)
    theorem = certificate(decision)
    if theorem is None or found is None:
        return None
    with ctx.workprec(decision.precision):
        context = TrajectoryContext.of(decision)
        assert context is not None
        lowest_stated = to_fmpq(theorem["spectrum"]["highest"]["interval"][0], "interval")
        pattern = _pattern(context, found, lowest_stated)
        crossings = _crossings(context, found.crossings)
    if pattern is None and crossings is None:
        return None
    return {"schema": SHARPNESS, "theorem": theorem, "pattern": pattern, "crossings": crossings}


@dataclass(frozen=True)
class RecheckedSharpness:
    """The behaviour of the sharpness, after the independent checker was asked.

    Attributes:
        found: The behaviour; everything is undecided if the checker rejects the certificate.
        certificate: The certificate; None where there is none, or it is rejected.
        result: "accepted"; "none" where nothing was checked: no certificate, not asked, or given up.
        said: What the certificate says, or why there is none.
    """

    found: Sharpness
    certificate: dict[str, Any] | None
    result: str
    said: str


def recheck_sharpness(decision: Decision, found: Sharpness, *, ask: bool = True) -> RecheckedSharpness:
    """Have the independent checker verify what is proved of the sharpness.

    Args:
        decision: A decision.
        found: What ``theorem.sharpness.sharpness`` found of it.
        ask: Whether to ask the checker.

    Returns:
        What is left of it.
    """
    return rechecked(sharpness_certificate(decision, found), found, ask=ask)


def rechecked(made: dict[str, Any] | None, found: Sharpness, *, ask: bool) -> RecheckedSharpness:
    """Have the independent checker verify a certificate of the sharpness, of whatever kind.

    Args:
        made: The certificate, if there is one.
        found: What it states.
        ask: Whether to ask the checker.

    Returns:
        What is left of it.
    """
    if made is None:
        return RecheckedSharpness(found, None, "none", "no certificate can say what is proved of it")
    said = sharpness_in_words(made)
    if not ask:
        return RecheckedSharpness(found, made, "none", said)
    try:
        failure = check(made)
    except NotChecked as gave_up:
        return RecheckedSharpness(found, None, "none", str(gave_up))
    if failure is None:
        return RecheckedSharpness(found, made, "accepted", said)
    cause = f"the independent checker rejects the certificate: {failure}"
    nothing = Crossings((), found.crossings.examined, (), 0, False, found.crossings.examined)
    left = replace(found, pattern=Pattern(Kind.UNDECIDED, cause=cause), crossings=nothing, onset=None)
    return RecheckedSharpness(left, None, "rejected", cause)


# The pattern ----------------------------------------------------------------------------------------------------------


def _pattern(context: TrajectoryContext, found: Sharpness, highest: fmpq) -> dict[str, Any] | None:
    """State the pattern; ``highest`` is the lower end of the interval of λ_n in the certificate."""
    pattern, onset = found.pattern, found.onset
    if pattern.kind is Kind.CONSTANT:
        return _constant(context, pattern)
    top = TopEigenvalue.of(context.expansion, context.derivatives, context.spectrum)
    if pattern.order != 1 or top is None or context.direction is None:
        return None
    for envelope in _envelopes(context):
        again = context.pattern_within(top, envelope)
        if again.proof is not None:
            return _approach(context, again, onset, envelope) | {"top": _top(context, highest)}
    return None


def _envelopes(context: TrajectoryContext) -> Iterator[Envelope]:
    """Yield envelopes from the certificate's step on, with the plain bound of the remainder's sum.

    It is the one that the checker of this kind computes, whatever finer one has decided the limit.
    """
    first, last, wait = context.envelope, -1, 1
    if first is None:
        return
    part = context.decision.blocks[0].vectors
    vector = [arb(x) for x in part.transpose().tolist()[0]]
    for iterate in context.trajectory(_MOST_WALKED):
        if iterate.step < max(first.step, last):
            continue
        numbers = _plain_inequality(context, first.rho, vector, iterate)
        if numbers is not None:
            yield replace(first, step=iterate.step, numbers=numbers)
        # The next step that is tried is twice as far.
        last, wait = iterate.step + wait, 2 * wait


def _plain_inequality(
    context: TrajectoryContext, rho: arb, vector: list[arb], iterate: EnclosedIterate
) -> Inequality | None:
    """Return the numbers of Claim 12 with one bound C(r) for the whole remainder; None where its conditions fail."""
    radius = iterate.radius.upper()
    bounds = bounds_from(rho, context.bound.quadratic(radius).upper(), radius)
    if bounds is None:
        return None
    share = sum((v * y for v, y in zip(vector, iterate.centre, strict=True)), arb(0)) / norm(vector)
    error = iterate.error + radius * arb(2) ** -96
    amplitude = abs(share) + error.union(-error)
    return Inequality(**vars(bounds), amplitudes=(amplitude,)) if surely_less(bounds.tail, amplitude) else None


def _approach(context: TrajectoryContext, pattern: Pattern, onset: Onset | None, envelope: Envelope) -> dict[str, Any]:
    proof, slope = pattern.proof, pattern.slope
    assert proof is not None and slope is not None
    cone = from_step = proof.cone.step
    broken: tuple[int, ...] = ()
    if onset is not None and onset.step <= cone and cone + pattern.period <= _LATEST_VALUE:
        from_step, broken = onset.step, onset.broken
    margin = arb(0, fmpq(1, 10**12))
    return {
        "kind": pattern.kind.value,
        "sign": pattern.sign,
        "from_step": from_step,
        "broken": list(broken),
        "slope": list(decimal_ends(slope + margin)),
        "step": envelope.step,
        "cone": cone,
        "others": None if envelope.b is None else above(envelope.b),
    }


def _top(context: TrajectoryContext, highest: fmpq) -> dict[str, Any]:
    """State the gap below λ_n, and a vector near its unit eigenvector."""
    hessian, eigenvalues = context.expansion.hessian, context.spectrum.eigenvalues
    assert hessian is not None
    (vector,) = Pencil(hessian).eigenvectors(context.spectrum.highest, _VECTOR_BITS)
    distance = highest - eigenvalues[-2].hi if len(eigenvalues) > 1 else fmpq(1)
    return {"gap": to_text(distance), "vector": texts(vector)}


def _constant(context: TrajectoryContext, pattern: Pattern) -> dict[str, Any] | None:
    expansion, hessian = context.expansion, context.expansion.hessian
    if pattern.step is None or pattern.step > _MOST_WALKED or hessian is None:
        return None
    vector = None
    if expansion.higher_terms or expansion.truncated:
        exact = Pencil(hessian).exact_eigenvector(context.spectrum.highest)
        if exact is None:
            return None
        vector = texts(exact)
    return {"kind": pattern.kind.value, "from_step": pattern.step, "vector": vector}


# Crossings ------------------------------------------------------------------------------------------------------------


def _crossings(context: TrajectoryContext, found: Crossings) -> dict[str, Any] | None:
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
        "peak": None if found.peak is None else list(decimal_ends(found.peak)),
    }


def _settled_from(context: TrajectoryContext, first: int) -> int | None:
    """Find a step from which the ball of the iterate's radius alone keeps λ_n below 2/η, if one is within reach."""
    eta = context.expansion.step_size
    room = 2 / arb(eta) - context.spectrum.highest.ball()
    for iterate in context.trajectory(_MOST_EXAMINED + 1):
        r = iterate.radius
        small = surely_less(r * context.derivatives.order(3, r), room)
        if iterate.step >= first and small and context.invariant(r):
            return iterate.step
    return None
