r"""Sums of monomials and truncated powers, and arithmetic on them within limits of size and work.

Polynomials are tables from exponents to coefficients. They are multiplied and composed by FLINT's ``fmpq_mpoly``, which
neither stops early nor recovers when its memory is spent: terms and work are bounded before each product.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import comb, prod
from typing import NoReturn, TypeAlias

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpz

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text

MAX_DEGREE = 16
MAX_VARIABLES = 32
MAX_TERMS = 50_000
MAX_BITS = 20_000
"""The largest size of a coefficient that reading a loss may produce."""
MAX_WORK = 10_000_000
"""The most products of coefficients, weighted by their size, that one expansion may cost (seconds)."""
_MAX_STORAGE = 1 << 30
"""The most bits that a polynomial may take over a common denominator, as FLINT keeps it."""

_ONE = fmpq(1)
_SIGNS = (fmpq(0), fmpq(1), fmpq(-1))

Exponents: TypeAlias = tuple[int, ...]
"""The exponents of a monomial, one for each variable."""

Term: TypeAlias = tuple[Exponents, fmpq]
"""Exponents and a coefficient that is not zero."""

Polynomial: TypeAlias = dict[Exponents, fmpq]
"""Exponents to coefficient; no coefficient is zero."""

HingeKey: TypeAlias = tuple[tuple[fmpq, ...], fmpq, int]
"""Direction, threshold and power of a truncated power; the direction is not zero."""


@dataclass(slots=True)
class Parts:
    """The parts of a loss: a polynomial plus truncated powers."""

    polynomial: Polynomial = field(default_factory=dict)
    truncated: dict[HingeKey, fmpq] = field(default_factory=dict)

    def constant(self) -> fmpq | None:
        """Return the value of a constant, or None if this is not one."""
        if self.truncated or len(self.polynomial) > 1:
            return None
        for exponents, value in self.polynomial.items():
            return None if any(exponents) else value
        return fmpq(0)


def add_term(target: "Polynomial | dict[HingeKey, fmpq]", key: object, value: fmpq) -> fmpq:
    """Add ``value`` to the coefficient of ``key`` and drop it if the sum is zero.

    Args:
        target: The coefficients; changed in place.
        key: Exponents or a truncated power.
        value: The number to add.

    Returns:
        The new coefficient, zero included.
    """
    table: dict[object, fmpq] = target  # type: ignore[assignment]
    old = table.get(key)
    if old is not None:
        value = old + value
        if not value:
            del table[key]
            return value
    elif not value:
        return value
    table[key] = value
    return value


@lru_cache(maxsize=2 * MAX_VARIABLES)
def ring(dimension: int) -> fmpq_mpoly_ctx:
    """Return FLINT's ring of polynomials in n variables; its terms come by descending degree, then as x², xy, y²."""
    return fmpq_mpoly_ctx.get([f"x{i}" for i in range(dimension)], Ordering.deglex)


def from_flint(polynomial: fmpq_mpoly) -> Polynomial:
    """Return the coefficients of a FLINT polynomial by exponents."""
    return {tuple(map(int, exponents)): value for exponents, value in polynomial.terms()}


class PolynomialArithmetic:
    """Arithmetic on sums in ``dimension`` variables, within the limits of this module.

    Attributes:
        dimension: The number of variables.
        one: The exponents of the constant 1.
        max_bits: The largest size of a coefficient, or None for any size.
        position: Where in the text the current operation stands (from 1), or 0 if there is no text.
    """

    def __init__(self, dimension: int, max_bits: int | None = None) -> None:
        self.dimension = dimension
        self.one: Exponents = (0,) * dimension
        self.max_bits = max_bits
        self.position = 0
        self._work = 0

    def refuse(self, problem: str, fix: str) -> NoReturn:
        """Raise the InputError that says what is wrong, where, and how to fix it.

        Args:
            problem: What is wrong.
            fix: How to fix it.

        Raises:
            InputError: Always.
        """
        where = f" at character {self.position}" if self.position else ""
        raise InputError("loss", f"{problem}{where}; {fix}")

    def variable(self, i: int) -> Exponents:
        """Return the exponents of the i-th variable."""
        return (*self.one[:i], 1, *self.one[i + 1 :])

    # Checks ---------------------------------------------------------------------------------------------------------

    def check_coefficient(self, value: fmpq) -> None:
        """Refuse a coefficient that has outgrown ``max_bits``."""
        if self.max_bits is not None and value.height_bits() > self.max_bits:
            self.refuse(f"a coefficient grows beyond {self.max_bits} bits", "write smaller numbers or powers")

    def check_degree(self, degree: int) -> None:
        """Refuse a total degree over the limit."""
        if degree > MAX_DEGREE:
            self.refuse(f"the total degree exceeds {MAX_DEGREE}", f"keep every power and product within {MAX_DEGREE}")

    def check_terms(self, count: int) -> None:
        """Refuse an expansion with too many terms."""
        if count > MAX_TERMS:
            self.refuse(f"the expansion has more than {MAX_TERMS} terms", "write fewer terms or lower powers")

    def _spend(self, amount: int) -> None:
        self._work += amount
        if self._work > MAX_WORK:
            self.refuse("the expansion takes too much work", "write fewer products or multiply them out")

    def _storage(self, coefficients: Collection[fmpq]) -> int:
        """Return the bits of the largest coefficient over the common denominator; refuse what memory may not hold."""
        common, largest = fmpz(1), 0
        for value in coefficients:
            common = common.lcm(value.q)
            largest = max(largest, value.height_bits())
            if len(coefficients) * common.bit_length() > _MAX_STORAGE:
                self._spend(MAX_WORK + 1)
        return int(common.bit_length()) + largest

    # Arithmetic -----------------------------------------------------------------------------------------------------

    def to_flint(self, polynomial: Polynomial) -> fmpq_mpoly:
        """Return a polynomial in FLINT's form, or refuse one that takes too much memory there."""
        sizes = [value.height_bits() for value in polynomial.values()]
        if len(sizes) * sum(sizes) > _MAX_STORAGE:
            self._storage(polynomial.values())
        return ring(self.dimension).from_dict(polynomial)

    def add_into(self, target: Parts, source: Parts, factor: fmpq) -> None:
        """Add ``factor`` times ``source`` to ``target``, in place.

        Args:
            target: What is added to.
            source: What is added.
            factor: A constant factor.
        """
        if not factor:
            return
        for exponents, value in source.polynomial.items():
            self.check_coefficient(add_term(target.polynomial, exponents, value * factor))
        for hinge, value in source.truncated.items():
            self.check_coefficient(add_term(target.truncated, hinge, value * factor))
        self.check_terms(len(target.polynomial) + len(target.truncated))

    def multiply(self, left: Parts, right: Parts) -> Parts:
        """Multiply two sums; truncated powers take constant factors only."""
        for one, other in ((left, right), (right, left)):
            constant = one.constant()
            if constant is not None:
                result = Parts()
                self.add_into(result, other, constant)
                return result
        if left.truncated or right.truncated:
            self.refuse(
                "a truncated power max(...)**p is multiplied by something that is not constant",
                "only constants may multiply it",
            )
        return Parts(from_flint(self._product(self.to_flint(left.polynomial), self.to_flint(right.polynomial))))

    def _product(self, left: fmpq_mpoly, right: fmpq_mpoly) -> fmpq_mpoly:
        """Multiply two polynomials, not zero, and refuse before the result outgrows the limits."""
        self.check_degree(left.total_degree() + right.total_degree())
        size = self._storage(left.coeffs()) + self._storage(right.coeffs())
        self._spend(len(left) * len(right) * (1 + size // 256))
        if len(left) > len(right):
            left, right = right, left
        terms = list(left.terms())
        # Each slice has at most MAX_TERMS products of terms, so that too many are noticed before they fill the memory.
        rows = max(1, MAX_TERMS // len(right))
        context = ring(self.dimension)
        result = context.constant(0)
        for first in range(0, len(terms), rows):
            result += context.from_dict(dict(terms[first : first + rows])) * right
            self.check_terms(len(result))
        if self.max_bits is not None:
            for value in result.coeffs():
                self.check_coefficient(value)
        return result

    def power(self, base: Parts, exponent: int) -> Parts:
        """Raise a sum to an integer power; a negative one is for constants only."""
        constant = base.constant()
        if constant is not None:
            return self._constant_power(constant, exponent)
        if exponent < 0:
            self.refuse("a negative power of something that is not constant", "powers are whole numbers from 0 to 16")
        if exponent == 0:
            return Parts({self.one: _ONE})
        if exponent == 1:
            return base
        if base.truncated:
            self.refuse(
                "a power of a sum that contains max(...)**p", "a truncated power can only be multiplied by a constant"
            )
        polynomial = self.to_flint(base.polynomial)
        self.check_degree(polynomial.total_degree() * exponent)
        result = polynomial
        for _ in range(exponent - 1):
            result = self._product(result, polynomial)
        return Parts(from_flint(result))

    def _constant_power(self, base: fmpq, exponent: int) -> Parts:
        if exponent < 0 and not base:
            self.refuse("division by zero", "a negative power needs a base that is not 0")
        if base in _SIGNS:
            value = _ONE if exponent == 0 or (base and exponent % 2 == 0) else base
        else:
            if self.max_bits is not None and abs(exponent) * max(base.height_bits() - 1, 1) > self.max_bits:
                self.refuse(f"a coefficient grows beyond {self.max_bits} bits", "write smaller numbers or powers")
            value = base**exponent
            self.check_coefficient(value)
        return Parts({self.one: value} if value else {})

    # Changes of variables -------------------------------------------------------------------------------------------

    def shift(self, polynomial: fmpq_mpoly, point: Sequence[fmpq]) -> Polynomial:
        """Expand f(point + h) in powers of h.

        Args:
            polynomial: f, in as many variables as ``point`` has coordinates.
            point: The new origin, of shape (n,).

        Returns:
            The polynomial in h.
        """
        here = ring(self.dimension).gens()
        there = [x + coordinate if coordinate else x for x, coordinate in zip(here, point, strict=True)]
        if self._most_terms(polynomial) <= MAX_TERMS:
            return from_flint(polynomial.compose(*there))
        # One variable multiplies the terms by 17 at most.
        for i, coordinate in enumerate(point):
            if coordinate:
                polynomial = polynomial.compose(*here[:i], there[i], *here[i + 1 :])
                self.check_terms(len(polynomial))
        return from_flint(polynomial)

    def substitute(self, polynomial: fmpq_mpoly, matrix: Sequence[Sequence[fmpq]]) -> Polynomial:
        """Expand f(M z) in powers of z.

        Args:
            polynomial: f, in n variables.
            matrix: M, of shape (n, w), w the dimension of this arithmetic.

        Returns:
            The polynomial in z.
        """
        inner, outer = ring(self.dimension), ring(len(matrix))
        units = [self.variable(j) for j in range(self.dimension)]
        forms = [inner.from_dict({u: c for u, c in zip(units, row, strict=True) if c}) for row in matrix]
        dense = self._most_terms(polynomial)
        if dense <= MAX_TERMS:
            self._spend(len(polynomial) * dense)
            return from_flint(polynomial.compose(*forms, ctx=inner))
        result = inner.constant(0)
        slice_: Polynomial = {}
        expected = 0
        for exponents, value in [*from_flint(polynomial).items(), (None, fmpq(0))]:
            most = 0 if exponents is None else self._most_products(exponents, forms)
            if exponents is None or expected + most > MAX_TERMS:
                self.check_terms(most)
                self._spend(len(slice_) * expected)
                result += outer.from_dict(slice_).compose(*forms, ctx=inner)
                self.check_terms(len(result))
                slice_, expected = {}, 0
            if exponents is not None:
                slice_[exponents] = value
                expected += most
        return from_flint(result)

    def _most_terms(self, polynomial: fmpq_mpoly) -> int:
        """Return the number of monomials up to the degree of a polynomial."""
        degree = max(int(polynomial.total_degree()), 0)
        return comb(self.dimension + degree, degree)

    @staticmethod
    def _most_products(exponents: Exponents, forms: Sequence[fmpq_mpoly]) -> int:
        """Return a bound of the terms of a monomial in which linear forms are substituted."""
        used = [(form, e) for form, e in zip(forms, exponents, strict=True) if e]
        variables = sum(any(d) for d in zip(*[form.degrees() for form, _ in used], strict=True))
        degree = sum(exponents)
        apart = prod(comb(len(form) + e - 1, e) for form, e in used)
        return min(apart, comb(variables + degree - 1, degree)) if variables else 1

    # Affine arguments and truncated powers --------------------------------------------------------------------------

    def affine(self, value: Parts) -> tuple[tuple[fmpq, ...], fmpq]:
        """Split an affine sum into its direction ℓ and its threshold t, as in ℓ·x − t."""
        if value.truncated or any(sum(exponents) > 1 for exponents in value.polynomial):
            self.refuse(
                "the argument of max is not affine", "write max(L, 0)**p with L of degree one, such as x - 2*y - 1/2"
            )
        find, zero = value.polynomial.get, fmpq(0)
        return tuple(find(self.variable(i), zero) for i in range(self.dimension)), -find(self.one, zero)

    def argument(self, arguments: Sequence[Parts]) -> Parts:
        """Pick L out of the arguments of max(L, 0) or max(0, L)."""
        for argument in arguments:
            self.affine(argument)
        if len(arguments) != 2:
            self.refuse(f"max with {len(arguments)} argument(s)", "it takes two, as in max(x - 1/2, 0)**4")
        first, second = arguments
        if second.constant() == 0:
            return first
        if first.constant() == 0:
            return second
        return self.refuse("max of two arguments, neither of which is 0", "write max(L, 0)**p")

    def hinge(self, argument: Parts, power: fmpq | None) -> Parts:
        """Build max(argument, 0)**power; it is folded into a constant if the argument is one.

        Args:
            argument: An affine sum.
            power: The power, or None if none was written.

        Returns:
            The truncated power as a sum.
        """
        if power is None or power.q != 1 or not 2 <= power <= MAX_DEGREE:
            found = "without a power" if power is None else f"with the power {to_text(power)[:20]}"
            self.refuse(
                f"max(...) {found}", f"it needs a power p >= 2, as in max(...)**p with p from 2 to {MAX_DEGREE}"
            )
        result = Parts()
        self.add_truncated(result, (*self.affine(argument), int(power.p)), _ONE)
        return result

    def add_truncated(self, target: Parts, hinge: HingeKey, coefficient: fmpq) -> None:
        """Add coefficient·(ℓ·x − t)₊^p to ``target``, in place; a zero direction makes it a constant."""
        direction, threshold, power = hinge
        if any(direction):
            self.check_coefficient(add_term(target.truncated, hinge, coefficient))
        elif threshold < 0:
            constant = self._constant_power(-threshold, power).polynomial[self.one]
            self.check_coefficient(add_term(target.polynomial, self.one, coefficient * constant))
