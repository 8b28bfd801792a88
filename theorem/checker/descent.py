"""Gradient descent around the minimizer: the exact map F and the Hessian.

In displacements h from the minimizer m, the loss is f(m + h) = sum of c_alpha h^alpha plus truncated powers
c (l . h + a)_+^p, and F(h) = h - eta grad f(m + h).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from math import lcm
from operator import mul

from gdcheck.theorem.checker.exact import (
    Exponents,
    Matrix,
    Polynomial,
    Vector,
    combined,
    dot,
    integers,
    minus,
    norm_above,
    unit,
)
from gdcheck.theorem.checker.outcome import claim
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.loss_text import TruncatedPower


@dataclass(frozen=True)
class Kink:
    """The truncated power factor * (slope . h + offset)_+^power, scaled so that slope and offset are integers.

    Attributes:
        factor: Not zero.
        slope: Shape (n,).
        offset: Its sign tells whether the power is active at the minimizer.
        power: From 2 to 16.
        length: An upper bound of the slope's norm.
    """

    factor: Fraction
    slope: tuple[int, ...]
    offset: int
    power: int
    length: Fraction

    @classmethod
    def of(cls, power: TruncatedPower, minimizer: Vector) -> Kink:
        """Return a truncated power in displacements from the minimizer."""
        (*slope, offset), scale = integers([*power.slope, power.offset + dot(power.slope, minimizer)])
        return cls(power.factor / scale**power.power, tuple(slope), offset, power.power, norm_above(slope))

    def argument(self, z: Sequence[int], d: int) -> int:
        """Return d * (slope . h + offset) at h = z / d."""
        return sum(map(int.__mul__, self.slope, z), self.offset * d)


@dataclass(frozen=True)
class Evaluator:
    """Several polynomials, evaluated together in integers. Each monomial is an earlier one times a coordinate.

    Attributes:
        size: The number of coordinates.
        products: The index of a monomial, and of the coordinate by which it is multiplied to give the next one.
        rows: For each polynomial its terms by degree: degree, indices of monomials, integer coefficients.
        degree: The largest degree, at least 1.
        scale: The common denominator of all coefficients.
    """

    size: int
    products: tuple[tuple[int, int], ...]
    rows: tuple[tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...], ...]
    degree: int
    scale: int

    @classmethod
    def of(cls, polynomials: Sequence[Polynomial], size: int) -> Evaluator:
        """Prepare the evaluation of polynomials in ``size`` variables."""
        index: dict[Exponents, int] = {}
        products: list[tuple[int, int]] = []

        def position(alpha: Exponents) -> int:
            """Return the index of a monomial: the constant has 0, the coordinates follow."""
            found = index.get(alpha)
            if found is None:
                last = max(i for i in range(size) if alpha[i])
                before = position((*alpha[:last], alpha[last] - 1, *alpha[last + 1 :]))
                products.append((before, last))
                found = index[alpha] = size + len(products)
            return found

        index[(0,) * size] = 0
        for i in range(size):
            index[tuple(int(i == j) for j in range(size))] = i + 1
        scale = lcm(*(p.denominator for p in polynomials))
        rows = []
        for polynomial in polynomials:
            by_degree = defaultdict[int, list[tuple[int, int]]](list)
            for alpha, k in polynomial.terms.items():
                by_degree[sum(alpha)].append((position(alpha), k * (scale // polynomial.denominator)))
            rows.append(
                tuple((q, tuple(i for i, _ in terms), tuple(k for _, k in terms)) for q, terms in by_degree.items())
            )
        degree = max([1, *(q for row in rows for q, _, _ in row)])
        return cls(size, tuple(products), tuple(rows), degree, scale)

    def __call__(self, z: Sequence[int], d: int) -> tuple[list[int], int]:
        """Return the values at z / d, exactly, as integers and their common denominator."""
        values = [1, *z]
        for before, i in self.products:
            values.append(values[before] * z[i])
        lift = [d**e for e in range(self.degree + 1)]
        totals = []
        for row in self.rows:
            total = 0
            for q, places, coefficients in row:
                total += lift[self.degree - q] * sum(map(mul, coefficients, [values[i] for i in places]))
            totals.append(total)
        return totals, self.scale * lift[self.degree]


@dataclass(frozen=True)
class Descent:
    """Gradient descent around the minimizer.

    Attributes:
        step_size: eta.
        start: h_0, shape (n,).
        polynomial: The polynomial part of f(m + h).
        partials: Its n partial derivatives.
        kinks: The truncated powers, J of them.
    """

    step_size: Fraction
    start: Vector
    polynomial: Polynomial
    partials: tuple[Polynomial, ...]
    kinks: tuple[Kink, ...]

    @classmethod
    def of(cls, problem: Problem) -> Descent:
        """Return a problem in displacements from its minimizer."""
        polynomial = problem.loss.polynomial.shifted(problem.minimizer)
        return cls(
            problem.step_size,
            minus(problem.start, problem.minimizer),
            polynomial,
            tuple(polynomial.derivative(i) for i in range(len(problem.start))),
            tuple(Kink.of(power, problem.minimizer) for power in problem.loss.truncated),
        )

    @classmethod
    def at_critical_point(cls, problem: Problem) -> Descent:
        """Claim 1 (critical point): the gradient vanishes at the minimizer, and the Hessian exists there."""
        descent = cls.of(problem)
        claim(not any(descent.image([0] * descent.dimension, 1)[0]), "the gradient vanishes at the minimizer fails")
        claim(all(k.power > 2 or k.offset for k in descent.kinks), "the Hessian at the minimizer exists fails")
        return descent

    @property
    def dimension(self) -> int:
        """Return n."""
        return len(self.start)

    @cached_property
    def gradient(self) -> Evaluator:
        """Return eta grad f, in the n coordinates and the J values y = (slope . h + offset)_+ of the kinks."""
        rows = []
        for i, partial in enumerate(self.partials):
            bends = [(kink.factor * kink.power * kink.slope[i], kink.power - 1) for kink in self.kinks]
            rows.append(_scaled(partial, self.dimension, bends, self.step_size))
        return Evaluator.of(rows, self.dimension + len(self.kinks))

    @cached_property
    def curvature(self) -> Evaluator:
        """Return eta times the upper triangle of the Hessian, in the n coordinates and J values of the kinks.

        For a truncated square the value is 1 where it is active, else 0.
        """
        rows = []
        for i, j in combinations_with_replacement(range(self.dimension), 2):
            bends = [
                (k.factor * k.power * (k.power - 1) * k.slope[i] * k.slope[j], max(k.power - 2, 1)) for k in self.kinks
            ]
            rows.append(_scaled(self.partials[i].derivative(j), self.dimension, bends, self.step_size))
        return Evaluator.of(rows, self.dimension + len(self.kinks))

    def move(self, z: Sequence[int], d: int) -> tuple[list[int], int]:
        """Return eta grad f at z / d, without rounding, as integers and their common denominator."""
        return self.gradient([*z, *(max(kink.argument(z, d), 0) for kink in self.kinks)], d)

    def image(self, z: Sequence[int], d: int) -> tuple[list[int], int]:
        """Return F(z / d), without rounding, as integers and their common denominator."""
        moves, scale = self.move(z, d)
        lift = scale // d
        return [lift * x - move for x, move in zip(z, moves, strict=True)], scale

    def scaled_hessian(
        self, z: Sequence[int], d: int, kept: Sequence[bool] | None = None
    ) -> tuple[list[list[int]], int]:
        """Return eta times the Hessian of f at z / d, as integers and their common denominator.

        Args:
            z: Numerators, shape (n,).
            d: Their common denominator.
            kept: For each truncated power whether it is included, then without its truncation; by default, those that
                are active at z / d are.

        Returns:
            Integers of shape (n, n), and the denominator.
        """
        values = []
        for j, kink in enumerate(self.kinks):
            argument = kink.argument(z, d)
            taken = argument > 0 if kept is None else kept[j]
            values.append((d if kink.power == 2 else argument) if taken else 0)
        upper, scale = self.curvature([*z, *values], d)
        table = [[0] * self.dimension for _ in z]
        for (i, j), x in zip(combinations_with_replacement(range(self.dimension), 2), upper, strict=True):
            table[i][j] = table[j][i] = x
        return table, scale

    @cached_property
    def hessian(self) -> Matrix:
        """Return A, the Hessian at the minimizer, shape (n, n)."""
        return self.hessian_at_minimizer([kink.offset > 0 for kink in self.kinks])

    def hessian_at_minimizer(self, kept: Sequence[bool]) -> Matrix:
        """Return the Hessian at the minimizer of the polynomial and the truncated powers that are kept."""
        table = polynomial_hessian(self.polynomial, self.dimension)
        for kink in (kink for kink, taken in zip(self.kinks, kept, strict=True) if taken):
            bend = kink.factor * kink.power * (kink.power - 1) * kink.offset ** (kink.power - 2)
            for row, x in zip(table, kink.slope, strict=True):
                row[:] = [entry + bend * x * y for entry, y in zip(row, kink.slope, strict=True)]
        return table


def polynomial_hessian(polynomial: Polynomial, n: int) -> Matrix:
    """Return the Hessian at the origin of a polynomial in n variables."""
    table = [[Fraction(0)] * n for _ in range(n)]
    for i, j in combinations_with_replacement(range(n), 2):
        alpha = tuple((k == i) + (k == j) for k in range(n))
        table[i][j] = table[j][i] = polynomial.coefficient(alpha) * (2 if i == j else 1)
    return table


def map_component(polynomial: Polynomial, i: int, n: int, step_size: Fraction) -> Polynomial:
    """Return F_i for a polynomial in n variables: x_i - step_size times the derivative with respect to x_i."""
    return combined([Polynomial({unit(i, n): 1}, 1), polynomial.derivative(i)], [Fraction(1), -step_size])


def polynomial_loss(problem: Problem) -> Polynomial:
    """Return the loss around the minimizer, which must be a polynomial."""
    claim(not problem.loss.truncated, "the loss is a polynomial fails: it has truncated powers")
    return problem.loss.polynomial.shifted(problem.minimizer)


def _scaled(polynomial: Polynomial, n: int, bends: Sequence[tuple[Fraction, int]], step_size: Fraction) -> Polynomial:
    """Return step_size times polynomial + sum of c y_j^e over the pairs (c, e), in n + J variables x and y."""
    width = len(bends)
    scale = lcm(polynomial.denominator, *(c.denominator for c, _ in bends))
    lift = scale // polynomial.denominator * step_size.numerator
    terms = {(*alpha, *(0,) * width): k * lift for alpha, k in polynomial.terms.items()}
    for j, (c, e) in enumerate(bends):
        if c:
            terms[(*(0,) * (n + j), e, *(0,) * (width - j - 1))] = int(c * scale) * step_size.numerator
    return Polynomial(terms, scale * step_size.denominator)
