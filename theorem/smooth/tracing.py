"""A Python function of a vector, traced to the text of a loss.

The function is called once, with an array whose entries record the operations on them. Its own numbers are float64,
each taken as exact. The result is a text with definitions, ``t1 = …; t2 = …; …``, which is read like any other text: no
proof depends on the function or on NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import numpy
from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.graph import Builder, Function, Node, Power, Product, Sum, Value

FIELD = "loss-function"
Array = numpy.ndarray[Any, Any]
_NAMES = {name: name for name in FUNCTIONS} | {"arctan": "atan", "expit": "sigmoid"}
"""The elementary functions by the names that NumPy and SciPy give them."""
_ARITHMETIC = (
    "add", "subtract", "multiply", "divide", "true_divide", "negative", "positive", "power", "float_power", "square",
    "reciprocal", "matmul", "conjugate",
)  # fmt: skip
_KNOWN = tuple(sorted({*_NAMES, "expm1", "logaddexp"} - {"atan", "sigmoid", "softplus"}))
"""The functions that a traced function may use, as NumPy and scipy.special name them."""


class Scalar:
    """A number that stands for a value of the function while it is traced."""

    def __init__(self, builder: Builder, value: Value) -> None:
        self._builder = builder
        self.value = value

    def _made(self, value: Value) -> Scalar:
        return Scalar(self._builder, value)

    def lifted(self, other: Any) -> Value | None:
        """Return an operand as a value: a plain number becomes an exact constant; None for anything else."""
        if isinstance(other, Scalar):
            return other.value
        number = _exactly(other)
        return None if number is None else self._builder.constant(number)

    def _sum(self, other: Any, mine: int, theirs: int) -> Any:
        value = self.lifted(other)
        if value is None:
            return NotImplemented
        return self._made(self._builder.add(self._builder.scale(self.value, fmpq(mine)), value, theirs))

    def __add__(self, other: Any) -> Any:
        return self._sum(other, 1, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._sum(other, 1, -1)

    def __rsub__(self, other: Any) -> Any:
        return self._sum(other, -1, 1)

    def __neg__(self) -> Scalar:
        return self._made(self._builder.scale(self.value, fmpq(-1)))

    def __pos__(self) -> Scalar:
        return self

    def conjugate(self) -> Scalar:
        """Return the number: it is real."""
        return self

    def __mul__(self, other: Any) -> Any:
        value = self.lifted(other)
        return NotImplemented if value is None else self._made(self._builder.multiply(self.value, value))

    __rmul__ = __mul__

    def _over(self, numerator: Value, denominator: Value) -> Scalar:
        if denominator.is_constant and not denominator.constant:
            raise InputError(FIELD, "divides by zero; divide by something else")
        return self._made(self._builder.multiply(numerator, self._builder.power(denominator, fmpq(-1))))

    def __truediv__(self, other: Any) -> Any:
        value = self.lifted(other)
        return NotImplemented if value is None else self._over(self.value, value)

    def __rtruediv__(self, other: Any) -> Any:
        value = self.lifted(other)
        return NotImplemented if value is None else self._over(value, self.value)

    def __pow__(self, other: Any) -> Any:
        value = self.lifted(other)
        if value is None:
            return NotImplemented
        if not value.is_constant:
            raise InputError(FIELD, "has a power that is not a number; write powers such as x**2, or use exp and log")
        return self._made(self._builder.power(self.value, value.constant))

    def __rpow__(self, other: Any) -> Any:
        raise InputError(FIELD, "has a power that is not a number; write numpy.exp(x * numpy.log(a)) for a**x")

    def applied(self, name: str) -> Scalar:
        """Apply an elementary function."""
        if name == "sqrt":
            return self._made(self._builder.power(self.value, fmpq(1, 2)))
        return self._made(self._builder.apply(name, self.value))

    def __getattr__(self, name: str) -> Any:
        """Return the method that NumPy calls for a function of an array of objects."""
        if name in _NAMES:
            return lambda: self.applied(_NAMES[name])
        raise AttributeError(f"a traced number has no {name}")

    def _branch(self, *_: Any) -> NoReturn:
        raise InputError(
            FIELD,
            "compares or converts what depends on the variables, as if, abs, max and the module math do; this has no"
            f" enclosure; those that have one are + - * / ** @ and, of NumPy, {', '.join(_KNOWN)}",
        )

    __bool__ = __float__ = __int__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = __floordiv__ = __mod__ = _branch

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Take part in NumPy's functions."""
        return _dispatched(ufunc, method, inputs, options)


class TracedArray(numpy.ndarray[Any, Any]):
    """An array of traced numbers: it has NumPy's shapes, slices and sums, and the operations that have an enclosure."""

    __array_priority__ = 100

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Take part in NumPy's functions."""
        return _dispatched(ufunc, method, inputs, options)


def _dispatched(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Apply one of NumPy's functions entry by entry, or refuse it."""
    plain = [_plain(x) for x in inputs]
    name = ufunc.__name__
    if name in _ARITHMETIC:
        options = {key: _plain(x) for key, x in options.items()}
        return _wrapped(getattr(ufunc, method)(*plain, **options))
    if method == "__call__" and not options:
        if name in _NAMES:
            return _wrapped(applied(_NAMES[name], *plain))
        if name == "expm1":
            return _wrapped(applied("exp", *plain) - 1)
        if name == "logaddexp":
            return _wrapped(logaddexp(*plain))
    raise InputError(
        FIELD, f"uses {name}, which has no enclosure; those that have one are + - * / ** @ and {', '.join(_KNOWN)}"
    )


def applied(name: str, entries: Any) -> Any:
    """Apply an elementary function to every entry of an array of traced numbers."""
    return numpy.frompyfunc(lambda x: x.applied(name), 1, 1)(as_array(entries))


def logaddexp(left: Any, right: Any) -> Any:
    """Return ln(e^a + e^b) entry by entry; at least one of the arrays holds traced numbers."""
    return numpy.frompyfunc(_logaddexp, 2, 1)(as_array(left), as_array(right))


def as_array(x: Any) -> Array:
    """Return an array, or a single number as one of shape (), with plain objects as its entries."""
    if isinstance(x, numpy.ndarray):
        return x.view(numpy.ndarray)
    held = numpy.empty((), dtype=object)
    held[()] = x
    return held


def _logaddexp(a: Any, b: Any) -> Any:
    # ln(e^a + e^b) = a + softplus(b - a), around the operand that is a number.
    if isinstance(a, Scalar):
        a, b = b, a
    return (b - a).applied("softplus") + a


def _plain(x: Any) -> Any:
    if isinstance(x, TracedArray | Scalar):
        return as_array(x)
    if isinstance(x, numpy.ndarray) and x.dtype != object:
        return x.astype(object)  # Python's own numbers leave the operation to the traced ones.
    return x


def _wrapped(found: Any) -> Any:
    if isinstance(found, numpy.ndarray):
        return found.view(TracedArray) if found.ndim else found[()]
    return found


def _exactly(number: Any) -> fmpq | None:
    """Return a number exactly; None if it is not a number."""
    if isinstance(number, bool | numpy.bool_):
        return fmpq(int(number))
    if isinstance(number, fmpq):
        return number
    if isinstance(number, int | numpy.integer):
        return fmpq(int(number))
    if isinstance(number, float | numpy.floating):
        if not numpy.isfinite(number):
            raise InputError(FIELD, f"holds the number {number}; every number must be finite")
        return fmpq(*float(number).as_integer_ratio())
    if isinstance(number, Fraction):
        return fmpq(number.numerator, number.denominator)
    return None


def traced_text(function: Callable[[Any], Any], variables: Sequence[str]) -> str:
    """Trace a function of a vector, and write it as the text of a loss.

    Args:
        function: The function; it takes an array of shape (n,) and returns one number.
        variables: The names of the n variables.

    Returns:
        The text.

    Raises:
        InputError: If the function fails, does something that has no enclosure, or returns no such number.
    """
    builder, result = _called(function, variables)
    if isinstance(result, numpy.ndarray) and result.size == 1:
        result = result.reshape(-1)[0]
    if not isinstance(result, Scalar):
        array = isinstance(result, numpy.ndarray)
        what = f"an array of shape {result.shape}" if array else type(result).__name__
        raise InputError(FIELD, f"returns {what}, no number that depends on the variables; return one")
    return _Writer(variables, builder.finish(result.value)).text()


def traced_texts(function: Callable[[Any], Any], variables: Sequence[str]) -> list[str]:
    """Trace a function of a vector that returns a vector, and write its entries as texts.

    Args:
        function: The function; it takes an array of shape (n,) and returns one of shape (p,), or a list.
        variables: The names of the n variables.

    Returns:
        The texts, p of them.

    Raises:
        InputError: If the function fails, does something that has no enclosure, or returns no such vector.
    """
    builder, result = _called(function, variables)
    entries = list(result.reshape(-1)) if isinstance(result, numpy.ndarray) else result
    if isinstance(entries, tuple):
        entries = list(entries)
    if not isinstance(entries, list) or not entries or not all(isinstance(x, Scalar) for x in entries):
        raise InputError(FIELD, "returns no vector of numbers that depend on the variables; return an array or a list")
    nodes = list(builder.nodes)
    texts = []
    for entry in entries:
        texts.append(_Writer(variables, builder.finish(entry.value)).text())
        builder.nodes[:] = nodes
    return texts


def _called(function: Callable[[Any], Any], variables: Sequence[str]) -> tuple[Builder, Any]:
    """Call the function with traced variables; return the builder that recorded the operations, and the result."""
    builder = Builder(len(variables))
    point = numpy.empty(len(variables), dtype=object)
    for i in range(len(variables)):
        point[i] = Scalar(builder, builder.variable(i))
    try:
        result = function(point.view(TracedArray))
    except InputError:
        raise
    except Exception as error:
        about = " ".join(str(error).split())[:200]
        raise InputError(
            FIELD,
            f"fails on an array of {len(variables)} variables ({type(error).__name__}: {about}); those operations"
            f" have an enclosure: + - * / ** @ and, of NumPy, {', '.join(_KNOWN)}",
        ) from None
    return builder, result


@dataclass
class _Writer:
    """The text of a graph, with one definition for each node."""

    variables: Sequence[str]
    nodes: Sequence[Node]

    def text(self) -> str:
        """Write all nodes, the last one as the loss."""
        prefix = "t"
        while any(name.startswith(prefix) for name in self.variables):
            prefix += "_"
        names = [*self.variables, *(f"{prefix}{i + 1}" for i in range(len(self.nodes)))]
        n = len(self.variables)
        needed = _needed(self.nodes, n)
        written = [
            f"{names[n + i]} = {_written(node, names)}; " for i, node in enumerate(self.nodes[:-1]) if n + i in needed
        ]
        return "".join(written) + _written(self.nodes[-1], names)


def _needed(nodes: Sequence[Node], n: int) -> set[int]:
    """Return the slots that the last node depends on."""
    needed = {n + len(nodes) - 1}
    for i in range(len(nodes) - 1, -1, -1):
        if n + i in needed:
            node = nodes[i]
            if isinstance(node, Sum):
                needed |= {slot for slot, _ in node.terms}
            elif isinstance(node, Product):
                needed |= {node.left, node.right}
            else:
                needed.add(node.base if isinstance(node, Power) else node.argument)
    return needed


def _written(node: Node, names: Sequence[str]) -> str:
    if isinstance(node, Product):
        return f"{names[node.left]}*{names[node.right]}"
    if isinstance(node, Power):
        return f"{names[node.base]}**({node.exponent})"
    if isinstance(node, Function):
        return f"{node.name}({names[node.argument]})"
    assert isinstance(node, Sum)
    terms = [f"({c})*{names[slot]}" for slot, c in node.terms]
    return " + ".join([*terms, *([f"({node.constant})"] if node.constant or not terms else [])])
