"""A smooth loss as a graph: variables, sums with exact coefficients, products, powers, elementary functions.

Every node depends on slots that come before it. The slots 0, …, n − 1 are the variables; slot n + i is node i. Sums are
flattened, so that an affine form of the variables is one node. Equal nodes are made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.theorem.loss.errors import InputError

MAX_NODES = 100_000
_MATRIX_FROM = 64
"""From this number of coefficients on, one matrix product is faster than separate sums."""
ZERO, ONE = fmpq(0), fmpq(1)


@dataclass(frozen=True)
class Sum:
    """A constant plus multiples of slots.

    Attributes:
        constant: The constant.
        terms: Slots with their coefficients, by ascending slot; no coefficient is zero.
    """

    constant: fmpq
    terms: tuple[tuple[int, fmpq], ...]

    def __hash__(self) -> int:
        # That of a rational number takes far longer than that of its numerator.
        return hash((self.constant.p, tuple([(slot, c.p) for slot, c in self.terms])))


@dataclass(frozen=True)
class Product:
    """The product of two slots."""

    left: int
    right: int


@dataclass(frozen=True)
class Power:
    """A slot to a rational power; negative bases are allowed where the power is a whole number."""

    base: int
    exponent: fmpq


@dataclass(frozen=True)
class Function:
    """An elementary function of a slot."""

    name: str
    argument: int


Node = Sum | Product | Power | Function


def arguments(node: Node) -> list[int]:
    """Return the slots that a node depends on."""
    if isinstance(node, Sum):
        return [slot for slot, _ in node.terms]
    if isinstance(node, Product):
        return [node.left, node.right]
    return [node.base if isinstance(node, Power) else node.argument]


def _moved(node: Node, place: Mapping[int, int]) -> Node:
    """Return a node whose slots have other numbers, in the same order."""
    if isinstance(node, Sum):
        return Sum(node.constant, tuple((place[slot], c) for slot, c in node.terms))
    if isinstance(node, Product):
        return Product(place[node.left], place[node.right])
    if isinstance(node, Power):
        return Power(place[node.base], node.exponent)
    return Function(node.name, place[node.argument])


class Affine:
    """The nodes that are affine forms of the variables, as a matrix: one product for all of them.

    Attributes:
        rows: The row of each such node, by its index.
        matrix: The coefficients, shape (rows, n).
        constants: The constants, shape (rows,).
        norms: Upper bounds of the rows' norms.
    """

    def __init__(self, nodes: Sequence[Node], n: int) -> None:
        forms = [
            (i, x) for i, x in enumerate(nodes[:-1]) if isinstance(x, Sum) and all(slot < n for slot, _ in x.terms)
        ]
        if sum(len(x.terms) for _, x in forms) < _MATRIX_FROM:
            forms = []
        self.rows = {i: row for row, (i, _) in enumerate(forms)}
        self._forms = [form for _, form in forms]
        self.matrix = fmpq_mat(len(forms), n)
        for row, (_, form) in enumerate(forms):
            for slot, c in form.terms:
                self.matrix[row, slot] = c
        self.constants = [form.constant for _, form in forms]
        self.norms = [arb(arb(sum((c * c for _, c in form.terms), ZERO)).sqrt().upper()) for _, form in forms]
        self._balls: dict[int, tuple[arb_mat, arb_mat]] = {}

    @cached_property
    def floats(self) -> Any:
        """The coefficients in float64, rounded once each, shape (rows, n)."""
        import numpy  # noqa: PLC0415 (exact losses do without)

        found = numpy.zeros((len(self.rows), self.matrix.ncols()))
        for row, form in enumerate(self._forms):
            for slot, c in form.terms:
                found[row, slot] = int(c.p) / int(c.q)
        return found

    def balls(self) -> tuple[arb_mat, arb_mat]:
        """Return the matrix and its transpose at the current precision."""
        if ctx.prec not in self._balls:
            matrix = arb_mat(self.matrix)
            self._balls[ctx.prec] = matrix, matrix.transpose()
        return self._balls[ctx.prec]

    def values(self, point: Sequence[arb]) -> list[arb]:
        """Evaluate the forms, shape (rows,)."""
        if not self.rows:
            return []
        images = (self.balls()[0] * arb_mat(len(point), 1, list(point))).entries()
        return [x + c if c else x for x, c in zip(images, self.constants, strict=True)]


@dataclass(frozen=True)
class SmoothLoss:
    """A loss that is three times continuously differentiable where it is defined.

    Attributes:
        variables: The names of the variables, shape (n,).
        nodes: The nodes, in the order in which they can be evaluated; the last one is the loss.
        text: The text that the loss was read from.
        data: The arrays that the text names: lists of float64 numbers, or of rows.
        vectors: The variables that make up each vector that the text names.
    """

    variables: tuple[str, ...]
    nodes: tuple[Node, ...]
    text: str
    data: Mapping[str, list[Any]] = field(default_factory=dict, hash=False)
    vectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return len(self.variables)

    @cached_property
    def affine(self) -> Affine:
        """The affine forms of the variables; none if they are few."""
        return Affine(self.nodes, self.dimension)

    @cached_property
    def layer(self) -> list[tuple[int, Function]]:
        """The nodes that are functions of one of the forms in ``affine``: they depend on the forms alone."""
        rows, n = self.affine.rows, self.dimension
        return [(i, x) for i, x in enumerate(self.nodes) if isinstance(x, Function) and x.argument - n in rows]

    @cached_property
    def rest(self) -> list[int]:
        """The other nodes that are no forms."""
        before = {i for i, _ in self.layer} | set(self.affine.rows)
        return [i for i in range(len(self.nodes)) if i not in before]

    @cached_property
    def functions_of_forms(self) -> dict[int, int]:
        """The slots that are powers or functions of one of the forms in ``affine``, with its row."""
        rows, n, found = self.affine.rows, self.dimension, dict[int, int]()
        for i, node in enumerate(self.nodes):
            if isinstance(node, Power | Function) and (row := rows.get(arguments(node)[0] - n)) is not None:
                found[n + i] = row
        return found

    @cached_property
    def valued(self) -> frozenset[int]:
        """The slots whose values some derivative depends on: all but those that are used in sums alone."""
        found: set[int] = set()
        for node in self.nodes:
            if isinstance(node, Product):
                found |= {node.left, node.right}
            elif isinstance(node, Power):
                found.add(node.base)
            elif isinstance(node, Function):
                found.add(node.argument)
        sums = [(i, x) for i, x in enumerate(self.nodes) if isinstance(x, Sum)]
        for i, node in reversed(sums):
            if self.dimension + i in found:
                found |= {slot for slot, _ in node.terms}
        return frozenset(found)


@dataclass(frozen=True)
class Value:
    """An expression while the graph is built: a constant plus multiples of slots, without a node of its own yet."""

    constant: fmpq
    terms: dict[int, fmpq]

    @property
    def is_constant(self) -> bool:
        """Whether no slot occurs."""
        return not self.terms


@dataclass
class Builder:
    """Collect nodes; equal ones are made once."""

    dimension: int
    nodes: list[Node] = field(default_factory=list)
    _known: dict[Node, int] = field(default_factory=dict)

    def constant(self, value: fmpq) -> Value:
        """Return a constant."""
        return Value(value, {})

    def variable(self, index: int) -> Value:
        """Return a variable."""
        return Value(ZERO, {index: ONE})

    def add(self, left: Value, right: Value, sign: int = 1) -> Value:
        """Return left + sign·right."""
        terms = dict(left.terms)
        for slot, c in right.terms.items():
            total = terms.get(slot, ZERO) + sign * c
            if total:
                terms[slot] = total
            else:
                terms.pop(slot, None)
        return Value(left.constant + sign * right.constant, terms)

    def total(self, values: Iterable[Value]) -> Value:
        """Return the sum of values."""
        constant, terms = ZERO, dict[int, fmpq]()
        for value in values:
            constant += value.constant
            for slot, c in value.terms.items():
                terms[slot] = terms.get(slot, ZERO) + c
        return Value(constant, {slot: c for slot, c in terms.items() if c})

    def dot(self, left: Iterable[Value], right: Iterable[Value]) -> Value:
        """Return the sum of products."""
        constant, terms = ZERO, dict[int, fmpq]()
        for a, b in zip(left, right, strict=True):
            if not a.terms:
                factor, value = a.constant, b
            elif not b.terms:
                factor, value = b.constant, a
            else:
                factor, value = ONE, self.multiply(a, b)
            if value.constant:
                constant += factor * value.constant
            for slot, c in value.terms.items():
                more = factor if c == 1 else factor * c
                terms[slot] = terms[slot] + more if slot in terms else more
        return Value(constant, {slot: c for slot, c in terms.items() if c})

    def scale(self, value: Value, factor: fmpq) -> Value:
        """Return factor·value."""
        if not factor:
            return Value(ZERO, {})
        return Value(value.constant * factor, {slot: c * factor for slot, c in value.terms.items()})

    def multiply(self, left: Value, right: Value) -> Value:
        """Return the product."""
        if left.is_constant:
            return self.scale(right, left.constant)
        if right.is_constant:
            return self.scale(left, right.constant)
        (a, first), (b, second) = self._scaled_slot(left), self._scaled_slot(right)
        node = Power(a, fmpq(2)) if a == b else Product(min(a, b), max(a, b))
        return Value(ZERO, {self._slot(node): first * second})

    def power(self, base: Value, exponent: fmpq) -> Value:
        """Return base to a rational power.

        Raises:
            InputError: If a constant base has no such rational power.
        """
        if exponent == 1:
            return base
        if not exponent:
            return Value(ONE, {})
        if base.is_constant:
            if (exponent.q != 1 and base.constant <= 0) or (not base.constant and exponent < 0):
                raise InputError("loss", f"{base.constant} to the power {exponent} is not a number; write one")
            if exponent.q == 1:
                return Value(base.constant ** int(exponent.p), {})
        if exponent == -1 and base.constant == 1 and (inner := self._exponent(base)) is not None:
            # 1/(1 + exp(u)) is the logistic function of −u.
            return self.apply("sigmoid", Value(ZERO, {inner: -ONE}))
        if exponent.q == 1:
            slot, factor = self._scaled_slot(base)
            return Value(ZERO, {self._slot(Power(slot, exponent)): factor ** int(exponent.p)})
        return Value(ZERO, {self._slot(Power(self.slot(base), exponent)): ONE})

    def apply(self, name: str, argument: Value) -> Value:
        """Return an elementary function of a value.

        log(1 + exp(u)) is read as softplus(u), log(sigmoid(u)) as −softplus(−u) and log(1 − sigmoid(u)) as
        −softplus(u): over a wide ball their derivatives are then known far better.
        """
        if name in {"log", "log1p"} and argument.constant == (name == "log"):
            inner = self._exponent(argument)
            if inner is not None:
                return Value(ZERO, {self._slot(Function("softplus", inner)): ONE})
        if name == "log" and (found := self._only(argument, "sigmoid")) is not None:
            inner, factor = found
            if abs(factor) == 1 and 2 * argument.constant == 1 - factor:
                return self.scale(self.apply("softplus", Value(ZERO, {inner: -factor})), -ONE)
        return Value(ZERO, {self._slot(Function(name, self.slot(argument))): ONE})

    def _exponent(self, value: Value) -> int | None:
        """Return the slot u if a value is exp(u) plus a constant."""
        found = self._only(value, "exp")
        return None if found is None or found[1] != 1 else found[0]

    def _only(self, value: Value, name: str) -> tuple[int, fmpq] | None:
        """Return the slot u and the factor if a value is a multiple of a function of u, plus a constant."""
        if len(value.terms) != 1:
            return None
        ((slot, factor),) = value.terms.items()
        node = self.nodes[slot - self.dimension] if slot >= self.dimension else None
        return (node.argument, factor) if isinstance(node, Function) and node.name == name else None

    def slot(self, value: Value) -> int:
        """Return the slot of a value; a node is added if there is none yet."""
        if not value.constant and len(value.terms) == 1:
            ((slot, factor),) = value.terms.items()
            if factor == 1:
                return slot
        return self._slot(Sum(value.constant, tuple(sorted(value.terms.items()))))

    def _scaled_slot(self, value: Value) -> tuple[int, fmpq]:
        """Return a slot and a factor whose product is the value: a multiple of one slot needs no node of its own."""
        if not value.constant and len(value.terms) == 1:
            ((slot, factor),) = value.terms.items()
            return slot, factor
        return self.slot(value), ONE

    def _slot(self, node: Node) -> int:
        new = self.dimension + len(self.nodes)
        slot = self._known.setdefault(node, new)
        if slot == new:
            if len(self.nodes) >= MAX_NODES:
                raise InputError("loss", f"the loss has more than {MAX_NODES} operations; give a smaller one")
            self.nodes.append(node)
        return slot

    def finish(self, value: Value) -> tuple[Node, ...]:
        """Return the nodes that the value depends on, of which the last is the value."""
        n, nodes = self.dimension, [*self.nodes, Sum(value.constant, tuple(sorted(value.terms.items())))]
        needed = {n + len(nodes) - 1}
        for slot in range(n + len(nodes) - 1, n - 1, -1):
            if slot in needed:
                needed.update(arguments(nodes[slot - n]))
        kept = [slot for slot in range(n, n + len(nodes)) if slot in needed]
        place = {slot: slot for slot in range(n)} | {slot: n + i for i, slot in enumerate(kept)}
        return tuple(_moved(nodes[slot - n], place) for slot in kept)
