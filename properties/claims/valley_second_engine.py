"""The second engine in valleys: mpmath's own gradient descent, its own point of arrival, and the spectrum there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from flint import arb, ctx
from mpmath import mp, mpf

from gdcheck.properties.claims.claim import Finding
from gdcheck.properties.claims.examination import require
from gdcheck.properties.strategies.valleys import ValleyInstance
from gdcheck.theorem.loss.balls import ends
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.reference.amplitude import NotSettled
from gdcheck.theorem.reference.smooth_trajectory import SmoothReference
from gdcheck.theorem.reference.spectrum import ReferenceSpectrum
from gdcheck.theorem.reference.trajectory import Point, norm, to_mpf
from gdcheck.theorem.valleys.arrival import iterates
from gdcheck.theorem.valleys.decide import ValleyDecision
from gdcheck.theorem.valleys.problem import ValleyProblem

DIGITS = 60
_MOST_STEPS = 5000
_COMPARED = 24


@dataclass(frozen=True)
class SeenArrival:
    """What mpmath observes.

    Attributes:
        path: The iterates.
        regime: The regime at the point of arrival.
        vector: The limit at even steps.
    """

    path: list[Point]
    regime: Regime
    vector: Point


def sees_the_valley(instance: ValleyInstance, decision: ValleyDecision) -> Finding:
    """Examine whether mpmath sees the same point of arrival, regime and limit, and iterates within the enclosures.

    Args:
        instance: The problem.
        decision: Its decision; a limit is proved.

    Returns:
        The finding.

    Raises:
        NotSettled: If the simulation does not arrive in the steps it has.
    """
    found = decision.arrival
    assert found is not None, "a claim that holds has a limit"
    with mp.workdps(DIGITS):
        seen = follow(instance.problem)
        near = mpf(10) ** -(DIGITS // 2)
        require(seen.regime is found.regime, f"the regime is {seen.regime.value} in mpmath")
        away = norm([a - to_mpf(b) for a, b in zip(seen.path[-1], found.centre, strict=True)])
        require(away <= to_mpf(found.radius) + near, "mpmath arrives outside the ball")
        for x, ball in zip(seen.vector, found.vector, strict=True):
            low, high = map(to_mpf, ends(ball))
            require(low - near <= x <= high + near, "the limit is another one in mpmath")
        with ctx.workprec(decision.precision + 64):
            for x, iterate in islice(zip(seen.path, iterates(instance.problem), strict=False), _COMPARED):
                off = norm([a - to_mpf(ends(arb(c))[0]) for a, c in zip(x, iterate.centre, strict=True)])
                allowed = to_mpf(ends(iterate.drift)[1]) + near
                require(off <= allowed, "an iterate of mpmath lies outside its enclosure", step=iterate.step)
    return Finding(True, None, "both engines have the same limit", decision.verdict.value, found.step)


def follow(problem: ValleyProblem) -> SeenArrival:
    """Run gradient descent until the residuals vanish to three quarters of the digits, and return what it shows.

    Args:
        problem: The problem.

    Returns:
        What is seen.

    Raises:
        NotSettled: If that takes too long.
    """
    residuals = [SmoothReference(residual) for residual in problem.residuals]
    eta, x = to_mpf(problem.rate), [to_mpf(q) for q in problem.start]
    path, late = [], None
    while True:
        path.append(x)
        at = [residual.at(x) for residual in residuals]
        u, rows = [value for value, _ in at], [row for _, row in at]
        size = norm(u)
        if size < mpf(10) ** -(3 * DIGITS // 4):
            break
        if size > mpf(10) ** -(DIGITS // 3):
            late = len(path) - 1, u
        if len(path) > _MOST_STEPS or not mp.isfinite(size):
            raise NotSettled("mpmath does not arrive in the steps it has")
        x = [a - eta * sum(v * row[i] for v, row in zip(u, rows, strict=True)) for i, a in enumerate(x)]
    gram = [[mp.fdot(a, b) for b in rows] for a in rows]
    known = ReferenceSpectrum.of(gram, eta)
    if late is None or len(known.dominant) != 1:
        raise NotSettled("mpmath sees no direction")
    values, vectors = mp.eigsy(mp.matrix(gram))
    index = min(range(len(rows)), key=lambda i: abs(values[i] - known.dominant[0]))
    w = [vectors[i, index] for i in range(len(rows))]
    step, seen = late
    sign = mp.sign(mp.fdot(w, seen)) * (-1 if known.regime is Regime.LARGE_STEP and step % 2 else 1)
    back = [mp.fdot(column, w) for column in zip(*rows, strict=True)]
    length = norm(back)
    return SeenArrival(path, known.regime, [sign * y / length for y in back])
