"""Hypothesis strategies for everything the theorem speaks of; public, for a user's own tests too.

All are constructive (nothing is filtered away), keyword-only, and shrink towards small readable rationals:
eigenvalues 1 and 2, no rotation, the minimizer at the origin, one cubic term.

Example:
    >>> from hypothesis import given
    >>> from properties.strategies import problems
    >>> @given(problems(regime=Regime.SMALL_STEP))
    ... def test_my_claim(instance): ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from theorem.basin import invariant_radius
from theorem.local import Expansion
from theorem.loss import Loss, TruncatedPower
from theorem.prescribed import cayley, loss_with_spectrum
from theorem.problem import Problem
from theorem.rational import to_fmpq, to_text
from theorem.remainder import RemainderBound
from theorem.spectrum import power_of_two_below
from theorem.statement import End, Regime

Exponents = tuple[int, ...]
Vector = tuple[fmpq, ...]

_SLOWEST_FREE = fmpq(1, 200)
_DEEP = fmpq(1, 2**48)
_BITS = 64


class SpectrumShape(Enum):
    """Families of spectra; both ends are always simple."""

    PLAIN = "plain"
    SPREAD = "spread"
    CLUSTERED = "clustered"
    NEAR_ENDS = "near-ends"


class StepPlace(Enum):
    """Where in its regime a step size lies."""

    INSIDE = "inside"
    NEAR_BOUNDARY = "near-boundary"
    SLOW = "slow"
    SINGULAR = "singular"


class StartPlace(Enum):
    """Where a trajectory starts."""

    BALL = "ball"
    CONE = "cone"
    OUTSIDE = "outside"
    EXCEPTIONAL = "exceptional"


@dataclass(frozen=True)
class Instance:
    """A problem together with the way it was made, which its verdict can be held against.

    Attributes:
        problem: The problem.
        spectrum: The prescribed Hessian spectrum, ascending, shape (n,).
        rotation: Q, shape (n, n); column i is the eigenvector of ``spectrum[i]``.
        regime: The regime of the step size, by construction.
        place: Where the trajectory starts.
    """

    problem: Problem
    spectrum: Vector
    rotation: fmpq_mat
    regime: Regime
    place: StartPlace

    @property
    def dominant(self) -> End:
        """The end of the spectrum that dominates in the regime; the highest on the boundary, where both do."""
        return End.LOWEST if self.regime is Regime.SMALL_STEP else End.HIGHEST

    @property
    def index(self) -> int:
        """The position of the dominant eigenvalue in the spectrum."""
        return 0 if self.dominant is End.LOWEST else len(self.spectrum) - 1

    @property
    def multipliers(self) -> Vector:
        """μ_i = 1 − ηλ_i, shape (n,)."""
        return tuple(1 - self.problem.step_size * x for x in self.spectrum)

    @property
    def rho(self) -> fmpq:
        """ρ = max |μ_i|."""
        return max(abs(m) for m in self.multipliers)

    def eigenvector(self, end: End) -> Vector:
        """The exact unit eigenvector of an end of the spectrum, shape (n,)."""
        return _column(self.rotation, 0 if end is End.LOWEST else len(self.spectrum) - 1)

    def to_json(self) -> dict[str, Any]:
        """The instance as plain data: the problem, and how it was made."""
        n = len(self.spectrum)
        return {
            "problem": self.problem.to_json(),
            "spectrum": [to_text(x) for x in self.spectrum],
            "rotation": [[to_text(self.rotation[i, j]) for j in range(n)] for i in range(n)],
            "regime": self.regime.value,
            "place": self.place.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Instance:
        """Reads what :meth:`to_json` wrote.

        Args:
            data: The plain data.

        Returns:
            The instance.
        """
        return cls(
            problem=Problem.from_json(data["problem"]),
            spectrum=tuple(to_fmpq(x, "spectrum") for x in data["spectrum"]),
            rotation=fmpq_mat([[to_fmpq(x, "rotation") for x in row] for row in data["rotation"]]),
            regime=Regime(data["regime"]),
            place=StartPlace(data["place"]),
        )

    def __repr__(self) -> str:
        p = self.problem.to_json()
        return f"Instance({self.regime.value}, start {self.place.value}, {p})"


def _column(matrix: fmpq_mat, j: int) -> Vector:
    return tuple(matrix[i, j] for i in range(matrix.nrows()))


def _readable(numerators: Sequence[int], denominators: Sequence[int]) -> list[fmpq]:
    """Quotients in both signs, each once, in the order given: strategies shrink towards the first."""
    values = dict.fromkeys(fmpq(sign * p, q) for q in denominators for p in numerators for sign in (1, -1))
    return list(values)


_COEFFICIENTS = _readable([*range(1, 9), 12, 16, 24, 32], range(1, 9))
_WIDTHS = [q for q in _readable([*range(1, 17), 24, 32, 48, 64], range(1, 9)) if q > 0]
_SIXTEENTHS = [fmpq(k, 16) for k in (8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15)]


def rationals(*, low: int = -16, high: int = 16, most_parts: int = 8) -> SearchStrategy[fmpq]:
    """Rationals between two integers with small denominators; they shrink towards zero and whole numbers.

    Args:
        low: Smallest value.
        high: Largest value.
        most_parts: Largest denominator.

    Returns:
        A strategy of ``fmpq``.
    """
    return st.builds(
        lambda k, q: fmpq(min(max(k, low * q), high * q), q),
        st.integers(low * most_parts, high * most_parts),
        st.integers(1, most_parts),
    )


@st.composite
def spectra(draw: DrawFn, *, n: int | None = None, shape: SpectrumShape | None = None) -> Vector:
    """Spectra 0 < λ₁ < λ₂ ≤ … ≤ λ_{n−1} < λₙ.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension; from 2 to 12 if not given.
        shape: The family; any if not given. Spread spectra reach condition 10⁸, clustered ones repeat interior
            eigenvalues or set them within 10⁻⁶ of each other, near-equal ends differ by as little as 10⁻⁶.

    Returns:
        The eigenvalues, ascending, shape (n,).
    """
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
    """
    most = n * (n - 1) // 2
    # A few non-zero entries keep the rationals readable; all of them make a dense rotation.
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
    """
    top = draw(st.integers(3, 6)) if degree is None else degree
    words = st.lists(st.integers(0, n - 1), min_size=3, max_size=top).map(sorted).map(tuple)
    chosen = draw(st.lists(words, min_size=1, max_size=24 if most is None else most, unique=True))
    coefficients = [draw(st.sampled_from(_COEFFICIENTS)) for _ in chosen]
    return tuple((tuple(word.count(i) for i in range(n)), c) for word, c in zip(chosen, coefficients, strict=True))


@st.composite
def truncated_powers(draw: DrawFn, *, n: int, smoothest: int = 6, beside: bool = False) -> TruncatedPower:
    """Truncated powers that are C³ and leave the minimizer's derivatives alone.

    Args:
        draw: Supplied by Hypothesis.
        n: The dimension.
        smoothest: The largest power.
        beside: Whether the kink has to keep off the minimizer.

    Returns:
        A truncated power of x − m; its kink passes through the minimizer or beside it.
    """
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
        degree: The largest degree; from 3 to 6 if not given.
        every_variable: Whether the cube of every variable is to occur, so that the higher-order part depends on every
            direction.
        most_truncated: How many truncated powers may occur.

    Returns:
        A polynomial, now and then with one or two truncated powers.
    """
    n = len(spectrum)
    terms = dict(draw(higher_order_terms(n=n, degree=degree)))
    if every_variable:
        for i in range(n):
            terms.setdefault(tuple(3 * int(i == j) for j in range(n)), fmpq(1))
    return loss_with_spectrum(
        spectrum,
        rotation=rotation,
        minimizer=minimizer,
        higher_terms=terms.items(),
        truncated=draw(st.lists(truncated_powers(n=n), max_size=most_truncated))
        if draw(st.integers(0, 3)) == 3
        else (),
    )


@st.composite
def step_sizes(draw: DrawFn, *, spectrum: Sequence[fmpq], regime: Regime, place: StepPlace | None = None) -> fmpq:
    """Step sizes of one regime.

    Args:
        draw: Supplied by Hypothesis.
        spectrum: The eigenvalues, ascending, the ends distinct.
        regime: Small-step, large-step, or boundary.
        place: Where in the regime; any if not given. Near the boundary the relative distance falls to 10⁻¹²; slow
            step sizes bring 1 − ρ down to 10⁻⁴; singular ones are 1/λ_i, where the Jacobian of the descent map is
            singular at the minimizer. Where a regime has no such place, the step size lies anywhere inside.

    Returns:
        The step size.

    Raises:
        ValueError: For the unstable regime, of which the theorem says nothing.
    """
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
    return low + (high - low) * draw(st.sampled_from(_SIXTEENTHS))


@st.composite
def starts(
    draw: DrawFn,
    *,
    centre: Problem,
    spectrum: Sequence[fmpq],
    rotation: fmpq_mat,
    regime: Regime,
    place: StartPlace = StartPlace.BALL,
) -> Vector:
    """Starts of one kind.

    A start inside the ball is free unless descent is slow (1 − ρ < 1/200): then it is deep and points towards its
    limit, for the steps that a proof takes grow like 1/(1 − ρ). A free start is not orthogonal to what dominates if
    the loss has truncated powers: whether it were exceptional could depend on which side of a kink its whole trajectory
    stays. An exceptional start is nearer to the minimizer than any kink that keeps off it.

    Args:
        draw: Supplied by Hypothesis.
        centre: The problem, starting anywhere; loss, minimizer and step size count.
        spectrum: The prescribed spectrum.
        rotation: Its eigenvectors.
        regime: The regime of the step size.
        place: Inside the certified invariant ball; in the dominance cone, where the paper's layer 3 applies at once;
            outside the ball by up to a factor of four (in the basin as a rule; a loss whose every ball is invariant
            has no outside); or on the plane through the minimizer with the dominant eigenvector as its normal.

    Returns:
        The start x₀, never the minimizer itself.
    """
    n = centre.dimension
    scene = _Scene(centre, tuple(spectrum), rotation, regime)
    direction = [fmpq(draw(st.integers(-8, 8))) for _ in range(n)]
    if not any(direction):
        direction[draw(st.integers(0, n - 1))] = fmpq(1)
    share = draw(st.sampled_from(_SIXTEENTHS))
    lacking = scene.dominant if place is StartPlace.EXCEPTIONAL else ()
    for i in scene.dominant:
        v = _column(rotation, i)
        if i in lacking:
            direction = _onto_plane(direction, v)
        elif centre.loss.truncated and not _dot(direction, v):
            direction = [x + y for x, y in zip(direction, v, strict=True)]
    slowest, leading = scene.leading(lacking)
    with ctx.workprec(_BITS):
        radius = scene.radius()
        slow = 1 - slowest < _SLOWEST_FREE
        if place is StartPlace.CONE or slow:
            for i in leading:
                direction = [x + 32 * n * y for x, y in zip(direction, _column(rotation, i), strict=True)]
        if place is StartPlace.CONE:
            radius = scene.cone_radius()
        if slow:
            # Several amplitudes must be known to many digits before a limit is; one need only be known to be there.
            share *= _DEEP if len(leading) > 1 else fmpq(1, 16)
        length = arb(_dot(direction, direction)).sqrt()
        if place is StartPlace.OUTSIDE and radius is not None:
            scale = _few_digits(arb(radius), 1) * (1 + fmpq(3, 2) * share) / _few_digits(length, 0)
        else:
            inside = fmpq(1) if radius is None else min(fmpq(1), radius)
            if place is StartPlace.EXCEPTIONAL:
                inside = min([inside, *scene.kinks()])
            scale = power_of_two_below(inside) * share / (2 * power_of_two_below(_few_digits(length, 1)))
    return tuple(m + scale * x for m, x in zip(centre.minimizer, direction, strict=True))


@dataclass(frozen=True)
class _Scene:
    """What a start is placed in; evaluate at a fixed precision."""

    centre: Problem
    spectrum: Vector
    rotation: fmpq_mat
    regime: Regime

    @property
    def dominant(self) -> tuple[int, ...]:
        last = len(self.spectrum) - 1
        return {Regime.SMALL_STEP: (0,), Regime.LARGE_STEP: (last,)}.get(self.regime, (0, last))

    def leading(self, lacking: tuple[int, ...]) -> tuple[fmpq, tuple[int, ...]]:
        """The largest multiplier modulus on the plane that lacks some eigenvectors, and where it is attained."""
        moduli = {i: abs(1 - self.centre.step_size * x) for i, x in enumerate(self.spectrum) if i not in lacking}
        largest = max(moduli.values())
        return largest, tuple(i for i, m in moduli.items() if m == largest)

    def kinks(self) -> list[fmpq]:
        """Lower bounds of the distances of the kinks that keep off the minimizer."""
        powers = Expansion.of(self.centre).truncated
        return [_few_digits(abs(t.offset) / arb(t.squared_length).sqrt(), 0) for t in powers if t.offset]

    def radius(self) -> fmpq | None:
        rho, _ = self.leading(())
        return invariant_radius(RemainderBound.of(Expansion.of(self.centre)), arb(rho))

    def cone_radius(self) -> fmpq | None:
        """A radius at which a start in the cone √(n−1)‖y_⊥‖ ≤ |y_d| is certified to stay there."""
        radius = self.radius()
        if radius is None:
            return None
        rho, _ = self.leading(())
        b, _ = self.leading(self.dominant)
        edge = 1 / arb(len(self.spectrum) - 1).sqrt()
        steepness = RemainderBound.of(Expansion.of(self.centre)).quadratic(arb(radius)) * (1 + edge**2) * (1 + edge)
        return min(radius, _few_digits(edge * arb(rho - b) / steepness, 0))


def _few_digits(x: arb, up: int) -> fmpq:
    """A positive number rounded to three binary digits, down or up."""
    top = x.upper() if up else x.lower()
    mantissa, exponent = top.mid().man_exp()
    value = fmpq(mantissa) * fmpq(2) ** int(exponent)
    unit = power_of_two_below(value) / 4
    return unit * (int(value / unit) + up)


def _dot(u: Sequence[fmpq], v: Sequence[fmpq]) -> fmpq:
    return sum((x * y for x, y in zip(u, v, strict=True)), fmpq(0))


def _onto_plane(direction: list[fmpq], normal: Sequence[fmpq]) -> list[fmpq]:
    c = _dot(direction, normal)
    flat = [x - c * y for x, y in zip(direction, normal, strict=True)]
    if any(flat):
        return flat
    # The direction was the normal itself: an axis that is not, projected, will do.
    axis = min(range(len(normal)), key=lambda i: (abs(normal[i]), i))
    return [fmpq(int(i == axis)) - normal[axis] * y for i, y in enumerate(normal)]


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
        degree: The largest degree; from 3 to 6 if not given.
        place: Where the trajectory starts; inside the certified ball (mostly) or outside if not given. Where descent
            is slow, an outside start becomes one in the ball.
        step_place: Where the step size lies in its regime; anywhere if not given.
        shape: The family of the spectrum; any if not given.

    Returns:
        An instance. With an exceptional start, the loss is even in the dominant eigen-coordinates, so that their
        common plane is invariant.
    """
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
        rotation, loss = draw(_even_losses(spectrum=spectrum, side=side, minimizer=minimizer, full=full))
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
    centre = Problem(loss, minimizer, step, minimizer)
    instance = Instance(centre, spectrum, rotation, side, where)
    if where is StartPlace.OUTSIDE and 1 - instance.rho < _SLOWEST_FREE:
        instance = replace(instance, place=StartPlace.BALL)
    start = draw(
        starts(centre=centre, spectrum=spectrum, rotation=rotation, regime=side, place=instance.place),
    )
    return replace(instance, problem=replace(centre, start=start))


@st.composite
def _even_losses(
    draw: DrawFn, *, spectrum: Vector, side: Regime, minimizer: Vector, full: bool
) -> tuple[fmpq_mat, Loss]:
    """Losses even in the dominant eigen-coordinates: no higher term is linear in one, so their plane is invariant.

    Truncated powers spoil that, but not on the ball that their kinks keep off.
    """
    n = len(spectrum)
    dominant = {Regime.SMALL_STEP: {0}, Regime.LARGE_STEP: {n - 1}}.get(side, {0, n - 1})
    terms = {}
    for exponents, c in draw(higher_order_terms(n=n, degree=4, most=6)):
        even = tuple(e + (e % 2 if i in dominant else 0) for i, e in enumerate(exponents))
        terms[even] = c
    if full:
        for i in range(n):
            terms.setdefault(tuple((4 if i in dominant else 3) * int(i == j) for j in range(n)), fmpq(1))
    hinges = [draw(truncated_powers(n=n, beside=True))] if draw(st.booleans()) else []
    straight = loss_with_spectrum(spectrum, higher_terms=terms.items(), truncated=hinges)
    if n > 4 or not draw(st.booleans()):
        identity = fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
        return identity, straight.shifted([-m for m in minimizer])
    rotation = draw(rotations(n=n))
    # f(x) = straight(Qᵀ (x − m)).
    rows = [[rotation[j, i] for j in range(n)] for i in range(n)]
    return rotation, straight.substituted(rows, straight.variables).shifted([-m for m in minimizer])
