"""Decide a method with momentum at an enclosed minimum: the assumptions of its theorem, a certified limit, the verdict.

Enclosures never prove an equality: next to a boundary of the method, to a double multiplier or to equal eigenvalues the
verdict is unresolved and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx

from gdcheck.theorem.augmented.enclosed_modes import EnclosedModes, enclosed_modes
from gdcheck.theorem.augmented.enclosed_states import enclosed_states
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.decision.decide import MAX_PRECISION, MAX_STEPS
from gdcheck.theorem.decision.decide_method import ROTATES, needs_preimages
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth, regular_point, settle
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.limit.amplitude import certify
from gdcheck.theorem.limit.result import Amplitude, Cause, Settled
from gdcheck.theorem.methods.statement import AS_PREDICTED, EXTREME, Assumption, End, Regime, not_applicable
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer
from gdcheck.theorem.smooth.problem import SmoothProblem

_CANNOT_TELL = (
    "the method's modes cannot be told apart: the step size is next to a boundary or to a double multiplier, or two"
    " eigenvalues are equal; change the step size a little"
)
_ENOUGH = 1024


@dataclass(frozen=True, eq=False, repr=False)
class SmoothMethodDecision(SmoothDecision):
    """The verdict on a method with momentum on a smooth loss.

    Attributes:
        modes: What the method does near the minimizer; None if that was not decided.
        powers: Bounds of the norm of states; None without a limit.
    """

    modes: EnclosedModes | None = None
    powers: Powers | None = None


def decide_enclosed(
    problem: SmoothProblem, *, max_steps: int = MAX_STEPS, max_precision: int = MAX_PRECISION
) -> SmoothDecision:
    """Decide a problem whose minimizer is enclosed, whatever its method.

    Args:
        problem: The problem.
        max_steps: Steps allowed at each precision.
        max_precision: Bits allowed.

    Returns:
        The decision; a ``SmoothMethodDecision`` for a method with momentum.

    Raises:
        InputError: If the loss is not defined at the start.
    """
    if problem.method.is_plain or problem.method.momentum == 0:
        return decide_smooth(problem, max_steps=max_steps, max_precision=max_precision)
    return settle(problem, max_precision, lambda minimizer, bits: _attempt(problem, minimizer, bits, max_steps))


def _attempt(
    problem: SmoothProblem, minimizer: EnclosedMinimizer, precision: int, max_steps: int
) -> SmoothDecision | Cause:
    """Decide at one precision, which is the current one; ``Cause.PRECISION`` if more is needed."""
    method, eta = problem.method, problem.step_size
    modes = enclosed_modes(method, arb(eta), minimizer.spectrum.values)
    known: dict[str, Any] = {"minimizer": minimizer, "modes": modes}
    if modes is None:
        if precision < _ENOUGH:
            return Cause.PRECISION
        return SmoothMethodDecision(problem, Verdict.UNRESOLVED, _CANNOT_TELL, precision, **known)
    known |= {"regime": modes.regime}
    if modes.regime is Regime.UNSTABLE:
        fails = (Assumption.STABLE_STEP,)
        reason = _unstable(problem, minimizer)
        return SmoothMethodDecision(problem, Verdict.NOT_APPLICABLE, reason, precision, **known, fails=fails)
    needed = needs_preimages(method)
    regular = regular_point(problem, minimizer) if needed else None
    alone = len(minimizer.spectrum.values) == 1 and modes.regime is not Regime.ROTATING
    known |= {"point": regular, "fails": (Assumption.DISTINCT_ENDS,) if alone else ()}
    with ctx.workprec(precision):
        sequence = enclosed_states(problem, minimizer, modes)
        if sequence is None:
            return Cause.PRECISION
        result = certify(sequence, max_steps)
    if result is Cause.PRECISION:
        return result
    found = Cause.ELSEWHERE if isinstance(result, Settled) else result
    if isinstance(found, Amplitude):
        known |= {"amplitude": found, "powers": sequence.powers}
    verdict, reason = _conclude(modes, known["fails"], needed and regular is None, found)
    return SmoothMethodDecision(problem, verdict, reason, precision, **known)


def _conclude(
    modes: EnclosedModes, fails: Sequence[Assumption], doubtful: bool, found: Amplitude | Cause
) -> tuple[Verdict, str]:
    if fails:
        reason = not_applicable(a.sentence for a in fails)
        if isinstance(found, Cause):
            return Verdict.NOT_APPLICABLE, f"{reason}; no limit is certified"
        kind = found.limit.kind.value
        return Verdict.NOT_APPLICABLE, f"{reason}; what happens instead is certified: the direction is {kind}"
    if isinstance(found, Cause):
        return Verdict.UNRESOLVED, found.value
    if doubtful:
        reason = f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}; another --step-size may be"
        return Verdict.UNRESOLVED, reason
    if modes.regime is Regime.ROTATING:
        return Verdict.PROVED, ROTATES
    end = End.LOWEST if modes.dominant[0] == 0 else End.HIGHEST
    return Verdict.PROVED, AS_PREDICTED.format(found.limit.kind.value, EXTREME[end])


def _unstable(problem: SmoothProblem, minimizer: EnclosedMinimizer) -> str:
    top = largest_stable(problem.method) / problem.step_size
    return (
        f"the theorem does not apply: the step size is too large; {problem.method.name} is stable only where the "
        f"largest eigenvalue is below {int(top.p) / int(top.q):.6g}, and it is "
        f"{float(minimizer.spectrum.values[-1].mid()):.6g}"
    )
