r"""Critical points of a loss: the one that a trajectory tends to, and the nearest ones with their kind.

For a quadratic loss all is exact. Otherwise Newton's method finds points in floating point; a rational point is
reconstructed by continued fractions and verified exactly: :math:`\nabla f = 0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import hypot, isfinite
from typing import Any

from flint import acb, fmpq, fmpq_mat, fmpq_poly, fmpz

from gdcheck.theorem.descent.float_map import FloatMap
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import Vector, null_space, to_float

_BITS = 240
_STAGES = ((90, 2**12), (_BITS, 2**64))
"""Bits in which Newton's method works, and the largest denominators that are tried with them: small ones first."""

_NEWTON_STEPS = 60
_FEWEST, _AHEAD, _WORK = 20, 400, 40_000
_FAR = 1e9
_SEEDS, _SEARCH_WORK = 240, 100_000


@dataclass(frozen=True)
class Located:
    """Where Newton's method ended: a critical point, shape (n,), exact or rounded to 2⁻²⁴⁰."""

    point: Vector
    exact: bool


@dataclass(frozen=True)
class CriticalPoint:
    """A point where the gradient vanishes.

    Attributes:
        point: Its coordinates, shape (n,): exact, or rounded to 2⁻²⁴⁰.
        exact: Whether they are exact; an irrational point is not.
        kind: "minimum", "saddle", "maximum", "degenerate" if an eigenvalue seems to be zero, or "kink" if there is no
            Hessian.
        eigenvalues: The Hessian's eigenvalues in floats, ascending, shape (n,); empty at a kink.
    """

    point: Vector
    exact: bool
    kind: str
    eigenvalues: tuple[float, ...]


@dataclass(frozen=True)
class CriticalPoints:
    """The nearest critical points.

    Attributes:
        nearest: The nearest first.
        found: How many were found.
        complete: Whether these are certainly all, as for one variable and for a nondegenerate quadratic.
    """

    nearest: tuple[CriticalPoint, ...]
    found: int
    complete: bool


def is_quadratic(loss: Loss) -> bool:
    """Whether a loss is a polynomial of degree two at most.

    Args:
        loss: The loss.
    """
    return not loss.truncated and loss.degree <= 2


def minimizer_of_quadratic(loss: Loss, start: Vector) -> Vector | None:
    """Solve ∇f = 0 for a quadratic loss exactly.

    Args:
        loss: A polynomial of degree two at most.
        start: Where gradient descent begins, shape (n,).

    Returns:
        The critical point; of a line (or plane) of them the one nearest to the start, which a stable step size tends
        to. None if there is none.
    """
    hessian = fmpq_mat([list(row) for row in loss.hessian(start)])
    gradient = fmpq_mat([[g] for g in loss.gradient(start)])
    n = loss.dimension
    if hessian.det() != 0:
        move = hessian.solve(gradient)
        return tuple(start[i] - move[i, 0] for i in range(n))
    # The move lies in the range of A: it is A z with A A z = gradient.
    rows = zip((hessian * hessian).tolist(), gradient.entries(), strict=True)
    *_, last = null_space(fmpq_mat([[*row, -g] for row, g in rows]))
    if not last[n]:
        return None
    move = hessian * fmpq_mat([[x] for x in last[:n]])
    return tuple(start[i] - move[i, 0] for i in range(n))


def look_ahead(loss: Loss, step_size: fmpq, start: Vector) -> Located | None:
    """Guess the critical point that a trajectory tends to: some steps in floats, then Newton's method.

    Args:
        loss: The loss.
        step_size: η.
        start: x₀, shape (n,).

    Returns:
        The point; None if the trajectory leaves, or Newton's method does.
    """
    descend = FloatMap(loss, step_size)
    x = [to_float(a) for a in start]
    for _ in range(max(_FEWEST, min(_AHEAD, _WORK // (1 + len(loss.terms) * loss.dimension)))):
        moved = descend.step(x)
        if not all(isfinite(a) and abs(a) < _FAR for a in moved):
            return None
        if moved == x:
            break
        x = moved
    return newton(loss, x)


def newton(loss: Loss, x: Sequence[float]) -> Located | None:
    """Newton's method for ∇f = 0 in rationals of 240 bits, with its end verified exactly if it is rational.

    Args:
        loss: The loss.
        x: Where to begin, shape (n,).

    Returns:
        The point found, or None.
    """
    here = tuple(_rounded(fmpq(*a.as_integer_ratio()), _BITS) for a in x)
    stages = iter(_STAGES)
    bits, largest = next(stages)
    for _ in range(_NEWTON_STEPS):
        gradient = loss.gradient(here)
        if not any(gradient):
            return Located(here, exact=True)
        try:
            move = fmpq_mat([list(row) for row in loss.hessian(here)]).solve(fmpq_mat([[g] for g in gradient]))
        except (ZeroDivisionError, InputError):
            # The Hessian is singular, or there is none on a kink.
            return None
        here = tuple(_rounded(a - move[i, 0], bits) for i, a in enumerate(here))
        size = max(abs(move[i, 0]) for i in range(len(here)))
        if max(abs(a) for a in here) > 10**9:
            return None
        if size < fmpq(1, fmpz(2) ** (bits - 40)) * (1 + max(abs(a) for a in here)):
            guess = tuple(_simplest(a, bits, largest) for a in here)
            point = tuple(g for g in guess if g is not None)
            exact = len(point) == len(here) and not any(loss.gradient(point))
            following = next(stages, None)
            if exact or following is None:
                return Located(point if exact else here, exact=exact)
            bits, largest = following
    return None


def critical_points(loss: Loss, near: Vector, most: int = 5) -> CriticalPoints:
    """Return the critical points nearest to a point.

    Args:
        loss: The loss.
        near: The point, shape (n,).
        most: How many to return.

    Returns:
        What was found: for a polynomial in one variable all real roots of the derivative, otherwise the ends of
        Newton's method from up to 240 points around, which need not be all.
    """
    if is_quadratic(loss):
        only = minimizer_of_quadratic(loss, near)
        found = [] if only is None else [describe(loss, Located(only, exact=True))]
        complete = only is None or fmpq_mat([list(row) for row in loss.hessian(near)]).det() != 0
        return CriticalPoints(tuple(found), len(found), complete)
    here = [to_float(a) for a in near]
    complete = loss.dimension == 1 and not loss.truncated
    seeds = _real_roots(loss) if complete else _converged(loss, here)
    rough: list[list[float]] = []
    for x in seeds:
        if all(_distance(x, y) > 1e-6 * (1 + _distance(x, [0.0] * len(x))) for y in rough):
            rough.append(x)
    rough.sort(key=lambda x: _distance(x, here))
    polished = (describe(loss, p) for p in (newton(loss, x) for x in rough) if p is not None)
    return CriticalPoints(tuple(islice(polished, most)), len(rough), complete)


def _real_roots(loss: Loss) -> list[list[float]]:
    """Return the real roots of the derivative of a loss in one variable."""
    coefficients = [fmpq(0)] * loss.degree
    for (e,), c in loss.terms:
        if e:
            coefficients[e - 1] = c * e
    found: list[tuple[acb, int]] = fmpq_poly(coefficients).numer().complex_roots()  # type: ignore[assignment]
    return [[float(root.real.mid())] for root, _ in found if root.imag == 0]


def _converged(loss: Loss, here: Sequence[float]) -> Iterator[list[float]]:
    """Yield the ends of Newton's method in floats, from points around one point and around the origin."""
    import numpy as np  # noqa: PLC0415

    floats = FloatMap(loss, fmpq(1))
    n = loss.dimension
    cost = n * n * (1 + len(loss.terms))
    for k in range(max(_FEWEST, min(_SEEDS, _SEARCH_WORK // cost))):
        # Additive recurrence with irrational steps: even, and the same each time.
        scale = (0.0, 0.3, 1.0, 3.0, 10.0)[k % 5]
        centre = here if k % 2 == 0 else [0.0] * n
        x = np.array([c + scale * (2 * ((k * (0.618 + 0.1234567 * (j + 1))) % 1) - 1) for j, c in enumerate(centre)])
        for _ in range(_NEWTON_STEPS):
            with np.errstate(all="ignore"):
                try:
                    hessian: np.ndarray[Any, Any] = np.array(floats.hessian(x.tolist()))
                    gradient: np.ndarray[Any, Any] = np.array(floats.gradient(x.tolist()))
                    move = np.linalg.solve(hessian, gradient)
                except np.linalg.LinAlgError:
                    break
            x = x - move
            if not np.all(np.abs(x) < _FAR):
                break
            if hypot(*move.tolist()) < 1e-12 * (1 + hypot(*x.tolist())):
                yield [float(a) for a in x]
                break


def describe(loss: Loss, located: Located) -> CriticalPoint:
    """Say of what kind a critical point is.

    Args:
        loss: The loss.
        located: The point.

    Returns:
        The point with the Hessian's eigenvalues in floats.
    """
    import numpy as np  # noqa: PLC0415

    try:
        table = np.array([[to_float(h) for h in row] for row in loss.hessian(located.point)])
    except InputError:
        return CriticalPoint(located.point, located.exact, "kink", ())
    values = tuple(float(v) for v in np.linalg.eigvalsh(table))
    slack = 1e-12 * max(abs(v) for v in values)
    if any(abs(v) <= slack for v in values):
        kind = "degenerate"
    else:
        kind = "minimum" if values[0] > 0 else "maximum" if values[-1] < 0 else "saddle"
    return CriticalPoint(located.point, located.exact, kind, values)


def _distance(a: Sequence[float], b: Sequence[float]) -> float:
    return hypot(*(x - y for x, y in zip(a, b, strict=True)))


def _rounded(x: fmpq, bits: int) -> fmpq:
    return fmpq((x * fmpz(2) ** bits + fmpq(1, 2)).floor(), fmpz(2) ** bits)


def _simplest(x: fmpq, bits: int, largest: int) -> fmpq | None:
    """Return the convergent of a continued fraction that is as good as the bits of x, if its denominator is small."""
    tolerance = fmpq(1, fmpz(2) ** (bits - 60))
    p, q, before = fmpz(1), fmpz(0), (fmpz(0), fmpz(1))
    rest = x
    while True:
        whole = rest.floor()
        (p, q), before = (whole * p + before[0], whole * q + before[1]), (p, q)
        if q > largest:
            return None
        if abs(fmpq(p, q) - x) <= tolerance:
            return fmpq(p, q)
        rest = 1 / (rest - whole)
