r"""Expanded sums: polynomials as dictionaries, truncated powers beside them, and arithmetic that refuses to blow up.

A monomial \(x^\alpha\) is one integer: five bits for each exponent, the first variable highest, and the total degree
above them all. Multiplying monomials then adds integers, and comparing them compares degrees first. Exponents reach 16
at most, so that no field overflows.

Both readers of losses (text and SymPy) build on this module; so does ``theorem.loss.substitution``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from flint import fmpq

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_text

MAX_DEGREE = 16
MAX_VARIABLES = 32
MAX_TERMS = 50_000
MAX_BITS = 20_000
"""The largest size of a coefficient that reading a loss may produce."""
MAX_WORK = 10_000_000
"""The most products of coefficients, weighted by their size, that one expansion may cost (seconds)."""

_BITS = 5
EXPONENT = (1 << _BITS) - 1
"""The bits of one exponent."""
_ONE = fmpq(1)
_SIGNS = (fmpq(0), fmpq(1), fmpq(-1))

Term: TypeAlias = "tuple[tuple[int, ...], fmpq]"
"""Exponents, one for each variable, and a coefficient that is not zero."""

Polynomial: TypeAlias = "dict[int, fmpq]"
"""Packed monomial to coefficient; no coefficient is zero."""

HingeKey: TypeAlias = "tuple[tuple[fmpq, ...], fmpq, int]"
"""Direction, threshold and power of a truncated power; the direction is not zero."""


@dataclass(slots=True)
class Expanded:
    """A polynomial plus truncated powers, expanded."""

    polynomial: Polynomial = field(default_factory=dict)
    truncated: dict[HingeKey, fmpq] = field(default_factory=dict)

    def constant(self) -> fmpq | None:
        """Return the value of a constant, or None if this is not one."""
        if self.truncated or len(self.polynomial) > 1:
            return None
        if not self.polynomial:
            return fmpq(0)
        return self.polynomial.get(0)


def add_term(target: "dict[int, fmpq] | dict[HingeKey, fmpq]", key: object, value: fmpq) -> fmpq:
    """Add ``value`` to the coefficient of ``key`` and drop it if the sum is zero.

    Args:
        target: The coefficients; changed in place.
        key: A packed monomial or a truncated power.
        value: What to add.

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


class Expander:
    """Arithmetic on expanded sums of ``dimension`` variables, within the limits of this module.

    Attributes:
        dimension: The number of variables.
        shift: Where the total degree begins in a packed monomial.
        weights: The packed monomial of each variable.
        offsets: Where the exponent of each variable begins.
        max_bits: The largest size of a coefficient, or None for any size.
        position: Where in the text the current operation stands (from 1), or 0 if there is no text.
    """

    def __init__(self, dimension: int, max_bits: int | None = None) -> None:
        self.dimension = dimension
        self.shift = _BITS * dimension
        degree = 1 << self.shift
        self.weights = tuple(degree + (1 << _BITS * (dimension - 1 - i)) for i in range(dimension))
        self.offsets = tuple(_BITS * (dimension - 1 - i) for i in range(dimension))
        self.max_bits = max_bits
        self.position = 0
        self._work = 0

    def refuse(self, problem: str, fix: str) -> NoReturn:
        """Raise the InputError that says what is wrong, where, and how to mend it.

        Args:
            problem: What is wrong.
            fix: How to mend it.

        Raises:
            InputError: Always.
        """
        where = f" at character {self.position}" if self.position else ""
        raise InputError("loss", f"{problem}{where}; {fix}")

    # Monomials ------------------------------------------------------------------------------------------------------

    def pack(self, exponents: Sequence[int]) -> int:
        """Pack exponents (each 0..16) into one integer."""
        key = 0
        for exponent in exponents:
            key = key << _BITS | exponent
        return key + (sum(exponents) << self.shift)

    def unpack(self, key: int) -> tuple[int, ...]:
        """Return the exponents of a packed monomial."""
        return tuple([key >> offset & EXPONENT for offset in self.offsets])

    def degree(self, polynomial: Polynomial) -> int:
        """Return the total degree of a polynomial, 0 for the zero polynomial."""
        return max(polynomial) >> self.shift if polynomial else 0

    def ordered(self, polynomial: Polynomial) -> list[int]:
        """Return the monomials in document order: by degree, and within a degree as in x², xy, y²."""
        keys = sorted(polynomial, reverse=True)
        keys.sort(key=lambda key: key >> self.shift)
        return keys

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

    # Arithmetic -----------------------------------------------------------------------------------------------------

    def add_into(self, target: Expanded, source: Expanded, factor: fmpq, monomial: int = 0) -> None:
        """Add ``factor`` times ``source`` times a monomial to ``target``, in place.

        Args:
            target: What is added to.
            source: What is added.
            factor: A constant factor.
            monomial: A packed monomial; only 0 (the constant 1) if ``source`` has truncated powers.
        """
        if not factor:
            return
        if monomial:
            self.check_degree(self.degree(source.polynomial) + (monomial >> self.shift))
            if source.truncated:
                self._refuse_product()
        # After the checks, so that a loss is added to an empty sum without looking at every coefficient.
        if factor == _ONE and not monomial and not target.polynomial and not target.truncated:
            target.polynomial.update(source.polynomial)
            target.truncated.update(source.truncated)
            return
        for key, value in source.polynomial.items():
            self.check_coefficient(add_term(target.polynomial, key + monomial, value * factor))
        for hinge, value in source.truncated.items():
            self.check_coefficient(add_term(target.truncated, hinge, value * factor))
        self.check_terms(len(target.polynomial) + len(target.truncated))

    def _refuse_product(self) -> NoReturn:
        self.refuse(
            "a truncated power max(...)**p is multiplied by something that is not constant",
            "only constants may multiply it",
        )

    def multiply(self, left: Expanded, right: Expanded) -> Expanded:
        """Multiply two sums; truncated powers take constant factors only."""
        for one, other in ((left, right), (right, left)):
            constant = one.constant()
            if constant is not None:
                result = Expanded()
                self.add_into(result, other, constant)
                return result
        if left.truncated or right.truncated:
            self._refuse_product()
        return Expanded(self.product(left.polynomial, right.polynomial))

    def product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        """Multiply two polynomials, and refuse before the result outgrows the limits."""
        self.check_degree(self.degree(left) + self.degree(right))
        if len(left) > len(right):
            left, right = right, left
        size = sum(max((value.height_bits() for value in side.values()), default=0) for side in (left, right))
        self._spend(len(left) * len(right) * (1 + size // 256))
        result: Polynomial = {}
        limit = self.max_bits
        items = list(right.items())
        for key, factor in left.items():
            for other, value in items:
                term = value * factor
                monomial = key + other
                old = result.get(monomial)
                if old is not None:
                    term = old + term
                if limit is not None and term.height_bits() > limit:
                    self.check_coefficient(term)
                result[monomial] = term
            self.check_terms(len(result))
        return {key: value for key, value in result.items() if value}

    def power(self, base: Expanded, exponent: int) -> Expanded:
        """Raise a sum to an integer power; a negative one is for constants only."""
        constant = base.constant()
        if constant is not None:
            return self._constant_power(constant, exponent)
        if exponent < 0:
            self.refuse("a negative power of something that is not constant", "powers are whole numbers from 0 to 16")
        if exponent == 0:
            return Expanded({0: _ONE})
        if exponent == 1:
            return base
        if base.truncated:
            self.refuse(
                "a power of a sum that contains max(...)**p", "a truncated power can only be multiplied by a constant"
            )
        self.check_degree(self.degree(base.polynomial) * exponent)
        result = base.polynomial
        for _ in range(exponent - 1):
            result = self.product(result, base.polynomial)
        return Expanded(result)

    def _constant_power(self, base: fmpq, exponent: int) -> Expanded:
        if exponent < 0 and not base:
            self.refuse("division by zero", "a negative power needs a base that is not 0")
        if base in _SIGNS:
            value = base if exponent % 2 or not base else _ONE
            if exponent == 0:
                value = _ONE
        else:
            if self.max_bits is not None and abs(exponent) * max(base.height_bits() - 1, 1) > self.max_bits:
                self.refuse(f"a coefficient grows beyond {self.max_bits} bits", "write smaller numbers or powers")
            value = base**exponent
            self.check_coefficient(value)
        return Expanded({0: value} if value else {})

    # Affine arguments and truncated powers --------------------------------------------------------------------------

    def affine(self, value: Expanded) -> tuple[tuple[fmpq, ...], fmpq]:
        """Split an affine sum into its direction ℓ and its threshold t, as in ℓ·x − t."""
        if value.truncated or self.degree(value.polynomial) > 1:
            self.refuse(
                "the argument of max is not affine", "write max(L, 0)**p with L of degree one, such as x - 2*y - 1/2"
            )
        zero = fmpq(0)
        return tuple(value.polynomial.get(weight, zero) for weight in self.weights), -value.polynomial.get(0, zero)

    def argument(self, arguments: Sequence[Expanded]) -> Expanded:
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

    def hinge(self, argument: Expanded, power: fmpq | None) -> Expanded:
        """Build max(argument, 0)**power; it is folded into a constant if the argument is one.

        Args:
            argument: An affine sum.
            power: The power, or None if none was written.

        Returns:
            The truncated power, expanded.
        """
        if power is None or power.q != 1 or not 2 <= power <= MAX_DEGREE:
            found = "without a power" if power is None else f"with the power {to_text(power)[:20]}"
            self.refuse(
                f"max(...) {found}", f"it needs a power p >= 2, as in max(...)**p with p from 2 to {MAX_DEGREE}"
            )
        result = Expanded()
        self.add_truncated(result, (*self.affine(argument), int(power.p)), _ONE)
        return result

    def add_truncated(self, target: Expanded, hinge: HingeKey, coefficient: fmpq) -> None:
        """Add coefficient·(ℓ·x − t)₊^p to ``target``, in place; a zero direction makes it a constant."""
        direction, threshold, power = hinge
        if any(direction):
            self.check_coefficient(add_term(target.truncated, hinge, coefficient))
        elif threshold < 0:
            constant = self._constant_power(-threshold, power).polynomial[0]
            self.check_coefficient(add_term(target.polynomial, 0, coefficient * constant))
