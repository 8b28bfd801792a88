"""Hypothesis strategies for methods: problems in every regime, and next to every threshold."""

from __future__ import annotations

from enum import Enum

from flint import ctx, fmpq
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.preconditioned import preconditioned, triangles
from gdcheck.properties.strategies.problems import losses, rotations, spectra
from gdcheck.properties.strategies.switches import near_starts
from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.augmented.thresholds import Threshold, thresholds
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.loss.prescribed import hessian_with_spectrum
from gdcheck.theorem.methods.method import PLAIN, Adam, HeavyBall, Method, Nesterov, RMSprop
from gdcheck.theorem.methods.statement import Regime

_BETAS = [fmpq(p, q) for p, q in ((1, 20), (1, 2), (9, 10), (1, 4), (1, 100), (4, 9), (7, 10), (0, 1))]
_BITS = 256
_NEAR = [0, 0, 0, 1, 3, 6, 12]
"""Powers of ten of the distance from a threshold; 0 is anywhere."""
_LEAST_STABLE = 1
_SHARES = [fmpq(k, 16) for k in (8, 4, 12, 2, 14, 1, 15)]


class Family(Enum):
    """Which methods are drawn."""

    HEAVY_BALL = "heavy-ball"
    NESTEROV = "nesterov"
    MOMENTUM = "momentum"
    ADAPTIVE = "adaptive"
    PRECONDITIONED = "preconditioned"


def methods(family: Family = Family.MOMENTUM) -> SearchStrategy[Method]:
    """Return a strategy of methods; they shrink towards β = 1/20.

    Args:
        family: Which: heavy ball, Nesterov, one of the two, or Adam and RMSprop. A preconditioner depends on the
            dimension, and is drawn with the problem.
    """
    if family is Family.PRECONDITIONED:
        return st.just(PLAIN)
    betas = st.sampled_from(_BETAS)
    if family is Family.ADAPTIVE:
        squares = st.sampled_from([fmpq(9, 10), fmpq(1, 2), fmpq(8, 10)])
        epsilons = st.sampled_from([fmpq(1), fmpq(1, 2), fmpq(3)])
        return st.one_of(
            st.builds(Adam, betas, squares, epsilons), st.builds(RMSprop, st.just(fmpq(0)), squares, epsilons)
        )
    heavy, ahead = st.builds(HeavyBall, betas), st.builds(Nesterov, betas)
    if family is Family.MOMENTUM:
        return st.one_of(heavy, ahead)
    return heavy if family is Family.HEAVY_BALL else ahead


@st.composite
def method_problems(
    draw: DrawFn,
    *,
    regime: Regime | None = None,
    family: Family = Family.MOMENTUM,
    dimensions: tuple[int, int] = (2, 4),
    near: int | None = None,
) -> Instance:
    """Draw a problem with a method, in a stable regime that the method has.

    Args:
        draw: Supplied by Hypothesis.
        regime: The regime; any but the boundary if not given.
        family: Which methods.
        dimensions: The least and the largest number of variables.
        near: k puts the step size next to a threshold, at 10⁻ᵏ of the way to the other. Without it that is drawn where
            a regime is given, and else the step size lies anywhere between.

    Returns:
        The instance. Its start is near the minimizer, and not proved to lie in the basin. With a preconditioner P = LLᵀ
        its rotation holds the eigenvectors of the Hessian in the coordinates L⁻¹x; L is ``factor_of(problem)``.
    """
    method = draw(methods(family))
    n = draw(st.integers(*dimensions))
    spectrum = draw(spectra(n=n))
    rotation = draw(rotations(n=n))
    known = Spectrum(Pencil(hessian_with_spectrum(spectrum, rotation)), _BITS)
    found = thresholds(known, method)
    marks = [found.boundary] if found.boundary is not None else list(found.window or ())
    regimes = [Regime.SMALL_STEP, *([Regime.ROTATING] if found.boundary is None else []), Regime.LARGE_STEP]
    if regime is Regime.BOUNDARY:
        exact = [mark.exact for mark in marks if mark.exact is not None]
        assume(exact)
        step_size = draw(st.sampled_from(exact))
    else:
        assume(regime is None or regime in regimes)
        index = draw(st.integers(0, len(regimes) - 1)) if regime is None else regimes.index(regime)
        regime = regimes[index]
        ends_of = [Threshold.at(fmpq(0)), *marks, found.stability_limit]
        low, high = _above(ends_of[index]), _below(ends_of[index + 1])
        near = near if near is not None else draw(st.sampled_from(_NEAR[:5] if family is Family.ADAPTIVE else _NEAR))
        if not near:
            share = draw(st.sampled_from(_SHARES))
        else:
            distance = fmpq(1, 10**near)
            # Near the stability limit the linear part hardly shrinks, and no budget would be enough.
            upper = draw(st.booleans()) and (near <= _LEAST_STABLE or index < len(regimes) - 1)
            share = 1 - distance if index == 0 or upper else distance
        step_size = low + (high - low) * share
    loss = draw(losses(spectrum=spectrum, rotation=rotation, degree=4, most_truncated=0))
    problem = Problem(loss, step_size=step_size, start=draw(near_starts(n=n)), method=method)
    if family is Family.PRECONDITIONED:
        # At 1/λᵢ it is not decided whether preimages of null sets are null.
        assume(all(step_size * x != 1 for x in spectrum))
        problem = preconditioned(problem, draw(triangles(n=n)))
    return Instance(problem, tuple(spectrum), rotation, regime, StartPlace.OUTSIDE)


def _above(threshold: Threshold) -> fmpq:
    with ctx.workprec(_BITS):
        return threshold.exact if threshold.exact is not None else ends(threshold.value)[1]


def _below(threshold: Threshold) -> fmpq:
    with ctx.workprec(_BITS):
        return threshold.exact if threshold.exact is not None else ends(threshold.value)[0]
