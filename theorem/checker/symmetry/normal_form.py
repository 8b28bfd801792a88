"""Losses as sums of products: two expressions with one normal form are equal wherever both are defined.

A normal form is a sum of multiples of products. The factors, called atoms, are variables, values of functions and
powers that are not multiplied out, with whole exponents. These are equal, and are written in one way:

* phi(-u) = -phi(u) for odd functions, and phi(-u) = phi(u) for even ones;
* softplus(-u) = softplus(u) - u, and sigmoid(-u) = 1 - sigmoid(u).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from gdcheck.theorem.checker.exact import raised
from gdcheck.theorem.checker.outcome import look
from gdcheck.theorem.checker.smooth.expression import Call, Expression, Operation, Power, Product, Sum

ODD, EVEN = {"sin", "tan", "sinh", "tanh", "erf", "atan"}, {"cos", "cosh"}
MOST_PRODUCTS = 400
"""A product of sums, or a power of one, is multiplied out up to this number of products."""

Factors = tuple[tuple[int, int], ...]
"""A product: the numbers of its atoms, ascending, each with its exponent."""
Total = tuple[tuple[Factors, Fraction], ...]
"""A normal form: its products, ascending, each with its coefficient; none is zero."""


def total(parts: Iterable[tuple[Factors, Fraction]]) -> Total:
    """Add multiples of products."""
    found = dict[Factors, Fraction]()
    for factors, c in parts:
        found[factors] = found.get(factors, Fraction(0)) + c
    return tuple(sorted((factors, c) for factors, c in found.items() if c))


def scaled(form: Total, c: Fraction) -> Total:
    """Multiply a form by a number that is not zero."""
    return tuple((factors, c * x) for factors, x in form)


def _times(left: Factors, right: Factors) -> Factors:
    exponents = Counter(dict(left))
    for atom, e in right:
        exponents[atom] += e
    return tuple(sorted((atom, e) for atom, e in exponents.items() if e))


@dataclass
class Forms:
    """Computes normal forms; what is one atom in one of them is the same atom in all.

    Attributes:
        atoms: Their numbers.
        variables: The variables that each depends on.
    """

    atoms: dict[Hashable, int] = field(default_factory=dict)
    variables: list[frozenset[int]] = field(default_factory=list)

    def of(self, expression: Expression, arguments: Sequence[tuple[int, int, Fraction]]) -> Total:
        """Return the form of f(y), where y_i is a sign times a variable plus a number.

        Args:
            expression: f.
            arguments: For each i the number of the variable, the sign, and the number that is added.
        """
        slots = [total([(self.variable(j), Fraction(sign)), ((), number)]) for j, sign, number in arguments]
        for operation in expression.operations:
            look("the normal form of the loss")
            slots.append(self._form(operation, slots))
        return slots[-1]

    def variable(self, j: int) -> Factors:
        """Return the atom of a variable."""
        return self._atom(("variable", j), frozenset((j,)))

    def depends_on(self, factors: Factors) -> frozenset[int]:
        """Return the variables that a product depends on."""
        return frozenset[int]().union(*(self.variables[atom] for atom, _ in factors))

    def _atom(self, name: Hashable, variables: frozenset[int]) -> Factors:
        if name not in self.atoms:
            self.atoms[name] = len(self.variables)
            self.variables.append(variables)
        return ((self.atoms[name], 1),)

    def _made_of(self, kind: Hashable, *forms: Total) -> Factors:
        used = (self.depends_on(factors) for form in forms for factors, _ in form)
        return self._atom((kind, forms), frozenset[int]().union(*used))

    def _form(self, operation: Operation, slots: Sequence[Total]) -> Total:
        if isinstance(operation, Sum):
            scaled_terms = ((factors, c * x) for slot, c in operation.terms for factors, x in slots[slot])
            return total([((), operation.constant), *scaled_terms])
        if isinstance(operation, Product):
            return self._product(slots[operation.left], slots[operation.right])
        if isinstance(operation, Power):
            return self._power(slots[operation.argument], operation.exponent)
        return self._call(operation, slots[operation.argument])

    def _product(self, left: Total, right: Total) -> Total:
        if len(left) * len(right) > MOST_PRODUCTS:
            (c, a), (d, b) = _leading(left), _leading(right)
            return ((self._made_of("product", *sorted((a, b))), c * d),)
        return total((_times(a, b), c * d) for a, c in left for b, d in right)

    def _power(self, base: Total, exponent: Fraction) -> Total:
        if exponent.denominator > 1 or not base:
            return ((self._made_of(("power", exponent), base), Fraction(1)),)
        p = int(exponent)
        if len(base) == 1:
            ((factors, c),) = base
            return ((tuple((atom, e * p) for atom, e in factors), raised(c, p)),)
        if p > 0 and len(base) ** p <= MOST_PRODUCTS:
            found = base
            for _ in range(p - 1):
                found = self._product(found, base)
            return found
        c, form = _leading(base)
        ((atom, _),) = self._made_of("sum", form)
        return ((((atom, p),), raised(c, p)),)

    def _call(self, call: Call, argument: Total) -> Total:
        name, one = call.name, Fraction(1)
        turned = scaled(argument, -one)
        if not argument or argument[0][1] > 0 or name not in ODD | EVEN | {"softplus", "sigmoid"}:
            return ((self._made_of(name, argument), one),)
        value = (self._made_of(name, turned), one if name in EVEN | {"softplus"} else -one)
        if name == "softplus":
            return total([value, *argument])
        return total([value, ((), one)]) if name == "sigmoid" else (value,)


def _leading(form: Total) -> tuple[Fraction, Total]:
    """Return the first coefficient, and the form divided by it."""
    c = form[0][1]
    return c, scaled(form, 1 / c)


def parts_of(expression: Expression) -> list[frozenset[int]]:
    """Split the variables into as many sets as possible such that the loss is a sum of functions of one set each."""
    forms, n = Forms(), expression.dimension
    form = forms.of(expression, [(i, 1, Fraction(0)) for i in range(n)])
    parts = [frozenset((i,)) for i in range(n)]
    for factors, _ in form:
        used = forms.depends_on(factors)
        joined = [part for part in parts if part & used]
        parts = [part for part in parts if not part & used]
        if joined:
            parts.append(frozenset[int]().union(*joined))
    return parts
