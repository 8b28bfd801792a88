"""A plane of starts of residuals in two variables: where each arrives, and how sharp the loss is there.

All points are followed in float64, at once, and only observed; a coarse grid of them is decided with proof.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.certificate.kinds.valley import valley_certificate
from gdcheck.theorem.certificate.rechecking import NotChecked, check
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.smooth.graph import Function, Power, Product, SmoothLoss, Sum
from gdcheck.theorem.valleys.decide import ValleyDecision, decide_valley
from gdcheck.theorem.valleys.problem import ValleyProblem

Floats = npt.NDArray[np.float64]

OBSERVED_STEPS = 3000
LARGEST_SIZE = 1000
_ARRIVED, _LOST = 1e-10, 1e8
_PROVED_ON_A_SIDE = 8
_PROOF_STEPS = 3000
_SAME = 1e-6


def _erf(x: Floats) -> Floats:
    return np.array([math.erf(v) for v in x.tolist()])


def _logistic(x: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(x / 2))


_PAIRS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "log1p": (np.log1p, lambda x: 1 / (1 + x)),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "tan": (np.tan, lambda x: 1 + np.tan(x) ** 2),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": (_logistic, lambda x: _logistic(x) * _logistic(-x)),
    "softplus": (lambda x: np.logaddexp(0, x), _logistic),
    "erf": (_erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x)),
    "atan": (np.arctan, lambda x: 1 / (1 + x * x)),
}


@dataclass(frozen=True, eq=False)
class ValleyPlane:
    """A square of starts; the first axis runs to the right, the second upwards.

    Attributes:
        names: The two variables.
        extent: Left, right, bottom and top.
        sharpness: The largest Hessian eigenvalue at the point of arrival, shape (size, size), the top row first; NaN
            where no zero of the residuals is seen.
        threshold: The largest stable sharpness: 2/η, of heavy ball 2(1+β)/η.
        proved: Starts and points of arrival that are proved, each of shape (2,).
        tried: How many starts were given to the proof.
        differing: At how many of the proved starts the simulation ends elsewhere.
    """

    names: tuple[str, str]
    extent: tuple[float, float, float, float]
    sharpness: Floats
    threshold: float
    proved: tuple[tuple[tuple[float, float], tuple[float, float]], ...]
    tried: int
    differing: int


def valley_plane(problem: ValleyProblem, size: int, half_width: fmpq) -> ValleyPlane:
    """Follow every start of a square around the problem's own.

    Args:
        problem: The problem, in two variables.
        size: Points on a side.
        half_width: Half the length of a side.

    Returns:
        The plane.

    Raises:
        InputError: If there are more or fewer variables, or an option is out of range.
    """
    if len(problem.variables) != 2:
        raise InputError("residuals", f"have {len(problem.variables)} variables; a map shows starts of two")
    if not 2 <= size <= LARGEST_SIZE:
        raise InputError("size", f"{size} is out of range; give one from 2 to {LARGEST_SIZE}")
    width = to_float(half_width)
    if not 1e-6 < width < 1e6:
        raise InputError("half-width", "give a positive number of moderate size, such as 0.5")
    middle = [to_float(q) for q in problem.start]
    grid = ((np.arange(size) + 0.5) / size * 2 - 1) * width
    starts = np.stack([np.tile(middle[0] + grid, size), np.repeat(middle[1] - grid, size)])
    ends, tops = followed(problem, starts)
    extent = (middle[0] - width, middle[0] + width, middle[1] - width, middle[1] + width)
    proved, tried, differing = [], 0, 0
    for step in range(_PROVED_ON_A_SIDE**2):
        row, column = divmod(step, _PROVED_ON_A_SIDE)
        at = [(2 * k + 1) * size // (2 * _PROVED_ON_A_SIDE) for k in (row, column)]
        index = at[0] * size + at[1]
        exact = [Fraction(float(x)) for x in starts[:, index]]
        moved = replace(problem, start=tuple(fmpq(q.numerator, q.denominator) for q in exact))
        tried += 1
        try:
            found = decide_valley(moved, max_steps=_PROOF_STEPS)
        except InputError:
            continue  # On the valley itself, or outside the domain.
        if found.arrival is not None and _accepted(found):
            point = (float(arb(found.arrival.centre[0])), float(arb(found.arrival.centre[1])))
            proved.append(((float(exact[0]), float(exact[1])), point))
            differing += not math.dist(point, ends[:, index].tolist()) < _SAME
    return ValleyPlane(
        (problem.variables[0], problem.variables[1]),
        extent,
        tops.reshape(size, size),
        to_float(largest_stable(problem.method) / problem.step_size),
        tuple(proved),
        tried,
        differing,
    )


def _accepted(found: ValleyDecision) -> bool:
    """Whether the independent checker accepts the proof; a check that it could not finish does not count."""
    try:
        return check(json.loads(json.dumps(valley_certificate(found)))) is None
    except NotChecked:
        return False


def followed(problem: ValleyProblem, starts: Floats) -> tuple[Floats, Floats]:
    """Run the problem's method in float64.

    Args:
        problem: The problem.
        starts: The starts, shape (2, count).

    Returns:
        The points of arrival, shape (2, count), NaN where none is seen; the largest Hessian eigenvalue there, (count,).
    """
    rate, unit = to_float(problem.rate), to_float(problem.rate / problem.step_size)
    ends, tops = np.full_like(starts, np.nan), np.full(starts.shape[1], np.nan)
    alive, x, c = np.arange(starts.shape[1]), starts.copy(), np.zeros_like(starts)
    with np.errstate(all="ignore"):
        for _ in range(OBSERVED_STEPS):
            pairs = [with_slopes(residual, x) for residual in problem.residuals]
            size = np.sqrt(sum((u * u for u, _ in pairs), np.zeros(x.shape[1])))
            done = (size < _ARRIVED) & (np.abs(c).max(axis=0) < _ARRIVED)
            if done.any():
                rows = np.stack([slopes[:, done] for _, slopes in pairs])
                gram = np.einsum("pic,pjc->cij", rows, rows)
                ends[:, alive[done]], tops[alive[done]] = x[:, done], unit * np.linalg.eigvalsh(gram)[:, -1]
            keep = ~done & (size < _LOST)
            if not keep.any():
                break
            step = sum((u * slopes for u, slopes in pairs), np.zeros_like(x))
            moved, buffer = problem.method.advance(x, c, rate * step, to_float)
            alive, x = alive[keep], np.stack(moved)[:, keep]
            c = np.stack(buffer)[:, keep] if problem.method.momentum > 0 else np.zeros_like(x)
    return ends, tops


def with_slopes(residual: SmoothLoss, x: Floats) -> tuple[Floats, Floats]:
    """Evaluate a residual and its derivatives forward, shapes (count,) and (2, count)."""
    nothing = np.zeros_like(x)
    slots = [(x[i], np.where(np.arange(2)[:, None] == i, 1.0, nothing)) for i in range(2)]
    for node in residual.nodes:
        if isinstance(node, Sum):
            value, slope = np.full(x.shape[1], to_float(node.constant)), nothing
            for slot, c in node.terms:
                value, slope = value + to_float(c) * slots[slot][0], slope + to_float(c) * slots[slot][1]
        elif isinstance(node, Product):
            (a, da), (b, db) = slots[node.left], slots[node.right]
            value, slope = a * b, a * db + b * da
        elif isinstance(node, Power):
            (a, da), power = slots[node.base], to_float(node.exponent)
            value, slope = a**power, power * a ** (power - 1) * da
        else:
            assert isinstance(node, Function)
            function, derivative = _PAIRS[node.name]
            a, da = slots[node.argument]
            value, slope = function(a), derivative(a) * da
        slots.append((value, slope))
    return slots[-1]
