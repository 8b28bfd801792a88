"""A start that symmetries of a smooth loss fix: the trajectory stays in a space, whose spectrum decides the direction.

The theorem speaks of almost every start. A start in a space that lacks the dominant eigenvector is exceptional, and
the Hessian's spectrum on the space decides what happens instead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flint import arb, ctx, fmpq

from gdcheck.theorem.assumptions.enclosed import Told, regime_of, tell
from gdcheck.theorem.limit.amplitude import certify
from gdcheck.theorem.limit.result import Amplitude
from gdcheck.theorem.loss.balls import surely_less
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.enclosed_minimum import enclosed_minimum
from gdcheck.theorem.smooth.problem import SmoothProblem
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.symmetry.isometry import Direction, FixedSpace, Isometry
from gdcheck.theorem.symmetry.search import symmetries
from gdcheck.theorem.symmetry.split import Split
from gdcheck.theorem.symmetry.told import ToldBySymmetry


@dataclass(frozen=True, eq=False)
class Symmetry:
    """What symmetries of a loss proved.

    Attributes:
        isometries: The symmetries; they fix the minimizer.
        lines: A vector for each end of the spectrum that they make multiple.
        split: The space that they fix and that holds the trajectory, with its spectrum; None if it was not needed.
        regime: The regime on it; None where no limit is certified there.
    """

    isometries: tuple[Isometry, ...]
    lines: tuple[Direction, ...] = ()
    split: Split | None = None
    regime: Regime | None = None

    @classmethod
    def of(cls, told: Told) -> Symmetry | None:
        """Return what made ends of a spectrum multiple; None if it was no symmetry."""
        return cls(told.isometries, told.equal.lines) if isinstance(told, ToldBySymmetry) else None


@dataclass(frozen=True, eq=False)
class OnFixedSpace:
    """A trajectory in a space that symmetries fix.

    Attributes:
        told: The regime and the failing assumptions for the whole spectrum; the minimizer is that of the split.
        symmetry: The symmetries, with the split.
        amplitude: The deciding inequality and the limit; None if the start is the minimizer.
    """

    told: Told
    symmetry: Symmetry
    amplitude: Amplitude | None


def on_fixed_space(problem: SmoothProblem, told: Told, precision: int, max_steps: int) -> OnFixedSpace | None:
    """Decide a trajectory that symmetries keep in a space, at the current precision.

    Args:
        problem: The problem.
        told: The regime and the failing assumptions for the whole spectrum.
        precision: The precision without its guard bits.
        max_steps: Steps of gradient descent allowed.

    Returns:
        The result, with a limit or at the minimizer; None if no symmetry fixes the start, if the space holds the
        dominant eigenvector, or if more precision is needed.
    """
    loss, eta, n = problem.loss, problem.step_size, problem.loss.dimension
    known = Symmetry.of(told) or Symmetry(tuple(symmetries(loss, told.minimizer, problem.start)))
    isometries = known.isometries
    fixing = [x for x in isometries if x.fixes(problem.start)]
    space = FixedSpace.of(fixing, n) if fixing else None
    split = None if space is None else Split.of(loss, told.minimizer, space)
    if split is None:
        return None
    if isinstance(told, ToldBySymmetry):
        told = replace(told, minimizer=split.minimizer)
    else:
        isometries, there = tuple(fixing), tell(loss, split.minimizer, eta)
        if there is None or (there.exact is not None and told.exact is None):
            return None
        told = there
    if split.inside is None:
        return OnFixedSpace(told, Symmetry(isometries, known.lines, split), None)
    if not told.fails and not _lacks_dominance(told.regime, split.inside, split.outside):
        return None
    regime = regime_of(split.inside, eta)
    place = _dominant(regime, split.inside.values, eta)
    if place is None:
        return None
    with ctx.workprec(precision):
        ends = [(range(place, place + 1), 1 if regime is Regime.SMALL_STEP else -1)]
        start, near = problem.start, split.minimizer
        result = certify(enclosed_minimum(loss, eta, start, near, ends, within=split.inside), max_steps)
    if not isinstance(result, Amplitude):
        return None
    return OnFixedSpace(told, Symmetry(isometries, known.lines, split, regime), result)


def _lacks_dominance(regime: Regime, inside: Spectrum, outside: Spectrum) -> bool:
    """Whether the eigenvalue that dominates in all of space surely belongs to the complement."""
    if regime is Regime.SMALL_STEP:
        return surely_less(outside.values[0], inside.values[0])
    return regime is Regime.LARGE_STEP and surely_less(inside.values[-1], outside.values[-1])


def _dominant(regime: Regime | None, values: tuple[arb, ...], eta: fmpq) -> int | None:
    """Return the place of the eigenvalue that dominates; None if it is not simple, or none dominates."""
    if regime is Regime.SMALL_STEP and surely_less(arb(0), 1 - eta * values[0]):
        return 0 if len(values) == 1 or surely_less(values[0], values[1]) else None
    if regime is Regime.LARGE_STEP:
        return len(values) - 1 if len(values) == 1 or surely_less(values[-2], values[-1]) else None
    return None
