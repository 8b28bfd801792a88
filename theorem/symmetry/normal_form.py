"""Normal forms of smooth losses: two expressions with one normal form are one function wherever both are defined.

A form is a polynomial with rational coefficients in *atoms*: variables, values of elementary functions, and powers that
are not multiplied out. Sums and products are multiplied out up to a number of terms. Signs pass through odd and even
functions; softplus(−u) is softplus(u) − u, and sigmoid(−u) is 1 − sigmoid(u).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from flint import fmpq

from gdcheck.theorem.smooth.graph import Function, Node, Power, Product, SmoothLoss, Sum

ODD = frozenset(("sin", "tan", "sinh", "tanh", "erf", "atan"))
EVEN = frozenset(("cos", "cosh"))
_MOST_TERMS = 400
"""A product with more terms than this is an atom."""

Monomial: TypeAlias = "tuple[tuple[int, int], ...]"
"""Atoms with their exponents, which are not zero, by ascending atom."""
Form: TypeAlias = "dict[Monomial, fmpq]"
"""Monomials with their coefficients, which are not zero."""
_Key: TypeAlias = "tuple[tuple[Monomial, tuple[int, int]], ...]"
_ONE: Monomial = ()


class NormalForms:
    """Normal forms of one loss in several coordinates; the atoms have the same numbers in all of them.

    Args:
        loss: The loss.
    """

    def __init__(self, loss: SmoothLoss) -> None:
        self._loss = loss
        self._atoms: dict[object, int] = {}

    def at(self, coordinates: Sequence[tuple[int, int, fmpq]]) -> Form:
        """Return the normal form of f(y).

        Args:
            coordinates: For each coordinate of y a variable, a sign and a number: y_i is their product plus the number.
        """
        slots = [_sum([({self._atom(("variable", i)): s}, fmpq(1)), ({_ONE: t}, fmpq(1))]) for i, s, t in coordinates]
        for node in self._loss.nodes:
            slots.append(self._form(node, slots))
        return slots[-1]

    def groups(self) -> list[list[int]]:
        """Return groups of variables such that the loss is a sum of functions of one group each."""
        n = self._loss.dimension
        form = self.at([(i, 1, fmpq(0)) for i in range(n)])
        variables = self._variables()
        group = list(range(n))
        for monomial in form:
            used = set().union(*(variables[atom] for atom, _ in monomial))
            names = {group[i] for i in used}
            group = [min(names) if name in names else name for name in group]
        return [[i for i in range(n) if group[i] == name] for name in sorted(set(group))]

    def _variables(self) -> list[set[int]]:
        """Return the variables that each atom depends on."""
        found = list[set[int]]()
        for key in self._atoms:
            assert isinstance(key, tuple)
            if key[0] == "variable":
                found.append({key[1]})
            else:
                forms = [x for x in key if isinstance(x, tuple)]
                found.append(set().union(*(found[a] for form in forms for mono, _ in form for a, _ in mono)))
        return found

    def _atom(self, key: object) -> Monomial:
        return ((self._atoms.setdefault(key, len(self._atoms)), 1),)

    def _form(self, node: Node, slots: Sequence[Form]) -> Form:
        if isinstance(node, Sum):
            return _sum([({_ONE: node.constant}, fmpq(1)), *((slots[slot], c) for slot, c in node.terms)])
        if isinstance(node, Product):
            return self._product(slots[node.left], slots[node.right])
        if isinstance(node, Power):
            return self._power(slots[node.base], node.exponent)
        return self._value(node, slots[node.argument])

    def _product(self, a: Form, b: Form) -> Form:
        if len(a) * len(b) <= _MOST_TERMS:
            return _multiply(a, b)
        (c, u), (d, v) = _monic(a), _monic(b)
        return {self._atom(("product", *sorted((_key(u), _key(v))))): c * d}

    def _power(self, base: Form, exponent: fmpq) -> Form:
        p, q = int(exponent.p), int(exponent.q)
        if q > 1 or not base:
            return {self._atom(("power", _key(base), p, q)): fmpq(1)}
        if len(base) == 1:
            ((monomial, c),) = base.items()
            return {tuple((atom, e * p) for atom, e in monomial): c**p}
        if p > 0 and len(base) ** p <= _MOST_TERMS:
            found = base
            for _ in range(p - 1):
                found = _multiply(found, base)
            return found
        c, form = _monic(base)
        ((atom, _),) = self._atom(("base", _key(form)))
        return {((atom, p),): c**p}

    def _value(self, node: Function, argument: Form) -> Form:
        name, plain = node.name, {self._atom((node.name, _key(argument))): fmpq(1)}
        if not argument or argument[min(argument)] > 0:
            return plain
        turned = _sum([(argument, fmpq(-1))])
        if name in ODD | EVEN or name in {"softplus", "sigmoid"}:
            plain = {self._atom((name, _key(turned))): fmpq(1)}
        if name in ODD or name == "sigmoid":
            plain = _sum([(plain, fmpq(-1)), ({_ONE: fmpq(name == "sigmoid")}, fmpq(1))])
        return _sum([(plain, fmpq(1)), (argument, fmpq(1))]) if name == "softplus" else plain


def _sum(parts: Sequence[tuple[Mapping[Monomial, fmpq | int], fmpq]]) -> Form:
    total: Form = {}
    for form, factor in parts:
        for monomial, c in form.items():
            total[monomial] = total.get(monomial, fmpq(0)) + factor * c
    return {monomial: c for monomial, c in total.items() if c}


def _multiply(a: Form, b: Form) -> Form:
    total: Form = {}
    for left, c in a.items():
        for right, d in b.items():
            exponents = dict(left)
            for atom, e in right:
                exponents[atom] = exponents.get(atom, 0) + e
            monomial = tuple(sorted((atom, e) for atom, e in exponents.items() if e))
            total[monomial] = total.get(monomial, fmpq(0)) + c * d
    return {monomial: c for monomial, c in total.items() if c}


def _monic(form: Form) -> tuple[fmpq, Form]:
    """Return the first coefficient, and the form divided by it."""
    c = form[min(form)]
    return c, {monomial: x / c for monomial, x in form.items()}


def _key(form: Form) -> _Key:
    return tuple((monomial, (int(form[monomial].p), int(form[monomial].q))) for monomial in sorted(form))
