r"""Sharpness certificates of smooth losses: the largest Hessian eigenvalue along a trajectory. Claims K1 to K8.

They state for a smooth loss what a sharpness certificate states for a polynomial. docs/certificate.md, *Smooth
sharpness certificates*.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import Annotated, Any, Literal

from gdcheck.theorem.checker.exact import Vector, squared
from gdcheck.theorem.checker.kinds.pattern import (
    MOST_VALUES,
    NARROW,
    Approaching,
    Dominant,
    verify_cone,
    verify_envelope,
    verify_first_order,
    verify_order,
)
from gdcheck.theorem.checker.kinds.top_eigenvalue import MOST_LISTED, Steps
from gdcheck.theorem.checker.outcome import claim, look, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import read_list, read_record, whole
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, UndefinedError, norm_above
from gdcheck.theorem.checker.smooth.kinds.blocks import varying
from gdcheck.theorem.checker.smooth.kinds.higher import fourth_above, third_along, value_at
from gdcheck.theorem.checker.smooth.minimizer import Document, Iterate, Middle, follow, third_above
from gdcheck.theorem.checker.smooth.spectrum import Matrix, dominant
from gdcheck.theorem.checker.smooth.strict_minimum import PRECISIONS, verify, verify_line

MOST_FOLLOWED = 20_000
"""The most steps up to a ball on which the largest eigenvalue is constant."""


def _values(kind: Any, value: object, path: str, n: int) -> tuple[Ends, ...]:
    return tuple(read_list(Ends, value, path, n, range(MOST_VALUES + 3)))


@dataclass(frozen=True)
class Constant:
    """λ_n(x_k) = λ_n from a step on."""

    kind: Literal["constant"]
    from_step: int


@dataclass(frozen=True)
class Approach(Approaching):
    """The approach of λ_n(x_k) to λ_n.

    Attributes:
        values: Intervals of λ_n(x_k) at the first steps, as far as they are compared.
    """

    values: Annotated[tuple[Ends, ...], _values]


def _pattern(kind: Any, value: object, path: str, n: int) -> Constant | Approach | None:
    """Read a pattern by its kind, or null."""
    if value is None:
        return None
    constant = type(value) is dict and value.get("kind") == "constant"
    return read_record(Constant, value, path, n) if constant else read_record(Approach, value, path, n)


@dataclass(frozen=True)
class Crossings:
    """The steps with λ_n(x_k) > 2/eta: fields as in sharpness certificates of polynomials."""

    steps: Steps
    examined: Annotated[int, whole(0, MOST_LISTED)]
    complete: bool
    rose: Steps | None
    peak: Ends | None


@dataclass(frozen=True)
class SmoothSharpness:
    """A sharpness certificate of a smooth loss."""

    schema: Literal["gdcheck-smooth-sharpness/1"]
    theorem: Document
    pattern: Annotated[Constant | Approach | None, _pattern]
    crossings: Crossings | None


def verify_all(c: SmoothSharpness, bits: int) -> None:
    """Claim K1 (smooth trajectory): ``theorem`` holds, by G1 to G9; a pattern or crossings are stated, and verified."""
    claim(c.pattern is not None or c.crossings is not None, "a pattern or crossings are stated fails")
    at, eigenvalues = verify(c.theorem, bits)
    if c.crossings is not None:
        verify_crossings(c.theorem, c.crossings, at, eigenvalues)
    if isinstance(c.pattern, Constant):
        verify_constant(c.theorem, c.pattern, at, eigenvalues)
    elif c.pattern is not None:
        verify_pattern(c.theorem, c.pattern, at, eigenvalues)


def largest_multiplier(c: Document, eigenvalues: Sequence[Ends]) -> Fraction:
    """Return a bound of |1 - eta lambda| over the spectrum."""
    return max(abs(1 - c.problem.step_size * x) for ends in eigenvalues for x in ends)


@dataclass(frozen=True)
class Curvature:
    """Claim K2 (eigenvalue at an iterate): λ_n(x_k) is within ``slack`` of the largest eigenvalue of ``matrix``.

    Attributes:
        matrix: The Hessian in the middle of the iterate's ball, shape (n, n).
        slack: T times the drift: a bound of the distance, in norm, of the Hessian at x_k from the matrix.
    """

    matrix: Matrix
    slack: Fraction

    @classmethod
    def at(cls, at: Middle, iterate: Iterate) -> Curvature:
        """Evaluate the Hessian."""
        third = third_above(at.expression, iterate.x, iterate.drift)
        return cls(hessian(evaluate(at.expression, iterate.x, 2)), third * iterate.drift)

    def within(self, places: Sequence[int]) -> Curvature:
        """Return the block of some variables; the norm of what it differs by is no larger."""
        return Curvature([[self.matrix[i][j] for j in places] for i in places], self.slack)

    def is_below(self, s: Fraction) -> bool:
        """Tell whether λ_n(x_k) < s: all pivots of s - slack - H are positive."""
        return self._sign(s - self.slack) > 0

    def is_above(self, s: Fraction) -> bool:
        """Tell whether λ_n(x_k) > s: a pivot of s + slack - H is negative, and those before it are positive."""
        return self._sign(s + self.slack) < 0

    def _sign(self, t: Fraction) -> int:
        """Return 1 if t - H is positive definite, -1 if it has a negative eigenvalue, 0 if that is not decided."""
        look("an eigenvalue")
        edge = Interval.exactly(t, self.matrix[0][0].bits)
        rows = [[edge - x if i == j else -x for j, x in enumerate(row)] for i, row in enumerate(self.matrix)]
        for k, row in enumerate(rows):
            pivot = row[k]
            if pivot.high < 0:
                return -1
            if pivot.low <= 0:
                return 0
            inverse = pivot.reciprocal()
            for below in rows[k + 1 :]:
                factor = below[k] * inverse
                for j in range(k + 1, len(row)):
                    below[j] = below[j] - factor * row[j]
        return 1


def verify_crossings(c: Document, crossings: Crossings, at: Middle, eigenvalues: Sequence[Ends]) -> None:
    """Claim K3 (smooth crossings): λ_n(x_k) > 2/eta at the stated steps, and < 2/eta at all others examined."""
    last, stated = crossings.examined, {*crossings.steps}
    claim(all(k < last for k in stated), "the steps above 2/eta are among those examined fails")
    claim((crossings.peak is None) == (not stated), "a peak is stated exactly if there are steps fails")
    above: list[Curvature] = []
    losses: dict[int, Ends] = {}
    edge = 2 / c.problem.step_size
    for k, iterate in enumerate(islice(follow(c, at, largest_multiplier(c, eigenvalues)), last + 1)):
        if crossings.rose is not None and not {k, k - 1}.isdisjoint(stated):
            losses[k] = loss_between(at, iterate)
        if k == last:
            if crossings.complete:
                verify_later(c, at, eigenvalues, iterate.radius, k)
            break
        here = Curvature.at(at, iterate)
        good, word = (here.is_above(edge), ">") if k in stated else (here.is_below(edge), "<")
        claim(good, f"λ_n(x_k) {word} 2/eta fails at step {k}")
        if k in stated:
            above.append(here)
    if crossings.rose is not None:
        verify_loss(crossings, losses)
    if crossings.peak is not None:
        low, high = crossings.peak
        claim(low <= high <= low + NARROW * high, f"the peak is in a narrow interval fails: [{show(low, high)}]")
        reached = all(x.is_below(high) for x in above) and any(x.is_above(low) for x in above)
        claim(reached, f"the largest λ_n(x_k) is in [{show(low, high)}] fails")


def verify_later(c: Document, at: Middle, eigenvalues: Sequence[Ends], r: Fraction, step: int) -> None:
    """Claim K4 (smooth later steps): no later iterate leaves the ball of radius r, and λ_n < 2/eta on all of it.

    With T on the ball, max|1 - eta lambda| + r eta T / 2 <= 1 and eta λ_n + r eta T < 2.
    """
    eta = c.problem.step_size
    third = third_above(at.expression, at.centre, r + c.minimizer.radius)
    stays = largest_multiplier(c, eigenvalues) + r * eta * third / 2
    claim(stays <= 1, f"later iterates stay in the ball fails at step {step}: {show(stays)}")
    most = eta * (eigenvalues[-1][1] + r * third)
    claim(most < 2, f"λ_n < 2/eta on the ball fails at step {step}: eta λ_n may be {show(most)}")


def loss_between(at: Middle, iterate: Iterate) -> Ends:
    """Claim K5 (smooth loss): within d of x the loss differs from f(x) by at most (|grad f(x)| + H d) d."""
    value, slope = value_at(at.expression, iterate.x), gradient(evaluate(at.expression, iterate.x, 1))
    second = derivatives_above(at.expression, iterate.x, iterate.drift)[0]
    wrong = (norm_above(slope, at.bits) + second * iterate.drift) * iterate.drift
    return value.lower - wrong, value.upper + wrong


def verify_loss(crossings: Crossings, losses: dict[int, Ends]) -> None:
    """Verify that from a step above 2/eta to the next the loss rises if the step is in ``rose``, else it falls."""
    rose = {*(crossings.rose or ())}
    claim(rose <= {*crossings.steps}, "the loss rises at steps above 2/eta only fails")
    for k in crossings.steps:
        (low, high), (after_low, after_high) = losses[k], losses[k + 1]
        holds, word = (after_low > high, "rises") if k in rose else (after_high < low, "falls")
        claim(holds, f"the loss {word} fails at step {k}")


def verify_constant(c: Document, pattern: Constant, at: Middle, eigenvalues: Sequence[Ends]) -> None:
    """Claim K6 (smooth constant): the loss is quadratic, or λ_n is that of a constant block of the Hessian.

    The loss is q(y) + g(z) with q quadratic. The block of g has eigenvalues below λ_n only: at all iterates from
    ``from_step`` on up to one, and on a ball around the minimizer with that iterate, which no later one leaves.
    """
    n, delta, eta = at.expression.dimension, c.minimizer.radius, c.problem.step_size
    places = varying(at.expression)
    claim(len(places) < n, "the loss is quadratic in some variables of their own fails")
    if not places:
        return
    low, largest = eigenvalues[-1][0], largest_multiplier(c, eigenvalues)
    for k, iterate in enumerate(islice(follow(c, at, largest), MOST_FOLLOWED)):
        if k < pattern.from_step:
            continue
        r = iterate.radius
        with suppress(UndefinedError):
            third = third_above(at.expression, at.centre, r + delta)
            inside = Curvature(at.matrix, third * (r + delta)).within(places)
            if largest + r * eta * third / 2 <= 1 and inside.is_below(low):
                return
        claim(Curvature.at(at, iterate).within(places).is_below(low), f"λ_n(x_k) is constant fails at step {k}")
    claim(False, f"λ_n(x_k) is constant fails: {MOST_FOLLOWED} steps do not reach a ball on which it is")


@dataclass(frozen=True)
class Line:
    """A vector near the dominant eigenvector, in the form that ``kinds.pattern`` takes."""

    vectors: tuple[Vector, ...]
    tilt: Fraction


@dataclass(frozen=True)
class Push:
    """The bound of the remainder: r C(r) = eta T r / 2."""

    c: Document
    at_middle: Middle

    def push(self, r: Fraction) -> Fraction:
        """Return r C(r)."""
        third = third_above(self.at_middle.expression, self.at_middle.centre, r + self.c.minimizer.radius)
        return self.c.problem.step_size * third * r / 2


@dataclass(frozen=True)
class FirstOrder:
    """Claim K7 (smooth first order): |λ_n(x* + h) - λ_n - omega . h| <= K(r) |h|^2 for |h| <= r, as in Claim H7.

    omega is computed in the middle of the minimizer's ball, where it differs by at most T_4 delta, with T_4 a bound of
    D^4 f. K(r) = T_4(r) / 2 + T_3^2 / (gap - 2 r T_3).
    """

    c: Document
    at_middle: Middle
    gradient: Vector
    tilt: Fraction
    third: Fraction
    gap: Fraction | None
    blur: Fraction

    @classmethod
    def of(cls, c: Document, at: Middle, eigenvalues: Sequence[Ends]) -> FirstOrder:
        """Compute omega, and a bound of its error."""
        last, delta = len(eigenvalues) - 1, c.minimizer.radius
        vector = c.eigenvectors[last]
        tilt = verify_line(c, at, eigenvalues, last)
        found, square = third_along(at.expression, at.centre, vector), squared(vector)
        middles = tuple((x.lower + x.upper) / (2 * square) for x in found)
        width = norm_above([x - x.middle() for x in found], at.bits) / square
        blur = width + fourth_above(at.expression, at.centre, delta) * delta
        gap = None if last == 0 else eigenvalues[-1][0] - eigenvalues[-2][1]
        return cls(c, at, middles, tilt, third_above(at.expression, at.centre, delta), gap, blur)

    def bend(self, r: Fraction) -> Fraction:
        """Return K(r)."""
        at = self.at_middle
        coarse = [x.at_scale(at.bits // 4) for x in at.centre]
        half = fourth_above(at.expression, coarse, r + self.c.minimizer.radius) / 2
        if self.gap is None:
            return half
        room = self.gap - 2 * r * self.third
        claim(room > 0, f"λ_n stays apart on the ball fails at radius {show(r)}: {show(room)}")
        return half + self.third**2 / room


def verify_pattern(c: Document, pattern: Approach, at: Middle, eigenvalues: Sequence[Ends]) -> None:
    """Verify the pattern by Claims H8 to H10, with the bounds of Claim K7, and its onset."""
    claim(c.limit is not None, "the limit is along one line fails")
    assert c.limit is not None
    claim(pattern.cone >= pattern.step, f"step <= cone fails: {pattern.step}, {pattern.cone}")
    index, sign, rho = dominant(c.regime, c.limit.kind, eigenvalues, c.problem.step_size)
    beside = [*eigenvalues[:index], *eigenvalues[index + 1 :]]
    others = max((abs(1 - c.problem.step_size * x) for ends in beside for x in ends), default=None)
    tilt = verify_line(c, at, eigenvalues, index)
    reached = next(islice(follow(c, at, largest_multiplier(c, eigenvalues)), pattern.step, None))
    centre = [y.middle().lower for y in reached.h]
    line = Line((c.eigenvectors[index],), tilt)
    found = Dominant(c.regime, rho, others, line, Push(c, at), centre, reached.error)
    cone = verify_cone(found, verify_envelope(found, pattern))
    verify_first_order(pattern, found, cone, FirstOrder.of(c, at, eigenvalues))
    verify_onset(c, pattern, at, eigenvalues, 1 if sign > 0 else 2)


def verify_onset(c: Document, pattern: Approach, at: Middle, eigenvalues: Sequence[Ends], period: int) -> None:
    """Claim K8 (smooth onset): the pattern holds from ``from_step`` on, and is broken at the steps in ``broken``.

    By Claim K2, λ_n(x_k) lies in interval k of ``values``. The intervals are compared with each other and with λ_n.
    """
    claim(pattern.from_step <= pattern.cone, f"from_step <= cone fails: {pattern.from_step}, {pattern.cone}")
    claim(all(k < pattern.from_step for k in pattern.broken), "it is broken before from_step fails")
    looked_at = {*range(pattern.from_step, pattern.cone), *pattern.broken}
    needed = looked_at | {k + period for k in looked_at}
    claim(max(needed, default=-1) < len(pattern.values), "all values that are compared are stated fails")
    last = max(needed, default=-1)
    for k, iterate in enumerate(islice(follow(c, at, largest_multiplier(c, eigenvalues)), last + 1)):
        if k in needed:
            low, high = pattern.values[k]
            here = Curvature.at(at, iterate)
            claim(here.is_above(low) and here.is_below(high), f"λ_n(x_k) in [{show(low, high)}] fails at step {k}")
    verify_order(pattern, looked_at, period, dict(enumerate(pattern.values)), eigenvalues[-1])


check = Check(SmoothSharpness, lambda c: with_enough_bits(PRECISIONS, partial(verify_all, c)))
"""Verifies a sharpness certificate of a smooth loss."""
