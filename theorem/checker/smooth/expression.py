"""The text of a smooth loss, read into a list of operations.

The slots 0, …, n - 1 are the variables; every operation makes the next slot from earlier ones. A sum of multiples is
one operation, so that an affine form is recognized. Four forms are read as what they are equal to:

* log(1 + exp(u)) is softplus(u), and 1/(1 + exp(-u)) is sigmoid(u);
* log(sigmoid(u)) is -softplus(-u), and log(1 - sigmoid(u)) is -softplus(u).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from gdcheck.theorem.checker.exact import raised
from gdcheck.theorem.checker.outcome import BadCertificate, within
from gdcheck.theorem.checker.reading.fields import MOST_CHARACTERS, NAME, refuse
from gdcheck.theorem.checker.smooth.arrays import Array, matrix_product, pairwise, refuse_loss, single
from gdcheck.theorem.checker.smooth.functions import JETS

MOST_OPERATIONS = 100_000
MOST_NESTED = 100
MOST_EXPONENT = 10_000
REDUCTIONS = ("sum", "mean", "dot")
_BESIDE = re.compile(r"([^\W\d]\w*)\s*@\s*(?=([^\W\d]\w*))")
_DEFINED = re.compile(r"([^\W\d]\w*)\s*=")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_TOKEN = re.compile(
    r"\s*(?:([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|([^\W\d]\w*)|(\*\*|[-+*/@^(),;=])|(\S))"
)


@dataclass(frozen=True)
class Sum:
    """A constant plus coefficients times slots."""

    constant: Fraction
    terms: tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True)
class Product:
    """One slot times another."""

    left: int
    right: int


@dataclass(frozen=True)
class Power:
    """A slot to a rational power."""

    argument: int
    exponent: Fraction


@dataclass(frozen=True)
class Call:
    """A function of a slot."""

    name: str
    argument: int


Operation = Sum | Product | Power | Call


@dataclass(frozen=True, eq=False)
class Expression:
    """A loss: the number of variables, and the operations; the result of the last one is the loss."""

    dimension: int
    operations: tuple[Operation, ...]

    @cached_property
    def valued(self) -> frozenset[int]:
        """The slots whose values some derivative depends on.

        A product, power or function needs the values of its arguments; a sum only if its own value is needed.
        """
        found: set[int] = set()
        for slot in range(self.dimension + len(self.operations) - 1, self.dimension - 1, -1):
            operation = self.operations[slot - self.dimension]
            if isinstance(operation, Product):
                found |= {operation.left, operation.right}
            elif not isinstance(operation, Sum):
                found.add(operation.argument)
            elif slot in found:
                found |= {term for term, _ in operation.terms}
        return frozenset(found)


@dataclass
class _Form:
    """A sum that has no slot yet."""

    constant: Fraction = Fraction(0)
    terms: dict[int, Fraction] = field(default_factory=dict)


def read_expression(text: str, variables: tuple[str, ...], data: Mapping[str, Array[Fraction]]) -> Expression:
    """Read the text of a loss.

    Args:
        text: The text; a variable may not have the name of a function that is called.
        variables: The names of the variables; w1, …, wk where the text has a vector w beside @ and a matrix.
        data: The arrays that the text names.

    Returns:
        The loss.

    Raises:
        BadCertificate: If the text cannot be read.
    """
    own = {name: _Form(terms={slot: Fraction(1)}) for slot, name in enumerate(variables)}
    names = {name: single(form) for name, form in own.items()}
    for vector, size in _vectors(text, data):
        components = [f"{vector}{i + 1}" for i in range(size)]
        if vector in own or not all(x in own for x in components):
            refuse("problem.variables", f"the components of the vector {vector[:20]}")
        names[vector] = Array(size, None, [own[x] for x in components])
    if set(data) & (set(names) | set(JETS) | {"sqrt", *REDUCTIONS}):
        refuse("problem.data", "names that mean nothing else")
    names |= {name: Array(a.rows, a.columns, [_Form(x) for x in a.entries]) for name, a in data.items()}
    reader = _Reader(text, len(variables), names)
    reader.define()
    form = reader.sum().entry()
    if reader.here:
        refuse_loss(f"{reader.here[:20]!r} stands where an operation belongs")
    reader.operations.append(Sum(form.constant, tuple(sorted(form.terms.items()))))
    return Expression(len(variables), tuple(_used(reader.operations, len(variables))))


def _used(operations: Sequence[Operation], n: int) -> Iterable[Operation]:
    """Leave out the operations that the last one does not depend on: for instance those that softplus replaces."""
    slots = [_slots(x) for x in operations]
    used = {len(operations) - 1}
    for i in range(len(operations) - 1, -1, -1):
        if i in used:
            used |= {slot - n for slot in slots[i] if slot >= n}
    names = {slot: slot for slot in range(n)} | {n + i: n + place for place, i in enumerate(sorted(used))}
    for i in sorted(used):
        operation, new = operations[i], [names[slot] for slot in slots[i]]
        if isinstance(operation, Sum):
            yield Sum(operation.constant, tuple((s, c) for s, (_, c) in zip(new, operation.terms, strict=True)))
        else:
            yield Product(*new) if isinstance(operation, Product) else replace(operation, argument=new[0])


def _slots(operation: Operation) -> list[int]:
    if isinstance(operation, Sum):
        return [slot for slot, _ in operation.terms]
    return [operation.left, operation.right] if isinstance(operation, Product) else [operation.argument]


def _vectors(text: str, data: Mapping[str, Array[Fraction]]) -> Iterable[tuple[str, int]]:
    """Return the vectors of variables, with their sizes: the names that stand with a matrix of the data beside an @.

    Where a name stands so more than once, its first place gives the size.
    """
    found: dict[str, int] = {}
    known = set(data) | set(_DEFINED.findall(text))
    for left, right in _BESIDE.findall(text):
        for name, other, before in ((right, left, True), (left, right, False)):
            matrix = data.get(other)
            if name not in known and matrix is not None and matrix.columns is not None and matrix.rows is not None:
                found.setdefault(name, matrix.columns if before else matrix.rows)
    return found.items()


class _Reader:
    """A parser by recursive descent: a loss is a sum of products of factors."""

    def __init__(self, text: str, dimension: int, names: Mapping[str, Array[_Form]]) -> None:
        self.dimension = dimension
        self.names = dict(names)
        self.operations: list[Operation] = []
        self.slots: dict[Operation, int] = {}
        self.tokens = [match[0].strip() for match in _TOKEN.finditer(text) if match[0].strip()]
        self.at = self.depth = 0

    @property
    def here(self) -> str:
        """The current token; empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def define(self) -> None:
        """Read the definitions before the loss: a name, =, what it stands for, and a semicolon."""
        while self.tokens[self.at + 1 : self.at + 2] == ["="]:
            name = self.here
            known = name in self.names or name in JETS or name in {"sqrt", *REDUCTIONS}
            if known or not NAME.fullmatch(name):
                raise BadCertificate("problem.loss: a definition needs a name that means nothing else; choose another")
            self.at += 2
            self.names[name] = self.sum()
            if self.here != ";":
                raise BadCertificate("problem.loss: a definition ends without a semicolon; write one there")
            self.at += 1

    def sum(self) -> Array[_Form]:
        """Read products with + and - between them."""
        parts = [self.product()]
        while self.here in {"+", "-"} and self.here:
            sign = Fraction(1 if self.here == "+" else -1)
            self.at += 1
            parts.append(self.product().each(lambda x, sign=sign: _scaled(x, sign)))  # type: ignore[misc]
        if len(parts) > 1 and all(x.rows is None for x in parts):
            return single(_total(x.entries[0] for x in parts))
        found = parts[0]
        for right in parts[1:]:
            found = pairwise(lambda a, b: _total((a, b)), found, right)
        return found

    def product(self) -> Array[_Form]:
        """Read factors with *, / and @ between them."""
        found = self.factor()
        while self.here in {"*", "/", "@"} and self.here:
            sign = self.here
            self.at += 1
            right = self.factor()
            if sign == "@":
                found = self.matrix_product(found, right)
                continue
            if sign == "/":
                right = right.each(lambda x: self.to_power(x, Fraction(-1)))
            found = pairwise(self.times, found, right)
        return found

    def matrix_product(self, left: Array[_Form], right: Array[_Form]) -> Array[_Form]:
        """Multiply matrices and vectors."""
        return matrix_product(lambda a, b: _total(map(self.times, a, b)), left, right)

    def factor(self) -> Array[_Form]:
        """Read signs, an atom and its power; a power is read before the sign in front of its base."""
        sign = 1
        while self.here in {"+", "-"} and self.here:
            sign = -sign if self.here == "-" else sign
            self.at += 1
        found = self.atom()
        if self.here in {"**", "^"} and self.here:
            self.at += 1
            self.depth += 1
            exponent = self.factor().entry()
            self.depth -= 1
            if exponent.terms:
                raise BadCertificate("problem.loss: a power is not a number; write a rational number there")
            found = found.each(lambda x: self.to_power(x, exponent.constant))
        return found.each(lambda x: _scaled(x, Fraction(sign)))

    def atom(self) -> Array[_Form]:
        """Read a number, a name, a function's value, or a sum in parentheses."""
        token = self.here
        self.at += 1
        self.depth += 1
        within(self.depth <= MOST_NESTED, f"a loss that is nested deeper than {MOST_NESTED}")
        if token == "(":
            found = self.sum()
            self.expect_closing()
        elif len(token) <= MOST_CHARACTERS and _NUMBER.fullmatch(token):
            found = single(_Form(Fraction(token)))
        elif self.here == "(" and (token in JETS or token in {"sqrt", *REDUCTIONS}):
            self.at += 1
            arguments = [self.sum()]
            if token == "dot" and self.here == ",":
                self.at += 1
                arguments.append(self.sum())
            self.expect_closing()
            found = self.applied(token, arguments)
        elif token in self.names:
            found = self.names[token]
        else:
            refuse_loss(f"{token[:20]!r} is not a number, variable or function")
        self.depth -= 1
        return found

    def applied(self, name: str, arguments: list[Array[_Form]]) -> Array[_Form]:
        """Apply a function to each entry, or a reduction (sum, mean, dot) to all entries."""
        if name == "dot":
            if len(arguments) < 2 or any(x.rows is None or x.columns is not None for x in arguments):
                refuse_loss("dot of operands that are not two vectors")
            return self.matrix_product(*arguments)
        (argument,) = arguments
        if name not in REDUCTIONS:
            return argument.each(lambda x: self.call(name, x))
        share = Fraction(1, len(argument.entries)) if name == "mean" else Fraction(1)
        return single(_scaled(_total(argument.entries), share))

    def expect_closing(self) -> None:
        """Read a closing parenthesis."""
        if self.here != ")":
            refuse_loss("a parenthesis is not closed")
        self.at += 1

    def times(self, a: _Form, b: _Form) -> _Form:
        """Multiply."""
        if not a.terms:
            return _scaled(b, a.constant)
        if not b.terms:
            return _scaled(a, b.constant)
        (s, p), (t, q) = self.multiple(a), self.multiple(b)
        made = Power(s, Fraction(2)) if s == t else Product(min(s, t), max(s, t))
        return _Form(terms={self.slot(made): p * q})

    def to_power(self, base: _Form, exponent: Fraction) -> _Form:
        """Raise to a rational power."""
        whole = exponent.denominator == 1
        within(abs(exponent) <= MOST_EXPONENT, f"a power above {MOST_EXPONENT}")
        if not base.terms:
            if (not whole and base.constant <= 0) or (not base.constant and exponent < 0):
                raise BadCertificate("problem.loss: a constant to a power is not a number; write a number")
            if whole:
                return _Form(raised(base.constant, int(exponent)))
        if exponent in {0, 1}:
            return base if exponent else _Form(Fraction(1))
        inner = self.exponent_of(base)
        if exponent == -1 and base.constant == 1 and inner is not None:
            return self.call("sigmoid", _Form(terms={inner: Fraction(-1)}))
        if not whole:
            return _Form(terms={self.slot(Power(self.single(base), exponent)): Fraction(1)})
        slot, factor = self.multiple(base)
        return _Form(terms={self.slot(Power(slot, exponent)): raised(factor, int(exponent))})

    def call(self, name: str, argument: _Form) -> _Form:
        """Apply a function."""
        if name == "sqrt":
            return self.to_power(argument, Fraction(1, 2))
        inner = self.exponent_of(argument)
        if name in {"log", "log1p"} and argument.constant == (name == "log") and inner is not None:
            return _Form(terms={self.slot(Call("softplus", inner)): Fraction(1)})
        logistic = self.function_in(argument, "sigmoid") if name == "log" else None
        if logistic is not None:
            inner, factor = logistic
            if abs(factor) == 1 and 2 * argument.constant == 1 - factor:
                return _scaled(self.call("softplus", _Form(terms={inner: -factor})), Fraction(-1))
        return _Form(terms={self.slot(Call(name, self.single(argument))): Fraction(1)})

    def exponent_of(self, form: _Form) -> int | None:
        """Return the slot u if a form is a constant plus exp(u)."""
        found = self.function_in(form, "exp")
        return found[0] if found is not None and found[1] == 1 else None

    def function_in(self, form: _Form, name: str) -> tuple[int, Fraction] | None:
        """Return the slot u and the factor if a form is a constant plus a multiple of a function of u."""
        if len(form.terms) != 1:
            return None
        ((slot, factor),) = form.terms.items()
        made = self.operations[slot - self.dimension] if slot >= self.dimension else None
        return (made.argument, factor) if isinstance(made, Call) and made.name == name else None

    def multiple(self, form: _Form) -> tuple[int, Fraction]:
        """Return a slot and the factor by which the form is a multiple of it."""
        if not form.constant and len(form.terms) == 1:
            return next(iter(form.terms.items()))
        return self.single(form), Fraction(1)

    def single(self, form: _Form) -> int:
        """Return the slot of a form."""
        if not form.constant and list(form.terms.values()) == [1]:
            return next(iter(form.terms))
        return self.slot(Sum(form.constant, tuple(sorted(form.terms.items()))))

    def slot(self, operation: Operation) -> int:
        """Return the slot of an operation; equal operations share one slot."""
        new = self.dimension + len(self.operations)
        slot = self.slots.setdefault(operation, new)
        if slot == new:
            within(len(self.operations) < MOST_OPERATIONS, f"a loss of more than {MOST_OPERATIONS} operations")
            self.operations.append(operation)
        return slot


def _total(forms: Iterable[_Form]) -> _Form:
    found = _Form()
    for form in forms:
        if form.constant:
            found.constant += form.constant
        for slot, c in form.terms.items():
            found.terms[slot] = found.terms[slot] + c if slot in found.terms else c
    return _Form(found.constant, {slot: c for slot, c in found.terms.items() if c})


def _scaled(a: _Form, factor: Fraction) -> _Form:
    if factor == 1:
        return a
    if factor == -1:
        return _Form(-a.constant, {slot: -c for slot, c in a.terms.items()})
    # A product of fractions costs more than a look: most coefficients of variables are 1.
    terms = {slot: factor if c == 1 else c * factor for slot, c in a.terms.items()} if factor else {}
    return _Form(a.constant * factor if a.constant else a.constant, terms)
