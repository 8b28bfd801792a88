r"""Where heavy ball or Nesterov's method arrives in a valley, decided at one state without knowing the point.

1. With :math:`z = (u, c/\sqrt\eta)` one step is :math:`z^+ = B(x)z + R`, where B has the blocks :math:`I - a\eta JJ^T,
   -\kappa\sqrt\eta J, \sqrt\eta J^T, \beta`.
2. The step of x is at most :math:`D\|z\|` with :math:`D = \|(a\eta\sigma_p, \kappa\sqrt\eta)\|`. So :math:`\|R\| \le
   \frac12LD^2\|z\|^2`.
3. :math:`\|B(x) - B(y)\| \le LV\|x-y\|` with :math:`V = \|(2a\eta\sigma_p, \kappa\sqrt\eta, \sqrt\eta)\|`.
4. Let :math:`\|B^j\| \le K\rho^j` for every spectrum of :math:`JJ^T` that occurs on the ball of radius ϱ, and
   :math:`r = K\|z\|`. If :math:`q = \rho + K(LV\varrho + \frac12LD^2r) < 1` and :math:`Dr/(1-q) \le \varrho`, the
   trajectory stays in the ball and tends to a zero of F.
5. With B at that zero, :math:`z^+ = Bz + g`, :math:`\|g\| \le C\|z\|^2` and :math:`C = LVDK/(1-q) + \frac12LD^2`
   (docs/valleys.md, *Momentum*).
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb, arb_mat, fmpq

from gdcheck.theorem.limit.amplitude import bounds_from
from gdcheck.theorem.limit.result import Bounds
from gdcheck.theorem.loss.balls import exact, norm, surely_less
from gdcheck.theorem.methods.statement import LimitKind, Regime
from gdcheck.theorem.smooth.spectrum import Spectrum
from gdcheck.theorem.valleys.arrival import NARROW, ROOM, Arrival, larger, largest_singular_value, lipschitz, on_tangent
from gdcheck.theorem.valleys.modes import Dominance, dominance, matrix_of
from gdcheck.theorem.valleys.problem import ValleyProblem
from gdcheck.theorem.valleys.relations import Relations
from gdcheck.theorem.valleys.states import State

KINDS = {
    Regime.SMALL_STEP: LimitKind.FIXED,
    Regime.LARGE_STEP: LimitKind.ALTERNATING,
    Regime.ROTATING: LimitKind.ROTATING,
    Regime.TANGENTIAL: LimitKind.FIXED,
}
"""How the direction behaves in each regime."""
_MOST_POWERS = 512


@dataclass(frozen=True, eq=False)
class MomentumArrival(Arrival):
    """A certified limit of a method with momentum.

    Attributes:
        powers: K, a power of two.
        angles: The angles by which dominant pairs rotate in a step; empty without pairs.
    """

    powers: fmpq
    angles: tuple[arb, ...]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A state's residuals and J on the tangent space T of their values, with bounds."""

    problem: ValleyProblem
    state: State
    residuals: list[arb]
    jacobian: arb_mat
    gram: arb_mat
    most: arb
    dependent: Relations | None

    @property
    def tangential(self) -> bool:
        """Whether J vanishes on some direction."""
        return self.jacobian.nrows() < self.jacobian.ncols()


@dataclass(frozen=True, eq=False)
class _Ball:
    spectrum: Spectrum
    dominant: Dominance
    powers: arb
    reach: arb
    around: arb
    sigma_1: arb
    sigma_p: arb
    steep: arb
    size: arb
    bounds: Bounds


def momentum_arrival(problem: ValleyProblem, state: State, dependent: Relations | None = None) -> Arrival | str:
    """Decide at one state, at the current precision.

    Args:
        problem: The problem, with its method.
        state: The state.
        dependent: The equations that the residuals satisfy for every x, if there are any.

    Returns:
        The limit; or what is lacking, in a word.
    """
    pull = arb(problem.rate) * norm(state.gradient)
    if surely_less(arb(NARROW), norm(state.buffer)) or surely_less(arb(NARROW), pull):
        return "contraction"  # Steps are longer than the ball may be wide.
    residuals, jacobian = on_tangent(state, dependent)
    gram = jacobian * jacobian.transpose()
    exactly = Spectrum.of(gram, arb(0))
    if exactly is None:
        return "precision"
    if not surely_less(arb(0), exactly.values[0]):
        return "rank"
    most = exactly.values[-1].sqrt()
    if dependent is not None:
        most = larger(most, largest_singular_value(state.jacobian))
    seen = _Seen(problem, state, residuals, jacobian, gram, most, dependent)
    ball = _ball(seen, exactly)
    return ball if isinstance(ball, str) else _decided(seen, ball)


def _ball(seen: _Seen, exactly: Spectrum) -> _Ball | str:
    """Find a ball that the trajectory stays in, and what the amplitude lemma needs on it."""
    problem, state, method = seen.problem, seen.state, seen.problem.method
    eta = arb(problem.rate)
    root, lead, carry = eta.sqrt(), arb(method.lead), arb(method.carry)
    here = dominance(method, eta, exactly.values, tangential=seen.tangential)
    if isinstance(here, str):
        return here
    first = _power_of_two(here.powers)
    if first is None:
        return "boundary"
    size = norm((norm(state.residuals) + seen.most * state.drift, (norm(state.buffer) + state.drift) / root))
    stride = norm((lead * eta * seen.most, carry * root))
    reach = arb((ROOM**3 * stride * first * size / (1 - here.rho)).upper())
    around = (reach + state.drift).upper()
    steep = lipschitz(problem.residuals, state.centre, around)
    sigma_1, sigma_p = exactly.values[0].sqrt() - steep * around, seen.most + steep * around
    if not surely_less(arb(0), sigma_1):
        return "contraction"
    spectrum = Spectrum.of(seen.gram, arb((2 * sigma_p * steep * around).upper()))
    if spectrum is None:
        return "precision"
    dominant = dominance(method, eta, spectrum.values, tangential=seen.tangential)
    if isinstance(dominant, str):
        return "contraction" if surely_less(arb(NARROW), reach) else dominant
    powers = _power_of_two(dominant.powers)
    if powers is None:
        return "boundary"
    size = norm((norm(state.residuals) + sigma_p * state.drift, (norm(state.buffer) + state.drift) / root))
    r = powers * size
    bend, stretch = arb(0), arb(1)
    if seen.dependent is not None:
        far = (2 + sigma_p * norm((2 * lead * eta * sigma_p, carry * root))) * r
        bend = seen.dependent.bend(far)
        if not surely_less(bend * far, arb(fmpq(1, 2))):
            return "contraction"
        stretch = 1 / (1 - (bend * far) ** 2)
    stride = norm((lead * eta * sigma_p * stretch.sqrt(), carry * root))
    vary = steep * norm((2 * lead * eta * sigma_p, carry * root, root))
    square = steep * stride * stride / 2 + bend * stretch * norm((lead * eta * sigma_p * sigma_p, root * sigma_p))
    rho = arb(dominant.rho.upper())
    q = rho + powers * (vary * around + square * r)
    if not (surely_less(q, arb(1)) and surely_less(stride * r / (1 - q), reach)):
        return "contraction"
    c = ROOM * powers * (vary * stride * powers / (1 - q) + square)
    bounds = bounds_from(dominant.rho, c, r)
    if bounds is None:
        return "inequality"
    return _Ball(spectrum, dominant, powers, reach, around, sigma_1, sigma_p, steep, size, bounds)


def _decided(seen: _Seen, ball: _Ball) -> Arrival | str:
    """Compare the amplitude with the tail."""
    if not surely_less(ball.around, arb(NARROW)):
        return "accuracy"
    regime = ball.dominant.regime
    if regime is Regime.ROTATING:
        found: tuple[arb, ...] | str = _turning(seen, ball)
    elif regime is Regime.TANGENTIAL:
        found = _along(seen, ball)
    else:
        found = _across(seen, ball)
    if isinstance(found, str):
        return found
    state, powers = seen.state, exact(ball.powers)
    return MomentumArrival(
        state.step,
        tuple(exact(y) for y in state.centre),
        exact(arb(ball.around.upper())),
        exact(arb(ball.reach.upper())),
        arb("inf"),
        seen.dependent,
        ball.spectrum,
        regime,
        ball.dominant.rho,
        found,
        powers,
        ball.dominant.angles,
    )


def _turning(seen: _Seen, ball: _Ball) -> tuple[arb, ...] | str:
    """Tell whether some dominant pair has an amplitude."""
    state = seen.state
    if ball.dominant.index is None:
        size, error = norm(seen.residuals), ball.sigma_p * state.drift
    else:
        part = ball.spectrum.line(ball.dominant.index, 1)
        if not part.deviation.is_finite():
            return "neighbour"
        size = abs((part.along * arb_mat(len(seen.residuals), 1, seen.residuals))[0, 0])
        error = part.deviation * ball.size + ball.sigma_p * state.drift
    return () if surely_less(ball.bounds.tail, size - error) else "inequality"


def _across(seen: _Seen, ball: _Ball) -> tuple[arb, ...] | str:
    """Return the limit along the singular vector whose real mode dominates."""
    state, method, eta = seen.state, seen.problem.method, arb(seen.problem.rate)
    index = ball.dominant.index
    assert index is not None
    sign = 1 if ball.dominant.regime is Regime.SMALL_STEP else -1
    part = ball.spectrum.line(index, sign)
    if not part.deviation.is_finite():
        return "neighbour"
    matrix = matrix_of(method, eta * ball.spectrum.values[index])
    assert matrix is not None
    of_u, of_c = matrix.functional()
    root = eta.sqrt()
    back = (seen.jacobian.transpose() * part.onto).entries()
    along = norm(back)
    tilt = 2 * (ball.steep * ball.around + ball.sigma_p * part.deviation) / along
    first = (part.along * arb_mat(len(seen.residuals), 1, seen.residuals))[0, 0]
    second = sum((x * y for x, y in zip(back, state.buffer, strict=True)), arb(0)) / (along * root)
    inner = of_u * first + of_c * second
    error = abs(of_u) * (part.deviation * ball.size + ball.sigma_p * state.drift)
    error += abs(of_c) * (tilt * ball.size + state.drift / root)
    scale = norm((of_u, of_c)) / ball.powers
    if not surely_less(ball.bounds.tail * scale, abs(inner) - error):
        return "inequality"
    if not surely_less(tilt, arb(NARROW)):
        return "accuracy"
    turn = (1 if inner > 0 else -1) * (sign if state.step % 2 else 1)
    wide = arb(tilt.upper()).union(-arb(tilt.upper()))
    return tuple(turn * y / along + wide for y in back)


def _along(seen: _Seen, ball: _Ball) -> tuple[arb, ...] | str:
    """Return the limit along the valley: the limit of the buffer's component on which J vanishes."""
    state, root = seen.state, arb(seen.problem.rate).sqrt()
    n = len(state.buffer)
    buffer = arb_mat(n, 1, state.buffer)
    # The part that is subtracted lies in the range of Jᵀ. Of the rest d, the component there is at most ‖Jd‖/σ₁.
    near = _solved(seen.gram, seen.jacobian * buffer, ball.spectrum)
    rest = buffer - seen.jacobian.transpose() * near
    left = norm((seen.jacobian * rest).entries()) / ball.sigma_1
    # The range of Jᵀ at the point of arrival is rotated by an angle with a sine of at most L/σ₁ times the distance.
    turned = ball.steep * ball.around / ball.sigma_1
    length = norm(rest.entries())
    error = left + turned * norm(state.buffer) + state.drift
    tail = ball.bounds.tail / ball.powers * root
    if not surely_less(tail, length - error):
        return "inequality"
    blur = 2 * (error + tail) / length
    if not surely_less(blur, arb(NARROW)):
        return "accuracy"
    wide = arb(blur.upper()).union(-arb(blur.upper()))
    return tuple(y / length + wide for y in rest.entries())


def _solved(gram: arb_mat, image: arb_mat, spectrum: Spectrum) -> arb_mat:
    """Return an exact vector near the solution of gram·y = image."""
    vectors = arb_mat(spectrum.vectors)
    m = gram.nrows()
    inner = (vectors.transpose() * image).entries()
    scaled = [x / value for x, value in zip(inner, spectrum.values, strict=True)]
    return (vectors * arb_mat(m, 1, scaled)).mid()


def _power_of_two(x: arb) -> arb | None:
    if not x.is_finite():
        return None
    wanted, power = x * (1 + arb(2) ** -20), arb(1)
    for _ in range(_MOST_POWERS):
        if power >= wanted:
            return power
        power *= 2
    return None
