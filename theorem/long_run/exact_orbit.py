"""Exact iterates that come back: a critical point reached, or a periodic orbit, both for ever."""

from __future__ import annotations

from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.outcome import LongRun, Outcome
from gdcheck.theorem.loss.rational import Vector, to_text

_STEPS = 32
_BITS = 2048


def exact_orbit(problem: Problem) -> Outcome | None:
    """Follow a trajectory in exact rationals for a few steps.

    Args:
        problem: The problem; its minimizer is not used.

    Returns:
        The outcome if an iterate occurs twice; else None.
    """
    x = problem.start
    path: list[Vector] = []
    seen: dict[tuple[str, ...], int] = {}
    for k in range(_STEPS):
        key = tuple(map(to_text, x))
        if key in seen:
            return _outcome(tuple(path[seen[key] :]), seen[key])
        seen[key] = k
        path.append(x)
        gradient = problem.loss.gradient(x)
        x = tuple(a - problem.step_size * g for a, g in zip(x, gradient, strict=True))
        if max(a.height_bits() for a in x) > _BITS:
            break
    return None


def _outcome(points: tuple[Vector, ...], step: int) -> Outcome:
    claim = {"kind": "exact-orbit", "step": step, "points": [[to_text(a) for a in p] for p in points]}
    if len(points) == 1:
        sentence = "the start is a critical point: no iterate moves"
        if step:
            sentence = f"the iterates reach a critical point exactly at step {step}, and stay there"
        return Outcome(LongRun.REACHES, sentence, points, exact=True, step=step, factor=0.0, claim=claim)
    since = "" if step == 0 else f"from step {step} on "
    sentence = f"{since}the iterates repeat themselves exactly, with period {len(points)}, for ever"
    # The phase of the points is counted from step 0.
    turn = -step % len(points)
    return Outcome(LongRun.CYCLE, sentence, (*points[turn:], *points[:turn]), exact=True, step=step, claim=claim)
