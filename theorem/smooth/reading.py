"""Reading the text of a smooth loss: ``log(1 + exp(-w)) + w**2/20``, ``mean(softplus(-y*(X@w))) + 0.005*dot(w, w)``.

The text is data and never executed: it is split into numbers, names and signs, and parsed by recursive descent::

    loss    = (name "=" sum ";")* sum
    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/" | "@") factor)*
    factor  = ("+" | "-")* atom [("**" | "^") factor]
    atom    = number | name | name "(" sum ["," sum] ")" | "(" sum ")"

A name before a parenthesis is one of ``functions.FUNCTIONS``, entry by entry, or of ``arrays.REDUCTIONS``; powers are
rational numbers. A name that is defined stands for its definition. A name that ``@`` joins with a matrix of the data is
a vector of variables, one for each of the matrix's columns (or rows).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.expression import MAX_CHARACTERS, MAX_NESTING
from gdcheck.theorem.loss.rational import DECIMAL, decimal_to_fmpq, quoted
from gdcheck.theorem.loss.tokens import NAME, check_variables, names_in
from gdcheck.theorem.smooth.arrays import REDUCTIONS, Array, ShapesError, checked_data, constants, pairwise, product
from gdcheck.theorem.smooth.functions import FUNCTIONS
from gdcheck.theorem.smooth.graph import Builder, Node, SmoothLoss, Value

_TOKEN = re.compile(rf"\s*(?:(?P<number>{DECIMAL})|(?P<name>{NAME})|(?P<sign>\*\*|[-+*/@^(),;=−·×])|(?P<other>\S))")
_SIGNS = {"^": "**", "−": "-", "·": "*", "×": "*"}
_BESIDE = re.compile(rf"({NAME})\s*@\s*(?=({NAME}))")
MAX_VARIABLES = 1000
_CALLED = re.compile(rf"({NAME})\s*\(")
_DEFINED = re.compile(rf"({NAME})\s*=")


def called_in(text: str) -> set[str]:
    """Return the names that stand before a parenthesis."""
    return set(_CALLED.findall(text))


def read_smooth(text: str, variables: Iterable[str] | None = None, data: Mapping[str, Any] | None = None) -> SmoothLoss:
    """Read a smooth loss.

    Args:
        text: The text; see the module's grammar.
        variables: The names of the variables in order, those of a vector w of k as w1, …, wk; without them, the names
            in the text in natural order.
        data: The arrays that the text names: lists of numbers, or of rows of them.

    Returns:
        The loss.

    Raises:
        InputError: If the text is not a loss; one sentence says where, what was found, and the fix.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError("loss", f"the text has {len(text)} characters; shorten it to at most {MAX_CHARACTERS}")
    arrays = checked_data(data or {})
    vectors = _vectors(text, arrays)
    if variables is None:
        taken = called_in(text) | set(_DEFINED.findall(text)) | set(arrays)
        written = [name for name in names_in(text) if name not in taken]
        known = tuple(x for name in written for x in vectors.get(name, (name,)))
        if len(set(known)) < len(known):
            raise InputError("loss", "a variable has the name of a vector's component, such as w1; rename it")
        if function := next((name for name in known if name in FUNCTIONS or name in REDUCTIONS), None):
            raise InputError("loss", f"{function} is a function; write {function}(...), or give the variables")
    else:
        known = check_variables(variables, MAX_VARIABLES)
        if missing := [x for components in vectors.values() for x in components if x not in known]:
            raise InputError("variables", f"lack {missing[0]}, a component of a vector in the loss; name all of them")
    if not known:
        raise InputError("loss", "the text has no variable; write one such as x, or name the variables")
    if len(known) > MAX_VARIABLES:
        raise InputError("loss", f"the text has {len(known)} variables; use at most {MAX_VARIABLES}")
    if both := set(known) & set(arrays):
        raise InputError("data", f"{sorted(both)[0]!r} names a variable too; rename one of them")
    builder = Builder(len(known))
    names: dict[str, Array[Value]] = {name: constants(array) for name, array in arrays.items()}
    own = {name: builder.variable(i) for i, name in enumerate(known)}
    names |= {name: Array.scalar(value) for name, value in own.items() if name not in vectors}
    names |= {name: Array((len(xs),), tuple(own[x] for x in xs)) for name, xs in vectors.items()}
    return SmoothLoss(known, _Reader(text, builder, names).read(), text, arrays, vectors)


def _vectors(text: str, data: Mapping[str, list[Any]]) -> dict[str, tuple[str, ...]]:
    """Return the vectors of variables, with their components: the names that @ joins with a matrix of the data."""
    found: dict[str, tuple[str, ...]] = {}
    known = set(data) | set(_DEFINED.findall(text))
    for left, right in _BESIDE.findall(text):
        for name, other, axis in ((right, left, 1), (left, right, 0)):
            if name not in known and other in data and isinstance(data[other][0], list):
                size = len(data[other][0]) if axis else len(data[other])
                found.setdefault(name, tuple(f"{name}{i + 1}" for i in range(size)))
    return found


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, text: str, builder: Builder, names: Mapping[str, Array[Value]]) -> None:
        self.text = text.rstrip()
        self.builder = builder
        self.names = dict(names)
        self.depth = 0
        self.end = 0
        self.advance()

    def advance(self) -> None:
        """Move to the next token."""
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            self.kind, self.token, self.position = "end", "", len(self.text) + 1
            return
        kind = match.lastgroup or ""
        self.token, self.position, self.end = match[kind], match.start(kind) + 1, match.end()
        if kind == "other":
            self.refuse(
                f"found {quoted(self.token)}", "only numbers, names, + - * / ** ( ) and functions can be written"
            )
        self.kind = _SIGNS.get(self.token, self.token) if kind == "sign" else kind

    def refuse(self, found: str, fix: str) -> None:
        """Refuse the text at the current token."""
        raise InputError("loss", f"{found} at character {self.position}; {fix}")

    def read(self) -> tuple[Node, ...]:
        """Read the whole text."""
        while self.kind == "name" and (defined := _DEFINED.match(self.text, self.position - 1)):
            self.define(self.token, defined.end())
        value = self.sum()
        if self.kind != "end":
            self.refuse(f"found {quoted(self.token)}", "put one of the signs + - * / ** before it, or remove it")
        if value.shape:
            self.refuse(f"an array of shape {value.shape} ends", "a loss is a number; write sum(...) or mean(...)")
        return self.builder.finish(value.entries[0])

    def define(self, name: str, end: int) -> None:
        """Read the definition of a name, up to the semicolon."""
        if name in self.names or name in FUNCTIONS or name in REDUCTIONS:
            self.refuse(f"{quoted(name)} is defined twice, or means something else,", "choose another name")
        self.end = end
        self.advance()
        value = self.sum()
        if self.kind != ";":
            self.refuse("a definition without its semicolon ends", "write name = value; before the loss")
        self.advance()
        self.names[name] = value

    def joined(self, join: Callable[[Value, Value], Value], left: Array[Value], right: Array[Value]) -> Array[Value]:
        """Join entry by entry."""
        try:
            return pairwise(join, left, right)
        except ShapesError as error:
            self.refuse(f"{error}", "make them equal")
            raise

    def matrix_product(self, left: Array[Value], right: Array[Value]) -> Array[Value]:
        """Return left @ right."""
        try:
            return product(self.builder.dot, left, right)
        except ShapesError as error:
            self.refuse(f"{error}", "beside @ stand vectors and matrices that fit, given as data")
            raise

    def sum(self) -> Array[Value]:
        """Read products, joined by + and -."""
        values = [self.product()]
        while self.kind in {"+", "-"}:
            sign = fmpq(1 if self.kind == "+" else -1)
            self.advance()
            right = self.product()
            values.append(right if sign == 1 else right.each(lambda x: self.builder.scale(x, fmpq(-1))))
        if len(values) > 1 and not any(x.shape for x in values):
            return Array.scalar(self.builder.total(x.entries[0] for x in values))
        value = values[0]
        for right in values[1:]:
            value = self.joined(self.builder.add, value, right)
        return value

    def product(self) -> Array[Value]:
        """Read factors, joined by *, / and @."""
        value = self.factor()
        while self.kind in {"*", "/", "@"}:
            sign = self.kind
            self.advance()
            right = self.factor()
            if sign == "@":
                value = self.matrix_product(value, right)
                continue
            if sign == "/":
                if any(x.is_constant and not x.constant for x in right.entries):
                    self.refuse("a division by zero ends", "divide by something else")
                right = right.each(lambda x: self.builder.power(x, fmpq(-1)))
            value = self.joined(self.builder.multiply, value, right)
        return value

    def factor(self) -> Array[Value]:
        """Read signs, an atom, and its power."""
        negative = False
        while self.kind in {"+", "-"}:
            negative ^= self.kind == "-"
            self.advance()
        value = self.atom()
        if self.kind == "**":
            self.advance()
            self.enter()
            exponent = self.factor()
            self.depth -= 1
            power = exponent.entries[0].constant
            if exponent.shape or not exponent.entries[0].is_constant or abs(power.p) > 1000 or power.q > 1000:
                self.refuse(
                    "a power that is not a number ends", "write powers such as x**2 or x**(3/2); else use exp and log"
                )
            value = value.each(lambda x: self.builder.power(x, power))
        return value.each(lambda x: self.builder.scale(x, fmpq(-1))) if negative else value

    def enter(self) -> None:
        """Count one more level of nesting."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.refuse(f"the nesting is deeper than {MAX_NESTING}", "remove parentheses")

    def atom(self) -> Array[Value]:
        """Read a number, a name, a function's value, or a sum in parentheses."""
        kind, token = self.kind, self.token
        if kind == "number":
            self.advance()
            found = decimal_to_fmpq(token, "loss", f" at character {self.position}")
            return Array.scalar(self.builder.constant(found))
        if kind == "(":
            return self.parenthesised()[0]
        if kind != "name":
            found_here = "the text ends" if kind == "end" else f"found {quoted(token)}"
            self.refuse(found_here, "a number, a variable or '(' belongs there")
        position = self.position
        self.advance()
        if token in self.names and self.kind != "(":
            return self.names[token]
        if self.kind == "(" and (token in FUNCTIONS or token in REDUCTIONS):
            return self.called(token, position)
        self.position = position
        if token in FUNCTIONS or token in REDUCTIONS:
            self.refuse(f"found {quoted(token)} without its argument", f"write {token}(...)")
        known = (*FUNCTIONS, *REDUCTIONS)
        if self.kind == "(":
            near = get_close_matches(token, known, 1)
            meant = f"did you mean {near[0]}? " if near else ""
            self.refuse(f"unknown function {quoted(token)}", f"{meant}the known ones are {', '.join(known)}")
        self.refuse(f"unknown variable {quoted(token)}", f"the known ones are {', '.join(self.names)}")
        raise AssertionError

    def called(self, name: str, position: int) -> Array[Value]:
        """Read the arguments of a function, and apply it."""
        arguments = self.parenthesised(2 if name == "dot" else 1)
        (first, *others), self.position = arguments, position
        if name == "dot":
            if not others:
                self.refuse("found dot with one argument", "write dot(a, b)")
            if len(first.shape) != 1 or len(others[0].shape) != 1:
                self.refuse("found dot of operands that are not vectors", "write sum(a*b), or give vectors")
            return self.matrix_product(first, others[0])
        if name in REDUCTIONS:
            total = self.builder.total(first.entries)
            return Array.scalar(self.builder.scale(total, fmpq(1, len(first.entries)) if name == "mean" else fmpq(1)))
        if name == "sqrt":
            return first.each(lambda x: self.builder.power(x, fmpq(1, 2)))
        return first.each(lambda x: self.builder.apply(name, x))

    def parenthesised(self, most: int = 1) -> list[Array[Value]]:
        """Read sums in parentheses, with commas between them."""
        self.advance()
        self.enter()
        values = [self.sum()]
        while self.kind == "," and len(values) < most:
            self.advance()
            values.append(self.sum())
        if self.kind != ")":
            self.refuse(
                "the text ends inside a parenthesis" if self.kind == "end" else f"found {quoted(self.token)}", "add ')'"
            )
        self.advance()
        self.depth -= 1
        return values
