r"""What is *observed* of the direction of one trajectory, in mpmath at any precision.

Nothing here is a proof: an observed limit is where the direction, seen from the given minimizer, seems to have settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from mpmath import mp, mpf

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.methods.statement import LimitKind
from gdcheck.theorem.reference.trajectory import Point, iterates, norm, to_mpf

_WINDOW = 12
# For so many steps a direction is to be settled; where a method may turn and the change is exactly zero, for more.
_QUIET, _TURN = 3, 1000
_MOST_DIGITS = 2000
_HALTS = 3
_ELSEWHERE = "the iterates converge to another point than the minimizer, as far as the digits tell: "
_TOO_SMALL = "the iterates reached the minimizer, as far as the digits tell: there is no direction"
_RESTLESS = "the direction does not settle, as far as the digits tell: its change at a step has stopped falling"


@dataclass(frozen=True)
class Observation:
    """What was observed of one trajectory; never a proof.

    Attributes:
        settled: Whether the direction settled within the tolerance.
        kind: Fixed, alternating or two-cycle; None if it did not settle.
        vectors: The observed limit, shape (1, n), or (2, n) for the even and odd steps of a two-cycle; empty if none.
        rate: The measured factor by which the direction error shrinks at each step; None if it is exactly settled or
            unknown.
        steps: Steps made.
        cosines: cos⟨Δx_{k+1}, Δx_k⟩ of the last steps, oldest first.
        digits: Decimal digits of the arithmetic.
        note: Why it ended, as a sentence.
        point: Another point than the minimizer to which the iterates seem to converge, shape (n,); None without one.
    """

    settled: bool
    kind: LimitKind | None
    vectors: tuple[tuple[float, ...], ...]
    rate: float | None
    steps: int
    cosines: tuple[float, ...]
    digits: int
    note: str
    point: tuple[float, ...] | None = None


def observe(problem: Problem, tolerance: float = 1e-16, max_steps: int = 20_000, digits: int = 60) -> Observation:
    """Run gradient descent until the direction has settled.

    The direction counts as settled once its change, extrapolated by the measured rate, has stayed below the tolerance
    for a few steps. Whenever the error has become too small for the digits, they are doubled; but if the change of
    direction has twice not even halved in between, the run ends: at that rate the most digits would not be enough.

    Args:
        problem: The problem.
        tolerance: The direction error to reach.
        max_steps: Steps after which to give up.
        digits: Decimal digits to begin with.

    Returns:
        The observation.
    """

    def minimizer(_: int) -> Point:
        return [to_mpf(q) for q in problem.minimizer]

    return observe_path(
        lambda digits: iterates(problem, digits),
        minimizer,
        tolerance,
        max_steps,
        digits,
        turns=not problem.method.is_plain,
    )


def observe_path(
    follow: Callable[[int], Iterator[Point]],
    minimizer: Callable[[int], Point],
    tolerance: float = 1e-16,
    max_steps: int = 20_000,
    digits: int = 60,
    *,
    turns: bool = False,
) -> Observation:
    """Watch a trajectory until its direction has settled, as ``observe`` does.

    Args:
        follow: The iterates, in an arithmetic of a given number of digits.
        minimizer: The point from which the direction is seen, to a given number of digits, shape (n,).
        tolerance: The direction error to reach.
        max_steps: Steps after which to give up.
        digits: Decimal digits to begin with.
        turns: Whether the method may turn: on a line it then keeps its direction for some steps, and changes it.

    Returns:
        The observation.
    """
    change, restless = mpf("inf"), 0
    while True:
        with mp.workdps(digits):
            seen_from = minimizer(digits)
        watches = {kind: _Watch(tolerance, _TURN if turns else _QUIET) for kind in LimitKind}
        observation = _observe(
            follow(digits), seen_from, watches, tolerance=tolerance, max_steps=max_steps, digits=digits
        )
        if observation.note != _TOO_SMALL or digits >= _MOST_DIGITS:
            return observation
        before, change = change, min(watch.largest for watch in watches.values())
        restless = restless + 1 if 2 * change > before else 0
        if restless == 2:
            return replace(observation, note=_RESTLESS)
        digits *= 2


def _observe(
    path: Iterator[Point],
    minimizer: Point,
    watches: Mapping[LimitKind, _Watch],
    *,
    tolerance: float,
    max_steps: int,
    digits: int,
) -> Observation:
    with mp.workdps(digits):
        smallest = mpf(10) ** (10 - digits) / mpf(tolerance) * (1 + max(abs(m) for m in minimizer))
        recent: deque[Point] = deque(maxlen=_WINDOW)
        directions: deque[Point] = deque(maxlen=3)
        lengths: deque[mpf] = deque(maxlen=_WINDOW)
        halted = 0
        for k, x in enumerate(path):
            h = [a - m for a, m in zip(x, minimizer, strict=True)]
            length = norm(h)
            recent.append(x)
            halted = halted + 1 if len(recent) > 1 and _distance(x, recent[-2], 1) < tolerance * length else 0
            if halted >= _HALTS:
                point = tuple(float(a) for a in x)
                return replace(_ended(recent, k, digits, _ELSEWHERE + _shown(x)), point=point)
            if len(recent) > 2 and x == recent[-3] and x != recent[-2]:
                return _alternation(recent, h, k, digits)
            if length < smallest:
                return _ended(recent, k, digits, _TOO_SMALL)
            if not length < mpf(10) ** 100:
                return _ended(recent, k, digits, "the iterates grew beyond all bounds")
            directions.append([a / length for a in h])
            lengths.append(length)
            if len(directions) == 3:
                before, last, here = directions
                watches[LimitKind.FIXED].see(_distance(here, last, 1))
                watches[LimitKind.ALTERNATING].see(_distance(here, last, -1))
                watches[LimitKind.TWO_CYCLE].see(_distance(here, before, 1))
                # A fixed or alternating direction is also two-periodic: the stronger statements come first.
                # If the error changes its sign, two-step changes are the smaller ones: so a two-cycle is accepted only
                # while successive directions stay apart.
                apart = all(watches[kind].last > 1e6 * tolerance for kind in (LimitKind.FIXED, LimitKind.ALTERNATING))
                for kind, watch in watches.items():
                    believable = apart or kind is not LimitKind.TWO_CYCLE
                    if watch.settled and believable and lengths[-1] < lengths[0]:
                        return Observation(
                            settled=True,
                            kind=kind,
                            vectors=_limits(kind, k, here, last),
                            rate=watch.rate,
                            steps=k,
                            cosines=_cosines(recent),
                            digits=digits,
                            note="settled",
                        )
            if k >= max_steps:
                return _ended(
                    recent,
                    k,
                    digits,
                    f"the direction did not settle within {max_steps} steps; the last iterate is {_shown(x)}",
                )
    raise AssertionError("the iterates do not end")


def _alternation(recent: deque[Point], h: Point, step: int, digits: int) -> Observation:
    """Describe x_k = x_{k−2}, equal to the last digit: the direction has settled, and the iterates have not."""
    here, before = h, [a - (b - c) for a, b, c in zip(h, recent[-1], recent[-2], strict=True)]
    kind = LimitKind.ALTERNATING if all(a == -b for a, b in zip(here, before, strict=True)) else LimitKind.TWO_CYCLE
    units = [[a / mp.sqrt(sum(b * b for b in v)) for a in v] for v in (here, before)]
    return Observation(
        settled=True,
        kind=kind,
        vectors=_limits(kind, step, units[0], units[1]),
        rate=None,
        steps=step,
        cosines=_cosines(recent),
        digits=digits,
        note=f"the iterates alternate exactly between {_shown(recent[-2])} and {_shown(recent[-1])}: no convergence",
    )


def _shown(x: Point) -> str:
    return "(" + ", ".join(mp.nstr(a, 8) for a in x[:8]) + (", …)" if len(x) > 8 else ")")


class _Watch:
    """Watches one kind of change of direction for having settled."""

    def __init__(self, tolerance: float, still: int) -> None:
        self._tolerance, self._still = tolerance, still
        self._changes: deque[mpf] = deque(maxlen=_WINDOW)
        self._quiet = 0
        self.rate: float | None = None

    def see(self, change: mpf) -> None:
        self._changes.append(change)
        first, last = self._changes[0], self._changes[-1]
        calm = False
        if change == 0:
            calm, self.rate = True, None
        elif len(self._changes) == _WINDOW and last < first:
            q = (last / first) ** (mpf(1) / (_WINDOW - 1))
            self.rate = float(q)
            calm = last * q < self._tolerance * (1 - q)
        self._quiet = self._quiet + 1 if calm else 0

    @property
    def last(self) -> mpf:
        return self._changes[-1]

    @property
    def largest(self) -> mpf:
        return max(self._changes, default=mpf("inf"))

    @property
    def settled(self) -> bool:
        # Without a rate the last changes were exactly zero.
        return self._quiet >= (self._still if self.rate is None else _QUIET)


def _limits(kind: LimitKind, step: int, here: Point, last: Point) -> tuple[tuple[float, ...], ...]:
    current, previous = tuple(float(a) for a in here), tuple(float(a) for a in last)
    if kind is LimitKind.TWO_CYCLE:
        return (current, previous) if step % 2 == 0 else (previous, current)
    if kind is LimitKind.ALTERNATING and step % 2:
        return (tuple(-a for a in current),)
    return (current,)


def _distance(u: Point, v: Point, sign: int) -> mpf:
    return mp.sqrt(sum((a - sign * b) ** 2 for a, b in zip(u, v, strict=True)))


def _ended(recent: deque[Point], steps: int, digits: int, note: str) -> Observation:
    return Observation(False, None, (), None, steps, _cosines(recent), digits, note)


def _cosines(recent: deque[Point]) -> tuple[float, ...]:
    """Return the cosines of consecutive updates; an update of length zero has none and is left out."""
    points = list(recent)
    updates = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(points)]
    result = []
    for u, v in pairwise(updates):
        product = mp.sqrt(sum(a * a for a in u) * sum(b * b for b in v))
        if product:
            result.append(float(sum(a * b for a, b in zip(u, v, strict=True)) / product))
    return tuple(result)
