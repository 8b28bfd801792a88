"""A loss read from its canonical text, and moved to a minimizer, in plain fractions: nothing here is the engine's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Exponents = tuple[int, ...]
_POWER = re.compile(r"^max\((.*), 0\)\*\*(\d+)$")


@dataclass(frozen=True)
class Kink:
    """A truncated power c (l.h + a)_+^p."""

    factor: Fraction
    slope: tuple[Fraction, ...]
    offset: Fraction
    power: int


@dataclass(frozen=True)
class LocalLoss:
    """A loss around a point: the coefficients of its polynomial part in h, and its truncated powers."""

    dimension: int
    terms: dict[Exponents, Fraction]
    kinks: tuple[Kink, ...]


def read_loss(text: str, variables: Sequence[str], centre: Sequence[Fraction]) -> LocalLoss:
    """Read a loss in the form of docs/certificate.md, in h = x - centre.

    Args:
        text: The canonical text.
        variables: The names, n of them.
        centre: The point, shape (n,).
    """
    n = len(variables)
    total: dict[Exponents, Fraction] = defaultdict(Fraction)
    kinks = []
    for sign, body in _summands(text):
        head, bracket, tail = body.partition("max(")
        if bracket:
            found = _POWER.match(bracket + tail)
            assert found is not None, body
            factor = sign * (Fraction(head.removesuffix("*")) if head else 1)
            slope, offset = [Fraction(0)] * n, Fraction(0)
            for s, part in _summands(found[1]):
                c, alpha = _monomial(part, variables)
                if any(alpha):
                    slope[alpha.index(1)] += s * c
                else:
                    offset += s * c
            offset += sum((a * b for a, b in zip(slope, centre, strict=True)), Fraction(0))
            kinks.append(Kink(factor, tuple(slope), offset, int(found[2])))
        else:
            c, alpha = _monomial(body, variables)
            for beta, share in _moved(alpha, centre).items():
                total[beta] += sign * c * share
    joined = _joined(kinks, total)
    return LocalLoss(n, {alpha: c for alpha, c in total.items() if c and any(alpha)}, joined)


def _summands(text: str) -> list[tuple[int, str]]:
    """The summands with their signs; those in brackets stay together."""
    parts, depth, sign, begun = [], 0, 1, 0
    if text.startswith("-"):
        sign, begun = -1, 1
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == " " and not depth and text[place + 1 : place + 3] in {"+ ", "- "}:
            parts.append((sign, text[begun:place]))
            sign, begun = (1 if text[place + 1] == "+" else -1), place + 3
    return [*parts, (sign, text[begun:])]


def _monomial(text: str, variables: Sequence[str]) -> tuple[Fraction, Exponents]:
    c, alpha = Fraction(1), [0] * len(variables)
    for factor in text.replace("**", "^").split("*"):
        name, _, exponent = factor.partition("^")
        if name in variables:
            alpha[list(variables).index(name)] += int(exponent or 1)
        else:
            c *= Fraction(factor)
    return c, tuple(alpha)


def _moved(alpha: Exponents, centre: Sequence[Fraction]) -> dict[Exponents, Fraction]:
    """The monomial (centre + h)^alpha in h, by repeated multiplication."""
    found = {(0,) * len(alpha): Fraction(1)}
    for i, e in enumerate(alpha):
        for _ in range(e):
            grown: dict[Exponents, Fraction] = defaultdict(Fraction)
            for beta, c in found.items():
                grown[(*beta[:i], beta[i] + 1, *beta[i + 1 :])] += c
                if centre[i]:
                    grown[beta] += c * centre[i]
            found = grown
    return found


def _joined(kinks: Sequence[Kink], total: dict[Exponents, Fraction]) -> tuple[Kink, ...]:
    """Squares, and cubes, on one plane as one power and a polynomial; those with p >= 4 as they are."""
    planes: dict[tuple[object, ...], Kink] = {}
    for place, kink in enumerate(kinks):
        if kink.power > 3:
            planes[place, kink.power] = kink
            continue
        scale = next(x for x in kink.slope if x)
        slope, offset, p = tuple(x / scale for x in kink.slope), kink.offset / scale, kink.power
        factor = kink.factor * abs(scale) ** p
        if scale < 0:
            # (-s)_+^p = (-s)^p - (-1)^p s_+^p.
            for alpha, c in _power(slope, offset, p).items():
                total[alpha] += factor * (-1) ** p * c
            factor *= -((-1) ** p)
        key = (slope, offset, p)
        factor += planes[key].factor if key in planes else 0
        planes[key] = Kink(factor, slope, offset, p)
    return tuple(kink for kink in planes.values() if kink.factor)


def _power(slope: Sequence[Fraction], offset: Fraction, p: int) -> dict[Exponents, Fraction]:
    """The polynomial (slope.h + offset)^p."""
    n = len(slope)
    line = {tuple(int(i == j) for j in range(n)): x for i, x in enumerate(slope) if x} | {(0,) * n: offset}
    found = {(0,) * n: Fraction(1)}
    for _ in range(p):
        grown: dict[Exponents, Fraction] = defaultdict(Fraction)
        for alpha, c in found.items():
            for beta, x in line.items():
                grown[tuple(a + b for a, b in zip(alpha, beta, strict=True))] += c * x
        found = grown
    return found
