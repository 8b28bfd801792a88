"""Reads the loss back from a Coq file, to compare it with the certificate; it shares no code with the writer."""

from __future__ import annotations

from fractions import Fraction


class UnreadableLoss(ValueError):  # noqa: N818
    """The Coq file has no loss of the expected form."""


Terms = dict[tuple[int, ...], Fraction]
"""Exponents of the variables, by position, to coefficient."""


def read_loss(text: str) -> Terms:
    """Read the polynomial of ``Definition loss`` in a Coq file.

    Args:
        text: The file.

    Returns:
        The coefficient of each monomial, zeros left out.

    Raises:
        UnreadableLoss: If the definitions of the variables or of the loss are not of the form that is written.
    """
    variables: dict[str, int] = {}
    body: str | None = None
    for sentence in _without_comments(text).split(".\n"):
        words = sentence.split()
        if words[:1] != ["Definition"]:
            continue
        if len(words) == 5 and words[2:4] == [":=", "Variable_"]:
            variables[words[1]] = int(words[4])
        if words[1] == "loss":
            body = " ".join(words)
    opening, closing = "Definition loss : expression := (", ")%loss"
    if body is None or not body.startswith(opening) or not body.endswith(closing):
        raise UnreadableLoss("the file has no definition of the loss")
    return _sum(body[len(opening) : -len(closing)], variables)


def read_certificate_loss(loss: str, variables: list[str]) -> Terms:
    """Read a certificate's loss, a polynomial in the canonical text, into the same form."""
    return _sum(loss.replace("**", "^"), {name: i for i, name in enumerate(variables)})


def _without_comments(text: str) -> str:
    kept, depth = [], 0
    for i, character in enumerate(text):
        if text.startswith("(*", i):
            depth += 1
        if not depth:
            kept.append(character)
        if text.startswith("*)", i - 1) and depth:
            depth -= 1
    return "".join(kept)


def _sum(text: str, variables: dict[str, int]) -> Terms:
    total: Terms = {}
    sign = 1
    for word in text.replace("-", "- ").split():
        if word in {"+", "-"}:
            sign = 1 if word == "+" else -1
            continue
        coefficient, exponents = Fraction(sign), [0] * len(variables)
        for factor in word.split("*"):
            base, _, power = factor.partition("^")
            if base in variables:
                exponents[variables[base]] += int(power or 1)
                continue
            try:
                coefficient *= Fraction(base) ** int(power or 1)
            except ValueError:
                raise UnreadableLoss(
                    f"the loss has a factor that is neither a number nor a variable: {factor}"
                ) from None
        key = tuple(exponents)
        total[key] = total.get(key, Fraction(0)) + coefficient
        sign = 1
    return {key: value for key, value in total.items() if value}
