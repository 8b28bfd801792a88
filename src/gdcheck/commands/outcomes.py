"""What is added to an answer: the minimizer that was found, where the trajectory ends, and how long it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gdcheck.commands.check_options import ABOUT_STEPS, CheckOptions
from gdcheck.theorem.certificate.kinds.long_run import iterate_json, outcome_json, within_json
from gdcheck.theorem.certificate.parts import limit_json
from gdcheck.theorem.decision import decide as engine
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.critical_points import CriticalPoints, Located, describe
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.limit.result import Cause
from gdcheck.theorem.long_run.find import long_run
from gdcheck.theorem.long_run.locate import Location, method_ahead, why_none
from gdcheck.theorem.long_run.outcome import LongRun, Outcome
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import positive, to_float, to_fmpq


def refuse_bad_questions(problem: Problem, options: CheckOptions) -> None:
    """Refuse questions that have no answer before any work is done.

    Args:
        problem: The problem, with its minimizer.
        options: The options.

    Raises:
        InputError: If a bound is no positive rational, or a step is too late.
    """
    if not options.given(*ABOUT_STEPS):
        return
    from gdcheck.theorem.long_run.how_long import require_step

    for field, bound in (("within", options.within), ("within_loss", options.within_loss)):
        if bound is not None:
            positive(bound, field)
    if options.iterate is not None:
        require_step(problem, options.iterate)


def undecided(location: Location, problem: Problem, max_steps: int) -> dict[str, Any]:
    """Return the answer to a problem for which no rational critical point was found.

    Args:
        location: What was found instead.
        problem: The problem.
        max_steps: Steps allowed.

    Returns:
        The keys of an answer, unknown but for the verdict and its reason.
    """
    keys = "regime boundary stability_limit predicted multiplier rate rate_exponent step precision subspace chain"
    keys += " step_sizes rate_per_step"
    return {
        "verdict": "unresolved",
        "reason": why_none(location, problem.loss.variables),
        "eigenvalues": [],
        "limit": {"kind": None, "vector": None},
        "fails": [],
        "variables": list(problem.loss.variables),
        "step_size": str(problem.step_size),
        **dict.fromkeys(keys.split()),
        **outcome_keys(problem, None, location, max_steps),
    }


def outcome_keys(problem: Problem, decision: Decision | None, location: Location, max_steps: int) -> dict[str, Any]:
    """Return what the answer says of the minimizer and of the long run.

    Args:
        problem: The problem.
        decision: The decision, if there is one.
        location: How the minimizer was found.
        max_steps: Steps allowed.

    Returns:
        ``minimizer``, ``critical_points``, ``outcome`` and ``elsewhere`` (the theorem decided at the other critical
        point that the trajectory tends to, or None).
    """
    found_at = None if location.problem is None else replace(location, problem=problem)
    outcome = _outcome(problem, decision, max_steps)
    return {
        "minimizer": minimizer_json(found_at),
        "critical_points": nearby_json(location),
        "outcome": outcome,
        "elsewhere": _elsewhere(problem, outcome) if decision is not None else None,
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


def _outcome(problem: Problem, decision: Decision | None, max_steps: int) -> dict[str, Any]:
    """Return the long run, with ``point_kind`` for a point that the iterates tend to."""
    if decision is not None and decision.amplitude is not None:
        # The certificate of the limit holds the proof: its inequality needs iterates that tend to the minimizer.
        step, here, factor = decision.amplitude.step, problem.minimizer, None
        if problem.method.is_plain:
            factor = float((1 - problem.step_size * decision.blocks[0].eigenvalue.ball()).mid())
        said = "the iterates tend to the minimizer"
        found = Outcome(LongRun.CONVERGES, said, (here,), exact=True, step=step, factor=factor)
        return outcome_json(problem, found) | {"status": "proved", "point_kind": "minimum"}
    if not problem.method.is_plain:
        return outcome_json(problem, _as_floats_show(problem, decision)) | {"point_kind": None}
    seen = long_run(problem, max_steps)
    kind = None
    if seen.kind in {LongRun.CONVERGES, LongRun.REACHES}:
        kind = describe(problem.loss, Located(seen.points[0], seen.exact)).kind
    return outcome_json(problem, seen) | {"point_kind": kind}


def _as_floats_show(problem: Problem, decision: Decision | None) -> Outcome:
    """Return the long run of another method without a certified limit: whether it leaves every bound, in floats."""
    if not problem.loss.truncated and method_ahead(problem, problem.start)[0] is None:
        return Outcome(LongRun.DIVERGES, "the iterates leave every bound, in floating point")
    if decision is not None and decision.reason.startswith(Cause.AWAY.value.partition(",")[0]):
        return Outcome(LongRun.UNKNOWN, "the iterates move away from the minimizer, in floating point")
    return Outcome(LongRun.UNKNOWN, "it is not examined for this method where no limit is certified")


def tends_elsewhere(problem: Problem, outcome: dict[str, Any]) -> Problem | None:
    """Return the problem at the other rational critical point that its trajectory tends to; None if there is none.

    Args:
        problem: The problem.
        outcome: What its trajectory does.
    """
    points = outcome["exact_points"]
    if outcome["kind"] not in {"converges", "reaches"} or points is None:
        return None
    there = replace(problem, minimizer=points[0])
    return None if there.minimizer == problem.minimizer else there


def _elsewhere(problem: Problem, outcome: dict[str, Any]) -> dict[str, Any] | None:
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
