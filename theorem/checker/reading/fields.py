"""Records read strictly from JSON: docs/certificate.md, *Fields*.

A record is an object with exactly the fields of a dataclass. The types that the dataclass states say what each field
must be: ``Fraction`` an exact number, ``int`` a whole number from 0 to 10^6, ``str`` text, ``tuple`` a list, another
dataclass an object, and ``… | None`` something that may be null. Narrower types, such as ``Positive``, are annotated.
``path`` names a field in the sentence of a refusal; ``n`` is the number of the problem's variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from fractions import Fraction
from types import NoneType
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from gdcheck.theorem.checker.outcome import BadCertificate, look

NUMBER = re.compile(r"-?[0-9]+(?:/[1-9][0-9]*|(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,5})?)")
NAME = re.compile(r"(?!max$)[^\W\d]\w*")
MOST_CHARACTERS, MOST_STEPS, MOST_VARIABLES = 4000, 10**6, 32
ANY = range(301)
"""The lengths that a list may have."""

T = TypeVar("T")


def refuse(path: str, must: str) -> NoReturn:
    """Refuse a field."""
    raise BadCertificate(f"{path} must be {must}")


def read_record(kind: type[T], value: object, path: str, n: int, without: Container[str] = ()) -> T:
    """Read an object into a dataclass.

    Args:
        kind: The dataclass.
        value: The parsed JSON.
        path: The object's own name; empty for the whole certificate.
        n: The number of variables.
        without: Fields of the dataclass that the object does not have; they keep their defaults.

    Returns:
        The record.

    Raises:
        BadCertificate: If a field is missing, unknown, or not of its type; the sentence names it.
    """
    hints = {name: hint for name, hint in hints_of(kind).items() if name not in without}
    return kind(**read_fields(hints, value, path, n))


def hints_of(kind: Any) -> Mapping[str, Any]:
    """Return the types that a dataclass, or the arguments of a function, are annotated with."""
    return get_type_hints(kind, include_extras=True)


def read_fields(hints: Mapping[str, Any], value: object, path: str, n: int) -> dict[str, Any]:
    """Read an object that has exactly the fields of these names and types."""
    whole = path or "certificate"
    if type(value) is not dict:
        refuse(whole, "an object")
    if value.keys() != hints.keys():
        lacks = [name for name in hints if name not in value]
        more = f"lacks {lacks[0]}" if lacks else "has others too"
        raise BadCertificate(f"{whole} must have the fields {', '.join(hints)} and no other; it {more}")
    return {name: read_as(hint, value[name], f"{path}.{name}".lstrip("."), n) for name, hint in hints.items()}


def read_as(kind: Any, value: object, path: str, n: int) -> Any:
    """Read a value of a type."""
    inner = get_args(kind)
    if get_origin(kind) is Annotated:
        # Nested annotations are flattened, the innermost first; the last reader alone reads the value.
        *rest, reader = inner
        return reader(Annotated[tuple(rest)] if len(rest) > 1 else rest[0], value, path, n)
    if get_origin(kind) is Literal:
        if not any(type(value) is type(x) and value == x for x in inner):
            refuse(path, " or ".join(map(repr, inner)))
        return value
    if get_origin(kind) is tuple:
        return read_list(inner[0], value, path, n, ANY if inner[1] is Ellipsis else range(len(inner), len(inner) + 1))
    if NoneType in inner:
        return None if value is None else read_as(inner[0], value, path, n)
    if kind in _PLAIN:
        return _PLAIN[kind](value, path)
    return kind.read(value, path, n) if hasattr(kind, "read") else read_record(kind, value, path, n)


def read_list(kind: Any, value: object, path: str, n: int, sizes: range = ANY) -> tuple[Any, ...]:
    """Read a list of entries of one type; its length is one of the sizes."""
    if type(value) is not list or len(value) not in sizes:
        refuse(path, f"a list of {f'at most {sizes[-1]}' if len(sizes) > 1 else sizes[0]} entries")
    return tuple(read_as(kind, x, f"{path}[{i}]", n) for i, x in enumerate(value))


def _number(value: object, path: str) -> Fraction:
    if type(value) is not str or len(value) > MOST_CHARACTERS or not NUMBER.fullmatch(value):
        refuse(path, f"a number such as '-3/7', of at most {MOST_CHARACTERS} characters")
    if "e" in value.lower():
        # Such a number takes longer to read than its length tells.
        look("reading its numbers")
    return Fraction(value)


def _text(value: object, path: str) -> str:
    if type(value) is not str or not value:
        refuse(path, "text")
    return value


def _truth(value: object, path: str) -> bool:
    if type(value) is not bool:
        refuse(path, "true or false")
    return value


# Narrower types: the second part of an annotation reads a value of the first part's type -----------------------------


def whole(low: int, high: int) -> Callable[[Any, object, str, int], int]:
    """Return a reader of a whole number between two numbers."""

    def read(kind: Any, value: object, path: str, n: int) -> int:
        if type(value) is not int or not low <= value <= high:
            refuse(path, f"a whole number from {low} to {high}")
        return value

    return read


def _positive(kind: Any, value: object, path: str, n: int) -> Fraction:
    number = _number(value, path)
    if number <= 0:
        refuse(path, "positive")
    return number


def stated(kind: Any, value: object, path: str, n: int) -> object:
    """Read a field that may be absent, but not null."""
    return read_as(get_args(kind)[0], value, path, n)


def _one_each(kind: Any, value: object, path: str, n: int) -> tuple[Any, ...]:
    return read_list(get_args(kind)[0], value, path, n, range(n, n + 1))


def distinct_names(most: int) -> Callable[[Any, object, str, int], tuple[str, ...]]:
    """Return a reader of a list of at most ``most`` distinct names."""

    def read(kind: Any, value: object, path: str, n: int) -> tuple[str, ...]:
        few = type(value) is not list or len(value) <= most
        names = read_list(str, value, path, n, range(most + 1)) if few else ()
        if not 1 <= len(names) == len({*names}) or not all(map(NAME.fullmatch, names)):
            refuse(path, f"1 to {most} distinct names")
        return names

    return read


_PLAIN: dict[Any, Callable[[object, str], object]] = {
    Fraction: _number,
    int: lambda value, path: whole(0, MOST_STEPS)(int, value, path, 0),
    str: _text,
    bool: _truth,
}

Interval = tuple[Fraction, Fraction]
"""The two ends of an interval."""
PerVariable = Annotated[tuple[T, ...], _one_each]
"""An entry for each variable, shape (n, …)."""
Point = PerVariable[Fraction]
"""A vector, shape (n,)."""
Positive = Annotated[Fraction, _positive]
"""A number larger than 0."""
Names = Annotated[tuple[str, ...], distinct_names(MOST_VARIABLES)]
"""The names of the variables, which are distinct."""
Side = Literal[1, -1]
"""A sign."""
FARTHEST = 10**38
Step = Annotated[int, whole(0, FARTHEST)]
"""A step that the checker need not reach one step at a time."""


def size_of(value: object) -> int:
    """Return the number n of variables of a problem, or of a certificate's problem; reading refuses malformed ones."""
    for name in ("theorem", "problem", "variables"):
        value = value.get(name, value) if type(value) is dict else value
    return len(value) if type(value) is list else 0
