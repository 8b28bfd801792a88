"""Lemma 2: small balls around the minimizer are forward invariant."""

from itertools import pairwise

from flint import arb, fmpq
from mpmath import mp

from gdcheck.properties.claims.claim import Claim, Finding
from gdcheck.properties.claims.examination import holds, midpoint, on_decided, require, up_to_rounding
from gdcheck.properties.claims.points import image, unit_vectors
from gdcheck.properties.claims.specified import as_mpf, specified_constant
from gdcheck.properties.claims.trajectory import remainder_bound, walk
from gdcheck.properties.strategies.instance import Instance
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.invariant_ball import invariant_radius
from gdcheck.theorem.loss.balls import at_most
from gdcheck.theorem.loss.rational import Vector, dot

_SCALES = (fmpq(1), fmpq(1, 2), fmpq(1, 64))
_WALKED = 24


@on_decided
def _examine(instance: Instance, decision: Decision) -> Finding:
    rho, start = instance.rho, instance.problem.displacement
    bound = remainder_bound(instance)
    largest = invariant_radius(bound, arb(rho))
    epsilon = fmpq(1) if largest is None else largest
    growth = specified_constant(instance.problem, epsilon) * as_mpf(epsilon)
    require(growth < as_mpf(1 - rho), "ρ + C(ε)ε is not below one", float(1 - growth / as_mpf(1 - rho)))
    worst = fmpq(0)
    for k, u in enumerate(unit_vectors(instance)):
        worst = max(worst, _contraction(instance, tuple(epsilon * _SCALES[k % 4 % 3] * x for x in u)))
    require(dot(start, start) <= epsilon**2, "the start is not in the ball in which it was placed")
    worst = max(worst, _contraction(instance, start))
    for before, after in pairwise(walk(instance, 0, _WALKED)):
        factor, most = after.length / before.length, rho + bound.quadratic(before.length) * before.length
        left, kept = (midpoint(x / arb(1 - rho)) for x in (most - factor, 1 - after.length / arb(epsilon)))
        outwards = "the trajectory contracts by less than ρ + C(‖h‖)‖h‖"
        require(at_most(factor, up_to_rounding(most)), outwards, left, step=after.step)
        require(at_most(after.length, arb(epsilon)), "the trajectory leaves the ball", kept, step=after.step)
    return holds(decision, "mapped into itself", _left(worst, rho))


def _contraction(instance: Instance, h: Vector) -> fmpq:
    """Return the quotient ‖F(h)‖²/‖h‖², which must be below one."""
    after = image(instance, h)
    share = dot(after, after) / dot(h, h)
    require(share < 1, f"F leads outwards from h = [{', '.join(map(str, h))}]", _left(share, instance.rho))
    return share


def _left(share: fmpq, rho: fmpq) -> float:
    """Return the share of the contraction 1 − ρ that is left; the lemma needs a positive one."""
    with mp.workdps(60):
        return float((1 - mp.sqrt(as_mpf(share))) / as_mpf(1 - rho))


CLAIM = Claim(
    name="invariance",
    sentence="Small balls around the minimizer are never left (Lemma 2).",
    statement="On the certified ball of radius ε, ρ + C(ε)ε < 1; exact points on its sphere and inside it are mapped"
    " nearer to the minimizer, and the trajectory, enclosed, contracts by ρ + C(‖h‖)‖h‖ at every step (compared up to"
    " 2⁻¹²⁸, for a quadratic attains it).",
    examine=_examine,
    margin="the smallest contraction 1 − ‖F(h)‖/‖h‖ found, as a share of 1 − ρ",
    cost=2,
)
