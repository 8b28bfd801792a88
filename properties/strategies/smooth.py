"""Hypothesis strategies for smooth losses: a prescribed spectrum at a prescribed minimizer, rational or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, sqrt
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from msgspec import to_builtins

from gdcheck.properties.strategies.instance import StartPlace, column
from gdcheck.properties.strategies.problems import rotations
from gdcheck.theorem.certificate.shapes import Shape, ShapeError, StoredExample, read_as
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import Vector, dot, to_float, to_fmpq, to_text
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.problem import SmoothProblem

_NEAR = [0, 0, 0, 1, 3, 6, 9]
"""Powers of ten of the distance from the boundary; 0 is anywhere in the regime."""
_SHARES = [fmpq(k, 16) for k in (8, 4, 12, 2, 14)]
_SAFE = 2.0
"""The inequality that places a start holds with this factor to spare, as it is evaluated in floats."""
_SHAPES = {
    "tanh({t})": (fmpq(1), fmpq(0), 2),
    "softplus({t})": (fmpq(1, 2), fmpq(1, 4), 1),
    "sigmoid({t})": (fmpq(1, 4), fmpq(0), 1),
    "sin({t})": (fmpq(1), fmpq(0), 1),
    "atan({t})": (fmpq(1), fmpq(0), 2),
    "exp({t})": (fmpq(1), fmpq(1), 3),
    "cosh({t})": (fmpq(0), fmpq(1), 2),
    "sqrt(1 + ({t})**2)": (fmpq(0), fmpq(1), 1),
    "log(1 + ({t})**2)": (fmpq(0), fmpq(2), 5),
}
"""Functions φ with φ′(0), φ″(0), and a bound of |φ‴| where |t| ≤ 1."""


class MadeSmooth(Shape, frozen=True):
    """A smooth problem and how it was made, as it is stored; see ``SmoothInstance``."""

    problem: StoredExample
    spectrum: tuple[str, ...]
    rotation: tuple[tuple[str, ...], ...]
    point: tuple[str, ...]
    third: str
    regime: Regime
    place: StartPlace


@dataclass(frozen=True)
class SmoothInstance:
    """A smooth problem, and the way it was made, with which its verdict can be compared.

    Attributes:
        problem: The problem.
        spectrum: The Hessian's eigenvalues at the minimizer, ascending, shape (n,).
        rotation: V, shape (n, n); column i is the eigenvector of ``spectrum[i]``.
        point: The minimizer; where it is irrational, a number within 2^-200 of it.
        third: A bound of the norm of the third derivative on the ball of radius 1 around it.
        regime: The regime of the step size, by construction.
        place: Where the trajectory starts: in the ball where the inequality holds at once.
    """

    problem: SmoothProblem
    spectrum: Vector
    rotation: fmpq_mat
    point: Vector
    third: fmpq
    regime: Regime
    place: StartPlace = StartPlace.BALL

    @property
    def index(self) -> int:
        """The index of the dominant eigenvalue; on the boundary, the last index."""
        return 0 if self.regime is Regime.SMALL_STEP else len(self.spectrum) - 1

    @property
    def away(self) -> Vector:
        """The start minus the minimizer, h₀."""
        return tuple(x - m for x, m in zip(self.problem.start, self.point, strict=True))

    @property
    def predicted(self) -> Vector:
        """The limit at even steps, shape (n,): a unit vector."""
        v = column(self.rotation, self.index)
        return v if dot(self.away, v) > 0 else tuple(-x for x in v)

    @property
    def hessian(self) -> fmpq_mat:
        """∇²f at the minimizer, shape (n, n)."""
        n = len(self.spectrum)
        diagonal = fmpq_mat([[self.spectrum[i] if i == j else fmpq(0) for j in range(n)] for i in range(n)])
        return self.rotation * diagonal * self.rotation.transpose()

    @property
    def decides_at_once(self) -> bool:
        """Whether the amplitude is larger than the tail at the start, by the prescribed numbers alone."""
        eta, size = to_float(self.problem.step_size), sqrt(to_float(dot(self.away, self.away)))
        rho = abs(1 - eta * to_float(self.spectrum[self.index]))
        push = _SAFE * eta * to_float(self.third) / 2 * size
        if size >= 1 / 8 or rho + push >= 1:
            return False
        growth = exp(push / (rho * (1 - rho - push)))
        amplitude = abs(to_float(dot(self.away, column(self.rotation, self.index))))
        return amplitude > _SAFE * push * growth**2 * size / (rho * (1 - rho))

    def to_json(self) -> dict[str, Any]:
        """Return the instance as plain data: the problem, and how it was made."""
        made = MadeSmooth(
            StoredExample.of(self.problem),
            tuple(map(to_text, self.spectrum)),
            tuple(tuple(map(to_text, row)) for row in self.rotation.tolist()),
            tuple(map(to_text, self.point)),
            to_text(self.third),
            self.regime,
            self.place,
        )
        plain: dict[str, Any] = to_builtins(made)
        return plain

    @classmethod
    def from_json(cls, data: object) -> SmoothInstance:
        """Read what :meth:`to_json` wrote.

        Args:
            data: The plain data, from outside and not trusted. Whether the spectrum is that of the loss is not checked
                here: claims do.

        Returns:
            The instance.

        Raises:
            InputError: If a field is missing, unknown, of the wrong type or size, or unusable.
        """
        try:
            made = read_as(data, MadeSmooth)
        except ShapeError as error:
            given = "problem, spectrum, rotation, point, third, regime and place"
            raise InputError("made", f"{error}; give {given}, nothing else") from None
        problem = made.problem.read()
        if not isinstance(problem, SmoothProblem):
            raise InputError("made", "has a point, and the problem's loss is not smooth; give the record as written")
        n = problem.loss.dimension
        if {len(made.spectrum), len(made.rotation), len(made.point), *map(len, made.rotation)} != {n}:
            raise InputError("made", f"spectrum, rotation or point has not the size of {n} variables")
        spectrum = tuple(to_fmpq(x, "spectrum") for x in made.spectrum)
        if len(spectrum) < 2 or not 0 < spectrum[0] < spectrum[-1] or list(spectrum) != sorted(spectrum):
            raise InputError("spectrum", "needs two positive eigenvalues or more, ascending, the ends distinct")
        rotation = fmpq_mat([[to_fmpq(x, "rotation") for x in row] for row in made.rotation])
        point = tuple(to_fmpq(x, "point") for x in made.point)
        return cls(problem, spectrum, rotation, point, to_fmpq(made.third, "third"), made.regime, made.place)


@st.composite
def smooth_problems(
    draw: DrawFn,
    *,
    regime: Regime | None = None,
    dimensions: tuple[int, int] = (2, 5),
    near: int | None = None,
    irrational: bool | None = None,
) -> SmoothInstance:
    """Draw a smooth loss with a prescribed Hessian at its minimizer, a step size of one regime, and a start nearby.

    With h = x − m the loss is ½ hᵀAh plus multiples of φ(⟨a, h⟩) less its expansion to second order, for functions φ
    such as tanh, softplus and exp, and of ln(1 + exp⟨a, h⟩ + exp⟨b, h⟩) less its own: A is the Hessian at m.

    Args:
        draw: Supplied by Hypothesis.
        regime: Small-step, large-step, or the boundary itself; one of the first two if not given.
        dimensions: The least and the largest number n of variables.
        near: k puts the step size at a relative distance of 10⁻ᵏ from the boundary; 0 anywhere in the regime.
        irrational: Whether the minimizer has logarithms as its components, which gdcheck is not told; either if not
            given.

    Returns:
        The instance. Its start is so near that the inequality holds at once.
    """
    n = draw(st.integers(*dimensions))
    parts = draw(st.lists(st.integers(1, 12), min_size=n, max_size=n))
    spectrum = tuple(fmpq(sum(parts[: i + 1]), 8) for i in range(n))
    rotation = draw(rotations(n=n))
    shifts, point = draw(_minimizers(n=n, irrational=draw(st.booleans()) if irrational is None else irrational))
    text, third = draw(_losses(n=n, spectrum=spectrum, rotation=rotation))
    side = draw(st.sampled_from((Regime.SMALL_STEP, Regime.LARGE_STEP))) if regime is None else regime
    step = draw(_step_sizes(spectrum=spectrum, regime=side, near=near))
    names = [f"x{i + 1}" for i in range(n)]
    loss = "".join(f"h{i + 1} = x{i + 1} - {shift}; " for i, shift in enumerate(shifts)) + text
    inner = [fmpq(draw(st.sampled_from([-1, 1])) * draw(st.integers(4, 16)), 16 * n) for _ in range(n)]
    toward = [sum((rotation[i, k] * inner[k] for k in range(n)), fmpq(0)) for i in range(n)]
    centre = SmoothProblem.of(loss, step_size=step, start=point, variables=names)
    made = SmoothInstance(centre, spectrum, rotation, point, third, side)
    size = fmpq(1, 8)
    while True:
        start = tuple(m + size * x for m, x in zip(point, toward, strict=True))
        placed = replace(made, problem=replace(centre, start=start))
        if placed.decides_at_once:
            return placed
        size /= 2


@st.composite
def _minimizers(draw: DrawFn, *, n: int, irrational: bool) -> tuple[list[str], Vector]:
    """Draw a minimizer: as texts, and as numbers within 2^-200 of it."""
    if not irrational:
        point = tuple(fmpq(draw(st.integers(-8, 8)), 8) for _ in range(n))
        return [f"({to_text(m)})" for m in point], point
    places = [draw(st.integers(2, 9)) for _ in range(n)]
    with ctx.workprec(256):
        balls = [arb(k).log() for k in places]
        near = [ball.mid().man_exp() for ball in balls]
    return [f"log({k})" for k in places], tuple(fmpq(int(m)) * fmpq(2) ** int(e) for m, e in near)


@st.composite
def _losses(draw: DrawFn, *, n: int, spectrum: Vector, rotation: fmpq_mat) -> tuple[str, fmpq]:
    """Draw the text of a loss in h₁, …, hₙ, and a bound of its third derivative where ‖h‖ ≤ 1/8."""
    columns = [column(rotation, i) for i in range(n)]
    terms = [f"{to_text(x / 2)}*{_power(_form(v))}" for x, v in zip(spectrum, columns, strict=True)]
    third = fmpq(0)
    for _ in range(draw(st.integers(1, 3))):
        factor = fmpq(draw(st.sampled_from([-2, -1, 1, 2])), draw(st.integers(1, 4)))
        a = [fmpq(draw(st.integers(-2, 2)), 2) for _ in range(n)]
        length = _above_root(dot(a, a))
        if draw(st.booleans()):
            shape = draw(st.sampled_from(sorted(_SHAPES)))
            first, second, most = _SHAPES[shape]
            t = _form(a)
            rest = f"{shape.format(t=t)} - {to_text(first)}*({t}) - {to_text(second / 2)}*{_power(t)}"
            third += abs(factor) * most * length**3
        else:
            b = [fmpq(draw(st.integers(-2, 2)), 2) for _ in range(n)]
            s, t = _form(a), _form(b)
            # Of 0, ⟨a, h⟩ and ⟨b, h⟩ with equal shares the mean is a third of their sum, the variance the rest.
            mean, square = f"({s} + {t})/3", f"({_power(s)} + {_power(t)})/6 - ({s} + {t})**2/18"
            rest = f"log(1 + exp({s}) + exp({t})) - {mean} - ({square})"
            # The third derivative is a third central moment of numbers whose range is |a| + |b| at most.
            third += abs(factor) * (length + _above_root(dot(b, b))) ** 3
        terms.append(f"({to_text(factor)})*({rest})")
    return " + ".join(terms), third + fmpq(1, 1024)


@st.composite
def _step_sizes(draw: DrawFn, *, spectrum: Vector, regime: Regime, near: int | None) -> fmpq:
    boundary, stable = 2 / (spectrum[0] + spectrum[-1]), 2 / spectrum[-1]
    if regime is Regime.BOUNDARY:
        return boundary
    low, high = (fmpq(0), boundary) if regime is Regime.SMALL_STEP else (boundary, stable)
    power = draw(st.sampled_from(_NEAR)) if near is None else near
    if not power:
        return low + (high - low) * draw(st.sampled_from(_SHARES))
    away = (high - low) * fmpq(1, 10**power)
    return boundary - away if regime is Regime.SMALL_STEP else boundary + away


def _form(a: Vector | list[fmpq]) -> str:
    words = [f"({to_text(c)})*h{i + 1}" for i, c in enumerate(a) if c]
    return " + ".join(words) or "0"


def _power(form: str) -> str:
    return f"({form})**2"


def _above_root(square: fmpq) -> fmpq:
    """Return a rational a little above the root."""
    return fmpq(int(sqrt(to_float(square)) * 1025) + 1, 1024)
