"""Exact arithmetic: inner products, roots with bounds, and polynomials in several variables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from math import comb, isqrt, lcm, prod
from operator import mul

from gdcheck.theorem.checker.outcome import MOST_TERMS, look, within

POWER_BITS, MOST_POWER_BITS = 512, 20_000
MOST_BITS = 10**6
"""The most bits of an exact power."""

Exponents = tuple[int, ...]
Vector = tuple[Fraction, ...]
Matrix = list[list[Fraction]]


def dot(a: Sequence[Fraction | int], b: Sequence[Fraction | int]) -> Fraction:
    """Return the inner product of two vectors."""
    return sum(map(mul, a, b), Fraction(0))


def unit(i: int, n: int) -> tuple[int, ...]:
    """Return the unit vector along a coordinate, shape (n,)."""
    return tuple(int(i == j) for j in range(n))


def minus(a: Sequence[Fraction], b: Sequence[Fraction]) -> Vector:
    """Return the difference of two vectors."""
    return tuple(x - y for x, y in zip(a, b, strict=True))


def squared(a: Sequence[Fraction | int]) -> Fraction:
    """Return the square of the Euclidean norm."""
    return dot(a, a)


def times(left: Iterable[Sequence[Fraction]], right: Iterable[Sequence[Fraction]]) -> Matrix:
    """Return the product of two matrices."""
    columns = list(zip(*right, strict=True))
    return [[dot(row, column) for column in columns] for row in left]


def integer_matrix(matrix: Sequence[Sequence[Fraction]]) -> tuple[list[list[int]], int]:
    """Return a square matrix of numerators over a common denominator, and that denominator."""
    n = len(matrix)
    entries, denominator = integers([x for row in matrix for x in row])
    return [entries[i * n : (i + 1) * n] for i in range(n)], denominator


def dependence(vectors: Iterable[Sequence[Fraction]]) -> list[Fraction] | None:
    """Return the first linear dependence: weights with which some first vectors add up to zero, the last weight one.

    Return None if the vectors are linearly independent.
    """
    echelon: list[tuple[int, Sequence[Fraction], list[Fraction]]] = []
    for vector in vectors:
        look("a linear dependence")
        rest, weights = vector, [*([Fraction(0)] * len(echelon)), Fraction(1)]
        for pivot, row, combination in echelon:
            factor = rest[pivot] / row[pivot]
            if factor:
                rest = [a - factor * b for a, b in zip(rest, row, strict=True)]
                weights = [w - factor * b for w, b in zip_longest(weights, combination, fillvalue=Fraction(0))]
        places = [i for i, a in enumerate(rest) if a]
        if not places:
            return weights
        echelon.append((places[0], rest, weights))
    return None


def power_product(x: Iterable[Fraction], alpha: Exponents) -> Fraction:
    """Return x^alpha."""
    return prod((a**e for a, e in zip(x, alpha, strict=True)), start=Fraction(1))


def integers(numbers: Sequence[Fraction]) -> tuple[list[int], int]:
    """Return numerators over a common denominator, and that denominator."""
    denominator = lcm(*(x.denominator for x in numbers))
    return [x.numerator * (denominator // x.denominator) for x in numbers], denominator


def root_bounds(x: Fraction) -> tuple[Fraction, Fraction]:
    """Enclose the square root of x >= 0 with a relative error of at most 2^-256."""
    bits = 257 + max(0, x.denominator.bit_length() - x.numerator.bit_length()) // 2
    floor = isqrt((x.numerator << 2 * bits) // x.denominator)
    return Fraction(floor, 1 << bits), Fraction(floor + (floor > 0), 1 << bits)


def raised(x: Fraction, p: int) -> Fraction:
    """Return x^p, unless it is too long."""
    bits = max(x.numerator.bit_length(), x.denominator.bit_length()) - 1
    within(abs(p) * bits <= MOST_BITS, f"a power of more than {MOST_BITS} bits")
    return x**p


def ceiling(x: Fraction, bits: int) -> int:
    """Round up to units of 2^-bits."""
    return -((-x.numerator << bits) // x.denominator)


def up(x: Fraction, bits: int) -> Fraction:
    """Round up to a whole number over 2^bits."""
    return Fraction(ceiling(x, bits), 1 << bits)


def norm_above(vector: Sequence[Fraction | int]) -> Fraction:
    """Return an upper bound of the Euclidean norm, with a relative error of at most 2^-256."""
    return root_bounds(squared(vector))[1]


def power_bounds(x: Fraction, j: int) -> tuple[Fraction, Fraction]:
    """Enclose x^j for 0 <= x, by squaring; each number is kept to 512 bits."""
    low = high = Fraction(1)
    for bit in bin(j)[2:]:
        low, high = _rounded(low * low)[0], _rounded(high * high)[1]
        if bit == "1":
            low, high = _rounded(low * x)[0], _rounded(high * x)[1]
    return low, high


def _rounded(x: Fraction) -> tuple[Fraction, Fraction]:
    """Enclose a number that is not negative between numbers of 512 bits, or of 20,000 bits after the point."""
    look("a power")
    shift = min(POWER_BITS - x.numerator.bit_length() + x.denominator.bit_length(), MOST_POWER_BITS)
    scaled = x * Fraction(2) ** shift
    whole = scaled.numerator // scaled.denominator
    return whole / Fraction(2) ** shift, (whole + 1) / Fraction(2) ** shift


@dataclass(frozen=True)
class Polynomial:
    """The polynomial (1/denominator) * sum of k x^alpha.

    Attributes:
        terms: The integers k by their exponents alpha; none of them is zero.
        denominator: Positive.
    """

    terms: Mapping[Exponents, int]
    denominator: int

    @classmethod
    def of(cls, coefficients: Mapping[Exponents, Fraction]) -> Polynomial:
        """Make a polynomial of its coefficients."""
        numerators, denominator = integers(list(coefficients.values()))
        return cls(_without_zeros(dict(zip(coefficients, numerators, strict=True))), denominator)

    def coefficient(self, alpha: Exponents) -> Fraction:
        """Return the coefficient of x^alpha."""
        return Fraction(self.terms.get(alpha, 0), self.denominator)

    def coefficients(self) -> dict[Exponents, Fraction]:
        """Return all coefficients."""
        return {alpha: Fraction(k, self.denominator) for alpha, k in self.terms.items()}

    def gradient(self, n: int) -> list[Fraction]:
        """Return the gradient at the origin, shape (n,)."""
        return [self.coefficient(unit(i, n)) for i in range(n)]

    def at(self, x: Sequence[Fraction]) -> Fraction:
        """Return the value at a point."""
        return sum((k * power_product(x, alpha) for alpha, k in self.terms.items()), Fraction(0)) / self.denominator

    def derivative(self, i: int) -> Polynomial:
        """Return the derivative with respect to variable i."""
        return Polynomial(
            {(*alpha[:i], alpha[i] - 1, *alpha[i + 1 :]): alpha[i] * k for alpha, k in self.terms.items() if alpha[i]},
            self.denominator,
        )

    def shifted(self, point: Sequence[Fraction]) -> Polynomial:
        """Return the polynomial h -> p(point + h), by the binomial theorem for one variable after the other."""
        terms, denominator = dict(self.terms), self.denominator
        for i, x in enumerate(point):
            if x:
                terms, denominator = _shifted_in(i, x, terms, denominator)
        return Polynomial(_without_zeros(terms), denominator)

    def with_forms(self, forms: Sequence[Sequence[tuple[int, int]]], size: int, scale: int) -> Polynomial:
        """Return the polynomial with linear forms substituted for its variables.

        Args:
            forms: For each variable the pairs (index of a new variable, coefficient), times ``scale``.
            size: The number of new variables.
            scale: Positive.
        """
        degree = max(map(sum, self.terms), default=0)
        lifted = [(alpha, k * scale ** (degree - sum(alpha))) for alpha, k in self.terms.items()]
        return Polynomial(_without_zeros(_substituted(lifted, 0, forms, size)), self.denominator * scale**degree)


def power_of_line(slope: Sequence[Fraction | int], offset: Fraction | int, p: int) -> Polynomial:
    """Return (slope . x + offset)^p."""
    coefficients, scale = integers([*map(Fraction, slope), Fraction(offset)])
    form = [(i, k) for i, k in enumerate(coefficients) if k]
    raised = Polynomial({(p,): 1}, 1).with_forms([form], len(coefficients), 1)
    return Polynomial({tuple(alpha[:-1]): k for alpha, k in raised.terms.items()}, scale**p)


def _without_zeros(terms: Mapping[Exponents, int]) -> dict[Exponents, int]:
    return {alpha: k for alpha, k in terms.items() if k}


def _shifted_in(
    i: int, x: Fraction, terms: Mapping[Exponents, int], denominator: int
) -> tuple[dict[Exponents, int], int]:
    """Replace the variable h of index i by x + h: over q^most, h^e becomes q^(most-e) (p + q h)^e for x = p/q."""
    p, q = x.as_integer_ratio()
    most = max((alpha[i] for alpha in terms), default=0)
    rows = [[comb(e, j) * p ** (e - j) * q ** (most - e + j) for j in range(e + 1)] for e in range(most + 1)]
    moved = defaultdict[Exponents, int](int)
    for alpha, k in terms.items():
        look("the loss around its minimizer")
        before, after = alpha[:i], alpha[i + 1 :]
        for j, factor in enumerate(rows[alpha[i]]):
            moved[(*before, j, *after)] += k * factor
        within(len(moved) <= MOST_TERMS, f"the loss around its minimizer has more than {MOST_TERMS} terms")
    return moved, denominator * q**most


def combined(polynomials: Sequence[Polynomial], weights: Sequence[Fraction]) -> Polynomial:
    """Return the sum of weight * polynomial."""
    total = defaultdict[Exponents, Fraction](Fraction)
    for polynomial, weight in zip(polynomials, weights, strict=True):
        if weight:
            for alpha, k in polynomial.terms.items():
                total[alpha] += weight * Fraction(k, polynomial.denominator)
    return Polynomial.of({alpha: k for alpha, k in total.items() if k})


def vanishes_on_span(polynomial: Polynomial, basis: Sequence[Vector]) -> bool:
    """Tell whether a polynomial is identically zero on the span of a basis.

    The coordinates x_i on the span are linear forms, which are substituted one after the other by Horner's rule. Basis
    vectors are multiplied by numbers, which does not change the span, so that everything is done in integers.
    """
    rows = [integers(vector)[0] for vector in basis]
    n = len(next(iter(polynomial.terms), ()))
    forms = [[(b, row[i]) for b, row in enumerate(rows) if row[i]] for i in range(n)]
    return not any(_substituted(list(polynomial.terms.items()), 0, forms, len(rows)).values())


def _substituted(
    terms: Sequence[tuple[Exponents, int]], i: int, forms: Sequence[Sequence[tuple[int, int]]], size: int
) -> dict[Exponents, int]:
    """Return the sum of the terms, with the forms substituted for the variables i, i + 1, …."""
    if not terms:
        return {}
    if i == len(forms):
        return {(0,) * size: sum(k for _, k in terms)}
    by_exponent = defaultdict[int, list[tuple[Exponents, int]]](list)
    for term in terms:
        by_exponent[term[0][i]].append(term)
    total: dict[Exponents, int] = {}
    for e in range(max(by_exponent, default=0), -1, -1):
        total = _times(total, forms[i])
        for beta, k in _substituted(by_exponent.get(e, []), i + 1, forms, size).items():
            total[beta] = total.get(beta, 0) + k
        within(len(total) <= MOST_TERMS, f"the loss on the subspace has more than {MOST_TERMS} terms")
    return total


def _times(terms: Mapping[Exponents, int], form: Sequence[tuple[int, int]]) -> dict[Exponents, int]:
    """Multiply a polynomial by a linear form."""
    product = defaultdict[Exponents, int](int)
    look("the loss on a subspace")
    for beta, k in terms.items():
        for b, x in form:
            product[(*beta[:b], beta[b] + 1, *beta[b + 1 :])] += k * x
    return dict(product)
