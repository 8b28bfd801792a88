r"""Separable certificates: what happens to a whole box of starts, decided in exact fractions; and ``check``.

Where the loss is a sum of functions of one variable each, gradient descent is n independent maps of a line. Each is a
polynomial on either side of the minimizer, so its multiplier there, its sign and its growth follow from coefficients.
That suffices to prove the limit direction, or that there is none, where the theorem's assumptions fail and its own
certificate cannot apply. docs/certificate.md, *Separable certificates*, is the specification; the claims S1 to S5 are
functions here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Literal

from gdcheck.theorem.checker.descent import Descent, Kink, map_component
from gdcheck.theorem.checker.exact import Exponents, Polynomial, combined, power_of_line
from gdcheck.theorem.checker.outcome import claim, required, show
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.fields import MOST_VARIABLES, Interval, PerVariable, Side, whole

SIDES = (-1, 1)
Series = tuple[Fraction, ...]
"""A polynomial in one variable, the constant first and the last coefficient not zero; zero is empty."""


@dataclass(frozen=True)
class Prediction:
    """A kind of limit, ``fixed`` or ``alternating``, along the axis of a coordinate."""

    kind: str
    axis: Annotated[int, whole(-1, MOST_VARIABLES)]


@dataclass(frozen=True)
class Limit(Prediction):
    """The limit of the direction: also ``leaves`` or ``undecided``; the sign at even steps in the long run, or 0."""

    sign: Annotated[int, whole(-1, 1)]


@dataclass(frozen=True)
class Separable:
    """A separable certificate: a problem, a box of starts, and for each variable a pair of radii."""

    schema: Literal["gdcheck-separable/1"]
    problem: Problem
    box: PerVariable[Interval]
    radius: PerVariable[Interval]
    sides: PerVariable[Side]
    predicted: Prediction | None
    limit: Limit
    verdict: str


def _verify(c: Separable) -> None:
    """Verify the prediction, the limit and the verdict."""
    lines = lines_of(c.problem)
    starts = []
    for i, ((low, high), m, x) in enumerate(zip(c.box, c.problem.minimizer, c.problem.start, strict=True)):
        claim(low <= x <= high, f"box[{i}] holds the start fails")
        starts.append((low - m, high - m))
    predicted = predict([line.ratio(side)[0] for line, side in zip(lines, c.sides, strict=True)])
    limit = conclude([follow(*given) for given in zip(lines, starts, c.radius, strict=True)])
    claim(predicted == c.predicted, f"predicted is {_words(c.predicted)} fails: it is {_words(predicted)}")
    claim(limit == c.limit, f"limit is {_words(c.limit)} fails: it is {_words(limit)}")
    stated = required(predicted, "a prediction is stated fails: the ends of the spectrum are not simple")
    verdict = "holds" if (stated.kind, stated.axis) == (limit.kind, limit.axis) else "refuted"
    claim(c.verdict == verdict, f"the verdict is {c.verdict[:40]} fails: {verdict}")


def _words(found: Prediction | None) -> str:
    return "null" if found is None else f"{found.kind[:40]} along axis {found.axis}"


def predict(multipliers: Sequence[Fraction]) -> Prediction | None:
    """Claim S6 (prediction): return what the theorem says of multipliers 1 - eta lambda, whether or not it applies."""
    low, high = max(multipliers), min(multipliers)
    if low == -high or multipliers.count(low) > 1 or multipliers.count(high) > 1:
        return None
    kind, end = ("fixed", low) if low > -high else ("alternating", high)
    return Prediction(kind, multipliers.index(end))


def conclude(motions: Sequence[Motion]) -> Limit:
    """Claim S7 (limit): the direction tends to the axis of the slowest coordinate to decay, if there is only one."""
    leaving = [i for i, motion in enumerate(motions) if motion.kind == "leaves"]
    if leaving:
        return Limit("leaves", leaving[0], 0)
    slowest = max(motion.square for motion in motions)
    first = [i for i, motion in enumerate(motions) if motion.kind == "decays" and motion.square == slowest]
    if len(first) != 1 or not motions[first[0]].turn:
        return Limit("undecided", -1, 0)
    (axis,) = first
    return Limit("fixed" if motions[axis].turn > 0 else "alternating", axis, motions[axis].sign)


# One coordinate ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """The part of the loss that depends on one coordinate, around the minimizer, and the step size.

    Attributes:
        name: Its name in sentences.
        polynomial: Its polynomial part, in one variable.
        kinks: Its truncated powers, in one variable.
        step_size: eta.
    """

    name: str
    polynomial: Polynomial
    kinks: tuple[Kink, ...]
    step_size: Fraction

    @property
    def places(self) -> list[Fraction]:
        """Return where the kinks are."""
        return [Fraction(-kink.offset, kink.slope[0]) for kink in self.kinks]

    def map_on(self, low: Fraction, high: Fraction) -> Series:
        """Return F(t) = t - eta f'(t) as a polynomial on [low, high], low < high, with no kink inside."""
        parts, weights = [self.polynomial], [Fraction(1)]
        for kink in self.kinks:
            ends = kink.slope[0] * low + kink.offset, kink.slope[0] * high + kink.offset
            claim(min(ends) >= 0 or max(ends) <= 0, "no kink lies inside an interval fails")
            if max(ends) > 0:
                parts.append(power_of_line(kink.slope, kink.offset, kink.power))
                weights.append(kink.factor)
        image = map_component(combined(parts, weights), 0, 1, self.step_size)
        return tuple(image.coefficient((e,)) for e in range(max((e for (e,) in image.terms), default=-1) + 1))

    def ratio(self, side: int, reach: Fraction | None = None) -> Series:
        """Return q(t) = F(t)/t on a side, up to the reach; without one, up to the nearest kink. It is not empty."""
        if reach is None:
            reach = min([Fraction(1), *(abs(place) for place in self.places if place)])
        image = self.map_on(*sorted((Fraction(0), side * reach)))
        claim(not image or image[0] == 0, "the gradient vanishes at the minimizer fails")
        return image[1:] or (Fraction(0),)


def _spread(ratio: Series, reach: Fraction) -> Fraction:
    """Return S, a bound of |q(t) - q(0)| for |t| <= reach."""
    return sum((abs(k) * reach**e for e, k in enumerate(ratio) if e), Fraction(0))


def _composed(outer: Series, inner: Series) -> Series:
    """Return outer(inner(t)), by Horner's rule."""
    total: list[Fraction] = []
    for k in reversed(outer):
        product = [Fraction(0)] * max(len(total) + len(inner) - 1, 1)
        for i, x in enumerate(total):
            for j, y in enumerate(inner):
                product[i + j] += x * y
        product[0] += k
        total = product
    return tuple(total)


def lines_of(problem: Problem) -> list[Line]:
    """Split a loss into functions of one variable each, around the minimizer."""
    descent = Descent.of(problem)
    alone = all(sum(map(bool, alpha)) <= 1 for alpha in problem.loss.polynomial.terms)
    claim(alone, "the loss is separable fails: a term has two variables")
    alone = all(sum(map(bool, kink.slope)) == 1 for kink in descent.kinks)
    claim(alone, "the loss is separable fails: a truncated power has two variables")
    lines = []
    for i in range(descent.dimension):
        own: dict[Exponents, int] = {(alpha[i],): k for alpha, k in descent.polynomial.terms.items() if alpha[i]}
        kinks = tuple(replace(kink, slope=(kink.slope[i],)) for kink in descent.kinks if kink.slope[i])
        local = Polynomial(own, descent.polynomial.denominator)
        lines.append(Line(f"coordinate {i + 1}", local, kinks, problem.step_size))
    return lines


@dataclass(frozen=True)
class Motion:
    """What happens to one coordinate, for every start in its interval.

    Attributes:
        kind: ``decays``, ``leaves``, ``stays`` (the map is the identity) or ``vanishes`` (zero after a step at most).
        square: The square of the factor by which it shrinks at each step in the long run, or an upper bound of it.
        sign: Its sign at even steps in the long run; 0 if it is unknown.
        turn: 1 if its sign settles, -1 if it alternates; 0 if it is unknown.
    """

    kind: str
    square: Fraction = Fraction(0)
    sign: int = 0
    turn: int = 0


def follow(line: Line, interval: Interval, radii: Interval) -> Motion:
    """Prove one of the claims S1 to S5 for one coordinate of every start in an interval of displacements."""
    low, high = interval
    claim(low <= high, f"{line.name}: its interval is not empty fails")
    if vanishes(line, interval):
        line.ratio(1)  # the gradient vanishes at the minimizer
        return Motion("vanishes")
    reach = dict(zip(SIDES, radii, strict=True))
    claim(min(radii) > 0, f"{line.name}: the radii are positive fails")
    claim(-reach[-1] <= low and high <= reach[1], f"{line.name}: the interval lies within the radii fails")
    ratios = {side: line.ratio(side, reach[side]) for side in SIDES}
    if stays(ratios):
        return Motion("stays")
    if low <= 0 <= high or not all(ratio[0] for ratio in ratios.values()):
        return decays_from_both_sides(line, ratios, reach)
    return keeps_or_changes_its_side(line, 1 if low > 0 else -1, ratios, reach)


def vanishes(line: Line, interval: Interval) -> bool:
    """Claim S1 (vanishes): the interval is {0}, or F is zero on it."""
    low, high = interval
    if low == high:
        return low == 0
    return not any(low < place < high for place in line.places) and not line.map_on(low, high)


def stays(ratios: dict[int, Series]) -> bool:
    """Claim S2 (stays): F is the identity on both sides."""
    return all(ratio == (Fraction(1),) for ratio in ratios.values())


def decays_from_both_sides(line: Line, ratios: dict[int, Series], reach: dict[int, Fraction]) -> Motion:
    """Claim S3 (decays): |F(t)| <= M |t| with M < 1, wherever the start lies."""
    most = max(abs(ratio[0]) + _spread(ratio, reach[side]) for side, ratio in ratios.items())
    claim(most < 1, f"{line.name}: it decays fails: a factor may reach {show(most)}")
    inside = most * max(reach.values()) <= min(reach.values())
    claim(inside, f"{line.name}: it stays within the radii fails")
    return Motion("decays", most**2)


def keeps_or_changes_its_side(line: Line, side: int, ratios: dict[int, Series], reach: dict[int, Fraction]) -> Motion:
    """Claim S4 (sides): the sign of F(t)/t is that of its multiplier, on the side of the start and on the next."""
    turns = {s: 1 if ratio[0] > 0 else -1 for s, ratio in ratios.items()}
    sizes = {s: abs(ratio[0]) for s, ratio in ratios.items()}
    spreads = {s: _spread(ratio, reach[s]) for s, ratio in ratios.items()}
    for s in (side, -side) if turns[side] < 0 else (side,):
        claim(sizes[s] > spreads[s], f"{line.name}: F(t)/t keeps its sign fails on side {s:+}")
    if turns[side] < 0:
        far = (sizes[side] + spreads[side]) * reach[side]
        claim(far <= reach[-side], f"{line.name}: F maps side {side:+} within the radii fails")
    if turns[side] > 0 or turns[-side] > 0:
        settled = side * turns[side]  # its side from step 1 on
        kind, factor = growth(line.name, ratios[settled], settled, reach[settled])
        return Motion(kind, factor**2, settled, 1)
    # it changes sides at every step: every second step is a map of one side
    twice = _composed((Fraction(0), *ratios[-side]), (Fraction(0), *ratios[side]))[1:]
    kind, square = growth(line.name, twice, side, reach[side])
    return Motion(kind, square, side, -1)


def growth(name: str, ratio: Series, side: int, reach: Fraction) -> tuple[str, Fraction]:
    """Claim S5 (growth): t -> Q(t) t shrinks on a whole side, 0 < |t| <= reach, or grows on it; return also Q(0)."""
    factor = ratio[0]
    if factor != 1:
        claim(abs(factor - 1) > _spread(ratio, reach), f"{name}: |F(t)/t| stays on one side of 1 fails")
        return ("decays" if factor < 1 else "leaves"), factor
    order = next((e for e, k in enumerate(ratio) if e and k), 0)
    claim(order, f"{name}: F is not the identity on one side only fails")
    rest = sum((abs(k) * reach ** (e - order) for e, k in enumerate(ratio) if e > order), Fraction(0))
    claim(abs(ratio[order]) > rest, f"{name}: the first term beyond 1 decides fails")
    return ("decays" if ratio[order] * side**order < 0 else "leaves"), Fraction(1)


check = Check(Separable, _verify)
"""Verifies a separable certificate."""
