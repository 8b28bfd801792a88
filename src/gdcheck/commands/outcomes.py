"""What is added to an answer: the minimizer that was found, where the trajectory ends, and how long it takes."""

from __future__ import annotations

from typing import Any

from gdcheck.commands.check_options import ABOUT_STEPS, CheckOptions
from gdcheck.theorem.certificate.kinds.long_run import iterate_json, outcome_json, within_json
from gdcheck.theorem.certificate.parts import limit_json
from gdcheck.theorem.decision import decide as engine
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.critical_points import CriticalPoints, Located, describe
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.deciding import LocatedDecision, outcome_of, tends_elsewhere
from gdcheck.theorem.long_run.locate import Location, why_none
from gdcheck.theorem.long_run.outcome import LongRun, Outcome
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import positive, to_float, to_fmpq


def refuse_bad_questions(problem: Problem, options: CheckOptions) -> None:
    """Refuse questions that have no answer before any work is done.

    Args:
        problem: The problem, with its minimizer.
        options: The options.

    Raises:
        InputError: If a bound is not a positive rational, or a step is too late.
    """
    if not options.given(*ABOUT_STEPS):
        return
    from gdcheck.theorem.long_run.how_long import require_step

    for field, bound in (("within", options.within), ("within_loss", options.within_loss)):
        if bound is not None:
            positive(bound, field)
    if options.iterate is not None:
        require_step(problem, options.iterate)


def undecided(located: LocatedDecision, problem: Problem, max_steps: int) -> dict[str, Any]:
    """Return the answer to a problem for which no critical point was found.

    Args:
        located: What was found instead.
        problem: The problem.
        max_steps: Steps allowed.

    Returns:
        The keys of an answer, unknown but for the verdict and its reason.
    """
    enclosing = None if located.enclosed is None else located.enclosed.reason
    keys = "regime boundary stability_limit predicted multiplier rate rate_exponent step precision subspace chain"
    keys += " step_sizes rate_per_step"
    return {
        "verdict": "unresolved",
        "reason": why_none(located.location, problem.loss.variables, enclosing),
        "eigenvalues": [],
        "limit": {"kind": None, "vector": None},
        "fails": [],
        "variables": list(problem.loss.variables),
        "step_size": str(problem.step_size),
        **dict.fromkeys(keys.split()),
        "minimizer": None,
        "critical_points": nearby_json(located.location),
        "outcome": _outcome_json(problem, None, outcome_of(problem, None, max_steps)),
        "elsewhere": None,
    }


def outcome_keys(decision: Decision, location: Location, outcome: Outcome) -> dict[str, Any]:
    """Return what the answer says of the minimizer and of the long run.

    Args:
        decision: The decision.
        location: How the minimizer was found.
        outcome: What the trajectory does in the long run.

    Returns:
        ``minimizer``, ``critical_points``, ``outcome`` and ``elsewhere`` (the theorem decided at the other critical
        point that the trajectory tends to, or None).
    """
    problem = decision.problem
    return {
        "minimizer": minimizer_json(location),
        "critical_points": nearby_json(location),
        "outcome": _outcome_json(problem, decision, outcome),
        "elsewhere": _elsewhere(problem, outcome),
    }


def minimizer_json(location: Location | None) -> dict[str, Any] | None:
    """Return the minimizer as ``point`` (floats), ``exact`` (texts) and ``how`` it was found; None if there is none.

    Args:
        location: The location.
    """
    if location is None or location.problem is None:
        return None
    point = location.problem.minimizer
    return {"point": _floats(point), "exact": [str(a) for a in point], "how": location.how}


def nearby_json(location: Location) -> list[dict[str, Any]] | None:
    """Return the nearest critical points, if they were looked for.

    Args:
        location: The location.
    """
    return None if location.nearby is None else _points(location.nearby)


def _outcome_json(problem: Problem, decision: Decision | None, found: Outcome) -> dict[str, Any]:
    """Return the long run, with ``point_kind`` for a point that the iterates tend to."""
    described = outcome_json(problem, found)
    if decision is not None and decision.amplitude is not None:
        return described | {"status": "proved", "point_kind": "minimum"}
    kind = None
    if found.kind in {LongRun.CONVERGES, LongRun.REACHES}:
        kind = describe(problem.loss, Located(found.points[0], found.exact)).kind
    return described | {"point_kind": kind}


def _elsewhere(problem: Problem, outcome: Outcome) -> dict[str, Any] | None:
    there = tends_elsewhere(problem, outcome)
    if there is None:
        return None
    decision = engine.decide(there)
    return {
        "minimizer": [str(a) for a in there.minimizer],
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "limit": limit_json(decision.limit),
    }


def question_keys(problem: Problem, decision: Decision | None, options: CheckOptions) -> dict[str, Any]:
    """Return the answers to ``--within``, ``--within-loss`` and ``--iterate``, as far as they are asked.

    Args:
        problem: The problem.
        decision: The decision, if there is one.
        options: The options.

    Raises:
        InputError: If a question cannot be answered; the sentence says why.
    """
    if not options.given(*ABOUT_STEPS):
        return {}
    from gdcheck.theorem.long_run.how_long import first_within, iterate_at

    found: dict[str, Any] = {}
    for key, measure, bound in (
        ("within", "distance", options.within),
        ("within_loss", "loss", options.within_loss),
    ):
        if bound is not None:
            if decision is None:
                raise InputError(key, "needs a minimizer with rational coordinates; none was found: give --minimizer")
            found[key] = within_json(
                problem, first_within(problem, measure, to_fmpq(bound, key)), prove=not options.observe
            )
    if options.iterate is not None:
        found["iterate"] = iterate_json(problem, iterate_at(problem, options.iterate))
    return found


def _points(found: CriticalPoints) -> list[dict[str, Any]]:
    return [
        {
            "point": _floats(p.point),
            "exact": [str(a) for a in p.point] if p.exact else None,
            "kind": p.kind,
            "eigenvalues": list(p.eigenvalues),
        }
        for p in found.nearest
    ]


def _floats(point: tuple[Any, ...]) -> list[float]:
    return [to_float(a) for a in point]
