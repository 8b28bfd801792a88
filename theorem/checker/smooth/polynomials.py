"""Expressions multiplied out: polynomials as tables from exponents to coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gdcheck.theorem.checker.exact import Exponents, unit
from gdcheck.theorem.checker.outcome import MOST_TERMS, BadCertificate, look, within
from gdcheck.theorem.checker.smooth.expression import Expression, Power, Product, Sum

Table = Mapping[Exponents, Fraction]
MOST_POWER = 16


def variables(n: int) -> list[Table]:
    """Return the variables as polynomials."""
    return [{unit(i, n): Fraction(1)} for i in range(n)]


def expanded(expression: Expression, arguments: Sequence[Table], n: int) -> Table:
    """Multiply an expression out, with polynomials in n variables substituted for its own variables.

    Raises:
        BadCertificate: If it is not a polynomial.
    """
    slots = list(arguments)
    for operation in expression.operations:
        if isinstance(operation, Sum):
            made = {(0,) * n: operation.constant}
            for slot, c in operation.terms:
                for alpha, k in slots[slot].items():
                    made[alpha] = made.get(alpha, Fraction(0)) + c * k
            slots.append({alpha: k for alpha, k in made.items() if k})
        elif isinstance(operation, Product):
            slots.append(times(slots[operation.left], slots[operation.right]))
        elif isinstance(operation, Power) and operation.exponent in range(MOST_POWER + 1):
            power: Table = {(0,) * n: Fraction(1)}
            for _ in range(int(operation.exponent)):
                power = times(power, slots[operation.argument])
            slots.append(power)
        else:
            raise BadCertificate("relations: an expression is not a polynomial; write sums, products and whole powers")
    return slots[-1]


def derivative(p: Table, i: int) -> Table:
    """Return the derivative with respect to variable i."""
    lowered = ((tuple(a - (j == i) for j, a in enumerate(alpha)), alpha[i] * c) for alpha, c in p.items() if alpha[i])
    return dict(lowered)


def composed(p: Table, arguments: Sequence[Table], n: int) -> Table:
    """Return a polynomial with polynomials in n variables substituted for its own variables."""
    made: dict[Exponents, Fraction] = {}
    for alpha, c in p.items():
        term: Table = {(0,) * n: c}
        for argument, a in zip(arguments, alpha, strict=True):
            for _ in range(a):
                term = times(term, argument)
        made = plus(made, term)
    return made


def plus(p: Table, q: Table) -> dict[Exponents, Fraction]:
    """Return the sum of two polynomials."""
    made = dict(p)
    for alpha, c in q.items():
        made[alpha] = made.get(alpha, Fraction(0)) + c
    return {alpha: c for alpha, c in made.items() if c}


def times(p: Table, q: Table) -> Table:
    """Return the product of two polynomials."""
    made: dict[Exponents, Fraction] = {}
    for alpha, a in p.items():
        look("polynomials multiplied out")
        for beta, b in q.items():
            gamma = tuple(map(int.__add__, alpha, beta))
            made[gamma] = made.get(gamma, Fraction(0)) + a * b
        within(len(made) <= MOST_TERMS, f"a polynomial of more than {MOST_TERMS} terms")
    return {gamma: c for gamma, c in made.items() if c}
