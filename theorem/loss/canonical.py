"""The canonical text of a loss: one text for each loss, the form in which certificates store it."""

from collections.abc import Iterable, Sequence

from flint import fmpq

from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.loss.truncated import TruncatedPower


def _signed(coefficient: fmpq, factor: str) -> tuple[bool, str]:
    """Return whether a term is negative, and its text without the sign."""
    negative = bool(coefficient < 0)
    number = to_text(-coefficient if negative else coefficient)
    if not factor:
        return negative, number
    return negative, factor if number == "1" else f"{number}*{factor}"


def _joined(terms: Iterable[tuple[bool, str]]) -> str:
    """Join signed terms by plus and minus."""
    parts: list[str] = []
    for negative, text in terms:
        if parts:
            parts.append(" - " if negative else " + ")
        elif negative:
            parts.append("-")
        parts.append(text)
    return "".join(parts) or "0"


def _monomial(variables: Sequence[str], exponents: Sequence[int]) -> str:
    return "*".join([name if e == 1 else f"{name}**{e}" for name, e in zip(variables, exponents, strict=True) if e])


def _hinge(variables: Sequence[str], power: TruncatedPower) -> str:
    slopes = [_signed(slope, name) for name, slope in zip(variables, power.direction, strict=True) if slope]
    if power.threshold:
        slopes.append(_signed(-power.threshold, ""))
    return f"max({_joined(slopes)}, 0)**{power.power}"


def canonical_text(
    variables: Sequence[str],
    terms: Iterable[tuple[tuple[int, ...], fmpq]],
    truncated: Iterable[TruncatedPower],
) -> str:
    """Write a loss whose terms are already in canonical order.

    Args:
        variables: The names.
        terms: Exponents and coefficients of the polynomial part.
        truncated: The truncated powers.

    Returns:
        Text such as ``1/2*x**2 + 2*y**2 - x*y**2 + 3/4*max(x - 2*y - 1/2, 0)**4``, or ``0``.
    """
    parts = [_signed(coefficient, _monomial(variables, exponents)) for exponents, coefficient in terms]
    parts += [_signed(power.coefficient, _hinge(variables, power)) for power in truncated]
    return _joined(parts)
