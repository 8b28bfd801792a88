"""Valley certificates: Claims V1 to V10, and ``check``. docs/certificate.md, *Valley certificates*.

The loss is ``scale`` times the sum of the squares of residuals F_i. Let eta be twice the scale times the step size,
u = F(x), and J the derivative of F: one step of gradient descent moves x to x - eta J^T u. Everything is computed again
from the texts of the residuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self

from gdcheck.theorem.checker.exact import Vector, root_bounds, squared, unit, up
from gdcheck.theorem.checker.exact import dot as dot_of_fractions
from gdcheck.theorem.checker.exact import norm_above as norm_of_fractions
from gdcheck.theorem.checker.lemma import growth, verify_box
from gdcheck.theorem.checker.outcome import at_step, claim, show
from gdcheck.theorem.checker.reading.checking import Check, with_enough_bits
from gdcheck.theorem.checker.reading.fields import Point, Positive, distinct_names, read_fields, read_record, refuse
from gdcheck.theorem.checker.smooth import minimizer
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.intervals import Ends, Interval, UndefinedError, dot, middles, norm_above, point
from gdcheck.theorem.checker.smooth.polynomials import expanded, variables
from gdcheck.theorem.checker.smooth.spectrum import (
    ROOT2,
    UNSTABLE,
    Matrix,
    dominant,
    eigenvalues_within,
    sine_above,
    verify_ends,
    verify_sides,
)

PRECISIONS = (256, 512, 1024, 2048)


@dataclass(frozen=True)
class Problem:
    """Residuals F_1, …, F_p, and what gradient descent does with them.

    Attributes:
        residuals: The residuals.
        eta: Twice the scale times the step size.
        start: x_0.
    """

    residuals: tuple[Expression, ...]
    eta: Fraction
    start: Point

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Problem:
        """Read a problem."""
        names = Annotated[tuple[str, ...], distinct_names(minimizer.MOST_VARIABLES)]
        fields = {"residuals": tuple[str, ...], "variables": names, "scale": Positive, "step_size": Positive}
        p = read_fields(fields | {"start": Point}, value, path, n)
        if not 1 <= len(p["residuals"]) <= n:
            refuse(f"{path}.residuals", "at least one text, and no more than there are variables")
        residuals = tuple(read_expression(text, p["variables"], {}) for text in p["residuals"])
        return cls(residuals, 2 * p["scale"] * p["step_size"], p["start"])


@dataclass(frozen=True)
class Arrival(minimizer.Ball):
    """A ball that holds the point of arrival, and the radius of a ball around x_k that the trajectory stays in."""

    reach: Fraction


@dataclass(frozen=True)
class Relations:
    """Equations that the residuals satisfy for every x, and vectors on which the equations' linear parts vanish.

    Attributes:
        equations: Polynomials in u_1, …, u_p.
        tangent: Vectors, each of size p.
    """

    equations: tuple[Expression, ...]
    tangent: tuple[Vector, ...]

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Relations:
        """Read relations: there are p equations and vectors together."""
        found = read_fields({"equations": tuple[str, ...], "tangent": tuple[Vector, ...]}, value, path, n)
        texts, tangent = found["equations"], found["tangent"]
        p = len(texts) + len(tangent)
        if not texts or not tangent or {*map(len, tangent)} != {p}:
            refuse(path, "at least one equation and one vector, and vectors with a component for each of them")
        own = tuple(f"u{i + 1}" for i in range(p))
        return cls(tuple(read_expression(text, own, {}) for text in texts), tangent)


@dataclass(frozen=True)
class Sharpness:
    """The steps at which the largest Hessian eigenvalue exceeds 2 over the step size."""

    above: tuple[int, ...]

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Sharpness:
        """Read the steps, in rising order."""
        found = read_record(cls, value, path, n)
        if any(a >= b for a, b in pairwise(found.above)):
            refuse(f"{path}.above", "rising steps")
        return found


@dataclass(frozen=True)
class Spectrum(minimizer.Spectrum):
    """Intervals of the ends of the spectrum of J J^T at the point of arrival, and vectors near its eigenvectors.

    Attributes:
        vectors: By ascending eigenvalue.
    """

    vectors: tuple[Vector, ...]


@dataclass(frozen=True)
class Stated:
    """What certificates of limits in valleys state.

    Attributes:
        problem: The problem.
        verdict: Always ``proved``.
        regime: The regime at the point of arrival.
        step: The step at which the inequality holds.
        arrival: Where the trajectory tends to.
        relations: Equations that the residuals satisfy for every x; None if there are none.
        spectrum: The spectrum there.
    """

    problem: Problem
    verdict: Literal["proved"]
    regime: str
    step: int
    arrival: Arrival
    relations: Relations | None
    spectrum: Spectrum

    @classmethod
    def read(cls, value: object, path: str, n: int) -> Self:
        """Read a certificate.

        Let s be the number of tangent vectors, or of residuals where there are no relations: the spectrum has s vectors
        of s components.
        """
        c = read_record(cls, value, path, n)
        size, p, relations = len(c.problem.residuals), len(c.problem.residuals), c.relations
        if relations is not None:
            size = len(relations.tangent)
            if size + len(relations.equations) != p:
                refuse("relations", f"equations and tangent vectors, {p} together, as there are residuals")
        if {size} != {len(c.spectrum.vectors), *map(len, c.spectrum.vectors)}:
            refuse("spectrum.vectors", f"{size} vectors of {size} numbers")
        return c


@dataclass(frozen=True)
class Document(Stated):
    """All fields of a certificate about gradient descent.

    Attributes:
        schema: The format.
        sharpness: When the largest Hessian eigenvalue is above the threshold; None if nothing is said.
        limit: The limit at even steps.
    """

    schema: Literal["gdcheck-valley/1"]
    sharpness: Sharpness | None
    limit: minimizer.Limit


@dataclass(frozen=True)
class Iterate:
    """An enclosed iterate: x_k lies within ``drift`` of ``centre``.

    Attributes:
        centre: A point, shape (n,).
        drift: A bound of the distance of x_k from it.
        u: The residuals at the centre, shape (p,).
        rows: Their derivative J at the centre, shape (p, n).
        seen_u: The components of u along the unit tangent vectors; u itself without relations.
        seen_rows: The same of the columns of J.
    """

    centre: list[Interval]
    drift: Fraction
    u: list[Interval]
    rows: list[list[Interval]]
    seen_u: list[Interval]
    seen_rows: list[list[Interval]]


@dataclass(frozen=True)
class Ball:
    """What holds on the ball that the trajectory stays in.

    Attributes:
        around: The radius of a ball around the iterate's centre that holds it.
        largest: sigma_p, an upper bound of the norm of J.
        lipschitz: L, a Lipschitz constant of J.
        size: r, an upper bound of the norm of u.
        push: C, of Claim V4.
    """

    around: Fraction
    largest: Fraction
    lipschitz: Fraction
    size: Fraction
    push: Fraction


def verify(c: Document) -> None:
    """Verify all claims.

    Raises:
        ClaimError: If a claim is not verified.
    """
    sizes = verify_relations(c)
    with_enough_bits(PRECISIONS, lambda bits: verify_with(c, sizes, bits))


def verify_with(c: Document, sizes: Sequence[Sequence[Fraction]], bits: int) -> None:
    """Verify all claims except V9, with intervals of one precision; ``sizes`` is what Claim V9 returned.

    Raises:
        ClaimError: If a claim is not verified.
    """
    iterate = enclose(c, bits)
    ball = verify_ball(c, iterate, sizes, bits)
    verify_point(c, iterate, ball, bits)
    gram = gram_of(iterate.seen_rows)
    spread = 2 * ball.largest * ball.lipschitz * ball.around
    eigenvalues = eigenvalues_within(gram, c.spectrum.vectors, spread)
    verify_ends(c.spectrum.lowest, c.spectrum.highest, eigenvalues, 6)
    index, sign, rho = verify_regime(c, eigenvalues)
    vector = c.spectrum.vectors[index]
    tilt = ROOT2 * sine_above(gram, vector, eigenvalues, index, spread)
    inner = verify_inequality(c, iterate, ball, rho, (vector, tilt))
    turn = (1 if inner > 0 else -1) * sign**c.step
    verify_direction(c.limit.vector, iterate, ball, (tuple(turn * x for x in vector), tilt))


@dataclass(frozen=True)
class Near:
    """A ball on which |J| <= ``largest`` and ``lipschitz`` bounds the Lipschitz constant of J."""

    centre: list[Interval]
    radius: Fraction
    largest: Fraction
    lipschitz: Fraction

    def left_by(self, x: list[Interval], drift: Fraction, bits: int) -> bool:
        """Tell whether the ball of radius ``drift`` around x may reach out of this one."""
        away = norm_above([a - b for a, b in zip(x, self.centre, strict=True)], bits)
        return away + drift > self.radius


def near_of(
    c: Stated,
    at: tuple[list[Interval], Fraction, list[list[Interval]]],
    room_for: tuple[Fraction, Fraction],
    before: Near | None,
    bits: int,
) -> Near:
    """Bound J and its Lipschitz constant on a ball around an iterate.

    Args:
        c: The certificate.
        at: The centre x of the iterate's ball, the ball's radius, and J at x.
        room_for: The length of a step, and a number. The ball is made wide enough for some steps of that length, if
            |J|^2 stays below the number.
        before: The ball used so far.
        bits: The precision.
    """
    (x, drift, rows), (move, stable) = at, room_for
    here, room = norm_of(rows, bits), Fraction(0)
    if before is not None and before.lipschitz > 0:
        above = (root_bounds(stable)[0] - here) / 2
        room = up(max(Fraction(0), min(min(above, here / 8) / before.lipschitz, 8 * move)), bits)
    if room:
        try:
            lipschitz = lipschitz_above(c, x, drift + room, bits)
        except UndefinedError:
            pass  # The wide ball leaves the domain; the narrow one is tried.
        else:
            largest = up(here + lipschitz * (drift + room), bits)
            if largest**2 <= stable:
                return Near(x, drift + room, largest, lipschitz)
    lipschitz = lipschitz_above(c, x, drift, bits)
    return Near(x, drift, up(here + lipschitz * drift, bits), lipschitz)


def enclose(c: Document, bits: int) -> Iterate:
    """Claim V1 (enclosure): follow gradient descent to the stated step.

    On a ball with |J| <= sigma, where J has the Lipschitz constant L, the map's Lipschitz constant is at most
    max(1, eta sigma^2 - 1) + eta L |u|.
    """
    eta = Interval.exactly(c.problem.eta, bits)
    x, drift = middles(point(c.problem.start, bits), bits)
    near: Near | None = None
    for k in range(c.step + 1):
        at_step(k, c.step)
        values = [evaluate(residual, x, 1) for residual in c.problem.residuals]
        u, rows = [v.slots[-1] for v in values], [gradient(v) for v in values]
        if k == c.step:
            return Iterate(x, drift, u, rows, *seen_by(c, u, rows, bits))
        moves = [eta * dot(column, u) for column in zip(*rows, strict=True)]
        if near is None or near.left_by(x, drift, bits):
            near = near_of(c, (x, drift, rows), (norm_above(moves, bits), 2 / c.problem.eta), near, bits)
        size = norm_above(u, bits) + near.largest * drift
        if c.sharpness is not None:
            verify_sharpness(c, (k, k in c.sharpness.above), (x, drift, u, rows), near, size)
        factor = max(Fraction(1), c.problem.eta * near.largest**2 - 1) + c.problem.eta * near.lipschitz * size
        x, rounding = middles([a - b for a, b in zip(x, moves, strict=True)], bits)
        drift = up(factor * drift + rounding, bits)
        claim(drift < 1, f"the enclosure is narrow fails at step {k}: {show(drift)}")
    raise AssertionError("the stated step is reached")


def verify_sharpness(
    c: Document,
    step: tuple[int, bool],
    at: tuple[list[Interval], Fraction, list[Interval], list[list[Interval]]],
    near: Near,
    size: Fraction,
) -> None:
    """Claim V10 (sharpness), at one step: the largest Hessian eigenvalue is above 2/eta exactly if the step is stated.

    The Hessian of half the sum of squares is H = J^T J + sum u_i H_i. On a ball of radius d it changes by at most
    (3 |J| L + |u| T) d. All eigenvalues of H are below t exactly if all pivots of t I - H are positive.
    """
    (k, stated), (x, drift, u, rows), limit = step, at, 2 / c.problem.eta
    if not stated and near.largest**2 + size * near.lipschitz < limit:
        return
    bits, n = x[0].bits, len(x)
    third = norm_of_fractions([derivatives_above(residual, x, drift)[1] for residual in c.problem.residuals])
    change = (3 * near.largest * near.lipschitz + size * third) * drift
    hessians = [hessian(evaluate(residual, x, 2)) for residual in c.problem.residuals]
    edge, nothing = Interval.exactly(limit + change if stated else limit - change, bits), Interval.exactly(0, bits)
    columns = list(zip(*rows, strict=True))
    matrix = [
        [
            (edge if i == j else nothing) - dot(columns[i], columns[j]) - dot(u, [second[i][j] for second in hessians])
            for j in range(n)
        ]
        for i in range(n)
    ]
    words = "above" if stated else "at most"
    claim(_is_positive(matrix) is not stated, f"the largest eigenvalue is {words} 2/eta fails at step {k}")


def _is_positive(matrix: Matrix) -> bool:
    """Tell whether a symmetric matrix is positive definite, or has a negative eigenvalue.

    Raises:
        ClaimError: If a pivot's interval holds zero, so that neither is decided.
    """
    rows = [list(row) for row in matrix]
    for k, row in enumerate(rows):
        pivot = row[k]
        if pivot.high < 0:
            return False
        claim(pivot.low > 0, f"pivot {k + 1} is not zero fails: {show(pivot.lower, pivot.upper)}")
        inverse = pivot.reciprocal()
        for below in rows[k + 1 :]:
            factor = below[k] * inverse
            for j in range(k + 1, len(row)):
                below[j] = below[j] - factor * row[j]
    return True


def seen_by(
    c: Stated, u: list[Interval], rows: list[list[Interval]], bits: int
) -> tuple[list[Interval], list[list[Interval]]]:
    """Return the components of u, and of the columns of J, along the unit tangent vectors."""
    if c.relations is None:
        return u, rows
    columns = list(zip(*rows, strict=True))
    seen_u, seen_rows = [], []
    for vector in c.relations.tangent:
        over = Interval.exactly(squared(vector), bits).root().reciprocal()
        row = [x * over for x in point(vector, bits)]
        seen_u.append(dot(row, u))
        seen_rows.append([dot(row, column) for column in columns])
    return seen_u, seen_rows


def verify_relations(c: Stated) -> list[list[Fraction]]:
    """Claim V9 (relations): the residuals satisfy the equations for every x.

    The equations' linear parts and the tangent vectors are orthogonal to each other: together they are a basis.

    Returns:
        For each equation and each degree 2, 3, …: the sum of the moduli of its coefficients of that degree, divided by
        the length of its linear part.
    """
    if c.relations is None:
        return []
    p, n, sizes = len(c.problem.residuals), len(c.problem.start), []
    values = [expanded(residual, variables(n), n) for residual in c.problem.residuals]
    normals: list[Vector] = []
    for i, equation in enumerate(c.relations.equations):
        claim(not expanded(equation, values, n), f"the residuals satisfy equation {i + 1} fails")
        own = expanded(equation, variables(p), p)
        claim((0,) * p not in own, f"equation {i + 1} holds at 0 fails")
        normals.append(tuple(own.get(unit(j, p), Fraction(0)) for j in range(p)))
        least = root_bounds(squared(normals[-1]))[0]
        claim(least > 0, f"equation {i + 1} has a linear part fails")
        degrees = range(2, max(map(sum, own)) + 1)
        sizes.append([sum((abs(k) for a, k in own.items() if sum(a) == q), Fraction(0)) / least for q in degrees])
    basis = [*normals, *c.relations.tangent]
    good = all(any(v) for v in basis) and all(
        dot_of_fractions(v, w) == 0 for i, v in enumerate(basis) for w in basis[:i]
    )
    claim(good, "linear parts and tangent vectors are orthogonal fails")
    return sizes


def lipschitz_above(c: Stated, centre: Sequence[Interval], radius: Fraction, bits: int) -> Fraction:
    """Bound the Lipschitz constant of J on a ball: the norm of the vector of bounds of the residuals' Hessians."""
    bounds = [derivatives_above(residual, centre, radius)[0] for residual in c.problem.residuals]
    return up(norm_of_fractions(bounds), bits)


def gram_of(rows: Sequence[Sequence[Interval]]) -> list[list[Interval]]:
    """Return J J^T, shape (p, p)."""
    return [[dot(a, b) for b in rows] for a in rows]


def norm_of(rows: Sequence[Sequence[Interval]], bits: int) -> Fraction:
    """Bound the norm of J: |J J^T| = |(J J^T)^64|^(1/64), and the Frobenius norm is at least the norm."""
    power = gram_of(rows)
    for _ in range(6 if len(rows) > 1 else 0):
        columns = list(zip(*power, strict=True))
        power = [[dot(row, column) for column in columns] for row in power]
    bound = norm_above([x for row in power for x in row], bits)
    for _ in range(7 if len(rows) > 1 else 1):
        bound = up(root_bounds(bound)[1], bits)
    return bound


def verify_ball(c: Document, iterate: Iterate, sizes: Sequence[Sequence[Fraction]], bits: int) -> Ball:
    """Claim V2 (ball) and Claim V4 (remainder): the trajectory stays near x_k, and tends to a zero of F.

    Let sigma_1 <= |J^T w| <= sigma_p on the ball for all unit vectors w, L be the Lipschitz constant of J on it, and
    r >= |u| at the iterate.

    1. Let q = max |1 - eta sigma^2| + L eta^2 sigma_p^2 r / 2, the maximum over sigma in [sigma_1, sigma_p].
    2. If q < 1 and eta sigma_p r / (1 - q) <= reach, the trajectory stays in the ball, and |u_{k+j}| <= q^j r.
    3. Let K be J J^T at the limit. One step moves u to (I - eta K) u + g with |g| <= C |u|^2, where
       C = 2 eta^2 sigma_p^2 L / (1 - q) + L eta^2 sigma_p^2 / 2.

    With relations, sigma_1 and w are about the tangent space alone, and these change:

    4. Every value u of F with |u| <= 4 r is within b |u|^2 of the tangent space, and 4 b r <= 1/2.
    5. The component s of u in the tangent space then has |u| <= k |s| with k^2 = 1 / (1 - 16 b^2 r^2).
    6. The second term of q becomes k^2 (L eta^2 sigma_p^2 / 2 + eta sigma_p^2 b) r; C is multiplied by k^2, and the
       length in step 2 by k.
    """
    around = c.arrival.reach + iterate.drift
    lipschitz = lipschitz_above(c, iterate.centre, around, bits)
    ends = eigenvalues_within(gram_of(iterate.seen_rows), c.spectrum.vectors, Fraction(0))
    claim(ends[0][0] > 0, f"J has full rank at the iterate fails: {show(ends[0][0])}")
    low = root_bounds(ends[0][0])[0] - lipschitz * around
    top = root_bounds(ends[-1][1])[1] if c.relations is None else norm_of(iterate.rows, bits)
    high = top + lipschitz * around
    claim(low > 0, f"J has full rank on the ball fails: {show(low)}")
    size = norm_above(iterate.u, bits) + high * iterate.drift
    eta = c.problem.eta
    half = lipschitz * eta**2 * high**2 / 2
    shares = [sum((a * (4 * size) ** i for i, a in enumerate(each)), Fraction(0)) for each in sizes]
    bend = norm_of_fractions(shares)
    claim(4 * bend * size <= Fraction(1, 2), f"the residuals are near the tangent space fails: {show(bend, size)}")
    stretch = 1 / (1 - 16 * (bend * size) ** 2)
    q = max(abs(1 - eta * low**2), abs(1 - eta * high**2)) + (half + eta * high**2 * bend) * stretch * size
    claim(q < 1, f"q < 1 fails at step {c.step}: {show(q)}")
    needed = eta * high * root_bounds(stretch)[1] * size / (1 - q)
    claim(needed <= c.arrival.reach, f"the trajectory stays in the ball fails: {show(needed, c.arrival.reach)}")
    if c.sharpness is not None:
        # |u| is at most 2 r from here on.
        later = high**2 + 2 * size * lipschitz
        claim(later < 2 / eta, f"the largest eigenvalue stays below 2/eta fails: {show(later, 2 / eta)}")
        claim(all(k < c.step for k in c.sharpness.above), "the steps above 2/eta are earlier ones fails")
    return Ball(around, high, lipschitz, size, stretch * (4 * half / (1 - q) + half))


def verify_point(c: Stated, iterate: Iterate, ball: Ball, bits: int) -> None:
    """Claim V3 (arrival): the stated ball holds the limit point, and is small."""
    away = [a - x for a, x in zip(iterate.centre, point(c.arrival.centre, bits), strict=True)]
    far, radius = norm_above(away, bits) + ball.around, c.arrival.radius
    claim(far <= radius <= Fraction(1, 10**10), f"the point of arrival is in the small ball fails: {show(far, radius)}")


def verify_regime(c: Document, eigenvalues: Sequence[Ends]) -> tuple[int, int, Ends]:
    """Claim V6 (regime): eta (lambda_1 + lambda_p) is on the stated side of 2, eta lambda_p < 2, and one end dominates.

    Returns:
        The index of the dominant eigenvalue, the sign of its multiplier, and an interval of the multiplier's modulus.
    """
    claim(c.regime != UNSTABLE, "the regime is stable fails")
    verify_sides(c.regime, eigenvalues, c.problem.eta)
    return dominant(c.regime, c.limit.kind, eigenvalues, c.problem.eta)


def verify_inequality(c: Document, iterate: Iterate, ball: Ball, rho: Ends, line: tuple[Vector, Fraction]) -> Fraction:
    """Claim V7 (inequality): the amplitude of the residuals is larger than the tail.

    Returns:
        A number with the sign of the amplitude.
    """
    vector, tilt = line
    *_, tail = growth(ball.push * ball.size, ball.size, rho, f"at step {c.step}")
    inner = dot(point(vector, iterate.u[0].bits), iterate.seen_u)
    length = root_bounds(squared(vector))[1]
    amplitude = max(inner.lower, -inner.upper) / length - tilt * ball.size - ball.largest * iterate.drift
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")
    return inner.lower


def verify_direction(limit: Sequence[Ends], iterate: Iterate, ball: Ball, line: tuple[Vector, Fraction]) -> None:
    """Claim V8 (limit): every component's interval holds that of J^T w, and is narrow; w is the eigenvector.

    Args:
        limit: The intervals.
        iterate: The iterate at the step.
        ball: The bounds on its ball.
        line: A vector near w, with the sign that it has at even steps, and a bound of its distance from w.
    """
    (vector, tilt), bits = line, iterate.u[0].bits
    w = point(vector, bits)
    back = [dot(column, w) for column in zip(*iterate.seen_rows, strict=True)]
    low = root_bounds(sum((max(x.lower, -x.upper, Fraction(0)) ** 2 for x in back), Fraction(0)))[0]
    claim(low > 0, "J^T w is not zero fails")
    spread = 2 * (ball.lipschitz * ball.around + ball.largest * tilt) * root_bounds(squared(vector))[0] / low
    for ends in ([x.lower for x in back], [x.upper for x in back]):
        size = low, norm_above(back, bits)
        verify_box("the limit", ends, size, spread + Fraction(1, 10**30), limit)


check = Check(Document, verify)
"""Verifies a certificate of a limit in a valley."""
