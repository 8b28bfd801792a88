r"""Losses with exact derivatives: a polynomial with rational coefficients plus truncated powers.

\(f(x) = \sum_\alpha c_\alpha x^\alpha + \sum_j c_j\,(\ell_j\cdot x - t_j)_+^{p_j}\). Everything here is exact: values,
derivatives, shifts and substitutions are rational numbers, never floats.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import prod
from typing import Any

from flint import fmpq, fmpq_mpoly

from gdcheck.theorem.loss.canonical import canonical_text
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.expression import parse_expression
from gdcheck.theorem.loss.polynomial import MAX_DEGREE, Parts, PolynomialArithmetic, Term, add_term
from gdcheck.theorem.loss.rational import RationalLike, to_fmpq
from gdcheck.theorem.loss.tokens import check_variables
from gdcheck.theorem.loss.truncated import TruncatedPower, join_on_planes

__all__ = ["Loss", "Term", "TruncatedPower"]


def _exact(values: Sequence[RationalLike], size: int, field: str) -> tuple[fmpq, ...]:
    """Read ``size`` rational numbers."""
    if isinstance(values, str) or len(values) != size:
        found = "text" if isinstance(values, str) else f"{len(values)} numbers"
        raise InputError(
            field, f"{size} numbers are needed, one for each variable, and {found} were given; give {size}"
        )
    return tuple([to_fmpq(value, field) for value in values])


@dataclass(frozen=True, repr=False)
class Loss:
    """A loss in canonical form: equal losses have equal fields, and losses can be hashed.

    Create one with ``parse``, ``from_sympy`` or ``build``; the fields are taken as they are and must be canonical
    already. Truncated powers are not rescaled, so ``max(2*x, 0)**2`` and ``4*max(x, 0)**2`` are different losses with
    equal values.

    Attributes:
        variables: The n names, in the order of all coordinates.
        terms: Exponents and coefficients of the polynomial part, constant term included; each monomial once, by degree,
            and within a degree as in x², xy, y².
        truncated: The truncated powers, each (direction, threshold, power) once, by power, direction and threshold.

    Examples:
        >>> from gdcheck import Loss
        >>> Loss.parse("(x - y)**2/2 + max(x, 0)**4").text()
        '1/2*x**2 - x*y + 1/2*y**2 + max(x, 0)**4'
    """

    variables: tuple[str, ...]
    terms: tuple[Term, ...]
    truncated: tuple[TruncatedPower, ...] = ()

    def __repr__(self) -> str:
        return f"<Loss {self.text()}>"

    # Constructors ---------------------------------------------------------------------------------------------------

    @classmethod
    def _assemble(
        cls, variables: tuple[str, ...], total: Parts, arithmetic: PolynomialArithmetic | None = None
    ) -> "Loss":
        arithmetic = arithmetic or PolynomialArithmetic(len(variables))
        join_on_planes(total, arithmetic)
        hinges = total.truncated
        arithmetic.check_terms(len(total.polynomial) + len(hinges))
        terms = sorted(total.polynomial.items(), reverse=True)
        terms.sort(key=lambda term: sum(term[0]))
        keys = sorted(hinges, key=lambda key: (key[2], tuple([-slope for slope in key[0]]), key[1]))
        return cls(variables, tuple(terms), tuple([TruncatedPower(hinges[key], *key) for key in keys]))

    @cached_property
    def _polynomial(self) -> fmpq_mpoly:
        """The polynomial part in FLINT's form."""
        return PolynomialArithmetic(self.dimension).to_flint(dict(self.terms))

    def __reduce__(self) -> tuple[type["Loss"], tuple[Any, ...]]:
        # FLINT's polynomials cannot be pickled.
        return Loss, (self.variables, self.terms, self.truncated)

    def _parts(self) -> Parts:
        return Parts(
            dict(self.terms),
            {(power.direction, power.threshold, power.power): power.coefficient for power in self.truncated},
        )

    @classmethod
    def parse(cls, text: str, variables: Iterable[str] | None = None) -> "Loss":
        """Read a loss from text such as ``x**2 + y**2/2 + x**2*y + 3/4*max(x - 1/2, 0)**4``.

        Args:
            text: The loss; ``^`` is a power too, numbers are exact, and products of sums are expanded.
            variables: The names in order, unused ones included; without them, the names in the text in natural order.

        Returns:
            The loss.

        Raises:
            InputError: If the text cannot be read or is too large; the sentence names the position and the fix.
        """
        return cls._assemble(*parse_expression(text, variables))

    @classmethod
    def from_sympy(cls, expr: Any, variables: Iterable[Any] | None = None) -> "Loss":
        """Read a loss from a SymPy expression.

        Args:
            expr: A polynomial with rational coefficients plus terms ``c*Max(affine, 0)**p``.
            variables: Names or symbols in order; without them, the free symbols in natural order.

        Returns:
            The loss.

        Raises:
            InputError: For anything else, floats included.
        """
        from gdcheck.theorem.loss.sympy_bridge import read_sympy  # noqa: PLC0415

        return cls._assemble(*read_sympy(expr, variables))

    @classmethod
    def build(
        cls,
        variables: Iterable[str],
        terms: Mapping[Sequence[int], RationalLike] | Iterable[tuple[Sequence[int], RationalLike]],
        truncated: Iterable[TruncatedPower] = (),
    ) -> "Loss":
        """Build a loss from its parts, in any order; equal monomials are added and zeros dropped.

        Args:
            variables: The n names in order.
            terms: Exponents (n whole numbers of sum at most 16) and coefficients.
            truncated: Truncated powers; one whose direction is zero is a constant, and becomes one.

        Returns:
            The loss.

        Raises:
            InputError: If a name, an exponent, a coefficient or a power is not acceptable, or there are more than
                50,000 terms.
        """
        names = check_variables(variables)
        arithmetic = PolynomialArithmetic(len(names))
        total = Parts()
        for exponents, coefficient in terms.items() if isinstance(terms, Mapping) else terms:
            if len(exponents) != len(names) or not all(type(e) is int and 0 <= e <= MAX_DEGREE for e in exponents):
                raise InputError(
                    "loss",
                    f"exponents must be {len(names)} whole numbers from 0 to {MAX_DEGREE}; give one for each variable",
                )
            arithmetic.check_degree(sum(exponents))
            add_term(total.polynomial, tuple(exponents), to_fmpq(coefficient, "loss"))
        for power in truncated:
            if type(power.power) is not int or not 2 <= power.power <= MAX_DEGREE:
                raise InputError(
                    "loss", f"the power of a truncated power must be a whole number from 2 to {MAX_DEGREE}"
                )
            direction = _exact(power.direction, len(names), "loss")
            hinge = (direction, to_fmpq(power.threshold, "loss"), power.power)
            arithmetic.add_truncated(total, hinge, to_fmpq(power.coefficient, "loss"))
        return cls._assemble(names, total, arithmetic)

    # To text and SymPy ----------------------------------------------------------------------------------------------

    def text(self) -> str:
        """Write the canonical text, the form that certificates store.

        The order is that of ``terms`` (low degrees first), then that of ``truncated``. ``Loss.parse(loss.text(),
        loss.variables)`` is the same loss as long as the text keeps to the limits of ``parse``: a million characters,
        4000 digits a number.

        Returns:
            The text.
        """
        return canonical_text(self.variables, self.terms, self.truncated)

    def to_sympy(self) -> Any:
        """Write a SymPy expression in plain symbols (SymPy must be installed).

        Returns:
            The expression; ``Loss.from_sympy`` reads it back.
        """
        from gdcheck.theorem.loss.sympy_bridge import write_sympy  # noqa: PLC0415

        return write_sympy(self.variables, self.terms, self.truncated)

    # Values and derivatives -----------------------------------------------------------------------------------------

    @property
    def dimension(self) -> int:
        """The number n of variables."""
        return len(self.variables)

    @property
    def degree(self) -> int:
        """The largest total degree of a term or power of a truncated power; 0 for constants, zero included."""
        return max(
            sum(self.terms[-1][0]) if self.terms else 0, max((power.power for power in self.truncated), default=0)
        )

    def _point(self, x: Sequence[RationalLike]) -> tuple[fmpq, ...]:
        return _exact(x, self.dimension, "point")

    def value(self, x: Sequence[RationalLike]) -> fmpq:
        """Return f(x).

        Args:
            x: The point, of shape (n,).

        Returns:
            The exact value.

        Raises:
            InputError: If x has another number of coordinates, or one that is not rational.
        """
        point = self._point(x)
        return sum((power.derivative(point, 0) for power in self.truncated), self._polynomial(*point))

    def gradient(self, x: Sequence[RationalLike]) -> tuple[fmpq, ...]:
        """Return ∇f(x).

        Args:
            x: The point, of shape (n,).

        Returns:
            The exact gradient, of shape (n,).

        Raises:
            InputError: If x has another number of coordinates, or one that is not rational.
        """
        found = self._derivatives(self._point(x), 1)
        return tuple(found[(i,)] for i in range(self.dimension))

    def hessian(self, x: Sequence[RationalLike]) -> tuple[tuple[fmpq, ...], ...]:
        """Return ∇²f(x).

        Args:
            x: The point, of shape (n,).

        Returns:
            The exact Hessian, of shape (n, n), symmetric.

        Raises:
            InputError: If x is not a point of n rational numbers, or lies on the kink of a truncated power with p = 2.
        """
        found, n = self._derivatives(self._point(x), 2), range(self.dimension)
        return tuple(tuple(found[min(i, j), max(i, j)] for j in n) for i in n)

    def third_derivatives(self, x: Sequence[RationalLike]) -> tuple[tuple[tuple[fmpq, ...], ...], ...]:
        """Return the third derivatives ∂ᵢ∂ⱼ∂ₖ f(x).

        Args:
            x: The point, of shape (n,).

        Returns:
            The exact derivatives, of shape (n, n, n), symmetric in all three indices.

        Raises:
            InputError: If x is not a point of n rational numbers, or lies on the kink of a truncated power with p = 2
                or 3.
        """
        found, n = self._derivatives(self._point(x), 3), range(self.dimension)
        return tuple(tuple(tuple(found[tuple(sorted((i, j, k)))] for k in n) for j in n) for i in n)

    def _derivatives(self, point: tuple[fmpq, ...], order: int) -> dict[tuple[int, ...], fmpq]:
        """Return the derivatives of one order at a point, by the ascending indices of their variables."""
        factors = [(power.derivative(point, order), power.direction) for power in self.truncated]
        polynomials: dict[tuple[int, ...], fmpq_mpoly] = {(): self._polynomial}
        found = {}
        for indices in combinations_with_replacement(range(self.dimension), order):
            for k in range(1, order + 1):
                if indices[:k] not in polynomials:
                    polynomials[indices[:k]] = polynomials[indices[: k - 1]].derivative(indices[k - 1])
            entry = polynomials[indices](*point)
            for factor, slope in factors:
                if factor:
                    entry += factor * prod([slope[i] for i in indices])
            found[indices] = entry
        return found

    # New losses from old --------------------------------------------------------------------------------------------

    def shifted(self, point: Sequence[RationalLike]) -> "Loss":
        """Return the loss h ↦ f(point + h), in the same variables.

        Args:
            point: The new origin, of shape (n,).

        Returns:
            The shifted loss.

        Raises:
            InputError: If the point is not n rational numbers, or the expansion has more than 50,000 terms.
        """
        origin = _exact(point, self.dimension, "point")
        if not any(origin):
            return self
        arithmetic = PolynomialArithmetic(self.dimension)
        total = Parts(arithmetic.shift(self._polynomial, origin))
        for power in self.truncated:
            arithmetic.add_truncated(total, (power.direction, -power.argument(origin), power.power), power.coefficient)
        return self._assemble(self.variables, total, arithmetic)

    def substituted(self, matrix: Sequence[Sequence[RationalLike]], variables: Iterable[str]) -> "Loss":
        """Return the loss z ↦ f(M z): a rotation, or the restriction to a subspace.

        Args:
            matrix: M, of shape (n, w).
            variables: The w names of the new variables.

        Returns:
            The loss in the new variables.

        Raises:
            InputError: If the shapes do not fit, an entry is not rational, or the expansion has more than 50,000 terms
                or takes too much work.
        """
        names = check_variables(variables)
        if len(matrix) != self.dimension:
            raise InputError(
                "matrix", f"{self.dimension} rows are needed, one for each variable, and {len(matrix)} were given"
            )
        rows = [_exact(row, len(names), "matrix") for row in matrix]
        arithmetic = PolynomialArithmetic(len(names))
        total = Parts(arithmetic.substitute(self._polynomial, rows))
        for power in self.truncated:
            direction = [fmpq(0)] * len(names)
            for slope, row in zip(power.direction, rows, strict=True):
                if slope:
                    direction = [old + slope * entry for old, entry in zip(direction, row, strict=True)]
            arithmetic.add_truncated(total, (tuple(direction), power.threshold, power.power), power.coefficient)
        return self._assemble(names, total, arithmetic)

    def scaled(self, factor: RationalLike) -> "Loss":
        """Return the loss multiplied by a constant.

        Args:
            factor: The constant.

        Returns:
            The scaled loss; the zero loss if the constant is 0.

        Raises:
            InputError: If the constant is not a rational number.
        """
        return self._combined(Parts(), self, to_fmpq(factor, "factor"))

    def __add__(self, other: "Loss") -> "Loss":
        if not isinstance(other, Loss):
            return NotImplemented
        if other.variables != self.variables:
            raise InputError("loss", "losses in different variables cannot be added; substitute common ones first")
        return self._combined(self._parts(), other, fmpq(1))

    def _combined(self, target: Parts, other: "Loss", factor: fmpq) -> "Loss":
        arithmetic = PolynomialArithmetic(self.dimension)
        arithmetic.add_into(target, other._parts(), factor)
        return self._assemble(self.variables, target, arithmetic)
