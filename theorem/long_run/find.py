"""The long run of a trajectory: exact where possible, else found in floats and stated as a claim to be proved."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from math import dist, hypot, isfinite
from typing import TYPE_CHECKING, Any

from flint import fmpq

from gdcheck.theorem.descent.critical_points import is_quadratic, newton
from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.exact import exact_orbit, linear_long_run
from gdcheck.theorem.long_run.growth import Claimed, Growth
from gdcheck.theorem.long_run.outcome import LongRun, Outcome

if TYPE_CHECKING:
    from gdcheck.theorem.long_run.attraction import Attraction

MAX_STEPS = 1_000_000
"""Steps that the exact trajectory may take into a ball or a region from which the rest is proved."""

_STEPS = 60_000
_WORK = 1_500_000
_LONGEST_PERIOD = 64
_SETTLED = 1e-10
_FAR = 1e30
_NO_PROOF = "; in floating point, not proved"


def long_run(problem: Problem, max_steps: int = MAX_STEPS) -> Outcome:
    """Return the long run of a trajectory, for any step size.

    Args:
        problem: The problem. Its minimizer need not be a critical point, unless the loss is quadratic.
        max_steps: Steps allowed on the way into a ball or a region from which the rest is proved.

    Returns:
        The outcome, with a claim to be proved where one was found.
    """
    exact = exact_orbit(problem)
    if exact is not None:
        return exact
    if is_quadratic(problem.loss):
        if any(problem.loss.gradient(problem.minimizer)):
            drift = "the loss has no critical point, and is unbounded below: the iterates leave every bounded set"
            return Outcome(LongRun.DIVERGES, drift)
        found = linear_long_run(problem)
        if found is not None:
            return found
    try:
        return _Look(problem, max_steps).outcome()
    except OverflowError:
        return Outcome(LongRun.UNKNOWN, "it is not examined: the problem holds numbers beyond all floats")


class _Look:
    """A trajectory in floats, until it has settled or gone far."""

    def __init__(self, problem: Problem, max_steps: int) -> None:
        self._problem = problem
        self._max_steps = max_steps
        self._floats = FloatMap(problem.loss, problem.step_size)
        self._path = [[float(a.p) / float(a.q) for a in problem.start]]
        self._period: int | None = None
        self._left = False
        self._walk()

    def _walk(self) -> None:
        """Walk until the path has gone far, or has come back to an earlier point (Brent's way of finding a period)."""
        steps = min(_STEPS, _WORK // (1 + len(self._problem.loss.terms) * self._problem.dimension))
        x = self._path[0]
        saved, since, power, again = x, 0, 1, 0
        for k in range(steps):
            x = self._floats.step(x)
            if not all(isfinite(a) and abs(a) < _FAR for a in x):
                self._left = True
                return
            self._path.append(x)
            since += 1
            near = hypot(*(a - b for a, b in zip(x, saved, strict=True)))
            if near <= _SETTLED * (1e-3 + hypot(*x)) and since <= _LONGEST_PERIOD and k >= again:
                if near == 0 or not self._leaves(x, since):
                    self._period = self._shortest(x, since)
                    return
                # A trajectory that only passes an unstable point is followed further.
                again = k + _LONGEST_PERIOD
            if since == power:
                # The gap grows no further than the longest period that is looked for.
                saved, since, power = x, 0, min(2 * power, _LONGEST_PERIOD)

    def _shortest(self, x: list[float], period: int) -> int:
        """Return the smallest divisor of a period with which the path repeats itself almost as well."""
        near = 10 * _SETTLED * (1e-3 + hypot(*x))
        divisors = (d for d in range(1, period) if period % d == 0 and dist(x, self._path[-1 - d]) <= near)
        return next(divisors, period)

    def _leaves(self, x: list[float], period: int) -> bool:
        from gdcheck.theorem.long_run.attraction import multiplier, orbit  # noqa: PLC0415

        return abs(multiplier(self._floats, orbit(self._floats, x, period))) > 1 + _SETTLED

    def outcome(self) -> Outcome:
        """Return what was observed."""
        if self._left:
            return self._divergence()
        if self._period is None:
            sentence = f"neither a limit nor a cycle showed within {len(self._path) - 1} steps"
            return Outcome(LongRun.UNKNOWN, sentence + _NO_PROOF)
        return self._limit() if self._period == 1 else self._cycle(self._period)

    def _divergence(self) -> Outcome:
        growth = Growth(self._problem)
        minimizer = [float(a.p) / float(a.q) for a in self._problem.minimizer]
        # The claims are about polynomials.
        for k, x in enumerate([] if self._problem.loss.truncated else self._path):
            found = growth.claim([a - m for a, m in zip(x, minimizer, strict=True)]) if k else None
            if found is not None:
                k, (claim, factor) = self._growing(growth, minimizer, dist(x, minimizer), k, found)  # noqa: PLW2901
                name = self._problem.loss.variables[claim["coordinate"]]
                sentence = f"the iterates leave every bounded set: from step {k} on, the error in {name} grows by a "
                sentence += f"factor of {factor:g} at least at every step"
                return Outcome(LongRun.DIVERGES, sentence, step=k, factor=factor, claim=claim)
        far = len(self._path) - 1
        return Outcome(LongRun.DIVERGES, f"the iterates grow beyond {_FAR:g} after step {far}{_NO_PROOF}", step=far)

    def _growing(
        self, growth: Growth, minimizer: list[float], far: float, step: int, seen: Claimed
    ) -> tuple[int, Claimed]:
        """Return the claim for the exact trajectory, if it grows too; else what floats show."""
        from gdcheck.theorem.long_run.entry import entry  # noqa: PLC0415

        found: list[Claimed] = []

        def grows(x: Sequence[float], k: int) -> bool:
            if k and dist(x, minimizer) > 0.9 * far:
                claim = growth.claim([a - m for a, m in zip(x, minimizer, strict=True)])
                found.extend([claim] if claim else [])
            return bool(found)

        entered = entry(self._problem, self._floats, grows, 1e-6 * far, self._max_steps)
        if entered is None:
            return step, (seen[0] | {"step": step, "bits": 0}, seen[1])
        claim, factor = found[0]
        return entered.step, (claim | {"step": entered.step, "bits": entered.bits}, factor)

    def _enters(self, ball: Attraction | None) -> tuple[int | None, dict[str, Any] | None]:
        """Return the step at which the iterates enter a ball, and the claim; without it if only floats show that."""
        from gdcheck.theorem.long_run.entry import entry  # noqa: PLC0415

        if ball is None or self._problem.loss.truncated:
            return None, None
        seen = next((k for k, x in enumerate(self._path) if dist(x, ball.centre) < ball.radius / 2), None)
        if seen is None:
            return None, None
        centre, near = ball.centre, ball.radius / 2
        arrived = entry(
            self._problem, self._floats, lambda x, _: dist(x, centre) < near, ball.radius / 16, self._max_steps
        )
        if arrived is None:
            return seen, ball.claim
        return arrived.step, ball.claim | {"step": arrived.step, "bits": arrived.bits}

    def _limit(self) -> Outcome:
        from gdcheck.theorem.long_run.attraction import attraction, multiplier  # noqa: PLC0415

        located = newton(self._problem.loss, self._path[-1])
        if located is None:
            return Outcome(LongRun.UNKNOWN, f"the iterates settle, at no isolated critical point{_NO_PROOF}")
        there = [float(a.p) / float(a.q) if a.height_bits() < 900 else 0.0 for a in located.point]
        if hypot(*(a - b for a, b in zip(there, self._path[-1], strict=True))) > 1e-4 * (1e-3 + hypot(*there)):
            return Outcome(LongRun.UNKNOWN, f"the iterates hardly move any more, far from a critical point{_NO_PROOF}")
        step, claim = self._enters(attraction(self._problem, self._floats, [there]))
        factor = multiplier(self._floats, [there]).real
        sentence = (
            "the iterates tend to a critical point; in floating point, the multiplier of largest modulus is there "
            f"{factor:.6g}, with which the direction {'alternates' if factor < 0 else 'is fixed'}"
        )
        if abs(factor) > 1 + _SETTLED:
            sentence = (
                f"the iterates come to a critical point that is unstable, with the multiplier {factor:.6g}: without "
                f"rounding almost every start leaves it again{_NO_PROOF}"
            )
        return Outcome(
            LongRun.CONVERGES,
            sentence,
            (located.point,),
            exact=located.exact,
            step=step,
            factor=factor,
            claim=claim,
        )

    def _cycle(self, period: int) -> Outcome:
        from gdcheck.theorem.long_run.attraction import attraction, multiplier, orbit, refine  # noqa: PLC0415

        last = self._path[-1]
        points = refine(self._floats, last, period) or orbit(self._floats, last, period)
        step, claim = self._enters(attraction(self._problem, self._floats, points))
        # The phase of the points is counted from step 0.
        turn = -(len(self._path) - 1) % period
        shown = [tuple(fmpq(*a.as_integer_ratio()) for a in p) for p in islice([*points, *points], turn, turn + period)]
        return Outcome(
            LongRun.CYCLE,
            f"the iterates tend to a cycle of period {period}",
            tuple(shown),
            step=step,
            factor=abs(multiplier(self._floats, points)) ** (1 / period),
            claim=claim,
        )
