"""The second engine on heavy ball, Nesterov and preconditioners: mpmath's own multipliers, iterates and amplitude."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from flint import arb, ctx, fmpq_mat
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.examination import holds, on_decision, positive, require
from gdcheck.properties.strategies.instance import Instance
from gdcheck.properties.strategies.preconditioned import factor_of
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.decision.state_search import StateSearch
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.sequence import EnclosedIterate
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.reference.amplitude import NotSettled
from gdcheck.theorem.reference.spectrum import half_of_the_digits
from gdcheck.theorem.reference.trajectory import Point, ReferenceMap, iterates, norm, read_mpf, to_mpf

DIGITS = 100
_COMPARED = 24
_MOST_STEPS = 1500
_CALM = mpf(10) ** -4
_BITS = 256


@dataclass(frozen=True)
class SeenMotion:
    """The dominant mode, as mpmath observes it.

    Attributes:
        regime: The regime.
        multipliers: The dominant multiplier, and the other one of its mode.
    """

    regime: Regime
    multipliers: tuple[mpf, mpf]


@on_decision
def sees_the_method(instance: Instance, decision: Decision) -> Finding:
    """Examine whether mpmath sees the regime, the iterates and the sign of the amplitude of a decision.

    Args:
        instance: The problem, with heavy ball, Nesterov or a preconditioner.
        decision: Its decision.

    Returns:
        The finding; it is unresolved where the amplitude does not settle.
    """
    problem = instance.problem
    with mp.workdps(DIGITS):
        seen = seen_motion(problem)
        require(seen.regime is instance.regime, f"the regime is {seen.regime.value} in mpmath")
        errors = [
            [x - to_mpf(m) for x, m in zip(point, problem.minimizer, strict=True)]
            for point in islice(iterates(problem, DIGITS), _MOST_STEPS)
        ]
        for h, enclosure in zip(errors[:_COMPARED], _enclosures(decision), strict=False):
            _inside(h, enclosure)
        if decision.subspace is not None or seen.regime not in {Regime.SMALL_STEP, Regime.LARGE_STEP}:
            return holds(decision, "both engines have the same regime and iterates")
        assert decision.limit is not None, "a claim that holds has a limit"
        require(decision.limit.kind is not LimitKind.ROTATING, "the limit rotates in one engine")
        exact = (factor_of(problem) * fmpq_mat([[x] for x in instance.eigenvector(instance.dominant)])).entries()
        v = [to_mpf(x) for x in exact]
        rows = _preconditioner(problem)
        # The amplitude is that in the inner product of P⁻¹.
        sign = mp.sign(_amplitude(problem, seen, v if rows is None else list(mp.lu_solve(rows, v)), errors))
        along = sum((x * arb(y) for x, y in zip(decision.limit.vectors[0], exact, strict=True)), arb(0))
        require(positive(along * int(sign)), "the limit has the other sign in mpmath")
    return holds(decision, "both engines have the same limit")


def seen_motion(problem: Problem) -> SeenMotion:
    """Find the multipliers of all modes by their characteristic polynomials, and the dominant mode.

    Args:
        problem: A problem with heavy ball, Nesterov or a preconditioner.
    """
    descend, rows = ReferenceMap(problem), _preconditioner(problem)
    operator = mp.matrix(descend.hessian(descend.minimizer))
    if rows is not None:
        # Similar to P∇²f, and symmetric.
        root = mp.cholesky(rows)
        operator = root.T * operator * root
    values = sorted(mp.eigsy(operator, eigvals_only=True))
    beta = _momentum(problem)
    found: list[tuple[mpf, mpf]] = []
    for x in values:
        s = descend.step_size * x
        trace, product = 1 + beta - s, beta
        if problem.method.name == "nesterov":
            trace, product = (1 + beta) * (1 - s), beta * (1 - s)
        root = mp.sqrt(trace * trace - 4 * product)
        roots = ((trace + root) / 2, (trace - root) / 2)
        found.append(roots if abs(roots[0]) >= abs(roots[1]) else roots[::-1])
    largest, near = max(abs(mu) for mu, _ in found), half_of_the_digits()
    dominant = [pair for pair in found if abs(pair[0]) > largest * (1 - near)]
    mu, nu = dominant[0]
    if largest >= 1:
        return SeenMotion(Regime.UNSTABLE, (mu, nu))
    if any(abs(a - b) < mp.sqrt(near) for a, b in dominant):
        return SeenMotion(Regime.BOUNDARY, (mu, nu))
    if all(mp.im(a) for a, _ in dominant):
        return SeenMotion(Regime.ROTATING, (mu, nu))
    if len(dominant) > 1:
        return SeenMotion(Regime.BOUNDARY, (mu, nu))
    return SeenMotion(Regime.SMALL_STEP if mp.re(mu) > 0 else Regime.LARGE_STEP, (mp.re(mu), mp.re(nu)))


def _momentum(problem: Problem) -> mpf:
    return read_mpf(str(problem.method.to_json().get("momentum", "0")))


def _preconditioner(problem: Problem) -> Any:
    """Return P as mpmath's matrix; None for the identity."""
    rows = problem.method.to_json().get("preconditioner")
    return None if rows is None else mp.matrix([[read_mpf(text) for text in row] for row in rows])


def _amplitude(problem: Problem, seen: SeenMotion, v: Point, errors: list[Point]) -> mpf:
    """Return the limit of the amplitude over μᵏ, from the iterates alone, which determine the buffer, too."""
    beta, (mu, nu) = _momentum(problem), seen.multipliers
    ahead = problem.method.name == "nesterov"
    lead, carry = (1 + beta, beta * beta) if ahead else (mpf(1), beta)
    buffer, before, calm = mpf(0), mpf(0), 0
    along = [mp.fdot(v, h) for h in errors]
    for k, (here, after) in enumerate(pairwise(along)):
        size = norm(errors[k])
        if size > mpf(10) ** 6 or not size:
            break
        value = ((mu - beta) * here - carry * buffer) / (mu - nu) / mu**k
        calm = calm + 1 if value and abs(value - before) < _CALM * abs(value) else 0
        if calm > 8:
            return value
        before = value
        pull = (here - after - carry * buffer) / lead
        buffer = beta * buffer + pull
    raise NotSettled("the amplitude did not settle in mpmath")


def _enclosures(decision: Decision) -> list[EnclosedIterate]:
    problem, motion = decision.problem, decision.whole
    assert motion is not None, "a method's decision has its modes"
    search = StateSearch(decision.expansion, problem.method, motion, problem.step_size, 0, _BITS, _BITS)
    sequence = search.sequence(motion, None, _BITS)
    if sequence is None:
        return []
    with ctx.workprec(_BITS):
        return list(islice(sequence.iterates(), _COMPARED))


def _inside(h: Point, enclosure: EnclosedIterate) -> None:
    """Require that an iterate of mpmath lies in the enclosure of the same step."""
    if not enclosure.error.is_finite():
        return
    centre = [to_mpf(ends(x)[0]) for x in enclosure.centre[: len(h)]]
    away = norm([a - c for a, c in zip(h, centre, strict=True)])
    allowed = to_mpf(ends(enclosure.error)[1]) + half_of_the_digits()
    require(away <= allowed, "an iterate of mpmath lies outside its enclosure", step=enclosure.step)
