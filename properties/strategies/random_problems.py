"""Seeded random problems: each is a function of the seed and its index alone, so that it can be made again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.theorem.assumptions.spectrum import power_of_two_below
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.loss.loss import TruncatedPower
from gdcheck.theorem.loss.prescribed import cayley, loss_with_spectrum
from gdcheck.theorem.methods.statement import Regime

_BITS = 64
_ORIGIN_SHARE = 0.5
_TRUNCATED_SHARE = 0.2
_ROTATED_SHARE = 0.8


@dataclass(frozen=True)
class Recipe:
    """The parameters of the random problems.

    Attributes:
        dimensions: Smallest and largest n.
        degrees: Smallest and largest total degree.
        terms: Smallest and largest number of terms of order three and more.
        closest: The boundary is approached down to a relative distance of 10^−closest.
        inside: Starts lie within this fraction of the certified invariant ball (Lemma 2); above one, some lie outside.
        regimes: The regimes of the step sizes; if there are two, even indices have the small-step one, odd ones the
            other.
        truncated: The share of losses with a truncated power.
        spectrum: The eigenvalues of every Hessian, ascending, if they are not to be random.
    """

    dimensions: tuple[int, int] = (2, 8)
    degrees: tuple[int, int] = (3, 6)
    terms: tuple[int, int] = (1, 20)
    closest: int = 12
    inside: Fraction = Fraction(9, 10)
    regimes: tuple[Regime, ...] = (Regime.SMALL_STEP, Regime.LARGE_STEP)
    truncated: float = _TRUNCATED_SHARE
    spectrum: tuple[fmpq, ...] | None = None

    def regime(self, index: int) -> Regime:
        """Return the regime of the problem of an index."""
        return self.regimes[index % len(self.regimes)]


DEFAULT = Recipe()


def random_problem(seed: int, index: int, recipe: Recipe = DEFAULT) -> Problem:
    """Return the problem of a given index.

    Args:
        seed: The seed of the run.
        index: Its index in the run, from 0; even indices are in the small-step regime, odd ones in the large-step
            regime.
        recipe: What the problems look like.

    Returns:
        A problem that satisfies every assumption of Theorem 1, with a start inside the certified invariant ball.
    """
    return random_instance(seed, index, recipe).problem


def random_instance(seed: int, index: int, recipe: Recipe = DEFAULT) -> Instance:
    """Return the problem of a given index, with its spectrum and its eigenvectors.

    Args:
        seed: The seed of the run.
        index: Its index in the run, from 0.
        recipe: What the problems look like.

    Returns:
        The problem of :func:`random_problem`, and how it was made.
    """
    random = Random(f"gdcheck/{seed}/{index}")
    n = random.randint(*recipe.dimensions) if recipe.spectrum is None else len(recipe.spectrum)
    spectrum = _spectrum(random, n) if recipe.spectrum is None else list(recipe.spectrum)
    rotation = _rotation(random, n) if random.random() < _ROTATED_SHARE else None
    minimizer = None if random.random() < _ORIGIN_SHARE else [fmpq(random.randint(-20, 20), 10) for _ in range(n)]
    degree = random.randint(*recipe.degrees)
    loss = loss_with_spectrum(
        spectrum,
        rotation=rotation,
        minimizer=minimizer,
        higher_terms=_higher_terms(random, n, degree, random.randint(*recipe.terms)),
        truncated=_truncated(random, n, recipe.truncated),
    )
    regime = recipe.regime(index)
    step_size = _step_size(random, spectrum, small=regime is Regime.SMALL_STEP, closest=recipe.closest)
    m = tuple(minimizer) if minimizer is not None else (fmpq(0),) * n
    rho = max(abs(1 - step_size * spectrum[0]), abs(1 - step_size * spectrum[-1]))
    centre = Problem(loss, minimizer=m, step_size=step_size, start=m)
    inside = fmpq(recipe.inside.numerator, recipe.inside.denominator)
    return Instance(
        problem=replace(centre, start=_start(random, centre, rho, inside)),
        spectrum=tuple(spectrum),
        rotation=rotation
        if rotation is not None
        else fmpq_mat(n, n, [int(i == j) for i in range(n) for j in range(n)]),
        regime=regime,
        place=StartPlace.BALL if inside <= 1 else StartPlace.OUTSIDE,
    )


def _spectrum(random: Random, n: int) -> list[fmpq]:
    low = fmpq(random.randint(1, 40), 40)
    high = low + fmpq(random.randint(1, 200), 20)
    # The ends are simple; interior eigenvalues may repeat.
    interior = sorted(fmpq(random.randint(1, 19), 20) for _ in range(n - 2))
    return [low, *(low + (high - low) * t for t in interior), high]


def _rotation(random: Random, n: int) -> fmpq_mat:
    return cayley([fmpq(random.randint(-4, 4), random.randint(2, 5)) for _ in range(n * (n - 1) // 2)], n)


def _higher_terms(random: Random, n: int, degree: int, count: int) -> list[tuple[tuple[int, ...], fmpq]]:
    terms = []
    for k in range(count):
        order = degree if k == 0 else random.randint(3, degree)
        exponents = [0] * n
        for _ in range(order):
            exponents[random.randrange(n)] += 1
        terms.append((tuple(exponents), fmpq(random.choice((-1, 1)) * random.randint(1, 16), 8)))
    return terms


def _truncated(random: Random, n: int, share: float) -> list[TruncatedPower]:
    if random.random() >= share:
        return []
    direction = [fmpq(random.randint(-2, 2)) for _ in range(n)]
    direction[random.randrange(n)] = fmpq(1)
    threshold = fmpq(random.randint(0, 2), 50)
    return [TruncatedPower(fmpq(random.randint(1, 8), 4), tuple(direction), threshold, random.choice((4, 5)))]


def _step_size(random: Random, spectrum: list[fmpq], *, small: bool, closest: int) -> fmpq:
    boundary = 2 / (spectrum[0] + spectrum[-1])
    room = boundary if small else 2 / spectrum[-1] - boundary
    if random.random() < 1 / 2:
        away = boundary * fmpq(random.randint(1, 9), 10 ** random.randint(2, closest))
    else:
        away = room * fmpq(random.randint(1, 18), 20)
    away = min(away, room * fmpq(9, 10))
    return boundary - away if small else boundary + away


def _start(random: Random, centre: Problem, rho: fmpq, inside: fmpq) -> tuple[fmpq, ...]:
    n = centre.dimension
    direction = [fmpq(random.randint(-100, 100)) for _ in range(n)]
    direction[random.randrange(n)] = fmpq(random.choice((-100, 100)))
    radius = ball_radius(centre, rho)
    # ‖direction‖ ≤ ‖direction‖₁, so the start is inside the ball of radius inside · radius.
    length = sum((abs(x) for x in direction), fmpq(0))
    scale = _short(inside * radius / length)
    return tuple(a + scale * x for a, x in zip(centre.minimizer, direction, strict=True))


def ball_radius(problem: Problem, rho: fmpq) -> fmpq:
    """Return the radius of the certified invariant ball in which starts are placed, at most 1.

    Args:
        problem: The problem; its start is not used.
        rho: ρ.

    Returns:
        The radius.
    """
    with ctx.workprec(_BITS):
        radius = invariant_radius(RemainderBound.of(Expansion.of(problem)), arb(rho))
    return fmpq(1) if radius is None else min(fmpq(1), radius)


def _short(q: fmpq) -> fmpq:
    """Return a rational of few digits just below q > 0."""
    power = power_of_two_below(q)
    return power * int(16 * q / power) / 16
