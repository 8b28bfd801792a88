"""Vectors and matrices in the text of a loss: named data, and operations on their entries.

Data are float64 numbers, each taken as exact. An array is a scalar, or has shape (k,) or (m, k), with its entries row
by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import quoted
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.graph import Value

REDUCTIONS = ("dot", "mean", "sum")
"""The functions of arrays."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Array(Generic[Entry]):
    """Entries in a shape of at most two dimensions."""

    shape: tuple[int, ...]
    entries: tuple[Entry, ...]

    @classmethod
    def scalar(cls, entry: Entry) -> Array[Entry]:
        """Wrap one entry."""
        return cls((), (entry,))

    def each(self, change: Callable[[Entry], Entry]) -> Array[Entry]:
        """Change every entry."""
        return Array(self.shape, tuple(map(change, self.entries)))

    def rows(self) -> list[tuple[Entry, ...]]:
        """Return the rows of a matrix; a vector is one row."""
        width = self.shape[-1]
        return [self.entries[i : i + width] for i in range(0, len(self.entries), width)]


class ShapesError(ValueError):
    """The shapes of two arrays do not fit."""


def pairwise(join: Callable[[Entry, Entry], Entry], a: Array[Entry], b: Array[Entry]) -> Array[Entry]:
    """Join two arrays of one shape entry by entry; a scalar is joined with every entry.

    Raises:
        ShapesError: If their shapes differ.
    """
    if a.shape == b.shape:
        return Array(a.shape, tuple(map(join, a.entries, b.entries)))
    if not b.shape:
        return a.each(lambda x: join(x, b.entries[0]))
    if not a.shape:
        return b.each(lambda y: join(a.entries[0], y))
    raise ShapesError(f"the shapes {a.shape} and {b.shape} differ")


def product(
    inner: Callable[[Sequence[Entry], Sequence[Entry]], Entry], a: Array[Entry], b: Array[Entry]
) -> Array[Entry]:
    """Return the matrix product a @ b, each entry by ``inner``.

    Raises:
        ShapesError: If one is a scalar, or the inner sizes differ.
    """
    if not a.shape or not b.shape or a.shape[-1] != b.shape[0]:
        raise ShapesError(f"the shapes {a.shape} and {b.shape} have no product @")
    columns = [b.entries] if len(b.shape) == 1 else list(zip(*b.rows(), strict=True))
    return Array(a.shape[:-1] + b.shape[1:], tuple(inner(row, column) for row in a.rows() for column in columns))


def checked_data(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return named data as lists of floats, or of lists of floats.

    Raises:
        InputError: If a name cannot be used, or an array is empty, ragged, of another shape, or not of finite numbers.
    """
    return {name: _checked(name, array) for name, array in data.items()}


def _checked(name: str, array: Any) -> list[Any]:
    field = f"data {quoted(str(name))}"
    if not str(name).isidentifier() or name in (*FUNCTIONS, *REDUCTIONS, "max"):
        raise InputError("data", f"{quoted(str(name))} cannot name data; use letters, digits and _, and no function")
    found = array.tolist() if hasattr(array, "tolist") else array
    if not isinstance(found, list | tuple) or not found:
        raise InputError(field, "is not a vector or matrix; give a list of numbers or of rows")
    if not isinstance(found[0], list | tuple):
        return [_number(field, x) for x in found]
    rows = [row if isinstance(row, list | tuple) else [] for row in found]
    if not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise InputError(field, "has rows of different lengths; give a full matrix")
    return [[_number(field, x) for x in row] for row in rows]


def _number(field: str, x: Any) -> float:
    try:
        number = math.nan if isinstance(x, bool) else float(x)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(field, f"holds {quoted(str(x))}, which is not a finite number; remove or fix that row")
    return number


def constants(array: list[Any]) -> Array[Value]:
    """Return checked data as constants of a graph."""
    if isinstance(array[0], list):
        return Array((len(array), len(array[0])), tuple(_constant(x) for row in array for x in row))
    return Array((len(array),), tuple(map(_constant, array)))


def _constant(x: float) -> Value:
    return Value(fmpq(*x.as_integer_ratio()), {})
