"""Starts to which the theorem on valleys does not apply: Claims R1 to R3, and ``check``.

docs/certificate.md, *Valley certificates of lost rank*. Everything is exact: polynomials in fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from gdcheck.theorem.checker.assumptions import Space
from gdcheck.theorem.checker.exact import Exponents, Vector, minus
from gdcheck.theorem.checker.methods.valley import read_method
from gdcheck.theorem.checker.outcome import claim
from gdcheck.theorem.checker.reading.checking import Check
from gdcheck.theorem.checker.reading.fields import Point, read_record, refuse, whole
from gdcheck.theorem.checker.smooth import valley
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.polynomials import Table, composed, derivative, expanded, plus, times, variables

ONE, ZERO = Fraction(1), Fraction(0)
MOST_POWER = 2
FAILS = {True: ("full-rank",), False: ("common-zero",)}
"""The assumption that fails, by whether the determinant occurs."""


@dataclass(frozen=True)
class Affine:
    """The points origin + sum t_k d_k."""

    origin: Point
    directions: tuple[Point, ...]

    @property
    def size(self) -> int:
        """Return the number of coordinates, at least one."""
        return max(1, len(self.directions))

    def place(self) -> list[Table]:
        """Return the variables as polynomials in the coordinates."""
        units = variables(self.size)
        found = []
        for i, x in enumerate(self.origin):
            made: Table = {(0,) * self.size: x} if x else {}
            for t, d in zip(units, self.directions, strict=False):
                made = plus(made, {alpha: d[i] * c for alpha, c in t.items()})
            found.append(made)
        return found


def _problem(kind: object, value: object, path: str, n: int) -> valley.Problem:
    """Read a problem; a method, if it names one, is read and ignored."""
    if type(value) is dict and "method" in value:
        read_method(value["method"], path, n)
        value = {name: entry for name, entry in value.items() if name != "method"}
    return valley.Problem.read(value, path, n)


AnyProblem = Annotated[valley.Problem, _problem]
"""A problem of gradient descent, or of a method with momentum."""


@dataclass(frozen=True)
class Document:
    """All fields of a certificate.

    Attributes:
        schema: The format.
        problem: The problem; a method with momentum makes no difference.
        verdict: Always ``not-applicable``.
        fails: The assumption that fails.
        space: An affine space that the trajectory stays in.
        power: N.
        multipliers: The polynomials h_i in the coordinates t1, t2, … of the space.
    """

    schema: Literal["gdcheck-valley-rank/1"]
    problem: AnyProblem
    verdict: Literal["not-applicable"]
    fails: tuple[str, ...]
    space: Affine
    power: Annotated[int, whole(0, MOST_POWER)]
    multipliers: tuple[str, ...]

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Document:
        """Read a certificate, which has a multiplier for each residual."""
        c = read_record(cls, value, path, n)
        if len(c.multipliers) != len(c.problem.residuals):
            refuse("multipliers", "a text for each residual")
        return c

    def factors(self) -> list[Expression]:
        """Return the multipliers."""
        names = tuple(f"t{k + 1}" for k in range(self.space.size))
        return [read_expression(text, names, {}) for text in self.multipliers]


def verify(c: Document) -> None:
    """Verify all claims.

    Raises:
        ClaimError: If a claim is not verified.
    """
    n = len(c.problem.start)
    residuals = [expanded(residual, variables(n), n) for residual in c.problem.residuals]
    place, size = c.space.place(), c.space.size
    rows = [[derivative(f, j) for j in range(n)] for f in residuals]
    on_space = [composed(f, place, size) for f in residuals]
    moved = [[composed(x, place, size) for x in row] for row in rows]
    verify_space(c, on_space, moved)
    claim(c.fails == FAILS[c.power > 0], f"what fails is {FAILS[c.power > 0][0]} fails")
    if c.power:
        verify_full_rank(rows, n)
    verify_identity(c, on_space, moved)


def verify_space(c: Document, residuals: Sequence[Table], rows: Sequence[Sequence[Table]]) -> None:
    """Claim R1 (space): the space holds the start, and the gradient at every point of it is parallel to it."""
    space = Space.of(c.space.directions)
    claim(space.holds(minus(c.problem.start, c.space.origin)), "the space holds the start fails")
    gradient = [_inner(residuals, [row[j] for row in rows]) for j in range(len(c.problem.start))]
    for alpha in {alpha for part in gradient for alpha in part}:
        vector: Vector = tuple(part.get(alpha, ZERO) for part in gradient)
        claim(space.holds(vector), "gradients are along the space fails")


def verify_full_rank(rows: Sequence[Sequence[Table]], n: int) -> None:
    """Claim R2 (independence): J has full rank somewhere, as the theorem assumes."""
    points = ([Fraction((7 * i + 3 * k * k + 2) % 11 - 5, 1 + (i + k) % 3) for i in range(n)] for k in range(8))
    full = (determinant([[_value(x, point) for x in row] for row in rows]) for point in points)
    claim(any(full), "J has full rank somewhere fails")


def _value(p: Table, point: Sequence[Fraction]) -> Table:
    return composed(p, [{(0,): x} if x else {} for x in point], 1)


def determinant(rows: Sequence[Sequence[Table]]) -> Table:
    """Return det J J^T, of the rows of J."""
    return _determinant([[_inner(r, s) for s in rows] for r in rows])


def _inner(a: Sequence[Table], b: Sequence[Table]) -> Table:
    total: dict[Exponents, Fraction] = {}
    for x, y in zip(a, b, strict=True):
        total = plus(total, times(x, y))
    return total


def _determinant(matrix: Sequence[Sequence[Table]]) -> Table:
    if len(matrix) == 1:
        return matrix[0][0]
    total: Table = {}
    for k, entry in enumerate(matrix[0]):
        minor = _determinant([[x for j, x in enumerate(row) if j != k] for row in matrix[1:]])
        signed = {alpha: -c if k % 2 else c for alpha, c in times(entry, minor).items()}
        total = plus(total, signed)
    return total


def verify_identity(c: Document, residuals: Sequence[Table], rows: Sequence[Sequence[Table]]) -> None:
    """Claim R3 (identity): sum h_i F_i - det(J J^T)^N has only even monomials, with coefficients that are not negative.

    So wherever all residuals vanish in the space, the determinant vanishes. For N = 0 its power is 1, and the residuals
    never vanish together.
    """
    size = c.space.size
    power: Table = {(0,) * size: ONE}
    for _ in range(c.power):
        power = times(power, determinant(rows))
    rest: Table = {alpha: -k for alpha, k in power.items()}
    for factor, f in zip(c.factors(), residuals, strict=True):
        rest = plus(rest, times(expanded(factor, variables(size), size), f))
    good = all(k > 0 and not any(a % 2 for a in alpha) for alpha, k in rest.items())
    claim(good, "the identity between polynomials fails")


check = Check(Document, verify)
"""Verifies a certificate that a trajectory does not arrive where J has full rank."""
