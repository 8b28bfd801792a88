"""A decision about a method as an answer: the keys of ``answer``, with the method's own thresholds and multipliers."""

from __future__ import annotations

from math import log
from typing import Any

from flint import arb, ctx, fmpq

from gdcheck.theorem.augmented.modes import Block, Motion, Shape
from gdcheck.theorem.augmented.powers import mode_matrices
from gdcheck.theorem.augmented.thresholds import Thresholds, thresholds
from gdcheck.theorem.certificate.parts import (
    blank_answer,
    decimal,
    eigenvalues_json,
    exact_or_decimal,
    limit_json,
    subspace_json,
)
from gdcheck.theorem.decision.verdict import Decision
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import Method
from gdcheck.theorem.methods.statement import LimitKind, Regime

_BITS = 192


def method_answer(decision: Decision) -> dict[str, Any]:
    """Return the answer as plain data.

    Args:
        decision: The decision; its ``motion`` is not None, or its Hessian does not exist.

    Returns:
        The keys of ``theorem.certificate.answer.answer``, with the eigenvalues of PA for a preconditioner P.
        ``boundary`` is null where no switch exists, and then ``window`` holds the ends of the step sizes without a
        limit. ``limit`` has ``angles`` and ``plane`` where it rotates. ``rate`` is the bound max(b/ρ, ρ) for Nesterov
        and heavy ball, and null for adaptive methods and at double multipliers, where it is slower.
    """
    problem, motion, whole = decision.problem, decision.motion, decision.whole
    method, found = problem.method, decision.classification
    known = found is not None and found.regime is not None
    limit = limit_json(decision.limit)
    with ctx.workprec(_BITS):
        lines: dict[str, Any] = {"boundary": None, "stability_limit": None, "window": None}
        if known and whole is not None:
            lines = thresholds_json(thresholds(whole.spectrum, method))
        moving = _moving(motion, method, decision) if motion is not None and known else {}
        if decision.limit is not None and decision.limit.kind is LimitKind.ROTATING:
            assert motion is not None
            limit = limit | turning_json(motion, method, decision)
    answer = blank_answer(
        decision.verdict, decision.reason, decision.precision, problem.loss.variables, problem.step_size
    )
    return answer | {
        "regime": found.regime.value if found is not None and found.regime is not None else None,
        **lines,
        "eigenvalues": eigenvalues_json(found.eigenvalues if found else ()),
        "limit": limit,
        "predicted": _predicted(decision),
        **moving,
        "step": decision.amplitude.step if decision.amplitude else None,
        "fails": [a.value for a in decision.fails],
        "subspace": subspace_json(decision.subspace),
        "method": method.to_json(),
    }


def thresholds_json(found: Thresholds) -> dict[str, Any]:
    """Return ``boundary``, ``window`` and ``stability_limit``: exact texts if they are rational, else decimals."""
    return {
        "boundary": None if found.boundary is None else exact_or_decimal(found.boundary.exact, found.boundary.value),
        "stability_limit": exact_or_decimal(found.stability_limit.exact, found.stability_limit.value),
        "window": None if found.window is None else [exact_or_decimal(end.exact, end.value) for end in found.window],
    }


def _moving(motion: Motion, method: Method, decision: Decision) -> dict[str, Any]:
    """Return the multipliers, where the method is stable."""
    u = arb(decision.expansion.step_size)
    if motion.regime is Regime.UNSTABLE or not motion.modes:
        return {"rate_per_step": float(_largest(motion, method, u).mid())}
    matrices = mode_matrices(motion, method, u)
    moduli = [m.block.moduli(m.mode) for m in matrices]
    first = motion.dominant[0]
    rho = moduli[first][0]
    result: dict[str, Any] = {"rate_per_step": float(rho.mid())}
    if decision.amplitude is None:
        return result
    if motion.modes[first].shape is not Shape.PAIR:
        result["multiplier"] = decimal(matrices[first].multiplier)
    simple = all(not motion.modes[i].double and motion.modes[i].shape is not Shape.PAIR for i in motion.dominant)
    if simple and method.gain == 1:
        others = [m[0] for i, m in enumerate(moduli) if i not in motion.dominant]
        others += [moduli[i][1] for i in motion.dominant]
        rate = max([float((b / rho).mid()) for b in others] + [float(rho.mid())])
        result |= {"rate": rate, "rate_exponent": log(rate)}
    return result


def _largest(motion: Motion, method: Method, u: arb) -> arb:
    """Return the largest modulus of all multipliers, without a classification."""
    best = arb(0)
    for x in motion.spectrum.balls(*range(len(motion.eigenvalues))):
        best = best.max(Block.at(method, u * x).largest())
    return best


def turning_json(motion: Motion, method: Method, decision: Decision) -> dict[str, Any]:
    """Return the angles per step of the dominant pairs, ascending by eigenvalue; the plane where one pair dominates.

    The plane lies in the space of states (h, c): it is spanned by (v, 0) and (0, v).
    """
    u = arb(decision.expansion.step_size)
    matrices = mode_matrices(motion, method, u)
    pairs = [i for i in motion.dominant if motion.modes[i].shape is Shape.PAIR]
    found: dict[str, Any] = {"angles": [float(matrices[i].angle.mid()) for i in pairs]}
    if len(motion.dominant) == 1 and motion.eigenvalues[pairs[0]].multiplicity == 1:
        basis = None if decision.subspace is None else decision.subspace.basis
        (vector,) = motion.spectrum.pencil.eigenvectors(motion.eigenvalues[pairs[0]], _BITS)
        if basis is not None:
            vector = [
                sum((x * b[j] for x, b in zip(vector, basis, strict=True)), fmpq(0)) for j in range(len(basis[0]))
            ]
        v = _unit([to_float(x) for x in vector])
        found["plane"] = [[*v, *[0.0] * len(v)], [*[0.0] * len(v), *v]]
    return found


def _unit(vector: list[float]) -> list[float]:
    length = sum(x * x for x in vector) ** 0.5
    return [x / length + 0.0 for x in vector]


def _predicted(decision: Decision) -> dict[str, Any] | None:
    """Return what the theorem on the method predicts, as far as the spectrum singles out an eigenvector."""
    found = decision.classification
    if found is None or found.regime is None or decision.expansion.hessian is None:
        return None
    kinds = {Regime.SMALL_STEP: LimitKind.FIXED, Regime.LARGE_STEP: LimitKind.ALTERNATING}
    if found.regime is Regime.ROTATING:
        return {"kind": LimitKind.ROTATING.value, "vector": None}
    if found.regime not in kinds:
        return None
    from gdcheck.theorem.decision.state_search import pencil_of  # noqa: PLC0415

    eigenvalue = found.lowest if found.regime is Regime.SMALL_STEP else found.highest
    if eigenvalue.multiplicity > 1:
        return None
    (vector,) = pencil_of(decision.expansion, decision.problem.method).eigenvectors(eigenvalue, 64)
    return {"kind": kinds[found.regime].value, "vector": _unit([to_float(x) for x in vector])}
