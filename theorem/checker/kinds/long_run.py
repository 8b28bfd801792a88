r"""Long-run certificates: where a trajectory ends, whatever the step size. Claims L0 to L8, and ``check``.

They need none of the theorem's assumptions: a trajectory diverges, reaches a point, repeats itself, is caught by an
attracting orbit, or is somewhere at a step. docs/certificate.md, *Long-run certificates*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.descent import Descent, polynomial_hessian
from gdcheck.theorem.checker.document import (
    MOST_STEPS,
    Problem,
    read_count,
    read_interval,
    read_list,
    read_number,
    read_object,
    read_or_null,
    read_problem,
    read_text,
    read_vector,
    refuse,
)
from gdcheck.theorem.checker.exact import Matrix, Polynomial, Vector, dot, integers, norm_above, root_bounds
from gdcheck.theorem.checker.kinds.orbit import verify_expansion
from gdcheck.theorem.checker.kinds.walk import walk
from gdcheck.theorem.checker.outcome import MOST_TERMS, TIME_LIMIT, ClaimError, claim, look, show, within
from gdcheck.theorem.checker.spectrum import Operator, count_roots
from gdcheck.theorem.checker.trajectory import Expansion, Remainder

FORMAT = "gdcheck-long-run/1"
BITS = 512
WALKED = 10_000
"""Iterates of a quadratic loss are enclosed step by step up to this one."""

FARTHEST = 10**12
"""The largest step that a linear map may be raised to."""


def check(certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
    """Verify a long-run certificate.

    Args:
        certificate: The parsed JSON object.
        time_limit: The seconds that it may take.

    Returns:
        None if its claim has been verified, else a sentence that says what fails.

    Raises:
        BadCertificate: If it is malformed.
        NotChecked: If the checker gives up at one of its limits.
    """
    with outcome.time_limit(time_limit):
        c = read_object(certificate, "certificate", "schema problem claim")
        if c["schema"] != FORMAT:
            refuse("schema", repr(FORMAT))
        problem = read_problem(c["problem"])
        kind = c["claim"].get("kind") if type(c["claim"]) is dict else None
        verify = _KINDS.get(kind) if type(kind) is str else None
        if verify is None:
            refuse("claim.kind", f"one of {', '.join(_KINDS)}")
        try:
            verify(problem, c["claim"])
        except ClaimError as failure:
            return str(failure)
    return None


# Exact orbits -------------------------------------------------------------------------------------------------------


def verify_exact_orbit(problem: Problem, value: object) -> None:
    """Claim L1 (exact orbit): the exact iterate of a step is the first of the points, and F maps each to the next.

    One point is a critical point; several, all distinct, are a periodic orbit.
    """
    c = read_object(value, "claim", "kind step points")
    n = len(problem.variables)
    points = read_list(c["points"], "claim.points", lambda entry, path: read_vector(entry, path, n))
    descent = Descent.of(problem)
    x = problem.start
    for _ in range(read_count(c["step"], "claim.step")):
        x = _image(descent, problem.minimizer, x)
    claim(points and x == points[0], "the exact iterate is the first point fails")
    claim(len({*points}) == len(points), "the points are distinct fails")
    for p, q in zip(points, (*points[1:], points[0]), strict=True):
        claim(_image(descent, problem.minimizer, p) == q, f"F({show(*p)}) = ({show(*q)}) fails")


def _image(descent: Descent, origin: Vector, x: Vector) -> Vector:
    """Return F(x) exactly."""
    look("an exact iterate")
    h = [a - b for a, b in zip(x, origin, strict=True)]
    within(max(a.denominator.bit_length() for a in h) <= MOST_TERMS, "an exact iterate has too many digits")
    moved, scale = descent.image(*integers(h))
    return tuple(b + Fraction(a, scale) for a, b in zip(moved, origin, strict=True))


# Quadratic losses ---------------------------------------------------------------------------------------------------


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
        polynomial = _polynomial(problem)
        quadratic = all(sum(alpha) <= 2 for alpha in polynomial.terms)
        claim(quadratic, "the loss is quadratic fails")
        n = len(problem.variables)
        critical = not any(polynomial.coefficient(tuple(int(i == j) for j in range(n))) for i in range(n))
        claim(critical, "the minimizer is a critical point fails")
        hessian = polynomial_hessian(polynomial, n)
        h = tuple(x - m for x, m in zip(problem.start, problem.minimizer, strict=True))
        return cls(hessian, h, _minimal_polynomial(hessian, h))

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


def _polynomial(problem: Problem) -> Polynomial:
    """Return the loss around the minimizer, which must be a polynomial."""
    claim(not problem.loss.truncated, "the loss is a polynomial fails: it has truncated powers")
    return problem.loss.polynomial.shifted(problem.minimizer)


def _minimal_polynomial(matrix: Matrix, h: Vector) -> list[Fraction]:
    """Return the monic χ of least degree with χ(matrix) h = 0, by Gaussian elimination of h, A h, A² h, …."""
    echelon: list[tuple[int, list[Fraction], list[Fraction]]] = []
    vector = list(h)
    while True:
        look("a minimal polynomial")
        rest, made = list(vector), [*([Fraction(0)] * len(echelon)), Fraction(1)]
        for pivot, row, combination in echelon:
            if rest[pivot]:
                factor = rest[pivot] / row[pivot]
                rest = [a - factor * b for a, b in zip(rest, row, strict=True)]
                for k, b in enumerate(combination):
                    made[k] -= factor * b
        pivot_here = next((i for i, a in enumerate(rest) if a), None)
        if pivot_here is None:
            return made
        echelon.append((pivot_here, rest, made))
        vector = [dot(row, vector) for row in matrix]


def verify_linear_divergence(problem: Problem, value: object) -> None:
    """Claim L2 (linear divergence): ‖h_k‖ grows like |μ|^k, μ = 1 - eta λ, for the root λ of χ in the interval."""
    c = read_object(value, "claim", "kind eigenvalue")
    low, high = read_interval(c["eigenvalue"], "claim.eigenvalue")
    linear, turn = Linear.of(problem), 2 / problem.step_size
    claim(low <= high and linear.roots(high)[1] - linear.roots(low)[0] == 1, "the interval holds one eigenvalue fails")
    if high < 0:
        dominant = linear.roots(low)[0] == 0 and linear.roots(turn - high)[1] == len(linear.minimal) - 1
    else:
        claim(low > turn, "the multiplier exceeds one fails")
        dominant = linear.roots(high)[1] == len(linear.minimal) - 1 and linear.roots(turn - low)[0] == 0
    claim(dominant, "no other multiplier is larger fails")


def verify_linear_limit(problem: Problem, value: object) -> None:
    """Claim L3 (linear limit): the iterates tend to one point, or the even and the odd ones to one each.

    All roots of χ lie in [0, 2/eta]. The component of the root 0 stays, that of 2/eta changes its sign at every step,
    all others vanish.
    """
    c = read_object(value, "claim", "kind points")
    n = len(problem.variables)
    points = read_list(c["points"], "claim.points", lambda entry, path: read_vector(entry, path, n))
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


# Polynomial losses --------------------------------------------------------------------------------------------------


def verify_attracting_orbit(problem: Problem, value: object) -> None:
    """Claim L4 (attracting orbit): F^q maps a ball into itself and contracts it, and holds the iterate of a step.

    The ball around p_0 of the radius R_0 is mapped into the balls around p_1, …, p_q = p_0 of the radii R_{i+1} = l_i
    R_i + ‖F(p_i) - p_{i+1}‖, with l_i as in Claim O1. With M_i = I - eta Hessian at p_i and n_i >= ‖M_i‖, the
    derivative of F^q on the ball is at most ‖M_{q-1} … M_0‖ + l_0 … l_{q-1} - n_0 … n_{q-1}. The period is q if for
    no proper divisor d of q the balls around p_d and p_0 meet.
    """
    c = read_object(value, "claim", "kind step bits points norms product radius")
    n = len(problem.variables)
    points = read_list(c["points"], "claim.points", lambda entry, path: read_vector(entry, path, n))
    norms = read_vector(c["norms"], "claim.norms", len(points))
    product_norm = read_number(c["product"], "claim.product")
    first = read_number(c["radius"], "claim.radius")
    claim(points and first > 0, "there is a ball fails")
    _polynomial(problem)
    radii, away, growth, least = [first], Fraction(0), Fraction(1), Fraction(1)
    product: Matrix = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for p, q, norm in zip(points, (*points[1:], points[0]), norms, strict=True):
        local = problem.loss.polynomial.shifted(p)
        lipschitz = verify_expansion(local, n, problem.step_size, norm, radii[-1])
        gradient = [local.coefficient(tuple(int(i == j) for j in range(n))) for i in range(n)]
        miss = norm_above([a - problem.step_size * g - b for a, g, b in zip(p, gradient, q, strict=True)])
        radii.append(lipschitz * radii[-1] + miss)
        away = lipschitz * away + miss
        growth, least = growth * lipschitz, least * norm
        product = _times_derivative(polynomial_hessian(local, n), problem.step_size, product)
    columns = [*zip(*product, strict=True)]
    square = Operator.of([[dot(a, b) for b in columns] for a in columns])
    bounded = product_norm >= 0 and square.up_to(product_norm**2) == n
    claim(bounded, f"the derivative of F^q is at most {show(product_norm)} fails")
    factor = product_norm + growth - least
    claim(factor < 1, f"F^q contracts fails: the factor may be {show(factor)}")
    claim(factor * first + away <= first, f"F^q maps the ball into itself fails: F^q(p) may be {show(away)} from p")
    for d in (d for d in range(1, len(points)) if len(points) % d == 0):
        apart = [a - b for a, b in zip(points[d], points[0], strict=True)]
        claim(dot(apart, apart) > (radii[d] + first) ** 2, f"the period is {len(points)} fails: it may be {d}")
    centre, error = _late_ball(problem, c)
    apart = [h + m - a for h, m, a in zip(centre, problem.minimizer, points[0], strict=True)]
    claim(norm_above(apart) + error <= first, "the iterate of the step lies in the ball fails")


def _late_ball(problem: Problem, c: dict[str, object]) -> tuple[list[Fraction], Fraction]:
    """Enclose h_k for a polynomial loss, with the bits at the beginning that the claim asks for."""
    step, bits = read_count(c["step"], "claim.step"), read_count(c["bits"], "claim.bits")
    within(bits <= MOST_TERMS, "the claim asks for too many bits")
    return _enclosed(_expansion(problem), step, bits)


def _enclosed(expansion: Expansion, step: int, bits: int = BITS) -> tuple[list[Fraction], Fraction]:
    """Enclose h_k step by step (Claim L0)."""
    ball = next(walk(expansion, step, step, bits), None)
    claim(ball, f"the iterate of step {step} is enclosed fails")
    assert ball is not None
    return ball


def _times_derivative(hessian: Matrix, eta: Fraction, product: Matrix) -> Matrix:
    """Return (I - eta Hessian) times a matrix."""
    columns = [*zip(*product, strict=True)]
    moved = [[dot(row, column) for column in columns] for row in hessian]
    return [[x - eta * y for x, y in zip(a, b, strict=True)] for a, b in zip(product, moved, strict=True)]


def _expansion(problem: Problem, norm: Fraction | None = None) -> Expansion:
    """Return the bounds of F around the minimizer; a given bound of |I - eta A| is verified, else a rough one is used.

    The minimizer need not be a critical point where only distances of iterates are bounded.
    """
    descent = Descent.of(problem)
    hessian = polynomial_hessian(descent.polynomial, descent.dimension)
    if norm is None:
        entries = [int(i == j) - problem.step_size * x for i, row in enumerate(hessian) for j, x in enumerate(row)]
        norm = norm_above(entries)
    else:
        operator, eta = Operator.of(hessian), problem.step_size
        outside = operator.below((1 - norm) / eta) + descent.dimension - operator.up_to((1 + norm) / eta)
        claim(norm >= 0 and outside == 0, f"|I - eta A| <= {show(norm)} fails: {outside} eigenvalues lie beyond")
    return Expansion(descent, Remainder.of(descent), norm)


def verify_growth(problem: Problem, value: object) -> None:
    """Claim L5 (growth): from a step on, the coordinate h_i grows by the factor g > 1 at least, at every step.

    Let |h_i| = t >= R and |h_j| <= s t for all others. Each term of F is bounded by its power of t, none of which
    exceeds the power t^e of the leading term c h_i^e of F_i. Where |F_i| >= g t and |F_j| <= s |F_i| hold at t = R by
    these bounds, they hold for all larger t, and F(h) is again such a point.
    """
    c = read_object(value, "claim", "kind step bits coordinate reach spread growth")
    i = read_count(c["coordinate"], "claim.coordinate")
    reach, spread, growth = (read_number(c[name], f"claim.{name}") for name in ("reach", "spread", "growth"))
    n = len(problem.variables)
    if i >= n:
        refuse("claim.coordinate", f"below {n}")
    claim(reach > 0 and spread > 0 and growth > 1, "reach > 0, spread > 0 and growth > 1 fails")
    polynomial = _polynomial(problem)
    components = [_map_component(polynomial, j, n, problem.step_size) for j in range(n)]
    pure = [alpha for alpha in components[i] if sum(alpha) == alpha[i] > 0]
    lead = max(pure, key=sum, default=(0,) * n)
    degree = max((sum(alpha) for terms in components for alpha in terms), default=0)
    claim(lead[i] and degree <= lead[i], "the leading term has the highest degree fails")

    def size(terms: dict[tuple[int, ...], Fraction]) -> Fraction:
        total = Fraction(0)
        for alpha, k in terms.items():
            total += abs(k) * spread ** (sum(alpha) - alpha[i]) * reach ** sum(alpha)
        return total

    least = 2 * abs(components[i][lead]) * reach ** lead[i] - size(components[i])
    claim(least >= growth * reach, f"|F_i| >= {show(growth)} |h_i| fails: it may be {show(least / reach)}")
    for j in range(n):
        kept = j == i or size(components[j]) <= spread * least
        claim(kept, f"the other coordinates stay smaller fails for coordinate {j}")
    centre, error = _late_ball(problem, c)
    far = abs(centre[i]) - error
    claim(far >= reach, f"|h_i| >= {show(reach)} at the step fails: it may be {show(far)}")
    aside = max((abs(x) for j, x in enumerate(centre) if j != i), default=Fraction(0)) + error
    claim(n == 1 or aside <= spread * far, "the other coordinates are smaller at the step fails")


def _map_component(polynomial: Polynomial, j: int, n: int, eta: Fraction) -> dict[tuple[int, ...], Fraction]:
    """Return the terms of F_j."""
    partial = polynomial.derivative(j)
    terms = {alpha: -eta * Fraction(k, partial.denominator) for alpha, k in partial.terms.items()}
    unit = tuple(int(k == j) for k in range(n))
    terms[unit] = terms.get(unit, Fraction(0)) + 1
    return {alpha: k for alpha, k in terms.items() if k}


# Where it is at a step ----------------------------------------------------------------------------------------------


def verify_iterate(problem: Problem, value: object) -> None:
    """Claim L6 (iterate): each coordinate of x_k lies in its interval."""
    c = read_object(value, "claim", "kind step box")
    n = len(problem.variables)
    box = read_list(c["box"], "claim.box", read_interval, n)
    step = _read_step(c["step"], "claim.step")
    centre, error = _ball(problem, step)
    for (low, high), h, m in zip(box, centre, problem.minimizer, strict=True):
        inside = low <= m + h - error and m + h + error <= high
        claim(inside, f"the iterate lies in [{show(low, high)}] fails: it may be {show(m + h - error, m + h + error)}")


def _read_step(value: object, path: str) -> int:
    if type(value) is not int or not 0 <= value <= FARTHEST:
        refuse(path, f"a whole number from 0 to {FARTHEST}")
    return value


def _ball(problem: Problem, step: int) -> tuple[list[Fraction], Fraction]:
    """Enclose h_k: step by step, or for a late step on a quadratic loss by a power of the matrix."""
    if step > WALKED and not problem.loss.truncated and all(sum(alpha) <= 2 for alpha in problem.loss.polynomial.terms):
        return _linear_iterate(Linear.of(problem), problem.step_size, step)
    return _walked_ball(problem, step)


def _walked_ball(problem: Problem, step: int) -> tuple[list[Fraction], Fraction]:
    """Enclose h_k step by step, for a polynomial loss."""
    _polynomial(problem)
    claim(step <= MOST_STEPS, f"the step is at most {MOST_STEPS} fails")
    return _enclosed(_expansion(problem), step)


def _linear_iterate(linear: Linear, eta: Fraction, step: int) -> tuple[list[Fraction], Fraction]:
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


def verify_within(problem: Problem, value: object) -> None:
    """Claim L7 (within): from a step on, and not from the one before, the measure stays at or below a bound.

    The measure is the distance to the minimizer, or the loss above that of the minimizer. It is enclosed at the step
    before, which exceeds the bound, and at all steps up to ``until``. There, with L >= |I - eta A| and L + r C(r) <= 1
    for r = ‖h‖, no later iterate is farther away, and the loss on the ball is at most the bound. A quadratic loss needs
    L <= 1 only: both measures never rise.
    """
    c = read_object(value, "claim", "kind measure bound step until norm")
    measure = read_text(c["measure"], "claim.measure")
    if measure not in ("distance", "loss"):
        refuse("claim.measure", "'distance' or 'loss'")
    bound, norm = (read_number(c[name], f"claim.{name}") for name in ("bound", "norm"))
    step = _read_step(c["step"], "claim.step")
    until = read_or_null(c["until"], "claim.until", _read_step)
    polynomial = _polynomial(problem)
    expansion = _expansion(problem, norm)
    descent = expansion.descent
    claim(not any(descent.image([0] * descent.dimension, 1)[0]), "the minimizer is a critical point fails")
    terms = {a: Fraction(k, polynomial.denominator) for a, k in polynomial.terms.items() if any(a)}

    def ends(ball: tuple[list[Fraction], Fraction]) -> tuple[Fraction, Fraction]:
        centre, error = ball
        if measure == "distance":
            low, high = root_bounds(dot(centre, centre))
            return low - error, high + error
        value = sum((k * _monomial(a, centre) for a, k in terms.items()), Fraction(0))
        reach = norm_above(centre) + error
        slope = sum((abs(k) * sum(a) * reach ** (sum(a) - 1) for a, k in terms.items()), Fraction(0))
        return value - slope * error, value + slope * error

    if until is None:
        claim(norm <= 1, "no multiplier exceeds one fails")
        linear = Linear.of(problem)
        before = _linear_iterate(linear, problem.step_size, step - 1) if step else None
        balls = [_linear_iterate(linear, problem.step_size, step)]
    else:
        claim(step <= until <= MOST_STEPS, f"step <= until <= {MOST_STEPS} fails")
        walked = [*walk(expansion, max(step - 1, 0), until, BITS)]
        before, balls = (walked[0], walked[1:]) if step else (None, walked)
        claim(len(balls) == until - step + 1, "the iterates are enclosed fails")
        centre, error = balls[-1]
        r = norm_above(centre) + error
        claim(norm + expansion.remainder.push(r) <= 1, f"the iterates stay in the ball at step {until} fails")
        if measure == "loss":
            most = sum((abs(k) * r ** sum(a) for a, k in terms.items()), Fraction(0))
            claim(most <= bound, f"the loss on the ball at step {until} stays below fails")
    for ball in balls:
        claim(ends(ball)[1] <= bound, f"the {measure} stays at or below {show(bound)} fails")
    claim(before is None or ends(before)[0] > bound, f"the {measure} exceeds {show(bound)} at the step before fails")


def verify_later(problem: Problem, value: object) -> None:
    """Claim L8 (later): from a step on, the distance to the minimizer is at most a bound; it may be so before.

    At the step ``walked``, with L >= |I - eta A| and r >= ‖h‖, the factor s = L + r C(r) is below one. So no later
    iterate is farther away than r, and ‖h‖ shrinks by s at least at every step.
    """
    c = read_object(value, "claim", "kind bound step walked norm")
    bound, norm = (read_number(c[name], f"claim.{name}") for name in ("bound", "norm"))
    step, walked = _read_step(c["step"], "claim.step"), read_count(c["walked"], "claim.walked")
    _polynomial(problem)
    expansion = _expansion(problem, norm)
    descent = expansion.descent
    claim(not any(descent.image([0] * descent.dimension, 1)[0]), "the minimizer is a critical point fails")
    claim(walked <= step, "walked <= step fails")
    ball = _enclosed(expansion, walked)
    r = norm_above(ball[0]) + ball[1]
    factor = norm + expansion.remainder.push(r)
    claim(factor < 1, f"the iterates shrink at step {walked} fails: the factor may be {show(factor)}")
    # Powers are rounded up to 512 bits after the point.
    base = -(-(factor.numerator << BITS) // factor.denominator)
    power = 1 << BITS
    for bit in bin(step - walked)[2:]:
        power = (power * power >> BITS) + 1
        if bit == "1":
            power = (power * base >> BITS) + 1
    far = r * Fraction(power, 1 << BITS)
    claim(far <= bound, f"the distance is at most {show(bound)} at step {step} fails: it may be {show(far)}")


def _monomial(alpha: Sequence[int], x: Sequence[Fraction]) -> Fraction:
    value = Fraction(1)
    for a, e in zip(x, alpha, strict=True):
        value *= a**e
    return value


_KINDS: dict[str, Callable[[Problem, object], None]] = {
    "exact-orbit": verify_exact_orbit,
    "linear-divergence": verify_linear_divergence,
    "linear-limit": verify_linear_limit,
    "attracting-orbit": verify_attracting_orbit,
    "growth": verify_growth,
    "iterate": verify_iterate,
    "within": verify_within,
    "later": verify_later,
}
