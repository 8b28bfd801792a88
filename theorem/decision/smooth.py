"""Decide a smooth problem whose minimizer is enclosed: the same assumptions, the same lemma, the same verdicts.

Where an equality is not decided (``theorem.assumptions.enclosed``), because η cannot be told from a boundary, or an end
of the spectrum not from its neighbour, the verdict is unresolved and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from flint import arb, arb_mat, ctx, fmpq

from gdcheck.theorem.assumptions.enclosed import ExactSpectrum, Told, cannot_tell, regime_of, tell
from gdcheck.theorem.decision.decide import FIRST_PRECISION, MAX_PRECISION, MAX_STEPS
from gdcheck.theorem.decision.reasons import why_degenerate, why_lost
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.limit.amplitude import certify
from gdcheck.theorem.limit.result import Amplitude, Cause, LimitDirection, Settled
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.reading import DESCENT_ONLY
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    AT_MINIMIZER,
    EXTREME,
    INSTEAD,
    ORTHOGONAL,
    THEOREM_1,
    WITHIN,
    Assumption,
    Regime,
    not_applicable,
)
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.enclosed_minimum import enclosed_minimum
from gdcheck.theorem.smooth.evaluate import Forward, hessian
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, Lost, enclose_minimizer, find
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.smooth.saddle import Saddle, enclose_saddle
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.symmetry.fixed_start import OnFixedSpace, Symmetry, on_fixed_space
from gdcheck.theorem.symmetry.told import tell_by_symmetry

__all__ = [
    "SmoothDecision",
    "SmoothProblem",
    "decide_smooth",
    "regular_point",
]

# Eigenvalues and minimizer are known to this many bits more than the trajectory.
_GUARD_BITS = 64
# Where the iterates are seen to do this, the step size may be too large for the minimum next to the start.
_UNSTABLE_IF = {
    Lost.LEFT: "; the iterates leave every bound that was tried (observed in floating point)",
    Lost.CYCLE: "; the iterates repeat themselves (observed in floating point)",
    Lost.SETTLED_NOWHERE: "",
}
_UNDECIDED_PREIMAGES = f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}; another --step-size may be"


@dataclass(frozen=True, eq=False, repr=False)
class SmoothDecision:
    """The verdict on a smooth problem, with everything that a certificate needs.

    Attributes:
        problem: The problem decided.
        verdict: The outcome.
        reason: One sentence for the user.
        precision: Bits used.
        minimizer: The enclosed minimizer; None if none was found.
        regime: The regime; None if it was not decided.
        fails: The assumptions proved to fail.
        point: Where I − η∇²f is proved to be regular, shape (n,).
        amplitude: The deciding inequality and the limit; None if no limit is certified.
        multiplicities: How often the smallest and the largest eigenvalue occur.
        exact: The spectrum, where equality was decided exactly.
        symmetry: What symmetries of the loss proved; None if they were not needed.
        saddle: The critical point that the iterates are seen to tend to, if it is proved to be no minimum.
        lost: Why no critical point was found that the iterates tend to; None if one was.
    """

    problem: SmoothProblem
    verdict: Verdict
    reason: str
    precision: int
    minimizer: EnclosedMinimizer | None = None
    regime: Regime | None = None
    fails: tuple[Assumption, ...] = ()
    point: tuple[fmpq, ...] | None = None
    amplitude: Amplitude | None = None
    multiplicities: tuple[int, int] = (1, 1)
    exact: ExactSpectrum | None = None
    symmetry: Symmetry | None = None
    saddle: Saddle | None = None
    lost: Lost | None = None

    @property
    def limit(self) -> LimitDirection | None:
        """The certified limit, if any."""
        return None if self.amplitude is None else self.amplitude.limit

    def __repr__(self) -> str:
        return f"<SmoothDecision {self.verdict.value}: {self.limit or self.reason}>"


def decide_smooth(
    problem: SmoothProblem, *, max_steps: int = MAX_STEPS, max_precision: int = MAX_PRECISION
) -> SmoothDecision:
    """Decide gradient descent on a smooth loss: minimizer enclosed, then regime, assumptions, the amplitude lemma.

    Args:
        problem: The problem.
        max_steps: Steps of gradient descent allowed at each precision.
        max_precision: Bits allowed.

    Returns:
        The decision.

    Raises:
        InputError: If the loss is not defined at the start.
    """
    if not problem.method.is_plain:
        raise InputError("method", DESCENT_ONLY)
    return settle(problem, max_precision, lambda minimizer, bits: _attempt(problem, minimizer, bits, max_steps))


Attempt: TypeAlias = "Callable[[EnclosedMinimizer, int], SmoothDecision | Cause]"
"""Decides at the precision that is current, given without its guard bits; ``Cause.PRECISION`` if more is needed."""


def settle(problem: SmoothProblem, max_precision: int, attempt: Attempt) -> SmoothDecision:
    """Find the minimizer, and try to decide with more and more bits.

    Args:
        problem: The problem, with any method.
        max_precision: Bits allowed.
        attempt: Decides about an enclosed minimizer.

    Returns:
        The decision.

    Raises:
        InputError: If the loss is not defined at the start.
    """
    _require_defined(problem)
    point = find(problem.loss, problem.step_size, problem.start, problem.given or problem.near, problem.method)
    if isinstance(point, Lost):
        followed = problem.given is None and problem.near is None
        beside = _beside_unstable(problem, attempt, point) if followed and point in _UNSTABLE_IF else None
        if beside is not None:
            return beside
        reason = why_lost(problem.loss, point)
        return SmoothDecision(problem, Verdict.UNRESOLVED, reason, FIRST_PRECISION, lost=point)
    precision = FIRST_PRECISION
    while True:
        found = _about(problem, point, precision, attempt)
        if found is not None and not isinstance(found, Cause):
            return found
        if 2 * precision > max_precision:
            break
        precision *= 2
    degenerate = why_degenerate(problem.loss, point, precision) if found is None else None
    if degenerate is not None:
        return SmoothDecision(problem, Verdict.UNRESOLVED, degenerate, precision)
    reason = "the minimizer could not be enclosed" if found is None else found.value
    return SmoothDecision(problem, Verdict.UNRESOLVED, f"{reason} (up to {precision} bits; --max-precision)", precision)


def _beside_unstable(problem: SmoothProblem, attempt: Attempt, seen: Lost) -> SmoothDecision | None:
    """Decide about the minimum next to the start, if the step size is too large for it: nothing need settle there."""
    point = find(problem.loss, problem.step_size, problem.start, problem.start)
    if isinstance(point, Lost):
        return None
    found = _about(problem, point, FIRST_PRECISION, attempt)
    if not isinstance(found, SmoothDecision) or found.regime is not Regime.UNSTABLE:
        return None
    return replace(found, reason=found.reason + _UNSTABLE_IF[seen])


def _about(
    problem: SmoothProblem, point: Sequence[fmpq], precision: int, attempt: Attempt
) -> SmoothDecision | Cause | None:
    """Decide at one precision; None or ``Cause.PRECISION`` if more is needed."""
    with ctx.workprec(precision + _GUARD_BITS):
        minimizer = enclose_minimizer(problem.loss, point)
        if minimizer is None:
            return None
        if isinstance(minimizer, Lost):
            return _no_minimum(problem, point, precision)
        _require_given(problem, minimizer)
        return attempt(minimizer, precision)


def _require_defined(problem: SmoothProblem) -> None:
    with ctx.workprec(FIRST_PRECISION):
        at = Forward.of(problem.loss, [arb(q) for q in problem.start], 2)
        if not (at.value.is_finite() and all(x.is_finite() for x in at.hessian().entries())):
            raise InputError("start", "the loss is not smooth there, or not defined; give another start")


def _require_given(problem: SmoothProblem, minimizer: EnclosedMinimizer) -> None:
    """Refuse a minimizer that is not the one found from there."""
    if problem.given is None:
        return
    away = norm(arb(a - b) for a, b in zip(problem.given, minimizer.centre, strict=True))
    if surely_less(arb(minimizer.radius), away):
        near = ", ".join(
            f"{name}={float(arb(x)):.15g}" for name, x in zip(problem.loss.variables, minimizer.centre, strict=True)
        )
        raise InputError("minimizer", f"is not a critical point; the one found from there is near {near}: leave it out")


def _attempt(
    problem: SmoothProblem, minimizer: EnclosedMinimizer, precision: int, max_steps: int
) -> SmoothDecision | Cause:
    """Decide gradient descent."""
    eta = problem.step_size
    told = tell(problem.loss, minimizer, eta) or tell_by_symmetry(problem.loss, minimizer, eta, problem.start)
    if told is None:
        if precision < 1024:
            return Cause.PRECISION
        near, regime = cannot_tell(minimizer.spectrum, eta), regime_of(minimizer.spectrum, eta)
        return SmoothDecision(problem, Verdict.UNRESOLVED, near, precision, minimizer, regime)
    regular = regular_point(problem, told.minimizer)
    if not told.dominant:
        within = on_fixed_space(problem, told, precision, max_steps)
        if within is not None:
            return _within(problem, precision, regular, within)
        reason = not_applicable(a.sentence for a in told.fails)
        if told.regime is not Regime.UNSTABLE:
            reason += "; no limit is certified"
        return _decision(problem, Verdict.NOT_APPLICABLE, reason, precision, told)
    with ctx.workprec(precision):
        sequence = enclosed_minimum(problem.loss, eta, problem.start, told.minimizer, told.dominant)
        result = certify(sequence, max_steps)
    if result is Cause.PRECISION:
        within = on_fixed_space(problem, told, precision, max_steps)
        return result if within is None else _within(problem, precision, regular, within)
    return _conclude(problem, precision, told, regular, Cause.ELSEWHERE if isinstance(result, Settled) else result)


def regular_point(problem: SmoothProblem, minimizer: EnclosedMinimizer) -> tuple[fmpq, ...] | None:
    """Return a point where I − η∇²f is regular: det F′ is analytic, so that its zeros are a null set.

    That holds in the connected part of the domain in which the point lies: it is reached from the minimizer within a
    ball on which the loss is smooth.
    """
    n = problem.loss.dimension
    identity = arb_mat([[int(i == j) for j in range(n)] for i in range(n)])
    middle = tuple((a + b) / 2 for a, b in zip(problem.start, minimizer.centre, strict=True))
    if all(not (1 - problem.step_size * value).contains(0) for value in minimizer.spectrum.values):
        return minimizer.centre
    for point in (problem.start, middle):
        away = norm(arb(a - b) for a, b in zip(point, minimizer.centre, strict=True)) + minimizer.radius
        if not bounds_on_ball(problem.loss, [arb(x) for x in minimizer.centre], away).third.is_finite():
            continue
        matrix = identity - hessian(problem.loss, [arb(x) for x in point]) * arb(problem.step_size)
        if all(x.is_finite() for x in matrix.entries()) and not matrix.det().contains(0):
            return tuple(point)
    return None


def _conclude(
    problem: SmoothProblem, precision: int, told: Told, regular: tuple[fmpq, ...] | None, result: Amplitude | Cause
) -> SmoothDecision:
    amplitude = result if isinstance(result, Amplitude) else None
    if told.fails:
        certified = "; no limit is certified" if amplitude is None else INSTEAD.format(amplitude.limit.kind.value)
        verdict, reason = Verdict.NOT_APPLICABLE, not_applicable(a.sentence for a in told.fails) + certified
    elif isinstance(result, Cause):
        verdict, reason = Verdict.UNRESOLVED, result.value
    elif regular is None:
        verdict = Verdict.UNRESOLVED
        reason = _UNDECIDED_PREIMAGES
    else:
        end = THEOREM_1.predictions[told.regime].end
        verdict, reason = Verdict.PROVED, AS_PREDICTED.format(result.limit.kind.value, EXTREME[end])
    return _decision(problem, verdict, reason, precision, told, point=regular, amplitude=amplitude)


def _within(
    problem: SmoothProblem, precision: int, regular: tuple[fmpq, ...] | None, found: OnFixedSpace
) -> SmoothDecision:
    """Conclude about a trajectory in a space that symmetries fix."""
    told, split = found.told, found.symmetry.split
    assert split is not None
    instead = ""
    if found.amplitude is not None:
        instead = INSTEAD.format(found.amplitude.limit.kind.value) + WITHIN.format(len(split.space.inside))
    if told.fails:
        verdict, reason = Verdict.NOT_APPLICABLE, not_applicable(a.sentence for a in told.fails) + instead
    elif regular is None:
        return _decision(problem, Verdict.UNRESOLVED, _UNDECIDED_PREIMAGES, precision, told)
    elif found.amplitude is None:
        verdict, reason = Verdict.EXCEPTIONAL, AT_MINIMIZER.format("at the start")
    else:
        end = THEOREM_1.predictions[told.regime].end
        verdict, reason = Verdict.EXCEPTIONAL, ORTHOGONAL.format(EXTREME[end]) + instead
    known = {"point": regular, "amplitude": found.amplitude, "symmetry": found.symmetry}
    return _decision(problem, verdict, reason, precision, told, **known)


def _decision(
    problem: SmoothProblem, verdict: Verdict, reason: str, precision: int, told: Told, **found: Any
) -> SmoothDecision:
    here = (told.minimizer, told.regime, told.fails)
    known = {"exact": told.exact, "symmetry": Symmetry.of(told), "multiplicities": told.multiplicities}
    return SmoothDecision(problem, verdict, reason, precision, *here, **(known | found))


def _no_minimum(problem: SmoothProblem, point: Sequence[fmpq], precision: int) -> SmoothDecision:
    """Say what the critical point is that the iterates tend to."""
    names, saddle = problem.loss.variables, enclose_saddle(problem.loss, point)
    at = point if saddle is None else saddle.centre
    shown = ", ".join(f"{name} = {float(arb(x)):.9g}" for name, x in zip(names, at, strict=True))
    if saddle is None:
        spectrum = Spectrum.of(hessian(problem.loss, [arb(x) for x in point]), arb(0))
        value = "" if spectrum is None else f", where the Hessian has the eigenvalue {_digits(spectrum.values[0])}"
        seen = f"the iterates seem to tend to {shown}{value}, which is not a strict minimum"
        reason = f"the theorem does not apply: {seen}; another --start may be decided"
        return SmoothDecision(problem, Verdict.UNRESOLVED, reason, precision)
    kind = "maximum" if saddle.is_maximum else "saddle"
    reason = (
        f"the theorem does not apply: the iterates tend (observed in floating point) to {shown}, which is proved to be"
        f" a {kind}: there the Hessian has the eigenvalue {_digits(saddle.spectrum.values[0])}; another --start may be"
        " decided"
    )
    fails = (Assumption.STRICT_MINIMUM,)
    return SmoothDecision(problem, Verdict.NOT_APPLICABLE, reason, precision, fails=fails, saddle=saddle)


def _digits(value: arb) -> str:
    return f"{float(value.mid()):.6g}"
