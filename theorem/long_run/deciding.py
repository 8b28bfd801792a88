"""Decides the theorem at the point that a trajectory tends to: a rational critical point, or an enclosed one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gdcheck.theorem.decision import decide as engine
from gdcheck.theorem.decision.decide import MAX_STEPS, Decision
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.long_run.locate import Location, find_minimizer, method_ahead
from gdcheck.theorem.long_run.outcome import LongRun, Outcome
from gdcheck.theorem.loss.rational import Vector
from gdcheck.theorem.methods.statement import THEOREM_1, Statement
from gdcheck.theorem.smooth.problem import EveryStartSmoothProblem, smooth_everywhere, smooth_instead

if TYPE_CHECKING:
    from gdcheck.theorem.decision.smooth import SmoothDecision


@dataclass(frozen=True, eq=False)
class LocatedDecision:
    """A problem with an exact loss, decided where its trajectory tends to.

    Attributes:
        location: The rational critical point, or what was found instead.
        exact: The decision at it, and the long run of the trajectory; None without such a point.
        enclosed: The decision at an enclosed point, or with the reason why there is none; None if a rational point was
            found, or if no point can be enclosed (truncated powers, other methods or statements).
    """

    location: Location
    exact: tuple[Decision, Outcome] | None = None
    enclosed: SmoothDecision | None = None


def decide_located(
    problem: Problem, near: Vector | None = None, statement: Statement = THEOREM_1, **budget: Any
) -> LocatedDecision:
    """Decide a problem at its minimizer, or at the critical point that its trajectory tends to.

    Args:
        problem: The problem.
        near: A point near which the critical point is searched for, shape (n,); without it, and without a minimizer,
            the trajectory is followed.
        statement: The statement to decide.
        **budget: The further arguments of ``decide``: ``max_steps``, ``max_precision``, ``precision``, ``cones``.

    Returns:
        The decision.

    Raises:
        InputError: If a minimizer is given that is not a critical point.
    """
    location, max_steps = find_minimizer(problem, near), budget.get("max_steps", MAX_STEPS)
    if location.problem is None:
        return LocatedDecision(location, enclosed=_enclosed(problem, near, budget) if statement is THEOREM_1 else None)
    there: Problem | None = location.problem
    while there is not None:
        here = there
        decision = engine.decide(here, statement, **budget)
        outcome = outcome_of(here, decision, max_steps)
        # The first steps may mislead: then the trajectory tends to another rational critical point.
        searched = here is location.problem and location.how != "given" and near is None
        there = tends_elsewhere(here, outcome) if searched else None
    return LocatedDecision(replace(location, problem=here), exact=(decision, outcome))


def _enclosed(problem: Problem, near: Vector | None, budget: dict[str, Any]) -> SmoothDecision | None:
    smooth = smooth_instead(problem, near)
    if smooth is None:
        return None
    # Imported here, because it loads NumPy, which exact losses do not need.
    from gdcheck.theorem.decision.enclosed.method import decide_enclosed  # noqa: PLC0415

    return decide_enclosed(smooth, **{name: budget[name] for name in ("max_steps", "max_precision") if name in budget})


def enclosed_everywhere(problem: Problem, location: Location) -> EveryStartSmoothProblem | None:
    """Return a problem about almost every start at a minimizer that is not rational.

    Args:
        problem: The problem.
        location: What was found instead of a rational minimizer.

    Returns:
        The problem; None if no minimum was found near, and with truncated powers or another method.
    """
    smooth = smooth_everywhere(problem)
    minima = [p.point for p in location.nearby.nearest if p.kind == "minimum"] if location.nearby else []
    return replace(smooth, near=minima[0]) if smooth is not None and minima else None


def outcome_of(problem: Problem, decision: Decision | None, max_steps: int) -> Outcome:
    """Return the long run of a trajectory.

    Args:
        problem: The problem.
        decision: Its decision; None without a minimizer.
        max_steps: Steps allowed.
    """
    if decision is not None and decision.amplitude is not None:
        # The certificate of the limit holds the proof: its inequality needs iterates that tend to the minimizer.
        step, factor = decision.amplitude.step, None
        if problem.method.is_plain:
            factor = float((1 - problem.step_size * decision.blocks[0].eigenvalue.ball()).mid())
        said = "the iterates tend to the minimizer"
        return Outcome(LongRun.CONVERGES, said, (problem.minimizer,), exact=True, step=step, factor=factor)
    return long_run(problem, max_steps) if problem.method.is_plain else _as_floats_show(problem, decision)


def _as_floats_show(problem: Problem, decision: Decision | None) -> Outcome:
    """Return the long run of another method without a certified limit: in floats, whether it leaves every bound."""
    if not problem.loss.truncated and method_ahead(problem, problem.start)[0] is None:
        return Outcome(LongRun.DIVERGES, "the iterates leave every bound, in floating point")
    if decision is not None and decision.reason.startswith(Cause.AWAY.value.partition(",")[0]):
        return Outcome(LongRun.UNKNOWN, "the iterates move away from the minimizer, in floating point")
    return Outcome(LongRun.UNKNOWN, "it is not examined for this method where no limit is certified")


def tends_elsewhere(problem: Problem, outcome: Outcome) -> Problem | None:
    """Return the problem at the other rational critical point that its trajectory tends to; None if there is none.

    Args:
        problem: The problem.
        outcome: What its trajectory does.
    """
    if outcome.kind not in {LongRun.CONVERGES, LongRun.REACHES} or not (outcome.exact and outcome.points):
        return None
    there = replace(problem, minimizer=outcome.points[0])
    return None if there.minimizer == problem.minimizer else there
