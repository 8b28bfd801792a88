"""The long run of a trajectory as plain data, proved where the independent checker accepts its certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gdcheck.theorem.certificate.rechecking import LONG_RUN, BadCertificate, NotChecked, check
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.outcome import Outcome
from gdcheck.theorem.loss.rational import to_float, to_fmpq, to_text

if TYPE_CHECKING:
    # Imported here, because it loads mpmath, which other answers do not need.
    from gdcheck.theorem.long_run.how_long import Iterate, Within

_SECONDS, _FOR_LONG_WALKS, _LONG = 60.0, 600.0, 100_000


def long_run_certificate(problem: Problem, claim: dict[str, Any]) -> dict[str, Any] | None:
    """Make a certificate of a claim, if the independent checker accepts it.

    Args:
        problem: The problem.
        claim: What is claimed.

    Returns:
        The certificate; None if it is rejected, or not checked within the time limit.
    """
    made = {"schema": LONG_RUN, "problem": problem.to_json(), "claim": claim}
    try:
        # The checker walks some ten thousand steps a second.
        limit = _FOR_LONG_WALKS if (claim.get("step") or 0) > _LONG else _SECONDS
        return made if check(made, limit) is None else None
    except (BadCertificate, NotChecked):
        return None


def outcome_json(problem: Problem, outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data.

    Args:
        problem: The problem.
        outcome: What was found.

    Returns:
        ``kind``, ``status`` ("proved" or "observed"), ``sentence``, ``step``, ``points`` (floats), ``exact_points``
        (texts, None unless exact), ``factor`` and ``certificate`` (None unless something is proved). Where ``status``
        is "observed" and there is a certificate, it proves that the points attract, for the start that it holds.
    """
    claim, sentence = outcome.claim, outcome.sentence
    proof = None
    only_seen = claim is not None and claim["kind"] == "attracting-orbit" and "step" not in claim
    if claim is not None and not only_seen:
        proof = long_run_certificate(problem, claim)
    status = "observed" if proof is None else "proved"
    if claim is not None and only_seen:
        start = tuple(to_fmpq(a, "point") for a in claim["points"][0])
        proof = long_run_certificate(replace(problem, start=start), claim | {"step": 0, "bits": 0})
        if proof is not None:
            reach = to_float(to_fmpq(claim["radius"], "radius"))
            sentence += (
                f"; proved: every start within {reach:.2g} of it tends to it; observed in floating point: "
                f"the iterates come as near at step {outcome.step} (without rounding it may be later, or never)"
            )
    elif proof is None and claim is not None:
        sentence += "; in floating point, not proved"
    return {
        "kind": outcome.kind.value,
        "status": status,
        "sentence": sentence,
        "step": outcome.step,
        "points": [[to_float(a) for a in p] for p in outcome.points],
        "exact_points": [[to_text(a) for a in p] for p in outcome.points] if outcome.exact else None,
        "factor": outcome.factor,
        "certificate": proof,
    }


def iterate_json(problem: Problem, iterate: Iterate) -> dict[str, Any]:
    """Return an iterate as plain data: ``step``, ``status``, ``point`` (floats), ``box`` (texts) and ``certificate``.

    Args:
        problem: The problem.
        iterate: What was found.

    Returns:
        The data; ``box`` holds an interval for each coordinate, and is None unless it is proved.
    """
    proof = next(filter(None, (long_run_certificate(problem, claim) for claim in iterate.claims)), None)
    return {
        "step": iterate.step,
        "status": "observed" if proof is None else "proved",
        "point": [float(x) for x in iterate.point],
        "box": None if proof is None else proof["claim"]["box"],
        "certificate": proof,
    }


def within_json(problem: Problem, within: Within, *, prove: bool = True) -> dict[str, Any]:
    """Return the step from which a trajectory stays within a bound as plain data.

    Args:
        problem: The problem.
        within: What was found.
        prove: Whether to prove it.

    Returns:
        ``measure``, ``bound`` (text), ``step``, ``status``, ``estimated``, ``sentence`` and ``certificate``.
    """
    proof = None if within.claim is None or not prove else long_run_certificate(problem, within.claim)
    return {
        "measure": within.measure,
        "bound": to_text(within.bound),
        "step": within.step,
        "status": "observed" if proof is None else "proved",
        "estimated": within.estimated,
        "sentence": within.sentence,
        "certificate": proof,
    }
