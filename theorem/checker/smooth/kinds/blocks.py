"""A loss in two sets of variables, q(y) + g(z) with q quadratic: the block of q in the Hessian is constant."""

from __future__ import annotations

from collections.abc import Sequence

from gdcheck.theorem.checker.smooth.expression import Call, Expression, Operation, Product, Sum

BEYOND = 3
"""Stands for every degree above two, and for functions that are no polynomials."""


def varying(expression: Expression) -> list[int]:
    """Return the variables of g: those in a term of the last sum with a degree above two, and all tied to them.

    Two variables are tied by a term of the last sum that contains both and is not linear.
    """
    n = expression.dimension
    variables, degrees = [{i} for i in range(n)], [1] * n
    for operation in expression.operations:
        slots = _slots(operation)
        variables.append({i for s in slots for i in variables[s]})
        degrees.append(min(BEYOND, _degree(operation, [degrees[s] for s in slots])))
    last = expression.operations[-1]
    terms = _slots(last) if isinstance(last, Sum) else [len(degrees) - 1]
    found = {i for s in terms if degrees[s] == BEYOND for i in variables[s]}
    while True:
        more = {i for s in terms if degrees[s] > 1 and variables[s] & found for i in variables[s]}
        if more <= found:
            return sorted(found)
        found |= more


def _slots(operation: Operation) -> list[int]:
    if isinstance(operation, Sum):
        return [s for s, _ in operation.terms]
    return [operation.left, operation.right] if isinstance(operation, Product) else [operation.argument]


def _degree(operation: Operation, degrees: Sequence[int]) -> int:
    """Bound the degree of an operation's result as a polynomial."""
    if isinstance(operation, Sum):
        return max(degrees, default=0)
    if isinstance(operation, Product):
        return sum(degrees)
    if degrees == [0]:
        return 0
    if isinstance(operation, Call) or operation.exponent.denominator > 1 or operation.exponent <= 0:
        return BEYOND
    return degrees[0] * min(operation.exponent.numerator, BEYOND)
