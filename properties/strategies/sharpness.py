"""Hypothesis strategies of problems for the sharpness: with a slope C_η that is not zero, and with C_η = 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flint import fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import (
    Exponents,
    higher_order_terms,
    losses,
    rationals,
    rotations,
    spectra,
    starts,
    step_sizes,
)
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.prescribed import loss_with_spectrum
from gdcheck.theorem.loss.rational import Vector, identity
from gdcheck.theorem.methods.statement import Regime

# A prime that no other denominator has: sums of other terms do not cancel these.
_QUARTICS = [fmpq(sign * k, 101) for k in (64, 32, 128, 200, 16) for sign in (1, -1)]
_CUBICS = [fmpq(sign * k, 4) for k in (4, 2, 8, 1, 12) for sign in (1, -1)]
_MOST_ROTATED = 4


def planar(loss: Loss, minimizer: Vector, *vectors: Vector) -> Loss:
    """Return the loss on the space through the minimizer that some vectors span, in their coordinates; exact.

    Args:
        loss: The loss.
        minimizer: The point m.
        vectors: The vectors, each of shape (n,).

    Returns:
        The polynomial (and truncated powers) t ↦ f(m + Σ t_i u_i).
    """
    rows = [list(row) for row in zip(*vectors, strict=True)]
    return loss.shifted(minimizer).substituted(rows, [f"t{i}" for i in range(len(vectors))])


def prescribed_slope(instance: Instance) -> fmpq:
    """Return ω·v_d = D³f(m)[v_n, v_n, v_d], exact, from the loss on the plane of the two prescribed eigenvectors.

    Args:
        instance: A problem whose truncated powers have no third derivative at the minimizer but zero.

    Returns:
        The slope.
    """
    p, n = instance.problem, len(instance.spectrum)
    top, dominant = (tuple(instance.rotation[i, j] for i in range(n)) for j in (n - 1, instance.index))
    if instance.index == n - 1:
        terms = dict(planar(p.loss, p.minimizer, top).terms)
        return 6 * terms.get((3,), fmpq(0))
    terms = dict(planar(p.loss, p.minimizer, top, dominant).terms)
    return 2 * terms.get((2, 1), fmpq(0))


def _in_eigen_coordinates(terms: Mapping[Exponents, fmpq], rotation: fmpq_mat, minimizer: Vector) -> Loss:
    """Return the polynomial x ↦ p(Qᵀ(x − m))."""
    n = len(minimizer)
    straight = Loss.build([f"x{i + 1}" for i in range(n)], list(terms.items()))
    rows = [[rotation[j, i] for j in range(n)] for i in range(n)]
    return straight.substituted(rows, straight.variables).shifted([-m for m in minimizer])


def _monomial(n: int, **powers: int) -> Exponents:
    """Return the exponents with the given powers of z_n (``top``) and z_d, whose index is ``at`` (``along``)."""
    at = powers["at"]
    return tuple(powers["top"] * (i == n - 1) + powers["along"] * (i == at) for i in range(n))


@st.composite
def sloped_problems(draw: DrawFn, *, regime: Regime, dimensions: tuple[int, int]) -> Instance:
    """Problems with C_η ≠ 0: any C³ loss, with a term z_n²z_d in eigen-coordinates added.

    Args:
        draw: Supplied by Hypothesis.
        regime: Small-step or large-step.
        dimensions: Smallest and largest n.

    Returns:
        An instance that starts inside the certified ball.
    """
    n = draw(st.integers(*dimensions))
    spectrum = draw(spectra(n=n))
    step = draw(step_sizes(spectrum=spectrum, regime=regime))
    minimizer = _minimizer(draw, n)
    singular = any(step * x == 1 for x in spectrum)
    rotation = draw(rotations(n=n)) if n <= _MOST_ROTATED or draw(st.integers(0, 3)) == 3 else identity(n)
    loss = draw(
        losses(spectrum=spectrum, rotation=rotation, minimizer=minimizer, degree=5, most_truncated=0 if singular else 2)
    )
    at = 0 if regime is Regime.SMALL_STEP else n - 1
    c = draw(st.sampled_from(_CUBICS))
    added = _in_eigen_coordinates({_monomial(n, top=2, along=1, at=at): c}, rotation, minimizer)
    like = Instance(
        Problem(loss, minimizer=minimizer, step_size=step, start=minimizer), spectrum, rotation, regime, StartPlace.BALL
    )
    sloped = _at_rest(loss + added, minimizer, like)
    if prescribed_slope(sloped) == 0:
        sloped = _at_rest(loss + added + added, minimizer, like)
    return _started(draw, sloped)


@st.composite
def flat_problems(draw: DrawFn, *, regime: Regime, dimensions: tuple[int, int]) -> Instance:
    """Problems that hit C_η = 0 on purpose, exactly: no term z_n²z_d in eigen-coordinates.

    One in eight is a pure quadratic. The others have a term z_n²z_d², so that the second order decides. They have other
    terms z_n²z_i only if the second-slowest multiplier is below ρ², so that this can be proved.

    Args:
        draw: Supplied by Hypothesis.
        regime: Small-step or large-step.
        dimensions: Smallest and largest n.

    Returns:
        An instance that starts inside the certified ball.
    """
    n = draw(st.integers(*dimensions))
    spectrum = draw(spectra(n=n))
    step = draw(step_sizes(spectrum=spectrum, regime=regime))
    minimizer = _minimizer(draw, n)
    rotation = draw(rotations(n=n)) if n <= _MOST_ROTATED else identity(n)
    quadratic = loss_with_spectrum(spectrum, rotation=rotation, minimizer=minimizer)
    centre = Instance(
        Problem(quadratic, minimizer=minimizer, step_size=step, start=minimizer),
        spectrum,
        rotation,
        regime,
        StartPlace.BALL,
    )
    at = centre.index
    terms: dict[Exponents, fmpq] = {}
    if draw(st.integers(0, 7)) != 7:
        moduli = [abs(m) for i, m in enumerate(centre.multipliers) if i != at]
        parabola = max(moduli) < centre.rho**2
        for exponents, c in draw(higher_order_terms(n=n, degree=4, most=6)):
            slopes = sum(exponents) == 3 and exponents[-1] >= 2
            if not slopes or (parabola and exponents != _monomial(n, top=2, along=1, at=at)):
                terms[exponents] = c
        terms[_monomial(n, top=2, along=2, at=at)] = draw(st.sampled_from(_QUARTICS))
    loss = quadratic + _in_eigen_coordinates(terms, rotation, minimizer) if terms else quadratic
    return _started(draw, _at_rest(loss, minimizer, centre))


def sharp_problems(*, regime: Regime, dimensions: tuple[int, int]) -> SearchStrategy[Instance]:
    """Return problems with C_η ≠ 0, and now and then with C_η = 0.

    Args:
        regime: Small-step or large-step.
        dimensions: Smallest and largest n.

    Returns:
        The strategy.
    """
    sloped = sloped_problems(regime=regime, dimensions=dimensions)
    return st.one_of(sloped, sloped, flat_problems(regime=regime, dimensions=dimensions))


def _minimizer(draw: DrawFn, n: int) -> Vector:
    if draw(st.booleans()):
        return tuple(draw(rationals(low=-2, high=2)) for _ in range(n))
    return (fmpq(0),) * n


def _at_rest(loss: Loss, minimizer: Vector, like: Instance) -> Instance:
    """Return an instance that starts at the minimizer, with another loss of the same spectrum."""
    problem = Problem(loss, minimizer=minimizer, step_size=like.problem.step_size, start=minimizer)
    return replace(like, problem=problem)


def _started(draw: DrawFn, instance: Instance) -> Instance:
    start = draw(
        starts(
            centre=instance.problem,
            spectrum=instance.spectrum,
            rotation=instance.rotation,
            regime=instance.regime,
        )
    )
    return replace(instance, problem=replace(instance.problem, start=start))
