"""Certificates about trajectories of smooth losses that do not end at a strict minimum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flint import ctx, fmpq

from gdcheck.theorem.certificate.parts import columns, in_float, texts
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.decision.smooth import SmoothDecision
from gdcheck.theorem.loss.balls import decimal_ends
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.smooth.floats.descent import FloatGradient
from gdcheck.theorem.smooth.problem import SmoothProblem

FORMAT = "gdcheck-smooth-end/1"
_STEPS = (1, 100, 2000)
_SMALL = 0.05
_AXES = 16


def end_certificate(decision: SmoothDecision) -> dict[str, Any] | None:
    """Return a certificate about a trajectory that does not end at a strict minimum.

    Args:
        decision: The decision.

    Returns:
        That of a saddle or a maximum; that of a loss which falls everywhere along some direction, if the independent
        checker accepts one; None where nothing is proved.
    """
    if decision.saddle is not None:
        spectrum = decision.saddle.spectrum
        with ctx.workprec(decision.precision + 64):
            return _certificate(
                decision,
                {
                    "kind": "saddle",
                    "centre": texts(decision.saddle.centre),
                    "radius": to_text(decision.saddle.radius),
                    "eigenvectors": columns(spectrum.vectors),
                    "lowest": list(decimal_ends(spectrum.values[0])),
                },
            )
    if decision.lost is None:
        return None
    for direction in _directions(decision.problem):
        made = _certificate(decision, {"kind": "no-critical-point", "direction": texts(direction)})
        try:
            if check(made) is None:
                return made
        except NotChecked:
            return None
    return None


def _certificate(decision: SmoothDecision, claim: dict[str, Any]) -> dict[str, Any]:
    problem = decision.problem.to_json()
    return {"schema": FORMAT, "problem": problem, "verdict": decision.verdict.value, "claim": claim}


def _directions(problem: SmoothProblem) -> Iterator[list[fmpq]]:
    """Yield directions along which the loss may fall everywhere: where the descent goes, and the axes."""
    slope, eta = FloatGradient(problem.loss), to_float(problem.step_size)
    x = start = [to_float(q) for q in problem.start]
    n, moved = len(x), []
    try:
        for k in range(1, _STEPS[-1] + 1):
            x = [a - eta * g for a, g in zip(x, slope(x), strict=True)]
            if k in _STEPS:
                moved.append([a - b for a, b in zip(x, start, strict=True)])
    except (ArithmeticError, ValueError):
        pass
    for way in reversed(moved):
        size = max(map(abs, way))
        if 0 < size < float("inf"):
            yield [fmpq(round(1000 * a / size), 1000) for a in way]
            yield [fmpq(round(1000 * a / size), 1000) if abs(a) > _SMALL * size else fmpq(0) for a in way]
    if n <= _AXES:
        for i in range(n):
            for sign in (1, -1):
                yield [fmpq(sign * int(i == j)) for j in range(n)]


def end_keys(decision: SmoothDecision, certificate: dict[str, Any] | None) -> dict[str, Any]:
    """Return the keys of an answer about such an end.

    Args:
        decision: The decision.
        certificate: What ``end_certificate`` returned, after the checker accepted it.

    Returns:
        ``outcome`` and, where it says more, ``reason``; nothing where there is nothing to say.
    """
    if certificate is None:
        return {}
    claim, names = certificate["claim"], decision.problem.loss.variables
    outcome: dict[str, Any]
    blank = {"step": None, "exact_points": None, "factor": None, "certificate": certificate}
    if decision.saddle is not None:
        kind = "maximum" if decision.saddle.is_maximum else "saddle"
        with ctx.workprec(decision.precision):
            values = [in_float(x) for x in decision.saddle.spectrum.values]
            at = [to_float(x) for x in decision.saddle.centre]
        said = "in floating point, the iterates tend to a critical point"
        outcome = {"kind": "converges", "status": "observed", "sentence": said, "points": [at], "point_kind": kind}
        near: list[dict[str, Any]] = [{"point": at, "exact": None, "kind": kind, "eigenvalues": values}]
        return {"outcome": outcome | blank, "critical_points": near}
    way = ", ".join(f"{name}={x}" for name, x in zip(names, claim["direction"], strict=True) if x != "0")
    said = "no trajectory of this loss converges"
    outcome = {"kind": "diverges", "status": "proved", "sentence": said, "points": [], "point_kind": None}
    reason = (
        f"the loss is proved to fall everywhere along ({way}): it has no critical point; a term such as w**2/100 may"
        " make a minimum"
    )
    return {"outcome": outcome | blank, "reason": reason}
