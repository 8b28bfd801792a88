"""Exact rational numbers: from the user's input to ``fmpq``, and back to text.

A float is never accepted: the float ``0.1`` is not one tenth, and a proof must be about the problem that was meant.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from flint import fmpq, fmpq_mat

from gdcheck.theorem.loss.errors import InputError

RationalLike: TypeAlias = "int | Fraction | str | fmpq"
"""The types that state an exact rational number: ``3``, ``Fraction(1, 3)``, ``"1/3"``, ``"-2e-3"``, ``fmpq(1, 3)``."""

Vector: TypeAlias = tuple[fmpq, ...]
"""An exact vector, shape (n,)."""

MAX_DIGITS = 4000
"""The most digits that a written number may have (its numerator and its denominator each)."""

MAX_EXPONENT = 1000
"""The largest absolute value of a decimal exponent."""

DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""Regular expression of an unsigned decimal number; its digits are ASCII digits."""

_LARGEST = 10**MAX_DIGITS
_PARTS = re.compile(r"([0-9]*)\.?([0-9]*)(?:[eE]([+-]?)([0-9]+))?")
_NUMBER = re.compile(rf"\s*([+-]?)({DECIMAL})\s*")
_FRACTION = re.compile(r"\s*([+-]?)([0-9]+)\s*/\s*([0-9]+)\s*")


def quoted(text: str, limit: int = 40) -> str:
    """Show ``text`` inside an error message: escaped, and cut after ``limit`` characters.

    Args:
        text: Any text, hostile text included.
        limit: The most characters of it to show.

    Returns:
        Its ``repr``, with ``...`` where it was cut.
    """
    return repr(text) if len(text) <= limit else f"{text[:limit]!r}..."


def decimal_to_fmpq(text: str, field: str, where: str = "") -> fmpq:
    """Read an unsigned decimal number that matches ``DECIMAL``, exactly.

    Args:
        text: The number, such as ``12``, ``0.5``, ``.5`` or ``1e-12``.
        field: The field that an error names.
        where: A phrase such as `` at character 7`` that an error adds.

    Returns:
        Its exact value.

    Raises:
        InputError: If it has more than 4000 digits, or an exponent beyond ±1000.
    """
    match = _PARTS.fullmatch(text)
    if match is None:
        raise InputError(field, f"{quoted(text)}{where} is not a decimal number; write one such as 12, 0.5 or 1e-12")
    whole, decimals, sign, exponent = match.groups()
    if len(whole) + len(decimals) > MAX_DIGITS:
        raise InputError(field, f"the number {quoted(text)}{where} has more than {MAX_DIGITS} digits; write fewer")
    value: fmpq = fmpq(int(whole + decimals or "0"))
    power = 0
    if exponent is not None:
        significant = exponent.lstrip("0")
        if len(significant) > 4 or int(significant or "0") > MAX_EXPONENT:
            raise InputError(
                field, f"the exponent of {quoted(text)}{where} is beyond ±{MAX_EXPONENT}; bring it into that range"
            )
        power = int(sign + (significant or "0"))
    power -= len(decimals)
    if not power:
        return value
    scale: int = 10 ** abs(power)
    return value * scale if power > 0 else value / scale


def _text_to_fmpq(text: str, field: str) -> fmpq:
    """Read a decimal number or a fraction of two integers."""
    match = _NUMBER.fullmatch(text)
    if match is not None:
        value = decimal_to_fmpq(match[2], field)
        return -value if match[1] == "-" else value
    match = _FRACTION.fullmatch(text)
    if match is None:
        raise InputError(
            field, f"{quoted(text)} is not a rational number; write an integer, a decimal or a fraction such as 2/5"
        )
    value, divisor = decimal_to_fmpq(match[2], field), decimal_to_fmpq(match[3], field)
    if not divisor:
        raise InputError(field, f"{quoted(text)} divides by zero; write a fraction with a non-zero denominator")
    quotient: fmpq = value / divisor
    return -quotient if match[1] == "-" else quotient


def to_fmpq(value: RationalLike, field: str) -> fmpq:
    """Return the rational number that a value states, exactly.

    An ``fmpq`` is returned as it is, whatever its size: the limit on digits is for input, and results of exact
    computations outgrow it.

    Args:
        value: An int, a ``Fraction``, an ``fmpq``, or text such as ``0.1``, ``1/3``, ``-2e-3``, ``1e-12``.
        field: The field that an error names (``step_size``, ``start``, ...).

    Returns:
        The exact value.

    Raises:
        InputError: For a bool, a float, any other type, text that is not a rational number, a division by zero, more
            than 4000 digits, or a decimal exponent beyond ±1000.
    """
    if isinstance(value, fmpq):
        return value
    if isinstance(value, str):
        return _text_to_fmpq(value, field)
    if isinstance(value, bool):
        raise InputError(field, f"{value} is a truth value, not a number; write 1 or 0")
    if isinstance(value, float):
        raise InputError(
            field,
            f"{value!r} is a float, which is not exact; write the number as text such as '0.1' or '1/10'",
        )
    if isinstance(value, int | Fraction):
        numerator, denominator = int(value.numerator), int(value.denominator)
        if abs(numerator) >= _LARGEST or denominator >= _LARGEST:
            raise InputError(field, f"the number has more than {MAX_DIGITS} digits; write fewer")
        return fmpq(numerator, denominator)
    raise InputError(
        field, f"a {type(value).__name__} is not a rational number; write an int, a Fraction, or text such as '1/3'"
    )


def to_float(value: fmpq) -> float:
    """Return the nearest float of a rational.

    Args:
        value: The number.

    Returns:
        The float.

    Raises:
        OverflowError: If it is beyond all floats.
    """
    return int(value.p) / int(value.q)


def to_text(value: fmpq) -> str:
    """Write a rational number as ``p`` or ``p/q``, in lowest terms with q > 0.

    Args:
        value: The number.

    Returns:
        Its text; ``to_fmpq`` reads it back.
    """
    return str(value)


def dot(u: Sequence[fmpq], v: Sequence[fmpq]) -> fmpq:
    """Return the inner product of two vectors, both of shape (n,)."""
    return sum((x * y for x, y in zip(u, v, strict=True)), fmpq(0))


def null_space(matrix: fmpq_mat) -> list[list[fmpq]]:
    """Return the solutions of Mv = 0, exactly.

    Args:
        matrix: M, shape (m, n).

    Returns:
        A basis, each vector of shape (n,).
    """
    reduced, rank = matrix.rref()
    n = matrix.ncols()
    pivots = [next(j for j in range(n) if reduced[i, j] != 0) for i in range(rank)]
    basis = []
    for free in sorted(set(range(n)) - set(pivots)):
        v = [fmpq(0)] * n
        v[free] = fmpq(1)
        for row, pivot in enumerate(pivots):
            v[pivot] = -reduced[row, free]
        basis.append(v)
    return basis


def identity(n: int) -> fmpq_mat:
    """Return the unit matrix, shape (n, n)."""
    return fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def positive(value: RationalLike, field: str) -> fmpq:
    """Read a rational number above zero.

    Args:
        value: The number, as ``to_fmpq`` takes it.
        field: The name of the field it comes from, for error messages.

    Returns:
        The number.

    Raises:
        InputError: If it is not a rational number, or not positive.
    """
    number = to_fmpq(value, field)
    if number <= 0:
        raise InputError(field, f"{to_text(number)} is not positive; give a rational above 0, such as 0.1 or 2/5")
    return number
