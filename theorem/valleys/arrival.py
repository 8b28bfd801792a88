r"""Where a trajectory arrives in a valley, decided at one iterate without knowing the point.

:math:`f = \frac12\|F\|^2`, :math:`u = F(x)`, J = DF, :math:`x^+ = x - \eta J^Tu`. On a ball of radius ϱ around the
iterate let :math:`\sigma_1 \le \sigma_{\min}(J)`, :math:`\sigma_{\max}(J) \le \sigma_p`, and L be a Lipschitz constant
of J. Let :math:`r = \|u\|` (docs/valleys.md).

1. Let :math:`q = \max(|1-\eta\sigma_1^2|, |1-\eta\sigma_p^2|) + \frac12L\eta^2\sigma_p^2r`. If q < 1 and
   :math:`\eta\sigma_pr/(1-q) \le \varrho`, the trajectory stays in the ball and tends to a zero of F.
2. Let :math:`K_\infty = JJ^T` at that zero. Then :math:`u^+ = (I - \eta K_\infty)u + g` with :math:`\|g\| \le C\|u\|^2`
   and :math:`C = 2\eta^2\sigma_p^2L/(1-q) + \frac12L\eta^2\sigma_p^2`; and :math:`\|K - K_\infty\| \le
   2\sigma_pL\varrho`.
3. Residuals that depend on each other (``relations``) are projected on the tangent space T of their values. Let c be
   the bend of the values and :math:`\kappa^2 = 1/(1-16c^2r^2) \le 4/3`. Then the second term of q is :math:`\kappa^2
   (\frac12L\eta^2\sigma_p^2 + \eta\sigma_p^2c)r`, and C is multiplied by κ².
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from flint import arb, arb_mat, fmpq

from gdcheck.theorem.augmented.thresholds import largest_stable
from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.loss.balls import exact, norm, surely_less
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import Relations

# The ball is larger than needed by this factor, for a checker whose bounds are a little less sharp.
ROOM = fmpq(65, 64)
NARROW = fmpq(1, 10**11)
"""The error that the limit and its point may have."""


@dataclass(frozen=True, eq=False)
class Iterate:
    """An iterate within ``drift`` of an exact point, with the residuals and their Jacobian at that point.

    Attributes:
        step: k.
        centre: The point, shape (n,).
        drift: A bound of the distance to x_k.
        residuals: F there, shape (p,).
        jacobian: DF there, shape (p, n).
        gradient: Jᵀu there, shape (n,).
    """

    step: int
    centre: list[arb]
    drift: arb
    residuals: list[arb]
    jacobian: arb_mat
    gradient: list[arb]


@dataclass(frozen=True, eq=False)
class Arrival:
    """A certified limit.

    Attributes:
        step: The step at which the inequality holds.
        centre: The middle of the ball that holds the limit point, dyadic, shape (n,).
        radius: The ball's radius: ϱ and the drift.
        reach: ϱ.
        sharpest: A bound of the largest eigenvalue of the Hessian of half the sum of squares at all later steps.
        relations: The equations of dependent residuals; None if they are independent.
        spectrum: The spectrum of K∞, with its vectors.
        regime: The regime.
        rho: The dominant multiplier's modulus.
        vector: The limit of the direction at even steps, shape (n,).
    """

    step: int
    centre: tuple[fmpq, ...]
    radius: fmpq
    reach: fmpq
    sharpest: arb
    relations: Relations | None
    spectrum: Spectrum
    regime: Regime
    rho: arb
    vector: tuple[arb, ...]


def lipschitz(residuals: Sequence[SmoothLoss], centre: Sequence[arb], radius: arb) -> arb:
    """Bound the Lipschitz constant of J on a ball: the norm of the vector of bounds of the ‖∇²F_i‖."""
    return norm(bounds_on_ball(residual, centre, radius).second for residual in residuals)


@dataclass(frozen=True)
class Neighbourhood:
    """A ball on which ‖J‖ ≤ ``largest`` and ``steep`` is a Lipschitz constant of J; kept while iterates stay in it."""

    centre: list[arb]
    radius: arb
    largest: arb
    steep: arb

    @classmethod
    def of(cls, problem: ValleyProblem, iterate: Iterate, before: Neighbourhood | None) -> Neighbourhood:
        """Bound the derivatives on a ball of several steps, if ‖J‖ hardly grows there and is stable on all of it."""
        eta, most_stable = arb(problem.rate), arb(largest_stable(problem.method))
        here = largest_singular_value(iterate.jacobian)
        room = 0.0
        if before is not None and float(before.steep) > 0:
            stable = (float((most_stable / eta).sqrt()) - float(here)) / 2
            most = min(stable, float(here) / 8) / float(before.steep)
            step = eta * norm(iterate.gradient) / arb(1 - problem.method.momentum)
            room = max(0.0, min(most, float(8 * step)))
        radius = arb((iterate.drift + arb(room)).upper()) if isfinite(room) else iterate.drift
        steep = lipschitz(problem.residuals, iterate.centre, radius)
        if not (steep.is_finite() and (room == 0 or surely_less(eta * (here + steep * radius) ** 2, most_stable))):
            radius = iterate.drift
            steep = lipschitz(problem.residuals, iterate.centre, radius)
        return cls(iterate.centre, radius, here + steep * radius, steep)

    def holds(self, iterate: Iterate) -> bool:
        """Whether the ball holds all points that x_k may be."""
        away = norm(a - b for a, b in zip(iterate.centre, self.centre, strict=True))
        return surely_less(away + iterate.drift, self.radius)


def iterates(problem: ValleyProblem) -> Iterator[Iterate]:
    """Enclose x₀, x₁, …, without end, at the current precision.

    On a ball with ‖J‖ ≤ σ, where J has the Lipschitz constant L, the map's Lipschitz constant is at most
    max(1, |1 − ησ²|) + ηL‖u‖.
    """
    eta = arb(problem.rate)
    wide = [arb(q) for q in problem.start]
    x, drift = [y.mid() for y in wide], norm(y.rad() for y in wide)
    step, near = 0, None
    while True:
        found = [Forward.of(residual, x, 1) for residual in problem.residuals]
        u = [f.value for f in found]
        jacobian = arb_mat([f.gradient() for f in found])
        gradient = (jacobian.transpose() * arb_mat(len(u), 1, u)).entries()
        iterate = Iterate(step, x, drift, u, jacobian, gradient)
        yield iterate
        if near is None or not near.holds(iterate):
            near = Neighbourhood.of(problem, iterate, near)
        size = norm(u) + near.largest * drift
        factor = larger(arb(1), abs(1 - eta * near.largest * near.largest).upper()) + eta * near.steep * size
        moved = [a - eta * b for a, b in zip(x, gradient, strict=True)]
        x = [y.mid() for y in moved]
        drift = (factor * drift + norm(y.rad() for y in moved)).upper()
        step += 1


def larger(a: arb, b: arb) -> arb:
    """Return the larger of two bounds."""
    return b if surely_less(a, b) else a


def largest_singular_value(jacobian: arb_mat) -> arb:
    """Bound ‖J‖ within a factor p^(1/512): ‖K‖ = ‖K^128‖^(1/128), and the Frobenius norm is at least the norm."""
    power = jacobian * jacobian.transpose()
    for _ in range(7):
        power = power * power
    return arb(norm(power.entries()).root(256).upper())


def on_tangent(iterate: Iterate, dependent: Relations | None) -> tuple[list[arb], arb_mat]:
    """Return the residuals and J, projected on the tangent space of their values unless they are independent."""
    if dependent is None:
        return iterate.residuals, iterate.jacobian
    turned, residuals = dependent.turned(), iterate.residuals
    return (turned * arb_mat(len(residuals), 1, residuals)).entries(), turned * iterate.jacobian


def arrival(problem: ValleyProblem, iterate: Iterate, dependent: Relations | None = None) -> Arrival | str:
    """Decide at one iterate, at the current precision.

    Args:
        problem: The problem.
        iterate: The iterate.
        dependent: The equations that the residuals satisfy for every x, if there are any.

    Returns:
        The limit; or what is lacking, in a few words.
    """
    eta = arb(problem.rate)
    if surely_less(arb(NARROW), eta * norm(iterate.gradient)):
        return "contraction"  # The next step alone is longer than the ball may be wide.
    residuals, jacobian = on_tangent(iterate, dependent)
    gram = jacobian * jacobian.transpose()
    exactly = Spectrum.of(gram, arb(0))
    if exactly is None:
        return "precision"
    low, high = exactly.values[0], exactly.values[-1]
    if not surely_less(arb(0), low):
        return "rank"
    least, most = low.sqrt(), high.sqrt()
    if dependent is not None:
        most = larger(most, largest_singular_value(iterate.jacobian))
    first = larger(abs(1 - eta * low).upper(), abs(1 - eta * most * most).upper())
    size = norm(iterate.residuals)
    if not surely_less(first, arb(1)):
        return "contraction"
    reach = arb((ROOM * ROOM * eta * most * (size + most * iterate.drift) / (1 - first)).upper())
    around = (reach + iterate.drift).upper()
    steep = lipschitz(problem.residuals, iterate.centre, around)
    sigma_1, sigma_p = least - steep * around, most + steep * around
    r = size + sigma_p * iterate.drift
    if not surely_less(arb(0), sigma_1):
        return "contraction"
    bend = arb(0) if dependent is None else dependent.bend(4 * r)
    if not surely_less(4 * bend * r, arb(fmpq(1, 2))):
        return "contraction"
    stretch = 1 / (1 - 16 * (bend * r) ** 2)
    half = steep * eta * eta * sigma_p * sigma_p / 2
    q = larger(abs(1 - eta * sigma_1 * sigma_1).upper(), abs(1 - eta * sigma_p * sigma_p).upper())
    q += (half + eta * sigma_p * sigma_p * bend) * stretch * r
    if not (surely_less(q, arb(1)) and surely_less(eta * sigma_p * stretch.sqrt() * r / (1 - q), reach)):
        return "contraction"
    c = ROOM * stretch * (4 * half / (1 - q) + half)
    spectrum = Spectrum.of(gram, arb((2 * sigma_p * steep * around).upper()))
    if spectrum is None:
        return "precision"
    near = replace(iterate, residuals=residuals, jacobian=jacobian)
    return _decided(problem, near, _Ball(spectrum, reach, around, sigma_p, steep, r, c, dependent))


@dataclass(frozen=True)
class _Ball:
    spectrum: Spectrum
    reach: arb
    around: arb
    sigma_p: arb
    steep: arb
    r: arb
    c: arb
    dependent: Relations | None


def _decided(problem: ValleyProblem, iterate: Iterate, ball: _Ball) -> Arrival | str:
    """Apply the amplitude lemma to the residuals."""
    eta, values = arb(problem.rate), ball.spectrum.values
    low, high = values[0], values[-1]
    if surely_less(arb(2), eta * high):
        return "unstable"
    if not surely_less(eta * high, arb(2)):
        return "limit"
    if surely_less(eta * (low + high), arb(2)):
        regime, index, sign = Regime.SMALL_STEP, 0, 1
    elif surely_less(arb(2), eta * (low + high)):
        regime, index, sign = Regime.LARGE_STEP, len(values) - 1, -1
    else:
        return "boundary"
    value = values[index]
    others = [v for i, v in enumerate(values) if i != index]
    rho = sign * (1 - eta * value)
    b = max((abs(1 - eta * v).upper() for v in others), key=float, default=arb(0))
    if not (surely_less(arb(0), rho) and surely_less(b, rho) and surely_less(rho, arb(1))):
        return "neighbour"
    part = ball.spectrum.line(index, sign)
    if not part.deviation.is_finite():
        return "neighbour"
    bounds = bounds_from(rho, ball.c, ball.r)
    if bounds is None:
        return "inequality"
    inner = (part.along * arb_mat(len(values), 1, iterate.residuals))[0, 0]
    error = part.deviation * ball.r + ball.sigma_p * iterate.drift
    if not surely_less(bounds.tail, abs(inner) - error):
        return "inequality"
    back = (iterate.jacobian.transpose() * part.onto).entries()
    along = norm(back)
    tilt = 2 * (ball.steep * ball.around + ball.sigma_p * part.deviation) / along
    if not (surely_less(tilt, arb(NARROW)) and surely_less(ball.around, arb(NARROW))):
        return "accuracy"
    turn = (1 if inner > 0 else -1) * (sign if iterate.step % 2 else 1)
    wide = arb(tilt.upper()).union(-arb(tilt.upper()))
    return Arrival(
        iterate.step,
        tuple(exact(y) for y in iterate.centre),
        exact(arb(ball.around.upper())),
        exact(arb(ball.reach.upper())),
        arb((ball.sigma_p**2 + 2 * ball.r * ball.steep).upper()),
        ball.dependent,
        ball.spectrum,
        regime,
        rho,
        tuple(turn * y / along + wide for y in back),
    )
