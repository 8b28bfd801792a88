"""Decide a problem whose method is not gradient descent: assumptions, a certified limit, the verdict."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from gdcheck.theorem.assumptions.preimages import Preimages, descent_matrix, examine_preimages
from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.augmented.modes import Motion, classify_motion
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.decision.search import FIRST_PRECISION, GUARD_BITS, SearchResult
from gdcheck.theorem.decision.state_search import StateSearch, pencil_of
from gdcheck.theorem.decision.verdict import Decision, Verdict
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.method import Adam, Method
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    EXTREME,
    NO_HESSIAN,
    Assumption,
    End,
    LimitKind,
    Regime,
    not_applicable,
)

PREDICTED = {
    Regime.SMALL_STEP: LimitKind.FIXED,
    Regime.LARGE_STEP: LimitKind.ALTERNATING,
    Regime.ROTATING: LimitKind.ROTATING,
}
"""What the theorem on a method says about almost every start (docs/methods.md)."""
ROTATES = "the direction rotates: it has neither a limit nor an alternating limit, as predicted"

_NOTHING = ": no mode dominates where the trajectory runs; another --step-size or --start may be decided"


def decide_method(problem: Problem, max_steps: int, max_precision: int, precision: int = FIRST_PRECISION) -> Decision:
    """Decide one problem, whatever its method.

    Args:
        problem: The problem.
        max_steps: Steps allowed at each precision.
        max_precision: Bits allowed.
        precision: Bits to begin with.

    Returns:
        The decision; its ``motion`` holds the modes.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    method = problem.method
    expansion = Expansion.around(problem, problem.step_size * method.gain)
    fails = [Assumption.SMOOTHNESS] if any(t.power <= 3 for t in expansion.truncated) else []
    if expansion.hessian is None:
        missing = (Assumption.SMOOTHNESS,)
        return Decision.without_search(problem, expansion, NO_HESSIAN, FIRST_PRECISION, fails=missing)
    spectrum = Spectrum(pencil_of(expansion, method), FIRST_PRECISION + GUARD_BITS)
    motion = classify_motion(spectrum, method, problem.step_size)
    here = Classification(motion.eigenvalues, motion.regime)
    known: dict[str, Any] = {"classification": here}
    if motion.regime is None:
        known |= {"fails": (*fails, Assumption.STRICT_MINIMUM), "motion": motion}
        return Decision.without_search(problem, expansion, here.why_not_strict, FIRST_PRECISION, **known)
    fails += failures(motion)
    preimages = find_preimages(expansion, method, motion)
    if preimages is not None and preimages.holds is False:
        fails.append(Assumption.NULL_PREIMAGES)
    found = StateSearch(expansion, method, motion, problem.step_size, max_steps, max_precision, precision).run()
    conclusion = _conclude(problem, motion, tuple(fails), preimages, found)
    known |= {"fails": tuple(fails), "preimages": preimages, "whole": motion}
    return found.decision(problem, expansion, conclusion, **known)


def needs_preimages(method: Method) -> bool:
    """Whether the map of states may take a set of positive measure into a null set.

    Its derivative has the determinant βⁿ for heavy ball: never with momentum. For Nesterov it is
    βⁿ det(I − ηP∇²f), which is that of gradient descent. For adaptive methods the theorem is about one trajectory.
    """
    if isinstance(method, Adam):
        return False
    (_, _), (_, slope) = method.trace_and_determinant()
    return method.momentum == 0 or slope != 0


def find_preimages(expansion: Expansion, method: Method, motion: Motion) -> Preimages | None:
    """Examine whether preimages of null sets are null, where that is asked for.

    Args:
        expansion: The loss at its minimizer, with the step size u.
        method: The method.
        motion: Its modes.

    Returns:
        The finding; None where the regime is unstable or the method never needs it.
    """
    if motion.regime is Regime.UNSTABLE or not needs_preimages(method):
        return None
    p = method.preconditioner
    if p is None:
        return examine_preimages(expansion)
    assert expansion.hessian is not None
    regular = descent_matrix(p * expansion.hessian, expansion.step_size).det() != 0
    return Preimages(True if not expansion.truncated and regular else None)


def failures(motion: Motion) -> list[Assumption]:
    """Return the assumptions about spectrum and step size that fail."""
    if motion.regime is Regime.UNSTABLE:
        return [Assumption.STABLE_STEP]
    if motion.regime is Regime.BOUNDARY:
        return [Assumption.OFF_BOUNDARY]
    if motion.regime is Regime.ROTATING:
        return []
    fails = [Assumption.DISTINCT_ENDS] if len(motion.eigenvalues) == 1 else []
    (dominant,) = motion.dominant
    if motion.eigenvalues[dominant].multiplicity > 1:
        fails.append(Assumption.SIMPLE_LOWEST if motion.regime is Regime.SMALL_STEP else Assumption.SIMPLE_HIGHEST)
    return fails


def _conclude(
    problem: Problem,
    motion: Motion,
    fails: tuple[Assumption, ...],
    preimages: Preimages | None,
    found: SearchResult,
) -> tuple[Verdict, str]:
    if motion.regime is Regime.UNSTABLE:
        return Verdict.NOT_APPLICABLE, _unstable(problem.method, motion, problem.step_size)
    if fails:
        return Verdict.NOT_APPLICABLE, not_applicable(_sentence(a, motion) for a in fails) + _happens(found)
    if preimages is not None and preimages.holds is None:
        return (
            Verdict.UNRESOLVED,
            f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}; another --step-size may be",
        )
    assert motion.regime is not None
    predicted = PREDICTED[motion.regime]
    if found.subspace is not None:
        if found.subspace.dimension == 0:
            return Verdict.EXCEPTIONAL, "the trajectory is at the minimizer at the start: it has no direction"
        missing = [i for i in motion.dominant if not found.restricted.holds(motion.eigenvalues[i])]
        if len(missing) == len(motion.dominant):
            reason = "the trajectory lies in a subspace orthogonal to the eigenvectors of the dominant eigenvalues"
            return Verdict.EXCEPTIONAL, reason + _happens(found)
    if found.amplitude is None:
        return Verdict.UNRESOLVED, found.cause.value if found.cause else f"no limit is certified{_NOTHING}"
    kind = found.amplitude.limit.kind
    if kind is not predicted:
        return Verdict.REFUTED, f"the theorem on {problem.method.name} predicts another limit{_happens(found)}"
    if kind is LimitKind.ROTATING:
        return Verdict.PROVED, ROTATES
    end = End.LOWEST if motion.dominant[0] == 0 else End.HIGHEST
    return Verdict.PROVED, AS_PREDICTED.format(kind.value, EXTREME[end])


def _sentence(assumption: Assumption, motion: Motion) -> str:
    if assumption is not Assumption.OFF_BOUNDARY:
        return assumption.sentence
    if any(motion.modes[i].double for i in motion.dominant):
        return "the dominant multipliers are simple, and here one is double (it grows like k ρᵏ)"
    return "the step size is not where the multipliers of λ₁ and λₙ have the same modulus"


def _unstable(method: Method, motion: Motion, step_size: fmpq) -> str:
    """Say why, with the numbers."""
    from gdcheck.theorem.augmented.thresholds import largest_stable  # noqa: PLC0415

    top = largest_stable(method) / (step_size * method.gain)
    highest = float(motion.spectrum.balls(-1)[0].mid())
    return (
        f"the theorem does not apply: the step size is too large; {method.name} is stable only where the largest "
        f"eigenvalue is below {int(top.p) / int(top.q):.6g}, and it is {highest:.6g}"
    )


def _happens(found: SearchResult) -> str:
    assert found.motion is not None
    if any(found.motion.modes[i].double for i in found.motion.dominant):
        return found.happens("a double multiplier dominates")
    return found.happens(found.cause.value if found.cause else "")
