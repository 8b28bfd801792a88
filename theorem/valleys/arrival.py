r"""Where a trajectory arrives in a valley, decided at one iterate without knowing the point.

:math:`f = \frac12\|F\|^2`, :math:`u = F(x)`, J = DF, :math:`x^+ = x - \eta J^Tu`. On a ball of radius ϱ around the
iterate let :math:`\sigma_1 \le \sigma_{\min}(J)`, :math:`\sigma_{\max}(J) \le \sigma_p`, and J be L-Lipschitz. With
:math:`r = \|u\|` and :math:`q = \max(|1-\eta\sigma_1^2|, |1-\eta\sigma_p^2|) + \frac12L\eta^2\sigma_p^2r < 1`, and
:math:`\eta\sigma_pr/(1-q) \le \varrho`, the trajectory stays in the ball and tends to a zero of F. With
:math:`K_\infty = JJ^T` there, :math:`u^+ = (I - \eta K_\infty)u + g`, :math:`\|g\| \le C\|u\|^2`, :math:`C =
2\eta^2\sigma_p^2L/(1-q) + \frac12L\eta^2\sigma_p^2`; and :math:`\|K - K_\infty\| \le 2\sigma_pL\varrho`
(docs/valleys.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flint import arb, arb_mat, fmpq

from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.loss.balls import exact, norm, surely_less
from gdcheck.theorem.methods.statement import Regime
from gdcheck.theorem.smooth.ball_bounds import bounds_on_ball
from gdcheck.theorem.smooth.evaluate import Forward
from gdcheck.theorem.smooth.graph import SmoothLoss
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.valleys.problem import ValleyProblem

# How much larger than it must be the ball is, for a checker that bounds it a little less sharply.
_ROOM = fmpq(65, 64)
NARROW = fmpq(1, 10**11)
"""How well the limit and its point are to be known."""


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
        spectrum: The spectrum of K∞, with its vectors.
        regime: The regime.
        rho: The dominant multiplier's modulus.
        vector: The limit of the direction at even steps, shape (n,).
    """

    step: int
    centre: tuple[fmpq, ...]
    radius: fmpq
    reach: fmpq
    spectrum: Spectrum
    regime: Regime
    rho: arb
    vector: tuple[arb, ...]


def lipschitz(residuals: Sequence[SmoothLoss], centre: Sequence[arb], radius: arb) -> arb:
    """Bound the Lipschitz constant of J on a ball: the root of the sum of the squared bounds of the ‖∇²F_i‖."""
    return norm(bounds_on_ball(residual, centre, radius).second for residual in residuals)


def iterates(problem: ValleyProblem) -> Iterator[Iterate]:
    """Enclose x₀, x₁, …, without end, at the current precision.

    Two points of a ball on which J is bounded by σ and L-Lipschitz are mapped apart by at most max(1, |1 − ησ²|) +
    ηL‖u‖ times their distance.
    """
    eta = arb(problem.rate)
    wide = [arb(q) for q in problem.start]
    x, drift = [y.mid() for y in wide], norm(y.rad() for y in wide)
    step = 0
    while True:
        found = [Forward.of(residual, x, 1) for residual in problem.residuals]
        u = [f.value for f in found]
        jacobian = arb_mat([f.gradient() for f in found])
        gradient = (jacobian.transpose() * arb_mat(len(u), 1, u)).entries()
        yield Iterate(step, x, drift, u, jacobian, gradient)
        near = lipschitz(problem.residuals, x, drift)
        largest = largest_singular_value(jacobian) + near * drift
        size = norm(u) + largest * drift
        factor = _larger(arb(1), abs(1 - eta * largest * largest).upper()) + eta * near * size
        moved = [a - eta * b for a, b in zip(x, gradient, strict=True)]
        x = [y.mid() for y in moved]
        drift = (factor * drift + norm(y.rad() for y in moved)).upper()
        step += 1


def _larger(a: arb, b: arb) -> arb:
    return b if surely_less(a, b) else a


def largest_singular_value(jacobian: arb_mat) -> arb:
    """Bound ‖J‖ within a factor p^(1/32): ‖K‖ = ‖K⁸‖^(1/8), and the Frobenius norm is at least the norm."""
    power = jacobian * jacobian.transpose()
    for _ in range(3):
        power = power * power
    return arb(norm(power.entries()).root(16).upper())


def arrival(problem: ValleyProblem, iterate: Iterate) -> Arrival | str:
    """Decide at one iterate, at the current precision.

    Args:
        problem: The problem.
        iterate: The iterate.

    Returns:
        The limit; or what is lacking, in a few words.
    """
    eta = arb(problem.rate)
    exactly = Spectrum.of(_gram(iterate.jacobian), arb(0))
    if exactly is None:
        return "precision"
    low, high = exactly.values[0], exactly.values[-1]
    if not surely_less(arb(0), low):
        return "rank"
    least, most = low.sqrt(), high.sqrt()
    first = _larger(abs(1 - eta * low).upper(), abs(1 - eta * high).upper())
    size = norm(iterate.residuals)
    if not surely_less(first, arb(1)):
        return "contraction"
    reach = arb((_ROOM * eta * most * (size + most * iterate.drift) / (1 - first)).upper())
    around = (reach + iterate.drift).upper()
    steep = lipschitz(problem.residuals, iterate.centre, around)
    sigma_1, sigma_p = least - steep * around, most + steep * around
    r = size + sigma_p * iterate.drift
    if not surely_less(arb(0), sigma_1):
        return "contraction"
    half = steep * eta * eta * sigma_p * sigma_p / 2
    q = _larger(abs(1 - eta * sigma_1 * sigma_1).upper(), abs(1 - eta * sigma_p * sigma_p).upper()) + half * r
    if not (surely_less(q, arb(1)) and surely_less(eta * sigma_p * r / (1 - q), reach)):
        return "contraction"
    c = _ROOM * (4 * half / (1 - q) + half)
    spread = arb((2 * sigma_p * steep * around).upper())
    spectrum = Spectrum.of(_gram(iterate.jacobian), spread)
    if spectrum is None:
        return "precision"
    return _decided(problem, iterate, _Ball(spectrum, reach, around, sigma_p, steep, r, c))


def _gram(jacobian: arb_mat) -> arb_mat:
    return jacobian * jacobian.transpose()


@dataclass(frozen=True)
class _Ball:
    spectrum: Spectrum
    reach: arb
    around: arb
    sigma_p: arb
    steep: arb
    r: arb
    c: arb


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
        ball.spectrum,
        regime,
        rho,
        tuple(turn * y / along + wide for y in back),
    )
