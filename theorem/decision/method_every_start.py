"""The theorem on a method for every start near the minimizer at once (docs/methods.md, *Almost every start*)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification
from gdcheck.theorem.assumptions.spectrum import Eigenspace, gap
from gdcheck.theorem.augmented.first_steps import FirstSteps, Setting, Spread
from gdcheck.theorem.augmented.modes import Motion, Shape, classify_motion
from gdcheck.theorem.augmented.powers import Powers
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.decision.decide_method import PREDICTED, ROTATES, failures, find_preimages
from gdcheck.theorem.decision.every_start import (
    PRECISION,
    STEEPEST,
    ExceptionalGraph,
    GraphShape,
    doubling,
    is_linear,
    largest_radius,
    lipschitz_factor,
    narrow,
    slope_of,
    unit_vector,
)
from gdcheck.theorem.decision.state_search import StateSearch, pencil_of
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.method import Adam
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    EXTREME,
    NO_HESSIAN,
    Assumption,
    End,
    LimitKind,
    not_applicable,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class NearbyExceptions(ExceptionalGraph):
    """The starts of a ball that the theorem on a method leaves out.

    Attributes:
        powers: What bounds the powers of its blocks.
        steps: How many first steps were taken together, for Adam.
        sign: The sign of the amplitude of the starts on the side of the graph to which the normal points; None where
            no real multiplier dominates.
    """

    powers: Powers
    steps: int = 0
    sign: int | None = None


@dataclass(frozen=True, eq=False)
class MethodEveryStart:
    """The verdict of the theorem on a method for every start near a minimizer.

    Attributes:
        problem: Loss, minimizer, step size and method.
        verdict: Proved, not applicable or unresolved.
        reason: One sentence.
        motion: The modes; None if the Hessian does not exist.
        fails: The assumptions that are proved to fail.
        kind: The limit that the starts have; None unless the verdict is proved.
        exceptions: The starts left out; None unless the verdict is proved.
    """

    problem: EveryStartProblem
    verdict: Verdict
    reason: str
    motion: Motion | None = None
    fails: tuple[Assumption, ...] = ()
    kind: LimitKind | None = None
    exceptions: NearbyExceptions | None = None


def decide_method_every_start(problem: Problem) -> MethodEveryStart:
    """Decide the theorem on a method for every start near the minimizer.

    Args:
        problem: Loss, minimizer, step size and method; the start is not looked at.

    Returns:
        The verdict.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    whole, method = EveryStartProblem.of(problem), problem.method
    expansion = Expansion.around(whole, whole.step_size * method.gain)
    fails = [Assumption.SMOOTHNESS] if any(t.power <= 3 for t in expansion.truncated) else []
    if expansion.hessian is None:
        return MethodEveryStart(whole, Verdict.NOT_APPLICABLE, NO_HESSIAN, fails=(Assumption.SMOOTHNESS,))
    motion = classify_motion(Spectrum(pencil_of(expansion, method), PRECISION), method, whole.step_size)
    if motion.regime is None:
        reason = Classification(motion.eigenvalues, None).why_not_strict
        failing = (*fails, Assumption.STRICT_MINIMUM)
        return MethodEveryStart(whole, Verdict.NOT_APPLICABLE, reason, motion, failing)
    fails += failures(motion)
    preimages = find_preimages(expansion, method, motion)
    if preimages is not None and preimages.holds is False:
        fails.append(Assumption.NULL_PREIMAGES)
    if fails:
        reason = not_applicable(a.sentence for a in fails)
        return MethodEveryStart(whole, Verdict.NOT_APPLICABLE, reason, motion, tuple(fails))
    search = StateSearch(expansion, method, motion, whole.step_size, 0, PRECISION, PRECISION)
    found = adaptive_exceptions(search, method) if isinstance(method, Adam) else nearby_exceptions(search)
    if found is None:
        reason = "no ball was found in which the exceptional set is a graph"
        if isinstance(method, Adam):
            reason += " (its first steps depend on their number; a smaller beta1 or step size may help)"
        reason += "; a --start decides one trajectory"
        return MethodEveryStart(whole, Verdict.UNRESOLVED, reason, motion)
    kind = PREDICTED[motion.regime]
    end = End.LOWEST if motion.dominant[0] == 0 else End.HIGHEST
    said = ROTATES if kind is LimitKind.ROTATING else AS_PREDICTED.format(kind.value, EXTREME[end])
    but = "but a null set " if found.normal else "but the minimizer itself "
    near = "" if found.radius is None else "near the minimizer "
    reason = f"from every start {near}{but}{said}"
    return MethodEveryStart(whole, Verdict.PROVED, reason, motion, (), kind, found)


def nearby_exceptions(search: StateSearch) -> NearbyExceptions | None:
    """Find a ball in which the starts without the limit are a Lipschitz graph of slope at most one, or none.

    Args:
        search: The method at the minimizer, in the small-step, large-step or rotating regime.

    Returns:
        The set; None if no ball serves.
    """
    expansion, method, motion = search.expansion, search.method, search.motion
    linear = is_linear(expansion)
    p = method.preconditioner
    gram = None if p is None else p.inv()
    for precision in doubling():
        while motion.spectrum.precision < precision:
            motion.spectrum.refine()
        with ctx.workprec(precision):
            matrices, rho, powers = search.bounds(motion, precision)
            if powers is None:
                continue
            first = motion.dominant[0]
            matrix = matrices[first]
            strength, size = search.factors
            # What a difference of starts changes the gradients by, in relation to what those add to the norm.
            adds = strength * powers.error / powers.gradient
            bound, factor = RemainderBound.of(expansion), lipschitz_factor(expansion)
            if len(motion.dominant) == len(motion.eigenvalues) and matrix.mode.shape is Shape.PAIR:
                most = (max(m.turned(m.units[2]) for m in matrices) * size * adds).upper()
                turning = _Turning(bound, rho, factor, powers.error, powers.gradient, most)
                radius = None if linear else largest_radius(turning.serves)
                if radius is None and not linear:
                    return None
                return NearbyExceptions(radius=radius, slope=arb(0), powers=powers)
            (vector,) = motion.spectrum.pencil.eigenvectors(motion.eigenvalues[first], precision)
            apart = gap(motion.eigenvalues, first)
            space = Eigenspace(End.LOWEST, motion.eigenvalues[first], apart, fmpq_mat([vector]).transpose())
            deviation = size * space.deviation(search.operator, gram)
            if not narrow(rho, deviation):
                continue
            if matrix.mode.shape is Shape.PAIR:
                ratio = matrix.turned(matrix.units[2])
            else:
                ratio = matrix.pushed() / abs(matrix.functional()[0])
            shape = GraphShape(bound, rho, factor, powers.error, powers.gradient, (ratio * adds).upper())
            radius = None if linear else largest_radius(shape.serves)
            if radius is None and not linear:
                return None
            # The amplitude of h is its inner product with v in that of P⁻¹: its usual one with P⁻¹v.
            normal = vector if gram is None else (gram * fmpq_mat([vector]).transpose()).entries()
            return NearbyExceptions(
                radius=radius,
                slope=slope_of(arb(0) if radius is None else shape.at(radius)[1]),
                normal=unit_vector(normal, deviation),
                vector=tuple(vector),
                gap=apart,
                powers=powers,
                sign=None if matrix.mode.shape is Shape.PAIR else 1 if matrix.functional()[0] > 0 else -1,
            )
    return None


def adaptive_exceptions(search: StateSearch, method: Adam) -> NearbyExceptions | None:
    """Find such a ball for Adam or RMSprop (docs/methods.md, *Every start of Adam*).

    Args:
        search: The method at the minimizer, in the small-step, large-step or rotating regime.
        method: The method.

    Returns:
        The set; None if no ball serves, or the first steps are too many.
    """
    expansion, motion = search.expansion, search.motion
    for precision in doubling():
        while motion.spectrum.precision < precision:
            motion.spectrum.refine()
        with ctx.workprec(precision):
            matrices, rho, powers = search.bounds(motion, precision)
            if powers is None:
                continue
            index = motion.dominant[0]
            setting = Setting(method, matrices, rho, powers)
            steps = setting.count(matrices[index])
            if steps is None:
                return None
            first = FirstSteps.of(setting, steps)
            if not all(x.is_finite() for x in (*first.errors, *first.gradients)):
                continue
            u = arb(expansion.step_size)
            steepest = (u * motion.spectrum.balls(-1)[0]).upper()
            spread = Spread(method, RemainderBound.of(expansion), lipschitz_factor(expansion), rho, steepest, u, first)
            if motion.modes[index].shape is Shape.PAIR:
                radius = largest_radius(partial(spread.turns, powers))
                if radius is None:
                    return None
                return NearbyExceptions(radius=radius, slope=arb(0), powers=powers, steps=steps)
            (vector,) = motion.spectrum.pencil.eigenvectors(motion.eigenvalues[index], precision)
            apart = gap(motion.eigenvalues, index)
            space = Eigenspace(End.LOWEST, motion.eigenvalues[index], apart, fmpq_mat([vector]).transpose())
            deviation = space.deviation(search.operator)
            sight = setting.sight(matrices[index], steps)
            if not narrow(rho, deviation):
                continue
            if not abs(sight) > 0:
                return None
            radius = largest_radius(partial(_is_a_graph, spread, sight))
            if radius is None:
                return None
            return NearbyExceptions(
                radius=radius,
                slope=slope_of(spread.lipschitz(sight, radius)),
                normal=unit_vector(vector, deviation),
                vector=tuple(vector),
                gap=apart,
                powers=powers,
                steps=steps,
                sign=1 if sight > 0 else -1,
            )
    return None


def _is_a_graph(spread: Spread, sight: arb, radius: fmpq) -> bool:
    return surely_less(spread.lipschitz(sight, radius) ** 2, STEEPEST)


@dataclass(frozen=True, eq=False)
class _Turning(GraphShape):
    """The ball in which every start but the minimizer has an amplitude; ``ratio`` bounds what gradients add to it."""

    def serves(self, radius: fmpq) -> bool:
        """Whether the tail is below every amplitude."""
        found = self.bounds(radius)
        return found is not None and surely_less(self.ratio * found.tail * _MARGIN, found.radius)


_MARGIN = arb(1) + arb(2) ** -20
