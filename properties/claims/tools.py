"""What the claims share: the guard around an examination, exact eigen-coordinates, and bounds along a trajectory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from math import isnan, log2

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision, Verdict, decide
from gdcheck.theorem.descent.enclosure import enclose
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.balls import ends, norm, surely_less
from gdcheck.theorem.methods.statement import End

Vector = tuple[fmpq, ...]
Examination = Callable[[Instance, Decision], Finding]

MOST_STEPS = 20_000
MOST_MARGIN = 1000.0
BITS = 256


class Broken(Exception):  # noqa: N818
    """A claim is found not to hold; the message says what was found instead.

    Attributes:
        margin: By how much it fails, in the claim's own unit and below zero; None if that is not a number.
    """

    def __init__(self, otherwise: str, margin: float | None = None) -> None:
        super().__init__(otherwise)
        # What fails has no slack: a positive margin could only be one of rounding.
        self.margin = None if margin is None or isnan(margin) else min(0.0, _limited(margin))


def require(holds: bool, otherwise: str, margin: float | None = None) -> None:
    """Ends an examination unless a part of the claim holds.

    Args:
        holds: Whether it does.
        otherwise: What was found instead.
        margin: The slack with which it holds in the claim's own unit, below zero if it does not; where two numbers are
            compared.

    Raises:
        Broken: If it does not.
    """
    if not holds:
        raise Broken(otherwise, margin)


def _limited(margin: float) -> float:
    return max(-MOST_MARGIN, min(MOST_MARGIN, margin))


def on_decided(check: Examination) -> Callable[[Instance], Finding]:
    """Decides a problem before a claim is checked on it.

    Args:
        check: Checks the claim on a problem and its decision, which is neither unresolved nor refuted.

    Returns:
        The examination.
    """

    @wraps(check)
    def examine(instance: Instance) -> Finding:
        decision = decide(instance.problem, max_steps=MOST_STEPS)
        if decision.verdict is Verdict.UNRESOLVED:
            return Finding(None, None, decision.reason, decision.verdict.value)
        if decision.verdict is Verdict.REFUTED:
            return Finding(False, None, decision.reason, decision.verdict.value)
        try:
            return check(instance, decision)
        except Broken as broken:
            return Finding(False, broken.margin, str(broken), decision.verdict.value, _steps(decision))

    return examine


def found(decision: Decision, note: str, margin: float | None = None) -> Finding:
    """The finding that a claim holds.

    Args:
        decision: The decision on the problem.
        note: A short phrase.
        margin: The slack.

    Returns:
        The finding.
    """
    return Finding(True, None if margin is None else _limited(margin), note, decision.verdict.value, _steps(decision))


def open_question(decision: Decision, note: str) -> Finding:
    """The finding that a claim was not resolved.

    Args:
        decision: The decision on the problem.
        note: Why not.

    Returns:
        The finding.
    """
    return Finding(None, None, note, decision.verdict.value, _steps(decision))


def _steps(decision: Decision) -> int | None:
    return decision.amplitude.step if decision.amplitude else None


# Exact numbers and balls ----------------------------------------------------------------------------------------------


def encloses(ball: arb, value: fmpq) -> bool:
    """Whether a ball holds a rational, decided exactly; False for a ball that is not finite."""
    if not ball.is_finite():
        return False
    lo, hi = ends(ball)
    return bool(lo <= value <= hi)


def middle(x: arb) -> float:
    """The midpoint as a float."""
    return float(x.mid())


def lowest(x: arb) -> float:
    """The lower end as a float."""
    return float(x.lower())


def dot(u: Sequence[fmpq], v: Sequence[fmpq]) -> fmpq:
    """The exact inner product."""
    return sum((x * y for x, y in zip(u, v, strict=True)), fmpq(0))


def amplitude_margin(decision: Decision) -> float | None:
    """log₂ of the smallest amplitude over its tail; None without a certificate, and large where the tail is zero."""
    if decision.amplitude is None:
        return None
    numbers = decision.amplitude.inequality
    if not numbers.tail.upper() > 0:
        return MOST_MARGIN
    with ctx.workprec(BITS):
        return min(middle((a.lower() / numbers.tail.upper()).log()) / _LOG_2 for a in numbers.amplitudes)


_LOG_2 = 0.6931471805599453


def log2_ratio(above: arb, below: arb) -> float:
    """log₂(above/below) of two positive balls, at most as large as it may be; large if ``below`` may vanish.

    Where the quotient is too small for a float, or is not positive, as small as a margin can be.
    """
    if not below.lower() > 0:
        return MOST_MARGIN
    quotient = middle(above / below)
    if quotient <= 0 and surely_less(above, below):
        return -MOST_MARGIN
    return log2(quotient) if 0 < quotient < float("inf") else MOST_MARGIN


def eigen_coordinates(instance: Instance, h: Sequence[fmpq]) -> Vector:
    """Y = Qᵀh, exact."""
    y = fmpq_mat([list(h)]) * instance.rotation
    return tuple(y.entries())


def image(instance: Instance, h: Sequence[fmpq]) -> Vector:
    """F(h) = h − η∇f(m + h), exact, from the loss as it is written."""
    p = instance.problem
    gradient = p.loss.gradient([m + x for m, x in zip(p.minimizer, h, strict=True)])
    return tuple(x - p.step_size * g for x, g in zip(h, gradient, strict=True))


def unit_vectors(instance: Instance) -> Iterator[Vector]:
    """Exact rational unit vectors: eigenvectors, axes, the start's direction, and where monomials are largest.

    Args:
        instance: The problem.

    Yields:
        Vectors of length exactly one, shape (n,); at most a dozen and a half.
    """
    n = len(instance.spectrum)
    for end in (End.LOWEST, End.HIGHEST):
        v = instance.eigenvector(end)
        yield v
        yield tuple(-x for x in v)
    yield _on_sphere(_integers(instance.problem.displacement))
    yield _on_sphere([1] * n)
    yield _on_sphere([(-1) ** i * (1 + i % 3) for i in range(n)])
    terms = Expansion.of(instance.problem).higher_terms
    for exponents, c in sorted(terms, key=lambda term: (-abs(term[1]), term[0]))[:3]:
        # A monomial is largest on the sphere where the squares are proportional to its exponents.
        roots = [round(64 * (e / sum(exponents)) ** 0.5) for e in exponents]
        yield _on_sphere(roots)
        yield _on_sphere([-r for r in roots] if c > 0 else [r * (-1) ** i for i, r in enumerate(roots)])
    for t in instance.problem.loss.truncated[:1]:
        yield _on_sphere(_integers(t.direction))


def _integers(v: Sequence[fmpq]) -> list[int]:
    """Integers up to 16 in nearly the same proportion."""
    largest = max(abs(x) for x in v)
    return [int(round(16 * x / largest)) for x in v]  # noqa: RUF046


def _on_sphere(v: Sequence[int]) -> Vector:
    """A rational unit vector near the direction of v, by stereographic projection from −e_i, i the largest entry."""
    pole = max(range(len(v)), key=lambda i: abs(v[i]))
    if v[pole] == 0:
        raise ValueError("the zero vector has no direction")
    # u = ±(1 − s², 2t)/(1 + s²) with s² = ‖t‖², t half the slope: t = v'/(‖v‖ + |v_pole|) up to rounding.
    length = sum(x * x for x in v) ** 0.5
    t = [fmpq(round(64 * x / (length + abs(v[pole]))), 64) for x in v]
    t[pole] = fmpq(0)
    s = dot(t, t)
    u = [2 * x / (1 + s) for x in t]
    u[pole] = (1 - s) / (1 + s) * (1 if v[pole] > 0 else -1)
    return tuple(u)


# Along a trajectory ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """An iterate in exact eigen-coordinates, enclosed.

    Attributes:
        step: k.
        point: The exact centre of the enclosure, shape (n,).
        y: Qᵀh_k, shape (n,).
        along: |y_d|.
        across: ‖y_⊥‖.
        length: ‖h_k‖.
    """

    step: int
    point: Vector
    y: tuple[arb, ...]
    along: arb
    across: arb
    length: arb


def walk(instance: Instance, first: int, most: int) -> Iterator[Seen]:
    """Encloses a stretch of a trajectory in the prescribed eigen-coordinates, at a fixed precision.

    Args:
        instance: The problem.
        first: The step to begin with.
        most: How many iterates.

    Yields:
        The iterates; fewer if the enclosures grow beyond all bounds.
    """
    expansion = Expansion.of(instance.problem)
    d = instance.index
    with ctx.workprec(BITS):
        bound = RemainderBound.of(expansion)
        rotated = arb_mat(instance.rotation.transpose())
        iterates = enclose(expansion, bound, arb(instance.rho))
    while True:
        with ctx.workprec(BITS):
            h = next(iterates)
            if h.step >= first + most or not surely_less(h.radius, arb(2) ** 64):
                return
            if h.step < first:
                continue
            centre = (rotated * arb_mat(len(h.centre), 1, h.centre)).entries()
            spread = h.error.union(-h.error)
            rest = norm(x for i, x in enumerate(centre) if i != d)
            seen = Seen(
                step=h.step,
                point=tuple(_exact(x) for x in h.centre),
                y=tuple(x + spread for x in centre),
                along=(abs(centre[d]) + spread).nonnegative_part(),
                across=(rest + spread).nonnegative_part(),
                length=(h.size + spread).nonnegative_part(),
            )
        yield seen


def _exact(x: arb) -> fmpq:
    lo, _ = ends(x)
    return lo


@dataclass(frozen=True)
class Majorant:
    r"""Bounds of the whole trajectory from one step on (docs/theory.md, section 3), evaluated at a fixed precision.

    With P from the certificate, :math:`\|h_j\| \le P\rho^j r`,
    :math:`\|y_{\perp,j}\| \le b^j p_0 + C P^2 r^2 \sum_{i<j} b^{j-1-i}\rho^{2i}`, and
    :math:`|y_{d,j}| \ge \rho^j(|\zeta| - \rho^j\,\mathrm{tail})` with :math:`|\zeta| \ge \mathrm{amplitude} -
    \mathrm{tail}`, j counted from that step.

    Attributes:
        rho: ρ.
        b: The largest multiplier modulus but the dominant one.
        P: P.
        radius: r, an upper bound.
        push: C P² r².
        tail: C P² r²/(ρ(1 − ρ)).
        amplitude: |y_d|, a lower bound.
        across: p₀ = ‖y_⊥‖, an upper bound.
    """

    rho: arb
    b: arb
    P: arb
    radius: arb
    push: arb
    tail: arb
    amplitude: arb
    across: arb

    @classmethod
    def at(cls, seen: Seen, instance: Instance, bound: RemainderBound) -> Majorant | None:
        """The bounds from one iterate on; None where the certificate's conditions do not hold yet."""
        rho, b = arb(instance.rho), arb(second_modulus(instance))
        radius = seen.length.upper()
        c = bound.quadratic(radius).upper()
        sigma = rho + c * radius
        if not surely_less(sigma, arb(1)):
            return None
        x = c * radius / (rho * (1 - sigma))
        if not surely_less(x, arb(1)):
            return None
        p = (1 + x + x * x).upper()
        push = c * (p * radius) ** 2
        tail = push / (rho * (1 - rho))
        return cls(rho, b, p, radius, push, tail, seen.along.lower(), seen.across.upper())

    def settled(self) -> bool:
        """Whether the amplitude is so far above the tail that the bounds say something at every later step."""
        return surely_less(8 * self.tail, self.amplitude)

    def lengths(self) -> Iterator[arb]:
        """Upper bounds of ‖h_j‖ for j = 0, 1, 2 and so on."""
        value = self.P * self.radius
        while True:
            yield value
            value *= self.rho

    def acrosses(self) -> Iterator[arb]:
        """Upper bounds of ‖y_⊥,j‖."""
        free, forced, power = self.across, arb(0), arb(1)
        while True:
            yield free + self.push * forced
            free *= self.b
            forced = self.b * forced + power
            power *= self.rho * self.rho

    def alongs(self) -> Iterator[arb]:
        """Lower bounds of |y_d,j|."""
        power = arb(1)
        while True:
            yield power * (self.amplitude - self.tail - power * self.tail)
            power *= self.rho


def second_modulus(instance: Instance) -> fmpq:
    """B = max_{i≠d} |μ_i|, exact."""
    return max(abs(m) for i, m in enumerate(instance.multipliers) if i != instance.index)


def settled_walk(
    instance: Instance, decision: Decision, count: int, most: int = MOST_STEPS
) -> tuple[list[Seen], Majorant] | None:
    """A stretch of the certified trajectory from where its majorant says something, with the majorant.

    Args:
        instance: The problem.
        decision: A decision with a certificate.
        count: How many iterates.
        most: How many steps to search.

    Returns:
        The iterates and the bounds from the first of them on; None if none was found.
    """
    assert decision.amplitude is not None
    with ctx.workprec(BITS):
        bound = RemainderBound.of(Expansion.of(instance.problem))
    stretch = walk(instance, decision.amplitude.step, most)
    for seen in stretch:
        with ctx.workprec(BITS):
            majorant = Majorant.at(seen, instance, bound)
            ready = majorant is not None and majorant.settled()
        if ready and majorant is not None:
            return [seen, *islice(stretch, count - 1)], majorant
    return None
