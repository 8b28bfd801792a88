"""A Hypothesis strategy for starts, and the certified radii by which it places them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import arb, ctx, fmpq, fmpq_mat
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from gdcheck.properties.strategies.instance import StartPlace, column
from gdcheck.theorem.assumptions.spectrum import power_of_two_below
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.rational import Vector, dot
from gdcheck.theorem.methods.statement import Regime

SLOWEST_FREE = fmpq(1, 200)
_DEEP = fmpq(1, 2**48)
_BITS = 64
SIXTEENTHS = [fmpq(k, 16) for k in (8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15)]
"""Shares of one; strategies shrink towards the first."""


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
    """Draw a start of one kind.

    * A start inside the ball is free unless descent is slow (1 − ρ < 1/200). Then it is deep inside and points towards
      its limit, because the steps that a proof needs grow like 1/(1 − ρ).
    * If the loss has truncated powers, a free start is not orthogonal to the dominant eigenvector: otherwise it could
      depend on the side of a kink on which the trajectory stays whether the start is exceptional.
    * An exceptional start is nearer to the minimizer than every kink that does not pass through it.

    Args:
        draw: Supplied by Hypothesis.
        centre: The problem; its loss, minimizer and step size are used.
        spectrum: The prescribed spectrum.
        rotation: Its eigenvectors.
        regime: The regime of the step size.
        place: Inside the certified invariant ball; in the dominance cone, where the paper's layer 3 applies at once;
            outside the ball by up to a factor of four (in the basin as a rule; a loss whose every ball is invariant
            has no outside); or on the plane through the minimizer with the dominant eigenvector as its normal.

    Returns:
        The start x₀, never the minimizer itself.

    Raises:
        ValueError: If the spectrum does not fit the problem, or if a start in the cone or an exceptional one is asked
            for on the boundary in two dimensions, both of which dominate there.
    """
    n = centre.dimension
    if len(spectrum) != n or n < 2:
        raise ValueError(
            f"spectrum has {len(spectrum)} eigenvalues; give one for each of the {n} variables, at least 2"
        )
    if n == 2 and regime is Regime.BOUNDARY and (place is StartPlace.CONE or place is StartPlace.EXCEPTIONAL):
        raise ValueError(f"place={place.value} needs three dimensions on the boundary, where two dominate; give ball")
    scene = _Scene(centre, tuple(spectrum), rotation, regime)
    direction = [fmpq(draw(st.integers(-8, 8))) for _ in range(n)]
    if not any(direction):
        direction[draw(st.integers(0, n - 1))] = fmpq(1)
    share = draw(st.sampled_from(SIXTEENTHS))
    lacking = scene.dominant if place is StartPlace.EXCEPTIONAL else ()
    for i in scene.dominant:
        v = column(rotation, i)
        if i in lacking:
            direction = _onto_plane(direction, v)
        elif centre.loss.truncated and not dot(direction, v):
            direction = [x + y for x, y in zip(direction, v, strict=True)]
    slowest, leading = scene.leading(lacking)
    with ctx.workprec(_BITS):
        radius = scene.radius()
        slow = 1 - slowest < SLOWEST_FREE
        if place is StartPlace.CONE or slow:
            for i in leading:
                direction = [x + 32 * n * y for x, y in zip(direction, column(rotation, i), strict=True)]
        if place is StartPlace.CONE:
            radius = scene.cone_radius()
        if slow:
            # Several amplitudes must be known to many digits before a limit is; one need only be known to be there.
            share *= _DEEP if len(leading) > 1 else fmpq(1, 16)
        length = arb(dot(direction, direction)).sqrt()
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
    """The data by which a start is placed; evaluate at a fixed precision."""

    centre: Problem
    spectrum: Vector
    rotation: fmpq_mat
    regime: Regime

    @property
    def dominant(self) -> tuple[int, ...]:
        last = len(self.spectrum) - 1
        return {Regime.SMALL_STEP: (0,), Regime.LARGE_STEP: (last,)}.get(self.regime, (0, last))

    def leading(self, lacking: tuple[int, ...]) -> tuple[fmpq, tuple[int, ...]]:
        """Return the largest multiplier modulus on the plane that lacks some eigenvectors, and where it is attained."""
        moduli = {i: abs(1 - self.centre.step_size * x) for i, x in enumerate(self.spectrum) if i not in lacking}
        largest = max(moduli.values())
        return largest, tuple(i for i, m in moduli.items() if m == largest)

    def kinks(self) -> list[fmpq]:
        """Return lower bounds of the distances of the kinks that do not pass through the minimizer."""
        powers = Expansion.of(self.centre).truncated
        return [_few_digits(abs(t.offset) / arb(t.squared_length).sqrt(), 0) for t in powers if t.offset]

    def radius(self) -> fmpq | None:
        rho, _ = self.leading(())
        return invariant_radius(RemainderBound.of(Expansion.of(self.centre)), arb(rho))

    def cone_radius(self) -> fmpq | None:
        """Return a radius at which a start in the cone √(n−1)‖y_⊥‖ ≤ |y_d| is certified to stay there."""
        radius = self.radius()
        if radius is None:
            return None
        rho, _ = self.leading(())
        b, _ = self.leading(self.dominant)
        edge = 1 / arb(len(self.spectrum) - 1).sqrt()
        steepness = RemainderBound.of(Expansion.of(self.centre)).quadratic(arb(radius)) * (1 + edge**2) * (1 + edge)
        return min(radius, _few_digits(edge * arb(rho - b) / steepness, 0))


def _few_digits(x: arb, up: int) -> fmpq:
    """Return a positive number rounded to three binary digits, down or up."""
    top = x.upper() if up else x.lower()
    mantissa, exponent = top.mid().man_exp()
    value = fmpq(mantissa) * fmpq(2) ** int(exponent)
    unit = power_of_two_below(value) / 4
    return unit * (int(value / unit) + up)


def _onto_plane(direction: list[fmpq], normal: Sequence[fmpq]) -> list[fmpq]:
    c = dot(direction, normal)
    flat = [x - c * y for x, y in zip(direction, normal, strict=True)]
    if any(flat):
        return flat
    # The direction was the normal itself: an axis that is not, projected, will do.
    axis = min(range(len(normal)), key=lambda i: (abs(normal[i]), i))
    return [fmpq(int(i == axis)) - normal[axis] * y for i, y in enumerate(normal)]
