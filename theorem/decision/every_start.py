r"""Theorem 1 for every start at once: the exceptional set of one loss and one step size is a null set, with proof.

Write :math:`F(h) = Bh - g(h)` around the minimizer, B symmetric with the simple dominant multiplier μ, ρ = |μ| < 1, and
Π the projector onto its line. On the ball of radius r let :math:`\|g(h)\| \le C\|h\|^2` and
:math:`\|\partial g(h)\| \le \Lambda\|h\|` (Lemma 1), with σ = ρ + Cr < 1. Then, for every start in the ball:

1. :math:`\|h_j\| \le P\rho^j r` with :math:`P \ge \exp(Cr/(\rho(1-\sigma)))`, as in the amplitude lemma; so the ball
   lies in the basin, and :math:`\zeta(h) = \lim \mu^{-j}\Pi h_j` exists.
2. By the chain rule along the segment between two starts, :math:`F^j` has the Lipschitz constant
   :math:`\prod_{i<j}(\rho + \Lambda P\rho^i r) \le P'\rho^j` with :math:`P' \ge \exp(\Lambda P r/(\rho(1-\rho)))`.
3. :math:`\zeta - \Pi = -\sum_j \mu^{-(j+1)}\Pi g(h_j)`, so ζ − Π has the Lipschitz constant
   :math:`L = \Lambda P P' r/(\rho(1-\rho))` on the ball.
4. Where L < 1, t ↦ ζ(tv + w) is strictly monotone for every w ⊥ v: the starts with ζ = 0 are the graph of a function of
   w whose slope is at most :math:`L/\sqrt{1-L^2}`, a null set. Every other start of the ball has the theorem's limit.
5. Every start of the basin reaches the ball. Where preimages of null sets are null, those that reach the graph are a
   null set too: almost every start *of the whole basin* has the theorem's limit.

L tends to zero with r, so some ball always serves; the largest that is found with a slope of at most one is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.preimages import Preimages, examine_preimages
from gdcheck.theorem.assumptions.regime import Classification, classify, spectral_failures
from gdcheck.theorem.assumptions.spectrum import Eigenspace, Pencil, gap
from gdcheck.theorem.decision.decide import preimages_undecided
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.descent.remainder import RemainderBound
from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.limit.result import Bounds
from gdcheck.theorem.loss.balls import ball, norm, surely_less
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.methods.statement import (
    AS_PREDICTED,
    EXTREME,
    NO_HESSIAN,
    THEOREM_1,
    Assumption,
    Prediction,
    Regime,
    not_applicable,
)

PRECISION = 256
# More bits make numbers that are too long for a certificate.
_MOST_PRECISION = 4096
_FARTHEST = 1 << 14
_REFINEMENTS = 6
# L/√(1 − L²) ≤ 1 where L² ≤ 1/2.
STEEPEST = (arb(1) - arb(2) ** -16) / 2
# The slope is stated to nine digits.
_NARROW = fmpq(1, 10**14)
_ONE, _ZERO = arb(1), fmpq(0)


@dataclass(frozen=True, eq=False, kw_only=True)
class ExceptionalGraph:
    """The starts of a ball that a theorem leaves out: a Lipschitz graph over the hyperplane orthogonal to v.

    Attributes:
        radius: The ball's radius r; None if every ball serves, as for a quadratic loss.
        slope: A bound of its slope, an enclosure.
        normal: v, an enclosure of a unit eigenvector of the dominant eigenvalue, shape (n,); empty if only the
            minimizer itself is left out.
        vector: A dyadic vector near v, shape (n,).
        gap: γ > 0 such that no other eigenvalue lies within γ of the interval of the dominant one.
    """

    radius: fmpq | None
    slope: arb
    normal: tuple[arb, ...] = ()
    vector: tuple[fmpq, ...] = ()
    gap: fmpq = _ZERO


@dataclass(frozen=True, eq=False, kw_only=True)
class ExceptionalSet(ExceptionalGraph):
    """The starts that Theorem 1 leaves out.

    Attributes:
        sigma: σ, an enclosure.
        lipschitz: L, an enclosure; zero for a quadratic loss, whose exceptional set is the hyperplane itself.
        classification: Spectrum and regime, to the precision that was used.
    """

    sigma: arb
    lipschitz: arb
    classification: Classification


@dataclass(frozen=True, eq=False)
class EveryStart:
    """The verdict of Theorem 1 on a loss and a step size, for almost every start of the basin.

    Attributes:
        problem: Loss, minimizer and step size.
        verdict: Proved, not applicable or unresolved.
        reason: One sentence.
        classification: Spectrum and regime; None if the Hessian does not exist.
        fails: The assumptions that are proved to fail.
        preimages: The finding on preimages of null sets; None if it was not examined.
        prediction: The limit that almost every start has; None unless the verdict is proved.
        exceptional: The exceptional set in a ball; None unless the verdict is proved.
    """

    problem: EveryStartProblem
    verdict: Verdict
    reason: str
    classification: Classification | None = None
    fails: tuple[Assumption, ...] = ()
    preimages: Preimages | None = None
    prediction: Prediction | None = None
    exceptional: ExceptionalSet | None = None


def decide_every_start(problem: Problem) -> EveryStart:
    """Decide Theorem 1 for almost every start of the basin of one minimizer.

    Args:
        problem: Loss, minimizer and step size; the start is not looked at.

    Returns:
        The verdict.

    Raises:
        InputError: If the minimizer is not a critical point.
    """
    whole = EveryStartProblem.of(problem)
    if not whole.method.is_plain:
        raise InputError("method", f"{whole.method.name} is decided by decide_method_every_start")
    expansion = Expansion.of(whole)
    fails = [Assumption.SMOOTHNESS] if any(t.power <= 3 for t in expansion.truncated) else []
    if expansion.hessian is None:
        return EveryStart(whole, Verdict.NOT_APPLICABLE, NO_HESSIAN, fails=(Assumption.SMOOTHNESS,))
    pencil = Pencil(expansion.hessian)
    found = classify(pencil, whole.step_size, PRECISION)
    if found.regime is None:
        failing = (*fails, Assumption.STRICT_MINIMUM)
        return EveryStart(whole, Verdict.NOT_APPLICABLE, found.why_not_strict, found, failing)
    fails += spectral_failures(found)
    preimages = None if found.regime is Regime.UNSTABLE else examine_preimages(expansion)
    if preimages is not None and preimages.holds is False:
        fails.append(Assumption.NULL_PREIMAGES)
    if fails:
        reason = not_applicable(a.sentence for a in fails)
        return EveryStart(whole, Verdict.NOT_APPLICABLE, reason, found, tuple(fails), preimages)
    if preimages is None or preimages.holds is None:
        reason = preimages_undecided(expansion)
        return EveryStart(whole, Verdict.UNRESOLVED, reason, found, preimages=preimages)
    exceptional = exceptional_set(expansion)
    if exceptional is None:
        reason = "no ball was found in which the exceptional set is a graph: its radius would be below 2^-16384;"
        reason += " a --start decides one trajectory"
        return EveryStart(whole, Verdict.UNRESOLVED, reason, found, preimages=preimages)
    prediction = THEOREM_1.predictions[found.regime]
    said = AS_PREDICTED.format(prediction.kind.value, EXTREME[prediction.end])
    reason = f"from almost every start of the basin {said}"
    return EveryStart(whole, Verdict.PROVED, reason, found, (), preimages, prediction, exceptional)


def exceptional_set(expansion: Expansion) -> ExceptionalSet | None:
    """Find a ball in which the starts with ζ = 0 are a Lipschitz graph of slope at most one.

    Args:
        expansion: A C² loss at its minimizer, with positive eigenvalues, simple ends, and a small or large step.

    Returns:
        The set, with the largest radius found; None if no ball of radius at least 2^-16384 serves.
    """
    assert expansion.hessian is not None
    pencil = Pencil(expansion.hessian)
    for precision in doubling():
        found = classify(pencil, expansion.step_size, precision)
        (end,) = found.dominant_ends
        index = found.index(end)
        eigenvalue, apart = found.eigenvalues[index], gap(found.eigenvalues, index)
        (vector,) = pencil.eigenvectors(eigenvalue, precision)
        with ctx.workprec(precision):
            rho = abs(ball(*(1 - expansion.step_size * x for x in (eigenvalue.lo, eigenvalue.hi))))
            deviation = Eigenspace(end, eigenvalue, apart, fmpq_mat([vector]).transpose()).deviation(expansion.hessian)
            if not narrow(rho, deviation):
                continue
            shape = GraphShape(RemainderBound.of(expansion), rho, lipschitz_factor(expansion))
            radius = None if is_linear(expansion) else largest_radius(shape.serves)
            if radius is None and not is_linear(expansion):
                return None
            sigma, lipschitz = (rho, arb(0)) if radius is None else shape.at(radius)
            return ExceptionalSet(
                radius=radius,
                sigma=sigma,
                lipschitz=lipschitz,
                slope=slope_of(lipschitz),
                normal=unit_vector(vector, deviation),
                vector=tuple(vector),
                gap=apart,
                classification=found,
            )
    return None


def is_linear(expansion: Expansion) -> bool:
    """Whether the gradient is linear, so that every ball serves."""
    return not expansion.higher_terms and not expansion.truncated


def slope_of(lipschitz: arb) -> arb:
    """L/√(1 − L²)."""
    return lipschitz / (1 - lipschitz**2).sqrt()


def narrow(rho: arb, deviation: arb) -> bool:
    """Say whether ρ and an eigenspace are known well enough for a slope of nine digits."""
    return surely_less(rho.rad(), rho * (1 - rho) * _NARROW) and surely_less(deviation, arb(_NARROW))


def doubling() -> Iterator[int]:
    """Yield the precisions that are tried."""
    precision = PRECISION
    while precision <= _MOST_PRECISION:
        yield precision
        precision *= 2


def unit_vector(vector: list[fmpq], deviation: arb) -> tuple[arb, ...]:
    """Enclose the unit eigenvector near a vector W: the sine of their angle is at most Davis and Kahan's bound.

    ``deviation`` is at least that bound s, and two unit vectors at an acute angle t differ by at most √2 sin t.
    """
    length = norm(arb(x) for x in vector)
    spread = arb(0).union((2 * deviation**2).sqrt())
    return tuple(arb(x) / length + spread.union(-spread) for x in vector)


def lipschitz_factor(expansion: Expansion) -> int:
    """max(4, D) of docs/certificate.md, *Remainder*: ‖∂g(h)‖ ≤ max(4, D) C(r) ‖h‖ on the ball of radius r."""
    degree = max((sum(a) for a, _ in expansion.higher_terms), default=2)
    return max(4, degree - 1, *(t.power - 1 for t in expansion.truncated))


class QuadraticBound(Protocol):
    """A bound of the remainder."""

    def quadratic(self, radius: arb) -> arb:
        """Return C(r): ‖g(h)‖ ≤ C(r)‖h‖² for ‖h‖ ≤ r."""


@dataclass(frozen=True, eq=False)
class GraphShape:
    """σ and L as functions of the radius.

    Attributes:
        bound: The remainder bound.
        rho: ρ.
        factor: max(4, D).
        powers: K_h, for a method with a buffer (docs/methods.md, *Almost every start*): the ball of states has K_h
            times the radius.
        pull: K_g, by which the remainder enters.
        ratio: What a gradient adds to the amplitude by the amplitude's weight of h, times K_h/K_g.
    """

    bound: QuadraticBound
    rho: arb
    factor: int
    powers: arb = _ONE
    pull: arb = _ONE
    ratio: arb = _ONE

    def at(self, radius: fmpq) -> tuple[arb, arb]:
        """σ and L; L is infinite where the argument does not apply."""
        found = self.bounds(radius)
        if found is None:
            return arb("inf"), arb("inf")
        y = self.factor * found.C * found.radius * found.P / (self.rho * (1 - self.rho))
        return found.sigma, self.ratio * y * (1 + y + y * y) if surely_less(y, arb(1)) else arb("inf")

    def bounds(self, radius: fmpq) -> Bounds | None:
        """Return what the amplitude lemma says of every start in the ball."""
        r = self.powers * arb(radius)
        return bounds_from(self.rho, self.pull * self.bound.quadratic(r), r)

    def serves(self, radius: fmpq) -> bool:
        """Whether the exceptional set in the ball of this radius is proved to be a graph of slope at most one."""
        return surely_less(self.at(radius)[1] ** 2, STEEPEST)


def largest_radius(serves: Callable[[fmpq], bool]) -> fmpq | None:
    """Return the largest radius found that serves, a dyadic number of few digits; what serves, serves within."""
    reach = 1
    if serves(fmpq(1)):
        while serves(fmpq(2) ** reach) and reach < _FARTHEST:
            reach *= 2
        low, high = reach // 2, reach
    else:
        while not serves(fmpq(2) ** -reach):
            reach *= 2
            if reach > _FARTHEST:
                return None
        low, high = -reach, -(reach // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if serves(fmpq(2) ** middle) else (low, middle)
    radius, part = fmpq(2) ** low, fmpq(2) ** low
    for _ in range(_REFINEMENTS):
        part /= 2
        if serves(radius + part):
            radius += part
    return radius
