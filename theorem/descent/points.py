"""Points as users give them: by name or by position, but never by a position that can be read in two ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import RationalLike, Vector, quoted, to_fmpq, to_text

Point: TypeAlias = "Sequence[RationalLike] | Mapping[str, RationalLike]"
"""What stands for a point: coordinates in the order of the variables, or a value for each name."""

_BRACKETS = {"(": ")", "[": "]"}


def read_point(text: str, field: str) -> list[str] | dict[str, str]:
    """Read the text of a point: ``1,0``, ``1 0``, ``(1, 0)``, ``[1, 0]`` or ``w=1,b=0``.

    Args:
        text: What a person writes.
        field: The field that an error names.

    Returns:
        The coordinates as texts: by name if names are given, else in order.

    Raises:
        InputError: If a bracket is left open, a name comes twice, or only some coordinates have names.
    """
    inner = text.strip()
    if inner[:1] in _BRACKETS:
        if inner[-1] != _BRACKETS[inner[0]]:
            raise InputError(field, f"{quoted(text)} opens a bracket and does not close it; write 1,0 or (1, 0)")
        inner = inner[1:-1]
    # Blanks around "=" belong to it; any other blank parts coordinates, as a comma does.
    inner = "=".join(part.strip() for part in inner.split("="))
    parts = [part.strip() for part in inner.split(",")] if "," in inner else inner.split() or [""]
    named = [part.partition("=") for part in parts]
    if not any(sign for _, sign, _ in named):
        return parts
    point = {name: value for name, _, value in named}
    if not all(sign for _, sign, _ in named):
        raise InputError(field, f"{quoted(text)} names only some coordinates; name all of them, as in w=1,b=0")
    if len(point) < len(parts):
        raise InputError(field, f"{quoted(text)} names a coordinate twice; give each once, as in w=1,b=0")
    return point


def place_point(values: Point, field: str, variables: Sequence[str], as_written: Sequence[str]) -> Vector:
    """Put the coordinates of a point in the order of the variables.

    Args:
        values: The coordinates, by position or by name.
        field: The field that an error names.
        variables: The variables in order.
        as_written: The same names in the order in which the loss first mentions them, if no order was given;
            else ``variables``.

    Returns:
        The point, shape (n,).

    Raises:
        InputError: If a coordinate is missing, unknown or no rational, or if the two orders give different points.
    """
    if isinstance(values, Mapping):
        return _by_name(values, field, variables)
    if len(values) != len(variables):
        names = ", ".join(variables)
        raise InputError(field, f"has {len(values)} coordinates; give {len(variables)}, for {names[:200]}")
    point = tuple(to_fmpq(v, field) for v in values)
    written = dict(zip(as_written, point, strict=True))
    if tuple(written[name] for name in variables) != point:
        both = " or ".join(_named(names, point) for names in (as_written, variables))
        raise InputError(field, f"has two readings: {both} (as written, or sorted); write one, or give the variables")
    return point


def _by_name(values: Mapping[str, RationalLike], field: str, variables: Sequence[str]) -> Vector:
    unknown = [name for name in values if name not in variables]
    missing = [name for name in variables if name not in values]
    if unknown or missing:
        wrong = f"names {quoted(str(unknown[0]))}, which is no variable" if unknown else f"lacks {quoted(missing[0])}"
        raise InputError(field, f"{wrong}; give a value for each of {', '.join(variables)[:200]}")
    return tuple(to_fmpq(values[name], field) for name in variables)


def _named(variables: Sequence[str], point: Sequence[fmpq]) -> str:
    shown = ",".join(f"{name}={to_text(x)[:24]}" for name, x in zip(variables[:4], point, strict=False))
    return shown + (",…" if len(variables) > 4 else "")
