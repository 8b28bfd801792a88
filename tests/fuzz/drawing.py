"""The fuzzer's problems: each is a function of a seed and of its index alone; the shapes take turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from flint import fmpq, fmpq_mat

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.loss import Loss, TruncatedPower
from gdcheck.theorem.loss.prescribed import cayley

Term = tuple[tuple[int, ...], fmpq]


@dataclass
class Plan:
    """A problem in coordinates y along the eigenvectors, as it is being put together.

    Attributes:
        random: Where its numbers come from.
        spectrum: The Hessian's eigenvalues, ascending, shape (n,).
        terms: Terms of order three and more in y.
        powers: Truncated powers of y.
        step_size: The step size.
        start: y0, shape (n,).
        rotated: Whether the coordinates are turned.
        moved: Whether the minimizer is not the origin.
    """

    random: Random
    spectrum: list[fmpq]
    step_size: fmpq
    start: list[fmpq]
    terms: list[Term] = field(default_factory=list)
    powers: list[TruncatedPower] = field(default_factory=list)
    rotated: bool = False
    moved: bool = False

    @property
    def n(self) -> int:
        """The dimension."""
        return len(self.spectrum)

    @property
    def dominant(self) -> int:
        """The coordinate along the dominant eigenvector."""
        return 0 if self.step_size * (self.spectrum[0] + self.spectrum[-1]) < 2 else self.n - 1


def draw(seed: int, index: int, shape: str | None = None) -> tuple[str, Problem]:
    """The shape and the problem of an index.

    Args:
        seed: The seed of the run.
        index: The index, from 0.
        shape: The shape of all problems; without it the shapes take turns.
    """
    name = shape or list(SHAPES)[index % len(SHAPES)]
    return name, _problem(SHAPES[name](Random(f"gdcheck-fuzz/{seed}/{index}/{name}")))


def _problem(plan: Plan) -> Problem:
    """Turn, move, and correct for truncated powers that are active at the minimizer."""
    n, random = plan.n, plan.random
    names = [f"x{i + 1}" for i in range(n)]
    squares: list[Term] = [(tuple(2 * (i == j) for j in range(n)), x / 2) for i, x in enumerate(plan.spectrum)]
    raw = Loss.build(names, [*squares, *plan.terms], plan.powers)
    slope = raw.gradient([0] * n)
    level = [(tuple(int(i == j) for j in range(n)), -x) for i, x in enumerate(slope) if x]
    loss, start = raw + Loss.build(names, level), plan.start
    if plan.rotated and n > 1:
        q = cayley([_ratio(random, -4, 4, 2, 5) for _ in range(n * (n - 1) // 2)], n)
        loss = loss.substituted(q.transpose().tolist(), names)
        start = (q * fmpq_mat(n, 1, start)).entries()
    m = [_ratio(random, -20, 20, 1, 10) if plan.moved else fmpq(0) for _ in range(n)]
    if plan.moved:
        loss = loss.shifted([-x for x in m])
    start = [a + b for a, b in zip(start, m, strict=True)]
    return Problem(loss, minimizer=m, step_size=plan.step_size, start=start)


def _ratio(random: Random, low: int, high: int, least: int = 1, most: int = 1) -> fmpq:
    return fmpq(random.randint(low, high), random.randint(least, most))


def _plan(random: Random, most: int = 6, least: int = 2, *, ordinary: bool = False) -> Plan:
    """Moderate numbers: eigenvalues from 1/40 to 11, a start within a few units, no terms yet."""
    n = random.randint(least, most)
    low = fmpq(random.randint(1, 40), 40)
    high = low + fmpq(random.randint(1, 200), 20)
    spectrum = sorted([low, high, *(low + (high - low) * fmpq(random.randint(1, 19), 20) for _ in range(n - 2))][:n])
    start = [fmpq(random.randint(-100, 100), 100) for _ in range(n)]
    start[random.randrange(n)] = fmpq(random.choice((-1, 1)))
    scale = fmpq(1, 2 ** random.randint(0, 3 if ordinary else 8))
    rotated, moved = random.random() < 0.4, random.random() < 0.4
    eta = _step_size(random, spectrum)
    return Plan(random, spectrum, eta, [x * scale for x in start], rotated=rotated, moved=moved)


def _step_size(random: Random, spectrum: list[fmpq]) -> fmpq:
    """Both regimes, evenly spread; sometimes the inverse of an eigenvalue."""
    boundary, edge = 2 / (spectrum[0] + spectrum[-1]), 2 / spectrum[-1]
    share = fmpq(random.randint(1, 19), 20)
    if random.random() < 0.08:
        return 1 / random.choice(spectrum)
    return boundary * share if random.random() < 0.5 else boundary + (edge - boundary) * share


def _terms(plan: Plan) -> None:
    """Some terms of order three and more; fewer and lower where there are many variables."""
    n, random = plan.n, plan.random
    degree = random.randint(3, 6 if n < 4 else 4 if n < 7 else 3)
    for _ in range(random.randint(0, 6)):
        alpha = [0] * n
        for _ in range(random.randint(3, degree)):
            alpha[random.randrange(n)] += 1
        plan.terms.append((tuple(alpha), fmpq(random.choice((-1, 1)) * random.randint(1, 16), 8)))


def _natural(random: Random) -> Plan:
    plan = _plan(random, most=8, ordinary=True)
    _terms(plan)
    if random.random() < 0.2:
        slope = [fmpq(random.randint(-2, 2)) for _ in range(plan.n)]
        slope[random.randrange(plan.n)] = fmpq(1)
        threshold = fmpq(random.randint(0, 5), 20)
        plan.powers.append(
            TruncatedPower(fmpq(random.randint(1, 8), 4), tuple(slope), threshold, random.choice((4, 5)))
        )
    return plan


def _many(random: Random) -> Plan:
    plan = _plan(random, least=7, most=12)
    _terms(plan)
    return plan


def _few(random: Random) -> Plan:
    plan = _plan(random, least=1, most=2)
    _terms(plan)
    return plan


def _scaled(random: Random) -> Plan:
    """Values in units of 2^s, lengths in units of 2^t, both up to 2^±200."""
    plan = _plan(random)
    _terms(plan)
    values, lengths = fmpq(2) ** random.randint(-200, 200), fmpq(2) ** random.randint(-200, 200)
    curvature = values / lengths**2
    terms = [(alpha, c * values / lengths ** sum(alpha)) for alpha, c in plan.terms]
    return replace(
        plan,
        spectrum=[x * curvature for x in plan.spectrum],
        terms=terms,
        step_size=plan.step_size / curvature,
        start=[x * lengths for x in plan.start],
    )


def _near_ends(random: Random) -> Plan:
    """Eigenvalues near the ends, or equal to them, or all of them near one value."""
    plan = _plan(random)
    _terms(plan)
    low, high, *_ = plan.spectrum[0], plan.spectrum[-1]
    if random.random() < 0.3:
        high = low * (1 + fmpq(1, 10 ** random.randint(1, 40)))
    inner = []
    for x in plan.spectrum[1:-1]:
        away = (high - low) * fmpq(1, 10 ** random.randint(1, 45)) * (random.random() < 0.8)
        inner.append(random.choice((low + away, high - away, low + (high - low) / 3 if x else x)))
    spectrum = sorted([low, *inner, high])
    return replace(plan, spectrum=spectrum, step_size=_step_size(random, spectrum))


def _near_boundary(random: Random) -> Plan:
    """η within 10^-1 to 10^-40 of 2/(λ₁+λₙ), on either side, or on it."""
    plan = _plan(random)
    _terms(plan)
    away = random.choice((-1, 1, 1, -1, 0)) * fmpq(1, 10 ** random.randint(1, 40))
    boundary = 2 / (plan.spectrum[0] + plan.spectrum[-1])
    return replace(plan, step_size=min(boundary * (1 + away), 2 / plan.spectrum[-1] * fmpq(999, 1000)))


def _near_stability(random: Random) -> Plan:
    """η within 10^-1 to 10^-6 of 2/λₙ, at times beyond it, from a start so near that few steps decide."""
    plan = _plan(random, most=4)
    _terms(plan)
    slack = fmpq(1, 10 ** random.randint(1, 6))
    side = 1 if random.random() < 0.1 else -1
    start = [x * slack * fmpq(1, 2 ** random.randint(0, 8)) for x in plan.start]
    return replace(plan, step_size=2 / plan.spectrum[-1] * (1 + side * slack), start=start)


def _far(random: Random) -> Plan:
    """Starts up to 10^60, of quadratics, of losses as wide as that, and of losses that they leave."""
    plan = _plan(random)
    distance = fmpq(10) ** random.randint(1, 60)
    kind = random.choice(("quadratic", "wide", "steep", "kink"))
    if kind in {"wide", "steep"}:
        _terms(plan)
    if kind == "wide":
        plan.terms = [(alpha, c / (4 * distance) ** (sum(alpha) - 2)) for alpha, c in plan.terms]
    if kind == "kink":
        slope = tuple(fmpq(random.randint(-1, 1) if j else 1) for j in range(plan.n))
        far = distance * fmpq(random.randint(1, 20), 10)
        plan.powers = [TruncatedPower(1 / far**2, slope, far, random.choice((4, 5)))]
    return replace(plan, start=[x * distance for x in plan.start])


def _near_null(random: Random) -> Plan:
    """A dominant component of 10^-1 to 10^-200 of the others, or none; terms feed it or do not."""
    plan = _plan(random, most=4)
    _terms(plan)
    d = plan.dominant
    if random.random() < 0.7:
        plan.terms = [(alpha, c) for alpha, c in plan.terms if alpha[d] % 2 == 0]
    start = list(plan.start)
    start[d] = fmpq(random.choice((-1, 1, 1, 0)), 10 ** random.randint(1, 200))
    if not any(start):
        start[(d + 1) % plan.n] = fmpq(1, 16)
    return replace(plan, start=start)


def _kinks(random: Random) -> Plan:
    """Truncated powers p = 2 to 5 beside, through, and active at the minimizer."""
    plan = _plan(random, most=4)
    if random.random() < 0.5:
        _terms(plan)
    for _ in range(random.randint(1, 3)):
        p = random.choice((2, 3, 4, 4, 5))
        slope = [fmpq(random.randint(-2, 2)) for _ in range(plan.n)]
        slope[random.randrange(plan.n)] = fmpq(random.choice((-1, 1)))
        threshold = fmpq(random.randint(-4, 6), 20)
        if p == 2 and not threshold:
            threshold = fmpq(1, 50)
        plan.powers.append(TruncatedPower(_ratio(random, 1, 8, 8, 64), tuple(slope), threshold, p))
    return replace(plan, start=[x / 4 for x in plan.start])


def _sides(random: Random) -> Plan:
    """Kinks through the minimizer, with starts on the plane that lacks the dominant component, and opposite kinks."""
    plan = _plan(random, most=4)
    n, d = plan.n, plan.dominant
    if random.random() < 0.3:
        plan.terms = [(tuple(4 * (i == d) for i in range(n)), fmpq(1, 3))]
    slope = [fmpq(random.randint(-2, 2)) for _ in range(n)]
    slope[random.randrange(n)] = fmpq(random.choice((-1, 1)))
    plan.powers = [TruncatedPower(fmpq(1, 2), tuple(slope), fmpq(0), random.choice((4, 5)))]
    if random.random() < 0.5:
        plan.powers.append(TruncatedPower(fmpq(1, 3), tuple(-x for x in slope), fmpq(0), random.choice((4, 5))))
    start = list(plan.start)
    if random.random() < 0.7:
        start[d] = fmpq(0)
    if not any(start):
        start[(d + 1) % n] = fmpq(1, 16)
    return replace(plan, start=start)


def _dyadic(random: Random) -> Plan:
    """Problems that float64 can state exactly: the batch engine decides them as well."""
    plan = _plan(random)
    _terms(plan)

    def nearest(x: fmpq) -> fmpq:
        return fmpq(*(int(x.p) / int(x.q)).as_integer_ratio())

    return replace(
        plan,
        spectrum=[nearest(x) for x in plan.spectrum],
        terms=[(alpha, nearest(c)) for alpha, c in plan.terms],
        start=[nearest(x) for x in plan.start],
        step_size=nearest(plan.step_size),
        rotated=False,
        moved=False,
    )


SHAPES: dict[str, Callable[[Random], Plan]] = {
    "natural": _natural,
    "many": _many,
    "few": _few,
    "scaled": _scaled,
    "near-ends": _near_ends,
    "near-boundary": _near_boundary,
    "near-stability": _near_stability,
    "far": _far,
    "near-null": _near_null,
    "kinks": _kinks,
    "sides": _sides,
    "dyadic": _dyadic,
}
