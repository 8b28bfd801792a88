"""Valley certificates: Claims V1 to V10, and ``check``. docs/certificate.md, *Valley certificates*.

Gradient descent on scale times the sum of squared residuals F_i. With eta twice scale times the step size, x moves to
x - eta J^T u, where u = F(x) and J is the derivative of F. Everything is computed anew from the residuals' texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

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
from gdcheck.theorem.checker.exact import Vector, root_bounds
from gdcheck.theorem.checker.exact import dot as dot_of_fractions
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError, claim, look, show
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient, hessian
from gdcheck.theorem.checker.smooth.eigenvalues import dot, eigenvalues_within
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval, UndefinedError, norm_above
from gdcheck.theorem.checker.smooth.polynomials import expanded, variables

FORMAT = "gdcheck-valley/1"
PRECISIONS = (256, 512, 1024, 2048)
MOST_VARIABLES = 32
SMALL, LARGE = "small-step", "large-step"
KINDS = {SMALL: "fixed", LARGE: "alternating"}


@dataclass(frozen=True)
class Relations:
    """Equations that the residuals satisfy whatever x is, and the vectors on which their linear parts vanish.

    Attributes:
        equations: Polynomials in u_1, …, u_p.
        tangent: Vectors, each of size p.
    """

    equations: tuple[Expression, ...]
    tangent: tuple[Vector, ...]


@dataclass(frozen=True)
class Document:
    """All fields of a certificate but its format.

    Attributes:
        residuals: The residuals F_1, …, F_p.
        eta: Twice the scale times the step size.
        start: x_0.
        regime: The regime at the point of arrival.
        step: The step at which the inequality holds.
        reach: The radius of the ball around x_k that the trajectory stays in.
        centre: The middle of the ball that holds the point of arrival.
        radius: That ball's radius.
        vectors: Vectors near the eigenvectors of J J^T there, by rising eigenvalue.
        lowest: An interval of the smallest eigenvalue of J J^T there.
        highest: One of the largest.
        relations: Equations that the residuals satisfy by themselves; None if there are none.
        above: The steps at which the largest Hessian eigenvalue exceeds 2 over the step size; None if nothing is said.
        kind: The kind of the limit.
        box: An interval for each component of the limit at even steps.
    """

    residuals: tuple[Expression, ...]
    eta: Fraction
    start: Vector
    regime: str
    step: int
    reach: Fraction
    centre: Vector
    radius: Fraction
    vectors: tuple[Vector, ...]
    lowest: Ends
    highest: Ends
    relations: Relations | None
    above: tuple[int, ...] | None
    kind: str
    box: tuple[Ends, ...]


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a certificate of a limit in a valley.

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
        try:
            sizes = verify_relations(c)
        except ClaimError as error:
            return str(error)
        failure = ""
        for bits in PRECISIONS:
            try:
                verify(c, sizes, bits)
            except ClaimError as error:
                failure = str(error)
            except UndefinedError as error:
                failure = f"the residuals are defined wherever they are evaluated fails: {error}"
            else:
                return None
    return failure


def read(certificate: object) -> Document:
    """Read a certificate.

    Raises:
        BadCertificate: If a field is missing, unknown, or not of its type.
    """
    c = read_object(
        certificate, "certificate", "schema problem verdict regime step arrival relations sharpness spectrum limit"
    )
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    if c["verdict"] != "proved":
        refuse("verdict", "'proved'")
    p = read_object(c["problem"], "problem", "residuals variables scale step_size start")
    names = read_list(p["variables"], "problem.variables", read_text)
    n = len(names)
    if not 1 <= n <= MOST_VARIABLES or len(set(names)) < n or not all(map(NAME.fullmatch, names)):
        refuse("problem.variables", f"1 to {MOST_VARIABLES} different names")
    texts = read_list(p["residuals"], "problem.residuals", read_text)
    if not 1 <= len(texts) <= n:
        refuse("problem.residuals", "at least one text, and no more than there are variables")
    scale, step_size = read_number(p["scale"], "problem.scale"), read_number(p["step_size"], "problem.step_size")
    if scale <= 0 or step_size <= 0:
        refuse("problem.step_size and problem.scale", "positive numbers")
    arrival = read_object(c["arrival"], "arrival", "reach centre radius")
    spectrum = read_object(c["spectrum"], "spectrum", "lowest highest vectors")
    limit = read_object(c["limit"], "limit", "kind vector")
    relations = read_or_null(c["relations"], "relations", lambda x, at: _read_relations(x, at, len(texts)))
    size = len(texts) if relations is None else len(relations.tangent)
    return Document(
        tuple(read_expression(text, names, {}) for text in texts),
        2 * scale * step_size,
        read_vector(p["start"], "problem.start", n),
        read_text(c["regime"], "regime"),
        read_count(c["step"], "step"),
        read_number(arrival["reach"], "arrival.reach"),
        read_vector(arrival["centre"], "arrival.centre", n),
        read_number(arrival["radius"], "arrival.radius"),
        read_list(spectrum["vectors"], "spectrum.vectors", lambda v, at: read_vector(v, at, size), size),
        read_interval(spectrum["lowest"], "spectrum.lowest"),
        read_interval(spectrum["highest"], "spectrum.highest"),
        relations,
        read_or_null(c["sharpness"], "sharpness", _read_above),
        read_text(limit["kind"], "limit.kind"),
        read_list(limit["vector"], "limit.vector", read_interval, n),
    )


def _read_above(value: object, path: str) -> tuple[int, ...]:
    steps = read_list(read_object(value, path, "above")["above"], f"{path}.above", read_count)
    if any(a >= b for a, b in pairwise(steps)):
        refuse(f"{path}.above", "rising steps")
    return steps


def _read_relations(value: object, path: str, p: int) -> Relations:
    found = read_object(value, path, "equations tangent")
    texts = read_list(found["equations"], f"{path}.equations", read_text)
    tangent = read_list(found["tangent"], f"{path}.tangent", lambda v, at: read_vector(v, at, p))
    if not texts or len(texts) + len(tangent) != p or not tangent:
        refuse(path, "at least one equation, and with its vectors as many as there are residuals")
    own = tuple(f"u{i + 1}" for i in range(p))
    return Relations(tuple(read_expression(text, own, {}) for text in texts), tangent)


@dataclass(frozen=True)
class Iterate:
    """x_k lies within ``drift`` of ``centre``; there the residuals are u, and their derivative has the rows J.

    In ``seen_u`` and ``seen_rows`` both are multiplied by the matrix of the tangent vectors, each over its length.
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


def verify(c: Document, sizes: list[list[Fraction]], bits: int) -> None:
    """Verify all claims but Claim V9, which gives ``sizes``, with intervals of one precision.

    Raises:
        ClaimError: If a claim is not verified.
    """
    iterate = enclose(c, bits)
    ball = verify_ball(c, iterate, sizes, bits)
    verify_point(c, iterate, ball, bits)
    gram = _gram(iterate.seen_rows)
    vectors = [[Interval.exactly(x, bits) for x in v] for v in c.vectors]
    spread = 2 * ball.largest * ball.lipschitz * ball.around
    eigenvalues = eigenvalues_within(gram, vectors, spread)
    verify_spectrum(c, eigenvalues)
    index, rho = verify_regime(c, eigenvalues)
    tilt = verify_line(c, gram, eigenvalues, index, spread)
    inner = verify_inequality(c, iterate, ball, rho, (index, tilt))
    verify_direction(c, iterate, ball, index, (inner, tilt))


@dataclass(frozen=True)
class Near:
    """A ball on which |J| <= ``largest`` and J is ``lipschitz``-Lipschitz; it serves while iterates stay in it."""

    centre: list[Interval]
    radius: Fraction
    largest: Fraction
    lipschitz: Fraction

    def left_by(self, x: list[Interval], drift: Fraction, bits: int) -> bool:
        """Tell whether the ball of radius ``drift`` around x may reach out of this one."""
        away = norm_above([a - b for a, b in zip(x, self.centre, strict=True)], bits)
        return _fraction(away, bits) + drift > self.radius


def _near(
    c: Document,
    at: tuple[list[Interval], Fraction, list[list[Interval]]],
    move: Fraction,
    before: Near | None,
    bits: int,
) -> Near:
    """Bound J on a ball around an iterate: wide enough for some steps if J is then still stable by its size."""
    x, drift, rows = at
    here, room = _norm_of(rows, bits), Fraction(0)
    if before is not None and before.lipschitz > 0:
        stable = (root_bounds(2 / c.eta)[0] - here) / 2
        room = _up(max(Fraction(0), min(min(stable, here / 8) / before.lipschitz, 8 * move)), bits)
    if room:
        try:
            lipschitz = _lipschitz(c, x, drift + room, bits)
        except UndefinedError:
            pass  # The wide ball leaves the domain; the narrow one is tried.
        else:
            largest = _up(here + lipschitz * (drift + room), bits)
            if c.eta * largest**2 <= 2:
                return Near(x, drift + room, largest, lipschitz)
    lipschitz = _lipschitz(c, x, drift, bits)
    return Near(x, drift, _up(here + lipschitz * drift, bits), lipschitz)


def enclose(c: Document, bits: int) -> Iterate:
    """Claim V1 (enclosure): follow gradient descent to the stated step.

    Two points of a ball on which |J| <= sigma and J is L-Lipschitz are mapped apart by at most max(1, eta sigma^2 - 1)
    + eta L |u| times their distance.
    """
    eta = Interval.exactly(c.eta, bits)
    wide = [Interval.exactly(x, bits) for x in c.start]
    x, drift = [y.middle() for y in wide], _fraction(norm_above([y - y.middle() for y in wide], bits), bits)
    near: Near | None = None
    for k in range(c.step + 1):
        look("the trajectory")
        values = [evaluate(residual, x, 1) for residual in c.residuals]
        u, rows = [v.slots[-1] for v in values], [gradient(v) for v in values]
        if k == c.step:
            return Iterate(x, drift, u, rows, *_seen(c, u, rows, bits))
        moves = [eta * dot(column, u) for column in zip(*rows, strict=True)]
        if near is None or near.left_by(x, drift, bits):
            near = _near(c, (x, drift, rows), _fraction(norm_above(moves, bits), bits), near, bits)
        size = _fraction(norm_above(u, bits), bits) + near.largest * drift
        if c.above is not None:
            verify_sharpness(c, k, (x, drift, u, rows), near, size)
        factor = max(Fraction(1), c.eta * near.largest**2 - 1) + c.eta * near.lipschitz * size
        moved = [a - b for a, b in zip(x, moves, strict=True)]
        x = [y.middle() for y in moved]
        drift = _up(factor * drift + _fraction(norm_above([y - y.middle() for y in moved], bits), bits), bits)
        claim(drift < 1, f"the enclosure is narrow fails at step {k}: {show(drift)}")
    raise AssertionError("the stated step is reached")


def verify_sharpness(
    c: Document,
    k: int,
    at: tuple[list[Interval], Fraction, list[Interval], list[list[Interval]]],
    near: Near,
    size: Fraction,
) -> None:
    """Claim V10 (sharpness), at one step: the largest Hessian eigenvalue is above 2/eta just if the step is stated.

    The Hessian of half the sum of squares is H = J^T J + sum u_i H_i. On a ball of radius d its change is at most
    (3 |J| L + |u| T) d. H < t in all directions just if all pivots of t - H are positive.
    """
    x, drift, u, rows = at
    assert c.above is not None
    stated, limit = k in c.above, 2 / c.eta
    if not stated and near.largest**2 + size * near.lipschitz < limit:
        return
    bits, n = x[0].bits, len(x)
    thirds = [derivatives_above(residual, x, drift)[1] for residual in c.residuals]
    third = root_bounds(dot_of_fractions(thirds, thirds))[1]
    change = (3 * near.largest * near.lipschitz + size * third) * drift
    hessians = [hessian(evaluate(residual, x, 2)) for residual in c.residuals]
    edge = Interval.exactly(limit + change if stated else limit - change, bits)
    nothing = Interval(0, 0, bits)
    matrix = [
        [
            (edge if i == j else nothing)
            - dot([row[i] for row in rows], [row[j] for row in rows])
            - dot(u, [second[i][j] for second in hessians])
            for j in range(n)
        ]
        for i in range(n)
    ]
    words = "above" if stated else "at most"
    claim(_is_positive(matrix) is not stated, f"the largest eigenvalue is {words} 2/eta fails at step {k}")


def _is_positive(matrix: list[list[Interval]]) -> bool:
    """Tell whether a symmetric matrix is positive definite, or has a negative eigenvalue.

    Raises:
        ClaimError: If neither is seen.
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


def _seen(
    c: Document, u: list[Interval], rows: list[list[Interval]], bits: int
) -> tuple[list[Interval], list[list[Interval]]]:
    """Multiply u and J by the tangent vectors, each over its length."""
    if c.relations is None:
        return u, rows
    columns = list(zip(*rows, strict=True))
    seen_u, seen_rows = [], []
    for vector in c.relations.tangent:
        over = Interval.exactly(dot_of_fractions(vector, vector), bits).root().reciprocal()
        unit = [Interval.exactly(x, bits) * over for x in vector]
        seen_u.append(dot(unit, u))
        seen_rows.append([dot(unit, column) for column in columns])
    return seen_u, seen_rows


def verify_relations(c: Document) -> list[list[Fraction]]:
    """Claim V9 (relations): the residuals satisfy the equations for every x, and the tangent vectors are theirs.

    Returns:
        Of each equation the sums of moduli of its coefficients of degree 2, 3, …, over the length of its linear part.
    """
    if c.relations is None:
        return []
    p, n, sizes = len(c.residuals), len(c.start), []
    values = [expanded(residual, variables(n), n) for residual in c.residuals]
    normals: list[Vector] = []
    for i, equation in enumerate(c.relations.equations):
        claim(not expanded(equation, values, n), f"the residuals satisfy equation {i + 1} fails")
        own = expanded(equation, variables(p), p)
        claim((0,) * p not in own, f"equation {i + 1} holds at 0 fails")
        normals.append(tuple(own.get(tuple(int(i == j) for j in range(p)), Fraction(0)) for i in range(p)))
        least = root_bounds(dot_of_fractions(normals[-1], normals[-1]))[0]
        claim(least > 0, f"equation {i + 1} has a linear part fails")
        degrees = range(2, max(map(sum, own)) + 1)
        sizes.append([sum((abs(k) for a, k in own.items() if sum(a) == q), Fraction(0)) / least for q in degrees])
    basis = [*normals, *c.relations.tangent]
    good = all(any(v) for v in basis) and all(
        dot_of_fractions(v, w) == 0 for i, v in enumerate(basis) for w in basis[:i]
    )
    claim(good, "linear parts and tangent vectors are orthogonal fails")
    return sizes


def _lipschitz(c: Document, centre: Sequence[Interval], radius: Fraction, bits: int) -> Fraction:
    """Bound the Lipschitz constant of J on a ball: the root of the sum of the squared bounds of second derivatives."""
    bounds = [derivatives_above(residual, centre, radius)[0] for residual in c.residuals]
    return _up(root_bounds(dot_of_fractions(bounds, bounds))[1], bits)


def _gram(rows: Sequence[Sequence[Interval]]) -> list[list[Interval]]:
    """J J^T."""
    return [[dot(a, b) for b in rows] for a in rows]


def _norm_of(rows: Sequence[Sequence[Interval]], bits: int) -> Fraction:
    """Bound the norm of J: |J J^T| = |(J J^T)^64|^(1/64), and the Frobenius norm is at least the norm."""
    power = _gram(rows)
    for _ in range(6 if len(rows) > 1 else 0):
        columns = list(zip(*power, strict=True))
        power = [[dot(row, column) for column in columns] for row in power]
    bound = _fraction(norm_above([x for row in power for x in row], bits), bits)
    for _ in range(7 if len(rows) > 1 else 1):
        bound = _up(root_bounds(bound)[1], bits)
    return bound


def verify_ball(c: Document, iterate: Iterate, sizes: list[list[Fraction]], bits: int) -> Ball:
    """Claim V2 (ball) and Claim V4 (remainder): the trajectory stays near x_k, and tends to a zero of F.

    With sigma_1 <= |J^T w| <= sigma_p for unit vectors w and L on the ball, and r >= |u|, let q = max |1 - eta
    sigma^2| + L eta^2 sigma_p^2 r / 2. If q < 1 and eta sigma_p r/(1 - q) <= reach, then |u_{k+j}| <= q^j r. With K
    at the limit, u moves to (I - eta K) u + g, |g| <= C |u|^2, C = 2 eta^2 sigma_p^2 L/(1 - q) + L eta^2 sigma_p^2 / 2.

    With relations, a value u of F with |u| <= 4 r is within b |u|^2 of the tangent space, 4 b r <= 1/2, and its part s
    there has |u| <= k |s|, k^2 = 1/(1 - 16 b^2 r^2). Then q gains eta sigma_p^2 b r, all that q gains is multiplied by
    k^2, and C by k^2; the length of all steps by k. sigma_1 is about J^T on the tangent space.
    """
    around = c.reach + iterate.drift
    lipschitz = _lipschitz(c, iterate.centre, around, bits)
    vectors = [[Interval.exactly(x, bits) for x in v] for v in c.vectors]
    ends = eigenvalues_within(_gram(iterate.seen_rows), vectors, Fraction(0))
    claim(ends[0][0] > 0, f"J has full rank at the iterate fails: {show(ends[0][0])}")
    low = root_bounds(ends[0][0])[0] - lipschitz * around
    top = root_bounds(ends[-1][1])[1] if c.relations is None else _norm_of(iterate.rows, bits)
    high = top + lipschitz * around
    claim(low > 0, f"J has full rank on the ball fails: {show(low)}")
    size = _fraction(norm_above(iterate.u, bits), bits) + high * iterate.drift
    half = lipschitz * c.eta**2 * high**2 / 2
    shares = [sum((a * (4 * size) ** i for i, a in enumerate(each)), Fraction(0)) for each in sizes]
    bend = root_bounds(dot_of_fractions(shares, shares))[1]
    claim(4 * bend * size <= Fraction(1, 2), f"the residuals are near the tangent space fails: {show(bend, size)}")
    stretch = 1 / (1 - 16 * (bend * size) ** 2)
    q = max(abs(1 - c.eta * low**2), abs(1 - c.eta * high**2)) + (half + c.eta * high**2 * bend) * stretch * size
    claim(q < 1, f"q < 1 fails at step {c.step}: {show(q)}")
    needed = c.eta * high * root_bounds(stretch)[1] * size / (1 - q)
    claim(needed <= c.reach, f"the trajectory stays in the ball fails: {show(needed, c.reach)}")
    if c.above is not None:
        # |u| is at most 2 r from here on.
        later = high**2 + 2 * size * lipschitz
        claim(later < 2 / c.eta, f"the largest eigenvalue stays below 2/eta fails: {show(later, 2 / c.eta)}")
        claim(all(k < c.step for k in c.above), "the steps above 2/eta are earlier ones fails")
    return Ball(around, high, lipschitz, size, stretch * (4 * half / (1 - q) + half))


def verify_point(c: Document, iterate: Iterate, ball: Ball, bits: int) -> None:
    """Claim V3 (arrival): the stated ball holds the limit point, and is small."""
    away = [a - Interval.exactly(x, bits) for a, x in zip(iterate.centre, c.centre, strict=True)]
    far = _fraction(norm_above(away, bits), bits) + ball.around
    claim(
        far <= c.radius <= Fraction(1, 10**10),
        f"the point of arrival is in the small ball fails: {show(far, c.radius)}",
    )


def verify_spectrum(c: Document, eigenvalues: Sequence[Ends]) -> None:
    """Claim V5 (spectrum): the stated intervals hold the ends of the spectrum of J J^T at the limit, and are narrow."""
    for name, stated, own in (("smallest", c.lowest, eigenvalues[0]), ("largest", c.highest, eigenvalues[-1])):
        good = stated[0] <= own[0] and own[1] <= stated[1] and (stated[1] - stated[0]) * 10**6 <= stated[1]
        claim(good, f"the {name} eigenvalue is in the narrow [{show(*stated)}] fails: it is in [{show(*own)}]")


def verify_regime(c: Document, eigenvalues: Sequence[Ends]) -> tuple[int, Ends]:
    """Claim V6 (regime): eta (lambda_1 + lambda_p) is on the stated side of 2, eta lambda_p < 2, and one end dominates.

    Returns:
        The dominant eigenvalue's place, and an interval of its multiplier's modulus.
    """
    (low, high), (least, most) = eigenvalues[0], eigenvalues[-1]
    sides = {SMALL: c.eta * (high + most) < 2, LARGE: c.eta * (low + least) > 2}
    claim(sides.get(c.regime, False) and c.eta * most < 2, f"the regime is {c.regime} fails")
    claim(c.kind == KINDS[c.regime], f"the limit is {c.kind} fails")
    index, sign = (0, 1) if c.regime == SMALL else (len(eigenvalues) - 1, -1)
    ends = [sign * (1 - c.eta * x) for x in eigenvalues[index]]
    rho = min(ends), max(ends)
    moduli = [max(abs(1 - c.eta * a), abs(1 - c.eta * b)) for i, (a, b) in enumerate(eigenvalues) if i != index]
    others = max(moduli, default=Fraction(0))
    claim(rho[0] > 0 and others < rho[0] and rho[1] < 1, f"one multiplier dominates fails: {show(*rho, others)}")
    return index, rho


def verify_line(
    c: Document, gram: list[list[Interval]], eigenvalues: Sequence[Ends], index: int, spread: Fraction
) -> Fraction:
    """Bound the distance of the unit vector along the dominant one to the eigenvector (Davis and Kahan)."""
    if len(eigenvalues) == 1:
        return Fraction(0)
    bits = gram[0][0].bits
    v = [Interval.exactly(x, bits) for x in c.vectors[index]]
    t = (eigenvalues[index][0] + eigenvalues[index][1]) / 2
    middle = Interval.exactly(t, bits)
    residual = norm_above([dot(row, v) - middle * x for row, x in zip(gram, v, strict=True)], bits)
    low, high = root_bounds(dot_of_fractions(c.vectors[index], c.vectors[index]))
    gap = min(max(a - t, t - b) for i, (a, b) in enumerate(eigenvalues) if i != index)
    beyond = _fraction(residual, bits) + spread * high
    claim(gap > 0 and 2 * beyond < gap * low, f"the vector is near an eigenvector fails: {show(beyond, gap)}")
    return root_bounds(Fraction(2))[1] * beyond / (gap * low)


def verify_inequality(c: Document, iterate: Iterate, ball: Ball, rho: Ends, line: tuple[int, Fraction]) -> Fraction:
    """Claim V7 (inequality): the amplitude of the residuals is larger than the tail.

    Returns:
        A number of the sign of the amplitude.
    """
    index, tilt = line
    bits = iterate.centre[0].bits
    low, high = rho
    push = ball.push * ball.size
    sigma = high + push
    claim(sigma < 1, f"sigma < 1 fails at step {c.step}: sigma {show(sigma)}")
    x = push / (low * (1 - sigma))
    claim(x <= 1, f"x <= 1 fails at step {c.step}: x {show(x)}")
    tail = push * (1 + x + x * x) ** 2 * ball.size / (low * (1 - high))
    inner = dot([Interval.exactly(a, bits) for a in c.vectors[index]], iterate.seen_u)
    length = root_bounds(dot_of_fractions(c.vectors[index], c.vectors[index]))[1]
    amplitude = max(inner.lower, -inner.upper) / length - tilt * ball.size - ball.largest * iterate.drift
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")
    return inner.lower


def verify_direction(c: Document, iterate: Iterate, ball: Ball, index: int, seen: tuple[Fraction, Fraction]) -> None:
    """Claim V8 (limit): every component's interval holds that of J^T w, and is narrow; w is the eigenvector."""
    inner, tilt = seen
    bits = iterate.centre[0].bits
    w = [Interval.exactly(a, bits) for a in c.vectors[index]]
    back = [dot([row[i] for row in iterate.seen_rows], w) for i in range(len(c.start))]
    low, high = root_bounds(sum((max(x.lower, -x.upper, Fraction(0)) ** 2 for x in back), Fraction(0)))
    high = _fraction(norm_above(back, bits), bits)
    length = root_bounds(dot_of_fractions(c.vectors[index], c.vectors[index]))[0]
    claim(low > 0, "J^T w is not zero fails")
    spread = 2 * (ball.lipschitz * ball.around + ball.largest * tilt) * length / low
    spread += Fraction(1, 10**30)
    turn = (1 if inner > 0 else -1) * (-1 if c.regime == LARGE and c.step % 2 else 1)
    for x, (least, most) in zip(back, c.box, strict=True):
        ends = [turn * end / size for end in (x.lower, x.upper) for size in (low, high)]
        lower, upper = min(ends) - spread, max(ends) + spread
        good = least <= lower and upper <= most <= least + Fraction(1, 10**9)
        claim(good, f"the limit is in the narrow [{show(least, most)}] fails: it is in [{show(lower, upper)}]")


def _fraction(x: int, bits: int) -> Fraction:
    return Fraction(x, 1 << bits)


def _up(x: Fraction, bits: int) -> Fraction:
    """Round up to the precision."""
    return Fraction(-((-x.numerator << bits) // x.denominator), 1 << bits)
