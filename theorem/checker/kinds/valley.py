"""Valley certificates: Claims V1 to V8, and ``check``. docs/certificate.md, *Valley certificates*.

Gradient descent on scale times the sum of squared residuals F_i. With eta twice scale times the step size, x moves to
x - eta J^T u, where u = F(x) and J is the derivative of F. Everything is computed anew from the residuals' texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.document import (
    NAME,
    read_count,
    read_interval,
    read_list,
    read_number,
    read_object,
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
from gdcheck.theorem.checker.smooth.derivatives import derivatives_above, evaluate, gradient
from gdcheck.theorem.checker.smooth.eigenvalues import dot, eigenvalues_within
from gdcheck.theorem.checker.smooth.expression import Expression, read_expression
from gdcheck.theorem.checker.smooth.intervals import Interval, UndefinedError, norm_above

FORMAT = "gdcheck-valley/1"
PRECISIONS = (256, 512, 1024, 2048)
MOST_VARIABLES = 32
SMALL, LARGE = "small-step", "large-step"
KINDS = {SMALL: "fixed", LARGE: "alternating"}


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
        failure = ""
        for bits in PRECISIONS:
            try:
                verify(c, bits)
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
    c = read_object(certificate, "certificate", "schema problem verdict regime step arrival spectrum limit")
    if c["schema"] != FORMAT:
        refuse("schema", repr(FORMAT))
    if c["verdict"] != "proved":
        refuse("verdict", "'proved'")
    p = read_object(c["problem"], "problem", "residuals variables scale step_size start")
    variables = read_list(p["variables"], "problem.variables", read_text)
    n = len(variables)
    if not 1 <= n <= MOST_VARIABLES or len(set(variables)) < n or not all(map(NAME.fullmatch, variables)):
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
    size = len(texts)
    return Document(
        tuple(read_expression(text, variables, {}) for text in texts),
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
        read_text(limit["kind"], "limit.kind"),
        read_list(limit["vector"], "limit.vector", read_interval, n),
    )


@dataclass(frozen=True)
class Iterate:
    """x_k lies within ``drift`` of ``centre``; there the residuals are u, and their derivative has the rows J."""

    centre: list[Interval]
    drift: Fraction
    u: list[Interval]
    rows: list[list[Interval]]


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


def verify(c: Document, bits: int) -> None:
    """Verify all claims with intervals of one precision.

    Raises:
        ClaimError: If a claim is not verified.
    """
    iterate = enclose(c, bits)
    ball = verify_ball(c, iterate, bits)
    verify_point(c, iterate, ball, bits)
    gram = _gram(iterate.rows)
    vectors = [[Interval.exactly(x, bits) for x in v] for v in c.vectors]
    spread = 2 * ball.largest * ball.lipschitz * ball.around
    eigenvalues = eigenvalues_within(gram, vectors, spread)
    verify_spectrum(c, eigenvalues)
    index, rho = verify_regime(c, eigenvalues)
    tilt = verify_line(c, gram, eigenvalues, index, spread)
    inner = verify_inequality(c, iterate, ball, rho, (index, tilt))
    verify_direction(c, iterate, ball, index, (inner, tilt))


def enclose(c: Document, bits: int) -> Iterate:
    """Claim V1 (enclosure): follow gradient descent to the stated step.

    Two points of a ball on which |J| <= sigma and J is L-Lipschitz are mapped apart by at most max(1, eta sigma^2 - 1)
    + eta L |u| times their distance.
    """
    eta = Interval.exactly(c.eta, bits)
    wide = [Interval.exactly(x, bits) for x in c.start]
    x, drift = [y.middle() for y in wide], _fraction(norm_above([y - y.middle() for y in wide], bits), bits)
    for k in range(c.step + 1):
        look("the trajectory")
        values = [evaluate(residual, x, 1) for residual in c.residuals]
        u, rows = [v.slots[-1] for v in values], [gradient(v) for v in values]
        if k == c.step:
            return Iterate(x, drift, u, rows)
        lipschitz = _lipschitz(c, x, drift, bits)
        sigma = _norm_of(rows, bits) + lipschitz * drift
        size = _fraction(norm_above(u, bits), bits) + sigma * drift
        factor = max(Fraction(1), c.eta * sigma**2 - 1) + c.eta * lipschitz * size
        moved = [a - eta * dot([row[i] for row in rows], u) for i, a in enumerate(x)]
        x = [y.middle() for y in moved]
        drift = _up(factor * drift + _fraction(norm_above([y - y.middle() for y in moved], bits), bits), bits)
        claim(drift < 1, f"the enclosure is narrow fails at step {k}: {show(drift)}")
    raise AssertionError("the stated step is reached")


def _lipschitz(c: Document, centre: Sequence[Interval], radius: Fraction, bits: int) -> Fraction:
    """Bound the Lipschitz constant of J on a ball: the root of the sum of the squared bounds of second derivatives."""
    bounds = [derivatives_above(residual, centre, radius)[0] for residual in c.residuals]
    return _up(root_bounds(dot_of_fractions(bounds, bounds))[1], bits)


def _gram(rows: Sequence[Sequence[Interval]]) -> list[list[Interval]]:
    """J J^T."""
    return [[dot(a, b) for b in rows] for a in rows]


def _norm_of(rows: Sequence[Sequence[Interval]], bits: int) -> Fraction:
    """Bound the norm of J: |J J^T| = |(J J^T)^8|^(1/8), and the Frobenius norm is at least the norm."""
    power = _gram(rows)
    for _ in range(3):
        columns = list(zip(*power, strict=True))
        power = [[dot(row, column) for column in columns] for row in power]
    bound = _fraction(norm_above([x for row in power for x in row], bits), bits)
    for _ in range(4):
        bound = _up(root_bounds(bound)[1], bits)
    return bound


def verify_ball(c: Document, iterate: Iterate, bits: int) -> Ball:
    """Claim V2 (ball) and Claim V4 (remainder): the trajectory stays near x_k, and tends to a zero of F.

    With sigma_1 <= |J^T w| <= sigma_p for unit vectors w and L on the ball, and r >= |u|, let q = max |1 - eta
    sigma^2| + L eta^2 sigma_p^2 r / 2. If q < 1 and eta sigma_p r/(1 - q) <= reach, then |u_{k+j}| <= q^j r. With K
    at the limit, u moves to (I - eta K) u + g, |g| <= C |u|^2, C = 2 eta^2 sigma_p^2 L/(1 - q) + L eta^2 sigma_p^2 / 2.
    """
    around = c.reach + iterate.drift
    lipschitz = _lipschitz(c, iterate.centre, around, bits)
    vectors = [[Interval.exactly(x, bits) for x in v] for v in c.vectors]
    ends = eigenvalues_within(_gram(iterate.rows), vectors, Fraction(0))
    claim(ends[0][0] > 0, f"J has full rank at the iterate fails: {show(ends[0][0])}")
    low = root_bounds(ends[0][0])[0] - lipschitz * around
    high = root_bounds(ends[-1][1])[1] + lipschitz * around
    claim(low > 0, f"J has full rank on the ball fails: {show(low)}")
    size = _fraction(norm_above(iterate.u, bits), bits) + high * iterate.drift
    half = lipschitz * c.eta**2 * high**2 / 2
    q = max(abs(1 - c.eta * low**2), abs(1 - c.eta * high**2)) + half * size
    claim(q < 1, f"q < 1 fails at step {c.step}: {show(q)}")
    needed = c.eta * high * size / (1 - q)
    claim(needed <= c.reach, f"the trajectory stays in the ball fails: {show(needed, c.reach)}")
    return Ball(around, high, lipschitz, size, 4 * half / (1 - q) + half)


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
    inner = dot([Interval.exactly(a, bits) for a in c.vectors[index]], iterate.u)
    length = root_bounds(dot_of_fractions(c.vectors[index], c.vectors[index]))[1]
    amplitude = max(inner.lower, -inner.upper) / length - tilt * ball.size - ball.largest * iterate.drift
    claim(amplitude > tail, f"amplitude > tail fails at step {c.step}: {show(amplitude)}, {show(tail)}")
    return inner.lower


def verify_direction(c: Document, iterate: Iterate, ball: Ball, index: int, seen: tuple[Fraction, Fraction]) -> None:
    """Claim V8 (limit): every component's interval holds that of J^T w, and is narrow; w is the eigenvector."""
    inner, tilt = seen
    bits = iterate.centre[0].bits
    w = [Interval.exactly(a, bits) for a in c.vectors[index]]
    back = [dot([row[i] for row in iterate.rows], w) for i in range(len(c.start))]
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
