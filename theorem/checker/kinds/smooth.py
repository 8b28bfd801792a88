"""Smooth certificates: Claims G1 to G9, and ``check``. docs/certificate.md, *Smooth certificates*.

The minimizer is known only to lie in a ball, and the Hessian there only in intervals. Everything is computed anew from
the text of the loss; a claim that is not decided at one precision is tried at the next, and fails at the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from operator import mul

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.document import (
    NAME,
    read_count,
    read_interval,
    read_list,
    read_number,
    read_object,
    read_or_null,
    read_text,
    read_vector,
    refuse,
)
from gdcheck.theorem.checker.document import (
    Interval as Ends,
)
from gdcheck.theorem.checker.exact import Vector, dot, root_bounds
from gdcheck.theorem.checker.exact import norm_above as norm_of_fractions
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, look, show
from gdcheck.theorem.checker.smooth.arrays import read_data
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.eigenvalues import eigenvalues_within
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval, UndefinedError, norm_above, total

FORMAT = "gdcheck-smooth/1"
PRECISIONS = (256, 512, 1024, 2048, 4096)
MOST_VARIABLES = 1000
COARSE = 4
"""What is needed to a few digits only is computed with a quarter of the bits."""
SQUARINGS = 6

FIXED, ALTERNATING = "fixed", "alternating"
SMALL, LARGE, UNSTABLE = "small-step", "large-step", "unstable"


@dataclass(frozen=True)
class Problem:
    """A smooth loss, and what gradient descent does with it."""

    expression: Expression
    step_size: Fraction
    start: Vector


@dataclass(frozen=True)
class Document:
    """All fields of a certificate but its format.

    Attributes:
        problem: The problem.
        verdict: proved, or not-applicable.
        regime: The regime.
        fails: The assumptions that fail.
        centre: The middle of the ball that holds the minimizer.
        radius: The ball's radius.
        vectors: Vectors near the eigenvectors, by rising eigenvalue.
        lowest: An interval of the smallest eigenvalue at the minimizer.
        highest: One of the largest.
        regular: Where I - eta * Hessian is regular.
        step: The step at which the inequality holds.
        limit: The kind of the limit, and an interval for each component; None without a limit.
    """

    problem: Problem
    verdict: str
    regime: str
    fails: tuple[str, ...]
    centre: Vector
    radius: Fraction
    vectors: tuple[Vector, ...]
    lowest: Ends
    highest: Ends
    regular: Vector | None
    step: int
    limit: tuple[str, tuple[Ends, ...]] | None


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate of a smooth loss.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if every claim has been verified, else a sentence that names the first claim that fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        c = read(certificate)
        failure = ""
        for bits in PRECISIONS:
            try:
                verify(c, bits)
            except ClaimError as error:
                failure = str(error)
            except UndefinedError as error:
                failure = f"the loss is defined wherever it is evaluated fails: {error}"
            else:
                return None
    return failure


def read(certificate: object) -> Document:
    """Read a certificate.

    Raises:
        BadCertificate: If a field is missing, unknown, or not of its type.
    """
    names = "schema problem verdict regime fails minimizer eigenvectors spectrum regular_at step limit"
    c = read_object(certificate, "certificate", names)
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    has_data = type(c["problem"]) is dict and "data" in c["problem"]
    p = read_object(c["problem"], "problem", "loss variables step_size start" + " data" * has_data)
    variables = read_list(p["variables"], "problem.variables", read_text)
    n = len(variables)
    if not 1 <= n <= MOST_VARIABLES or len(set(variables)) < n or not all(map(NAME.fullmatch, variables)):
        refuse("problem.variables", f"1 to {MOST_VARIABLES} different names")
    step_size = read_number(p["step_size"], "problem.step_size")
    if step_size <= 0:
        refuse("problem.step_size", "a positive number")
    data = read_data(p["data"]) if has_data else {}
    expression = read_expression(read_text(p["loss"], "problem.loss"), variables, data)
    minimizer = read_object(c["minimizer"], "minimizer", "centre radius")
    spectrum = read_object(c["spectrum"], "spectrum", "lowest highest")

    def vector(value: object, path: str) -> Vector:
        return read_vector(value, path, n)

    def limit(value: object, path: str) -> tuple[str, tuple[Ends, ...]]:
        found = read_object(value, path, "kind vector")
        return read_text(found["kind"], f"{path}.kind"), read_list(found["vector"], f"{path}.vector", read_interval, n)

    return Document(
        Problem(expression, step_size, vector(p["start"], "problem.start")),
        read_text(c["verdict"], "verdict"),
        read_text(c["regime"], "regime"),
        read_list(c["fails"], "fails", read_text),
        vector(minimizer["centre"], "minimizer.centre"),
        read_number(minimizer["radius"], "minimizer.radius"),
        read_list(c["eigenvectors"], "eigenvectors", vector, n),
        read_interval(spectrum["lowest"], "spectrum.lowest"),
        read_interval(spectrum["highest"], "spectrum.highest"),
        read_or_null(c["regular_at"], "regular_at", vector),
        read_count(c["step"], "step"),
        read_or_null(c["limit"], "limit", limit),
    )


def verify(c: Document, bits: int) -> None:
    """Verify all claims with intervals of one precision.

    Raises:
        ClaimError: If a claim is not verified.
    """
    at = _Hessian.of(c, bits)
    verify_minimizer(c, at)
    eigenvalues = at.eigenvalues(at.spread)
    verify_spectrum(c, eigenvalues)
    verify_regime(c, eigenvalues)
    verify_assumptions(c, eigenvalues, bits)
    if c.limit is not None:
        verify_limit(c, at, eigenvalues, bits)


@dataclass(frozen=True)
class _Hessian:
    """The Hessian in the middle of the minimizer's ball, and how far from it that at the minimizer can be.

    Attributes:
        bits: The precision.
        expression: The loss.
        centre: The middle, in intervals.
        matrix: The Hessian there.
        vectors: The vectors near its eigenvectors.
        spread: T delta: the norm of the difference between the Hessian at the minimizer and ``matrix``.
    """

    bits: int
    expression: Expression
    centre: list[Interval]
    matrix: list[list[Interval]]
    vectors: list[list[Interval]]
    spread: Fraction

    @classmethod
    def of(cls, c: Document, bits: int) -> _Hessian:
        expression = c.problem.expression
        centre = [Interval.exactly(x, bits) for x in c.centre]
        matrix = hessian(evaluate(expression, centre, 2))
        vectors = [[Interval.exactly(x, bits) for x in v] for v in c.vectors]
        third = _third_above(expression, centre, c.radius)
        return cls(bits, expression, centre, matrix, vectors, third * c.radius)

    def eigenvalues(self, spread: Fraction) -> list[Ends]:
        """Claim G2 (spectrum): enclose the eigenvalues, rising, of every matrix within ``spread`` of this one.

        Let V hold the vectors, S = V^T A V, and e the Frobenius norm of V^T V - I. By Ostrowski's theorem the
        eigenvalues of A are those of S over numbers between 1 - e and 1 + e; by Weyl's, those of S are within the
        Frobenius norm of its part off the diagonal, and (1 + e) spread, of its diagonal entries.
        """
        return eigenvalues_within(self.matrix, self.vectors, spread)


def _dot(a: Sequence[Interval], b: Sequence[Interval]) -> Interval:
    return total((x * y for x, y in zip(a, b, strict=True)), a[0].bits)


def _third_above(expression: Expression, centre: Sequence[Interval], radius: Fraction) -> Fraction:
    """Bound the norm of the third derivative on a ball; with a few bits, for a larger bound is as true."""
    bits = centre[0].bits // COARSE
    return derivatives_above(expression, [x.at_scale(bits) for x in centre], radius)[1]


def _fraction(x: int, bits: int) -> Fraction:
    return Fraction(x, 1 << bits)


def verify_minimizer(c: Document, at: _Hessian) -> None:
    """Claim G1 (minimizer): the ball holds exactly one critical point, a strict minimum.

    On the ball the Hessian's eigenvalues are at least m = lambda_1 - T delta, with lambda_1 the smallest in the middle.
    Where the gradient in the middle is shorter than m delta, the gradient points outward on the whole sphere.
    """
    size = _fraction(norm_above(gradient(evaluate(at.expression, at.centre, 1)), at.bits), at.bits)
    m = at.eigenvalues(Fraction(0))[0][0] - at.spread
    claim(c.radius > 0 and m > 0, f"the loss is strictly convex on the minimizer's ball fails: {show(m)}")
    claim(size < m * c.radius, f"the ball holds a minimizer fails: gradient {show(size)}, m delta {show(m * c.radius)}")


def verify_spectrum(c: Document, eigenvalues: Sequence[Ends]) -> None:
    """Claim G3 (ends): the stated intervals hold the smallest and the largest eigenvalue, and are narrow."""
    for name, stated, own in (("smallest", c.lowest, eigenvalues[0]), ("largest", c.highest, eigenvalues[-1])):
        good = stated[0] <= own[0] and own[1] <= stated[1] and (stated[1] - stated[0]) * 10**12 <= stated[1]
        claim(good, f"the {name} eigenvalue is in the narrow [{show(*stated)}] fails: it is in [{show(*own)}]")


def verify_regime(c: Document, eigenvalues: Sequence[Ends]) -> None:
    """Claim G4 (regime): eta (lambda_1 + lambda_n) and eta lambda_n are on the sides of 2 that the regime says."""
    eta = c.problem.step_size
    (low, high), (least, most) = eigenvalues[0], eigenvalues[-1]
    sides = {
        SMALL: eta * (high + most) < 2,
        LARGE: eta * (low + least) > 2 and eta * most < 2,
        UNSTABLE: eta * least > 2,
    }
    claim(
        sides.get(c.regime, False), f"the regime is {c.regime} fails: eta lambda_n in [{show(eta * least, eta * most)}]"
    )


def verify_assumptions(c: Document, eigenvalues: Sequence[Ends], bits: int) -> None:
    """Claim G5 (assumptions): they hold, or exactly the stated ones fail; the verdict follows.

    The ends are simple if the intervals of neighbours do not meet. The loss is analytic where it is defined; so is
    det(I - eta * Hessian), whose zeros in a connected part of the domain are a null set if it is not zero at one point
    of it: then preimages of null sets are null sets there. The part meant is the minimizer's: the point lies in a ball
    around the minimizer that does not leave the domain.
    """
    n = len(eigenvalues)
    fails = ["distinct-ends"] if n == 1 else []
    if n > 1:
        apart = all(a[1] < b[0] for a, b in (eigenvalues[:2], eigenvalues[-2:]))
        claim(apart, f"the ends of the spectrum are simple fails: {show(*eigenvalues[0], *eigenvalues[1])}")
    if c.regime == UNSTABLE:
        fails.append("stable-step")
    claim(sorted(c.fails) == sorted(fails), f"the failing assumptions are {c.fails} fails: they are {fails}")
    claim(c.verdict == ("not-applicable" if fails else "proved"), f"the verdict is {c.verdict} fails")
    claim(c.limit is not None or fails, "a proof has a limit fails")
    if c.regular is not None:
        point = [Interval.exactly(x, bits) for x in c.regular]
        away = norm_of_fractions([a - b for a, b in zip(c.regular, c.centre, strict=True)])
        centre = [Interval.exactly(x, bits) for x in c.centre]
        _third_above(c.problem.expression, centre, away + c.radius)  # Defined, on all of the ball.
        matrix = _map_derivative(c.problem, hessian(evaluate(c.problem.expression, point, 2)), bits)
        claim(_is_regular(matrix), "I - eta Hessian is regular at the stated point fails")
    claim(c.regular is not None or fails, "a proof has a point where I - eta Hessian is regular fails")


def _map_derivative(problem: Problem, matrix: list[list[Interval]], bits: int) -> list[list[Interval]]:
    """I - eta A."""
    eta, n = Interval.exactly(problem.step_size, bits), len(matrix)
    unit, zero = Interval(1 << bits, 1 << bits, bits), Interval(0, 0, bits)
    return [[(unit if i == j else zero) - eta * matrix[i][j] for j in range(n)] for i in range(n)]


def _is_regular(matrix: list[list[Interval]]) -> bool:
    """Gaussian elimination in intervals: every matrix inside is regular if no pivot's interval holds 0."""
    rows = [list(row) for row in matrix]
    while rows:
        pivot = max(range(len(rows)), key=lambda i: abs(rows[i][0].low + rows[i][0].high))
        first = rows.pop(pivot)
        if first[0].low <= 0 <= first[0].high:
            return False
        inverse = first[0].reciprocal()
        rows = [[x - row[0] * inverse * y for x, y in zip(row[1:], first[1:], strict=True)] for row in rows]
    return True


def verify_limit(c: Document, at: _Hessian, eigenvalues: Sequence[Ends], bits: int) -> None:
    """Claims G6 to G9: at the stated step the amplitude is larger than the tail, and the stated limit follows."""
    assert c.limit is not None
    kind, box = c.limit
    index, sign = (0, 1) if c.regime == SMALL else (len(eigenvalues) - 1, -1)
    claim(kind == (FIXED if sign > 0 else ALTERNATING) and c.regime in {SMALL, LARGE}, f"the limit is {kind} fails")
    multipliers = [(1 - c.problem.step_size * b, 1 - c.problem.step_size * a) for a, b in eigenvalues]
    moduli = [(max(Fraction(0), low, -high), max(-low, high)) for low, high in multipliers]
    rho, largest = moduli[index], max(m[1] for m in moduli)
    alike = rho[0] > 0 and (multipliers[index][0] > 0 if sign > 0 else multipliers[index][1] < 0)
    others = max((m[1] for i, m in enumerate(moduli) if i != index), default=Fraction(0))
    claim(alike and others < rho[0] and rho[1] < 1, f"one multiplier dominates fails: {show(*rho, others)}")
    deviation, tilt = verify_line(c, at, eigenvalues, index)
    along = verify_inequality(c, at, enclose(c, at, largest), _Line(index, rho, deviation))
    verify_direction(c, box, index, (-1 if along < 0 else 1) * (sign if c.step % 2 else 1), tilt)


@dataclass(frozen=True)
class _Line:
    """The dominant eigenvector: its place, the modulus of its multiplier, and how well its projector is known."""

    index: int
    rho: Ends
    deviation: Fraction


@dataclass(frozen=True)
class _Iterate:
    """h_k lies within ``error`` of ``centre``, whose intervals have no width."""

    centre: list[Interval]
    error: Fraction


def verify_line(c: Document, at: _Hessian, eigenvalues: Sequence[Ends], index: int) -> tuple[Fraction, Fraction]:
    """Claim G6 (line): bound how far a vector is from the eigenvector (Davis and Kahan).

    With t in the middle of the eigenvalue's interval and g the distance from t to all other eigenvalues, the sine of
    the angle between v and the eigenvector is at most |A v - t v| / (g |v|).

    Returns:
        A bound of the distance between v v^T and the projector, and one between the unit vectors.
    """
    if len(eigenvalues) == 1:
        claim(c.vectors[0][0] == 1, "the one vector is 1 fails")
        return Fraction(0), Fraction(0)
    v = at.vectors[index]
    t = (eigenvalues[index][0] + eigenvalues[index][1]) / 2
    middle = Interval.exactly(t, at.bits)
    residual = norm_above([_dot(row, v) - middle * x for row, x in zip(at.matrix, v, strict=True)], at.bits)
    square = dot(c.vectors[index], c.vectors[index])
    length = root_bounds(square)[1]
    beyond = _fraction(residual, at.bits) + at.spread * length
    gap = min(max(low - t, t - high) for i, (low, high) in enumerate(eigenvalues) if i != index)
    claim(gap > 0 and 2 * beyond < gap * length, f"the vector is near an eigenvector fails: {show(beyond, gap)}")
    root2 = root_bounds(Fraction(2))[1]
    sine = beyond / (gap * root_bounds(square)[0])
    return root2 * sine + abs(square - 1), root2 * sine


def enclose(c: Document, at: _Hessian, largest: Fraction) -> _Iterate:
    """Claim G7 (enclosure): follow gradient descent to the stated step.

    The map's derivative between two points of a ball around the minimizer has a norm of at most ``largest`` + eta T r;
    on a small ball around a point, at most its norm there plus eta T times the radius. The smaller bound counts.

    Returns:
        h_k = x_k - x*.
    """
    eta, delta, bits = c.problem.step_size, c.radius, at.bits
    step = Interval.exactly(eta, bits)
    wide = [Interval.exactly(x, bits) for x in c.problem.start]
    x, drift = [y.middle() for y in wide], _fraction(norm_above([y - y.middle() for y in wide], bits), bits)
    # As long as the enclosure is far narrower than it has to be, the bound over the ball is good enough.
    narrow = Fraction(1, 1 << 3 * bits // 8)
    known: tuple[Fraction, Fraction] | None = None
    nearby = _Nearby(c.problem.expression)
    for k in range(c.step + 1):
        look("the trajectory")
        h = [a - b for a, b in zip(x, at.centre, strict=True)]
        width = _fraction(max((y.width() for y in h), default=0) * len(h), bits)
        error = _up(drift + delta + width, bits)
        if k == c.step:
            return _Iterate([y.middle() for y in h], error)
        radius = _fraction(norm_above(h, bits), bits) + error
        if known is None or not radius <= known[0] <= 2 * radius:
            try:
                known = radius, _third_above(c.problem.expression, at.centre, radius + delta)
            except UndefinedError:
                known = None
        factor = None if known is None else largest + eta * known[1] * radius
        if factor is None or (factor > Fraction(21, 20) and drift > narrow):
            # The ball of the drift lies in that of the iterate.
            third = nearby.third(x, drift) if known is None else known[1]
            local = _norm_of_map(c.problem, x) + eta * third * drift
            factor = local if factor is None else min(factor, local)
        moved = [a - step * b for a, b in zip(x, gradient(evaluate(c.problem.expression, x, 1)), strict=True)]
        x = [y.middle() for y in moved]
        drift = _up(factor * drift + _fraction(norm_above([y - y.middle() for y in moved], bits), bits), bits)
        claim(drift < 1 or drift < radius, f"the enclosure is narrow fails at step {k}: {show(drift)}")
    raise AssertionError("the stated step is reached")


class _Nearby:
    """Bounds of the third derivative around iterates: one for a ball that holds many of them in turn."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.centre: list[Interval] = []
        self.radius = self.bound = Fraction(0)

    def third(self, x: list[Interval], drift: Fraction) -> Fraction:
        """Bound it on the ball of radius ``drift`` around x."""
        bits = x[0].bits
        if self.centre:
            away = _fraction(norm_above([a - b for a, b in zip(x, self.centre, strict=True)], bits), bits)
            if away + drift <= self.radius:
                return self.bound
        try:
            self.bound = _third_above(self.expression, x, drift + Fraction(1, 64))
            self.centre, self.radius = x, drift + Fraction(1, 64)
        except UndefinedError:
            return _third_above(self.expression, x, drift)
        return self.bound


def _up(x: Fraction, bits: int) -> Fraction:
    """Round up to the precision."""
    return Fraction(-((-x.numerator << bits) // x.denominator), 1 << bits)


def _norm_of_map(problem: Problem, x: list[Interval]) -> Fraction:
    """Bound the norm of I - eta Hessian at a point: with a few bits, for it is needed to a few per cent.

    With M symmetric, |M|^2 = |M^2|; a product of n by n matrices whose entries are rounded to units is wrong by at most
    n units in norm. After six squarings the Frobenius norm, which is at least the norm, is near it.
    """
    bits = x[0].bits // COARSE
    matrix = _map_derivative(problem, hessian(evaluate(problem.expression, [y.at_scale(bits) for y in x], 2)), bits)
    n = len(matrix)
    doubt = norm_above([y - y.middle() for row in matrix for y in row], bits)
    power = [[y.middle().low for y in row] for row in matrix]
    for _ in range(SQUARINGS):
        rows: list[list[int]] = []
        for j, row in enumerate(power):
            rows.append([sum(map(mul, row, other)) >> bits for other in power[: j + 1]])
        power = [[rows[max(j, k)][min(j, k)] for k in range(n)] for j in range(n)]
    bound = isqrt(sum(y * y for row in power for y in row)) + 1
    for _ in range(SQUARINGS):
        bound = isqrt(bound + n << bits) + 1
    return _fraction(bound + doubt, bits)


def verify_inequality(c: Document, at: _Hessian, iterate: _Iterate, line: _Line) -> Fraction:
    """Claim G8 (inequality): with C = eta T / 2 on the ball of the iterate, the amplitude is larger than the tail.

    Returns:
        The iterate's component along the vector, whose sign is that of the limit.
    """
    bits = at.bits
    r = _fraction(norm_above(iterate.centre, bits), bits) + iterate.error
    third = _third_above(c.problem.expression, at.centre, r + c.radius)
    push = c.problem.step_size * third * r / 2
    low, high = line.rho
    sigma = high + push
    claim(sigma < 1, f"sigma < 1 fails at step {c.step}: sigma {show(sigma)}")
    x = push / (low * (1 - sigma))
    claim(x <= 1, f"x <= 1 fails at step {c.step}: x {show(x)}")
    tail = push * (1 + x + x * x) ** 2 * r / (low * (1 - high))
    inner = _dot(at.vectors[line.index], iterate.centre)
    size = Fraction(max(inner.low, -inner.high, 0), 1 << bits)
    length = root_bounds(dot(c.vectors[line.index], c.vectors[line.index]))[0]
    amplitude = size * length - iterate.error - line.deviation * r
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")
    return inner.lower


def verify_direction(c: Document, box: Sequence[Ends], index: int, sign: int, tilt: Fraction) -> None:
    """Claim G9 (limit): every component's interval holds the limit of the even steps' direction, and is narrow."""
    v = c.vectors[index]
    low, high = root_bounds(dot(v, v))
    for x, (least, most) in zip(v, box, strict=True):
        lower, upper = min(sign * x / low, sign * x / high) - tilt, max(sign * x / low, sign * x / high) + tilt
        good = least <= lower and upper <= most <= least + Fraction(1, 10**9)
        claim(good, f"the limit is in the narrow [{show(least, most)}] fails: it is in [{show(lower, upper)}]")
