"""Reading what a person writes: ``x**2 + y**2/2 + x**2*y``, ``3/4*max(x - 1/2, 0)**4``.

The text is data. It is cut into numbers, names and a few signs, and read by recursive descent::

    sum     = product (("+" | "-") product)*
    product = factor (("*" | "/") factor)*
    factor  = ("+" | "-")* atom [("**" | "^") factor]
    atom    = number | name | "(" sum ")" | "max" "(" sum "," sum ")"

Nothing else is known, nothing is evaluated, and every limit is checked before the expansion that would exceed it.
"""

from collections.abc import Iterable, Sequence

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import MAX_BITS, MAX_TERMS, MAX_VARIABLES, Expanded, Expander, add_term
from gdcheck.theorem.loss.rational import decimal_to_fmpq, quoted
from gdcheck.theorem.loss.tokens import Tokens, check_variables, natural_key

MAX_CHARACTERS = 1_000_000
MAX_NESTING = 100

_ONE = fmpq(1)


class _Parser:
    """Recursive descent over tokens; the result is expanded as it is read."""

    def __init__(self, tokens: Tokens, variables: Sequence[str]) -> None:
        self.kinds, self.texts, self.positions = tokens.kinds, tokens.texts, tokens.positions
        self.at = 0
        self.depth = 0
        self.expander = Expander(len(variables), MAX_BITS)
        self.weights = dict(zip(variables, self.expander.weights, strict=True))

    def parse(self) -> Expanded:
        """Read the whole text."""
        value = self.sum()
        if self.kinds[self.at] != "end":
            self.unexpected()
        return value

    def unexpected(self, closing: str = "") -> None:
        """Refuse the current token, which cannot stand where it stands after a complete product."""
        kind, text, position = self.kinds[self.at], self.texts[self.at], self.positions[self.at]
        before = self.texts[self.at - 1]
        if kind == "end":
            message = f"the text ends at character {position} inside a parenthesis; add {closing!r}"
        elif kind == ")":
            message = f"found ')' at character {position} without a '(' before it; remove it or add '('"
        elif kind == ",":
            message = f"found ',' at character {position}; a comma stands only in max(..., 0), decimals take a point"
        elif kind in {"name", "max", "("} and self.kinds[self.at - 1] == "number":
            rest = "(...)" if kind == "(" else "max(...)" if kind == "max" else text[:40]
            message = (
                f"found {quoted(text)} right after {quoted(before)} at character {position}; write {before[:40]}*{rest}"
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
                f"the nesting at character {self.positions[self.at]} is deeper than {MAX_NESTING};"
                " remove parentheses or multiply them out",
            )

    def sum(self) -> Expanded:
        """Read products, joined by + and -."""
        total = Expanded()
        negative = False
        while True:
            self.product(total, negative)
            kind = self.kinds[self.at]
            if kind not in {"+", "-"}:
                return total
            negative = kind == "-"
            self.at += 1

    def product(self, total: Expanded, negative: bool) -> None:
        """Read one product and add it to ``total``; numbers and powers of variables never become dictionaries."""
        kinds, texts, expander, weights = self.kinds, self.texts, self.expander, self.weights
        coefficient = fmpq(-1) if negative else _ONE
        monomial = 0
        general: Expanded | None = None
        divide = False
        while True:
            at = self.at
            kind = kinds[at]
            power = kinds[at + 1] == "**"
            number: fmpq | None = None
            if kind == "number" and not power:
                number = self.number(at)
                self.at = at + 1
            elif kind == "name" and not divide and not power:
                monomial += weights[texts[at]]
                self.at = at + 1
            elif kind == "name" and not divide and self._plain_power(at):
                monomial += weights[texts[at]] * int(texts[at + 2])
                self.at = at + 3
            else:
                value = self.factor()
                expander.position = self.positions[at]
                number = value.constant()
                if number is None:
                    if divide:
                        expander.refuse("division by something that is not constant", "divide by numbers only")
                    general = value if general is None else expander.multiply(general, value)
            if number is not None:
                expander.position = self.positions[at]
                coefficient = self._times(coefficient, number, divide)
            elif monomial >> expander.shift > 1:
                expander.position = self.positions[at]
                expander.check_degree(monomial >> expander.shift)
            kind = kinds[self.at]
            if kind not in {"*", "/"}:
                break
            divide = kind == "/"
            self.at += 1
        if general is not None:
            expander.add_into(total, general, coefficient, monomial)
            return
        polynomial = total.polynomial
        if monomial in polynomial:
            expander.check_coefficient(add_term(polynomial, monomial, coefficient))
        elif coefficient:
            polynomial[monomial] = coefficient
            if len(polynomial) > MAX_TERMS:
                expander.check_terms(len(polynomial))

    def _times(self, coefficient: fmpq, number: fmpq, divide: bool) -> fmpq:
        """Multiply or divide a coefficient by a number."""
        if not divide:
            coefficient = coefficient * number
        elif number:
            coefficient = coefficient / number
        else:
            self.expander.refuse("division by zero", "divide by a number that is not 0")
        self.expander.check_coefficient(coefficient)
        return coefficient

    def _plain_power(self, at: int) -> bool:
        """Say whether the name at ``at`` is followed by ** and a plain exponent of one or two digits."""
        exponent = self.texts[at + 2]
        return (
            self.kinds[at + 2] == "number" and exponent.isdigit() and len(exponent) < 3 and self.kinds[at + 3] != "**"
        )

    def number(self, at: int) -> fmpq:
        """Read the number at ``at``."""
        text = self.texts[at]
        if len(text) < 19 and text.isdigit():
            return fmpq(int(text))
        return decimal_to_fmpq(text, "loss", f" at character {self.positions[at]}")

    def factor(self) -> Expanded:
        """Read signs, an atom, and its power if there is one."""
        negative = False
        while self.kinds[self.at] in {"+", "-"}:
            negative ^= self.kinds[self.at] == "-"
            self.at += 1
        start = self.at
        value = self.atom()
        power: fmpq | None = None
        if self.kinds[self.at] == "**":
            self.at += 1
            self.enter()
            exponent = self.factor()
            self.depth -= 1
            self.expander.position = self.positions[start]
            power = exponent.constant()
            if power is None or power.q != 1:
                self.expander.refuse(
                    "a power that is not a whole number", "write powers such as x**2, with a number from 0 to 16"
                )
        self.expander.position = self.positions[start]
        if self.kinds[start] == "max":
            value = self.expander.hinge(value, power)
        elif power is not None:
            value = self.expander.power(value, int(power.p))
        if negative:
            result = Expanded()
            self.expander.add_into(result, value, fmpq(-1))
            return result
        return value

    def atom(self) -> Expanded:
        """Read a number, a name, a parenthesised sum, or the argument of max(..., 0)."""
        at = self.at
        kind = self.kinds[at]
        self.at += 1
        if kind == "number":
            number = self.number(at)
            return Expanded({0: number} if number else {})
        if kind == "name":
            return Expanded({self.weights[self.texts[at]]: _ONE})
        if kind == "(":
            return self.parenthesised()[0]
        if kind == "max":
            if self.kinds[self.at] != "(":
                self.expander.position = self.positions[at]
                self.expander.refuse("max without arguments", "write max(x - 1/2, 0)**4")
            self.at += 1
            arguments = self.parenthesised(commas=True)
            self.expander.position = self.positions[at]
            return self.expander.argument(arguments)
        place = f"at character {self.positions[at]}"
        found = f"the text ends {place}" if kind == "end" else f"found {quoted(self.texts[at])} {place}"
        raise InputError("loss", f"{found} where a number, a variable or '(' belongs; put one there")

    def parenthesised(self, commas: bool = False) -> list[Expanded]:
        """Read sums up to the closing parenthesis."""
        self.enter()
        values = [self.sum()]
        while commas and self.kinds[self.at] == ",":
            self.at += 1
            values.append(self.sum())
        if self.kinds[self.at] != ")":
            self.unexpected(closing=")")
        self.at += 1
        self.depth -= 1
        return values


def parse_expression(text: str, variables: Iterable[str] | None = None) -> tuple[tuple[str, ...], Expanded]:
    """Read a sum of polynomial terms and truncated powers.

    Args:
        text: What a person writes; see the module's grammar.
        variables: The names of the variables in order; without them, the names in the text in natural order (x2 before
            x10).

    Returns:
        The names, and the expanded sum (its monomials are packed by an ``Expander`` of that many variables).

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
    known = None if variables is None else check_variables(variables)
    tokens = Tokens(text)
    if known is None:
        known = tuple(sorted(tokens.names, key=natural_key))
        if len(known) > MAX_VARIABLES:
            raise InputError("loss", f"the text has {len(known)} variables; use at most {MAX_VARIABLES}")
    else:
        for name, position in tokens.names.items():
            if name not in known:
                raise InputError(
                    "loss",
                    f"unknown variable {quoted(name)} at character {position}; correct it, the known ones are"
                    f" {', '.join(known)}",
                )
    total = _Parser(tokens, known).parse()
    if not known:
        raise InputError("loss", "the text has no variable; write one such as x, or name the variables")
    return known, total
