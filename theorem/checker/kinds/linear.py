"""Long runs on a quadratic loss: Claim L2 (linear divergence) and Claim L3 (linear limit), and late iterates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker.descent import Descent, polynomial_loss
from gdcheck.theorem.checker.exact import Matrix, Vector, dependence, dot, integers, norm_above
from gdcheck.theorem.checker.kinds.walk import BITS, Ball
from gdcheck.theorem.checker.outcome import claim, look, required, show, within
from gdcheck.theorem.checker.reading.document import Problem
from gdcheck.theorem.checker.reading.fields import Interval, Point
from gdcheck.theorem.checker.spectrum import count_roots


def is_quadratic(problem: Problem) -> bool:
    """Tell whether the loss is a polynomial of degree two at most."""
    return not problem.loss.truncated and all(sum(alpha) <= 2 for alpha in problem.loss.polynomial.terms)


@dataclass(frozen=True)
class Linear:
    """Gradient descent on a quadratic loss, on the smallest invariant space that holds h_0.

    Attributes:
        hessian: A, shape (n, n).
        start: h_0, shape (n,).
        minimal: The monic polynomial χ of least degree with χ(A) h_0 = 0, the constant first. Its roots are real and
            simple, and h_0 has a component in the eigenspace of each.
    """

    hessian: Matrix
    start: Vector
    minimal: list[Fraction]

    @classmethod
    def of(cls, problem: Problem) -> Linear:
        """Verify that the loss is quadratic and the minimizer critical, and find χ."""
        polynomial_loss(problem)
        claim(is_quadratic(problem), "the loss is quadratic fails")
        descent = Descent.at_critical_point(problem)
        return cls(descent.hessian, descent.start, _minimal_polynomial(descent.hessian, descent.start))

    def roots(self, s: Fraction) -> tuple[int, int]:
        """Count the roots of χ below s, and up to s."""
        return count_roots(integers(self.minimal)[0], s)

    def component(self, root: Fraction) -> list[Fraction]:
        """Return the component of h_0 in the eigenspace of a rational root of χ: q(A) h_0 / q(root)."""
        quotient = [Fraction(0)] * (len(self.minimal) - 1)
        carry = Fraction(0)
        for k in range(len(self.minimal) - 1, 0, -1):
            carry = self.minimal[k] + root * carry
            quotient[k - 1] = carry
        at_root = Fraction(0)
        vector = [Fraction(0)] * len(self.start)
        for q in reversed(quotient):
            at_root = at_root * root + q
            vector = [dot(row, vector) + q * x for row, x in zip(self.hessian, self.start, strict=True)]
        return [x / at_root for x in vector]


def _minimal_polynomial(matrix: Matrix, h: Vector) -> list[Fraction]:
    """Return the monic χ of least degree with χ(matrix) h = 0, by Gaussian elimination of h, A h, A² h, …."""
    return required(dependence(_powers(matrix, h)), "a minimal polynomial exists fails")


def _powers(matrix: Matrix, vector: Vector) -> Iterator[Vector]:
    """Yield h, A h, A² h, …."""
    while True:
        yield vector
        vector = tuple(dot(row, vector) for row in matrix)


def verify_linear_divergence(problem: Problem, eigenvalue: Interval) -> None:
    """Claim L2 (linear divergence): ‖h_k‖ grows like |μ|^k, μ = 1 - eta λ, for the root λ of χ in the interval."""
    low, high = eigenvalue
    linear, turn = Linear.of(problem), 2 / problem.step_size
    claim(low <= high and linear.roots(high)[1] - linear.roots(low)[0] == 1, "the interval holds one eigenvalue fails")
    if high < 0:
        dominant = linear.roots(low)[0] == 0 and linear.roots(turn - high)[1] == len(linear.minimal) - 1
    else:
        claim(low > turn, "the multiplier exceeds one fails")
        dominant = linear.roots(high)[1] == len(linear.minimal) - 1 and linear.roots(turn - low)[0] == 0
    claim(dominant, "no other multiplier is larger fails")


def verify_linear_limit(problem: Problem, points: tuple[Point, ...]) -> None:
    """Claim L3 (linear limit): the iterates tend to one point, or the even and the odd ones to one each.

    All roots of χ lie in [0, 2/eta]. The component of the root 0 stays, that of 2/eta changes its sign at every
    step, and all others vanish.
    """
    linear, turn = Linear.of(problem), 2 / problem.step_size
    bounded = linear.roots(Fraction(0))[0] == 0 and linear.roots(turn)[1] == len(linear.minimal) - 1
    claim(bounded, "all multipliers are in [-1, 1] fails")
    centre = list(problem.minimizer)
    if linear.roots(Fraction(0))[1]:
        centre = [a + b for a, b in zip(centre, linear.component(Fraction(0)), strict=True)]
    expected = [tuple(centre)]
    if linear.roots(turn)[1] > linear.roots(turn)[0]:
        side = linear.component(turn)
        expected = [tuple(a + s * b for a, b in zip(centre, side, strict=True)) for s in (1, -1)]
    claim([*points] == expected, f"the limit fails: it is {'; '.join(show(*p) for p in expected)}")


def linear_iterate(linear: Linear, eta: Fraction, step: int) -> Ball:
    """Enclose (I - eta A)^k h_0 by squaring, with 512 bits after the point.

    If ‖P - Q‖ <= e, then ‖P² - Q²‖ <= (2 ‖Q‖ + e) e, and the rounding adds at most 2^-512 for each entry.
    """
    n, one = len(linear.start), 1 << BITS
    matrix = [[int(i == j) - eta * x for j, x in enumerate(row)] for i, row in enumerate(linear.hessian)]
    base = [[(x.numerator << BITS) // x.denominator for x in map(Fraction, row)] for row in matrix]
    power, error = [[one * (i == j) for j in range(n)] for i in range(n)], 0

    def times(left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
        columns = [*zip(*right, strict=True)]
        return [[sum(map(int.__mul__, row, column)) >> BITS for column in columns] for row in left]

    def norm(table: list[list[int]]) -> int:
        return isqrt(sum(x * x for row in table for x in row)) + 1

    base_norm = norm(base)
    for bit in bin(step)[2:]:
        look("a power of the linear map")
        size = norm(power)
        within(size.bit_length() < 64 * BITS, "the iterate is too large")
        error = ((2 * size + error) * error >> BITS) + n + 1
        power = times(power, power)
        if bit == "1":
            error = (base_norm * error + (norm(power) + error) * n >> BITS) + n + 1
            power = times(power, base)
    columns = [[Fraction(x, one) for x in row] for row in power]
    centre = [dot(row, linear.start) for row in columns]
    return centre, Fraction(error, one) * norm_above(linear.start)
