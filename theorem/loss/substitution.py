"""Changes of variables in polynomials: f(point + h) and f(M z), expanded within its limits."""

from collections.abc import Iterable, Sequence
from math import comb

from flint import fmpq

from gdcheck.theorem.loss.polynomial import EXPONENT, MAX_TERMS, Expander, Polynomial, Term, add_term


def shift(expander: Expander, polynomial: Polynomial, point: Sequence[fmpq]) -> Polynomial:
    """Expand f(point + h) in powers of h, one variable after another; zero coordinates cost nothing.

    Args:
        expander: The arithmetic, for as many variables as ``point`` has coordinates.
        polynomial: f.
        point: The new origin, of shape (n,).

    Returns:
        The polynomial in h.
    """
    top = expander.degree(polynomial)
    for offset, weight, coordinate in zip(expander.offsets, expander.weights, point, strict=True):
        if not coordinate:
            continue
        powers = [fmpq(1)]
        for _ in range(top):
            powers.append(powers[-1] * coordinate)
        table = [[(comb(e, j) * powers[e - j], (e - j) * weight) for j in range(e + 1)] for e in range(top + 1)]
        result: Polynomial = {}
        for key, coefficient in polynomial.items():
            for factor, drop in table[key >> offset & EXPONENT]:
                term = coefficient * factor
                old = result.get(key - drop)
                result[key - drop] = term if old is None else old + term
            if len(result) > MAX_TERMS:
                expander.check_terms(len(result))
        polynomial = {key: value for key, value in result.items() if value}
    return polynomial


def compose(expander: Expander, terms: Iterable[Term], forms: Sequence[Polynomial]) -> Polynomial:
    """Expand f(forms) by Horner's rule, where f's i-th variable is replaced by ``forms[i]``.

    Args:
        expander: The arithmetic, for the variables of the forms.
        terms: The terms of f: exponents (one for each form) and coefficients.
        forms: Polynomials, one for each variable of f.

    Returns:
        The composition.
    """
    return _horner(expander, list(terms), forms, 0)


def _horner(expander: Expander, terms: list[Term], forms: Sequence[Polynomial], i: int) -> Polynomial:
    """Compose terms that agree in their first i exponents, leaving out the powers of the first i forms."""
    if not terms:
        return {}
    if i == len(forms):
        return {0: terms[0][1]}
    groups: dict[int, list[Term]] = {}
    for term in terms:
        groups.setdefault(term[0][i], []).append(term)
    result: Polynomial = {}
    for exponent in range(max(groups), -1, -1):
        if result:
            result = expander.product(result, forms[i])
        if exponent in groups:
            for key, value in _horner(expander, groups[exponent], forms, i + 1).items():
                add_term(result, key, value)
            expander.check_terms(len(result))
    return result
