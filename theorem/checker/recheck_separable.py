r"""Verifier of separable certificates: what happens to a whole box of starts, decided in exact fractions.

Where the loss is a sum of functions of one variable each, gradient descent is n independent maps of a line. Each is a
polynomial on either side of the minimizer, so its multiplier there, its sign and its growth follow from coefficients.
That suffices to prove the limit direction, or that there is none, where the theorem's assumptions fail and its own
certificate cannot apply: neutral and unstable step sizes, one-sided curvatures, flat directions, saddles, valleys, and
intervals that descent maps onto a point. docs/certificate.md, *Separable certificates*, is the specification.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gdcheck.theorem.checker.recheck import ClaimError, claim, compose, show
from gdcheck.theorem.checker.recheck_parts import Vector, bad, read_loss, read_rationals

SCHEMA = "gdcheck-separable/1"
FIELDS = ("schema", "problem", "box", "radius", "sides", "predicted", "limit", "verdict")
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Motion:
    """What becomes of one coordinate, for every start in its interval.

    Attributes:
        kind: ``decays``, ``leaves``, ``stays`` (the map is the identity) or ``vanishes`` (zero after a step at most).
        square: The square of the factor by which it shrinks at each step in the long run, or an upper bound of it.
        sign: Its sign at even steps in the long run; 0 if it is unknown.
        turn: 1 if its sign settles, −1 if it alternates; 0 if it is unknown.
    """

    kind: str
    square: Fraction = _ZERO
    sign: int = 0
    turn: int = 0


def check(certificate: object) -> str | None:
    """Verify a separable certificate.

    Args:
        certificate: The parsed JSON object; BadCertificate is raised if it is malformed.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.
    """
    if type(certificate) is not dict or certificate.keys() != set(FIELDS) or certificate["schema"] != SCHEMA:
        bad("certificate", f"an object with the fields {', '.join(FIELDS)} and the schema {SCHEMA}")
    try:
        predicted, limit = conclude(certificate)
        stated = certificate["predicted"], certificate["limit"]
        for name, found, said in zip(("predicted", "limit"), (predicted, limit), stated, strict=True):
            same = json.dumps(found, sort_keys=True) == json.dumps(said, sort_keys=True)
            claim(f"{name} is {str(said)[:200]} fails: it is {found}", same)
        verdict = "holds" if predicted is not None and matches(predicted, limit) else "refuted"
        claim("a prediction is stated fails: the ends of the spectrum are not simple", predicted is not None)
        claim(f"the verdict is {str(certificate['verdict'])[:40]} fails: {verdict}", certificate["verdict"] == verdict)
    except ClaimError as failure:
        return str(failure.args[0])
    return None


def matches(predicted: dict[str, Any], limit: dict[str, Any]) -> bool:
    """Whether a limit is of the predicted kind, along the predicted axis."""
    return (predicted["kind"], predicted["axis"]) == (limit["kind"], limit["axis"])


def conclude(certificate: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Derive the theorem's conclusion for the chosen one-sided Hessian, and what happens to every start of the box.

    Args:
        certificate: The certificate; its ``predicted``, ``limit`` and ``verdict`` are not looked at.

    Returns:
        The prediction, ``{"kind", "axis"}``, None where the theorem's words make none; and the limit, ``{"kind",
        "axis", "sign"}``, with kind fixed, alternating, leaves or undecided.
    """
    lines, eta, intervals = read(certificate)
    sides = certificate["sides"]
    predicted = _predicted([_ratio(line, eta, side)[0] for line, side in zip(lines, sides, strict=True)])
    radii = certificate["radius"]
    motions = [
        motion(f"coordinate {i + 1}", line, eta, interval, tuple(read_rationals(radius, 2, f"radius[{i}]")))
        for i, (line, interval, radius) in enumerate(zip(lines, intervals, radii, strict=True))
    ]
    leaving = [i for i, motion in enumerate(motions) if motion.kind == "leaves"]
    if leaving:
        return predicted, {"kind": "leaves", "axis": leaving[0], "sign": 0}
    slowest = max(motion.square for motion in motions)
    first = [i for i, motion in enumerate(motions) if motion.kind == "decays" and motion.square == slowest]
    if len(first) != 1 or not motions[first[0]].turn:
        return predicted, {"kind": "undecided", "axis": -1, "sign": 0}
    (axis,) = first
    kind = "fixed" if motions[axis].turn > 0 else "alternating"
    return predicted, {"kind": kind, "axis": axis, "sign": motions[axis].sign}


# Reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One coordinate's share of the loss, around the minimizer: a polynomial, and (factor, slope, offset, power)."""

    poly: Vector
    hinges: tuple[tuple[Fraction, Fraction, Fraction, int], ...]


def read(c: dict[str, Any]) -> tuple[list[Line], Fraction, list[tuple[Fraction, Fraction]]]:
    """Read a certificate's problem as one-variable functions, the step size, and the starts as displacements."""
    poly, hinges, problem = read_loss(c["problem"])
    n = len(problem.variables)
    for name in ("box", "radius", "sides"):
        if type(c[name]) is not list or len(c[name]) != n:
            bad(name, f"a list of {n} entries, one for each variable")
    if any(type(side) is not int or side not in {-1, 1} for side in c["sides"]):
        bad("sides", "1 or -1 for each variable")
    rows: list[Vector] = [[_ZERO] * 17 for _ in range(n)]
    for alpha, k in poly.items():
        used = [i for i, e in enumerate(alpha) if e]
        claim("the loss is separable fails: a term has two variables", len(used) <= 1)
        if used:
            rows[used[0]][alpha[used[0]]] += k
    bends: list[list[tuple[Fraction, Fraction, Fraction, int]]] = [[] for _ in range(n)]
    for h in hinges:
        used = [i for i, slope in enumerate(h.slope) if slope]
        claim("the loss is separable fails: a truncated power has two variables", len(used) == 1)
        (i,) = used
        bends[i].append((h.factor, h.slope[i], h.offset + h.slope[i] * problem.minimizer[i], h.power))
    lines = [Line(_shift(row, m), tuple(bend)) for row, m, bend in zip(rows, problem.minimizer, bends, strict=True)]
    intervals = []
    for i, (pair, m, x) in enumerate(zip(c["box"], problem.minimizer, problem.start, strict=True)):
        low, high = read_rationals(pair, 2, f"box[{i}]")
        claim(f"box[{i}] holds the start fails", low <= x <= high)
        intervals.append((low - m, high - m))
    return lines, problem.step_size, intervals


# One coordinate ---------------------------------------------------------------------------------------------------


def _map(line: Line, eta: Fraction, low: Fraction, high: Fraction) -> Vector:
    """Return F as a polynomial on [low, high], low < high, which holds no kink inside."""
    gradient = [k * x for k, x in enumerate(line.poly)][1:]
    for factor, slope, offset, power in line.hinges:
        ends = slope * low + offset, slope * high + offset
        claim("no kink lies inside an interval fails", min(ends) >= 0 or max(ends) <= 0)
        if max(ends) > 0:
            # d/dt factor (slope t + offset)^power, by the binomial theorem
            part = [_ZERO] * (power - 1) + [factor * power * slope**power]
            gradient = _sum(gradient, _shift(part, offset / slope))
    return _sum([_ZERO, _ONE], [-eta * x for x in gradient])


def _shift(poly: Vector, s: Fraction) -> Vector:
    """Return the coefficients of t -> poly(s + t)."""
    moved = compose({(e,): k for e, k in enumerate(poly) if k}, [(1,)], [s])
    return [moved.get((e,), _ZERO) for e in range(len(poly))]


def _sum(a: Vector, b: Vector) -> Vector:
    size = max(len(a), len(b))
    total = [x + y for x, y in zip(a + [_ZERO] * (size - len(a)), b + [_ZERO] * (size - len(b)), strict=True)]
    while total and not total[-1]:
        total.pop()
    return total


def _ratio(line: Line, eta: Fraction, side: int, reach: Fraction | None = None) -> Vector:
    """Return F(t)/t on a side of the minimizer, up to the reach; without one, up to the nearest kink."""
    if reach is None:
        kinks = [abs(offset / slope) for _, slope, offset, _ in line.hinges if offset]
        reach = min([_ONE, *kinks])
    image = _map(line, eta, *sorted((_ZERO, side * reach)))
    claim("the gradient vanishes at the minimizer fails", not image or image[0] == 0)
    return image[1:] or [_ZERO]


def _spread(ratio: Vector, reach: Fraction) -> Fraction:
    """Return a bound of |ratio(t) − ratio(0)| for |t| <= reach."""
    return sum((abs(k) * reach**e for e, k in enumerate(ratio) if e), _ZERO)


def _predicted(multipliers: Vector) -> dict[str, Any] | None:
    """Return what the theorem's words say of these multipliers μ = 1 − ηλ, whether or not it applies."""
    low, high = max(multipliers), min(multipliers)
    if low == -high or multipliers.count(low) > 1 or multipliers.count(high) > 1:
        return None
    kind, end = ("fixed", low) if low > -high else ("alternating", high)
    return {"kind": kind, "axis": multipliers.index(end)}


def motion(
    name: str, line: Line, eta: Fraction, interval: tuple[Fraction, Fraction], radii: tuple[Fraction, ...]
) -> Motion:
    """Follow one coordinate of every start in an interval of displacements; ClaimError where that fails."""
    low, high = interval
    claim(f"{name}: its interval is not empty fails", low <= high)
    if low == high == 0:
        _ratio(line, eta, 1)  # the gradient vanishes there
        return Motion("vanishes")
    if low < high and not any(low < -h[2] / h[1] < high for h in line.hinges) and not _map(line, eta, low, high):
        _ratio(line, eta, 1)
        return Motion("vanishes")
    reach = {-1: radii[0], 1: radii[1]}
    claim(f"{name}: the radii are positive fails", min(radii) > 0)
    claim(f"{name}: the interval lies within the radii fails", -reach[-1] <= low and high <= reach[1])
    ratios = {side: _ratio(line, eta, side, reach[side]) for side in (-1, 1)}
    if all(ratio == [_ONE] for ratio in ratios.values()):
        return Motion("stays")
    if low <= 0 <= high or not all(ratio[0] for ratio in ratios.values()):
        most = max(abs(ratio[0]) + _spread(ratio, reach[side]) for side, ratio in ratios.items())
        claim(f"{name}: it decays fails: a factor may reach {show(most)}", most < 1)
        claim(f"{name}: it stays within the radii fails", most * max(radii) <= min(radii))
        return Motion("decays", most**2)
    side = 1 if low > 0 else -1
    turns = {s: 1 if ratio[0] > 0 else -1 for s, ratio in ratios.items()}
    for s in (side, -side) if turns[side] < 0 else (side,):
        slack = abs(ratios[s][0]) - _spread(ratios[s], reach[s])
        claim(f"{name}: F(t)/t keeps its sign fails on side {s:+}", slack > 0)
    if turns[side] < 0:
        far = (abs(ratios[side][0]) + _spread(ratios[side], reach[side])) * reach[side]
        claim(f"{name}: F maps side {side:+} within the radii fails", far <= reach[-side])
    if turns[side] > 0 or turns[-side] > 0:
        s = side * turns[side]  # where it is from step 1 on
        kind, factor = _growth(name, ratios[s], s, reach[s])
        return Motion(kind, factor**2, s, 1)
    # it changes sides at every step: every second step is a map of one side
    twice = [*_compose((_ZERO, *ratios[-side]), (_ZERO, *ratios[side]))[1:]]
    kind, square = _growth(name, twice, side, reach[side])
    return Motion(kind, square, side, -1)


def _growth(name: str, ratio: Vector, side: int, reach: Fraction) -> tuple[str, Fraction]:
    """Tell whether t -> ratio(t) t shrinks or grows all over a side, 0 < |t| <= reach, and its factor at 0."""
    factor = ratio[0]
    if factor != 1:
        spread = _spread(ratio, reach)
        claim(f"{name}: |F(t)/t| stays on one side of 1 fails", abs(factor - 1) > spread)
        return ("decays" if factor < 1 else "leaves"), factor
    order = next((e for e, k in enumerate(ratio) if e and k), 0)
    claim(f"{name}: F is not the identity on one side only fails", order > 0)
    rest = sum((abs(k) * reach ** (e - order) for e, k in enumerate(ratio) if e > order), _ZERO)
    claim(f"{name}: the first term beyond 1 decides fails", abs(ratio[order]) > rest)
    return ("decays" if ratio[order] * side**order < 0 else "leaves"), _ONE


@lru_cache(maxsize=256)
def _compose(outer: tuple[Fraction, ...], inner: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    """Return outer(inner(t))."""
    total: Vector = []
    for k in reversed(outer):
        product = [_ZERO] * max(len(total) + len(inner) - 1, 1)
        for i, x in enumerate(total):
            for j, y in enumerate(inner):
                product[i + j] += x * y
        product[0] += k
        total = product
    return tuple(total)
