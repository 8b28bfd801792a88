"""What a spectrum says of all step sizes: the thresholds, the best step size, the condition number, the rates."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.regime import Classification, rational_sum
from gdcheck.theorem.assumptions.spectrum import Eigenvalue, Pencil
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.balls import ball
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_text

_BITS = 128
_DIGITS = 20


def step_sizes(pencil: Pencil, eigenvalues: tuple[Eigenvalue, ...]) -> dict[str, Any]:
    """Return the thresholds of a positive spectrum as plain data: exact texts where they are rational, else decimals.

    Args:
        pencil: The Hessian at the minimizer.
        eigenvalues: Its eigenvalues, all positive, ascending.

    Returns:
        ``lowest`` and ``highest`` (λ₁ and λₙ: ``value``, ``multiplicity``, ``vector`` or None for a multiple one),
        ``largest_stable`` 2/λₙ, ``optimal`` 2/(λ₁+λₙ), which is also the boundary of the regimes, ``greedy`` 1/λₙ,
        ``condition_number`` λₙ/λ₁ and ``optimal_rate`` (λₙ−λ₁)/(λₙ+λ₁), the rate per step at the optimal step size.
    """
    low, high = eigenvalues[0], eigenvalues[-1]
    with ctx.workprec(_BITS):
        total = rational_sum(low, high)
        both = low.is_rational and high.is_rational
        largest, smallest = high.ball(), low.ball()
        return {
            "lowest": _eigenvalue(pencil, low),
            "highest": _eigenvalue(pencil, high),
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
    """What an answer says of step sizes.

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


def _eigenvalue(pencil: Pencil, eigenvalue: Eigenvalue) -> dict[str, Any]:
    vector = None
    if eigenvalue.multiplicity == 1:
        (found,) = pencil.eigenvectors(eigenvalue, 64)
        vector = [to_float(x) + 0.0 for x in found]
    exact = eigenvalue.lo if eigenvalue.is_rational else None
    value = _number(exact, ball(eigenvalue.lo, eigenvalue.hi))
    return {"value": value, "multiplicity": eigenvalue.multiplicity, "vector": vector}


def _number(exact: fmpq | None, enclosed: arb) -> str:
    return str(enclosed.str(_DIGITS, radius=False)) if exact is None else to_text(exact)


def step_line(problem: Problem) -> dict[str, Any]:
    """Divide the line of step sizes into what they do near a minimizer; the problem's own step size plays no part.

    Args:
        problem: The loss and its minimizer.

    Returns:
        ``minimizer``, ``quadratic``, ``step_sizes``, and ``segments``: ``from``, ``to`` (None for no end; equal for a
        single step size), ``direction`` (fixed, two-cycle, any, alternating, threshold or unstable).

    Raises:
        InputError: If the point is no critical point, or its Hessian does not exist or is not positive definite.
    """
    expansion = Expansion.of(problem)
    eigenvalues = () if expansion.hessian is None else Pencil(expansion.hessian).eigenvalues(_BITS)
    if expansion.hessian is None or not eigenvalues or eigenvalues[0].lo <= 0:
        raise InputError("minimizer", "the Hessian there is not positive definite; give a strict minimizer of the loss")
    found = step_sizes(Pencil(expansion.hessian), eigenvalues)
    optimal, limit = found["optimal"], found["largest_stable"]
    if len(eigenvalues) > 1:
        stable = [("0", optimal, "fixed"), (optimal, optimal, "two-cycle"), (optimal, limit, "alternating")]
    else:
        # A multiple of the identity turns no direction: it keeps every one, or reverses it.
        stable = [("0", optimal, "fixed"), (optimal, optimal, "any"), (optimal, limit, "alternating")]
    parts = [*stable, (limit, limit, "threshold"), (limit, None, "unstable")]
    return {
        "minimizer": [to_text(q) for q in problem.minimizer],
        "quadratic": not expansion.higher_terms and not expansion.truncated,
        "step_sizes": found,
        "segments": [{"from": a, "to": b, "direction": kind} for a, b, kind in parts],
    }
