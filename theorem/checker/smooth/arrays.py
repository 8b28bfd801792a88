"""Vectors and matrices in the text of a loss, and the data that it names: numbers that are IEEE doubles, each exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, NoReturn, TypeVar

from gdcheck.theorem.checker.outcome import BadCertificate, within
from gdcheck.theorem.checker.reading.fields import NAME, refuse

MOST_NUMBERS = 10**6
_EXACT = 2**53
T = TypeVar("T")


def refuse_loss(what: str) -> NoReturn:
    """Refuse the text of a loss."""
    raise BadCertificate(f"problem.loss: {what}; write a smooth loss")


@dataclass(frozen=True)
class Array(Generic[T]):
    """A matrix of rows by columns; a vector has ``columns`` None, and a single entry both None."""

    rows: int | None
    columns: int | None
    entries: list[T]

    def each(self, change: Callable[[T], T]) -> Array[T]:
        """Change every entry."""
        return Array(self.rows, self.columns, [change(x) for x in self.entries])

    def entry(self) -> T:
        """Return the only entry."""
        if self.rows is not None:
            refuse_loss("an array stands where a number belongs")
        return self.entries[0]


def single(entry: T) -> Array[T]:
    """Return an array that is one entry."""
    return Array(None, None, [entry])


def pairwise(join: Callable[[T, T], T], a: Array[T], b: Array[T]) -> Array[T]:
    """Join entry by entry; a single entry goes with all."""
    if b.rows is None:
        return a.each(lambda x: join(x, b.entries[0]))
    if a.rows is None:
        return b.each(lambda y: join(a.entries[0], y))
    if (a.rows, a.columns) != (b.rows, b.columns):
        refuse_loss("arrays of different shapes are joined")
    return Array(a.rows, a.columns, [join(x, y) for x, y in zip(a.entries, b.entries, strict=True)])


def matrix_product(inner: Callable[[Sequence[T], Sequence[T]], T], a: Array[T], b: Array[T]) -> Array[T]:
    """Return a @ b; a vector on the left is a row, on the right a column."""
    shared = a.rows if a.columns is None else a.columns
    if shared is None or shared != b.rows:
        refuse_loss("a product @ of arrays that do not fit")
    wide = 1 if b.columns is None else b.columns
    left = [a.entries[i : i + shared] for i in range(0, len(a.entries), shared)]
    right = [b.entries[j::wide] for j in range(wide)]
    entries = [inner(row, column) for row in left for column in right]
    if a.columns is None:
        return Array(b.columns, None, entries)
    return Array(a.rows, b.columns, entries)


def read_data(value: object) -> dict[str, Array[Fraction]]:
    """Read named data: lists of numbers, or of rows of one length.

    Raises:
        BadCertificate: If it is anything else.
    """
    path = "problem.data"
    if type(value) is not dict:
        refuse(path, "an object of arrays")
    found = {}
    for name, array in value.items():
        if not NAME.fullmatch(name):
            refuse(path, "names as keys")
        if type(array) is not list or not array:
            refuse(path, "arrays that are not empty")
        rows = array if type(array[0]) is list else [array]
        width = len(rows[0])
        if not width or any(type(row) is not list or len(row) != width for row in rows):
            refuse(path, "rows of one length")
        within(len(rows) * width <= MOST_NUMBERS, f"an array of more than {MOST_NUMBERS} numbers")
        numbers = [_double(x) for row in rows for x in row]
        found[name] = Array(len(rows), width, numbers) if rows is array else Array(width, None, numbers)
    return found


def _double(x: object) -> Fraction:
    """Return the double that a JSON number is."""
    if type(x) is int and abs(x) <= _EXACT:
        return Fraction(x)
    if type(x) is not float or x - x != 0:  # For infinity and NaN, x - x is NaN.
        refuse("problem.data", f"finite doubles in its arrays, or whole numbers up to {_EXACT}")
    return Fraction(x)
