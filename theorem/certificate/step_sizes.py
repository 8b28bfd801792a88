"""What a spectrum says of all step sizes: the thresholds, the best step size, the condition number, the rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification, rational_sum
from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.long_run.near_critical import near_critical
from gdcheck.theorem.loss.balls import ball
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector, to_float, to_text

_BITS = 128
_DIGITS = 20


def step_sizes(pencil: Pencil, eigenvalues: tuple[Eigenvalue, ...], shift: fmpq | None = None) -> dict[str, Any]:
    """Return the thresholds of a positive spectrum as plain data: exact texts where they are rational, else decimals.

    Args:
        pencil: The Hessian at the minimizer.
        eigenvalues: Its eigenvalues, all positive, ascending.
        shift: How far those at the minimizer may be from them; None if they are the same.

    Returns:
        ``lowest`` and ``highest`` (λ₁ and λₙ: ``value``, ``multiplicity``, ``vector`` or None for a multiple one),
        ``largest_stable`` 2/λₙ, ``optimal`` 2/(λ₁+λₙ), which is also the boundary of the regimes, ``greedy`` 1/λₙ,
        ``condition_number`` λₙ/λ₁ and ``optimal_rate`` (λₙ−λ₁)/(λₙ+λ₁), the rate per step at the optimal step size.
    """
    low, high = (e if shift is None else _widened(e, shift) for e in (eigenvalues[0], eigenvalues[-1]))
    with ctx.workprec(_BITS):
        total = rational_sum(low, high) if shift is None else None
        both = low.is_rational and high.is_rational
        largest, smallest = high.ball(), low.ball()
        return {
            "lowest": _eigenvalue(pencil, eigenvalues[0], low),
            "highest": _eigenvalue(pencil, eigenvalues[-1], high),
            "largest_stable": _number(2 / high.lo if high.is_rational else None, 2 / largest),
            "optimal": _number(None if total is None else 2 / total, 2 / (largest + smallest)),
            "greedy": _number(1 / high.lo if high.is_rational else None, 1 / largest),
            "condition_number": _number(high.lo / low.lo if both else None, largest / smallest),
            "optimal_rate": _number(
                (high.lo - low.lo) / (high.lo + low.lo) if both else None,
                (largest - smallest) / (largest + smallest) if len(eigenvalues) > 1 else arb(0),
            ),
        }


def step_size_keys(hessian: fmpq_mat | None, found: Classification | None, step_size: fmpq) -> dict[str, Any]:
    """Say what an answer states of step sizes.

    Args:
        hessian: The Hessian at the minimizer, if there is one.
        found: Its spectrum.
        step_size: The step size η.

    Returns:
        ``step_size`` (text); ``step_sizes`` and ``rate_per_step``, None unless all eigenvalues are positive.
    """
    known = hessian is not None and found is not None and found.regime is not None
    return {
        "step_size": to_text(step_size),
        "step_sizes": step_sizes(Pencil(hessian), found.eigenvalues) if hessian and found and known else None,
        "rate_per_step": rate_per_step(found.eigenvalues, step_size) if found and known else None,
    }


def rate_per_step(eigenvalues: tuple[Eigenvalue, ...], step_size: fmpq) -> float:
    """Return the factor max |1 − ηλ| by which the error shrinks or grows per step, in the long run, near the minimizer.

    Args:
        eigenvalues: The spectrum.
        step_size: The step size η.
    """
    return max(abs(to_float(1 - step_size * (e.lo + e.hi) / 2)) for e in (eigenvalues[0], eigenvalues[-1]))


def _widened(e: Eigenvalue, shift: fmpq) -> Eigenvalue:
    return replace(e, lo=e.lo - shift, hi=e.hi + shift)


def _eigenvalue(pencil: Pencil, eigenvalue: Eigenvalue, stated: Eigenvalue) -> dict[str, Any]:
    vector = None
    if eigenvalue.multiplicity == 1:
        (found,) = pencil.eigenvectors(eigenvalue, 64)
        vector = [to_float(x) + 0.0 for x in found]
    exact = stated.lo if stated.is_rational else None
    value = _number(exact, ball(stated.lo, stated.hi))
    return {"value": value, "multiplicity": eigenvalue.multiplicity, "vector": vector}


def _number(exact: fmpq | None, enclosed: arb) -> str:
    return str(enclosed.str(_DIGITS, radius=False)) if exact is None else to_text(exact)


def step_line(problem: Problem) -> dict[str, Any]:
    """Divide the line of step sizes into what they do near a minimizer; the problem's own step size plays no part.

    Args:
        problem: The loss and its minimizer.

    Returns:
        ``minimizer`` (texts), ``exact``, ``quadratic``, ``step_sizes``, and ``segments``: ``from``, ``to`` (None for no
        end; equal for a single step size), ``direction`` (fixed, two-cycle, any, alternating, threshold or unstable).

    Raises:
        InputError: If the point is no critical point, or its Hessian does not exist or is not positive definite.
    """
    expansion = Expansion.of(problem)
    eigenvalues = () if expansion.hessian is None else Pencil(expansion.hessian).eigenvalues(_BITS)
    if expansion.hessian is None or not eigenvalues or eigenvalues[0].lo <= 0:
        raise InputError("minimizer", "the Hessian there is not positive definite; give a strict minimizer of the loss")
    quadratic = not expansion.higher_terms and not expansion.truncated
    found = step_sizes(Pencil(expansion.hessian), eigenvalues)
    segments = _segments(found, distinct=len(eigenvalues) > 1)
    place = {"minimizer": [to_text(q) for q in problem.minimizer], "exact": True, "quadratic": quadratic}
    return place | {"step_sizes": found, "segments": segments}


def step_line_near(loss: Loss, point: Vector) -> dict[str, Any] | None:
    """Divide the line of step sizes for an irrational minimizer, whose spectrum is enclosed.

    Args:
        loss: A polynomial.
        point: A point very near to it, shape (n,).

    Returns:
        The same as ``step_line``; None if no strict minimizer is proved to be there, or its smallest and largest
        eigenvalue cannot be told apart.
    """
    near = near_critical(loss, point)
    if near is None:
        return None
    low, high = near.eigenvalues[0], near.eigenvalues[-1]
    if len(near.eigenvalues) > 1 and low.hi + near.shift >= high.lo - near.shift:
        return None
    found = step_sizes(near.pencil, near.eigenvalues, near.shift)
    segments = _segments(found, distinct=len(near.eigenvalues) > 1)
    place = {"minimizer": [f"{to_float(q):.15g}" for q in point], "exact": False, "quadratic": False}
    return place | {"step_sizes": found, "segments": segments}


def _segments(found: dict[str, Any], *, distinct: bool) -> list[dict[str, Any]]:
    optimal, limit = found["optimal"], found["largest_stable"]
    # A multiple of the identity turns no direction: it keeps every one, or reverses it.
    between = "two-cycle" if distinct else "any"
    parts = [("0", optimal, "fixed"), (optimal, optimal, between), (optimal, limit, "alternating")]
    ends: list[tuple[str, str | None, str]] = [*parts, (limit, limit, "threshold"), (limit, None, "unstable")]
    return [{"from": a, "to": b, "direction": kind} for a, b, kind in ends]
