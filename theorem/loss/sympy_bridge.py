"""Losses from SymPy expressions and back; SymPy is imported only when one of these functions is called."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.expression import MAX_NESTING
from gdcheck.theorem.loss.polynomial import MAX_BITS, Expanded, Expander
from gdcheck.theorem.loss.rational import quoted
from gdcheck.theorem.loss.tokens import check_variables, natural_key

if TYPE_CHECKING:
    from gdcheck.theorem.loss.loss import Loss

_ACCEPTED = "give a polynomial with rational coefficients plus terms c*Max(affine, 0)**p"


def _sympy() -> Any:
    try:
        import sympy  # noqa: PLC0415
    except ImportError as error:
        raise InputError("sympy", "SymPy is not installed; run pip install 'gdcheck[sympy]'") from error
    return sympy


class _Reader:
    """Walks a SymPy tree and expands it, within the limits of ``Expander``."""

    def __init__(self, sympy: Any, variables: tuple[str, ...]) -> None:
        self.sympy = sympy
        self.expander = Expander(len(variables), MAX_BITS)
        self.weights = dict(zip(variables, self.expander.weights, strict=True))

    def read(self, node: Any, depth: int = 0) -> Expanded:
        sympy = self.sympy
        if depth > MAX_NESTING:
            raise InputError("loss", f"the expression is nested deeper than {MAX_NESTING}; expand it first")
        if isinstance(node, sympy.Rational):
            value = fmpq(int(node.p), int(node.q))
            self.expander.check_coefficient(value)
            return Expanded({0: value} if value else {})
        if isinstance(node, sympy.Float):
            raise InputError(
                "loss",
                f"the float {quoted(str(node))} is not exact; use sympy.Rational('0.1') or sympy.Rational(1, 10)",
            )
        if isinstance(node, sympy.Symbol):
            return Expanded({self.weights[node.name]: fmpq(1)})
        if isinstance(node, sympy.Add):
            total = Expanded()
            for argument in node.args:
                self.expander.add_into(total, self.read(argument, depth + 1), fmpq(1))
            return total
        if isinstance(node, sympy.Mul):
            result = Expanded({0: fmpq(1)})
            for argument in node.args:
                result = self.expander.multiply(result, self.read(argument, depth + 1))
            return result
        if isinstance(node, sympy.Pow):
            base, exponent = node.args
            if isinstance(exponent, sympy.Float):
                self.read(exponent)
            if not isinstance(exponent, sympy.Integer):
                raise InputError("loss", f"the power in {quoted(str(node))} is not a whole number; {_ACCEPTED}")
            if isinstance(base, sympy.Max):
                return self.expander.hinge(self.argument(base, depth), fmpq(int(exponent)))
            return self.expander.power(self.read(base, depth + 1), int(exponent))
        if isinstance(node, sympy.Max):
            return self.expander.hinge(self.argument(node, depth), None)
        raise InputError("loss", f"{quoted(str(node))} is not a polynomial or max(...)**p; {_ACCEPTED}")

    def argument(self, node: Any, depth: int) -> Expanded:
        return self.expander.argument([self.read(argument, depth + 1) for argument in node.args])


def expand_sympy(expr: Any, variables: Iterable[Any] | None = None) -> tuple[tuple[str, ...], Expanded]:
    """Read a SymPy expression.

    Args:
        expr: A polynomial with rational coefficients plus terms ``c*Max(affine, 0)**p``.
        variables: Names or symbols in order; without them, the free symbols in natural order.

    Returns:
        The names, and the expanded sum.

    Raises:
        InputError: For anything else, floats included.
    """
    sympy = _sympy()
    if not isinstance(expr, sympy.Expr):
        raise InputError("loss", f"a {type(expr).__name__} is not a SymPy expression; {_ACCEPTED}")
    symbols = expr.free_symbols
    found = {str(symbol.name) if isinstance(symbol, sympy.Symbol) else str(symbol) for symbol in symbols}
    if len(found) < len(symbols):
        raise InputError("loss", "two different symbols have the same name; create each symbol once")
    if variables is None:
        names = check_variables(sorted(found, key=natural_key)) if found else ()
        if not names:
            raise InputError("loss", "the expression has no variable; add a symbol, or name the variables")
    else:
        names = check_variables([v.name if isinstance(v, sympy.Symbol) else v for v in variables])
        for name in sorted(found - set(names), key=natural_key):
            raise InputError(
                "loss", f"unknown variable {quoted(name)}; correct it, the known ones are {', '.join(names)}"
            )
    return names, _Reader(sympy, names).read(expr)


def write_sympy(loss: "Loss") -> Any:
    """Write a loss as a SymPy expression in plain symbols.

    Args:
        loss: The loss.

    Returns:
        The expression; ``expand_sympy`` reads it back.
    """
    sympy = _sympy()
    symbols = [sympy.Symbol(name) for name in loss.variables]

    def rational(value: fmpq) -> Any:
        return sympy.Rational(int(value.p), int(value.q))

    parts = [
        sympy.Mul(rational(c), *[s**e for s, e in zip(symbols, exponents, strict=True) if e])
        for exponents, c in loss.terms
    ]
    for power in loss.truncated:
        affine = sympy.Add(
            *[rational(slope) * s for s, slope in zip(symbols, power.direction, strict=True)],
            -rational(power.threshold),
        )
        parts.append(rational(power.coefficient) * sympy.Max(affine, 0) ** power.power)
    return sympy.Add(*parts)
