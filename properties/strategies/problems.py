"""Hypothesis strategies for the problems of the theorem; public, so that a user's own tests can use them.

All are constructive (nothing is filtered away) and keyword-only, and shrink towards small readable rationals:
eigenvalues 1 and 2, no rotation, the minimizer at the origin, one cubic term. An argument out of its range raises a
ValueError that names it, as soon as a value is drawn.

Examples:
    >>> from hypothesis import given
    >>> from gdcheck.properties.strategies.problems import problems
    >>> from gdcheck.theorem.methods.statement import Regime
    >>> @given(problems(regime=Regime.SMALL_STEP))
    ... def test_my_claim(instance):
    ...     assert instance.problem.step_size < 2 / (instance.spectrum[0] + instance.spectrum[-1])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flint import fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from gdcheck.properties.strategies.instance import Instance, SpectrumShape, StartPlace, StepPlace
from gdcheck.properties.strategies.starts import SIXTEENTHS, SLOWEST_FREE, starts
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.polynomial import MAX_DEGREE, MAX_VARIABLES
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.methods.statement import Regime

__all__ = [
    "higher_order_terms",
    "losses",
    "problems",
    "rationals",
    "rotations",
    "spectra",
    "starts",
    "step_sizes",
    "truncated_powers",
]
Exponents = tuple[int, ...]


def _readable(numerators: Sequence[int], denominators: Sequence[int]) -> list[fmpq]:
    """Return quotients in both signs, each once, in the given order: strategies shrink towards the first."""
    values = dict.fromkeys(fmpq(sign * p, q) for q in denominators for p in numerators for sign in (1, -1))
    return list(values)


_COEFFICIENTS = _readable([*range(1, 9), 12, 16, 24, 32], range(1, 9))
_SMOOTHEST = 6
_WIDTHS = [q for q in _readable([*range(1, 17), 24, 32, 48, 64], range(1, 9)) if q > 0]


def _require(argument: str, value: int | None, least: int, most: int | None = None) -> None:
    """Refuse a number that is out of range; None stands for a default."""
    if value is not None and (value < least or (most is not None and value > most)):
        span = f"{least} or more" if most is None else f"a number from {least} to {most}"
        raise ValueError(f"{argument}={value} is out of range; give {span}")


def _several(spectrum: Sequence[fmpq]) -> None:
    """Refuse a spectrum without two different ends."""
    if len(spectrum) < 2 or not spectrum[0] < spectrum[-1]:
        raise ValueError("spectrum needs two eigenvalues or more, ascending, the ends distinct")


def rationals(*, low: int = -16, high: int = 16, most_parts: int = 8) -> SearchStrategy[fmpq]:
    """Rationals between two integers with small denominators; they shrink towards zero and whole numbers.

    Args:
        low: Smallest value.
        high: Largest value.
        most_parts: Largest denominator.

    Returns:
        A strategy of ``fmpq``.

    Raises:
        ValueError: If no number lies between the two, or no denominator is allowed.
    """
    if low > high:
        raise ValueError(f"low={low} is above high={high}; give low <= high")
    _require("most_parts", most_parts, 1)
    return st.builds(
        lambda k, q: fmpq(min(max(k, low * q), high * q), q),
        st.integers(low * most_parts, high * most_parts),
        st.integers(1, most_parts),
    )


@st.composite
def spectra(draw: DrawFn, *, n: int | None = None, shape: SpectrumShape | None = None) -> Vector:
    """Spectra 0 < λ₁ < λ₂ ≤ … ≤ λₙ₋₁ < λₙ.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension; from 2 to 12 if not given.
        shape: The family; any if not given. Spread spectra reach condition 10⁸, clustered ones repeat interior
            eigenvalues or set them within 10⁻⁶ of each other, near-equal ends differ by as little as 10⁻⁶.

    Returns:
        The eigenvalues, ascending, shape (n,).

    Raises:
        ValueError: If n is not from 2 to 32.
    """
    _require("n", n, 2, MAX_VARIABLES)
    size = draw(st.integers(2, 12)) if n is None else n
    family = draw(st.sampled_from(SpectrumShape)) if shape is None else shape
    if family is SpectrumShape.SPREAD:
        powers = sorted(draw(st.lists(st.integers(0, 8), min_size=size, max_size=size)))
        values = [fmpq(10) ** p for p in powers]
        values[0], values[-1] = values[0] / 2, values[-1] * 2
        return tuple(values)
    low = fmpq(1, draw(st.integers(1, 8)))
    if family is SpectrumShape.NEAR_ENDS:
        width = fmpq(1, 10 ** draw(st.integers(1, 6)))
    else:
        width = draw(st.sampled_from(_WIDTHS))
    parts = draw(st.lists(st.integers(1, 15), min_size=size - 2, max_size=size - 2))
    if family is SpectrumShape.CLUSTERED:
        tight = fmpq(1, 10 ** draw(st.integers(2, 6)))
        inside = [fmpq(1, 2) + tight * (p // 4) for p in parts]
    else:
        inside = [fmpq(p, 16) for p in parts]
    return (low, *(low + width * t for t in sorted(inside)), low + width)


@st.composite
def rotations(draw: DrawFn, *, n: int) -> fmpq_mat:
    """Rational rotations by the Cayley transform; they shrink to the identity.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension.

    Returns:
        A rational orthogonal matrix, shape (n, n).

    Raises:
        ValueError: If n is not from 2 to 32.
    """
    _require("n", n, 2, MAX_VARIABLES)
    most = n * (n - 1) // 2
    # With a few non-zero entries the rationals stay readable; with all entries the rotation is dense.
    entries = [fmpq(0)] * most
    for place in draw(st.lists(st.integers(0, most - 1), max_size=min(most, 2 * n), unique=True)):
        entries[place] = fmpq(draw(st.integers(-4, 4)), draw(st.integers(1, 4)))
    return cayley(entries, n)


@st.composite
def higher_order_terms(
    draw: DrawFn, *, n: int, degree: int | None = None, most: int | None = None
) -> tuple[tuple[Exponents, fmpq], ...]:
    """Terms of order three and more.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension.
        degree: The largest total degree; from 3 to 6 if not given.
        most: The largest number of terms; 24 if not given.

    Returns:
        Pairs of exponents and coefficients, the exponents distinct.

    Raises:
        ValueError: If n is not from 1 to 32, the degree not from 3 to 16, or ``most`` below 1.
    """
    _require("n", n, 1, MAX_VARIABLES)
    _require("degree", degree, 3, MAX_DEGREE)
    _require("most", most, 1)
    top = draw(st.integers(3, 6)) if degree is None else degree
    words = st.lists(st.integers(0, n - 1), min_size=3, max_size=top).map(sorted).map(tuple)
    chosen = draw(st.lists(words, min_size=1, max_size=24 if most is None else most, unique=True))
    coefficients = [draw(st.sampled_from(_COEFFICIENTS)) for _ in chosen]
    return tuple((tuple(word.count(i) for i in range(n)), c) for word, c in zip(chosen, coefficients, strict=True))


@st.composite
def truncated_powers(draw: DrawFn, *, n: int, smoothest: int = _SMOOTHEST, beside: bool = False) -> TruncatedPower:
    """Return truncated powers that are C³ and leave the minimizer's derivatives alone.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension.
        smoothest: The largest power.
        beside: Whether the kink must not pass through the minimizer.

    Returns:
            A truncated power of x − m.

    Raises:
        ValueError: If n is not from 1 to 32, or the largest power not from 4, the least that is C³, to 16.
    """
    _require("n", n, 1, MAX_VARIABLES)
    _require("smoothest", smoothest, 4, MAX_DEGREE)
    direction = [fmpq(0)] * n
    for i in draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=min(n, 6), unique=True)):
        direction[i] = fmpq(draw(st.sampled_from((1, -1, 2, -2))))
    threshold = fmpq(draw(st.sampled_from((8, 4, 2, 1) if beside else (0, 0, 0, 1, 2, 4, 8))), 64)
    coefficient = draw(st.sampled_from(_COEFFICIENTS))
    return TruncatedPower(coefficient, tuple(direction), threshold, draw(st.integers(4, smoothest)))


@st.composite
def losses(
    draw: DrawFn,
    *,
    spectrum: Sequence[fmpq],
    rotation: fmpq_mat | None = None,
    minimizer: Sequence[fmpq] | None = None,
    degree: int | None = None,
    every_variable: bool = False,
    most_truncated: int = 2,
) -> Loss:
    """C³ losses whose Hessian at the minimizer has the prescribed spectrum.

    Args:
        draw: Supplied by Hypothesis.
        spectrum: The eigenvalues, length n.
        rotation: The eigenvectors; the axes if not given.
        minimizer: The minimizer; the origin if not given.
        degree: The largest degree; from 3 to 6 if not given. No truncated power has a larger one, so that below 4 there
            is none.
        every_variable: Whether the cube of every variable occurs, so that the higher-order part depends on every
            direction.
        most_truncated: How many truncated powers may occur.

    Returns:
        A polynomial, now and then with one or two truncated powers.

    Raises:
        ValueError: If the spectrum has not two different ends, the degree is not from 3 to 16, or ``most_truncated``
            is negative.
    """
    _several(spectrum)
    _require("most_truncated", most_truncated, 0)
    n = len(spectrum)
    terms = dict(draw(higher_order_terms(n=n, degree=degree)))
    if every_variable:
        for i in range(n):
            terms.setdefault(tuple(3 * int(i == j) for j in range(n)), fmpq(1))
    truncated: Sequence[TruncatedPower] = ()
    if _bends(degree) and draw(st.integers(0, 3)) == 3:
        truncated = draw(st.lists(truncated_powers(n=n, smoothest=_smoothest(degree)), max_size=most_truncated))
    return loss_with_spectrum(
        spectrum, rotation=rotation, minimizer=minimizer, higher_terms=terms.items(), truncated=truncated
    )


def _bends(degree: int | None) -> bool:
    """Whether a truncated power that is C³ fits below the largest degree."""
    return degree is None or degree >= 4


def _smoothest(degree: int | None) -> int:
    """Return the largest power of a truncated power."""
    return _SMOOTHEST if degree is None else min(_SMOOTHEST, degree)


@st.composite
def step_sizes(draw: DrawFn, *, spectrum: Sequence[fmpq], regime: Regime, place: StepPlace | None = None) -> fmpq:
    """Step sizes of one regime.

    Args:
        draw: Supplied by Hypothesis.
        spectrum: The eigenvalues, ascending, the ends distinct.
        regime: Small-step, large-step, or boundary.
        place: Where in the regime; any if not given. Near the boundary the relative distance falls to 10⁻¹²; slow
            step sizes bring 1 − ρ down to 10⁻⁴; singular ones are 1/λᵢ, where the Jacobian of the descent map is
            singular at the minimizer. Where a regime has no such place, the step size lies anywhere inside.

    Returns:
        The step size.

    Raises:
        ValueError: For the unstable regime, of which the theorem says nothing, or if the ends are not distinct.
    """
    _several(spectrum)
    boundary, stable = 2 / (spectrum[0] + spectrum[-1]), 2 / spectrum[-1]
    if regime is Regime.BOUNDARY:
        return boundary
    if regime is Regime.UNSTABLE:
        raise ValueError("an unstable step size has no place in the theorem; take one of the other regimes")
    small = regime is Regime.SMALL_STEP
    low, high = (fmpq(0), boundary) if small else (boundary, stable)
    where = draw(st.sampled_from(StepPlace)) if place is None else place
    if where is StepPlace.SINGULAR:
        singular = [1 / x for x in spectrum if low < 1 / x < high]
        if singular:
            return draw(st.sampled_from(singular))
    if where is StepPlace.NEAR_BOUNDARY:
        away = boundary * fmpq(draw(st.sampled_from((1, 2, 5))), 10 ** draw(st.integers(2, 12)))
        away = min(away, (high - low) / 2)
        return boundary - away if small else boundary + away
    if where is StepPlace.SLOW:
        # 1 − ρ is ηλ₁ in the small regime and 2 − ηλₙ in the large one.
        slack = fmpq(1, 10 ** draw(st.integers(1, 4)))
        step = slack / spectrum[0] if small else (2 - slack) / spectrum[-1]
        if low < step < high:
            return step
    return low + (high - low) * draw(st.sampled_from(SIXTEENTHS))


@st.composite
def problems(
    draw: DrawFn,
    *,
    regime: Regime | None = None,
    dimensions: tuple[int, int] = (2, 12),
    degree: int | None = None,
    place: StartPlace | None = None,
    step_place: StepPlace | None = None,
    shape: SpectrumShape | None = None,
) -> Instance:
    """Whole problems, with the way they were made.

    Args:
        draw: Supplied by Hypothesis.
        regime: The regime; small or large if not given.
        dimensions: Smallest and largest n.
        degree: The largest degree, truncated powers included; from 3 to 6 if not given.
        place: Where the trajectory starts; inside the certified ball (mostly) or outside if not given. Where descent
            is slow, an outside start becomes one in the ball. Starts in the ball may be exceptional too, such as one
            on an axis that lacks the dominant eigenvector; ask the verdict, not the place, whether one is.
        step_place: Where the step size lies in its regime; anywhere if not given.
        shape: The family of the spectrum; any if not given.

    Returns:
        An instance. With an exceptional start, the loss is even in the dominant eigen-coordinates, so that their
        common plane is invariant; a small degree may leave it quadratic.

    Raises:
        ValueError: If the dimensions are not two numbers from 2 to 32, the first not the larger; if the degree is not
            from 3 to 16; or if, on the boundary, a start in the cone or an exceptional one may have two dimensions,
            both of which dominate there.
    """
    _several_dimensions(dimensions, regime, place)
    _require("degree", degree, 3, MAX_DEGREE)
    side = draw(st.sampled_from((Regime.SMALL_STEP, Regime.LARGE_STEP))) if regime is None else regime
    n = draw(st.integers(*dimensions))
    spectrum = draw(spectra(n=n, shape=shape))
    where = (StartPlace.OUTSIDE if draw(st.integers(0, 5)) == 5 else StartPlace.BALL) if place is None else place
    step = draw(step_sizes(spectrum=spectrum, regime=side, place=step_place))
    minimizer = tuple(fmpq(0) for _ in range(n))
    if draw(st.booleans()):
        minimizer = tuple(draw(rationals(low=-2, high=2)) for _ in range(n))
    # With a singular Jacobian, a direction in which the higher-order part is constant on one side of a kink breaks an
    # assumption; between opposite kinks there may be no such side.
    singular = any(step * x == 1 for x in spectrum)
    full = singular and draw(st.integers(0, 3)) < 3
    if where is StartPlace.EXCEPTIONAL:
        rotation, loss = draw(_even_losses(spectrum=spectrum, side=side, minimizer=minimizer, full=full, degree=degree))
    else:
        rotation = draw(rotations(n=n))
        whole = losses(
            spectrum=spectrum,
            rotation=rotation,
            minimizer=minimizer,
            degree=degree,
            every_variable=full,
            most_truncated=2 if full or not singular else 1,
        )
        loss = draw(whole)
    centre = Problem(loss, minimizer=minimizer, step_size=step, start=minimizer)
    instance = Instance(centre, spectrum, rotation, side, where)
    if where is StartPlace.OUTSIDE and 1 - instance.rho < SLOWEST_FREE:
        instance = replace(instance, place=StartPlace.BALL)
    start = draw(
        starts(centre=centre, spectrum=spectrum, rotation=rotation, regime=side, place=instance.place),
    )
    return replace(instance, problem=replace(centre, start=start))


def _several_dimensions(dimensions: tuple[int, int], regime: Regime | None, place: StartPlace | None) -> None:
    low, high = dimensions
    if not 2 <= low <= high <= MAX_VARIABLES:
        raise ValueError(f"dimensions={dimensions} is not a range from 2 to {MAX_VARIABLES}; give one such as (2, 12)")
    special = place is StartPlace.CONE or place is StartPlace.EXCEPTIONAL
    if low == 2 and regime is Regime.BOUNDARY and special:
        raise ValueError(f"dimensions={dimensions} may be 2, and on the boundary both of them dominate; begin at 3")


@st.composite
def _even_losses(
    draw: DrawFn, *, spectrum: Vector, side: Regime, minimizer: Vector, full: bool, degree: int | None
) -> tuple[fmpq_mat, Loss]:
    """Losses even in the dominant eigen-coordinates: no higher term is linear in one, so their plane is invariant.

    Truncated powers break this symmetry, but not on a ball that their kinks do not meet. Terms that would become even
    only beyond the largest degree are left out.
    """
    n = len(spectrum)
    dominant = {Regime.SMALL_STEP: {0}, Regime.LARGE_STEP: {n - 1}}.get(side, {0, n - 1})
    terms = {}
    for exponents, c in draw(higher_order_terms(n=n, degree=4 if degree is None else degree, most=6)):
        even = tuple(e + (e % 2 if i in dominant else 0) for i, e in enumerate(exponents))
        terms[even] = c
    if full:
        for i in range(n):
            terms.setdefault(tuple((4 if i in dominant else 3) * int(i == j) for j in range(n)), fmpq(1))
    terms = {exponents: c for exponents, c in terms.items() if degree is None or sum(exponents) <= degree}
    hinges: list[TruncatedPower] = []
    if _bends(degree) and draw(st.booleans()):
        hinges = [draw(truncated_powers(n=n, smoothest=_smoothest(degree), beside=True))]
    straight = loss_with_spectrum(spectrum, higher_terms=terms.items(), truncated=hinges)
    if n > 4 or not draw(st.booleans()):
        identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
        return identity, straight.shifted([-m for m in minimizer])
    rotation = draw(rotations(n=n))
    # f(x) = straight(Qᵀ (x − m)).
    rows = [[rotation[j, i] for j in range(n)] for i in range(n)]
    return rotation, straight.substituted(rows, straight.variables).shifted([-m for m in minimizer])
