"""Splitting the text of a loss into tokens; and the names of variables: which are allowed, and their order."""

import re
from collections.abc import Iterable

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.polynomial import MAX_VARIABLES
from gdcheck.theorem.loss.rational import DECIMAL, quoted

_MEANING = {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/"}
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LETTER = rf"[^\x00-\x7f\s{''.join(_MEANING)}{_SUPERSCRIPTS}]"
NAME = rf"(?:[A-Za-z_]|{_LETTER})(?:[A-Za-z0-9_]|{_LETTER})*"
"""Regular expression of what is read as a name; ``check_variables`` says which can name a variable."""

_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{DECIMAL})"
    rf"|(?P<name>{NAME})"
    rf"|(?P<sign>\*\*|[-+*/^(),{''.join(_MEANING)}])"
    rf"|(?P<superscript>[{_SUPERSCRIPTS}]+)"
    r"|(?P<other>\S))"
)
_NAME = re.compile(NAME)
_WORD = re.compile(rf"{DECIMAL}|({NAME})")
_EXPONENT = re.compile(r"[0-9.][eE]")
_CALL = re.compile(r"\s*\(")
_CHUNK = re.compile(r"[0-9]+|[^0-9]+")
_DIGITS = str.maketrans(_SUPERSCRIPTS, "0123456789")
_CONSTANTS = {"pi": "3.14159", "π": "3.14159", "e": "2.71828"}


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a sort key in which x2 comes before x10, and names are otherwise alphabetical (by code point).

    Args:
        name: A variable name.

    Returns:
        The key: chunks of letters and numbers, then the name itself to tell x1 from x01.
    """
    chunks = []
    for chunk in _CHUNK.findall(name):
        digits = chunk.lstrip("0") if chunk[0] in "0123456789" else None
        chunks.append((1, 0, chunk) if digits is None else (0, len(digits), digits))
    return tuple(chunks), name


def _is_name(name: str) -> bool:
    # The middle dot may continue an identifier, but in a formula it is meant as a product.
    return name.isidentifier() and name != "max" and "·" not in name


def check_variables(variables: Iterable[str], most: int = MAX_VARIABLES) -> tuple[str, ...]:
    """Check the names of variables.

    Args:
        variables: The names, in order.
        most: How many there may be.

    Returns:
        The same names.

    Raises:
        InputError: If there are none or too many, if one is not an identifier or is ``max``, or if two are equal.
    """
    names = () if isinstance(variables, str) else tuple(variables)
    if not names:
        raise InputError("variables", "there are no variables; give a list of names such as ['x', 'y']")
    if len(names) > most:
        raise InputError("variables", f"there are {len(names)} variables; use at most {most}")
    for name in names:
        if not isinstance(name, str):
            raise InputError("variables", f"a {type(name).__name__} is not a variable name; write text such as 'x'")
        if not _is_name(name):
            raise InputError(
                "variables", f"{quoted(name)} cannot name a variable; use letters, digits and _, as in x1 (and not max)"
            )
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise InputError("variables", f"{quoted(twice)} is named twice; give distinct names")
    return names


def first_named(text: str) -> tuple[str, ...]:
    """Return the variable names in a text, in the order of their first mention.

    Args:
        text: The text of a loss.

    Returns:
        The names.
    """
    # Only an exponent, as in 1e9, looks like a name without being one.
    words = (_WORD if _EXPONENT.search(text) else _NAME).findall(text)
    return tuple(filter(_is_name, dict.fromkeys(words)))


def names_in(text: str) -> tuple[str, ...]:
    """Return the variable names in a text, in natural order.

    Args:
        text: The text of a loss.

    Returns:
        The names.

    Raises:
        InputError: If one is a constant of mathematics, which is not rational.
    """
    names = first_named(text)
    for name in names:
        if name in _CONSTANTS:
            raise InputError(
                "loss",
                f"{name} is a constant, which is not rational; write a rational such as {_CONSTANTS[name]} instead, or"
                " give the variables if it is one of them",
            )
    return tuple(sorted(names, key=natural_key))


class Tokens:
    """A text, token by token.

    Attributes:
        text: The text.
        kind: The kind of the current token: number, superscript, name, max, a sign, or end.
        token: Its text; of a superscript, its digits.
        position: Its position, from 1.
        before: Kind and text of the token before it.
    """

    def __init__(self, text: str) -> None:
        self.text = text.rstrip()  # Trailing blanks would be scanned once for each of them.
        self.kind = self.token = ""
        self.move(0)

    def move(self, end: int) -> None:
        """Move to the token that follows the first ``end`` characters."""
        self._end = end
        self.advance()

    def advance(self) -> None:
        """Move to the next token.

        Raises:
            InputError: If it is not a token that a loss can contain.
        """
        self.before = self.kind, self.token
        match = _TOKEN.match(self.text, self._end)
        if match is None:
            self.kind, self.token, self.position = "end", "", len(self.text) + 1
            return
        kind = match.lastgroup or ""
        self.token = token = match[kind]
        self.position = match.start(kind) + 1
        self._end = match.end()
        if kind == "name":
            if token == "max":
                kind = "max"
            else:
                self._check_name()
        elif kind == "sign":
            kind = "**" if token == "^" else _MEANING.get(token, token)
        elif kind == "superscript":
            self.token = token.translate(_DIGITS)
        elif kind == "other":
            raise InputError(
                "loss",
                f"found {quoted(token)} at character {self.position}; only numbers, names, the signs + - * / ** ( ) and"
                " max(..., 0)**p can be written",
            )
        self.kind = kind

    def _check_name(self) -> None:
        name = self.token
        if _is_name(name):
            if _CALL.match(self.text, self._end):
                raise InputError(
                    "loss",
                    f"found {quoted(name)} followed by '(' at character {self.position}; only polynomials and"
                    " max(...)**p can be written, and a product needs the sign *",
                )
            return
        offset = next(i for i, char in enumerate(name) if not (f"a{char}" if i else char).isidentifier())
        found, place = quoted(name[offset]), self.position + offset
        raise InputError("loss", f"found {found} at character {place}; it cannot be part of a variable name")
