"""Losses from SymPy expressions and back; SymPy is imported only when one of these functions is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.expression import MAX_NESTING, parse_expression
from gdcheck.theorem.loss.polynomial import Parts, Term
from gdcheck.theorem.loss.rational import quoted, to_fmpq, to_text
from gdcheck.theorem.loss.tokens import check_variables, natural_key
from gdcheck.theorem.loss.truncated import TruncatedPower

_ACCEPTED = "give a polynomial with rational coefficients plus terms c*Max(affine, 0)**p"


def _sympy() -> Any:
    try:
        import sympy  # noqa: PLC0415
    except ImportError as error:
        raise InputError("sympy", "SymPy is not installed; run pip install 'gdcheck[sympy]'") from error
    return sympy


def _text(sympy: Any, node: Any, depth: int = 0) -> str:
    """Write a SymPy expression in the grammar of losses, each argument in parentheses."""
    if depth > MAX_NESTING:
        raise InputError("loss", f"the expression is nested deeper than {MAX_NESTING}; expand it first")
    if isinstance(node, sympy.Rational):
        return to_text(to_fmpq(Fraction(int(node.p), int(node.q)), "loss"))
    if isinstance(node, sympy.Float):
        raise InputError(
            "loss", f"the float {quoted(str(node))} is not exact; use sympy.Rational('0.1') or sympy.Rational(1, 10)"
        )
    if isinstance(node, sympy.Symbol):
        return str(node.name)
    signs = {sympy.Add: " + ", sympy.Mul: "*", sympy.Pow: "**", sympy.Max: ""}
    for kind, sign in signs.items():
        if isinstance(node, kind):
            written = [_text(sympy, argument, depth + 1) for argument in node.args]
            if kind is sympy.Max:
                return f"max({', '.join(written)})"
            # A power belongs to max(...) itself; everything else goes into parentheses.
            return sign.join(
                text if isinstance(a, sympy.Max) else f"({text})" for a, text in zip(node.args, written, strict=True)
            )
    raise InputError("loss", f"{quoted(str(node))} is not a polynomial or max(...)**p; {_ACCEPTED}")


def read_sympy(expr: Any, variables: Iterable[Any] | None = None) -> tuple[tuple[str, ...], Parts]:
    """Read a SymPy expression: write it as text, and parse that.

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
    try:
        return parse_expression(_text(sympy, expr), names)
    except InputError as error:
        # A position in a text that the user did not write would not help.
        raise InputError(error.field, re.sub(r" at character \d+", "", error.message)) from None


def write_sympy(variables: Sequence[str], terms: Sequence[Term], truncated: Sequence[TruncatedPower]) -> Any:
    """Write a loss as a SymPy expression in plain symbols.

    Args:
        variables: Its variables.
        terms: Its polynomial part.
        truncated: Its truncated powers.

    Returns:
        The expression; ``read_sympy`` reads it back.
    """
    sympy = _sympy()
    symbols = [sympy.Symbol(name) for name in variables]

    def rational(value: fmpq) -> Any:
        return sympy.Rational(int(value.p), int(value.q))

    parts = [
        sympy.Mul(rational(c), *[s**e for s, e in zip(symbols, exponents, strict=True) if e]) for exponents, c in terms
    ]
    for power in truncated:
        affine = sympy.Add(
            *[rational(slope) * s for s, slope in zip(symbols, power.direction, strict=True)],
            -rational(power.threshold),
        )
        parts.append(rational(power.coefficient) * sympy.Max(affine, 0) ** power.power)
    return sympy.Add(*parts)
