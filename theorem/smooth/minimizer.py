r"""The minimizer that a trajectory tends to: found in floating point, then enclosed with a proof.

**The proof.** Let T be a bound of the third derivative on the ball :math:`B(\tilde x, \delta)`. There
:math:`m = \lambda_1(\nabla^2 f(\tilde x)) - T\delta` is a lower bound of the eigenvalues of :math:`\nabla^2 f`. Let
:math:`m > 0` and :math:`\|\nabla f(\tilde x)\| < m\delta`.

1. On the sphere, :math:`\langle\nabla f(x), x - \tilde x\rangle \ge m\delta^2 - \|\nabla f(\tilde x)\|\delta > 0`:
   so :math:`\nabla f` has a zero inside (Brouwer).
2. f is strictly convex on the ball: so the zero is the only one, and a strict minimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from flint import arb, ctx, fmpq
from numpy.linalg import eigvalsh

from gdcheck.theorem.loss.balls import exact, norm, surely_less
from gdcheck.theorem.loss.rational import to_float
from gdcheck.theorem.methods.method import PLAIN, Method
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward, gradient, hessian
from gdcheck.theorem.smooth.floats.descent import FloatGradient
from gdcheck.theorem.smooth.floats.map_norm import float_hessian
from gdcheck.theorem.smooth.floats.newton import approximate_hessian, most_steps, newton_step
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.series.along import exact_hessian
from gdcheck.theorem.smooth.spectrum import Spectrum

_CHECKPOINTS = (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)
# The search gives up at the first checkpoint after this many operations.
_MOST_OPERATIONS = 20_000_000
_LONGEST_CYCLE = 16
_FAR = 1e30
# From this checkpoint on, the map's derivative along the way to a minimum is also examined.
_LATE = 300
# From this checkpoint on, a critical point that the iterates have reached counts as their limit, whatever its kind.
_SETTLED = 10_000
# A method with momentum may pass a critical point; it has arrived where it is so near, in relation to its size.
_ARRIVED = 1e-6
# From this checkpoint on, iterates that creep where the Hessian is nearly singular, without a critical point, are lost.
_CREEPING = 100_000
_NEARLY_SINGULAR = 1e-2
_NEWTON_STEPS = 60
_SEARCH_BITS = 64
# Coordinates that are multiples of 1/_SIMPLE are recognized.
_SIMPLE, _LARGE = 64, 1e6


class Lost(Enum):
    """Why no minimizer was enclosed; the value is a sentence for the user."""

    LEFT = (
        "the iterates leave every bound that was tried (observed in floating point): no minimum is tended to; a smaller"
        " step may tend to one"
    )
    FALLS = (
        "the iterates leave every bound that was tried, and the loss falls on the way (observed in floating point): it"
        " seems to be unbounded below there; another --start may tend to a minimum"
    )
    CYCLE = "the iterates repeat themselves (observed in floating point): no minimum is tended to; take a smaller step"
    DOMAIN = "the iterates leave the loss's domain; start nearer, or take a smaller step"
    SETTLED_NOWHERE = "no minimum was found that the iterates tend to; name a point near it with --near"
    FLAT = (
        "the iterates creep where the Hessian is nearly singular (observed in floating point): the minimum is "
        "degenerate, or there is none; a term such as w**2/100 may make one"
    )
    NOT_STRICT = (
        "the point that the iterates tend to is not proved to be a strict minimum; a larger --max-precision may prove"
        " it, unless the Hessian is singular there"
    )


@dataclass(frozen=True, eq=False)
class EnclosedMinimizer:
    """A strict minimum in a ball.

    Attributes:
        centre: The ball's centre, shape (n,).
        radius: δ, the ball's radius.
        spectrum: The Hessian's spectrum at the minimizer.
    """

    centre: tuple[fmpq, ...]
    radius: fmpq
    spectrum: Spectrum


def find(
    loss: SmoothLoss,
    step_size: fmpq,
    start: Sequence[fmpq],
    near: Sequence[fmpq] | None,
    method: Method = PLAIN,
) -> list[fmpq] | Lost:
    """Find the critical point that a method tends to from the start, without proof.

    Args:
        loss: The loss.
        step_size: η.
        start: x₀, shape (n,).
        near: Where to search instead of following the descent, shape (n,).
        method: The method, without adaptive factors and preconditioner.

    Returns:
        The point to about 15 digits, shape (n,), or why there is none.
    """
    with ctx.workprec(_SEARCH_BITS):
        if near is not None:
            found = _newton(loss, [arb(x).mid() for x in near])
            return Lost.SETTLED_NOWHERE if found is None else [exact(x) for x in found]
        return _follow(loss, step_size, start, method)


def _follow(loss: SmoothLoss, step_size: fmpq, start: Sequence[fmpq], method: Method) -> list[fmpq] | Lost:
    """Follow the trajectory in floating point; at checkpoints, see whether a critical point attracts it."""
    slope, eta = FloatGradient(loss), to_float(step_size)
    try:
        x, c = [to_float(q) for q in start], [0.0] * len(start)
        done = 0
        for checkpoint in _CHECKPOINTS:
            if checkpoint > _CHECKPOINTS[0] and checkpoint * len(loss.nodes) > _MOST_OPERATIONS:
                break
            last: list[list[float]] = []
            while done < checkpoint:
                last = [x, *last[: _LONGEST_CYCLE - 1]]
                pull = [eta * b for b in slope(x)]
                if method.is_plain:
                    x = [a - b for a, b in zip(x, pull, strict=True)]
                else:
                    x, c = method.advance(x, c, pull, to_float)
                done += 1
                if not max(map(abs, x)) < _FAR:
                    return _left(loss, start, last[0])
            found = _newton(loss, [arb(y) for y in x])
            if found is not None and not method.is_plain:
                if _distance(x, [float(y) for y in found]) < _ARRIVED:
                    return [exact(y) for y in found]
                continue
            late = checkpoint >= _LATE and found is not None and _draws(loss, eta, x, [float(y) for y in found])
            if found is not None and (late or _attracts(loss, step_size, [arb(y) for y in x], found)):
                return [exact(y) for y in found]
            if found is not None and checkpoint >= _SETTLED and _distance(x, [float(y) for y in found]) < 1e-13:
                return [exact(y) for y in found]  # A saddle or an unstable minimum, reached from an exceptional start.
            if found is None and checkpoint >= _CREEPING and _is_flat(loss, x):
                return Lost.FLAT
            size = 1 + max(map(abs, x))
            if any(max(abs(a - b) for a, b in zip(x, y, strict=True)) < 1e-14 * size for y in last[1:]) and not (
                max(abs(a - b) for a, b in zip(x, last[0], strict=True)) < 1e-9 * size
            ):
                return Lost.CYCLE
        return Lost.FLAT if _is_flat(loss, x) else Lost.SETTLED_NOWHERE
    except ValueError:
        return Lost.DOMAIN
    except ArithmeticError:
        return _left(loss, start, x)


def _left(loss: SmoothLoss, start: Sequence[fmpq], x: Sequence[float]) -> Lost:
    """Say how the iterates leave: downwards, if the loss at one of the last iterates is below that at the start."""
    before, there = (Forward.of(loss, point, 0).value for point in ([arb(q) for q in start], [arb(y) for y in x]))
    return Lost.FALLS if surely_less(there, before) else Lost.LEFT


def _distance(x: Sequence[float], y: Sequence[float]) -> float:
    return max(abs(a - b) for a, b in zip(x, y, strict=True)) / (1 + max(map(abs, x)))


def _is_flat(loss: SmoothLoss, x: Sequence[float]) -> bool:
    """Whether the Hessian is nearly singular, as far as approximate numbers tell."""
    values = eigvalsh(approximate_hessian(loss, [arb(y) for y in x]))
    return bool(abs(values[0]) < _NEARLY_SINGULAR * max(1.0, abs(values[-1])))


def _newton(loss: SmoothLoss, x: list[arb]) -> list[arb] | None:
    """Newton's method for the gradient, damped by halving; None if it does not converge."""
    g = [y.mid() for y in gradient(loss, x)]
    size = norm(g)
    for _ in range(_NEWTON_STEPS):
        step = newton_step(loss, x, g)
        if step is None:
            return None
        moved = norm(step)
        if surely_less(moved, arb(2) ** (8 - _SEARCH_BITS) * (1 + norm(x))):
            # The gradient here is rounding error: whether it becomes smaller says nothing.
            return x
        scale = fmpq(1)
        while True:
            there = [(a - scale * b).mid() for a, b in zip(x, step, strict=True)]
            g = [y.mid() for y in gradient(loss, there)]
            new = norm(g)
            if surely_less(new, size) or scale < fmpq(1, 1 << 20):
                break
            scale /= 2
        if scale < fmpq(1, 1 << 20):
            small = surely_less(moved, arb(2) ** (-_SEARCH_BITS // 2) * (1 + norm(x)))
            return x if small else None
        x, size = there, new
    return None


def _attracts(loss: SmoothLoss, step_size: fmpq, x: list[arb], point: list[arb]) -> bool:
    """Whether a critical point surely attracts an iterate, as far as approximate numbers tell."""
    r = norm(a - b for a, b in zip(x, point, strict=True))
    third = bounds_on_ball(loss, point, r).third
    values = eigvalsh(approximate_hessian(loss, point))
    multiplier = max(abs(1 - to_float(step_size) * float(value)) for value in values)
    return surely_less(multiplier + step_size * third * r / 2, arb(1))


def _draws(loss: SmoothLoss, step_size: float, x: Sequence[float], point: Sequence[float]) -> bool:
    """Whether the map contracts towards a minimum at five points of the way there, as far as floats tell."""
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        there = [arb(a + t * (b - a)) for a, b in zip(x, point, strict=True)]
        found = float_hessian(Forward.of(loss, there, 2, all_values=False))
        if found is None:
            return False
        values = step_size * eigvalsh(found[0])
        if not 0 < values[0] <= values[-1] < 2:
            return False
    return True


def enclose_minimizer(loss: SmoothLoss, point: Sequence[fmpq]) -> EnclosedMinimizer | Lost | None:
    """Enclose a strict minimum near a point, and its spectrum, at the current precision.

    Args:
        loss: The loss.
        point: A point near it, shape (n,).

    Returns:
        The enclosure; None if more precision is needed; the reason if it is not a strict minimum.
    """
    x = [arb(q).mid() for q in point]
    for _ in range(most_steps(loss, ctx.prec)):
        step = newton_step(loss, x, gradient(loss, x))
        if step is None:
            return Lost.NOT_STRICT
        x = [(a - b).mid() for a, b in zip(x, step, strict=True)]
        if surely_less(norm(step), arb(2) ** (-3 * ctx.prec // 4) * (1 + norm(x))):
            break
    return enclose_around(loss, [exact(y) for y in simple_point(loss, x)])


def enclose_around(loss: SmoothLoss, centre: Sequence[fmpq]) -> EnclosedMinimizer | Lost | None:
    """Enclose a strict minimum in a ball around a point, and its spectrum, at the current precision.

    Args:
        loss: The loss.
        centre: The ball's centre, which is nearly a critical point, shape (n,).

    Returns:
        The enclosure; None if more precision is needed; the reason if it is not a strict minimum.
    """
    x = [arb(q) for q in centre]
    residual = norm(gradient(loss, x))
    matrix = hessian(loss, x)
    spectrum = Spectrum.of(matrix, arb(0))
    if spectrum is None:
        return None
    lowest = spectrum.values[0]
    if lowest < 0:
        return Lost.NOT_STRICT
    if not surely_less(arb(0), lowest):
        return None
    delta = arb((2 * residual / lowest.lower()).upper()) + arb(2) ** (-ctx.prec)
    third = bounds_on_ball(loss, x, delta).third
    m = lowest - third * delta
    if not surely_less(residual, m * delta):
        return None
    radius = exact(delta.upper())
    around = Spectrum.of(matrix, (third * delta).upper())
    return None if around is None else EnclosedMinimizer(tuple(centre), radius, around)


def simple_point(loss: SmoothLoss, x: list[arb]) -> list[arb]:
    """Return the critical point of few binary digits that is near a point, if there is one; else the point."""
    found = [arb(round(float(y) * _SIMPLE)) / _SIMPLE if abs(float(y)) < _LARGE else y for y in x]
    near = surely_less(norm(a - b for a, b in zip(x, found, strict=True)), arb(2) ** (-ctx.prec // 2))
    return found if near and exact_hessian(loss, [exact(y) for y in found]) is not None else x


def centre_within(loss: SmoothLoss, minimizer: EnclosedMinimizer, digits: int) -> tuple[fmpq, ...]:
    """Enclose a minimizer again, to more digits.

    Args:
        loss: The loss.
        minimizer: The known enclosure.
        digits: The number of digits wanted.

    Returns:
        The centre of the sharper ball, shape (n,); that of the known one if no sharper one is found.
    """
    with ctx.workprec(4 * digits + 64):
        found = enclose_minimizer(loss, minimizer.centre)
    return found.centre if isinstance(found, EnclosedMinimizer) else minimizer.centre
