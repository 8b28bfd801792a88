"""Arrays of enclosed numbers whose comparisons have three values: true, false and undecided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gdcheck.properties.claims.undecided import Undecided
from gdcheck.theorem.loss.balls import at_most, whole_power
from gdcheck.theorem.loss.rational import to_fmpq

Objects: TypeAlias = npt.NDArray[Any]
Number: TypeAlias = "Enclosed | arb | fmpq | Fraction | int | str"
"""The types that can state an enclosed number; texts such as "1/10" are exact, floats are refused."""


def _less(left: arb, right: arb) -> bool | None:
    reverse = at_most(right, left)
    return None if reverse is None else not reverse


def _equal(left: arb, right: arb) -> bool | None:
    if not (left.is_finite() and right.is_finite()):
        return None
    if not left.overlaps(right):
        return False
    return True if left.is_exact() and right.is_exact() else None


_LESS, _AT_MOST, _EQUAL = (np.frompyfunc(f, 2, 1) for f in (_less, at_most, _equal))


class Truth:
    """Truth values, one or an array of them: True, False or None for undecided; ``&``, ``|``, ``~`` are Kleene's.

    Attributes:
        values: The values, shape (…).
        observed: Whether the value rests on a finite stretch of a trajectory, so that it proves nothing.
    """

    __array_ufunc__ = None

    def __init__(self, values: object, *, observed: bool = False) -> None:
        self.values: Objects = np.asarray(values, dtype=object)
        self.observed = observed

    def __bool__(self) -> bool:
        """Return one truth value, for ``if``, ``and`` and chained comparisons.

        Raises:
            TypeError: If there are several.
            Undecided: If it is undecided: the examination of this problem ends so.
        """
        if self.values.size != 1:
            raise TypeError("several truth values at once are neither true nor false; use .all() or .any()")
        (value,) = self.values.flat
        if value is None:
            raise Undecided("a comparison is undecided")
        return bool(value)

    def __and__(self, other: Truth) -> Truth:
        return self._with(other, lambda a, b: False if a is False or b is False else None if None in {a, b} else True)

    def __or__(self, other: Truth) -> Truth:
        return self._with(other, lambda a, b: True if a is True or b is True else None if None in {a, b} else False)

    def __invert__(self) -> Truth:
        return Truth(np.frompyfunc(lambda a: None if a is None else not a, 1, 1)(self.values), observed=self.observed)

    def __getitem__(self, key: Any) -> Truth:
        return Truth(self.values[key], observed=self.observed)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Truth({self.values.tolist()!r})"

    def _with(self, other: object, join: Callable[[Any, Any], bool | None]) -> Truth:
        if not isinstance(other, Truth):
            raise TypeError(f"a truth value cannot be joined with a {type(other).__name__}")
        joined = np.frompyfunc(join, 2, 1)(self.values, other.values)
        return Truth(joined, observed=self.observed or other.observed)

    def all(self) -> Truth:
        """Whether all are true; false as soon as one is false."""
        found = list(self.values.flat)
        return Truth(False if False in found else None if None in found else True, observed=self.observed)

    def any(self) -> Truth:
        """Whether any is true; true as soon as one is true."""
        return ~(~self).all()

    def from_some_step_on(self) -> Truth:
        """Whether all are true from some step on, along the first axis, as far as the steps walked show.

        Returns:
            True if the last half of the steps walked are true, False if one of the last quarter is false, else
            undecided. Steps that were not followed may differ: a verdict that rests on it is *observed*.

        Raises:
            TypeError: If there are no steps.
        """
        if self.values.ndim == 0 or not len(self.values):
            raise TypeError("from_some_step_on() needs a truth value for each step")
        n = len(self.values)
        half, quarter = (self[n - max(1, n // parts) :].all().values.item() for parts in (2, 4))
        return Truth(False if quarter is False else True if half is True else None, observed=True)


class Enclosed:
    """Numbers enclosed in Arb balls, one or an array of them, with numpy's arithmetic and indices.

    A comparison is a :class:`Truth`: true if it holds for all points of the balls, false if for none, else undecided.

    Attributes:
        values: The balls, shape (…).
    """

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: object) -> None:
        self.values: Objects = np.asarray(values, dtype=object)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, as numpy's."""
        return self.values.shape

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Enclosed]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Enclosed:
        return Enclosed(self.values[key])

    def __repr__(self) -> str:
        return f"Enclosed({self.values.astype(str).tolist()!r})"

    def __add__(self, other: Number) -> Enclosed:
        return Enclosed(self.values + _objects(other))

    def __sub__(self, other: Number) -> Enclosed:
        return Enclosed(self.values - _objects(other))

    def __rsub__(self, other: Number) -> Enclosed:
        return Enclosed(_objects(other) - self.values)

    def __mul__(self, other: Number) -> Enclosed:
        return Enclosed(self.values * _objects(other))

    def __truediv__(self, other: Number) -> Enclosed:
        return Enclosed(self.values / _objects(other))

    def __rtruediv__(self, other: Number) -> Enclosed:
        return Enclosed(_objects(other) / self.values)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, exponent: int) -> Enclosed:
        whole = self._each(lambda x: whole_power(x, abs(exponent)))
        return whole if exponent >= 0 else 1 / whole

    def __neg__(self) -> Enclosed:
        return Enclosed(-self.values)

    def __abs__(self) -> Enclosed:
        return self._each(abs)

    def __matmul__(self, other: Enclosed) -> Enclosed:
        return Enclosed(self.values @ _objects(other))

    def __lt__(self, other: Number) -> Truth:
        return Truth(_LESS(self.values, _objects(other)))

    def __le__(self, other: Number) -> Truth:
        return Truth(_AT_MOST(self.values, _objects(other)))

    def __gt__(self, other: Number) -> Truth:
        return Truth(_LESS(_objects(other), self.values))

    def __ge__(self, other: Number) -> Truth:
        return Truth(_AT_MOST(_objects(other), self.values))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(_EQUAL(self.values, _objects(other)))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return ~(self == other)

    def sqrt(self) -> Enclosed:
        """Square roots."""
        return self._each(arb.sqrt)

    def log(self) -> Enclosed:
        """Natural logarithms."""
        return self._each(arb.log)

    def exp(self) -> Enclosed:
        """Exponentials."""
        return self._each(arb.exp)

    def sum(self, axis: int | None = None) -> Enclosed:
        """Return the sum, of all or along an axis."""
        return Enclosed(self.values.sum(axis=axis))

    def norm(self) -> Enclosed:
        """Return the Euclidean norm along the last axis."""
        return Enclosed((self.values * self.values).sum(axis=-1))._each(lambda x: x.nonnegative_part().sqrt())

    def max(self) -> Enclosed:
        """Return the largest."""
        return self._folded(arb.max)

    def min(self) -> Enclosed:
        """Return the smallest."""
        return self._folded(arb.min)

    def as_float(self) -> npt.NDArray[np.float64]:
        """Return the midpoints, without their errors."""
        return np.asarray(np.frompyfunc(lambda x: float(x.mid()), 1, 1)(self.values), dtype=np.float64)

    def _each(self, function: Callable[[arb], arb]) -> Enclosed:
        return Enclosed(np.frompyfunc(function, 1, 1)(self.values))

    def _folded(self, join: Callable[[arb, arb], arb]) -> Enclosed:
        first, *others = self.values.flat
        for x in others:
            first = join(first, x)
        return Enclosed(first)


def enclosed(value: Number) -> Enclosed:
    """Enclose a number or an array of numbers, exactly if it is rational.

    Args:
        value: The number or numbers.

    Returns:
        The balls.
    """
    return value if isinstance(value, Enclosed) else Enclosed(_objects(value))


def _objects(value: object) -> Objects:
    if isinstance(value, Enclosed):
        return value.values
    if isinstance(value, (list, tuple, np.ndarray)):
        return np.array([_objects(x).item() for x in value], dtype=object)
    found = np.empty((), dtype=object)
    found[()] = value if isinstance(value, arb) else arb(to_fmpq(value, "number"))  # type: ignore[arg-type]
    return found
