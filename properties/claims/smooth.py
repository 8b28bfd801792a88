"""Theorem 1 and Lemma 1 on smooth losses that are not polynomials, whose minimizer gdcheck has to find."""

from __future__ import annotations

from math import log2
from typing import Any

from flint import arb, arb_mat, fmpq
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import (
    MOST_MARGIN,
    PRECISIONS,
    equals,
    holds,
    on_decision,
    positive,
    require,
    unresolved,
)
from gdcheck.properties.claims.undecided import CLAIM_STEPS, Undecided
from gdcheck.properties.strategies.smooth import SmoothInstance, smooth_problems
from gdcheck.theorem.certificate.kinds.smooth import smooth_certificate
from gdcheck.theorem.certificate.rechecking import check
from gdcheck.theorem.decision.smooth import SmoothDecision, decide_smooth
from gdcheck.theorem.decision.verdict import Verdict
from gdcheck.theorem.limit.result import Cone, LimitDirection
from gdcheck.theorem.loss.balls import ends, norm, surely_less
from gdcheck.theorem.methods.statement import Assumption, LimitKind, Regime
from gdcheck.theorem.reference.smooth_trajectory import SmoothReferenceMap
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum
from gdcheck.theorem.reference.trajectory import Point, to_mpf
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward

DIGITS = 60
_FOLLOWED = 41
_POINTS = 6
_KINDS = {Regime.SMALL_STEP: LimitKind.FIXED, Regime.LARGE_STEP: LimitKind.ALTERNATING}


def examine_limit(instance: SmoothInstance) -> Finding:
    """Examine whether the limit is the prescribed eigenvector, on the side of the start; on the boundary, whether none.

    Args:
        instance: The problem.

    Returns:
        The finding; its margin is log₂(amplitude/tail).
    """
    decision = decide_smooth(instance.problem, max_steps=CLAIM_STEPS)
    return on_decision(_boundary if instance.regime is Regime.BOUNDARY else _limit)(instance, decision)


def _limit(instance: SmoothInstance, decision: SmoothDecision) -> Finding:
    if decision.verdict is Verdict.UNRESOLVED or decision.limit is None:
        return unresolved(decision, decision.reason)
    require(decision.verdict is Verdict.PROVED, f"the verdict is {decision.verdict.value}: {decision.reason}")
    failure = check(smooth_certificate(decision))
    require(failure is None, f"the independent checker rejects the certificate: {failure}")
    _at_the_point(instance, decision)
    require(decision.regime is instance.regime, f"found {decision.regime}, not {instance.regime.value}")
    require(decision.limit.kind is _KINDS[instance.regime], f"the limit is {decision.limit.kind.value}")
    for x, v in zip(decision.limit.vectors[0], instance.predicted, strict=True):
        require(equals(x, v), "the limit is not the prescribed eigenvector, with the sign of the start")
    return holds(decision, "the predicted limit", _margin(decision))


def _boundary(instance: SmoothInstance, decision: SmoothDecision) -> Finding:
    """Where the Hessian is known exactly, the boundary is told, with proof; elsewhere neither of its sides."""
    _at_the_point(instance, decision)
    if decision.exact is not None:
        require(decision.regime is Regime.BOUNDARY, f"on the boundary the regime is {decision.regime}")
        require(Assumption.OFF_BOUNDARY in decision.fails, "the step size is said to be off the boundary")
        failure = check(smooth_certificate(decision))
        require(failure is None, f"the independent checker rejects the certificate: {failure}")
        return holds(decision, "the boundary is told")
    require(decision.verdict is Verdict.UNRESOLVED, f"on the boundary the verdict is {decision.verdict.value}")
    require(decision.regime is None, f"on the boundary the regime is {decision.regime}")
    return holds(decision, "neither side of the boundary is told")


def _at_the_point(instance: SmoothInstance, decision: SmoothDecision) -> None:
    """Require that the minimizer's ball holds the prescribed one, and the intervals the prescribed spectrum."""
    found = decision.minimizer
    if found is None:
        raise Undecided("no minimizer was enclosed")
    away = norm(arb(x) - arb(m) for x, m in zip(found.centre, instance.point, strict=True))
    require(positive(arb(found.radius) + arb(2) ** -190 - away), "the ball does not hold the prescribed minimizer")
    for value, expected in zip(found.spectrum.values, instance.spectrum, strict=True):
        require(equals(value, expected), "an eigenvalue is not the prescribed one")


def _margin(decision: SmoothDecision) -> float:
    assert decision.amplitude is not None
    numbers = decision.amplitude.inequality
    if isinstance(numbers, Cone) or not numbers.tail.upper() > 0:
        return MOST_MARGIN
    ratio = min(float((a.lower() / numbers.tail.upper()).mid()) for a in numbers.amplitudes)
    return min(MOST_MARGIN, log2(ratio))


def sees_the_direction(instance: SmoothInstance, decision: SmoothDecision) -> Finding:
    """Examine whether mpmath has the same minimizer, spectrum, regime and sign of the amplitude.

    Args:
        instance: The problem.
        decision: Its decision.

    Returns:
        The finding.
    """
    with mp.workdps(DIGITS):
        descend = SmoothReferenceMap(instance.problem)
        centre, matrix = _own_minimizer(descend, [to_mpf(m) for m in instance.point])
        off = max(abs(a - to_mpf(m)) for a, m in zip(centre, instance.point, strict=True))
        require(off < mpf(10) ** -(DIGITS // 2), "mpmath has another minimizer")
        values, vectors = mp.eigsy(mp.matrix(matrix))
        near = mpf(10) ** -(DIGITS // 3)
        for value, expected in zip(sorted(values), instance.spectrum, strict=True):
            require(abs(value - to_mpf(expected)) < near, "mpmath has another eigenvalue")
        if decision.limit is None:
            return holds(decision, "both engines have the same spectrum")
        known = ReferenceSpectrum.of(matrix, to_mpf(instance.problem.step_size))
        require(known.regime is decision.regime, f"the regime is {known.regime} in mpmath")
        x = [to_mpf(q) for q in instance.problem.start]
        for _ in range(_FOLLOWED):
            x = descend(x)
        h = [a - b for a, b in zip(x, centre, strict=True)]
        if known.regime is Regime.BOUNDARY:
            _same_sides(decision.limit, (values, vectors), h)
            return holds(decision, "both engines have the same sides of both eigenvectors")
        index = min(range(len(values)), key=lambda i: abs(values[i] - known.dominant[0]))
        v = [vectors[i, index] for i in range(len(values))]
        parity = -1 if known.regime is Regime.LARGE_STEP and _FOLLOWED % 2 else 1
        sign = mp.sign(mp.fdot(v, h)) * parity
        for a, ball in zip(v, decision.limit.vectors[0], strict=True):
            low, high = map(to_mpf, ends(ball))
            require(low - near <= sign * a <= high + near, "the limit is another one in mpmath")
    return holds(decision, "both engines have the same limit")


def _same_sides(limit: LimitDirection, spectrum: tuple[Any, Any], h: Point) -> None:
    """Require that the limit at even steps is on the side of the iterate at both ends of the spectrum."""
    values, vectors = spectrum
    even = [mp.mpf(float(x.mid())) for x in limit.vectors[0]]
    for sign, pick in ((1, min), (-1, max)):
        index = pick(range(len(values)), key=lambda i: values[i])
        v = [vectors[i, index] for i in range(len(values))]
        seen = mp.fdot(v, h) * (sign if _FOLLOWED % 2 else 1)
        require(mp.sign(seen) == mp.sign(mp.fdot(v, even)), "the limit has another side in mpmath")


def _own_minimizer(descend: SmoothReferenceMap, near: Point) -> tuple[Point, list[list[mpf]]]:
    """Return mpmath's own zero of the gradient, by Newton's method, and the Hessian there, by differences."""
    x = near
    for _ in range(6):
        step = mp.lu_solve(mp.matrix(_differences(descend, x)), mp.matrix(descend.gradient(x)))
        x = [a - b for a, b in zip(x, step, strict=True)]
    return x, _differences(descend, x)


def _differences(descend: SmoothReferenceMap, x: Point) -> list[list[mpf]]:
    small, rows = mpf(10) ** -(DIGITS // 3), []
    for i in range(len(x)):
        up, down = ([a + sign * small * (i == j) for j, a in enumerate(x)] for sign in (1, -1))
        pairs = zip(descend.gradient(up), descend.gradient(down), strict=True)
        rows.append([(a - b) / (2 * small) for a, b in pairs])
    return [[(rows[i][j] + rows[j][i]) / 2 for j in range(len(x))] for i in range(len(x))]


def examine_remainder(instance: SmoothInstance) -> Finding:
    """Examine Lemma 1's two bounds at points of the ball of the start, with the constant that the proofs use.

    Args:
        instance: The problem.

    Returns:
        The finding; its margin is the smallest log₂(bound/value).
    """
    decision = SmoothDecision(instance.problem, Verdict.PROVED, "", PRECISIONS[0])
    return on_decision(_remainder)(instance, decision)


def _remainder(instance: SmoothInstance, decision: SmoothDecision) -> Finding:
    loss, eta, hessian = instance.problem.loss, arb(instance.problem.step_size), arb_mat(instance.hessian)
    n, margin = loss.dimension, MOST_MARGIN
    centre = [arb(m) for m in instance.point]
    radius = norm(map(arb, instance.away))
    third = bounds_on_ball(loss, centre, radius + arb(2) ** -60).third
    for k in range(_POINTS):
        h = [x * fmpq((-1) ** (k * i) * (k + 1), _POINTS) for i, x in enumerate(instance.away)]
        size = norm(map(arb, h))
        at = Forward.of(loss, [m + arb(x) for m, x in zip(centre, h, strict=True)], 2)
        linear = (hessian * arb_mat(n, 1, list(map(arb, h)))).entries()
        g = norm(eta * (a - b) for a, b in zip(at.gradient(), linear, strict=True))
        # A lower bound of the derivative's norm: its length along the start.
        turned = (at.hessian() - hessian) * arb_mat(n, 1, [arb(x) / radius for x in instance.away])
        slope = norm(eta * x for x in turned.entries())
        # Where the minimizer is irrational, it is known to 2^-200.
        for value, bound in ((g, eta * third * size**2 / 2), (slope, eta * third * size)):
            room = bound + arb(2) ** -150
            require(positive(room - value), "a bound of Lemma 1 is exceeded")
            if surely_less(arb(2) ** -140, value):
                margin = min(margin, log2(float((bound / value).mid())))
    return holds(decision, "both bounds hold", margin)


SMOOTH = Claim(
    name="smooth",
    sentence="Theorem 1 holds of C³ losses that are not polynomials, whose minimizer nobody knows: a fixed direction"
    " below 2/(λ₁+λₙ), an alternating one above (Theorem 1; docs/smooth.md).",
    statement="From ½hᵀAh plus softplus, tanh, exp, log-sum-exp and others less their expansions to second order around"
    " a rational or irrational minimizer that is not told: the minimizer's ball holds it, the intervals hold the"
    " spectrum of A, and the limit at even steps is the eigenvector of λ₁, fixed, or of λₙ, alternating, with the sign"
    " of the start's component along it; exactly on the boundary no side is told. The independent checker accepts the"
    " certificate.",
    regimes=(Regime.SMALL_STEP, Regime.LARGE_STEP, Regime.BOUNDARY),
    instances=smooth_problems,
    examine=examine_limit,
    margin="log₂(amplitude/tail)",
    second=on_decision(sees_the_direction),
    cost=10,
)

REMAINDER = Claim(
    name="smooth-remainder",
    sentence="What gradient descent does beside its linear part is of second order for smooth losses, too (Lemma 1).",
    statement="With g(h) = −η(∇f(x*+h) − Ah) and the constant T of the proofs on the ball of the start, ‖g(h)‖ ≤"
    " (η/2)T‖h‖² and ‖∂g(h)u‖ ≤ ηT‖h‖ at points of the ball, for the prescribed A and minimizer.",
    instances=smooth_problems,
    examine=examine_remainder,
    margin="log₂(bound/value)",
    cost=2,
)
