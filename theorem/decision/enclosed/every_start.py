r"""Theorem 1 for every start of a smooth loss at once, around an enclosed minimizer.

The argument is that of ``theorem.decision.every_start``; with T a bound of :math:`\|\nabla^3 f\|` on the ball of radius
r, :math:`C = \frac{\eta}{2}T` bounds the remainder and :math:`\Lambda = \eta T = 2C` its derivative by the distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flint import arb, ctx, fmpq

from gdcheck.theorem.assumptions.enclosed import ExactSpectrum, cannot_tell, regime_of, tell
from gdcheck.theorem.decision.every_start import (
    ExceptionalGraph,
    GraphShape,
    doubling,
    largest_radius,
    narrow,
    slope_of,
    unit_vector,
)
from gdcheck.theorem.decision.smooth import regular_point
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.limit.sequence import DominantPart
from gdcheck.theorem.loss.balls import norm, surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    EXTREME,
    THEOREM_1,
    Assumption,
    End,
    Prediction,
    Regime,
    not_applicable,
)
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball, is_quadratic
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.minimizer import EnclosedMinimizer, Lost, enclose_minimizer, find
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem

_GUARD_BITS = 64
_ROOM = fmpq(65, 64)


@dataclass(frozen=True, eq=False)
class SmoothEveryStart:
    """The verdict of Theorem 1 on a smooth loss and a step size, for almost every start of the basin.

    Attributes:
        problem: Loss and step size.
        verdict: Proved, not applicable or unresolved.
        reason: One sentence.
        precision: Bits used.
        minimizer: The enclosed minimizer; None if none was found.
        regime: The regime; None if it was not told.
        fails: The assumptions that are proved to fail.
        point: Where I − η∇²f is proved to be regular, shape (n,).
        prediction: The limit that almost every start has; None unless the verdict is proved.
        exceptional: The exceptional set in a ball; None unless the verdict is proved.
        exact: The spectrum, where equality was decided exactly.
    """

    problem: EveryStartSmoothProblem
    verdict: Verdict
    reason: str
    precision: int
    minimizer: EnclosedMinimizer | None = None
    regime: Regime | None = None
    fails: tuple[Assumption, ...] = ()
    point: tuple[fmpq, ...] | None = None
    prediction: Prediction | None = None
    exceptional: ExceptionalGraph | None = None
    exact: ExactSpectrum | None = None


def decide_smooth_every_start(problem: EveryStartSmoothProblem) -> SmoothEveryStart:
    """Decide Theorem 1 for almost every start of the basin of one minimizer.

    Args:
        problem: Loss and step size; the minimizer is searched from ``near``, from the one given, or from the origin.

    Returns:
        The verdict.

    Raises:
        InputError: If a minimizer is given that is none.
    """
    place = problem.near or problem.given
    point = find(problem.loss, problem.step_size, problem.start, place)
    if isinstance(point, Lost) and place is None:
        # The descent may leave where Newton's method does not, as with a step size that is too large.
        newton = find(problem.loss, problem.step_size, problem.start, problem.start)
        point = point if isinstance(newton, Lost) else newton
    unresolved = Verdict.UNRESOLVED
    if isinstance(point, Lost):
        reason = f"searched from {_shown(problem, place or problem.start)}: {point.value}"
        return SmoothEveryStart(problem, unresolved, reason, 0)
    tried = SmoothEveryStart(problem, unresolved, "the minimizer could not be enclosed; name one with --near", 0)
    for precision in doubling():
        found = _attempt(problem, point, precision)
        if found is not None and found.verdict is not unresolved:
            return found
        tried = found or tried
    return tried


def _shown(problem: EveryStartSmoothProblem, point: Sequence[fmpq]) -> str:
    return ", ".join(f"{name} = {float(arb(x)):.9g}" for name, x in zip(problem.loss.variables, point, strict=True))


def _attempt(problem: EveryStartSmoothProblem, point: Sequence[fmpq], precision: int) -> SmoothEveryStart | None:
    """Decide at one precision; None, or an unresolved verdict, if more may be needed."""
    with ctx.workprec(precision + _GUARD_BITS):
        minimizer = enclose_minimizer(problem.loss, point)
        if minimizer is None:
            return None
        if isinstance(minimizer, Lost):
            reason = f"the critical point near {_shown(problem, point)} is not proved to be a strict minimum"
            return SmoothEveryStart(problem, Verdict.UNRESOLVED, f"{reason}; name another with --near", precision)
        _require_given(problem, minimizer)
        eta = problem.step_size
        told = tell(problem.loss, minimizer, eta)
        if told is None:
            reason, regime_only = cannot_tell(minimizer.spectrum, eta), regime_of(minimizer.spectrum, eta)
            return SmoothEveryStart(problem, Verdict.UNRESOLVED, reason, precision, minimizer, regime_only)
        minimizer, regime, fails = told.minimizer, told.regime, told.fails
        if fails:
            reason = not_applicable(a.sentence for a in fails)
            failed = SmoothEveryStart(problem, Verdict.NOT_APPLICABLE, reason, precision, minimizer, regime, fails)
            return replace(failed, exact=told.exact)
        regular = regular_point(problem, minimizer)
        if regular is None:
            reason = f"it was not decided whether {Assumption.NULL_PREIMAGES.sentence}; another --step-size may be"
            return SmoothEveryStart(problem, Verdict.UNRESOLVED, reason, precision, minimizer, regime)
    prediction = THEOREM_1.predictions[regime]
    with ctx.workprec(precision):
        exceptional = _exceptional(problem.loss, eta, minimizer, prediction.end)
    if exceptional is None:
        reason = "no ball was found in which the exceptional set is a graph; a --start decides one trajectory"
        return SmoothEveryStart(problem, Verdict.UNRESOLVED, reason, precision, minimizer, regime, (), regular)
    said = AS_PREDICTED.format(prediction.kind.value, EXTREME[prediction.end])
    return SmoothEveryStart(
        problem=problem,
        verdict=Verdict.PROVED,
        reason=f"from almost every start of the basin {said}",
        precision=precision,
        minimizer=minimizer,
        regime=regime,
        point=regular,
        prediction=prediction,
        exceptional=exceptional,
    )


def _require_given(problem: EveryStartSmoothProblem, minimizer: EnclosedMinimizer) -> None:
    """Refuse a minimizer that is not the one found from there."""
    given = problem.given
    if given is not None and not surely_less(
        norm(arb(a - b) for a, b in zip(given, minimizer.centre, strict=True)), arb(minimizer.radius) + arb("1e-30")
    ):
        near = ", ".join(f"{float(arb(x)):.15g}" for x in minimizer.centre)
        raise InputError("minimizer", f"is not a critical point; the one found from there is near {near}: take --near")


def _exceptional(loss: SmoothLoss, eta: fmpq, minimizer: EnclosedMinimizer, end: End) -> ExceptionalGraph | None:
    """Return the exceptional set in the largest ball found; None if there is none, or more precision is needed."""
    spectrum = minimizer.spectrum
    index = 0 if end is End.LOWEST else len(spectrum.values) - 1
    part: DominantPart = spectrum.line(index, 1)
    rho = abs(1 - eta * spectrum.values[index])
    if not narrow(rho, part.deviation):
        return None
    vector = [row[index] for row in spectrum.vectors.tolist()]
    normal = unit_vector(vector, part.deviation)
    if is_quadratic(loss):
        return ExceptionalGraph(radius=None, slope=arb(0), normal=normal, vector=tuple(vector))
    shape = GraphShape(_Remainder(loss, eta, minimizer), rho, 2)
    radius = largest_radius(shape.serves)
    if radius is None:
        return None
    lipschitz = shape.at(radius)[1]
    return ExceptionalGraph(radius=radius, slope=slope_of(lipschitz), normal=normal, vector=tuple(vector))


@dataclass(frozen=True, eq=False)
class _Remainder:
    """C(r), with room for a checker that bounds it a little less sharply."""

    loss: SmoothLoss
    eta: fmpq
    minimizer: EnclosedMinimizer

    def quadratic(self, radius: arb) -> arb:
        centre = [arb(x) for x in self.minimizer.centre]
        third = bounds_on_ball(self.loss, centre, radius + self.minimizer.radius).third
        return self.eta * third * _ROOM / 2
