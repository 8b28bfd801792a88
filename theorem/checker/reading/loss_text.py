r"""The text of a loss: a polynomial and truncated powers. docs/certificate.md, *Text of a loss* and *Joined powers*."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

from gdcheck.theorem.checker.exact import Exponents, Polynomial, Vector, power_of_line
from gdcheck.theorem.checker.outcome import BadCertificate, look

DEGREE = 16
JOINED_POWERS = (2, 3)
SIGN = re.compile(r" ([+-]) ")
PRODUCT = re.compile(r"(?<!\*)\*(?!\*)")
COEFFICIENT = re.compile(r"[0-9]{1,999}(?:/[1-9][0-9]{0,999})?")
POWER = re.compile(r"([^\W\d]\w*)(?:\*\*([1-9][0-9]?))?")
TRUNCATED = re.compile(r"(?:(.*)\*)?max\(([^()]+), 0\)\*\*([2-9]|1[0-6])")


@dataclass(frozen=True)
class TruncatedPower:
    """The function factor * max(slope . x + offset, 0)**power.

    Attributes:
        factor: Not zero.
        slope: Not all zero, shape (n,).
        offset: A number.
        power: From 2 to 16.
    """

    factor: Fraction
    slope: Vector
    offset: Fraction
    power: int


@dataclass(frozen=True)
class Loss:
    """A polynomial plus truncated powers. No two squares, and no two cubes, have their kink on one plane."""

    polynomial: Polynomial
    truncated: tuple[TruncatedPower, ...]


def read_loss(text: str, names: Sequence[str]) -> Loss:
    """Read a loss.

    Args:
        text: The text.
        names: The names of its variables.

    Returns:
        The loss, with its truncated powers joined.

    Raises:
        BadCertificate: If the text is not of the form in docs/certificate.md.
    """
    coefficients = defaultdict[Exponents, Fraction](Fraction)
    truncated: list[TruncatedPower] = []
    for sign, term in _signed_terms(text):
        look("the text of the loss")
        match = TRUNCATED.fullmatch(term)
        if match is None:
            alpha, k = _monomial(term, names)
            coefficients[alpha] += sign * k
        else:
            power = _truncated_power(match, term, names)
            truncated.append(replace(power, factor=sign * power.factor))
    joined = _joined_on_planes(coefficients, truncated)
    return Loss(Polynomial.of(coefficients), tuple(joined))


def _signed_terms(text: str) -> list[tuple[int, str]]:
    """Split a sum into its terms, each with its sign; the signs inside max(…) do not end a term."""
    first, *others = SIGN.split(text)
    pieces = [("-", first[1:]) if first.startswith("-") else ("+", first), *zip(others[::2], others[1::2], strict=True)]
    terms: list[tuple[int, list[str]]] = []
    inside = False
    for sign, piece in pieces:
        if inside:
            terms[-1][1].extend((sign, piece))
        else:
            terms.append((-1 if sign == "-" else 1, [piece]))
        inside = (inside or "(" in piece) and ")" not in piece
    return [(sign, " ".join(parts)) for sign, parts in terms]


def _refuse(term: str) -> NoReturn:
    raise BadCertificate(
        f"problem.loss must be a sum as in docs/certificate.md, of degree {DEGREE} at most: not {term[:60]!r}"
    )


def _monomial(term: str, names: Sequence[str]) -> tuple[Exponents, Fraction]:
    """Read a product: a coefficient, if there is one, and powers of variables."""
    first, *others = PRODUCT.split(term)
    coefficient, powers = Fraction(1), [first, *others]
    if COEFFICIENT.fullmatch(first):
        coefficient, powers = Fraction(first), others
    exponents = [0] * len(names)
    for text in powers:
        power = POWER.fullmatch(text)
        if power is None or power[1] not in names:
            _refuse(term)
        exponents[names.index(power[1])] += int(power[2] or 1)
    if sum(exponents) > DEGREE:
        _refuse(term)
    return tuple(exponents), coefficient


def _truncated_power(match: re.Match[str], term: str, names: Sequence[str]) -> TruncatedPower:
    """Read a truncated power."""
    number, line, exponent = match.groups()
    if number is not None and not COEFFICIENT.fullmatch(number):
        _refuse(term)
    slope, offset = [Fraction(0)] * len(names), Fraction(0)
    for sign, part in _signed_terms(line):
        alpha, k = _monomial(part, names)
        if sum(alpha) > 1:
            raise BadCertificate("problem.loss must be linear in max")
        if any(alpha):
            slope[alpha.index(1)] += sign * k
        else:
            offset += sign * k
    if not any(slope):
        raise BadCertificate("problem.loss must be linear in max")
    return TruncatedPower(Fraction(number or 1), tuple(slope), offset, int(exponent))


def _joined_on_planes(
    coefficients: defaultdict[Exponents, Fraction], truncated: Sequence[TruncatedPower]
) -> list[TruncatedPower]:
    """Join all squares, and all cubes, whose kinks lie on one plane. Polynomials that result are added to the loss.

    Let s = slope . x + offset for the first of them. Each is factor * |k|^p (s)_+^p or factor * |k|^p (-s)_+^p, and
    (-s)_+^p = (-1)^p (s^p - (s)_+^p), since s^p = (s)_+^p + (-1)^p (-s)_+^p. Terms with the factor zero are left out.
    """
    planes: dict[object, list[TruncatedPower]] = {}
    for number, power in enumerate(truncated):
        lead = next(x for x in power.slope if x)
        plane = (tuple(x / lead for x in power.slope), power.offset / lead, power.power)
        planes.setdefault(plane if power.power in JOINED_POWERS else number, []).append(power)
    left = []
    for first, *others in planes.values():
        p, factor = first.power, first.factor
        for power in others:
            k = next(x / y for x, y in zip(power.slope, first.slope, strict=True) if y)
            size = power.factor * abs(k) ** p
            if k < 0:
                size *= (-1) ** p
                for alpha, x in power_of_line(first.slope, first.offset, p).coefficients().items():
                    coefficients[alpha] += size * x
                size = -size
            factor += size
        if factor:
            left.append(replace(first, factor=factor))
    return left
