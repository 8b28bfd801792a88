"""Patterns along a trajectory as plain data: what ``gdcheck check --sharpness`` and ``--scalar`` add to an answer."""

from __future__ import annotations

from typing import Any

from flint import arb, fmpq

from gdcheck.theorem.loss.balls import decimal_ends
from gdcheck.theorem.loss.rational import to_text
from gdcheck.theorem.sharpness.crossings import Crossings
from gdcheck.theorem.sharpness.observable import Proof
from gdcheck.theorem.sharpness.pattern import Onset, Pattern
from gdcheck.theorem.sharpness.scalar import Followed
from gdcheck.theorem.sharpness.sharpness import Sharpness

_DIGITS = 20
_MOST_LISTED = 1000


def sharpness_json(found: Sharpness | None) -> dict[str, Any] | None:
    """Return the sharpness as plain data.

    Args:
        found: What ``theorem.sharpness.sharpness`` found.

    Returns:
        ``kind``, ``from_step`` (the step from which the pattern is proved for all later steps), ``least`` (whether the
        pattern is proved broken just before), ``broken`` (at how many earlier steps it is), ``order``, ``coefficient``,
        ``proof`` (rounded: the inequality (size + error)·growth^(order·period) < size − error at its step, the bounds
        ``along`` and ``ratio`` of the trajectory from there on, and K with |λ_n(x) − λ_n − ω·(x−x*)| ≤ K‖x−x*‖² on the
        ball of its ``radius``), ``cause``, ``C_eta``, ``lambda_n``,
        ``threshold`` (2/η), ``crossings`` and ``first`` (enclosures of λ_n(x_k) at the first steps); None if there is
        no sharpness to speak of.
    """
    if found is None:
        return None
    return {
        **_pattern_json(found.pattern, found.onset),
        "C_eta": _slope(found.pattern),
        "lambda_n": _number(found.limit),
        "threshold": to_text(found.threshold),
        "crossings": _crossings_json(found.crossings),
        "first": [_interval(x) for x in found.first],
    }


def scalar_json(text: str, found: Followed | None) -> dict[str, Any]:
    """Return a function along a trajectory as plain data.

    Args:
        text: The function as it was written.
        found: What ``theorem.sharpness.scalar`` found.

    Returns:
        ``scalar``; and, if there is anything to speak of, ``kind``, ``from_step`` and the rest as for the sharpness,
        with ``derivative`` (along the limit direction) and ``limit``.
    """
    if found is None:
        return {"scalar": text, "kind": None}
    return {
        "scalar": text,
        **_pattern_json(found.pattern, found.onset),
        "derivative": _slope(found.pattern),
        "limit": _limit(found.limit),
        "first": [_interval(x) for x in found.first],
    }


def _pattern_json(found: Pattern, onset: Onset | None) -> dict[str, Any]:
    return {
        "kind": found.kind.value,
        "from_step": onset.step if onset else found.step,
        "least": onset.least if onset else None,
        "broken": len(onset.broken) if onset else None,
        "order": found.order,
        "coefficient": None if found.coefficient is None else _number(found.coefficient),
        "proof": None if found.proof is None else _proof_json(found.proof, found.curvature),
        "cause": found.cause,
    }


def _proof_json(proof: Proof, curvature: arb | None) -> dict[str, Any]:
    known = curvature is not None and curvature.is_finite()
    return {
        "step": proof.cone.step,
        "order": proof.order,
        "period": proof.period,
        "size": _number(proof.size),
        "error": _number(proof.error),
        "growth": _number(proof.cone.grows),
        "along": _number(proof.cone.along),
        "ratio": _number(proof.cone.ratio),
        "radius": _number(proof.cone.radius),
        "K": _number(curvature) if known and curvature is not None else None,
    }


def _crossings_json(found: Crossings) -> dict[str, Any]:
    return {
        "count": len(found.steps),
        "steps": list(found.steps[:_MOST_LISTED]),
        "undecided": found.undecided,
        "complete": found.complete,
        "examined": found.examined,
        "peak": None if found.peak is None else _interval(found.peak),
        "loss_fell": found.fell,
        "loss_rose": list(found.rose[:_MOST_LISTED]),
    }


def _slope(found: Pattern) -> str | None:
    if found.exact_slope is not None:
        return to_text(found.exact_slope)
    return None if found.slope is None else _number(found.slope)


def _limit(limit: fmpq | arb) -> str | None:
    if isinstance(limit, fmpq):
        return to_text(limit)
    return _number(limit) if limit.is_finite() else None


def _number(x: arb) -> str:
    """Return an exact integer unchanged, any other number as a decimal."""
    whole = x.unique_fmpz()
    if whole is not None and x.is_exact():
        return to_text(fmpq(whole))
    return str(x.str(_DIGITS, radius=False))


def _interval(x: arb) -> list[str] | None:
    return list(decimal_ends(x)) if x.is_finite() else None
