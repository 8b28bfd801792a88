"""Reading the text of a loss: ``x**2 + y**2/2 + x**2*y``, ``3/4*max(x - 1/2, 0)**4``.

The text is data and never executed: it is split into numbers, names and a few signs, and parsed by recursive descent::

    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/") factor)*
    factor  = ("+" | "-")* atom [("**" | "^") factor | [superscript] [factor]]
    atom    = number | name | "(" sum ")" | "max" "(" sum "," sum ")"

A factor follows an atom directly, as in ``2x`` and ``(x + 1)(y - 2)``, only where this has one meaning: neither after a
name, nor in a divisor or a power.
Nothing else is known, nothing is evaluated, and every limit is checked before the expansion that would exceed it.
"""

import re
from collections.abc import Iterable, Sequence

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import (
    MAX_BITS,
    MAX_DEGREE,
    MAX_VARIABLES,
    Exponents,
    Parts,
    Polynomial,
    PolynomialArithmetic,
    add_term,
)
from gdcheck.theorem.loss.rational import MAX_DIGITS, decimal_to_fmpq, quoted
from gdcheck.theorem.loss.tokens import Tokens, check_variables, names_in

MAX_CHARACTERS = 1_000_000
MAX_NESTING = 100

_DIGITS = rf"[0-9]{{1,{MAX_DIGITS}}}"
_POWER = r"[A-Za-z_][A-Za-z0-9_]*(?:\s*+(?:\*\*|\^)\s*+[0-9]{1,2})?"
_PLAIN_END = r"(?=\s*+(?:[-+),]|\Z))"
# A run of blanks is never given back (*+), so that a long one is not scanned once for each of its lengths.
_PLAIN_TERM = re.compile(
    rf"\s*+([-+])?\s*+(?:({_DIGITS})(?:\s*+/\s*+({_DIGITS}))?(?:\s*+\*\s*+(?=[A-Za-z_])|{_PLAIN_END}))?"
    rf"({_POWER}(?:\s*+\*\s*+{_POWER})*)?{_PLAIN_END}"
)
_MINUS_ONE, _ONE = fmpq(-1), fmpq(1)
# What may follow an atom directly, for a product.
_AFTER = {"number": {"name", "max", "("}, "(": {"("}}


class _Parser:
    """Recursive descent over tokens; the result is expanded as it is read."""

    def __init__(self, tokens: Tokens, variables: Sequence[str]) -> None:
        self.tokens = tokens
        self.variables = variables
        self.depth = 0
        self.arithmetic = PolynomialArithmetic(len(variables), MAX_BITS)
        self.indices = {name: i for i, name in enumerate(variables)}
        self.powers: dict[str, tuple[int, int]] = {}  # Index and exponent of the powers met in plain terms.

    def parse(self) -> Parts:
        """Read the whole text."""
        value = self.sum()
        if self.tokens.kind != "end":
            self.unexpected()
        return value

    def unexpected(self, closing: str = "") -> None:
        """Refuse the current token, which cannot stand where it stands after a complete product."""
        kind, text, position = self.tokens.kind, self.tokens.token, self.tokens.position
        kind_before, before = self.tokens.before
        if kind == "end":
            message = f"the text ends at character {position} inside a parenthesis; add {closing!r}"
        elif kind == ")":
            message = f"found ')' at character {position} without a '(' before it; remove it or add '('"
        elif kind == ",":
            message = f"found ',' at character {position}; a comma stands only in max(..., 0), decimals take a point"
        elif kind in {"name", "max", "("} and kind_before == "number":
            rest = "(...)" if kind == "(" else "max(...)" if kind == "max" else text[:40]
            message = (
                f"found {quoted(text)} right after {quoted(before)} at character {position}, which has two readings in"
                f" a divisor or a power; write {before[:40]}*{rest} or ({before[:40]}*{rest})"
            )
        else:
            message = (
                f"found {quoted(text)} right after {quoted(before)} at character {position};"
                " put one of the signs + - * / ** between them"
            )
        raise InputError("loss", message)

    def enter(self) -> None:
        """Count one more level of nesting."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise InputError(
                "loss",
                f"the nesting at character {self.tokens.position} is deeper than {MAX_NESTING};"
                " remove parentheses or multiply them out",
            )

    def sum(self) -> Parts:
        """Read products, joined by + and -."""
        total = Parts()
        signed = False
        while not signed or self.tokens.kind in {"+", "-"}:
            if not self.plain_terms(total.polynomial):
                sign = _MINUS_ONE if signed and self.tokens.kind == "-" else _ONE
                if signed:
                    self.tokens.advance()
                position = self.tokens.position
                value = self.product()
                self.arithmetic.position = position
                self.arithmetic.add_into(total, value, sign)
            signed = True
        return total

    def plain_terms(self, total: Polynomial) -> bool:
        """Read terms such as ``- 3/4*x**2*y``, the form of canonical texts, and add them to ``total``.

        Returns:
            False, with nothing read, if what stands here is anything else; ``product`` reads all that this reads.
        """
        first = at = self.tokens.position - 1
        text, arithmetic = self.tokens.text, self.arithmetic
        while match := _PLAIN_TERM.match(text, at):
            sign, numerator, denominator, monomial = match.groups()
            if not (monomial or numerator):
                break
            exponents = self.exponents(monomial) if monomial else arithmetic.one
            divisor = int(denominator) if denominator else 1
            if exponents is None or not divisor:
                break
            count = int(numerator) if numerator else 1
            value = fmpq(-count if sign == "-" else count, divisor)
            arithmetic.position = at + 1
            if exponents in total:
                arithmetic.check_coefficient(add_term(total, exponents, value))
            elif count:
                total[exponents] = value
                arithmetic.check_terms(len(total))
            at = match.end()
        if at > first:
            self.tokens.move(at)
        return at > first

    def exponents(self, monomial: str) -> Exponents | None:
        """Return the exponents of a plain monomial; None if a name is unknown or the degree too large."""
        powers = self.powers
        exponents = list(self.arithmetic.one)
        for factor in monomial.replace("**", "^").split("*"):
            if factor not in powers:
                name, _, power = factor.partition("^")
                if name.strip() not in self.indices:
                    return None
                powers[factor] = self.indices[name.strip()], int(power or 1)
            i, exponent = powers[factor]
            exponents[i] += exponent
        return tuple(exponents) if sum(exponents) <= MAX_DEGREE else None

    def product(self) -> Parts:
        """Read factors, joined by * and /."""
        value = self.factor()
        while self.tokens.kind in {"*", "/"}:
            divide = self.tokens.kind == "/"
            self.tokens.advance()
            position = self.tokens.position
            factor = self.factor(divisor=divide)
            self.arithmetic.position = position
            if divide:
                divisor = factor.constant()
                if divisor is None:
                    self.arithmetic.refuse("division by something that is not constant", "divide by numbers only")
                if not divisor:
                    self.arithmetic.refuse("division by zero", "divide by a number that is not 0")
                factor = Parts({self.arithmetic.one: 1 / divisor})
            value = self.arithmetic.multiply(value, factor)
        return value

    def factor(self, divisor: bool = False) -> Parts:
        """Read signs, an atom, and its power, or the factor that follows it directly unless in a divisor or a power."""
        negative = False
        while self.tokens.kind in {"+", "-"}:
            negative ^= self.tokens.kind == "-"
            self.tokens.advance()
        start, position = self.tokens.kind, self.tokens.position
        value = self.atom()
        power: fmpq | None = None
        followed = not divisor and self.tokens.kind != "**"
        if self.tokens.kind == "**":
            self.tokens.advance()
            self.enter()
            power = self.factor(divisor=True).constant()
            self.depth -= 1
            self.arithmetic.position = position
            if power is None or power.q != 1:
                self.arithmetic.refuse(
                    "a power that is not a whole number", "write powers such as x**2, with a number from 0 to 16"
                )
        elif self.tokens.kind == "superscript":
            power = decimal_to_fmpq(self.tokens.token, "loss", f" at character {self.tokens.position}")
            self.tokens.advance()
        self.arithmetic.position = position
        if start == "max":
            value = self.arithmetic.hinge(value, power)
        elif power is not None:
            value = self.arithmetic.power(value, int(power.p))
        if followed and self.tokens.kind in _AFTER.get(start, ()):
            self.enter()
            value = self.arithmetic.multiply(value, self.factor())
            self.depth -= 1
        if negative:
            result = Parts()
            self.arithmetic.add_into(result, value, _MINUS_ONE)
            return result
        return value

    def atom(self) -> Parts:
        """Read a number, a name, a parenthesised sum, or the argument of max(..., 0)."""
        kind, token, position = self.tokens.kind, self.tokens.token, self.tokens.position
        place = f"at character {position}"
        self.tokens.advance()
        if kind == "number":
            number = decimal_to_fmpq(token, "loss", f" {place}")
            return Parts({self.arithmetic.one: number} if number else {})
        if kind == "name":
            if token not in self.indices:
                raise InputError(
                    "loss",
                    f"unknown variable {quoted(token)} {place}; correct it, the known ones are"
                    f" {', '.join(self.variables)}",
                )
            return Parts({self.arithmetic.variable(self.indices[token]): _ONE})
        if kind == "(":
            return self.parenthesised()[0]
        if kind == "max":
            self.arithmetic.position = position
            if self.tokens.kind != "(":
                self.arithmetic.refuse("max without arguments", "write max(x - 1/2, 0)**4")
            self.tokens.advance()
            arguments = self.parenthesised(commas=True)
            self.arithmetic.position = position
            return self.arithmetic.argument(arguments)
        found = f"the text ends {place}" if kind == "end" else f"found {quoted(token)} {place}"
        raise InputError("loss", f"{found} where a number, a variable or '(' belongs; put one there")

    def parenthesised(self, commas: bool = False) -> list[Parts]:
        """Read sums up to the closing parenthesis."""
        self.enter()
        values = [self.sum()]
        while commas and self.tokens.kind == ",":
            self.tokens.advance()
            values.append(self.sum())
        if self.tokens.kind != ")":
            self.unexpected(closing=")")
        self.tokens.advance()
        self.depth -= 1
        return values


def parse_expression(text: str, variables: Iterable[str] | None = None) -> tuple[tuple[str, ...], Parts]:
    """Read a sum of polynomial terms and truncated powers.

    Args:
        text: The text; see the module's grammar.
        variables: The names of the variables in order; without them, the names in the text in natural order (x2 before
            x10).

    Returns:
        The names, and the expanded sum.

    Raises:
        InputError: If the text is not such a sum or exceeds a limit; one sentence says where, what was found, and the
            fix.
    """
    if not isinstance(text, str):
        raise InputError("loss", f"a {type(text).__name__} is not text; write a polynomial such as 'x**2 + y**2/2'")
    if len(text) > MAX_CHARACTERS:
        raise InputError("loss", f"the text has {len(text)} characters; shorten it to at most {MAX_CHARACTERS}")
    if not text.strip():
        raise InputError("loss", "the text is empty; write a polynomial such as x**2 + y**2/2")
    known = names_in(text) if variables is None else check_variables(variables)
    if len(known) > MAX_VARIABLES:
        raise InputError("loss", f"the text has {len(known)} variables; use at most {MAX_VARIABLES}")
    total = _Parser(Tokens(text), known).parse()
    if not known:
        raise InputError("loss", "the text has no variable; write one such as x, or name the variables")
    return known, total
