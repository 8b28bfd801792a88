"""Hypothesis strategies for valleys: residuals whose Jacobian has a prescribed spectrum at a prescribed zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Any

from flint import fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec import to_builtins

from gdcheck.properties.strategies.instance import StartPlace, column
from gdcheck.properties.strategies.problems import rotations
from gdcheck.theorem.certificate.shapes import Shape, ShapeError, StoredExample, read_as
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import Vector, dot, to_float, to_fmpq, to_text
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.valleys.problem import ValleyProblem

_SMALLEST = [fmpq(1), fmpq(1, 2), fmpq(3, 2), fmpq(2)]
_WIDTHS = [fmpq(1), fmpq(1, 2), fmpq(2), fmpq(1, 4), fmpq(1, 10), fmpq(1, 1000)]
_SHARES = [fmpq(k, 16) for k in (8, 4, 12, 2, 14)]
_NEAR = [0, 0, 0, 1, 3, 6, 12]
"""Powers of ten of the distance from the boundary; 0 is anywhere in the regime."""
_SAFE = 2.0
"""Every inequality that places a start holds with this factor to spare, as it is evaluated in floats."""
_MOST_HALVINGS = 120


class MadeValley(Shape, frozen=True):
    """A problem with residuals and how it was made, as it is stored; see ``ValleyInstance``."""

    problem: StoredExample
    singular: tuple[str, ...]
    rotation: tuple[tuple[str, ...], ...]
    point: tuple[str, ...]
    bend: str
    regime: Regime
    place: StartPlace


@dataclass(frozen=True)
class Nearness:
    """Bounds for a start near the prescribed zero, in floats.

    Attributes:
        reach: A bound of the distance from the prescribed zero to the point of arrival.
        change: A bound of how much any eigenvalue there differs from the prescribed one.
        tilt: A bound of the distance from the limit to the prescribed unit vector, up to sign.
    """

    reach: float
    change: float
    tilt: float


@dataclass(frozen=True)
class ValleyInstance:
    """A problem with residuals, and the way it was made, with which its verdict can be compared.

    Attributes:
        problem: The problem.
        singular: The singular values of the Jacobian at ``point``, ascending, shape (p,).
        rotation: V, shape (n, n); column i is the right singular vector of ``singular[i]``, the last n − p span the
            valley's tangent space.
        point: A zero of the residuals.
        bend: A Lipschitz constant of the Jacobian.
        regime: The regime of the step size, at the point of arrival by construction.
        place: Where the trajectory starts: in the ball where the inequality holds at once.
    """

    problem: ValleyProblem
    singular: Vector
    rotation: fmpq_mat
    point: Vector
    bend: fmpq
    regime: Regime
    place: StartPlace = StartPlace.BALL

    @property
    def spectrum(self) -> Vector:
        """The nonzero Hessian eigenvalues of half the sum of squares at ``point``, ascending, shape (p,)."""
        return tuple(s * s for s in self.singular)

    @property
    def index(self) -> int:
        """The index of the dominant eigenvalue in the spectrum."""
        return 0 if self.regime is Regime.SMALL_STEP else len(self.singular) - 1

    @property
    def along(self) -> fmpq:
        """The component of x₀ − ``point`` along the dominant vector; its sign is that of the limit."""
        away = [x - m for x, m in zip(self.problem.start, self.point, strict=True)]
        return dot(away, column(self.rotation, self.index))

    @property
    def predicted(self) -> Vector:
        """The unit vector near which the limit at even steps is, shape (n,)."""
        sign = 1 if self.along > 0 else -1
        return tuple(sign * x for x in column(self.rotation, self.index))

    def nearness(self) -> Nearness | None:
        """Bound where the trajectory arrives; None if the start is too far away to decide at once."""
        return _nearness(self)

    def to_json(self) -> dict[str, Any]:
        """Return the instance as plain data: the problem, and how it was made."""
        made = MadeValley(
            StoredExample.of(self.problem),
            tuple(map(to_text, self.singular)),
            tuple(tuple(map(to_text, row)) for row in self.rotation.tolist()),
            tuple(map(to_text, self.point)),
            to_text(self.bend),
            self.regime,
            self.place,
        )
        plain: dict[str, Any] = to_builtins(made)
        return plain

    @classmethod
    def from_json(cls, data: object) -> ValleyInstance:
        """Read what :meth:`to_json` wrote.

        Args:
            data: The plain data, from outside and not trusted.

        Returns:
            The instance.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type or size, or unusable.
        """
        try:
            made = read_as(data, MadeValley)
        except ShapeError as error:
            given = "problem, singular, rotation, point, bend, regime and place"
            raise InputError("made", f"{error}; give {given}, nothing else") from None
        problem = made.problem.read()
        if not isinstance(problem, ValleyProblem):
            raise InputError("made", "has singular values, and the problem no residuals; give the record as written")
        n, p = len(problem.variables), len(problem.residuals)
        if len(made.singular) != p or {len(made.rotation), len(made.point), *map(len, made.rotation)} != {n}:
            raise InputError("made", f"singular, rotation or point has not the size of {p} residuals in {n} variables")
        singular = tuple(to_fmpq(x, "singular") for x in made.singular)
        if not singular[0] > 0 or list(singular) != sorted(singular):
            raise InputError("singular", "must be positive numbers, ascending")
        rotation = fmpq_mat([[to_fmpq(x, "rotation") for x in row] for row in made.rotation])
        if rotation * rotation.transpose() != fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)]):
            raise InputError("rotation", "its rows are not orthogonal unit vectors; give an orthogonal matrix")
        point = tuple(to_fmpq(x, "point") for x in made.point)
        return cls(problem, singular, rotation, point, to_fmpq(made.bend, "bend"), made.regime, made.place)

    def __repr__(self) -> str:
        return f"ValleyInstance({self.regime.value}, {self.problem.to_json()})"


def _nearness(instance: ValleyInstance) -> Nearness | None:
    """Test the inequalities of docs/valleys.md at the start, around the prescribed zero, with room to spare.

    There, on the ball of radius D, ‖J‖ ≤ σ_p + LD and σ_min ≥ σ₁ − LD. The trajectory's length is at most ησr/(1 − q).
    """
    eta, bend = to_float(instance.problem.rate), _SAFE * to_float(instance.bend)
    singular = [to_float(s) for s in instance.singular]
    away = [x - m for x, m in zip(instance.problem.start, instance.point, strict=True)]
    far = sqrt(to_float(dot(away, away)))
    reach = 2 * far
    for _ in range(40):
        low, high = singular[0] - bend * reach, singular[-1] + bend * reach
        size = high * far
        half = bend * eta**2 * high**2 / 2
        q = max(abs(1 - eta * low**2), abs(1 - eta * high**2)) + half * size if low > 0 else inf
        if q >= 1:
            return None
        needed = far + eta * high * size / (1 - q)
        if needed <= reach:
            break
        reach = 2 * needed
    else:
        return None
    change = 2 * high * bend * reach
    values = [s * s for s in singular]
    side = eta * (values[0] + values[-1]) - 2
    sign = -1 if instance.regime is Regime.SMALL_STEP else 1
    i = instance.index
    rho = abs(1 - eta * values[i])
    low_rho, high_rho = rho - eta * change, rho + eta * change
    if sign * side <= 2 * eta * change or eta * (values[-1] + change) >= 2 or not 0 < low_rho <= high_rho < 1:
        return None
    others = [v for j, v in enumerate(values) if j != i]
    gap = min([abs(values[i] - v) for v in others], default=inf)
    whole = min(gap, values[i]) if len(away) > len(values) else gap
    if min(gap, whole) <= 4 * change:
        return None
    # ⟨w, F(x₀)⟩ differs from σ_d times the component along v_d by at most half of L‖x₀ − point‖².
    push = 4 * half / (1 - q) + half
    sigma = high_rho + push * size
    if sigma >= 1:
        return None
    # P ≤ 3 where its exponent is at most 1.
    if push * size > low_rho * (1 - sigma):
        return None
    tail = push * 9 * size**2 / (low_rho * (1 - high_rho))
    w_tilt = sqrt(2) * change / (gap - change) if gap < inf else 0.0
    amplitude = abs(to_float(instance.along)) * singular[i] - bend * far**2 - w_tilt * size
    if amplitude <= tail:
        return None
    return Nearness(reach, change, sqrt(2) * change / (whole - change) if whole < inf else 0.0)


@st.composite
def singular_values(draw: DrawFn, *, p: int) -> Vector:
    """Draw singular values 0 < σ₁ < σ₂ ≤ … < σ_p; with p = 1 there is one.

    Args:
        draw: Supplied by Hypothesis.
        p: How many.

    Returns:
        The values, ascending, shape (p,).
    """
    low = draw(st.sampled_from(_SMALLEST))
    if p == 1:
        return (low,)
    width = draw(st.sampled_from(_WIDTHS))
    width *= low
    inside = [fmpq(k, 16) for k in sorted(draw(st.lists(st.integers(1, 15), min_size=p - 2, max_size=p - 2)))]
    return (low, *(low + width * t for t in inside), low + width)


@st.composite
def bent_residuals(
    draw: DrawFn, *, singular: Vector, rotation: fmpq_mat, point: Vector, affine: bool
) -> tuple[list[str], fmpq]:
    """Draw residuals that vanish at a point, with a prescribed Jacobian there and up to two quadratic terms each.

    Args:
        draw: Supplied by Hypothesis.
        singular: The singular values of the Jacobian, shape (p,).
        rotation: The right singular vectors as columns, shape (n, n).
        point: The zero, shape (n,).
        affine: Whether the quadratic terms are of the rows of the Jacobian alone.

    Returns:
        Their texts in x1, …, xn, shape (p,); and a Lipschitz constant of the Jacobian.
    """
    n, p = len(point), len(singular)
    left = draw(rotations(n=p)) if p > 1 else fmpq_mat([[1]])
    scaled = fmpq_mat([[left[i, k] * singular[k] for k in range(p)] for i in range(p)])
    jacobian = scaled * fmpq_mat([[rotation[j, k] for j in range(n)] for k in range(p)])
    rows = jacobian.tolist()
    forms = rows if affine else [[fmpq(int(i == j)) for j in range(n)] for i in range(n)]
    squared, bent = fmpq(0), []
    for _ in range(p):
        pairs = draw(st.lists(st.tuples(st.integers(0, len(forms) - 1), st.integers(0, len(forms) - 1)), max_size=2))
        terms = [(draw(st.sampled_from([fmpq(1), fmpq(-1), fmpq(1, 2), fmpq(2)])), a, b) for a, b in pairs]
        bent.append(terms)
        # ‖∇²(c·ab)‖ ≤ 2|c|‖a‖‖b‖ for linear forms a and b.
        bound = sum((2 * abs(c) * _length(forms[a]) * _length(forms[b]) for c, a, b in terms), fmpq(0))
        squared += bound * bound
    texts = [_text(rows[i], [(c, forms[a], forms[b]) for c, a, b in bent[i]], point) for i in range(p)]
    return texts, _above_root(squared)


@st.composite
def valley_problems(
    draw: DrawFn,
    *,
    regime: Regime | None = None,
    dimensions: tuple[int, int] = (2, 6),
    near: int | None = None,
    affine: bool | None = None,
) -> ValleyInstance:
    """Draw residuals with a prescribed Jacobian at a prescribed zero, a step size of one regime, and a start nearby.

    Args:
        draw: Supplied by Hypothesis.
        regime: Small-step or large-step; either if not given.
        dimensions: The least and the largest number n of variables; there are from 1 to n residuals.
        near: k puts the step size at a relative distance of 10⁻ᵏ from the boundary; 0 anywhere in the regime.
        affine: Whether the residuals bend along the rows of the Jacobian alone, so that the valley is flat and the
            spectrum is the prescribed one at every point of it; either if not given.

    Returns:
        The instance. Its start is so near that the inequality holds at once.
    """
    n = draw(st.integers(*dimensions))
    p = draw(st.integers(1, n))
    singular = draw(singular_values(p=p))
    rotation, point = draw(rotations(n=n)), tuple(fmpq(draw(st.integers(-8, 8)), 8) for _ in range(n))
    flat = draw(st.booleans()) if affine is None else affine
    residuals, bend = draw(bent_residuals(singular=singular, rotation=rotation, point=point, affine=flat))
    side = draw(st.sampled_from((Regime.SMALL_STEP, Regime.LARGE_STEP))) if regime is None else regime
    step = draw(_step_sizes(values=[s * s for s in singular], regime=side, near=near))
    inner = [fmpq(draw(st.sampled_from([-1, 1])) * draw(st.integers(4, 16)), 16) for _ in range(n)]
    toward = [sum((rotation[i, k] * inner[k] for k in range(n)), fmpq(0)) for i in range(n)]
    names = [f"x{i + 1}" for i in range(n)]
    centre = ValleyProblem.of(residuals, step_size=step, start=point, variables=names)
    made = ValleyInstance(centre, singular, rotation, point, bend, side)
    size = fmpq(1, 8)
    for _ in range(_MOST_HALVINGS):
        start = tuple(m + size * x for m, x in zip(point, toward, strict=True))
        placed = replace(made, problem=replace(centre, start=start))
        if placed.nearness() is not None:
            return placed
        size /= 2
    raise AssertionError("a start that is near enough decides at once")


@st.composite
def _step_sizes(draw: DrawFn, *, values: list[fmpq], regime: Regime, near: int | None) -> fmpq:
    boundary, stable = 2 / (values[0] + values[-1]), 2 / values[-1]
    low, high = (fmpq(0), boundary) if regime is Regime.SMALL_STEP else (boundary, stable)
    power = draw(st.sampled_from(_NEAR)) if near is None else near
    if not power:
        share = draw(st.sampled_from(_SHARES))
        return low + (high - low) * share
    away = (high - low) * fmpq(1, 10**power)
    return boundary - away if regime is Regime.SMALL_STEP else boundary + away


def _length(form: list[fmpq]) -> fmpq:
    return _above_root(dot(form, form))


def _above_root(square: fmpq) -> fmpq:
    """Return a rational a little above the root."""
    if not square:
        return fmpq(0)
    return fmpq(int(sqrt(to_float(square)) * 1025) + 1, 1024)


def _text(row: list[fmpq], bent: list[tuple[fmpq, list[fmpq], list[fmpq]]], point: Vector) -> str:
    """Write J(x − m) + Σ c·a(x − m)·b(x − m) as a polynomial in x."""
    n = len(point)
    terms: dict[tuple[int, ...], fmpq] = {}

    def add(c: fmpq, *places: int) -> None:
        terms[places] = terms.get(places, fmpq(0)) + c

    for j, c in enumerate(row):
        add(c, j)
        add(-c * point[j])
    for c, a, b in bent:
        for i in range(n):
            for j in range(n):
                share = c * a[i] * b[j]
                if share:
                    add(share, *sorted((i, j)))
                    add(-share * point[j], i)
                    add(-share * point[i], j)
                    add(share * point[i] * point[j])
    words = ["*".join([f"({to_text(c)})", *(f"x{i + 1}" for i in places)]) for places, c in terms.items() if c]
    return " + ".join(words)
