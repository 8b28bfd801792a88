"""Lemma 2: small balls around the minimizer are forward invariant."""

from functools import partial
from itertools import pairwise

from flint import arb, ctx, fmpq
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import STEPS, Claim, Finding
from gdcheck.properties.claims.remainder import specified_constant
from gdcheck.properties.claims.tools import (
    BITS,
    Vector,
    dot,
    found,
    image,
    middle,
    on_decided,
    require,
    unit_vectors,
    walk,
)
from gdcheck.properties.strategies.instance import Instance, StartPlace
from gdcheck.properties.strategies.problems import problems
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.descent.remainder import RemainderBound

_SCALES = (fmpq(1), fmpq(1, 2), fmpq(1, 64))
_WALKED = 24


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    rho = instance.rho
    with ctx.workprec(BITS):
        largest = invariant_radius(RemainderBound.of(Expansion.of(instance.problem)), arb(rho))
    epsilon = fmpq(1) if largest is None else largest
    growth = specified_constant(instance.problem, epsilon) * _mpf(epsilon)
    require(growth < _mpf(1 - rho), "ρ + C(ε)ε is not below one", float(1 - growth / _mpf(1 - rho)))
    worst = fmpq(0)
    for k, u in enumerate(unit_vectors(instance)):
        worst = max(worst, _contraction(instance, tuple(epsilon * _SCALES[k % 4 % 3] * x for x in u)))
    inside = dot(instance.problem.displacement, instance.problem.displacement) <= epsilon**2
    require(inside, "the start is not in the ball in which it was placed")
    worst = max(worst, _contraction(instance, instance.problem.displacement))
    for before, after in pairwise(walk(instance, 0, _WALKED)):
        with ctx.workprec(BITS):
            left, kept = ((1 - after.length / most) / arb(1 - rho) for most in (before.length, arb(epsilon)))
            length, step = after.length.lower(), after.step
            require(not length > before.length.upper(), f"step {step} leads outwards", middle(left))
            require(length <= arb(epsilon), f"the trajectory leaves the ball at step {step}", middle(kept))
    return found(decision, "mapped into itself", _left(worst, rho))


def _contraction(instance: Instance, h: Vector) -> fmpq:
    """‖F(h)‖²/‖h‖², which must be below one."""
    after = image(instance, h)
    share = dot(after, after) / dot(h, h)
    require(share < 1, f"F leads outwards from h = [{', '.join(map(str, h))}]", _left(share, instance.rho))
    return share


def _left(share: fmpq, rho: fmpq) -> float:
    """What is left of the contraction 1 − ρ that ρ alone would leave; the lemma needs more than nothing of it."""
    return float((1 - _root(share)) / _mpf(1 - rho))


def _root(q: fmpq) -> mpf:
    with mp.workdps(60):
        return mp.sqrt(_mpf(q))


def _mpf(q: fmpq) -> mpf:
    with mp.workdps(60):
        return mpf(int(q.p)) / int(q.q)


CLAIM = Claim(
    name="invariance",
    sentence="Small balls around the minimizer are never left (Lemma 2).",
    statement="On the certified ball of radius ε, ρ + C(ε)ε < 1; exact points on its sphere and inside it are mapped"
    " nearer to the minimizer, and the trajectory, enclosed, never moves away from it.",
    kind="proved",
    regimes=STEPS,
    instances=partial(problems, place=StartPlace.BALL),
    examine=_examine,
    margin="the smallest contraction 1 − ‖F(h)‖/‖h‖ found, as a share of 1 − ρ",
    cost=2,
)
