"""The behaviour of a method at every step size, for a spectrum: segments, thresholds, multipliers; as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb, ctx, fmpq, fmpq_mat

from gdcheck.theorem.assumptions.spectrum import Pencil
from gdcheck.theorem.augmented.modes import Block, Shape, classify_motion
from gdcheck.theorem.augmented.signs import Spectrum
from gdcheck.theorem.augmented.thresholds import thresholds
from gdcheck.theorem.certificate.methods.answer import thresholds_json
from gdcheck.theorem.decision.state_search import pencil_of
from gdcheck.theorem.descent.expansion import Expansion
from gdcheck.theorem.descent.problem import Problem
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float, to_text
from gdcheck.theorem.methods.method import Method

_BITS = 192


def spectrum_of(values: Sequence[fmpq]) -> Spectrum:
    """Make a spectrum of given eigenvalues.

    Args:
        values: At least one, all positive.

    Returns:
        The spectrum.

    Raises:
        InputError: If there is none, or one is not positive.
    """
    n = len(values)
    if not n or any(x <= 0 for x in values):
        raise InputError("spectrum", "needs positive eigenvalues; give some, such as 0.01,1")
    return Spectrum(
        Pencil(fmpq_mat(n, n, [values[i] if i == j else fmpq(0) for i in range(n) for j in range(n)])), _BITS
    )


def method_line(spectrum: Spectrum, method: Method) -> dict[str, Any]:
    """Divide the line of step sizes by the behaviour of a method near a minimum with this spectrum.

    Args:
        spectrum: The spectrum.
        method: The method.

    Returns:
        ``method``, ``boundary``, ``window`` and ``stability_limit`` as in an answer, and ``segments``: ``from``, ``to``
        (None for no end) and ``direction`` (fixed, rotating, alternating or unstable).
    """
    with ctx.workprec(_BITS):
        found = thresholds_json(thresholds(spectrum, method))
    limit = found["stability_limit"]
    if found["window"] is None:
        switch = found["boundary"]
        parts = [("0", switch, "fixed"), (switch, limit, "alternating")]
    else:
        low, high = found["window"]
        parts = [("0", low, "fixed"), (low, high, "rotating"), (high, limit, "alternating")]
    parts.append((limit, None, "unstable"))
    return {
        "method": method.to_json(),
        **found,
        "segments": [{"from": a, "to": b, "direction": kind} for a, b, kind in parts],
    }


def method_step_line(problem: Problem) -> dict[str, Any]:
    """Divide the line of step sizes for a minimizer of a loss; the problem's own step size plays no part.

    Args:
        problem: The loss, its minimizer and the method.

    Returns:
        The keys of ``method_line``, with ``minimizer`` (texts) and ``eigenvalues`` (decimals; of PA with a
        preconditioner).

    Raises:
        InputError: If the point is not a critical point, or its Hessian does not exist or is not positive definite.
    """
    expansion = Expansion.around(problem, problem.step_size)
    spectrum = None if expansion.hessian is None else Spectrum(pencil_of(expansion, problem.method), _BITS)
    if spectrum is None or spectrum.eigenvalues[0].lo <= 0:
        raise InputError("minimizer", "the Hessian there is not positive definite; give a strict minimizer of the loss")
    line = method_line(spectrum, problem.method)
    values = [to_float((e.lo + e.hi) / 2) for e in spectrum.eigenvalues]
    return {"minimizer": [to_text(q) for q in problem.minimizer], "eigenvalues": values, **line}


def modes_at(spectrum: Spectrum, method: Method, step_size: fmpq) -> dict[str, Any]:
    """Return the behaviour of a method at one step size: the regime, and the multipliers of every eigenvalue.

    Args:
        spectrum: The spectrum.
        method: The method.
        step_size: η.

    Returns:
        ``step_size``, ``regime``, ``dominant`` (positions) and ``modes``: ``eigenvalue``, ``shape`` (positive,
        negative, pair or zero), ``modulus``, ``angle`` of a pair, ``double``.
    """
    motion = classify_motion(spectrum, method, step_size)
    u = step_size * method.gain
    rows = []
    with ctx.workprec(_BITS):
        for i, x in enumerate(spectrum.balls(*range(len(spectrum.eigenvalues)))):
            block = Block.at(method, arb(u) * x)
            turns = bool(block.discriminant < 0)
            shape, double = "pair" if turns else "positive" if block.t > 0 else "negative", False
            if motion.modes:
                mode = motion.modes[i]
                shape, double, turns = mode.shape.name.lower(), mode.double, mode.shape is Shape.PAIR
            angle = float(arb.atan2((block.d - block.t * block.t / 4).sqrt(), block.t / 2).mid()) if turns else None
            value = spectrum.eigenvalues[i]
            rows.append(
                {
                    "eigenvalue": to_text(value.lo) if value.is_rational else f"{float(x.mid()):.15g}",
                    "shape": shape,
                    "modulus": float(block.largest().mid()),
                    "angle": angle,
                    "double": double,
                }
            )
    regime = None if motion.regime is None else motion.regime.value
    return {"step_size": to_text(step_size), "regime": regime, "dominant": list(motion.dominant), "modes": rows}


def moduli(values: Sequence[fmpq], method: Method, step_sizes: Sequence[float]) -> list[list[float]]:
    """Compute the largest modulus of every mode in floats, for pictures.

    Args:
        values: The eigenvalues, shape (n,).
        method: The method.
        step_sizes: η, shape (m,).

    Returns:
        The moduli, shape (n, m).
    """
    (t0, t1), (d0, d1) = ([to_float(x) for x in pair] for pair in method.trace_and_determinant())
    found = []
    for value in values:
        row = []
        for eta in step_sizes:
            s = eta * to_float(method.gain * value)
            t, d = t0 + t1 * s, d0 + d1 * s
            discriminant = t * t - 4 * d
            row.append(abs(d) ** 0.5 if discriminant < 0 else (abs(t) + discriminant**0.5) / 2)
        found.append(row)
    return found
